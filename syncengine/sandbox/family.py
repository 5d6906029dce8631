"""A variable product and its variations: what the one takes from the others when either is saved.

As WooCommerce does it: the parent's price and stock status follow its variations, a parent that manages stock decides
the stock status of those that do not, its name is part of theirs (FACTS-WOOCOMMERCE, 4; WooCommerce's own code where
nothing was measured).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from syncengine.sandbox import catalogue, setters, values
from syncengine.sandbox.posts import Fields
from syncengine.sandbox.site import Site
from syncengine.sandbox.store import Product

_SHOWN = ("publish", "private")
_NAMED_OPTIONS = 2  # a title names the options of a variation that has no more than these


def variations(site: Site, parent_id: int) -> list[Product]:
    """All variations of a product, in their order, whatever their status."""
    return site.store.select("parent = ? AND parent <> 0 AND type = 'variation'", (parent_id,), "position, id", -1, 0)


def shown_variations(site: Site, parent_id: int) -> list[Product]:
    """Those that a product names: not drafts, not what is in the trash."""
    return [each for each in variations(site, parent_id) if each.fields.get("status", "publish") in _SHOWN]


def option_names(site: Site, parent: Product, options: dict[str, str]) -> str:
    """What a variation is, in words: `Red, XL`."""
    attributes = parent.fields.get("attributes", [])
    return ", ".join(each["option"] for each in catalogue.shown_options(site, attributes, options))


def title(site: Site, parent: Product, options: dict[str, str]) -> str:
    """A variation's title: `Shirt - Red, XL`; only the parent's if there would be too much to say."""
    name: str = parent.fields.get("name", "")
    said = option_names(site, parent, options) if len(options) <= _NAMED_OPTIONS else ""
    return f"{name} - {said}" if said else name


def follow(fields: Fields, shown: Iterable[Product]) -> None:
    """A variable product that does not manage stock is in stock while one of its variations is."""
    if fields["manage_stock"]:
        return
    states = {each.fields.get("stock_status", "instock") for each in shown}
    fields["stock_status"] = next((state for state in ("instock", "onbackorder") if state in states), "outofstock")


def hand_down(site: Site, parent: Product) -> None:
    """Gives the variations of a saved product its name, and its stock status if it manages stock and they do not."""
    whole = setters.whole(parent)
    for each in variations(site, parent.id):
        told: dict[str, Any] = {"name": title(site, parent, each.fields.get("options", {}))}
        if whole["manage_stock"] and not each.fields.get("manage_stock"):
            told["stock_status"] = whole["stock_status"]
        fields = setters.whole(each)
        if any(fields[name] != value for name, value in told.items()):
            each.fields = {**fields, **told}
            setters.put(site, each, each.terms())


def settle(site: Site, parent_id: int) -> None:
    """Saves a variable product after one of its variations: its price and stock status, and its date moves."""
    parent = site.store.product(parent_id)
    if parent is None or parent.fields.get("type") != "variable":
        return
    terms = parent.terms()
    fields = setters.whole(parent)
    shown = shown_variations(site, parent_id)
    follow(fields, shown)
    published = (setters.whole(each) for each in shown if each.fields.get("status", "publish") == "publish")
    prices = [price for each in published if (price := setters.price(site, each)) != ""]
    fields["price"] = min(prices, key=values.amount, default="")
    parent.fields, parent.modified = fields, site.now()
    setters.put(site, parent, terms)


def disown(site: Site, parent_id: int) -> None:
    """The variations of a product that is gone, or no longer variable, are gone for good."""
    for each in variations(site, parent_id):
        site.store.remove_product(each.id)
