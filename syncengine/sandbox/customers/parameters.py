"""The parameters of customers, and the fields that they show."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.sandbox import addresses
from syncengine.sandbox.customers.saving import DEFAULT_ROLE, ROLES
from syncengine.sandbox.parameters import META, PAGING
from syncengine.sandbox.schema import DATE, EMAIL, TEXT, WHOLE, Kind, an_object, choice, shown_only

_SEEN, _SEEN_DATE = shown_only(TEXT), shown_only(DATE)
_BILLING = an_object(**{**dict.fromkeys(addresses.BILLING, TEXT), "email": EMAIL})

CUSTOMER: Mapping[str, Kind] = {
    "email": EMAIL,
    "first_name": TEXT,
    "last_name": TEXT,
    "username": TEXT,
    "password": TEXT,
    "billing": _BILLING,
    "shipping": an_object(**dict.fromkeys(addresses.SHIPPING, TEXT)),
    "meta_data": META,
}
# The address of a new customer is looked at later, by who registers it.
NEW_CUSTOMER: Mapping[str, Kind] = {**CUSTOMER, "email": TEXT}

CUSTOMER_LIST: Mapping[str, Kind] = {
    **PAGING,
    "order": choice("asc", "desc", default="asc"),
    "orderby": choice("id", "include", "name", "registered_date", default="name"),
    "email": EMAIL,
    "role": choice("all", *ROLES, default=DEFAULT_ROLE),
}

CUSTOMER_FIELDS: Mapping[str, Kind] = {
    "id": shown_only(WHOLE),
    "date_created": _SEEN_DATE,
    "date_created_gmt": _SEEN_DATE,
    "date_modified": _SEEN_DATE,
    "date_modified_gmt": _SEEN_DATE,
    "email": EMAIL,
    "first_name": TEXT,
    "last_name": TEXT,
    "role": _SEEN,
    "username": TEXT,
    "password": TEXT,
    "billing": CUSTOMER["billing"],
    "shipping": CUSTOMER["shipping"],
    "is_paying_customer": Kind(("bool",), readonly=True),
    "avatar_url": _SEEN,
    "meta_data": META,
}
