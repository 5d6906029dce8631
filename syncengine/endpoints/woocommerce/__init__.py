"""A WooCommerce store as an endpoint: a class for each kind of record, in a file of its own.

client.py talks to the store, by the API that apis.py chooses. products.py is the largest; plain.py is what the others
have in common. Only what a job is about is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from syncengine.endpoints import Endpoint, View
from syncengine.endpoints.woocommerce.apis import check
from syncengine.errors import CannotRun
from syncengine.mapping import Entity
from syncengine.settings import Connection, WooCommerceConnection

__all__ = ["open_endpoint"]

ENDPOINTS: Mapping[Entity, str] = {
    "product": "products:Products",
    "category": "categories:Categories",
    "customer": "customers:Customers",
    "order": "orders:Orders",
    "coupon": "coupons:Coupons",
}


def open_endpoint(connection: Connection, view: View) -> Endpoint:
    """The endpoint of the records that the mapping is about. Raises ConfigError where the store's API cannot do it."""
    if not isinstance(connection, WooCommerceConnection):
        raise CannotRun(f"connections.{connection.name}: not a WooCommerce connection")
    check(connection, view.mapping)
    module, _, name = ENDPOINTS[view.mapping.entity].partition(":")
    found: Endpoint = getattr(import_module(f"{__name__}.{module}"), name)(connection, view)
    return found
