"""Steps 6 and 7: merge every pair and write down what is to be done, without doing any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from syncengine.engine.flight import already_sent, as_if_arrived, read_back, under_way
from syncengine.engine.gone import field_at, is_out, lost_side, plan_loss, wants_again
from syncengine.engine.job import SIDES, JobRun, Pair, Row
from syncengine.engine.match import key_of
from syncengine.engine.merge import Answer, Seen, Verdict, Write, merge_field
from syncengine.mapping import Field
from syncengine.records import RECORD, Change, FieldChange, Held, Side
from syncengine.state import Link
from syncengine.state.journal import Conflict
from syncengine.values import Value, decode, encode, is_empty, same

__all__ = ["Item", "Plan", "make_plan"]


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
    settles: bool = True  # False: the rows' hashes are not saved, so that they come again


@dataclass(slots=True)
class Plan:
    """All that a run would do. `terms` must exist before the records that need them."""

    items: list[Item] = field(default_factory=list)
    terms: dict[Side, list[Change]] = field(default_factory=lambda: {"erp": [], "store": []})
    dropped: list[int] = field(default_factory=list)  # links that were joined into others
    met: int = 0  # pairs that are linked for the first time, also those that a limit cut off
    complete: bool = True  # False: cut by a limit, so that no checkpoint moves

    def changes(self, side: Side) -> list[Change]:
        return [item.changes[side] for item in self.items if side in item.changes]

    @property
    def released(self) -> list[int]:
        return [conflict for item in self.items for conflict in item.released]


class UnusableError(Exception):
    """A row that cannot be used: its field and the reason."""

    def __init__(self, row: Row, name: str | None, reason: str) -> None:
        self.row, self.name, self.reason = row, name, reason
        super().__init__(reason)


def make_plan(job: JobRun, pairs: Sequence[Pair], dropped: list[int]) -> Plan:
    """Merge all pairs; what cannot be used goes to the result's rejects, what is counted to its counters."""
    plan, changed = Plan(dropped=dropped), 0
    plan.met = sum(pair.link.id is None and pair.link.paired for pair in pairs)
    job.progress.step("comparing")
    for at, pair in enumerate(pairs, 1):
        if _is_rejected(job, pair):
            pair.link.dirty = pair.link.id is not None
            if pair.link.id is not None:
                plan.items.append(Item(pair, settles=False))
            continue
        try:
            item = _plan_pair(job, pair)
        except UnusableError as unusable:
            job.reject(unusable.row, unusable.name, unusable.reason)
            pair.link.dirty = True
            item = Item(pair, settles=False)
            if pair.link.id is None:
                continue
        plan.items.append(item)
        _count(job, item)
        changed += bool(item.changes)
        if job.options.limit is not None and changed >= job.options.limit:
            plan.complete = at == len(pairs)
            _tell_limit(job, len(pairs) - at)
            break
    for side in SIDES:
        plan.terms[side] = job.endpoint(side).prerequisites(plan.changes(side))
    job.result.held = [held for item in plan.items for held in item.held]
    job.result.changes = [*plan.terms["erp"], *plan.terms["store"]]
    job.result.changes += [change for item in plan.items for change in item.changes.values()]
    return plan


def _tell_limit(job: JobRun, left: int) -> None:
    if left:
        job.result.warnings.append(
            f"--limit {job.options.limit} is reached: {left:,} more record{'s were' if left > 1 else ' was'} read and "
            "not compared; the next run does"
        )


def _is_rejected(job: JobRun, pair: Pair) -> bool:
    link = pair.link
    return link.erp_key in job.rejected_erp or link.store_id in job.rejected_store


