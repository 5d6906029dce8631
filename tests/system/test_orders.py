"""Orders between a shop and an ERP's folder, with the shipped mappings: each reaches the other side once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine import apply
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.server import running
from tests.system.orders import Orders
from tests.system.shop import Shop

ANN = {"first_name": "Ann", "last_name": "Löwe", "city": "Köln", "email": "ann@example.test"}
PARCEL = [{"method_id": "flat_rate", "method_title": "DHL", "total": "4.90"}]


class Busy(Sandbox):
    """A shop in which somebody orders whenever orders are read, as long as there are `to_come`."""

    to_come = 0

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if request.path.endswith("/orders") and request.method == "GET" and self.to_come:
            self.to_come -= 1
            self.place_order({"C-1": 1})
        return response


@pytest.fixture
def shop() -> Iterator[Busy]:
    with Busy() as shop, running(shop) as url:
        shop.home = url
        shop.create_product(name="Cup", sku="C-1", regular_price="10.00")
        yield shop


@pytest.fixture
def orders(shop: Busy, tmp_path: Path) -> Orders:
    return Orders(tmp_path / "project", str(shop.home))


def notes(shop: Sandbox, number: int) -> list[tuple[str, bool]]:
    """What was written at an order by somebody, and whether it was mailed to the customer."""
    with closing(Shop(str(shop.home))) as manager:
        found = manager.http.get(f"/orders/{number}/notes").json()
    return [(note["note"], note["customer_note"]) for note in found if not note["note"].startswith("Order status")]


def test_an_order_goes_to_the_erp_with_its_lines_once_and_again_when_it_changes(shop: Busy, orders: Orders) -> None:
    number = shop.place_order({"C-1": 2}, billing=ANN, shipping_lines=PARCEL, customer_note="Ring; twice")["id"]
    assert orders.run()[0] == 0
    rows = orders.handed_over()
    assert [(row["Art"], row["Artikel"], row["Text"], row["Menge"], row["Betrag"]) for row in rows] == [
        ("Artikel", "C-1", "Cup", "2", "20,00"),
        ("Versand", "", "DHL", "", "4,90"),
    ]
    of_order = ("Bestellnummer", "Status", "Summe", "Kunde", "Nachname", "Ort", "EMail", "Bemerkung")
    told = [str(number), "neu", "24,90", "0", "Löwe", "Köln", "ann@example.test", "Ring; twice"]
    assert [[row[name] for name in of_order] for row in rows] == [told, told]

    code, report = orders.run()
    assert (code, report["changes"], report["unchanged"]["store"]) == (0, [], 1)
    assert len(orders.handed_over()) == 2

    shop.edit_order(number, status="completed")
    code, report = orders.run()
    assert (code, [(one["action"], one["key"]) for one in report["changes"]]) == (0, [("update", str(number))])
    assert [(row["Status"], row["Artikel"], row["Ort"]) for row in orders.handed_over()[2:]] == [
        ("fertig", "C-1", "Köln"),
        ("fertig", "", "Köln"),
    ]


def test_a_basket_at_the_checkout_is_no_order_yet(shop: Busy, orders: Orders) -> None:
    orders.change("orders.toml", "only = {", "# only = {")
    orders.change("orders.toml", "neu = ", 'korb = "checkout-draft", neu = ')
    number = shop.place_order({"C-1": 1})["id"]
    shop.edit_order(number, status="checkout-draft")
    orders.run()
    assert orders.handed_over() == []
    shop.edit_order(number, status="processing")
    orders.run()
    assert [row["Bestellnummer"] for row in orders.handed_over()] == [str(number)]


def test_1000_orders_reach_the_erp_file_exactly_once_although_every_third_reply_is_lost(
    shop: Busy, orders: Orders
) -> None:
    """Some are placed between the runs, and some while these read."""
    for _ in range(700):
        shop.place_order({"C-1": 1})
    shop.faults, shop.to_come = (Fault("drop-after", 1 / 3),), 200
    for _ in range(5):
        orders.sync()
        for _ in range(20):
            shop.place_order({"C-1": 1})
    lost = [request.status for request in shop.requests].count(0)
    assert lost > len(shop.requests) / 5, "many replies were lost"
    assert len({row["Bestellnummer"] for row in orders.handed_over()}) > 700, "and yet there were orders"
    shop.faults = ()
    while shop.to_come:
        shop.to_come -= 1
        shop.place_order({"C-1": 1})
    orders.sync()
    code, report = orders.sync()
    assert (code, report["changes"]) == (0, [])
    there = [str(order["id"]) for order in shop.orders()]
    assert len(there) == 1000
    assert Counter(row["Bestellnummer"] for row in orders.handed_over()) == Counter(there)


@pytest.mark.parametrize("apart", [False, True])
def test_a_run_that_is_cut_off_after_handing_over_does_not_hand_over_twice(
    shop: Busy, orders: Orders, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    if apart:
        orders.change("orders.toml", "# resource = ", "resource = ")
    numbers = [str(shop.place_order({"C-1": 1})["id"]) for _ in range(3)]

    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(apply, "_write_down", cut_off)
        assert orders.run()[0] == 3
    assert [row["Bestellnummer"] for row in orders.handed_over()] == numbers, "the file is there already"
    code, report = orders.run()
    assert (code, report["changes"]) == (0, [])
    assert [row["Bestellnummer"] for row in orders.handed_over()] == numbers
    if apart:
        assert [row["Bestellnummer"] for row in orders.handed_over("lines-*.csv")] == numbers

    shop.edit_order(int(numbers[0]), status="completed")
    with monkeypatch.context() as broken:
        broken.setattr(apply, "_write_down", cut_off)
        orders.run()
    orders.run()
    assert [row["Bestellnummer"] for row in orders.handed_over()] == [*numbers, numbers[0]]


def test_what_was_paid_back_stands_among_the_lines(shop: Busy, orders: Orders) -> None:
    number = shop.place_order({"C-1": 2})["id"]
    orders.run()
    with closing(Shop(str(shop.home))) as manager:
        refund = {"amount": "5.00", "reason": "scratched", "api_refund": False}
        assert manager.http.post(f"/orders/{number}/refunds", json=refund).status_code == 201
    orders.run()
    assert [(row["Status"], row["Art"], row["Text"], row["Betrag"]) for row in orders.handed_over()[1:]] == [
        ("neu", "Artikel", "Cup", "20,00"),
        ("neu", "Erstattung", "scratched", "-5,00"),
    ]
    assert orders.run()[1]["changes"] == []


def test_the_erp_tells_that_an_order_is_shipped_each_thing_once(shop: Busy, orders: Orders) -> None:
    number = shop.place_order({"C-1": 1})["id"]
    orders.drop(f"{number};versandt;R-1;DHL;0034;On its way")
    assert orders.run("order-status")[0] == 0
    there = shop.order(number)
    meta = {one["key"]: one["value"] for one in there["meta_data"]}
    assert (there["status"], notes(shop, number)) == ("completed", [("On its way", True)])
    assert meta == {"_erp_document": "R-1", "_tracking_provider": "DHL", "_tracking_number": "0034"}

    shop.reset_log()
    orders.drop(f"{number};versandt;R-1;DHL;0034;On its way")
    assert orders.run("order-status")[1]["changes"] == []
    assert {request.method for request in shop.requests} == {"GET"}

    orders.drop(f"{number};versandt;R-1;DHL;0034;It is at a neighbour's")
    assert orders.run("order-status")[0] == 0
    assert sorted(notes(shop, number)) == [("It is at a neighbour's", True), ("On its way", True)]


def test_a_note_is_written_once_though_replies_are_lost(shop: Busy, orders: Orders) -> None:
    numbers = [shop.place_order({"C-1": 1})["id"] for _ in range(40)]
    shop.faults = (Fault("drop-after", 1 / 3),)
    orders.drop(*(f"{number};versandt;R-{number};DHL;;On its way" for number in numbers))
    codes = [orders.run("order-status")[0] for _ in range(3)]
    shop.faults = ()
    assert codes[-1] == 0
    assert {shop.order(number)["status"] for number in numbers} == {"completed"}
    assert [notes(shop, number) for number in numbers] == [[("On its way", True)]] * len(numbers)


@pytest.mark.parametrize("call", ["_write_down", "_settle_unknown"])
def test_a_note_is_written_once_though_the_run_is_cut_off(
    shop: Busy, orders: Orders, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    number = shop.place_order({"C-1": 1})["id"]
    orders.change("order-status.toml", "status   =", "# status =")
    orders.drop(f"{number};versandt;;;;On its way")

    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(apply, call, cut_off)
        assert orders.run("order-status")[0] == 3
    assert orders.run("order-status")[0] == 0
    assert notes(shop, number) == [("On its way", True)]
    assert orders.run("order-status")[1]["changes"] == []


def test_a_status_moves_only_where_the_mapping_leads(shop: Busy, orders: Orders) -> None:
    number = shop.place_order({"C-1": 1})["id"]
    shop.edit_order(number, status="refunded")
    orders.drop(f"{number};versandt;R-1;;;")
    code, report = orders.run("order-status")
    held = [(one["field"], one["erp"], one["store"]) for one in report["held"]]
    assert (code, held) == (0, [("status", "completed", "refunded")])
    there = shop.order(number)
    assert (there["status"], there["meta_data"][0]["value"]) == ("refunded", "R-1"), "all else was written"
    assert orders.run("order-status")[1]["conflicts"] == {"settled": 0, "held": 0, "waiting": 1}


def test_an_order_that_the_shop_does_not_have_waits_without_harm(shop: Busy, orders: Orders) -> None:
    orders.drop("4711;versandt;R-1;;;")
    code, report = orders.run("order-status")
    assert (code, report["unlinked"]["erp"], report["changes"]) == (0, 1, [])
