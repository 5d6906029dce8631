"""Values that were handed over and are not yet read back: a file that the ERP imports at night.

What is read tells which it is: the old value means "not imported yet", a value that was sent since means
"arrived" (the last one, or an earlier one of ours), anything else is a new change by the ERP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from syncengine.engine.merge import Seen, Write
from syncengine.mapping import Field
from syncengine.records import FieldChange
from syncengine.state import Link
from syncengine.values import Value, decode, encode, same

__all__ = ["already_sent", "hand_over", "read_back"]


@dataclass(frozen=True, slots=True)
class _Flight:
    erp: Value  # what was handed over
    store: Value  # what the store had then


def read_back(link: Link, field: Field, erp: Value) -> None:
    """Account for what a freshly read ERP value tells about a field's values in flight, in the link itself."""
    flights = _flights(link, field)
    if not flights:
        return
    base = decode(link.base_of("erp", field.name), field.type)
    if field.name in link.base and same(erp, base) and not same(erp, flights[-1].erp):
        return
    at = next((at for at in reversed(range(len(flights))) if same(flights[at].erp, erp)), None)
    arrived = (
        flights[at] if at is not None else flights[-1] if field.truth == "sum" or field.name not in link.base else None
    )
    if arrived is not None:
        link.account(field.name, encode(arrived.erp), encode(arrived.store))
    rest = link.in_flight[field.name][at + 1 :] if at is not None else []
    if rest:
        link.in_flight[field.name] = rest
    else:
        del link.in_flight[field.name]


def already_sent(link: Link, field: Field, write: Write) -> bool:
    """Whether this very value is on its way."""
    flights = _flights(link, field)
    if not flights:
        return False
    return same(flights[-1].erp, write.value)


def as_if_arrived(link: Link, field: Field, erp: Seen, store: Seen) -> tuple[Seen, Seen]:
    """For `sum`: differences on their way count as booked, so that they are not handed over again."""
    flights = _flights(link, field)
    if field.truth != "sum" or not flights or not same(erp.now, erp.base):
        return erp, store
    return Seen(flights[-1].erp, flights[-1].erp), Seen(flights[-1].store, store.now)


def hand_over(link: Link, field: Field, change: FieldChange, store: Value) -> None:
    """Remember that a value is on its way to the ERP, and what the store held then."""
    link.in_flight.setdefault(field.name, []).append([encode(change.new), encode(store)])


def _flights(link: Link, field: Field) -> list[_Flight]:
    pairs: list[list[Any]] = link.in_flight.get(field.name, [])
    return [_Flight(decode(erp, field.type), decode(store, field.type)) for erp, store in pairs]
