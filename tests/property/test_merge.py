"""What a merge promises for any values on both sides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from syncengine.engine.merge import Seen, Verdict, Write, merge_field
from syncengine.mapping import Field, Truth
from syncengine.records import Side
from syncengine.values import Value, is_empty, same
from tests.running import field

TEXT_TRUTHS = [truth for truth in get_args(Truth) if truth not in ("sum", "union")]
texts = st.sampled_from([None, "", "a", "b", "c"])
integers = st.integers(-50, 50)
decimals = st.decimals(-50, 50, places=2)
lists = st.lists(st.sampled_from("abcdef"), unique=True)
laters = st.sampled_from([None, "erp", "store"])
writable = st.sampled_from([frozenset({"erp", "store"}), frozenset({"store"}), frozenset({"erp"}), frozenset[str]()])


@st.composite
def fields(draw: st.DrawFn) -> tuple[Field, st.SearchStrategy[Any]]:
    """A field with any truth, and the values that it may hold."""
    kind, truths, values = draw(
        st.sampled_from(
            [
                ("text", TEXT_TRUTHS, texts),
                ("integer", [*TEXT_TRUTHS, "sum"], st.none() | integers),
                ("decimal", [*TEXT_TRUTHS, "sum"], st.none() | decimals),
                ("list", [*TEXT_TRUTHS, "union"], lists),
            ]
        )
    )
    only_to = draw(st.sampled_from([None, "erp", "store"]))
    limit = draw(st.sampled_from([None, Decimal("0.5")])) if kind in ("integer", "decimal") else None
    return field("x", kind, draw(st.sampled_from(truths)), only_to=only_to, max_change=limit), values


def moved(verdict: Verdict, erp: Seen, store: Seen) -> tuple[Seen, Seen]:
    """Both sides once the verdict's writes are done, and their bases saved."""

    def after(write: Write | None, side: Seen) -> Seen:
        now = side.now
        if write is not None:
            now = side.now + write.difference if write.difference is not None else write.value  # type: ignore[operator]
        return Seen(now, now)

    return after(verdict.to_erp, erp), after(verdict.to_store, store)


@given(fields(), st.data())
def test_agreement_is_never_written(one: tuple[Field, Any], data: st.DataObject) -> None:
    field, values = one
    base, now = data.draw(values), data.draw(values)
    met = field.truth != "sum" and data.draw(st.booleans())  # two counters that moved alike moved twice
    verdict = merge_field(field, Seen(base, now), Seen(base, now), met=met, later=data.draw(laters))
    assert verdict == Verdict()


@given(fields(), writable, st.data())
def test_what_is_settled_rests(one: tuple[Field, Any], sides: frozenset[Side], data: st.DataObject) -> None:
    field, values = one
    erp, store = (Seen(data.draw(values), data.draw(values)) for _ in range(2))
    later = data.draw(laters)
    verdict = merge_field(field, erp, store, met=data.draw(st.booleans()), later=later, writable=sides)
    if verdict.held:
        assert not verdict.to_erp and not verdict.to_store
        return
    again = merge_field(field, *moved(verdict, erp, store), met=True, later=later, writable=sides)
    if field.truth != "sum" or not any(map(is_empty, (erp.now, store.now))):
        assert again == Verdict()


@given(fields(), st.data())
def test_what_is_settled_converges(one: tuple[Field, Any], data: st.DataObject) -> None:
    """From a common base, with both sides written, both end with one value."""
    field, values = one
    base, here, there = (data.draw(values) for _ in range(3))
    erp, store = Seen(base, here), Seen(base, there)
    verdict = merge_field(field, erp, store, met=data.draw(st.booleans()), later=data.draw(laters))
    if not verdict.held and not verdict.unwritten:
        after_erp, after_store = moved(verdict, erp, store)
        assert same(after_erp.now, after_store.now)


@given(fields(), writable, st.data())
def test_no_side_is_written_that_takes_no_writes(
    one: tuple[Field, Any], sides: frozenset[Side], data: st.DataObject
) -> None:
    field, values = one
    erp, store = (Seen(data.draw(values), data.draw(values)) for _ in range(2))
    verdict = merge_field(field, erp, store, met=data.draw(st.booleans()), later=data.draw(laters), writable=sides)
    assert verdict.to_erp is None or ("erp" in sides and field.only_to != "store")
    assert verdict.to_store is None or ("store" in sides and field.only_to != "erp")


