"""Pull of records that the store cannot list by when they were changed: all are looked at, few are read whole.

`modified_after` is ignored without a word for customers (FACTS-WOOCOMMERCE, 3). So each pull pages through a few light
fields of all records, compares them with what it saw last, and asks for those whole that moved. What moves neither a
date nor a light field (user meta written past WooCommerce) a full pull finds (FACTS-WOOCOMMERCE, 12).

Dates count in seconds: a record that was changed shortly before a pull may have been changed once more with the same
date. It is not remembered, so that the next pull reads it whole again.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from syncengine.endpoints import Cursor, Page, Pull
from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.lists import Rows, asked, chunks, listed
from syncengine.endpoints.woocommerce.moments import moment_of
from syncengine.endpoints.woocommerce.objects import Objects, Record
from syncengine.mapping import StoreSide
from syncengine.values import match_key

__all__ = ["RememberedPull", "Route", "records_by_id"]

MODIFIED = "date_modified_gmt"
SEEN = struct.Struct("<QQ")  # a number and the fingerprint of its light fields


class Route:
    """Where records of one sort are. `everything` is the query that leaves none out, `light` the fields by which a
    change is seen (none: every pull reads all of them whole), `name` the one that should be unique among them."""

    def __init__(self, path: str, everything: Mapping[str, str], light: Sequence[str] = (), name: str = "") -> None:
        self.path = path
        self.everything = {"context": "edit", **everything}
        self.light = ("id", *light) if light else ()
        self.name = name


class RememberedPull(Pull):
    """One reading of all records of a route. `query` narrows the list, `wanted` are read whether they moved or not."""

    def __init__(
        self,
        client: Client,
        objects: Objects,
        route: Route,
        store: StoreSide,
        query: Mapping[str, str],
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
        self._overlap = overlap
        self._began: datetime | None = None
        self._only = store.only
        self._query = {**route.everything, **query}
        self._fields = ",".join(dict.fromkeys([*objects.tops, *route.light]))
        self._concurrency = concurrency
        self._selection = {path: sorted(words) for path, words in store.only.items()}
        same_selection = cursor.position.get("only", {}) == self._selection
        self._before = _unpacked(cursor.seen) if route.light and same_selection and not full else {}
        self._wanted = set(map(str, wanted))
        self._leaves_out = leaves_out
        self._now: dict[int, int] = {}
        self._seen: set[str] = set()
        self._unchanged = 0
        self._ended = False

    def __iter__(self) -> Iterator[Page]:
        if self._before:
            yield from self._moved()
        else:
            query = {**self._query, "_fields": self._fields}
            for rows in listed(self._client, self._route.path, query, self._concurrency, self._note_the_clock):
                yield from self._page(rows)
        yield from self._pages_by_id(self._wanted - self._seen)
        self._ended = True

    @property
    def unchanged(self) -> int:
        return self._unchanged

    @property
    def complete(self) -> bool:
        return self._ended

    def missing(self, ids: Collection[str]) -> set[str]:
        """Absence is asked for once more by id: a list that is read page by page may have hidden a record."""
        absent = {one for one in ids if one not in self._seen}
        again = absent - self._wanted
        for rows in records_by_id(self._client, self._route, again, self._objects.fields, self._concurrency):
            absent -= {str(row["id"]) for row in rows if self._selected(row)}
        return absent

    def cursor(self, forget: Collection[str]) -> Cursor:
        position: dict[str, Any] = {"only": self._selection} if self._selection else {}
        forgotten = set(forget)
        kept = {number: seen for number, seen in self._now.items() if str(number) not in forgotten}
        return Cursor(position, _packed(kept))

    def _moved(self) -> Iterator[Page]:
        """Those whose light fields are not what they were, and with each of them those of the same name: two records
        of one name must be seen together."""
        glances: Rows = []
        light = ",".join(dict.fromkeys([*self._route.light, *map(self._objects.top, self._only)]))
        query = {**self._query, "_fields": light}
        for rows in listed(self._client, self._route.path, query, self._concurrency, self._note_the_clock):
            glances += [row for row in rows if self._selected(row)]
        moved = {row["id"] for row in glances if self._before.get(row["id"]) != self._fingerprint(row)}
        moved |= {row["id"] for row in glances if str(row["id"]) in self._wanted}
        moved |= _namesakes(glances, self._route.name, moved)
        for row in glances:
            if row["id"] not in moved:
                self._unchanged += 1
                self._seen.add(str(row["id"]))
                self._now[row["id"]] = self._before[row["id"]]
        yield from self._pages_by_id({str(number) for number in moved})

    def _pages_by_id(self, ids: Collection[str]) -> Iterator[Page]:
        for rows in records_by_id(self._client, self._route, ids, self._fields, self._concurrency):
            yield from self._page(rows)

    def _page(self, rows: Rows) -> Iterator[Page]:
        chosen = [row for row in rows if self._selected(row) and str(row["id"]) not in self._seen]
        self._seen.update(str(row["id"]) for row in chosen)
        if self._route.light:
            self._now.update((row["id"], self._fingerprint(row)) for row in chosen if self._is_settled(row))
        if chosen:
            yield self._objects.page(chosen)

    def _selected(self, row: Record) -> bool:
        """A filter that the store does not know is ignored and everything comes back: check that it filtered."""
        return not self._leaves_out(row) and all(
            str(self._objects.cell(path, row)) in allowed for path, allowed in self._only.items()
        )

    def _note_the_clock(self, now: datetime | None) -> None:
        if self._began is None:
            self._began = now

    def _is_settled(self, row: Record) -> bool:
        """Whether another change of the record would move its date, too."""
        if MODIFIED not in self._route.light or (since := moment_of(row.get(MODIFIED))) is None:
            return True
        return self._began is not None and since < self._began - self._overlap

    def _fingerprint(self, row: Record) -> int:
        text = json.dumps([row.get(name) for name in self._route.light], sort_keys=True)
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def records_by_id(client: Client, route: Route, ids: Collection[str], fields: str, ahead: int = 1) -> Iterator[Rows]:
    """The records with these ids; ids that cannot be one are left out."""
    numbers = sorted({one for one in ids if one.isascii() and one.isdigit() and one.strip("0")}, key=int)
    chosen = set(numbers)
    common = {**route.everything, "_fields": fields}
    queries = [(route.path, {**common, "include": ",".join(chunk)}) for chunk in chunks(numbers)]
    for found in asked(client, queries, ahead):
        if rows := [row for row in found if str(row["id"]) in chosen]:
            yield rows


def _namesakes(rows: Rows, name: str, moved: Collection[int]) -> set[int]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if key := match_key(str(row.get(name) or "")):
            by_name[key].append(row["id"])
    return {
        number for numbers in by_name.values() if len(numbers) > 1 and set(numbers) & set(moved) for number in numbers
    }


def _packed(prints: Mapping[int, int]) -> bytes:
    return b"".join(SEEN.pack(*one) for one in sorted(prints.items()))


def _unpacked(saved: bytes) -> dict[int, int]:
    return dict(SEEN.iter_unpack(saved)) if len(saved) % SEEN.size == 0 else {}
