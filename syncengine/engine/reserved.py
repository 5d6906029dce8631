"""Units in orders of the store that the ERP has not booked yet: its stock makes allowance for them (`reserve`).

An order reserves what the store has taken for it, until the ERP has booked it and has exported its stock since. That it
is booked is seen at its number of the ERP. Which export knows of a booking nobody tells, and no date of another machine
does: the first one that arrives after the number was seen does, if the ERP's files arrive in the order in which it made
them. So orders are read before the ERP's stock is, and what was exported between the booking and that look counts as
older: for one export the store has too little at most, and never too much.

A field that reserves has the ERP's own number as its base in the ERP, and as its base in the store what is left of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from syncengine.endpoints import Cursor, OpenOrder, Pull
from syncengine.engine.merge import Seen, Verdict
from syncengine.mapping import Field
from syncengine.state import Link
from syncengine.values import Value, fitted, same

if TYPE_CHECKING:
    from syncengine.engine.job import JobRun

__all__ = [
    "Reserved",
    "because_of_orders",
    "less_reserved",
    "read_orders",
    "reserved_otherwise",
    "save_orders",
    "settle_orders",
]

NOTHING = Decimal(0)
LONG = timedelta(days=7)  # an order that is not booked by then is worth a look
EXAMPLES = 3


@dataclass(slots=True)
class Reserved:
    """What is reserved in this run, and what from now on is not because the ERP's stock has it in it."""

    orders: dict[str, OpenOrder] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    units: Mapping[str, Decimal] = field(default_factory=dict)  # by the store's id of what was sold
    number: Mapping[str, int] = field(default_factory=dict)  # of the orders that they are in
    cursor: Cursor = field(default_factory=Cursor)


def read_orders(job: JobRun) -> Reserved:
    """Ask the store for its orders, where a field reserves. Call it before the ERP is read."""
    if not job.mapping.reserves:
        return Reserved()
    before = job.state.orders.open(job.name)
    job.progress.step("reading orders", len(before) or None)
    cursor = job.state.journal.cursor(job.name, "orders")
    found, cursor = job.store.open_orders(cursor, set(before), full=job.full)
    settled = job.state.orders.settled(job.name, [one.id for one in found if one.id not in before])
    return Reserved(orders={one.id: one for one in found if one.id not in settled}, cursor=cursor)


def settle_orders(job: JobRun, pull: Pull) -> None:
    """Now that the ERP was read: an order whose number was seen before anything new arrived from there is in its stock.
    Where the ERP's own data is read, and no export of it, this run has seen the number before that."""
    if not job.mapping.reserves:
        return
    reserved, before = job.reserved, job.state.orders.open(job.name)
    booked = {key for key, one in reserved.orders.items() if one.booked}
    if pull.news is None:
        reserved.settled = booked
    elif pull.news:
        reserved.settled = {key for key in booked if key in before and before[key].booked}
    reserved.orders = {key: one for key, one in reserved.orders.items() if key not in reserved.settled}
    reserved.units, reserved.number = _units(reserved.orders), _number(reserved.orders)
    _tell_overdue(job)


def _tell_overdue(job: JobRun) -> None:
    """Warn of orders that the ERP should have booked long ago: what they reserve is missing in the shop."""
    waiting = [one for one in job.reserved.orders.values() if not one.booked and one.placed is not None]
    overdue = [one.id for one in waiting if one.placed is not None and job.now() - one.placed > LONG]
    if overdue:
        examples = ", ".join(overdue[:EXAMPLES]) + (", …" if len(overdue) > EXAMPLES else "")
        orders = "order has" if len(overdue) == 1 else "orders have"
        job.result.warnings.append(
            f"{len(overdue):,} {orders} been reserving stock for more than {LONG.days} days and no number of the erp: "
            f"{examples}. See whether it gets them; cancel what it never will, or write a number to "
            f"{job.mapping.store.booked} there"
        )


def save_orders(job: JobRun) -> None:
    """Remember them, together with from where the ERP is read on."""
    if job.mapping.reserves:
        job.state.orders.save(job.name, job.reserved.orders, job.reserved.settled)
        job.state.journal.save_checkpoint(job.name, "orders", job.reserved.cursor, full=None, rows=0)


def reserved_otherwise(job: JobRun) -> list[Link]:
    """Links of which another number was reserved when the two sides last agreed: neither side need have moved since."""
    found: list[Link] = []
    for one in job.mapping.reserves:
        links = [*job.state.links.by_identifier(job.name, "store", job.reserved.units)]
        links += job.state.links.differing(job.name, one.name)
        found += [link for link in links if link.lost is None and not _is_as_agreed(job, link, one)]
    return found


def less_reserved(job: JobRun, link: Link, one: Field, erp: Seen, store: Seen) -> tuple[Seen, Seen]:
    """Both sides of a field, the ERP's number less what is reserved. That may be below 0, as the store's own is where
    more was sold than there was. A store that did nothing but to sell, to give back or to rest was edited by nobody."""
    if not one.reserves or not isinstance(erp.now, int | Decimal):
        return erp, store
    left = _less(job, link, one, erp.now)
    sold = _less(job, link, one, erp.base) if isinstance(erp.base, int | Decimal) else None
    if same(store.now, store.base) or same(store.now, sold):
        return Seen(store.now, left), Seen(store.now, store.now)
    return Seen(left if same(erp.now, erp.base) else store.base, left), store


def because_of_orders(job: JobRun, link: Link, one: Field, erp: Seen, verdict: Verdict) -> Verdict:
    """The verdict, which says what was reserved."""
    if not one.reserves or verdict.to_store is None:
        return verdict
    why = verdict.to_store.why
    if why == "erp changed" and not erp.changed:
        why = "open orders changed"
    if units := job.reserved.units.get(link.store_id or ""):
        orders = job.reserved.number[link.store_id or ""]
        why += f", less {units:f} unit{'s' if units != 1 else ''} in {orders} open order{'s' if orders != 1 else ''}"
    return replace(verdict, to_store=replace(verdict.to_store, why=why))


def _less(job: JobRun, link: Link, one: Field, number: int | Decimal) -> Value:
    units = job.reserved.units.get(link.store_id or "", NOTHING)
    whole = units.to_integral_value(ROUND_CEILING) if one.type.name == "integer" else units
    return fitted(Decimal(number) - whole, one.type)


def _is_as_agreed(job: JobRun, link: Link, one: Field) -> bool:
    """Whether what is left of the ERP's number is what was left of it when the two sides last agreed."""
    number = job.base(link, "erp", one.name)
    return not isinstance(number, int | Decimal) or same(
        _less(job, link, one, number), job.base(link, "store", one.name)
    )


def _units(orders: Mapping[str, OpenOrder]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for one in orders.values():
        for sold, units in one.units.items():
            total[sold] = total.get(sold, NOTHING) + units
    return total


def _number(orders: Mapping[str, OpenOrder]) -> Counter[str]:
    return Counter(sold for one in orders.values() for sold in one.units)
