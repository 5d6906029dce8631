"""Records that are gone and return: what was done about the loss is taken back, and nothing is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from syncengine.mapping import Field, Gone
from syncengine.values import Type
from tests.catalogue import FIELDS, Company, catalogue, company, described
from tests.memory import KilledError

STOCK = (
    *FIELDS,
    Field("stock", "stock", "stock_quantity", Type("integer"), truth="erp", empty="ignore"),
    Field("manages", "manages", "manage_stock", Type("boolean"), truth="erp", empty="ignore"),
)


@pytest.fixture
def shirts(request: pytest.FixtureRequest) -> Iterator[Company]:
    """A shirt in two colours and a cup, in both sides. The parameter is what `[gone]` says."""
    with company(catalogue(gone=Gone(*request.param))) as opened:
        fill(opened)
        yield opened


def fill(opened: Company) -> None:
    opened.row("P", sku="P", name="Shirt")
    opened.row("P-R", parent="P", color="Red", price="5.00")
    opened.row("P-B", parent="P", color="Blue", price="6.00", sku="P-B")
    opened.row("S", sku="S", name="Cup", price="3.00")
    assert opened.run().exit_code == 0


def take_away(opened: Company, *keys: str) -> dict[str, dict[str, Any]]:
    taken = {key: dict(opened.erp.records[key]) for key in keys}
    for key in keys:
        opened.erp.remove(key)
    return taken


def bring_back(opened: Company, rows: dict[str, dict[str, Any]]) -> None:
    for key, cells in rows.items():
        opened.erp.edit(key, **cells)


def shown(opened: Company) -> dict[str, Any]:
    """By SKU: the status of each product, and those of its variations by their colours."""
    return {
        product["sku"]: (
            product["status"],
            {each["attributes"][0]["option"]: each["status"] for each in opened.shop.below(product["id"])},
        )
        for product in opened.shop.all()
    }


def fail_once(opened: Company, fault: str) -> None:
    faults = iter([fault])
    opened.shop.fault = lambda: next(faults, None)


WHOLE = {"P": ("publish", {"Red": "publish", "Blue": "publish"}), "S": ("publish", {})}
MEANWHILE = {
    "keep": ("publish", {"Red": "publish", "Blue": "publish"}),
    "draft": ("draft", {"Red": "publish", "Blue": "publish"}),
    "out-of-stock": ("publish", {"Red": "publish", "Blue": "publish"}),
    "trash": ("trash", {}),
    "delete": None,
}


@pytest.mark.parametrize("shirts", [(word, "ask") for word in MEANWHILE], indirect=True)
def test_a_product_with_its_variations_that_leaves_the_erp_and_returns_is_as_it_was(shirts: Company) -> None:
    """Unchanged rows, too: nothing but their return tells that they are there again."""
    wanted = shirts.mapping.gone.from_erp
    rows = take_away(shirts, "P", "P-R", "P-B")
    shirts.run(full=True)
    assert shown(shirts).get("P") == MEANWHILE[wanted]
    assert shirts.run(full=True).changes == []

    bring_back(shirts, rows)
    back = shirts.run()
    assert (back.exit_code, shown(shirts)) == (0, WHOLE)
    assert shirts.run().changes == []
    assert shirts.run(full=True).changes == []
    assert all(shirts.link(key).lost is None for key in rows)

    shirts.row("P-R", price="7.00")
    assert described(shirts.run()) == [("store", "update", "P-R", "price", "7.00", "erp changed")]


@pytest.mark.parametrize("shirts", [(word, "ask") for word in ("draft", "trash", "delete")], indirect=True)
def test_a_variation_that_leaves_the_erp_is_disabled_or_deleted_and_returns(shirts: Company) -> None:
    rows = take_away(shirts, "P-R")
    shirts.run(full=True)
    without = {"Blue": "publish"} if shirts.mapping.gone.from_erp == "delete" else {"Red": "private", "Blue": "publish"}
    assert shown(shirts)["P"] == ("publish", without)

    bring_back(shirts, rows)
    assert shirts.run().exit_code == 0
    assert shown(shirts) == WHOLE
    assert shirts.run(full=True).changes == []


@pytest.mark.parametrize("shirts", [("out-of-stock", "ask")], indirect=True)
def test_a_variable_product_out_of_stock_is_all_of_its_variations(shirts: Company) -> None:
    """Its own stock status follows theirs, so that there is nothing to write in the product itself."""
    rows = take_away(shirts, "P", "P-R", "P-B")
    assert [change.key for change in shirts.run(full=True).changes] == ["P-R", "P-B"]
    assert shirts.shop.product_by_sku("P")["stock_status"] == "outofstock"
    bring_back(shirts, rows)
    shirts.run()
    assert shirts.shop.product_by_sku("P")["stock_status"] == "instock"


def test_managed_stock_returns_as_the_erp_has_it_by_then() -> None:
    with company(catalogue(*STOCK, gone=Gone("out-of-stock"))) as opened:
        opened.row("S", sku="S", name="Cup", stock=5, manages=True)
        opened.row("T", sku="T", name="Mug", stock=5, manages=False)
        opened.run()
        rows = take_away(opened, "S", "T")
        done = [(key, field, value) for _, _, key, field, value, _ in described(opened.run(full=True))]
        assert done == [("S", "stock", "0"), ("T", "stock_status", "outofstock")]

        bring_back(opened, {"S": rows["S"] | {"stock": 7}, "T": rows["T"]})
        opened.run()
        cup, mug = opened.shop.product_by_sku("S"), opened.shop.product_by_sku("T")
        assert (cup["stock_quantity"], cup["stock_status"], mug["stock_status"]) == (7, "instock", "instock")
        assert opened.run(full=True).changes == []


def test_a_stock_that_the_shop_counts_no_more_is_not_set_to_nothing_again_and_again() -> None:
    with company(catalogue(*STOCK, gone=Gone("out-of-stock"))) as opened:
        opened.row("S", sku="S", name="Cup", stock=5, manages=True)
        opened.run()
        take_away(opened, "S")
        opened.shop.edit_product(opened.shop.product_by_sku("S")["id"], manage_stock=False)
        assert opened.run(full=True).exit_code == 0
        assert opened.shop.product_by_sku("S")["stock_status"] == "outofstock"
        assert opened.run(full=True).changes == []


@pytest.mark.parametrize("shirts", [("draft", "ask")], indirect=True)
def test_what_somebody_has_taken_back_in_the_shop_already_is_left_alone(shirts: Company) -> None:
    """A field that the mapping has: the shop's own word is known then."""
    status = Field("status", "status", "status", truth="store-wins", empty="ignore")
    with company(catalogue(*FIELDS, status, gone=Gone("draft"))) as opened:
        fill(opened)
        rows = take_away(opened, "S")
        opened.run(full=True)
        opened.shop.edit_product(opened.shop.product_by_sku("S")["id"], status="pending")
        bring_back(opened, rows)
        opened.run()
        assert opened.shop.product_by_sku("S")["status"] == "pending"


