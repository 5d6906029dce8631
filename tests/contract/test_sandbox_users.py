"""WordPress' own users, as a real WordPress 6.9 with WooCommerce 10.2 answered (q10_auth, q12_wp_users)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Sandbox

KEY = ("ck_sandbox", "cs_sandbox")
ADMIN = ("admin", "abcd EFGH ijkl 1234")
HTTP, HTTPS = "http://shop.test", "https://shop.test"
USERS, CUSTOMERS, PRODUCTS = "/wp-json/wp/v2/users", "/wp-json/wc/v3/customers", "/wp-json/wc/v3/products"
EVERYTHING = "GET, POST, PUT, PATCH, DELETE"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock, application_passwords=dict([ADMIN])) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(transport=sandbox.transport(), base_url=HTTPS, auth=ADMIN) as client:
        yield client


@pytest.fixture
def user(client: httpx.Client, clock: Clock) -> str:
    """The address of a customer whom WooCommerce registered a while ago."""
    made = client.post(CUSTOMERS, auth=KEY, json={"email": "role@example.test", "first_name": "R"})
    clock.now += timedelta(seconds=5)
    return f"{USERS}/{made.json()['id']}"


def customer(client: httpx.Client, user: str) -> dict[str, Any]:
    shown: dict[str, Any] = client.get(f"{CUSTOMERS}/{user.rpartition('/')[2]}", auth=KEY).json()
    return shown


def assert_refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, {"status": status})
    assert ("Allow" in answer.headers) == (status not in (401, 403))


def test_a_role_that_is_given_shows_at_the_customer_and_moves_the_date(client: httpx.Client, user: str) -> None:
    before = customer(client, user)
    answer = client.post(user, json={"roles": ["subscriber"]})
    assert (answer.status_code, answer.headers["Allow"]) == (200, EVERYTHING)
    told = answer.json()
    assert (told["roles"], told["username"], told["email"]) == (["subscriber"], "role", "role@example.test")
    assert told["link"] == f"{HTTPS}/author/role/"
    assert told["registered_date"] == "2026-07-01T12:00:00+00:00"
    assert list(told["avatar_urls"]) == ["24", "48", "96"]
    after = customer(client, user)
    assert (before["role"], after["role"]) == ("customer", "subscriber")
    assert after["date_modified_gmt"] > before["date_modified_gmt"]
    assert client.get(CUSTOMERS, auth=KEY).json() == [], "who has another role is in no list of customers"
    assert len(client.get(CUSTOMERS, auth=KEY, params={"role": "all"}).json()) == 2


def test_of_two_roles_woocommerce_shows_the_first(client: httpx.Client, user: str) -> None:
    assert client.post(user, json={"roles": ["customer", "editor"]}).json()["roles"] == ["customer", "editor"]
    assert customer(client, user)["role"] == "customer"
    assert [each["role"] for each in client.get(CUSTOMERS, auth=KEY, params={"role": "editor"}).json()] == ["customer"]


def test_a_role_that_is_none_is_refused_and_changes_nothing(client: httpx.Client, user: str) -> None:
    before = customer(client, user)
    answer = client.post(user, json={"roles": ["wholesale"], "first_name": "x"})
    assert_refused(answer, 400, "rest_user_invalid_role")
    assert answer.json()["message"] == "The role wholesale does not exist."
    assert customer(client, user) == before


def test_an_address_may_change_but_not_to_another_users_in_any_case(client: httpx.Client, user: str) -> None:
    assert client.post(user, json={"email": "role2@example.test"}).json()["email"] == "role2@example.test"
    assert customer(client, user)["email"] == "role2@example.test"
    assert_refused(client.post(user, json={"email": "ADMIN@example.test"}), 400, "rest_user_invalid_email")
    assert client.post(user, json={"email": "Role2@example.test"}).status_code == 200


def test_a_username_stays_and_a_password_may_change_without_being_told(client: httpx.Client, user: str) -> None:
    assert_refused(client.post(user, json={"username": "newname"}), 400, "rest_user_invalid_argument")
    answer = client.post(user, json={"password": "pw-neu-1"})
    assert answer.status_code == 200
    assert "pw-neu-1" not in answer.text


def test_a_consumer_key_is_nobody_to_wordpress(client: httpx.Client, user: str) -> None:
    assert_refused(client.post(user, auth=KEY, json={"roles": ["subscriber"]}), 401, "invalid_username")
    assert_refused(client.get(f"{USERS}/me", auth=KEY), 401, "invalid_username")
    assert_refused(client.get("/wp-json/wp/v2/posts", auth=KEY), 401, "invalid_username")


def test_who_is_not_logged_in_gives_no_role(client: httpx.Client, user: str) -> None:
    assert_refused(client.post(user, auth=None, json={"roles": ["subscriber"]}), 401, "rest_cannot_edit_roles")
    assert_refused(client.post(user, auth=None, json={"first_name": "x"}), 401, "rest_cannot_edit")
    assert_refused(client.get(f"{USERS}/me", auth=None), 401, "rest_not_logged_in")
    assert_refused(client.get(USERS, auth=None), 401, "rest_user_cannot_view")
    assert customer(client, user)["role"] == "customer"


def test_an_application_password_opens_woocommerce_too_over_http_as_well(client: httpx.Client) -> None:
    for shop in (HTTPS, HTTP):
        assert client.get(shop + PRODUCTS).status_code == 200
        assert client.post(shop + PRODUCTS, json={"name": "x"}).status_code == 201
        assert client.get(f"{shop}{USERS}/me").json()["name"] == "admin"
    unspaced = (ADMIN[0].upper(), ADMIN[1].replace(" ", ""))
    assert client.get(PRODUCTS, auth=unspaced).status_code == 200


def test_a_wrong_application_password_is_as_good_as_no_key(client: httpx.Client) -> None:
    wrong = (ADMIN[0], "abcd EFGH ijkl 1235")
    for shop in (HTTPS, HTTP):
        assert_refused(client.get(shop + PRODUCTS, auth=wrong), 401, "woocommerce_rest_cannot_view")
    assert_refused(client.get(f"{USERS}/me", auth=wrong), 401, "incorrect_password")


def test_a_login_that_is_no_administrators_gives_no_role() -> None:
    with Sandbox(application_passwords={"shopper": "pass word"}) as sandbox:
        made = sandbox.create_user("shopper", "shopper@example.test", "customer")
        with httpx.Client(transport=sandbox.transport(), base_url=HTTPS, auth=("shopper", "password")) as client:
            place = f"{USERS}/{made['id']}"
            assert_refused(client.post(place, json={"roles": ["administrator"]}), 403, "rest_cannot_edit_roles")
            assert client.get(f"{USERS}/me").json()["id"] == made["id"]
            assert sandbox.customer(made["id"]) == made


def test_a_list_of_users_shows_what_is_asked_for(client: httpx.Client, user: str) -> None:
    wanted = {"context": "edit", "roles": "customer", "_fields": "id,email,roles,username"}
    answer = client.get(USERS, params=wanted)
    found = {"id": 2, "username": "role", "email": "role@example.test", "roles": ["customer"]}
    assert answer.json() == [found]
    assert (answer.headers["X-WP-Total"], answer.headers["X-WP-TotalPages"]) == ("1", "1")
    assert answer.headers["Allow"] == "GET, POST"
    assert "email" not in client.get(USERS).json()[0]
    assert client.get(user, params={"context": "edit"}).json()["roles"] == ["customer"]


def test_a_user_whom_wordpress_makes_has_no_date_until_somebody_saves_them(client: httpx.Client) -> None:
    new = {"username": "viawp", "email": "viawp@example.test", "password": "x-1-y", "roles": ["customer"]}
    made = client.post(USERS, json=new)
    user = f"{USERS}/{made.json()['id']}"
    assert (made.status_code, made.headers["Location"]) == (201, HTTPS + user)
    seen = customer(client, user)
    assert (seen["date_modified"], seen["date_modified_gmt"], seen["meta_data"]) == (None, None, [])
    assert (seen["username"], seen["role"]) == ("viawp", "customer")
    assert client.post(USERS, json=new).json()["code"] == "existing_user_login"
    assert client.post(USERS, json={**new, "username": "other"}).json()["code"] == "existing_user_email"
    lacking = client.post(USERS, json={"username": "z"})
    assert lacking.json()["data"]["params"] == ["email", "password"]


def test_a_user_is_deleted_with_force_only_and_what_they_had_goes_to_somebody(client: httpx.Client, user: str) -> None:
    assert_refused(client.delete(user, params={"reassign": 1}), 501, "rest_trash_not_supported")
    assert client.delete(user, params={"force": "true"}).json()["data"]["params"] == ["reassign"]
    gone = client.delete(user, params={"force": "true", "reassign": "1"})
    assert (gone.status_code, gone.json()["deleted"], gone.json()["previous"]["username"]) == (200, True, "role")
    assert "Allow" not in gone.headers
    assert_refused(client.post(user, json={"roles": ["customer"]}), 404, "rest_user_invalid_id")


def test_users_have_no_batch_of_their_own(client: httpx.Client) -> None:
    answer = client.post(f"{USERS}/batch", json={"x": 1})
    assert (answer.status_code, answer.json()["code"]) == (404, "rest_no_route")
