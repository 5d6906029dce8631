"""Refunds of orders: what the ERP has paid back in all, brought to the shop.

The store takes a refund as often as it is sent (FACTS-WOOCOMMERCE, 7). So what goes to it is what is missing to a
total, counted from what it has right before: sent again after a lost reply, nothing is missing any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from syncengine.endpoints.woocommerce.client import Client, LostReply
from syncengine.endpoints.woocommerce.objects import Record
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.sending import code_of

__all__ = ["RefundRefused", "Refunds", "refunded"]

ORDERS = Route("orders", {"status": "any"})
FIELDS = "id,total,refunds"
REFUSED = "woocommerce_rest_cannot_create_order_refund"  # with a 500, though nothing was done (FACTS-WOOCOMMERCE, 9)


class RefundRefused(Exception):
    """No refund was made; why."""


class Refunds:
    """Makes refunds. Only with `through_gateway` the shop pays the money back, by way of the order's payment."""

    def __init__(self, client: Client, *, through_gateway: bool) -> None:
        self._client = client
        self._through_gateway = through_gateway

    def impossible(self, totals: Mapping[str, Decimal]) -> dict[str, str]:
        """Of what is to be refunded in all, by order: what the shop would not do, with the reason. A hundred orders are
        one request."""
        found: dict[str, str] = {}
        for rows in records_by_id(self._client, ORDERS, totals, FIELDS):
            for order in rows:
                number = str(order["id"])
                try:
                    _missing(order, totals[number])
                except RefundRefused as refused:
                    found[number] = str(refused)
        return found

    def bring_to(self, order: str, total: Decimal) -> None:
        """See to it that so much of an order is refunded in all. Raises RefundRefused, or LostReply where nothing is
        certain: what there is has to be read before it is tried again, and that is done here."""
        found = [one for rows in records_by_id(self._client, ORDERS, [order], FIELDS) for one in rows]
        if not found:
            raise RefundRefused("gone: the order is not there any more")
        missing = _missing(found[0], total)
        if not missing:
            return
        body = {"amount": f"{missing:f}", "api_refund": self._through_gateway, "api_restock": False}
        try:
            reply = self._client.post(f"orders/{order}/refunds", body)
        except LostReply as lost:
            if REFUSED in str(lost):
                raise RefundRefused(str(lost)) from None
            raise
        if reply.status not in (200, 201):
            raise RefundRefused(": ".join(code_of(reply.body)))


def _missing(order: Record, total: Decimal) -> Decimal:
    """What has to be refunded of an order for it to be so much in all. Raises RefundRefused where that cannot be."""
    there, most = Decimal(refunded(order)), _amount(order.get("total"))
    if total < there:
        raise RefundRefused(f"the shop has refunded {there} already, and a refund is not taken back")
    if total > most:
        raise RefundRefused(f"{total - there} is more than is left of the order: {most - there} of {most}")
    return total - there


def refunded(order: Record) -> str:
    """How much of an order is refunded. The store tells each refund below zero."""
    return f"{-sum((_amount(one.get('total')) for one in order.get('refunds') or ()), Decimal(0)):f}"


def _amount(text: Any) -> Decimal:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return Decimal(0)
