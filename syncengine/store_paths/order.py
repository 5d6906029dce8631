"""An order of the store, its lines included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncengine.store_paths.table import NUMBER_OR_TEXT, OBJECTS, PRICES, SIZES, TEXT, TIMES, YES_NO, Table
from syncengine.values import TypeName

__all__ = ["NEW_ORDER", "NOTES", "ORDER"]

NOTES = ("note:customer", "note:private")

ADDRESS = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone",
)  # fmt: skip
KINDS = ("line_items", "shipping_lines", "fee_lines", "coupon_lines", "tax_lines", "refunds")

TYPES: Mapping[str, tuple[TypeName, ...]] = {
    "id": NUMBER_OR_TEXT,
    "parent_id": NUMBER_OR_TEXT,
    "number": ("text", "integer"),
    "order_key": TEXT,
    "created_via": TEXT,
    "version": TEXT,
    "status": TEXT,
    "currency": TEXT,
    "date_created": TIMES,
    "date_created_gmt": TIMES,
    "date_modified": TIMES,
    "date_modified_gmt": TIMES,
    "date_paid": TIMES,
    "date_paid_gmt": TIMES,
    "date_completed": TIMES,
    "date_completed_gmt": TIMES,
    "discount_total": PRICES,
    "discount_tax": PRICES,
    "shipping_total": PRICES,
    "shipping_tax": PRICES,
    "cart_tax": PRICES,
    "total": PRICES,
    "total_tax": PRICES,
    "prices_include_tax": YES_NO,
    "customer_id": NUMBER_OR_TEXT,
    "customer_ip_address": TEXT,
    "customer_user_agent": TEXT,
    "customer_note": TEXT,
    "billing": TEXT,
    "shipping": TEXT,
    "payment_method": TEXT,
    "payment_method_title": TEXT,
    "transaction_id": TEXT,
    "cart_hash": TEXT,
    "payment_url": TEXT,
    "set_paid": YES_NO,
    "is_editable": YES_NO,
    "needs_payment": YES_NO,
    "needs_processing": YES_NO,
    "refunds": OBJECTS,
    "refunded": PRICES,
    "notes": ("text", "json"),
    "meta_data": OBJECTS,
    **dict.fromkeys(NOTES, TEXT),
    **dict.fromkeys(set(KINDS) - {"refunds"}, OBJECTS),
}
WRITTEN = frozenset(
    {
        "status", "customer_id", "customer_note", "billing", "shipping", "payment_method", "payment_method_title",
        "transaction_id", "meta_data", "refunded", *NOTES,
    }
)  # fmt: skip
# Written as meta, these would bypass everything that the store does with them.
OWN_META: Mapping[str, str] = {
    "_customer_user": "customer_id",
    "_order_total": "total",
    "_order_tax": "cart_tax",
    "_order_currency": "currency",
    "_order_key": "order_key",
    "_payment_method": "payment_method",
    "_payment_method_title": "payment_method_title",
    "_transaction_id": "transaction_id",
    "_date_paid": "date_paid",
    "_paid_date": "date_paid",
    "_date_completed": "date_completed",
    "_completed_date": "date_completed",
    **{f"_{which}_{part}": f"{which}.{part}" for which in ("billing", "shipping") for part in ADDRESS},
    "_billing_email": "billing.email",
}

# What stands in a line: `kind` is the list that it stands in, `name` what people call it, whatever its list has for it.
IN_LINES: Mapping[str, tuple[TypeName, ...]] = {
    "kind": TEXT,
    "id": NUMBER_OR_TEXT,
    "name": TEXT,
    "parent_name": TEXT,
    "sku": TEXT,
    "global_unique_id": TEXT,
    "product_id": NUMBER_OR_TEXT,
    "variation_id": NUMBER_OR_TEXT,
    "quantity": ("integer", "decimal"),
    "price": SIZES,
    "subtotal": PRICES,
    "subtotal_tax": PRICES,
    "total": PRICES,
    "total_tax": PRICES,
    "tax_class": TEXT,
    "tax_status": TEXT,
    "method_id": TEXT,
    "method_title": TEXT,
    "instance_id": TEXT,
    "code": TEXT,
    "discount": PRICES,
    "discount_tax": PRICES,
    "discount_type": TEXT,
    "rate_code": TEXT,
    "label": TEXT,
    "tax_total": PRICES,
    "shipping_tax_total": PRICES,
    "reason": TEXT,
}

# Of what stands in a line, what a new one may be given; what it costs is told without tax.
NEW_IN_LINES = (
    "kind", "name", "sku", "quantity", "subtotal", "total", "tax_class", "method_id", "method_title",
)  # fmt: skip

LINE = Table(
    what="line of an order",
    match={},
    match_by=(),
    types=IN_LINES,
    read_only=frozenset(IN_LINES),
)
NEW_LINE = replace(LINE, what="line of a new order", read_only=frozenset(IN_LINES) - set(NEW_IN_LINES))
ORDER = Table(
    what="order",
    match={"id": "id", "number": "number"},
    match_by=("id", "number"),
    types=TYPES,
    read_only=frozenset(TYPES) - WRITTEN,
    write_only=frozenset(NOTES),
    inside={"billing": (*ADDRESS, "email"), "shipping": ADDRESS},
    piece_by_piece={
        "meta_data": ("meta data is mapped key by key", 'write store = "meta:KEY"'),
        **{
            kind: ("lines are mapped one by one", f'write path = "{kind}" under [lines]')
            for kind in KINDS
            if kind != "refunds"
        },
    },
    own_meta=OWN_META,
    creates=False,
    gone=("keep",),
    steps="status",
    lines=KINDS,
    in_lines=LINE,
)
# An order that the ERP creates is found again by its reference: `search=` finds a transaction_id, and no meta data
# (FACTS-WOOCOMMERCE, 7). Payments leave their own there, so it is never put back.
NEW_ORDER = replace(
    ORDER,
    match={**ORDER.match, "reference": "transaction_id"},
    match_by=("reference",),
    types={path: kinds for path, kinds in TYPES.items() if path not in NOTES},
    read_only=(ORDER.read_only | {"refunded"}) - {"currency", "created_via", "set_paid"},
    write_only=frozenset({"set_paid"}),
    once=frozenset({"transaction_id", "currency", "created_via", "set_paid"}),
    creates=True,
    reference="transaction_id",
    lines=("line_items", "shipping_lines", "fee_lines"),
    in_lines=NEW_LINE,
)
ORDER = replace(ORDER, if_created=NEW_ORDER)
