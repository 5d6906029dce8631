"""The API of old: what is asked of it in the place of wc/v3, what its answers mean, and what it is never asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.endpoints import Cursor, View
from syncengine.endpoints.woocommerce import open_endpoint
from syncengine.endpoints.woocommerce.client import LostReply, NoSuchRoute
from syncengine.endpoints.woocommerce.customers import Customers
from syncengine.endpoints.woocommerce.legacy.client import LegacyClient
from syncengine.endpoints.woocommerce.legacy.probe import LegacyProbe
from syncengine.endpoints.woocommerce.legacy.terms import Terms
from syncengine.endpoints.woocommerce.legacy.words import KINDS, undressed
from syncengine.endpoints.woocommerce.products import Products
from syncengine.errors import CannotRun, ConfigError, Refused, Unreachable
from syncengine.mapping import ErpSide, Mapping
from syncengine.records import Action, Change
from syncengine.sandbox import Fault, Key, Sandbox
from syncengine.sandbox.terms import Attributes
from syncengine.values import Type, Value
from tests.unit.test_woocommerce_shop import (
    Clock,
    answer,
    answering,
    cells,
    change,
    connection,
    create,
    endpoint,
    ids,
    mapping,
    only,
    update,
)

OLD = {"api": "legacy-v3"}
PATHS = ("sku", "name", "regular_price", "stock_quantity", "manage_stock", "categories", "tags", "status")


@contextmanager
def old_shop(*paths: str, clock: Clock | None = None) -> Iterator[tuple[Sandbox, Products]]:
    url = "https://shop.test" if clock else "http://shop.test"
    with (
        Sandbox(clock=clock) as sandbox,
        endpoint(sandbox.transport(), mapping(*(paths or PATHS)), url, **OLD) as opened,
    ):
        yield sandbox, opened


@contextmanager
def client(transport: httpx.BaseTransport, url: str = "https://shop.test", **options: Any) -> Iterator[LegacyClient]:
    opened = LegacyClient(connection(url, **OLD, **options), transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


def asked_of(transport: httpx.MockTransport, at: int = -1) -> dict[str, str]:
    """The query of a request."""
    query = urlsplit(str(transport.asked[at].url)).query  # type: ignore[attr-defined]
    return {name: values[0] for name, values in parse_qs(query).items()}


# -- what is asked


def test_a_list_is_asked_for_in_the_words_of_old() -> None:
    transport = answering(answer({"products": []}))
    with client(transport) as opened:
        query = {
            "_fields": "id,name,stock_status,meta_data,variations",
            "status": "any",
            "context": "edit",
            "modified_after": "2026-07-01T12:00:00",
            "dates_are_gmt": "true",
            "per_page": 100,
            "orderby": "id",
            "order": "asc",
        }
        assert opened.get("products", query).body == []
    assert transport.asked[0].url.path == "/wc-api/v3/products"  # type: ignore[attr-defined]
    assert asked_of(transport) == {
        "fields": "id,title,in_stock,backordered",
        "filter[limit]": "100",
        "filter[order]": "ASC",
        "filter[orderby]": "ID",
        "filter[post_status]": "any",
        "filter[updated_at_min]": "2026-07-01T12:00:00Z",
    }


@pytest.mark.parametrize("sku", ["A+1", "100%41", "a b", "a,b", "ü/&=?"])
def test_a_sku_is_found_whatever_stands_in_it(sku: str) -> None:
    with old_shop() as (sandbox, opened):
        made = sandbox.create_product(name="x", sku="other")
        sandbox.edit_silently(made["id"], sku=sku) if "%" not in sku else _force_sku(sandbox, made["id"], sku)
        assert ids(opened.find("sku", [sku])) == [str(made["id"])]


def _force_sku(sandbox: Sandbox, product_id: int, sku: str) -> None:
    """One that came into the shop past its API."""
    with sandbox.site.store.work():
        product = sandbox.site.store.product(product_id)
        assert product is not None
        product.fields["sku"] = sku
        sandbox.site.store.put_product(product, product.terms())


def test_many_skus_are_found_in_few_requests_the_trash_included() -> None:
    with old_shop() as (sandbox, opened):
        made = [sandbox.create_product(name="x", sku=f"S-{number}")["id"] for number in range(150)]
        sandbox.trash_product(made[7])
        sandbox.reset_log()
        found = set(ids(opened.find("sku", [f"s-{number}" for number in range(150)])))
        assert found == set(map(str, made))
        assert len(sandbox.requests) < 20


def test_a_variation_of_that_sku_is_no_product() -> None:
    with old_shop() as (sandbox, opened):
        size = {"name": "Size", "options": ["S"], "variation": True}
        shirt = sandbox.create_product(name="shirt", type="variable", attributes=[size])["id"]
        sandbox.create_variation(shirt, sku="V-1", attributes=[{"name": "Size", "option": "S"}])
        assert ids(opened.find("sku", ["V-1"])) == []
        assert ids(opened.pull(Cursor(), (), full=True)) == [str(shirt)]


def test_signatures_stand_in_the_query_over_http_and_hold() -> None:
    with old_shop() as (sandbox, opened):
        sandbox.create_product(name="x", sku="A+1")
        assert len(ids(opened.find("sku", ["A+1"]))) == 1
        assert all("oauth_signature" in request.query for request in sandbox.requests)


# -- reading


def test_a_pull_reads_whole_lists_and_then_what_was_changed_since() -> None:
    clock = Clock()
    with old_shop(clock=clock) as (sandbox, opened):
        made = [sandbox.create_product(name=f"p{n}", sku=f"S-{n}", regular_price="1.00")["id"] for n in range(250)]
        clock.move(hours=1)
        first = opened.pull(Cursor(), (), full=False)
        assert ids(first) == list(map(str, made))
        assert first.complete
        clock.move(hours=1)
        sandbox.edit_product(made[3], name="new")
        clock.move(seconds=5)
        second = opened.pull(first.cursor(()), (), full=False)
        found = cells(second)
        assert {number: found[number]["name"] for number in found} == {str(made[3]): "new"}
        assert not second.complete


def test_products_read_the_same_by_both_apis() -> None:
    paths = (*PATHS, "sale_price", "weight", "dimensions.length", "stock_status", "attribute:Brand", "attribute:Size")
    with Sandbox() as sandbox:
        sandbox.create_product(
            name="A & B",
            sku="X",
            regular_price="5.00",
            sale_price="4.00",
            weight="1.5",
            manage_stock=True,
            stock_quantity=-2,
            backorders="yes",
            tags=[{"name": "red & green"}],
            attributes=[{"name": "Brand", "options": ["Acme", "Zed"]}, {"name": "Size", "options": ["S"]}],
        )
        sandbox.create_product(name="plain", sku="Y", status="private", stock_status="outofstock")
        by_api = {}
        for api in ("wc-v3", "legacy-v3"):
            with endpoint(sandbox.transport(), mapping(*paths), api=api) as opened:
                by_api[api] = cells(opened.pull(Cursor(), (), full=True))
        assert by_api["legacy-v3"] == by_api["wc-v3"]
        assert len(by_api["wc-v3"]) == 2


def test_two_categories_of_one_name_cannot_be_told_apart_and_stop_the_run() -> None:
    with old_shop("sku", "categories") as (sandbox, opened):
        opened.send(opened.prerequisites([create(sku="1", name="x", categories=["Men > Shoes", "Women > Shoes"])]))
        shoes = [term.id for term in sandbox.site.store.terms.values() if term.name == "Shoes"]
        sandbox.create_product(name="boot", sku="B", categories=[{"id": shoes[0]}])
        with pytest.raises(CannotRun, match=r"several categories 'Shoes'.*different names"):
            ids(opened.pull(Cursor(), (), full=True))


def test_nothing_is_put_into_a_category_that_shares_its_name() -> None:
    with old_shop("sku", "categories") as (sandbox, opened):
        changes = [create(sku="1", name="x", categories=["Men > Shoes", "Women > Shoes"])]
        opened.send(opened.prerequisites(changes))
        outcome = only(opened.send(changes))
        assert (outcome.status, "several categories 'Shoes'" in outcome.error) == ("failed", True)
        assert not sandbox.products()


def test_a_category_made_meanwhile_is_learnt() -> None:
    with old_shop("sku", "categories") as (sandbox, opened):
        sandbox.create_product(name="x", sku="1")
        ids(opened.pull(Cursor(), (), full=True))
        opened.send(opened.prerequisites([create(sku="2", name="y", categories=["New"])]))
        term = next(term.id for term in sandbox.site.store.terms.values() if term.name == "New")
        made = str(sandbox.create_product(name="y", sku="2", categories=[{"id": term}])["id"])
        assert cells(opened.pull(Cursor(), (), full=True))[made]["categories"] == ["New"]


# -- writing


def test_what_is_created_and_changed_is_answered_item_by_item() -> None:
    with old_shop() as (sandbox, opened):
        there = sandbox.create_product(name="there", sku="T", manage_stock=True)["id"]
        changes = [
            create(sku="N", name="new", regular_price="1.00", manage_stock=True, stock_quantity=4),
            update(there, stock_quantity=9),
            update(99999, name="nobody"),
            create(sku="T", name="taken"),
        ]
        made, changed, gone, taken = opened.send(changes)
        assert (made.status, sandbox.product_by_sku("N")["stock_quantity"]) == ("done", 4)
        assert (changed.status, sandbox.product(there)["stock_quantity"]) == ("done", 9)
        assert (gone.status, gone.error) == (
            "failed",
            "woocommerce_rest_product_invalid_id: No product found with the ID equal to 99999",
        )
        assert (taken.status, taken.record_id) == ("failed", str(there))
        assert sandbox.product(there)["name"] == "there", "a create changed the product that has its SKU"


def test_a_product_is_not_made_one_with_a_variation_that_has_its_sku() -> None:
    with old_shop() as (sandbox, opened):
        size = {"name": "Size", "options": ["S"], "variation": True}
        shirt = sandbox.create_product(name="shirt", type="variable", attributes=[size])["id"]
        sandbox.create_variation(shirt, sku="V-1", attributes=[{"name": "Size", "option": "S"}])
        outcome = only(opened.send([create(sku="V-1", name="other")]))
        assert (outcome.status, outcome.record_id) == ("failed", None)
        assert "a variation has it" in outcome.error
        assert len(sandbox.products()) == 1


def test_to_the_trash_is_an_update_and_for_good_a_delete() -> None:
    with old_shop() as (sandbox, opened):
        one, two = (sandbox.create_product(name="x", sku=f"S-{n}")["id"] for n in range(2))
        trash, destroy = change("delete", one), change("delete", two)
        destroy.destroy = True
        assert [outcome.status for outcome in opened.send([trash, destroy])] == ["done", "done"]
        assert sandbox.product(one)["status"] == "trash"
        assert [page.ids for page in opened.fetch([str(one), str(two)])] == [[str(one)]]


def test_a_name_that_would_be_changed_and_a_status_of_stock_that_would_be_lost_are_not_sent() -> None:
    with old_shop(*PATHS, "stock_status") as (sandbox, opened):
        there = sandbox.create_product(name="there", sku="T")["id"]
        sandbox.reset_log()
        outcomes = opened.send(
            [
                update(there, name="two  spaces"),
                update(there, name="<b>bold</b>"),
                update(there, name="50%ab"),
                update(there, stock_status="onbackorder"),
            ]
        )
        assert [one.status for one in outcomes] == ["failed"] * 4
        assert "more than one space" in outcomes[0].error
        assert "instock and outofstock only" in outcomes[3].error
        assert not sandbox.requests


def test_a_create_without_an_sku_is_not_sent_for_it_could_not_be_marked() -> None:
    with old_shop() as (sandbox, opened):
        nameless = create(name="no sku")
        nameless.mark = True
        outcome = only(opened.send([nameless]))
        assert (outcome.status, "meta_data" in outcome.error) == ("failed", True)
        assert not sandbox.products()


def test_a_bulk_that_is_too_large_is_halved() -> None:
    too_large = {"errors": [{"code": "woocommerce_api_products_request_entity_too_large", "message": "Unable"}]}
    done = [answer({"products": [{"id": number, "title": "x", "categories": [], "tags": []}]}) for number in (1, 2)]
    transport = answering(answer(too_large, 413), *done)
    with endpoint(transport, mapping("sku", "name"), "https://shop.test", **OLD) as opened:
        assert [one.status for one in opened.send([update(1, name="x"), update(2, name="x")])] == ["done", "done"]
        assert opened.batch_size == 1


def test_answers_that_do_not_fit_the_items_prove_nothing() -> None:
    transport = answering(answer({"products": []}, 201))
    with endpoint(transport, mapping("sku", "name"), "https://shop.test", **OLD) as opened:
        assert only(opened.send([update(1, name="x")])).status == "unknown"


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "error-500", "half-batch"])
def test_a_lost_reply_leaves_the_outcome_unknown(fault: str) -> None:
    with old_shop() as (sandbox, opened):
        there = sandbox.create_product(name="there", sku="T")["id"]
        sandbox.faults = [Fault(fault, 1.0)]
        assert only(opened.send([update(there, name="x")])).status == "unknown"


def test_the_images_attributes_and_texts_of_a_product_survive_a_write_of_something_else() -> None:
    with old_shop("sku", "name", "attribute:Brand") as (sandbox, opened):
        picture = {"src": "https://pictures.example/a.png"}
        size = {"name": "Size", "options": ["S"]}
        there = sandbox.create_product(name="x", sku="T", description="<b>a</b>", images=[picture], attributes=[size])
        assert only(opened.send([update(there["id"], attribute__Brand="Acme")])).status == "done"
        now = sandbox.product(there["id"])
        assert [one["id"] for one in now["images"]] == [one["id"] for one in there["images"]]
        assert {one["name"]: one["options"] for one in now["attributes"]} == {"Size": ["S"], "Brand": ["Acme"]}
        assert now["description"] == there["description"]


def test_any_write_cuts_the_dates_of_a_sale_to_days_as_the_manual_warns() -> None:
    with old_shop() as (sandbox, opened):
        sale = {"date_on_sale_from_gmt": "2030-01-01T08:00:00", "date_on_sale_to_gmt": "2030-01-31T22:59:59"}
        there = sandbox.create_product(name="x", sku="T", regular_price="2.00", sale_price="1.00", **sale)["id"]
        assert only(opened.send([update(there, name="y")])).status == "done"
        now = sandbox.product(there)
        assert (now["sale_price"], now["date_on_sale_from"]) == ("1.00", "2030-01-01T00:00:00")
        assert now["date_on_sale_to"] == "2030-01-31T00:00:00"


def test_a_global_attribute_stays_the_global_one() -> None:
    with old_shop("sku", "attribute:Colour") as (sandbox, opened):
        with sandbox.site.store.work():
            number = Attributes(sandbox.site).create_item({"name": "Colour", "slug": "farbe"})["id"]
        there = sandbox.create_product(name="x", sku="T")["id"]
        outcome = only(opened.send([update(there, attribute__Colour="Red")]))
        assert outcome.cells is not None
        assert outcome.cells["attribute:Colour"] == "Red"
        assert [(one["id"], one["options"]) for one in sandbox.product(there)["attributes"]] == [(number, ["Red"])]


@pytest.mark.parametrize("junk", [[], "text", {}, {"products": None}, {"products": [1]}, {"products": [{"id": "x"}]}])
def test_an_answer_that_is_none_ends_the_run_and_is_told(junk: Any) -> None:
    with (
        endpoint(answering(answer(junk)), mapping("sku", "name"), "https://shop.test", **OLD) as opened,
        pytest.raises(Unreachable, match="GET products"),
    ):
        ids(opened.pull(Cursor(), (), full=True))


@pytest.mark.parametrize("junk", [[], {}, {"product": None}, {"product": {"id": 0}}])
def test_an_answer_to_a_create_that_is_none_proves_nothing(junk: Any) -> None:
    with endpoint(answering(answer(junk, 201)), mapping("sku", "name"), "https://shop.test", **OLD) as opened:
        assert only(opened.send([create(sku="1", name="x")])).status == "unknown"


# -- customers


@contextmanager
def customers_of(transport: httpx.BaseTransport, url: str = "http://shop.test") -> Iterator[Customers]:
    paths = ("email", "first_name", "billing.city", "date_modified")
    mapped = replace(mapping(*paths, types={"date_modified": Type("datetime")}), entity="customer", match_by=("email",))
    view = View("customers", "store", mapped, "R1", read_only=False)
    opened = Customers(connection(url, **OLD), view, transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


def person(action: Action, record_id: object = None, /, **fields: Value) -> Change:
    made = change(action, str(record_id) if record_id else None, **fields)
    made.entity = "customer"
    return made


def test_customers_are_found_by_any_address_and_in_any_case() -> None:
    with Sandbox() as sandbox, customers_of(sandbox.transport()) as opened:
        made = [sandbox.create_customer(email=email)["id"] for email in ("a+b@example.test", "o'c@example.test")]
        assert ids(opened.find("email", ["A+B@example.test"])) == [str(made[0])]
        assert ids(opened.find("email", ["o'c@example.test"])) == [str(made[1])]
        assert ids(opened.find("email", ["nobody@example.test"])) == []


def test_customers_are_read_again_only_when_they_moved() -> None:
    clock = Clock()
    with Sandbox(clock=clock) as sandbox, customers_of(sandbox.transport(), "https://shop.test") as opened:
        made = [sandbox.create_customer(email=f"c{number}@example.test")["id"] for number in range(120)]
        clock.move(hours=1)
        first = opened.pull(Cursor(), (), full=False)
        assert set(map(str, made)) < set(ids(first))
        sandbox.edit_customer(made[5], billing={"city": "Ulm"})
        sandbox.reset_log()
        second = opened.pull(first.cursor(()), (), full=False)
        assert {number: found["billing.city"] for number, found in cells(second).items()} == {str(made[5]): "Ulm"}
        assert second.unchanged == 120
        assert len(sandbox.requests) == 3, "two pages of the list, and the one that moved"


def test_many_customers_are_found_in_few_requests_wherever_they_are_in_the_list() -> None:
    with Sandbox() as sandbox, customers_of(sandbox.transport()) as opened:
        made = [sandbox.create_customer(email=f"c{number}@example.test")["id"] for number in range(700)]
        for gone in made[350:360]:
            sandbox.delete_customer(gone)
        sandbox.reset_log()
        wanted = [str(number) for number in [*made[300:390], made[650]]]
        found = ids(opened.fetch(wanted))
        assert sorted(map(int, found)) == [*made[300:350], *made[360:390], made[650]]
        assert len(sandbox.requests) < 35, "ten of them are those that are gone"


def test_customers_are_created_changed_and_deleted_each_with_its_outcome() -> None:
    with Sandbox() as sandbox, customers_of(sandbox.transport()) as opened:
        there = sandbox.create_customer(email="there@example.test", billing={"company": "ACME"})["id"]
        changes = [
            person("create", email="new@example.test", first_name="New"),
            person("create", email="There@example.test"),
            person("update", there, **{"billing.city": "Ulm"}),
            person("update", 99999, first_name="nobody"),
        ]
        made, taken, changed, gone = opened.send(changes)
        assert made.status == "done"
        assert (taken.status, taken.record_id) == ("failed", str(there))
        assert (changed.status, sandbox.customer(there)["billing"]["company"]) == ("done", "ACME")
        assert (gone.status, gone.error.partition(":")[0]) == ("failed", "wc_user_invalid_id")
        assert [one.status for one in opened.send([person("delete", there), person("delete", 99999)])] == ["done"] * 2
        assert [one["email"] for one in sandbox.customers()] == ["new@example.test"]


def test_a_global_attribute_made_meanwhile_does_not_become_the_products_own() -> None:
    with old_shop("sku", "name", "attribute:Brand") as (sandbox, opened):
        there = sandbox.create_product(name="x", sku="T")["id"]
        ids(opened.pull(Cursor(), (), full=True))
        with sandbox.site.store.work():
            number = Attributes(sandbox.site).create_item({"name": "Colour", "slug": "farbe"})["id"]
        sandbox.edit_product(there, attributes=[{"id": number, "options": ["Red"]}])
        assert only(opened.send([update(there, attribute__Brand="Acme")])).status == "done"
        found = {(one["id"], *one["options"]) for one in sandbox.product(there)["attributes"]}
        assert found == {(number, "Red"), (0, "Acme")}


# -- refusals


@pytest.mark.parametrize(
    ("status", "code", "message", "meaning"),
    [
        (401, "authentication_error", "Consumer key is invalid.", "unknown or revoked consumer_key"),
        (401, "authentication_error", "Consumer Secret is invalid.", "wrong consumer_secret"),
        (
            401,
            "authentication_error",
            "The API key provided does not have write permissions.",
            "may read but not write",
        ),
        (404, "authentication_error", "oauth_consumer_key parameter is missing", "unknown"),
    ],
)
def test_a_refused_key_is_told_by_its_cause(status: int, code: str, message: str, meaning: str) -> None:
    refused = answer({"errors": [{"code": f"woocommerce_api_{code}", "message": message}]}, status)
    with client(answering(refused)) as opened, pytest.raises(Refused, match=meaning):
        opened.get("products")


def test_a_shop_without_the_old_api_is_told_so() -> None:
    missing = answer({"errors": [{"code": "woocommerce_api_no_route", "message": "No route was found"}]}, 404)
    with client(answering(missing)) as opened, pytest.raises(NoSuchRoute, match="legacy REST API v3"):
        opened.get("products")


def test_a_lost_reply_to_a_create_is_no_error_of_the_item() -> None:
    with client(answering(httpx.ReadTimeout("slow"))) as opened, pytest.raises(LostReply):
        opened.post("products/batch", {"create": [{"name": "x", "sku": "1"}]})


def test_other_records_are_not_asked_for() -> None:
    with client(answering(answer({}))) as opened:
        with pytest.raises(CannotRun, match="the old API has no orders"):
            opened.get("orders")
        with pytest.raises(CannotRun, match="takes nothing at"):
            opened.post("products/1/variations/batch", {"update": []})


# -- a look at the shop


def findings(sandbox: Sandbox, url: str = "https://shop.test", **options: Any) -> dict[str, str]:
    """What a check of the connection says, by how bad it is and what it is about."""
    opened = LegacyClient(connection(url, **OLD, **options), sandbox.transport(), sleep=lambda _: None)
    try:
        told = list(LegacyProbe(opened, 5).findings(writes=True))
    finally:
        opened.close()
    return {f"{one.level} {one.what}": f"{one.message}; {one.instead}" for one in told}


def test_a_sound_shop_is_told_by_its_index_and_nothing_is_written() -> None:
    with Sandbox(woocommerce="2.6.14") as sandbox:
        for how in ({}, {"auth": "query"}, {"url": "http://shop.test"}):
            told = findings(sandbox, **how)
            assert "it may write" in told["ok key"]
            assert "WooCommerce 2.6.14, by its old API" in told["ok versions"]
            assert "info versions" not in told, "a shop of then has no other API"
            assert "prices in EUR" in told["info shop"]
        assert not any(word.startswith("error") for word in told)
        assert all(request.path.startswith("/wc-api/v3/") for request in sandbox.requests)
        assert not sandbox.products()


def test_what_stands_in_the_way_is_told() -> None:
    with Sandbox(keys=[Key("ck_sandbox", "cs_sandbox", "read")]) as sandbox:
        assert "may read but not write" in findings(sandbox)["error key"]
        assert "wrong consumer_secret" in findings(sandbox, consumer_secret="cs_wrong")["error key"]
        unsigned = findings(sandbox, "http://shop.test", auth="basic")
        assert 'auth = "oauth1"' in unsigned["error key"]
    with Sandbox(plain_permalinks=True) as sandbox:
        assert "error REST API" in findings(sandbox)
    off = {"errors": [{"code": "woocommerce_api_disabled", "message": "The API is disabled on this site"}]}
    with client(answering(answer(off, 404))) as opened:
        (told,) = LegacyProbe(opened, 5).findings(writes=True)
        assert "Legacy API" in told.instead


# -- what is a mistake of the mapping


def refused_mapping(mapped: Mapping) -> str:
    view = View("products", "store", mapped, "R1", read_only=False)
    with pytest.raises(ConfigError) as told:
        open_endpoint(connection(**OLD), view)
    assert told.value.exit_code == 2
    return str(told.value)


@pytest.mark.parametrize(
    ("path", "kind", "reason"),
    [
        ("meta:_shelf", "text", "has no meta data of a product"),
        ("global_unique_id", "text", "has no global_unique_id of a product"),
        ("slug", "text", "has no slug"),
        ("date_on_sale_from", "datetime", "has no date_on_sale_from"),
        ("description", "text", 'write to = "store"'),
        ("images", "list", 'write to = "erp"'),
        ("date_modified", "date", 'write type = "datetime"'),
        ("purchase_note", "text", "has no purchase_note"),
    ],
)
def test_a_path_that_the_old_api_does_not_have_is_a_mistake(path: str, kind: Any, reason: str) -> None:
    told = refused_mapping(mapping("sku", path, types={path: Type(kind)}))
    assert reason in told
    assert "products.toml" in told
    assert "connections.shop" in told


def test_so_are_variations_sums_selections_and_creates_without_sku() -> None:
    usual = mapping(*PATHS)
    assert "not used for variations" in refused_mapping(replace(usual, erp=ErpSide("p.csv", "sku", parent="above")))
    stock = usual.fields["stock_quantity"]
    assert "cannot add up" in refused_mapping(
        replace(usual, fields={**usual.fields, "stock_quantity": replace(stock, truth="sum")})
    )
    assert "leave reserve out" in refused_mapping(
        replace(usual, fields={**usual.fields, "stock_quantity": replace(stock, reserves=True)})
    )
    assert "leave meta:x out of only" in refused_mapping(mapping(*PATHS, only={"meta:x": ("1",)}))
    assert "with an SKU only" in refused_mapping(mapping("name"))
    assert "not for coupon" in refused_mapping(replace(usual, entity="coupon"))


def test_a_sound_mapping_is_opened_and_nothing_is_contacted() -> None:
    view = View("products", "store", mapping(*PATHS), "R1", read_only=False)
    open_endpoint(connection("http://nowhere.invalid", **OLD), view).close()


# -- records, both ways

NO_TERMS = Terms(lambda route: [])
LINES = st.text("abc ÄöüAB&'\"+-.,", min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
PRODUCTS = st.fixed_dictionaries(
    {"id": st.integers(1, 10**6), "sku": LINES},
    optional={
        "name": LINES,
        "regular_price": st.sampled_from(["", "1.00", "19.9"]),
        "sale_price": st.sampled_from(["", "0.50"]),
        "manage_stock": st.booleans(),
        "stock_quantity": st.integers(-9, 99),
        "stock_status": st.sampled_from(["instock", "outofstock"]),
        "weight": st.sampled_from(["", "0.3"]),
        "dimensions": st.fixed_dictionaries({"length": st.sampled_from(["", "2"])}),
        "status": st.sampled_from(["publish", "draft", "trash"]),
        "featured": st.booleans(),
        "tax_class": st.sampled_from(["", "reduced-rate"]),
        "menu_order": st.integers(0, 9),
    },
)
PARTS = st.dictionaries(st.sampled_from(["first_name", "city", "country"]), LINES)
CUSTOMERS = st.fixed_dictionaries(
    {"id": st.integers(1, 10**6)},
    optional={"email": LINES, "first_name": LINES, "last_name": LINES, "billing": PARTS, "shipping": PARTS},
)


@given(PRODUCTS)
def test_a_product_comes_back_as_it_was_written(item: dict[str, Any]) -> None:
    kind = KINDS["products"]
    told = kind.told(json.loads(json.dumps(kind.written(item, NO_TERMS))), NO_TERMS)
    assert {name: told[name] for name in item} == item


@given(CUSTOMERS)
def test_a_customer_comes_back_as_they_were_written(item: dict[str, Any]) -> None:
    kind = KINDS["customers"]
    told = kind.told(json.loads(json.dumps(kind.written(item, NO_TERMS))), NO_TERMS)
    assert {name: told[name] for name in item} == item


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ('It\'s "fine" - really...', "<p>It&#8217;s &#8220;fine&#8221; &#8211; really&#8230;</p>\n"),
        ("one\n\ntwo\nthree", "<p>one</p>\n<p>two<br />\nthree</p>\n"),
        ("<ul><li>a</li></ul>\nb", "<ul>\n<li>a</li>\n</ul>\n<p>b</p>\n"),
        ("A & B", "<p>A &amp; B</p>"),
    ],
)
def test_a_text_is_known_again_in_the_dress_of_a_page(sent: str, told: str) -> None:
    product = KINDS["products"].told({"id": 1, "description": told}, NO_TERMS)
    assert undressed(product["description"]) == undressed(sent)
    assert undressed(told) != undressed(f"{sent} more")
