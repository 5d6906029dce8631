"""A shop that cannot be reached: each cause is told apart, with what to do, and the key goes to nobody else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.probe import Probe
from syncengine.findings import Finding
from tests.strangers import INDEX, Stranger, Told, stranger, whole
from tests.unit.test_woocommerce_shop import KEY, SECRET, answering, connection

HTML = {"Content-Type": "text/html; charset=UTF-8"}


def findings(
    url: str, transport: httpx.BaseTransport | None = None, *, writes: bool = True, timeout: float = 5
) -> list[Finding]:
    client = Client(connection(url, timeout=timeout), transport, sleep=lambda _: None)
    try:
        found = list(Probe(client, timeout).findings(writes=writes))
    finally:
        client.close()
    assert all(secret not in f"{one}" for one in found for secret in (KEY, SECRET))
    return found


def only(found: list[Finding]) -> Finding:
    """The one finding of a shop that cannot be used at all."""
    assert len(found) == 1, found
    assert (found[0].level, found[0].exit_code) == ("error", 3)
    assert found[0].instead, "it says what to do"
    return found[0]


# No answer


def test_a_port_at_which_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = only(findings(f"http://127.0.0.1:{port}"))
    assert found.message == f"nobody listens at 127.0.0.1:{port}"


def test_a_name_that_has_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = only(findings("https://shpo.example"))
    assert found.message == "there is no address for the name shpo.example"


def test_a_host_that_swallows_every_packet() -> None:
    found = only(findings("http://shop.test", answering(httpx.ConnectTimeout("timed out"))))
    assert "no connection was made in 5 s" in found.message


def test_a_shop_that_takes_the_connection_and_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = only(findings(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2))
    assert "takes the connection and does not answer in 0.2 s" in found.message


def test_a_shop_that_hangs_up() -> None:
    found = only(findings("http://shop.test", answering(httpx.RemoteProtocolError("Server disconnected"))))
    assert "closes the connection without an answer" in found.message


def test_an_answer_that_cannot_be_unpacked_is_none() -> None:
    with stranger(Told(200, "this is not packed", {"Content-Encoding": "gzip"})) as shop:
        found = only(findings(shop.url))
    assert "the reply cannot be unpacked" in found.message


# Certificates


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """One that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


def told_by_certificate(authority: trustme.CA, *names: str, expires: datetime | None = None) -> list[Finding]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, not_after=expires).configure_cert(context)
    with stranger(whole(), context) as shop:
        return findings(shop.url)


def test_a_trusted_certificate_is_said_to_be_one(authority: trustme.CA) -> None:
    found = told_by_certificate(authority, "127.0.0.1")
    assert found[0].message.endswith("answers, and its certificate is trusted")


def test_an_expired_certificate(authority: trustme.CA) -> None:
    found = only(told_by_certificate(authority, "127.0.0.1", expires=datetime.now(UTC) - timedelta(days=1)))
    assert found.message == "the certificate of 127.0.0.1 has expired"


def test_a_certificate_of_another_name(authority: trustme.CA) -> None:
    found = only(told_by_certificate(authority, "shop.example"))
    assert found.message == "the certificate that 127.0.0.1 shows is another name's"


def test_a_certificate_that_nobody_vouches_for() -> None:
    found = only(told_by_certificate(trustme.CA(), "127.0.0.1"))
    assert "the certificate of 127.0.0.1 is not trusted" in found.message
    assert "SSL_CERT_FILE" in found.instead


def test_https_to_a_port_that_does_not_speak_it() -> None:
    with stranger(whole()) as shop:
        found = only(findings(shop.url.replace("http:", "https:")))
    assert "TLS with 127.0.0.1" in found.message


# Somebody else's answer


def told(answer: Told) -> Finding:
    """What is said where everything is answered so. Nobody but the address itself is asked, and never with the key."""
    with stranger(answer) as shop:
        found = only(findings(shop.url))
    assert all(method == "GET" and "authorization" not in headers for method, _, headers in shop.asked)
    return found


