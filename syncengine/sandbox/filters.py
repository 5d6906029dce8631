"""What lists of every kind have in common: conditions from a client's parameters, and the page that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from syncengine.sandbox import dates, values
from syncengine.sandbox.site import Site
from syncengine.sandbox.tables import Record, Table

Query = Mapping[str, Any]  # parameters that were checked, with their defaults


@dataclass
class Where:
    """Conditions, all of which must hold; clauses are SQL of this package, what a client sent is in `args`."""

    clauses: list[str] = field(default_factory=list)
    args: list[Any] = field(default_factory=list)

    def add(self, clause: str, *args: Any) -> None:
        self.clauses.append(clause)
        self.args.extend(args)

    def among(self, column: str, items: Sequence[Any], no: str = "") -> None:
        self.add(f"{column} {no} IN ({','.join('?' * len(items))})", *items)

    def contains(self, column: str, text: str) -> None:
        """The column, which holds collated text, has this somewhere in it."""
        self.add(f"{column} LIKE ? ESCAPE '\\'", like(text))

    def sql(self) -> str:
        return " AND ".join(self.clauses) or "1"


def like(text: str) -> str:
    """A pattern for a collated text that has this somewhere in it."""
    escaped = values.collated(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def times(site: Site, where: Where, query: Query) -> None:
    """after, before, modified_after, modified_before: exclusive at the very second (FACTS-WOOCOMMERCE, 4)."""
    for name, comparison in (
        ("after", "created >"),
        ("before", "created <"),
        ("modified_after", "modified >"),
        ("modified_before", "modified <"),
    ):
        if query.get(name):
            where.add(f"{comparison} ?", dates.bound(query[name], query["dates_are_gmt"], site.zone))


def named(where: Where, query: Query) -> None:
    """include and exclude."""
    if query.get("include"):
        where.among("id", query["include"])
    if query.get("exclude"):
        where.among("id", query["exclude"], "NOT")


def as_included(query: Query) -> str:
    """The order in which `include` names its ids."""
    ranks = " ".join(f"WHEN {int(each)} THEN {rank}" for rank, each in enumerate(query.get("include") or ()))
    return f"CASE id {ranks} END, id" if ranks else "id"


def window(query: Query) -> tuple[int, int]:
    """How many are wanted, and how many come before them."""
    limit: int = query["per_page"]
    return limit, query.get("offset") or (query["page"] - 1) * limit


def page(table: Table, where: Where, order: str, query: Query) -> tuple[list[Record], int]:
    """The records of one page, and how many there are in all."""
    limit, offset = window(query)
    return table.select(where.sql(), where.args, order, limit, offset), table.count(where.sql(), where.args)
