"""Pull of records that the store can list by when they were changed: orders.

The cursor is the `Date` of a pull's first reply, less the overlap: `modified_after` is exclusive to the second. What
that cannot see, meta written past WooCommerce and what is gone, a full pull finds (FACTS-WOOCOMMERCE, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from syncengine.endpoints import Cursor, Page, Pull
from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.lists import Rows, listed
from syncengine.endpoints.woocommerce.moments import bare, saved
from syncengine.endpoints.woocommerce.objects import Objects, Record
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id

__all__ = ["DatedPull"]


class DatedPull(Pull):
    """One reading of a route's records. `only` selects among them, `wanted` are read whether they changed or not."""

    def __init__(
        self,
        client: Client,
        objects: Objects,
        route: Route,
        only: Mapping[str, Collection[str]],
        *,
        concurrency: int,
        overlap: timedelta,
        cursor: Cursor,
        wanted: Collection[str],
        full: bool,
        leaves_out: Callable[[Record], bool],
    ) -> None:
        self._client = client
        self._objects = objects
        self._route = route
        self._only = only
        self._concurrency = concurrency
        self._overlap = overlap
        self._selection = {path: sorted(words) for path, words in only.items()}
        same_selection = cursor.position.get("only", {}) == self._selection  # what it left out was never read
        self._since = saved(cursor.position.get("since")) if same_selection and not full else None
        self._wanted = {*map(str, wanted), *cursor.position.get("again", ())}
        self._leaves_out = leaves_out
        self._began: datetime | None = None
        self._seen: set[str] = set()
        self._ended = False

    def __iter__(self) -> Iterator[Page]:
        query = {**self._route.everything, "_fields": self._fields}
        if self._since is not None:
            query |= {"modified_after": bare(self._since - self._overlap), "dates_are_gmt": "true"}
        for rows in listed(self._client, self._route.path, query, self._concurrency, self._note_the_clock):
            yield from self._page(rows)
        for rows in self._by_id(self._wanted - self._seen):
            yield from self._page(rows)
        self._ended = True

    @property
    def complete(self) -> bool:
        return self._ended and self._since is None

    def missing(self, ids: Collection[str]) -> set[str]:
        """Absence is asked for once more by id: a list that is read page by page may have hidden a record."""
        absent = {one for one in ids if one not in self._seen and (self.complete or one in self._wanted)}
        for rows in self._by_id(absent - self._wanted):
            absent -= {str(row["id"]) for row in rows if self._selected(row)}
        return absent

    def cursor(self, forget: Collection[str]) -> Cursor:
        position: dict[str, Any] = {"since": f"{bare(self._began)}Z"} if self._began is not None else {}
        if self._selection:
            position["only"] = self._selection
        return Cursor({**position, "again": sorted(forget)} if forget else position)

    @property
    def _fields(self) -> str:
        return ",".join(dict.fromkeys([*self._objects.tops, *self._route.light]))

    def _by_id(self, ids: Collection[str]) -> Iterator[Rows]:
        return records_by_id(self._client, self._route, ids, self._fields, self._concurrency)

    def _note_the_clock(self, now: datetime | None) -> None:
        if self._began is None:
            self._began = now

    def _page(self, rows: Rows) -> Iterator[Page]:
        chosen = [row for row in rows if self._selected(row) and str(row["id"]) not in self._seen]
        self._seen.update(str(row["id"]) for row in chosen)
        if chosen:
            yield self._objects.page(chosen)

    def _selected(self, row: Record) -> bool:
        return not self._leaves_out(row) and all(
            str(self._objects.cell(path, row)) in allowed for path, allowed in self._only.items()
        )
