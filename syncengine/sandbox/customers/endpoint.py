"""/customers for the REST routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import filters, values
from syncengine.sandbox.customers import parameters, saving, shown
from syncengine.sandbox.endpoints import Page, Shown
from syncengine.sandbox.filters import Where
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

# Who registered in one second comes in descending order of ids (q03_customers).
_ORDERS = {"id": "id {0}", "name": "login {0}, id {0}", "registered_date": "created {0}, id DESC"}


def found(site: Site, query: Mapping[str, Any]) -> tuple[list[Record], int]:
    """The customers of one page and how many there are in all. No filter looks at when they changed."""
    where = Where()
    if query["role"] != "all":
        where.add("instr(roles, ?)", f" {query['role']} ")
    filters.named(where, query)
    if query.get("email"):
        where.add("email = ?", values.collated(query["email"]))
    if query.get("search"):
        where.contains("words", query["search"].strip("*"))
    order = filters.as_included(query) if query["orderby"] == "include" else _ORDERS[query["orderby"]]
    return filters.page(site.store.customers, where, order.format(query["order"]), query)


class Customers:
    """/customers."""

    title = "customer"
    list_kinds = parameters.CUSTOMER_LIST
    create_kinds = parameters.NEW_CUSTOMER
    item_kinds = parameters.CUSTOMER
    fields = parameters.CUSTOMER_FIELDS
    required: tuple[str, ...] = ("email",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def page(self, query: Mapping[str, Any]) -> Page:
        customers, total = found(self._site, query)
        return Page([shown.customer(self._site, customer) for customer in customers], total)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return shown.customer(self._site, saving.found(self._site, item_id))

    def create_item(self, params: dict[str, Any]) -> Shown:
        return shown.customer(self._site, saving.create(self._site, params))

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        customer = saving.found(self._site, item_id)
        saving.update(self._site, customer, params)
        return shown.customer(self._site, customer)

    def delete_item(self, item_id: int) -> Shown:
        customer = saving.found(self._site, item_id)
        saving.remove(self._site, customer)
        return shown.customer(self._site, customer)

    def trash_item(self, item_id: int) -> Shown:
        saving.found(self._site, item_id)
        raise ApiError(501, "woocommerce_rest_trash_not_supported", "Customers do not support trashing.")
