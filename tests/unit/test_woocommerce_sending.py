"""Batches: only what changed, an outcome for every item, and nothing taken for done or undone that may be otherwise."""

from __future__ import annotations

import json
import threading
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from syncengine.errors import Refused, Unreachable
from syncengine.records import FieldChange
from syncengine.sandbox import Fault, Sandbox
from syncengine.values import Type, Value
from tests.unit.test_woocommerce_shop import (
    answer,
    answering,
    change,
    create,
    endpoint,
    mapping,
    only,
    sent,
    shop,
    update,
)


class Watched(httpx.BaseTransport):
    """A sandbox, and the bodies of what was written to it."""

    def __init__(self, sandbox: Sandbox, largest: int = 10**9) -> None:
        self._through, self._largest = sandbox.transport(), largest
        self.written: list[Any] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.written.append(json.loads(request.read()))
            if sum(map(len, self.written[-1].values())) > self._largest:
                return httpx.Response(413, text="<html>413 Request Entity Too Large</html>")
        return self._through.handle_request(request)


def stored(body: dict[str, Any]) -> dict[str, Any]:
    return {"status": "publish", "type": "simple", **body}


# What is sent


def test_only_changed_fields_are_sent_as_the_store_spells_them() -> None:
    paths: tuple[str, ...] = (
        "name",
        "regular_price",
        "sale_price",
        "stock_quantity",
        "manage_stock",
        "weight",
        "dimensions.length",
    )
    paths = (*paths, "date_on_sale_from", "date_on_sale_to", "meta:a", "meta:b", "meta:c", "low_stock_amount", "sku")
    types = {
        "date_on_sale_to": Type("date"),
        "meta:b": Type("boolean"),
        "meta:c": Type("money"),
        "sale_price": Type("money", 3),
    }
    asked = update(7, name=None, regular_price=Decimal("5"), sale_price=Decimal("1.5"))
    others: dict[str, Value] = {
        "manage_stock": False,
        "weight": Decimal("1.50"),
        "dimensions.length": None,
        "date_on_sale_from": None,
        "date_on_sale_to": date(2026, 2, 1),
        "meta:a": None,
        "meta:b": False,
        "meta:c": Decimal("2.5"),
        "low_stock_amount": None,
    }
    for path, value in others.items():
        asked.fields[path] = FieldChange("x", value, "test")
    transport = answering(answer({"update": [stored({"id": 7})]}))
    with endpoint(transport, mapping(*paths, types=types)) as store:
        only(store.send([asked]))
    assert sent(transport.asked[0]) == {  # type: ignore[attr-defined]
        "update": [
            {
                "id": 7,
                "name": "",
                "regular_price": "5.00",
                "sale_price": "1.500",
                "manage_stock": False,
                "weight": "1.5",
                "dimensions": {"length": ""},
                "date_on_sale_from_gmt": "",
                "date_on_sale_to": "2026-02-01T23:59:59",
                "meta_data": [
                    {"key": "a", "value": None},
                    {"key": "b", "value": "0"},
                    {"key": "c", "value": "2.50"},
                ],
                "low_stock_amount": None,
            }
        ]
    }


def test_a_relative_change_of_stock_is_sent_as_a_difference_with_its_mark() -> None:
    with shop("sku", "stock_quantity", seed=1) as (sandbox, store):
        product = sandbox.products()[0]
        asked = update(product["id"], stock_quantity=0)
        asked.fields["stock_quantity"].difference = -3
        asked.mark = True
        assert only(store.send([asked])).status == "done"
        after = sandbox.product(product["id"])
        assert after["stock_quantity"] == product["stock_quantity"] - 3
        assert {"_syncengine": asked.id} == {
            one["key"]: one["value"] for one in after["meta_data"] if one["key"][0] == "_"
        }
        assert store.find_marked([asked, update(product["id"], stock_quantity=1)]) == {asked.id: str(product["id"])}


def test_creates_are_found_by_their_mark() -> None:
    with shop("name", seed=120) as (sandbox, store):
        creates = [create(name=f"new {at}") for at in range(3)]
        for one in creates:
            one.mark = True
        outcomes = store.send(creates[:2])
        assert store.find_marked(creates) == {one.change.id: one.record_id for one in outcomes}
        before = store.requests
        store.find_marked(creates[:2])
        assert store.requests - before == 1, "the newest come first"
        assert len(sandbox.products()) == 122


