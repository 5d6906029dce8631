"""What becomes of a variation when somebody saves it, throws it away or deletes it (FACTS-WOOCOMMERCE, 4, 7 and 8).

Every one of these saves the parent too. Not measured, but done as WooCommerce's code has it: a DELETE without force
puts into the trash; a batch takes the status `trash` and turns an unknown one into a draft, as for products; a parent
that is not there, and a variation of another parent, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import catalogue, family, media, posts, setters
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.posts import Fields
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.store import Product

_PLAIN = (
    "status", "description", "virtual", "downloadable", "download_limit", "download_expiry", "weight",
    "menu_order",
)  # fmt: skip


def found(site: Site, parent_id: int, variation_id: int) -> Product:
    """The variation of that product, or the error of an id that is not one of its variations."""
    variation = site.store.product(variation_id) if variation_id > 0 else None
    if variation is None or variation.fields.get("type") != "variation" or _parent_id(variation) != parent_id:
        raise ApiError(404, "woocommerce_rest_product_variation_invalid_id", "Invalid ID.")
    return variation


def _parent_id(variation: Product) -> int:
    return int(variation.fields["parent_id"])


def create(site: Site, parent_id: int, params: Mapping[str, Any]) -> Product:
    """A new variation, saved; raises ApiError and saves nothing if a value, a unique key or the parent is refused.

    One without SKU may be there twice. A SKU that only the trash holds is no hindrance, other than for a product.
    """
    if params.get("id"):
        message = "Cannot create existing product variation."
        raise ApiError(400, "woocommerce_rest_product_variation_exists", message)
    parent = site.store.product(parent_id)
    if parent is None or parent.fields.get("type") == "variation":
        message = "Cannot set attributes due to invalid parent product."
        raise ApiError(404, "woocommerce_rest_product_variation_invalid_parent", message)
    fields = setters.whole(Product(0, "", "", {"type": "variation", "parent_id": parent_id}))
    _set(site, parent, fields, params, 0)
    now = site.now()
    variation = Product(site.store.next_id("post", FIRST_PRODUCT), now, now, fields)
    _save(site, parent, variation, "", None)
    return variation


def update(site: Site, parent: Product, variation: Product, params: Mapping[str, Any], *, bump: bool = True) -> Product:
    """The variation with the given fields set, saved; its date and its parent's move, unless `bump` is off."""
    before = variation.terms()
    fields = setters.whole(variation)
    was = fields["status"]
    changed = Product(variation.id, variation.created, variation.modified, fields)
    _set(site, parent, fields, params, variation.id)
    if bump:
        changed.modified = site.now()
    _save(site, parent, changed, was, before, bump=bump)
    return changed


def trash(site: Site, variation: Product) -> None:
    """What a DELETE without force does."""
    terms = variation.terms()
    variation.fields = setters.whole(variation)
    posts.throw_away(site, variation, "product_variation")
    setters.put(site, variation, terms)
    family.settle(site, _parent_id(variation))


def remove(site: Site, variation: Product) -> None:
    """Deletes a variation for good."""
    site.store.remove_product(variation.id)
    family.settle(site, _parent_id(variation))


def _save(
    site: Site, parent: Product, variation: Product, was: str, before: set[int] | None, *, bump: bool = True
) -> None:
    fields = variation.fields
    fields["name"] = family.title(site, parent, fields["options"])
    posts.schedule(fields, variation.created, site.now())
    posts.move_slug(site, variation, was)
    posts.give_slug(site, variation)
    setters.put(site, variation, before)
    if bump:
        family.settle(site, parent.id)


def _set(site: Site, parent: Product, fields: Fields, given: Mapping[str, Any], variation_id: int) -> None:
    """Sets what is given, in the store's order; null is as if it had not been given."""
    params = {name: value for name, value in given.items() if value is not None}
    setters.set_plain(fields, params, _PLAIN)
    setters.set_choice(fields, params, "tax_status")
    setters.set_keys(site, fields, params, variation_id)
    if "image" in params:
        fields["images"] = _image(site, params["image"])
    setters.set_shipping(site, fields, params)
    _set_stock(parent, fields, params, given)
    setters.set_prices(site, fields, params)
    setters.set_tax_class(site, fields, params)
    if "attributes" in params:
        attributes = parent.fields.get("attributes", [])
        fields["options"] = catalogue.chosen(site, attributes, params["attributes"])
    setters.set_meta(site, fields, params, variation_id)


def _image(site: Site, given: Any) -> list[int]:
    """A variation has one picture; an object that names none takes it away, as does anything that is no object."""
    named = isinstance(given, dict) and (given.get("id") or given.get("src") is not None)
    return [media.attached(site, given, "variation")] if named else []


def _set_stock(parent: Product, fields: Fields, params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """A variation that does not manage stock has the stock status of a parent that does."""
    setters.set_stock(fields, params, given)
    above = setters.whole(parent)
    if above["manage_stock"] and not fields["manage_stock"]:
        fields["stock_status"] = setters.stock_status(above)
