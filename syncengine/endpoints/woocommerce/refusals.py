"""What the store would mangle and therefore never gets: the reason, for people, or "".

A batch is not validated by the store: it takes "1,5" for 15, "x" for a stock of 0, an unknown status for a draft, and
says that all went well (FACTS-WOOCOMMERCE, 2 and 6). So every value is judged here, by the path it goes to.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from syncengine.endpoints.woocommerce.gtin import wrong
from syncengine.endpoints.woocommerce.paths import DATES, MARK, MEASURES, PRICES, RICH_TEXT, WHOLE
from syncengine.endpoints.woocommerce.terms import Terms, parts_of
from syncengine.values import Value, encode, is_empty, places_of

__all__ = ["Refusals", "contradictions", "ignored"]

LONGEST_PRICE = 20  # characters: the store keeps any length, but no shop means 22 digits
LONGEST_SKU = 100  # the store tells two SKUs apart by their first 100 characters only
LONGEST_NAME = 200  # characters of the name or slug of a term, a column of the database
LONGEST_URL = 2000
LARGEST_STOCK = 10**12
SALE = ("date_on_sale_from", "date_on_sale_to")
SALE_IN_GMT = ("date_on_sale_from_gmt", "date_on_sale_to_gmt")

HALF_A_CHARACTER = "it holds half a character (a lone surrogate), which is no text"
PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
TAG = re.compile(r"<\s*/?\s*([A-Za-z0-9-]*)[^<>]*>")  # "1 < 2" is none and survives
OCTET = re.compile(r"%[0-9A-Fa-f]{2}")
SLUG = re.compile(r"[a-z0-9_-]+")

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

# What WordPress leaves in a text; every other tag is taken out of it.
KEPT_TAGS = frozenset(
    """
    a abbr acronym address area article aside audio b bdo big blockquote br button caption cite code col colgroup dd
    del details dfn div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins
    kbd label legend li main map mark menu nav object ol p pre q rb rp rt rtc ruby s samp section small span strike
    strong sub summary sup table tbody td textarea tfoot th thead title tr track tt u ul var video
    """.split()  # noqa: SIM905 - one word a line is not easier to read
)


class Refusals:
    """Judges values by the path they go to. Knows the store's own tax and shipping classes from `terms`."""

    def __init__(self, terms: Terms) -> None:
        self._judges = _judges(terms)

    def of(self, path: str, value: Value) -> str:
        """Why this value may not go there, "" if it may."""
        if path.startswith("meta:"):
            return _meta(path.removeprefix("meta:"), value)
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
    regular, sale = _number(values.get("regular_price")), _number(values.get("sale_price"))
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
        **dict.fromkeys(PRICES, _price),
        **dict.fromkeys(MEASURES, _measure),
        **dict.fromkeys((path for path in DATES if path.startswith("date_on_sale")), _date),
        **dict.fromkeys(SWITCHES, _switch),
        **{path: _one_of(words) for path, words in WORDS.items()},
        **{path: _whole(may_be_empty=path == "low_stock_amount") for path in WHOLE},
        **dict.fromkeys(RICH_TEXT, _rich_text),
        "name": _rich_text,
        "button_text": _plain_text,
        "external_url": _plain_text,
        "sku": _sku,
        "slug": _slug,
        "global_unique_id": lambda value: "" if is_empty(value) else wrong(str(value)),
        "categories": _each(_category),
        "images": _each(_image),
        "tags": _each(_term),
        "tax_class": lambda value: _class(value, "tax_class", terms),
        "shipping_class": lambda value: _class(value, "shipping_class", terms),
    }


def _price(value: Value) -> str:
    """Prices are not normalised and hardly read: "1,5" becomes 15, "1e3" 13, "abc" an empty price."""
    if is_empty(value):
        return ""
    number = _number(value)
    if number is None:
        return f"not a price: {value!r} (digits and a point only)"
    if number < 0:
        return f"a negative price: {number}"
    return "" if len(f"{number:f}") <= LONGEST_PRICE else f"not a price, it has {len(f'{number:f}')} characters"


def _measure(value: Value) -> str:
    if is_empty(value):
        return ""
    number = _number(value)
    if number is None or number < 0:
        return f"not a measure: {value!r} (digits and a point only)"
    return ""


def _whole(*, may_be_empty: bool) -> Callable[[Value], str]:
    def judge(value: Value) -> str:
        """ "x" would become 0, 1.5 become 1, nothing become 0 or be ignored."""
        if is_empty(value):
            return "" if may_be_empty else "it cannot be empty: the store would make it 0"
        if isinstance(value, bool):
            return f"not a whole number: {value!r}"
        negative = isinstance(value, str) and value.startswith("-")
        number = _number(value[1:] if isinstance(value, str) and negative else value)
        if number is None or number != number.to_integral_value():
            return f"not a whole number: {value!r}"
        return "" if abs(number) <= LARGEST_STOCK else f"too large a number: {value}"

    return judge


