"""The paths of a store's product: which there are, what they hold, which of them nobody may write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from syncengine.values import TypeName
from syncengine.written import Mistake, closest, known

__all__ = ["MATCH_PATHS", "READ_ONLY", "check_path", "check_type", "check_word"]

# What [match] calls a path, and the path.
MATCH_PATHS: Mapping[str, str] = {"id": "id", "sku": "sku", "gtin": "global_unique_id"}

TEXT: tuple[TypeName, ...] = ("text",)
TIMES: tuple[TypeName, ...] = ("datetime", "date")
PRICES: tuple[TypeName, ...] = ("money", "decimal")
SIZES: tuple[TypeName, ...] = ("decimal", "text", "integer", "money")
WHOLE: tuple[TypeName, ...] = ("integer",)
YES_NO: tuple[TypeName, ...] = ("boolean",)
NAMES: tuple[TypeName, ...] = ("list",)
IDS: tuple[TypeName, ...] = ("list", "json")
OBJECTS: tuple[TypeName, ...] = ("json",)
NUMBER_OR_TEXT: tuple[TypeName, ...] = ("integer", "text")

# Types that fit; the first is the one to suggest.
TYPES: Mapping[str, tuple[TypeName, ...]] = {
    "id": NUMBER_OR_TEXT,
    "name": TEXT,
    "slug": TEXT,
    "permalink": TEXT,
    "date_created": TIMES,
    "date_created_gmt": TIMES,
    "date_modified": TIMES,
    "date_modified_gmt": TIMES,
    "type": TEXT,
    "status": TEXT,
    "featured": YES_NO,
    "catalog_visibility": TEXT,
    "description": TEXT,
    "short_description": TEXT,
    "sku": TEXT,
    "global_unique_id": TEXT,
    "price": PRICES,
    "regular_price": PRICES,
    "sale_price": PRICES,
    "date_on_sale_from": TIMES,
    "date_on_sale_from_gmt": TIMES,
    "date_on_sale_to": TIMES,
    "date_on_sale_to_gmt": TIMES,
    "price_html": TEXT,
    "on_sale": YES_NO,
    "purchasable": YES_NO,
    "total_sales": WHOLE,
    "virtual": YES_NO,
    "downloadable": YES_NO,
    "downloads": OBJECTS,
    "download_limit": WHOLE,
    "download_expiry": WHOLE,
    "external_url": TEXT,
    "button_text": TEXT,
    "tax_status": TEXT,
    "tax_class": TEXT,
    "manage_stock": YES_NO,
    "stock_quantity": WHOLE,
    "stock_status": TEXT,
    "backorders": TEXT,
    "backorders_allowed": YES_NO,
    "backordered": YES_NO,
    "low_stock_amount": WHOLE,
    "sold_individually": YES_NO,
    "weight": SIZES,
    "dimensions": SIZES,
    "shipping_required": YES_NO,
    "shipping_taxable": YES_NO,
    "shipping_class": TEXT,
    "shipping_class_id": NUMBER_OR_TEXT,
    "reviews_allowed": YES_NO,
    "post_password": TEXT,
    "average_rating": SIZES,
    "rating_count": WHOLE,
    "related_ids": IDS,
    "upsell_ids": IDS,
    "cross_sell_ids": IDS,
    "parent_id": NUMBER_OR_TEXT,
    "purchase_note": TEXT,
    "categories": NAMES,
    "brands": IDS,
    "tags": NAMES,
    "images": NAMES,
    "has_options": YES_NO,
    "attributes": OBJECTS,
    "default_attributes": OBJECTS,
    "variations": IDS,
    "grouped_products": IDS,
    "menu_order": WHOLE,
    "meta_data": OBJECTS,
}
READ_ONLY = frozenset(
    {
        "id",
        "permalink",
        "date_created_gmt",
        "date_modified",
        "date_modified_gmt",
        "price",
        "price_html",
        "on_sale",
        "purchasable",
        "total_sales",
        "backorders_allowed",
        "backordered",
        "shipping_required",
        "shipping_taxable",
        "shipping_class_id",
        "average_rating",
        "rating_count",
        "related_ids",
        "has_options",
        "variations",
        "grouped_products",
    }
)
WORDS: Mapping[str, tuple[str, ...]] = {
    "type": ("simple", "grouped", "external", "variable"),
    "status": ("draft", "pending", "private", "publish", "future"),
    "catalog_visibility": ("visible", "catalog", "search", "hidden"),
    "tax_status": ("taxable", "shipping", "none"),
    "stock_status": ("instock", "outofstock", "onbackorder"),
    "backorders": ("no", "notify", "yes"),
}
DIMENSIONS = ("length", "width", "height")
# Written as meta, these would bypass everything that the store does with them.
OWN_META: Mapping[str, str] = {
    "_sku": "sku",
    "_price": "regular_price",
    "_regular_price": "regular_price",
    "_sale_price": "sale_price",
    "_stock": "stock_quantity",
    "_stock_status": "stock_status",
    "_manage_stock": "manage_stock",
    "_backorders": "backorders",
    "_weight": "weight",
    "_global_unique_id": "global_unique_id",
    "_tax_class": "tax_class",
    "_tax_status": "tax_status",
}
LONGEST_META_KEY = 255
PLAIN_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


def check_path(path: str) -> None:
    """Raises Mistake where a product has no such path."""
    kind, mark, name = path.partition(":")
    if mark:
        _check_named(kind, name)
        return
    head, _, inner = path.partition(".")
    if head == "attributes":
        raise Mistake("attributes are mapped one by one", 'write store = "attribute:NAME"')
    if head == "meta_data":
        raise Mistake("meta data is mapped key by key", 'write store = "meta:KEY"')
    if head == "dimensions" and inner not in DIMENSIONS:
        raise Mistake("dimensions are mapped one by one", f"write {_either(f'dimensions.{one}' for one in DIMENSIONS)}")
    if head in TYPES and inner and head != "dimensions":
        raise Mistake(f"{head} has nothing inside it", f'write store = "{head}"')
    if head in TYPES:
        return
    meant = closest(head, TYPES, cutoff=0.8)
    plain = PLAIN_PATH.fullmatch(path)
    if meant or not plain:
        instead = f'did you mean "{meant}"? ' if meant else ""
        raise Mistake(
            f"a product of the store has no {path!r}",
            f'{instead}A plug-in\'s data is mostly at "meta:KEY", a property at "attribute:NAME"',
        )


def check_type(path: str, kind: TypeName) -> None:
    """Raises Mistake where a path cannot hold values of a type."""
    fitting = TYPES.get(path.partition(".")[0])
    if fitting and kind not in fitting:
        named = [f'"{one}"' for one in fitting]
        raise Mistake(f"{path} cannot be of type {kind}", f"write type = {_either(named)}")


def check_word(path: str, value: object) -> None:
    """Raises Mistake where the store knows only certain words at a path: it would replace any other silently."""
    words = WORDS.get(path)
    if words and value not in words:
        raise Mistake(f"{path} cannot be {value!r}", known(value, words))


def _check_named(kind: str, name: str) -> None:
    if kind not in ("meta", "attribute"):
        raise Mistake(f"unknown kind of path {kind!r}", 'write "meta:KEY", "attribute:NAME" or a plain name')
    if not name or name != name.strip() or len(name) > LONGEST_META_KEY:
        what = "KEY" if kind == "meta" else "NAME"
        raise Mistake(
            f"no good {what.lower()} after {kind}:", f'write store = "{kind}:{what}", without spaces around it'
        )
    if kind == "meta" and name.startswith("_syncengine"):
        raise Mistake("this meta key is the program's own mark", "choose another key")
    if kind == "meta" and name in OWN_META:
        raise Mistake("written as meta it would get past the store's own rules", f'write store = "{OWN_META[name]}"')


def _either(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
