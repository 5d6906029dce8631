"""What a record is, on each side: measured like a field, and never turned into something else by a run."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.mapping import ErpSide, Field
from syncengine.records import JobResult
from tests.catalogue import FIELDS, Company, catalogue, company, described

OFFERED = [{"name": "Color", "options": ["Red", "Blue"], "variation": True}]
BRAND = Field("brand", "brand", "attribute:Brand", truth="erp")


def shirt(opened: Company, **cells: Any) -> None:
    """A shirt in two colours, in both sides."""
    opened.row("P", sku="P", name="Shirt")
    opened.row("R", parent="P", sku="R", color="Red", price="5.00", **cells)
    opened.row("B", parent="P", sku="B", color="Blue", price="6.00", **cells)
    assert opened.run().exit_code == 0


def held(result: JobResult) -> dict[str, str]:
    return {one.key: one.why for one in result.held if one.field == "(type)"}


def reasons(result: JobResult) -> dict[str | None, str]:
    return {one.key: one.reason for one in result.rejects}


def number(opened: Company, sku: str) -> int:
    return int(opened.shop.product_by_sku(sku)["id"])


@pytest.mark.parametrize("kind", ["external", "grouped"])
def test_a_product_without_variations_is_one_whatever_the_shop_calls_it(kind: str) -> None:
    with company() as opened:
        opened.shop.create_product(sku="S", name="Cup", type=kind)
        opened.row("S", sku="S", name="Cup")
        assert (held(opened.run()), opened.link("S").paired) == ({}, True)
        opened.shop.edit_product(number(opened, "S"), type="simple")
        opened.row("S", name="Mug")
        result = opened.run()
        assert held(result) == {}
        assert opened.shop.product_by_sku("S")["name"] == "Mug"


def test_what_does_not_fit_is_held_at_a_first_meeting_too() -> None:
    with company() as opened:
        opened.shop.create_product(sku="P", name="Shirt", type="simple", regular_price="1")
        opened.row("P", sku="P", name="T-shirt")
        opened.row("R", parent="P", sku="R", color="Red", price="5.00")
        result = opened.run()
        assert held(result) == {"P": "variable in the erp, simple in the store"}
        assert reasons(result) == {"R": "its parent P waits for a person"}
        assert result.changes == []
        assert opened.run().changes == []


def test_a_variation_that_the_erp_gives_to_another_product_is_held() -> None:
    with company() as opened:
        shirt(opened)
        opened.row("Q", sku="Q", name="Coat")
        opened.row("G", parent="Q", sku="G", color="Green", price="7.00")
        opened.run()
        opened.row("R", parent="Q", price="9.00")
        result = opened.run()
        assert held(result) == {"R": "variation of Q in the erp, variation in the store"}
        assert opened.shop.product_by_sku("R")["regular_price"] == "5.00"
        opened.row("R", parent="P")
        assert described(opened.run()) == [("store", "update", "R", "price", "9.00", "erp changed")]
        assert opened.state.journal.conflicts("job") == []


def test_a_variation_that_becomes_a_product_of_its_own_is_held() -> None:
    with company() as opened:
        shirt(opened)
        opened.row("R", parent="")
        result = opened.run()
        assert held(result) == {"R": "simple in the erp, variation in the store"}
        assert result.changes == []


def test_a_product_that_loses_all_its_variations_in_the_erp_is_held_when_all_rows_were_read() -> None:
    with company() as opened:
        shirt(opened)
        opened.erp.remove("R")
        opened.erp.remove("B")
        opened.row("P", name="Coat")
        first = opened.run()
        assert held(first) == {}, "an incremental reading need not show them"
        assert described(first) == [("store", "update", "P", "name", "Coat", "erp changed")]
        opened.row("P", name="Jacket")
        assert held(opened.run(full=True)) == {"P": "simple in the erp, variable in the store"}


def test_files_with_only_changes_need_not_show_what_a_product_is() -> None:
    """Its parent column is empty, and none of its variations is in the file."""
    delta = ErpSide("memory", "key", parent="parent", write_to="in-place", complete=False)
    with company(catalogue(erp=delta)) as opened:
        shirt(opened)
        opened.row("P", name="Coat")
        assert described(opened.run()) == [("store", "update", "P", "name", "Coat", "erp changed")]
        opened.row("G", parent="P", sku="G", color="Green", price="7.00")
        assert opened.run().exit_code == 0
        assert [one["sku"] for one in opened.shop.variations(number(opened, "P"))] == ["R", "B", "G"]


def test_an_answer_holds_until_a_side_moves_again() -> None:
    with company() as opened:
        opened.row("S", sku="S", name="Cup", price="5.00")
        opened.run()
        opened.shop.edit_product(number(opened, "S"), type="variable")
        assert list(held(opened.run())) == ["S"]
        opened.answer("store")
        opened.run()
        opened.row("S", name="Mug")
        assert held(opened.run()) == {}
        assert held(opened.run(full=True)) == {}
        opened.shop.edit_product(number(opened, "S"), type="simple")
        assert held(opened.run()) == {}, "as the erp has it: nothing to ask"
        opened.shop.edit_product(number(opened, "S"), type="variable")
        assert list(held(opened.run())) == ["S"]


def test_an_answer_is_worth_nothing_once_a_side_has_moved_on() -> None:
    with company() as opened:
        shirt(opened)
        opened.row("S", sku="S", name="Cup", price="5.00")
        opened.run()
        opened.shop.edit_product(number(opened, "S"), type="variable")
        opened.run()
        opened.answer("store")
        opened.row("S", parent="P", color="Green")
        result = opened.run()
        assert held(result) == {"S": "variation of P in the erp, variable in the store"}
        assert result.changes == []


def test_variations_wait_with_their_product() -> None:
    """New ones, that is; what is linked below it goes on."""
    with company() as opened:
        shirt(opened)
        opened.shop.delete_product(number(opened, "P"))
        opened.run(full=True)
        opened.row("G", parent="P", sku="G", color="Green", price="7.00")
        result = opened.run()
        assert reasons(result) == {"G": "its parent P waits for a person"}
        opened.answer("erp")
        assert opened.run().exit_code == 0
        assert sorted(one["sku"] for one in opened.shop.variations(number(opened, "P"))) == ["B", "G", "R"]
        assert opened.run(full=True).changes == []


def test_an_attribute_that_no_variation_chooses_from_is_the_products_own() -> None:
    with company(catalogue(*FIELDS, BRAND)) as opened:
        opened.row("P", sku="P", name="Shirt", brand="Duck")
        opened.row("R", parent="P", sku="R", color="Red", price="5.00")
        opened.run()

        def offered() -> dict[str, tuple[list[str], bool]]:
            found = opened.shop.product(number(opened, "P"))["attributes"]
            return {one["name"]: (one["options"], one["variation"]) for one in found}

        assert offered() == {"Brand": (["Duck"], False), "Color": (["Red"], True)}
        opened.row("P", brand="Goose")
        assert described(opened.run()) == [("store", "update", "P", "brand", "Goose", "erp changed")]
        assert offered() == {"Brand": (["Goose"], False), "Color": (["Red"], True)}
        assert opened.run(full=True).changes == []


def test_fields_that_a_kind_does_not_have_are_left_out_whatever_stands_in_the_row() -> None:
    with company() as opened:
        opened.row("P", sku="P", name="Shirt", price="99.00")
        opened.row("R", parent="P", sku="R", name="Red shirt", color="Red", price="5.00")
        created = opened.run()
        fields = {change.key: sorted(change.fields) for change in created.changes}
        assert fields == {"P": ["color", "name", "sku"], "R": ["color", "price", "sku"]}
        opened.row("P", price="98.00")
        opened.row("R", name="Very red shirt")
        assert opened.run().changes == []
