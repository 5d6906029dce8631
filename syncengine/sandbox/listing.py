"""Lists of products and of variations: filters, order and pages, as measured (FACTS-WOOCOMMERCE, 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import filters, values
from syncengine.sandbox.filters import Where
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

_ANY = ("publish", "draft", "private", "pending", "future")
_TRASHED = "SELECT id FROM product WHERE status = 'trash'"
_ORDERS = {
    "date": "created {0}, id {0}",
    "id": "id {0}",
    "title": "title {0}, id {0}",
    "slug": "slug {0}, id {0}",
    "modified": "modified {0}, id {0}",
    "price": "price {0}, id {0}",
    "sales": "sold {0}, id {0}",
    "popularity": "sold {0}, id {0}",
    "rating": "id {0}",
    "menu_order": "position {0}, title {0}, id {0}",
    "random": "random()",
}


def found(site: Site, query: Mapping[str, Any]) -> tuple[list[Product], int]:
    """The products of one page and how many there are in all; `query` was checked and has its defaults."""
    where = Where()
    states = _states(where, query)
    _types(where, query, states)
    if query.get("parent"):
        where.among("parent", query["parent"])
    return _page(site, where, query)


def found_variations(site: Site, product_id: int, query: Mapping[str, Any]) -> tuple[list[Product], int]:
    """The same of one product's variations: none while it is in the trash, and none if it is gone.

    Those in the trash are found there even then.
    """
    where = Where()
    states = _states(where, query)
    where.add("parent = ? AND parent <> 0 AND type = 'variation'", product_id)
    if "trash" not in states:
        where.add(f"parent NOT IN ({_TRASHED})")
    return _page(site, where, query)


def _page(site: Site, where: Where, query: Mapping[str, Any]) -> tuple[list[Product], int]:
    filters.times(site, where, query)
    _keys(where, query)
    _words(where, query)
    _groups(where, query)
    filters.named(where, query)
    limit, offset = filters.window(query)
    total = site.store.count(where.sql(), where.args)
    return site.store.select(where.sql(), where.args, _order(query), limit, offset), total


def _order(query: Mapping[str, Any]) -> str:
    orderby = query["orderby"]
    if orderby in ("include", "post__in"):
        return filters.as_included(query)
    return _ORDERS[orderby].format(query["order"])


def _states(where: Where, query: Mapping[str, Any]) -> set[str]:
    """Filters by status; gives the statuses that are wanted."""
    named = query.get("include_status") or ([query["status"]] if query["status"] else ["any"])
    states = (set(_ANY) if "any" in named else set(named)) - set(query.get("exclude_status") or ())
    # The plus keeps SQLite from looking most products up by their status, to sort them all afterwards.
    where.among("+status" if "any" in named else "status", sorted(states))
    return states


def _types(where: Where, query: Mapping[str, Any], states: set[str]) -> None:
    """Filters by type. Variations are found by their keys only, and not while their product is in the trash."""
    types = query.get("include_types") or ([query["type"]] if query.get("type") else [])
    if types:
        where.among("type", types)
    elif not (_sku(query) or query.get("search_sku") or query.get("global_unique_id")):
        where.add("type <> 'variation'")
    elif "trash" not in states:
        where.add(f"parent NOT IN ({_TRASHED})")
    if query.get("exclude_types"):
        where.among("type", query["exclude_types"], "NOT")


def _sku(query: Mapping[str, Any]) -> str:
    """The SKUs that are asked for; an empty one, or "0", is no filter at all: everything comes back."""
    sku = values.one_line(query.get("sku"))
    return "" if sku == "0" else sku


def _keys(where: Where, query: Mapping[str, Any]) -> None:
    if sku := _sku(query):
        parts = sku.split(",")
        # The whole text stands beside its parts, so that a SKU with a comma is found when it is asked for alone.
        wanted = [values.collated(part) for part in ([*parts, sku] if len(parts) > 1 else parts)]
        where.among("sku_key", [key for key in wanted if key])
        where.add("sku_key <> ''")  # the index covers those only, and SQLite wants to see that
    gtins = values.php_text(query.get("global_unique_id"))
    if gtins:
        where.among("gtin", [part.strip() for part in gtins.split(",")])
        where.add("gtin <> ''")
    if query.get("slug"):
        where.add("slug = ?", values.slug(query["slug"]))


def _words(where: Where, query: Mapping[str, Any]) -> None:
    """`search` looks into names and descriptions, not into SKUs; `search_sku` takes one piece of a SKU."""
    for word in values.one_line(query.get("search")).split():
        where.contains("words", word)
    if query.get("search_sku"):
        where.contains("sku_key", query["search_sku"])
    if query.get("search_name_or_sku"):
        piece = filters.like(query["search_name_or_sku"])
        where.add("(sku_key LIKE ? ESCAPE '\\' OR title LIKE ? ESCAPE '\\')", piece, piece)


def _groups(where: Where, query: Mapping[str, Any]) -> None:
    for name in ("category", "tag"):
        if query.get(name):
            ids = [values.php_integer(part) for part in query[name].split(",")]
            filed = f"SELECT product FROM product_term WHERE term IN ({','.join('?' * len(ids))})"  # noqa: S608
            where.add(f"id IN ({filed})", *ids)
    if query.get("parent_exclude"):
        where.among("parent", query["parent_exclude"], "NOT")
    if query.get("featured") is not None:
        where.add("featured = ?", int(query["featured"]))
    if query.get("stock_status"):
        where.add("stock = ?", query["stock_status"])
    if query.get("min_price"):
        where.add("price >= ?", values.amount(query["min_price"]))
    if query.get("max_price"):
        where.add("price <= ?", values.amount(query["max_price"]))
