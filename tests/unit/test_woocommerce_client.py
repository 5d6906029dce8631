"""Requests to a store: who sends them, what is repeated, what an answer that makes no sense says."""

# ruff: noqa: SIM117 - what is opened stands apart from what it refuses

from __future__ import annotations

import base64
import gzip
import hmac
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from syncengine.endpoints import Cursor
from syncengine.endpoints.woocommerce.auth import OAuth1, signature
from syncengine.endpoints.woocommerce.client import Client, LostReply
from syncengine.endpoints.woocommerce.products import Products
from syncengine.errors import CannotRun, Refused, Unreachable
from syncengine.sandbox import Key, Sandbox
from syncengine.sandbox.server import running
from tests.unit.test_woocommerce_shop import (
    KEY,
    SECRET,
    answer,
    answering,
    connection,
    create,
    endpoint,
    ids,
    only,
    shop,
)

LISTED = answer([], X_WP_Total="0")
HTML = httpx.Response(200, headers={"Content-Type": "text/html"}, text="<!DOCTYPE html><title>Please log in</title>")
REFUSAL = {
    "code": "woocommerce_rest_authentication_error",
    "message": "Consumer secret is invalid.",
    "data": {"status": 401},
}


def read_all(store: Products) -> list[str]:
    return ids(store.pull(Cursor(), (), full=True))


def client_on(transport: httpx.BaseTransport, slept: list[float] | None = None, **options: object) -> Client:
    return Client(connection(**options), transport, sleep=(slept if slept is not None else []).append)  # type: ignore[arg-type]


# Who asks


def test_plain_http_is_signed_and_https_takes_basic() -> None:
    for url, scheme in (("http://shop.test", "OAuth oauth_consumer_key="), ("https://shop.test", "Basic ")):
        transport = answering(LISTED)
        with endpoint(transport, url=url) as store:
            read_all(store)
        request = transport.asked[0]  # type: ignore[attr-defined]
        assert request.headers["Authorization"].startswith(scheme)
        assert KEY not in str(request.url), "URLs end up in logs"


def test_a_signature_is_the_one_of_the_standard() -> None:
    oauth = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_nonce": "kllo9940pd9333jh",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": "1191242096",
        "oauth_version": "1.0",
    }
    base = (  # of the example in OAuth Core 1.0, appendix A.5, without its token
        "GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26"
        "oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1191242096%26"
        "oauth_version%3D1.0%26size%3Doriginal"
    )
    expected = base64.b64encode(hmac.digest(b"kd94hf93k423kf44&", base.encode(), "sha256")).decode()
    query = [("size", "original"), ("file", "vacation.jpg")]
    assert (
        signature("get", "http://photos.example.net/photos", [*query, *oauth.items()], "kd94hf93k423kf44") == expected
    )


def test_every_try_has_its_own_nonce() -> None:
    auth = OAuth1("ck", "cs", clock=lambda: 1000.0)
    request = httpx.Request("GET", "http://shop.test/wp-json/wc/v3/products?sku=a%20b%26c")
    seen = {next(auth.auth_flow(request)).headers["Authorization"] for _ in range(3)}
    assert len(seen) == 3


def test_awkward_parameters_survive_the_signature() -> None:
    with shop() as (sandbox, store):
        for sku in ("a b&c=d", "ü/+%", "x~y'z\"", "a,b"):
            sandbox.create_product(name="x", sku=sku)
            assert ids(store.find("sku", [sku])), sku


def test_https_with_basic_works_over_a_real_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    with Sandbox(seed=3) as sandbox, running(sandbox, ssl_context=server_side) as url:
        with endpoint(None, url=url) as store, pytest.raises(Unreachable, match=r"certificate .* is not trusted"):
            read_all(store)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        with endpoint(None, url=url) as store:
            assert len(read_all(store)) == 3
            assert store.send([create(sku="S", name="sent over TLS")])[0].status == "done"


