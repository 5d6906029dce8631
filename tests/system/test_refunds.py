"""Refunds that the ERP makes, and notes that people write at orders: each reaches the other side once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine import apply, run
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.server import running
from tests.system.orders import Orders
from tests.system.shop import Shop

JOB = "order-status"


class Kept(Sandbox):
    """A shop that keeps what it was asked to refund."""

    def __init__(self, fault_seed: int) -> None:
        super().__init__(fault_seed=fault_seed)
        self.asked: list[dict[str, Any]] = []

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/refunds"):
            self.asked.append(json.loads(request.body))
        return super().handle(request)


REFUNDED = 'refunded = { erp = "Erstattet", store = "refunded", type = "money", truth = "erp-wins", to = "store" }'


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Kept]:
    with Kept(getattr(request, "param", 0)) as shop, running(shop) as url:
        shop.home = url
        shop.create_product(name="Cup", sku="C-1", regular_price="10.00", manage_stock=True, stock_quantity=1000)
        yield shop


@pytest.fixture
def orders(shop: Sandbox, tmp_path: Path) -> Orders:
    orders = Orders(tmp_path / "project", str(shop.home))
    orders.change("order-status.toml", 'only = { Status = ["versandt", "storniert"] }', "")
    orders.change("order-status.toml", "map = { versandt", 'map = { neu = "processing", versandt')
    orders.change("order-status.toml", "document = ", f"{REFUNDED}\ndocument = ")
    return orders


def drop(orders: Orders, *rows: tuple[int, str, str]) -> None:
    """Order, status, refunded in all."""
    told = (f"{number};{status};;;;;{refunded}" for number, status, refunded in rows)
    orders.drop(*told, more=";Erstattet")


def paid_back(shop: Sandbox, number: int) -> list[str]:
    return [refund["total"] for refund in sorted(shop.order(number)["refunds"], key=lambda one: one["id"])]


def test_what_the_erp_has_refunded_in_all_is_made_up_for_and_no_money_is_moved(shop: Kept, orders: Orders) -> None:
    number = shop.place_order({"C-1": 3})["id"]
    stock = shop.product_by_sku("C-1")["stock_quantity"]
    drop(orders, (number, "neu", "5,00"))
    code, report = orders.run(JOB)
    assert (code, [one["fields"]["refunded"]["to"] for one in report["changes"]]) == (0, ["5.00"])
    assert paid_back(shop, number) == ["-5.00"]
    assert orders.run(JOB)[1]["changes"] == []

    drop(orders, (number, "neu", "12,50"))
    assert orders.run(JOB)[0] == 0
    drop(orders, (number, "neu", "30,00"))
    assert orders.run(JOB)[0] == 0
    assert paid_back(shop, number) == ["-5.00", "-7.50", "-17.50"]
    assert shop.order(number)["status"] == "refunded", "the shop says so of an order that is refunded in full"
    assert [one["api_refund"] for one in shop.asked] == [False, False, False]
    assert shop.product_by_sku("C-1")["stock_quantity"] == stock


def test_money_moves_only_if_the_mapping_says_so(shop: Kept, orders: Orders) -> None:
    orders.change("order-status.toml", "[store]\n", "[store]\napi_refund = true\n")
    number = shop.place_order({"C-1": 1})["id"]
    drop(orders, (number, "versandt", "5,00"))
    code, report = orders.run(JOB)
    (change,) = report["changes"]
    assert (code, [one["api_refund"] for one in shop.asked]) == (1, [True])
    assert "The payment gateway for this order does not exist." in change["fields"]["refunded"]["error"]
    assert (shop.order(number)["status"], paid_back(shop, number)) == ("completed", []), "all else was written"
    assert orders.run(JOB)[1]["changes"] == [], "it is tried again when something changes"


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [
        ("8.00", "5,00", "the shop has refunded 8.00 already, and a refund is not taken back"),
        ("8.00", "10,01", "2.01 is more than is left of the order: 2.00 of 10.00"),
        ("0.01", "99,00", "98.99 is more than is left of the order: 9.99 of 10.00"),
    ],
)
def test_a_refund_that_cannot_be_is_not_even_sent(
    shop: Kept, orders: Orders, first: str, then: str, reason: str
) -> None:
    number = shop.place_order({"C-1": 1})["id"]
    with closing(Shop(str(shop.home))) as manager:
        refund = {"amount": first, "api_refund": False}
        assert manager.http.post(f"/orders/{number}/refunds", json=refund).status_code == 201
    shop.asked.clear()
    drop(orders, (number, "neu", then))
    for code, report in (orders.run(JOB, "--dry-run"), orders.run(JOB)):
        told = [one["reason"] for one in report["rejects"]]
        assert (code, told, report["changes"], report["failed"]) == (1, [reason], [], 0)
    assert (shop.asked, paid_back(shop, number)) == ([], [f"-{first}"])


def test_an_order_of_which_more_was_refunded_meanwhile_than_a_run_has_seen_fails_with_that_reason(
    shop: Kept, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = shop.place_order({"C-1": 1})["id"]
    drop(orders, (number, "neu", "5,00"))
    seen = apply.apply_plan

    def refunded_meanwhile(*given: Any) -> None:
        with closing(Shop(str(shop.home))) as manager:
            refund = {"amount": "8.00", "api_refund": False}
            assert manager.http.post(f"/orders/{number}/refunds", json=refund).status_code == 201
        seen(*given)

    monkeypatch.setattr(run, "apply_plan", refunded_meanwhile)
    code, report = orders.run(JOB)
    reason = "the shop has refunded 8.00 already, and a refund is not taken back"
    assert (code, [one["fields"]["refunded"]["error"] for one in report["changes"]]) == (1, [reason])
    assert paid_back(shop, number) == ["-8.00"]


def test_a_negative_refund_rejects_the_row(shop: Kept, orders: Orders) -> None:
    drop(orders, (shop.place_order({"C-1": 1})["id"], "neu", "-5,00"))
    code, report = orders.run(JOB)
    assert (code, [one["reason"] for one in report["rejects"]]) == (1, ["a negative price: -5.00"])


@pytest.mark.parametrize("shop", range(4), indirect=True)
def test_lost_replies_never_refund_twice(shop: Kept, orders: Orders) -> None:
    numbers = [shop.place_order({"C-1": 2})["id"] for _ in range(20)]
    amounts = {number: f"{1 + at % 19}.50" for at, number in enumerate(numbers)}
    drop(orders, *((number, "versandt", amounts[number].replace(".", ",")) for number in numbers if number % 2))
    drop(orders, *((number, "neu", amounts[number].replace(".", ",")) for number in numbers if not number % 2))
    shop.faults = (Fault("drop-after", 1 / 3),)
    for _ in range(4):
        orders.run(JOB)
    shop.faults = ()
    orders.run(JOB)
    assert [one for one in shop.requests if one.path.endswith("/refunds") and one.status == 0], "none was lost"
    assert {number: sum(map(Decimal, paid_back(shop, number))) for number in numbers} == {
        number: -Decimal(amount) for number, amount in amounts.items()
    }
    assert max(len(paid_back(shop, number)) for number in numbers) == 1


@pytest.mark.parametrize("call", ["_write_down", "_settle_unknown"])
def test_a_run_that_is_cut_off_does_not_refund_twice(
    shop: Kept, orders: Orders, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    number = shop.place_order({"C-1": 2})["id"]
    drop(orders, (number, "neu", "5,00"))

    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(apply, call, cut_off)
        assert orders.run(JOB)[0] == 3
    assert orders.run(JOB)[0] == 0
    assert paid_back(shop, number) == ["-5.00"]


def test_what_is_refunded_in_the_shop_goes_to_the_erp_as_one_number(shop: Kept, orders: Orders) -> None:
    refunded = 'zurueck = { erp = "Erstattet", store = "refunded", type = "money", truth = "store" }'
    orders.change("orders.toml", "number    =", f"{refunded}\nnumber    =")
    number = shop.place_order({"C-1": 1})["id"]
    orders.run()
    with closing(Shop(str(shop.home))) as manager:
        for amount in ("1.50", "2.00"):
            refund = {"amount": amount, "api_refund": False}
            assert manager.http.post(f"/orders/{number}/refunds", json=refund).status_code == 201
    orders.run()
    assert [row["Erstattet"] for row in orders.handed_over() if row["Art"] == "Artikel"] == ["0,00", "3,50"]


def test_what_people_write_at_an_order_goes_to_the_erp(shop: Kept, orders: Orders) -> None:
    orders.change(
        "orders.toml", "number    =", 'notes = { erp = "Notizen", store = "notes", truth = "store" }\nnumber    ='
    )
    number = shop.place_order({"C-1": 1})["id"]
    with closing(Shop(str(shop.home))) as manager:
        for note in (
            {"note": "Ring &amp; wait", "added_by_user": True},
            {"note": "On its way", "customer_note": True},
            {"note": "Stock was counted"},
        ):
            assert manager.http.post(f"/orders/{number}/notes", json=note).status_code == 201
    shop.edit_order(number, status="completed")
    orders.run()
    assert [row["Notizen"] for row in orders.handed_over()] == ["Ring & wait\nOn its way"]
    assert orders.run()[1]["changes"] == []


@pytest.mark.parametrize("row", [";versandt;;;;Too late;", ";versandt;;;;;5,00"])
def test_an_order_that_was_deleted_meanwhile_harms_no_other(shop: Kept, orders: Orders, row: str) -> None:
    gone, stays = (shop.place_order({"C-1": 1})["id"] for _ in range(2))
    drop(orders, (gone, "neu", ""), (stays, "neu", ""))
    orders.run(JOB)
    with closing(Shop(str(shop.home))) as manager:
        assert manager.http.delete(f"/orders/{gone}", params={"force": True}).status_code == 200
    orders.drop(f"{gone}{row}", f"{stays};versandt;;;;;", more=";Erstattet")
    code, report = orders.run(JOB)
    assert (code, report["status"], shop.order(stays)["status"]) == (1, "done", "completed")
    assert {one["key"]: one["outcome"] for one in report["changes"]} == {str(gone): "failed", str(stays): "done"}
