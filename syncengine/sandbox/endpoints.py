"""What every kind of record offers to the REST routes; products and variations do it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from syncengine.sandbox import listing, parameters, products, shown, variations
from syncengine.sandbox.batch import Batched
from syncengine.sandbox.messages import ApiError
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
    """One kind of record behind /wc/v3: its parameters, its fields, and what can be done with it.

    `create_kinds` are the parameters of a new record, `item_kinds` those of one that is there. `create_item`,
    `update_item` and `delete_item` serve batches too: they take raw values and delete for good.
    """

    title: str
    list_kinds: Mapping[str, Kind]
    create_kinds: Mapping[str, Kind]
    item_kinds: Mapping[str, Kind]
    fields: Mapping[str, Kind]
    required: tuple[str, ...]

    def page(self, query: Mapping[str, Any]) -> Page: ...
    def show_item(self, item_id: int, *, edit: bool) -> Shown: ...
    def trash_item(self, item_id: int) -> Shown: ...


class Products:
    """/products. A variation can be looked at here, and that is all."""

    title = "product"
    list_kinds = parameters.PRODUCT_LIST
    create_kinds = item_kinds = parameters.PRODUCT
    fields = parameters.PRODUCT_FIELDS
    required: tuple[str, ...] = ()

    def __init__(self, site: Site, home: str) -> None:
        self._site = site
        self._home = home

    def _shown(self, product: Product, *, edit: bool = True) -> Shown:
        return shown.product(self._site, product, self._home, edit=edit)

    def _writable(self, item_id: int, status: int = 404) -> Product:
        product = products.found(self._site, item_id, status)
        if product.fields.get("type") == "variation":
            place = "/products/&lt;product_id&gt;/variations/&lt;id&gt;"
            message = f"To manipulate product variations you should use the {place} endpoint."
            raise ApiError(404, "woocommerce_rest_invalid_product_id", message)
        return product

    def page(self, query: Mapping[str, Any]) -> Page:
        found, total = listing.found(self._site, query)
        edit = query.get("context") == "edit"
        return Page([self._shown(product, edit=edit) for product in found], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(products.found(self._site, item_id), edit=edit)

    def create_item(self, params: dict[str, Any]) -> Shown:
        return self._shown(products.create(self._site, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        product = self._writable(item_id, 400)
        return self._shown(products.update(self._site, product, params))

    def delete_item(self, item_id: int) -> Shown:
        product = self._writable(item_id)
        gone = self._shown(product)
        products.remove(self._site, product)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        """Into the trash; the reply still shows the product as it was (FACTS-WOOCOMMERCE, 8)."""
        product = self._writable(item_id)
        before = self._shown(product)
        products.trash(self._site, product)
        return before


class Variations:
    """/products/{id}/variations: those of one product."""

    title = "product_variation"
    list_kinds = parameters.VARIATION_LIST
    create_kinds = item_kinds = parameters.VARIATION
    fields = parameters.VARIATION_FIELDS
    required: tuple[str, ...] = ()

    def __init__(self, site: Site, home: str, product_id: int) -> None:
        self._site = site
        self._home = home
        self._product_id = product_id

    @property
    def _parent(self) -> Product:
        return self._site.store.product(self._product_id) or Product(self._product_id, "", "")

    def _found(self, item_id: int) -> Product:
        return variations.found(self._site, self._product_id, item_id)

    def _shown(self, variation: Product, *, edit: bool = True) -> Shown:
        return shown.variation(self._site, variation, self._parent, self._home, edit=edit)

    def page(self, query: Mapping[str, Any]) -> Page:
        found, total = listing.found_variations(self._site, self._product_id, query)
        edit = query.get("context") == "edit"
        parent = self._parent
        items = [shown.variation(self._site, each, parent, self._home, edit=edit) for each in found]
        return Page(items, total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(self._found(item_id), edit=edit)

    def create_item(self, params: dict[str, Any]) -> Shown:
        return self._shown(variations.create(self._site, self._product_id, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        variation = self._found(item_id)
        return self._shown(variations.update(self._site, self._parent, variation, params))

    def delete_item(self, item_id: int) -> Shown:
        variation = self._found(item_id)
        gone = self._shown(variation)
        variations.remove(self._site, variation)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        variation = self._found(item_id)
        before = self._shown(variation)
        variations.trash(self._site, variation)
        return before
