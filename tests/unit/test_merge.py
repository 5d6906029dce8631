"""One field, three ways: the table of truth, and all that bends it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncengine.engine.merge import Answer, Seen, Verdict, Write, merge_field
from syncengine.mapping import Field
from syncengine.state import State
from syncengine.values import Value
from tests.memory import Memory
from tests.running import field, mapping, run

# What happens to a text that was "base" on both sides and became "E" in the erp, "S" in the store.
# "store=E": the store gets the erp's value. drift, settled: counted as such. ".": nothing is to be done.
TABLE = """
truth       only erp        only store      both, differently       both, same  neither  first meeting  erp empty  store empty
erp         store=E         store=B+drift   store=E+drift+settled   .           .        store=E        erp=S      store=E
store       erp=B+drift     erp=S           erp=S+drift+settled     .           .        erp=S          erp=S      store=E
erp-wins    store=E         erp=S           store=E+settled         .           .        store=E        erp=S      store=E
store-wins  store=E         erp=S           erp=S+settled           .           .        erp=S          erp=S      store=E
newest      store=E         erp=S           store=E+settled         .           .        store=E        erp=S      store=E
ask         store=E         erp=S           held                    .           .        held           erp=S      store=E
"""  # noqa: E501
HEADER, *LINES = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in TABLE.strip().splitlines()]
BASE, E, S = "base", "erp's", "store's"
SITUATIONS: dict[str, dict[str, Any]] = {
    "only erp": {"erp": Seen(BASE, E), "store": Seen(BASE, BASE)},
    "only store": {"erp": Seen(BASE, BASE), "store": Seen(BASE, S)},
    "both, differently": {"erp": Seen(BASE, E), "store": Seen(BASE, S)},
    "both, same": {"erp": Seen(BASE, E), "store": Seen(BASE, E)},
    "neither": {"erp": Seen(BASE, BASE), "store": Seen(BASE, BASE)},
    "first meeting": {"erp": Seen(None, E), "store": Seen(None, S), "met": False},
    "erp empty": {"erp": Seen(None, ""), "store": Seen(None, S), "met": False},
    "store empty": {"erp": Seen(None, E), "store": Seen(None, None), "met": False},
}
CELLS = [
    pytest.param(line[0], situation, told, id=f"{line[0]}: {situation}")
    for line in LINES
    for situation, told in zip(HEADER[1:], line[1:], strict=True)
]


def told(verdict: Verdict) -> str:
    """A verdict in the words of the table."""
    names = {BASE: "B", E: "E", S: "S"}
    words = [
        f"{side}={names[str(write.value)]}"
        for side, write in (("erp", verdict.to_erp), ("store", verdict.to_store))
        if write is not None
    ]
    words += ["held"] if verdict.held else []
    words += [flag for flag in ("drift", "settled", "unwritten") if getattr(verdict, flag)]
    return "+".join(words) or "."


def merged(one: Field, erp: tuple[Value, Value], store: tuple[Value, Value], **more: Any) -> Verdict:
    """Merge a field of which each side is given as (base, now)."""
    return merge_field(one, Seen(*erp), Seen(*store), **{"met": True} | more)


def difference(verdict: Verdict) -> tuple[Value, Value]:
    """What (erp, store) are to add."""
    to_erp, to_store = verdict.to_erp, verdict.to_store
    return to_erp.difference if to_erp else None, to_store.difference if to_store else None


def lists(verdict: Verdict) -> tuple[Any, Any]:
    """The lists that (erp, store) are to get, sorted, for their order does not count."""
    return tuple(sorted(write.value) if write else None for write in (verdict.to_erp, verdict.to_store))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(("truth", "situation", "expected"), CELLS)
def test_the_table_of_truth(truth: str, situation: str, expected: str) -> None:
    assert told(merge_field(field("name", truth=truth), **{"met": True} | SITUATIONS[situation])) == expected


@pytest.mark.parametrize("truth", ["erp", "store", "erp-wins", "store-wins", "newest", "ask", "union", "sum"])
def test_two_empty_values_agree_however_they_are_spelled(truth: str) -> None:
    for met in (True, False):
        assert merged(field("name", truth=truth), (None, ""), ("", None), met=met) == Verdict()


def test_every_write_says_why() -> None:
    for truth in (line[0] for line in LINES):
        for situation in SITUATIONS.values():
            verdict = merge_field(field("name", truth=truth), **{"met": True} | situation)
            for write in (verdict.to_erp, verdict.to_store):
                assert write is None or write.why


def test_each_side_is_measured_against_its_own_base() -> None:
    """A store that spells a value differently than it was given it has not changed it."""
    name = field("name", truth="erp-wins")
    assert merged(name, ("Größe", "Größe"), ("Groesse", "Groesse")) == Verdict()
    assert told(merged(name, ("Größe", E), ("Groesse", "Groesse"))) == "store=E"


# newest


@pytest.mark.parametrize(("later", "expected"), [("erp", "store=E"), ("store", "erp=S"), (None, "store=E")])
def test_newest_is_the_side_that_was_modified_last_and_a_tie_goes_to_the_erp(later: str | None, expected: str) -> None:
    newest = field("name", truth="newest")
    assert told(merged(newest, (BASE, E), (BASE, S), later=later)) == f"{expected}+settled"
    assert told(merged(newest, (None, E), (None, S), later=later, met=False)) == expected


def test_times_do_not_matter_where_only_one_side_changed() -> None:
    for later in ("erp", "store"):
        assert told(merged(field("name", truth="newest"), (BASE, E), (BASE, BASE), later=later)) == "store=E"
        assert told(merged(field("name", truth="newest"), (BASE, BASE), (BASE, S), later=later)) == "erp=S"


# sum

STOCK = field("stock", "integer", "sum")


@pytest.mark.parametrize(
    ("erp", "store", "expected"),
    [
        pytest.param((10, 10), (10, 10), (None, None), id="nothing moved"),
        pytest.param((10, 15), (10, 10), (None, 5), id="five came in"),
        pytest.param((10, 10), (10, 7), (-3, None), id="three were sold"),
        pytest.param((10, 15), (10, 7), (-3, 5), id="both"),
        pytest.param((10, 7), (10, 7), (-3, -3), id="three were taken on each side, by chance as many"),
        pytest.param((10, 12), (3, 2), (-1, 2), id="two counters that never agreed"),
        pytest.param((10, 0), (10, 0), (-10, -10), id="both took the last ten: nothing is forgotten"),
        pytest.param((0, -2), (0, 0), (None, -2), id="below nothing"),
    ],
)
def test_each_counter_gets_what_the_other_moved_by(
    erp: tuple[int, int], store: tuple[int, int], expected: tuple[int | None, int | None]
) -> None:
    verdict = merged(STOCK, erp, store)
    assert difference(verdict) == expected
    assert verdict.to_store is None or verdict.to_store.value == store[1] + (erp[1] - erp[0])
    assert verdict.to_erp is None or verdict.to_erp.value == erp[1] + (store[1] - store[0])
    assert not verdict.drift and not verdict.settled


def test_sums_of_decimals_stay_exact() -> None:
    verdict = merged(field("weight", "decimal", "sum"), (Decimal("0.1"), Decimal("0.3")), (Decimal(0), Decimal("0.1")))
    assert difference(verdict) == (Decimal("0.1"), Decimal("0.2"))


def test_a_first_meeting_of_counters_takes_the_erp_s_number() -> None:
    assert merged(STOCK, (None, 5), (None, 9), met=False).to_store == Write(5, "first meeting: the erp is right")
    assert merged(STOCK, (None, None), (None, 9), met=False).to_erp == Write(9, "first meeting: it was empty")


@pytest.mark.parametrize("base", [(5, 5), (None, 5), (5, None), (None, None)])
def test_a_counter_that_is_empty_takes_the_other_s_number_and_never_empties_it(base: tuple[Any, Any]) -> None:
    """There is no difference to nothing; an emptied counter would lose every unit of the other one."""
    erp, store = base
    assert replace_why(merged(STOCK, (erp, 5), (store, None))) == Verdict(to_store=Write(5, ""))
    assert replace_why(merged(STOCK, (erp, None), (store, 7))) == Verdict(to_erp=Write(7, ""))
    assert merged(STOCK, (erp, None), (store, None)) == Verdict()


def test_two_counters_of_which_one_had_no_number_yet_meet_as_if_for_the_first_time() -> None:
    assert replace_why(merged(STOCK, (None, 5), (3, 3))) == Verdict(to_store=Write(5, ""))
    assert replace_why(merged(STOCK, (3, 3), (None, 5))) == Verdict(to_store=Write(3, ""))
    assert merged(STOCK, (None, 5), (3, 5)) == Verdict()


def test_an_erp_that_is_only_read_passes_its_differences_on_and_keeps_the_store_s_to_itself() -> None:
    verdict = merged(STOCK, (10, 15), (10, 7), writable=frozenset({"store"}))
    assert (difference(verdict), verdict.unwritten) == ((None, 5), True)


@pytest.mark.parametrize("erp", [(None, None), (None, ""), (5, None)])
@pytest.mark.parametrize("met", [True, False])
def test_an_empty_counter_that_is_told_differences_is_told_nothing_until_it_is_a_number(erp: Any, met: bool) -> None:
    """There is no difference between nothing and 7, and 7 itself would be added each time it is imported."""
    told_differences = replace(STOCK, by_difference=True)
    assert merged(told_differences, erp, (7, 7), met=met) == Verdict(unwritten=True)
    assert replace_why(merged(told_differences, (erp[0], 5), (7, 7), met=False)) == Verdict(to_store=Write(5, ""))


def test_what_an_empty_counter_was_not_told_never_arrives_later() -> None:
    mapped = mapping(replace(STOCK, by_difference=True))
    erp, store = Memory("erp", mapped, takes_later=True), Memory("store", mapped)
    erp.edit("A", sku="A")
    store.edit("1", sku="A", stock=7)
    with State.in_memory() as state:
        first = run(erp, store, state)
        assert (first.changes, first.unwritten) == ([], 1)
        second = run(erp, store, state)
        assert (second.changes, second.unwritten) == ([], 0)
        erp.edit("A", stock=9)
        run(erp, store, state)
        assert store.records["1"]["stock"] == 9
        store.edit("1", stock=8)
        run(erp, store, state)
        assert [change.fields["stock"].difference for change in erp.handed_over] == [-1]


def test_an_answer_is_no_difference_either() -> None:
    told_differences = replace(STOCK, by_difference=True)
    assert merged(told_differences, (10, 99), (10, 10), answer=Answer("store")) == Verdict(unwritten=True)


# union

LABELS = field("labels", "list", "union")


@pytest.mark.parametrize(
    ("base", "erp", "store", "expected"),
    [
        ("abc", "abc", "abc", (None, None)),
        ("abc", "abcd", "abc", (None, "abcd")),
        ("abc", "ab", "abc", (None, "ab")),
        ("abc", "abc", "abce", ("abce", None)),
        ("abc", "abc", "a", ("a", None)),
        ("abc", "abcd", "abce", ("abcde", "abcde")),
        ("abc", "ab", "bc", ("b", "b")),
        ("abc", "abd", "bce", ("bde", "bde")),
        ("abc", "ab", "ab", (None, None)),
        ("abc", "ab", "abd", ("abd", None)),
        ("abc", "", "abcd", ("d", "d")),
        ("", "a", "a", (None, None)),
        ("", "a", "b", ("ab", "ab")),
        ("ab", "ba", "bac", ("abc", None)),
    ],
)
def test_additions_and_removals_of_both_sides_survive(
    base: str, erp: str, store: str, expected: tuple[str | None, str | None]
) -> None:
    verdict = merged(LABELS, (list(base), list(erp)), (list(base), list(store)))
    assert lists(verdict) == tuple(list(one) if one is not None else None for one in expected)


def test_a_list_is_joined_by_what_it_names_however_the_sides_spell_it() -> None:
    assert lists(merged(LABELS, (None, ["a & b"]), (None, ["A & B", "c"]), met=False)) == (["a & b", "c"],) * 2
    removed = merged(LABELS, (["a & b"], ["a & b", "new"]), (["A & B"], []))
    assert lists(removed) == (["new"], ["new"]), "what the store removed is gone in the ERP's spelling, too"
    added = merged(LABELS, (["a"], ["a", "x y"]), (["A"], ["A", "X  Y"]))
    assert lists(added)[0] is None


def test_lists_keep_the_erp_s_order_and_what_the_store_added_comes_last() -> None:
    verdict = merged(LABELS, (["b"], ["c", "b", "a"]), (["b"], ["x", "b"]))
    assert verdict.to_store is not None and verdict.to_store.value == ["c", "b", "a", "x"]
    assert verdict.settled


def test_at_a_first_meeting_lists_are_joined_and_nothing_is_removed() -> None:
    assert lists(merged(LABELS, (None, ["a", "b"]), (None, ["b", "c"]), met=False)) == (["a", "b", "c"],) * 2
    assert lists(merged(LABELS, (None, ["a", "b"]), (None, ["b"]), met=False)) == (None, ["a", "b"])
    assert lists(merged(LABELS, (None, []), (None, ["b"]), met=False)) == (["b"], None)


def test_what_the_store_added_survives_a_later_change_of_an_erp_that_is_only_read() -> None:
    """The erp never got it, so the erp cannot have removed it."""
    read_only = frozenset({"store"})
    added = merged(LABELS, (["a"], ["a"]), (["a"], ["a", "mine"]), writable=read_only)
    assert (lists(added), added.unwritten) == ((None, None), True)
    later = merged(LABELS, (["a"], ["a", "b"]), (["a", "mine"], ["a", "mine"]), writable=read_only)
    assert lists(later) == (None, ["a", "b", "mine"])
    removed = merged(LABELS, (["a"], []), (["a", "mine"], ["a", "mine"]), writable=read_only)
    assert lists(removed) == (None, ["mine"])


# Sides that are not written


@pytest.mark.parametrize("truth", ["erp", "store", "erp-wins", "store-wins", "newest", "ask", "union"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_an_erp_that_is_only_read_gets_nothing_and_what_it_would_get_is_counted(truth: str, situation: str) -> None:
    kind, seen = ("list", listed(SITUATIONS[situation])) if truth == "union" else ("text", SITUATIONS[situation])
    one = field("name", kind, truth)
    both = merge_field(one, **{"met": True} | seen)
    read_only = merge_field(one, **{"met": True, "writable": frozenset({"store"})} | seen)
    assert read_only.to_erp is None
    assert read_only.unwritten == (both.to_erp is not None)
    assert (read_only.held, read_only.settled, read_only.drift) == (both.held, both.settled, both.drift)
    if truth == "union":
        assert lists(read_only) == (None, lists(both)[1])
    else:
        assert read_only.to_store == both.to_store


@pytest.mark.parametrize(
    ("only_to", "expected"), [("store", ("store=E", "unwritten")), ("erp", ("unwritten", "erp=S"))]
)
def test_a_field_that_travels_one_way_is_not_written_the_other(only_to: str, expected: tuple[str, str]) -> None:
    one = field("name", truth="erp-wins", only_to=only_to)
    assert told(merged(one, (BASE, E), (BASE, BASE))) == expected[0]
    assert told(merged(one, (BASE, BASE), (BASE, S))) == expected[1]


# Jumps


@pytest.mark.parametrize(
    ("now", "held"),
    [("150.00", False), ("150.01", True), ("50.00", False), ("49.99", True), ("0", True), ("100", False)],
)
def test_a_number_that_jumps_by_more_than_max_change_is_held(now: str, held: bool) -> None:
    price = field("price", "money", "erp", max_change=Decimal("0.5"))
    verdict = merged(price, (Decimal(100), Decimal(now)), (Decimal(100), Decimal(100)))
    assert bool(verdict.held) == held
    assert not (verdict.held and verdict.to_store)


def test_a_number_that_was_empty_or_becomes_empty_makes_no_jump() -> None:
    price = field("price", "money", "erp", max_change=Decimal("0.5"))
    assert merged(price, (None, Decimal(100)), (None, None)).to_store
    assert merged(price, (Decimal(100), None), (Decimal(100), Decimal(100))).to_store
    assert merged(price, (Decimal(0), Decimal(100)), (Decimal(0), Decimal(0))).to_store


def test_a_jump_is_held_at_a_first_meeting_and_in_a_sum_too() -> None:
    limit = {"max_change": Decimal("0.5")}
    assert merged(field("price", "money", "erp", **limit), (None, Decimal(9)), (None, Decimal(99)), met=False).held
    assert merged(field("stock", "integer", "sum", **limit), (10, 100), (10, 10)).held


def test_a_jump_that_would_not_be_written_is_no_question_for_anybody() -> None:
    price = field("price", "money", "store-wins", max_change=Decimal("0.5"))
    verdict = merged(price, (Decimal(9), Decimal(9)), (Decimal(9), Decimal(99)), writable=frozenset({"store"}))
    assert (verdict.held, verdict.unwritten) == ("", True)
    one_way = replace(price, only_to="store")
    assert merged(one_way, (Decimal(9), Decimal(9)), (Decimal(9), Decimal(99))) == Verdict(unwritten=True)


# Answers


@pytest.mark.parametrize("truth", ["ask", "erp", "store", "newest"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("erp"), (None, E)),
        (Answer("store"), (S, None)),
        (Answer(None, "another"), ("another", "another")),
        (Answer(None, S), (S, None)),
        (Answer(None, ""), ("", "")),
    ],
)
def test_an_answer_is_what_both_sides_get_whatever_the_truth(
    truth: str, answer: Answer, expected: tuple[Value, Value]
) -> None:
    verdict = merged(field("name", truth=truth), (BASE, E), (BASE, S), answer=answer)
    assert tuple(write.value if write else None for write in (verdict.to_erp, verdict.to_store)) == expected
    assert not verdict.held


def test_an_answer_lets_a_jump_pass_and_writes_no_side_that_is_only_read() -> None:
    price = field("price", "money", "erp", max_change=Decimal("0.5"))
    seen = ((Decimal(9), Decimal(99)), (Decimal(9), Decimal(9)))
    assert merged(price, *seen, answer=Answer("erp")).to_store
    answered = merged(price, *seen, answer=Answer("store"), writable=frozenset({"store"}))
    assert answered == Verdict(unwritten=True)


def replace_why(verdict: Verdict) -> Verdict:
    """The same without its words."""
    return replace(
        verdict,
        to_erp=replace(verdict.to_erp, why="") if verdict.to_erp else None,
        to_store=replace(verdict.to_store, why="") if verdict.to_store else None,
    )


def listed(situation: dict[str, Any]) -> dict[str, Any]:
    """A situation with lists instead of texts."""

    def one(value: object) -> object:
        return [value] if value else []

    return {
        name: Seen(one(seen.base), one(seen.now)) if isinstance(seen, Seen) else seen
        for name, seen in situation.items()
    }
