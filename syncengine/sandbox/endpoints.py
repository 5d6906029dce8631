"""What every kind of record offers to the REST routes, and products as the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from syncengine.sandbox import listing, products, schema, shown
from syncengine.sandbox.batch import Batched
from syncengine.sandbox.schema import Kind
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

Shown = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """One page of a list; `total` is None where the store does not page at all."""

    items: list[Shown]
    total: int | None


class Endpoint(Batched, Protocol):
    """One kind of record behind /wc/v3: its parameters, and what can be done with it.

    `create_item`, `update_item` and `delete_item` serve batches too: they take raw values and delete for good.
    """

    list_kinds: Mapping[str, Kind]
    item_kinds: Mapping[str, Kind]
    required: tuple[str, ...]

    def page(self, query: Mapping[str, Any]) -> Page: ...
    def show_item(self, item_id: int, *, edit: bool) -> Shown: ...
    def trash_item(self, item_id: int) -> Shown: ...
    def exists(self, item_id: int) -> bool: ...


class Products:
    """/products. Variations will be records of the same table with a parent."""

    list_kinds = schema.PRODUCT_LIST
    item_kinds = schema.PRODUCT
    required: tuple[str, ...] = ()

    def __init__(self, site: Site, home: str) -> None:
        self._site = site
        self._home = home

    def _shown(self, product: Product, *, edit: bool = True) -> Shown:
        return shown.product(self._site, product, self._home, edit=edit)

    def page(self, query: Mapping[str, Any]) -> Page:
        found, total = listing.found(self._site, query)
        edit = query.get("context") == "edit"
        return Page([self._shown(product, edit=edit) for product in found], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(products.found(self._site, item_id), edit=edit)

    def exists(self, item_id: int) -> bool:
        return self._site.store.product(item_id) is not None

    def create_item(self, params: dict[str, Any]) -> Shown:
        return self._shown(products.create(self._site, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        product = products.found(self._site, item_id, 400)
        return self._shown(products.update(self._site, product, params))

    def delete_item(self, item_id: int) -> Shown:
        gone = self._shown(products.found(self._site, item_id))
        self._site.store.remove_product(item_id)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        """Into the trash; the reply still shows the product as it was (FACTS-WOOCOMMERCE, 8)."""
        product = products.found(self._site, item_id)
        before = self._shown(product)
        products.trash(self._site, product)
        return before
