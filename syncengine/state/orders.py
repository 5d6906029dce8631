"""The store's orders that a stock makes allowance for, and those whose bookings the ERP's stock has in it already."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from syncengine.endpoints import OpenOrder
from syncengine.state.links import chunks
from syncengine.state.tables import OpenOrderRow

__all__ = ["Orders"]

open_order = OpenOrderRow.__table__  # type: ignore[attr-defined]


class Orders:
    """The orders of all jobs. An order is open, or settled for good."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def open(self, job: str) -> dict[str, OpenOrder]:
        """Those that were open after the last run, by id."""
        columns = (open_order.c.order_id, open_order.c.units, open_order.c.booked)
        return {
            row.order_id: OpenOrder(
                row.order_id, {sold: Decimal(units) for sold, units in json.loads(row.units).items()}, row.booked
            )
            for row in self.connection.execute(select(*columns).where(_open(job)))
        }

    def settled(self, job: str, ids: Collection[str]) -> set[str]:
        """Which of these are settled."""
        found: set[str] = set()
        for chunk in chunks(list(ids)):
            mine = (open_order.c.job == job) & open_order.c.settled & open_order.c.order_id.in_(chunk)
            found.update(self.connection.execute(select(open_order.c.order_id).where(mine)).scalars())
        return found

    def save(self, job: str, orders: Mapping[str, OpenOrder], settled: Collection[str]) -> None:
        """Which ones are open now, and which ones are so no more because they are settled."""
        if settled or orders != self.open(job):
            self.connection.execute(delete(open_order).where(_open(job)))
        else:
            return
        rows = [
            {
                "job": job, "order_id": one.id, "booked": one.booked, "settled": False,
                "units": json.dumps({sold: str(units) for sold, units in one.units.items()}),
            }
            for one in orders.values()
        ]  # fmt: skip
        rows += [{"job": job, "order_id": one, "booked": True, "settled": True, "units": "{}"} for one in settled]
        if rows:
            self.connection.execute(insert(open_order), rows)


def _open(job: str) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = (open_order.c.job == job) & ~open_order.c.settled
    return mine
