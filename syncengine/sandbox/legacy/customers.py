"""/customers of the old API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import values
from syncengine.sandbox.customers import saving
from syncengine.sandbox.customers.shown import customer
from syncengine.sandbox.dates import to_gmt
from syncengine.sandbox.filters import Where
from syncengine.sandbox.legacy.asked import Asked, LegacyError, missing
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.orders.shown import order
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

__all__ = ["by_email", "create", "edit", "found", "listed", "whole"]

SHIPPING = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
BILLING = (*SHIPPING, "email", "phone")
PAID = ("processing", "completed")
NEVER = "1970-01-01T00:00:00"


def found(site: Site, customer_id: int) -> Record:
    """Any user of the shop."""
    stored = site.store.customers.get(customer_id)
    if stored is None:
        raise LegacyError(404, "invalid_customer", "Invalid customer")
    return stored


def by_email(site: Site, email: str) -> Record:
    stored = saving.holder(site, "email", email) if values.is_email(email) else None
    if stored is None:
        raise LegacyError(404, "invalid_customer_email", "Invalid customer email")
    return stored


def listed(site: Site, asked: Asked) -> tuple[list[Record], int]:
    """The customers of a page, and how many there are in all; nothing looks at when they changed."""
    where, given = Where(), asked.filter
    role = given.get("role") or saving.DEFAULT_ROLE
    if role != "all":
        where.add("instr(roles, ?)", f" {role} ")
    if given.get("created_at_min"):
        where.add("created >= ?", given["created_at_min"][:19].replace(" ", "T"))
    if given.get("q"):
        where.contains("words", given["q"].strip("*"))
    limit = values.php_integer(given.get("limit")) or 10
    offset = values.php_integer(given.get("offset")) or (asked.page - 1) * max(limit, 0)
    column = "id" if given.get("orderby", "").upper() == "ID" else "created {0}, id"
    direction = "DESC" if given.get("order", "ASC").upper() == "DESC" else "ASC"
    rows = site.store.customers.select(where.sql(), where.args, f"{column} {{0}}".format(direction), limit, offset)
    return rows, site.store.customers.count(where.sql(), where.args)


def whole(site: Site, stored: Record) -> dict[str, Any]:
    """A customer as a reply has it. The date of creation is off by the shop's offset from GMT."""
    now = customer(site, stored)
    orders = site.store.orders.select("customer = ?", (stored.id,), "created DESC, id DESC")
    paid = [each for each in orders if each.fields["status"] in PAID]
    spent = sum(float(order(site, each, "")["total"]) for each in paid)
    return {
        "id": stored.id,
        "created_at": f"{to_gmt(stored.created, site.zone)}Z",
        "last_update": f"{stored.modified or NEVER}Z",
        **{name: now[name] for name in ("email", "first_name", "last_name", "username", "role")},
        "last_order_id": orders[0].id if orders else None,
        "last_order_date": f"{orders[0].created}Z" if orders else None,
        "orders_count": len(orders),
        "total_spent": f"{spent:.2f}",
        "avatar_url": now["avatar_url"],
        "billing_address": {name: now["billing"][name] for name in BILLING},
        "shipping_address": {name: now["shipping"][name] for name in SHIPPING},
    }


def create(site: Site, given: Mapping[str, Any]) -> Record:
    if given.get("email") is None:
        raise missing("customer", "email")
    account = {name: given[name] for name in ("email", "username", "password") if given.get(name)}
    return saving.create(site, {**_params(given), **account})


def edit(site: Site, stored: Record, given: Mapping[str, Any]) -> Record:
    """A customer with what was sent. An address that is none is refused; name and role of the account stay."""
    params = _params(given)
    if given.get("email") is not None:
        email = values.php_text(given["email"])
        if email and not values.is_email(email):
            raise ApiError(400, "customer_invalid_email", "Invalid email address")
        params["email"] = email
    saving.update(site, stored, params)
    return stored


def _params(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent in the words of now."""
    params = {name: given[name] for name in ("first_name", "last_name") if given.get(name) is not None}
    for old, now, parts in (("billing_address", "billing", BILLING), ("shipping_address", "shipping", SHIPPING)):
        sent = given.get(old)
        if isinstance(sent, dict):
            params[now] = {name: sent[name] for name in parts if sent.get(name) is not None}
    return params
