"""What becomes of a product when somebody saves it, throws it away or deletes it (FACTS-WOOCOMMERCE, 2, 5 to 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import catalogue, family, media, posts, setters, values
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.posts import Fields
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.store import Product

_PLAIN = (
    "name", "description", "short_description", "type", "status", "featured", "virtual", "downloadable",
    "download_limit", "download_expiry", "external_url", "button_text", "sold_individually", "weight",
    "reviews_allowed", "upsell_ids", "cross_sell_ids", "grouped_products", "parent_id", "purchase_note", "menu_order",
    "post_password",
)  # fmt: skip
_PRICELESS = ("variable", "grouped")


def invalid_id(status: int) -> ApiError:
    return ApiError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def found(site: Site, product_id: int, status: int = 404) -> Product:
    """The product or variation, or the error of an unknown id (404 to read and delete, 400 to update)."""
    product = site.store.product(product_id) if product_id > 0 else None
    if product is None:
        raise invalid_id(status)
    return product


def create(site: Site, params: Mapping[str, Any]) -> Product:
    """A new product, saved; raises ApiError and saves nothing if a value or a unique key is refused."""
    if params.get("id"):
        raise ApiError(400, "woocommerce_rest_product_exists", "Cannot create existing product.")
    fields: Fields = dict(setters.DEFAULTS)
    _set(site, fields, params, 0)
    sku_key = values.collated(fields["sku"])
    if sku_key and site.store.holder("lookup", sku_key, trashed=True):
        # Only a product in the trash can hold it here: its row in the lookup table stands in the way of a new one.
        message = f"The SKU ({fields['sku']}) you are trying to insert is already present in the lookup table"
        raise ApiError(400, "woocommerce_rest_product_not_created", message)
    fields["name"] = fields["name"] if fields["name"] not in ("", "0") else "Product"
    now = site.now()
    created = posts.created(params) or now
    product = Product(site.store.next_id("post", FIRST_PRODUCT), created, created, fields)
    posts.schedule(fields, created, now)
    posts.give_slug(site, product, values.slug(values.php_text(params.get("slug"))))
    if fields["type"] == "variable":
        family.follow(fields, ())
    setters.put(site, product, None)
    return product


def update(site: Site, product: Product, params: Mapping[str, Any], *, bump: bool = True) -> Product:
    """The product with the given fields set, saved; its date moves even if nothing changed, unless `bump` is off."""
    before = product.terms()
    fields = setters.whole(product)
    was = dict(fields)
    changed = Product(product.id, product.created, product.modified, fields)
    _set(site, fields, params, product.id)
    now = site.now()
    changed.created = posts.created(params) or product.created
    if bump:
        changed.modified = now
    posts.schedule(fields, changed.created, now)
    if params.get("slug") is not None and fields["status"] != "trash":
        fields["slug"] = ""
        posts.give_slug(site, changed, values.slug(values.php_text(params["slug"])))
    posts.move_slug(site, changed, was["status"])
    posts.give_slug(site, changed)
    if fields["type"] == "variable":
        family.follow(fields, family.shown_variations(site, product.id))
    elif was["type"] == "variable":
        family.disown(site, product.id)
    setters.put(site, changed, before)
    if fields["type"] == "variable":
        family.hand_down(site, changed)
    return changed


def trash(site: Site, product: Product) -> None:
    """What a DELETE without force does. The variations go into the trash too, and do not come back by themselves.

    A product whose status is set to `trash` keeps its variations as they are; they are in no list while it is there.
    """
    terms = product.terms()
    product.fields = setters.whole(product)
    posts.throw_away(site, product, "product")
    setters.put(site, product, terms)
    for each in family.variations(site, product.id):
        each.fields = setters.whole(each)
        if each.fields["status"] != "trash":
            posts.throw_away(site, each, "product_variation")
            setters.put(site, each, each.terms())


def remove(site: Site, product: Product) -> None:
    """Deletes a product for good, with its variations."""
    family.disown(site, product.id)
    site.store.remove_product(product.id)


def _set(site: Site, fields: Fields, given: Mapping[str, Any], product_id: int) -> None:
    """Sets what is given, in the store's order; null is as if it had not been given."""
    params = {name: value for name, value in given.items() if value is not None}
    setters.set_plain(fields, params, _PLAIN)
    setters.set_choice(fields, params, "catalog_visibility")
    setters.set_choice(fields, params, "tax_status")
    setters.set_tax_class(site, fields, params)
    setters.set_shipping(site, fields, params)
    setters.set_keys(site, fields, params, product_id)
    if fields["type"] in _PRICELESS:
        fields.update(regular_price="", sale_price="", date_on_sale_from=None, date_on_sale_to=None)
    else:
        setters.set_prices(site, fields, params)
    _set_stock(fields, params, given)
    _set_terms(site, fields, params)
    if "images" in params:
        fields["images"] = media.gallery(site, params["images"])
    setters.set_meta(site, fields, params, product_id)


def _set_stock(fields: Fields, params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """A grouped product and one that is sold elsewhere have no stock of their own."""
    if fields["type"] in ("grouped", "external"):
        params = {**params, "manage_stock": False}
    if fields["type"] == "external":
        params = {**params, "stock_status": "instock"}
    setters.set_stock(fields, params, given)


def _set_terms(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    if "categories" in params and isinstance(params["categories"], list):
        fields["categories"] = catalogue.categories(site, params["categories"])
    if not fields["categories"]:
        fields["categories"] = [site.uncategorized().id]
    if "tags" in params and isinstance(params["tags"], list):
        fields["tags"] = catalogue.tags(site, params["tags"])
    if "attributes" in params and isinstance(params["attributes"], list):
        fields["attributes"] = catalogue.attributes(site, params["attributes"])
    if fields["type"] == "variable" and isinstance(params.get("default_attributes"), list):
        fields["default_attributes"] = catalogue.chosen(site, fields["attributes"], params["default_attributes"])
