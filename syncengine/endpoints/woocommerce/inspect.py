"""A shop, looked at for one job: the shop itself, what the mapping names against what the shop has, some records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from html import unescape
from itertools import islice
from typing import Any

from syncengine.endpoints import Page
from syncengine.endpoints.inspection import Sample, spread
from syncengine.endpoints.woocommerce.client import Client, NoSuchRoute
from syncengine.endpoints.woocommerce.probe import UNITS, Probe
from syncengine.endpoints.woocommerce.schema import Properties, against_schemas, filters, properties
from syncengine.findings import Finding, mistake, note, ok, place, warning
from syncengine.mapping import Mapping as FieldMapping
from syncengine.values import match_key
from syncengine.written import closest

__all__ = ["ShopInspection"]

LOOKED_AT = 100  # products among which meta data and attributes are looked for
ROUTES = {
    "product": "products",
    "category": "products/categories",
    "customer": "customers",
    "order": "orders",
    "coupon": "coupons",
}


class ShopInspection:
    """One shop, for one job. `records` gives the job's records page by page; `beyond` are paths that are no part of a
    record as the shop describes it; `further` tells what there is to say of such records only."""

    def __init__(
        self,
        client: Client,
        probe: Probe,
        mapping: FieldMapping,
        records: Callable[[], Iterator[Page]],
        beyond: Collection[str] = (),
        further: Callable[[], Iterator[Finding]] = lambda: iter(()),
    ) -> None:
        self.about = client.url
        self._client = client
        self._probe = probe
        self._mapping = mapping
        self._records = records
        self._beyond = beyond
        self._further = further

    def system(self, writes: bool) -> Iterator[Finding]:
        return self._probe.findings(writes=writes)

    def mapping(self) -> Iterator[Finding]:
        yield from self._paths()
        yield from self._measures()
        if self._mapping.entity == "product":
            yield from self._named()
        yield from self._further()

    def _paths(self) -> Iterator[Finding]:
        """The mapped paths against the schema that the shop's routes tell."""
        entity = self._mapping.entity
        told = self._client.options(ROUTES[entity]).body
        known = filters(told)
        if known and "modified_after" not in known and entity in ("product", "order"):
            yield warning(
                "paths",
                "this shop cannot say what was changed since a moment (modified_after): each run reads all of it",
                "update WooCommerce",
            )
        schemas: dict[str, Properties | None] = {entity: properties(told)}
        if entity == "product" and self._mapping.erp.parent is not None:
            schemas["variation"] = self._of_variations()
        compared = {kind: found for kind, found in schemas.items() if found is not None}
        if entity in compared:
            fields = {name: one for name, one in self._mapping.fields.items() if one.store not in self._beyond}
            yield from against_schemas(replace(self._mapping, fields=fields), compared)
        else:
            yield note("paths", "the shop does not tell which fields it has: the mapped ones were not compared")

    def _of_variations(self) -> Properties | None:
        """The route tells its schema whichever product is named, even one that is not there."""
        try:
            return properties(self._client.options("products/1/variations").body)
        except NoSuchRoute:
            return None

    def _measures(self) -> Iterator[Finding]:
        """Weights and sizes: the unit that the mapping counts on, and the shop's."""
        for field in self._mapping.fields.values():
            head = str(field.store).partition(".")[0]
            if head not in UNITS:
                continue
            what, shops = f"fields.{field.name}", self._probe.settings("products").get(UNITS[head])
            if not shops:
                continue
            if field.units is None:
                yield note(what, f"the shop has {field.store} in {shops}; what the ERP has is sent as it is")
            elif field.units[1] != shops:
                yield mistake(
                    what,
                    f"{place(self._mapping, field)}: the mapping says that the shop has {field.store} in "
                    f"{field.units[1]}, and it has it in {shops}",
                    f'write unit = {{ erp = "{field.units[0]}", store = "{shops}" }}',
                )
            else:
                yield ok(what, f"{field.units[0]} in the ERP, {shops} in the shop")

    def _named(self) -> Iterator[Finding]:
        """Meta data and attributes that no product has: a slip in the name, or the first to be written."""
        named = [
            field for field in self._mapping.fields.values() if str(field.store).startswith(("meta:", "attribute:"))
        ]
        if not named:
            return
        query = {"per_page": LOOKED_AT, "status": "any", "context": "edit", "_fields": "id,meta_data,attributes"}
        products = self._client.get("products", query).body
        if not isinstance(products, list) or not products:
            return
        keys = {str(one.get("key")) for product in products for one in _list(product, "meta_data")}
        names = {unescape(str(one.get("name"))) for product in products for one in _list(product, "attributes")}
        folded = {match_key(name) for name in names}
        for field in named:
            kind, _, name = str(field.store).partition(":")
            if name in keys if kind == "meta" else match_key(name) in folded:
                continue
            meant = closest(name, keys if kind == "meta" else names)
            what = "meta data" if kind == "meta" else "attribute"
            yield note(
                f"fields.{field.name}",
                f"none of {len(products):,} products has the {what} {name!r}",
                f"did you mean {self._client.shown(meant)!r}?" if meant else "that is right if nothing was written yet",
            )

    def sample(self, most: int) -> Sample:
        """Out of the first page: reading all of a shop takes its time."""
        pages, seen = spread(islice(self._records(), 1), most)
        return Sample(pages, seen)


def _list(product: Any, name: str) -> list[dict[str, Any]]:
    found = product.get(name) if isinstance(product, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
