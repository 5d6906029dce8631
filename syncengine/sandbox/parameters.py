"""The parameters that each endpoint takes, and the fields that it shows: what OPTIONS tells about them."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.sandbox.schema import (
    ANYTHING,
    DATE,
    FLAG,
    IDS,
    TEXT,
    TEXTS,
    WHOLE,
    Kind,
    an_object,
    choice,
    objects,
    shown_only,
)

_NAMED = objects(id=WHOLE, name=shown_only(TEXT), slug=shown_only(TEXT))
_PICTURE = {
    "id": WHOLE,
    "date_created": shown_only(DATE),
    "date_created_gmt": shown_only(DATE),
    "date_modified": shown_only(DATE),
    "date_modified_gmt": shown_only(DATE),
    "src": TEXT,
    "name": TEXT,
    "alt": TEXT,
}
_DOWNLOADS = objects(id=TEXT, name=TEXT, file=TEXT)
_DIMENSIONS = an_object(length=TEXT, width=TEXT, height=TEXT)
META = objects(id=shown_only(WHOLE), key=TEXT, value=ANYTHING)

PRODUCT: Mapping[str, Kind] = {
    "name": TEXT,
    "slug": TEXT,
    "date_created": DATE,
    "date_created_gmt": DATE,
    "type": choice("simple", "grouped", "external", "variable"),
    "status": choice("draft", "pending", "private", "publish", "future", "auto-draft", "trash"),
    "featured": FLAG,
    "catalog_visibility": choice("visible", "catalog", "search", "hidden"),
    "description": TEXT,
    "short_description": TEXT,
    "sku": TEXT,
    "global_unique_id": TEXT,
    "regular_price": TEXT,
    "sale_price": TEXT,
    "date_on_sale_from": DATE,
    "date_on_sale_from_gmt": DATE,
    "date_on_sale_to": DATE,
    "date_on_sale_to_gmt": DATE,
    "virtual": FLAG,
    "downloadable": FLAG,
    "downloads": _DOWNLOADS,
    "download_limit": WHOLE,
    "download_expiry": WHOLE,
    "external_url": TEXT,
    "button_text": TEXT,
    "tax_status": choice("taxable", "shipping", "none"),
    "tax_class": TEXT,
    "manage_stock": FLAG,
    "stock_quantity": WHOLE,
    "stock_status": choice("instock", "outofstock", "onbackorder"),
    "backorders": choice("no", "notify", "yes"),
    "low_stock_amount": Kind(("integer", "null")),
    "sold_individually": FLAG,
    "weight": TEXT,
    "dimensions": _DIMENSIONS,
    "shipping_class": TEXT,
    "reviews_allowed": FLAG,
    "post_password": TEXT,
    "upsell_ids": IDS,
    "cross_sell_ids": IDS,
    "parent_id": WHOLE,
    "purchase_note": TEXT,
    "categories": _NAMED,
    "brands": _NAMED,
    "tags": _NAMED,
    "images": objects(**_PICTURE),
    "attributes": objects(id=WHOLE, name=TEXT, position=WHOLE, visible=FLAG, variation=FLAG, options=TEXTS),
    "default_attributes": objects(id=WHOLE, name=TEXT, option=TEXT),
    "menu_order": WHOLE,
    "meta_data": META,
}

VARIATION: Mapping[str, Kind] = {
    "description": TEXT,
    "sku": TEXT,
    "global_unique_id": TEXT,
    "regular_price": TEXT,
    "sale_price": TEXT,
    "date_on_sale_from": DATE,
    "date_on_sale_from_gmt": DATE,
    "date_on_sale_to": DATE,
    "date_on_sale_to_gmt": DATE,
    "status": choice("draft", "pending", "private", "publish"),
    "virtual": FLAG,
    "downloadable": FLAG,
    "downloads": _DOWNLOADS,
    "download_limit": WHOLE,
    "download_expiry": WHOLE,
    "tax_status": choice("taxable", "shipping", "none"),
    "tax_class": TEXT,
    "manage_stock": Kind(("boolean", "string")),
    "stock_quantity": WHOLE,
    "stock_status": choice("instock", "outofstock", "onbackorder"),
    "backorders": choice("no", "notify", "yes"),
    "low_stock_amount": Kind(("integer", "null")),
    "weight": TEXT,
    "dimensions": _DIMENSIONS,
    "shipping_class": TEXT,
    "image": an_object(**_PICTURE),
    "attributes": objects(id=WHOLE, name=TEXT, option=TEXT),
    "menu_order": WHOLE,
    "meta_data": META,
}

PAGING: Mapping[str, Kind] = {
    "context": choice("view", "edit"),
    "page": Kind(("integer",), minimum=1, default=1),
    "per_page": Kind(("integer",), minimum=1, maximum=100, default=10),
    "search": TEXT,
    "exclude": IDS,
    "include": IDS,
    "offset": WHOLE,
}
WHEN = Kind(("string",), date_time=True)
_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
_TYPES = ("simple", "grouped", "external", "variable")
_ORDERS = (
    "date", "id", "include", "title", "slug", "modified", "popularity", "rating", "post__in", "price", "sales",
    "menu_order", "random", "popularity", "rating", "menu_order", "price", "popularity", "rating",
)  # fmt: skip

PRODUCT_LIST: Mapping[str, Kind] = {
    **PAGING,
    "after": WHEN,
    "before": WHEN,
    "modified_after": WHEN,
    "modified_before": WHEN,
    "dates_are_gmt": Kind(("boolean",), default=False),
    "order": choice("asc", "desc", default="desc"),
    "orderby": choice(*_ORDERS, default="date"),
    "parent": IDS,
    "parent_exclude": IDS,
    "slug": TEXT,
    "status": choice(*_STATUSES, default="any"),
    "type": choice(*_TYPES),
    "sku": TEXT,
    "featured": FLAG,
    "category": TEXT,
    "tag": TEXT,
    "min_price": TEXT,
    "max_price": TEXT,
    "stock_status": choice("instock", "outofstock", "onbackorder"),
    "search_sku": TEXT,
    "search_name_or_sku": TEXT,
    "include_status": Kind(("array",), items=choice(*_STATUSES)),
    "exclude_status": Kind(("array",), items=choice(*_STATUSES[1:])),
    "include_types": Kind(("array",), items=choice(*_TYPES)),
    "exclude_types": Kind(("array",), items=choice(*_TYPES)),
}

VARIATION_LIST: Mapping[str, Kind] = {
    **PAGING,
    **{
        name: PRODUCT_LIST[name]
        for name in (
            "after", "before", "modified_after", "modified_before", "dates_are_gmt", "order", "parent",
            "parent_exclude", "slug", "status", "sku", "min_price", "max_price", "stock_status", "include_status",
            "exclude_status",
        )
    },
    "orderby": choice("date", "id", "include", "title", "slug", "modified", "menu_order", default="date"),
}  # fmt: skip

TERM_LIST: Mapping[str, Kind] = {
    **PAGING,
    "order": choice("asc", "desc", default="asc"),
    "orderby": choice("id", "include", "name", "slug", "term_group", "description", "count", default="name"),
    "hide_empty": Kind(("boolean",), default=False),
    "parent": WHOLE,
    "product": WHOLE,
    "slug": TEXT,
}

TERM: Mapping[str, Kind] = {
    "name": TEXT,
    "slug": TEXT,
    "parent": WHOLE,
    "description": TEXT,
    "display": choice("default", "products", "subcategories", "both"),
    "menu_order": WHOLE,
}

ATTRIBUTE: Mapping[str, Kind] = {
    "name": TEXT,
    "slug": TEXT,
    "type": choice("select"),
    "order_by": choice("menu_order", "name", "name_num", "id"),
    "has_archives": FLAG,
}
DELETE: Mapping[str, Kind] = {"force": Kind(("boolean",), default=False)}
ITEM: Mapping[str, Kind] = {"context": choice("view", "edit")}
TAX_CLASS: Mapping[str, Kind] = {"name": TEXT}
MEDIA_LIST: Mapping[str, Kind] = {name: PAGING[name] for name in ("context", "page", "per_page")}

# -- the fields that an object has, in the order in which a store tells them

_SEEN = shown_only(TEXT)
_SEEN_FLAG = shown_only(FLAG)
_SEEN_WHOLE = shown_only(WHOLE)
_SEEN_DATE = shown_only(DATE)


def _fields(writable: Mapping[str, Kind], names: str, seen: Mapping[str, Kind]) -> dict[str, Kind]:
    return {name: seen[name] if name in seen else writable[name] for name in names.split()}


PRODUCT_FIELDS: Mapping[str, Kind] = _fields(
    PRODUCT,
    "id name slug permalink date_created date_created_gmt date_modified date_modified_gmt type status featured "
    "catalog_visibility description short_description sku global_unique_id price regular_price sale_price "
    "date_on_sale_from date_on_sale_from_gmt date_on_sale_to date_on_sale_to_gmt price_html on_sale purchasable "
    "total_sales virtual downloadable downloads download_limit download_expiry external_url button_text tax_status "
    "tax_class manage_stock stock_quantity stock_status backorders backorders_allowed backordered low_stock_amount "
    "sold_individually weight dimensions shipping_required shipping_taxable shipping_class shipping_class_id "
    "reviews_allowed post_password average_rating rating_count related_ids upsell_ids cross_sell_ids parent_id "
    "purchase_note categories brands tags images has_options attributes default_attributes variations "
    "grouped_products menu_order meta_data permalink_template generated_slug",
    {
        "id": _SEEN_WHOLE,
        "permalink": _SEEN,
        "date_modified": _SEEN_DATE,
        "date_modified_gmt": _SEEN_DATE,
        "price": _SEEN,
        "price_html": _SEEN,
        "on_sale": _SEEN_FLAG,
        "purchasable": _SEEN_FLAG,
        "total_sales": _SEEN_WHOLE,
        "backorders_allowed": _SEEN_FLAG,
        "backordered": _SEEN_FLAG,
        "shipping_required": _SEEN_FLAG,
        "shipping_taxable": _SEEN_FLAG,
        "shipping_class_id": _SEEN,
        "average_rating": _SEEN,
        "rating_count": _SEEN_WHOLE,
        "related_ids": shown_only(IDS),
        "has_options": _SEEN_FLAG,
        "variations": shown_only(IDS),
        "grouped_products": shown_only(IDS),
        "permalink_template": _SEEN,
        "generated_slug": _SEEN,
    },
)

VARIATION_FIELDS: Mapping[str, Kind] = _fields(
    VARIATION,
    "id type date_created date_modified description permalink sku global_unique_id price regular_price sale_price "
    "date_on_sale_from date_on_sale_from_gmt date_on_sale_to date_on_sale_to_gmt on_sale status purchasable virtual "
    "downloadable downloads download_limit download_expiry tax_status tax_class manage_stock stock_quantity "
    "stock_status backorders backorders_allowed backordered low_stock_amount weight dimensions shipping_class "
    "shipping_class_id image attributes menu_order meta_data",
    {
        "id": _SEEN_WHOLE,
        "type": _SEEN,
        "date_created": _SEEN_DATE,
        "date_modified": _SEEN_DATE,
        "permalink": _SEEN,
        "price": _SEEN,
        "on_sale": _SEEN_FLAG,
        "purchasable": _SEEN_FLAG,
        "backorders_allowed": _SEEN_FLAG,
        "backordered": _SEEN_FLAG,
        "shipping_class_id": _SEEN,
    },
)

_COUNTED = {"id": _SEEN_WHOLE, "count": _SEEN_WHOLE}
CATEGORY_FIELDS: Mapping[str, Kind] = _fields(
    TERM, "id name slug parent description display image menu_order count", {**_COUNTED, "image": an_object(**_PICTURE)}
)
TAG_FIELDS: Mapping[str, Kind] = _fields(TERM, "id name slug description count", _COUNTED)
OPTION_FIELDS: Mapping[str, Kind] = _fields(TERM, "id name slug description menu_order count", _COUNTED)
ATTRIBUTE_FIELDS: Mapping[str, Kind] = {"id": _SEEN_WHOLE, **ATTRIBUTE}
TAX_CLASS_FIELDS: Mapping[str, Kind] = {"slug": _SEEN, "name": TEXT}
