"""Steps 6 and 7: merge every pair and write down what is to be done, without doing any of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from syncengine.engine.agree import merged
from syncengine.engine.claims import Refused, order_of_sending
from syncengine.engine.comeback import come_back, is_back, is_made_anew, made_anew, waits_for_product
from syncengine.engine.creation import created_in_erp, created_in_store
from syncengine.engine.family import Family, family_of, is_below
from syncengine.engine.gone import lost_side, plan_loss
from syncengine.engine.item import Item, UnusableError, shown_row
from syncengine.engine.job import JobRun, Pair
from syncengine.engine.kinds import hold_kind, turned_variable
from syncengine.records import KIND, RECORD, SIDES, Change, Side

__all__ = ["Plan", "make_plan"]


@dataclass(slots=True)
class Plan:
    """All that a run would do. `terms` must exist before the records that need them."""

    items: list[Item] = field(default_factory=list)
    terms: dict[Side, list[Change]] = field(default_factory=lambda: {"erp": [], "store": []})
    rounds: dict[str, int] = field(default_factory=dict)  # in which changes are sent, by their ids; others in the first
    moot: list[int] = field(default_factory=list)  # conflicts about fields that the mapping does not merge any more
    met: int = 0  # pairs that are linked for the first time, or again, also those that a limit cut off
    left: list[Pair] = field(default_factory=list)  # of which nothing is planned: never linked and refused, or cut off
    complete: bool = True  # False: cut by a limit, so that no checkpoint moves

    def changes(self, side: Side) -> list[Change]:
        return [item.changes[side] for item in self.items if side in item.changes]

    def in_rounds(self, side: Side) -> list[list[Change]]:
        """The changes of a side, cut where what comes later needs that all before it is done."""
        rounds: dict[int, list[Change]] = {}
        for change in self.changes(side):
            rounds.setdefault(self.rounds.get(change.id, 0), []).append(change)
        return [rounds[number] for number in sorted(rounds)]

    @property
    def dropped(self) -> list[int]:
        return [absorbed for item in self.items for absorbed in item.pair.absorbed]

    @property
    def released(self) -> list[int]:
        return self.moot + [conflict for item in self.items for conflict in item.released]


def make_plan(job: JobRun, pairs: Sequence[Pair]) -> Plan:
    """Merge all pairs; what cannot be used goes to the result's rejects, what is counted to its counters."""
    plan, changed = Plan(moot=_moot(job)), 0
    plan.met = sum(_meets(job, pair) for pair in pairs)
    job.progress.step("comparing")
    family = family_of(job, pairs)
    family.waiting = _waiting(job, family)
    pairs = [*_parents_first(job, pairs), *turned_variable(family, pairs)]
    for at, pair in enumerate(pairs, 1):
        if (item := _planned(job, pair, family)) is None:
            plan.left.append(pair)
            continue
        plan.items.append(item)
        changed += bool(item.changes)
        if job.options.limit is not None and changed >= job.options.limit:
            plan.complete = at == len(pairs)
            plan.left += pairs[at:]
            _tell_limit(job, len(pairs) - at)
            break
    _leave_out_refused(job, plan)
    for item in plan.items:
        _count(job, item)
    for side in SIDES:
        plan.terms[side] = job.endpoint(side).prerequisites(plan.changes(side))
    job.result.held = [held for item in plan.items for held in item.held]
    job.result.changes = [*plan.terms["erp"], *plan.terms["store"]]
    job.result.changes += [change for item in plan.items for change in item.changes.values()]
    return plan


def _moot(job: JobRun) -> list[int]:
    known = {KIND, RECORD, *(one.name for one in job.merged_fields)}
    return [conflict.id for conflict in job.conflicts.values() if conflict.field not in known]


def _meets(job: JobRun, pair: Pair) -> bool:
    """Whether the state does not count a pair among the linked records, and this run does."""
    link = pair.link
    return link.paired and (link.id is None or (link.lost is not None and is_back(job, pair)))


