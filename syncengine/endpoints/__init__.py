"""One system behind one small protocol. Nothing here knows the engine; the engine knows no system by name.

The words of the protocol:

path     what the mapping calls a value there: a CSV column, `regular_price`, `meta:_shelf`, `attribute:Brand`
cell     a value as the side spelled it: text from a file, a JSON value from an API, in the side's *normal form*
         (trimmed, entities decoded), so that equal cells mean equal values
id       what the side identifies a record by, as text: the ERP's key, the store's id
page     some records as columns of cells
cursor   where the next pull starts; only the endpoint can read it. It must be JSON, but for `seen`, which is bytes
wanted   ids that must be read again whether they changed or not
match    an identifying path compared loosely (`values.match_key`), such as `sku`
kind     what sort of record it is, where an entity has several: products are simple, variable or variations
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import pandas as pd

from syncengine.errors import CannotRun
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Change, Outcome, Reject, Side
from syncengine.settings import Connection
from syncengine.values import Format, Value, same

if TYPE_CHECKING:
    from syncengine.endpoints.inspection import Inspection

__all__ = ["Absence", "Cursor", "Endpoint", "OpenOrder", "Page", "Pull", "View", "open_endpoint"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next pull starts. Only the endpoint that made it can read it; `{}` and `b""` are "from the start"."""

    position: dict[str, Any] = field(default_factory=dict)
    seen: bytes = b""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order for which the store has taken stock: how many units, by the id of what was sold. `booked`: it has a
    number of the ERP's; `placed`: when it was made."""

    id: str
    units: Mapping[str, Decimal]
    booked: bool = False
    placed: datetime | None = field(default=None, compare=False)


Absence = Literal["trash", "unselected"]  # it lies in the side's trash; the mapping does not select it


@dataclass(slots=True)
class Page:
    """Records as columns: `cells` has one object column a path, `ids` and `where` are aligned with its rows.

    `where` says where a person finds the row ("products.csv:18", "product 123").
    `modified` is the side's own date of the record, where the mapping asks for it.
    `absent` tells of rows, by their position, that are shown and still do not count as being there.
    """

    ids: list[str]
    where: Sequence[str]
    cells: pd.DataFrame
    modified: list[datetime | None] | None = None
    absent: Mapping[int, Absence] = field(default_factory=dict)

    def only(self, rows: list[int]) -> Page:
        """Some of its rows, by their positions."""
        return Page(
            [self.ids[at] for at in rows],
            [self.where[at] for at in rows],
            self.cells.iloc[rows].reset_index(drop=True),
            [self.modified[at] for at in rows] if self.modified else None,
            {new: self.absent[at] for new, at in enumerate(rows) if at in self.absent},
        )


class Pull(Protocol):
    """One reading of a side. Iterate it to its end first; only then do the other members mean anything. What has a body
    here suits what is read from a live system: inherit it.

    """

    def __iter__(self) -> Iterator[Page]:
        """Pages of all records that may have changed since the cursor, and of all wanted ones that exist."""

    @property
    def left(self) -> bool:
        """Whether nothing was read, because somebody is still writing the source: the cursor stays where it was."""
        return False

    @property
    def news(self) -> bool | None:
        """Whether the side has exported anything since the cursor; None where no export is read, but its own data."""
        return None

    @property
    def unchanged(self) -> int:
        """How many further records were read and are known to be as they were at the cursor."""
        return 0

    @property
    def rejects(self) -> Sequence[Reject]:
        """Rows that could not be read as records."""
        return ()

    @property
    def complete(self) -> bool:
        """Whether every record of the side was seen, so that a missing one is gone."""

    @property
    def warnings(self) -> Sequence[str]:
        """What a person should know: a file left for the next run, say."""
        return ()

    @property
    def guards(self) -> Sequence[tuple[str, str]]:
        """What is suspicious about the source as a whole, as (name of the guard, message with its numbers)."""
        return ()

    def missing(self, ids: Collection[str]) -> set[str]:
        """Which of `ids` are certainly not there: any, after a complete pull; else of the wanted ones only."""

    def cursor(self, forget: Collection[str]) -> Cursor:
        """From where to go on; the records `forget` were not accepted and must come again."""

    def done(self) -> None:
        """Everything that was read is accounted for and saved: what is no longer needed may be put away."""
        return


