"""Reading variations: all of them, as themselves, in as few requests as the store allows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from syncengine.endpoints import Cursor
from syncengine.endpoints.woocommerce.kinds import applies
from syncengine.endpoints.woocommerce.products import Products
from syncengine.sandbox import Sandbox
from tests.unit.test_woocommerce_shop import Clock, cells, endpoint, ids, mapping

COLORS = ("Red", "Blue", "Green")
OFFERED = [{"name": "Color", "options": list(COLORS), "variation": True}]
PATHS = ("sku", "regular_price", "manage_stock", "stock_quantity", "attribute:Color", "images", "name", "description")


@contextmanager
def shop(seed: int = 0, variations: int = 0, **options: Any) -> Iterator[tuple[Sandbox, Products]]:
    clock = Clock()
    with Sandbox(seed=seed, variations=variations, clock=clock) as sandbox:
        sandbox.moves = clock.move  # type: ignore[attr-defined]
        with opened(sandbox, **options) as store:
            yield sandbox, store


def opened(sandbox: Sandbox, **options: Any) -> Any:
    """Another run: an endpoint that knows nothing but its cursor."""
    return endpoint(sandbox.transport(), mapping(*PATHS), "https://shop.test", concurrency=1, **options)


def shirt(sandbox: Sandbox, *colors: str, **more: Any) -> tuple[int, list[int]]:
    """A product and its variations without SKU, in these colours. Returns their numbers."""
    product = sandbox.create_product(sku="SHIRT", name="Shirt", type="variable", attributes=OFFERED, **more)["id"]
    made = [sandbox.create_variation(product, attributes=[{"name": "Color", "option": one}]) for one in colors]
    return product, [one["id"] for one in made]


def asked_for(sandbox: Sandbox) -> list[str]:
    """What was asked since the log was reset: `list` of products, `skus`, or a product's own list of variations."""
    told = []
    for request in sandbox.requests:
        query = parse_qs(request.query)
        if "variations" in request.path:
            told.append(request.path.partition("/v3/")[2])
        elif "sku" in query:
            told.append(f"{len(query['sku'][0].split(','))} skus")
        elif "include" not in query:
            told.append("list")
    return told


# Which requests are made


def test_variations_that_nobody_knows_are_read_from_their_products_own_lists() -> None:
    with shop(seed=3, variations=2) as (sandbox, store):
        found = ids(store.pull(Cursor(), (), full=True))
        numbers = {str(product["id"]): product["variations"] for product in sandbox.products()}
        assert sorted(found) == sorted([*numbers, *(f"{one}/{each}" for one in numbers for each in numbers[one])])
        assert asked_for(sandbox) == ["list", *(f"products/{one}/variations" for one in numbers)]


@pytest.mark.parametrize("told", ["the cursor", "the erp"])
def test_variations_whose_skus_are_known_are_asked_for_by_the_hundred(told: str) -> None:
    """By the cursor of the last reading, or because the ERP's rows have such SKUs."""
    with shop(seed=40, variations=3) as (sandbox, store):
        pull = store.pull(Cursor(), (), full=True)
        before = cells(pull)
        cursor = pull.cursor(()) if told == "the cursor" else Cursor()
        with opened(sandbox) as again:
            if told == "the erp":
                again.expect({"sku": {str(one["sku"]) for one in before.values()}})
            sandbox.reset_log()
            assert cells(again.pull(cursor, (), full=True)) == before
        assert asked_for(sandbox) == ["list", "100 skus", "20 skus"]


def test_a_few_lists_are_read_sooner_than_many_skus_are_asked_for() -> None:
    with shop(seed=2, variations=3) as (sandbox, store):
        store.expect({"sku": {f"OTHER-{at}" for at in range(500)}})
        assert len(ids(store.pull(Cursor(), (), full=True))) == 2 + 6
        assert [one for one in asked_for(sandbox) if "skus" in one] == []


