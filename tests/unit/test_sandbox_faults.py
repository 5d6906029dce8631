"""Faults on demand: what strikes, how often, and what is done by then."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from syncengine.sandbox import Fault, Sandbox

KEY = ("ck_sandbox", "cs_sandbox")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=10) as sandbox:
        yield sandbox


def opened(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY)


def test_kind_and_rate_are_read() -> None:
    assert Fault.parse("drop-after:0.3") == Fault("drop-after", 0.3)
    assert Fault.parse("slow") == Fault("slow", 1.0)


@pytest.mark.parametrize("text", ["drop:0.3", "slow:much", "slow:2", "slow:-1"])
def test_a_fault_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="KIND:RATE"):
        Fault.parse(text)


def test_error_500_answers_and_does_nothing(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("error-500", 1)]
    answer = opened(sandbox).post("/products", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_server_error")
    assert len(sandbox.products()) == 10


def test_busy_429_says_when_to_come_again(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("busy-429", 1)]
    answer = opened(sandbox).get("/products")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_busy_503_is_a_page_of_the_web_server(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("busy-503", 1)]
    answer = opened(sandbox).get("/products")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")


def test_slow_takes_its_time_and_then_does_it(sandbox: Sandbox) -> None:
    sandbox.faults, sandbox.slow_seconds = [Fault("slow", 1)], 0.1
    begun = time.monotonic()
    assert opened(sandbox).post("/products", json={"name": "x"}).status_code == 201
    assert time.monotonic() - begun >= 0.1


def test_drop_before_does_nothing(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("drop-before", 1)]
    with pytest.raises(httpx.RemoteProtocolError):
        opened(sandbox).post("/products", json={"name": "x"})
    assert len(sandbox.products()) == 10


def test_drop_after_does_it_all(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("drop-after", 1)]
    with pytest.raises(httpx.RemoteProtocolError):
        opened(sandbox).post("/products/batch", json={"create": [{"name": "x"}, {"name": "y"}]})
    assert len(sandbox.products()) == 12


def test_half_batch_does_the_first_half_in_order(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("half-batch", 1)]
    ids = [product["id"] for product in sandbox.products()]
    batch = {"create": [{"name": "x"}, {"name": "y"}], "update": [{"id": each, "name": "new"} for each in ids[:6]]}
    with pytest.raises(httpx.RemoteProtocolError):
        opened(sandbox).post("/products/batch", json=batch)
    names = [product["name"] for product in sandbox.products()]
    assert names[-2:] == ["x", "y"]
    assert [name == "new" for name in names[:6]] == [True, True, False, False, False, False]


def test_half_batch_strikes_batches_only(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("half-batch", 1)]
    assert opened(sandbox).get("/products").status_code == 200


def test_the_site_index_has_no_faults(sandbox: Sandbox) -> None:
    sandbox.faults = [Fault("error-500", 1)]
    answer = httpx.Client(transport=sandbox.transport()).get("https://shop.test/wp-json/")
    assert answer.status_code == 200


def outcomes(fault_seed: int) -> list[int]:
    with Sandbox(faults=[Fault("error-500", 0.3), Fault("busy-503", 0.2)], fault_seed=fault_seed) as sandbox:
        client = opened(sandbox)
        return [client.get("/products").status_code for _ in range(60)]


def test_the_same_seed_strikes_the_same_requests() -> None:
    assert outcomes(1) == outcomes(1)
    assert outcomes(1) != outcomes(2)
    assert set(outcomes(1)) == {200, 500, 503}


def test_faults_are_switched_on_and_off(sandbox: Sandbox) -> None:
    client = opened(sandbox)
    sandbox.faults = [Fault("error-500", 1)]
    assert client.get("/products").status_code == 500
    sandbox.faults = []
    assert client.get("/products").status_code == 200


def test_half_batch_knows_a_batch_by_the_parameter_too() -> None:
    with Sandbox(plain_permalinks=True, faults=[Fault("half-batch", 1)]) as sandbox:
        client = httpx.Client(transport=sandbox.transport(), base_url="https://shop.test", auth=KEY)
        place = {"rest_route": "/wc/v3/products/batch"}
        with pytest.raises(httpx.RemoteProtocolError):
            client.post("/", params=place, json={"create": [{"name": "a"}, {"name": "b"}]})
        assert [product["name"] for product in sandbox.products()] == ["a"]


def test_faults_strike_what_wordpress_does_with_users() -> None:
    with Sandbox(application_passwords={"admin": "w"}, faults=[Fault("drop-after", 1)]) as sandbox:
        user = sandbox.create_user("ann", "ann@example.test", "subscriber")
        client = httpx.Client(transport=sandbox.transport(), base_url="https://shop.test", auth=("admin", "w"))
        assert client.get("/wp-json/").status_code == 200, "what a shop says of itself is never kept from anybody"
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"/wp-json/wp/v2/users/{user['id']}", json={"roles": ["customer"]})
        assert sandbox.customer(user["id"])["role"] == "customer"
