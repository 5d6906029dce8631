"""Who is let in by the old API: Basic and query-string keys over HTTPS, signed queries over HTTP (FACTS, 13).

It reads no signature out of a header: by its source, OAuth's parameters stand in the query. What it signs is each
value decoded once more than PHP does.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, quote, unquote

from syncengine.sandbox.auth import Gate, Key, basic_pair, digest
from syncengine.sandbox.legacy.asked import LegacyError, parsed
from syncengine.sandbox.messages import ApiError, Request

__all__ = ["admit"]

NEEDED = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
METHODS = ("HMAC-SHA1", "HMAC-SHA256")
REALM = "WooCommerce API. Use a consumer key in the username field and a consumer secret in the password field."


def admit(gate: Gate, request: Request, home: str, now: float) -> None:
    """Raises LegacyError for a request without a key that may do this."""
    key = _by_secret(gate, request) if request.scheme == "https" else _by_signature(gate, request, home, now)
    needed = "read" if request.method in ("GET", "HEAD") else "write"
    if needed not in key.permissions:
        raise _refused(f"The API key provided does not have {needed} permissions.")


def _by_secret(gate: Gate, request: Request) -> Key:
    query, _ = parsed(request.query_string)
    pair = (query.get("consumer_key", ""), query.get("consumer_secret", ""))
    by_query = all(pair)
    pair = pair if by_query else basic_pair(request.headers) or ("", "")
    if not all(pair):
        raise _asked_for_a_key()
    key = _known(gate, pair[0])
    if hmac.compare_digest(key.consumer_secret.encode(), pair[1].encode()):
        return key
    raise _refused("Consumer secret is invalid.") if by_query else _asked_for_a_key()


def _by_signature(gate: Gate, request: Request, home: str, now: float) -> Key:
    query, _ = parsed(request.query_string)
    for name in NEEDED:
        if not query.get(name):
            raise LegacyError(404, "authentication_error", f"{name} parameter is missing")
    key = _known(gate, query["oauth_consumer_key"])
    if query["oauth_signature_method"] not in METHODS:
        raise _refused("Invalid signature - signature method is invalid.")
    pairs = [(name, unquote(value)) for name, value in parse_qsl(request.query_string, keep_blank_values=True)]
    signed = sorted((_escaped(name), _escaped(value)) for name, value in pairs if name != "oauth_signature")
    called = f"http://{home.partition('://')[2]}{quote(request.path, safe='/~@')}"
    text = "&".join((request.method, _escaped(called), _escaped("&".join("=".join(pair) for pair in signed))))
    if not hmac.compare_digest(digest(key, text, query["oauth_signature_method"]), query["oauth_signature"].encode()):
        raise _refused("Invalid signature - provided signature does not match.")
    try:
        gate.check_freshness(key, query["oauth_timestamp"], query["oauth_nonce"], now)
    except ApiError as error:
        raise _refused(error.message) from None
    return key


def _known(gate: Gate, consumer_key: str) -> Key:
    key = gate.key(consumer_key)
    if key is None:
        raise _refused("Consumer key is invalid.")
    return key


def _refused(message: str) -> LegacyError:
    return LegacyError(401, "authentication_error", message)


def _asked_for_a_key() -> LegacyError:
    headers = (("WWW-Authenticate", f'Basic realm="{REALM}"'),)
    return LegacyError(401, "authentication_error", "Consumer Secret is invalid.", headers)


def _escaped(text: str) -> str:
    return quote(text, safe="~")
