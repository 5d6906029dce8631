"""What becomes of a product when somebody saves it: every setter of WooCommerce that a client can reach.

`saved` takes values as a batch gives them, unvalidated; a single request's values were checked and put into their
types before (schema.checked). Rules as measured (FACTS-WOOCOMMERCE, 2, 5, 6, 7, 8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from syncengine.sandbox import catalogue, meta, values
from syncengine.sandbox.dates import text_of, written
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.store import Product

DEFAULTS: Mapping[str, Any] = {
    "type": "simple",
    "status": "publish",
    "name": "",
    "slug": "",
    "featured": False,
    "catalog_visibility": "visible",
    "description": "",
    "short_description": "",
    "sku": "",
    "regular_price": "",
    "sale_price": "",
    "date_on_sale_from": None,
    "date_on_sale_to": None,
    "total_sales": 0,
    "virtual": False,
    "downloadable": False,
    "download_limit": -1,
    "download_expiry": -1,
    "external_url": "",
    "button_text": "",
    "tax_status": "taxable",
    "tax_class": "",
    "manage_stock": False,
    "stock_quantity": None,
    "backorders": "no",
    "low_stock_amount": None,
    "sold_individually": False,
    "weight": "",
    "length": "",
    "width": "",
    "height": "",
    "reviews_allowed": True,
    "upsell_ids": [],
    "cross_sell_ids": [],
    "parent_id": 0,
    "purchase_note": "",
    "categories": [],
    "tags": [],
    "attributes": [],
    "default_attributes": [],
    "menu_order": 0,
    "stock_status": "instock",
    "post_password": "",
    "global_unique_id": "",
    "meta": [],
}
UTC_ZONE = ZoneInfo("UTC")
_STATUSES = frozenset(("draft", "pending", "private", "publish", "future", "auto-draft", "trash", "inherit"))
_UNNAMED = frozenset(("draft", "pending", "auto-draft"))  # posts of these states have no slug until they are published
_TRASHED_SLUG = "__trashed"
_DESIRED_SLUG = "_wp_desired_post_slug"

Fields = dict[str, Any]


def invalid_id(status: int) -> ApiError:
    return ApiError(status, "woocommerce_rest_product_invalid_id", "Invalid ID.")


def found(site: Site, product_id: int, status: int = 404) -> Product:
    """The product, or the error of an unknown id (404 to read and delete, 400 to update)."""
    product = site.store.product(product_id) if product_id > 0 else None
    if product is None:
        raise invalid_id(status)
    return product


def create(site: Site, params: Mapping[str, Any]) -> Product:
    """A new product, saved; raises ApiError and saves nothing if a value or a unique key is refused."""
    if params.get("id"):
        raise ApiError(400, "woocommerce_rest_product_exists", "Cannot create existing product.")
    fields: Fields = dict(DEFAULTS)
    _set(site, fields, params, 0)
    sku_key = values.collated(fields["sku"])
    if sku_key and site.store.holder("lookup", sku_key, trashed=True):
        # Only a product in the trash can hold it here: its row in the lookup table stands in the way of a new one.
        message = f"The SKU ({fields['sku']}) you are trying to insert is already present in the lookup table"
        raise ApiError(400, "woocommerce_rest_product_not_created", message)
    fields["name"] = fields["name"] if fields["name"] not in ("", "0") else "Product"
    now = site.now()
    created = _created(site, params) or now
    product = Product(site.store.next_id("post", FIRST_PRODUCT), created, created, fields)
    _dated(fields, created, now)
    _named(site, product, values.slug(values.php_text(params.get("slug"))))
    _put(site, product, None)
    return product


def update(site: Site, product: Product, params: Mapping[str, Any], *, bump: bool = True) -> Product:
    """The product with the given fields set, saved; its date moves even if nothing changed, unless `bump` is off."""
    before = product.terms()
    was = product.fields.get("status", "publish")
    fields: Fields = {**DEFAULTS, **product.fields}
    changed = Product(product.id, product.created, product.modified, fields)
    _set(site, fields, params, product.id)
    now = site.now()
    changed.created = _created(site, params) or product.created
    if bump:
        changed.modified = now
    _dated(fields, changed.created, now)
    if params.get("slug") is not None and fields["status"] != "trash":
        fields["slug"] = ""
        _named(site, changed, values.slug(values.php_text(params["slug"])))
    _binned(site, changed, was)
    _named(site, changed, "")
    _put(site, changed, before)
    return changed


def trash(site: Site, product: Product) -> None:
    """Puts a product into the trash the way a DELETE without force does: with a note of what it was."""
    status = product.fields.get("status", "publish")
    if status == "trash":
        raise ApiError(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
    seconds = str(int(site.clock().timestamp()))
    notes = [("_wp_trash_meta_status", status), ("_wp_trash_meta_time", seconds)]
    rows = [[site.store.next_id("meta"), key, value] for key, value in notes]
    product.fields = {**product.fields, "status": "trash", "meta": [*product.fields.get("meta", []), *rows]}
    product.modified = site.now()
    _binned(site, product, status)
    _put(site, product, product.terms())


def _put(site: Site, product: Product, terms_before: set[int] | None) -> None:
    fields = product.fields
    product.fields = {name: value for name, value in fields.items() if value != DEFAULTS[name]}
    site.store.put_product(product, terms_before)


def _binned(site: Site, product: Product, was: str) -> None:
    """Moves the slug out of the way of others when a product goes to the trash, and back when it leaves it."""
    fields = product.fields
    now = fields.get("status", "publish")
    slug = fields.get("slug", "")
    if now == "trash" and was != "trash":
        fields["slug"] = (slug or values.slug(fields.get("name", ""))) + _TRASHED_SLUG
        fields["meta"] = [*fields.get("meta", []), [site.store.next_id("meta"), _DESIRED_SLUG, slug]]
    elif was == "trash" and now != "trash":
        desired = next((row[2] for row in fields["meta"] if row[1] == _DESIRED_SLUG), "")
        fields["meta"] = [row for row in fields["meta"] if row[1] != _DESIRED_SLUG]
        fields["slug"] = site.store.free_slug(desired, product.id) if desired else ""


def _named(site: Site, product: Product, wanted: str) -> None:
    fields = product.fields
    if not fields["slug"] and (wanted or fields["status"] not in _UNNAMED):
        base = wanted or values.slug(fields["name"]) or str(product.id)
        fields["slug"] = site.store.free_slug(base, product.id)


def generated_slug(site: Site, product: Product) -> str:
    """The slug that its name would give it now."""
    base = values.slug(product.fields.get("name", "")) or str(product.id)
    own = product.fields.get("slug", "")
    if own == base or re.fullmatch(re.escape(base) + r"-\d+", own):
        return unquote(own)
    return unquote(site.store.free_slug(base, product.id))


def _created(site: Site, params: Mapping[str, Any]) -> str | None:
    """The date of creation that a client gives; date_created is taken for GMT too (FACTS-WOOCOMMERCE, 9)."""
    given = params.get("date_created_gmt") or params.get("date_created")
    if not given:
        return None
    return written(values.php_text(given), UTC_ZONE)


def _dated(fields: Fields, created: str, now: str) -> None:
    """A post is scheduled by its date: published in the future is `future`, and the other way round."""
    if fields["status"] == "publish" and created > now:
        fields["status"] = "future"
    elif fields["status"] == "future" and created <= now:
        fields["status"] = "publish"


# -- the setters


def _set(site: Site, fields: Fields, given: Mapping[str, Any], product_id: int) -> None:
    """Sets what is given, in the store's order; null is as if it had not been given."""
    params = {name: value for name, value in given.items() if value is not None}
    if params.get("images"):
        _refuse_images(params["images"])
    for name, setter in _PLAIN.items():
        if name in params:
            fields[name] = setter(params[name])
    _set_choices(fields, params)
    if "sku" in params:
        set_sku(site, fields, params["sku"], product_id)
    if "global_unique_id" in params:
        _set_gtin(site, fields, params["global_unique_id"], product_id)
    _set_prices(site, fields, params)
    _set_stock(fields, params, given)
    _set_terms(site, fields, params)
    if "meta_data" in params:
        _set_meta(site, fields, params["meta_data"], product_id)


