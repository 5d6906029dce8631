"""Notes on an order, those of the store itself among them. A note never moves the order's date (q05_date_modified)."""

from __future__ import annotations

from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record

STORE, MANAGER = "WooCommerce", "admin"  # who writes them


def add(site: Site, order_id: int, text: str, *, author: str = STORE, for_customer: bool = False) -> Record:
    """Writes a note; the same one again is another note."""
    now = site.now()
    fields = {"order_id": order_id, "author": author, "note": text, "customer_note": for_customer}
    note = Record(site.store.next_id("comment"), now, now, fields)
    site.store.notes.put(note)
    return note


def of_order(site: Site, order_id: int, kind: str = "any") -> list[Record]:
    """The notes of an order, the newest first: `any`, those for the `customer`, or the `internal` ones."""
    which = {"any": "", "customer": " AND for_customer = 1", "internal": " AND for_customer = 0"}[kind]
    return site.store.notes.select(f"parent = ?{which}", (order_id,), "created DESC, id")
