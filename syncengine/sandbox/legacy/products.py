"""/products of the old API: how a product is shown there, and what a client's words make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import products, settings, shown, values
from syncengine.sandbox.dates import text_of
from syncengine.sandbox.filters import Where
from syncengine.sandbox.legacy.asked import Asked, LegacyError, missing
from syncengine.sandbox.media import UPLOADS
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

__all__ = ["create", "delete", "edit", "found", "listed", "of_sku", "whole"]

ANY = ("publish", "draft", "private", "pending", "future")
TYPES = ("simple", "grouped", "external", "variable")
ORDERS = {"ID": "id", "date": "created {0}, id", "modified": "modified {0}, id", "title": "title {0}, id"}
UNITS = {group["id"]: group["value"] for group in settings.of_group("products")}
AS_NOW = (
    "permalink", "sku", "price", "regular_price", "tax_status", "tax_class", "stock_quantity", "backorders_allowed",
    "backordered", "sold_individually", "featured", "catalog_visibility", "on_sale", "button_text",
    "shipping_required", "shipping_taxable", "shipping_class", "reviews_allowed", "average_rating", "rating_count",
    "related_ids", "upsell_ids", "cross_sell_ids", "parent_id", "downloads", "download_limit", "download_expiry",
    "total_sales", "menu_order",
)  # fmt: skip
# What is written under its name of now; `true` counts for these only where it is said so below.
TAKEN = (
    "type", "status", "menu_order", "virtual", "tax_status", "tax_class", "catalog_visibility", "purchase_note",
    "featured", "weight", "dimensions", "shipping_class", "regular_price", "sale_price", "parent_id", "stock_quantity",
    "inventory_delta", "upsell_ids", "cross_sell_ids", "reviews_allowed", "button_text",
)  # fmt: skip
ONLY_TRUE = {"sold_individually": "sold_individually", "downloadable": "downloadable", "managing_stock": "manage_stock"}


def found(site: Site, product_id: int) -> Product:
    """The product or variation of that number, one in the trash too."""
    product = site.store.product(product_id) if product_id > 0 else None
    if product is None:
        message = f"No product found with the ID equal to {product_id}"
        raise LegacyError(404, "no_product_found", message)
    return product


def of_sku(site: Site, sku: str) -> int | None:
    """Which product outside the trash has this SKU."""
    key = values.collated(sku)
    return site.store.holder("lookup", key) if key else None


def listed(site: Site, asked: Asked) -> tuple[list[Product], int]:
    """The products of a page, and how many there are in all. Variations are found by their SKU only."""
    where, given = Where(), asked.filter
    states = given.get("post_status", "publish").split(",")
    states = [*(ANY if "any" in states else ()), *(state for state in states if state != "any")]
    where.among("status", states)
    if given.get("sku"):
        where.add("sku_key = ? AND sku_key <> ''", values.collated(given["sku"]))
    else:
        where.add("type <> 'variation'")
    if given.get("in"):
        where.among("id", [values.php_integer(part) for part in given["in"].split(",")])
    for name, clause in (
        ("created_at_min", "created >= ?"),
        ("created_at_max", "created <= ?"),
        ("updated_at_min", "modified >= ?"),
        ("updated_at_max", "modified <= ?"),
    ):
        if given.get(name):
            where.add(clause, given[name][:19].replace(" ", "T"))
    limit = values.php_integer(given.get("limit")) or 10
    offset = values.php_integer(given.get("offset")) or (asked.page - 1) * max(limit, 0)
    order = ORDERS.get(given.get("orderby", "date"), ORDERS["date"]) + " {0}"
    direction = "ASC" if given.get("order", "DESC").upper() == "ASC" else "DESC"
    rows = site.store.select(where.sql(), where.args, order.format(direction), limit, offset)
    return rows, site.store.count(where.sql(), where.args)


def whole(site: Site, stored: Product, home: str) -> dict[str, Any]:
    """A product as a reply has it. Free text is told as a page shows it, categories and tags by their names alone."""
    now = shown.product(site, stored, home, edit=True)
    pictures = [
        {
            "id": each["id"],
            "created_at": f"{each['date_created_gmt']}Z",
            "updated_at": f"{each['date_modified_gmt']}Z",
            "src": each["src"],
            "title": each["name"],
            "alt": each["alt"],
            "position": position,
        }
        for position, each in enumerate(now["images"])
    ]
    told = {
        "title": now["name"],
        "id": stored.id,
        "created_at": f"{stored.created}Z",
        "updated_at": f"{stored.modified}Z",
        "type": now["type"],
        "status": now["status"],
        "downloadable": now["downloadable"],
        "virtual": now["virtual"],
        **{name: now[name] for name in AS_NOW},
        "sale_price": now["sale_price"] or None,
        "price_html": now["price_html"],
        "taxable": False,  # taxes are off in this shop
        "managing_stock": now["manage_stock"] is True,
        "in_stock": now["stock_status"] != "outofstock",
        "purchaseable": now["purchasable"],
        "visible": now["catalog_visibility"] in ("visible", "catalog") and now["status"] != "trash",
        "product_url": now["external_url"],
        "weight": now["weight"] or None,
        "dimensions": {**now["dimensions"], "unit": UNITS["woocommerce_dimension_unit"]},
        "shipping_class_id": now["shipping_class_id"] or None,
        "description": values.rendered(now["description"]),
        "short_description": values.rendered(now["short_description"]),
        "average_rating": "0.00",
        "categories": [term["name"] for term in now["categories"]],
        "tags": [term["name"] for term in now["tags"]],
        "images": pictures or [_placeholder(site, home)],
        "featured_src": pictures[0]["src"] if pictures else False,
        "attributes": [_attribute(each) for each in now["attributes"]],
        "download_type": "standard",
        "purchase_note": values.rendered(now["purchase_note"]),
        "variations": [{"id": number} for number in now["variations"]],
        "parent": [],
        "grouped_products": [],
    }
    return {name: told[name] for name in ORDER}


# The order of the names in a reply (q13_legacy).
ORDER = (
    "title", "id", "created_at", "updated_at", "type", "status", "downloadable", "virtual", "permalink", "sku", "price",
    "regular_price", "sale_price", "price_html", "taxable", "tax_status", "tax_class", "managing_stock",
    "stock_quantity", "in_stock", "backorders_allowed", "backordered", "sold_individually", "purchaseable", "featured",
    "visible", "catalog_visibility", "on_sale", "product_url", "button_text", "weight", "dimensions",
    "shipping_required", "shipping_taxable", "shipping_class", "shipping_class_id", "description", "short_description",
    "reviews_allowed", "average_rating", "rating_count", "related_ids", "upsell_ids", "cross_sell_ids", "parent_id",
    "categories", "tags", "images", "featured_src", "attributes", "downloads", "download_limit", "download_expiry",
    "download_type", "purchase_note", "total_sales", "variations", "parent", "grouped_products", "menu_order",
)  # fmt: skip


def _placeholder(site: Site, home: str) -> dict[str, Any]:
    """What stands in the place of a picture where there is none."""
    now = f"{text_of(site.clock())}Z"
    src = f"{home}{UPLOADS}/woocommerce-placeholder.webp"
    named = {"src": src, "title": "Placeholder", "alt": "Placeholder"}
    return {"id": 0, "created_at": now, "updated_at": now, **named, "position": 0}


def _attribute(now: Mapping[str, Any]) -> dict[str, Any]:
    """A global attribute goes by a slug without its prefix; another's is its name."""
    slug = now["slug"].removeprefix("pa_") if now["id"] else now["name"]
    if "option" in now:
        return {"name": now["name"], "slug": slug, "option": now["option"]}
    return {"name": now["name"], "slug": slug, **{k: now[k] for k in ("position", "visible", "variation", "options")}}


