"""Step 6 for a pair: all its fields merged, and the writes that follow from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from syncengine.engine.family import Family
from syncengine.engine.flight import already_sent, as_if_arrived, on_its_way, read_back, settle, under_way
from syncengine.engine.gone import field_at
from syncengine.engine.item import Item, check_whole, holds, planned_write, record_conflicts, with_changes
from syncengine.engine.job import JobRun, Pair
from syncengine.engine.kinds import VARIATION, fields_of
from syncengine.engine.merge import Answer, Seen, Verdict, Write, merge_field
from syncengine.engine.reserved import because_of_orders, less_reserved
from syncengine.engine.taken_out import BACK, OUT_OF_TRASH
from syncengine.mapping import Field
from syncengine.records import Change, FieldChange, Held, Side
from syncengine.state import Link
from syncengine.state.journal import Conflict
from syncengine.values import Value, decode, encode, is_empty, same

__all__ = ["merged"]

UNMET = object()


def merged(job: JobRun, pair: Pair, family: Family) -> Item:
    """Merge the fields of a linked pair. Raises UnusableError for a row that cannot be used."""
    item, link = Item(pair, released=record_conflicts(job, pair)), pair.link
    was_in_flight = bool(link.in_flight)
    writes: dict[Side, dict[str, FieldChange]] = {"erp": {}, "store": {}}
    chosen = fields_of(job, pair, family)
    for one in _perhaps_moved(job, pair, chosen):
        now = holds(job, pair, "erp", one)
        if pair.erp is not None and was_in_flight:
            read_back(job, link, one, now)
        conflict = job.conflicts.get((link.id or 0, one.name)) if job.conflicts else None
        if conflict is None and not one.reserves and _rests(job, pair, one, now):
            continue
        for side, write in _merge_one(job, item, one, now, conflict):
            if (what := planned_write(job, item, side, one, write)) is not None:
                writes[side][one.name] = what
    for path, word in pair.restores.items():
        _restore(job, item, path, word, writes["store"])
    if writes["store"] or writes["erp"]:
        check_whole(job, item, chosen, writes["store"], writes["erp"])
    if was_in_flight:
        settle(link)
    return with_changes(job, item, _updates(job, pair, writes, chosen, family))


def _perhaps_moved(job: JobRun, pair: Pair, fields: Sequence[Field]) -> Sequence[Field]:
    """Without those whose text in the ERP is the one that both sides agreed on, where nothing else is to be looked at:
    so it is with most fields of a changed row."""
    link = pair.link
    if pair.erp is None or pair.store is not None or link.in_flight or job.conflicts:
        return fields
    cells, base = pair.erp.cells, link.base
    return [one for one in fields if one.name not in job.texts or cells.get(one.erp or "") != base.get(one.name, UNMET)]


def _merge_one(job: JobRun, item: Item, one: Field, now: Value, conflict: Conflict | None) -> list[tuple[Side, Write]]:
    """Merge a field, of which the ERP has `now`. The item is told what it leads to; returns what is to be written."""
    pair, link = item.pair, item.pair.link
    erp, store = _seen(job, pair, one, now)
    answer = _answer(one, conflict, erp, store) if conflict else None
    met = link.has_base(one.name)
    alike, there = less_reserved(job, link, one, _as_the_store_spells_it(job, one, erp, store), store)
    verdict = merge_field(one, alike, there, met=met, later=_later(pair), answer=answer, writable=job.writable)
    verdict = because_of_orders(job, link, one, erp, verdict)
    if verdict.held:
        item.held.append(_held(pair, one, erp, store, verdict.held, conflict))
        return []
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
    wanted: tuple[tuple[Side, Write | None], ...] = (("erp", verdict.to_erp), ("store", verdict.to_store))
    return [(side, write) for side, write in wanted if write is not None]


def _as_the_store_spells_it(job: JobRun, one: Field, erp: Seen, store: Seen) -> Seen:
    """The ERP's text is the store's where the store only spells it otherwise: an e-mail address in small letters."""
    if one.store is None or not isinstance(erp.now, str) or same(erp.now, store.now):
        return erp
    return replace(erp, now=store.now) if same(job.store.normal(one.store, erp.now), store.now) else erp


def _rests(job: JobRun, pair: Pair, one: Field, erp: Value) -> bool:
    """Whether neither side of a field has moved, told by the canonical forms alone: so it is with most fields. The
    store's value that is on its way to the ERP has been decided on."""
    link = pair.link
    if link.in_flight and already_sent(link, one, holds(job, pair, "store", one)):
        return True
    if one.name in link.in_flight or one.name not in link.base or encode(erp) != link.base[one.name]:
        return False
    return pair.store is None or encode(holds(job, pair, "store", one)) == link.base_of("store", one.name)


def _seen(job: JobRun, pair: Pair, one: Field, now: Value) -> tuple[Seen, Seen]:
    """Both sides of a field: what they held when last accounted, and what they hold now."""
    link = pair.link
    erp = Seen(job.base(link, "erp", one.name), now)
    store = Seen(job.base(link, "store", one.name), holds(job, pair, "store", one))
    if one.empty == "ignore" and is_empty(now):
        erp = Seen(erp.base, erp.base)
    return as_if_arrived(link, one, erp, store)


def _held(pair: Pair, one: Field, erp: Seen, store: Seen, why: str, conflict: Conflict | None) -> Held:
    number, since = (conflict.id, conflict.since) if conflict else (0, None)
    return Held(number, pair.name, one.name, erp.now, store.now, erp.base, why, since)


def _restore(job: JobRun, item: Item, path: str, word: Value, writes: dict[str, FieldChange]) -> None:
    """Write what a record was before it was taken out of the shop, whether that has changed or not."""
    name, row = field_at(job, path), item.pair.store
    assert row is not None
    before = writes[name].new if name in writes else row.cells[path]
    writes[name] = FieldChange(word, before, OUT_OF_TRASH if word == "trash" else BACK)
    item.waits.setdefault(name, set()).add("store")


def _updates(
    job: JobRun, pair: Pair, writes: dict[Side, dict[str, FieldChange]], chosen: Sequence[Field], family: Family
) -> Iterator[Change]:
    for side, fields in writes.items():
        if fields:
            key, record_id = pair.link.erp_key, pair.link.identifier(side)
            change = Change("", side, "update", job.mapping.entity, key, record_id, fields)
            change.kind = pair.link.store_kind or ""
            if change.kind == VARIATION and (parent := family.parent_of(pair.link)) is not None:
                change.parent = parent.erp_key
            change.mark = any(what.difference is not None for what in fields.values())
            if side == "erp":
                now = {one.name: holds(job, pair, "erp", one) for one in chosen}
                change.record = now | on_its_way(pair.link, chosen) | {name: what.new for name, what in fields.items()}
            yield change


def _account_unwritten(link: Link, one: Field, erp: Seen, store: Seen, verdict: Verdict) -> None:
    """What one counter did and the other side will never be told is accounted at once."""
    untold_by_store = verdict.to_erp is None
    to_erp, to_store = (erp.base, store.now) if untold_by_store else (erp.now, store.base)
    link.account(one.name, encode(to_erp), encode(to_store))


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
