"""A few records through a mapping: what a run would reject, and one of them as both sides see it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from syncengine.check.looked import Seen
from syncengine.check.records import judged, side_by_side, words
from syncengine.endpoints import Endpoint, Page
from syncengine.endpoints.inspection import Sample, spread
from syncengine.findings import Finding
from syncengine.mapping import ErpSide
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Reject, Side
from syncengine.values import Format, Value
from tests.memory import Memory
from tests.running import field, mapping

PRICE = field("price", "money", "erp")
NAME = field("name", truth="store-wins")


def sides(mapped: FieldMapping, **erp: Any) -> dict[Side, Endpoint]:
    """Two systems, the ERP with text in its cells."""
    return {"erp": Memory("erp", mapped, format=Format(), **erp), "store": Memory("store", mapped)}


def sample(
    side: Side, mapped: FieldMapping, *records: dict[str, Any], of: int = 0, rejects: list[Reject] | None = None
) -> Sample:
    memory = Memory(side, mapped)
    for number, cells in enumerate(records, 1):
        memory.edit(str(number), **cells)
    return Sample([memory._page([key]) for key in memory.records], of or len(records), rejects or [])


def found(mapped: FieldMapping, side: Side, *records: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    told = judged(mapped, more.pop("there", sides(mapped)), side, sample(side, mapped, *records, **more))
    return [(one.level, one.message) for one in told]


def test_records_that_can_be_used_are_counted() -> None:
    mapped = mapping(NAME, PRICE)
    assert found(mapped, "erp", {"sku": "A", "price": "1.90"}, of=700) == [
        ("ok", "1 out of 700 read: none would be rejected for its values")
    ]
    assert found(mapped, "store") == [("info", "there is none yet")]


def test_a_cell_that_its_type_cannot_hold_is_told_with_place_field_and_reason() -> None:
    mapped = mapping(NAME, PRICE)
    rows = {"sku": "A", "price": "1O.50"}, {"sku": "B", "price": "2.00"}, {"sku": "C", "price": "1.999"}
    assert found(mapped, "erp", *rows) == [
        ("warning", "erp 1: price: not a number: '1O.50'"),
        ("warning", "erp 3: price: more than 2 decimal places: '1.999' (set places, or round = \"half-up\")"),
    ]


def test_a_value_that_the_other_side_would_mangle_is_told_where_it_would_be_sent_there() -> None:
    mapped = mapping(NAME)
    mangled = ("warning", "erp 1: name: the side would mangle it")
    assert found(mapped, "erp", {"sku": "A", "name": "mangled"}) == [mangled]
    kept = mapping(field("name", truth="erp", only_to="erp"))
    assert [level for level, _ in found(kept, "erp", {"sku": "A", "name": "mangled"})] == ["ok"]
    asked_of_nobody = {"erp": sides(mapped)["erp"]}
    assert [level for level, _ in found(mapped, "erp", {"sku": "A", "name": "mangled"}, there=asked_of_nobody)] == [
        "ok"
    ]


def test_what_the_store_would_never_get_may_be_anything() -> None:
    """Where the store is right, its value goes to the ERP; the ERP's goes to the store only in a new record."""
    owned = field("name", truth="store")
    row = {"sku": "A", "name": "mangled"}
    assert [level for level, _ in found(mapping(owned), "erp", row)] == ["warning"]
    assert [level for level, _ in found(mapping(owned, create_in_store=False), "erp", row)] == ["ok"]
    assert [level for level, _ in found(mapping(field("name", truth="erp"), create_in_erp=False), "store", row)] == [
        "ok"
    ]


def test_a_required_field_that_is_empty_and_a_word_without_translation_are_rejected() -> None:
    state = field("state", truth="erp", translations={"J": "on"})
    mapped = mapping(field("name", required=True), state)
    assert found(mapped, "erp", {"sku": "A", "name": "", "state": "X"}) == [
        ("warning", "erp 1: name: it is required, and empty"),
        ("warning", "erp 1: state: not in the map: 'X' (it has 'J')"),
    ]


def test_values_that_contradict_each_other_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def contradicts(self: Memory, values: Mapping[str, Value]) -> dict[str, str]:
        return {"price": "no price without a name"} if "name" not in values and "price" in values else {}

    monkeypatch.setattr(Memory, "contradictions", contradicts)
    mapped = mapping(NAME, PRICE)
    assert found(mapped, "erp", {"sku": "A", "price": "1"}) == [("warning", "erp 1: price: no price without a name")]
    assert [level for level, _ in found(mapped, "erp", {"sku": "A", "name": "x", "price": "1"})] == ["ok"]


def test_what_the_store_takes_no_notice_of_contradicts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "contradictions", lambda self, values: dict.fromkeys(values, "no"))
    monkeypatch.setattr(Memory, "ignores", lambda self, values: ["sku", "price"])
    told = found(mapping(NAME, PRICE), "erp", {"sku": "A", "name": "x", "price": "1"})
    assert told == [("warning", "erp 1: name: no")]


