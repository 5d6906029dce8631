"""How a coupon looks in a reply of WooCommerce."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import money
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

Shown = dict[str, Any]


def coupon(site: Site, stored: Record) -> Shown:
    """The whole object, the same in every reply."""
    fields = stored.fields
    return {
        "id": stored.id,
        "code": fields["code"],
        "amount": _amount(fields["amount"]),
        "status": fields["status"],
        "date_created": site.local(stored.created),
        "date_created_gmt": stored.created,
        "date_modified": site.local(stored.modified),
        "date_modified_gmt": stored.modified,
        "discount_type": fields["discount_type"],
        "description": fields["description"],
        "date_expires": site.local(fields["date_expires"]),
        "date_expires_gmt": fields["date_expires"],
        "usage_count": fields["usage_count"],
        "individual_use": fields["individual_use"],
        "product_ids": fields["product_ids"],
        "excluded_product_ids": fields["excluded_product_ids"],
        "usage_limit": fields["usage_limit"] or None,
        "usage_limit_per_user": fields["usage_limit_per_user"] or None,
        "limit_usage_to_x_items": fields["limit_usage_to_x_items"] or None,
        "free_shipping": fields["free_shipping"],
        "product_categories": fields["product_categories"],
        "excluded_product_categories": fields["excluded_product_categories"],
        "exclude_sale_items": fields["exclude_sale_items"],
        "minimum_amount": _amount(fields["minimum_amount"]),
        "maximum_amount": _amount(fields["maximum_amount"]),
        "email_restrictions": fields["email_restrictions"],
        "used_by": fields["used_by"],
        "meta_data": [{"id": row_id, "key": key, "value": value} for row_id, key, value in fields["meta"]],
    }


def _amount(text: str) -> str:
    return money.shown(money.amount(text))
