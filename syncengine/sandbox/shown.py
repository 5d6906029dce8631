"""How products and variations look in a reply: what is stored, what follows from it, and what `_fields` leaves."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_plus

from syncengine.sandbox import family, media, setters, values
from syncengine.sandbox.catalogue import shown_attributes, shown_defaults, shown_options, shown_terms
from syncengine.sandbox.posts import Fields, generated_slug
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

_UNLINKED = frozenset(("draft", "pending", "auto-draft", "future", "trash"))
_EMPTY = ("", "0")  # what PHP takes for empty, so that a variation shows its parent's value instead
_INHERITED = ("sku", "weight", "length", "width", "height", "purchase_note")
_OF_A_VARIATION = (
    "id", "type", "date_created", "date_created_gmt", "date_modified", "date_modified_gmt", "description", "permalink",
    "sku", "global_unique_id", "price", "regular_price", "sale_price", "date_on_sale_from", "date_on_sale_from_gmt",
    "date_on_sale_to", "date_on_sale_to_gmt", "on_sale", "status", "purchasable", "virtual", "downloadable",
    "downloads", "download_limit", "download_expiry", "tax_status", "tax_class", "manage_stock", "stock_quantity",
    "stock_status", "backorders", "backorders_allowed", "backordered", "low_stock_amount", "weight", "dimensions",
    "shipping_class", "shipping_class_id", "image", "attributes", "menu_order", "meta_data", "name", "parent_id",
)  # fmt: skip

Shown = dict[str, Any]


def product(site: Site, stored: Product, home: str, *, edit: bool) -> Shown:
    """The whole object. `edit`: as a write's reply or context=edit shows it, with texts as they are stored.

    A variation can be looked at like this too, with what it takes from its parent.
    """
    if stored.fields.get("type") == "variation":
        return _variation_as_product(site, stored, _parent(site, stored), home, edit=edit)
    return _whole(site, stored, setters.whole(stored), home, edit=edit)


def variation(site: Site, stored: Product, parent: Product, home: str, *, edit: bool) -> Shown:
    """A variation as its own endpoint shows it; its description is always rendered (q04_filters).

    Only a write's reply tells its own tax class and picture, which are else its parent's.
    """
    shown = _variation_as_product(site, stored, parent, home, edit=edit)
    fields = setters.whole(stored)
    pictures = fields["images"] if edit else fields["images"] or parent.fields.get("images", [])
    shown |= {
        "description": values.rendered(fields["description"]),
        "image": media.shown(site, pictures[0], home) if pictures else None,
        "name": family.option_names(site, parent, fields["options"]),
    }
    if edit:
        shown["tax_class"] = fields["tax_class"]
    return {name: shown[name] for name in _OF_A_VARIATION}


def _parent(site: Site, stored: Product) -> Product:
    return site.store.product(stored.fields["parent_id"]) or Product(0, "", "")


def _variation_as_product(site: Site, stored: Product, parent: Product, home: str, *, edit: bool) -> Shown:
    above, fields = setters.whole(parent), setters.whole(stored)
    for name in _INHERITED:
        fields[name] = above[name] if fields[name] in _EMPTY else fields[name]
    fields["shipping_class"] = fields["shipping_class"] or above["shipping_class"]
    fields["images"] = fields["images"] or above["images"][:1]
    if above["manage_stock"] and not fields["manage_stock"]:
        fields.update(manage_stock="parent", stock_quantity=above["stock_quantity"], backorders=above["backorders"])
    if fields["tax_class"] == "parent":
        fields["tax_class"] = above["tax_class"]
    fields["name"] = family.title(site, parent, fields["options"])
    fields["catalog_visibility"] = above["catalog_visibility"]
    shown = _whole(site, stored, fields, home, edit=edit)
    return shown | {
        "permalink": _permalink_of_options(_permalink(parent, above, home), fields["options"]),
        "purchasable": shown["purchasable"] and fields["status"] == "publish",
        "total_sales": str(fields["total_sales"]),
        "attributes": shown_options(site, above["attributes"], fields["options"]),
    }


def _permalink(stored: Product, fields: Fields, home: str) -> str:
    if fields["status"] in _UNLINKED:
        return f"{home}/?post_type=product&p={stored.id}"
    return f"{home}/product/{fields['slug']}/"


def _permalink_of_options(address: str, options: dict[str, str]) -> str:
    chosen = "&".join(f"attribute_{quote_plus(key)}={quote_plus(option)}" for key, option in options.items() if option)
    return f"{address}{'&' if '?' in address else '?'}{chosen}" if chosen else address


def _whole(site: Site, stored: Product, fields: Fields, home: str, *, edit: bool) -> Shown:
    reduced, price = setters.on_sale(site, fields), setters.price(site, fields)
    price_html = _price_html(fields["regular_price"], price, reduced)
    children: list[Product] = []
    if fields["type"] == "variable":
        children = family.shown_variations(site, stored.id)
        published = [each for each in map(setters.whole, children) if each["status"] == "publish"]
        reduced, price = any(setters.on_sale(site, each) for each in published), fields["price"]
        prices = [each for each in (setters.price(site, each) for each in published) if each != ""]
        price_html = _range_html(prices or [price])
    shipping = site.store.terms.get(fields["shipping_class"])
    text = str if edit else values.rendered
    shown = {
        "id": stored.id,
        "name": fields["name"],
        "slug": fields["slug"],
        "permalink": _permalink(stored, fields, home),
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "date_modified": site.local(stored.modified),
        "date_modified_gmt": stored.modified,
        "type": fields["type"],
        "status": fields["status"],
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
        "shipping_class": shipping.slug if shipping else "",
        "shipping_class_id": shipping.id if shipping else 0,
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
        "images": media.shown_gallery(site, fields["images"], home),
        "attributes": shown_attributes(site, fields["attributes"]),
        "default_attributes": shown_defaults(site, fields["attributes"], fields["default_attributes"]),
        "variations": [each.id for each in children],
        "grouped_products": fields["grouped_products"],
        "menu_order": fields["menu_order"],
        "price_html": price_html,
        "related_ids": [],
        "meta_data": [{"id": row_id, "key": key, "value": value} for row_id, key, value in fields["meta"]],
        "stock_status": fields["stock_status"],
        "has_options": fields["type"] == "variable",
        "post_password": fields["post_password"],
        "global_unique_id": fields["global_unique_id"],
    }
    if edit:
        shown["permalink_template"] = f"{home}/product/%pagename%/"
        shown["generated_slug"] = generated_slug(site, stored)
    return shown


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


def _range_html(prices: list[Any]) -> str:
    """The prices of a variable product; how a range looks was not measured."""
    lowest, highest = min(prices, key=values.amount), max(prices, key=values.amount)
    if values.amount(lowest) == values.amount(highest):
        return _price_html(lowest, lowest, reduced=False)
    return f'{_money(lowest)} <span aria-hidden="true">&ndash;</span> {_money(highest)}'


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