@given(fields(), st.data())
def test_at_a_first_meeting_nothing_filled_is_emptied(one: tuple[Field, Any], data: st.DataObject) -> None:
    field, values = one
    erp, store = (Seen(None, data.draw(values)) for _ in range(2))
    verdict = merge_field(field, erp, store, met=False, later=data.draw(laters))
    for write, now in ((verdict.to_erp, erp.now), (verdict.to_store, store.now)):
        assert write is None or not is_empty(write.value) or is_empty(now)


@given(st.one_of(st.tuples(*[integers] * 4), st.tuples(*[decimals] * 4)))
def test_a_sum_conserves_every_unit(numbers: tuple[Any, Any, Any, Any]) -> None:
    base_erp, erp, base_store, store = numbers
    before = Seen(base_erp, erp), Seen(base_store, store)
    after = moved(merge_field(field("n", "decimal", "sum"), *before, met=True), *before)
    total = (erp - base_erp) + (store - base_store)
    assert [side.now - start for side, start in zip(after, (base_erp, base_store), strict=True)] == [total, total]


@given(lists, lists, lists, writable)
def test_a_union_keeps_the_additions_and_removals_of_both(
    base: list[str], erp: list[str], store: list[str], sides: frozenset[Side]
) -> None:
    before = Seen(base, erp), Seen(base, store)
    after = moved(merge_field(field("l", "list", "union"), *before, met=True, writable=sides), *before)
    wanted = (set(base) | set(erp) | set(store)) - ((set(base) - set(erp)) | (set(base) - set(store)))
    for side, name, start in zip(after, ("erp", "store"), (erp, store), strict=True):
        assert set(items(side.now)) == (wanted if name in sides else set(start))
        assert len(items(side.now)) == len(set(items(side.now)))


@given(lists, st.lists(st.tuples(lists, lists), max_size=4))
def test_what_the_store_added_outlives_any_change_of_an_erp_that_is_only_read(
    base: list[str], edits: list[tuple[list[str], list[str]]]
) -> None:
    one, only_store = field("l", "list", "union"), frozenset[Side]({"store"})
    erp, store = Seen(base, base), Seen(base, base)
    for in_erp, in_store in edits:
        new = [item for item in in_store if item not in items(store.now) and item not in in_erp]
        erp, store = Seen(erp.base, in_erp), Seen(store.base, [*items(store.now), *new])
        erp, store = moved(merge_field(one, erp, store, met=True, writable=only_store), erp, store)
        assert set(new) <= set(items(store.now))


MIRRORED = {"erp-wins": "store-wins", "store-wins": "erp-wins", "erp": "store", "store": "erp", "ask": "ask"}


@given(st.sampled_from(sorted(MIRRORED)), *[texts] * 4, st.booleans())
def test_no_side_is_better_than_the_other_but_for_the_truth(
    truth: str, base_erp: Value, erp: Value, base_store: Value, store: Value, met: bool
) -> None:
    one = Seen(base_erp, erp), Seen(base_store, store)
    straight = merge_field(field("x", truth=truth), *one, met=met)
    mirrored = merge_field(field("x", truth=MIRRORED[truth]), *reversed(one), met=met)
    assert value(straight.to_erp) == value(mirrored.to_store)
    assert value(straight.to_store) == value(mirrored.to_erp)
    assert (straight.drift, straight.settled, bool(straight.held)) == (
        mirrored.drift,
        mirrored.settled,
        bool(mirrored.held),
    )


@given(*[integers] * 4)
def test_sums_are_the_same_from_either_side(base_erp: int, erp: int, base_store: int, store: int) -> None:
    one = Seen(base_erp, erp), Seen(base_store, store)
    straight = merge_field(field("n", "integer", "sum"), *one, met=True)
    mirrored = merge_field(field("n", "integer", "sum"), *reversed(one), met=True)
    assert value(straight.to_erp) == value(mirrored.to_store)
    assert value(straight.to_store) == value(mirrored.to_erp)


def value(write: Write | None) -> Value | Write:
    return write if write is None else write.value


def items(value: Value) -> list[str]:
    assert isinstance(value, list)
    return value
