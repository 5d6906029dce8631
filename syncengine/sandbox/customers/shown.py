"""How a customer looks in a reply of WooCommerce."""

from __future__ import annotations

import hashlib
from typing import Any

from syncengine.sandbox import addresses
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

Shown = dict[str, Any]


def customer(site: Site, stored: Record) -> Shown:
    """The whole object, the same in every reply; a password is in none."""
    fields = stored.fields
    return {
        "id": stored.id,
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "date_modified": site.local(stored.modified),
        "date_modified_gmt": stored.modified or None,
        "email": fields["email"],
        "first_name": fields["first_name"],
        "last_name": fields["last_name"],
        "role": fields["roles"][0] if fields["roles"] else "",
        "username": fields["username"],
        "billing": addresses.told(fields["billing"], addresses.CUSTOMER_BILLING),
        "shipping": addresses.told(fields["shipping"], addresses.CUSTOMER_SHIPPING),
        "is_paying_customer": fields["is_paying_customer"],
        "avatar_url": avatar(fields["email"]),
        "meta_data": [{"id": row_id, "key": key, "value": value} for row_id, key, value in fields["meta"]],
    }


def avatar(email: str, size: int = 96) -> str:
    """Where a picture of whoever has this address would be."""
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest() if email else ""
    return f"https://secure.gravatar.com/avatar/{digest}?s={size}&d=mm&r=g"
