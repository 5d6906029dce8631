"""What becomes of a coupon when somebody saves it, throws it away or deletes it.

A coupon's date of modification moves only when its code, description or status is another than before: neither by its
amount nor by anything else (WooCommerce's own code).
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

from syncengine.sandbox import meta, money, values
from syncengine.sandbox.coupons.parameters import TYPES
from syncengine.sandbox.dates import written
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.setters import ids
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.tables import Record

_DATED = ("code", "description", "status")
_NO = ("", "0")

Fields = dict[str, Any]


def invalid_id(status: int) -> ApiError:
    return ApiError(status, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")


def found(site: Site, coupon_id: int, status: int = 404) -> Record:
    """The coupon, or the error of an unknown id (404 to read and delete, 400 to update)."""
    coupon = site.store.coupons.get(coupon_id)
    if coupon is None:
        raise invalid_id(status)
    return coupon


def of_code(site: Site, code: str, *, but: int = 0) -> Record | None:
    """The newest published coupon of a code, in any case; one in any other state keeps nobody from its code."""
    where = "code = ? AND code <> '' AND status = 'publish' AND id <> ?"
    args = (values.collated(code), but)
    return next(iter(site.store.coupons.select(where, args, "created DESC", limit=1)), None)


def create(site: Site, params: Mapping[str, Any]) -> Record:
    """A new coupon, saved. Raises ApiError, and saves nothing, for a code that is taken or a value that cannot be."""
    if params.get("id"):
        raise ApiError(400, "woocommerce_rest_shop_coupon_exists", "Cannot create existing shop_coupon.")
    if values.php_text(params.get("code")) in _NO:
        raise ApiError(400, "woocommerce_rest_empty_coupon_code", "The coupon code cannot be empty.")
    fields = _new()
    _set(site, 0, fields, params)
    fields["status"] = fields["status"] or "publish"
    now = site.now()
    coupon = Record(site.store.next_id("post", FIRST_PRODUCT), now, now, fields)
    site.store.coupons.put(coupon)
    return coupon


def update(site: Site, coupon: Record, params: Mapping[str, Any]) -> None:
    """Sets what is sent and saves."""
    fields = dict(coupon.fields)
    _set(site, coupon.id, fields, params)
    fields["status"] = fields["status"] or "draft"
    if any(fields[name] != coupon.fields[name] for name in _DATED):
        coupon.modified = site.now()
    coupon.fields = fields
    site.store.coupons.put(coupon)


def trash(site: Site, coupon: Record) -> None:
    """What a DELETE without force does."""
    fields = coupon.fields
    if fields["status"] == "trash":
        raise ApiError(410, "woocommerce_rest_already_trashed", "The shop_coupon has already been deleted.")
    seconds = str(int(site.clock().timestamp()))
    notes = [("_wp_trash_meta_status", fields["status"]), ("_wp_trash_meta_time", seconds)]
    rows = [[site.store.next_id("meta"), key, value] for key, value in notes]
    fields |= {"status": "trash", "meta": [*fields["meta"], *rows]}
    coupon.modified = site.now()
    site.store.coupons.put(coupon)


def _new() -> Fields:
    return {
        "code": "",
        "amount": "0",
        "status": "",
        "discount_type": "fixed_cart",
        "description": "",
        "date_expires": None,
        "usage_count": 0,
        "individual_use": False,
        "product_ids": [],
        "excluded_product_ids": [],
        "usage_limit": 0,
        "usage_limit_per_user": 0,
        "limit_usage_to_x_items": 0,
        "free_shipping": False,
        "product_categories": [],
        "excluded_product_categories": [],
        "exclude_sale_items": False,
        "minimum_amount": "0",
        "maximum_amount": "0",
        "email_restrictions": [],
        "used_by": [],
        "meta": [],
    }


def _set(site: Site, coupon_id: int, fields: Fields, params: Mapping[str, Any]) -> None:
    """Sets what is sent, null is as if it were not; `date_expires_gmt` is never looked at, though the schema has it."""
    sent = {name: value for name, value in params.items() if value is not None}
    if "code" in sent:
        fields["code"] = code(sent["code"])
        if of_code(site, fields["code"], but=coupon_id):
            raise ApiError(400, "woocommerce_rest_coupon_code_already_exists", "The coupon code already exists")
    if "amount" in sent:
        # Held against the kind of discount that it has so far: a new one is of an amount, whatever kind is sent along.
        fields["amount"] = _discount(sent["amount"], fields["discount_type"])
    if "discount_type" in sent:
        fields["discount_type"] = _discount_type(sent["discount_type"])
    if "date_expires" in sent:
        moment = values.php_text(sent["date_expires"])
        fields["date_expires"] = written(moment, site.zone) if moment.strip() else None
    for name, setter in _PLAIN.items():
        if name in sent:
            fields[name] = setter(sent[name])
    fields["meta"] = meta.merged(fields["meta"], sent.get("meta_data"), lambda: site.store.next_id("meta"))


def code(value: Any) -> str:
    """A code as it is kept: trimmed, in small letters."""
    return values.title(html.unescape(values.php_text(value))).lower()


def _discount(value: Any, discount_type: str) -> str:
    amount = money.given(value)
    if money.amount(amount) < 0 or (discount_type == "percent" and money.amount(amount) > 100):
        raise ApiError(400, "coupon_invalid_amount", "Invalid discount amount.")
    return amount


def _discount_type(value: Any) -> str:
    if value not in TYPES:
        raise ApiError(400, "coupon_invalid_discount_type", "Invalid discount type.")
    return str(value)


def _counted(value: Any) -> int:
    return abs(values.php_integer(value))


def _flag(value: Any) -> bool:
    """What PHP takes for yes: every text but "" and "0", so "false" too."""
    return value not in _NO if isinstance(value, str) else bool(value)


def _emails(value: Any) -> list[str]:
    """Addresses in small letters, without those that are none."""
    given = value if isinstance(value, list) else [value]
    cleaned = (values.email(values.php_text(each).lower()) for each in given)
    return [address for address in cleaned if address]


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "status": values.php_text,
    "description": values.rich_text,
    "individual_use": _flag,
    "product_ids": ids,
    "excluded_product_ids": ids,
    "usage_limit": _counted,
    "usage_limit_per_user": _counted,
    "limit_usage_to_x_items": _counted,
    "free_shipping": _flag,
    "product_categories": ids,
    "excluded_product_categories": ids,
    "exclude_sale_items": _flag,
    "minimum_amount": money.given,
    "maximum_amount": money.given,
    "email_restrictions": _emails,
}
