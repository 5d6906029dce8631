"""What a 401 means: WooCommerce answers it for quite different things, and only its text tells them apart
(FACTS-WOOCOMMERCE, 10). Permission is a 401 as well; a 403 is WordPress's answer to a user whom it knows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

__all__ = ["Refusal", "refusal", "refused_because"]

MAKE_KEY = "make one in WooCommerce > Settings > Advanced > REST API"
GIVE_PERMISSIONS = "give it Read/Write permissions"
COPY_AGAIN = "copy it again; the shop shows it only once, so that may take a new key"


class Refusal(NamedTuple):
    """What a refusal means, and what to do about it."""

    meaning: str
    instead: str


def refused_because(
    url: str, status: int, error: tuple[str, str], store_clock: datetime | None, home: Callable[[], str]
) -> str:
    """What the refusal means and what to do about it, in one line. `home` asks the store for its own address."""
    found = refusal(url, status, error, store_clock, home)
    return f"{found.meaning}: {found.instead} ({status} {error[0]}: {error[1]})"


def refusal(
    url: str, status: int, error: tuple[str, str], store_clock: datetime | None, home: Callable[[], str]
) -> Refusal:
    """What the code and the message of a 401 or 403 mean. `home` asks the store for its own address."""
    code, message = error
    text = message.casefold()
    if "write permission" in text:
        return Refusal("the key may read but not write", GIVE_PERMISSIONS)
    if "read permission" in text:
        return Refusal("the key may write but not read", GIVE_PERMISSIONS)
    if "consumer secret is invalid" in text:
        return Refusal("wrong consumer_secret, though the store knows the key", COPY_AGAIN)
    if "consumer key is invalid" in text:
        return Refusal("unknown or revoked consumer_key", MAKE_KEY)
    if "invalid timestamp" in text:
        return Refusal(_clocks(store_clock), "set this machine's clock")
    if "nonce" in text:
        return Refusal("the store has seen this request before", "does something on the way repeat requests?")
    if "invalid signature" in text:
        return _signature(url, home())
    if status == 403 and code.startswith("woocommerce_rest_cannot"):  # who is not known at all gets a 401
        return Refusal("the key is right, but its user may not do this", "let that user be a Shop manager")
    if code.endswith("cannot_view") or status == 401:
        return _unknown(url)
    return Refusal("the store refuses", "a security plugin or a firewall may ask for more than the key")


def _clocks(store_clock: datetime | None) -> str:
    if store_clock is None:
        return "this machine's clock and the store's differ by more than 15 minutes"
    off = (datetime.now(UTC) - store_clock).total_seconds()
    if abs(off) < 15 * 60:
        return "the store does not accept the time of the request, though both clocks agree"
    return f"this machine's clock is {abs(off) / 60:.0f} minutes {'ahead of' if off > 0 else 'behind'} the store's"


def _signature(url: str, home: str) -> Refusal:
    """A store checks the signature against its own address, so a right secret fails under another one."""
    if home and home.casefold() != url.casefold():
        return Refusal(f"the store checks signatures for its own address {home}", f"use that as url instead of {url}")
    if home:
        return Refusal("wrong consumer_secret, for the signature does not match", COPY_AGAIN)
    return Refusal(
        "wrong consumer_secret, or the store's own address (Settings > General) is not the url",
        "the signature differs; see to both",
    )


def _unknown(url: str) -> Refusal:
    if url.startswith("https:"):
        return Refusal(
            "unknown or revoked consumer_key",
            f'{MAKE_KEY}. If the key is right, the web server drops the Authorization header (try auth = "query"), or '
            "WordPress behind its proxy does not know that it is reached over HTTPS",
        )
    return Refusal(
        "unknown consumer_key",
        f"{MAKE_KEY}. If the key is right, the web server drops the Authorization header, or wants https://",
    )
