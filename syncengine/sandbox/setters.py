"""The setters of WooCommerce that a client can reach, as far as products and variations share them.

They take values as a batch gives them, unvalidated; a single request's values were checked and put into their types
before (schema.checked). Rules as measured (FACTS-WOOCOMMERCE, 2, 6 and 7).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from syncengine.sandbox import catalogue, meta, values
from syncengine.sandbox.dates import text_of, written
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.posts import STATUSES, UTC_ZONE, Fields
from syncengine.sandbox.site import SHIPPING_CLASS, Site
from syncengine.sandbox.store import Product
from syncengine.sandbox.taxes import known_class

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
    "price": "",  # of a variable product, which has no other: its cheapest variation's
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
    "shipping_class": 0,
    "reviews_allowed": True,
    "upsell_ids": [],
    "cross_sell_ids": [],
    "grouped_products": [],
    "parent_id": 0,
    "purchase_note": "",
    "categories": [],
    "tags": [],
    "images": [],
    "attributes": [],
    "default_attributes": {},
    "options": {},  # of a variation: which option of each of its parent's attributes it is
    "menu_order": 0,
    "stock_status": "instock",
    "post_password": "",
    "global_unique_id": "",
    "meta": [],
}
SIDES = ("length", "width", "height")
STOCK_STATES = ("instock", "outofstock", "onbackorder")
_CHOICES = {
    "catalog_visibility": (("visible", "catalog", "search", "hidden"), "Invalid catalog visibility option."),
    "tax_status": (("taxable", "shipping", "none"), "Invalid product tax status."),
}


def whole(post: Product) -> Fields:
    """All fields of a product or a variation: what is stored on top of the defaults."""
    own = {"tax_class": "parent", "reviews_allowed": False} if post.fields.get("type") == "variation" else {}
    return {**DEFAULTS, **own, **post.fields}


def put(site: Site, post: Product, terms_before: set[int] | None) -> None:
    """Saves what differs from the defaults; `terms_before` as in Store.put_product."""
    plain = whole(Product(0, "", "", {"type": post.fields["type"]}))
    differs = {name: value for name, value in post.fields.items() if value != plain[name]}
    post.fields = {**differs, "type": post.fields["type"]}
    site.store.put_product(post, terms_before)


def ids(value: Any) -> list[int]:
    """The whole numbers of a list; anything else is none."""
    return [number for number in map(values.php_integer, value) if number] if isinstance(value, list) else []


_PLAIN = {
    "name": values.title,
    "description": values.rich_text,
    "short_description": values.rich_text,
    "type": lambda value: value if value in ("simple", "grouped", "external", "variable") else "simple",
    "status": lambda value: value if value in STATUSES else "draft",
    "featured": values.yes_or_no,
    "virtual": values.yes_or_no,
    "downloadable": values.yes_or_no,
    "download_limit": values.php_integer,
    "download_expiry": values.php_integer,
    "external_url": values.php_text,
    "button_text": values.one_line,
    "sold_individually": values.yes_or_no,
    "weight": values.price,
    "reviews_allowed": values.yes_or_no,
    "upsell_ids": ids,
    "cross_sell_ids": ids,
    "grouped_products": ids,
    "parent_id": values.php_integer,
    "purchase_note": values.rich_text,
    "menu_order": values.php_integer,
    "post_password": values.php_text,
}


def set_plain(fields: Fields, params: Mapping[str, Any], names: Iterable[str]) -> None:
    """The fields whose value depends on nothing else."""
    for name in names:
        if name in params:
            fields[name] = _PLAIN[name](params[name])


def set_choice(fields: Fields, params: Mapping[str, Any], name: str) -> None:
    """catalog_visibility and tax_status refuse what they do not know, even in a batch."""
    options, message = _CHOICES[name]
    if name in params:
        value = params[name] or DEFAULTS[name]
        if value not in options:
            raise ApiError(400, f"product_invalid_{name}", message)
        fields[name] = value


def set_shipping(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    """Measures, and the shipping class by its slug; an unknown class is none."""
    given = params.get("dimensions")
    if isinstance(given, dict):
        for side in SIDES:
            if given.get(side) is not None:
                fields[side] = values.price(given[side])
    if "shipping_class" in params:
        term = catalogue.by_slug(site, SHIPPING_CLASS, values.one_line(params["shipping_class"]))
        fields["shipping_class"] = term.id if term else 0


def set_tax_class(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    if "tax_class" in params:
        fields["tax_class"] = known_class(site, params["tax_class"], of_variation=fields["type"] == "variation")


def set_sku(site: Site, fields: Fields, value: Any, post_id: int) -> None:
    """A SKU is unique among products and variations outside the trash, by the database's idea of equal."""
    sku = values.one_line(value)
    clash = site.store.holder("lookup", values.collated(sku), but=post_id)
    if clash:
        number = 1
        while site.store.holder("lookup", values.collated(f"{sku}-{number}")):
            number += 1
        raise ApiError(
            400, "product_invalid_sku", "Invalid or duplicated SKU.", resource_id=clash, unique_sku=f"{sku}-{number}"
        )
    fields["sku"] = sku


