"""Which record of one side is which of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from syncengine.engine.job import Options
from syncengine.mapping import Mapping
from syncengine.records import JobResult
from syncengine.state import State
from tests.memory import Memory
from tests.running import field, mapping, run

NUMBER = field("number", "integer", "erp", store="id")
GTIN = field("gtin", truth="erp")
BY_SKU = mapping(field("name", truth="erp"))
BY_ALL = replace(mapping(field("name", truth="erp"), NUMBER, GTIN), match_by=("id", "sku", "gtin"))


class Both:
    def __init__(self, state: State) -> None:
        self.state = state
        self.use(BY_SKU)

    def use(self, changed: Mapping) -> None:
        self.erp, self.store = Memory("erp", changed), Memory("store", changed)

    def in_erp(self, key: str, **cells: Any) -> None:
        self.erp.edit(key, **{"sku": key, "name": "erp's"} | cells)

    def in_store(self, number: int, sku: str | None, **cells: Any) -> None:
        if "id" in self.store.mapping.paths("store"):
            cells["id"] = number
        self.store.edit(str(number), **{"sku": sku, "name": "store's"} | cells)

    def run(self, **options: Any) -> JobResult:
        return run(self.erp, self.store, self.state, Options(**options))

    def linked(self) -> dict[str, str | None]:
        return {link.erp_key: link.store_id for link in self.state.links.paired("job") if link.erp_key is not None}


@pytest.fixture
def both() -> Iterator[Both]:
    with State.in_memory() as state:
        yield Both(state)


def reasons(result: JobResult) -> dict[str | None, str]:
    return {one.key: one.reason for one in result.rejects}


# Keys


@pytest.mark.parametrize(
    ("erp", "store"),
    [
        ("ABC-1", "abc-1"),
        ("abc-1", "ABC-1"),
        ("A  B", " a b "),
        ("Größe", "gro\u0308ße"),
        ("STRASSE", "straße"),
        ("007", "007"),
    ],
)
def test_skus_match_as_loosely_as_a_store_s_database_compares_them(both: Both, erp: str, store: str) -> None:
    both.in_erp(erp)
    both.in_store(1, store)
    both.run()
    assert both.linked() == {erp: "1"}
    assert len(both.store.records) == 1


@pytest.mark.parametrize(("erp", "store"), [("007", "7"), ("A-1", "A1"), ("A", "Ä"), ("A", "")])
def test_skus_that_differ_in_more_than_that_are_two_records(both: Both, erp: str, store: str) -> None:
    both.use(replace(BY_SKU, create_in_erp=False))
    both.in_erp(erp)
    both.in_store(1, store)
    both.run()
    assert both.linked() == {erp: "101"}


def test_an_id_comes_before_a_sku_where_both_name_the_same_record(both: Both) -> None:
    both.use(BY_ALL)
    both.in_erp("A", number=7)
    both.in_store(7, "A")
    both.run()
    assert both.linked() == {"A": "7"}


def test_an_id_alone_is_enough(both: Both) -> None:
    both.use(BY_ALL)
    both.in_erp("A", number="7")
    both.in_store(7, "another sku")
    both.run()
    assert both.linked() == {"A": "7"}


@pytest.mark.parametrize("number", [None, "", 0, "0"])
def test_no_id_is_no_key(both: Both, number: Any) -> None:
    both.use(BY_ALL)
    both.in_erp("A", number=number)
    both.in_store(3, "a")
    both.run()
    assert both.linked() == {"A": "3"}


def test_a_later_key_is_tried_where_the_first_finds_nothing(both: Both) -> None:
    both.use(BY_ALL)
    both.in_erp("A", gtin="4006381333931")
    both.in_store(3, None, gtin="4006381333931")
    both.run()
    assert both.linked() == {"A": "3"}


def test_two_records_without_a_sku_are_not_each_other_s_partner(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_store=False, create_in_erp=False))
    both.in_erp("A", sku="")
    both.in_store(1, "")
    result = both.run()
    assert (both.linked(), result.unlinked.erp, result.unlinked.store) == ({}, 1, 1)


# Rows that fit two


def test_two_keys_that_name_different_records_reject_the_row(both: Both) -> None:
    both.use(BY_ALL)
    both.in_erp("A", number=7)
    both.in_store(7, "another")
    both.in_store(8, "A")
    result = both.run()
    assert reasons(result) == {"A": "its keys name 2 records in the store: store 7, store 8"}
    assert "A" not in both.linked()
    assert both.store.records["8"]["name"] == "store's"


def test_two_store_records_with_one_sku_reject_the_row_that_names_them(both: Both) -> None:
    both.use(replace(BY_SKU, create_in_erp=False))
    both.in_erp("A")
    both.in_store(1, "A")
    both.in_store(2, "a ")
    for full in (False, True):
        result = both.run(full=full)
        if full:
            assert reasons(result) == {"A": "its keys name 2 records in the store: store 1, store 2"}
        assert both.linked() == {} and both.store.writes == 0


def test_two_erp_rows_that_name_one_record_are_both_rejected(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_erp=False))
    both.in_erp("A", sku="x")
    both.in_erp("B", sku="X")
    both.in_store(1, "x")
    assert reasons(both.run()) == {
        "A": "store 1 in the store is also named by erp B",
        "B": "store 1 in the store is also named by erp A",
    }
    assert (both.linked(), both.store.writes) == ({}, 0)


def test_a_row_that_names_another_row_s_partner_is_rejected(both: Both) -> None:
    both.use(mapping(field("art"), field("name", truth="erp")))
    both.in_erp("A", sku="x")
    both.in_store(1, "x")
    both.run()
    both.in_erp("B", sku="x")
    assert reasons(both.run()) == {"B": "store 1 in the store belongs to A already"}
    assert both.linked() == {"A": "1"}


def test_two_new_erp_rows_with_one_sku_do_not_make_two_records(both: Both) -> None:
    both.use(mapping(field("art"), field("name", truth="erp")))
    both.in_erp("A", sku="x")
    both.in_erp("B", sku="X ")
    both.in_erp("C", sku="z")
    for _ in range(2):
        result = both.run(full=True)
        assert reasons(result) == {"A": "it has the same sku as erp B", "B": "it has the same sku as erp A"}
        assert [cells["sku"] for cells in both.store.records.values()] == ["z"]
    both.in_erp("B", sku="y")
    assert both.run().exit_code == 0
    assert sorted(cells["sku"] for cells in both.store.records.values()) == ["x", "y", "z"]


def test_two_store_records_with_one_key_are_not_mixed_up_in_the_erp(both: Both) -> None:
    both.in_store(1, "x", name="one")
    both.in_store(2, "x", name="two")
    result = both.run()
    assert reasons(result) == {"1": "it has the same sku as store 2", "2": "it has the same sku as store 1"}
    assert both.erp.records == {}


def test_a_store_record_never_overwrites_an_erp_record_that_has_its_key(both: Both) -> None:
    both.in_erp("x", name="right")
    both.in_store(1, "x", name="right")
    both.in_erp("y", sku="")
    both.run()
    both.in_store(2, "x", name="another")
    both.in_store(3, "y", name="another")
    result = both.run()
    told = "another record in the erp has its key"
    assert reasons(result) == {"2": f"{told}, x", "3": f"{told}, y"}
    assert (both.erp.records["x"]["name"], both.erp.records["y"]["name"]) == ("right", "erp's")


# Links


def test_a_saved_link_comes_before_any_key(both: Both) -> None:
    both.in_erp("A")
    both.in_store(1, "A")
    both.run()
    both.store.edit("1", sku="changed in the store")
    both.in_store(2, "A")
    result = both.run()
    assert both.linked()["A"] == "1"
    assert both.store.records["1"]["sku"] == "A", "the erp is right about it"
    assert result.drift == 1


def test_a_changed_sku_is_a_changed_field(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_erp=False))
    both.in_erp("A", sku="x")
    both.run()
    both.in_erp("A", sku="y")
    result = both.run()
    assert [(one.action, list(one.fields)) for one in result.changes] == [("update", ["sku"])]
    assert len(both.store.records) == 1


@pytest.mark.parametrize("first", ["erp", "store"])
def test_a_row_without_partner_is_remembered_and_joined_when_its_partner_appears(both: Both, first: str) -> None:
    both.use(replace(BY_SKU, create_in_store=False, create_in_erp=False))
    appear = {"erp": lambda: both.in_erp("A"), "store": lambda: both.in_store(1, "a")}
    appear.pop(first)()
    alone = both.run()
    assert (alone.changes, both.state.links.count("job")) == ([], (0, 1))
    assert alone.unlinked.erp + alone.unlinked.store == 1
    appear.popitem()[1]()
    result = both.run()
    assert (both.linked(), both.state.links.count("job")) == ({"A": "1"}, (1, 0))
    assert [list(one.fields) for one in result.changes] == [["name"]] or list(result.changes[0].fields) == [
        "sku",
        "name",
    ]
    assert both.run(full=True).changes == []


def test_two_rows_that_waited_alone_are_joined_once_a_key_of_one_changes(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_store=False, create_in_erp=False))
    both.in_erp("A", sku="x")
    both.in_store(1, "y")
    both.run()
    assert both.state.links.count("job") == (0, 2)
    both.store.edit("1", sku="x")
    both.run()
    assert (both.linked(), both.state.links.count("job")) == ({"A": "1"}, (1, 0))


def test_two_rows_that_waited_alone_are_joined_from_the_erp_s_side_too(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_store=False, create_in_erp=False))
    both.in_erp("A", sku="x")
    both.in_store(1, "y")
    both.run()
    both.in_erp("A", sku="y")
    both.run()
    assert (both.linked(), both.state.links.count("job")) == ({"A": "1"}, (1, 0))


@pytest.mark.parametrize("side", ["erp", "store"])
def test_a_limit_that_cuts_a_pair_off_leaves_both_its_links_for_the_next_run(both: Both, side: str) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_store=False, create_in_erp=False))
    for number, (ours, theirs) in enumerate([("x", "x"), ("y", "odd")]):
        both.in_erp(f"A-{number}", sku=ours, name="same")
        both.in_store(number, theirs, name="same")
    both.run()
    assert (both.linked(), both.state.links.count("job")) == ({"A-0": "0"}, (1, 2))
    both.in_erp("A-0", sku="x", name="changed")
    if side == "erp":
        both.in_erp("A-1", sku="odd", name="same")
    else:
        both.store.edit("1", sku="y")
    assert [one.key for one in both.run(limit=1).changes] == ["A-0"]
    assert both.state.links.count("job") == (1, 2)
    both.run()
    assert (both.linked(), both.state.links.count("job")) == ({"A-0": "0", "A-1": "1"}, (2, 0))


def test_a_changed_erp_key_is_a_new_record(both: Both) -> None:
    both.use(replace(mapping(field("art"), field("name", truth="erp")), create_in_erp=False))
    both.in_erp("A", sku="x")
    both.run()
    both.erp.remove("A")
    both.in_erp("B", sku="z")
    both.run(full=True)
    assert set(both.linked()) == {"A", "B"} and len(both.store.records) == 2


def test_a_record_that_returns_revives_its_link(both: Both) -> None:
    both.in_erp("A")
    both.run()
    both.erp.remove("A")
    both.run(full=True)
    (link,) = both.state.links.by_identifier("job", "erp", ["A"])
    assert link.lost == "erp" and len(both.store.records) == 1
    both.in_erp("A", name="back")
    both.run()
    (link,) = both.state.links.by_identifier("job", "erp", ["A"])
    assert (link.lost, link.store_id) == (None, "101")
    assert both.store.records["101"]["name"] == "back"
