"""Coupons of a store: which are read, what is sent of them, in what words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from syncengine.endpoints import Cursor, View
from syncengine.endpoints.woocommerce.coupons import Coupons
from syncengine.mapping import Mapping
from syncengine.sandbox import Sandbox
from syncengine.store_paths import TABLES
from syncengine.values import Type, Value
from tests.unit.test_woocommerce_shop import (
    answer,
    answering,
    cells,
    change,
    connection,
    create,
    ids,
    mapping,
    only,
    sent,
    update,
)

TYPES = {
    "amount": Type("money"),
    "minimum_amount": Type("money"),
    "date_expires": Type("date"),
    "usage_limit": Type("integer"),
    "email_restrictions": Type("list"),
    "product_ids": Type("list"),
    "free_shipping": Type("boolean"),
}


def of_coupons(*paths: str, **types: Type) -> Mapping:
    mapped = mapping(*paths or ("code", "amount", "discount_type", *TYPES), types={**TYPES, **types})
    return replace(mapped, entity="coupon", match_by=("code",))


@contextmanager
def coupons(
    transport: httpx.BaseTransport, mapped: Mapping | None = None, url: str = "http://shop.test"
) -> Iterator[Any]:
    view = View("coupons", "store", mapped or of_coupons(), "R1", read_only=False)
    opened = Coupons(connection(url), view, transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


def test_all_are_read_each_time_for_their_dates_hardly_move() -> None:
    with Sandbox() as sandbox, coupons(sandbox.transport()) as store:
        number = sandbox.create_coupon(code="Summer", amount="10", date_expires="2030-08-31")["id"]
        first = store.pull(Cursor(), (), full=False)
        assert cells(first)[str(number)] == {
            "code": "summer",
            "amount": "10.00",
            "discount_type": "fixed_cart",
            "minimum_amount": "0.00",
            "date_expires": "2030-08-31",
            "usage_limit": None,
            "email_restrictions": [],
            "product_ids": [],
            "free_shipping": False,
        }
        sandbox.edit_coupon(number, amount="12.5")
        second = store.pull(first.cursor(()), (), full=False)
        assert cells(second)[str(number)]["amount"] == "12.50"
        assert second.complete


def test_a_code_is_looked_up_in_any_case_and_many_in_one_list() -> None:
    with Sandbox() as sandbox, coupons(sandbox.transport()) as store:
        made = [str(sandbox.create_coupon(code=f"Code-{n}", amount="1")["id"]) for n in range(60)]
        assert ids(store.find("code", {" CODE-3", "none"})) == [made[3]]
        sandbox.reset_log()
        assert ids(store.find("code", {f"CODE-{n}" for n in range(20, 50)})) == made[20:50]
        assert len(sandbox.requests) == 2


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("code", "", "a coupon needs a code"),
        ("code", "<b>", "a code with '<'"),
        ("code", "a\\b", "a backslash"),
        ("code", "x" * 201, "more than 200"),
        ("amount", "1,5", "not a price"),
        ("amount", Decimal(-1), "a negative price"),
        ("discount_type", "Prozent", "not one of"),
        ("status", "draft", "not one of publish, private"),
        ("date_expires", "soon", "not a date"),
        ("usage_limit", "x", "not a whole number"),
        ("usage_limit", -5, "a limit below 0"),
        ("free_shipping", "yes", "neither true nor false"),
        ("product_ids", ["12", "C-1"], "not a number of the store"),
        ("email_restrictions", ["ann@example.test", "ben"], "not an e-mail address"),
        ("meta:coupon_amount", "5", "a field of its own"),
        ("usage_count", 5, "the store's own"),
    ],
)
def test_what_the_store_would_mangle_is_never_sent(path: str, value: Value, said: str) -> None:
    transport = answering(answer({}))
    with coupons(transport) as store:
        assert said in store.refusal(path, value)
        assert only(store.send([change("update", 5, **{path.replace(":", "__"): value})])).status == "failed"
    assert transport.asked == []  # type: ignore[attr-defined]


def test_what_is_sent_is_what_the_store_takes_and_tells() -> None:
    whole = create(
        code="summer",
        amount=Decimal("10"),
        discount_type="percent",
        minimum_amount=Decimal("50"),
        date_expires=date(2030, 8, 31),
        usage_limit=3,
        email_restrictions=["ann@example.test"],
        product_ids=["12", "13"],
        free_shipping=True,
    )
    with Sandbox() as sandbox, coupons(sandbox.transport()) as store:
        done = only(store.send([whole]))
        assert (done.status, done.error) == ("done", "")
        assert cells(store.pull(Cursor(), (), full=True))[done.record_id or ""] == done.cells
        there = sandbox.coupon(int(done.record_id or 0))
        assert (there["date_expires"], there["product_ids"]) == ("2030-08-31T00:00:00", [12, 13]), "a day of the shop"
        cleared = only(store.send([update(there["id"], date_expires=None, usage_limit=None, email_restrictions=[])]))
    assert cleared.cells is not None
    assert [cleared.cells[path] for path in ("date_expires", "usage_limit", "email_restrictions")] == ["", None, []]


@pytest.mark.parametrize("path", ["date_expires", "date_expires_gmt"])
def test_a_moment_is_the_same_everywhere(path: str) -> None:
    """The store never looks at date_expires_gmt, though its schema has it."""
    mapped = of_coupons("code", path, **{path: Type("datetime")})
    with Sandbox() as sandbox, coupons(sandbox.transport(), mapped) as store:
        number = sandbox.create_coupon(code="summer", amount="1")["id"]
        done = only(store.send([update(number, **{path: datetime(2030, 8, 31, 12, 0, tzinfo=UTC)})]))
        assert sandbox.coupon(number)["date_expires_gmt"] == "2030-08-31T12:00:00"
    assert done.cells is not None
    assert done.cells[path] == "2030-08-31T12:00:00Z"


def test_values_are_compared_as_the_store_keeps_them() -> None:
    with coupons(answering(answer({}))) as store:
        assert store.normal("code", " Summer10 ") == "summer10"
        assert store.normal("minimum_amount", None) == Decimal(0)
        assert store.normal("usage_limit", 0) is None
        assert store.normal("email_restrictions", ["Ann@example.test"]) == ["ann@example.test"]


def test_more_than_all_is_no_discount() -> None:
    with coupons(answering(answer({}))) as store:
        assert store.contradictions({"amount": Decimal(101), "discount_type": "percent"}) == {
            "amount": "a discount of 101 percent"
        }
        assert store.contradictions({"amount": Decimal(101), "discount_type": "fixed_cart"}) == {}
        assert store.contradictions({"amount": Decimal(101), "discount_type": None}) == {}


def test_a_code_that_is_taken_meanwhile_is_looked_up_and_linked() -> None:
    error = {"code": "woocommerce_rest_coupon_code_already_exists", "message": "x", "data": {"status": 400}}
    refused = answer({"create": [{"id": 0, "error": error}]})
    found = answer([{"id": 7, "code": "summer"}], X_WP_Total="1")
    with coupons(answering(refused, found), of_coupons("code")) as store:
        outcome = only(store.send([create(code="summer")]))
    assert (outcome.status, outcome.record_id) == ("failed", "7")


def test_the_kind_goes_ahead_of_an_amount_that_only_it_allows_and_no_request_is_spent_otherwise() -> None:
    refused = {"id": 5, "error": {"code": "coupon_invalid_amount", "message": "x", "data": {"status": 400}}}
    kind = {"id": 5, "code": "a", "discount_type": "fixed_cart", "amount": "10.00"}
    transport = answering(
        answer({"update": [refused]}), answer({"update": [kind]}), answer({"update": [{**kind, "amount": "150.00"}]})
    )
    with coupons(transport, of_coupons("amount", "discount_type")) as store:
        outcome = only(store.send([update(5, amount=Decimal(150), discount_type="fixed_cart")]))
    assert (outcome.status, (outcome.cells or {})["amount"]) == ("done", "150.00")
    bodies = [sent(one)["update"][0] for one in transport.asked]  # type: ignore[attr-defined]
    assert bodies[1] == {"id": 5, "discount_type": "fixed_cart"}
    assert bodies[0] == bodies[2] == {"id": 5, "amount": "150.00", "discount_type": "fixed_cart"}
    alone = answering(answer({"update": [refused]}))
    with coupons(alone, of_coupons("amount", "discount_type")) as store:
        assert only(store.send([update(5, amount=Decimal(150))])).status == "failed"
    assert len(alone.asked) == 1  # type: ignore[attr-defined]


def test_a_coupon_in_no_list_is_no_word_of_a_mapping() -> None:
    assert TABLES["coupon"].words["status"] == ("publish", "private")
