"""What the tests of the WooCommerce endpoint share, and the happy path through all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest

from syncengine.endpoints import Cursor, Endpoint, Page, View, rows
from syncengine.endpoints.woocommerce.products import Products
from syncengine.errors import CannotRun
from syncengine.mapping import ErpSide, Field, Gone, Mapping, StoreSide
from syncengine.records import Action, Change, FieldChange, Outcome
from syncengine.sandbox import Fault, Sandbox
from syncengine.settings import WooCommerceConnection
from syncengine.values import Type, TypeName, Value

KEY, SECRET = "ck_sandbox", "cs_sandbox"
START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
TYPES: dict[str, TypeName] = {
    "regular_price": "money",
    "sale_price": "money",
    "stock_quantity": "integer",
    "manage_stock": "boolean",
    "categories": "list",
    "tags": "list",
    "weight": "decimal",
    "date_on_sale_from": "datetime",
}
USUAL = ("sku", "name", "regular_price", "stock_quantity", "manage_stock", "categories", "tags")
numbers = count(1)


class Clock:
    """The store's clock, which stands still unless it is told to move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def mapping(
    *paths: str,
    only: dict[str, tuple[str, ...]] | None = None,
    modified: str | None = None,
    types: dict[str, Type] | None = None,
) -> Mapping:
    """A mapping whose fields have the names of their store paths."""
    chosen = types or {}
    fields = {p: Field(p, p, p, chosen.get(p, Type(TYPES.get(p, "text")))) for p in paths or USUAL}
    return Mapping(
        file="products.toml",
        entity="product",
        erp=ErpSide("products.csv", "sku", modified=modified),
        store=StoreSide(only or {}),
        match_by=("id", "sku"),
        create_in_store=True,
        create_in_erp=False,
        gone=Gone(),
        fields=fields,
    )


def connection(url: str = "http://shop.test", **options: Any) -> WooCommerceConnection:
    given = {"consumer_key": KEY, "consumer_secret": SECRET, **options}
    return WooCommerceConnection(name="shop", type="woocommerce", url=url, **given)


@contextmanager
def endpoint(
    transport: httpx.BaseTransport | None, mapped: Mapping | None = None, url: str = "http://shop.test", **options: Any
) -> Iterator[Products]:
    view = View("products", "store", mapped or mapping(), "R1", read_only=False)
    opened = Products(connection(url, **options), view, transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def shop(
    *paths: str,
    mapped: Mapping | None = None,
    seed: int = 0,
    faults: Sequence[Fault] = (),
    clock: Clock | None = None,
    **options: Any,
) -> Iterator[tuple[Sandbox, Products]]:
    """A sandbox and an endpoint on it, without a socket and without waiting. A signature would need the true time."""
    url = "https://shop.test" if clock else "http://shop.test"
    with (
        Sandbox(seed=seed, faults=faults, clock=clock) as sandbox,
        endpoint(sandbox.transport(), mapped or mapping(*paths), url, **options) as opened,
    ):
        yield sandbox, opened


def change(action: Action, record_id: str | int | None = None, /, **fields: Value) -> Change:
    """A change whose fields are named by path, with `__` for what a keyword cannot hold."""
    number = next(numbers)
    named = {name.replace("__", ":"): FieldChange(None, value, "test") for name, value in fields.items()}
    key = str(fields.get("sku") or f"K-{number}")
    return Change(f"c{number}", "store", action, "product", key, str(record_id) if record_id else None, named)


def create(**fields: Value) -> Change:
    return change("create", None, **fields)


def update(record_id: str | int, /, **fields: Value) -> Change:
    return change("update", record_id, **fields)


def only(outcomes: Sequence[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


def ids(pages: Iterator[Page] | Any) -> list[str]:
    return [record for page in pages for record in page.ids]


def cells(pages: Iterator[Page] | Any) -> dict[str, dict[str, Any]]:
    return {record: found for record, _, found, _ in rows(pages)}


def answering(*answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    """A transport that gives these answers in turn, the last for ever; what it was asked is in `.asked`."""
    left = list(answers)
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)

    transport = httpx.MockTransport(handle)
    transport.asked = asked  # type: ignore[attr-defined]
    return transport


def answer(body: Any, status: int = 200, **headers: str) -> httpx.Response:
    dated = {
        "Date": "Wed, 01 Jul 2026 12:00:00 GMT",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return httpx.Response(status, headers=dated, json=body)


def sent(request: httpx.Request) -> Any:
    return json.loads(request.content)


def test_a_product_goes_to_the_store_and_comes_back_in_the_same_words() -> None:
    paths = (*USUAL, "description", "attribute:Brand", "meta:_shelf", "dimensions.length", "weight", "tax_class")
    whole = create(
        sku="A-1",
        name="Nuts & Bolts 😀",
        regular_price=Decimal("19.9"),
        stock_quantity=7,
        manage_stock=True,
        categories=["Iron > Nuts", "New"],
        tags=["small & fine"],
        description="<p>Salt & pepper</p>",
        attribute__Brand="Acme",
        meta___shelf="12",
        weight=Decimal("1.5"),
    )
    whole.fields["dimensions.length"] = FieldChange(None, Decimal("30"), "test")
    with shop(*paths) as (sandbox, store):
        terms = store.prerequisites([whole])
        assert [one.key for one in terms] == [
            "category: Iron",
            "category: Iron > Nuts",
            "category: New",
            "tag: small & fine",
        ]
        assert [one.status for one in store.send(terms)] == ["done"] * 4
        done = only(store.send([whole]))
        assert (done.status, done.error) == ("done", "")
        pull = store.pull(Cursor(), (), full=True)
        read = cells(pull)
        stored = sandbox.product_by_sku("A-1")
    assert stored["regular_price"] == "19.90", "a price has its places"
    assert stored["name"] == "Nuts &amp; Bolts 😀"
    assert read[done.record_id or ""] == done.cells, "an answer reads as a pull would"
    assert done.cells == {
        "type": "simple",
        "sku": "A-1",
        "name": "Nuts & Bolts 😀",
        "regular_price": "19.90",
        "stock_quantity": 7,
        "manage_stock": True,
        "categories": ["Iron > Nuts", "New"],
        "tags": ["small & fine"],
        "description": "<p>Salt & pepper</p>",
        "attribute:Brand": "Acme",
        "meta:_shelf": "12",
        "dimensions.length": "30",
        "weight": "1.5",
        "tax_class": "",
    }
    assert pull.complete


def test_the_endpoint_is_what_the_engine_expects() -> None:
    with shop() as (_, store):
        engine_sees: Endpoint = store
        assert isinstance(store, Endpoint)
        assert (engine_sees.batch_size, engine_sees.concurrency, engine_sees.settle) == (100, 2, 30.0)
        assert engine_sees.writable
        assert not engine_sees.takes_later
        assert not engine_sees.format.text
    with endpoint(None, url="https://Shop.test/wp/wp-json/") as store:
        assert store.identity() == "shop.test/wp", "however the URL was copied"


def test_a_dry_run_cannot_write() -> None:
    with Sandbox(seed=1) as sandbox:
        view = View("products", "store", mapping(), "R1", read_only=True)
        store = Products(connection(), view, sandbox.transport())
        assert store.writable, "what it would write is still planned"
        with pytest.raises(CannotRun, match="a dry run was about to write"):
            store.send([update(sandbox.products()[0]["id"], name="x")])
        assert sandbox.requests == []
        store.close()
