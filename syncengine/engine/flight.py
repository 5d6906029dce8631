"""Values that were handed over and are not yet read back: a file that the ERP imports at night.

What is read tells which it is: the old value means "not imported yet", a value that was sent since means
"arrived" (the last one, or an earlier one of ours), anything else is a new change by the ERP. Differences are told
by the value that the ERP had when they were handed over; each one that has arrived moves both counters.

A link holds, by field, a list of {"to": the value sent, "store": what the store held then, "was": what the ERP held
then, if it had the record}, or of {"was": what the ERP held then, "by": the difference sent}, all as canonical JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate
from typing import Any

from syncengine.engine.job import SIDES
from syncengine.engine.merge import Seen
from syncengine.mapping import Field
from syncengine.records import FieldChange
from syncengine.state import Link
from syncengine.values import Value, decode, encode, is_empty, same

__all__ = ["already_sent", "as_if_arrived", "hand_over", "on_its_way", "read_back", "under_way"]


def hand_over(link: Link, field: Field, change: FieldChange, store: Value) -> None:
    """Remember that a value or a difference is on its way to the ERP; `store` is what the store held then."""
    if change.difference is None:
        entry = {"to": encode(change.new), "store": encode(store)}
        entry |= {"was": encode(change.old)} if link.paired else {}
    else:
        entry = {"was": encode(change.old), "by": encode(change.difference)}
    link.in_flight.setdefault(field.name, []).append(entry)


def read_back(link: Link, field: Field, erp: Value) -> None:
    """Account, in the link, for what a freshly read ERP value tells about a field's values in flight."""
    flights = link.in_flight.get(field.name, [])
    if not flights or (is_empty(erp) and "by" in flights[0]):
        return
    rest = (
        _differences_left(link, field, flights, erp) if "by" in flights[0] else _values_left(link, field, flights, erp)
    )
    if rest:
        link.in_flight[field.name] = rest
    else:
        del link.in_flight[field.name]


def already_sent(link: Link, field: Field, value: Value) -> bool:
    """Whether this very value is the last one on its way."""
    flights = link.in_flight.get(field.name, [])
    return bool(flights) and "to" in flights[-1] and same(decode(flights[-1]["to"], field.type), value)


def on_its_way(link: Link, fields: Iterable[Field]) -> dict[str, Value]:
    """The values that the ERP will have when it has imported all that was handed over, by field. A whole row that is
    handed over after them must have them too: it would take them back."""
    last = [(one, link.in_flight[one.name][-1]) for one in fields if link.in_flight.get(one.name)]
    return {one.name: decode(flight["to"], one.type) for one, flight in last if "to" in flight}


def as_if_arrived(link: Link, field: Field, erp: Seen, store: Seen) -> tuple[Seen, Seen]:
    """Differences on their way count as booked on both sides, so that they are not handed over again."""
    pending = under_way(link, field)
    if not pending:
        return erp, store
    now = erp.base if is_empty(erp.now) else erp.now  # an empty cell tells nothing of a counter
    return (
        Seen(erp.base + pending, now + pending),
        replace(store, base=store.base + pending),
    )


def under_way(link: Link, field: Field) -> Any:
    """The sum of a field's differences that are on their way."""
    return sum(_by(field, flight) for flight in link.in_flight.get(field.name, []) if "by" in flight)


def _values_left(link: Link, field: Field, flights: list[dict[str, Any]], erp: Value) -> list[dict[str, Any]]:
    sent = [decode(flight["to"], field.type) for flight in flights]
    at = next((at for at in reversed(range(len(sent))) if same(sent[at], erp)), None)
    before = flights[-1].get("was", link.base.get(field.name))
    met = "was" in flights[-1] or link.has_base(field.name)
    if at is None and met and same(erp, decode(before, field.type)):
        return flights  # not imported yet
    if at is not None or not met:  # a record that we made has what we sent as its base
        arrived = flights[at if at is not None else -1]
        link.account(field.name, arrived["to"], arrived["store"])
    rest = flights[at + 1 :] if at is not None else []
    return [flight | {"was": encode(erp)} if "was" in flight else flight for flight in rest]


def _differences_left(link: Link, field: Field, flights: list[dict[str, Any]], erp: Value) -> list[dict[str, Any]]:
    was = decode(flights[-1]["was"], field.type)
    if same(erp, was):
        return flights
    booked = list(accumulate(_by(field, flight) for flight in flights))
    at = next((at for at, total in enumerate(booked) if same(was + total, erp)), len(flights) - 1)
    bases = (decode(link.base_of(side, field.name), field.type) for side in SIDES)
    link.account(field.name, *(encode(base + booked[at]) for base in bases))
    return [flight | {"was": encode(erp)} for flight in flights[at + 1 :]]


def _by(field: Field, flight: dict[str, Any]) -> Any:
    return decode(flight["by"], field.type)