@pytest.mark.parametrize("fault", ["refuse", "drop-before", "error-500", "kill"])
@pytest.mark.parametrize("shirts", [("trash", "ask"), ("draft", "ask"), ("delete", "ask")], indirect=True)
def test_what_was_not_done_about_a_loss_is_tried_again(shirts: Company, fault: str) -> None:
    take_away(shirts, "P", "P-R", "P-B", "S")
    fail_once(shirts, fault)
    with suppress(KilledError):
        shirts.run(full=True)
    shirts.state.connection.rollback()
    shirts.run(full=True)
    meanwhile = MEANWHILE[shirts.mapping.gone.from_erp]
    assert shown(shirts).get("P") == meanwhile
    assert shown(shirts).get("S", (None,))[0] == (meanwhile and meanwhile[0])
    assert shirts.run(full=True).changes == []


@pytest.mark.parametrize("from_store", ["ask", "keep", "recreate"])
@pytest.mark.parametrize(
    ("only", "out", "selected"),
    [
        ({"status": ("publish",)}, {"status": "draft"}, {"status": "publish"}),
        ({"catalog_visibility": ("visible",)}, {"catalog_visibility": "hidden"}, {"catalog_visibility": "visible"}),
    ],
)
def test_what_somebody_takes_out_of_the_shops_selection_is_not_gone_but_left_alone(
    from_store: str, only: dict[str, tuple[str, ...]], out: dict[str, str], selected: dict[str, str]
) -> None:
    """It is there: nobody has to be asked about it, and nobody made it a draft to have it published again."""
    with company(catalogue(only=only, gone=Gone(from_store=from_store))) as opened:  # type: ignore[arg-type]
        fill(opened)
        products = [opened.shop.product_by_sku(sku)["id"] for sku in ("P", "S")]
        for product in products:
            opened.shop.edit_product(product, **out)
        result = opened.run(full=True)
        assert (result.changes, result.held) == ([], [])
        assert opened.run(full=True).changes == []
        opened.row("S", name="Mug")
        opened.row("P-R", price="8.00")
        assert opened.run().changes == []

        for product in products:
            opened.shop.edit_product(product, **selected)
        opened.run()
        assert opened.shop.product_by_sku("S")["name"] == "Mug"
        assert opened.shop.variations(products[0])[0]["regular_price"] == "8.00"
        assert opened.run(full=True).changes == []


@pytest.mark.parametrize("from_store", ["ask", "recreate"])
def test_what_is_outside_the_shops_selection_at_a_first_meeting_is_left_alone_too(from_store: str) -> None:
    """It has the row's SKU, so that none is made beside it; it is gone on with when it is selected."""
    with company(catalogue(only={"status": ("publish",)}, gone=Gone(from_store=from_store))) as opened:  # type: ignore[arg-type]
        product = opened.shop.create_product(sku="S", name="Cup", status="draft", regular_price="1.00")["id"]
        opened.row("S", sku="S", name="Cup", price="3.00")
        opened.row("T", sku="T", name="Mug", price="4.00")
        result = opened.run()
        assert ([change.key for change in result.changes], result.held) == (["T"], [])
        assert opened.run(full=True).changes == []
        opened.row("S", price="5.00")
        assert opened.run().changes == []
        assert opened.shop.product(product)["regular_price"] == "1.00"

        opened.shop.edit_product(product, status="publish")
        opened.run()
        assert opened.shop.product(product)["regular_price"] == "5.00"
        assert opened.run(full=True).changes == []
