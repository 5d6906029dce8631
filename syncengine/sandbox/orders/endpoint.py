"""/orders with their notes and refunds, and /refunds, for the REST routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import filters, values
from syncengine.sandbox.endpoints import Page, Shown
from syncengine.sandbox.filters import Where
from syncengine.sandbox.messages import ApiError, BareError, no_route
from syncengine.sandbox.orders import notes, parameters, saving, shown
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

_ANY = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed")
# By title, by slug and by an `include` that names nothing, the oldest comes first, whatever `order` says (q04_filters).
_ORDERS = {
    "date": "created {0}, id {0}",
    "id": "id {0}",
    "modified": "modified {0}, id {0}",
    "title": "id",
    "slug": "id",
}


def found(site: Site, query: Mapping[str, Any]) -> tuple[list[Record], int]:
    """The orders of one page and how many there are in all; `query` was checked and has its defaults."""
    where = Where()
    states = query.get("status") or ["any"]
    where.among("status", _ANY if "any" in states else states)
    filters.times(site, where, query)
    filters.named(where, query)
    _parents(where, query)
    if query.get("customer") is not None:
        where.add("customer = ?", query["customer"])
    if query.get("product"):
        where.add("instr(products, ?)", f" {query['product']} ")
    if query.get("created_via"):
        where.among("via", query["created_via"])
    if words := values.php_text(query.get("search")).strip():
        where.add("(id = ? OR words LIKE ? ESCAPE '\\')", values.php_integer(words), filters.like(words))
    return filters.page(site.store.orders, where, _order(query), query)


def _order(query: Mapping[str, Any]) -> str:
    if query["orderby"] == "include":
        return filters.as_included(query)
    return _ORDERS[query["orderby"]].format(query["order"])


def _parents(where: Where, query: Mapping[str, Any]) -> None:
    if query.get("parent"):
        where.among("parent", query["parent"])
    if query.get("parent_exclude"):
        where.among("parent", query["parent_exclude"], "NOT")


class Orders:
    """/orders."""

    title = "shop_order"
    list_kinds = parameters.ORDER_LIST
    create_kinds = parameters.NEW_ORDER
    item_kinds = parameters.ORDER
    fields = parameters.ORDER_FIELDS
    required: tuple[str, ...] = ()

    def __init__(self, site: Site, home: str) -> None:
        self._site = site
        self._home = home

    def _shown(self, order: Record) -> Shown:
        return shown.order(self._site, order, self._home)

    def page(self, query: Mapping[str, Any]) -> Page:
        orders, total = found(self._site, query)
        return Page([self._shown(order) for order in orders], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(saving.found(self._site, item_id))

    def create_item(self, params: dict[str, Any]) -> Shown:
        return self._shown(saving.create(self._site, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        order = saving.found(self._site, item_id, 400)
        saving.update(self._site, order, params)
        return self._shown(order)

    def delete_item(self, item_id: int) -> Shown:
        order = saving.found(self._site, item_id)
        gone = self._shown(order)
        saving.remove(self._site, order)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        """Into the trash; the reply still shows the order as it was (FACTS-WOOCOMMERCE, 8)."""
        order = saving.found(self._site, item_id)
        before = self._shown(order)
        saving.trash(self._site, order)
        return before


class Notes:
    """/orders/{id}/notes: the list is not paged, and a note is never changed."""

    title = "order_note"
    list_kinds = parameters.NOTE_LIST
    create_kinds = item_kinds = parameters.NOTE
    fields = parameters.NOTE_FIELDS
    required: tuple[str, ...] = ("note",)

    def __init__(self, site: Site, order_id: int) -> None:
        self._site = site
        self._order_id = order_id

    def _need_order(self) -> None:
        if self._site.store.orders.get(self._order_id) is None:
            raise ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")

    def _found(self, item_id: int) -> Record:
        self._need_order()
        note = self._site.store.notes.get(item_id)
        if note is None or note.fields["order_id"] != self._order_id:
            raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return note

    def page(self, query: Mapping[str, Any]) -> Page:
        self._need_order()
        every = notes.of_order(self._site, self._order_id, query["type"])
        return Page([shown.note(self._site, note) for note in every], None)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return shown.note(self._site, self._found(item_id))

    def create_item(self, params: dict[str, Any]) -> Shown:
        self._need_order()
        author = notes.MANAGER if params.get("added_by_user") else notes.STORE
        for_customer = bool(params.get("customer_note"))
        text = values.php_text(params["note"])
        made = notes.add(self._site, self._order_id, text, author=author, for_customer=for_customer)
        return shown.note(self._site, made)

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        raise no_route()

    def delete_item(self, item_id: int) -> Shown:
        gone = shown.note(self._site, self._found(item_id))
        self._site.store.notes.remove(item_id)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        self._found(item_id)
        raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")


class Refunds:
    """/orders/{id}/refunds, and /refunds for all orders (`order_id` None), which can only be looked at."""

    title = "shop_order_refund"
    list_kinds = parameters.REFUND_LIST
    create_kinds = item_kinds = parameters.REFUND
    required: tuple[str, ...] = ()

    def __init__(self, site: Site, home: str, order_id: int | None = None) -> None:
        self._site = site
        self._home = home
        self._order_id = order_id
        self.fields = parameters.REFUND_FIELDS if order_id is not None else parameters.REFUND_FIELDS_OF_ALL

    def _found(self, item_id: int) -> Record:
        refund = self._site.store.refunds.get(item_id)
        if refund is None or refund.fields["parent_id"] != self._order_id:
            raise ApiError(404, "woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.")
        return refund

    def _shown(self, refund: Record) -> Shown:
        return shown.refund(self._site, refund, self._home, parent=self._order_id is None)

    def page(self, query: Mapping[str, Any]) -> Page:
        where = Where()
        filters.times(self._site, where, query)
        filters.named(where, query)
        _parents(where, query)
        if self._order_id is not None:
            where.add("parent = ?", self._order_id)
        every, total = filters.page(self._site.store.refunds, where, _order(query), query)
        return Page([self._shown(refund) for refund in every], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(self._found(item_id))

    def create_item(self, params: dict[str, Any]) -> Shown:
        order = self._site.store.orders.get(self._order_id or 0)
        if order is None:
            raise BareError(500, "woocommerce_rest_invalid_order_id", "Invalid order ID.", 404)
        return self._shown(saving.refund(self._site, order, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        raise no_route()

    def delete_item(self, item_id: int) -> Shown:
        gone = self._shown(self._found(item_id))
        self._site.store.refunds.remove(item_id)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        self._found(item_id)
        message = "The shop_order_refund does not support trashing."
        raise ApiError(501, "woocommerce_rest_trash_not_supported", message)
