"""How a request proves who sends it: Basic over HTTPS, OAuth 1.0a over plain HTTP (FACTS-WOOCOMMERCE, 10).

Both go into the Authorization header and never into the URL, so that no log of URLs holds a key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Generator, Iterable
from urllib.parse import parse_qsl, quote

import httpx

__all__ = ["OAuth1", "auth_for", "signature"]


def auth_for(url: str, key: str, secret: str) -> httpx.Auth:
    """What the URL calls for: plain HTTP takes no Basic, and over HTTPS a signature needs the store's own address."""
    return httpx.BasicAuth(key, secret) if url.startswith("https:") else OAuth1(key, secret)


class OAuth1(httpx.Auth):
    """OAuth 1.0a with HMAC-SHA256. A JSON body is not signed; each try of a request gets its own nonce."""

    def __init__(self, key: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        oauth = {
            "oauth_consumer_key": self._key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self._clock())),
            "oauth_version": "1.0",
        }
        query = parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)
        called = str(request.url.copy_with(query=None, fragment=None))
        oauth["oauth_signature"] = signature(request.method, called, [*query, *oauth.items()], self._secret)
        request.headers["Authorization"] = "OAuth " + ", ".join(
            f'{name}="{_quoted(value)}"' for name, value in oauth.items()
        )
        yield request


def signature(method: str, url: str, parameters: Iterable[tuple[str, str]], secret: str) -> str:
    """The signature of RFC 5849; there is no token, so the key ends with a bare `&`."""
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parameters)
    normalised = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_quoted(part) for part in (method.upper(), url, normalised))
    digest = hmac.new(f"{_quoted(secret)}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
