"""What a 401 means: WooCommerce answers it for five different things, and only its text tells them apart
(FACTS-WOOCOMMERCE, 10). Permission is a 401 as well; a 403 was never seen from WooCommerce itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["refused_because"]

MAKE_KEY = "make one in WooCommerce > Settings > Advanced > REST API"


def refused_because(
    url: str, status: int, error: tuple[str, str], store_clock: datetime | None, home: Callable[[], str]
) -> str:
    """What the refusal means and what to do about it. `home` asks the store for its own address."""
    code, message = error
    said = f"({status} {code}: {message})"
    text = message.casefold()
    if "write permission" in text:
        return f"the key may read but not write: give it Read/Write permissions {said}"
    if "read permission" in text:
        return f"the key may write but not read: give it Read/Write permissions {said}"
    if "consumer secret is invalid" in text:
        return f"wrong consumer_secret: the store knows the key {said}"
    if "consumer key is invalid" in text:
        return f"unknown or revoked consumer_key: {MAKE_KEY} {said}"
    if "invalid timestamp" in text:
        return f"{_clocks(store_clock)}: set this machine's clock {said}"
    if "nonce" in text:
        return f"the store has seen this request before: does something on the way repeat requests? {said}"
    if "invalid signature" in text:
        return f"{_signature(url, home())} {said}"
    if code.endswith("cannot_view") or status == 401:
        return f"{_unknown(url)} {said}"
    return f"the store refuses: a security plugin or a firewall may ask for more than the key {said}"


def _clocks(store_clock: datetime | None) -> str:
    if store_clock is None:
        return "this machine's clock and the store's differ by more than 15 minutes"
    off = (datetime.now(UTC) - store_clock).total_seconds()
    if abs(off) < 15 * 60:
        return "the store does not accept the time of the request, though both clocks agree"
    return f"this machine's clock is {abs(off) / 60:.0f} minutes {'ahead of' if off > 0 else 'behind'} the store's"


def _signature(url: str, home: str) -> str:
    """A store checks the signature against its own address, so a right secret fails under another one."""
    if home and home.casefold() != url.casefold():
        return f"the store checks signatures for its own address {home}: use that as url instead of {url}"
    if home:
        return "wrong consumer_secret: the signature does not match"
    return (
        "wrong consumer_secret, or the store's own address (Settings > General) is not the url: the signature differs"
    )


def _unknown(url: str) -> str:
    if url.startswith("https:"):
        return (
            f"unknown or revoked consumer_key: {MAKE_KEY}. If the key is right, the web server drops the Authorization "
            "header, or WordPress behind its proxy does not know that it is reached over HTTPS"
        )
    return (
        f"unknown consumer_key: {MAKE_KEY}. If the key is right, the web server drops the Authorization header, "
        "or wants https://"
    )
