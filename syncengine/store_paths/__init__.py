"""The paths of the store's records, entity by entity: which there are, what they hold, who may write them."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.mapping import Entity
from syncengine.store_paths.category import CATEGORY
from syncengine.store_paths.coupon import COUPON
from syncengine.store_paths.customer import CUSTOMER
from syncengine.store_paths.order import ORDER
from syncengine.store_paths.product import PRODUCT
from syncengine.store_paths.table import Table

__all__ = ["TABLES", "Table"]

TABLES: Mapping[Entity, Table] = {
    "product": PRODUCT,
    "category": CATEGORY,
    "customer": CUSTOMER,
    "order": ORDER,
    "coupon": COUPON,
}