def test_what_has_another_sku_by_now_is_found_in_its_products_own_list() -> None:
    with shop(seed=30, variations=2) as (sandbox, store):
        pull = store.pull(Cursor(), (), full=True)
        list(pull)
        product = sandbox.products()[7]
        sandbox.edit_silently(product["variations"][1], sku="ANOTHER")
        sandbox.reset_log()
        with opened(sandbox) as again:
            found = cells(again.pull(pull.cursor(()), (), full=True))
        assert found[f"{product['id']}/{product['variations'][1]}"]["sku"] == "ANOTHER"
        assert len(found) == 90
        assert asked_for(sandbox) == ["list", "60 skus", f"products/{product['id']}/variations"]


def test_only_the_variations_of_a_product_whose_date_moved_are_read_again() -> None:
    with shop(seed=20, variations=2) as (sandbox, store):
        pull = store.pull(Cursor(), (), full=True)
        list(pull)
        sandbox.moves(hours=1)  # type: ignore[attr-defined]
        product = sandbox.products()[4]
        one, other = product["variations"]
        sandbox.edit_product(one, regular_price="77.00")
        with opened(sandbox) as again:
            found = cells(again.pull(pull.cursor(()), (), full=False))
        assert sorted(found) == sorted([str(product["id"]), f"{product['id']}/{one}", f"{product['id']}/{other}"])
        assert found[f"{product['id']}/{one}"]["regular_price"] == "77.00"


def test_single_variations_are_fetched_by_their_ids_alone() -> None:
    with shop(seed=2, variations=30) as (sandbox, store):
        product = sandbox.products()[0]
        wanted = [f"{product['id']}/{number}" for number in product["variations"][:3]]
        assert sorted(ids(store.fetch([*wanted, f"{product['id']}/999999", "x/y", "/5", "5/"]))) == sorted(wanted)
        (query,) = [parse_qs(one.query) for one in sandbox.requests if "variations" in one.path]
        assert sorted(query["include"][0].split(",")) == sorted([*map(str, product["variations"][:3]), "999999"])


@pytest.mark.parametrize("number", [100, 101, 250])
def test_a_product_may_have_more_variations_than_a_page(number: int) -> None:
    with shop(seed=1, variations=number) as (sandbox, store):
        (product,) = sandbox.products()
        expected = [str(product["id"]), *(f"{product['id']}/{each}" for each in product["variations"])]
        assert sorted(ids(store.pull(Cursor(), (), full=True))) == sorted(expected)
        assert len(expected) == number + 1


class Shrinking(httpx.BaseTransport):
    """A sandbox in which the first variations are deleted after the first page of them was read."""

    def __init__(self, sandbox: Sandbox, by: int) -> None:
        self._sandbox, self._through, self._left = sandbox, sandbox.transport(), by

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._through.handle_request(request)
        if request.url.path.endswith("/variations"):
            for number in self._sandbox.products()[0]["variations"][: self._left]:
                self._sandbox.delete_product(number)
            self._left = 0
        return answer


def test_variations_that_slip_onto_a_page_that_was_read_already_are_read_all_the_same() -> None:
    """The second page is past the end by then, and empty."""
    with (
        Sandbox(seed=1, variations=130, clock=Clock()) as sandbox,
        endpoint(Shrinking(sandbox, 60), mapping("sku"), "https://shop.test", concurrency=1) as store,
    ):
        (product,) = sandbox.products()
        everything = [f"{product['id']}/{number}" for number in product["variations"]]
        pull = store.pull(Cursor(), (), full=True)
        assert ids(pull) == [str(product["id"]), *everything]
        assert pull.missing({*everything, f"{product['id']}/999999"}) == {f"{product['id']}/999999"}


# What a variation is


def test_a_variation_without_sku_has_none_though_the_store_shows_its_products() -> None:
    with shop() as (sandbox, store):
        product, (red, blue) = shirt(sandbox, "Red", "Blue")
        sandbox.edit_product(blue, sku="BLUE")
        skus = {key: one["sku"] for key, one in cells(store.pull(Cursor(), (), full=True)).items()}
        assert skus == {str(product): "SHIRT", f"{product}/{red}": "", f"{product}/{blue}": "BLUE"}
        with opened(sandbox) as fresh:  # which has not read the product
            assert cells(fresh.fetch([f"{product}/{red}"]))[f"{product}/{red}"]["sku"] == ""
        with opened(sandbox) as fresh:
            found = cells(fresh.find("sku", ["shirt", "blue"]))
        assert {key: one["sku"] for key, one in found.items()} == {str(product): "SHIRT", f"{product}/{blue}": "BLUE"}


