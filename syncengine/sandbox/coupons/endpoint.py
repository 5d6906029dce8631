"""/coupons for the REST routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import filters, values
from syncengine.sandbox.coupons import parameters, saving, shown
from syncengine.sandbox.endpoints import Page, Shown
from syncengine.sandbox.filters import Where
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

_LISTED = ("publish", "private")  # a list has no others, and no parameter asks for them
_ORDERS = {
    "date": "created {0}, id {0}",
    "id": "id {0}",
    "modified": "modified {0}, id {0}",
    "title": "code {0}, id {0}",
    "slug": "code {0}, id {0}",
}


def found(site: Site, query: Mapping[str, Any]) -> tuple[list[Record], int]:
    """The coupons of one page and how many there are in all; `query` was checked and has its defaults."""
    where = Where()
    where.among("status", _LISTED)
    filters.times(site, where, query)
    if query.get("code"):
        one = saving.of_code(site, query["code"])
        where.add("id = ?", one.id if one else 0)
    filters.named(where, query)
    for word in values.php_text(query.get("search")).split():
        where.contains("words", word)
    order = filters.as_included(query) if query["orderby"] == "include" else _ORDERS[query["orderby"]]
    return filters.page(site.store.coupons, where, order.format(query["order"]), query)


class Coupons:
    """/coupons."""

    title = "shop_coupon"
    list_kinds = parameters.COUPON_LIST
    create_kinds = parameters.NEW_COUPON
    item_kinds = parameters.COUPON
    fields = parameters.COUPON_FIELDS
    required: tuple[str, ...] = ("code",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, query: Mapping[str, Any]) -> Page:
        coupons, total = found(self._site, query)
        return Page([shown.coupon(self._site, coupon) for coupon in coupons], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return shown.coupon(self._site, saving.found(self._site, item_id))

    def create_item(self, params: dict[str, Any]) -> Shown:
        return shown.coupon(self._site, saving.create(self._site, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        coupon = saving.found(self._site, item_id, 400)
        saving.update(self._site, coupon, params)
        return shown.coupon(self._site, coupon)

    def delete_item(self, item_id: int) -> Shown:
        gone = shown.coupon(self._site, saving.found(self._site, item_id))
        self._site.store.coupons.remove(item_id)
        return gone

    def trash_item(self, item_id: int) -> Shown:
        """Into the trash; the reply still shows the coupon as it was."""
        coupon = saving.found(self._site, item_id)
        before = shown.coupon(self._site, coupon)
        saving.trash(self._site, coupon)
        return before
