"""What the store would mangle and therefore never gets: the reason, for people, or "".

A batch is not validated by the store (see judges.py): every value of a product is judged here, by the path it goes to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from syncengine.endpoints.woocommerce.gtin import wrong
from syncengine.endpoints.woocommerce.judges import (
    each,
    image,
    measure,
    meta,
    moment,
    number_in,
    one_of,
    plain_text,
    price,
    rich_text,
    slug,
    switch,
    term,
    whole,
)  # fmt: skip
from syncengine.endpoints.woocommerce.paths import DATES, MARK, MEASURES, PRICES, RICH_TEXT, WHOLE
from syncengine.endpoints.woocommerce.terms import Terms, parts_of
from syncengine.values import Value, encode, is_empty, places_of

__all__ = ["CONNECTED", "Refusals", "contradictions", "ignored"]

LONGEST_SKU = 100  # the store tells two SKUs apart by their first 100 characters only
SALE = ("date_on_sale_from", "date_on_sale_to")
SALE_IN_GMT = ("date_on_sale_from_gmt", "date_on_sale_to_gmt")
# What can be judged only together: prices with their sale, a sale's days, and who minds the stock.
CONNECTED = (
    frozenset({"regular_price", "sale_price"}),
    frozenset(SALE),
    frozenset(SALE_IN_GMT),
    frozenset({"manage_stock", "stock_quantity", "stock_status"}),
)

OCTET = re.compile(r"%[0-9A-Fa-f]{2}")

WORDS: Mapping[str, tuple[str, ...]] = {
    "status": ("publish", "private", "draft", "pending", "trash"),
    "catalog_visibility": ("visible", "catalog", "search", "hidden"),
    "tax_status": ("taxable", "shipping", "none"),
    "stock_status": ("instock", "outofstock", "onbackorder"),
    "backorders": ("no", "notify", "yes"),
}
SWITCHES = frozenset({"featured", "virtual", "downloadable", "manage_stock", "sold_individually", "reviews_allowed"})
NOT_YET = {
    "brands": "brands are not written yet; use attribute:NAME or a category",
    "type": "what a product is, is never changed by a run",
}
READ_ONLY = frozenset(
    {
        "id", "permalink", "date_created", "date_modified", "date_created_gmt", "date_modified_gmt", "price",
        "price_html", "on_sale", "purchasable", "total_sales", "backorders_allowed", "backordered", "shipping_required",
        "shipping_taxable", "shipping_class_id", "average_rating", "rating_count", "related_ids", "has_options",
        "variations", "grouped_products", "permalink_template", "generated_slug", "parent_id",
    }
)  # fmt: skip

# Meta keys in which WooCommerce keeps its own fields: writing one changes the field past all its rules.
OWN_META = frozenset(
    {
        "_visibility", "_sku", "_global_unique_id", "_price", "_regular_price", "_sale_price", "_sale_price_dates_from",
        "_sale_price_dates_to", "total_sales", "_tax_status", "_tax_class", "_manage_stock", "_stock", "_stock_status",
        "_backorders", "_low_stock_amount", "_sold_individually", "_weight", "_length", "_width", "_height",
        "_upsell_ids", "_crosssell_ids", "_purchase_note", "_default_attributes", "_product_attributes", "_virtual",
        "_downloadable", "_download_limit", "_download_expiry", "_featured", "_downloadable_files", "_wc_rating_count",
        "_wc_average_rating", "_wc_review_count", "_variation_description", "_thumbnail_id", "_file_paths",
        "_product_image_gallery", "_product_version", "_wp_old_slug", "_edit_last", "_edit_lock", MARK,
    }
)  # fmt: skip


class Refusals:
    """Judges values by the path they go to. Knows the store's own tax and shipping classes from `terms`."""

    def __init__(self, terms: Terms) -> None:
        self._judges = _judges(terms)

    def of(self, path: str, value: Value) -> str:
        """Why this value may not go there, "" if it may."""
        if path.startswith("meta:"):
            return meta(path.removeprefix("meta:"), value, OWN_META)
        if path.startswith("attribute:"):
            return _attribute(path.removeprefix("attribute:"), value)
        if path in NOT_YET:
            return NOT_YET[path]
        if path in READ_ONLY:
            return f"{path} is the store's own, it cannot be written"
        if path not in self._judges:
            return f"the store has no field {path!r} that can be written, it would be ignored"
        return self._judges[path](value)