def test_plain_permalinks() -> None:
    def plain(method: str, target: str) -> Told:
        return Told(body=INDEX) if target.startswith("/?rest_route=") else Told(404, "<html>Not found</html>", HTML)

    with stranger(plain) as shop:
        found = only(findings(shop.url))
    assert found.what == "permalinks"
    assert "Settings > Permalinks" in found.instead


def test_a_web_server_that_is_no_wordpress() -> None:
    found = told(Told(404, "<html><title>404 Not Found</title></html>", HTML))
    assert "a web page comes in place of the REST API (404)" in found.message
    assert "front page" in found.instead


def test_something_that_speaks_json_and_is_no_wordpress() -> None:
    assert "no WordPress answers here (200)" in told(Told(body={"status": "up"})).message


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Told(403, "<html>Forbidden</html>", HTML), "a firewall answers in the shop's place"),
        (Told(403, "<html>Forbidden</html>", {**HTML, "Server": "cloudflare"}), "cloudflare"),
        (Told(503, "<html>Just a moment...", {**HTML, "cf-mitigated": "challenge"}), "a firewall answers"),
        (Told(200, "<html><title>Attention Required!</title>", HTML), "a firewall answers"),
        (Told(200, '<html><form action="/wp-login.php">', HTML), "a login page comes in place"),
        (Told(401, "<html>Authorization Required</html>", {"WWW-Authenticate": "Basic"}), "a password of its own"),
        (Told(503, "<html><title>Maintenance</title>", HTML), "in maintenance"),
        (Told(503, "<html>Service Unavailable</html>", {**HTML, "Retry-After": "30"}), "asks to be left alone (503)"),
        (Told(429, {"code": "too_many_requests", "message": "x"}), "asks to be left alone (429)"),
        (Told(500, "<html>Fatal error</html>", HTML), "the shop fails (500)"),
        (Told(500, {"code": "internal_server_error", "message": "x"}), "the shop fails (500)"),
        (Told(200, "<html>Welcome to nginx</html>", HTML), "a web page comes in place of the REST API (200)"),
        (Told(200, "Warning: foo() in /x.php on line 3\n{}"), "the answer is not JSON (200)"),
    ],
)  # fmt: skip
def test_who_answers_in_the_shops_place_is_told_apart(answer: Told, said: str) -> None:
    assert said in told(answer).message


def test_a_firewall_that_lets_the_index_pass_is_still_one() -> None:
    with stranger(whole(products=Told(403, "<html>Blocked</html>", HTML))) as shop:
        found = findings(shop.url)
    assert [(one.what, one.exit_code) for one in found if one.exit_code] == [("REST API", 3)]


def test_a_page_that_repeats_the_key_does_not_bring_it_into_a_finding() -> None:
    leaking = Told(200, f"<html>{KEY} {SECRET}</html>", HTML)
    with stranger(whole(products=leaking)) as shop:
        assert "***" in findings(shop.url)[-2].message  # `findings` looks for the secrets themselves


# Redirects


def redirected(shop: Stranger, target: str) -> Finding:
    with stranger(Told(301, "", {"Location": target})) as here:
        found = only(findings(here.url))
    assert shop.asked == [], "a redirect is told, never followed"
    return found


def test_a_redirect_to_another_host_is_not_followed() -> None:
    with stranger(whole(), name="localhost") as shop:
        found = redirected(shop, f"{shop.url}/wp-json/?_fields=x")
    assert found.message == f"the shop redirects to another host: {shop.url}"
    assert f'write url = "{shop.url}"' in found.instead


def test_a_redirect_from_http_to_https_names_the_address_to_write() -> None:
    with stranger(whole()) as shop:
        found = redirected(shop, "https://127.0.0.1/wp-json/")
    assert found.message == "the shop redirects from http:// to https://"
    assert 'write url = "https://127.0.0.1"' in found.instead


def test_a_redirect_to_a_login_page_is_one() -> None:
    with stranger(whole()) as shop:
        found = redirected(shop, "/wp-login.php?redirect_to=x")
    assert "sent on to a login page" in found.message


def test_a_redirect_to_nowhere_is_told_too() -> None:
    with stranger(Told(302, "", {"Location": "http://[nowhere"})) as here:
        assert only(findings(here.url)).message == "the shop redirects, and to no address"
