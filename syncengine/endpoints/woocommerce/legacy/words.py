"""Products and customers in the words of wc/v3 and in those of the old API.

`told` reads an answer of the old API, `written` makes what it is sent, `asked` the names to ask for. What the old API
cannot hold or would change is never sent: `refusal` says why, and `written` raises ValueError with that reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.legacy.terms import Terms

__all__ = ["KINDS", "TEXTS", "Kind", "Record", "refusal", "undressed"]

Record = dict[str, Any]

# Parts of a product that have the same name in both. Of the others that can be read, by their name of now, those of
# the old API that tell them.
BOTH_WAYS = frozenset(
    {
        "id", "type", "status", "sku", "regular_price", "sale_price", "featured", "catalog_visibility", "virtual",
        "downloadable", "tax_status", "tax_class", "stock_quantity", "sold_individually", "weight", "dimensions",
        "shipping_class", "reviews_allowed", "menu_order", "description", "short_description", "categories", "tags",
        "attributes",
    }
)  # fmt: skip
READ_ALIKE = frozenset(
    {
        "permalink", "price", "price_html", "on_sale", "total_sales", "backorders_allowed", "backordered",
        "shipping_required", "shipping_taxable", "shipping_class_id", "average_rating", "rating_count", "related_ids",
        "upsell_ids", "cross_sell_ids", "parent_id", "images",
    }
)  # fmt: skip
READ_FROM: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in BOTH_WAYS | READ_ALIKE},
    "name": ("title",),
    "date_created_gmt": ("created_at",),
    "date_modified_gmt": ("updated_at",),
    "manage_stock": ("managing_stock",),
    "stock_status": ("in_stock", "backordered"),
    "purchasable": ("purchaseable",),
}
TEXTS = ("description", "short_description")
NOTHING_IS_NULL = ("sale_price", "weight")
RENAMED = {"title": "name", "managing_stock": "manage_stock", "purchaseable": "purchasable"}
DATES = {"created_at": "date_created_gmt", "updated_at": "date_modified_gmt"}
IN_STOCK = {"instock": True, "outofstock": False}
LINES = ("name", "first_name", "last_name")  # texts that stand in one line of their own

OF_CUSTOMERS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in ("id", "email", "first_name", "last_name", "role", "username", "avatar_url")},
    "billing": ("billing_address",),
    "shipping": ("shipping_address",),
    "date_modified_gmt": ("last_update",),
}
WRITTEN_OF_CUSTOMERS = ("id", "email", "first_name", "last_name", "password")
ADDRESSES = {"billing": "billing_address", "shipping": "shipping_address"}
NEVER = "1970-01-01T00:00:00"

OCTET = re.compile(r"%[0-9A-Fa-f]{2}")
PARAGRAPH = re.compile(r"<p>(.*?)</p>\s*", re.DOTALL)
DRESS = re.compile(r"</?p>|<br ?/?>|\s+")
AROUND_TAGS = re.compile(r"\s*(<[^>]*>)\s*")
TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "×": "x"})


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one route. `one` and `many` are what stands around them."""

    one: str
    many: str
    told: Callable[[Mapping[str, Any], Terms], Record]
    written: Callable[[Mapping[str, Any], Terms], Record]
    reads: Mapping[str, tuple[str, ...]]

    def asked(self, fields: str) -> str:
        """The old names of a comma list of parts; what the old API does not have is left out."""
        names = ["id", *(old for name in fields.split(",") for old in self.reads.get(name, ()))]
        return ",".join(dict.fromkeys(names))


def _product_told(old: Mapping[str, Any], terms: Terms) -> Record:
    """What the old API tells of a product, as wc/v3 would. Its variations are left out: none is ever asked for."""
    found: Record = {"variations": []}
    for name, value in old.items():
        if name in RENAMED:
            found[RENAMED[name]] = value
        elif name in DATES:
            found[DATES[name]] = _bare(value)
        elif name in TEXTS:
            found[name] = _paragraphs(str(value or ""))
        elif name in NOTHING_IS_NULL:
            found[name] = value if value is not None else ""
        elif name == "categories":
            found[name] = terms.categories(_all(str, value))
        elif name == "tags":
            found[name] = [{"name": one} for one in _all(str, value)]
        elif name == "attributes":
            found[name] = [{**one, "id": terms.attribute_id(one)} for one in _all(dict, value)]
        elif name == "images":
            found[name] = [one for one in _all(dict, value) if one.get("id")]  # it shows one where there is none
        elif name in READ_FROM:
            found[name] = value
    if "in_stock" in old:
        present = "onbackorder" if old.get("backordered") else "instock"
        found["stock_status"] = present if old["in_stock"] else "outofstock"
    return found


