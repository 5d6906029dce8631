"""The parameters of orders, notes and refunds, and the fields that they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncengine.sandbox import addresses
from syncengine.sandbox.parameters import META, PAGING, WHEN
from syncengine.sandbox.schema import (
    ANYTHING,
    DATE,
    FLAG,
    IDS,
    TEXT,
    TEXTS,
    WHOLE,
    Kind,
    an_object,
    choice,
    objects,
    shown_only,
)
from syncengine.sandbox.settings import CURRENCIES, CURRENCY

_STATUSES = (
    "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft",
)  # fmt: skip
_SEEN, _SEEN_WHOLE, _SEEN_DATE = shown_only(TEXT), shown_only(WHOLE), shown_only(DATE)
_NUMBER = Kind(("number",))
_OFF = Kind(("boolean",), default=False)
_ON = Kind(("boolean",), default=True)

_ADDRESS = dict.fromkeys(addresses.BILLING, TEXT)
_BILLING = an_object(**{**_ADDRESS, "email": Kind(("string", "null"), email=True)})
_SHIPPING = an_object(**{name: TEXT for name in addresses.BILLING if name not in ("email", "phone")})
_LINE_META = objects(id=shown_only(WHOLE), key=TEXT, value=ANYTHING, display_key=TEXT, display_value=TEXT)
_LINES = objects(
    id=_SEEN_WHOLE,
    name=ANYTHING,
    parent_name=TEXT,
    product_id=ANYTHING,
    variation_id=WHOLE,
    quantity=WHOLE,
    tax_class=TEXT,
    subtotal=TEXT,
    subtotal_tax=_SEEN,
    total=TEXT,
    total_tax=_SEEN,
    taxes=shown_only(objects(id=WHOLE, total=TEXT, subtotal=TEXT)),
    meta_data=_LINE_META,
    sku=_SEEN,
    global_unique_id=_SEEN,
    price=shown_only(_NUMBER),
    image=shown_only(an_object(id=WHOLE, src=TEXT)),
)
_TAX_LINES = shown_only(
    objects(
        id=_SEEN_WHOLE,
        rate_code=_SEEN,
        rate_id=_SEEN_WHOLE,
        label=_SEEN,
        compound=shown_only(FLAG),
        tax_total=_SEEN,
        shipping_tax_total=_SEEN,
        meta_data=META,
    )
)
_SHIPPING_LINES = objects(
    id=_SEEN_WHOLE,
    method_title=ANYTHING,
    method_id=ANYTHING,
    instance_id=TEXT,
    total=TEXT,
    total_tax=_SEEN,
    taxes=shown_only(objects(id=_SEEN_WHOLE, total=_SEEN)),
    meta_data=META,
)
_FEE_LINES = objects(
    id=_SEEN_WHOLE,
    name=ANYTHING,
    tax_class=TEXT,
    tax_status=choice("taxable", "none"),
    total=TEXT,
    total_tax=_SEEN,
    taxes=shown_only(objects(id=_SEEN_WHOLE, total=_SEEN, subtotal=_SEEN)),
    meta_data=META,
)
_COUPON_LINES = objects(
    id=_SEEN_WHOLE,
    code=ANYTHING,
    discount=_SEEN,
    discount_tax=_SEEN,
    discount_type=_SEEN,
    nominal_amount=shown_only(_NUMBER),
    free_shipping=shown_only(FLAG),
    meta_data=META,
)

ORDER: Mapping[str, Kind] = {
    "parent_id": WHOLE,
    "created_via": TEXT,
    "status": choice(*_STATUSES),
    "currency": choice(*CURRENCIES),
    "customer_id": WHOLE,
    "customer_note": TEXT,
    "billing": _BILLING,
    "shipping": _SHIPPING,
    "payment_method": TEXT,
    "payment_method_title": TEXT,
    "transaction_id": TEXT,
    "meta_data": META,
    "line_items": _LINES,
    "shipping_lines": _SHIPPING_LINES,
    "fee_lines": _FEE_LINES,
    "coupon_lines": _COUPON_LINES,
    "set_paid": FLAG,
    "manual_update": FLAG,
}
NEW_ORDER: Mapping[str, Kind] = {
    **ORDER,
    "status": choice(*_STATUSES, default="pending"),
    "currency": choice(*CURRENCIES, default=CURRENCY),
    "customer_id": replace(WHOLE, default=0),
    "set_paid": _OFF,
    "manual_update": _OFF,
}

_ORDERED: Mapping[str, Kind] = {
    **PAGING,
    "after": WHEN,
    "before": WHEN,
    "modified_after": WHEN,
    "modified_before": WHEN,
    "dates_are_gmt": _OFF,
    "order": choice("asc", "desc", default="desc"),
    "orderby": choice("date", "id", "include", "title", "slug", "modified", default="date"),
    "parent": IDS,
    "parent_exclude": IDS,
    "dp": Kind(("integer",), default=2),
    "order_item_display_meta": _OFF,
    "include_meta": TEXTS,
    "exclude_meta": TEXTS,
}
ORDER_LIST: Mapping[str, Kind] = {
    **_ORDERED,
    "status": Kind(("array",), items=choice("any", "trash", *_STATUSES)),
    "customer": WHOLE,
    "product": WHOLE,
    "created_via": TEXTS,
}
REFUND_LIST: Mapping[str, Kind] = _ORDERED

NOTE: Mapping[str, Kind] = {"note": TEXT, "customer_note": _OFF, "added_by_user": _OFF}
NOTE_LIST: Mapping[str, Kind] = {
    "context": PAGING["context"],
    "type": choice("any", "customer", "internal", default="any"),
}

REFUND: Mapping[str, Kind] = {
    "amount": TEXT,
    "reason": TEXT,
    "refunded_by": WHOLE,
    "meta_data": META,
    "shipping_lines": _SHIPPING_LINES,
    "fee_lines": _FEE_LINES,
    "api_refund": _ON,
    "api_restock": _ON,
}

# -- the fields that each shows

ORDER_FIELDS: Mapping[str, Kind] = {
    "id": _SEEN_WHOLE,
    "parent_id": WHOLE,
    "number": _SEEN,
    "order_key": _SEEN,
    "created_via": TEXT,
    "version": _SEEN,
    "status": ORDER["status"],
    "currency": ORDER["currency"],
    "date_created": _SEEN_DATE,
    "date_created_gmt": _SEEN_DATE,
    "date_modified": _SEEN_DATE,
    "date_modified_gmt": _SEEN_DATE,
    "discount_total": _SEEN,
    "discount_tax": _SEEN,
    "shipping_total": _SEEN,
    "shipping_tax": _SEEN,
    "cart_tax": _SEEN,
    "total": _SEEN,
    "total_tax": _SEEN,
    "prices_include_tax": shown_only(FLAG),
    "customer_id": WHOLE,
    "customer_ip_address": _SEEN,
    "customer_user_agent": _SEEN,
    "customer_note": TEXT,
    "billing": _BILLING,
    "shipping": _SHIPPING,
    "payment_method": TEXT,
    "payment_method_title": TEXT,
    "transaction_id": TEXT,
    "date_paid": _SEEN_DATE,
    "date_paid_gmt": _SEEN_DATE,
    "date_completed": _SEEN_DATE,
    "date_completed_gmt": _SEEN_DATE,
    "cart_hash": _SEEN,
    "meta_data": META,
    "line_items": _LINES,
    "tax_lines": _TAX_LINES,
    "shipping_lines": _SHIPPING_LINES,
    "fee_lines": _FEE_LINES,
    "coupon_lines": _COUPON_LINES,
    "refunds": shown_only(objects(id=_SEEN_WHOLE, reason=_SEEN, total=_SEEN)),
    "payment_url": _SEEN,
    "set_paid": FLAG,
    "is_editable": shown_only(FLAG),
    "needs_payment": shown_only(FLAG),
    "needs_processing": shown_only(FLAG),
    "manual_update": FLAG,
}
NOTE_FIELDS: Mapping[str, Kind] = {
    "id": _SEEN_WHOLE,
    "author": _SEEN,
    "date_created": _SEEN_DATE,
    "date_created_gmt": _SEEN_DATE,
    **NOTE,
}
_REFUNDED_LINES = objects(
    id=_SEEN_WHOLE,
    name=shown_only(ANYTHING),
    product_id=shown_only(ANYTHING),
    variation_id=_SEEN_WHOLE,
    quantity=_SEEN_WHOLE,
    tax_class=_SEEN,
    subtotal=_SEEN,
    subtotal_tax=_SEEN,
    total=_SEEN,
    total_tax=_SEEN,
    taxes=shown_only(
        objects(id=_SEEN_WHOLE, total=_SEEN, subtotal=_SEEN, refund_total=shown_only(_NUMBER)),
    ),
    meta_data=shown_only(objects(id=_SEEN_WHOLE, key=_SEEN, value=shown_only(ANYTHING))),
    sku=_SEEN,
    price=shown_only(_NUMBER),
    refund_total=shown_only(_NUMBER),
)
REFUND_FIELDS: Mapping[str, Kind] = {
    "id": _SEEN_WHOLE,
    "date_created": _SEEN_DATE,
    "date_created_gmt": _SEEN_DATE,
    "amount": TEXT,
    "reason": TEXT,
    "refunded_by": WHOLE,
    "refunded_payment": shown_only(FLAG),
    "meta_data": META,
    "line_items": shown_only(_REFUNDED_LINES),
    "tax_lines": _TAX_LINES,
    "shipping_lines": _SHIPPING_LINES,
    "fee_lines": _FEE_LINES,
    "api_refund": FLAG,
    "api_restock": FLAG,
}
REFUND_FIELDS_OF_ALL: Mapping[str, Kind] = {"id": _SEEN_WHOLE, "parent_id": WHOLE, **REFUND_FIELDS}
