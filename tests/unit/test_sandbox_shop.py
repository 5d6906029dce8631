"""The shop behind the API: its seed, its memory, its manager's edits, its log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from syncengine.sandbox import Sandbox

KEY = ("ck_sandbox", "cs_sandbox")


def opened(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def test_the_seed_makes_the_same_shop_every_time_dated_in_the_past() -> None:
    with Sandbox(seed=50) as one, Sandbox(seed=50) as other:
        products = one.products()
        assert products == other.products()
    assert [product["sku"] for product in products[:2]] == ["P-000001", "P-000002"]
    assert len({product["sku"] for product in products}) == 50
    assert all(
        "2025-01-01" < product["date_created_gmt"] <= product["date_modified_gmt"] < "2026" for product in products
    )
    assert all(product["manage_stock"] and float(product["regular_price"]) > 0 for product in products)
    assert len({category["name"] for product in products for category in product["categories"]}) > 1


def test_a_state_file_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "shop.db"
    with Sandbox(state, seed=2) as sandbox:
        client = opened(sandbox)
        category = client.post("/products/categories", json={"name": "C"}).json()
        attribute = client.post("/products/attributes", json={"name": "Size"}).json()
        product = client.post(
            "/products",
            json={
                "name": "kept",
                "sku": "kept",
                "categories": [{"id": category["id"]}],
                "attributes": [{"id": attribute["id"], "options": ["S"]}],
                "meta_data": [{"key": "k", "value": "v"}],
            },
        ).json()
        gone = client.post("/products", json={"name": "gone"}).json()
        client.delete(f"/products/{gone['id']}", params={"force": "true"})
        before = client.get(f"/products/{product['id']}").json()
    with Sandbox(state, seed=2) as sandbox:
        client = opened(sandbox)
        assert client.get(f"/products/{product['id']}").json() == before
        assert client.get("/products/attributes").json() == [attribute]
        assert client.post("/products", json={"name": "next"}).json()["id"] > gone["id"], "an id is never given twice"
        assert len(sandbox.products()) == 4


def test_a_managers_edit_moves_the_date_and_a_plug_ins_does_not() -> None:
    with Sandbox(seed=1, clock=Clock()) as sandbox:
        product = sandbox.products()[0]
        silent = sandbox.edit_silently(product["id"], regular_price="1.00", meta_data=[{"key": "k", "value": "v"}])
        assert silent["regular_price"] == "1.00"
        assert silent["date_modified_gmt"] == product["date_modified_gmt"]
        saved = sandbox.edit_product(product["id"], name="renamed")
        assert (saved["name"], saved["regular_price"]) == ("renamed", "1.00")
        assert saved["date_modified_gmt"] > product["date_modified_gmt"]


def test_a_sale_takes_stock_and_moves_the_date() -> None:
    with Sandbox(clock=Clock()) as sandbox:
        product = sandbox.create_product(name="x", sku="x", manage_stock=True, stock_quantity=3)
        sold = sandbox.sell(product["id"], 3)
        assert (sold["stock_quantity"], sold["stock_status"], sold["total_sales"]) == (0, "outofstock", 3)
        assert sold["date_modified_gmt"] > product["date_modified_gmt"]


def test_a_product_is_found_by_sku_and_deleted_for_good() -> None:
    with Sandbox() as sandbox:
        product = sandbox.create_product(name="x", sku="A-1")
        assert sandbox.product_by_sku("a-1")["id"] == product["id"]
        sandbox.delete_product(product["id"])
        with pytest.raises(KeyError):
            sandbox.product_by_sku("A-1")


def test_the_log_tells_what_was_asked() -> None:
    with Sandbox() as sandbox:
        client = opened(sandbox)
        client.get("/products", params={"sku": "x"})
        client.post("/products", json={"name": "x"})
        assert [(each.method, each.path, each.query, each.status) for each in sandbox.requests] == [
            ("GET", "/wp-json/wc/v3/products", "sku=x", 200),
            ("POST", "/wp-json/wc/v3/products", "", 201),
        ]
        assert sandbox.requests[1].size == len(b'{"name":"x"}')
        sandbox.reset_log()
        assert sandbox.requests == []


def test_the_clock_is_the_stores_own() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    with Sandbox(clock=lambda: moment) as sandbox:
        answer = opened(sandbox).post("/products", json={"name": "x"})
        assert answer.headers["Date"] == "Fri, 02 Jan 2026 03:04:05 GMT"
        assert answer.json()["date_modified_gmt"] == "2026-01-02T03:04:05"
        assert answer.json()["date_modified"] == "2026-01-02T04:04:05"


def test_settings_tell_currency_and_units() -> None:
    with Sandbox() as sandbox:
        client = opened(sandbox)
        settings = {each["id"]: each["value"] for each in client.get("/settings/general").json()}
        assert settings["woocommerce_currency"] == "EUR"
        assert client.get("/settings/products/woocommerce_weight_unit").json()["value"] == "kg"
        assert client.get("/settings/nonsense").status_code == 404