def test_http_with_oauth_works_over_a_real_socket() -> None:
    with Sandbox(seed=3) as sandbox, running(sandbox) as url, endpoint(None, url=url) as store:
        assert len(read_all(store)) == 3
        assert store.send([create(sku="S", name="signed")])[0].status == "done"


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (None, "http://shop.test"),
        (None, "https://shop.test"),
        ("basic", "https://shop.test"),
        ("query", "https://shop.test"),
        ("oauth1", "http://shop.test"),
        ("oauth1", "https://shop.test"),
    ],
)
def test_every_way_to_prove_who_asks_is_understood_for_reading_and_writing(kind: str | None, url: str) -> None:
    with Sandbox(seed=2, home=url) as sandbox, endpoint(sandbox.transport(), url=url, auth=kind) as store:
        assert len(read_all(store)) == 2
        assert ids(store.find("sku", ["a b&c=d", "x"])) == []
        assert only(store.send([create(sku="a b&c=d", name="x")])).status == "done"
        assert len(ids(store.find("sku", ["a b&c=d", "x"]))) == 1


def test_only_where_it_is_asked_for_are_keys_in_the_address() -> None:
    for kind in ("basic", "oauth1", "query"):
        transport = answering(LISTED)
        with endpoint(transport, url="https://shop.test", auth=kind) as store:
            read_all(store)
        for request in transport.asked:  # type: ignore[attr-defined]
            assert (SECRET in str(request.url)) == (kind == "query")
            assert ("Authorization" in request.headers) == (kind != "query")


def test_keys_never_travel_in_the_address_over_plain_http() -> None:
    transport = answering(LISTED)
    with endpoint(transport, url="http://shop.test", auth="query") as store, pytest.raises(ValueError, match="https"):
        read_all(store)
    assert transport.asked == []  # type: ignore[attr-defined]


# What a 401 means


@pytest.mark.parametrize("url", ["http://shop.test", "https://shop.test"])
def test_an_unknown_key_a_wrong_secret_and_a_key_that_may_not_write_are_told_apart(url: str) -> None:
    keys = [Key(KEY, SECRET), Key("ck_reader", SECRET, "read"), Key("ck_writer", SECRET, "write")]
    with Sandbox(keys=keys, seed=1) as sandbox:
        with endpoint(sandbox.transport(), url=url, consumer_key="ck_nobody") as store:
            with pytest.raises(Refused, match=r"unknown or revoked consumer_key: make one in WooCommerce > Settings"):
                read_all(store)
        with endpoint(sandbox.transport(), url=url, consumer_secret="cs_wrong") as store:
            with pytest.raises(Refused, match="wrong consumer_secret"):
                read_all(store)
        with endpoint(sandbox.transport(), url=url, consumer_key="ck_writer") as store:
            with pytest.raises(Refused, match="may write but not read"):
                read_all(store)
        with endpoint(sandbox.transport(), url=url, consumer_key="ck_reader") as store:
            assert len(read_all(store)) == 1
            with pytest.raises(Refused, match="may read but not write: give it Read/Write permissions"):
                store.send([create(sku="A", name="x")])


def test_a_clock_that_is_off_is_named_with_its_difference() -> None:
    with Sandbox(clock=lambda: datetime.now(UTC) + timedelta(minutes=40)) as sandbox:
        with (
            endpoint(sandbox.transport()) as store,
            pytest.raises(Refused, match="clock is 40 minutes behind the store's"),
        ):
            read_all(store)


def test_a_store_that_signs_for_another_address_is_told_from_a_wrong_secret() -> None:
    with Sandbox(home="http://www.shop.test") as sandbox, endpoint(sandbox.transport()) as store:
        with pytest.raises(Refused, match=r"its own address http://www\.shop\.test: use that as url"):
            read_all(store)


def test_a_firewalls_403_is_no_matter_of_keys() -> None:
    with endpoint(answering(httpx.Response(403, text="<h1>Forbidden</h1>"))) as store:
        with pytest.raises(Refused, match="firewall"):
            read_all(store)


# Answers of others


