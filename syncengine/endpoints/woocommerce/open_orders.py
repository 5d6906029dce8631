"""The orders for which a store has taken stock, in few requests: those that moved since the last reading in one list,
and those that are known by their ids, for what is deleted or in the trash no list shows.

The first reading begins with the orders that are under way. An order that was completed before it counts as booked: a
shop's old orders are not read (FACTS-WOOCOMMERCE, 9).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from syncengine.endpoints import Cursor, OpenOrder
from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.lists import listed
from syncengine.endpoints.woocommerce.moments import bare, moment_of, saved
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.schema import properties

__all__ = ["open_orders"]

ROUTE = Route("orders", {"status": "any"})
FIELDS = "id,status,date_created_gmt,date_completed_gmt,line_items,meta_data"
COMPLETED = "completed"
# Nothing is taken for these, or what was taken is not sold any more, whether the store has given it back or not.
CLOSED = frozenset(
    {"pending", "failed", "cancelled", "refunded", "trash", "auto-draft", "checkout-draft", "draft", "any"}
)
TAKES_STOCK = ("on-hold", "processing", COMPLETED)
TAKEN = "_reduced_stock"  # the meta key under which a line has how much was taken for it
MOST = 10**9  # units in a line

Order = Mapping[str, Any]


def open_orders(
    client: Client,
    booked: str,
    cursor: Cursor,
    known: Collection[str],
    *,
    full: bool,
    overlap: timedelta,
    concurrency: int,
) -> tuple[list[OpenOrder], Cursor]:
    """The orders that may reserve, and where to go on. `booked` is the meta key of the ERP's number."""
    since, begun = (saved(cursor.position.get(name)) for name in ("since", "begun"))
    clocks: list[datetime] = []

    def began(now: datetime | None) -> None:
        clocks.extend([now] if now is not None else [])

    queries: list[dict[str, str]] = []
    if since is not None:
        queries.append({"modified_after": bare(since - overlap), "dates_are_gmt": "true"})
    if since is None or full:
        queries += [{"status": status} for status in _under_way(client)]
    found: dict[str, OpenOrder] = {}
    for query in queries:
        parameters = {**ROUTE.everything, "_fields": FIELDS, **query}
        for rows in listed(client, ROUTE.path, parameters, concurrency, began):
            # a filter that the store does not know is ignored, and everything comes back (FACTS, first)
            chosen = [row for row in rows if query.get("status") in (None, row.get("status"))]
            found |= {_id(row): _open(row, booked) for row in chosen if _id(row) in known or not _is_old(row, begun)}
    for rows in records_by_id(client, ROUTE, set(known) - found.keys(), FIELDS, concurrency):
        found |= {_id(row): _open(row, booked) for row in rows}
    now = clocks[0] if clocks else since
    begun = begun or now
    position = {"since": _text(now), "begun": _text(begun)} if now is not None and begun is not None else {}
    return [one for one in found.values() if one.units], Cursor(position)


def _under_way(client: Client) -> list[str]:
    """The statuses of open orders, with those of the shop's plug-ins."""
    told = properties(client.options(ROUTE.path).body) or {}
    words = (told.get("status") or {}).get("enum")
    known = [str(word) for word in words] if isinstance(words, list) else list(TAKES_STOCK)
    return [word for word in known if word not in CLOSED and word != COMPLETED]


def _open(order: Order, booked: str) -> OpenOrder:
    number = str(_meta(order, booked) or "").strip()
    return OpenOrder(_id(order), _taken(order), number != "", moment_of(order.get("date_created_gmt")))


def _id(order: Order) -> str:
    return str(order["id"])


def _is_old(order: Order, begun: datetime | None) -> bool:
    """Whether it was completed before anybody looked."""
    completed = moment_of(order.get("date_completed_gmt"))
    return begun is not None and completed is not None and completed < begun


def _taken(order: Order) -> dict[str, Decimal]:
    """What was taken for an order: what each line says; else, where nobody counted its stock then, all of it."""
    status, total = order.get("status"), dict[str, Decimal]()
    if status in CLOSED:
        return total
    for line in order.get("line_items") or ():
        product, variation = line.get("product_id"), line.get("variation_id")
        taken = _number(_meta(line, TAKEN))
        if taken is None and status in TAKES_STOCK:
            taken = _number(line.get("quantity"))
        if product and taken is not None and taken > 0:
            sold = f"{product}/{variation}" if variation else str(product)
            total[sold] = total.get(sold, Decimal(0)) + taken
    return total


def _meta(of: Order, key: str) -> object:
    return next((one.get("value") for one in of.get("meta_data") or () if one.get("key") == key), None)


def _number(value: object) -> Decimal | None:
    """A quantity, which plug-ins let have places; None where it cannot be one."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < MOST else None


def _text(moment: datetime) -> str:
    return f"{bare(moment)}Z"