@pytest.mark.parametrize("sku", ["A,B", "A, B", "Größe 5", "a/b&c=d", "50% off", "SHIRT 2"])
def test_a_variation_is_found_by_an_awkward_sku(sku: str) -> None:
    with shop() as (sandbox, store):
        product, (red, blue) = shirt(sandbox, "Red", "Blue")
        sandbox.edit_product(red, sku=sku)
        sandbox.edit_product(blue, sku="BLUE")
        assert ids(store.find("sku", [sku])) == [f"{product}/{red}"]
        assert cells(store.pull(Cursor(), (), full=True))[f"{product}/{red}"]["sku"] == sku


def test_a_sku_with_a_comma_is_asked_for_alone_among_the_known_ones() -> None:
    with shop(seed=30, variations=2) as (sandbox, store):
        odd = sandbox.products()[0]["variations"][0]
        sandbox.edit_silently(odd, sku="ODD, ONE")
        pull = store.pull(Cursor(), (), full=True)
        before = cells(pull)
        sandbox.reset_log()
        with opened(sandbox) as again:
            assert cells(again.pull(pull.cursor(()), (), full=True)) == before
        assert sorted(asked_for(sandbox)) == ["2 skus", "59 skus", "list"], "one of them is a comma within a SKU"


def test_a_variation_whose_product_counts_the_stock_does_not_count_its_own() -> None:
    with shop() as (sandbox, store):
        product, (red,) = shirt(sandbox, "Red", manage_stock=True, stock_quantity=7)
        one = cells(store.pull(Cursor(), (), full=True))[f"{product}/{red}"]
        assert one["manage_stock"] is False
        assert sandbox.variations(product)[0]["manage_stock"] == "parent"


def test_a_variation_has_the_cells_of_a_variation_only() -> None:
    """The store tells a name, and its product's image, which are not its own to keep in step."""
    with shop() as (sandbox, store):
        product, (red, blue) = shirt(sandbox, "Red", "Blue", images=[{"src": "https://pictures.example/all.jpg"}])
        sandbox.edit_product(red, image={"src": "https://pictures.example/red.jpg"}, description="Warm & <b>soft</b>")
        found = cells(store.pull(Cursor(), (), full=True))
        one = found[f"{product}/{red}"]
        assert (one["type"], one["name"], one["attribute:Color"]) == ("variation", None, "Red")
        assert [url.rpartition("/")[2] for url in one["images"]] == ["red.jpg"]
        assert one["description"] == "Warm & <b>soft</b>"
        assert found[str(product)]["attribute:Color"] == "Red | Blue | Green"
        assert found[f"{product}/{blue}"]["images"] == [], "that is its product's"


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("simple", "name regular_price stock_quantity categories images attribute:Color meta:a type", ""),
        ("external", "name regular_price categories", "stock_quantity manage_stock stock_status"),
        ("grouped", "name images", "regular_price sale_price stock_quantity"),
        ("variable", "name images weight sku attribute:Color meta:a", "regular_price date_on_sale_to manage_stock"),
        (
            "variation",
            "sku regular_price date_on_sale_to_gmt stock_quantity dimensions.width images status meta:a",
            "name slug short_description categories tags featured catalog_visibility purchase_note",
        ),
    ],
)
def test_each_kind_of_product_has_its_own_paths(kind: str, has: str, lacks: str) -> None:
    assert [path for path in has.split() if not applies(path, kind)] == []
    assert [path for path in lacks.split() if applies(path, kind)] == []


def test_variations_are_missing_with_a_product_that_lies_in_the_trash() -> None:
    with shop() as (sandbox, store):
        product, (red,) = shirt(sandbox, "Red")
        sandbox.edit_product(product, status="trash")
        pull = store.pull(Cursor(), (), full=True)
        assert ids(pull) == []
        assert pull.missing([str(product), f"{product}/{red}"]) == {str(product), f"{product}/{red}"}
