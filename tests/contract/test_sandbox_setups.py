"""Shops that are set up otherwise than a client expects: each can be told from the others by what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Sandbox
from tests.contract.test_sandbox_auth import BAD_SIGNATURE, HTTP, PRODUCTS, REFUSED, assert_refused, call, signed

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
SHOP = "https://shop.test"
KEY = ("ck_sandbox", "cs_sandbox")


@contextmanager
def opened(**setup: Any) -> Iterator[httpx.Client]:
    with (
        Sandbox(clock=lambda: NOW, **setup) as sandbox,
        httpx.Client(transport=sandbox.transport(), base_url=SHOP, auth=KEY) as client,
    ):
        yield client


def assert_page(answer: httpx.Response, status: int) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.text.startswith("<html>")


def test_with_plain_permalinks_the_api_is_in_a_parameter_only() -> None:
    with opened(plain_permalinks=True) as client:
        assert_page(client.get("/wp-json/", auth=None), 404)
        assert_page(client.get(PRODUCTS), 404)
        front = client.get("/", auth=None)
        assert_page(front, 200)
        assert front.links["https://api.w.org/"]["url"] == f"{SHOP}/index.php?rest_route=/"
        assert client.get("/?rest_route=/", auth=None).json()["home"] == SHOP
        place = {"rest_route": "/wc/v3/products"}
        for path in ("/", "/index.php"):
            assert client.get(path, params=place).json() == []
        made = client.post("/", params=place, json={"name": "x"})
        assert made.status_code == 201
        assert made.headers["Location"] == f"{SHOP}/index.php?rest_route=/wc/v3/products/{made.json()['id']}"
        assert client.get(made.headers["Location"]).json()["name"] == "x"
        client.post("/", params={"rest_route": "/wc/v3/products/batch"}, json={"create": [{"name": "y"}]})
        page = client.get("/", params={**place, "per_page": 1})
        assert client.get(page.links["next"]["url"]).json() == [client.get(made.headers["Location"]).json()]
        assert client.get("/", params={"rest_route": "/nonsense"}, auth=None).json()["code"] == "rest_no_route"


def test_the_parameter_works_beside_the_path_where_permalinks_are_not_plain() -> None:
    with opened() as client:
        assert client.get("/", auth=None).links["https://api.w.org/"]["url"] == f"{SHOP}/wp-json/"
        assert client.get("/?rest_route=/wc/v3/products").json() == client.get(PRODUCTS).json() == []
        assert_refused(client.get("/?rest_route=/wc/v3/products", auth=None), "woocommerce_rest_cannot_view")
        assert_page(client.get("/no/such/page"), 404)


def test_oauth_signs_the_parameter_like_any_other() -> None:
    with opened(plain_permalinks=True) as client:
        url = f"{HTTP}/?rest_route=/wc/v3/products"
        assert call(client, url, signed("GET", url, KEY), auth=None).status_code == 200


def test_a_firewall_answers_for_the_api_and_lets_pages_through() -> None:
    with opened(firewall=True) as client:
        for path in ("/wp-json/", PRODUCTS, "/?rest_route=/wc/v3/products"):
            answer = client.get(path)
            assert_page(answer, 403)
            assert "Link" not in answer.headers
        assert_page(client.post(PRODUCTS, json={"name": "x"}), 403)
        assert_page(client.get("/", auth=None), 200)


def test_everything_can_be_redirected_to_another_host() -> None:
    with opened(redirect_to="https://www.shop.test") as client:
        for path in ("/", "/wp-json/", f"{PRODUCTS}?sku=a%20b"):
            answer = client.get(path)
            assert_page(answer, 301)
            assert answer.headers["Location"] == f"https://www.shop.test{path}"
        assert client.post(PRODUCTS, json={"name": "x"}).status_code == 301


def test_a_home_that_is_not_the_address_is_told_and_signed() -> None:
    with opened(home="https://home.test") as client:
        index = client.get("/wp-json/", auth=None).json()
        assert (index["home"], index["url"]) == ("https://home.test", "https://home.test")
        assert client.get(PRODUCTS).status_code == 200, "Basic needs no signature"
        made = client.post(PRODUCTS, json={"name": "x", "images": [{"src": "https://pictures.example/a.png"}]})
        assert made.headers["Location"].startswith(f"https://home.test{PRODUCTS}/")
        assert made.json()["images"][0]["src"].startswith("https://home.test/wp-content/uploads/")
        assert client.get(f"{PRODUCTS.removesuffix('products')}system_status").json()["environment"]["home_url"] == (
            "https://home.test"
        )
        refused = call(client, HTTP + PRODUCTS, signed("GET", HTTP + PRODUCTS, KEY), auth=None)
        assert_refused(refused, REFUSED, BAD_SIGNATURE)
        right = signed("GET", f"http://home.test{PRODUCTS}", KEY)
        assert call(client, HTTP + PRODUCTS, right, auth=None).status_code == 200


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_clock_that_is_wrong_shows_in_the_date_and_refuses_right_timestamps(seconds: int) -> None:
    with opened(clock_offset=seconds) as client:
        hour = NOW.hour + seconds // 3600
        assert client.get("/wp-json/", auth=None).headers["Date"] == f"Wed, 01 Jul 2026 {hour}:00:00 GMT"
        assert client.post(PRODUCTS, json={"name": "x"}).json()["date_modified_gmt"] == f"2026-07-01T{hour}:00:00"
        url = HTTP + PRODUCTS
        assert_refused(call(client, url, signed("GET", url, KEY), auth=None), REFUSED, "Invalid timestamp.")
        assert call(client, url, signed("GET", url, KEY, at=seconds), auth=None).status_code == 200


@pytest.mark.parametrize(
    ("zone", "offset", "local"),
    [("America/New_York", -4, "08:00"), ("Asia/Kolkata", 5.5, "17:30"), ("UTC", 0, "12:00")],
)
def test_a_shop_lives_in_its_time_zone(zone: str, offset: float, local: str) -> None:
    with opened(zone=zone) as client:
        index = client.get("/wp-json/", auth=None).json()
        assert (index["timezone_string"], index["gmt_offset"]) == (zone, offset)
        made = client.post(PRODUCTS, json={"name": "x"}).json()
        assert (made["date_created_gmt"], made["date_created"]) == ("2026-07-01T12:00:00", f"2026-07-01T{local}:00")


def test_a_shop_says_which_versions_it_is() -> None:
    with opened(woocommerce="7.9.2", wordpress="6.2.8") as client:
        told = client.get("/wp-json/wc/v3/system_status").json()["environment"]
        assert (told["version"], told["wp_version"]) == ("7.9.2", "6.2.8")


def test_what_a_shop_says_of_itself_is_for_those_with_a_key() -> None:
    with opened() as client:
        for path in ("system_status", "settings", "settings/general", "taxes/classes", "products/shipping_classes"):
            assert client.get(f"/wp-json/wc/v3/{path}").status_code == 200, path
            assert_refused(client.get(f"/wp-json/wc/v3/{path}", auth=None), "woocommerce_rest_cannot_view")
        assert_refused(
            client.post("/wp-json/wc/v3/taxes/classes", auth=None, json={"name": "x"}), "woocommerce_rest_cannot_create"
        )
