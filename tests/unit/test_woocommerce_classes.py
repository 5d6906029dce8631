"""Tax and shipping classes: the shop's names on both sides, its slugs on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from syncengine.endpoints import Cursor
from syncengine.endpoints.woocommerce.products import Products
from syncengine.mapping import Mapping
from syncengine.sandbox import Request, Response, Sandbox
from tests.unit.test_woocommerce_shop import cells, create, endpoint, ids, mapping, only, update

TAXES = [
    {"slug": "standard", "name": "Standard rate"},
    {"slug": "reduced-rate", "name": "Reduced rate"},
    {"slug": "zero-rate", "name": "Zero &amp; exempt"},
]
SHIPPING = [
    {"id": 1, "slug": "bulky", "name": "Bulky goods"},
    {"id": 2, "slug": "fragile", "name": "Fragile"},
    {"id": 3, "slug": "fragile-2", "name": "fragile"},
]


class Shop(Sandbox):
    """A sandbox that tells of these classes, or of none, as an old store does."""

    tells = True

    def handle(self, request: Request) -> Response:
        rows: dict[str, list[dict[str, Any]]] = {"taxes/classes": TAXES, "products/shipping_classes": SHIPPING}
        for route, found in rows.items():
            if request.path.endswith(route):
                self.asked = [*getattr(self, "asked", ()), route]
                missing = {"code": "rest_no_route", "message": "No route", "data": {"status": 404}}
                total = (("X-WP-Total", str(len(found))), ("X-WP-TotalPages", "1"))
                return Response.json(200, found, total) if self.tells else Response.json(404, missing)
        return super().handle(request)


@contextmanager
def shop(mapped: Mapping | None = None, tells: bool = True) -> Iterator[tuple[Shop, Products]]:
    with Shop() as sandbox, endpoint(sandbox.transport(), mapped or mapping("sku", "tax_class")) as store:
        sandbox.tells = tells
        yield sandbox, store


@pytest.mark.parametrize(
    ("written", "slug", "shown"),
    [
        ("Reduced rate", "reduced-rate", "Reduced rate"),
        ("reduced  RATE", "reduced-rate", "Reduced rate"),
        ("reduced-rate", "reduced-rate", "Reduced rate"),
        ("Zero & exempt", "zero-rate", "Zero & exempt"),
        ("standard", "", ""),
        ("Standard", "", ""),
        ("Standard rate", "", ""),
        ("", "", ""),
        (None, "", ""),
    ],
)
def test_a_tax_class_is_written_by_its_slug_and_read_by_its_name(written: str | None, slug: str, shown: str) -> None:
    with shop() as (sandbox, store):
        assert store.refusal("tax_class", written) == ""
        assert (store.normal("tax_class", written) or "") == shown
        outcome = only(store.send([create(sku="A", tax_class=written)]))
        assert sandbox.product(int(outcome.record_id or 0))["tax_class"] == slug
        assert (outcome.cells or {})["tax_class"] == shown
        assert only(list(cells(store.pull(Cursor(), (), full=True)).values()))["tax_class"] == shown


def test_a_class_that_the_store_does_not_have_is_refused_with_those_that_it_has() -> None:
    """An unknown shipping class would be ignored, an unknown tax class blanked (FACTS-WOOCOMMERCE, 2)."""
    with shop() as (sandbox, store):
        assert store.refusal("tax_class", "Ermäßigt") == (
            "the store has no tax_class 'Ermäßigt'; it has Reduced rate, Standard rate, Zero & exempt"
        )
        assert store.refusal("shipping_class", "nope") == (
            "the store has no shipping_class 'nope'; it has Bulky goods, Fragile, fragile-2"
        )
        assert store.refusal("shipping_class", "standard").startswith("the store has no shipping_class")
        assert sandbox.asked == ["taxes/classes", "products/shipping_classes"], "once a run"


def test_of_two_classes_with_one_name_the_second_goes_by_its_slug() -> None:
    with shop() as (_, store):
        assert [store.normal("shipping_class", text) for text in ("fragile", "Fragile", "fragile-2", "BULKY")] == [
            "Fragile",
            "Fragile",
            "fragile-2",
            "Bulky goods",
        ]


def test_a_store_that_does_not_tell_its_classes_gets_slugs_as_they_are() -> None:
    with shop(tells=False) as (sandbox, store):
        assert store.refusal("tax_class", "reduced-rate") == ""
        assert store.normal("tax_class", "reduced-rate") == "reduced-rate"
        number = int(only(store.send([create(sku="A", tax_class="reduced-rate")])).record_id or 0)
        assert sandbox.product(number)["tax_class"] == "reduced-rate"
        outcome = only(store.send([update(number, tax_class="Standard")]))
        assert (sandbox.product(number)["tax_class"], (outcome.cells or {})["tax_class"]) == ("", "")


def test_the_class_of_a_variation_s_product_may_be_named() -> None:
    with shop() as (_, store):
        assert store.refusal("tax_class", "parent") == ""


@pytest.mark.parametrize("word", ["reduced-rate", "Reduced rate"])
def test_products_are_selected_by_the_slug_or_the_name_of_their_class(word: str) -> None:
    with shop(mapping("sku", only={"tax_class": (word,)})) as (sandbox, store):
        sandbox.create_product(sku="A")
        chosen = sandbox.create_product(sku="B", tax_class="reduced-rate")["id"]
        assert ids(store.pull(Cursor(), (), full=True)) == [str(chosen)]


def test_nobody_asks_for_classes_that_no_field_has() -> None:
    with shop(mapping("sku", "name")) as (sandbox, store):
        sandbox.create_product(sku="A")
        assert ids(store.pull(Cursor(), (), full=True))
        assert not hasattr(sandbox, "asked")
