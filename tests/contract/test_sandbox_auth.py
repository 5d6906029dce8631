"""Who is let in, as a real WooCommerce 10.2 answered: Basic and query-string keys, OAuth 1.0a, permissions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest

from syncengine.sandbox import Key, Sandbox

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
HTTP, HTTPS = "http://shop.test", "https://shop.test"
PRODUCTS = "/wp-json/wc/v3/products"
BOTH, READ, WRITE = ("ck_both", "cs_both"), ("ck_read", "cs_read"), ("ck_write", "cs_write")
NO_VIEW = "woocommerce_rest_cannot_view"
REFUSED = "woocommerce_rest_authentication_error"
BAD_SIGNATURE = "Invalid signature - provided signature does not match."


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    keys = [Key(*BOTH, "read_write"), Key(*READ, "read"), Key(*WRITE, "write")]
    with Sandbox(keys=keys, clock=lambda: NOW) as sandbox, httpx.Client(transport=sandbox.transport()) as client:
        yield client


def signed(
    method: str, url: str, key: tuple[str, str] = BOTH, hashed: str = "SHA256", at: float = 0, **oauth: str
) -> dict[str, str]:
    """The OAuth parameters of a request, by RFC 5849; `at` is by how many seconds the client's clock is off."""
    params = {
        "oauth_consumer_key": key[0],
        "oauth_nonce": uuid.uuid4().hex,
        "oauth_signature_method": f"HMAC-{hashed}",
        "oauth_timestamp": str(int(NOW.timestamp() + at)),
        **oauth,
    }
    base, _, query = url.partition("?")
    pairs = [(escaped(name), escaped(value)) for name, value in [*parse_qsl(query, True), *params.items()]]
    text = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    digest = hmac.new(
        f"{key[1]}&".encode(),
        "&".join((method, escaped(base), escaped(text))).encode(),
        getattr(hashlib, hashed.lower()),
    ).digest()
    return {**params, "oauth_signature": base64.b64encode(digest).decode()}


def escaped(text: str) -> str:
    return quote(text, safe="~")


def call(client: httpx.Client, url: str, oauth: dict[str, str], method: str = "GET", **sent: Any) -> httpx.Response:
    query = "&".join(f"{escaped(name)}={escaped(value)}" for name, value in oauth.items())
    return client.request(method, url + ("&" if urlsplit(url).query else "?") + query, **sent)


def assert_refused(answer: httpx.Response, code: str, message: str | None = None) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"], body["data"]) == (401, code, {"status": 401})
    assert message is None or body["message"] == message
    assert "Allow" not in answer.headers


def test_without_a_key_nothing_is_shown(client: httpx.Client) -> None:
    assert_refused(client.get(HTTPS + PRODUCTS), NO_VIEW, "Sorry, you cannot list resources.")


def test_an_unknown_key_is_as_good_as_none(client: httpx.Client) -> None:
    assert_refused(client.get(HTTPS + PRODUCTS, auth=("ck_nobody", "cs_both")), NO_VIEW)


def test_a_known_key_with_a_wrong_secret_is_told_so(client: httpx.Client) -> None:
    answer = client.get(HTTPS + PRODUCTS, auth=("ck_both", "cs_wrong"))
    assert_refused(answer, REFUSED, "Consumer secret is invalid.")


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "https"}])
def test_basic_over_plain_http_is_not_even_looked_at(client: httpx.Client, headers: dict[str, str]) -> None:
    assert_refused(client.get(HTTP + PRODUCTS, auth=BOTH, headers=headers), NO_VIEW)
    assert_refused(client.get(HTTP + PRODUCTS, auth=("ck_both", "cs_wrong"), headers=headers), NO_VIEW)


def test_keys_in_the_query_string_work_over_https_only(client: httpx.Client) -> None:
    params = {"consumer_key": BOTH[0], "consumer_secret": BOTH[1]}
    assert client.get(HTTPS + PRODUCTS, params=params).status_code == 200
    assert client.post(HTTPS + PRODUCTS, params=params, json={"name": "q"}).status_code == 201
    assert_refused(client.get(HTTP + PRODUCTS, params=params), NO_VIEW)


def test_a_read_key_reads_and_does_not_write(client: httpx.Client) -> None:
    assert client.get(HTTPS + PRODUCTS, auth=READ).status_code == 200
    assert client.head(HTTPS + PRODUCTS, auth=READ).headers["X-WP-Total"] == "0"
    assert client.options(HTTPS + PRODUCTS, auth=READ).status_code == 200
    message = "The API key provided does not have write permissions."
    for method, path in (("POST", ""), ("PUT", "/1"), ("DELETE", "/1"), ("POST", "/batch")):
        answer = client.request(method, HTTPS + PRODUCTS + path, auth=READ, json={})
        assert_refused(answer, REFUSED, message)


def test_a_write_key_writes_and_does_not_read(client: httpx.Client) -> None:
    message = "The API key provided does not have read permissions."
    assert_refused(client.get(HTTPS + PRODUCTS, auth=WRITE), REFUSED, message)
    assert_refused(client.get(HTTPS + "/wp-json/wc/v3", auth=WRITE), REFUSED, message)
    assert client.post(HTTPS + PRODUCTS, auth=WRITE, json={"name": "w"}).status_code == 201
    assert client.options(HTTPS + PRODUCTS, auth=WRITE).headers["Allow"] == "GET, POST"


