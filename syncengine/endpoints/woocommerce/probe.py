"""A shop, as it shows itself: can it be reached, what may the key do, how old is it, how does it count.

Nothing is written. Whether the key may write is told by an empty batch, which a key that may only read is refused,
and which changes nothing where it is not (FACTS-WOOCOMMERCE, 1 and 10).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import httpx

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.reach import busy, parsed, stranger, unreached
from syncengine.endpoints.woocommerce.refused import refusal
from syncengine.findings import Finding, note, obstacle, ok, warning

__all__ = ["UNITS", "Probe", "numbers_in"]

# Below these it is warned. What the program relies on was measured on WooCommerce 10.2 with WordPress 6.9, and nothing
# else was tried; the line is drawn at versions of 2022 and 2021, whose REST API is the same as far as its schema tells.
OLDEST = {"WooCommerce": (7, 0), "WordPress": (5, 8)}

UNPUNCTUAL, UNSIGNABLE = 60, 15 * 60  # seconds between two clocks; signatures hold for 15 minutes (FACTS, 10)
INDEX = "name,home,gmt_offset,timezone_string,namespaces"
UNITS = {"weight": "woocommerce_weight_unit", "dimensions": "woocommerce_dimension_unit"}


class Probe:
    """Asks one shop. `timeout` is what its client waits, `clock` this machine's time."""

    EMPTY_BATCH: tuple[str, Mapping[str, Any]] = ("/wp-json/wc/v3/products/batch", {"update": []})

    def __init__(
        self, client: Client, timeout: float, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.url = client.url
        self._client = client
        self._timeout = timeout
        self._clock = clock
        self._ahead: float | None = None  # seconds by which this machine's clock is ahead of the shop's
        self._groups: dict[str, Mapping[str, str]] = {}

    def findings(self, *, writes: bool) -> Iterator[Finding]:
        """All that can be told. `writes`: the key is to write."""
        index = yield from self._reached()
        if index is None:
            return
        readable = yield from self._reads(index)
        yield from self._punctual()
        if not readable:
            return
        yield from self._writes(needed=writes)
        yield from self._encrypted(index)
        yield from self._versions()
        yield from self._customs(index)

    def _reached(self) -> Generator[Finding, None, Mapping[str, Any] | None]:
        """Ask for the index that anybody may see. Returns it, {} where it is hidden, None where that is the end."""
        try:
            response, body = self._ask("GET", "/wp-json/", {"_fields": INDEX}, key=False)
            if response.status_code == 404 and self._has_plain_permalinks():
                yield obstacle(
                    "permalinks",
                    "the shop has plain permalinks: /wp-json/ is not there, though /?rest_route=/ answers",
                    "in WordPress > Settings > Permalinks choose any structure other than Plain, and save",
                )
                return None
        except httpx.TransportError as error:
            yield unreached(error, self.url, self._timeout)
            return None
        found = self._stranger(response, body) or busy(response)
        if found is not None:
            yield found
            return None
        answer = parsed(body)
        secure = ", and its certificate is trusted" if self.url.startswith("https:") else ""
        if response.status_code in (401, 403):
            yield ok("address", f"{self.url} answers{secure}")
            yield note(
                "REST API", f"the index is hidden ({self._said(response.status_code, answer)}): some is not told"
            )
            return {}
        if response.status_code != 200 or not _is_index(answer):
            yield obstacle(
                "REST API", f"no WordPress answers here ({response.status_code})", "is url the shop's front page?"
            )
            return None
        yield ok("address", f"{self.url} answers{secure}")
        if "wc/v3" not in answer["namespaces"]:
            yield _no_woocommerce()
            return None
        return answer

    def _has_plain_permalinks(self) -> bool:
        response, body = self._ask("GET", "/", {"rest_route": "/"}, key=False)
        answer = parsed(body)
        return response.status_code == 200 and _is_index(answer)

    def _reads(self, index: Mapping[str, Any]) -> Generator[Finding, None, bool]:
        """Read one product with the key. Returns whether that went well."""
        try:
            response, body = self._ask("GET", "/wp-json/wc/v3/products", {"per_page": 1, "_fields": "id"}, key=True)
        except httpx.TransportError as error:
            yield unreached(error, self.url, self._timeout)
            return False
        if response.status_code == 200 and isinstance(parsed(body), list):
            total = response.headers.get("X-WP-Total", "")
            known = f": {int(total):,} products" if total.isdigit() else ""
            yield ok("key", f"it may read{known}")
            return True
        yield self._refusal(response, body, index)
        return False

    def _writes(self, *, needed: bool) -> Iterator[Finding]:
        """Send a batch with nothing in it."""
        try:
            address, nothing = self.EMPTY_BATCH
            response, body = self._ask("POST", address, key=True, body=nothing)
        except httpx.TransportError as error:
            yield unreached(error, self.url, self._timeout)
            return
        if response.is_success and parsed(body) is not None:
            if needed:
                yield ok("key", "it may write")
            else:
                yield warning(
                    "key",
                    "it may write, and no job writes this shop",
                    "make one with the permission Read for it: what a key may not do, nobody can do with it",
                )
            return
        found = self._refusal(response, body, {})
        if needed:
            yield found
        elif found.what == "key":
            yield ok("key", "it may not write, and no job writes this shop")
        else:
            yield note(found.what, f"whether the key may write is not known: {found.message}", found.instead)

    def _refusal(self, response: httpx.Response, body: bytes, index: Mapping[str, Any]) -> Finding:
        """Why a request with the key was not answered as it should be."""
        if (found := self._stranger(response, body) or busy(response)) is not None:
            return found
        code, message = self._error(parsed(body))
        if response.status_code in (401, 403):
            home = str(index.get("home") or "").rstrip("/")
            meant = refusal(
                self.url, response.status_code, (code, message), _date(response), lambda: self._client.shown(home)
            )
            said = self._said(response.status_code, parsed(body))
            return obstacle("key", f"{meant.meaning} ({said})", meant.instead)
        if response.status_code == 404 and code == "rest_no_route":
            return _no_woocommerce()
        said = self._said(response.status_code, parsed(body))
        return obstacle("REST API", f"the shop does not answer as WooCommerce does ({said})")

    def _punctual(self) -> Iterator[Finding]:
        """Compare the clocks, as the last reply told the shop's."""
        if self._ahead is None:
            yield note("clock", "the shop does not tell its time (no Date header)")
            return
        off, signed = abs(self._ahead), not self.url.startswith("https:")
        side = "ahead of" if self._ahead > 0 else "behind"
        if off < UNPUNCTUAL:
            yield ok("clock", "the clocks agree")
            return
        message = f"this machine's clock is {_duration(off)} {side} the shop's"
        instead = "set both by a time server (NTP): whichever of the two is wrong"
        if off >= UNSIGNABLE and signed:
            yield obstacle("clock", f"{message}; signed requests hold for 15 minutes", instead)
        else:
            yield warning("clock", message, instead)

    def _encrypted(self, index: Mapping[str, Any]) -> Iterator[Finding]:
        home = self._client.shown(str(index.get("home") or "")).rstrip("/")
        if self.url.startswith("http:") and not _is_local(self.url):
            instead = f'write url = "https://{self.url.partition("://")[2]}"'
            yield warning("address", "http:// is not encrypted: all that is sent can be read on the way", instead)
        if home and home.casefold() != self.url.casefold():
            yield note("address", f"the shop calls itself {home}; over https:// that does no harm")

    def _versions(self) -> Iterator[Finding]:
        status = self._told("system_status", {"_fields": "environment"})
        environment = status.get("environment") if isinstance(status, dict) else None
        if not isinstance(environment, dict):
            yield note("versions", "this key is not told the versions; the REST API wc/v3 is there")
            return
        found = {"WooCommerce": environment.get("version"), "WordPress": environment.get("wp_version")}
        for name, version in found.items():
            shown = self._client.shown(str(version or ""))[:20]
            if shown and numbers_in(shown) < OLDEST[name]:
                oldest = ".".join(map(str, OLDEST[name]))
                yield warning(
                    "versions", f"{name} {shown} is older than {oldest}, the oldest that is supported", f"update {name}"
                )
            elif shown:
                yield ok("versions", f"{name} {shown}")

    def _customs(self, index: Mapping[str, Any]) -> Iterator[Finding]:
        """How the shop counts: its currency, units, and time zone."""
        general, products = self.settings("general"), self.settings("products")
        told = []
        if currency := general.get("woocommerce_currency"):
            told.append(f"prices in {currency} with {general.get('woocommerce_price_num_decimals', '?')} decimals")
        units = [unit for name in UNITS.values() if (unit := products.get(name))]
        if units:
            told.append(f"weights and sizes in {' and '.join(units)}")
        zone, offset = index.get("timezone_string"), index.get("gmt_offset")
        if zone or offset is not None:
            told.append(f"time zone {self._client.shown(str(zone or f'UTC {offset}'))[:60]}")
        yield note("shop", "; ".join(told) or "its currency, units and time zone are not told to this key")

    # Asking

    def _ask(
        self, method: str, address: str, parameters: Mapping[str, Any] | None = None, *, body: Any = None, key: bool
    ) -> tuple[httpx.Response, bytes]:
        asked = self._clock()
        response, answer = self._client.ask(method, address, parameters, body=body, key=key)
        date = _date(response)
        if date is not None and "age" not in response.headers:  # a cache tells the time of long ago
            self._ahead = ((asked + (self._clock() - asked) / 2) - date).total_seconds()
        return response, answer

    def _told(self, path: str, parameters: Mapping[str, Any]) -> Any | None:
        """What the shop tells about itself, None where it does not: nothing depends on it."""
        try:
            response, body = self._ask("GET", f"/wp-json/wc/v3/{path}", parameters, key=True)
        except httpx.TransportError:
            return None
        return parsed(body) if response.status_code == 200 else None

    def settings(self, group: str) -> Mapping[str, str]:
        """The settings of a group by name, none where the key is not told."""
        if group not in self._groups:
            told = self._told(f"settings/{group}", {"_fields": "id,value"})
            rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
            self._groups[group] = {
                str(row.get("id")): self._client.shown(value)[:40]
                for row in rows
                if isinstance(value := row.get("value"), str)
            }
        return self._groups[group]

    def _stranger(self, response: httpx.Response, body: bytes) -> Finding | None:
        return stranger(response, body, self.url, self._client.shown)

    def _error(self, answer: Any) -> tuple[str, str]:
        told = answer if isinstance(answer, dict) else {}
        return tuple(self._client.shown(str(told.get(name) or ""))[:200] for name in ("code", "message"))  # type: ignore[return-value]

    def _said(self, status: int, answer: Any) -> str:
        code, message = self._error(answer)
        return f"{status} {code}: {message}" if code else str(status)


def _is_index(answer: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(answer, dict) and isinstance(answer.get("namespaces"), list)


def _no_woocommerce() -> Finding:
    return obstacle(
        "WooCommerce",
        "WordPress answers, and WooCommerce does not: its REST API wc/v3 is missing",
        "activate the plug-in WooCommerce in WordPress > Plugins, or update it",
    )


def _date(response: httpx.Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} h"


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def numbers_in(version: str) -> tuple[int, ...]:
    """ "10.2.4-beta.1" as (10, 2, 4)."""
    found: list[int] = []
    for part in version.partition("-")[0].split("."):
        if not part.isdecimal():
            break
        found.append(int(part))
    return tuple(found)
