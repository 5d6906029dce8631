"""A shop that can be reached: what its key may do, whose clock is right, how old it is, how it counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.probe import Probe
from syncengine.findings import Finding
from syncengine.sandbox import Key, Sandbox
from tests.strangers import INDEX, Answer, Told, stranger, whole
from tests.unit.test_woocommerce_shop import KEY, SECRET, connection

HTTP, HTTPS = "http://shop.test", "https://shop.test"
KEYS = [Key(KEY, SECRET), Key("ck_reader", SECRET, "read"), Key("ck_writer", SECRET, "write")]
HIDDEN = {"code": "rest_cannot_access", "message": "Only users may see this.", "data": {"status": 401}}


def probed(
    transport: httpx.BaseTransport | None,
    url: str = HTTP,
    *,
    writes: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    **options: str,
) -> list[Finding]:
    client = Client(connection(url, **options), transport, sleep=lambda _: None)
    try:
        return list(Probe(client, 5, clock).findings(writes=writes))
    finally:
        client.close()


def about(what: str, found: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.message) for one in found if one.what == what]


def by_socket(answer: Answer, **options: bool) -> list[Finding]:
    with stranger(answer) as shop:
        return probed(None, shop.url, **options)


# The key


@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_a_key_that_may_do_what_the_jobs_need(url: str) -> None:
    with Sandbox(keys=KEYS, seed=3) as sandbox:
        both = probed(sandbox.transport(), url)
        reader = probed(sandbox.transport(), url, writes=False, consumer_key="ck_reader")
    assert about("key", both) == [("ok", "it may read: 3 products"), ("ok", "it may write")]
    assert about("key", reader)[1] == ("ok", "it may not write, and no job writes this shop")


@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_a_key_that_may_not_write_where_a_job_writes_is_an_error(url: str) -> None:
    with Sandbox(keys=KEYS) as sandbox:
        found = probed(sandbox.transport(), url, consumer_key="ck_reader")
    error = next(one for one in found if one.level == "error")
    assert error.exit_code == 3
    assert error.message.startswith("the key may read but not write (401 ")
    assert error.instead == "give it Read/Write permissions"


def test_a_key_that_may_write_where_no_job_does_is_a_warning() -> None:
    with Sandbox(keys=KEYS) as sandbox:
        found = probed(sandbox.transport(), writes=False)
    assert about("key", found)[1] == ("warning", "it may write, and no job writes this shop")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"consumer_key": "ck_nobody"}, "unknown or revoked consumer_key"),
        ({"consumer_secret": "cs_wrong"}, "wrong consumer_secret"),
        ({"consumer_key": "ck_writer"}, "the key may write but not read"),
    ],
)
@pytest.mark.parametrize("url", [HTTP, HTTPS])
def test_a_key_that_is_refused_ends_the_look_at_the_shop(url: str, options: dict[str, str], said: str) -> None:
    with Sandbox(keys=KEYS) as sandbox:
        found = probed(sandbox.transport(), url, **options)
        asked = [request.method for request in sandbox.requests]
    errors = [one for one in found if one.level == "error"]
    assert [(one.what, one.exit_code) for one in errors] == [("key", 3)]
    assert errors[0].message.startswith(said)
    assert errors[0].instead
    assert asked == ["GET", "GET"], "whoever may not read is not asked to write"
    assert not [one for one in found for secret in options.values() if secret in f"{one}"]


def test_a_user_without_the_right_to_manage_the_shop_is_no_unknown_key() -> None:
    forbidden = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
    found = by_socket(whole(products=Told(403, forbidden)))
    assert about("key", found)[0][1].startswith("the key is right, but its user may not do this")


def test_nothing_but_reading_and_one_empty_batch_is_sent() -> None:
    with Sandbox(seed=2) as sandbox:
        before = sandbox.products()
        probed(sandbox.transport())
        written = [(one.path, one.status) for one in sandbox.requests if one.method != "GET"]
        assert written == [("/wp-json/wc/v3/products/batch", 200)]
        assert sandbox.products() == before


# Addresses


def test_a_shop_that_signs_for_another_address_is_told_from_a_wrong_secret() -> None:
    with Sandbox(home="http://www.shop.test") as sandbox:
        error = next(one for one in probed(sandbox.transport()) if one.level == "error")
    assert "the store checks signatures for its own address http://www.shop.test" in error.message
    assert error.instead == "use that as url instead of http://shop.test"


def test_over_https_another_home_does_no_harm_and_is_only_told() -> None:
    with Sandbox(home="https://www.shop.test") as sandbox:
        found = probed(sandbox.transport(), HTTPS)
    assert ("info", "the shop calls itself https://www.shop.test; over https:// that does no harm") in about(
        "address", found
    )
    assert max(one.exit_code for one in found) == 0


def test_plain_http_is_a_warning_but_for_this_machine_itself() -> None:
    with Sandbox() as sandbox:
        assert [level for level, _ in about("address", probed(sandbox.transport()))] == ["ok", "warning"]
        assert [level for level, _ in about("address", probed(sandbox.transport(), "http://127.0.0.1"))] == ["ok"]


def test_a_wordpress_without_woocommerce() -> None:
    found = by_socket(whole(**{"wp-json": Told(body={**INDEX, "namespaces": ["wp/v2"]})}))
    assert [one.what for one in found if one.level == "error"] == ["WooCommerce"]


def test_a_hidden_index_does_not_keep_the_key_from_being_tried() -> None:
    found = by_socket(whole(**{"wp-json": Told(401, HIDDEN)}))
    assert about("key", found) == [("ok", "it may read: 0 products"), ("ok", "it may write")]
    assert about("REST API", found)[0][0] == "info"


# Clocks


@pytest.mark.parametrize(
    ("minutes", "url", "level", "code"),
    [
        (0.5, HTTP, "ok", 0),
        (2, HTTP, "warning", 1),
        (-14, HTTP, "warning", 1),
        (16, HTTP, "error", 3),
        (-40, HTTP, "error", 3),
        (40, HTTPS, "warning", 1),
    ],
)
def test_clocks_that_differ(minutes: float, url: str, level: str, code: int) -> None:
    """The signature is made by the true time; a shop that is off by more than 15 minutes refuses it."""
    with Sandbox(clock=lambda: datetime.now(UTC) - timedelta(minutes=minutes)) as sandbox:
        found = next(one for one in probed(sandbox.transport(), url) if one.what == "clock")
    assert (found.level, found.exit_code) == (level, code)
    if code:
        side = "ahead of" if minutes > 0 else "behind"
        assert f"this machine's clock is {abs(minutes):.0f} min {side} the shop's" in found.message


def test_a_cached_answer_tells_no_time() -> None:
    old = {"Date": "Wed, 01 Jul 2020 12:00:00 GMT", "Age": "600"}

    def cached(method: str, target: str) -> Told:
        told = whole()(method, target)
        return Told(told.status, told.body, {**told.headers, **old})

    class Undated(httpx.BaseTransport):
        """The server of the tests dates its answers itself."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            told = cached(request.method, request.url.path)
            return httpx.Response(told.status, headers=dict(told.headers), content=told.content)

    assert about("clock", probed(Undated())) == [("info", "the shop does not tell its time (no Date header)")]


