"""One run of one job: what all steps share, and the words only the engine needs."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from syncengine.endpoints import Absence, Endpoint, Page
from syncengine.engine.reserved import Reserved
from syncengine.mapping import Field
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import SIDES, Counts, JobResult, Reject, Side
from syncengine.settings import Guards
from syncengine.state import Link, State
from syncengine.state.journal import Conflict
from syncengine.values import Type, Value, decode

__all__ = ["JobRun", "Matched", "Options", "Pair", "Progress", "Row", "rows_of"]


class Progress(Protocol):
    """Where a run tells how far it is."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, number: int = 1) -> None: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may ask of one run."""

    dry_run: bool = False
    full: bool = False
    force: bool = False
    rebase: bool = False
    limit: int | None = None


@dataclass(slots=True)
class Row:
    """A record in hand: its cells as the side spelled them. `changed`: its hash is not the saved one."""

    side: Side
    id: str
    where: str
    cells: dict[str, Any]
    modified: datetime | None
    hash: int
    changed: bool
    absent: Absence | None = None

    @property
    def in_trash(self) -> bool:
        return self.absent == "trash"

    @property
    def is_selected(self) -> bool:
        return self.absent != "unselected"


@dataclass(slots=True)
class Pair:
    """A link, saved or new, with what is in hand of its two records. `absorbed` are saved one-sided links that were
    joined into it: they go when it is saved."""

    link: Link
    erp: Row | None = None
    store: Row | None = None
    restores: dict[str, Value] = field(default_factory=dict)  # store paths that must be written again: what is there
    absorbed: list[int] = field(default_factory=list)

    def row(self, side: Side) -> Row | None:
        return self.erp if side == "erp" else self.store

    @property
    def name(self) -> str:
        return self.link.erp_key if self.link.erp_key is not None else f"store:{self.link.store_id}"


@dataclass(slots=True)
class Matched:
    """Pairs to be merged."""

    pairs: list[Pair] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)  # rows of the store that are named by rows which were rejected


@dataclass(slots=True)
class JobRun:
    """All that the steps of one run share."""

    name: str
    run: str
    mapping: FieldMapping
    erp: Endpoint
    store: Endpoint
    state: State
    guards: Guards
    options: Options
    progress: Progress
    result: JobResult
    signatures: Mapping[str, str] = field(default_factory=dict)
    reconcile: timedelta | None = None  # how often both sides are read whole
    full: bool = False  # this run reads both sides whole
    conflicts: dict[tuple[int, str], Conflict] = field(default_factory=dict)  # open ones, by link and field
    rejected_erp: set[str] = field(default_factory=set)  # ids of rejected rows
    rejected_store: set[str] = field(default_factory=set)

    missing: dict[Side, set[str]] = field(default_factory=lambda: {"erp": set(), "store": set()})

    named_parents: set[str] = field(default_factory=set)  # ERP keys that rows of the ERP name as their parents
    knows_parents: bool = False  # all of them, because every row was read

    imported: set[str] = field(default_factory=set)  # runs whose differences the ERP must have imported by now

    reserved: Reserved = field(default_factory=Reserved)  # units in orders that the ERP has not booked

    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))  # of this run's changes
    merged_fields: list[Field] = field(init=False)  # those that both sides have a say in
    option_fields: dict[str, Field] = field(init=False)  # by which the variations of a product differ
    texts: frozenset[str] = field(init=False)  # the fields of which a cell of the ERP is the value itself
    connected: list[list[Field]] = field(init=False)  # those that mean something in the store only together
    writable: frozenset[Side] = field(init=False)  # the sides that this job may write at all

    _of_kind: dict[str, list[Field]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.merged_fields = [
            one
            for one in self.mapping.fields.values()
            if one.store is not None and (one.erp is not None or one.has_constant)
        ]
        self.option_fields = {
            one.name: one
            for one in self.merged_fields
            if self.mapping.erp.parent is not None
            and (one.store or "").startswith("attribute:")
            and one.erp is not None
        }
        self.texts = frozenset(one.name for one in self.merged_fields if one.is_as_written and not one.reserves)
        groups = ([one for one in self.merged_fields if one.store in paths] for paths in self.store.connected)
        self.connected = [together for together in groups if len(together) > 1]
        self.writable = frozenset(side for side in SIDES if self.endpoint(side).writable and self.mapping.writes(side))

    def begin_again(self) -> None:
        """Forget all that this run has read and planned so far."""
        told = self.result
        for name in ("read", "unchanged", "changed", "unlinked"):
            setattr(told, name, Counts())
        told.settled = told.waiting = told.drift = told.unwritten = 0
        told.changes, told.held, told.rejects, told.warnings = [], [], [], []
        self.rejected_erp, self.rejected_store = set(), set()
        self.missing = {"erp": set(), "store": set()}
        self.named_parents = set()

    def fields_of(self, kind: str) -> list[Field]:
        """The merged fields that the store's records of a kind have."""
        if kind not in self._of_kind:
            self._of_kind[kind] = [one for one in self.merged_fields if self.store.applies(one.store or "", kind)]
        return self._of_kind[kind]

    def endpoint(self, side: Side) -> Endpoint:
        return self.erp if side == "erp" else self.store

    def type_of(self, name: str) -> Type:
        known = self.mapping.fields.get(name)
        return known.type if known else Type()

    def base(self, link: Link, side: Side, name: str) -> Value:
        return decode(link.base_of(side, name), self.type_of(name))

    def reject(self, row: Row, field: str | None, reason: str) -> None:
        """Set a row aside. Its link, if it has one, is read again next time."""
        self.result.rejects.append(Reject(row.side, row.where, row.id, field, reason))
        (self.rejected_erp if row.side == "erp" else self.rejected_store).add(row.id)

    def rejected(self, side: Side) -> set[str]:
        return self.rejected_erp if side == "erp" else self.rejected_store

    def now(self) -> datetime:
        return datetime.now(UTC)


def rows_of(
    side: Side, page: Page, hashes: Mapping[str, int], keep: Collection[int], changed: Collection[str]
) -> Iterator[Row]:
    """The rows of a page at the positions `keep`, as objects."""
    columns = [page.cells[name].tolist() for name in page.cells.columns]
    names = [str(name) for name in page.cells.columns]
    for at in keep:
        key = page.ids[at]
        cells = {name: column[at] for name, column in zip(names, columns, strict=True)}
        modified = page.modified[at] if page.modified else None
        yield Row(side, key, page.where[at], cells, modified, hashes[key], key in changed, page.absent.get(at))
