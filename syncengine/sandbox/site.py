"""The shop that the sandbox stands for: its database, its clock, its place on the calendar and on the web."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from syncengine.sandbox.dates import text_of, to_local
from syncengine.sandbox.messages import ROOT
from syncengine.sandbox.store import Store, Term

WOOCOMMERCE, WORDPRESS = "10.2.4", "6.9.7"  # the versions that were measured
FIRST_PRODUCT = 11
FIRST_TERM = 15
CATEGORY = "product_cat"
TAG = "product_tag"
SHIPPING_CLASS = "product_shipping_class"


@dataclass
class Site:
    """What every endpoint needs to know."""

    store: Store
    zone: ZoneInfo
    clock: Callable[[], datetime]
    item_cost: float = 0.0  # seconds per saved object
    plain_permalinks: bool = False
    woocommerce: str = WOOCOMMERCE
    wordpress: str = WORDPRESS

    def address(self, home: str, route: str) -> str:
        """Where a route of the API is found: below /wp-json, with plain permalinks in a parameter."""
        return f"{home}/index.php?rest_route={route}" if self.plain_permalinks else f"{home}{ROOT}{route}"

    def now(self) -> str:
        """The store's clock as a stored date: GMT, to the second."""
        return text_of(self.clock())

    def local(self, gmt: str | None) -> str | None:
        return to_local(gmt, self.zone) if gmt else None

    def gmt_offset(self) -> float:
        """Hours ahead of GMT, a whole number where it is one."""
        offset = self.clock().astimezone(self.zone).utcoffset()
        hours = offset.total_seconds() / 3600 if offset else 0
        return int(hours) if hours == int(hours) else hours

    def labour(self, items: int) -> None:
        """What saving so many objects costs a slow host. The database is free meanwhile, the worker is not."""
        if self.item_cost and items:
            time.sleep(items * self.item_cost)

    def uncategorized(self) -> Term:
        """The category of everything without one; made with the shop, and known by its number whatever it is called."""
        if (term := self.store.terms.get(FIRST_TERM)) is not None:
            return term
        term = Term(self.store.next_id("term", FIRST_TERM), CATEGORY, "Uncategorized", "uncategorized")
        self.store.put_term(term)
        return term


def utc_now() -> datetime:
    return datetime.now(UTC)