# Versions and customs


@pytest.mark.parametrize(
    ("woocommerce", "wordpress", "levels"),
    [
        ("10.2.4", "6.9.7", ["ok", "ok"]),
        ("7.0.0", "5.8", ["ok", "ok"]),
        ("6.9.4", "6.1", ["warning", "ok"]),
        ("10.0.0-beta.1", "5.7.2", ["ok", "warning"]),
    ],
)
def test_versions_below_those_that_are_supported_are_a_warning(
    woocommerce: str, wordpress: str, levels: list[str]
) -> None:
    status = Told(body={"environment": {"version": woocommerce, "wp_version": wordpress}})
    found = about("versions", by_socket(whole(system_status=status)))
    assert [level for level, _ in found] == levels
    assert all(version in text for version, (_, text) in zip((woocommerce, wordpress), found, strict=True))


@pytest.mark.parametrize(
    "status", [Told(403, {"code": "woocommerce_rest_cannot_view"}), Told(500, "x"), Told(body=[1])]
)
def test_a_key_that_is_not_told_the_versions_is_good_enough(status: Told) -> None:
    found = by_socket(whole(system_status=status))
    assert [level for level, _ in about("versions", found)] == ["info"]
    assert max(one.exit_code for one in found) == 0


def test_currency_units_and_time_zone_are_told() -> None:
    with Sandbox(zone="Europe/Vienna") as sandbox:
        found = about("shop", probed(sandbox.transport()))
    assert found == [("info", "prices in EUR with 2 decimals; weights and sizes in kg and cm; time zone Europe/Vienna")]
