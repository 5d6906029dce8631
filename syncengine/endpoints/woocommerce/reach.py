"""Why a shop cannot be reached, told apart: names, certificates, ports; and whoever answers in the shop's place."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from syncengine.findings import Finding, obstacle

__all__ = ["busy", "parsed", "stranger", "unreached"]

EXPIRED, NOT_YET_VALID, OTHER_NAMES = 10, 9, (62, 64)  # OpenSSL's numbers of what is wrong with a certificate
CHALLENGES = ("captcha", "just a moment", "attention required", "access denied", "request blocked")
LOGINS = ("wp-login", 'type="password"', "type='password'", "please log in")
LOOKED_THROUGH, BEGINNING = 64 << 10, 2000  # bytes of a foreign page, and those that its title is in
ADDRESS, API = "address", "REST API"


def unreached(error: httpx.TransportError, url: str, timeout: float) -> Finding:
    """Why no answer came."""
    parts = urlsplit(url)
    host = parts.hostname or url
    port = parts.port or (443 if parts.scheme == "https" else 80)
    causes = list(_causes(error))
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return _untrusted(cause, host)
            case ssl.SSLError():
                said = (cause.reason or "no reason was given").replace("_", " ").lower()
                return obstacle(
                    ADDRESS, f"TLS with {host}:{port} fails: {said}", "is url right, https:// and the port?"
                )
            case socket.gaierror():
                return obstacle(
                    ADDRESS,
                    f"there is no address for the name {host}",
                    "look for a slip in url, and whether this machine can look up names",
                )
            case ConnectionRefusedError():
                return obstacle(
                    ADDRESS, f"nobody listens at {host}:{port}", "does the shop run, and is the port in url right?"
                )
    if isinstance(error, httpx.ConnectTimeout):
        return obstacle(
            ADDRESS,
            f"{host}:{port} does not answer: no connection was made in {min(10.0, timeout):g} s",
            "is the host up? A firewall on the way may swallow what comes from this machine",
        )
    if isinstance(error, httpx.TimeoutException):
        return obstacle(
            ADDRESS,
            f"{host}:{port} takes the connection and does not answer in {timeout:g} s",
            "is the shop overloaded? A longer timeout can be set in the connection",
        )
    if isinstance(error, httpx.RemoteProtocolError) or any(isinstance(one, ConnectionError) for one in causes):
        return obstacle(
            ADDRESS,
            f"{host}:{port} closes the connection without an answer",
            "is it the port of the web server? One for https:// does not answer to http://",
        )
    said = " ".join(str(error).split()) or type(error).__name__
    return obstacle(ADDRESS, f"{host}:{port} cannot be reached: {said}", "what stands between it and this machine?")


def stranger(response: httpx.Response, body: bytes, url: str, shown: Callable[[str], str]) -> Finding | None:
    """Who answered in the shop's place; None where it was the shop, whatever it said. `shown` takes secrets out."""
    if response.is_redirect:
        return _redirect(response, url, shown)
    if parsed(body) is not None:
        return None
    page = body[:LOOKED_THROUGH].decode("utf-8", "replace").casefold()
    status, server = response.status_code, response.headers.get("Server", "")
    if status == 401 and "www-authenticate" in response.headers:
        return obstacle(
            API,
            "the web server asks for a password of its own, before WordPress (401)",
            "let /wp-json/ through without one: the request can carry the shop's key only",
        )
    if _is_firewall(response, page):
        name = f" ({shown(server)[:40]})" if server else ""
        return obstacle(
            API,
            f"a firewall answers in the shop's place{name}: {status}",
            "let this machine, or the program by its User-Agent (syncengine), through to /wp-json/",
        )
    if any(mark in page for mark in LOGINS):
        return obstacle(
            API,
            f"a login page comes in place of the REST API ({status})",
            "a plug-in hides the shop (maintenance, coming soon, members only): let /wp-json/ through",
        )
    if status == 503 and "maintenance" in page[:BEGINNING]:
        return obstacle(API, "the shop is in maintenance (503)", "try again later")
    if (failing := busy(response)) is not None:
        return failing
    beginning = shown(body[:200].decode("utf-8", "replace"))[:80]
    if "<html" in page or "<!doctype" in page or "html" in response.headers.get("Content-Type", ""):
        return obstacle(
            API,
            f"a web page comes in place of the REST API ({status}); it begins {beginning!r}",
            "is url the address of the shop's front page?",
        )
    return obstacle(
        API,
        f"the answer is not JSON ({status}); it begins {beginning!r}",
        "PHP warnings may stand before it: turn WP_DEBUG_DISPLAY off",
    )


def busy(response: httpx.Response) -> Finding | None:
    """That the shop has no time now, or fails; None where it does its work."""
    status = response.status_code
    if status in (429, 503):
        after = response.headers.get("Retry-After", "").strip()
        when = f"in {after} s" if after.isdigit() and len(after) < 6 else "later"
        return obstacle(API, f"the shop asks to be left alone ({status})", f"try again {when}")
    if status >= 500:
        return obstacle(API, f"the shop fails ({status})", "look into its log: WooCommerce > Status > Logs")
    return None


def parsed(body: bytes) -> Any | None:
    """The JSON object or list of an answer, None where it is something else."""
    try:
        answer = json.loads(body.decode("utf-8-sig"))  # some plug-ins put a byte order mark before everything
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict | list) else None


def _untrusted(error: ssl.SSLCertVerificationError, host: str) -> Finding:
    match error.verify_code:
        case code if code == EXPIRED:
            return obstacle(
                ADDRESS, f"the certificate of {host} has expired", "have it renewed where the shop is hosted"
            )
        case code if code == NOT_YET_VALID:
            return obstacle(ADDRESS, f"the certificate of {host} is not valid yet", "is this machine's clock right?")
        case code if code in OTHER_NAMES:
            return obstacle(
                ADDRESS,
                f"the certificate that {host} shows is another name's",
                "write the name that the certificate is for as url, or get one for this name",
            )
    return obstacle(
        ADDRESS,
        f"the certificate of {host} is not trusted: {error.verify_message}",
        "install it with its whole chain; an authority of your own is named by the variable SSL_CERT_FILE",
    )


def _redirect(response: httpx.Response, url: str, shown: Callable[[str], str]) -> Finding:
    """Redirects are told and never followed: the key would go along, to wherever they lead."""
    here = urlsplit(url)
    try:
        target = urlsplit(urljoin(f"{url}/", response.headers.get("Location", "")))
    except ValueError:
        return obstacle(ADDRESS, "the shop redirects, and to no address", "look at its web server's settings")
    if "wp-login" in target.path or "/login" in target.path:
        return obstacle(
            API,
            "requests to the REST API are sent on to a login page",
            "a plug-in hides the shop (maintenance, coming soon, members only): let /wp-json/ through",
        )
    base = shown(f"{target.scheme}://{target.netloc}{target.path.partition('/wp-json')[0].rstrip('/')}")
    write = f'write url = "{base}" if that is the shop; redirects are never followed, for the key would go along'
    if target.hostname != here.hostname:
        return obstacle(ADDRESS, f"the shop redirects to another host: {base}", write)
    if (target.scheme, here.scheme) == ("https", "http"):
        return obstacle(ADDRESS, "the shop redirects from http:// to https://", write)
    return obstacle(ADDRESS, f"the shop redirects to another address: {base}", write)


def _is_firewall(response: httpx.Response, page: str) -> bool:
    if response.status_code in (403, 406) or "cf-mitigated" in response.headers:
        return True
    return any(mark in page[:BEGINNING] for mark in CHALLENGES)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__
