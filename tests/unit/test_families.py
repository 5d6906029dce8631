"""Variable products and their variations in whole runs: what goes first, what waits, and what is never made twice."""

from __future__ import annotations

import pytest

from syncengine.mapping import ErpSide, Field, Gone
from syncengine.state import State
from syncengine.values import Type
from tests.catalogue import FIELDS, Company, catalogue, company, described
from tests.memory import KilledError

OFFERED = {"name": "Color", "options": ["Red", "Blue", "Green"], "variation": True}


def fill(opened: Company, *colors: str) -> None:
    """A shirt in these colours, in the ERP."""
    opened.row("P", sku="P", name="Shirt")
    for color in colors:
        opened.row(f"P-{color}", parent="P", color=color, price="5.00")


def shown(opened: Company) -> list[str]:
    """The options of the shirt's variations."""
    product = opened.shop.product_by_sku("P")
    return [
        next((one["option"] for one in each["attributes"]), "none") for each in opened.shop.variations(product["id"])
    ]


def fail_at(opened: Company, number: int, fault: str) -> None:
    """One batch of those to come meets a fault."""
    faults = iter([*[None] * (number - 1), fault])
    opened.shop.fault = lambda: next(faults, None)


@pytest.mark.parametrize("fault", ["refuse", "drop-before", "drop-after", "half-batch", "error-500", "kill"])
@pytest.mark.parametrize("batch", [1, 2])
def test_a_variation_is_made_once_and_never_before_its_product_offers_its_option(fault: str, batch: int) -> None:
    """The store would take it without a word, as a variation of any colour, or as another one of the same. Without SKU
    a variation whose create got no reply is known by its mark."""
    with company() as opened:
        fill(opened, "Red")
        opened.run()
        fill(opened, "Red", "Blue", "Green")
        fail_at(opened, batch, fault)
        try:
            opened.run()
        except KilledError:
            opened.state.connection.rollback()
        assert "none" not in shown(opened)
        opened.run()
        assert shown(opened) == ["Red", "Blue", "Green"]
        assert opened.run(full=True).changes == []


def test_what_needs_no_new_option_is_written_though_the_options_are_refused() -> None:
    with company() as opened:
        fill(opened, "Red", "Blue")
        opened.run()
        fill(opened, "Red", "Blue", "Green")
        opened.row("P-Red", price="6.00")
        fail_at(opened, 1, "refuse")
        result = opened.run()
        assert {change.key: change.status for change in result.changes} == {
            "P": "failed",
            "P-Red": "done",
            "P-Green": "failed",
        }
        (green,) = [change for change in result.changes if change.key == "P-Green"]
        assert green.error == "no-option: P could not be given its options"
        assert described(opened.run()) == [
            ("store", "create", "P-Green", "color", "Green", "new in the erp"),
            ("store", "create", "P-Green", "price", "5.00", "new in the erp"),
            ("store", "update", "P", "color", "Red | Blue | Green", "needed by P-Green"),
        ]


# A product that cannot be had in this run


def test_variations_of_a_product_that_could_not_be_created_are_made_with_it_in_the_next_run() -> None:
    with company() as opened:
        fill(opened, "Red", "Blue")
        fail_at(opened, 1, "refuse")
        result = opened.run()
        assert {change.status for change in result.changes} == {"failed"}
        assert [change.error for change in result.changes[1:]] == ["no-parent: P could not be created"] * 2
        assert opened.shop.all() == []
        opened.run()
        assert shown(opened) == ["Red", "Blue"]
        assert opened.run(full=True).changes == []


def test_variations_of_a_product_that_is_rejected_are_made_with_it_when_it_is_right() -> None:
    with company() as opened:
        fill(opened, "Red")
        opened.row("P", name="<script>x</script>")
        result = opened.run()
        assert {one.key: one.reason for one in result.rejects}["P-Red"] == (
            "its parent P is not in the store, and is not created by this run"
        )
        assert result.changes == []
        opened.row("P", name="Shirt")
        assert opened.run().exit_code == 0
        assert shown(opened) == ["Red"]
        assert opened.run(full=True).changes == []


def test_a_product_that_somebody_else_made_meanwhile_keeps_its_own_variations() -> None:
    """Its variations are met before any is made, in the run after the one that finds it there."""
    with company() as opened:
        fill(opened, "Red", "Blue")

        def made_meanwhile() -> None:
            opened.shop.fault = lambda: None
            product_by_hand(opened, "Red")

        opened.shop.fault = made_meanwhile
        result = opened.run()
        assert {change.status for change in result.changes} == {"failed"}
        assert shown(opened) == ["Red"]
        opened.run()
        assert shown(opened) == ["Red", "Blue"]
        assert opened.run(full=True).changes == []


def product_by_hand(opened: Company, *colors: str) -> int:
    """A shirt that somebody makes in the shop, with variations without SKU."""
    offered = [{"name": "Color", "options": list(colors), "variation": True}]
    product = opened.shop.create_product(sku="P", name="Shirt", type="variable", attributes=offered)["id"]
    for color in colors:
        opened.shop.create_variation(product, attributes=[{"name": "Color", "option": color}])
    return int(product)


