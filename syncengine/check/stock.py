"""Sales that would be counted twice: stock summed up, where the ERP is told the shop's orders as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from syncengine.findings import Finding, place, warning
from syncengine.mapping import Mapping as FieldMapping
from syncengine.settings import Settings

__all__ = ["counted_twice"]


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
