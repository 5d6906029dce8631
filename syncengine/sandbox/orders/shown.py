"""How orders, their notes and refunds look in a reply."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import addresses, media, money, setters
from syncengine.sandbox.orders import refunds
from syncengine.sandbox.orders.lines import Line, needs_processing, product_of, sums
from syncengine.sandbox.settings import SYMBOLS
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

Shown = dict[str, Any]
_EDITABLE = ("pending", "on-hold", "auto-draft")
_UNPAID = ("pending", "failed")


def order(site: Site, stored: Record, home: str) -> Shown:
    """The whole object, the same in every reply. Taxes are none."""
    fields = stored.fields
    added = sums(fields)
    key = fields["order_key"]
    return {
        "id": stored.id,
        "parent_id": fields["parent_id"],
        "status": fields["status"],
        "currency": fields["currency"],
        "version": site.woocommerce,
        "prices_include_tax": False,
        "date_created": site.local(stored.created),
        "date_modified": site.local(stored.modified),
        "discount_total": money.shown(added.discount),
        "discount_tax": "0.00",
        "shipping_total": money.shown(added.shipping),
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total": money.shown(added.total),
        "total_tax": "0.00",
        "customer_id": fields["customer_id"],
        "order_key": key,
        "billing": addresses.told(fields["billing"], addresses.BILLING),
        "shipping": addresses.told(fields["shipping"], addresses.SHIPPING),
        "payment_method": fields["payment_method"],
        "payment_method_title": fields["payment_method_title"],
        "transaction_id": fields["transaction_id"],
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": fields["created_via"],
        "customer_note": fields["customer_note"],
        "date_completed": site.local(fields["date_completed"]),
        "date_paid": site.local(fields["date_paid"]),
        "cart_hash": "",
        "number": str(stored.id),
        "meta_data": _meta(stored),
        "line_items": [_product_line(site, line, home) for line in fields["line_items"]],
        "tax_lines": [],
        "shipping_lines": [_shipping_line(line) for line in fields["shipping_lines"]],
        "fee_lines": [_fee_line(line) for line in fields["fee_lines"]],
        "coupon_lines": [_coupon_line(line) for line in fields["coupon_lines"]],
        "refunds": [
            {"id": each.id, "reason": each.fields["reason"], "total": money.shown(-money.amount(each.fields["amount"]))}
            for each in refunds.of_order(site, stored.id)
        ],
        "payment_url": f"{home}/checkout/order-pay/{stored.id}/?pay_for_order=true&key={key}",
        "is_editable": fields["status"] in _EDITABLE,
        "needs_payment": fields["status"] in _UNPAID and added.total > 0,
        "needs_processing": needs_processing(site, fields),
        "date_created_gmt": stored.created,
        "date_modified_gmt": stored.modified,
        "date_completed_gmt": fields["date_completed"],
        "date_paid_gmt": fields["date_paid"],
        "currency_symbol": SYMBOLS.get(fields["currency"], fields["currency"]),
    }


def _meta(stored: Record) -> list[Shown]:
    return [{"id": row_id, "key": key, "value": value} for row_id, key, value in stored.fields["meta"]]


def _line_meta(line: Line) -> list[Shown]:
    return [
        {"id": row_id, "key": key, "value": value, "display_key": key, "display_value": value}
        for row_id, key, value in line["meta"]
    ]


def _product_line(site: Site, line: Line, home: str) -> Shown:
    product = product_of(site, line)
    fields = setters.whole(product) if product else {}
    above = site.store.product(line["product_id"]) if line["variation_id"] else None
    total = money.amount(line["total"])
    return {
        "id": line["id"],
        "name": line["name"],
        "product_id": line["product_id"],
        "variation_id": line["variation_id"],
        "quantity": line["quantity"],
        "tax_class": line["tax_class"],
        "subtotal": money.shown(money.amount(line["subtotal"])),
        "subtotal_tax": "0.00",
        "total": money.shown(total),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": _line_meta(line),
        "sku": fields.get("sku"),
        "global_unique_id": fields.get("global_unique_id"),
        "price": money.json_number(float(total) / line["quantity"]) if line["quantity"] else 0,
        "image": _image(site, fields, home) if product else {"id": 0, "src": ""},
        "parent_name": above.fields.get("name") if above else None,
    }


def _image(site: Site, fields: dict[str, Any], home: str) -> Shown:
    picture = media.shown(site, fields["images"][0], home) if fields["images"] else None
    return {"id": picture["id"], "src": picture["src"]} if picture else {"id": "", "src": ""}


def _shipping_line(line: Line) -> Shown:
    return {
        "id": line["id"],
        "method_title": line["method_title"],
        "method_id": line["method_id"],
        "instance_id": line["instance_id"],
        "total": money.shown(money.amount(line["total"])),
        "total_tax": "0.00",
        "taxes": [],
        "tax_status": "taxable",
        "meta_data": _line_meta(line),
    }


def _fee_line(line: Line) -> Shown:
    return {
        "id": line["id"],
        "name": line["name"],
        "tax_class": line["tax_class"],
        "tax_status": line["tax_status"],
        "amount": "",
        "total": money.shown(money.amount(line["total"])),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": _line_meta(line),
    }


def _coupon_line(line: Line) -> Shown:
    return {
        "id": line["id"],
        "code": line["code"],
        "discount": line["discount"],
        "discount_tax": "0",
        "meta_data": _line_meta(line),
        "discount_type": line["discount_type"],
        "nominal_amount": line["nominal_amount"],
        "free_shipping": line["free_shipping"],
    }


def refund(site: Site, stored: Record, home: str, *, parent: bool = False) -> Shown:
    """A refund; `parent`: the list of all refunds names their orders too."""
    fields = stored.fields
    return {
        "id": stored.id,
        **({"parent_id": fields["parent_id"]} if parent else {}),
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "amount": money.shown(money.amount(fields["amount"])),
        "reason": fields["reason"],
        "refunded_by": fields["refunded_by"],
        "refunded_payment": False,
        "meta_data": _meta(stored),
        "line_items": [_product_line(site, line, home) for line in fields["line_items"]],
        "shipping_lines": [_shipping_line(line) for line in fields["shipping_lines"]],
        "tax_lines": [],
        "fee_lines": [_fee_line(line) for line in fields["fee_lines"]],
    }


def note(site: Site, stored: Record) -> Shown:
    return {
        "id": stored.id,
        "author": stored.fields["author"],
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "note": stored.fields["note"],
        "customer_note": stored.fields["customer_note"],
    }
