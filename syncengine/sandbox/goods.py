"""What can be sold, a product or a variation: saved whichever it is, its stock moved, its sales counted."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import products, setters, variations
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product


def parent(site: Site, product: Product) -> Product | None:
    """The product that a variation belongs to; None of a product."""
    is_variation = product.fields.get("type") == "variation"
    return products.found(site, product.fields["parent_id"]) if is_variation else None


def save(site: Site, product: Product, fields: dict[str, Any], *, bump: bool = True) -> None:
    """Sets fields as a client would; its date moves, unless `bump` is off."""
    above = parent(site, product)
    if above:
        variations.update(site, above, product, fields, bump=bump)
    else:
        products.update(site, product, fields, bump=bump)


def move_stock(site: Site, product: Product, by: int) -> tuple[int, int] | None:
    """Takes stock or gives it back: the numbers before and after, None where stock is not managed.

    It is moved where it is managed, of a variation perhaps at its product; the dates of both move.
    """
    above = parent(site, product)
    by_parent = above is not None and above.fields.get("manage_stock") and not product.fields.get("manage_stock")
    holder = above if above and by_parent else product
    if not holder.fields.get("manage_stock"):
        return None
    before: int = setters.whole(holder)["stock_quantity"] or 0
    save(site, holder, {"inventory_delta": by})
    if holder is not product:
        save(site, product, {})
    return before, before + by


def count_sales(site: Site, product_id: int, by: int) -> None:
    """Counts what was sold of a product; its date does not move, and a product that is gone is passed over."""
    product = site.store.product(product_id)
    if product:
        product.fields["total_sales"] = max(0, product.fields.get("total_sales", 0) + by)
        site.store.put_product(product, product.terms())