@pytest.mark.parametrize("from_store", ["ask", "recreate"])
@pytest.mark.parametrize("named", [True, False])
def test_a_product_that_somebody_made_once_more_in_the_shop_is_gone_on_with(from_store: str, *, named: bool) -> None:
    """It has another number there, and so have its variations; with or without SKUs none is made twice."""
    with company(catalogue(gone=Gone(from_store=from_store))) as opened:  # type: ignore[arg-type]
        fill(opened, "Red", "Blue")
        for color in ("Red", "Blue"):
            opened.row(f"P-{color}", sku=f"P-{color}" if named else "")
        opened.run()
        opened.shop.delete_product(opened.shop.product_by_sku("P")["id"])
        product = product_by_hand(opened, "Red", "Blue")
        if named:
            for each in opened.shop.variations(product):
                opened.shop.edit_product(each["id"], sku=f"P-{each['attributes'][0]['option']}")
        opened.run(full=True)
        opened.answer("erp")
        for _ in range(2):
            opened.run()
        assert opened.link("P").store_id == str(product)
        assert [opened.link(f"P-{color}").store_id for color in ("Red", "Blue")] == [
            f"{product}/{each['id']}" for each in opened.shop.variations(product)
        ]
        assert len(opened.shop.all()) == 1
        assert shown(opened) == ["Red", "Blue"]
        assert opened.run(full=True).changes == []


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_may_cut_between_a_product_and_its_variations(limit: int) -> None:
    with company() as opened:
        fill(opened, "Red", "Blue")
        opened.row("S", sku="S", name="Cup")
        counted = [len(opened.run(limit=limit).changes) for _ in range(4)]
        assert sum(counted) == 4
        assert max(counted) == limit
        assert shown(opened) == ["Red", "Blue"]
        assert opened.run(full=True).changes == []


# What is not there to be written yet


def test_a_stock_arrives_as_soon_as_the_shop_counts_it() -> None:
    stock = Field("stock", "stock", "stock_quantity", Type("integer"), truth="erp", empty="ignore")
    manages = Field("manages", "manages", "manage_stock", Type("boolean"), truth="erp", empty="ignore")
    with company(catalogue(*FIELDS, stock, manages)) as opened:
        fill(opened)
        opened.row("P-Red", parent="P", color="Red", price="5.00", stock=7, manages=False)
        opened.row("S", sku="S", name="Cup", stock=5, manages=False)
        assert opened.run().exit_code == 0
        assert opened.run(full=True).changes == []
        for key in ("S", "P-Red"):
            opened.row(key, manages=True)
        assert opened.run().exit_code == 0
        assert opened.shop.product_by_sku("S")["stock_quantity"] == 5
        assert opened.shop.variations(opened.shop.product_by_sku("P")["id"])[0]["stock_quantity"] == 7
        assert opened.run(full=True).changes == []


@pytest.mark.parametrize("wanted", ["trash", "delete", "draft"])
def test_what_the_shop_refuses_to_do_about_a_loss_is_tried_again_in_the_next_run(wanted: str) -> None:
    """That run does not read everything; it knows that this one is still to be done."""
    with company(catalogue(gone=Gone(wanted))) as opened:  # type: ignore[arg-type]
        fill(opened, "Red")
        opened.row("S", sku="S", name="Cup")
        opened.run()
        opened.erp.remove("S")
        fail_at(opened, 1, "refuse")
        assert [change.status for change in opened.run(full=True).changes] == ["failed"]
        assert [change.status for change in opened.run().changes] == ["done"]
        assert opened.run(full=True).changes == []


# PostgreSQL


def test_a_family_is_kept_in_postgresql_just_so(postgres: str) -> None:
    with State.open(postgres) as state, company(catalogue(gone=Gone("trash", "recreate")), state=state) as opened:
        fill(opened, "Red", "Blue")
        opened.run()
        opened.row("P-Green", parent="P", color="Green", price="7.00")
        fail_at(opened, 2, "half-batch")
        opened.run()
        assert shown(opened) == ["Red", "Blue", "Green"]
        rows = {key: dict(opened.erp.records[key]) for key in list(opened.erp.records)}
        for key in rows:
            opened.erp.remove(key)
        opened.run(full=True)
        assert [one["status"] for one in opened.shop.all()] == ["trash"]
        for key, row in rows.items():
            opened.row(key, **row)
        opened.run()
        assert shown(opened) == ["Red", "Blue", "Green"]
        opened.shop.delete_product(opened.shop.product_by_sku("P")["id"])
        opened.run(full=True)
        assert shown(opened) == ["Red", "Blue", "Green"]
        assert opened.run(full=True).changes == []


# An ERP that takes it up later


def test_a_family_of_the_shop_is_handed_over_and_linked_when_it_is_read_back() -> None:
    """Also a variation that is made while its product is still on its way to the ERP."""
    later = ErpSide("memory", "sku", parent="parent", write_to="import-{time}")
    with company(catalogue(erp=later, create_in_erp=True)) as opened:
        opened.erp.takes_later = True
        product = product_by_hand(opened, "Red", "Blue")
        red, blue = opened.shop.variations(product)
        opened.shop.edit_product(red["id"], sku="P-Red")
        opened.shop.edit_product(blue["id"], sku="P-Blue")
        opened.run()
        assert [(change.key, change.parent) for change in opened.erp.handed_over] == [
            ("P", None),
            ("P-Red", "P"),
            ("P-Blue", "P"),
        ]
        opened.shop.edit_product(product, attributes=[OFFERED])
        chosen = [{"name": "Color", "option": "Green"}]
        opened.shop.create_variation(product, sku="P-Green", attributes=chosen)
        assert opened.run().rejects == []
        assert [(change.key, change.parent) for change in opened.erp.handed_over[3:]] == [("P-Green", "P")]
        assert opened.run(full=True).changes == []
        opened.erp.take_in()
        opened.run()
        assert [opened.link(key).paired for key in ("P", "P-Red", "P-Blue", "P-Green")] == [True] * 4
        opened.row("P-Green", price="9.00")
        opened.run()
        assert [one["regular_price"] for one in opened.shop.variations(product)][2] == "9.00"
        assert opened.run(full=True).changes == []
