"""Writing variations and images: each product has its own batch, and what one image spoils is no more than that."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from syncengine.endpoints.woocommerce.products import Products
from syncengine.records import Change, Outcome
from syncengine.sandbox import Fault, Sandbox
from syncengine.values import Ordered, Type
from tests.unit.test_woocommerce_shop import cells, change, create, endpoint, mapping, only, update

PATHS = ("sku", "regular_price", "attribute:Color", "attribute:Size", "images", "name", "status", "meta:a")
MAPPED = mapping(*PATHS, types={"images": Type("list", ordered=True)})
NOWHERE, SOMEWHERE = "https://missing.example/a.jpg", "https://pictures.example/a.jpg"


class Watched(httpx.BaseTransport):
    """A sandbox; what was written to it, and where; and how it fails. `largest` is the size of a batch that it takes,
    `fault` strikes the routes that hold the word."""

    def __init__(self, sandbox: Sandbox, largest: int = 100, fault: str = "", route: str = "") -> None:
        self.sandbox, self.largest, self.fault, self.route = sandbox, largest, fault, route
        self.written: list[tuple[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return self.sandbox.transport().handle_request(request)
        route, body = request.url.path.partition("/v3/")[2], json.loads(request.read())
        self.written.append((route, body))
        if sum(map(len, body.values())) > self.largest:
            return httpx.Response(413, text="<html>413 Request Entity Too Large</html>")
        self.sandbox.faults = [Fault(self.fault, 1)] if self.fault and self.route in route else []
        try:
            return self.sandbox.transport().handle_request(request)
        finally:
            self.sandbox.faults = []


class Shop:
    """A sandbox with two shirts, and an endpoint on it."""

    def __init__(self, **how: Any) -> None:
        self.sandbox = Sandbox()
        self.transport = Watched(self.sandbox, **how)
        self.opened = endpoint(self.transport, MAPPED)
        self.store: Products = self.opened.__enter__()
        offered = [{"name": "Color", "options": ["Red", "Blue"], "variation": True}]
        self.products = [
            self.sandbox.create_product(sku=sku, type="variable", attributes=offered)["id"] for sku in ("S1", "S2")
        ]

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *error: object) -> None:
        self.opened.__exit__(None, None, None)
        self.sandbox.close()

    def variation(self, product: int, color: str, **fields: Any) -> str:
        made = self.sandbox.create_variation(product, attributes=[{"name": "Color", "option": color}], **fields)
        return f"{product}/{made['id']}"

    def shown(self, product: int) -> list[tuple[str, str]]:
        """(colour, price) of a product's variations."""
        return [(one["attributes"][0]["option"], one["regular_price"]) for one in self.sandbox.variations(product)]

    def files(self, images: Any) -> list[str]:
        return [image["src"].rpartition("/")[2] for image in images]


def new_variation(product: int, color: str, **fields: Any) -> Change:
    made = create(attribute__Color=color, **fields)
    made.kind, made.below = "variation", str(product)
    return made


def of_variation(record_id: str, **fields: Any) -> Change:
    made = update(record_id, **fields)
    made.kind = "variation"
    return made


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [one.status for one in outcomes]


# Batches


def test_each_product_has_its_own_batch_and_outcomes_come_in_the_order_of_the_changes() -> None:
    with Shop() as shop:
        one, other = shop.products
        red = shop.variation(one, "Red")
        changes = [
            new_variation(other, "Red", regular_price=Decimal(1)),
            of_variation(red, regular_price=Decimal(2)),
            update(one, name="Shirt"),
            new_variation(one, "Blue", regular_price=Decimal(3)),
        ]
        outcomes = shop.store.send(changes)
        assert [outcome.change for outcome in outcomes] == changes
        assert statuses(outcomes) == ["done"] * 4
        assert [outcome.record_id for outcome in outcomes[1:3]] == [red, str(one)]
        assert sorted(route for route, _ in shop.transport.written) == [
            f"products/{one}/variations/batch",
            f"products/{other}/variations/batch",
            "products/batch",
        ]
        assert shop.shown(one) == [("Red", "2.00"), ("Blue", "3.00")]
        assert shop.shown(other) == [("Red", "1.00")]
        answered = outcomes[3].cells or {}
        assert (answered["type"], answered["attribute:Color"], answered["sku"]) == ("variation", "Blue", "")


def test_a_batch_holds_the_variations_of_one_product_only() -> None:
    with Shop() as shop:
        changes = [
            new_variation(10, "Red"),
            of_variation("11/5", name="x"),
            update(10, name="x"),
            new_variation(10, "Blue"),
            of_variation("10/7", name="x"),
        ]
        batches = shop.store.cut(changes, 2)
        assert [[changes.index(one) for one in batch] for batch in batches] == [[0, 3], [4], [1], [2]]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "error-500", "half-batch"])