def test_the_index_of_wc_v3_is_public(client: httpx.Client) -> None:
    assert client.get(HTTPS + "/wp-json/wc/v3").json()["namespace"] == "wc/v3"


def test_the_site_index_tells_its_time_zone_and_knows_no_consumer_keys(client: httpx.Client) -> None:
    index = client.get(HTTPS + "/wp-json/").json()
    assert (index["timezone_string"], index["gmt_offset"]) == ("Europe/Berlin", 2)
    assert (index["home"], index["namespaces"]) == (HTTPS, ["wc/v3", "wp/v2"])
    assert_refused(client.get(HTTPS + "/wp-json/", auth=BOTH), "invalid_username")


@pytest.mark.parametrize("hashed", ["SHA256", "SHA1"])
def test_oauth_in_the_query_works_over_http(client: httpx.Client, hashed: str) -> None:
    url = HTTP + PRODUCTS + "?per_page=1&search=a%20b%26c%20%C3%BC"
    assert call(client, url, signed("GET", url, hashed=hashed)).status_code == 200


def test_oauth_in_the_header_works_over_http(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS + "?_fields=id%2Csku"
    oauth = signed("GET", url)
    header = "OAuth " + ", ".join(f'{name}="{escaped(value)}"' for name, value in oauth.items())
    assert client.get(url, headers={"Authorization": header}).status_code == 200


def test_oauth_leaves_a_json_body_unsigned(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS
    assert call(client, url, signed("POST", url), "POST", json={"name": "o"}).status_code == 201
    url += "/batch"
    answer = call(client, url, signed("POST", url), "POST", json={"create": [{"name": "b"}]})
    assert answer.json()["create"][0]["name"] == "b"


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_fourteen_minutes_off_passes(client: httpx.Client, minutes: int) -> None:
    url = HTTP + PRODUCTS
    assert call(client, url, signed("GET", url, at=60 * minutes)).status_code == 200


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_clock_sixteen_minutes_off_does_not(client: httpx.Client, minutes: int) -> None:
    url = HTTP + PRODUCTS
    assert_refused(call(client, url, signed("GET", url, at=60 * minutes)), REFUSED, "Invalid timestamp.")


def test_a_nonce_is_good_once_even_with_a_later_timestamp(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS
    assert call(client, url, signed("GET", url, oauth_nonce="n1")).status_code == 200
    message = "Invalid nonce - nonce has already been used."
    assert_refused(call(client, url, signed("GET", url, oauth_nonce="n1")), REFUSED, message)
    assert_refused(call(client, url, signed("GET", url, at=2, oauth_nonce="n1")), REFUSED, message)


def test_a_tampered_request_and_a_wrong_secret_do_not_match(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS
    assert_refused(call(client, url + "?per_page=2", signed("GET", url)), REFUSED, BAD_SIGNATURE)
    assert_refused(call(client, url, signed("POST", url)), REFUSED, BAD_SIGNATURE)
    assert_refused(call(client, url, signed("GET", url, ("ck_both", "cs_wrong"))), REFUSED, BAD_SIGNATURE)


def test_oauth_with_an_unknown_key_is_told_so(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS
    answer = call(client, url, signed("GET", url, ("ck_nobody", "cs_both")))
    assert_refused(answer, REFUSED, "Consumer key is invalid.")


def test_oauth_honours_permissions(client: httpx.Client) -> None:
    url = HTTP + PRODUCTS
    answer = call(client, url, signed("POST", url, READ), "POST", json={"name": "x"})
    assert_refused(answer, REFUSED, "The API key provided does not have write permissions.")


def test_list_brackets_without_numbers_break_the_signature(client: httpx.Client) -> None:
    for query, right in (("include[]=1", False), ("include[0]=1&include[1]=2", True), ("include=1,2", True)):
        url = f"{HTTP}{PRODUCTS}?{query}"
        answer = call(client, url, signed("GET", url))
        assert answer.status_code == (200 if right else 401), query


def test_oauth_over_https_is_checked_against_the_home_of_the_shop() -> None:
    with Sandbox(clock=lambda: NOW, home="https://home.test") as sandbox:
        key = ("ck_sandbox", "cs_sandbox")
        with httpx.Client(transport=sandbox.transport()) as client:
            home = "https://home.test" + PRODUCTS
            assert_refused(call(client, HTTPS + PRODUCTS, signed("GET", HTTPS + PRODUCTS, key)), REFUSED, BAD_SIGNATURE)
            assert call(client, HTTPS + PRODUCTS, signed("GET", home, key)).status_code == 200
            http = signed("GET", home.replace("https", "http"), key)
            assert call(client, HTTP + PRODUCTS, http).status_code == 200
            assert_refused(
                call(client, HTTPS + PRODUCTS, signed("GET", home.replace("https", "http"), key)),
                REFUSED,
                BAD_SIGNATURE,
            )


def test_incomplete_oauth_names_what_is_missing(client: httpx.Client) -> None:
    answer = client.get(HTTP + PRODUCTS, params={"oauth_consumer_key": "ck_both"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "woocommerce_rest_authentication_missing_parameter"
