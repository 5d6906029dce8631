"""Categories, tags, global attributes and classes: names and paths <-> the store's numbers and slugs, read once a run.

Names are compared loosely, categories under the same parent only. A product takes categories by number and drops
every other silently (FACTS-WOOCOMMERCE, 2), so they have to exist before the product is written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Literal

from syncengine.endpoints.woocommerce.client import Blocked, Client, LostReply, NoSuchRoute
from syncengine.endpoints.woocommerce.lists import listed
from syncengine.records import Change, FieldChange, Outcome
from syncengine.values import match_key

__all__ = ["Kind", "Terms", "parts_of"]

Kind = Literal["category", "tag"]
Term = tuple[str, tuple[str, ...]]  # a kind and a path
ROUTES = {"category": "products/categories", "tag": "products/tags"}
BATCH = 100
STANDARD = "standard"  # the tax class that a product has by having none
OWN_TAX_CLASSES = {STANDARD: "", "parent": "parent"}  # a variation may have that of its product

# What WooCommerce calls "no category": its own translations of the slug, as a shop gets it when it is installed.
NO_CATEGORY = frozenset(
    {
        "uncategorized",
        "uncategorised",
        "unkategorisiert",
        "non-classe",
        "sin-categorizar",
        "senza-categoria",
        "geen-categorie",
    }
)


def parts_of(text: str) -> tuple[str, ...]:
    """`A > B` as ("A", "B"), with the spaces trimmed; an empty part stays, to be refused."""
    return tuple(part.strip() for part in text.split(">"))


@dataclass(frozen=True, slots=True)
class _Category:
    name: str
    slug: str
    parent: int


class Terms:
    """The store's terms as far as this run has seen or made them. Thread-safe."""

    def __init__(self, client: Client, concurrency: int, run: str) -> None:
        self._client = client
        self._concurrency = concurrency
        self._run = run
        self._lock = threading.RLock()
        self._numbered = 0
        self._categories: dict[int, _Category] | None = None
        self._children: dict[tuple[int, str], int] = {}
        self._alike: dict[tuple[str, int, str], int] = {}  # by kind, parent and name: what the store takes for the same
        self._strangers: set[int] = set()
        self._tags: dict[str, tuple[int, str]] | None = None
        self._coined: dict[Term, str] = {}  # names that no term has yet, by their match keys
        self._attributes: dict[str, int] | None = None
        self._classes: dict[str, dict[str, str] | None] = {}

    # Reading

    def paths_of(self, categories: Iterable[dict[str, Any]]) -> list[str]:
        """A product's categories as sorted paths; the store's "no category" is none."""
        return sorted(self._path(one) for one in categories if one.get("slug") not in NO_CATEGORY)

    def find(self, kind: Kind | str, text: str) -> int | None:
        with self._lock:
            if kind == "tag":
                return self._tag(text)[0]
            self._loaded_categories()
            return self._walk(parts_of(text))

    def is_none(self, text: str) -> bool:
        """Whether this is the store's "no category"."""
        with self._lock:
            number = self.find("category", text)
            return number is not None and self._loaded_categories()[number].slug in NO_CATEGORY

    def spelled(self, kind: Kind, text: str) -> str:
        """A tag's name or a category's path as the store spells it. What it does not know yet will be made as this run
        has spelled it first: the spellings that follow mean the same."""
        with self._lock:
            if kind == "tag":
                number, name = self._tag(text)
                if number is not None:
                    return name
                return self._coined.setdefault(("tag", (match_key(text),)), _clean(text))
            categories = self._loaded_categories()
            parent: int | None = 0
            names: list[str] = []
            for part in parts_of(text):
                parent = self._child(parent, part) if parent is not None else None
                path = tuple(match_key(name) for name in (*names, part))
                coined = self._coined.setdefault(("category", path), _clean(part)) if parent is None else ""
                names.append(categories[parent].name if parent is not None else coined)
            return " > ".join(names)

    def attribute(self, name: str) -> int:
        """The number of a global attribute, 0 if there is none of that name."""
        with self._lock:
            if self._attributes is None:
                found = self._client.get("products/attributes", {"_fields": "id,name"}).body
                self._attributes = {match_key(unescape(one["name"])): one["id"] for one in found}
            return self._attributes.get(match_key(name), 0)

    def classes(self, path: str) -> Mapping[str, str] | None:
        """What `tax_class` or `shipping_class` may be, as slugs with the names that the shop shows; None if it does not
        tell. Of two classes with one name the second goes by its slug."""
        with self._lock:
            if path not in self._classes:
                try:
                    self._classes[path] = self._named_classes(path)
                except NoSuchRoute:
                    self._classes[path] = None
            return self._classes[path]

    def class_shown(self, path: str, slug: str) -> str:
        """A product's class by its name; "" is the standard tax class, and no shipping class."""
        return (self.classes(path) or {}).get(slug, slug) if slug else ""

    def class_slug(self, path: str, text: str) -> str | None:
        """The slug of a class that is given by its name or slug; None if the store has no such class."""
        key = match_key(text)
        if path == "tax_class" and key in OWN_TAX_CLASSES:
            return OWN_TAX_CLASSES[key]
        known = self.classes(path)
        if not key or known is None:
            return text.strip()
        found = next((slug for slug, name in known.items() if match_key(name) == key), None)
        found = found or next((slug for slug in known if match_key(slug) == key), None)
        return "" if path == "tax_class" and found == STANDARD else found

    def _named_classes(self, path: str) -> dict[str, str]:
        if path == "tax_class":
            rows: list[dict[str, Any]] = self._client.get("taxes/classes").body
        else:
            rows = [row for page in self._listed("products/shipping_classes", "id,slug,name") for row in page]
        found: dict[str, str] = {}
        for row in rows:
            name = unescape(str(row.get("name") or row["slug"])).strip()
            taken = match_key(name) in map(match_key, found.values())
            found[row["slug"]] = row["slug"] if taken else name
        return found

    # What is missing

    def prerequisites(self, wanted: Iterable[tuple[Kind, str, str]]) -> list[Change]:
        """Changes that create the terms which (kind, text, needed by whom) names and the store lacks, parents first."""
        changes: list[Change] = []
        seen: set[tuple[Kind, tuple[str, ...]]] = set()
        with self._lock:
            for kind, text, who in wanted:
                paths = [(text.strip(),)] if kind == "tag" else _ancestry(parts_of(self.spelled("category", text)))
                for path in paths:
                    known = (kind, tuple(match_key(part) for part in path))
                    if known in seen or self.find(kind, " > ".join(path)) is not None:
                        continue
                    seen.add(known)
                    self._numbered += 1
                    number = f"{self._run}-{kind}-{self._numbered}"
                    key = f"{kind}: {' > '.join(path)}"
                    fields = {"name": FieldChange(None, path[-1], f"needed by {who}")}
                    changes.append(Change(number, "store", "create", kind, key, None, fields))
        return changes

    def create(self, changes: Sequence[Change]) -> list[Outcome]:
        """Create terms, parents first. One at a time: another batch may hold the parents of these.

        What gets no answer is unknown. Terms are unique by name, so to send one again finds it where it was made.
        """
        with self._lock:
            errors: dict[Term, str] = {}
            lost = ""
            for kind in ("category", "tag"):
                try:
                    self._create(kind, [_named(change) for change in changes if change.entity == kind], errors)
                except LostReply as error:
                    lost = str(error)
            outcomes = [self._outcome(change, errors, lost) for change in changes]
            if lost:
                self._forget()
            return outcomes

    def _create(self, kind: Kind | str, paths: Sequence[tuple[str, ...]], errors: dict[Term, str]) -> None:
        nested = kind == "category"
        wanted = dict.fromkeys(prefix for path in paths for prefix in (_ancestry(path) if nested else [path]))
        for depth in sorted({len(path) for path in wanted}):
            level = [path for path in wanted if len(path) == depth and self.find(kind, " > ".join(path)) is None]
            sendable = []
            for path in level:
                parent = self.find(kind, " > ".join(path[:-1])) if depth > 1 else 0
                if parent is None:
                    errors[kind, path] = errors.get((kind, path[:-1]), "its parent does not exist")
                else:
                    sendable.append((path, parent))
            for start in range(0, len(sendable), BATCH):
                self._create_level(kind, sendable[start : start + BATCH], errors)

    def _create_level(
        self, kind: Kind | str, level: Sequence[tuple[tuple[str, ...], int]], errors: dict[Term, str]
    ) -> None:
        items = [{"name": path[-1], **({"parent": parent} if parent else {})} for path, parent in level]
        try:
            reply = self._client.post(f"{ROUTES[kind]}/batch", {"create": items})
        except Blocked as blocked:
            self._create_around(kind, level, errors, blocked)
            return
        answers = reply.body.get("create") if isinstance(reply.body, dict) and reply.status == 200 else None
        if not isinstance(answers, list) or len(answers) != len(items):
            raise LostReply(f"the store answered {reply.status} without an answer for each {kind}")
        for (path, parent), answer in zip(level, answers, strict=True):
            error = answer.get("error") or {}
            number = answer.get("id") or (error.get("data") or {}).get("resource_id")  # term_exists names the one there
            if number:
                term = answer if "name" in answer else self._told(kind, int(number))
                self._learn(kind, int(number), unescape(str(term["name"])).strip(), str(term.get("slug", "")), parent)
                self._alike[kind, parent, match_key(path[-1])] = int(number)
            else:
                errors[kind, path] = f"{error.get('code')}: {error.get('message')}"

    def _create_around(
        self,
        kind: Kind | str,
        level: Sequence[tuple[tuple[str, ...], int]],
        errors: dict[Term, str],
        blocked: Blocked,
    ) -> None:
        """A firewall that minds one name lets the others pass."""
        middle = len(level) // 2
        if not middle:
            errors[kind, level[0][0]] = f"blocked: {blocked.said}"
            return
        self._create_level(kind, level[:middle], errors)
        self._create_level(kind, level[middle:], errors)

    def _told(self, kind: Kind | str, number: int) -> dict[str, Any]:
        """A term that somebody else has made since the list was read: they may have spelled it differently."""
        told: dict[str, Any] = self._client.get(f"{ROUTES[kind]}/{number}", {"_fields": "id,name,slug"}).body
        return told

    def _outcome(self, change: Change, errors: dict[Term, str], lost: str = "") -> Outcome:
        path = _named(change)
        number = self._known(change.entity, path)
        if number is not None:
            return Outcome(change, "done", str(number), {"name": path[-1]})
        error = errors.get((change.entity, path))
        if error is None and lost:
            return Outcome(change, "unknown", error=lost)
        return Outcome(change, "failed", error=error or "the store did not create it")

    # What is known

    def _known(self, kind: str, path: tuple[str, ...]) -> int | None:
        return self._tag(path[-1])[0] if kind == "tag" else self._walk(path)

    def _tag(self, name: str) -> tuple[int | None, str]:
        """A tag's number, and how the store spells it."""
        tags = self._loaded_tags()
        if (known := tags.get(match_key(name))) is not None:
            return known
        alike = self._alike.get(("tag", 0, match_key(name)))
        return next((one for one in tags.values() if one[0] == alike), (None, ""))

    def _child(self, parent: int, name: str) -> int | None:
        """The category of a name below another. One that differs by an accent is the same to the store, which says so
        only when it is asked to make it (FACTS-WOOCOMMERCE, 7)."""
        key = match_key(name)
        number = self._children.get((parent, key))
        return self._alike.get(("category", parent, key)) if number is None else number

    def _learn(self, kind: Kind | str, number: int, name: str, slug: str, parent: int) -> None:
        if kind == "tag":
            self._loaded_tags()[match_key(name)] = number, name
        else:
            self._loaded_categories()[number] = _Category(name, slug, parent)
            self._children[parent, match_key(name)] = number

    def _forget(self) -> None:
        self._categories = self._tags = None

    def _walk(self, parts: Sequence[str]) -> int | None:
        """The number at the end of a path."""
        parent = 0
        for part in parts:
            number = self._child(parent, part)
            if number is None:
                return None
            parent = number
        return parent or None

    def _path(self, category: dict[str, Any]) -> str:
        with self._lock:
            known = self._loaded_categories()
            number = category.get("id", 0)
            if number not in known and number not in self._strangers:
                self._categories = None  # made by somebody since the tree was read
                known = self._loaded_categories()
                if number not in known:
                    self._strangers.add(number)
            names: list[str] = []
            seen: set[int] = set()
            while (one := known.get(number)) is not None and number not in seen:
                seen.add(number)
                names.append(one.name)
                number = one.parent
            return " > ".join(reversed(names)) or unescape(str(category.get("name", ""))).strip()

    def _loaded_categories(self) -> dict[int, _Category]:
        if self._categories is None:
            found: dict[int, _Category] = {}
            children: dict[tuple[int, str], int] = {}
            for page in self._listed("products/categories", "id,name,slug,parent"):
                for row in page:
                    name = unescape(row["name"]).strip()
                    found[row["id"]] = _Category(name, row["slug"], row["parent"])
                    children.setdefault((row["parent"], match_key(name)), row["id"])
            self._categories, self._children = found, children
        return self._categories

    def _loaded_tags(self) -> dict[str, tuple[int, str]]:
        if self._tags is None:
            tags: dict[str, tuple[int, str]] = {}
            for page in self._listed("products/tags", "id,name"):
                for row in page:
                    name = unescape(row["name"]).strip()
                    tags.setdefault(match_key(name), (row["id"], name))
            self._tags = tags
        return self._tags

    def _listed(self, route: str, fields: str) -> Iterator[list[dict[str, Any]]]:
        return listed(self._client, route, {"_fields": fields}, self._concurrency)


def _clean(name: str) -> str:
    """As the store will keep a name."""
    return " ".join(name.split())


def _ancestry(path: Sequence[str]) -> list[tuple[str, ...]]:
    """("A", "B") as ("A",), ("A", "B")."""
    return [tuple(path[:depth]) for depth in range(1, len(path) + 1)]


def _named(change: Change) -> tuple[str, ...]:
    """The path of a term that `prerequisites` asked for: its key is "category: A > B"."""
    text = (change.key or "").partition(": ")[2]
    return parts_of(text) if change.entity == "category" else (text,)
