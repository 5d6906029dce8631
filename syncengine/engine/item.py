"""What is to become of one pair, and the two things that every way of planning it does: read a value, plan a write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from syncengine.engine.family import is_below
from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.kinds import VARIATION
from syncengine.engine.merge import Verdict, Write
from syncengine.engine.renaming import renamed
from syncengine.mapping import Field
from syncengine.records import KIND, RECORD, Change, FieldChange, Held, Side
from syncengine.values import Value, decode, is_empty, same

__all__ = [
    "Item",
    "UnusableError",
    "all_conflicts",
    "check_whole",
    "holds",
    "planned_write",
    "record_conflicts",
    "shown_row",
    "with_changes",
]


@dataclass(slots=True)
class Item:
    """What is to become of one pair.

    `bases` are the values, as (erp, store), that a field accounts for once the sides in `waits` have been written.
    `held` are the fields that a person must decide, `decided` the conflicts, by field, that are none any more as soon
    as their writes are done, `released` those that are none already.
    """

    pair: Pair
    changes: dict[Side, Change] = field(default_factory=dict)
    bases: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    waits: dict[str, set[Side]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    decided: dict[str, int] = field(default_factory=dict)
    released: list[int] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    alone: bool = False  # a row without partner that is only remembered
    gone: Side | None = None  # the side on which the record is found missing: there it is news when it returns
    settles: bool = True  # False: the rows' hashes are not saved, so that they come again


class UnusableError(Exception):
    """A row that cannot be used: its field and the reason."""

    def __init__(self, row: Row, name: str | None, reason: str) -> None:
        self.row, self.name, self.reason = row, name, reason
        super().__init__(reason)


def holds(job: JobRun, pair: Pair, side: Side, one: Field) -> Value:
    """What a side holds now of a field: read from the row in hand, else what was last seen of it. Of a variation's
    images in the ERP only those count for which the store has room."""
    row, path, endpoint = (pair.erp, one.erp, job.erp) if side == "erp" else (pair.store, one.store, job.store)
    if row is None or one.untold == side:
        return _last_seen(job, pair, side, one)
    try:
        value = one.read(side, row.cells.get(path) if path is not None else None, endpoint.format)
    except ValueError as error:
        raise UnusableError(row, one.name, str(error)) from None
    if side == "erp" and one.type.ordered and is_below(job, pair):
        return job.store.fitting(one.store or "", value, VARIATION)
    return value


def _last_seen(job: JobRun, pair: Pair, side: Side, one: Field) -> Value:
    """What a person was shown of a field that waits for an answer, else what was last accounted. A row may not be had
    any more: its file was put away."""
    conflict = job.conflicts.get((pair.link.id or 0, one.name))
    if conflict is None or one.name in pair.link.in_flight:
        return job.base(pair.link, side, one.name)
    return decode(conflict.erp if side == "erp" else conflict.store, one.type)


def planned_write(job: JobRun, item: Item, side: Side, one: Field, write: Write) -> FieldChange | None:
    """One field's write, and the bases that it leads to; None where the side has that value already, as it spells it. A
    difference is written all the same: it is added to what the side has by then, to others that are on their way, too.

    Raises UnusableError where the side would not take the value as it is.
    """
    endpoint, path, pair = job.endpoint(side), one.path(side), item.pair
    assert path is not None
    if reason := _refusal(job, side, one, write.value):
        row = pair.erp if side == "store" and pair.erp else pair.store or pair.erp
        raise UnusableError(row or _nowhere(pair), one.name, reason)
    old = holds(job, pair, side, one) if pair.link.paired else None
    new = renamed(job, pair.link, side, one, endpoint.normal(path, write.value), old)
    if pair.link.paired and write.difference is None and same(old, new):
        return None
    erp, store = item.bases[one.name]
    item.bases[one.name] = (new, store) if side == "erp" else (erp, new)
    item.waits.setdefault(one.name, set()).add(side)
    return FieldChange(old, new, write.why, write.difference)


def check_whole(
    job: JobRun, item: Item, fields: Collection[Field], to_store: dict[str, FieldChange], to_erp: dict[str, FieldChange]
) -> None:
    """Look at what is written together with what else the store has in the record: leave out what that takes no notice
    of. Raises UnusableError where it would drop a value because of the others."""
    connected = list(_connected(job, fields, to_store, to_erp))
    if not connected:
        return
    pair = item.pair
    values: dict[str, Value] = {}
    for one in connected:
        assert one.store is not None
        what = to_store.get(one.name)
        values[one.store] = what.new if what is not None else _held_there(job, pair, one)
    ignored = job.store.ignores(values)
    for one in [one for one in connected if one.store in ignored and (one.name in to_store or one.name in to_erp)]:
        job.result.unwritten += to_store.pop(one.name, None) is not None
        to_erp.pop(one.name, None)
        _forget(item, one.name)
    for path, reason in job.store.contradictions(values).items():
        name = next((one.name for one in job.mapping.by_path("store", path)), path)
        raise UnusableError(shown_row(pair), name, reason)


def shown_row(pair: Pair) -> Row:
    """By which of its rows people are told of a pair; one that stands for it where none is in hand."""
    return pair.erp or pair.store or _nowhere(pair)


def _connected(
    job: JobRun, fields: Collection[Field], to_store: Collection[str], to_erp: Collection[str]
) -> Iterator[Field]:
    """The fields that mean something only together with one that is written, and that one."""
    for together in job.connected:
        if any(one.name in to_store or one.name in to_erp for one in together):
            yield from (one for one in together if one in fields)


def _forget(item: Item, name: str) -> None:
    """Nothing is agreed about a field of which the store takes no notice: as soon as it does, the two sides meet anew
    (a stock that the store begins to manage)."""
    for known in (item.bases, item.waits, item.pair.link.base, item.pair.link.base_store):
        known.pop(name, None)


def _held_there(job: JobRun, pair: Pair, one: Field) -> Value:
    return holds(job, pair, "store", one) if pair.link.paired else None


def record_conflicts(job: JobRun, pair: Pair) -> list[int]:
    """The conflicts about the whole record, if there are any."""
    found = (job.conflicts.get((pair.link.id or 0, what)) for what in (RECORD, KIND))
    return [conflict.id for conflict in found if conflict is not None]


def all_conflicts(job: JobRun, pair: Pair) -> list[int]:
    """Those, and the ones about its fields: of a record that is let go, or made anew, nobody needs to decide them."""
    fields = (job.conflicts.get((pair.link.id or 0, name)) for name in job.mapping.fields)
    return [*record_conflicts(job, pair), *(conflict.id for conflict in fields if conflict is not None)]


def with_changes(job: JobRun, item: Item, changes: Iterable[Change]) -> Item:
    """The item with its changes, numbered within the run."""
    for change in changes:
        change.id = f"{job.run}-{next(job.numbers)}"
        item.changes[change.side] = change
    return item


def _refusal(job: JobRun, side: Side, one: Field, value: Value) -> str:
    if one.required and is_empty(value):
        return "it is required, and empty"
    try:
        one.write(side, value, job.endpoint(side).format)
    except ValueError as error:
        return str(error)
    return job.endpoint(side).refusal(one.path(side) or "", value)


def _nowhere(pair: Pair) -> Row:
    return Row("erp", pair.link.erp_key or "", pair.name, {}, None, 0, changed=False)