def _parents_first(job: JobRun, pairs: Sequence[Pair]) -> list[Pair]:
    """In the given order, but variations after all that they might belong to."""
    if job.store.kind is None:
        return list(pairs)
    return sorted(pairs, key=lambda pair: is_below(job, pair))


def _waiting(job: JobRun, family: Family) -> set[str]:
    """The keys of parents about which a person was asked and has not answered."""
    asked = {one.link for one in job.conflicts.values() if one.field in (KIND, RECORD) and one.answer is None}
    return {key for key, link in family.by_key.items() if link.id in asked}


def _note_waiting(item: Item, family: Family) -> None:
    """Whether a person is asked about this record, or not any more: its variations come after it."""
    key = item.pair.link.erp_key or ""
    if any(held.field in (KIND, RECORD) for held in item.held):
        family.waiting.add(key)
    else:
        family.waiting.discard(key)


def _tell_limit(job: JobRun, left: int) -> None:
    if left:
        job.result.warnings.append(
            f"--limit {job.options.limit} is reached: {left:,} more record{'s were' if left > 1 else ' was'} read and "
            "not compared; the next run does"
        )


def _planned(job: JobRun, pair: Pair, family: Family) -> Item | None:
    """What is to become of a pair. A rejected row comes again; one that nobody knows is forgotten until then (None)."""
    if pair.link.erp_key not in job.rejected_erp and pair.link.store_id not in job.rejected_store:
        try:
            item = _plan_pair(job, pair, family)
        except UnusableError as unusable:
            job.reject(unusable.row, unusable.name, unusable.reason)
        else:
            _note_waiting(item, family)
            return item
    return _set_aside(Item(pair, settles=False))


def _set_aside(item: Item) -> Item | None:
    item.pair.link.dirty = True
    return item if item.pair.link.id is not None else None


def _leave_out_refused(job: JobRun, plan: Plan) -> None:
    """Reject what a side would refuse because of what else it has or is written, and put the rest in order."""
    refused: Refused = {}
    for side in SIDES:
        refused |= {one: (None, reason) for one, reason in job.endpoint(side).unfounded(plan.changes(side)).items()}
    plan.rounds = order_of_sending(job, plan.items, refused)
    planned, plan.items = plan.items, []
    for item in planned:
        if (kept := _rejected(job, item, refused)) is None:
            plan.left.append(item.pair)
        else:
            plan.items.append(kept)


def _rejected(job: JobRun, item: Item, refused: Refused) -> Item | None:
    """The item, or what is left of it where one of its changes is refused."""
    reasons = [refused[one.id] for one in item.changes.values() if one.id in refused]
    if not reasons:
        return item
    job.reject(shown_row(item.pair), *reasons[0])
    return _set_aside(Item(item.pair, released=item.released, settles=False))


def _plan_pair(job: JobRun, pair: Pair, family: Family) -> Item:
    link = pair.link
    if waits_for_product(pair, family):
        link.dirty = True
        return Item(pair, settles=False)
    if pair.erp is not None and is_made_anew(job, pair, family):
        return made_anew(job, pair, pair.erp, family)
    if is_back(job, pair):
        return come_back(job, pair, family)
    if (side := lost_side(job, pair)) is not None:
        return plan_loss(job, pair, side, family)
    if link.lost is not None:
        return Item(pair)
    if link.paired:
        held_kind = hold_kind(job, pair, family)
        return Item(pair, held=[held_kind]) if held_kind is not None else merged(job, pair, family)
    if pair.erp is not None:
        return created_in_store(job, pair, pair.erp, family)
    if pair.store is not None:
        return created_in_erp(job, pair, pair.store, family)
    return Item(pair, settles=False)


def _count(job: JobRun, item: Item) -> None:
    for verdict in item.verdicts:
        job.result.drift += verdict.drift
        job.result.settled += verdict.settled
        job.result.unwritten += verdict.unwritten