def _plan_pair(job: JobRun, pair: Pair) -> Item:
    link = pair.link
    if link.lost is not None and (row := pair.row(link.lost)) is not None and not is_out(job, row):
        link.lost = None
    if (side := lost_side(job, pair)) is not None:
        if side == "store" and pair.erp is not None and wants_again(job, pair):
            return _made_anew(job, pair, pair.erp)
        changes, held = plan_loss(job, pair, side)
        return _with_changes(job, Item(pair, held=held, released=[] if held else _record_conflict(job, pair)), changes)
    if link.lost is not None:
        return Item(pair)
    if link.paired:
        return _merged(job, pair)
    if pair.erp is not None:
        return _created_in_store(job, pair, pair.erp)
    if pair.store is not None:
        return _created_in_erp(job, pair, pair.store)
    return Item(pair, settles=False)


def _merged(job: JobRun, pair: Pair) -> Item:
    item, link = Item(pair, released=_record_conflict(job, pair)), pair.link
    was_in_flight = bool(link.in_flight)
    later, writable = _later(pair), job.writable
    writes: dict[Side, dict[str, FieldChange]] = {"erp": {}, "store": {}}
    now = {one.name: _value(job, pair, "erp", one) for one in job.merged_fields}
    for one in job.merged_fields:
        if pair.erp is not None and was_in_flight:
            read_back(link, one, now[one.name])
        conflict = job.conflicts.get((link.id or 0, one.name))
        if conflict is None and _rests(job, pair, one, now[one.name]):
            continue
        erp, store = _seen(job, pair, one, now[one.name])
        answer = _answer(one, conflict, erp, store) if conflict else None
        met = link.has_base(one.name)
        verdict = merge_field(one, erp, store, met=met, later=later, answer=answer, writable=writable)
        if verdict.held:
            item.held.append(_held(pair, one, erp, store, verdict.held, conflict))
            continue
        if conflict is not None:
            item.decided[one.name] = conflict.id
        if verdict.to_erp and already_sent(link, one, verdict.to_erp.value):
            item.waits[one.name] = {"erp"}  # until it is read back
            verdict = replace(verdict, to_erp=None)
        else:
            item.verdicts.append(verdict)
        if pending := under_way(link, one):  # booked only when it is read back
            erp, store = (Seen(seen.base - pending, seen.now - pending) for seen in (erp, store))
        if verdict.unwritten and one.truth == "sum" and met:
            _account_unwritten(link, one, erp, store, verdict)
        item.bases[one.name] = (erp.now, store.now)
        for side in SIDES:
            write = verdict.to_erp if side == "erp" else verdict.to_store
            if write is not None and (what := _write(job, item, side, one, write)) is not None:
                writes[side][one.name] = what
    if pair.store is not None and is_out(job, pair.store):
        _take_out(job, item, writes["store"])
    if was_in_flight and not link.in_flight:
        link.in_flight_since, link.arrived = None, True
    return _with_changes(job, item, _updates(job, pair, writes, now))


def _rests(job: JobRun, pair: Pair, one: Field, erp: Value) -> bool:
    """Whether neither side of a field has moved, told by the canonical forms alone: so it is with most fields. The
    store's value that is on its way to the ERP has been decided on."""
    link = pair.link
    if link.in_flight and already_sent(link, one, _value(job, pair, "store", one)):
        return True
    if one.name in link.in_flight or one.name not in link.base or encode(erp) != link.base[one.name]:
        return False
    return pair.store is None or encode(_value(job, pair, "store", one)) == link.base_of("store", one.name)


def _seen(job: JobRun, pair: Pair, one: Field, now: Value) -> tuple[Seen, Seen]:
    """Both sides of a field: what they held when last accounted, and what they hold now."""
    link = pair.link
    erp = Seen(job.base(link, "erp", one.name), now)
    store = Seen(job.base(link, "store", one.name), _value(job, pair, "store", one))
    if one.empty == "ignore" and is_empty(now):
        erp = Seen(erp.base, erp.base)
    return as_if_arrived(link, one, erp, store)


def _held(pair: Pair, one: Field, erp: Seen, store: Seen, why: str, conflict: Conflict | None) -> Held:
    number, since = (conflict.id, conflict.since) if conflict else (0, None)
    return Held(number, pair.name, one.name, erp.now, store.now, erp.base, why, since)


