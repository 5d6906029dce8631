"""Signatures as the old API takes them: in the query, for it reads none out of a header."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from urllib.parse import parse_qsl, unquote

import httpx

from syncengine.endpoints.woocommerce.auth import Kind, auth_for, oauth_parameters, signature

__all__ = ["legacy_auth"]


def legacy_auth(url: str, key: str, secret: str, kind: Kind | None) -> httpx.Auth:
    """What is asked for, or what the URL calls for."""
    if kind == "oauth1" or (kind is None and not url.startswith("https:")):
        return _OAuthInQuery(key, secret)
    return auth_for(url, key, secret, kind)


class _OAuthInQuery(httpx.Auth):
    """OAuth 1.0a. The old API decodes each value once more before it signs it."""

    def __init__(self, key: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        oauth = oauth_parameters(self._key, self._clock())
        query = parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True)
        called = str(request.url.copy_with(query=None, fragment=None))
        signed = [(name, unquote(value)) for name, value in [*query, *oauth.items()]]
        oauth["oauth_signature"] = signature(request.method, called, signed, self._secret)
        request.url = request.url.copy_merge_params(oauth)
        yield request
