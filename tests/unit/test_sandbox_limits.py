"""Numbers and addresses that nobody should send: the shop answers them, as PHP would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Sandbox
from syncengine.sandbox.values import email, is_email, php_integer

KEY = ("ck_sandbox", "cs_sandbox")
HUGE = "9" * 40


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with (
        Sandbox() as sandbox,
        httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "path",
    [
        f"/products/{HUGE}",
        f"/products/{HUGE}/variations/{HUGE}",
        f"/orders/{HUGE}",
        f"/orders/{HUGE}/notes/{HUGE}",
        f"/customers/{HUGE}",
        f"/coupons/{HUGE}",
    ],
)
def test_an_id_longer_than_any_number_is_an_unknown_one(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"), [(HUGE, 2**63 - 1), (f"-{HUGE}", -(2**63 - 1)), ("1e999", 0), ("1e3", 1000)]
)
def test_a_number_longer_than_any_is_cut_off(client: httpx.Client, given: str, kept: int) -> None:
    made = client.post("/products/batch", json={"create": [{"manage_stock": True, "stock_quantity": given}]})
    assert made.json()["create"][0]["stock_quantity"] == kept == php_integer(given)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize("name", ["date_on_sale_from", "date_on_sale_to_gmt"])
@pytest.mark.parametrize(
    "date", ["9999-12-31T23:59:59", "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"]
)
def test_the_ends_of_the_calendar_are_dates_in_every_zone(zone: str, name: str, date: str) -> None:
    with (
        Sandbox(zone=zone) as sandbox,
        httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY) as client,
    ):
        made = client.post("/products/batch", json={"create": [{"name": "x", name: date}]})
        assert made.status_code == 200
        (listed,) = client.get("/products").json()
        assert listed[name][:4] == date[:4]
        for bound in ("modified_after", "before"):
            assert client.get("/products", params={bound: date}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"create": [{"name": "a\\ud800b"}]}',
        '{"name": "a\ud800"}'.encode(errors="surrogatepass"),
        b"\xff",
    ],
)
def test_what_php_cannot_read_is_no_json(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/products/batch", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_json")


def test_the_default_category_stays_the_default_under_another_name(client: httpx.Client) -> None:
    (default,) = client.get("/products/categories").json()
    client.put(f"/products/categories/{default['id']}", json={"name": "Sonstiges", "slug": "sonstiges"})
    made = client.post("/products", json={"name": "x"}).json()
    assert [(one["id"], one["slug"]) for one in made["categories"]] == [(default["id"], "sonstiges")]
    assert len(client.get("/products/categories").json()) == 1
    gone = client.delete(f"/products/categories/{default['id']}", params={"force": True})
    assert gone.json()["code"] == "woocommerce_rest_cannot_delete"


@pytest.mark.parametrize(
    ("address", "taken", "cleaned"),
    [
        ("a@b.de", True, "a@b.de"),
        ("first.last+tag@mail.example.test", True, "first.last+tag@mail.example.test"),
        (" a@b.de ", False, "a@b.de"),
        ("ä@b.de", False, ""),
        ("a@b", False, ""),
        ("a@b..de", False, "a@b.de"),
        ("a@-b.de", False, "a@b.de"),
        ("@b.de", False, ""),
        ("bad", False, ""),
        ("a@b@c.de", False, "a@bc.de"),
        ("", False, ""),
        (None, False, ""),
        (5, False, ""),
    ],
)
def test_what_counts_as_an_address_and_what_is_left_of_one(address: Any, taken: bool, cleaned: str) -> None:
    assert (is_email(address), email(address)) == (taken, cleaned)