def test_a_redirect_says_where_the_store_is() -> None:
    moved = httpx.Response(301, headers={"Location": "https://www.shop.test/wp-json/wc/v3/products?page=1"})
    with endpoint(answering(moved)) as store:
        with pytest.raises(Unreachable, match=r"redirects to https://www.shop.test/wp-json/wc/v3/products: use"):
            read_all(store)
        with pytest.raises(Unreachable, match="redirects to"):
            store.send([create(sku="A", name="x")])


def test_a_web_page_instead_of_json_is_said_to_be_one() -> None:
    with endpoint(answering(HTML)) as store:
        with pytest.raises(Unreachable, match=r"a web page came instead of WooCommerce's JSON .* it begins '<!DOCTYPE"):
            read_all(store)


def test_a_wrong_url_is_no_woocommerce() -> None:
    missing = answer({"code": "rest_no_route", "message": "No route was found", "data": {"status": 404}}, 404)
    with endpoint(answering(missing)) as store, pytest.raises(Unreachable, match="has no WooCommerce REST API"):
        read_all(store)


def test_a_byte_order_mark_before_the_answer_is_overlooked() -> None:
    marked = httpx.Response(200, headers={"X-WP-Total": "0"}, content=b"\xef\xbb\xbf[]")
    with endpoint(answering(marked)) as store:
        assert read_all(store) == []


def test_an_answer_without_end_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncengine.endpoints.woocommerce.client.LARGEST_REPLY", 10)
    with endpoint(answering(answer([{"id": 1, "name": "long enough"}]))) as store:
        with pytest.raises(Unreachable, match="larger than"):
            read_all(store)


