"""The coupons of an order: whether it may have them, and how often each was used (WooCommerce's own code)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncengine.sandbox import goods, money, setters, values
from syncengine.sandbox.coupons.saving import code as formatted
from syncengine.sandbox.coupons.saving import of_code
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.orders.discounts import CENTS, Item, items_of, take_off
from syncengine.sandbox.orders.lines import Line
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

_UNUSED = ("cancelled", "failed", "trash")  # an order of these statuses has used no coupon


def set_coupons(site: Site, order: Record, params: Mapping[str, Any]) -> None:
    """Gives the order the coupons that are sent, in place of those that it had; where none are sent it keeps them.

    Raises ApiError for one that it may not have.
    """
    sent = params.get("coupon_lines")
    if sent is None:
        return
    sent = list(sent.values()) if isinstance(sent, dict) else sent
    held = {line["code"] for line in order.fields["coupon_lines"]}
    coupons = [_wanted(site, order, entry, held) for entry in (sent if isinstance(sent, list) else [])]
    for number, coupon in enumerate(coupons):
        if coupon.id in [each.id for each in coupons[:number]]:
            raise _refused(f'Coupon code "{coupon.fields["code"]}" already applied!')
    _count(site, order, used=False)
    if coupons or held:
        items = items_of(site, order)
        order.fields["coupon_lines"] = [_line(site, coupon, items) for coupon in coupons]
        for item in items:
            item.line["total"] = money.bare(money.amount(item.line["subtotal"]) - item.discount / CENTS)
    count(site, order)


def count(site: Site, order: Record) -> None:
    """Counts the order's coupons as used, or as used no longer, as its status says."""
    _count(site, order, used=order.fields["status"] not in _UNUSED)


def _count(site: Site, order: Record, *, used: bool) -> None:
    by = _user(order)
    for line in order.fields["coupon_lines"]:
        coupon = of_code(site, line["code"]) if line["used"] is not used else None
        line["used"] = used
        if coupon is None:
            continue
        coupon.fields["usage_count"] = max(0, coupon.fields["usage_count"] + (1 if used else -1))
        if used and by:
            coupon.fields["used_by"].append(by)
        elif by in coupon.fields["used_by"]:
            coupon.fields["used_by"].remove(by)
        site.store.coupons.put(coupon)


def _user(order: Record) -> str:
    """Whose use of a coupon it is: a customer's, by the id, or a guest's, by the address."""
    return str(order.fields["customer_id"] or order.fields["billing"]["email"].lower())


def _refused(message: str) -> ApiError:
    return ApiError(400, "woocommerce_rest_invalid_coupon", message)


def _wanted(site: Site, order: Record, entry: Any, held: set[str]) -> Record:
    entry = entry if isinstance(entry, dict) else {}
    if entry.get("id"):
        raise ApiError(400, "woocommerce_rest_coupon_item_id_readonly", "Coupon item ID is readonly.")
    code = formatted(values.one_line(entry.get("code")))
    if not code:
        raise _refused("Coupon code is required.")
    coupon = of_code(site, code)
    if coupon is None:
        raise _refused(f'Coupon "{code}" does not exist!')
    if coupon.fields["code"] not in held:
        _check(site, order, coupon)
    return coupon


def _check(site: Site, order: Record, coupon: Record) -> None:
    fields = coupon.fields
    per_user = fields["usage_limit_per_user"]
    used_up = fields["usage_limit"] and fields["usage_count"] >= fields["usage_limit"]
    if used_up or (per_user and fields["used_by"].count(_user(order)) >= per_user):
        raise _refused("Usage limit for this coupon has been reached.")
    if fields["date_expires"] and site.now() > fields["date_expires"]:
        raise _refused("This coupon has expired.")
    subtotal = sum((money.amount(line["subtotal"]) for line in order.fields["line_items"]), Decimal(0))
    least, most = (money.amount(fields[name]) for name in ("minimum_amount", "maximum_amount"))
    if subtotal < least:
        raise _refused(f"The minimum spend for this coupon is {money.shown(least)}.")
    if 0 < most < subtotal:
        raise _refused(f"The maximum spend for this coupon is {money.shown(most)}.")
    items = items_of(site, order)
    if items and not any(_fits(site, coupon, item) for item in items):
        raise _refused("Sorry, this coupon is not applicable to selected products.")


def _fits(site: Site, coupon: Record, item: Item) -> bool:
    """Whether a coupon is for what this line sells; one for the whole cart is for everything."""
    fields, product = coupon.fields, item.product
    if fields["discount_type"] == "fixed_cart":
        return True
    if product is None:
        return False
    above = goods.parent(site, product)
    ids = {product.id, above.id if above else 0}
    categories = set(setters.whole(above or product)["categories"])
    only, but = set(fields["product_ids"]), set(fields["excluded_product_ids"])
    only_in, but_in = set(fields["product_categories"]), set(fields["excluded_product_categories"])
    if (only or only_in) and not (only & ids or only_in & categories):
        return False
    if but & ids or but_in & categories:
        return False
    return not (fields["exclude_sale_items"] and setters.on_sale(site, setters.whole(product)))


def _line(site: Site, coupon: Record, items: list[Item]) -> Line:
    """Takes off what the coupon is worth; its line on the order."""
    fields = coupon.fields
    taken = take_off(coupon, [item for item in items if _fits(site, coupon, item)])
    nominal = money.json_number(float(money.amount(fields["amount"])))
    kind = None if fields["discount_type"] == "fixed_cart" else fields["discount_type"]
    info = [coupon.id, fields["code"], kind, nominal, *([True] if fields["free_shipping"] else [])]
    return {
        "id": site.store.next_id("order_item"),
        "code": fields["code"],
        "discount": money.bare(taken / CENTS),
        "discount_type": fields["discount_type"],
        "nominal_amount": nominal,
        "free_shipping": fields["free_shipping"],
        "meta": [[site.store.next_id("item_meta"), "coupon_info", json.dumps(info, separators=(",", ":"))]],
        "used": False,
    }
