"""What becomes of a customer when somebody registers, saves, pays or deletes one (FACTS-WOOCOMMERCE, 2, 3, 6 and 12).

A customer's date of modification is set by WooCommerce, at every save; one that it never saved has none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import addresses, meta, values
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

ROLES = ("administrator", "editor", "author", "contributor", "subscriber", "customer", "shop_manager")
DEFAULT_ROLE = "customer"
_NAMES = ("first_name", "last_name")
_USERNAME = re.compile(r"[a-zA-Z0-9 _.\-@]+")
_SHARED = ("sales", "hr", "mail", "contact", "info")  # addresses that name no person: the host makes the username

Fields = dict[str, Any]


def found(site: Site, customer_id: int) -> Record:
    """Any user of the shop; raises ApiError for an unknown id."""
    customer = site.store.customers.get(customer_id)
    if customer is None:
        raise ApiError(404, "wc_user_invalid_id", "Invalid user ID.")
    return customer


def holder(site: Site, column: str, value: str) -> Record | None:
    """Who has this `email` or `login`; case does not count."""
    held = site.store.customers.select(f"{column} = ? AND {column} <> ''", (values.collated(value),), limit=1)
    return held[0] if held else None


def new(username: str, email: str, roles: list[str]) -> Fields:
    """A user of whom nothing else is known."""
    return {
        "username": username,
        "email": email,
        "first_name": "",
        "last_name": "",
        "roles": roles,
        "billing": addresses.blank(addresses.BILLING),
        "shipping": addresses.blank(addresses.SHIPPING),
        "is_paying_customer": False,
        "meta": [],
    }


def create(site: Site, params: Mapping[str, Any]) -> Record:
    """A new customer, saved. Raises ApiError, and saves nothing, for an address or name that is taken or cannot be."""
    if params.get("id"):
        raise ApiError(400, "woocommerce_rest_customer_exists", "Cannot create existing resource.")
    email = values.php_text(params.get("email"))
    if email and not values.is_email(email):
        raise ApiError(400, "customer_invalid_email", "Invalid email address")
    fields = new("", email, [DEFAULT_ROLE])
    _set(site, fields, params)
    fields["username"] = _registered(site, email, values.php_text(params.get("username")))
    if not params.get("password"):
        fields["meta"].append([site.store.next_id("user_meta"), "default_password_nag", "1"])
    now = site.now()
    customer = Record(site.store.next_id("user"), now, now, fields)
    site.store.customers.put(customer)
    return customer


def _registered(site: Site, email: str, wanted: str) -> str:
    """The username of a new account."""
    if not email:
        raise ApiError(400, "registration-error-invalid-email", "Please provide a valid email address.")
    if holder(site, "email", email):
        message = f"An account is already registered with {email}. Please log in or use a different email address."
        raise ApiError(400, "registration-error-email-exists", message)
    if not wanted:
        return _free_username(site, email)
    if not _USERNAME.fullmatch(wanted):
        raise ApiError(400, "registration-error-invalid-username", "Please provide a valid account username.")
    if holder(site, "login", wanted):
        message = "An account is already registered with that username. Please choose another."
        raise ApiError(400, "registration-error-username-exists", message)
    return wanted


def _free_username(site: Site, email: str) -> str:
    """What stands before the @ of an address, with four digits if it is taken."""
    name, _, host = email.lower().partition("@")
    base = host if name in _SHARED else "".join(_USERNAME.findall(name)) or host
    username, tries = base, 0
    while holder(site, "login", username):
        tries += 1
        digest = hashlib.sha256(f"{base} {tries}".encode()).hexdigest()
        username = f"{base}-{int(digest, 16) % 10000:04}"
    return username


def update(site: Site, customer: Record, params: Mapping[str, Any], *, bump: bool = True) -> None:
    """Sets what is sent and saves; the date moves even if nothing changed, unless `bump` is off.

    An address that is none is refused in a single request before; here, in a batch, it wipes the one that was there.
    """
    fields = customer.fields
    email, username = params.get("email"), params.get("username")
    if email and email != fields["email"] and holder(site, "email", values.php_text(email)):
        raise ApiError(400, "woocommerce_rest_customer_invalid_email", "Email address is invalid.")
    if username and username != fields["username"]:
        raise ApiError(400, "woocommerce_rest_customer_invalid_argument", "Username isn't editable.")
    if email is not None:
        fields["email"] = values.email(email)
    save(site, customer, params, bump=bump)


def save(site: Site, customer: Record, params: Mapping[str, Any], *, bump: bool = True) -> None:
    """Saves a customer with names, addresses and meta data as they are sent."""
    for name in _NAMES:
        # WordPress escapes a name that is there whenever the user is saved (q06b_collections).
        customer.fields[name] = values.rich_text(customer.fields[name])
    _set(site, customer.fields, params)
    if bump:
        customer.modified = site.now()
    site.store.customers.put(customer)


def _set(site: Site, fields: Fields, params: Mapping[str, Any]) -> None:
    for name in _NAMES:
        if params.get(name) is not None:
            fields[name] = values.one_line(params[name])
    for name in ("billing", "shipping"):
        fields[name] = addresses.merged(fields[name], params.get(name))
    if fields["billing"]["email"] and not values.is_email(fields["billing"]["email"]):
        raise ApiError(400, "customer_invalid_billing_email", "Invalid billing email address")
    fields["meta"] = meta.merged(fields["meta"], params.get("meta_data"), lambda: site.store.next_id("user_meta"))


def has_paid(site: Site, customer_id: int) -> None:
    """A customer's first payment makes a paying customer of them, which is a save; a guest's makes none."""
    customer = site.store.customers.get(customer_id) if customer_id else None
    if customer and not customer.fields["is_paying_customer"]:
        customer.fields["is_paying_customer"] = True
        save(site, customer, {})


def remove(site: Site, customer: Record) -> None:
    """Deletes a user for good; their orders become a guest's, without a move of their dates."""
    site.store.customers.remove(customer.id)
    for order in site.store.orders.select("customer = ?", (customer.id,)):
        order.fields["customer_id"] = 0
        site.store.orders.put(order)
