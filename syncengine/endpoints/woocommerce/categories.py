"""The categories of a store, in their tree: a category is known by its path `A > B`, the store has the parent's number.

A parent is written before what stands below it, so levels of the tree go one after the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import unescape
from itertools import count
from typing import Any

from syncengine.endpoints import Cursor, Page, Pull
from syncengine.endpoints.woocommerce.judges import image, one_of, rich_text, slug, term, whole
from syncengine.endpoints.woocommerce.lists import Rows
from syncengine.endpoints.woocommerce.objects import Reader, Record
from syncengine.endpoints.woocommerce.plain import Judge, Plain
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.sending import Item
from syncengine.endpoints.woocommerce.terms import NO_CATEGORY, parts_of
from syncengine.endpoints.woocommerce.texts import alike
from syncengine.endpoints.woocommerce.tree import MARK, Tree
from syncengine.records import Change, Outcome
from syncengine.store_paths.category import CATEGORY
from syncengine.values import Value, is_empty, match_key, same

__all__ = ["Categories"]

NO_PARENT = "no-parent: "
PLACES = ("path", "parent", "name")  # what says where in the tree a category stands


def _parent(tree: Tree, path: str, change: Change) -> int:
    """The category that a change puts a record below. Raises ValueError where it cannot stand there."""
    number = tree.number(path)
    if number is None:
        instead = "it needs a row of its own, or to be made there"
        raise ValueError(f"{NO_PARENT}the shop has no category {path!r}: {instead}")
    if change.record_id and tree.is_below(number, int(change.record_id)):
        raise ValueError(f"{NO_PARENT}{path!r} is the category itself, or below it")
    return number


def _parted(path: str, own: int) -> tuple[list[str], list[str]]:
    """What stands above in a path, and the last `own` names of it."""
    parts = list(parts_of(path))
    return parts[: len(parts) - own], parts[len(parts) - own :]


def _judge_name(name: Value) -> str:
    if ">" in str(name):
        return f"a name with '>', which stands between the names of a path: {name!r}"
    return term(str(name or ""))


def _judge_path(path: Value) -> str:
    return next((reason for part in parts_of(str(path or "")) if (reason := _judge_name(part))), "")


def _judge_parent(path: Value) -> str:
    return "" if is_empty(path) else _judge_path(path)


def _judge_slug(value: Value) -> str:
    if isinstance(value, str) and value in NO_CATEGORY:
        return f"{value!r} is the slug of the shop's own category for products without any, to which no run writes"
    return slug(value)


class Categories(Plain):
    """The categories of one store, for one job."""

    route = Route("products/categories", {}, name="slug")
    looked_up: Mapping[str, str] = {"slug": "slug"}
    also = ("slug",)
    beyond = frozenset({"path", "parent", "image"})
    marks = False
    judges: Mapping[str, Judge] = {
        "path": _judge_path,
        "name": _judge_name,
        "parent": _judge_parent,
        "slug": _judge_slug,
        "description": rich_text,
        "display": lambda word: "" if is_empty(word) else one_of(CATEGORY.words["display"])(word),
        "image": lambda url: "" if is_empty(url) else image(str(url)),
        "menu_order": whole(may_be_empty=False),
    }

    def _begin(self) -> None:
        super()._begin()
        self.concurrency = 1  # the next level needs the numbers of this one
        self._tree = Tree(self._client, self._connection.concurrency)

    def special(self) -> Mapping[str, Reader]:
        return {
            "path": lambda one: self._tree.path(one["id"]),
            "parent": lambda one: self._tree.path(one.get("parent") or 0),
            "image": lambda one: str((one.get("image") or {}).get("src") or ""),
        }

    def leaves_out(self, record: Record) -> bool:
        """The store's "no category" is none."""
        return record.get("slug") in NO_CATEGORY

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> Pull:
        self._tree.forget()
        return super().pull(cursor, wanted, full=full)

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        for rows in records_by_id(self._client, self.route, ids, self._objects.fields, self.concurrency):
            if found := [row for row in rows if not self.leaves_out(row)]:
                yield self._objects.page(found)

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        if path != "path":
            yield from super().find(path, values)
            return
        wanted = {match_key(value) for value in values}
        yield from self.fetch([str(number) for number, there in self._tree.paths() if match_key(there) in wanted])

    def normal(self, path: str, value: Value) -> Value:
        """Categories above, which are there, as the store spells them; the name itself as it is given. A category that
        is shown in no way of its own is shown as all are."""
        if path == "display" and is_empty(value):
            return "default"
        if path not in ("path", "parent") or not isinstance(value, str) or not value.strip():
            return super().normal(path, value)
        above, name = _parted(" ".join(unescape(value).split()), 1 if path == "path" else 0)
        number = self._tree.number(MARK.join(above))
        return MARK.join([*([self._tree.path(number)] if number else above), *name])

    def kept(self, path: str, sent: Value, told: Value) -> bool:
        """An image that was sent by its URL has one of the store's now. What stands above may have been spelled anew
        meanwhile."""
        if path == "image":
            return is_empty(sent) == is_empty(told)
        if path == "description" and isinstance(sent, str) and isinstance(told, str):
            return alike(sent, told)
        if path not in ("path", "parent") or not (isinstance(sent, str) and isinstance(told, str)):
            return same(sent, told)
        own = 1 if path == "path" else 0
        (above, name), (there, kept) = (_parted(one, own) for one in (sent, told))
        return same(name, kept) and [match_key(one) for one in above] == [match_key(one) for one in there]

    def body(self, change: Change) -> Record:
        item = super().body(change)
        if (image := self.field_at(change, "image")) is not None:
            item["image"] = {"src": image.new} if image.new else {"id": 0}
        if any(self.field_at(change, path) is not None for path in ("path", "parent")):
            placed = self._placed(self._tree, change, int(change.record_id or 0))
            item["parent"] = placed["parent"]
            if self.field_at(change, "path") is not None:
                item["name"] = placed["name"]
        return item

    def unfounded(self, changes: Sequence[Change]) -> dict[str, str]:
        """Those that have no place in the tree by the time they are sent, or another one's. Who is refused stays where
        they are, which may leave others without a place."""
        refused: dict[str, str] = {}
        while found := self._without_place([one for one in changes if one.id not in refused]):
            refused |= found
        return refused

    def _without_place(self, changes: Sequence[Change]) -> dict[str, str]:
        """Found by trying the changes out on a copy of the tree, as they are sent: in a batch creates go first. Who
        wants another one's place is refused first: who stands below them may have a place then."""
        if not any(map(self._moves, changes)):
            return {}
        tree, numbers = self._tree.copy(), count(-1, -1)
        placed: dict[int, Change] = {}
        homeless: dict[str, str] = {}
        twins: dict[str, str] = {}
        for batch in self.cut([one for one in changes if one.action != "delete"], self.batch_size):
            for change in sorted(batch, key=lambda one: one.action != "create"):
                number = int(change.record_id or next(numbers))
                try:
                    tree.learn(self._placed(tree, change, number))
                except ValueError as error:
                    homeless[change.id] = str(error).removeprefix(NO_PARENT)
                    continue
                placed[number] = change
                if change.action == "create" and (reason := self._taken(tree, change, number)):
                    twins[change.id] = reason
        deleted = {int(one.record_id or 0) for one in changes if one.action == "delete"}
        for number, change in placed.items() if not twins else ():
            moved = tree.standing(number) != self._tree.standing(number)
            if moved and (reason := self._taken(tree, change, number, deleted)):
                twins[change.id] = reason
        return twins or homeless

    def _taken(self, tree: Tree, change: Change, number: int, deleted: Collection[int] = ()) -> str:
        """Why a category cannot have the place that it has in a tree, "" where it can: the shop makes two of one name
        where a category is renamed or brings a slug along. A new one that could not be looked for by its path or slug
        is linked as soon as the shop says that it is there."""
        others = [one for one in tree.alike(number) if one not in deleted]
        if any(map(tree.is_none, others)):
            return f"{tree.path(number)!r} is the shop's own for products without any category, and no run writes to it"
        if change.action == "create" and not any(self.field_at(change, path) for path in ("path", "slug")):
            others = [one for one in others if one < 0]
        if not others:
            return ""
        other = f"number {others[0]}" if others[0] > 0 else "that of another row"
        two = f"the shop would have two categories {tree.path(number)!r}, this one and {other}"
        return f"{two}: names are unique below one parent"

    def cut(self, changes: Sequence[Change], most: int) -> list[list[Change]]:
        """Level by level from the top, and last what is deleted."""
        levels: dict[int, list[Change]] = defaultdict(list)
        for change in changes:
            if change.action != "delete":
                levels[self._depth(change)].append(change)
        parts = [*(levels[depth] for depth in sorted(levels)), [one for one in changes if one.action == "delete"]]
        return [part[at : at + most] for part in parts for at in range(0, len(part), most)]

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """What stands below a category whose reply was lost asks the shop whether it is there."""
        outcomes = super().send(changes)
        if any(one.status == "unknown" for one in outcomes):
            self._tree.forget()
        return outcomes

    def partner(self, change: Change, code: str, error: Mapping[str, Any]) -> str | None:
        data = error.get("data")
        number = data.get("resource_id") if isinstance(data, dict) else None
        return str(number) if code == "term_exists" and number and not self._tree.is_none(int(number)) else None

    def _done(self, item: Item, answer: Mapping[str, Any]) -> Outcome:
        self._tree.learn(answer)
        sent = self.field_at(item.change, "image")
        if sent is not None and sent.new and not answer.get("image"):
            sent.error = f"the shop could not fetch {sent.new}"
        return super()._done(item, answer)

    def _named(self, path: str, wanted: Collection[str]) -> Iterator[Rows]:
        for rows in super()._named(path, wanted):
            yield [row for row in rows if not self.leaves_out(row)]

    def _placed(self, tree: Tree, change: Change, number: int) -> Mapping[str, Any]:
        """A category as a change leaves it in a tree. Raises ValueError where it has no place there."""
        name, parent = tree.standing(number)
        if (path := self.field_at(change, "path")) is not None:
            *above, name = parts_of(str(path.new))
            parent = _parent(tree, MARK.join(above), change)
        if (above_it := self.field_at(change, "parent")) is not None:
            parent = _parent(tree, str(above_it.new or ""), change)
        if (called := self.field_at(change, "name")) is not None:
            name = str(called.new)
        return {"id": number, "name": name, "parent": parent}

    def _moves(self, change: Change) -> bool:
        return any(self.field_at(change, path) is not None for path in PLACES)

    def _depth(self, change: Change) -> int:
        for name, field in change.fields.items():
            path, _ = self._objects.path_of(name)
            if path in ("path", "parent") and field.new:
                return len(parts_of(str(field.new))) - (path == "path")
        return 0