def create(site: Site, given: Mapping[str, Any]) -> Product:
    """A new product. It is saved before it gets its SKU, so one that only the trash has does not stand in its way."""
    if given.get("title") is None:
        raise missing("product", "title")
    if given.get("type", "simple") not in TYPES:
        message = f"Invalid product type - the product type must be any of these: {', '.join(TYPES)}"
        raise LegacyError(400, "invalid_product_type", message)
    params = _params(site, given, None)
    born: dict[str, Any] = {name: params.pop(name) for name in ("name", "type", "status", "slug") if name in params}
    product = products.create(site, born)
    try:
        return products.update(site, product, _saved(site, product, params, given))
    except ApiError:
        products.remove(site, product)
        raise


def edit(site: Site, product: Product, given: Mapping[str, Any]) -> Product:
    """A product with what was sent. Null is as if it had not been sent."""
    return products.update(site, product, _saved(site, product, _params(site, given, product), given))


def delete(site: Site, product: Product, *, force: bool) -> str:
    """Destroys a product, or puts it into the trash. Returns what is said of that."""
    if force:
        products.remove(site, product)
        return "Permanently deleted product"
    if product.fields.get("status") != "trash":
        products.trash(site, product)
    return "Deleted product"


def _saved(site: Site, product: Product, params: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with the SKU, and with what each save does to a sale: its dates become whole days, and those are
    days of GMT, which the shop then takes for its own."""
    if given.get("sku") is not None:
        sku = values.one_line(given["sku"])
        holder = of_sku(site, sku)
        if holder not in (None, product.id):
            message = "The SKU already exists on another product."
            raise LegacyError(400, "product_sku_already_exists", message)
        params["sku"] = sku
    for end in ("from", "to"):
        kept = (product.fields.get(f"date_on_sale_{end}") or "")[:10]
        sent = given.get(f"sale_price_dates_{end}")
        params[f"date_on_sale_{end}"] = kept if sent is None else sent
    if params["date_on_sale_to"] and not params["date_on_sale_from"]:
        params["date_on_sale_from"] = site.local(site.now())
    return params


def _params(site: Site, given: Mapping[str, Any], product: Product | None) -> dict[str, Any]:
    """What was sent in the words of now, without the SKU. Texts lose their markup unless it is asked for."""
    params = {name: given[name] for name in TAKEN if given.get(name) is not None}
    params |= {now: given[name] is True for name, now in ONLY_TRUE.items() if given.get(name) is not None}
    if given.get("title") is not None:
        params["name"] = values.one_line(given["title"])
    if given.get("name") is not None:
        params["slug"] = values.php_text(given["name"])
    for name in ("description", "short_description"):
        if given.get(name) is not None:
            raw = values.php_text(given[name])
            params[name] = raw if given.get(f"enable_html_{name}") is True else values.one_line(raw)
    if given.get("in_stock") is not None:
        params["stock_status"] = "instock" if given["in_stock"] is True else "outofstock"
    if given.get("backorders") is not None:
        params["backorders"] = {"notify": "notify", True: "yes"}.get(given["backorders"], "no")
    for name in ("categories", "tags"):
        if isinstance(given.get(name), list):
            params[name] = [{"id": values.php_integer(number)} for number in given[name]]
    if isinstance(given.get("attributes"), list):
        params["attributes"] = [_written(site, each) for each in given["attributes"] if isinstance(each, dict)]
    if isinstance(given.get("images"), list) and given["images"]:
        params["images"] = _pictures(given["images"], product)
    return params


def _written(site: Site, given: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute that is sent with the slug of a global one is that one."""
    slug = given.get("slug")
    known = next((each for each in site.store.attributes.values() if slug and each.slug == f"pa_{slug}"), None)
    rest = {name: given[name] for name in ("position", "visible", "variation", "options") if name in given}
    return {**({"id": known.id} if known else {"name": given.get("name")}), **rest}


def _pictures(given: list[Any], product: Product | None) -> list[dict[str, Any]]:
    """The one in position 0 is the featured one. Where there is no other, the rest of the gallery stays."""
    sent = [each for each in given if isinstance(each, dict)]
    first = [each for each in sent if each.get("position") == 0]
    others = [each for each in sent if each.get("position") != 0]
    kept = product.fields.get("images", []) if product else []
    featured = [{key: each[key] for key in ("id", "src") if each.get(key)} for each in first[-1:]]
    gallery = [{key: each[key] for key in ("id", "src") if each.get(key)} for each in others]
    return [*(featured or [{"id": number} for number in kept[:1]]), *(gallery or [{"id": n} for n in kept[1:]])]
