"""Variations are told apart by their options: found by them, and never two of one product alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from syncengine.mapping import Field, Gone
from syncengine.records import JobResult
from syncengine.values import Type
from tests.catalogue import FIELDS, Company, catalogue, company, described

OFFERED = [
    {"name": "Color", "options": ["Red", "Blue"], "variation": True},
    {"name": "Size", "options": ["S", "M"], "variation": True},
]
LISTS = (
    *FIELDS[:3],
    Field("color", "color", "attribute:Color", Type("list"), truth="erp"),
    Field("size", "size", "attribute:Size", Type("list"), truth="erp"),
)


@pytest.fixture(params=["text", "list"])
def shop(request: pytest.FixtureRequest) -> Iterator[Company]:
    """The options are texts, or lists of one."""
    with company(catalogue(*(FIELDS if request.param == "text" else LISTS))) as opened:
        yield opened


def shirt(opened: Company, *variations: str) -> None:
    """A shirt in the ERP, with variations such as `Red S`, whose keys are the same."""
    opened.row("P", sku="P", name="Shirt")
    for one in variations:
        variation(opened, one, one)


def variation(opened: Company, key: str, what: str, **cells: Any) -> None:
    options = dict(zip(("color", "size"), what.split(), strict=False))
    listed = opened.mapping.fields["color"].type.name == "list"
    opened.row(key, parent="P", **{name: [one] if listed else one for name, one in options.items()}, **cells)


def shirt_in_shop(opened: Company, *variations: str, sku: str = "") -> dict[str, int]:
    """A shirt in the shop, with variations such as `Red S`. Returns their numbers."""
    product = opened.shop.create_product(sku="P", name="Shirt", type="variable", attributes=OFFERED)["id"]
    return {one: in_shop(opened, product, one, sku) for one in variations}


def in_shop(opened: Company, product: int, what: str, sku: str = "") -> int:
    chosen = [
        {"name": name, "option": one} for name, one in zip(("Color", "Size"), what.split(), strict=False) if one != "-"
    ]
    return int(opened.shop.create_variation(product, attributes=chosen, sku=sku)["id"])


def linked(opened: Company) -> dict[str, int]:
    """The numbers of the shop's variations by their ERP keys."""
    found = [one for one in opened.state.links.paired("job") if "/" in (one.store_id or "") and one.lost is None]
    return {one.erp_key or "": int((one.store_id or "").rpartition("/")[2]) for one in found}


def colors(opened: Company) -> list[str]:
    """What the shop's variations are."""
    product = opened.shop.product_by_sku("P")["id"]
    return [" ".join(each["option"] for each in one["attributes"]) for one in opened.shop.variations(product)]


def reasons(result: JobResult) -> dict[str | None, str]:
    return {one.key: one.reason for one in result.rejects}


# Found


def test_variations_without_sku_are_found_by_all_of_their_options(shop: Company) -> None:
    there = shirt_in_shop(shop, "Red S", "Red M", "Blue S")
    shirt(shop, "Blue S", "Red M", "Red S", "Blue M")
    result = shop.run()
    assert [change.key for change in result.changes if change.action == "create"] == ["Blue M"]
    assert {key: number for key, number in linked(shop).items() if key != "Blue M"} == there
    assert shop.run(full=True).changes == []


def test_options_are_compared_as_loosely_as_a_store_compares_them(shop: Company) -> None:
    there = shirt_in_shop(shop, "Red S")
    shirt(shop)
    variation(shop, "V", "RED s")
    shop.run()
    assert linked(shop) == {"V": there["Red S"]}


def test_a_variation_of_any_size_is_no_variation_of_that_size(shop: Company) -> None:
    shirt_in_shop(shop, "Red -")
    shirt(shop, "Red S")
    result = shop.run()
    assert [change.key for change in result.changes if change.action == "create"] == ["Red S"]


def test_a_variation_of_another_product_is_not_found(shop: Company) -> None:
    other = shop.shop.create_product(sku="OTHER", type="variable", attributes=OFFERED)["id"]
    in_shop(shop, other, "Red S")
    shirt_in_shop(shop)
    shirt(shop, "Red S")
    shop.run()
    assert colors(shop) == ["Red S"]


def test_the_same_options_under_another_sku_are_another_thing(shop: Company) -> None:
    """Two numbers for what cannot be told apart: a person has to say which is right."""
    shirt_in_shop(shop, "Red S", sku="THEIRS")
    shirt(shop)
    variation(shop, "V", "Red S", sku="OURS")
    result = shop.run()
    (number,) = shop.shop.product_by_sku("P")["variations"]
    product = shop.shop.product_by_sku("P")["id"]
    told = f"variation {number} of product {product} in the store has the same options and another SKU"
    assert reasons(result) == {"V": told}
    assert colors(shop) == ["Red S"]


def test_a_variation_that_the_shop_had_alone_is_found_when_the_erp_gets_it(shop: Company) -> None:
    shirt(shop, "Red S")
    shop.run()
    product = shop.shop.product_by_sku("P")["id"]
    shop.shop.edit_product(product, attributes=OFFERED)
    number = in_shop(shop, product, "Blue M")
    assert shop.run().unlinked.store == 1
    variation(shop, "V", "Blue M")
    result = shop.run()
    assert [change.action for change in result.changes] == []
    assert linked(shop)["V"] == number


def test_a_new_number_for_a_variation_that_is_gone_takes_it_over() -> None:
    with company(catalogue(gone=Gone("trash"))) as opened:
        shirt(opened, "Red S", "Blue S")
        opened.run()
        number = linked(opened)["Red S"]
        opened.erp.remove("Red S")
        opened.run(full=True)
        variation(opened, "NEW", "Red S")
        assert described(opened.run()) == [
            ("store", "update", "NEW", "status", "publish", "it is back in the erp"),
        ]
        assert linked(opened)["NEW"] == number
        assert opened.run(full=True).changes == []