def test_an_attribute_is_replaced_or_added_and_the_others_stay() -> None:
    with shop("sku", "attribute:Brand", "attribute:Size") as (sandbox, store):
        with httpx.Client(transport=sandbox.transport(), auth=("ck_sandbox", "cs_sandbox")) as client:
            url = "https://shop.test/wp-json/wc/v3/products/attributes"
            brand = client.post(url, json={"name": "Brand"}).json()
        others = [{"name": "Size", "options": ["S", "M"], "visible": False}, {"name": "Material", "options": ["Wool"]}]
        one = sandbox.create_product(name="x", attributes=others)["id"]
        trashed = sandbox.create_product(name="y", attributes=others)["id"]
        sandbox.edit_product(trashed, status="trash")
        batch = [update(one, attribute__Brand="Acme", attribute__Size="L"), update(trashed, attribute__Size=None)]
        assert [outcome.status for outcome in store.send(batch)] == ["done", "done"]
        found = {
            each["name"]: (each["id"], each["options"], each["visible"]) for each in sandbox.product(one)["attributes"]
        }
        assert found == {
            "Size": (0, ["L"], False),
            "Material": (0, ["Wool"], False),
            "Brand": (brand["id"], ["Acme"], True),
        }
        assert [each["name"] for each in sandbox.product(trashed)["attributes"]] == ["Material"]


# Outcomes


def test_one_bad_item_fails_alone_and_by_its_position() -> None:
    with shop("sku", "name", "regular_price", seed=3) as (sandbox, store):
        one, two, _ = sandbox.products()
        batch = [
            create(sku="N-1", name="first"),
            update(one["id"], name="renamed"),
            create(sku=one["sku"], name="taken"),
            update(999999, name="nobody"),
            create(sku="N-2", name="second"),
            update(two["id"], sku=one["sku"]),
        ]
        outcomes = store.send(batch)
        assert [outcome.change for outcome in outcomes] == batch
        assert [outcome.status for outcome in outcomes] == ["done", "done", "failed", "failed", "done", "failed"]
        assert outcomes[2].record_id == str(one["id"]), "the engine links it"
        assert outcomes[2].error.startswith("product_invalid_sku: Invalid or duplicated SKU.")
        assert outcomes[3].error == "woocommerce_rest_product_invalid_id: Invalid ID."
        assert {product["name"] for product in sandbox.products()} >= {"first", "second", "renamed"}


def test_a_sku_that_only_the_trash_holds_names_no_partner() -> None:
    with shop("sku", "name", seed=1) as (sandbox, store):
        product = sandbox.products()[0]
        sandbox.edit_product(product["id"], status="trash")
        outcome = only(store.send([create(sku=product["sku"], name="again")]))
        assert (outcome.status, outcome.record_id) == ("failed", None)
        assert outcome.error.startswith("woocommerce_rest_product_not_created")


def test_a_sku_that_a_variation_holds_makes_no_partner_of_it() -> None:
    variation = {"id": 23, "type": "variation", "parent_id": 22, "status": "publish", "sku": "V"}
    clash = {"code": "product_invalid_sku", "message": "Duplicate", "data": {"status": 400, "resource_id": 23}}
    found = answer([variation], X_WP_Total="1")
    transport = answering(found, found, answer({"create": [{"id": 0, "error": clash}]}))
    with endpoint(transport, mapping("sku"), concurrency=1) as store:
        assert {one for page in store.find("sku", ["V"]) for one in page.ids} == {"22/23"}
        outcome = only(store.send([create(sku="V")]))
    assert (outcome.status, outcome.record_id) == ("failed", None)
    assert "23 has this SKU" in outcome.error


