"""The parameters of coupons, and the fields that they show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from syncengine.sandbox.parameters import META, PAGING, WHEN
from syncengine.sandbox.schema import DATE, FLAG, IDS, TEXT, TEXTS, WHOLE, Kind, choice, shown_only

TYPES = ("percent", "fixed_cart", "fixed_product")
_AMOUNT = Kind(("number", "string"))
_OFF = replace(FLAG, default=False)
_SEEN_DATE = shown_only(DATE)

COUPON: Mapping[str, Kind] = {
    "code": TEXT,
    "amount": _AMOUNT,
    "status": TEXT,
    "discount_type": choice(*TYPES),
    "description": TEXT,
    "date_expires": DATE,
    "date_expires_gmt": DATE,
    "individual_use": FLAG,
    "product_ids": IDS,
    "excluded_product_ids": IDS,
    "usage_limit": WHOLE,
    "usage_limit_per_user": WHOLE,
    "limit_usage_to_x_items": WHOLE,
    "free_shipping": FLAG,
    "product_categories": IDS,
    "excluded_product_categories": IDS,
    "exclude_sale_items": FLAG,
    "minimum_amount": _AMOUNT,
    "maximum_amount": _AMOUNT,
    "email_restrictions": TEXTS,
    "meta_data": META,
}
NEW_COUPON: Mapping[str, Kind] = {
    **COUPON,
    "discount_type": choice(*TYPES, default="fixed_cart"),
    "individual_use": _OFF,
    "free_shipping": _OFF,
    "exclude_sale_items": _OFF,
}

COUPON_LIST: Mapping[str, Kind] = {
    **PAGING,
    "after": WHEN,
    "before": WHEN,
    "modified_after": WHEN,
    "modified_before": WHEN,
    "dates_are_gmt": _OFF,
    "order": choice("asc", "desc", default="desc"),
    "orderby": choice("date", "id", "include", "title", "slug", "modified", default="date"),
    "code": TEXT,
}

COUPON_FIELDS: Mapping[str, Kind] = {
    "id": shown_only(WHOLE),
    "code": TEXT,
    "amount": _AMOUNT,
    "status": TEXT,
    "date_created": _SEEN_DATE,
    "date_created_gmt": _SEEN_DATE,
    "date_modified": _SEEN_DATE,
    "date_modified_gmt": _SEEN_DATE,
    "discount_type": COUPON["discount_type"],
    "description": TEXT,
    "date_expires": DATE,
    "date_expires_gmt": DATE,
    "usage_count": shown_only(WHOLE),
    "individual_use": FLAG,
    "product_ids": IDS,
    "excluded_product_ids": IDS,
    "usage_limit": WHOLE,
    "usage_limit_per_user": WHOLE,
    "limit_usage_to_x_items": WHOLE,
    "free_shipping": FLAG,
    "product_categories": IDS,
    "excluded_product_categories": IDS,
    "exclude_sale_items": FLAG,
    "minimum_amount": _AMOUNT,
    "maximum_amount": _AMOUNT,
    "email_restrictions": TEXTS,
    "used_by": shown_only(IDS),
    "meta_data": META,
}
