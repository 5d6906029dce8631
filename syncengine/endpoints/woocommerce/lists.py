"""Whole lists out of a store that goes on living while they are read.

Pages are ordered by id and overlap by one row: a page must begin with something already seen. If it does not, or is
empty, rows have left the list in between and what followed them has moved up, past us; then the list is read again from
one page before. Rows can also join behind the reader, but those were changed after the reading began, and the next
incremental pull brings them. So no count of pages or rows has to be trusted, and pages can be fetched ahead: a total,
where the store tells one that its own page does not belie, only saves asking for a page that would hold nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any
from urllib.parse import quote

from syncengine.endpoints.woocommerce.client import Client, Reply
from syncengine.errors import Unreachable

__all__ = ["PER_PAGE", "Rows", "asked", "chunks", "listed", "rows_in", "tidied"]

PER_PAGE = 100  # the store's maximum: 101 is an error (FACTS-WOOCOMMERCE, 3)
STEP = PER_PAGE - 1  # from page to page: one row is seen twice
LONGEST_QUERY = 4000  # characters of a list parameter; a URL of 11 KB is a 414 (FACTS-WOOCOMMERCE, 4)

# What PHP makes an object of when its keys are no longer 0, 1, 2, and in what plug-ins leave holes.
OF_OBJECTS = frozenset(
    """
    attributes categories coupon_lines default_attributes fee_lines images line_items meta_data refunds shipping_lines
    tags tax_lines
    """.split()  # noqa: SIM905 - one word a line is not easier to read
)
OF_VALUES = frozenset({"options", "variations"})

Rows = list[dict[str, Any]]


def listed(
    client: Client,
    path: str,
    parameters: Mapping[str, Any],
    ahead: int = 1,
    began: Callable[[datetime | None], None] = lambda _: None,
) -> Iterator[Rows]:
    """All rows of a list by rising id, each once, in pages. `began` is told the store's clock at the first page."""
    last = at = 0
    first: Rows = []
    reread = (-1, -1)  # where a gap was found, and what had been read by then
    coming: dict[int, Future[Reply]] = {}

    def read(offset: int) -> Reply:
        where = {"offset": offset} if offset else {}
        return client.get(path, {**parameters, "per_page": PER_PAGE, "orderby": "id", "order": "asc", **where})

    with ThreadPoolExecutor(ahead) as pool:
        try:
            while True:
                reply = coming.pop(at).result() if at in coming else read(at)
                rows = rows_in(client, reply, path)
                if at == 0:
                    began(reply.date)
                    first = rows
                elif rows and rows == first:
                    raise Unreachable(client.prefixed(f"GET {path}: the store ignores `offset`"))
                elif (not rows or rows[0]["id"] > last) and (at, last) != reread:
                    coming.clear()
                    reread = at, last  # if one page back brings nothing new, the store hides the row between
                    at = max(0, at - STEP)
                    continue
                fresh = [row for row in rows if row["id"] > last]
                if fresh:
                    last = fresh[-1]["id"]
                    yield fresh
                if _is_last(at, len(rows), reply.total):
                    return
                at += STEP
                for offset in range(at, min(at + ahead * STEP, (reply.total or 0) - 1), STEP):
                    if offset not in coming and ahead > 1:
                        coming[offset] = pool.submit(read, offset)
        finally:
            for future in coming.values():
                future.cancel()


def _is_last(offset: int, rows: int, total: int | None) -> bool:
    """Whether nothing follows a page: the store's total says so, or, without one to be believed, the page is short."""
    believed = total is not None and total >= offset + rows
    return offset + max(rows, PER_PAGE) >= (total or 0) if believed else rows < PER_PAGE


def asked(client: Client, requests: Sequence[tuple[str, Mapping[str, Any]]], ahead: int) -> Iterator[Rows]:
    """The rows that each request (a path and its query) finds, in their order, `ahead` of them at once."""

    def ask(request: tuple[str, Mapping[str, Any]]) -> Rows:
        path, query = request
        return [row for rows in listed(client, path, query) for row in rows]

    if len(requests) < 2 or ahead < 2:
        yield from map(ask, requests)
        return
    pool = ThreadPoolExecutor(ahead)
    try:
        yield from pool.map(ask, requests)
    finally:
        pool.shutdown(cancel_futures=True)


def chunks(values: Collection[str], most: int = PER_PAGE) -> Iterator[list[str]]:
    """Values for a comma list: at most `most`, and no longer than a URL may be. A value with a comma goes alone."""
    chunk: list[str] = []
    length = 0
    for value in values:
        if "," in value:
            yield [value]
            continue
        size = 1 + len(quote(value))
        if chunk and (len(chunk) == most or length + size > LONGEST_QUERY):
            yield chunk
            chunk, length = [], 0
        chunk.append(value)
        length += size
    if chunk:
        yield chunk


def rows_in(client: Client, reply: Reply, path: str) -> Rows:
    rows = reply.body if isinstance(reply.body, list) else [None]
    if not all(isinstance(row, dict) and type(row.get("id")) is int for row in rows):
        raise Unreachable(client.prefixed(f"GET {path}: the answer is no list of records"))
    return sorted(map(tidied, rows), key=lambda row: row["id"])


def tidied(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record in which every list is one, of what it should be of."""
    return {name: _list_of(name, one) if name in OF_OBJECTS | OF_VALUES else one for name, one in row.items()}


def _list_of(name: str, told: Any) -> list[Any]:
    found = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    if name in OF_VALUES:
        return [one for one in found if one is not None and not isinstance(one, dict | list)]
    return [tidied(one) for one in found if isinstance(one, dict)]
