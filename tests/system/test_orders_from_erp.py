"""Orders that an ERP creates in a shop, with the shipped mapping: each is there once, whole, or not at all."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine import apply
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.server import running
from tests.system.orders import Orders
from tests.system.shop import Shop

JOB = "orders-from-erp"


class Frail(Sandbox):
    """A shop that dies over the orders in `poison`: what stands before one of them in a batch is saved."""

    poison: tuple[str, ...] = ()
    troubled: tuple[str, float] = ("drop-after", 0)  # what happens to requests that write, and how often
    lost = 0

    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(1)

    def handle(self, request: Request) -> Response:
        kind, often = self.troubled
        happens = request.method == "POST" and self.chance.random() < often
        self.faults = (Fault(kind, 1),) if happens else ()
        self.lost += happens
        if request.path.endswith("/orders/batch") and self.poison:
            created = json.loads(request.body)["create"]
            bad = [at for at, order in enumerate(created) if order["transaction_id"] in self.poison]
            if bad:
                if created[: bad[0]]:
                    super().handle(replace(request, body=json.dumps({"create": created[: bad[0]]}).encode()))
                died = {"code": "internal_server_error", "message": "There has been a critical error on this website."}
                return Response.json(500, died)
        return super().handle(request)


@pytest.fixture
def shop() -> Iterator[Frail]:
    with Frail() as shop, running(shop) as url:
        shop.home = url
        shop.create_product(name="Cup", sku="C-1", regular_price="10.00", manage_stock=True, stock_quantity=1000)
        yield shop


@pytest.fixture
def orders(shop: Frail, tmp_path: Path) -> Orders:
    return Orders(tmp_path / "project", str(shop.home))


def row(key: str, line: str = "Artikel;C-1;;1;", *, status: str = "neu", city: str = "Köln") -> str:
    return f"{key};{status};;Rechnung;;Ann;Löwe;;;{city};DE;ann@example.test;{line}"


def said(told: tuple[int, dict[str, Any]]) -> tuple[int, list[tuple[str, str, str]]]:
    """How a run or a dry run ended, and whom it rejects."""
    code, report = told
    return code, [(one["key"], one["field"], one["reason"]) for one in report["rejects"]]


def references(shop: Sandbox) -> Counter[str]:
    return Counter(order["transaction_id"] for order in shop.orders())


def test_an_order_of_the_erp_is_created_once_with_its_lines(shop: Frail, orders: Orders) -> None:
    shirt = shop.create_product(
        name="Shirt", type="variable", attributes=[{"name": "Size", "options": ["S"], "variation": True}]
    )
    options = [{"name": "Size", "option": "S"}]
    small = shop.create_variation(shirt["id"], sku="T-1-S", regular_price="20.00", attributes=options)
    lines = ["Artikel;c-1;;2;18,00", "Artikel;T-1-S;Shirt, small;1;", "Versand;;DHL;;4,90", "Zuschlag;;Gift wrap;;1,50"]
    orders.drop(*(row("A-1", line) for line in lines), name="new-orders")

    code, report = orders.run(JOB)

    assert (code, [(one["action"], one["key"]) for one in report["changes"]]) == (0, [("create", "A-1")])
    (order,) = shop.orders()
    assert (order["status"], order["total"], order["discount_total"]) == ("processing", "44.40", "0.00")
    assert (order["customer_id"], order["billing"]["city"], order["transaction_id"]) == (0, "Köln", "A-1")
    assert [(one["key"], one["value"]) for one in order["meta_data"]] == [("_syncengine_reference", "A-1")]
    cup = shop.product_by_sku("C-1")
    assert [(one["product_id"], one["variation_id"], one["name"], one["quantity"]) for one in order["line_items"]] == [
        (cup["id"], 0, "Cup", 2),
        (shirt["id"], small["id"], "Shirt, small", 1),
    ]
    assert cup["stock_quantity"] == 998
    assert [(one["method_title"], one["total"]) for one in order["shipping_lines"]] == [("DHL", "4.90")]
    assert [(one["name"], one["total"]) for one in order["fee_lines"]] == [("Gift wrap", "1.50")]

    shop.reset_log()
    assert (orders.run(JOB)[1]["changes"], references(shop)) == ([], Counter({"A-1": 1}))
    assert {request.method for request in shop.requests} == {"GET"}


def test_a_dry_run_creates_nothing(shop: Frail, orders: Orders) -> None:
    orders.drop(row("A-1"), row("A-2", "Artikel;X-9;;1;"), name="new-orders")
    code, report = orders.run(JOB, "--dry-run")
    assert (code, [one["key"] for one in report["changes"]], shop.orders()) == (1, ["A-1"], [])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Artikel;X-9;;1;", "line 2: no product of the shop has the SKU 'X-9'"),
        ("Artikel;;;1;", "line 2: it has no SKU"),
        ("Artikel;0;;1;", "line 2: it has no SKU"),
        ("Artikel;C-1;;0;", "line 2: the quantity must be a whole number above 0, not 0"),
        ("Artikel;C-1;;-1;", "line 2: the quantity must be a whole number above 0, not -1"),
        ("Artikel;C-1;;;", "line 2: the quantity must be a whole number above 0, not None"),
        ("Artikel;C-1;;1,5;", "line 2, menge: not a whole number: '1,5'"),
        ("Artikel;C-1;;1;-3,00", "line 2: not an amount: '-3'"),
        ("Artikel;T-1;;1;", "line 2: 'T-1' is a product with variations, and one of these must be ordered"),
        ("Artikel;D-1;;1;", "line 2: the products 13, 14 have the SKU 'D-1'"),
        ("Zuschlag;;;;1,00", "line 2: a fee needs a name"),
        ("Text;;Hello;;", "line 2, art: not in the map: 'Text' (it has 'Artikel', 'Versand', 'Zuschlag')"),
        (";C-1;;1;", "line 2: a new line cannot be of the kind '', only product or shipping or fee"),
    ],
)
def test_an_order_with_a_line_that_the_shop_would_make_something_else_of_is_rejected_and_others_go_on(
    shop: Frail, orders: Orders, line: str, reason: str
) -> None:
    shop.create_product(name="Shirt", type="variable", sku="T-1")
    twin = shop.create_product(name="Dish", sku="D-1", regular_price="1.00")
    shop.create_product(name="Dish", sku="D-2", regular_price="1.00")
    _let_two_have_one_sku(shop, twin["id"])
    orders.drop(row("A-1"), row("A-1", line), row("A-2"), name="new-orders")
    for _ in range(2):
        code, report = orders.run(JOB)
        assert (code, [(one["key"], one["reason"]) for one in report["rejects"]]) == (1, [("A-1", reason)])
        assert report["rejects"][0]["where"] == "new-orders-001.csv:2"
    assert references(shop) == Counter({"A-2": 1})

    orders.drop(row("A-1"), name="new-orders")
    assert orders.run(JOB)[0] == 0, "the row that follows puts it right"
    assert references(shop) == Counter({"A-1": 1, "A-2": 1})
    assert [len(order["line_items"]) for order in shop.orders()] == [1, 1]


def test_an_order_for_a_country_or_a_customer_that_cannot_be_is_rejected_in_a_dry_run_and_in_a_run(
    shop: Frail, orders: Orders
) -> None:
    abroad, nobody = row("A-1").replace(";DE;", ";Deutschland;"), row("A-2").replace(";neu;;", ";neu;-1;")
    orders.drop(abroad, nobody, row("A-3"), name="new-orders")
    wrong = [
        (
            "A-1",
            "country",
            "not a country's code of two capitals, such as DE: 'Deutschland' (a map can make one of a name)",
        ),
        ("A-2", "customer", "not the number of a customer: -1"),
    ]
    assert said(orders.run(JOB, "--dry-run")) == said(orders.run(JOB)) == (1, wrong)
    assert references(shop) == Counter({"A-3": 1})


def test_orders_of_customers_whom_the_shop_does_not_have_are_rejected_and_asked_for_at_once(
    shop: Frail, orders: Orders
) -> None:
    ann = shop.create_customer(email="ann@example.test")["id"]
    shop.set_role(ann, "subscriber")
    owners = {"A-1": ann, "A-2": 777, "A-3": 778, "A-4": 0}
    orders.drop(*(row(key).replace(";neu;;", f";neu;{owner};") for key, owner in owners.items()), name="new-orders")
    wrong = [(key, None, f"the shop has no customer {owners[key]}") for key in ("A-2", "A-3")]
    assert said(orders.run(JOB, "--dry-run")) == said(orders.run(JOB)) == (1, wrong)
    assert {one["transaction_id"]: one["customer_id"] for one in shop.orders()} == {"A-1": ann, "A-4": 0}
    assert len([one for one in shop.requests if one.path.endswith("/customers")]) == 2, "one a run"

    orders.drop(*(row(key) for key in owners), name="new-orders")
    shop.reset_log()
    assert orders.run(JOB)[0] == 0
    assert references(shop) == Counter(list(owners))
    assert [one for one in shop.requests if one.path.endswith("/customers")] == [], "a guest is nobody to be asked for"


def _let_two_have_one_sku(shop: Sandbox, number: int) -> None:
    """By way of the trash (FACTS-WOOCOMMERCE, 2)."""
    shop.edit_product(number, status="trash")
    shop.edit_product(number + 1, sku="D-1")
    shop.edit_product(number, status="publish")


@pytest.mark.parametrize("reference", ["A  1", "Straße", "A&1", "A%201", "A\\1", "<A>", "A" * 101])
def test_a_reference_that_could_not_be_searched_for_is_rejected(shop: Frail, orders: Orders, reference: str) -> None:
    orders.drop(row(reference), row("a-2 ä/B"), name="new-orders")
    code, report = orders.run(JOB)
    assert (code, [(one["key"], one["field"]) for one in report["rejects"]]) == (1, [(reference, "reference")])
    assert references(shop) == Counter({"a-2 ä/B": 1})


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "half-batch", "error-500"])
def test_no_order_is_created_twice_though_replies_are_lost(shop: Frail, orders: Orders, kind: str) -> None:
    keys = [f"A-{number}" for number in range(150)]
    shop.troubled = (kind, 1 / 2)
    for at in range(0, len(keys), 30):
        orders.drop(*(row(key) for key in keys[at : at + 30] for _ in range(2)), name="new-orders")
        orders.run(JOB)
    shop.troubled = (kind, 0)
    assert orders.run(JOB)[0] == 0
    assert shop.lost
    assert references(shop) == Counter(keys)
    assert orders.run(JOB)[1]["changes"] == []


def test_an_order_that_kills_the_shop_harms_no_other(shop: Frail, orders: Orders) -> None:
    keys = [f"A-{number}" for number in range(20)]
    orders.drop(*map(row, keys), name="new-orders")
    shop.poison = ("A-7",)
    code, report = orders.run(JOB)
    assert (code, report["failed"]) == (1, 1)
    assert references(shop) == Counter(set(keys) - {"A-7"})
    shop.poison = ()
    assert orders.run(JOB)[0] == 0
    assert references(shop) == Counter(keys)


@pytest.mark.parametrize("call", ["_write_down", "_settle_unknown"])
def test_a_run_that_is_cut_off_creates_nothing_twice(
    shop: Frail, orders: Orders, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    orders.drop(row("A-1"), row("A-2"), name="new-orders")
    shop.troubled = ("drop-after", call == "_settle_unknown")

    def cut_off(*_: Any) -> None:
        shop.troubled = ("drop-after", 0)
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(apply, call, cut_off)
        assert orders.run(JOB)[0] == 3
    assert orders.run(JOB)[0] == 0
    assert references(shop) == Counter({"A-1": 1, "A-2": 1})
    assert orders.run(JOB)[1]["changes"] == []


def test_what_an_order_was_created_with_stays_and_its_address_follows(shop: Frail, orders: Orders) -> None:
    orders.drop(row("A-1"), name="new-orders")
    orders.run(JOB)
    number = shop.orders()[0]["id"]
    shop.edit_order(number, transaction_id="pi_of_a_payment", status="completed")
    assert orders.run(JOB)[1]["changes"] == []

    orders.drop(row("A-1", "Artikel;C-1;;5;", status="fertig", city="Bonn"), name="new-orders")
    code, report = orders.run(JOB)
    assert (code, [list(one["fields"]) for one in report["changes"]], report["unwritten"]) == (0, [["city"]], 2)
    there = shop.order(number)
    assert (there["billing"]["city"], there["transaction_id"]) == ("Bonn", "pi_of_a_payment")
    assert [one["quantity"] for one in there["line_items"]] == [1]
    assert (orders.run(JOB)[1]["unwritten"], len(shop.orders())) == (0, 1)


def test_an_order_that_is_deleted_in_the_shop_is_not_created_again(shop: Frail, orders: Orders) -> None:
    orders.drop(row("A-1"), name="new-orders")
    orders.run(JOB)
    with closing(Shop(str(shop.home))) as manager:
        assert manager.http.delete(f"/orders/{shop.orders()[0]['id']}", params={"force": True}).status_code == 200
    orders.run(JOB, "--full", "--force")
    orders.drop(row("A-1", city="Bonn"), name="new-orders")
    orders.run(JOB, "--full", "--force")
    assert shop.orders() == []


def test_a_sku_is_found_however_the_shop_spells_it(shop: Frail, orders: Orders) -> None:
    skus = ["a<b", "Café, 2", "x  y"]
    ids = [shop.create_product(name="Dish", sku=sku, regular_price="1.00")["id"] for sku in skus]
    orders.drop(*(row("A-1", f"Artikel;{sku.upper()};;1;") for sku in skus), name="new-orders")
    code, report = orders.run(JOB)
    assert (code, [one["reason"] for one in report["rejects"]]) == (0, [])
    assert [line["product_id"] for line in shop.orders()[0]["line_items"]] == ids


@pytest.mark.parametrize("complete", [False, True])
def test_rows_that_do_not_make_an_order_reject_it_whole(shop: Frail, orders: Orders, complete: bool) -> None:
    if complete:
        orders.change("orders-from-erp.toml", "complete = false", "complete = true")
    orders.drop(row("A-1"), row("A-2"), row("A-1"), row("A-3"), row("A-3", city="Bonn"), row("A-4"), name="new-orders")
    code, report = orders.run(JOB)
    reasons = {one["key"]: one["reason"] for one in report["rejects"]}
    apart = (
        "the key 'A-1' stands also in line 2"
        if complete
        else "the order begins on line 2 of the file, and goes on here with others in between"
    )
    assert (code, reasons) == (
        1,
        {"A-1": apart, "A-3": "line 6 of the file has another Ort than line 5, where the order begins"},
    )
    assert references(shop) == Counter({"A-2": 1, "A-4": 1})


def test_what_the_erp_has_created_it_ships_as_any_other_and_does_not_get_back(shop: Frail, orders: Orders) -> None:
    orders.change("orders.toml", 'status = ["processing"', 'created_via = ["checkout"], status = ["processing"')
    bought = shop.place_order({"C-1": 1})["id"]
    orders.drop(row("A-1"), name="new-orders")
    assert orders.run(JOB)[0] == 0
    (created,) = (one["id"] for one in shop.orders() if one["transaction_id"] == "A-1")
    orders.drop(f"{created};versandt;A-1;DHL;0034;On its way")
    assert [code for code, _ in orders.all()] == [0, 0, 0]
    assert [one["Bestellnummer"] for one in orders.handed_over()] == [str(bought)]
    assert shop.order(created)["status"] == "completed"
    assert [report["changes"] for _, report in orders.all()] == [[], [], []]


def test_the_erp_learns_the_shops_number_of_its_order(shop: Frail, orders: Orders) -> None:
    orders.change(
        "orders.toml",
        "number    =",
        'ours = { erp = "Auftrag", store = "transaction_id", truth = "store", to = "erp" }\nnumber    =',
    )
    orders.drop(row("A-1"), name="new-orders")
    orders.run(JOB)
    orders.run()
    (created,) = shop.orders()
    assert [(one["Bestellnummer"], one["Auftrag"]) for one in orders.handed_over()] == [(str(created["id"]), "A-1")]
