"""What becomes of an order when somebody saves it, pays it, refunds it, throws it away or deletes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncengine.sandbox import addresses, goods, meta, money, values
from syncengine.sandbox.customers.saving import has_paid
from syncengine.sandbox.messages import ApiError, BareError
from syncengine.sandbox.orders import coupons, notes, refunds, stock
from syncengine.sandbox.orders.lines import needs_processing, set_lines
from syncengine.sandbox.settings import CURRENCIES, CURRENCY
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.tables import Record

STATUSES = {
    "auto-draft": "Auto Draft", "pending": "Pending payment", "processing": "Processing", "on-hold": "On hold",
    "completed": "Completed", "cancelled": "Cancelled", "refunded": "Refunded", "failed": "Failed",
    "checkout-draft": "Draft",
}  # fmt: skip
_TAKING = ("processing", "completed", "on-hold")  # statuses in which stock is taken
_GIVING = ("pending", "cancelled")  # and those that give it back: not `refunded`, not `failed`
_PAYABLE = ("pending", "on-hold", "failed", "cancelled")
_UNPAID = ("pending", "failed")
_TEXTS = ("created_via", "customer_note", "payment_method", "payment_method_title", "transaction_id")

Fields = dict[str, Any]


def invalid_id(status: int) -> ApiError:
    return ApiError(status, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")


def found(site: Site, order_id: int, status: int = 404) -> Record:
    """The order, or the error of an unknown id (404 to read and delete, 400 to update)."""
    order = site.store.orders.get(order_id)
    if order is None:
        raise invalid_id(status)
    return order


def create(site: Site, params: Mapping[str, Any]) -> Record:
    """A new order, saved; a repeated one is another order. Raises ApiError, and saves nothing then but a draft."""
    if params.get("id"):
        raise ApiError(400, "woocommerce_rest_shop_order_exists", "Cannot create existing shop_order.")
    now = site.now()
    order = Record(0, now, now, _new())
    _set(site, order, params)
    order.id = site.store.next_id("post", FIRST_PRODUCT)
    digest = hashlib.sha256(f"order {order.id}".encode()).hexdigest()
    order.fields["order_key"] = f"wc_order_{digest[:13]}"
    try:
        coupons.set_coupons(site, order, params)
    except ApiError as error:
        # It is there already when its coupons are looked at, and stays as a draft of which the error tells.
        order.fields["status"] = "checkout-draft"
        site.store.orders.put(order)
        error.data["new_draft_order_id"] = order.id
        raise
    _finish(site, order, params, new=True)
    return order


def update(site: Site, order: Record, params: Mapping[str, Any]) -> None:
    """Sets what is sent and saves; the date moves even if nothing changed."""
    touched = _set(site, order, params)
    coupons.set_coupons(site, order, params)
    if order.fields["status"] in _TAKING:
        for line, quantity in touched:
            stock.adjust(site, order, line, quantity)
    order.modified = site.now()
    _finish(site, order, params, new=False)


def _new() -> Fields:
    return {
        "status": "pending",
        "parent_id": 0,
        "currency": CURRENCY,
        "customer_id": 0,
        "created_via": "rest-api",
        "customer_note": "",
        "billing": addresses.blank(addresses.BILLING),
        "shipping": addresses.blank(addresses.SHIPPING),
        "payment_method": "",
        "payment_method_title": "",
        "transaction_id": "",
        "date_paid": None,
        "date_completed": None,
        "line_items": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "meta": [],
        "stock_taken": False,
        "sales_counted": False,
    }


def _set(site: Site, order: Record, params: Mapping[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """Sets all that is sent but the status, null is as if it were not; gives the product lines touched."""
    fields = order.fields
    sent = {name: value for name, value in params.items() if value is not None}
    for name in _TEXTS:
        if sent.get(name) or (name in sent and name != "created_via"):
            fields[name] = values.php_text(sent[name])
    _set_parent_and_currency(site, order, sent)
    for name in ("billing", "shipping"):
        fields[name] = addresses.merged(fields[name], sent.get(name))
    email = fields["billing"]["email"]
    if email and not values.is_email(email):
        raise ApiError(400, "order_invalid_billing_email", "Invalid billing email address")
    touched = set_lines(site, fields, sent)
    fields["meta"] = meta.merged(fields["meta"], sent.get("meta_data"), lambda: site.store.next_id("order_meta"))
    if "customer_id" in sent:
        fields["customer_id"] = values.php_integer(sent["customer_id"])
        if fields["customer_id"] and site.store.customers.get(fields["customer_id"]) is None:
            raise ApiError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
    if sent.get("status") == "trash":
        message = f"status is not one of {', '.join(STATUSES)}."
        raise ApiError(400, "rest_invalid_param", message)
    return touched


def _set_parent_and_currency(site: Site, order: Record, sent: Mapping[str, Any]) -> None:
    if "parent_id" in sent:
        parent = values.php_integer(sent["parent_id"])
        if parent and (parent == order.id or site.store.orders.get(parent) is None):
            raise ApiError(400, "order_invalid_parent_id", "Invalid parent ID")
        order.fields["parent_id"] = parent
    if "currency" in sent:
        currency = values.php_text(sent["currency"])
        if currency and currency not in CURRENCIES:
            raise ApiError(400, "order_invalid_currency", "Invalid currency code")
        order.fields["currency"] = currency or CURRENCY


def _finish(site: Site, order: Record, params: Mapping[str, Any], *, new: bool) -> None:
    """Sets the status, an unknown one is `pending`, takes the payment, and saves."""
    if params.get("status"):
        status = values.php_text(params["status"]).removeprefix("wc-")
        move(site, order, status if status in STATUSES else "pending")
    if params.get("set_paid") is True and (new or order.fields["status"] in _UNPAID):
        pay(site, order)
    site.store.orders.put(order)


def move(site: Site, order: Record, status: str) -> None:
    """Gives an order another status, with all that follows from it."""
    fields, was = order.fields, order.fields["status"]
    if status == was:
        return
    fields["status"] = status
    _stamp(site, order)
    if status in _TAKING:
        stock.take(site, order)
        _count_sales(site, order, counted=True)
    elif status in _GIVING:
        stock.give_back(site, order)
    if status == "cancelled" and was in _TAKING:
        _count_sales(site, order, counted=False)
    coupons.count(site, order)
    if status == "completed":
        has_paid(site, fields["customer_id"])
    if status == "refunded" and (rest := refunds.left(site, order)) > 0:
        refunds.add(site, order, rest, "Order fully refunded.", {}, {})
    told = (STATUSES.get(each, each) for each in (was, status))
    notes.add(site, order.id, "Order status changed from {} to {}.".format(*told))


def _stamp(site: Site, order: Record) -> None:
    """When it was paid is told once, when it was completed each time."""
    fields, status = order.fields, order.fields["status"]
    paid = status == "completed" or (status == "processing" and needs_processing(site, order.fields))
    if paid and not fields["date_paid"]:
        fields["date_paid"] = site.now()
    if status == "completed":
        fields["date_completed"] = site.now()


def pay(site: Site, order: Record) -> None:
    """What a payment does: what must be sent off is then in `processing`, anything else is done with."""
    if order.fields["status"] in _PAYABLE:
        order.fields["date_paid"] = order.fields["date_paid"] or site.now()
        move(site, order, "processing" if needs_processing(site, order.fields) else "completed")
        has_paid(site, order.fields["customer_id"])


def refund(site: Site, order: Record, params: Mapping[str, Any]) -> Record:
    """Pays back; without `api_refund: false` a payment gateway is asked, and there is none.

    Raises ApiError if it cannot be, as WooCommerce tells it: 500, and nothing about why in `data`.
    """
    sent = refunds.asked(params)
    amount = sum((line["total"] for line in sent.values()), Decimal(0))
    if params.get("amount") is not None:
        amount = money.amount(money.given(params["amount"]))
    rest = refunds.left(site, order)
    code = "woocommerce_rest_cannot_create_order_refund"
    if amount < 0 or amount > rest:
        raise BareError(500, code, "Invalid refund amount.")
    if params.get("api_refund", True):
        site.store.next_id("post", FIRST_PRODUCT)  # the refund is made, and deleted when there is no gateway for it
        raise BareError(500, code, "The payment gateway for this order does not exist.")
    made = refunds.add(site, order, amount, values.php_text(params.get("reason")), sent, params)
    if params.get("api_restock", True):
        for line in order.fields["line_items"]:
            if line["id"] in sent:
                stock.restock(site, order, line, sent[line["id"]]["quantity"])
    if amount == rest:
        move(site, order, "refunded")
    order.modified = site.now()
    site.store.orders.put(order)
    return made


def trash(site: Site, order: Record) -> None:
    """What a DELETE without force does. Stock that was taken is not given back (FACTS-WOOCOMMERCE, 8)."""
    fields = order.fields
    if fields["status"] == "trash":
        raise ApiError(410, "woocommerce_rest_already_trashed", "The shop_order has already been deleted.")
    seconds = str(int(site.clock().timestamp()))
    notes_of_it = [("_wp_trash_meta_status", f"wc-{fields['status']}"), ("_wp_trash_meta_time", seconds)]
    rows = [[site.store.next_id("order_meta"), key, value] for key, value in notes_of_it]
    fields |= {"status": "trash", "meta": [*fields["meta"], *rows]}
    _count_sales(site, order, counted=False)
    coupons.count(site, order)
    order.modified = site.now()
    site.store.orders.put(order)


def remove(site: Site, order: Record) -> None:
    """Deletes an order for good, with its notes and refunds; stock that was taken is not given back."""
    _count_sales(site, order, counted=False)
    for table in (site.store.notes, site.store.refunds):
        for each in table.select("parent = ?", (order.id,)):
            table.remove(each.id)
    site.store.orders.remove(order.id)


def _count_sales(site: Site, order: Record, *, counted: bool) -> None:
    if order.fields["sales_counted"] != counted:
        order.fields["sales_counted"] = counted
        for line in order.fields["line_items"]:
            goods.count_sales(site, line["product_id"], line["quantity"] if counted else -line["quantity"])
