"""Who is let in by the old API, as a real WooCommerce 10.2 answered (FACTS-WOOCOMMERCE, 13)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from syncengine.sandbox import Key, Sandbox
from tests.contract.test_sandbox_auth import BAD_SIGNATURE, BOTH, HTTP, HTTPS, NOW, READ, WRITE, signed

CUSTOMERS = "/wc-api/v3/customers"
CODE = "woocommerce_api_authentication_error"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    keys = [Key(*BOTH, "read_write"), Key(*READ, "read"), Key(*WRITE, "write")]
    with Sandbox(keys=keys, clock=lambda: NOW) as sandbox, httpx.Client(transport=sandbox.transport()) as client:
        yield client


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["errors"][0]["code"] == CODE
    return answer.status_code, answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "Consumer Secret is invalid."),
        (("ck_nobody", "cs_both"), "Consumer key is invalid."),
        (("ck_both", "cs_wrong"), "Consumer Secret is invalid."),
        (WRITE, "The API key provided does not have read permissions."),
    ],
)
def test_a_key_that_is_not_right_is_told_what_is_wrong(
    client: httpx.Client, key: tuple[str, str] | None, message: str
) -> None:
    assert refusal(client.get(f"{HTTPS}{CUSTOMERS}", auth=key)) == (401, message)


def test_basic_and_the_query_let_in_over_https(client: httpx.Client) -> None:
    query = {"consumer_key": BOTH[0], "consumer_secret": BOTH[1]}
    assert client.get(f"{HTTPS}{CUSTOMERS}", auth=BOTH).status_code == 200
    assert client.get(f"{HTTPS}{CUSTOMERS}", params=query).status_code == 200


def test_a_key_that_may_only_read_writes_nothing(client: httpx.Client) -> None:
    answer = client.post(f"{HTTPS}{CUSTOMERS}", json={"customer": {"email": "q@example.test"}}, auth=READ)
    assert refusal(answer) == (401, "The API key provided does not have write permissions.")


def test_over_plain_http_only_a_signed_query_is_looked_at(client: httpx.Client) -> None:
    unsigned = (404, "oauth_consumer_key parameter is missing")
    assert refusal(client.get(f"{HTTP}{CUSTOMERS}", auth=BOTH)) == unsigned
    parts = ", ".join(f'{name}="{value}"' for name, value in signed("GET", f"{HTTP}{CUSTOMERS}").items())
    assert refusal(client.get(f"{HTTP}{CUSTOMERS}", headers={"Authorization": f"OAuth {parts}"})) == unsigned


def test_a_signature_holds_for_one_request_and_for_filters_in_brackets(client: httpx.Client) -> None:
    url = f"{HTTP}{CUSTOMERS}?filter%5Blimit%5D=1&fields=id"
    params = {"filter[limit]": "1", "fields": "id", **signed("GET", url)}
    assert client.get(f"{HTTP}{CUSTOMERS}", params=params).status_code == 200
    again = client.get(f"{HTTP}{CUSTOMERS}", params=params)
    assert refusal(again) == (401, "Invalid nonce - nonce has already been used.")
    other = {**params, **signed("GET", url), "filter[limit]": "2"}
    assert refusal(client.get(f"{HTTP}{CUSTOMERS}", params=other)) == (401, BAD_SIGNATURE)


def test_the_index_is_open_to_anybody(client: httpx.Client) -> None:
    assert client.get(f"{HTTP}/wc-api/v3/").json()["store"]["wc_version"] == "10.2.4"