def set_keys(site: Site, fields: Fields, params: Mapping[str, Any], post_id: int) -> None:
    """SKU and GTIN; raises ApiError for one that another product or variation has."""
    if "sku" in params:
        set_sku(site, fields, params["sku"], post_id)
    if "global_unique_id" in params:
        gtin = re.sub(r"[^0-9\-]", "", values.php_text(params["global_unique_id"]))
        clash = site.store.holder("gtin", gtin, but=post_id)
        if clash:
            message = "Invalid or duplicated GTIN, UPC, EAN or ISBN."
            raise ApiError(400, "product_invalid_global_unique_id", message, resource_id=clash)
        fields["global_unique_id"] = gtin


def set_prices(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    """A sale price that is no reduction is dropped without a word."""
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


def set_stock(fields: Fields, params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Stock and what follows from it; `given` are the parameters with those that are null."""
    if "manage_stock" in params:
        fields["manage_stock"] = values.yes_or_no(params["manage_stock"])
    if "backorders" in params:
        fields["backorders"] = params["backorders"] if params["backorders"] in ("yes", "notify") else "no"
    if not fields["manage_stock"]:
        fields.update(stock_quantity=None, backorders="no", low_stock_amount=None)
        if "stock_status" in params:
            fields["stock_status"] = params["stock_status"] if params["stock_status"] in STOCK_STATES else "instock"
        return
    if "stock_quantity" in params:
        fields["stock_quantity"] = values.php_integer(params["stock_quantity"])
    elif "inventory_delta" in params:
        fields["stock_quantity"] = (fields["stock_quantity"] or 0) + values.php_integer(params["inventory_delta"])
    if "low_stock_amount" in given:
        low = given["low_stock_amount"]
        fields["low_stock_amount"] = None if low is None else values.php_integer(low)
    fields["stock_status"] = stock_status(fields)


def stock_status(fields: Mapping[str, Any]) -> str:
    """What the number in stock means where stock is managed."""
    if (fields["stock_quantity"] or 0) > 0:
        return "instock"
    return "outofstock" if fields["backorders"] == "no" else "onbackorder"


def set_meta(site: Site, fields: Fields, params: Mapping[str, Any], post_id: int) -> None:
    """Sets the meta rows; a row `_sku` is no row, it is the SKU itself (FACTS-WOOCOMMERCE, 6)."""
    given = params.get("meta_data")
    if not isinstance(given, list):
        return
    for entry in given:
        if isinstance(entry, dict) and entry.get("key") == "_sku":
            set_sku(site, fields, entry.get("value"), post_id)
    rest = [entry for entry in given if not (isinstance(entry, dict) and entry.get("key") == "_sku")]
    fields["meta"] = meta.merged(fields["meta"], rest, lambda: site.store.next_id("meta"))


# -- prices as they hold right now


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


def price(site: Site, fields: Mapping[str, Any]) -> Any:
    """What a simple product or a variation costs right now."""
    return fields["sale_price"] if on_sale(site, fields) else fields["regular_price"]
