"""Orders behind the API: placed at the checkout, edited by a manager, kept over a restart, broken by faults."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Fault, Sandbox
from syncengine.sandbox.messages import ApiError

KEY = ("ck_sandbox", "cs_sandbox")
SIZES = [{"name": "Size", "options": ["S", "M"], "variation": True}]


def opened(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY)


def shop(**setup: Any) -> Sandbox:
    """A sandbox whose own doings tell the same addresses as its replies."""
    return Sandbox(home="https://shop.test", **setup)


def ticking() -> Any:
    """A clock that is a second later each time it is asked."""
    start = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    return (start + timedelta(seconds=number) for number in itertools.count()).__next__


def stocked(sandbox: Sandbox, sku: str, stock: int = 10, **fields: Any) -> int:
    product = sandbox.create_product(name=sku, sku=sku, manage_stock=True, stock_quantity=stock, **fields)
    return int(product["id"])


def test_an_order_is_placed_by_sku_or_id_and_takes_stock_when_it_is_paid() -> None:
    with Sandbox(clock=ticking()) as sandbox:
        mug = stocked(sandbox, "MUG", regular_price="8.50")
        before = sandbox.product(mug)["date_modified_gmt"]
        order = sandbox.place_order({"MUG": 2}, billing={"email": "ann@example.test"})
        assert (order["status"], order["total"], order["created_via"]) == ("processing", "17.00", "checkout")
        assert order["billing"]["email"] == "ann@example.test"
        waiting = sandbox.place_order({mug: 3}, paid=False)
        assert (waiting["status"], waiting["date_paid"]) == ("pending", None)
        assert sandbox.product(mug)["stock_quantity"] == 8
        assert sandbox.product(mug)["date_modified_gmt"] > before
        assert sandbox.orders() == [order, waiting]
        assert sandbox.orders(status=["pending"]) == [sandbox.order(waiting["id"])] == [waiting]
        assert sandbox.requests == [], "what happens in the shop is no request"


def test_a_manager_cancels_an_order_and_its_stock_comes_back() -> None:
    with Sandbox() as sandbox:
        mug = stocked(sandbox, "MUG")
        order = sandbox.place_order({"MUG": 4})
        assert sandbox.product(mug)["stock_quantity"] == 6
        assert sandbox.edit_order(order["id"], status="cancelled")["status"] == "cancelled"
        assert sandbox.product(mug)["stock_quantity"] == 10


def test_two_lines_of_one_product_both_take_stock() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        mug = stocked(sandbox, "MUG")
        lines = [{"sku": "MUG", "quantity": 1}, {"product_id": mug, "quantity": 2}]
        client.post("/orders", json={"set_paid": True, "line_items": lines})
        assert sandbox.product(mug)["stock_quantity"] == 7


def test_an_ordered_variation_is_told_with_its_product_and_its_option() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        shirt = sandbox.create_product(name="Shirt", type="variable", attributes=SIZES)
        option = [{"name": "Size", "option": "S"}]
        small = sandbox.create_variation(shirt["id"], sku="S", regular_price="20", attributes=option, manage_stock=True)
        body = {"set_paid": True, "line_items": [{"product_id": shirt["id"], "variation_id": small["id"]}]}
        line = client.post("/orders", json=body).json()["line_items"][0]
        assert (line["product_id"], line["variation_id"]) == (shirt["id"], small["id"])
        assert (line["name"], line["parent_name"], line["sku"], line["total"]) == ("Shirt - S", "Shirt", "S", "20.00")
        assert [(row["key"], row["value"]) for row in line["meta_data"]] == [("size", "S"), ("_reduced_stock", "1")]
        assert sandbox.variations(shirt["id"])[0]["stock_quantity"] == -1


def test_what_a_variation_sells_comes_from_its_products_stock_if_that_is_managed_there() -> None:
    with Sandbox() as sandbox:
        shirt = sandbox.create_product(
            name="Shirt", type="variable", attributes=SIZES, manage_stock=True, stock_quantity=5
        )
        small = sandbox.create_variation(shirt["id"])
        sandbox.place_order({small["id"]: 2})
        assert sandbox.product(shirt["id"])["stock_quantity"] == 3


def test_a_product_without_managed_stock_is_sold_and_keeps_its_date() -> None:
    with Sandbox(clock=ticking()) as sandbox:
        made = sandbox.create_product(name="x", regular_price="1")
        order = sandbox.place_order({made["id"]: 1})
        assert order["line_items"][0]["meta_data"] == []
        after = sandbox.product(made["id"])
        assert (after["total_sales"], after["date_modified"]) == (1, made["date_modified"])


def test_an_order_of_downloads_is_complete_when_it_is_paid() -> None:
    with Sandbox() as sandbox:
        made = sandbox.create_product(name="x", regular_price="1", virtual=True, downloadable=True)
        order = sandbox.place_order({made["id"]: 1})
        assert (order["status"], order["needs_processing"]) == ("completed", False)
        assert order["date_paid"] == order["date_completed"] is not None


def test_an_order_outlives_the_product_that_it_sold() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        mug = stocked(sandbox, "MUG", regular_price="8.50")
        order = sandbox.place_order({"MUG": 2})
        sandbox.delete_product(mug)
        line = client.get(f"/orders/{order['id']}").json()["line_items"][0]
        assert (line["name"], line["product_id"], line["sku"], line["total"]) == ("MUG", mug, None, "17.00")
        assert client.put(f"/orders/{order['id']}", json={"status": "cancelled"}).status_code == 200


def test_an_order_that_is_refused_takes_no_stock() -> None:
    with shop() as sandbox, opened(sandbox) as client:
        mug = stocked(sandbox, "MUG")
        order = sandbox.place_order({"MUG": 2})
        place, line = f"/orders/{order['id']}", order["line_items"][0]["id"]
        changes = [{"id": line, "quantity": 5}, {"id": 98765, "quantity": 1}]
        assert client.put(place, json={"line_items": changes}).json()["code"] == "woocommerce_rest_invalid_item_id"
        assert client.get(place).json() == order
        assert sandbox.product(mug)["stock_quantity"] == 8


def test_orders_notes_and_refunds_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "shop.db"
    with Sandbox(state) as sandbox, opened(sandbox) as client:
        stocked(sandbox, "MUG", regular_price="8.50")
        order = sandbox.place_order({"MUG": 2})
        place = f"/orders/{order['id']}"
        client.post(f"{place}/notes", json={"note": "kept"})
        client.post(f"{place}/refunds", json={"amount": "1", "api_refund": False})
        before = [client.get(path).json() for path in (place, f"{place}/notes", f"{place}/refunds")]
    with Sandbox(state) as sandbox, opened(sandbox) as client:
        assert [client.get(path).json() for path in (place, f"{place}/notes", f"{place}/refunds")] == before
        assert client.post("/orders", json={}).json()["id"] > order["id"]


def test_what_belongs_to_an_order_goes_with_it() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        stocked(sandbox, "MUG", regular_price="8.50")
        place = f"/orders/{sandbox.place_order({'MUG': 2})['id']}"
        note = client.post(f"{place}/notes", json={"note": "n"}).json()
        client.post(f"{place}/refunds", json={"amount": "1", "api_refund": False})
        client.delete(place, params={"force": "true"})
        assert client.get("/refunds").json() == []
        assert client.get(f"{place}/notes").json()["code"] == "woocommerce_rest_order_invalid_id"
        assert client.get(f"{place}/notes/{note['id']}").status_code == 404


def test_a_note_and_a_refund_are_deleted_for_good_or_not_at_all() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        stocked(sandbox, "MUG", regular_price="8.50")
        place = f"/orders/{sandbox.place_order({'MUG': 2})['id']}"
        other = f"/orders/{sandbox.place_order({'MUG': 2})['id']}"
        note = client.post(f"{place}/notes", json={"note": "n"}).json()
        refund = client.post(f"{place}/refunds", json={"amount": "1", "api_refund": False}).json()
        for made in (f"notes/{note['id']}", f"refunds/{refund['id']}"):
            assert client.delete(f"{place}/{made}").json()["code"] == "woocommerce_rest_trash_not_supported"
            assert client.delete(f"{other}/{made}", params={"force": "true"}).status_code == 404
            assert client.get(f"{place}/{made}").status_code == 200
            assert client.delete(f"{place}/{made}", params={"force": "true"}).status_code == 200
            assert client.get(f"{place}/{made}").status_code == 404


def test_a_lost_reply_to_an_order_leaves_it_there_and_the_retry_makes_another() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        sandbox.faults = [Fault("drop-after", 1)]
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/orders", json={"transaction_id": "T"})
        sandbox.faults = ()
        client.post("/orders", json={"transaction_id": "T"})
        assert [order["transaction_id"] for order in sandbox.orders()] == ["T", "T"]


def test_a_batch_of_orders_does_not_go_into_the_trash_by_status() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        order = sandbox.place_order({"x": 1})
        batch = {"update": [{"id": order["id"], "status": "trash"}]}
        assert client.post("/orders/batch", json=batch).json()["update"][0]["error"]["data"]["status"] == 400
        assert sandbox.order(order["id"]) == order


def test_who_an_order_is_not_known_is_said_as_for_products() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        assert client.put("/orders/999", json={}).status_code == 400
        assert client.get("/orders/999").status_code == client.delete("/orders/999").status_code == 404
        assert client.post("/orders", json={"id": 5}).json()["code"] == "woocommerce_rest_shop_order_exists"
        with pytest.raises(ApiError):
            sandbox.order(999)


@pytest.mark.parametrize(
    "order",
    [
        {"line_items": [[], "x", None, 5]},
        {"line_items": {"0": {"product_id": 1}}},
        {"line_items": [{"product_id": [1], "quantity": "1e400"}]},
        {"line_items": [{"product_id": 1, "quantity": 10**30, "total": "1e400"}]},
        {"line_items": [{"sku": ["a"], "total": {"a": 1}, "subtotal": "9" * 400}]},
        {"line_items": [{"product_id": True, "meta_data": "x"}]},
        {"shipping_lines": [{"method_id": 5, "total": "-1,5"}], "fee_lines": [{"name": ["x"], "total": 1e308}]},
        {"billing": "x", "shipping": [1], "meta_data": [{"key": None}], "customer_id": "0"},
        {"billing": {"email": "", "city": 5, "unknown": "x"}, "currency": "", "parent_id": "x"},
        {"status": ["x"], "set_paid": "yes", "transaction_id": 5, "created_via": [1]},
    ],
)
def test_nothing_that_a_batch_may_hold_breaks_the_shop(order: dict[str, Any]) -> None:
    with shop() as sandbox, opened(sandbox) as client:
        answer = client.post("/orders/batch", json={"create": [order]})
        assert answer.status_code == 200
        assert sandbox.orders() == client.get("/orders").json() == answer.json()["create"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"currency": "XYZ"}, "order_invalid_currency"),
        ({"parent_id": 999}, "order_invalid_parent_id"),
        ({"shipping_lines": [{"total": "5"}]}, "woocommerce_rest_invalid_shipping_item"),
        ({"fee_lines": [{"total": "5"}]}, "woocommerce_rest_invalid_fee_item"),
        ({"line_items": [{"quantity": 2}]}, "woocommerce_rest_required_product_reference"),
        ({"line_items": [{"id": 7, "quantity": 2}]}, "woocommerce_rest_invalid_item_id"),
        ({"billing": {"email": "ä@example.test"}}, "order_invalid_billing_email"),
    ],
)
def test_what_cannot_be_is_an_error_of_its_item(order: dict[str, Any], code: str) -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        answer = client.post("/orders/batch", json={"create": [order, {}]}).json()["create"]
        assert answer[0]["error"]["code"] == code
        assert answer[1]["status"] == "pending"
        assert len(sandbox.orders()) == 1
