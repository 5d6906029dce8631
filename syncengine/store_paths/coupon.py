"""A coupon of the store."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.store_paths.table import NAMES, NUMBER_OR_TEXT, PRICES, TEXT, TIMES, WHOLE, YES_NO, Table
from syncengine.values import TypeName

__all__ = ["COUPON"]

TYPES: Mapping[str, tuple[TypeName, ...]] = {
    "id": NUMBER_OR_TEXT,
    "code": TEXT,
    "amount": PRICES,
    "status": TEXT,
    "date_created": TIMES,
    "date_created_gmt": TIMES,
    "date_modified": TIMES,
    "date_modified_gmt": TIMES,
    "discount_type": TEXT,
    "description": TEXT,
    "date_expires": TIMES,
    "date_expires_gmt": TIMES,
    "usage_count": WHOLE,
    "individual_use": YES_NO,
    "product_ids": NAMES,
    "excluded_product_ids": NAMES,
    "usage_limit": WHOLE,
    "usage_limit_per_user": WHOLE,
    "limit_usage_to_x_items": WHOLE,
    "free_shipping": YES_NO,
    "product_categories": NAMES,
    "excluded_product_categories": NAMES,
    "exclude_sale_items": YES_NO,
    "minimum_amount": PRICES,
    "maximum_amount": PRICES,
    "email_restrictions": NAMES,
    "used_by": NAMES,
    "meta_data": ("json",),
}
READ_ONLY = frozenset(
    {
        "id",
        "date_created",
        "date_created_gmt",
        "date_modified",
        "date_modified_gmt",
        "usage_count",
        "used_by",
    }
)
WORDS: Mapping[str, tuple[str, ...]] = {
    "discount_type": ("percent", "fixed_cart", "fixed_product"),
    "status": ("publish", "private"),  # one in any other is in no list, as if it were gone
}
OWN_META: Mapping[str, str] = {
    "coupon_amount": "amount",
    "discount_type": "discount_type",
    "date_expires": "date_expires",
    "usage_count": "usage_count",
    "usage_limit": "usage_limit",
    "usage_limit_per_user": "usage_limit_per_user",
    "limit_usage_to_x_items": "limit_usage_to_x_items",
    "individual_use": "individual_use",
    "free_shipping": "free_shipping",
    "exclude_sale_items": "exclude_sale_items",
    "minimum_amount": "minimum_amount",
    "maximum_amount": "maximum_amount",
    "customer_email": "email_restrictions",
    "product_ids": "product_ids",
    "exclude_product_ids": "excluded_product_ids",
    "product_categories": "product_categories",
    "exclude_product_categories": "excluded_product_categories",
}

COUPON = Table(
    what="coupon",
    match={"id": "id", "code": "code"},
    match_by=("id", "code"),
    types=TYPES,
    read_only=READ_ONLY,
    words=WORDS,
    piece_by_piece={"meta_data": ("meta data is mapped key by key", 'write store = "meta:KEY"')},
    own_meta=OWN_META,
    gone=("keep", "delete"),
)
