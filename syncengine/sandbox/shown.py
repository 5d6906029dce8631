"""How a product looks in a reply: what is stored, what follows from it, and what `_fields` leaves of it."""

from __future__ import annotations

import re
from typing import Any

from syncengine.sandbox import values
from syncengine.sandbox.catalogue import shown_attributes, shown_terms
from syncengine.sandbox.products import DEFAULTS, generated_slug, on_sale
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

_UNLINKED = frozenset(("draft", "pending", "auto-draft", "future", "trash"))


def _money(price: Any) -> str:
    amount = f"{max(values.amount(price), 0):,.2f}"
    symbol = '<span class="woocommerce-Price-currencySymbol">&euro;</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{amount}</bdi></span>'


def _price_html(regular: Any, price: Any, reduced: bool) -> str:
    if price == "":
        return ""
    if not reduced:
        return _money(price)
    was, now = f"&euro;{values.amount(regular):,.2f}", f"&euro;{values.amount(price):,.2f}"
    return (
        f'<del aria-hidden="true">{_money(regular)}</del> '
        f'<span class="screen-reader-text">Original price was: {was}.</span>'
        f'<ins aria-hidden="true">{_money(price)}</ins>'
        f'<span class="screen-reader-text">Current price is: {now}.</span>'
    )


def product(site: Site, stored: Product, home: str, *, edit: bool) -> dict[str, Any]:
    """The whole object. `edit`: as a write's reply or context=edit shows it, with texts as they are stored."""
    fields = {**DEFAULTS, **stored.fields}
    status, slug = fields["status"], fields["slug"]
    reduced = on_sale(site, fields)
    price = fields["sale_price"] if reduced else fields["regular_price"]
    text = str if edit else values.rendered
    shown = {
        "id": stored.id,
        "name": fields["name"],
        "slug": slug,
        "permalink": f"{home}/?post_type=product&p={stored.id}" if status in _UNLINKED else f"{home}/product/{slug}/",
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "date_modified": site.local(stored.modified),
        "date_modified_gmt": stored.modified,
        "type": fields["type"],
        "status": status,
        "featured": fields["featured"],
        "catalog_visibility": fields["catalog_visibility"],
        "description": text(fields["description"]),
        "short_description": text(fields["short_description"]),
        "sku": fields["sku"],
        "price": price,
        "regular_price": fields["regular_price"],
        "sale_price": fields["sale_price"],
        "date_on_sale_from": site.local(fields["date_on_sale_from"]),
        "date_on_sale_from_gmt": fields["date_on_sale_from"],
        "date_on_sale_to": site.local(fields["date_on_sale_to"]),
        "date_on_sale_to_gmt": fields["date_on_sale_to"],
        "on_sale": reduced,
        "purchasable": price != "",
        "total_sales": fields["total_sales"],
        "virtual": fields["virtual"],
        "downloadable": fields["downloadable"],
        "downloads": [],
        "download_limit": fields["download_limit"],
        "download_expiry": fields["download_expiry"],
        "external_url": fields["external_url"],
        "button_text": fields["button_text"],
        "tax_status": fields["tax_status"],
        "tax_class": fields["tax_class"],
        "manage_stock": fields["manage_stock"],
        "stock_quantity": fields["stock_quantity"],
        "backorders": fields["backorders"],
        "backorders_allowed": fields["backorders"] != "no",
        "backordered": fields["stock_status"] == "onbackorder",
        "low_stock_amount": fields["low_stock_amount"],
        "sold_individually": fields["sold_individually"],
        "weight": fields["weight"],
        "dimensions": {"length": fields["length"], "width": fields["width"], "height": fields["height"]},
        "shipping_required": not fields["virtual"],
        "shipping_taxable": not fields["virtual"] and fields["tax_status"] in ("taxable", "shipping"),
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": fields["reviews_allowed"],
        "average_rating": "0" if edit else "0.00",
        "rating_count": 0,
        "upsell_ids": fields["upsell_ids"],
        "cross_sell_ids": fields["cross_sell_ids"],
        "parent_id": fields["parent_id"],
        "purchase_note": fields["purchase_note"],
        "categories": shown_terms(site, fields["categories"]),
        "brands": [],
        "tags": shown_terms(site, fields["tags"]),
        "images": [],
        "attributes": shown_attributes(site, fields["attributes"]),
        "default_attributes": fields["default_attributes"],
        "variations": [],
        "grouped_products": [],
        "menu_order": fields["menu_order"],
        "price_html": _price_html(fields["regular_price"], price, reduced),
        "related_ids": [],
        "meta_data": [{"id": row_id, "key": key, "value": value} for row_id, key, value in fields["meta"]],
        "stock_status": fields["stock_status"],
        "has_options": False,
        "post_password": fields["post_password"],
        "global_unique_id": fields["global_unique_id"],
    }
    if edit:
        shown["permalink_template"] = f"{home}/product/%pagename%/"
        shown["generated_slug"] = generated_slug(site, stored)
    return shown


def field_list(given: Any) -> list[str]:
    """The names in `_fields`: parted by commas or spaces, or a list."""
    parts = given if isinstance(given, list) else re.split(r"[\s,]+", values.php_text(given))
    return [part for part in parts if part]


def only(value: Any, names: list[str]) -> Any:
    """What `_fields` leaves: of a list's entries, or of an object, the named parts; a dotted name reaches into objects.

    An object of which nothing is left is an empty list, as PHP has no other empty array (FACTS-WOOCOMMERCE, 1).
    """
    if not names:
        return value
    tree: dict[str, Any] = {}
    for name in names:
        branch = tree
        *parents, last = name.split(".")
        for parent in parents:
            held = branch.setdefault(parent, {})
            if held is True:
                break
            branch = held
        else:
            branch[last] = True
    return [_cut(item, tree) for item in value] if isinstance(value, list) else _cut(value, tree)


def _cut(value: Any, tree: dict[str, Any]) -> Any:
    if not isinstance(value, dict):
        return []
    kept = {
        name: _cut(item, tree[name]) if isinstance(item, dict | list) and isinstance(tree[name], dict) else item
        for name, item in value.items()
        if name in tree
    }
    return kept or []