def contradictions(values: Mapping[str, Value]) -> dict[str, str]:
    """Paths of a record that the store would drop without a word if they were written, because of what else is in
    `values`, with the reason; and a sale that never takes place. What is empty or not there contradicts nothing."""
    found = {}
    regular, sale = number_in(values.get("regular_price")), number_in(values.get("sale_price"))
    if sale is not None and "regular_price" in values:
        if regular is None:
            found["sale_price"] = f"a sale price of {_price_shown(sale)} needs a regular price: the store would drop it"
        elif sale >= regular:
            prices = f"the sale price {_price_shown(sale)} is not below the regular price {_price_shown(regular)}"
            found["sale_price"] = f"{prices}: the store would drop it"
    for begin, end in (SALE, SALE_IN_GMT):
        first, last = values.get(begin), values.get(end)
        if isinstance(first, date) and type(first) is type(last) and first > last:
            found[begin] = f"the sale would begin ({encode(first)}) after its end ({encode(last)})"
    return found


def ignored(values: Mapping[str, Value]) -> set[str]:
    """Paths of a record of which the store takes no notice, because of what else is in `values`: a stock that it does
    not manage, a stock status where it works it out from the stock (FACTS-WOOCOMMERCE, 6)."""
    manages = values.get("manage_stock")
    return {"stock_quantity"} if manages is False else {"stock_status"} if manages is True else set()


def _price_shown(price: Decimal) -> str:
    return f"{price:.{max(2, places_of(price))}f}"


def _judges(terms: Terms) -> dict[str, Callable[[Value], str]]:
    return {
        **dict.fromkeys(PRICES, price),
        **dict.fromkeys(MEASURES, measure),
        **dict.fromkeys((path for path in DATES if path.startswith("date_on_sale")), moment),
        **dict.fromkeys(SWITCHES, switch),
        **{path: one_of(words) for path, words in WORDS.items()},
        **{path: whole(may_be_empty=path == "low_stock_amount") for path in WHOLE},
        **dict.fromkeys(RICH_TEXT, rich_text),
        "name": _name,
        "button_text": plain_text,
        "external_url": plain_text,
        "sku": _sku,
        "slug": slug,
        "global_unique_id": lambda value: "" if is_empty(value) else wrong(str(value)),
        "categories": each(_category),
        "images": each(image),
        "tags": each(term),
        "tax_class": lambda value: _class(value, "tax_class", terms),
        "shipping_class": lambda value: _class(value, "shipping_class", terms),
    }


def _name(value: Value) -> str:
    return rich_text(value) or ("the store calls a product of the name 0 Product" if str(value) == "0" else "")


def _sku(value: Value) -> str:
    if (reason := plain_text(value)) or not isinstance(value, str):
        return reason
    if any(unicodedata.category(character) == "Cc" for character in value):
        return "it holds a tab, a line break or another control character, which the store changes"
    if "<" in value:
        return "it holds '<', which the store changes or takes for a tag"
    if octet := OCTET.search(value):
        return f"it holds {octet.group()!r}, which the store takes out"
    if value != value.strip() or "  " in value:
        return "it holds spaces around or twice in a row, which the store takes out"
    if len(value) > LONGEST_SKU:
        return f"it has {len(value)} characters: the store tells SKUs apart by the first {LONGEST_SKU} only"
    return "the store cannot look up the SKU 0" if value == "0" else ""


def _class(value: Value, path: str, terms: Terms) -> str:
    """An unknown class is ignored or blanked: the store's own list decides."""
    if is_empty(value) or terms.class_slug(path, str(value)) is not None:
        return ""
    names = sorted((terms.classes(path) or {}).values(), key=str.casefold)
    return f"the store has no {path} {value!r}; it has {', '.join(names) or 'none'}"


def _category(text: str) -> str:
    parts = parts_of(text)
    if not all(parts):
        return f"a category path with an empty part: {text!r}"
    return next((reason for part in parts if (reason := term(part))), "")


def _attribute(name: str, value: Value) -> str:
    if not name.strip():
        return "attribute: needs a name"
    if not isinstance(value, list):
        return each(term)([part for part in str(value or "").split("|") if part.strip()])
    if any("|" in str(option) for option in value):
        return "an option with '|', by which the store separates options"
    return each(term)(value)