# Twins


def test_two_new_rows_with_the_same_options_are_both_rejected(shop: Company) -> None:
    shirt(shop, "Red S", "Blue S")
    variation(shop, "TWIN", "red S")
    result = shop.run()
    assert reasons(result) == {
        "Red S": "it has the same options as erp TWIN",
        "TWIN": "it has the same options as erp Red S",
    }
    assert colors(shop) == ["Blue S"]


def test_a_new_row_with_the_options_of_a_known_variation_is_rejected(shop: Company) -> None:
    shirt(shop, "Red S")
    shop.run()
    variation(shop, "TWIN", "Red S")
    result = shop.run()
    assert reasons(result) == {"TWIN": "it has the same options as Red S"}
    assert colors(shop) == ["Red S"]
    assert reasons(shop.run(full=True)) == {"TWIN": "it has the same options as Red S"}


def test_a_twin_is_made_as_soon_as_the_other_one_becomes_something_else(shop: Company) -> None:
    shirt(shop, "Red S")
    shop.run()
    variation(shop, "TWIN", "Red S")
    shop.run()
    variation(shop, "Red S", "Blue S")
    assert reasons(shop.run()) == {}
    assert sorted(colors(shop)) == ["Blue S", "Red S"]
    assert shop.run(full=True).changes == []


def test_two_variations_that_change_places_do_so(shop: Company) -> None:
    shirt(shop, "Red S", "Blue S")
    shop.run()
    before = linked(shop)
    variation(shop, "Red S", "Blue S")
    variation(shop, "Blue S", "Red S")
    assert reasons(shop.run()) == {}
    assert colors(shop) == ["Blue S", "Red S"]
    assert linked(shop) == before


def test_a_known_variation_cannot_become_what_another_one_is(shop: Company) -> None:
    """It stays what it was, and so is in the way of whoever wants to be that."""
    shirt(shop, "Red S", "Blue S")
    shop.run()
    variation(shop, "Red S", "Blue S")
    variation(shop, "NEW", "Red S")
    assert reasons(shop.run()) == {
        "Red S": "it has the same options as Blue S",
        "NEW": "it has the same options as Red S",
    }
    assert colors(shop) == ["Red S", "Blue S"]


def test_a_known_variation_cannot_become_what_the_shop_has_alone(shop: Company) -> None:
    shirt(shop, "Red S")
    shop.run()
    product = shop.shop.product_by_sku("P")["id"]
    shop.shop.edit_product(product, attributes=OFFERED)
    number = in_shop(shop, product, "Blue S")
    shop.run()
    variation(shop, "Red S", "Blue S")
    assert reasons(shop.run()) == {"Red S": f"it has the same options as store:{product}/{number} in the store"}
    assert colors(shop) == ["Red S", "Blue S"]


def test_rows_without_options_are_no_twins(shop: Company) -> None:
    """There is nothing to tell them apart by, and nobody said that there would be: their SKUs do."""
    shirt(shop)
    variation(shop, "V1", "", sku="V1")
    variation(shop, "V2", "", sku="V2")
    assert reasons(shop.run()) == {}
    assert sorted(linked(shop)) == ["V1", "V2"]


@pytest.mark.parametrize("kind", ["text", "list"])
def test_a_variation_with_several_options_of_one_attribute_is_rejected(kind: str) -> None:
    """The shop would keep the first of them: a second variation of that one, with a price of its own."""
    with company(catalogue(*(FIELDS if kind == "text" else LISTS))) as opened:
        shirt(opened, "Red S")
        opened.row("V", parent="P", color="Red", size="S|M") if kind == "text" else opened.row(
            "V", parent="P", color=["Red"], size=["S", "M"]
        )
        told = "a variation has one option, not several: S | M"
        assert reasons(opened.run(dry_run=True)) == reasons(opened.run()) == {"V": told}
        assert colors(opened) == ["Red S"]
        assert [one["options"] for one in opened.shop.product_by_sku("P")["attributes"]] == [["Red"], ["S"]]


def test_a_known_variation_with_several_options_stays_what_it_was() -> None:
    with company() as opened:
        shirt(opened, "Red S", "Blue S")
        opened.run()
        variation(opened, "Red S", "Red S|M")
        variation(opened, "NEW", "Red S")
        assert reasons(opened.run()) == {
            "Red S": "a variation has one option, not several: S | M",
            "NEW": "it has the same options as Red S",
        }
        assert colors(opened) == ["Red S", "Blue S"]
        variation(opened, "Red S", "Red M")
        assert reasons(opened.run()) == {}
        assert sorted(colors(opened)) == ["Blue S", "Red M", "Red S"]


@pytest.mark.parametrize("together", [True, False])
def test_a_variation_that_waits_for_a_person_keeps_its_options(*, together: bool) -> None:
    """It was found by its SKU and belongs to another product in the ERP: nothing is agreed about it yet."""
    with company() as opened:
        shirt(opened, "Red S")
        opened.run()
        product = opened.shop.product_by_sku("P")["id"]
        opened.shop.edit_product(product, attributes=OFFERED)
        in_shop(opened, product, "Blue S", sku="B")
        opened.row("B", parent="Q", sku="B", color="Blue", size="S")
        if not together:
            assert [one.why for one in opened.run().held] == ["variation of Q in the erp, variation in the store"]
        variation(opened, "NEW", "Blue S")
        assert reasons(opened.run()) == {"NEW": "it has the same options as B"}
        assert colors(opened) == ["Red S", "Blue S"]
