"""Raw rows that wait until all files of a pull have been seen: a later row may have the same key."""

from __future__ import annotations

import marshal
import struct
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Aside", "Rows"]

IN_MEMORY = 64 << 20  # bytes; more of them wait on disk
LENGTH = struct.Struct("<Q")


class Rows(NamedTuple):
    """Some rows as they stand in the file: their numbers in it, their lines, their bytes."""

    numbers: list[int]
    lines: list[int]
    records: list[bytes]


class Aside:
    """Rows, each with the number of its file: `file` is that of the one that is being read."""

    def __init__(self) -> None:
        self._rows: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self.file = 0

    def add(self, rows: Rows) -> None:
        data = marshal.dumps((self.file, *rows))
        self._rows.write(LENGTH.pack(len(data)))
        self._rows.write(data)

    def __iter__(self) -> Iterator[tuple[int, Rows]]:
        """All of them, in the order in which they were added, each with the number of its file."""
        self._rows.seek(0)
        while size := self._rows.read(LENGTH.size):
            # Written by `add`, and never seen by another process.
            file, *rows = marshal.loads(self._rows.read(LENGTH.unpack(size)[0]))  # noqa: S302
            yield file, Rows(*rows)

    def clear(self) -> None:
        self._rows.seek(0)
        self._rows.truncate()

    def close(self) -> None:
        self._rows.close()