def _ids(value: Any) -> list[int]:
    return [number for number in map(values.php_integer, value) if number] if isinstance(value, list) else []


_PLAIN = {
    "name": values.title,
    "description": values.rich_text,
    "short_description": values.rich_text,
    "type": lambda value: value if value in ("simple", "grouped", "external", "variable") else "simple",
    "status": lambda value: value if value in _STATUSES else "draft",
    "featured": values.yes_or_no,
    "virtual": values.yes_or_no,
    "downloadable": values.yes_or_no,
    "download_limit": values.php_integer,
    "download_expiry": values.php_integer,
    "external_url": values.php_text,
    "button_text": values.one_line,
    "tax_class": lambda value: value if value in ("reduced-rate", "zero-rate") else "",
    "sold_individually": values.yes_or_no,
    "weight": values.price,
    "reviews_allowed": values.yes_or_no,
    "upsell_ids": _ids,
    "cross_sell_ids": _ids,
    "parent_id": values.php_integer,
    "purchase_note": values.rich_text,
    "menu_order": values.php_integer,
    "post_password": values.php_text,
}
_CHOICES = {
    "catalog_visibility": (("visible", "catalog", "search", "hidden"), "Invalid catalog visibility option."),
    "tax_status": (("taxable", "shipping", "none"), "Invalid product tax status."),
}


def _set_choices(fields: Fields, params: Mapping[str, Any]) -> None:
    for name, (options, message) in _CHOICES.items():
        if name in params:
            value = params[name] or DEFAULTS[name]
            if value not in options:
                raise ApiError(400, f"product_invalid_{name}", message)
            fields[name] = value
    given = params.get("dimensions")
    if isinstance(given, dict):
        for side in ("length", "width", "height"):
            if given.get(side) is not None:
                fields[side] = values.price(given[side])


