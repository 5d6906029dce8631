"""Step 6: one field, three ways, by the table of truth. Pure: values in, a verdict out.

Each side's change is measured against its own base, because a side may spell a value in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from syncengine.mapping import Field
from syncengine.records import SIDES, Side
from syncengine.values import Value, is_empty, match_key, same

__all__ = ["Answer", "Seen", "Verdict", "Write", "merge_field"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A field on one side: its last accounted value, and what it is now."""

    base: Value
    now: Value

    @property
    def changed(self) -> bool:
        return not same(self.base, self.now)


@dataclass(frozen=True, slots=True)
class Write:
    """What one side is to get. With a `difference`, the side adds that to whatever it has by then."""

    value: Value
    why: str
    difference: Value = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer to a conflict: one side's value, or one of their own."""

    take: Side | None
    value: Value = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about one field.

    held: why a person must decide ("" where nobody must). drift: a side that is not right was edited.
    settled: both had changed, and the table decided. unwritten: a write was left out because that side takes none.
    """

    to_erp: Write | None = None
    to_store: Write | None = None
    held: str = ""
    drift: bool = False
    settled: bool = False
    unwritten: bool = False


AGREED = Verdict()


def merge_field(
    field: Field,
    erp: Seen,
    store: Seen,
    *,
    met: bool,
    later: Side | None = None,
    answer: Answer | None = None,
    writable: frozenset[Side] = frozenset({"erp", "store"}),
) -> Verdict:
    """Settle one field.

    `met` is False at a first meeting: the field has no bases then. `later` is the side that was modified last, None
    on a tie or where a time is missing. `writable` are the sides that take writes at all.
    """
    if field.once:
        return Verdict(unwritten=met and erp.changed)
    if answer is not None:
        return _permitted(_in_differences(_answered(erp, store, answer), field), field, writable)
    if not met:
        verdict = _first_meeting(field, erp.now, store.now, later)
    elif field.truth == "sum":
        verdict = _first_meeting(field, erp.now, store.now, later) if _any_empty(erp, store) else _sum(erp, store)
    elif same(erp.now, store.now):
        return AGREED
    elif field.truth == "union" and not all(side in writable and field.goes_to(side) for side in SIDES):
        verdict = _one_way_union(erp, store)
    elif erp.changed and store.changed:
        verdict = _both_changed(field, erp, store, later)
    elif erp.changed:
        verdict = _erp_changed(field, erp, store)
    elif store.changed:
        verdict = _store_changed(field, erp, store)
    else:
        return AGREED
    permitted = _permitted(_in_differences(verdict, field), field, writable)
    return _along_the_moves(_without_jumps(permitted, field, erp, store), field, store)


def _erp_changed(field: Field, erp: Seen, store: Seen) -> Verdict:
    if field.truth == "store":
        return Verdict(to_erp=Write(store.now, "put back: the store is right"), drift=True)
    return Verdict(to_store=Write(erp.now, "erp changed"))


def _store_changed(field: Field, erp: Seen, store: Seen) -> Verdict:
    if field.truth == "erp":
        return Verdict(to_store=Write(erp.now, "put back: the erp is right"), drift=True)
    return Verdict(to_erp=Write(store.now, "store changed"))


def _both_changed(field: Field, erp: Seen, store: Seen, later: Side | None) -> Verdict:
    to_store = Verdict(to_store=Write(erp.now, "both changed: the erp wins"), settled=True)
    to_erp = Verdict(to_erp=Write(store.now, "both changed: the store wins"), settled=True)
    match field.truth:
        case "erp":
            return replace(to_store, drift=True)
        case "store":
            return replace(to_erp, drift=True)
        case "erp-wins":
            return to_store
        case "store-wins":
            return to_erp
        case "newest":
            winner = to_erp if later == "store" else to_store
            return _because(
                winner, f"both changed: the {later} did last" if later else "both changed at once: the erp wins"
            )
        case "union":
            return replace(
                _towards(_united(erp, store), erp.now, store.now, "both changed: the lists were joined"), settled=True
            )
        case "ask":
            return Verdict(held="both sides changed it")
        case "sum":
            raise AssertionError("a sum moves by differences")


def _first_meeting(field: Field, erp: Value, store: Value, later: Side | None) -> Verdict:
    if same(erp, store):
        return AGREED
    to_store = Verdict(to_store=Write(erp, "first meeting: the erp is right"))
    to_erp = Verdict(to_erp=Write(store, "first meeting: the store is right"))
    if is_empty(erp):
        return _because(to_erp, "first meeting: it was empty")
    if is_empty(store):
        return _because(to_store, "first meeting: it was empty")
    match field.truth:
        case "erp" | "erp-wins" | "sum":
            return to_store
        case "store" | "store-wins":
            return to_erp
        case "newest":
            return _because(to_erp if later == "store" else to_store, f"first meeting: the {later or 'erp'} is newer")
        case "union":
            return _towards(_joined(erp, store), erp, store, "first meeting: the lists were joined")
        case "ask":
            return Verdict(held="the sides differ at their first meeting")


def _sum(erp: Seen, store: Seen) -> Verdict:
    """Two counters: each side gets what the other added or took since they were last accounted."""
    by_erp, by_store = _minus(erp.now, erp.base), _minus(store.now, store.base)
    return Verdict(
        to_store=Write(_plus(store.now, by_erp), f"erp changed by {by_erp:+}", by_erp) if by_erp else None,
        to_erp=Write(_plus(erp.now, by_store), f"store changed by {by_store:+}", by_store) if by_store else None,
    )


def _in_differences(verdict: Verdict, field: Field) -> Verdict:
    """An ERP that is told differences cannot be told a number, which is what an empty counter would need."""
    if field.by_difference and verdict.to_erp is not None and verdict.to_erp.difference is None:
        return replace(verdict, to_erp=None, unwritten=True)
    return verdict


def _one_way_union(erp: Seen, store: Seen) -> Verdict:
    """Two lists of which one side takes no writes: what it never got, it cannot have removed. Each side gets what the
    other added and loses what the other removed, however the two spell their names."""
    to_erp, to_store = _moved(erp.now, store), _moved(store.now, erp)
    return Verdict(
        to_erp=None if same(to_erp, erp.now) else Write(to_erp, "store changed"),
        to_store=None if same(to_store, store.now) else Write(to_store, "erp changed"),
        settled=erp.changed and store.changed,
    )


def _moved(own: Value, other: Seen) -> Value:
    """One side's list with what the other added and without what the other removed."""
    had, has, mine = _keys(other.base), _keys(other.now), _keys(own)
    added = [item for item in _items(other.now) if match_key(item) not in had | mine]
    return [item for item in _items(own) if match_key(item) not in had - has] + added


