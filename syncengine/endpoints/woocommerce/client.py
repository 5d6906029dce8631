"""Requests to one store: sent, repeated where that is safe, counted, and read with suspicion.

A GET is repeated on any connection error, 408, 429 and 5xx. A write is repeated only if it provably never left; when
its reply is lost it raises `LostReply`, and whoever sent it has to look before trying again.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from syncengine import __version__
from syncengine.endpoints.woocommerce.auth import auth_for
from syncengine.endpoints.woocommerce.refused import refused_because
from syncengine.errors import CannotRun, Refused, Unreachable
from syncengine.private import hide
from syncengine.settings import WooCommerceConnection
from syncengine.values import Value, same

__all__ = ["Blocked", "Client", "LostReply", "NoSuchRoute", "Reply", "code_and_message", "number_in"]

TRIES = 8
TRIES_AT_FIRST = 3  # while nothing at all is there: then the URL is more likely wrong than the store busy
LONGEST_PAUSE = 300.0  # seconds; a store that asks for more is given up for this run
LARGEST_REPLY = 128 * 1024 * 1024
WHOLE_REPLY = 2  # times the timeout: a reply that has begun is not waited for without end, however it drips
PACKED = (
    "gzip",
    "deflate",
    "identity",
    "",
)  # once: packed twice, or in other ways, little becomes more than there is room
LONGEST_COUNT = 12  # digits
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class LostReply(Exception):
    """A write whose reply did not come or says nothing: it may be done. `timed_out`: a smaller one might pass."""

    def __init__(self, why: str, *, timed_out: bool = False) -> None:
        super().__init__(why)
        self.timed_out = timed_out


class Blocked(Refused):
    """Something before WooCommerce kept a request from it: nothing was written. `said` leaves the connection out."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class NoSuchRoute(Unreachable):
    """The store answers, but has no such resource."""


class _Unreadable(httpx.ReadError):
    """More than anybody could have asked for, or packed as nobody asked for: another try would bring the same."""


class _Again(Exception):
    """Worth another try."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that makes sense: JSON, with the store's clock and, if told, the size of the list it is a page of."""

    status: int
    body: Any
    date: datetime | None
    total: int | None