def test_a_delete_goes_to_the_trash_unless_the_mapping_says_destroy() -> None:
    with Sandbox(seed=3) as sandbox:
        one, two, three = (product["id"] for product in sandbox.products())
        watched = Watched(sandbox)
        destroy = change("delete", two)
        destroy.destroy = True
        with endpoint(watched, mapping("sku", "name")) as store:
            outcomes = store.send([change("delete", one), destroy, update(three, name="stays")])
        assert [outcome.status for outcome in outcomes] == ["done"] * 3
        assert watched.written == [
            {"update": [{"id": one, "status": "trash"}, {"id": three, "name": "stays"}], "delete": [two]}
        ]
        assert [product["id"] for product in sandbox.products()] == [three]
        assert [product["id"] for product in sandbox.products(status="trash")] == [one]


def test_a_status_that_no_field_maps_can_be_written() -> None:
    with shop("sku", seed=1) as (sandbox, store):
        number = sandbox.products()[0]["id"]
        assert only(store.send([update(number, status="draft")])).status == "done"
        assert sandbox.product(number)["status"] == "draft"


# Answers that do not fit


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"update": []},
        {"update": [stored({"id": 7}), stored({"id": 8}), stored({"id": 9})]},
        {"update": [stored({"id": 8}), stored({"id": 7})]},
        {"update": [None, 5]},
        {"update": "x"},
        {"create": [stored({"id": 7}), stored({"id": 8})]},
    ],
)
def test_an_answer_that_does_not_fit_what_was_sent_proves_nothing(body: Any) -> None:
    with endpoint(answering(answer(body)), mapping("name")) as store:
        outcomes = store.send([update(7, name="a"), update(8, name="b")])
    assert [outcome.status for outcome in outcomes] == ["unknown", "unknown"]


def test_an_answer_that_fits_in_one_part_counts_there() -> None:
    body = {"create": [stored({"id": 70, "name": "new"})], "update": []}
    with endpoint(answering(answer(body)), mapping("name")) as store:
        outcomes = store.send([update(7, name="a"), create(name="new")])
    assert [(outcome.status, outcome.record_id) for outcome in outcomes] == [("unknown", "7"), ("done", "70")]
    with endpoint(answering(answer({"create": [stored({"id": 0})]})), mapping("name")) as store:
        assert only(store.send([create(name="new")])).status == "unknown"


# Lost replies


@pytest.mark.parametrize("fault", ["error-500", "busy-429", "busy-503", "drop-before", "drop-after", "half-batch"])
def test_after_a_lost_reply_nothing_is_claimed_and_nothing_repeated(fault: str) -> None:
    with shop("sku", "name", seed=4) as (sandbox, store):
        batch = [update(product["id"], name="new") for product in sandbox.products()]
        sandbox.faults = (Fault(fault, 1.0),)
        sandbox.reset_log()
        outcomes = store.send(batch)
        assert [outcome.status for outcome in outcomes] == ["unknown"] * 4
        assert all(outcome.error for outcome in outcomes)
        assert len(sandbox.requests) == 1


def test_a_500_is_said_to_be_one() -> None:
    with shop("sku", seed=1, faults=[Fault("error-500", 1.0)]) as (_, store):
        assert "500 internal_server_error" in only(store.send([update(5, sku="x")])).error


def test_a_write_that_cannot_leave_ends_the_job() -> None:
    down = answering(httpx.ConnectError("refused"))
    with endpoint(down, mapping("name")) as store, pytest.raises(Unreachable, match="cannot be used now"):
        store.send([update(7, name="a")])


# Sizes


def test_batches_shrink_when_the_store_says_413_or_times_out() -> None:
    with Sandbox(seed=100) as sandbox:
        watched = Watched(sandbox, largest=30)
        with endpoint(watched, mapping("name")) as store:
            outcomes = store.send([update(product["id"], name="new") for product in sandbox.products()])
            assert [outcome.status for outcome in outcomes] == ["done"] * 100
            assert [len(body["update"]) for body in watched.written] == [100, 50, 25, 25, 50, 25, 25]
            assert store.batch_size == 25
    for misfortune, size in ((httpx.ReadTimeout("slow"), 10), (httpx.Response(504), 10), (httpx.Response(500), 25)):
        with endpoint(answering(misfortune), mapping("name")) as store:
            store.send([update(number, name="x") for number in range(1, 21)])
            assert store.batch_size == size, misfortune


def test_an_item_that_is_too_large_alone_is_given_up() -> None:
    with endpoint(answering(httpx.Response(413)), mapping("name")) as store:
        outcomes = store.send([update(7, name="x" * 1000), update(8, name="y")])
        assert [outcome.status for outcome in outcomes] == ["failed"] * 2
        assert store.batch_size == 1