def set_sku(site: Site, fields: Fields, value: Any, product_id: int) -> None:
    """A SKU is unique among products outside the trash, by the database's idea of equal (FACTS-WOOCOMMERCE, 6)."""
    sku = values.one_line(value)
    clash = site.store.holder("lookup", values.collated(sku), but=product_id)
    if clash:
        number = 1
        while site.store.holder("lookup", values.collated(f"{sku}-{number}")):
            number += 1
        raise ApiError(
            400, "product_invalid_sku", "Invalid or duplicated SKU.", resource_id=clash, unique_sku=f"{sku}-{number}"
        )
    fields["sku"] = sku


def _set_gtin(site: Site, fields: Fields, value: Any, product_id: int) -> None:
    gtin = re.sub(r"[^0-9\-]", "", values.php_text(value))
    clash = site.store.holder("gtin", gtin, but=product_id)
    if clash:
        message = "Invalid or duplicated GTIN, UPC, EAN or ISBN."
        raise ApiError(400, "product_invalid_global_unique_id", message, resource_id=clash)
    fields["global_unique_id"] = gtin


def _set_prices(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    for name in ("regular_price", "sale_price"):
        if name in params:
            fields[name] = values.price(params[name])
    for name in ("date_on_sale_from", "date_on_sale_to"):
        if name in params:
            text = values.php_text(params[name])
            fields[name] = written(text, site.zone) if text else None
        if f"{name}_gmt" in params:
            text = values.php_text(params[f"{name}_gmt"])
            fields[name] = written(text, UTC_ZONE) if text else None
    sale = fields["sale_price"]
    if sale != "" and values.amount(sale) >= values.amount(fields["regular_price"]):
        fields["sale_price"] = ""


def _set_stock(fields: Fields, params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    if "manage_stock" in params:
        fields["manage_stock"] = values.yes_or_no(params["manage_stock"])
    if "backorders" in params:
        fields["backorders"] = params["backorders"] if params["backorders"] in ("yes", "notify") else "no"
    if not fields["manage_stock"]:
        fields.update(stock_quantity=None, backorders="no", low_stock_amount=None)
        if "stock_status" in params:
            known = params["stock_status"] in ("instock", "outofstock", "onbackorder")
            fields["stock_status"] = params["stock_status"] if known else "instock"
        return
    if "stock_quantity" in params:
        fields["stock_quantity"] = values.php_integer(params["stock_quantity"])
    elif "inventory_delta" in params:
        fields["stock_quantity"] = (fields["stock_quantity"] or 0) + values.php_integer(params["inventory_delta"])
    if "low_stock_amount" in given:
        low = given["low_stock_amount"]
        fields["low_stock_amount"] = None if low is None else values.php_integer(low)
    if (fields["stock_quantity"] or 0) > 0:
        fields["stock_status"] = "instock"
    else:
        fields["stock_status"] = "outofstock" if fields["backorders"] == "no" else "onbackorder"


def _set_terms(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    if "categories" in params and isinstance(params["categories"], list):
        fields["categories"] = catalogue.categories(site, params["categories"])
    if not fields["categories"]:
        fields["categories"] = [site.uncategorized().id]
    if "tags" in params and isinstance(params["tags"], list):
        fields["tags"] = catalogue.tags(site, params["tags"])
    if "attributes" in params and isinstance(params["attributes"], list):
        fields["attributes"] = catalogue.attributes(site, params["attributes"])
    if "default_attributes" in params and isinstance(params["default_attributes"], list):
        fields["default_attributes"] = [each for each in params["default_attributes"] if isinstance(each, dict)]


def _set_meta(site: Site, fields: Fields, given: Any, product_id: int) -> None:
    """Sets the meta rows; a row `_sku` is no row, it is the SKU itself (FACTS-WOOCOMMERCE, 6)."""
    entries = given if isinstance(given, list) else []
    for entry in entries:
        if isinstance(entry, dict) and entry.get("key") == "_sku":
            set_sku(site, fields, entry.get("value"), product_id)
    rest = [entry for entry in entries if not (isinstance(entry, dict) and entry.get("key") == "_sku")]
    fields["meta"] = meta.merged(fields["meta"], rest, lambda: site.store.next_id("meta"))


def _refuse_images(images: Any) -> None:
    """The sandbox fetches nothing and has no media library: it answers as a store that cannot get the file."""
    for image in images if isinstance(images, list) else []:
        if isinstance(image, dict) and image.get("id"):
            message = f"#{values.php_integer(image['id'])} is an invalid image ID."
            raise ApiError(400, "woocommerce_product_invalid_image_id", message)
        if isinstance(image, dict) and image.get("src"):
            message = f"Error getting remote image {image['src']}. Error: A valid URL was not provided."
            raise ApiError(400, "woocommerce_product_image_upload_error", message)


def on_sale(site: Site, fields: Mapping[str, Any]) -> bool:
    """Whether the sale price holds right now."""
    sale = fields["sale_price"]
    if sale == "" or values.amount(sale) >= values.amount(fields["regular_price"]):
        return False
    begin, end = fields["date_on_sale_from"], fields["date_on_sale_to"]
    if not begin and not end:
        return True
    now = text_of(site.clock())
    return not (begin and begin > now) and not (end and end < now)
