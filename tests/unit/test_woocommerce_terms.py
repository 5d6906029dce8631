"""Categories and tags: by name or path, made once, never dropped in silence."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from syncengine.records import Outcome
from syncengine.sandbox import Fault, Sandbox
from tests.unit.test_woocommerce_sending import Firewall
from tests.unit.test_woocommerce_shop import answer, answering, create, endpoint, mapping, only, shop, update

AUTH = ("ck_sandbox", "cs_sandbox")


def made(sandbox: Sandbox, kind: str, **fields: Any) -> int:
    """A term that a shop manager makes."""
    with httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=AUTH) as client:
        return int(client.post(f"/products/{kind}", json=fields).json()["id"])


def terms(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    with httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=AUTH) as client:
        found: list[dict[str, Any]] = client.get(f"/products/{kind}", params={"per_page": 100, "orderby": "id"}).json()
        return found


def test_missing_terms_are_asked_for_once_parents_first() -> None:
    with shop() as (sandbox, store):
        there = made(sandbox, "categories", name="Tools & More")
        made(sandbox, "categories", name="Saws", parent=there)
        made(sandbox, "tags", name="New")
        changes = [
            create(sku="A-1", categories=["tools &  MORE > Hammers > Small", "Saws"], tags=["new", "Hot"]),
            create(sku="A-2", categories=["Tools & More > HAMMERS", "TOOLS & MORE > Saws"], tags=["hot"]),
            create(sku="A-3", categories=None, tags=[]),
        ]
        asked = store.prerequisites(changes)
    assert [(one.entity, one.key) for one in asked] == [
        ("category", "category: Tools & More > Hammers"),
        ("category", "category: Tools & More > Hammers > Small"),
        ("category", "category: Saws"),
        ("tag", "tag: Hot"),
    ], "the same name under another parent is another category"
    assert [one.id for one in asked] == ["R1-category-1", "R1-category-2", "R1-category-3", "R1-tag-4"]
    assert [one.fields["name"].new for one in asked] == ["Hammers", "Small", "Saws", "Hot"]
    assert [one.fields["name"].why for one in asked] == ["needed by A-1"] * 4
    assert all(one.action == "create" and one.side == "store" and one.record_id is None for one in asked)


def test_nothing_is_written_by_asking() -> None:
    with shop() as (sandbox, store):
        store.prerequisites([create(sku="A", categories=["X > Y"], tags=["t"])])
        assert {request.method for request in sandbox.requests} == {"GET"}


def test_terms_are_made_once_and_products_get_them() -> None:
    with shop() as (sandbox, store):
        product = create(sku="A", categories=["X > Y", "x > y", "Z"], tags=["t", "T"])
        outcomes = store.send(store.prerequisites([product]))
        assert [outcome.status for outcome in outcomes] == ["done"] * 4
        assert store.prerequisites([product]) == []
        done = only(store.send([product]))
        assert done.cells is not None
        assert (done.cells["categories"], done.cells["tags"]) == (["X > Y", "Z"], ["t"])
        made_now = {term["name"]: term for term in terms(sandbox, "categories")}
        assert set(made_now) == {"Uncategorized", "X", "Y", "Z"}
        assert made_now["Y"]["parent"] == made_now["X"]["id"]
        assert outcomes[1].record_id == str(made_now["Y"]["id"])


def test_the_tree_is_read_once_a_run() -> None:
    with shop() as (sandbox, store):
        for at in range(3):
            product = create(sku=f"A-{at}", categories=[f"C{at}"], tags=[f"t{at}"])
            store.send(store.prerequisites([product]))
            assert only(store.send([product])).status == "done"
        reads = [request.path for request in sandbox.requests if request.method == "GET"]
    assert len(reads) == len(set(reads)) == 2


def test_a_term_that_somebody_made_meanwhile_is_used() -> None:
    with shop() as (sandbox, store):
        product = create(sku="A", categories=["X > Y"], tags=["t"])
        asked = store.prerequisites([product])
        parent = made(sandbox, "categories", name="x")
        child = made(sandbox, "categories", name="Y", parent=parent)
        tag = made(sandbox, "tags", name="T")
        outcomes = store.send(asked)
        assert [(outcome.status, outcome.record_id) for outcome in outcomes] == [
            ("done", str(parent)),
            ("done", str(child)),
            ("done", str(tag)),
        ]
        assert only(store.send([product])).status == "done"


def test_a_product_whose_category_is_not_there_is_not_sent_without_it() -> None:
    with shop(seed=1) as (sandbox, store):
        number = sandbox.products()[0]["id"]
        before = sandbox.product(number)
        outcome = only(store.send([update(number, name="x", categories=["Nowhere > Land"])]))
        assert outcome.status == "failed"
        assert outcome.error == "unknown category: 'Nowhere > Land' is not in the store"
        assert only(store.send([update(number, tags=["none"])])).error.startswith("unknown tag")
        assert sandbox.product(number) == before


def test_a_term_that_the_store_refuses_fails_with_its_children() -> None:
    error = {"code": "woocommerce_rest_cannot_create", "message": "Sorry", "data": {"status": 401}}
    empty = answer([], X_WP_Total="0")
    with endpoint(answering(empty, answer({"create": [{"id": 0, "error": error}]})), mapping("categories")) as store:
        outcomes = store.send(store.prerequisites([create(categories=["A > B"])]))
    assert [outcome.status for outcome in outcomes] == ["failed", "failed"]
    assert {outcome.error for outcome in outcomes} == {"woocommerce_rest_cannot_create: Sorry"}


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "error-500", "half-batch", "busy-503"])
def test_terms_whose_reply_is_lost_are_unknown_and_found_when_they_are_sent_again(fault: str) -> None:
    """They are unique by name, so unlike products they may be repeated."""
    with shop() as (sandbox, store):
        asked = store.prerequisites([create(sku="A", categories=["A > B", "C", "D"], tags=["t"])])
        struck = iter([True])
        through = store._client._http._transport.handle_request

        def once(request: httpx.Request) -> httpx.Response:
            strikes = request.method == "POST" and next(struck, False)
            sandbox.faults = (Fault(fault, 1.0),) if strikes else ()
            return through(request)

        store._client._http._transport.handle_request = once  # type: ignore[method-assign]
        first = store.send(asked)
        assert {one.status for one in first} == {"unknown", "done"}, "the tag is no matter of the categories"
        assert {one.change.entity for one in first if one.status == "done"} == {"tag"}
        again = store.send([one.change for one in first if one.status == "unknown"])
        assert [one.status for one in again] == ["done"] * 4
        assert sorted(term["name"] for term in terms(sandbox, "categories")) == ["A", "B", "C", "D", "Uncategorized"]


def test_terms_that_stay_unanswered_are_unknown() -> None:
    empty = answer([], X_WP_Total="0")

    def silent(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadTimeout("slow")
        return httpx.Response(200, headers=empty.headers, content=empty.content)

    with endpoint(answering(silent), mapping("tags")) as store:
        outcome = only(store.send(store.prerequisites([create(tags=["t"])])))
    assert outcome.status == "unknown"


def test_what_got_no_answer_is_not_sent_again_before_the_store_has_had_its_time() -> None:
    asked: list[str] = []

    def silent(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if request.method == "POST":
            raise httpx.ReadTimeout("slow")
        return answer([], X_WP_Total="0")

    with endpoint(answering(silent), mapping("categories")) as store:
        store.send(store.prerequisites([create(categories=["A > B", "C"])]))
    assert asked.count("POST") == 1


def test_a_name_that_differs_by_an_accent_is_the_term_that_the_store_takes_it_for() -> None:
    """Its database compares so: it answers `term_exists`, with the number of the other (FACTS-WOOCOMMERCE, 7)."""
    with shop() as (sandbox, store):
        cafe, muller = made(sandbox, "categories", name="Cafe"), made(sandbox, "tags", name="Muller")
        small = made(sandbox, "categories", name="Small", parent=cafe)
        product = create(sku="A", categories=["Café", "Café > Small"], tags=["Müller"])
        outcomes = store.send(store.prerequisites([product]))
        assert {one.record_id for one in outcomes} >= {str(cafe), str(muller)}
        assert {one.status for one in outcomes} == {"done"}
        done = only(store.send([product]))
        assert (done.status, done.cells and done.cells["categories"]) == ("done", ["Cafe", "Cafe > Small"])
        assert [one["id"] for one in sandbox.product_by_sku("A")["categories"]] == [cafe, small]
        assert store.kept("categories", ["Café", "Café > Small"], ["Cafe", "Cafe > Small"])
        assert store.kept("tags", ["Müller"], ["Muller"])
        assert store.prerequisites([create(sku="B", categories=["Café"], tags=["Müller"])]) == []


def test_names_that_a_firewall_minds_fail_alone() -> None:
    with Sandbox() as sandbox:
        with endpoint(Firewall(sandbox, b"UNION SELECT")) as store:
            asked = store.prerequisites([create(categories=["A", "UNION SELECT > B", "C"], tags=["t"])])
            outcomes = {one.change.key: one for one in store.send(asked)}
        assert {key for key, one in outcomes.items() if one.status == "failed"} == {
            "category: UNION SELECT",
            "category: UNION SELECT > B",
        }
        assert outcomes["category: UNION SELECT > B"].error.startswith("blocked: 403 from something before")


@pytest.mark.parametrize("slug", ["sonstiges", "uncategorized"])
def test_a_product_without_categories_has_the_default_one_whatever_the_shop_calls_it(slug: str) -> None:
    default = {"id": 15, "name": "Sonstiges", "slug": slug, "parent": 0}
    told = {"id": 7, "type": "simple", "status": "publish", "categories": [default]}
    transport = answering(answer({"update": [told]}), answer([default], X_WP_Total="1"))
    with endpoint(transport, mapping("categories")) as store:
        done = only(store.send([update(7, categories=[])]))
        assert done.cells is not None
        assert store.kept("categories", [], done.cells["categories"])
        assert not store.kept("categories", [], ["Sonstiges", "Nuts"])
        assert not store.kept("categories", ["Nuts"], ["Sonstiges"])


def test_an_erp_may_call_no_category_as_the_shop_does() -> None:
    with shop() as (sandbox, store):
        sent = store.normal("categories", ["Uncategorized"])
        assert sent == []
        done = only(store.send([create(sku="A", name="x", categories=["Uncategorized"])]))
        assert done.cells is not None
        assert store.kept("categories", ["Uncategorized"], done.cells["categories"])
        assert len(terms(sandbox, "categories")) == 1


def test_many_terms_from_several_threads_are_made_once() -> None:
    with shop() as (_sandbox, store):
        products = [create(sku=f"A-{at}", categories=[f"Top {at % 3} > Sub {at}"]) for at in range(120)]
        asked = store.prerequisites(products)
        assert len(asked) == 123
        results: list[Outcome] = []
        parts = [asked[at : at + 41] for at in range(0, 123, 41)]
        threads = [
            threading.Thread(target=lambda part: results.extend(store.send(part)), args=(part,)) for part in parts
        ]
        for thread in reversed(threads):
            thread.start()
        for thread in threads:
            thread.join()
        assert {outcome.status for outcome in results} == {"done"}
        assert all(outcome.status == "done" for outcome in store.send(products[:100]))
        assert store.prerequisites(products) == []


def test_a_category_made_after_the_tree_was_read_is_read_in_full() -> None:
    with shop("sku", "categories") as (sandbox, store):
        store.prerequisites([create(categories=["A"])])
        parent = made(sandbox, "categories", name="Late")
        child = made(sandbox, "categories", name="Later", parent=parent)
        number = sandbox.create_product(name="x", sku="L", categories=[{"id": child}])["id"]
        page = next(iter(store.fetch([str(number)])))
        assert page.cells["categories"][0] == ["Late > Later"]


def test_values_are_known_as_the_store_will_spell_them() -> None:
    with shop("sku", "categories", "tags", "attribute:Size") as (sandbox, store):
        parent = made(sandbox, "categories", name="Nuts & Bolts")
        made(sandbox, "categories", name="Small", parent=parent)
        made(sandbox, "tags", name="Hot")
        assert store.normal("categories", ["nuts & bolts>SMALL", "New>er", "Nuts & Bolts > small"]) == [
            "New > er",
            "Nuts & Bolts > Small",
        ]
        assert store.normal("tags", [" hot ", "cold"]) == ["Hot", "cold"]
        assert store.normal("attribute:Size", "S|M ") == "S | M"
        assert store.normal("name", " A &amp; B ") == "A & B"
        assert store.normal("description", "A &amp; B &lt; C") == "A & B &lt; C"
        assert store.normal("stock_quantity", 5) == 5


def test_a_new_term_is_spelled_as_it_came_first() -> None:
    """Else it would be made under one spelling, and the products that have another would not get what was sent."""
    spellings = [("A & B > C", "New in"), ("a & b > c", "NEW IN"), ("a  &  B > D", "new  in")]
    with shop() as (sandbox, store):
        products = [
            create(categories=store.normal("categories", [category]), tags=store.normal("tags", [tag]))
            for category, tag in spellings
        ]
        asked = store.prerequisites(products)
        assert [one.key for one in asked] == [
            "category: A & B",
            "category: A & B > C",
            "tag: New in",
            "category: A & B > D",
        ]
        assert {outcome.status for outcome in store.send(asked)} == {"done"}
        for outcome in store.send(products):
            assert outcome.cells is not None
            for name in ("categories", "tags"):
                assert outcome.cells[name] == outcome.change.fields[name].new
        assert {term["name"] for term in terms(sandbox, "categories")} == {"Uncategorized", "A &amp; B", "C", "D"}


def test_the_spaces_in_a_new_name_are_those_that_the_store_keeps() -> None:
    with shop() as (_, store):
        assert store.normal("categories", ["A  B > C\t D"]) == ["A B > C D"]
        assert store.normal("tags", [" x   y "]) == ["x y"]


def test_a_term_that_somebody_made_meanwhile_keeps_their_spelling() -> None:
    with shop() as (sandbox, store):
        asked = store.prerequisites([create(sku="A", categories=["X"], tags=["t"])])
        made(sandbox, "categories", name="x")
        made(sandbox, "tags", name="T & U")
        made(sandbox, "tags", name="T")
        store.send(asked)
        assert store.normal("categories", ["X"]) == ["x"]
        assert store.normal("tags", ["t"]) == ["T"]