def test_a_reply_that_is_lost_says_nothing_about_that_product_and_nothing_about_any_other(fault: str) -> None:
    with Shop() as shop:
        one, other = shop.products
        shop.transport.fault, shop.transport.route = fault, f"products/{one}/"
        changes = [new_variation(one, "Red"), new_variation(other, "Red"), new_variation(one, "Blue")]
        assert statuses(shop.store.send(changes)) == ["unknown", "done", "unknown"]
        there = {"drop-before": 0, "error-500": 0, "half-batch": 1, "drop-after": 2}[fault]
        assert len(shop.shown(one)) == there
        assert len(shop.transport.written) == 2, "nothing is repeated"


def test_a_batch_of_variations_that_is_too_large_is_halved() -> None:
    with Shop(largest=2) as shop:
        product = shop.products[0]
        changes = [new_variation(product, "Red", sku=f"V{at}") for at in range(5)]
        assert statuses(shop.store.send(changes)) == ["done"] * 5
        assert [one["sku"] for one in shop.sandbox.variations(product)] == [f"V{at}" for at in range(5)]


def test_one_bad_variation_fails_alone() -> None:
    with Shop() as shop:
        product = shop.products[0]
        changes = [
            new_variation(product, "Red", sku="V1"),
            new_variation(product, "Blue", sku="V1"),
            of_variation(f"{product}/999999", sku="V3"),
            new_variation(product, "Blue", sku="V4"),
        ]
        outcomes = shop.store.send(changes)
        assert statuses(outcomes) == ["done", "failed", "failed", "done"]
        assert outcomes[1].record_id is None, "what has its SKU is no partner for certain"
        assert [one["sku"] for one in shop.sandbox.variations(product)] == ["V1", "V4"]


def test_a_variation_whose_product_is_not_there_is_not_sent() -> None:
    with Shop() as shop:
        lost = new_variation(0, "Red")
        lost.below = None
        outcome = only(shop.store.send([lost]))
        assert (outcome.status, outcome.error) == ("failed", "no-parent: its product is not in the store")
        assert shop.transport.written == []


def test_a_variation_has_no_trash_it_is_disabled_or_deleted_for_good() -> None:
    with Shop() as shop:
        product = shop.products[0]
        red, blue = shop.variation(product, "Red"), shop.variation(product, "Blue")
        softly, for_good = change("delete", red), change("delete", blue)
        for_good.destroy = True
        assert statuses(shop.store.send([softly, for_good])) == ["done", "done"]
        (left,) = shop.sandbox.variations(product)
        assert (f"{product}/{left['id']}", left["status"]) == (red, "private")


# Marks


def test_variations_without_sku_are_found_by_their_marks() -> None:
    with Shop() as shop:
        one, other = shop.products
        changes = [new_variation(one, "Red"), new_variation(other, "Red"), new_variation(one, "Blue")]
        for each in changes:
            each.mark = True
        done = shop.store.send(changes[:2])
        assert shop.store.find_marked(changes) == {each.change.id: each.record_id for each in done}


def test_a_difference_is_found_by_its_mark_in_a_variation() -> None:
    with Shop() as shop:
        red = shop.variation(shop.products[0], "Red", manage_stock=True, stock_quantity=5)
        asked, other = of_variation(red, stock_quantity=0), of_variation(red, name="x")
        asked.fields["stock_quantity"].difference = -2
        asked.mark = True
        assert only(shop.store.send([asked])).status == "done"
        assert shop.sandbox.variations(shop.products[0])[0]["stock_quantity"] == 3
        assert shop.store.find_marked([asked, other]) == {asked.id: red}


# Options


def test_an_option_takes_the_place_of_the_one_of_its_name_and_the_others_stay() -> None:
    offered = [
        {"name": "Color", "options": ["Red", "Blue"], "variation": True},
        {"name": "Size", "options": ["S", "M"], "variation": True},
    ]
    with Shop() as shop:
        product = shop.products[0]
        shop.sandbox.edit_product(product, attributes=offered)
        chosen = [{"name": "Color", "option": "Red"}, {"name": "Size", "option": "S"}]
        one = shop.sandbox.create_variation(product, attributes=chosen)
        assert only(shop.store.send([of_variation(f"{product}/{one['id']}", attribute__Color="Blue")])).status == "done"
        (after,) = shop.sandbox.variations(product)
        assert {each["name"]: each["option"] for each in after["attributes"]} == {"Color": "Blue", "Size": "S"}


def test_a_product_gets_the_options_that_it_does_not_offer_before_its_variations_need_them() -> None:
    with Shop() as shop:
        one, other = shop.products
        red = shop.variation(one, "Red")
        changes = [
            new_variation(one, "Green"),
            new_variation(one, "blue"),
            new_variation(other, "Red"),
            of_variation(red, attribute__Color="Black"),
        ]
        (needed,) = shop.store.prerequisites(changes)
        assert (needed.record_id, needed.fields["attribute:Color"].new) == (str(one), "Red | Blue | Green | Black")
        assert only(shop.store.send([needed])).status == "done"
        assert shop.store.prerequisites(changes) == []
        (attribute,) = shop.sandbox.product(one)["attributes"]
        assert (attribute["options"], attribute["variation"]) == (["Red", "Blue", "Green", "Black"], True)
        assert statuses(shop.store.send(changes)) == ["done"] * 4
        assert [color for color, _ in shop.shown(one)] == ["Black", "Green", "blue"]


