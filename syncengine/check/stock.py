"""Stock beside the shop's orders: sales that would be counted twice, and orders that would reserve for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncengine.findings import Finding, place, warning
from syncengine.mapping import Mapping as FieldMapping
from syncengine.settings import Settings

__all__ = ["counted_twice", "never_booked"]


def counted_twice(job: str, mappings: Mapping[str, FieldMapping], settings: Settings) -> Iterator[Finding]:
    """`sum` on stock in this job, beside a job that brings the orders of the same store to the same ERP."""
    mapping, sides = mappings[job], settings.jobs[job]
    orders = [
        name
        for name, one in mappings.items()
        if one.entity == "order"
        and one.writes("erp")
        and (settings.jobs[name].erp, settings.jobs[name].store) == (sides.erp, sides.store)
    ]
    if not orders:
        return
    for field in mapping.fields.values():
        if field.store == "stock_quantity" and field.truth == "sum" and field.goes_to("erp"):
            yield warning(
                f"fields.{field.name}",
                f"{place(mapping, field)}: stock is summed up, and the job {orders[0]} brings the shop's orders to the "
                "same ERP: if it books them, each sale counts twice",
                'write truth = "erp-wins" and to = "store", so that the ERP alone counts',
            )


def never_booked(job: str, mappings: Mapping[str, FieldMapping], settings: Settings) -> Iterator[Finding]:
    """Units reserved for open orders in this job, and no job that writes the ERP's number into the orders."""
    mapping, store = mappings[job], settings.jobs[job].store
    numbered = any(
        one.entity == "order" and settings.jobs[name].store == store and field.goes_to("store")
        for name, one in mappings.items()
        for field in one.by_path("store", mapping.store.booked or "")
    )
    for field in mapping.reserves if not numbered else ():
        yield warning(
            f"fields.{field.name}",
            f"{place(mapping, field)}: units are reserved for orders without {mapping.store.booked}, and no job writes "
            "that into the orders of this store: unless something else does, each order reserves for ever",
            f'let a job of the orders have a field with store = "{mapping.store.booked}", or correct `booked`',
        )
