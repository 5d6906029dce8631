"""Where each kind of record is found below /wc/v3, and which methods its routes take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from syncengine.sandbox.coupons.endpoint import Coupons
from syncengine.sandbox.customers.endpoint import Customers
from syncengine.sandbox.endpoints import Endpoint, Products, Variations
from syncengine.sandbox.orders.endpoint import Notes, Orders, Refunds
from syncengine.sandbox.site import CATEGORY, SHIPPING_CLASS, TAG, Site
from syncengine.sandbox.terms import Attributes, Terms
from syncengine.sandbox.values import php_integer

NAMESPACE = "/wc/v3"


@dataclass(frozen=True)
class Place:
    """The routes of one kind of record and the methods of each; an empty one is not there.

    `make` makes the endpoint for a shop that believes to be at an address, from the ids in `path`.
    """

    path: str
    make: Callable[[Site, str, list[int]], Endpoint]
    whole: str = "GET, POST"
    one: str = "GET, POST, PUT, PATCH, DELETE"
    batch: str = "POST, PUT, PATCH"

    def pattern(self) -> re.Pattern[str]:
        parts = [r"/(?P<id>\d+)"] if self.one else []
        parts += ["/(?P<batch>batch)"] if self.batch else []
        return re.compile(rf"{NAMESPACE}/{self.path}(?:{'|'.join(parts) or '/'})?")

    def ids(self, at: re.Match[str]) -> list[int]:
        """The ids in the path, without the record's own."""
        return [php_integer(value) for name, value in at.groupdict().items() if name not in ("id", "batch")]

    def routes(self) -> dict[str, str]:
        """Its routes with their methods, spelled as WordPress does."""
        route = f"{NAMESPACE}/{self.path}".replace(r"\d+", r"[\d]+")
        every = {route: self.whole, rf"{route}/(?P<id>[\d]+)": self.one, f"{route}/batch": self.batch}
        return {path: methods for path, methods in every.items() if methods}


PLACES = (
    Place("products", lambda site, home, _: Products(site, home)),
    Place("products/categories", lambda site, home, _: Terms(site, CATEGORY)),
    Place("products/tags", lambda site, home, _: Terms(site, TAG)),
    Place("products/shipping_classes", lambda site, home, _: Terms(site, SHIPPING_CLASS)),
    Place("products/attributes", lambda site, home, _: Attributes(site)),
    Place(r"products/attributes/(?P<attribute_id>\d+)/terms", lambda site, home, ids: Attributes(site).terms_of(*ids)),
    Place(r"products/(?P<product_id>\d+)/variations", lambda site, home, ids: Variations(site, home, *ids)),
    Place("customers", lambda site, home, _: Customers(site)),
    Place("coupons", lambda site, home, _: Coupons(site)),
    Place("orders", lambda site, home, _: Orders(site, home)),
    Place(r"orders/(?P<order_id>\d+)/notes", lambda site, _, ids: Notes(site, *ids), one="GET, DELETE", batch=""),
    Place(
        r"orders/(?P<order_id>\d+)/refunds",
        lambda site, home, ids: Refunds(site, home, *ids),
        one="GET, DELETE",
        batch="",
    ),
    Place("refunds", lambda site, home, _: Refunds(site, home), whole="GET", one="", batch=""),
)
