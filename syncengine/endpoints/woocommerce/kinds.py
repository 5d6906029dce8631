"""Simple and variable products and variations: which paths each has, and how a variation is told from a product.

A variation's id is written `10/25`: it is number 25, below product 10, and only that product's batch can write it
(FACTS-WOOCOMMERCE, 4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["PRODUCT_ID", "VARIATION", "applies", "as_variation", "id_of", "parent_of"]

VARIATION = "variation"
PRODUCT_ID = re.compile(r"(?:[1-9][0-9]*/)?[1-9][0-9]*")

PRICES = frozenset(
    {"price", "regular_price", "sale_price", "on_sale"}
    | {f"date_on_sale_{end}{zone}" for end in ("from", "to") for zone in ("", "_gmt")}
)
STOCK = frozenset({"manage_stock", "stock_quantity", "stock_status", "backorders", "low_stock_amount"})
# What products of a kind do not have: a variable one leaves its price and stock to its variations.
LACKING: Mapping[str, frozenset[str]] = {"variable": PRICES | STOCK, "grouped": PRICES | STOCK, "external": STOCK}
OF_VARIATIONS = PRICES | STOCK | {
    "id", "type", "parent_id", "status", "permalink", "description", "sku", "global_unique_id", "purchasable",
    "date_created", "date_created_gmt", "date_modified", "date_modified_gmt", "virtual", "downloadable", "downloads",
    "download_limit", "download_expiry", "tax_status", "tax_class", "backorders_allowed", "backordered", "weight",
    "dimensions", "shipping_class", "shipping_class_id", "images", "menu_order", "meta_data", "attributes",
}  # fmt: skip


def applies(path: str, kind: str) -> bool:
    """Whether products of a kind have such a path."""
    if path.startswith(("meta:", "attribute:")):
        return True
    top = path.partition(".")[0]
    return top in OF_VARIATIONS if kind == VARIATION else top not in LACKING.get(kind, ())


def id_of(product: Mapping[str, Any]) -> str:
    """A product's or a variation's id as text."""
    if product.get("type") == VARIATION:
        return f"{product.get('parent_id') or 0}/{product['id']}"
    return str(product["id"])


def parent_of(record_id: str | None) -> str:
    """The product's id out of a variation's, "" for a product's own."""
    return (record_id or "").rpartition("/")[0]


def as_variation(row: Mapping[str, Any], parent: int, parent_sku: str | None) -> dict[str, Any]:
    """A variation in the words of a product. One without SKU shows its parent's (FACTS-WOOCOMMERCE, 7), one whose
    parent manages the stock says "parent", its one image is no list, and its description is told as HTML."""
    image = row.get("image")
    found = {**row, "type": VARIATION, "parent_id": parent}
    if "image" in row:
        found["images"] = [image] if isinstance(image, dict) and image.get("id") else []
    if row.get("manage_stock") == "parent":
        found["manage_stock"] = False
    if parent_sku and str(row.get("sku") or "").casefold() == parent_sku.casefold():
        found["sku"] = ""
    text = row.get("description")
    if isinstance(text, str) and text.startswith("<p>") and text.count("<p>") == 1:
        found["description"] = text.strip().removeprefix("<p>").removesuffix("</p>")
    return found
