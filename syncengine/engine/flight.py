"""Values that were handed over and are not yet read back: a file that the ERP imports at night.

What is read tells which it is: the old value means "not imported yet", a value that was sent since means
"arrived" (the last one, or an earlier one of ours), anything else is a new change by the ERP.

Differences are told by the number that the ERP had when it was last read: that number again, or that with the first
of them added. Any other one leaves in doubt how many have arrived, for the ERP moves by itself, too. Then the store
gets the lowest number that there may be: what takes away from it counts as not imported, what adds to it as imported.
What is in doubt has arrived when a later reading says so, or when the ERP has taken its file away and `import_within`
is over. Whatever is believed meanwhile, each difference is taken off the ERP's movements once, when it counts as
arrived: so both sides end at the same number, in whatever order things happen.

A link holds, by field, a list of {"to": the value sent, "store": what the store held then, "was": what the ERP held
then, if it had the record}, or of {"by": the difference sent, "was": what the ERP held when last read}, all as
canonical JSON; a difference in doubt is marked so. Each has the run that handed it over, and since when it is under
way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from syncengine.engine.job import JobRun
from syncengine.engine.merge import Seen
from syncengine.mapping import Field
from syncengine.records import SIDES, Change
from syncengine.state import Link
from syncengine.values import Value, decode, encode, is_empty, same

__all__ = [
    "already_sent",
    "as_if_arrived",
    "hand_over",
    "imported_by_now",
    "in_doubt",
    "key_on_its_way",
    "last_sent",
    "made_in_vain",
    "on_its_way",
    "read_back",
    "settle",
    "under_way",
]


def hand_over(job: JobRun, link: Link, change: Change, name: str, store: Value) -> None:
    """Remember that a value or a difference is on its way to the ERP; `store` is what the store held then."""
    now, what = job.now(), change.fields[name]
    if what.difference is None:
        entry = {"to": encode(what.new), "store": encode(store)}
        entry |= {"was": encode(what.old)} if link.paired else {}
    else:
        entry = {"was": encode(what.old), "by": encode(what.difference)}
    entry |= {"run": change.id.rpartition("-")[0], "since": now.isoformat()}
    link.in_flight.setdefault(name, []).append(entry)
    link.in_flight_since = link.in_flight_since or now


def read_back(job: JobRun, link: Link, field: Field, erp: Value) -> None:
    """Account, in the link, for what a freshly read ERP value tells about a field's values in flight."""
    flights = link.in_flight.get(field.name, [])
    if not flights or (is_empty(erp) and "by" in flights[0]):
        return
    if "by" in flights[0]:
        rest = _differences_left(job, link, field, flights, erp)
    else:
        rest = _values_left(link, field, flights, erp)
    if rest:
        link.in_flight[field.name] = rest
    else:
        del link.in_flight[field.name]


def settle(link: Link) -> None:
    """After all fields were read back: since when what is left is on its way, or that nothing is."""
    left = [flight for flights in link.in_flight.values() for flight in flights]
    if not left:
        link.in_flight_since, link.arrived = None, True
    else:
        link.in_flight_since = min(_since(link, flight) for flight in left)


def made_in_vain(link: Link) -> None:
    """The ERP has made the record that was handed over, and the store does not have it any more: all has arrived."""
    for name, flights in link.in_flight.items():
        link.account(name, flights[-1]["to"], flights[-1]["store"])
    link.in_flight = {}
    settle(link)


def imported_by_now(job: JobRun) -> list[Link]:
    """Fills `job.imported`: runs whose differences the ERP took away and had time enough to import. Returns the links
    on which one of them is in doubt: they are to be looked at though neither side need have moved."""
    within = job.mapping.erp.import_within
    if within is None or not any(one.by_difference for one in job.merged_fields):
        return []
    differences = [
        (link, flight)
        for link in job.state.links.awaiting(job.name)
        for flights in link.in_flight.values()
        for flight in flights
        if "by" in flight
    ]
    late = {_run(flight) for link, flight in differences if job.now() - _since(link, flight) > within} - {""}
    job.imported = late - set(job.erp.not_taken(late)) if late else set()
    return [link for link, flight in differences if "doubt" in flight and _run(flight) in job.imported]


def in_doubt(link: Link) -> bool:
    """Whether nobody can tell of a difference that it has arrived, or that it has not."""
    return any("doubt" in flight for flights in link.in_flight.values() for flight in flights)


def last_sent(job: JobRun, link: Link, name: str) -> Value:
    """The last value of a field that is on its way."""
    return decode(link.in_flight[name][-1].get("to"), job.type_of(name))


def key_on_its_way(job: JobRun, link: Link) -> str:
    """The key of a new record that was handed over, "" where none is: the ERP may make it at any moment."""
    if link.erp_key is not None:
        return ""
    names = (one.name for one in job.mapping.by_path("erp", job.mapping.erp.key))
    return next((str(last_sent(job, link, name)) for name in names if link.in_flight.get(name)), "")


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


def _differences_left(
    job: JobRun, link: Link, field: Field, flights: list[dict[str, Any]], erp: Value
) -> list[dict[str, Any]]:
    was = decode(flights[-1]["was"], field.type)
    fits = next((at for at, total in enumerate(_booked(field, flights)) if same(was + total, erp)), None)
    arrived, rest = flights[: fits or 0], flights[fits or 0 :]
    if fits is None:
        rest = [flight | {"doubt": True} for flight in rest]
    arrived += [flight for flight in rest if "doubt" in flight and _run(flight) in job.imported]
    rest = [flight for flight in rest if flight not in arrived]
    booked = _booked(field, [flight for flight in rest if "doubt" in flight])  # the first ones: none is older
    at = max(range(len(booked)), key=lambda at: (booked[at], at))  # so that what is left takes away the most
    arrived, rest = arrived + rest[:at], rest[at:]
    if arrived:
        by = sum(_by(field, flight) for flight in arrived)
        bases = (decode(link.base_of(side, field.name), field.type) for side in SIDES)
        link.account(field.name, *(encode(base + by) for base in bases))
    return [flight | {"was": encode(erp)} for flight in rest]


def _booked(field: Field, flights: Iterable[dict[str, Any]]) -> list[Any]:
    """How much has arrived when none has, the first, the first two, and so on."""
    return list(accumulate((_by(field, flight) for flight in flights), initial=0))


def _run(flight: dict[str, Any]) -> str:
    """The run that handed it over; "" where an earlier version did, which did not note it."""
    return str(flight.get("run", ""))


def _since(link: Link, flight: dict[str, Any]) -> datetime:
    noted = flight.get("since")
    if noted is not None:
        return datetime.fromisoformat(noted)
    return link.in_flight_since or datetime.now(UTC)


def _by(field: Field, flight: dict[str, Any]) -> Any:
    return decode(flight["by"], field.type)