def _updates(
    job: JobRun, pair: Pair, writes: dict[Side, dict[str, FieldChange]], erp: dict[str, Value]
) -> Iterator[Change]:
    for side, fields in writes.items():
        if fields:
            key, record_id = pair.link.erp_key, pair.link.identifier(side)
            change = Change("", side, "update", job.mapping.entity, key, record_id, fields)
            change.mark = any(what.difference is not None for what in fields.values())
            if side == "erp":
                change.record = erp | {name: what.new for name, what in fields.items()}
            yield change


def _account_unwritten(link: Link, one: Field, erp: Seen, store: Seen, verdict: Verdict) -> None:
    """What one counter did and the other side will never be told is accounted at once."""
    untold_by_store = verdict.to_erp is None
    to_erp, to_store = (erp.base, store.now) if untold_by_store else (erp.now, store.base)
    link.account(one.name, encode(to_erp), encode(to_store))


def _write(job: JobRun, item: Item, side: Side, one: Field, write: Write) -> FieldChange | None:
    """One field's write, and the bases that it leads to; None where the side has that value already, as it spells it.

    Raises UnusableError where the side would not take the value as it is.
    """
    endpoint, path, pair = job.endpoint(side), one.path(side), item.pair
    assert path is not None
    if reason := _refusal(job, side, one, write.value):
        row = pair.erp if side == "store" and pair.erp else pair.store or pair.erp
        raise UnusableError(row or _nowhere(pair), one.name, reason)
    new = endpoint.normal(path, write.value)
    old = _value(job, pair, side, one) if pair.link.paired else None
    if pair.link.paired and same(old, new):
        return None
    erp, store = item.bases[one.name]
    item.bases[one.name] = (new, store) if side == "erp" else (erp, new)
    item.waits.setdefault(one.name, set()).add(side)
    return FieldChange(old, new, write.why, write.difference)


def _refusal(job: JobRun, side: Side, one: Field, value: Value) -> str:
    if one.required and is_empty(value):
        return "it is required, and empty"
    try:
        one.write(side, value, job.endpoint(side).format)
    except ValueError as error:
        return str(error)
    return job.endpoint(side).refusal(one.path(side) or "", value)


def _created_in_store(job: JobRun, pair: Pair, row: Row) -> Item:
    item = Item(pair)
    if not (job.mapping.create_in_store and "store" in job.writable):
        return _alone(job, item, "erp")
    fields: dict[str, FieldChange] = {}
    for one in job.merged_fields:
        value = _value(job, pair, "erp", one)
        item.bases[one.name] = (value, value)
        if is_empty(value) and one.required:
            raise UnusableError(row, one.name, "it is required, and empty")
        what = None
        if one.goes_to("store") and not is_empty(value):
            what = _write(job, item, "store", one, Write(value, "new in the erp"))
        if what is not None:
            fields[one.name] = what
        item.waits[one.name] = {"store"}
    unique = any(one.name in fields for one in job.mapping.match_fields if one.store != "id")
    change = Change("", "store", "create", job.mapping.entity, pair.link.erp_key, None, fields, mark=not unique)
    return _with_changes(job, item, [change])


def _made_anew(job: JobRun, pair: Pair, row: Row) -> Item:
    """Take it out of the store's trash, or create it; its old id and bases mean nothing any more then."""
    link = pair.link
    if pair.store is not None:
        pair.store.cells["status"] = _status_before(job, pair)
        return _merged(job, pair)
    released = _record_conflict(job, pair)
    link.store_id, link.store_hash, link.base, link.base_store = None, None, {}, {}
    item = _created_in_store(job, pair, row)
    item.released = released
    return item


def _status_before(job: JobRun, pair: Pair) -> Value:
    """What a product in the trash was before, as far as is known."""
    name = field_at(job, "status")
    return (job.base(pair.link, "store", name) if pair.link.has_base(name) else None) or "publish"