def _switch(value: Value) -> str:
    """ "yes" becomes true, "" false, and so would many a word."""
    return "" if isinstance(value, bool) else f'neither true nor false: {value!r} (type = "boolean")'


def _one_of(words: tuple[str, ...]) -> Callable[[Value], str]:
    """A word that the store does not know silently becomes its default: an unknown status a draft."""
    return lambda value: "" if value in words else f"not one of {', '.join(words)}: {value!r}"


def _date(value: Value) -> str:
    """ "not a date" becomes 1970-01-01."""
    if is_empty(value) or isinstance(value, date):
        return ""
    try:
        if isinstance(value, str):
            datetime.fromisoformat(value)
            return ""
    except ValueError:
        pass
    return f"not a date: {value!r}"


def _plain_text(value: Value) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return "" if isinstance(value, int | Decimal) and not isinstance(value, bool) else f"not a text: {value!r}"
    if "\x00" in value:
        return "it holds a NUL character, which the store drops"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return HALF_A_CHARACTER
    return ""


def _rich_text(value: Value) -> str:
    """Names and descriptions lose their backslashes and every tag that WordPress does not allow."""
    if (reason := _plain_text(value)) or not isinstance(value, str):
        return reason
    if "\\" in value:
        return "it holds a backslash, which the store drops"
    for tag in TAG.finditer(value):
        if tag.group(1).casefold() not in KEPT_TAGS and not tag.group().startswith("<!--"):
            return f"it holds {tag.group()!r}, which the store takes out as a tag"
    return ""


def _sku(value: Value) -> str:
    if (reason := _plain_text(value)) or not isinstance(value, str):
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


def _slug(value: Value) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_NAME and SLUG.fullmatch(value):
        return ""
    return f"not a slug: {value!r} (small letters, digits and hyphens)"


def _class(value: Value, path: str, terms: Terms) -> str:
    """An unknown class is ignored or blanked: the store's own list decides."""
    if is_empty(value) or terms.class_slug(path, str(value)) is not None:
        return ""
    names = sorted((terms.classes(path) or {}).values(), key=str.casefold)
    return f"the store has no {path} {value!r}; it has {', '.join(names) or 'none'}"


def _each(judge: Callable[[str], str]) -> Callable[[Value], str]:
    def all_of(value: Value) -> str:
        items = value if isinstance(value, list) else [] if is_empty(value) else [value]
        return next((reason for item in items if (reason := judge(str(item)))), "")

    return all_of


def _category(text: str) -> str:
    parts = parts_of(text)
    if not all(parts):
        return f"a category path with an empty part: {text!r}"
    return next((reason for part in parts if (reason := _term(part))), "")


def _image(url: str) -> str:
    """The store downloads it: from a whole URL only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(one.isspace() for one in url):
        return f"not the whole URL of an image: {url!r}"
    return "" if len(url) <= LONGEST_URL else f"a URL of more than {LONGEST_URL} characters: {url[:40]!r}…"


def _term(text: str) -> str:
    if not text.strip():
        return "an empty name"
    if len(text) > LONGEST_NAME:
        return f"a name of more than {LONGEST_NAME} characters: {text[:40]!r}…"
    if "<" in text or "\\" in text or any(unicodedata.category(character) == "Cc" for character in text):
        return f"a name with '<', a backslash or a control character, which the store changes: {text!r}"
    return _plain_text(text)


def _attribute(name: str, value: Value) -> str:
    if not name.strip():
        return "attribute: needs a name"
    if not isinstance(value, list):
        return _each(_term)([part for part in str(value or "").split("|") if part.strip()])
    if any("|" in str(option) for option in value):
        return "an option with '|', by which the store separates options"
    return _each(_term)(value)


def _meta(key: str, value: Value) -> str:
    """Meta is kept verbatim, also under the keys of WooCommerce's own fields: `_sku` really overwrites the SKU."""
    if not key:
        return "meta: needs a key"
    if key.casefold() in OWN_META:
        return f"meta:{key} is where the store keeps a field of its own: map that field instead"
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        return "it holds a number that JSON does not have"
    return HALF_A_CHARACTER if any("\ud800" <= one <= "\udfff" for one in text) else ""


def _number(value: Any) -> Decimal | None:
    match value:
        case bool() | None:
            return None
        case int():
            return Decimal(value)
        case Decimal():
            return value if value.is_finite() else None
        case str() if PLAIN_NUMBER.fullmatch(value):
            return Decimal(value)
    return None
