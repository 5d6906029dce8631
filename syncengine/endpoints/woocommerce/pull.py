"""Pull: what may have changed in the store since the last pull began, by the store's own clock.

The cursor is the `Date` of the first reply of a pull. The next one asks for what was modified since then, less the
overlap, because `modified_after` is exclusive to the second and a long transaction is dated by its beginning. What it
cannot see (meta and terms written past WooCommerce, back-dated products, deletions) a full pull finds
(FACTS-WOOCOMMERCE, 4 and 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from syncengine.endpoints import Cursor, Page, Pull
from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.kinds import id_of, parent_of
from syncengine.endpoints.woocommerce.lists import Rows, listed
from syncengine.endpoints.woocommerce.moments import bare, saved
from syncengine.endpoints.woocommerce.paths import Paths
from syncengine.endpoints.woocommerce.remembered import Route, records_by_id
from syncengine.endpoints.woocommerce.variations import Variations
from syncengine.mapping import Mapping

__all__ = ["ProductPull", "by_id"]


class ProductPull(Pull):
    """One reading of the products. Those in the trash are not there, unless the mapping asks for the status `trash`."""

    def __init__(
        self,
        client: Client,
        paths: Paths,
        variations: Variations,
        mapping: Mapping,
        *,
        concurrency: int,
        overlap: timedelta,
        cursor: Cursor,
        wanted: Collection[str],
        full: bool,
    ) -> None:
        self._client = client
        self._paths = paths
        self._variations = variations
        self._only = mapping.store.only
        self._concurrency = concurrency
        self._selection = {path: sorted(words) for path, words in self._only.items()}
        same_selection = cursor.position.get("only", {}) == self._selection  # what it left out was never read
        self._since = saved(cursor.position.get("since")) if same_selection and not full else None
        variations.load(cursor.seen)
        self._overlap = overlap
        self._wanted = {str(one) for one in [*wanted, *cursor.position.get("again", ())]}
        self._began: datetime | None = None
        self._seen: set[str] = set()
        self._below: dict[int, list[int]] = {}  # the variations of the variable products that were read
        self._ended = False

    def __iter__(self) -> Iterator[Page]:
        for status in self._statuses():
            parameters = {"status": status, "context": "edit", "_fields": self._paths.fields}
            if self._since is not None:
                parameters["modified_after"] = bare(self._since - self._overlap)
                parameters["dates_are_gmt"] = "true"
            for rows in listed(self._client, "products", parameters, self._concurrency, self._note_the_clock):
                yield from self._page(rows)
        for status in self._statuses():
            for rows in by_id(self._client, self._wanted - self._seen, self._paths.fields, status, self._concurrency):
                yield from self._page(rows)
        for rows in self._variations.below(self._below, self._paths.variation_fields):
            yield from self._pages_below(rows)
        for rows in self._variations.by_id(self._wanted - self._seen, self._paths.variation_fields):
            yield from self._pages_below(rows)
        self._ended = True

    @property
    def complete(self) -> bool:
        return self._ended and self._since is None

    def missing(self, ids: Collection[str]) -> set[str]:
        """Absence is asked for once more by id: a product may have changed its status between two lists."""
        absent = {one for one in ids if one not in self._seen and (self.complete or one in self._wanted)}
        if self.complete:
            for status in self._statuses():
                for rows in by_id(self._client, absent - self._wanted, self._paths.fields, status, self._concurrency):
                    absent -= {id_of(row) for row in rows if self._paths.selects(row)}
            again = [one for one in absent - self._wanted if parent_of(one) in self._seen]
            for rows in self._variations.by_id(again, "id"):
                absent -= {id_of(row) for row in rows}
        return absent

    def cursor(self, forget: Collection[str]) -> Cursor:
        position: dict[str, Any] = {"since": f"{bare(self._began)}Z"} if self._began is not None else {}
        if self._selection:
            position["only"] = self._selection
        return Cursor({**position, "again": sorted(forget)} if forget else position, self._variations.saved())

    def _note_the_clock(self, now: datetime | None) -> None:
        if self._began is None:
            self._began = now

    def _statuses(self) -> Sequence[str]:
        return self._only.get("status") or ("any",)  # `status` takes one value only (FACTS-WOOCOMMERCE, 4)

    def _page(self, rows: Rows) -> Iterator[Page]:
        chosen = [row for row in rows if self._paths.selects(row) and id_of(row) not in self._seen]
        self._seen.update(map(id_of, chosen))
        self._variations.met(chosen)
        self._below.update((row["id"], row["variations"]) for row in chosen if row.get("variations"))
        if chosen:
            yield self._paths.page(chosen)

    def _pages_below(self, rows: Rows) -> Iterator[Page]:
        """Variations are selected with their product."""
        chosen = [row for row in rows if id_of(row) not in self._seen]
        self._seen.update(map(id_of, chosen))
        if chosen:
            yield self._paths.page(chosen)


def by_id(client: Client, ids: Collection[str], fields: str, status: str = "any", ahead: int = 1) -> Iterator[Rows]:
    """The products with these ids in one status ("any" leaves out the trash); ids that cannot be one are left out."""
    return records_by_id(client, Route("products", {"status": status}), ids, fields, ahead)
