"""Customers of a store: whom a pull reads, what is sent of them, and who gives a role."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from syncengine.endpoints import Cursor, View
from syncengine.endpoints.woocommerce.customers import Customers
from syncengine.errors import Refused
from syncengine.mapping import Mapping
from syncengine.records import FieldChange
from syncengine.sandbox import Sandbox
from syncengine.secret import Secret
from tests.unit.test_woocommerce_shop import (
    Clock,
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

LOGIN = {"wp_user": "admin", "wp_application_password": SecretStr("abcd EFGH 1234 ijkl")}
PATHS = ("email", "first_name", "role", "billing.city", "billing.email", "meta:erp_number")
ROLES = {"endpoints": [{"methods": ["GET"], "args": {"role": {"enum": ["all", "customer", "wholesale"]}}}]}


def of_customers(*paths: str, only: dict[str, tuple[str, ...]] | None = None) -> Mapping:
    return replace(mapping(*paths or PATHS, only=only), entity="customer", match_by=("email",))


@contextmanager
def customers(
    transport: httpx.BaseTransport, mapped: Mapping | None = None, url: str = "http://shop.test", **options: Any
) -> Iterator[Customers]:
    view = View("customers", "store", mapped or of_customers(), "R1", read_only=False)
    opened = Customers(connection(url, **options), view, transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def shop(mapped: Mapping | None = None, **options: Any) -> Iterator[tuple[Sandbox, Customers, Clock]]:
    clock = Clock()
    with (
        Sandbox(clock=clock) as sandbox,
        customers(sandbox.transport(), mapped, "https://shop.test", **options) as opened,
    ):
        yield sandbox, opened, clock


def wordpress(*answers: httpx.Response | Exception) -> httpx.MockTransport:
    """A shop that knows its roles and takes what customers are sent, and WordPress behind it that answers so."""
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            return answer(ROLES)
        if "/wp/v2/" in str(request.url):
            told = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(told, Exception):
                raise told
            return httpx.Response(told.status_code, content=told.content)
        body = sent(request)
        made = [{"id": 5, "role": "customer", **one} for one in body.get("create", ())]
        kept = [{"role": "customer", **one} for one in body.get("update", ())]
        return answer({name: rows for name, rows in (("create", made), ("update", kept)) if rows})

    return answering(handle)


def to_wordpress(transport: httpx.MockTransport) -> list[httpx.Request]:
    return [one for one in transport.asked if "/wp/v2/" in str(one.url)]  # type: ignore[attr-defined]


# Reading


def test_a_pull_reads_everybody_and_then_only_those_who_moved() -> None:
    with shop() as (sandbox, store, clock):
        numbers = [sandbox.create_customer(email=f"c{n}@example.test")["id"] for n in range(3)]
        clock.move(minutes=10)
        first = store.pull(Cursor(), (), full=False)
        assert ids(first) == ["1", *map(str, numbers)], "the owner of the shop, too: no role is asked for"
        assert (first.unchanged, first.complete) == (0, True)
        cursor = first.cursor(())

        sandbox.reset_log()
        second = store.pull(cursor, (), full=False)
        assert (ids(second), second.unchanged, second.complete) == ([], 4, True)
        assert all("billing" not in one.query for one in sandbox.requests)

        sandbox.edit_customer(numbers[1], billing={"city": "Bonn"})
        sandbox.set_role(numbers[2], "subscriber")
        third = store.pull(second.cursor(()), (str(numbers[0]),), full=False)
        read = cells(third)
    assert set(read) == set(map(str, numbers)), "who moved, whose role did, and who is wanted"
    assert read[str(numbers[1])]["billing.city"] == "Bonn"


def test_who_was_changed_right_before_a_pull_is_read_once_more() -> None:
    """Dates count in seconds: another change in the same one moves nothing that a list shows."""
    with shop(overlap=timedelta(0)) as (sandbox, store, clock):
        number = sandbox.create_customer(email="ann@example.test")["id"]
        first = store.pull(Cursor(), (), full=False)
        assert str(number) in ids(first)
        sandbox.edit_customer(number, billing={"city": "Bonn"})
        second = store.pull(first.cursor(()), (), full=False)
        assert cells(second)[str(number)]["billing.city"] == "Bonn"
        clock.move(seconds=1)
        third = store.pull(second.cursor(()), (), full=False)
        assert ids(third) == [str(number)]
        assert ids(store.pull(third.cursor(()), (), full=False)) == []


def test_one_role_is_asked_for_and_others_are_left_out_where_the_shop_ignores_that() -> None:
    with shop(of_customers(only={"role": ("customer",)})) as (sandbox, store, _):
        sandbox.create_customer(email="ann@example.test")
        assert [one["email"] for one in cells(store.pull(Cursor(), (), full=True)).values()] == ["ann@example.test"]
        assert "role=customer" in sandbox.requests[-1].query
    rows = [{"id": n, "email": f"{role}@x.test", "role": role} for n, role in enumerate(("editor", "customer"), 1)]
    with customers(answering(answer(rows, X_WP_Total="2")), of_customers("email", only={"role": ("customer",)})) as one:
        assert ids(one.pull(Cursor(), (), full=True)) == ["2"]


def test_another_selection_of_roles_begins_from_the_start() -> None:
    with Sandbox(clock=Clock()) as sandbox:
        sandbox.create_customer(email="ann@example.test")
        transport = sandbox.transport()
        with customers(transport, of_customers(only={"role": ("customer",)}), "https://shop.test") as narrow:
            pull = narrow.pull(Cursor(), (), full=False)
            assert len(ids(pull)) == 1
        with customers(transport, of_customers(), "https://shop.test") as wide:
            assert len(ids(wide.pull(pull.cursor(()), (), full=False))) == 2


def test_two_users_of_one_address_are_always_seen_together() -> None:
    rows = [
        {"id": 1, "email": "ann@x.test", "role": "customer", "date_modified_gmt": "2026-06-01T10:00:00"},
        {"id": 2, "email": "Ann@x.test", "role": "customer", "date_modified_gmt": "2026-06-01T10:00:00"},
    ]
    moved = [rows[0], {**rows[1], "date_modified_gmt": "2026-06-20T10:00:00"}]
    transport = answering(answer(rows, X_WP_Total="2"), answer(moved, X_WP_Total="2"))
    with customers(transport, of_customers("email")) as store:
        first = store.pull(Cursor(), (), full=False)
        assert ids(first) == ["1", "2"]
        assert ids(store.pull(first.cursor(()), (), full=False)) == ["1", "2"]


def test_an_address_is_looked_up_whatever_its_case_and_whoever_has_it() -> None:
    with shop() as (sandbox, store, _):
        number = sandbox.create_customer(email="Ann@Example.test")["id"]
        sandbox.set_role(number, "subscriber")
        assert ids(store.find("email", {" ann@example.TEST"})) == [str(number)]
        assert ids(store.find("email", {"nobody@example.test", "no address", ""})) == []
        assert "no+address" not in " ".join(one.query for one in sandbox.requests), "the shop answers 400 to that"


def test_many_addresses_are_looked_up_in_a_list_of_all() -> None:
    with shop() as (sandbox, store, _):
        for n in range(150):
            sandbox.create_customer(email=f"c{n}@example.test")
        sandbox.reset_log()
        wanted = {f"C{n}@example.test" for n in range(100, 130)}
        assert len(ids(store.find("email", wanted))) == 30
        assert len(sandbox.requests) <= 4


# Writing


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("email", "", "it cannot be empty"),
        ("email", "ann@", "not an e-mail address"),
        ("email", "ann@localhost", "not an e-mail address"),
        ("email", "löwe@example.test", "not an e-mail address"),
        ("email", "a b@example.test", "not an e-mail address"),
        ("email", f"{'a' * 100}@example.test", "not an e-mail address"),
        ("billing.email", "ann(at)example.test", "not an e-mail address"),
        ("billing.country", "Germany", "not a country's code"),
        ("first_name", "<b>Ann</b>", "a name with '<'"),
        ("last_name", "back\\slash", "a backslash"),
        ("billing.city", "x" * 10_001, "more than 10,000"),
        ("meta:wp_capabilities", "x", "map role instead"),
        ("meta:shop2_user_level", "10", "map role instead"),
        ("meta:session_tokens", "x", "a field of its own"),
        ("meta:billing_city", "Bonn", "a field of its own"),
        ("username", "ann", "the store's own"),
        ("role", "wholesale", "write wp_user and wp_application_password"),
        ("avatar", "x", "has no field"),
    ],
)
def test_what_the_store_would_mangle_is_never_sent(path: str, value: str, said: str) -> None:
    transport = answering(answer(ROLES))
    with customers(transport) as store:
        assert said in store.refusal(path, value)
        outcome = only(store.send([change("update", 5, **{path.replace(":", "__"): value})]))
    assert (outcome.status, said in outcome.error) == ("failed", True)
    assert all(one.method != "POST" for one in transport.asked)  # type: ignore[attr-defined]


def test_what_is_fit_to_be_sent_is_not_refused() -> None:
    with customers(answering(answer(ROLES))) as store:
        for path, value in {
            "email": " Ann.O'Neil+x@Mail.example-shop.test ",
            "billing.email": None,
            "billing.country": "DE",
            "shipping.address_1": "Straße 1 <Hof>",
            "first_name": "Zoë & Co",
            "meta:erp_number": "10001",
        }.items():
            assert store.refusal(path, value) == "", path


def test_only_the_changed_parts_of_an_address_are_sent_and_no_username() -> None:
    with shop() as (sandbox, store, _):
        made = only(store.send([create(email="ann@example.test", **{"billing.city": "Köln"})]))
        assert made.status == "done"
        done = only(store.send([update(made.record_id or "", **{"billing.email": "pay@example.test"})]))
        assert done.cells is not None
        assert (done.cells["billing.city"], done.cells["billing.email"]) == ("Köln", "pay@example.test")
        done = only(store.send([update(made.record_id or "", **{"billing.email": None})]))
        assert sandbox.customer(int(made.record_id or 0))["billing"]["email"] == ""
        assert sandbox.customer(int(made.record_id or 0))["billing"]["city"] == "Köln"


def test_a_customer_without_an_address_is_not_sent() -> None:
    transport = answering(answer({}))
    with customers(transport) as store:
        outcome = only(store.send([create(first_name="Ann")]))
    assert (outcome.status, outcome.error) == ("failed", "a new customer needs an e-mail address")
    assert transport.asked == []  # type: ignore[attr-defined]


def test_a_password_goes_with_a_new_customer_and_with_nobody_else() -> None:
    secret = FieldChange(None, Secret("Zu-geheim-7Q"), "new in the erp")
    new, old = create(email="ann@example.test"), update(5, first_name="Ann")
    new.fields["password"] = old.fields["password"] = secret
    transport = wordpress(answer({}))
    with customers(transport, of_customers("email", "first_name", "password")) as store:
        outcomes = store.send([new, old])
    body = sent(transport.asked[0])  # type: ignore[attr-defined]
    assert body["create"][0]["password"] == "Zu-geheim-7Q"
    assert "password" not in body["update"][0]
    assert all("Zu-geheim" not in repr((one, one.change)) for one in outcomes)


@pytest.mark.parametrize("code", ["registration-error-email-exists", "existing_user_login", "existing_user_email"])
def test_a_new_customer_who_is_there_already_is_looked_up_and_linked(code: str) -> None:
    """The codes of a race (FACTS-WOOCOMMERCE, 15)."""
    refused = answer({"create": [{"id": 0, "error": {"code": code, "message": "x", "data": {"status": 400}}}]})
    found = answer([{"id": 7, "email": "Ann@example.test"}], X_WP_Total="1")
    with customers(answering(refused, found), of_customers("email")) as store:
        outcome = only(store.send([create(email="ann@example.test")]))
    assert (outcome.status, outcome.record_id) == ("failed", "7")
    with customers(answering(refused, answer([], X_WP_Total="0")), of_customers("email")) as store:
        assert only(store.send([create(email="ann@example.test")])).record_id is None


def test_what_a_batch_has_done_is_not_lost_because_nobody_can_be_looked_up() -> None:
    error = {"code": "existing_user_login", "message": "x", "data": {"status": 400}}
    answers = answer({"create": [{"id": 6, "email": "ben@x.test"}, {"id": 0, "error": error}]})
    with customers(answering(answers, answer({}, 503)), of_customers("email")) as store:
        outcomes = store.send([create(email="ben@x.test"), create(email="ann@x.test")])
    assert [(one.status, one.record_id) for one in outcomes] == [("done", "6"), ("failed", None)]


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([{"id": 7, "email": "Ann@example.test"}], "another user of the shop has the address"),
        ([{"id": 5, "email": "Ann@example.test"}], "Email address is invalid."),
        ([], "Email address is invalid."),
    ],
)
def test_an_address_that_somebody_else_got_meanwhile_is_not_called_invalid(there: Any, said: str) -> None:
    error = {"code": "woocommerce_rest_customer_invalid_email", "message": "Email address is invalid."}
    refused = answer({"update": [{"id": 5, "error": error}]})
    with customers(answering(refused, answer(there, X_WP_Total=str(len(there)))), of_customers("email")) as store:
        outcome = only(store.send([update(5, email="ann@example.test")]))
    assert (outcome.status, outcome.error) == ("failed", f"woocommerce_rest_customer_invalid_email: {said}")


# Roles


def test_a_role_is_given_by_wordpress_with_the_login_and_not_with_the_key() -> None:
    transport = wordpress(answer({"id": 5, "roles": ["wholesale"]}))
    with customers(transport, **LOGIN) as store:
        made, kept = store.send([create(email="ann@example.test", role="wholesale"), update(5, role="wholesale")])
    asked = to_wordpress(transport)
    assert (made.status, made.cells["role"] if made.cells else "") == ("done", "wholesale")
    assert kept.status == "done"
    assert [str(one.url) for one in asked] == ["http://shop.test/wp-json/wp/v2/users/5"] * 2
    assert sent(asked[0]) == {"roles": ["wholesale"]}
    assert asked[0].headers["Authorization"].startswith("Basic ")
    to_shop = [one for one in transport.asked if one not in asked and one.method == "POST"]  # type: ignore[attr-defined]
    assert len(to_shop) == 1, "who gets nothing but a role is not saved by WooCommerce"
    assert "role" not in sent(to_shop[0])["create"][0]


def test_a_role_that_a_new_customer_has_by_being_one_is_not_given_once_more() -> None:
    transport = wordpress(answer({"id": 5, "roles": ["customer"]}))
    with customers(transport, **LOGIN) as store:
        made = only(store.send([create(email="ann@example.test", role="customer")]))
    assert (made.status, (made.cells or {})["role"], to_wordpress(transport)) == ("done", "customer", [])


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            answer({"code": "incorrect_password"}, 401),
            "WordPress refuses wp_user (401 incorrect_password): write a user",
        ),
        (answer({"capabilities": {"read": True}}), "wp_user may not give roles: it takes an administrator's login"),
        (answer({"capabilities": {"promote_users": True}}), ""),
        (answer({"code": "rest_no_route"}, 404), ""),
        (httpx.ReadTimeout("slow"), ""),
    ],
)
def test_a_login_that_may_give_no_role_is_told_before_anything_is_written(told: Any, said: str) -> None:
    transport = wordpress(told)
    with customers(transport, **LOGIN) as store:
        assert store.unfounded([create(email="ann@example.test")]) == {}
        assert to_wordpress(transport) == []
        with pytest.raises(Refused, match=re.escape(said)) if said else nullcontext():
            store.unfounded([create(email="ann@example.test", role="wholesale")])
    assert [one.method for one in to_wordpress(transport)] == ["GET"]


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("", "a user without any role could not log in"),
        ("Whole sale", "not the name of a role"),
        ("administrator", "no run makes anybody an administrator"),
        ("resaler", "the shop has no role 'resaler'; it has customer, wholesale"),
    ],
)
def test_a_role_that_nobody_can_have_is_refused(role: str, said: str) -> None:
    with customers(answering(answer(ROLES)), **LOGIN) as store:
        assert said in store.refusal("role", role)


def test_a_shop_that_does_not_tell_its_roles_is_believed_to_have_them_all() -> None:
    with customers(answering(answer({})), **LOGIN) as store:
        assert store.refusal("role", "wholesale") == ""


@pytest.mark.parametrize(
    ("told", "said", "times"),
    [
        (answer({"code": "rest_user_invalid_role", "message": "<b>Sorry</b>, no."}, 400), "rest_user_invalid_role", 1),
        (answer({"code": "incorrect_password", "message": "x"}, 401), "it takes an administrator's login", 1),
        (answer({"code": "rest_cannot_edit_roles"}, 403), "it takes an administrator's login", 1),
        (answer({"id": 5, "roles": ["customer"]}), "WordPress answered 200, and not that the user has the role", 1),
        (httpx.Response(301, content=b""), "WordPress answered 301", 1),
        (httpx.Response(503, content=b"<html>"), "WordPress answered 503", 4),
        (httpx.ReadTimeout("slow"), "WordPress did not answer (ReadTimeout)", 4),
    ],
)
def test_a_role_that_is_not_given_fails_and_is_tried_again(told: Any, said: str, times: int) -> None:
    transport = wordpress(told)
    with customers(transport, **LOGIN) as store:
        outcome = only(store.send([create(email="ann@example.test", role="wholesale")]))
    assert (outcome.status, outcome.record_id) == ("failed", "5"), "the customer is there"
    assert outcome.error.startswith("role: ")
    assert said in outcome.error
    assert "<" not in outcome.error
    assert not any(field.error for field in outcome.change.fields.values()), "nothing that is not tried again"
    assert len(to_wordpress(transport)) == times


def test_a_role_is_sent_again_after_a_lost_reply() -> None:
    transport = wordpress(httpx.ReadTimeout("slow"), answer({"roles": ["wholesale"]}))
    with customers(transport, **LOGIN) as store:
        assert only(store.send([update(5, role="wholesale")])).status == "done"
    assert len(to_wordpress(transport)) == 2


@pytest.mark.parametrize("there", [True, False])
def test_a_new_customer_whose_reply_was_lost_is_looked_up_before_the_role_is_given(there: bool) -> None:
    rows = [{"id": 5, "email": "ann@example.test", "role": "customer"}] if there else []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            return answer(ROLES)
        if request.method == "GET":
            return answer(rows, X_WP_Total=str(len(rows)))
        if "/wp/v2/" in str(request.url):
            return answer({"roles": ["wholesale"]})
        raise httpx.ReadTimeout("slow")

    transport = answering(handle)
    with customers(transport, **LOGIN) as store:
        outcome = only(store.send([create(email="ann@example.test", role="wholesale")]))
    assert (outcome.status, outcome.record_id) == (("done", "5") if there else ("unknown", None))
    assert len(to_wordpress(transport)) == there


# Deleting


def test_administrators_are_left_out_of_a_batch_of_deletes() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            rows = [{"id": 1, "role": "administrator"}, {"id": 5, "role": "customer"}]
            return answer(rows, X_WP_Total="2")
        assert json.loads(request.content) == {"delete": [5]}
        return answer({"delete": [{"id": 5}]})

    with customers(answering(handle)) as store:
        outcomes = store.send([change("delete", 1), change("delete", 5)])
    assert [(one.status, one.error) for one in outcomes] == [
        ("failed", "an administrator of the shop: no run deletes one"),
        ("done", ""),
    ]


def test_deletes_are_cut_off_from_everything_else() -> None:
    with customers(answering(answer({}))) as store:
        deletes = [change("delete", number) for number in range(10, 13)]
        others = [update(number, first_name="x") for number in range(20, 25)]
        batches = store.cut([others[0], *deletes, *others[1:]], 2)
    assert [len(batch) for batch in batches] == [2, 2, 1, 2, 1]
    assert all(len({one.action == "delete" for one in batch}) == 1 for batch in batches)