def test_a_new_variable_product_offers_what_its_variations_choose_from() -> None:
    with Shop() as shop:
        made = create(sku="S3", attribute__Color="Red | Blue", attribute__Size="S")
        made.kind, made.options = "variable", {"attribute:Color": ["Red", "Blue"]}
        number = only(shop.store.send([made])).record_id
        found = shop.sandbox.product(int(number or 0))
        assert found["type"] == "variable"
        assert [(one["name"], one["options"], one["variation"]) for one in found["attributes"]] == [
            ("Color", ["Red", "Blue"], True),
            ("Size", ["S"], False),
        ]


# Images


def test_an_image_that_is_there_is_sent_by_its_number_and_never_fetched_again() -> None:
    with Shop() as shop:
        images = [{"src": f"https://pictures.example/{name}.jpg"} for name in "ab"]
        product = shop.sandbox.create_product(sku="P", images=images)["id"]
        a, b = cells(shop.store.fetch([str(product)]))[str(product)]["images"]
        new = "https://pictures.example/c.jpg"
        asked = update(product, images=Ordered([b, new, a]))
        assert only(shop.store.send([asked])).status == "done"
        after = shop.sandbox.product(product)
        assert shop.files(after["images"]) == ["b.jpg", "c.jpg", "a.jpg"]
        assert shop.sandbox.site.store.count_attachments() == 3
        ((_, body),) = shop.transport.written
        assert [sorted(one) for one in body["update"][0]["images"]] == [["id"], ["src"], ["id"]]


def test_images_of_a_product_can_be_taken_away() -> None:
    with Shop() as shop:
        product = shop.sandbox.create_product(sku="P", images=[{"src": SOMEWHERE}])["id"]
        assert only(shop.store.send([update(product, images=Ordered())])).status == "done"
        assert shop.sandbox.product(product)["images"] == []


def test_a_variation_has_one_image() -> None:
    with Shop() as shop:
        product = shop.products[0]
        red = shop.variation(product, "Red")
        outcome = only(shop.store.send([of_variation(red, images=Ordered([SOMEWHERE, SOMEWHERE + "?2.jpg"]))]))
        (there,) = (outcome.cells or {})["images"]
        assert there.rpartition("/")[2] == "a.jpg"
        assert only(shop.store.send([of_variation(red, images=Ordered([there]))])).status == "done"
        assert shop.sandbox.site.store.count_attachments() == 1
        outcome = only(shop.store.send([of_variation(red, images=Ordered())]))
        assert (outcome.cells or {})["images"] == []


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("kind", ["product", "variation"])
def test_an_image_that_cannot_be_fetched_fails_alone(kind: str, *, new: bool) -> None:
    with Shop() as shop:
        product = shop.products[0]
        fields = {"regular_price": Decimal(7), "images": Ordered([NOWHERE])}
        if kind == "product":
            number = shop.sandbox.create_product(sku="P")["id"]
            bad = create(sku="NEW", **fields) if new else update(number, **fields)
        else:
            bad = new_variation(product, "Blue", **fields)
            bad = bad if new else of_variation(shop.variation(product, "Blue"), **fields)
        good = create(sku="GOOD", images=Ordered([SOMEWHERE]))
        outcomes = shop.store.send([bad, good])
        assert statuses(outcomes) == ["done", "done"], "the rest is written"
        assert f"woocommerce_{kind}_image_upload_error" in bad.fields["images"].error
        assert bad.fields["regular_price"].error == ""
        answered = outcomes[0].cells or {}
        assert (answered["regular_price"], answered["images"]) == ("7.00", [])
        assert shop.files(shop.sandbox.product_by_sku("GOOD")["images"]) == ["a.jpg"]


def test_a_change_of_nothing_but_a_bad_image_fails() -> None:
    with Shop() as shop:
        product = shop.sandbox.create_product(sku="P", name="Cup")["id"]
        outcome = only(shop.store.send([update(product, images=Ordered([NOWHERE]))]))
        assert outcome.status == "failed"
        assert "woocommerce_product_image_upload_error" in outcome.error
        assert len(shop.transport.written) == 1, "there is nothing else to send"


def test_what_is_sent_again_without_its_images_may_get_no_reply() -> None:
    """The first answer said that nothing was written; of the second try nobody knows."""
    with Shop() as shop:

        class Dropping(Watched):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                self.fault = "drop-after" if len(self.written) == 1 and request.method == "POST" else ""
                return super().handle_request(request)

        with endpoint(Dropping(shop.sandbox), MAPPED) as store:
            outcome = only(store.send([create(sku="NEW", images=Ordered([NOWHERE]))]))
        assert outcome.status == "unknown"
        assert shop.sandbox.product_by_sku("NEW")["images"] == []
