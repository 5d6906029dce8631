"""Billing and shipping addresses of customers and orders: merged part by part (FACTS-WOOCOMMERCE, 6)."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import values

SHIPPING = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone",
)  # fmt: skip
BILLING = (*SHIPPING[:-1], "email", "phone")
# A customer's are told in another order.
CUSTOMER_SHIPPING = (*SHIPPING[:6], "postcode", "country", "state", "phone")
CUSTOMER_BILLING = (*CUSTOMER_SHIPPING[:-1], "email", "phone")

Address = dict[str, str]


def blank(parts: tuple[str, ...]) -> Address:
    return dict.fromkeys(parts, "")


def merged(address: Address, sent: Any) -> Address:
    """The address with the parts that are sent; null and unknown parts change nothing."""
    parts = sent if isinstance(sent, dict) else {}
    return {name: old if parts.get(name) is None else values.php_text(parts[name]) for name, old in address.items()}


def told(address: Address, parts: tuple[str, ...]) -> Address:
    """The address with its parts in this order."""
    return {name: address[name] for name in parts}
