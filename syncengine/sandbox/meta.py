"""meta_data: rows of id, key and value beside a product (FACTS-WOOCOMMERCE, 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syncengine.sandbox.values import meta_value, php_integer, php_text

Row = list[Any]  # [id, key, value]


def merged(rows: list[Row], given: Any, new_id: Callable[[], int]) -> list[Row]:
    """The rows after a client's `meta_data`: the very order of deeds that the store has.

    A key without id updates its row and drops further rows of that key; an id that is not there replaces the key's
    row; null deletes; an entry without a key is ignored.
    """
    kept: list[Row] = [list(row) for row in rows]
    for entry in given if isinstance(given, list) else []:
        if not isinstance(entry, dict) or "key" not in entry:
            continue
        _set(kept, php_text(entry["key"]), entry.get("value"), php_integer(entry.get("id")), new_id)
    return [[row_id, key, meta_value(value)] for row_id, key, value in kept if value is not None]


def _set(rows: list[Row], key: str, value: Any, row_id: int, new_id: Callable[[], int]) -> None:
    same_key = [row for row in rows if row[1] == key]
    found = next((row for row in rows if row[0] == row_id), None) if row_id else next(iter(same_key), None)
    if found is None or not row_id:
        for row in same_key:
            row[2] = None
    if found is not None:
        found[1:] = [key, value]
    elif value is not None:
        rows.append([new_id(), key, value])