class Client:
    """The one connection pool of an endpoint. Thread-safe."""

    ROOT = "/wp-json/wc/v3/"
    NAME = "WooCommerce REST API v3"

    def __init__(
        self,
        connection: WooCommerceConnection,
        transport: httpx.BaseTransport | None = None,
        counted: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = str(httpx.URL(connection.url)).rstrip("/")
        self._name = connection.name
        key, secret = connection.consumer_key.get_secret_value(), connection.consumer_secret.get_secret_value()
        self._secrets = (key, secret, base64.b64encode(f"{key}:{secret}".encode()).decode())
        for one in self._secrets:
            hide(one)
        self._counted = counted
        self._sleep = sleep
        self._answered = False
        self._pause_until = 0.0
        self._lock = threading.Lock()
        self._backoff = wait_random_exponential(multiplier=0.5, max=20)
        self._timeout = connection.timeout
        self._auth = auth_for(self.url, key, secret, connection.auth)
        self._http = httpx.Client(
            headers={
                "User-Agent": f"syncengine/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
            },
            timeout=httpx.Timeout(connection.timeout, connect=min(10.0, connection.timeout), pool=None),
            limits=httpx.Limits(max_connections=connection.concurrency),
            follow_redirects=False,
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Reply:
        """What is there now. Repeats itself; raises if the store cannot be read."""
        return self._read("GET", path, parameters)

    def options(self, path: str) -> Reply:
        """What the store says of a route: what may be done there, and the schema of its records. As `get` otherwise."""
        return self._read("OPTIONS", path, None)

    def tells(self, path: str, sent: Value, told: Value) -> bool:
        """Whether an answer shows a product's part as it was sent."""
        return same(sent, told)

    def refusal(self, path: str, value: Value) -> str:
        """Why this API could not take a value that its records may have otherwise, "" where it can."""
        return ""

    def ask(
        self,
        method: str,
        address: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        key: bool = False,
        login: httpx.Auth | None = None,
    ) -> tuple[httpx.Response, bytes]:
        """One request to an address below the store's, with the key, another login or neither, and whatever answers
        it: for who must tell answers apart. Raises httpx.TransportError."""
        self._keep_the_pause()
        request = self._http.build_request(method, f"{self.url}{address}", params=parameters, json=body)
        response, answer = self._sent(request, self._auth if key else login)
        self._answered = True
        return response, answer

    def _read(self, method: str, path: str, parameters: Mapping[str, Any] | None) -> Reply:
        return self._usable(method, path, self._asked(method, path, parameters))

    def _usable(self, method: str, path: str, reply: Reply) -> Reply:
        if reply.status != 200:
            raise CannotRun(self.prefixed(f"{method} {path}: {_coded(reply)}"))
        return reply

    def _asked(self, method: str, path: str, parameters: Mapping[str, Any] | None) -> Reply:
        def once() -> Reply:
            try:
                response, body = self._exchange(method, path, parameters=parameters)
            except httpx.TransportError as error:
                raise self._after(error) from None
            if response.status_code in (408, 429) or response.status_code >= 500:
                raise _Again(self._said(response, body))
            return self._understood(response, body)

        return self._repeating(once)

    def post(self, path: str, body: Any) -> Reply:
        """Write. Any complete answer of the store is returned, refusals of the whole request (400, 413) too."""
        return self._write("POST", path, body)

    def _write(self, method: str, path: str, body: Any) -> Reply:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body is not None else None

        def once() -> Reply:
            try:
                response, answer = self._exchange(method, path, content=content)
            except NEVER_LEFT as error:
                raise self._after(error) from None
            except httpx.TransportError as error:
                raise LostReply(
                    f"the reply was lost: {_described(error)}", timed_out=isinstance(error, httpx.TimeoutException)
                ) from None
            if response.status_code == 413:
                return self._reply(response, {"code": "too_large", "message": "the request is too large"})
            if response.status_code in (408, 429) or response.status_code >= 500:
                raise LostReply(self._said(response, answer), timed_out=response.status_code in (408, 504, 524))
            if 400 <= response.status_code < 500 and response.status_code != 401 and not _is_json(answer):
                raise self._blocked(response)
            try:
                return self._understood(response, answer)
            except Unreachable as error:
                if response.is_success:
                    raise LostReply(str(error)) from None
                raise

        return self._repeating(once)

    def public_home(self) -> str:
        """What the store calls its own address, as its index tells anybody; "" if it does not."""
        try:
            request = self._http.build_request("GET", f"{self.url}/wp-json/", params={"_fields": "home"})
            response, body = self._sent(request, auth=None)
            home = json.loads(body)["home"] if response.is_success else ""
        except (httpx.TransportError, ValueError, KeyError, TypeError):
            return ""
        return home.rstrip("/") if isinstance(home, str) else ""

    def _repeating(self, once: Callable[[], Reply]) -> Reply:
        retrying = Retrying(
            stop=self._enough,
            wait=self._backoff,
            retry=retry_if_exception_type(_Again),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(once)
        except _Again as error:
            raise Unreachable(self.prefixed(f"{self.url} cannot be used now: {error.why}")) from None

    def _enough(self, state: RetryCallState) -> bool:
        return state.attempt_number >= (TRIES if self._answered else TRIES_AT_FIRST)

    def _exchange(
        self, method: str, path: str, parameters: Mapping[str, Any] | None = None, content: bytes | None = None
    ) -> tuple[httpx.Response, bytes]:
        self._keep_the_pause()
        request = self._http.build_request(
            method,
            f"{self.url}{self.ROOT}{path}",
            params=parameters,
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
        )
        response, body = self._sent(request, self._auth)
        self._answered = True
        if response.status_code in (429, 503):
            self._ask_for_a_pause(response)
        return response, body

    def _sent(self, request: httpx.Request, auth: httpx.Auth | None) -> tuple[httpx.Response, bytes]:
        self._counted()
        response = self._http.send(request, stream=True, auth=auth)
        until = time.monotonic() + WHOLE_REPLY * self._timeout
        try:
            if (packed := response.headers.get("Content-Encoding", "").strip().lower()) not in PACKED:
                raise _Unreadable(f"the reply cannot be unpacked: Content-Encoding {packed[:40]!r}")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > until:
                    raise httpx.ReadTimeout(f"the reply was not complete after {WHOLE_REPLY * self._timeout:g} s")
                if len(body) > LARGEST_REPLY:
                    raise _Unreadable(f"the reply is larger than {LARGEST_REPLY >> 20} MB")
        except httpx.DecodingError as error:
            raise httpx.ReadError(f"the reply cannot be unpacked: {error}") from None
        finally:
            response.close()
        return response, self._without_secrets(bytes(body))

    def _without_secrets(self, body: bytes) -> bytes:
        """Some servers repeat what they were asked: no record and no error is to carry that on."""
        for secret in self._secrets:
            body = body.replace(secret.encode(), b"***")
        return body

    def _keep_the_pause(self) -> None:
        with self._lock:
            pause = self._pause_until - time.monotonic()
        if pause > LONGEST_PAUSE:
            raise Unreachable(self.prefixed(f"the store asks to be left alone for {pause:.0f} s; run again then"))
        if pause > 0:
            self._sleep(pause)

    def _ask_for_a_pause(self, response: httpx.Response) -> None:
        given = response.headers.get("Retry-After", "").strip()
        if (seconds := number_in(given)) is not None:
            pause = float(seconds)
        else:
            until, now = _http_date(given), _http_date(response.headers.get("Date", ""))
            if until is None or now is None:
                return
            pause = (until - now).total_seconds()
        with self._lock:
            self._pause_until = max(self._pause_until, time.monotonic() + pause)

    def _after(self, error: httpx.TransportError) -> Exception:
        """Another try, or the end where another try cannot help."""
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Unreachable(self.prefixed(f"the certificate of {self.url} is not trusted: {_described(error)}"))
        if isinstance(error, _Unreadable):
            return Unreachable(self.prefixed(str(error)))
        self._answered |= not isinstance(error, NEVER_LEFT)
        return _Again(_described(error))

    def _understood(self, response: httpx.Response, body: bytes) -> Reply:
        """The reply of WooCommerce itself, or an exception that says who else answered."""
        if response.is_redirect:
            target = _without_query(response.headers.get("Location", ""))
            raise Unreachable(
                self.prefixed(f"the store redirects to {target or 'another address'}: use that URL (now {self.url})")
            )
        try:
            answer = _parsed(body)
        except (ValueError, RecursionError):
            if response.status_code == 403:
                raise self._blocked(response) from None
            raise Unreachable(self.prefixed(self._not_json(response, body))) from None
        reply = self._reply(response, answer)
        if reply.status in (401, 403):
            error = code_and_message(reply.body)
            raise Refused(self.prefixed(refused_because(self.url, reply.status, error, reply.date, self.public_home)))
        if reply.status == 404 and code_and_message(reply.body)[0] == "rest_no_route":
            raise NoSuchRoute(self.prefixed(f"{self.url} has no {self.NAME}, or not {response.url.path}"))
        return reply

    def _blocked(self, response: httpx.Response) -> Blocked:
        said = f"{response.status_code} from something before WooCommerce, a firewall perhaps: let this program pass"
        return Blocked(self.prefixed(said), said)

    def _reply(self, response: httpx.Response, answer: Any) -> Reply:
        date = _http_date(response.headers.get("Date", ""))
        return Reply(response.status_code, answer, date, number_in(response.headers.get("X-WP-Total", "")))

    def _not_json(self, response: httpx.Response, body: bytes) -> str:
        if not body.strip():
            return f"{self.url}: the answer is empty ({response.status_code}): the shop's PHP may have died over it"
        beginning = self.shown(body[:200].decode("utf-8", "replace"))
        who = (
            "a web page came instead of WooCommerce's JSON (a firewall, a login page, or not the URL of the shop)"
            if "<" in beginning[:20] or "html" in response.headers.get("Content-Type", "")
            else "the answer is not JSON"
        )
        return f"{self.url}: {who}: {response.status_code}, it begins {beginning[:80]!r}"

    def _said(self, response: httpx.Response, body: bytes) -> str:
        try:
            code, message = code_and_message(json.loads(body))
        except (ValueError, RecursionError):
            code, message = "", ""
        return f"the store answered {response.status_code}" + (f" {code}: {self.shown(message)}" if code else "")

    def shown(self, text: str) -> str:
        """Foreign text as it may stand in an error: a page may repeat what it was asked."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())

    def prefixed(self, message: str) -> str:
        return f"connections.{self._name}: {message}"


def _parsed(body: bytes) -> Any:
    return json.loads(body.decode("utf-8-sig"))  # some plugins put a byte order mark before everything


def _is_json(body: bytes) -> bool:
    try:
        _parsed(body)
    except (ValueError, RecursionError):
        return False
    return True


def _coded(reply: Reply) -> str:
    code, message = code_and_message(reply.body)
    return f"{reply.status} {code}: {message}" if code else f"the store answered {reply.status}"


def code_and_message(answer: Any) -> tuple[str, str]:
    """Of an error as the store tells it; both empty where it is none."""
    if not isinstance(answer, dict):
        return "", ""
    return str(answer.get("code", "")), str(answer.get("message", ""))


def number_in(header: str) -> int | None:
    """A count as a header tells it; None where there is none."""
    return int(header) if header.isascii() and header.isdecimal() and len(header) <= LONGEST_COUNT else None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _described(error: httpx.TransportError) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _without_query(url: str) -> str:
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]