def test_a_refusal_of_the_whole_batch_is_narrowed_down_to_its_item() -> None:
    def picky(request: httpx.Request) -> httpx.Response:
        items = sent(request)["update"]
        if any(item["name"] == "bad" for item in items):
            return answer({"code": "rest_invalid_param", "message": "no", "data": {"status": 400}}, 400)
        return answer({"update": [stored(item) for item in items]})

    with endpoint(answering(picky), mapping("name")) as store:
        outcomes = store.send([update(number, name="bad" if number == 3 else "good") for number in range(1, 9)])
    assert [outcome.status for outcome in outcomes] == ["done"] * 2 + ["failed"] + ["done"] * 5
    assert outcomes[2].error == "rest_invalid_param: no"


class Firewall(httpx.BaseTransport):
    """A sandbox behind a firewall that lets no write with certain words pass."""

    def __init__(self, sandbox: Sandbox, words: bytes, status: int = 403) -> None:
        self._through, self._words, self._status = sandbox.transport(), words, status
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += request.method == "POST"
        if request.method == "POST" and self._words in request.read():
            return httpx.Response(self._status, text="<html><h1>Not acceptable</h1></html>")
        return self._through.handle_request(request)


@pytest.mark.parametrize("status", [400, 403, 404, 406, 418])
def test_a_record_that_a_firewall_minds_fails_alone(status: int) -> None:
    with Sandbox() as sandbox:
        firewall = Firewall(sandbox, b"UNION SELECT", status)
        with endpoint(firewall) as store:
            products = [create(sku=f"A-{at}", name="UNION SELECT" if at in (0, 63) else "x") for at in range(100)]
            outcomes = store.send(products)
        assert [at for at, one in enumerate(outcomes) if one.status == "failed"] == [0, 63]
        assert {one.status for one in outcomes} == {"done", "failed"}
        assert len(sandbox.products()) == 98
    assert outcomes[63].error == (
        f"blocked: {status} from something before WooCommerce, a firewall perhaps: let this program pass"
    )


def test_a_firewall_that_lets_no_write_pass_is_not_asked_for_ever() -> None:
    with Sandbox() as sandbox:
        firewall = Firewall(sandbox, b"create")
        with endpoint(firewall) as store:
            outcomes = store.send([create(sku=f"A-{at}", name="x") for at in range(100)])
            assert {one.status for one in outcomes} == {"failed", "unknown"}
            with pytest.raises(Refused, match="403 from something before WooCommerce"):
                store.send([one.change for one in outcomes if one.status == "unknown"])
        assert firewall.asked < 30
        assert sandbox.products() == []


def test_a_401_of_somebody_else_is_no_firewall_s() -> None:
    page = httpx.Response(401, text="<h1>Who are you?</h1>")
    with endpoint(answering(page)) as store, pytest.raises(Unreachable, match="a web page came instead"):
        store.send([update(7, sku="x"), update(8, sku="y")])


def test_what_was_written_before_a_refusal_is_not_forgotten() -> None:
    too_large, fine = httpx.Response(413), answer({"update": [stored({"id": 7})]})
    no_more = answer({"code": "woocommerce_rest_authentication_error", "message": "Consumer secret is invalid."}, 401)
    with endpoint(answering(too_large, fine, no_more), mapping("name")) as store:
        outcomes = store.send([update(7, name="a"), update(8, name="b")])
        assert [outcome.status for outcome in outcomes] == ["done", "unknown"]
        with pytest.raises(Refused):
            store.send([update(8, name="b")])


def test_batches_may_be_sent_from_several_threads() -> None:
    with shop("sku", "name", "categories", seed=300) as (sandbox, store):
        changes = [update(product["id"], name="new", categories=["Bolts"]) for product in sandbox.products()]
        results: list[Any] = []
        threads = [
            threading.Thread(target=lambda part: results.extend(store.send(part)), args=(changes[at : at + 60],))
            for at in range(0, 300, 60)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {outcome.status for outcome in results} == {"done"}
        assert len(results) == 300
        assert {product["name"] for product in sandbox.products()} == {"new"}
