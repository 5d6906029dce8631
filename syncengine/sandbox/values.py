"""How WooCommerce mangles the values it is given, rule by rule as measured (FACTS-WOOCOMMERCE, 2 and 6)."""

from __future__ import annotations

import html
import re
import unicodedata
from html.entities import html5
from math import isfinite
from typing import Any
from urllib.parse import quote

_NUMBER = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_PRICE_NOISE = re.compile(r"\.(?![^.]+$)|[^0-9.-]")
_LESS_THAN = re.compile(r"<[^>]*?(?=<)|<[^>]*?>|<[^>]*$")
_MARKUP = re.compile(r"<!--.*?(?:-->|$)|<[^>]*(?:>|$)|>", re.DOTALL)
_ELEMENT = re.compile(r"<\s*(?:/\s*)?([a-zA-Z0-9-]+)([^>]*)>?$")
_ENTITY = re.compile(r"&(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]{2,8}[0-9]{0,2};)?")
_SCRIPT = re.compile(r"<(script|style)[^>]*?>.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_OCTET = re.compile(r"%[a-f0-9]{2}", re.IGNORECASE)
_SPACES = re.compile(r"[\r\n\t ]+")
_NOT_SLUG = re.compile(r"[^a-z0-9_ ./\-\u0080-\U0010ffff]+")
_HYPHENS = re.compile(r"[ ./\-–—]+")
_BLOCK = re.compile(r"\s*<(?:p|div|ul|ol|li|table|h[1-6]|blockquote|pre|hr)\b", re.IGNORECASE)
_EMAIL_LOCAL = re.compile(r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.\-]+")
_EMAIL_HOST_PART = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?")
_LONGEST_INTEGER = 2**63 - 1
_KEPT_TAG = re.compile(
    r"a|abbr|address|b|bdi|big|blockquote|br|caption|cite|code|col|colgroup|dd|del|details|"
    r"dfn|div|dl|dt|em|figcaption|figure|font|h1|h2|h3|h4|h5|h6|hr|i|img|ins|kbd|label|"
    r"legend|li|mark|ol|p|picture|pre|q|s|samp|section|small|span|strike|strong|sub|"
    r"summary|sup|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|video",
    re.IGNORECASE,
)


def php_text(value: Any) -> str:
    """A JSON value as PHP's cast to string has it: 10 is "10", true is "1", false and null are empty."""
    if isinstance(value, str):
        return value
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, int | float) else "Array"


def php_integer(value: Any) -> int:
    """A JSON value as PHP's cast to integer has it: "5.5" is 5, "1e3" is 1000, "abc" is 0, [1] is 1.

    Too long a number in digits is the longest there is, an endless one is 0.
    """
    if isinstance(value, str):
        match = _NUMBER.match(value)
        value = (float(match[0]) if re.search(r"[.eE]", match[0]) else int(match[0][:30])) if match else 0
    if isinstance(value, list | dict):
        return 1 if value else 0
    if isinstance(value, float) and not isfinite(value):
        return 0
    return max(-_LONGEST_INTEGER, min(int(value or 0), _LONGEST_INTEGER))


def yes_or_no(value: Any) -> bool:
    """What counts as yes where nothing was validated: true, 1, "1", "yes", "true"; all else is no."""
    return value is True or (not isinstance(value, bool) and php_text(value).lower() in {"1", "yes", "true"})


def price(value: Any) -> Any:
    """A price or measure: all but digits, minus and the last dot is dropped, nothing is normalised.

    "1,5" becomes "15", "abc" becomes ""; lists and objects pass through with their leaves mangled.
    """
    if isinstance(value, dict):
        return {key: price(item) for key, item in value.items()}
    if isinstance(value, list):
        return [price(item) for item in value]
    return _PRICE_NOISE.sub("", php_text(value))


def amount(value: Any) -> float:
    """A stored price as the number that WooCommerce compares by."""
    if isinstance(value, list | dict):
        return 1.0 if value else 0.0
    number = _NUMBER.match(value)
    return float(number[0]) if number else 0.0


