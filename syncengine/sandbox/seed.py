"""Products to begin with: as many as wanted, always the same ones, all dated in the past."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from syncengine.sandbox import values
from syncengine.sandbox.catalogue import by_name, new_term
from syncengine.sandbox.customers.saving import new
from syncengine.sandbox.dates import text_of
from syncengine.sandbox.site import CATEGORY, FIRST_PRODUCT, Site
from syncengine.sandbox.store import Product
from syncengine.sandbox.tables import Record

_CHUNK = 2000
_OPENED = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
_MINUTES = 300 * 24 * 60  # within which the seeded products were made
_CATEGORIES = ("Bolts", "Nuts", "Screws", "Tools", "Washers")
_MATERIALS = ("Brass", "Copper", "Nylon", "Stainless", "Steel", "Titanium")
_ATTRIBUTE = "Length"
_OWNERS_ADDRESS = "admin@example.test"
_SHAPES = ("Countersunk", "Flange", "Hex", "Pan head", "Round", "Socket")


def open_shop(site: Site, owner: str) -> None:
    """What is in a shop before anything else: its owner, the user with id 1, and a category."""
    site.uncategorized()
    if site.store.customers.get(1) is None:
        made = Record(site.store.next_id("user"), text_of(_OPENED), "", new(owner, _OWNERS_ADDRESS, ["administrator"]))
        site.store.customers.put(made)


def fill(site: Site, count: int, variations: int = 0) -> None:
    """Fills an empty shop with `count` products: P-000001 and so on, priced, stocked and categorised.

    With `variations` each of them has so many, which differ by one attribute: P-000001-1 and so on.
    """
    if count <= 0 or site.store.count("1", ()):
        return
    categories = [(by_name(site, CATEGORY, name) or new_term(site, CATEGORY, name, "")).id for name in _CATEGORIES]
    chunk: list[Product] = []
    for product in _products(site, count, categories):
        chunk += _family(site, product, variations) if variations > 0 else [product]
        if len(chunk) >= _CHUNK:
            site.store.put_products(chunk)
            chunk.clear()
    site.store.put_products(chunk)


def _products(site: Site, count: int, categories: list[int]) -> Iterator[Product]:
    dice = random.Random(count)  # noqa: S311 - the same shop each time
    for number in range(1, count + 1):
        which = dice.randrange(len(categories))
        kind = _CATEGORIES[which].removesuffix("s")
        name = f"{dice.choice(_MATERIALS)} {dice.choice(_SHAPES).lower()} {kind.lower()} {number:06}"
        made = _OPENED + timedelta(minutes=number * _MINUTES // (count + 1))
        stock = dice.randrange(0, 500)
        fields: dict[str, Any] = {
            "name": name,
            "slug": values.slug(name),
            "sku": f"P-{number:06}",
            "regular_price": f"{dice.randrange(50, 20000) / 100:.2f}",
            "manage_stock": True,
            "stock_quantity": stock,
            "weight": f"{dice.randrange(1, 300) / 100:.2f}",
            "categories": [categories[which]],
        }
        if not stock:
            fields["stock_status"] = "outofstock"
        changed = made + timedelta(minutes=dice.randrange(0, 60 * 24))
        yield Product(site.store.next_id("post", FIRST_PRODUCT), text_of(made), text_of(changed), fields)


def _family(site: Site, product: Product, count: int) -> list[Product]:
    """The product made variable, and its variations; price and stock are theirs."""
    of_parent = product.fields
    price, stock = float(of_parent.pop("regular_price")), of_parent.pop("stock_quantity")
    options = [f"{10 * number} mm" for number in range(1, count + 1)]
    attribute = {"id": 0, "name": _ATTRIBUTE, "position": 0, "visible": True, "variation": True, "options": options}
    of_parent |= {"type": "variable", "manage_stock": False, "attributes": [attribute], "price": f"{price:.2f}"}
    made = [product]
    for at, option in enumerate(options):
        fields: dict[str, Any] = {
            "type": "variation",
            "parent_id": product.id,
            "name": f"{of_parent['name']} - {option}",
            "slug": f"{of_parent['slug']}-{values.slug(option)}",
            "sku": f"{of_parent['sku']}-{at + 1}",
            "regular_price": f"{price + at:.2f}",
            "manage_stock": True,
            "stock_quantity": stock,
            "options": {values.slug(_ATTRIBUTE): option},
            "menu_order": at,
        }
        if not stock:
            fields["stock_status"] = "outofstock"
        made.append(Product(site.store.next_id("post", FIRST_PRODUCT), product.created, product.modified, fields))
    return made
