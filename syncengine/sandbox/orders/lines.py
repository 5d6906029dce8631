"""The lines of an order: products, shipping, fees, and what they add up to (FACTS-WOOCOMMERCE, 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncengine.sandbox import goods, meta, money, setters, values
from syncengine.sandbox.messages import ApiError, FatalError
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

Line = dict[str, Any]
Fields = dict[str, Any]

KINDS = ("line_items", "shipping_lines", "fee_lines")
_NAMING = ("product_id", "method_id", "method_title", "name", "code")  # a line that has null for one of them is removed
_PRODUCT = {
    "name": "", "product_id": 0, "variation_id": 0, "quantity": 1, "tax_class": "", "subtotal": "0", "total": "0",
}  # fmt: skip
_SHIPPING = {"method_title": "", "method_id": "", "instance_id": "", "total": "0"}
_FEE = {"name": "", "tax_class": "", "tax_status": "taxable", "total": "0"}


def set_lines(site: Site, fields: Fields, params: Mapping[str, Any]) -> list[tuple[Line, int]]:
    """Appends, changes and removes what is sent; gives the product lines touched, with the quantity they now have.

    A line without id is appended, however often it comes. Raises ApiError for a line that cannot be.
    """
    touched = []
    for kind in KINDS:
        sent = params.get(kind)
        sent = list(sent.values()) if isinstance(sent, dict) else sent
        fields[kind] = [dict(line) for line in fields[kind]]
        for entry in sent if isinstance(sent, list) else []:
            if not isinstance(entry, dict):
                continue
            if _is_removal(entry):
                line, quantity = _removed(fields[kind], entry), 0
            else:
                line = _set(site, fields[kind], kind, entry)
                quantity = line.get("quantity", 0)
            if kind == "line_items":
                touched.append((line, quantity))
    return touched


def _is_removal(entry: Line) -> bool:
    none = any(name in entry and entry[name] is None for name in _NAMING)
    return none or (entry.get("quantity") == 0 and isinstance(entry["quantity"], int))


def _found(lines: list[Line], entry: Line) -> Line:
    line_id = values.php_integer(entry["id"])
    for line in lines:
        if line["id"] == line_id:
            return line
    message = "Order item ID provided is not associated with order."
    raise ApiError(400, "woocommerce_rest_invalid_item_id", message)


def _removed(lines: list[Line], entry: Line) -> Line:
    """A line that is to go but names no id kills PHP: so does a new one of quantity 0."""
    if entry.get("id") is None:
        raise FatalError
    line = _found(lines, entry)
    lines.remove(line)
    return line


def _set(site: Site, lines: list[Line], kind: str, entry: Line) -> Line:
    if entry.get("id"):
        line, new = _found(lines, entry), False
    else:
        line, new = {"id": 0}, True
    match kind:
        case "line_items":
            _set_product(site, line, entry, new=new)
        case "shipping_lines":
            _set_shipping(line, entry, new=new)
        case _:
            _set_fee(line, entry, new=new)
    line["meta"] = meta.merged(line.get("meta", []), entry.get("meta_data"), lambda: site.store.next_id("item_meta"))
    if new:
        line["id"] = site.store.next_id("order_item")
        lines.append(line)
    return line


def _set_product(site: Site, line: Line, entry: Line, *, new: bool) -> None:
    """A product that is not there makes an empty line, of a new order too."""
    product_id = _product_id(site, entry, new=new)
    product = site.store.product(product_id) if product_id > 0 else None
    if new:
        line |= _PRODUCT
    if product:
        _take_product(site, line, product)
    if product and new:
        quantity = values.php_integer(entry.get("quantity", 1))
        total = money.bare(price(site, product) * max(0, quantity))
        line |= {"subtotal": total, "total": total}
    sent = {name: value for name, value in entry.items() if value is not None}
    if "name" in sent:
        line["name"] = values.php_text(sent["name"])
    if "quantity" in sent:
        line["quantity"] = values.php_integer(sent["quantity"])
    if "total" in sent:
        line["total"] = money.given(sent["total"])
        line["subtotal"] = max(line["subtotal"], line["total"], key=money.amount)
    if "subtotal" in sent:
        line["subtotal"] = money.given(sent["subtotal"])
    if "tax_class" in sent:
        line["tax_class"] = values.php_text(sent["tax_class"])


def _product_id(site: Site, entry: Line, *, new: bool) -> int:
    """A SKU counts before any id, known or not."""
    if entry.get("sku"):
        return site.store.holder("sku_key", values.collated(values.php_text(entry["sku"]))) or 0
    named = entry.get("variation_id") or entry.get("product_id")
    if not named and new:
        raise ApiError(400, "woocommerce_rest_required_product_reference", "Product ID or SKU is required.")
    return values.php_integer(named)


def _take_product(site: Site, line: Line, product: Product) -> None:
    fields = setters.whole(product)
    above = goods.parent(site, product)
    line |= {
        "name": fields["name"],
        "product_id": above.id if above else product.id,
        "variation_id": product.id if above else 0,
        "tax_class": "" if fields["tax_class"] == "parent" else fields["tax_class"],
    }
    held = {row[1] for row in line.get("meta", [])}
    options = fields["options"].items() if above else ()
    rows = [[site.store.next_id("item_meta"), key, option] for key, option in options if option and key not in held]
    line["meta"] = [*line.get("meta", []), *rows]


def product_of(site: Site, line: Line) -> Product | None:
    """The product or variation of a line; None if it is gone, or never was."""
    return site.store.product(line["variation_id"] or line["product_id"])


def needs_processing(site: Site, fields: Fields) -> bool:
    """Whether anything ordered must be sent off: not where there are only downloads, or nothing that exists."""
    found = (product_of(site, line) for line in fields["line_items"])
    return any(not (each.fields.get("virtual") and each.fields.get("downloadable")) for each in found if each)


def price(site: Site, product: Product) -> Decimal:
    """What one of a product costs right now."""
    fields = setters.whole(product)
    return money.amount(fields["price"] if fields["type"] == "variable" else setters.price(site, fields))


def _set_shipping(line: Line, entry: Line, *, new: bool) -> None:
    if new:
        line |= _SHIPPING
        if not entry.get("method_id"):
            raise ApiError(400, "woocommerce_rest_invalid_shipping_item", "Shipping method ID is required.")
    _set_texts(line, entry, ("method_id", "method_title", "instance_id"))
    _set_total(line, entry)


def _set_fee(line: Line, entry: Line, *, new: bool) -> None:
    if new:
        line |= _FEE
        if not entry.get("name"):
            raise ApiError(400, "woocommerce_rest_invalid_fee_item", "Fee name is required.")
    _set_texts(line, entry, ("name", "tax_class", "tax_status"))
    _set_total(line, entry)


def _set_texts(line: Line, entry: Line, names: tuple[str, ...]) -> None:
    line |= {name: values.php_text(entry[name]) for name in names if entry.get(name) is not None}


def _set_total(line: Line, entry: Line) -> None:
    if entry.get("total") is not None:
        line["total"] = money.given(entry["total"])


# -- what they add up to


@dataclass(frozen=True)
class Sums:
    """What an order costs. There are no taxes here."""

    discount: Decimal
    shipping: Decimal
    total: Decimal


def sums(fields: Fields) -> Sums:
    """Every line is rounded before it is added."""
    full = _sum(fields["line_items"], "subtotal")
    items, shipping, fees = (_sum(fields[kind], "total") for kind in KINDS)
    return Sums(full - items, shipping, items + shipping + fees)


def _sum(lines: list[Line], name: str) -> Decimal:
    return sum((money.rounded(money.amount(line[name])) for line in lines), Decimal(0))