def _guard_less_than(text: str) -> str:
    return _LESS_THAN.sub(lambda match: match[0] if ">" in match[0] else html.escape(match[0]), text)


def one_line(value: Any) -> str:
    """A SKU, a term's name: markup gone, white space collapsed to single spaces and trimmed."""
    text = php_text(value)
    if "<" in text:
        text = _TAG.sub("", _SCRIPT.sub("", _guard_less_than(text)))
    text = _SPACES.sub(" ", text.replace("\0", "")).strip()
    while _OCTET.search(text):
        text = _SPACES.sub(" ", _OCTET.sub("", text)).strip()
    return text


def _entities(text: str) -> str:
    def keep(match: re.Match[str]) -> str:
        entity = match[1] or ""
        known = entity.startswith("#") or entity in html5
        return "&" + entity if entity and known else "&amp;" + entity

    return _ENTITY.sub(keep, text) if "&" in text else text


def _tags(text: str) -> str:
    def keep(match: re.Match[str]) -> str:
        piece = match[0]
        if piece == ">":
            return "&gt;"
        if piece.startswith("<!--"):
            return piece
        element = _ELEMENT.match(piece)
        return piece if element and _KEPT_TAG.fullmatch(element[1]) else ""

    return _MARKUP.sub(keep, _guard_less_than(text)) if "<" in text or ">" in text else text


def rich_text(value: Any) -> str:
    """A description: "&" becomes "&amp;", tags that a post may not have are cut out, backslashes and NULs are lost."""
    text = re.sub(r"\\(\\?)", r"\1", php_text(value).replace("\0", ""))
    return _tags(_entities(text))


def title(value: Any) -> str:
    """A product's name: a description, trimmed."""
    return rich_text(value).strip(" \t\n\r\v")


def term_name(value: Any) -> str:
    """The name of a category, tag or attribute term."""
    return _entities(one_line(value).replace("\\", ""))


def rendered(text: str) -> str:
    """A description as a plain GET shows it: in paragraphs."""
    if not text.strip():
        return ""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]
    return "".join(
        f"{part}\n" if _BLOCK.match(part) else "<p>" + part.replace("\n", "<br />\n") + "</p>\n" for part in paragraphs
    )


def is_email(value: Any) -> bool:
    """What WordPress takes for an e-mail address: plain ASCII without spaces around it, with a dot in its host."""
    local, at, host = value.partition("@") if isinstance(value, str) else ("", "", "")
    parts = host.split(".")
    return (
        bool(at and _EMAIL_LOCAL.fullmatch(local))
        and len(parts) > 1
        and all(_EMAIL_HOST_PART.fullmatch(part) for part in parts)
    )


def email(value: Any) -> str:
    """An address without the characters that none may have; empty if no address is left."""
    local, _, host = php_text(value).partition("@")
    parts = (re.sub(r"[^a-z0-9-]", "", part, flags=re.IGNORECASE).strip("-") for part in host.split("."))
    cleaned = f"{''.join(_EMAIL_LOCAL.findall(local))}@{'.'.join(part for part in parts if part)}"
    return cleaned if is_email(cleaned) else ""


def plain(text: str) -> str:
    """Letters without accents."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def collated(text: str) -> str:
    """A key under which the database finds texts equal: case, accents, ß and ss, trailing spaces do not count."""
    return text.lower().rstrip(" ") if text.isascii() else plain(text.casefold()).casefold().rstrip(" ")


def slug(value: str) -> str:
    """The part of an address that is made from a name: lower case, hyphens, what is not ASCII percent-encoded."""
    text = unicodedata.normalize("NFD", html.unescape(_TAG.sub("", value)).replace("ß", "ss")).lower()
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Cf"))
    parts = _HYPHENS.sub("-", _NOT_SLUG.sub("", kept)).strip("-")[:200]
    return parts if parts.isascii() else quote(parts).lower()


def meta_value(value: Any) -> Any:
    """The value of a meta row: numbers and booleans become texts, lists and objects keep their types."""
    return value if isinstance(value, str | list | dict) else php_text(value)
