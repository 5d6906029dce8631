"""The lines of an order: products, shipping, fees, coupons, taxes, refunds, as one list in the mapping's words."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.objects import Reader, Record
from syncengine.mapping import Lines

__all__ = ["lines_of"]

# What a line is, and where its list keeps what people call it and what it comes to.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "line_items": ("product", "name", "total"),
    "shipping_lines": ("shipping", "method_title", "total"),
    "fee_lines": ("fee", "name", "total"),
    "coupon_lines": ("coupon", "code", "total"),
    "tax_lines": ("tax", "label", "tax_total"),
    "refunds": ("refund", "reason", "total"),
}


def lines_of(lines: Lines) -> Reader:
    """Reads the lines of an order: of each, what the mapping has, by path."""
    paths = [field.store for field in lines.fields.values() if field.store is not None]

    def read(order: Record) -> list[dict[str, Any]]:
        return [
            {path: _cell(kind, path, line) for path in paths} for kind in lines.kinds for line in order.get(kind) or ()
        ]

    return read


def _cell(kind: str, path: str, line: Record) -> Any:
    what, name, total = KINDS[kind]
    if path == "kind":
        return what
    if path.startswith("meta:"):
        key = path.removeprefix("meta:")
        return next((one.get("value") for one in line.get("meta_data") or () if one.get("key") == key), None)
    found = line.get({"name": name, "total": total}.get(path, path))
    return unescape(found).strip() if isinstance(found, str) else found
