"""Who may do what (FACTS-WOOCOMMERCE, 10).

Keys by Basic and query string over HTTPS, OAuth 1.0a and application passwords everywhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, unquote

from syncengine.sandbox.messages import ApiError, Query, Request, parse_query

Permissions = Literal["read", "write", "read_write"]
_WINDOW = 15 * 60  # seconds by which a signature's clock may be off, either way
_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_HEADER_PAIR = re.compile(r'(oauth_\w+)="([^"]*)"')


@dataclass(frozen=True)
class Key:
    """A REST API key as the shop's owner made it."""

    consumer_key: str
    consumer_secret: str
    permissions: Permissions = "read_write"


def refused(message: str) -> ApiError:
    return ApiError(401, "woocommerce_rest_authentication_error", message)


def basic_pair(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """User and password of a Basic Authorization header."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(token.strip()).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


class Gate:
    """Knows the keys, the application passwords by the names of their users, and which nonces were used."""

    def __init__(self, keys: Iterable[Key], passwords: Mapping[str, str]) -> None:
        self._keys = {key.consumer_key: key for key in keys}
        self._passwords = {user.lower(): _bare(password) for user, password in passwords.items()}
        self._nonces: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()

    def admit(self, request: Request, home: str, now: float) -> bool:
        """Whether a known key came along; raises ApiError for one that is wrong or may not do this.

        No key at all, and over HTTPS an unknown one, is no error yet: what is refused then is up to the route. Basic
        over plain HTTP is not even looked at.
        """
        query = parse_query(request.query_string)
        key = self._by_secret(request, query) if request.scheme == "https" else None
        key = key or self._by_signature(request, query, home, now)
        if key is None:
            return self.user(request) is not None
        if request.method in ("GET", "HEAD"):
            if "read" not in key.permissions:
                raise refused("The API key provided does not have read permissions.")
        elif request.method != "OPTIONS" and "write" not in key.permissions:
            raise refused("The API key provided does not have write permissions.")
        return True

    def user(self, request: Request) -> str | None:
        """Who is logged in by an application password, in whose spelling spaces do not count.

        Over plain HTTP as well, as in a shop whose environment is a local one.
        """
        name, password = basic_pair(request.headers) or ("", "")
        known = self._passwords.get(name.lower())
        return name if known and hmac.compare_digest(known.encode(), _bare(password).encode()) else None

    def _by_secret(self, request: Request, query: Query) -> Key | None:
        pair: tuple[Any, Any] | None = (query.get("consumer_key"), query.get("consumer_secret"))
        if not (pair and pair[0] and pair[1]):
            pair = basic_pair(request.headers)
        if not pair or not pair[0] or not pair[1]:
            return None
        key = self._keys.get(str(pair[0]))
        if key and not hmac.compare_digest(key.consumer_secret.encode(), str(pair[1]).encode()):
            raise refused("Consumer secret is invalid.")
        return key

    def _by_signature(self, request: Request, query: Query, home: str, now: float) -> Key | None:
        header = request.headers.get("authorization", "")
        signed = dict(_HEADER_PAIR.findall(header)) if header[:6].lower() == "oauth " else {}
        params = {**query, **{name: unquote(value) for name, value in signed.items()}}
        missing = [name for name in _OAUTH if not params.get(name)]
        if len(missing) == len(_OAUTH):
            return None
        if missing:
            message = f"Missing OAuth parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            raise ApiError(401, "woocommerce_rest_authentication_missing_parameter", message)
        key = self._keys.get(params["oauth_consumer_key"])
        if key is None:
            raise refused("Consumer key is invalid.")
        method = params["oauth_signature_method"]
        if method not in _HASHES:
            raise refused("Invalid signature - signature method is invalid.")
        # The store signs the address that it believes to have: its home, by the scheme that was really used.
        base = f"{request.scheme}://{home.partition('://')[2]}{quote(request.path, safe='/~')}"
        text = "&".join((request.method, _escaped(base), _normal(request.query_string, params)))
        given = params["oauth_signature"].replace(" ", "+")
        if not hmac.compare_digest(digest(key, text, method), given.encode()):
            raise refused("Invalid signature - provided signature does not match.")
        self.check_freshness(key, params["oauth_timestamp"], params["oauth_nonce"], now)
        return key

    def key(self, consumer_key: str) -> Key | None:
        """The key of that name."""
        return self._keys.get(consumer_key)

    def check_freshness(self, key: Key, timestamp: str, nonce: str, now: float) -> None:
        """Raises ApiError for a signature of another time, and for one that was seen before."""
        if not timestamp.isdigit() or abs(now - int(timestamp)) > _WINDOW:
            raise refused("Invalid timestamp.")
        with self._lock:
            used = self._nonces.setdefault(key.consumer_key, {})
            if nonce in used:
                raise refused("Invalid nonce - nonce has already been used.")
            used[nonce] = int(timestamp)
            if len(used) > 4096:
                fresh = {each: when for each, when in used.items() if abs(now - when) <= _WINDOW}
                self._nonces[key.consumer_key] = fresh


def _bare(password: str) -> str:
    return "".join(password.split())


def digest(key: Key, text: str, method: str) -> bytes:
    """The signature of a text with a key, in base64; `method` is HMAC-SHA1 or HMAC-SHA256."""
    found = hmac.new(f"{key.consumer_secret}&".encode(), text.encode(), _HASHES[method]).digest()
    return base64.b64encode(found)


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _normal(query_string: str, params: Query) -> str:
    """The signed parameters, sorted and escaped twice.

    PHP has read `a[]` as `a[0]` by then, so a client that signed the brackets as it sent them does not match.
    """
    pairs = []
    counts: dict[str, int] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        if name.endswith("[]"):
            at = counts.setdefault(name, 0)
            counts[name] += 1
            pairs.append((f"{name[:-2]}[{at}]", value))
        else:
            pairs.append((name, value))
    sent = dict(pairs)
    sent.update({name: str(params[name]) for name in params if name.startswith("oauth_")})
    sent.pop("oauth_signature", None)
    return "%26".join(_escaped(f"{_escaped(name)}={_escaped(value)}") for name, value in sorted(sent.items()))