def test_an_answer_that_cannot_be_unpacked_is_no_bug_but_a_store_that_cannot_be_read() -> None:
    def garbled(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not packed"))

    with endpoint(answering(garbled)) as store:
        with pytest.raises(Unreachable, match="the reply cannot be unpacked"):
            read_all(store)
        assert only(store.send([create(sku="A", name="x")])).status == "unknown"


@pytest.mark.parametrize("packed", ["gzip, gzip", "GZIP,deflate", "br", "zstd", "gzip\t,\tgzip"])
def test_an_answer_that_is_packed_twice_or_strangely_is_not_unpacked(packed: str) -> None:
    """A few hundred bytes would become a gigabyte, long before anybody could say that this is too large."""
    bomb = gzip.compress(gzip.compress(b" " * 1_000_000))
    sealed = httpx.Response(200, headers={"Content-Encoding": packed}, stream=httpx.ByteStream(bomb))
    with endpoint(answering(lambda request: sealed)) as store:
        with pytest.raises(Unreachable, match="the reply cannot be unpacked: Content-Encoding"):
            read_all(store)


class Dripping(httpx.SyncByteStream):
    """A body that never ends and never pauses for long."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            time.sleep(0.05)
            yield b" "


def test_an_answer_that_drips_is_given_up_after_twice_the_timeout() -> None:
    client = client_on(answering(lambda request: httpx.Response(200, stream=Dripping())), timeout=1)
    began = time.monotonic()
    with pytest.raises(LostReply, match="not complete after 2 s") as caught:
        client.post("products/batch", {"create": [{}]})
    client.close()
    assert caught.value.timed_out, "a smaller batch might pass"
    assert 2 <= time.monotonic() - began < 10


# Repeats


def test_a_read_is_repeated_after_misfortunes_of_every_kind() -> None:
    hiccups: list[httpx.Response | Exception] = [
        httpx.Response(500),
        httpx.Response(408),
        httpx.Response(429),
        httpx.Response(502, text="<html>Bad Gateway</html>"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.ReadTimeout("timed out"),
    ]
    slept: list[float] = []
    transport = answering(*hiccups, LISTED)
    client = client_on(transport, slept)
    assert client.get("products").body == []
    client.close()
    assert len(slept) == len(hiccups)
    assert all(pause <= 20 for pause in slept)


def test_a_store_that_never_answers_is_given_up() -> None:
    for misfortune, tries in ((httpx.ConnectError("refused"), 3), (httpx.Response(500), 8)):
        transport = answering(misfortune)
        with endpoint(transport) as store:
            with pytest.raises(Unreachable, match=r"http://shop.test cannot be used now: .*(refused|500)"):
                read_all(store)
            assert store.requests == len(transport.asked) == tries  # type: ignore[attr-defined]


def test_retry_after_is_honoured_by_whoever_comes_next() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "7", "Content-Type": "text/html"}, text="<html>busy</html>")
    slept: list[float] = []
    client = client_on(answering(busy, LISTED), slept)
    client.get("products")
    assert any(6 < pause <= 7 for pause in slept)
    client.close()
    until = {"Retry-After": "Wed, 01 Jul 2026 12:00:30 GMT", "Date": "Wed, 01 Jul 2026 12:00:00 GMT"}
    client, slept[:] = client_on(answering(httpx.Response(429, headers=until), LISTED), slept), []
    client.get("products")
    assert any(29 < pause <= 30 for pause in slept), "a date counts by the store's own clock"
    client.close()


def test_a_pause_that_makes_no_sense_is_overlooked() -> None:
    for given in (b"\xb2", b"-5", b"1e3", b"soon", b"Wed, 99 Jul 2026 12:00:30 GMT"):
        headers = [(b"Retry-After", given), (b"Date", b"Wed, 01 Jul 2026 12:00:00 GMT")]
        transport = answering(httpx.Response(503, headers=headers), LISTED)
        client = client_on(transport)
        assert client.get("products").body == []
        client.close()


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 -0900", "noon", ""])
def test_a_store_without_a_clock_that_makes_sense_is_read_whole_each_time(date: str) -> None:
    with endpoint(answering(answer([], X_WP_Total="0", Date=date))) as store:
        for _ in range(2):
            pull = store.pull(Cursor(), (), full=True)
            assert ids(pull) == []
        assert pull.cursor(()).position == {}


def test_a_store_that_asks_for_an_hour_is_left_alone() -> None:
    client = client_on(answering(httpx.Response(429, headers={"Retry-After": "3600"})))
    with pytest.raises(Unreachable, match="left alone for 3600 s"):
        client.get("products")
    client.close()


def test_a_write_that_never_left_is_repeated() -> None:
    transport = answering(httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), answer({"create": []}))
    client = client_on(transport)
    assert client.post("products/batch", {"create": []}).status == 200
    client.close()
    assert len(transport.asked) == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "misfortune",
    [
        httpx.ReadTimeout("timed out"),
        httpx.WriteError("broken pipe"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.Response(500),
        httpx.Response(504),
        httpx.Response(429),
        httpx.Response(503, headers={"Retry-After": "1"}),
        HTML,
        httpx.Response(200, text="<br />Warning: foo in bar.php"),
    ],
)
def test_a_write_whose_answer_is_lost_is_never_repeated(misfortune: httpx.Response | Exception) -> None:
    transport = answering(misfortune)
    client = client_on(transport)
    with pytest.raises(LostReply):
        client.post("products/batch", {"create": [{}]})
    client.close()
    assert len(transport.asked) == 1  # type: ignore[attr-defined]


# Secrets


def test_secrets_are_in_no_error_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    leaking = f"<html>you asked with {KEY} and {SECRET}</html>"
    told: list[str] = []
    cases: list[Callable[[], httpx.Response | Exception]] = [
        lambda: httpx.Response(200, text=leaking),
        lambda: httpx.Response(500, json={"code": "x", "message": leaking}),
        lambda: answer(REFUSAL, 401),
        lambda: httpx.ConnectError("refused"),
        lambda: httpx.Response(302, headers={"Location": f"https://shop.test/?consumer_key={KEY}"}),
    ]
    for url in ("http://shop.test", "https://shop.test"):
        for case in cases:
            with endpoint(answering(case()), url=url) as store:
                with pytest.raises(CannotRun) as caught:
                    read_all(store)
                told += [str(caught.value), repr(caught.value), repr(store), repr(store._client), repr(vars(store))]
    told.append(caplog.text)
    assert not [text for text in told if KEY in text or SECRET in text]
