"""Refunds: what was paid back of an order, with the lines that it was for (FACTS-WOOCOMMERCE, 9)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncengine.sandbox import money, values
from syncengine.sandbox.orders.lines import KINDS, Line, sums
from syncengine.sandbox.site import FIRST_PRODUCT, Site
from syncengine.sandbox.tables import Record


def of_order(site: Site, order_id: int) -> list[Record]:
    """The newest first."""
    return site.store.refunds.select("parent = ?", (order_id,), "created DESC, id")


def left(site: Site, order: Record) -> Decimal:
    """How much of an order was not refunded yet."""
    paid_back = sum((money.amount(each.fields["amount"]) for each in of_order(site, order.id)), Decimal(0))
    return sums(order.fields).total - paid_back


def add(
    site: Site, order: Record, amount: Decimal, reason: str, sent: Mapping[int, Line], params: Mapping[str, Any]
) -> Record:
    """A refund, saved; `sent` are the lines that it is for, by their ids (`asked`)."""
    rest = left(site, order) - amount
    fields: dict[str, Any] = {
        "parent_id": order.id,
        "amount": money.bare(amount),
        "reason": reason,
        "refunded_by": values.php_integer(params.get("refunded_by")) or 1,
        "meta": [[site.store.next_id("order_meta"), "_refund_type", "partial" if rest > 0 else "full"]],
    }
    for kind in KINDS:
        fields[kind] = [_mirrored(site, line, sent[line["id"]]) for line in order.fields[kind] if line["id"] in sent]
    now = site.now()
    refund = Record(site.store.next_id("post", FIRST_PRODUCT), now, now, fields)
    site.store.refunds.put(refund)
    return refund


def asked(params: Mapping[str, Any]) -> dict[int, Line]:
    """The lines that a client wants refunded, by their ids: a list of them, or an object by ids."""
    given = params.get("line_items")
    if isinstance(given, dict):
        given = [{**line, "id": line_id} for line_id, line in given.items() if isinstance(line, dict)]
    lines = given if isinstance(given, list) else []
    return {values.php_integer(line.get("id")): _counted(line) for line in lines if isinstance(line, dict)}


def _counted(line: Line) -> Line:
    total = (
        money.amount(line["refund_total"]) if isinstance(line.get("refund_total"), int | float | str) else Decimal(0)
    )
    return {"quantity": values.php_integer(line.get("quantity", line.get("qty"))), "total": total}


def _mirrored(site: Site, line: Line, sent: Line) -> Line:
    """A line of a refund: the order's own, with what is refunded of it below zero."""
    total = money.bare(-sent["total"])
    meta = [[site.store.next_id("item_meta"), "_refunded_item_id", str(line["id"])]]
    changed: Line = {"id": site.store.next_id("order_item"), "total": total, "meta": meta}
    if "quantity" in line:
        changed |= {"quantity": -sent["quantity"], "subtotal": total}
    return {**line, **changed}