def _product_written(item: Mapping[str, Any], terms: Terms) -> Record:
    made: Record = {}
    for name, value in item.items():
        _check(name, value)
        if name == "name":
            made["title"] = value
        elif name == "manage_stock":
            made["managing_stock"] = value
        elif name == "stock_status":
            made["in_stock"] = IN_STOCK[value]
        elif name in ("categories", "tags"):
            made[name] = [one["id"] for one in value]
            if name == "categories":
                terms.check_told(made[name])
        elif name == "attributes":
            made[name] = [_attribute(one, terms) for one in value]
        elif name in TEXTS:
            made |= {name: value, f"enable_html_{name}": True}  # it would take all markup out otherwise
        elif name in BOTH_WAYS:
            made[name] = value
        else:
            raise ValueError(f"the old API takes no {name}")
    return made


def _attribute(one: Mapping[str, Any], terms: Terms) -> Record:
    """A global attribute is known by its slug, which the old API wants in the place of its name, too. Its options go as
    one text: in a list older versions take them for slugs."""
    rest = {name: one[name] for name in ("position", "visible", "variation", "options") if name in one}
    slug = terms.attribute_slug(one["id"]) if one.get("id") else ""
    if not slug:
        return {"name": one["name"], **rest}
    return {**rest, "name": slug, "slug": slug, "options": "|".join(one.get("options", ()))}


def _customer_told(old: Mapping[str, Any], terms: Terms) -> Record:
    found: Record = {name: old[name] for name in OF_CUSTOMERS if name in old}
    found |= {name: old[there] for name, there in ADDRESSES.items() if there in old}
    if "last_update" in old:
        told = _bare(old["last_update"])
        found["date_modified_gmt"] = None if told == NEVER else told
    return found


def _customer_written(item: Mapping[str, Any], terms: Terms) -> Record:
    made: Record = {}
    for name, value in item.items():
        _check(name, value)
        if name in ADDRESSES:
            made[ADDRESSES[name]] = value
        elif name in WRITTEN_OF_CUSTOMERS:
            made[name] = value
        else:
            raise ValueError(f"the old API takes no {name}")
    return made


KINDS: Mapping[str, Kind] = {
    "products": Kind("product", "products", _product_told, _product_written, READ_FROM),
    "customers": Kind("customer", "customers", _customer_told, _customer_written, OF_CUSTOMERS),
}


def refusal(path: str, value: Any) -> str:
    """Why the old API could not take a value at a path of wc/v3, "" where it can."""
    if path == "stock_status" and value not in IN_STOCK:
        return f"the old API knows instock and outofstock only, not {value!r}"
    if path not in LINES or not isinstance(value, str):
        return ""
    if "<" in value or OCTET.search(value):
        return "it holds '<' or '%' with two digits, which the old API takes out"
    if value != value.strip() or "  " in value or any(mark in value for mark in "\r\n\t"):
        return "it holds a line break, a tab or more than one space, of which the old API makes one"
    return ""


def undressed(text: object) -> str:
    """Free text without what a page adds to it, to compare by: the old API tells texts as a page shows them."""
    plain = unescape(DRESS.sub(" ", str(text or ""))).translate(TYPOGRAPHY)
    return AROUND_TAGS.sub(r"\1", " ".join(plain.replace("---", "-").replace("--", "-").split()))


def _check(name: str, value: Any) -> None:
    if reason := refusal(name, value):
        raise ValueError(f"{name}: {reason}")


def _all(kind: type, told: Any) -> list[Any]:
    return [one for one in told if isinstance(one, kind)] if isinstance(told, list) else []


def _bare(date: Any) -> str | None:
    return str(date).removesuffix("Z") if date else None


def _paragraphs(text: str) -> str:
    """Paragraphs parted by an empty line, as they are written."""
    return PARAGRAPH.sub(r"\1\n\n", text).replace("<br />\n", "\n").strip()