def _take_out(job: JobRun, item: Item, writes: dict[str, FieldChange]) -> None:
    """Out of the trash: its status is written, whether it has changed or not."""
    name, row = field_at(job, "status"), item.pair.store
    assert row is not None
    status = writes[name].new if name in writes else row.cells["status"]
    writes[name] = FieldChange("trash", status, "taken out of the trash")
    item.waits.setdefault(name, set()).add("store")


def _record_conflict(job: JobRun, pair: Pair) -> list[int]:
    """The conflict about the whole record, if there is one."""
    conflict = job.conflicts.get((pair.link.id or 0, RECORD))
    return [conflict.id] if conflict is not None else []


def _created_in_erp(job: JobRun, pair: Pair, row: Row) -> Item:
    item, link = Item(pair), pair.link
    if not (job.mapping.create_in_erp and "erp" in job.writable):
        return _alone(job, item, "store")
    now = {one.name: _value(job, pair, "store", one) for one in job.merged_fields}
    key = next((now[one.name] for one in job.mapping.by_path("erp", job.mapping.erp.key) if one.name in now), None)
    if is_empty(key):
        raise UnusableError(row, None, f"it has no value for {job.mapping.erp.key}, the key of a new record in the erp")
    fields: dict[str, FieldChange] = {}
    for one in job.merged_fields:
        item.bases[one.name] = (None, now[one.name])
        what = None
        if one.goes_to("erp") and not is_empty(now[one.name]):
            what = _write(job, item, "erp", one, Write(now[one.name], "new in the store"))
        if what is not None:
            fields[one.name] = what
        item.waits[one.name] = {"erp"}
    if link.in_flight and all(
        link.in_flight.get(name) and same(decode(link.in_flight[name][-1].get("to"), job.type_of(name)), what.new)
        for name, what in fields.items()
    ):
        return Item(pair)
    change = Change("", "erp", "create", job.mapping.entity, str(key), None, fields, record=now)
    return _with_changes(job, item, [change])


def _alone(job: JobRun, item: Item, side: Side) -> Item:
    """Remember a row without partner by its match key."""
    by = next((one for one in job.mapping.match_fields if one.store != "id"), None)
    item.pair.link.match_key = key_of(job, by, item.pair.row(side)) if by else None
    job.result.unlinked.add(side)
    item.alone = True
    return item


def _with_changes(job: JobRun, item: Item, changes: Iterable[Change]) -> Item:
    for change in changes:
        change.id = f"{job.run}-{next(job.numbers)}"
        item.changes[change.side] = change
    return item


def _value(job: JobRun, pair: Pair, side: Side, one: Field) -> Value:
    """What a side holds now: read from the row in hand, else what was last accounted."""
    row = pair.row(side)
    if row is None:
        return job.base(pair.link, side, one.name)
    path = one.path(side)
    cell: Any = row.cells.get(path) if path is not None else None
    try:
        return one.read(side, cell, job.endpoint(side).format)
    except ValueError as error:
        raise UnusableError(row, one.name, str(error)) from None


def _later(pair: Pair) -> Side | None:
    if (
        not (pair.erp and pair.store and pair.erp.modified and pair.store.modified)
        or pair.erp.modified == pair.store.modified
    ):
        return None
    return "erp" if pair.erp.modified > pair.store.modified else "store"


def _answer(one: Field, conflict: Conflict, erp: Seen, store: Seen) -> Answer | None:
    """A person's answer; None where there is none, or where a side has moved on from what they were shown."""
    if conflict.answer is None or (encode(erp.now), encode(store.now)) != (conflict.erp, conflict.store):
        return None
    if conflict.answer["take"] in ("erp", "store"):
        return Answer(conflict.answer["take"])
    return Answer(None, decode(conflict.answer["value"], one.type))


def _count(job: JobRun, item: Item) -> None:
    for verdict in item.verdicts:
        job.result.drift += verdict.drift
        job.result.settled += verdict.settled
        job.result.unwritten += verdict.unwritten


def _nowhere(pair: Pair) -> Row:
    return Row("erp", pair.link.erp_key or "", pair.name, {}, None, 0, changed=False)
