"""Records of one route of the store that are plain objects (customers, coupons, categories), as an endpoint.

What is particular about each is in a file of its own: where they are, what may be written, what is more than a part of
the object.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from syncengine.endpoints import Cursor, Page, Pull, rows
from syncengine.endpoints.woocommerce.apis import inspection_of
from syncengine.endpoints.woocommerce.judges import meta
from syncengine.endpoints.woocommerce.lists import PER_PAGE, Rows, asked, listed, rows_in
from syncengine.endpoints.woocommerce.objects import MARK, Objects, Reader, Record
from syncengine.endpoints.woocommerce.remembered import RememberedPull, Route, records_by_id
from syncengine.endpoints.woocommerce.sending import Item, Sender, code_of
from syncengine.endpoints.woocommerce.store import Store
from syncengine.errors import CannotRun, SyncError
from syncengine.findings import Finding
from syncengine.records import Change, FieldChange, Outcome
from syncengine.store_paths import TABLES
from syncengine.values import Value, match_key

if TYPE_CHECKING:
    from syncengine.endpoints.woocommerce.inspect import ShopInspection

__all__ = ["Plain"]

MANY = 20  # names from which on it pays to list all records with their names instead of asking for each
SEARCHED_PAGES = 20  # how many pages of the newest records are looked through for marks

Judge = Callable[[Value], str]


class Plain(Store):
    """The records of one route, for one job.

    `looked_up` are the match paths that the store can be asked for, each the name of its query parameter. `judges` say
    by path why a value may not be written; a path without one cannot be.
    """

    route: Route
    looked_up: Mapping[str, str] = {}
    judges: Mapping[str, Judge] = {}
    also: tuple[str, ...] = ()  # parts of the object that are read whatever is mapped
    beyond: frozenset[str] = frozenset()  # paths that are not part of the object as the store describes it
    own_meta: frozenset[str] = frozenset({MARK})
    marks = True  # whether these records have meta data

    def _begin(self) -> None:
        self._table = TABLES[self._view.mapping.entity]
        self._objects = Objects(self._view.mapping, self._table.what, self.special())
        self._objects.tops = list(dict.fromkeys([*self._objects.tops, *self.also]))
        self._sender = Sender(self._client, self._shrink, self._done, self._failed)

    # What is particular

    def special(self) -> Mapping[str, Reader]:
        """Paths that are no plain part of the object, and how each is read."""
        return {}

    def narrowed(self) -> Mapping[str, str]:
        """The query for a list of what the mapping selects, where the store can be asked so."""
        return {}

    def leaves_out(self, record: Record) -> bool:
        """Whether a record is none of those that a job is about, whatever the mapping says."""
        return False

    def body(self, change: Change) -> Record:
        """The JSON that makes a record what the change says. Raises ValueError with the reason where it cannot."""
        return self._objects.item(change)

    def partner(self, change: Change, code: str, error: Mapping[str, Any]) -> str | None:
        """The record that is there already, where that is why a create was refused."""
        return None

    def concerns(self) -> Iterator[Finding]:
        """What `sync check` has to say of the mapping, beside its paths."""
        return iter(())

    # The protocol

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> Pull:
        return RememberedPull(
            self._client,
            self._objects,
            self.route,
            self._view.mapping.store,
            self.narrowed(),
            concurrency=self.concurrency,
            overlap=self._connection.overlap,
            cursor=cursor,
            wanted=wanted,
            full=full,
            leaves_out=self.leaves_out,
        )

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        for found in records_by_id(self._client, self.route, ids, self._objects.fields, self.concurrency):
            yield self._objects.page(found)

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        if path == "id":
            yield from self.fetch(values)
            return
        wanted = {match_key(value) for value in values} - {""}
        if path not in self.looked_up:
            named = " or ".join(self._table.match)
            raise CannotRun(f"{self._view.mapping.file}: {self._table.what}s are looked up by {named}, not by {path!r}")
        for found in self._named(path, wanted):
            matching = [row for row in found if match_key(str(self._objects.cell(path, row) or "")) in wanted]
            if matching:
                yield self._objects.page(matching)

    def refusal(self, path: str, value: Value) -> str:
        if path.startswith("meta:"):
            return meta(path.removeprefix("meta:"), value, self.own_meta)
        if path in self._table.read_only:
            return f"{path} is the store's own, it cannot be written"
        if path not in self.judges:
            return f"the store has no field {path!r} that can be written, it would be ignored"
        return self.judges[path](value) or self._client.refusal(path, value)

    def normal(self, path: str, value: Value) -> Value:
        return self._objects.normal(path, value)

    def cut(self, changes: Sequence[Change], most: int) -> list[list[Change]]:
        """What destroys records is never in a batch with anything else."""
        parts = ([one for one in changes if (one.action == "delete") is deletes] for deletes in (False, True))
        return [part[at : at + most] for part in parts for at in range(0, len(part), most)]

    def prerequisites(self, changes: Sequence[Change]) -> list[Change]:
        return []

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Thread-safe."""
        if self._view.read_only:
            raise CannotRun(f"connections.{self._connection.name}: a dry run was about to write")
        made = [self._made(change) for change in changes]
        outcomes = {id(one.change): one for one in made if isinstance(one, Outcome)}
        for deletes in (False, True):
            items = [one for one in made if isinstance(one, Item) and (one.kind == "delete") is deletes]
            if items:
                outcomes.update((id(one.change), one) for one in self._sender.send(items))
        return [outcomes[id(change)] for change in changes]

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        """Updates by their record's id; creates among the newest records, down to a bound."""
        if not self.marks or not changes:
            return {}
        marked: dict[str, str] = {}
        wanted = {change.id for change in changes}
        ids = {change.record_id for change in changes if change.record_id is not None}
        for found in records_by_id(self._client, self.route, ids, "id,meta_data"):
            marked.update((mark, str(row["id"])) for row in found if (mark := _mark(row)) in wanted)
        creates = {change.id for change in changes if change.action == "create"}
        query = {**self.route.everything, "orderby": "id", "order": "desc", "_fields": "id,meta_data"}
        for page in range(1, SEARCHED_PAGES + 1):
            if creates <= marked.keys():
                break
            reply = self._client.get(self.route.path, {**query, "per_page": PER_PAGE, "page": page})
            found = rows_in(self._client, reply, self.route.path)
            marked.update((mark, str(row["id"])) for row in found if (mark := _mark(row)) in creates)
            if len(found) < PER_PAGE:
                break
        return marked

    def inspect(self) -> ShopInspection:
        records = lambda: iter(self.pull(Cursor(), (), full=True))  # noqa: E731
        mapping = self._view.mapping
        return inspection_of(self._connection, self._client, mapping, records, self.beyond, self.concerns)

    # Reading and writing

    def field_at(self, change: Change, path: str) -> FieldChange | None:
        """What a change writes at a path."""
        return next((field for name, field in change.fields.items() if self._objects.path_of(name)[0] == path), None)

    def namesake(self, change: Change, path: str) -> tuple[str | None, Mapping[str, Any]]:
        """The id and the cells of the one record that has what a change writes at a match path; None where there is
        none, or more, or nobody can tell: what else a batch has done must not be lost over it."""
        field = self.field_at(change, path)
        try:
            found = list(rows(self.find(path, [str(field.new)]))) if field is not None else []
        except SyncError:
            found = []
        return (found[0][0], found[0][2]) if len(found) == 1 else (None, {})

    def _named(self, path: str, wanted: Collection[str]) -> Iterator[Rows]:
        """Whole records that may have one of these names: asked for each, or, where there are many, seen in a list of
        all names."""
        asks = sorted(one for one in wanted if not self.refusal(path, one))
        fields = ",".join(dict.fromkeys([*self._objects.tops, self._objects.top(path)]))
        if len(asks) <= MANY or path != self.route.name:
            query = {**self.route.everything, "_fields": fields}
            requests = [(self.route.path, {**query, self.looked_up[path]: one}) for one in asks]
            yield from asked(self._client, requests, self.concurrency)
            return
        query = {**self.route.everything, "_fields": f"id,{path}"}
        glances = listed(self._client, self.route.path, query, self.concurrency)
        ids = [str(row["id"]) for page in glances for row in page if match_key(str(row.get(path) or "")) in wanted]
        yield from records_by_id(self._client, self.route, ids, fields, self.concurrency)

    def _made(self, change: Change) -> Item | Outcome:
        """What to send for a change; or at once an outcome, where it would be mangled or has nothing to send."""
        route = f"{self.route.path}/batch"
        if change.action != "create" and not (change.record_id or "").isdigit():
            what = self._table.what
            return Outcome(change, "failed", error=f"not a {what}'s id: {change.record_id!r}")
        if change.action == "delete":
            return Item(change, route, "delete", int(change.record_id or 0))
        for name, field in change.fields.items():
            path, _ = self._objects.path_of(name)
            if reason := self.refusal(path, field.new):
                field.error = reason
                return Outcome(change, "failed", change.record_id, error=f"{name}: {reason}")
        try:
            body = self.body(change)
        except ValueError as error:
            return Outcome(change, "failed", change.record_id, error=str(error))
        if change.action == "update" and set(body) <= {"id"}:
            return Outcome(change, "failed", change.record_id, error="nothing to send")
        return Item(change, route, change.action, body)

    def _done(self, item: Item, answer: Mapping[str, Any]) -> Outcome:
        return Outcome(item.change, "done", str(answer["id"]), self._objects.cells(dict(answer)))

    def _failed(self, change: Change, error: Mapping[str, Any]) -> Outcome:
        code, message = code_of(error)
        data = error.get("data") if isinstance(error.get("data"), dict) else {}
        status = (data or {}).get("status")
        partner = self.partner(change, code, error) if change.action == "create" else None
        if change.action == "delete" and status == 404:
            return Outcome(change, "done", change.record_id)
        return Outcome(change, "failed", partner or change.record_id, error=f"{code}: {message}")


def _mark(record: Record) -> str:
    return next((str(one.get("value")) for one in record.get("meta_data") or () if one.get("key") == MARK), "")