@runtime_checkable
class Endpoint(Protocol):
    """One system, opened for one job and one side. What has a body here suits most systems: inherit it."""

    format: Format
    batch_size: int  # changes in one `send`
    concurrency: int  # calls of `send` at once, never two with the same record
    settle: float  # seconds after which an unanswered write counts as not done if it cannot be found
    writable: bool
    takes_later: bool  # True: what is sent is only handed over, and read back later (a file for an import)
    requests: int  # made so far
    kind: str | None = None  # the path that tells a record's kind, if there are several
    connected: Collection[frozenset[str]] = ()  # paths that mean something only together
    unique: Collection[str] = ()  # paths that `find` knows, where no two records outside the trash have the same value

    def identity(self) -> str:
        """Which system this is (a URL, a folder): state made with one is not used with another."""

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> Pull:
        """Read what may have changed; `full`: all there is, from scratch."""

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        """The present state of these records, wherever they are (trash included); missing ones are left out."""

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        """The records whose match path equals one of `values`, loosely, wherever they are."""

    def refusal(self, path: str, value: Value) -> str:
        """Why this value may not be sent there ("" if it may): the side would mangle it. Asked before planning."""

    def normal(self, path: str, value: Value) -> Value:
        """The value as this side will give it back after taking it: in its own spelling of names, say."""

    def applies(self, path: str, kind: str) -> bool:
        """Whether records of this kind have such a path."""
        return True

    def fitting(self, path: str, value: Value, kind: str) -> Value:
        """As much of a value as records of this kind have room for."""
        return value

    def kept(self, path: str, sent: Value, told: Value) -> bool:
        """Whether the side's answer `told` means that it took what was sent."""
        return same(sent, told)

    def contradictions(self, values: Mapping[str, Value]) -> dict[str, str]:
        """Of a record's connected values by path, those that the side would drop because of the others, with the
        reason."""
        return {}

    def ignores(self, values: Mapping[str, Value]) -> Collection[str]:
        """Of a record's connected values by path, those of which the side takes no notice because of the others."""
        return ()

    def expect(self, keys: Mapping[str, Collection[str]]) -> None:
        """Told before a full pull: what the other side's records are called, by match path. What no list shows may be
        found by it."""
        return

    def unfounded(self, changes: Sequence[Change]) -> Mapping[str, str]:
        """Of all changes of a run, by their ids, those that the side could not take because of what else is there or is
        written, with the reason: what is to stand below something that is not there. Asked once, before anything is
        sent; what `unique` tells is looked after by the engine."""
        return {}

    def cut(self, changes: Sequence[Change], most: int) -> list[list[Change]]:
        """Changes as batches for `send`, none larger than `most`."""
        return [list(changes[at : at + most]) for at in range(0, len(changes), most)]

    def prerequisites(self, changes: Sequence[Change]) -> list[Change]:
        """What must be created before these changes can be sent (categories, tags); sent like other changes, first."""

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write one batch; an outcome for each change, in order. Thread-safe. Raises only for what stops the job."""

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        """Change id -> record id of those changes whose mark stands in a record: they were done."""

    def not_taken(self, runs: Collection[str]) -> Collection[str]:
        """Of these runs, those of which something that was handed over still lies where it was put. Asked only where
        writes are taken up later."""
        return ()

    def open_orders(self, cursor: Cursor, known: Collection[str], *, full: bool) -> tuple[list[OpenOrder], Cursor]:
        """The orders for which stock was taken: of those that are `known` and of those that changed since the cursor
        (`full`: and of those that are open); and where to go on. Asked only where a stock makes allowance for them."""
        raise CannotRun(f"{self.identity()} has no orders that can be read; leave `reserve` out")

    def inspect(self) -> Inspection | None:
        """What a look at this endpoint finds (`sync check`); None where it has nothing to tell."""
        return None

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class View:
    """What an endpoint needs to know of the job: its side, the mapping, the run, whether it only looks."""

    job: str
    side: Side
    mapping: FieldMapping
    run: str
    read_only: bool


def open_endpoint(connection: Connection, view: View) -> Endpoint:
    """Open the endpoint that the connection's `type` names. No server is contacted yet."""
    found = entry_points(group="syncengine.endpoints", name=connection.type)
    if not found:
        known = ", ".join(sorted(point.name for point in entry_points(group="syncengine.endpoints")))
        raise CannotRun(
            f"connections.{connection.name}: no endpoint of type {connection.type!r} is installed; there are: {known}"
        )
    opened: Endpoint = next(iter(found)).load()(connection, view)
    return opened


def rows(pages: Iterable[Page]) -> Iterator[tuple[str, str, dict[str, Any], datetime | None]]:
    """(id, where, cells by path, modified) of each record: for the few that are looked at one by one."""
    for page in pages:
        columns = [str(name) for name in page.cells.columns]
        for at, cells in enumerate(page.cells.itertuples(index=False, name=None)):
            yield (
                page.ids[at],
                page.where[at],
                dict(zip(columns, cells, strict=True)),
                page.modified[at] if page.modified else None,
            )