def _joined(erp: Value, store: Value) -> Value:
    named: dict[str, str] = {}
    for item in _items(erp) + _items(store):
        named.setdefault(match_key(item), item)
    return list(named.values())


def _answered(erp: Seen, store: Seen, answer: Answer) -> Verdict:
    right = {"erp": erp.now, "store": store.now}[answer.take] if answer.take else answer.value
    return _towards(right, erp.now, store.now, f"you took {answer.take or 'a value'}")


def _towards(right: Value, erp: Value, store: Value, why: str) -> Verdict:
    """Whatever it takes for both sides to have `right`."""
    return Verdict(
        to_erp=None if same(erp, right) else Write(right, why),
        to_store=None if same(store, right) else Write(right, why),
    )


def _united(erp: Seen, store: Seen) -> list[str]:
    """The ERP's list, with what the store added and without what it removed, each by its own base."""
    had, has = _keys(store.base), _keys(store.now)
    kept = [item for item in _items(erp.now) if match_key(item) not in had - has]
    known = had | _keys(kept) | (_keys(erp.base) - _keys(erp.now))
    return kept + [item for item in _items(store.now) if match_key(item) not in known]


def _permitted(verdict: Verdict, field: Field, writable: frozenset[Side]) -> Verdict:
    """Leave out what a side does not take."""
    for side in SIDES:
        taken = side in writable and field.goes_to(side)
        if side == "erp" and verdict.to_erp is not None and not taken:
            verdict = replace(verdict, to_erp=None, unwritten=True)
        if side == "store" and verdict.to_store is not None and not taken:
            verdict = replace(verdict, to_store=None, unwritten=True)
    return verdict


def _without_jumps(verdict: Verdict, field: Field, erp: Seen, store: Seen) -> Verdict:
    """Hold a number that moves by more than the mapping's `max_change`."""
    if field.max_change is None:
        return verdict
    for write, now in ((verdict.to_erp, erp.now), (verdict.to_store, store.now)):
        if write is None or is_empty(now) or is_empty(write.value):
            continue
        old, new = _number(now), _number(write.value)
        if old and abs(new - old) > abs(old) * field.max_change:
            return Verdict(held=f"a jump from {old} to {new} is more than {field.max_change:.0%}")
    return verdict


def _along_the_moves(verdict: Verdict, field: Field, store: Seen) -> Verdict:
    """Hold a word of the store that would move where the mapping's `transitions` do not lead."""
    if field.moves is None or verdict.to_store is None or is_empty(store.now):
        return verdict
    now, new = str(store.now), str(verdict.to_store.value)
    if new in field.moves.get(now, ()):
        return verdict
    return Verdict(held=f"the mapping's transitions do not lead from {now} to {new}")


def _because(verdict: Verdict, why: str) -> Verdict:
    return replace(
        verdict,
        to_erp=replace(verdict.to_erp, why=why) if verdict.to_erp else None,
        to_store=replace(verdict.to_store, why=why) if verdict.to_store else None,
    )


def _any_empty(*seen: Seen) -> bool:
    return any(is_empty(value) for side in seen for value in (side.base, side.now))


def _items(value: Value) -> list[str]:
    return value if isinstance(value, list) else []


def _keys(value: Value) -> set[str]:
    """What a list names, however it spells it: a store knows a category by any spelling."""
    return {match_key(item) for item in _items(value)}


def _number(value: Value) -> Decimal:
    assert isinstance(value, int | Decimal)
    return Decimal(value)


def _minus(one: Value, another: Value) -> int | Decimal:
    difference = _number(one) - _number(another)
    return int(difference) if isinstance(one, int) else difference


def _plus(one: Value, another: Value) -> int | Decimal:
    total = _number(one) + _number(another)
    return int(total) if isinstance(one, int) else total
