"""A shop that is spoken to by the old API, as it shows itself. Nothing is written: a bulk without items is sent to
learn whether the key may write."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

import httpx

from syncengine.endpoints.woocommerce.legacy.client import UNSIGNED, LegacyClient
from syncengine.endpoints.woocommerce.probe import UNITS, Probe, numbers_in
from syncengine.endpoints.woocommerce.reach import busy, parsed, unreached
from syncengine.findings import Finding, note, obstacle, ok

__all__ = ["LegacyProbe"]

ROOT = LegacyClient.ROOT
HAS_WC_V3 = (3, 5)  # the first version of WooCommerce with it
SWITCH_ON = "in WooCommerce > Settings > Advanced > Legacy API, or, from WooCommerce 9 on, by the plug-in of that name"
PERMALINKS = "; and let WordPress > Settings > Permalinks be anything but Plain"


class LegacyProbe(Probe):
    """Asks one shop. Its index is open to anybody, and tells what it is and how it counts."""

    EMPTY_BATCH = (f"{ROOT}products/bulk", {"products": []})
    _store: Mapping[str, Any] = {}

    def _reached(self) -> Generator[Finding, None, Mapping[str, Any] | None]:
        try:
            response, body = self._ask("GET", ROOT, key=False)
        except httpx.TransportError as error:
            yield unreached(error, self.url, self._timeout)
            return None
        answer = parsed(body)
        store = answer.get("store") if isinstance(answer, dict) else None
        if not isinstance(store, dict):
            off = isinstance(answer, dict) and "errors" in answer
            found = None if off else self._stranger(response, body) or busy(response)
            yield found or obstacle(
                "REST API",
                f"the shop does not speak its old API ({response.status_code})",
                f"turn it on {SWITCH_ON}{PERMALINKS}",
            )
            return None
        self._store = store
        secure = ", and its certificate is trusted" if self.url.startswith("https:") else ""
        yield ok("address", f"{self.url} answers{secure}")
        return {"home": store.get("URL")}

    def _reads(self, index: Mapping[str, Any]) -> Generator[Finding, None, bool]:
        try:
            response, body = self._ask("GET", f"{ROOT}products", {"fields": "id", "filter[limit]": 1}, key=True)
        except httpx.TransportError as error:
            yield unreached(error, self.url, self._timeout)
            return False
        answer = parsed(body)
        if response.status_code == 200 and isinstance(answer, dict) and "products" in answer:
            total = response.headers.get("X-WC-Total", "")
            yield ok("key", "it may read" + (f": {int(total):,} products" if total.isdigit() else ""))
            return True
        yield self._refusal(response, body, index)
        return False

    def _refusal(self, response: httpx.Response, body: bytes, index: Mapping[str, Any]) -> Finding:
        if UNSIGNED in self._error(parsed(body))[1]:
            return obstacle(
                "key",
                "over http:// the shop's old API takes signed requests only",
                'write auth = "oauth1", or https://',
            )
        return super()._refusal(response, body, index)

    def _versions(self) -> Iterator[Finding]:
        version = self._client.shown(str(self._store.get("wc_version") or ""))[:20]
        if not version:
            yield note("versions", "the shop does not tell its version")
            return
        yield ok("versions", f"WooCommerce {version}, by its old API")
        if numbers_in(version) >= HAS_WC_V3:
            yield note("versions", "this WooCommerce has the API of now, too", 'api = "wc-v3" can do more')

    def _customs(self, index: Mapping[str, Any]) -> Iterator[Finding]:
        told = self._meta()
        said = []
        if currency := told.get("currency"):
            said.append(f"prices in {currency} with {told.get('price_num_decimals', '?')} decimals")
        if units := [told[name] for name in ("weight_unit", "dimension_unit") if name in told]:
            said.append(f"weights and sizes in {' and '.join(units)}")
        if zone := told.get("timezone"):
            said.append(f"time zone {zone}")
        yield note("shop", "; ".join(said) or "its currency, units and time zone are not told")

    def settings(self, group: str) -> Mapping[str, str]:
        """The units; of the rest of its settings the old API tells nothing."""
        if not self._store:  # asked of a job, without the look at its connection
            list(self._reached())
        told = self._meta()
        old = {"woocommerce_weight_unit": "weight_unit", "woocommerce_dimension_unit": "dimension_unit"}
        return {name: told[old[name]] for name in UNITS.values() if old[name] in told} if group == "products" else {}

    def _meta(self) -> Mapping[str, str]:
        meta = self._store.get("meta")
        rows = meta.items() if isinstance(meta, dict) else ()
        return {str(name): self._client.shown(str(value))[:60] for name, value in rows if isinstance(value, str | int)}

    def _error(self, answer: Any) -> tuple[str, str]:
        errors = answer.get("errors") if isinstance(answer, dict) else None
        return super()._error(errors[0] if isinstance(errors, list) and errors else answer)
