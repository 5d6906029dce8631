"""Step 4: which rows really changed, told by their hashes, over whole pages at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pandas.util import hash_array

from syncengine.endpoints import Page

__all__ = ["changed_positions", "hash_cells", "hash_rows", "salt"]

PRIME = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing


def salt(*meanings: str) -> int:
    """What makes equal cells mean different things: the mapping and how the side spells values."""
    return int.from_bytes(hashlib.blake2b("\0".join(meanings).encode(), digest_size=8).digest(), "little")


def hash_rows(page: Page, salted: int) -> list[int]:
    """A signed 64 bit hash of each row's cells, in the order of the paths' names.

    Each cell is hashed on its own and its hash mixed in by position, so that no two ways of cutting a row into
    cells look alike.
    """
    return _mixed({str(name): page.cells[name].tolist() for name in page.cells.columns}, len(page.ids), salted)


def hash_cells(records: Sequence[Mapping[str, Any]], salted: int) -> list[int]:
    """The hashes of single records with the same paths, as `hash_rows` has them."""
    paths = records[0].keys() if records else ()
    return _mixed({path: [cells[path] for cells in records] for path in paths}, len(records), salted)


def _mixed(columns: Mapping[str, list[Any]], rows: int, salted: int) -> list[int]:
    total = np.full(rows, salted, dtype=np.uint64)
    for path in sorted(columns):
        cells = np.empty(rows, dtype=object)
        cells[:] = [_text(cell) for cell in columns[path]]
        total = (total ^ _hashed(cells)) * PRIME
        total ^= total >> np.uint64(29)
    return [int(one) for one in total.view(np.int64).tolist()]


def _hashed(cells: npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    try:
        return np.asarray(hash_array(cells, categorize=False), dtype=np.uint64)
    except UnicodeEncodeError:  # half a character, from broken JSON
        cells[:] = [cell.encode(errors="backslashreplace").decode() for cell in cells]
        return np.asarray(hash_array(cells, categorize=False), dtype=np.uint64)


def changed_positions(ids: Sequence[str], hashes: Sequence[int], known: Mapping[str, int | None]) -> list[int]:
    """Positions of the rows whose hash is not the saved one, new rows included."""
    return [at for at, (key, row_hash) in enumerate(zip(ids, hashes, strict=True)) if known.get(key) != row_hash]


def _text(cell: Any) -> str:
    """Text as it is; any other JSON value as JSON behind a NUL, which no text begins with."""
    return cell if type(cell) is str else "\0" + json.dumps(cell, sort_keys=True, ensure_ascii=False, default=str)
