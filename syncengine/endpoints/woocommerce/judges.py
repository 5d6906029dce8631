"""Judges of single values: why the store would mangle one, for people, or "".

A batch is not validated by the store: it takes "1,5" for 15, "x" for a stock of 0, an unknown status for a draft, and
says that all went well (FACTS-WOOCOMMERCE, 2 and 6).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection
from datetime import MAXYEAR, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from syncengine.values import Value, is_empty

__all__ = [
    "HALF_A_CHARACTER",
    "LONGEST_NAME",
    "country",
    "each",
    "image",
    "measure",
    "meta",
    "moment",
    "number_in",
    "one_of",
    "plain_text",
    "price",
    "rich_text",
    "slug",
    "switch",
    "term",
    "whole",
]

LONGEST_PRICE = 20  # characters: the store keeps any length, but no shop means 22 digits
LONGEST_NAME = 200  # characters of the name or slug of a term, a column of the database
LONGEST_URL = 2000
FIRST_YEAR, LAST_YEAR = 1970, 9998
LARGEST_STOCK = 10**12
HALF_A_CHARACTER = "it holds half a character (a lone surrogate), which is no text"
PLAIN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
TAG = re.compile(r"<\s*/?\s*([A-Za-z0-9-]*)[^<>]*>")  # "1 < 2" is none and survives
SLUG = re.compile(r"[a-z0-9_]+(?:-[a-z0-9_]+)*")  # the store makes one hyphen of several, and none at an end
COUNTRY = re.compile(r"[A-Z]{2}")

# What WordPress leaves in a text; every other tag is taken out of it.
KEPT_TAGS = frozenset(
    """
    a abbr acronym address area article aside audio b bdo big blockquote br button caption cite code col colgroup dd
    del details dfn div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins
    kbd label legend li main map mark menu nav object ol p pre q rb rp rt rtc ruby s samp section small span strike
    strong sub summary sup table tbody td textarea tfoot th thead title tr track tt u ul var video
    """.split()  # noqa: SIM905 - one word a line is not easier to read
)


def price(value: Value) -> str:
    """Prices are not normalised and hardly read: "1,5" becomes 15, "1e3" 13, "abc" an empty price."""
    if is_empty(value):
        return ""
    number = number_in(value)
    if number is None:
        return f"not a price: {value!r} (digits and a point only)"
    if number < 0:
        return f"a negative price: {number}"
    return "" if len(f"{number:f}") <= LONGEST_PRICE else f"not a price, it has {len(f'{number:f}')} characters"


def measure(value: Value) -> str:
    if is_empty(value):
        return ""
    number = number_in(value)
    if number is None or number < 0:
        return f"not a measure: {value!r} (digits and a point only)"
    return ""


def whole(*, may_be_empty: bool) -> Callable[[Value], str]:
    def judge(value: Value) -> str:
        """ "x" would become 0, 1.5 become 1, nothing become 0 or be ignored."""
        if is_empty(value):
            return "" if may_be_empty else "it cannot be empty: the store would make it 0"
        if isinstance(value, bool):
            return f"not a whole number: {value!r}"
        negative = isinstance(value, str) and value.startswith("-")
        number = number_in(value[1:] if isinstance(value, str) and negative else value)
        if number is None or number != number.to_integral_value():
            return f"not a whole number: {value!r}"
        return "" if abs(number) <= LARGEST_STOCK else f"too large a number: {value}"

    return judge


def switch(value: Value) -> str:
    """ "yes" becomes true, "" false, and so would many a word."""
    return "" if isinstance(value, bool) else f'neither true nor false: {value!r} (type = "boolean")'


def one_of(words: tuple[str, ...]) -> Callable[[Value], str]:
    """A word that the store does not know silently becomes its default: an unknown status a draft."""
    return lambda value: "" if value in words else f"not one of {', '.join(words)}: {value!r}"


def moment(value: Value) -> str:
    """ "not a date" becomes 1970-01-01; a year is told in four digits, also where the time zone shifts it."""
    if is_empty(value):
        return ""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, date):
        return f"not a date: {value!r}"
    if found.year < FIRST_YEAR or found.year > (LAST_YEAR if isinstance(found, datetime) else MAXYEAR):
        outside = f"a date before {FIRST_YEAR} or after {LAST_YEAR}: {found.isoformat()}"
        return f"{outside} (what has no end has an empty date)"
    return ""


def plain_text(value: Value) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return "" if isinstance(value, int | Decimal) and not isinstance(value, bool) else f"not a text: {value!r}"
    if "\x00" in value:
        return "it holds a NUL character, which the store drops"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return HALF_A_CHARACTER
    return ""


def rich_text(value: Value) -> str:
    """Names and descriptions lose their backslashes and every tag that WordPress does not allow."""
    if (reason := plain_text(value)) or not isinstance(value, str):
        return reason
    if "\\" in value:
        return "it holds a backslash, which the store drops"
    for tag in TAG.finditer(value):
        if tag.group(1).casefold() not in KEPT_TAGS and not tag.group().startswith("<!--"):
            return f"it holds {tag.group()!r}, which the store takes out as a tag"
    return ""


def slug(value: Value) -> str:
    if isinstance(value, str) and len(value) <= LONGEST_NAME and SLUG.fullmatch(value):
        return ""
    return f"not a slug: {value!r} (small letters, digits and hyphens)"


def country(code: Value) -> str:
    """The store checks no country, and ships nowhere with one that it does not know (FACTS-WOOCOMMERCE, 6)."""
    if is_empty(code) or (isinstance(code, str) and COUNTRY.fullmatch(code)):
        return ""
    return f"not a country's code of two capitals, such as DE: {code!r} (a map can make one of a name)"


def each(judge: Callable[[str], str]) -> Callable[[Value], str]:
    def all_of(value: Value) -> str:
        items = value if isinstance(value, list) else [] if is_empty(value) else [value]
        return next((reason for item in items if (reason := judge(str(item)))), "")

    return all_of


def image(url: str) -> str:
    """The store downloads it: from a whole URL only."""
    if reason := plain_text(url):
        return reason
    try:
        parts = urlsplit(url)
        whole_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that are no address, a port that is none
        whole_url = False
    if not whole_url or any(one.isspace() for one in url):
        return f"not the whole URL of an image: {url!r}"
    return "" if len(url) <= LONGEST_URL else f"a URL of more than {LONGEST_URL} characters: {url[:40]!r}…"


def term(text: str) -> str:
    if not text.strip():
        return "an empty name"
    if len(text) > LONGEST_NAME:
        return f"a name of more than {LONGEST_NAME} characters: {text[:40]!r}…"
    if "<" in text or "\\" in text or any(unicodedata.category(character) == "Cc" for character in text):
        return f"a name with '<', a backslash or a control character, which the store changes: {text!r}"
    return plain_text(text)


def meta(key: str, value: Value, own: Collection[str]) -> str:
    """Meta is kept verbatim, also under the keys of WooCommerce's own fields: `_sku` really overwrites the SKU."""
    if not key:
        return "meta: needs a key"
    if key.casefold() in own:
        return f"meta:{key} is where the store keeps a field of its own: map that field instead"
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        return "it holds a number that JSON does not have"
    return HALF_A_CHARACTER if any("\ud800" <= one <= "\udfff" for one in text) else ""


def number_in(value: Any) -> Decimal | None:
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