def test_a_field_that_variations_do_not_have_is_no_matter_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "applies", lambda self, path, kind: path != "name" or kind != "variation")
    mapped = mapping(NAME, erp=ErpSide("memory", "sku", parent="price"))
    rows = {"sku": "A", "name": "mangled"}, {"sku": "B", "name": "mangled", "price": "A"}
    assert [message for _, message in found(mapped, "erp", *rows)] == ["erp 1: name: the side would mangle it"]


def test_rows_that_are_no_records_are_told_too_and_many_are_counted() -> None:
    broken = [Reject("erp", f"a.csv:{at}", None, None, "the row is too short") for at in range(1, 31)]
    told = found(mapping(NAME), "erp", rejects=broken)
    assert told[0] == ("warning", "a.csv:1: the row is too short")
    assert len(told) == 11
    assert told[-1] == ("warning", "20 more would be rejected")


def test_only_what_a_field_holds_can_be_mended_in_the_mapping() -> None:
    broken = [Reject("erp", "a.csv:2", "A", None, "the key 'A' stands also in line 3")]
    mapped = mapping(PRICE)
    told = judged(mapped, sides(mapped), "erp", sample("erp", mapped, {"price": "x"}, rejects=broken))
    assert [one.instead for one in told] == [
        "a run would reject it: put it right there, or give the field another type, a map or a default",
        "a run would reject it: put it right there",
    ]


def test_words_of_the_mapping_that_the_store_does_not_take_are_mistakes() -> None:
    state = field("state", truth="erp", translations={"J": "on", "N": "mangled"}, line=7)
    constant = field("flag", has_constant=True, constant="mangled", only_to="erp")
    mapped = mapping(state, constant)
    assert list(words(mapped, Memory("store", mapped))) == [
        Finding("error", "fields.state", "memory.toml:7: the side would mangle it", "write a word that it takes")
    ]


# One record side by side


def seen(mapped: FieldMapping, erp: list[dict[str, Any]], store: list[dict[str, Any]]) -> Seen | None:
    there = sides(mapped)
    for side, records in (("erp", erp), ("store", store)):
        memory = there[side]  # type: ignore[index]
        assert isinstance(memory, Memory)
        for number, cells in enumerate(records, 1):
            memory.edit(str(number), **cells)
    samples: dict[Side, Sample] = {"erp": sample("erp", mapped, *erp[:2]), "store": sample("store", mapped, *store[:2])}
    return side_by_side(mapped, there, samples)


def test_the_first_record_that_both_sides_have_is_shown_in_the_words_of_each() -> None:
    one = seen(
        mapping(NAME, PRICE),
        [{"sku": "A", "price": "1"}, {"sku": "b ", "name": "Beere", "price": "x"}],
        [{"sku": "C"}, {"sku": "B", "name": "Berry", "price": "19.9"}],
    )
    assert one is not None
    assert list(one.where) == ["erp 2", "store 2"]
    assert [(row.name, row.erp, row.store) for row in one.fields] == [
        ("sku", "b", "B"),
        ("name", "Beere", "Berry"),
        ("price", "x", "19.90"),
    ]


def test_a_telephone_number_is_only_hinted_at_however_it_is_written() -> None:
    phone = field("phone", store="billing.phone")
    one = seen(
        mapping(phone),
        [{"sku": "A", "phone": "01761234567"}],
        [{"sku": "A", "billing.phone": "0176-123 45 67"}],
    )
    assert one is not None
    assert [(row.erp, row.store) for row in one.fields] == [("A", "A"), ("017…67", "017…67")]


def test_a_partner_is_looked_for_from_either_side() -> None:
    many = [{"sku": f"A-{number}"} for number in range(50)]
    one = seen(mapping(NAME), many, [{"sku": "a-49"}])
    assert one is not None
    assert list(one.where) == ["erp 50", "store 1"]


def test_without_a_partner_one_side_stands_alone() -> None:
    one = seen(mapping(NAME), [{"sku": "A", "name": "x"}], [])
    assert one is not None
    assert [(row.name, row.erp, row.store) for row in one.fields] == [("sku", "A", None), ("name", "x", None)]
    assert seen(mapping(NAME), [], []) is None


# Sampling


def pages(*sizes: int) -> list[Page]:
    made, first = [], 0
    for size in sizes:
        names = [str(number) for number in range(first, first + size)]
        made.append(Page(names, names, pd.DataFrame({"n": names}, dtype=object)))
        first += size
    return made


@pytest.mark.parametrize("sizes", [(), (3,), (10,), (11,), (100_000,), (1,) * 1000, (7, 50_000, 1, 0, 12)])
def test_a_sample_is_spread_over_all_pages_whatever_their_sizes(sizes: tuple[int, ...]) -> None:
    taken, of = spread(pages(*sizes), 10)
    numbers = [int(one) for page in taken for one in page.ids]
    assert of == sum(sizes)
    assert len(numbers) == min(10, of)
    assert numbers == sorted(set(numbers))
    assert all(page.cells["n"].tolist() == page.ids for page in taken)
    if of > 10:
        gaps = [after - before for before, after in pairwise(numbers)]
        assert max(gaps) <= 4 * of / 10
        assert numbers[-1] >= of / 2
