"""How a request proves who sends it: Basic over HTTPS, OAuth 1.0a over plain HTTP (FACTS-WOOCOMMERCE, 10).

Both go into the Authorization header and not into the URL, so that no log of URLs holds a key. Only where a server
drops that header the config may ask for the keys in the query, over HTTPS alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Generator, Iterable
from typing import Literal
from urllib.parse import parse_qsl, quote

import httpx

__all__ = ["Kind", "OAuth1", "auth_for", "oauth_parameters", "signature"]

Kind = Literal["basic", "oauth1", "query"]


def auth_for(url: str, key: str, secret: str, kind: Kind | None = None) -> httpx.Auth:
    """What is asked for, or what the URL calls for: plain HTTP takes no Basic, and over HTTPS a signature needs the
    store's own address."""
    match kind or ("basic" if url.startswith("https:") else "oauth1"):
        case "basic":
            return httpx.BasicAuth(key, secret)
        case "query":
            return _InQuery(key, secret)
    return OAuth1(key, secret)


class _InQuery(httpx.Auth):
    """The keys as parameters, for servers that drop the Authorization header."""

    def __init__(self, key: str, secret: str) -> None:
        self._keys = {"consumer_key": key, "consumer_secret": secret}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if request.url.scheme != "https":
            raise ValueError("keys in the query travel over https:// only")
        request.url = request.url.copy_merge_params(self._keys)
        yield request


class OAuth1(httpx.Auth):
    """OAuth 1.0a with HMAC-SHA256. A JSON body is not signed; each try of a request gets its own nonce."""

    def __init__(self, key: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        oauth = oauth_parameters(self._key, self._clock())
        query = parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)
        called = str(request.url.copy_with(query=None, fragment=None))
        oauth["oauth_signature"] = signature(request.method, called, [*query, *oauth.items()], self._secret)
        request.headers["Authorization"] = "OAuth " + ", ".join(
            f'{name}="{_quoted(value)}"' for name, value in oauth.items()
        )
        yield request


def oauth_parameters(key: str, now: float) -> dict[str, str]:
    """What a signature is made of besides the request, new for each."""
    return {
        "oauth_consumer_key": key,
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(now)),
        "oauth_version": "1.0",
    }


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], secret: str) -> str:
    """The signature of RFC 5849; there is no token, so the key ends with a bare `&`."""
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_quoted(part) for part in (method.upper(), url, normalised))
    digest = hmac.new(f"{_quoted(secret)}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
