"""Values that only one record of the store may have, such as a SKU: who takes one, who has it, and who gives it up.

The store refuses what another record has. So what takes a value over is sent in a later round than what gives it up,
and a value that its holder keeps is refused here, so that a dry run says so, too.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import count

from syncengine.engine.item import Item, shown_row
from syncengine.engine.job import JobRun, Row
from syncengine.engine.pull import read_pages
from syncengine.mapping import Field
from syncengine.records import Change, FieldChange
from syncengine.values import is_empty, match_key

__all__ = ["Refused", "order_of_sending"]

Refused = dict[str, tuple[str | None, str]]  # by a change's id: the field, None for the record, and the reason
Place = tuple[str, str]  # a path of which no two records may have the same value, and a value's match key


@dataclass(frozen=True, slots=True)
class Claim:
    """A change that gives a record a value which nobody else may have."""

    item: Item
    change: Change
    one: Field
    place: Place


@dataclass(slots=True)
class Claims:
    """All claims of a plan. `holders` are who has now what is claimed, `names` the ERP's keys of those that are linked,
    `givers` the changes after which a record (store id, path) has another value."""

    made: dict[Place, list[Claim]] = field(default_factory=dict)
    holders: dict[Place, list[Row]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    givers: dict[tuple[str, str], Change] = field(default_factory=dict)

    def in_the_way(self, claim: Claim) -> Iterator[tuple[Row, Change | None]]:
        """Other records that have what is claimed, each with the change that gives it up."""
        for holder in self.holders.get(claim.place, ()):
            if holder.id != claim.change.record_id:
                yield holder, self.givers.get((holder.id, claim.place[0]))


def order_of_sending(job: JobRun, items: Sequence[Item], refused: Refused) -> dict[str, int]:
    """In which round each change in the store is sent, by its id; those that are not named go in the first, 0.

    Adds to `refused` those that cannot be sent at all: their value is another record's. A ring of records that take
    over each other's values is refused, too: opened, it would leave one without a value where a run is cut off.
    """
    claims = _claims(job, items)
    changes = [item.changes["store"] for item in items if "store" in item.changes]
    while True:
        _refuse_taken(claims, refused)
        _refuse_below(changes, refused)
        waits = _waits(claims, refused)
        if not waits:
            return {}
        try:
            return _rounds(waits | _waits_for_products(changes, waits))
        except CycleError as ring:
            _refuse_ring(claims, set(ring.args[1]), refused)


def _claims(job: JobRun, items: Iterable[Item]) -> Claims:
    claims = Claims()
    unique = [one for one in job.merged_fields if one.store in job.store.unique]
    for item in items:
        if (change := item.changes.get("store")) is None:
            continue
        for one in unique:
            path, what = one.store or "", change.fields.get(one.name)
            if what is not None and not is_empty(what.new):
                place = path, match_key(str(what.new))
                claims.made.setdefault(place, []).append(Claim(item, change, one, place))
            if change.record_id is not None and (change.action == "delete" or _gives_up(what)):
                claims.givers[change.record_id, path] = change
    claims.holders = _holders(job, claims.made)
    ids = {row.id for rows in claims.holders.values() for row in rows}
    links = job.state.links.by_identifier(job.name, "store", ids) if ids else []
    claims.names = {one.store_id: one.erp_key for one in links if one.store_id is not None and one.erp_key is not None}
    return claims


def _gives_up(what: FieldChange | None) -> bool:
    return what is not None and match_key(str(what.new or "")) != match_key(str(what.old or ""))


def _holders(job: JobRun, made: Mapping[Place, Sequence[Claim]]) -> dict[Place, list[Row]]:
    """Who has the claimed values, outside the trash: the store is asked once for all of them. It was asked for the
    match keys of new records already, when their partners were looked for."""
    matched = {by.store for by in job.mapping.match_fields}
    asked: dict[str, set[str]] = defaultdict(set)
    for (path, value), claims in made.items():
        if path not in matched or any(claim.change.action != "create" for claim in claims):
            asked[path].add(value)
    holders: dict[Place, list[Row]] = defaultdict(list)
    for path, values in asked.items():
        for row in read_pages(job, "store", job.store.find(path, values)).values():
            if not row.in_trash:
                holders[path, match_key(str(row.cells.get(path) or ""))].append(row)
    return holders


def _refuse_taken(claims: Claims, refused: Refused) -> None:
    """Refuse what two claim, and what somebody has who does not give it up; and so on, for who is refused gives
    nothing up."""
    takers: dict[str, list[Claim]] = defaultdict(list)
    left = deque(claim for same in claims.made.values() for claim in same)
    for claim in left:
        for _, giver in claims.in_the_way(claim):
            if giver is not None:
                takers[giver.id].append(claim)
    while left:
        claim = left.popleft()
        if claim.change.id not in refused and (reason := _reason(claims, claim, refused)):
            refused[claim.change.id] = claim.one.name, reason
            left.extend(takers[claim.change.id])


def _reason(claims: Claims, claim: Claim, refused: Refused) -> str:
    """Why a record cannot get what it claims, "" where it can."""
    others = [shown_row(one.item.pair).where for one in claims.made[claim.place] if one is not claim]
    if others:
        return f"{', '.join(others[:3])} has the same, and the store takes it once only"
    for holder, giver in claims.in_the_way(claim):
        if giver is None or giver.id in refused:
            owner = claims.names.get(holder.id)
            return f"{holder.where} in the store{f', which belongs to {owner},' if owner else ''} has it already"
    return ""


def _refuse_below(changes: Iterable[Change], refused: Refused) -> None:
    """Without its product a variation cannot be created either."""
    missing = {one.key for one in changes if one.id in refused and one.action == "create"}
    for one in changes:
        if one.parent is not None and one.parent in missing:
            reason = f"its parent {one.parent} is not in the store, and is not created by this run"
            refused.setdefault(one.id, (None, reason))


def _refuse_ring(claims: Claims, ring: set[str], refused: Refused) -> None:
    for claim in (claim for same in claims.made.values() for claim in same if claim.change.id in ring):
        for holder, giver in claims.in_the_way(claim):
            if giver is not None and giver.id in ring:
                owner = claims.names.get(holder.id, holder.where)
                reason = (
                    f"{owner} in the store has it now, and the store takes no exchange: give one of them another value "
                    "first, for one run"
                )
                refused[claim.change.id] = claim.one.name, reason


def _waits(claims: Claims, refused: Refused) -> dict[str, set[str]]:
    """By change: those that give up what it claims."""
    waits: dict[str, set[str]] = {}
    for claim in (claim for same in claims.made.values() for claim in same if claim.change.id not in refused):
        if givers := {giver.id for _, giver in claims.in_the_way(claim) if giver is not None}:
            waits.setdefault(claim.change.id, set()).update(givers)
    return waits


def _waits_for_products(changes: Iterable[Change], waits: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """By change of a variation: that of its product, where it comes after it, and what else it waits for."""
    products = {one.key: one.id for one in changes if one.action == "create" or one.options}
    below = {one.id: products[one.parent] for one in changes if one.parent is not None and one.parent in products}
    return {one: {product} | waits.get(one, set()) for one, product in below.items()}


def _rounds(waits: Mapping[str, set[str]]) -> dict[str, int]:
    """Raises CycleError where changes wait for each other."""
    sorter = TopologicalSorter(waits)
    sorter.prepare()
    rounds: dict[str, int] = {}
    for number in count():
        ready = sorter.get_ready()
        if not ready:
            break
        rounds |= dict.fromkeys(ready, number)
        sorter.done(*ready)
    return rounds
