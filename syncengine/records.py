"""The words that the rooms speak to each other: what was read, what is to be written, what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from syncengine.private import discreet
from syncengine.values import Type, Value

__all__ = [
    "KIND",
    "RECORD",
    "SIDES",
    "Action",
    "Change",
    "Counts",
    "FieldChange",
    "Held",
    "JobResult",
    "Outcome",
    "Reject",
    "Side",
    "Status",
    "other",
]

# Stand for a field's name where more than a field waits for a person: whether a record is to be there, what it is.
RECORD = "(record)"
KIND = "(type)"

Side = Literal["erp", "store"]
SIDES: tuple[Side, Side] = ("erp", "store")
Action = Literal["create", "update", "delete"]
Status = Literal["planned", "sent", "done", "in-flight", "failed", "unknown", "held", "superseded"]


def other(side: Side) -> Side:
    return "store" if side == "erp" else "erp"


@dataclass(slots=True)
class FieldChange:
    """One field of a change, as canonical values.

    `difference` is set where the write is relative (`sum`): the side is to add it to whatever it has then.
    """

    old: Value
    new: Value
    why: str
    difference: Value = None
    error: str = ""


@dataclass(slots=True)
class Change:
    """One planned write of one record on one side: a line of the ledger.

    `id` is unique for ever and marks writes that repeat badly. `key` is the ERP's key, `record_id` the side's own
    identifier (the store's id, the ERP's key); it is None for a create. `entity` is the mapping's, or "category",
    "tag", ... for something that records need. `record` is the merged value of every mapped field, for systems that
    take whole rows. `mark` asks the endpoint to write `id` beside the record (`meta:_syncengine`).

    `taken` says that the side took the change: all of it, or all but the fields that have an error of their own.

    `kind` is what the record is within its entity ("variable", "variation"; "" where that does not matter). `parent`
    is the ERP key of what the record stands below, `below` that one's id on the side that is written. `options` are,
    for a variable product, all that its variations choose from, by field.
    """

    id: str
    side: Side
    action: Action
    entity: str
    key: str | None
    record_id: str | None
    fields: dict[str, FieldChange]
    record: Mapping[str, Value] = field(default_factory=dict)
    mark: bool = False
    kind: str = ""
    parent: str | None = None
    below: str | None = None
    options: Mapping[str, list[str]] = field(default_factory=dict)
    destroy: bool = False  # a delete is otherwise one that can be taken back: to the trash
    link: int | None = None
    status: Status = "planned"
    error: str = ""
    attempts: int = 0  # how often this run has sent it
    taken: bool = False

    @property
    def name(self) -> str:
        """How people see the record: its ERP key, or `store:123`."""
        return self.key if self.key is not None else f"store:{self.record_id}"

    @property
    def partly(self) -> bool:
        """Whether a failed change was made but for some of its fields."""
        return self.status == "failed" and self.taken and not all(what.error for what in self.fields.values())

    def became(self, name: str) -> tuple[Status, str]:
        """What became of one field, and why where it was not written."""
        error = self.fields[name].error
        return ("done", "") if self.partly and not error else (self.status, error or self.error)


@dataclass(slots=True)
class Outcome:
    """What became of a change.

    done: the side answered; `cells` is the whole record as it answered, raw, by path (as a pull would give it).
    in-flight: handed over, to be read back later. failed: the side refused it, nothing was written. unknown: the
    reply was lost; it may have been written.
    """

    change: Change
    status: Literal["done", "in-flight", "failed", "unknown"]
    record_id: str | None = None
    cells: Mapping[str, Any] | None = None
    error: str = ""

    def __post_init__(self) -> None:
        """What a side says may repeat whom a record is about."""
        self.error = discreet(self.error)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be used, with its reason. `key` is the side's identifier, None where it cannot be read."""

    side: Side
    where: str
    key: str | None
    field: str | None
    reason: str

    def __post_init__(self) -> None:
        """A reason may quote the cell, and the cell may be somebody's."""
        object.__setattr__(self, "reason", discreet(self.reason))


@dataclass(frozen=True, slots=True)
class Held:
    """A field that waits for a person. `id` is 0 in a dry run, where it was not saved."""

    id: int
    key: str
    field: str
    erp: Value
    store: Value
    base: Value
    why: str = ""
    since: datetime | None = None


@dataclass(slots=True)
class Counts:
    """One number for each side."""

    erp: int = 0
    store: int = 0

    def add(self, side: Side, number: int = 1) -> None:
        setattr(self, side, getattr(self, side) + number)

    def of(self, side: Side) -> int:
        return self.erp if side == "erp" else self.store


@dataclass(slots=True)
class JobResult:
    """All that a run, or a dry run, of one job has to tell. `read` = unchanged + changed + unlinked + rejected rows.

    `stopped_by` is (guard, message) where a guard stopped it, `error` says why it failed. `settled` counts the
    conflicts that the table of truth settled, `held` those newly held, `waiting` all that wait for an answer.
    """

    job: str
    run: str
    dry_run: bool
    started: datetime
    finished: datetime | None = None
    status: Literal["done", "stopped", "failed"] = "done"
    stopped_by: tuple[str, str] | None = None
    error: str = ""
    exit_code: int = 0
    read: Counts = field(default_factory=Counts)
    unchanged: Counts = field(default_factory=Counts)
    changed: Counts = field(default_factory=Counts)
    unlinked: Counts = field(default_factory=Counts)
    settled: int = 0
    waiting: int = 0
    drift: int = 0
    unwritten: int = 0
    requests: int = 0
    changes: list[Change] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    types: Mapping[str, Type] = field(default_factory=dict)  # of the fields, so that money is shown with its places
