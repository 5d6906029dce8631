"""One pass over a file: which lines are known, which are to be read, which cannot be used, which share a key.

Only lines that are not known are parsed. They are set aside, raw, until it is certain that no later row
has the same key.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import struct
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from syncengine.endpoints.csv.cells import Fault, cells_of, read_cells
from syncengine.endpoints.csv.dialect import Dialect, utf8
from syncengine.endpoints.csv.grammar import Grammar
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, among, hashes
from syncengine.endpoints.csv.lines import Block, blocks, check_length
from syncengine.endpoints.csv.source import Source
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Reject
from syncengine.settings import CsvConnection

__all__ = ["Rows", "Scan", "Wants", "digest_of"]

IN_MEMORY = 64 << 20  # bytes of set-aside rows; more of them wait on disk
CHUNK = 1 << 20
LENGTH = struct.Struct("<Q")
OTHERS = 3  # lines named beside a duplicate


@dataclass(frozen=True, slots=True)
class Wants:
    """What a job reads of each row. `digest` changes with anything that changes what is made of a line."""

    key: str
    columns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]]
    modified: str | None
    digest: str

    @classmethod
    def of(cls, mapping: FieldMapping, connection: CsvConnection) -> Wants:
        erp = mapping.erp
        columns = tuple(mapping.paths("erp"))
        only = {column: list(words) for column, words in erp.only.items()}
        settings = connection.model_dump(mode="json", exclude={"name", "type", "folder"})
        what = json.dumps([1, erp.key, columns, only, erp.modified, mapping.digest, settings], sort_keys=True)
        return cls(erp.key, columns, erp.only, erp.modified, hashlib.sha256(what.encode()).hexdigest())

    @property
    def needed(self) -> list[str]:
        """Every column that must be there, each once."""
        others = [self.modified] if self.modified else []
        return list(dict.fromkeys([self.key, *self.columns, *self.only, *others]))


def digest_of(stream: BinaryIO) -> tuple[str, bool]:
    """The digest of a whole file, and whether all of it is ASCII."""
    stream.seek(0)
    digest = hashlib.sha256()
    ascii = True
    while piece := stream.read(CHUNK):
        digest.update(piece)
        ascii = ascii and piece.isascii()
    return digest.hexdigest(), ascii


class Rows(NamedTuple):
    """Some rows as they stand in the file: their numbers in it, their lines, their bytes."""

    numbers: list[int]
    lines: list[int]
    records: list[bytes]


class Scan:
    """The result of a pass. `lines` and `keys` are of all rows in their order; `accepted` tells which can be used."""

    def __init__(self, stream: BinaryIO, source: Source, dialect: Dialect, wants: Wants) -> None:
        self._stream, self._dialect, self._wants = stream, dialect, wants
        self._name, self._short = source.name, source.short
        self._grammar = Grammar(dialect.delimiter)
        self._key = dialect.header.index(wants.key)
        self._only = [(dialect.header.index(column), frozenset(words)) for column, words in wants.only.items()]
        self._aside: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._row = 0
        self.rejects: list[Reject] = []
        self.duplicates: set[str] = set()
        self.lines = self.keys = hashes([])
        self.accepted: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.untouched: NDArray[np.bool_] = np.zeros(0, dtype=bool)

    def close(self) -> None:
        self._aside.close()

    def run(self, index: Index, wanted: Hashes) -> None:
        """Read the file once; `wanted` are ordered hashes of keys that are read though their lines are known."""
        lines, keys, accepted, untouched = [], [], [], []
        for block in self._blocks(index):
            skipped = block.known & ~among(block.keys, wanted)
            good = np.ones(len(skipped), dtype=bool)
            read = np.flatnonzero(~skipped)
            if len(read):
                block.keys[read], good[read] = self._read(block, read.tolist())
            lines.append(block.hashes)
            keys.append(block.keys)
            accepted.append(good)
            untouched.append(skipped & (block.keys != UNSELECTED))
            self._row += len(skipped)
        if lines:
            self.lines, self.keys = np.concatenate(lines), np.concatenate(keys)
            self.accepted, self.untouched = np.concatenate(accepted), np.concatenate(untouched)
        self._reject_duplicates()

    def set_aside(self) -> Iterator[Rows]:
        """The rows that were read, in their order; those of a duplicate key are among them."""
        self._aside.seek(0)
        while size := self._aside.read(LENGTH.size):
            # Written by `_read`, and never seen by another process.
            yield Rows(*marshal.loads(self._aside.read(LENGTH.unpack(size)[0])))  # noqa: S302

    def _blocks(self, index: Index) -> Iterator[Block]:
        """All blocks, without the header."""
        first = True
        for block in blocks(utf8(self._stream, self._dialect, self._name), self._grammar, index, self._name):
            yield block.without(np.arange(len(block.records)) == 0) if first else block
            first = False

    def _read(self, block: Block, at: list[int]) -> tuple[Hashes, NDArray[np.bool_]]:
        """Judge these rows and set the usable ones aside: the hashes of their keys, and which are no rejects."""
        records = [block.records[row] for row in at]
        lines = [block.lines[row] for row in at]
        check_length(records, lines, self._name)
        columns = [self._key, *(column for column, _ in self._only)]
        table = read_cells(records, self._dialect.delimiter, len(self._dialect.header), columns)
        keys = [cell.strip() for cell in table.columns[0]]
        usable = table.rows
        good = np.ones(len(at), dtype=bool)
        good[list(table.faults)] = False
        self.rejects += [self._faulty(fault, lines[row]) for row, fault in table.faults.items()]
        if self._only or "" in keys:
            selected = [
                all(
                    cells[row].strip() in words for cells, (_, words) in zip(table.columns[1:], self._only, strict=True)
                )
                for row in range(len(keys))
            ]
            for row, key, chosen in zip(usable, keys, selected, strict=True):
                if chosen and not key:
                    good[row] = False
                    self.rejects.append(self._reject(lines[row], None, f"the key {self._wants.key!r} is empty"))
            chosen_rows = [row for row, chosen in enumerate(selected) if chosen and keys[row]]
            usable, keys = [usable[row] for row in chosen_rows], [keys[row] for row in chosen_rows]
        found = np.full(len(at), UNSELECTED, dtype=np.uint64)
        found[usable] = hashes(keys)
        if keys:
            entry = Rows(
                [self._row + at[row] for row in usable],
                [lines[row] for row in usable],
                [records[row] for row in usable],
            )
            data = marshal.dumps(tuple(entry))
            self._aside.write(LENGTH.pack(len(data)))
            self._aside.write(data)
        return found, good

    def _faulty(self, fault: Fault, line: int) -> Reject:
        key = fault.cells[self._key].strip() if self._key < len(fault.cells) else ""
        return self._reject(line, None if "\0" in key else key or None, fault.reason)

    def _reject(self, line: int, key: str | None, reason: str) -> Reject:
        return Reject("erp", f"{self._short}:{line}", key, None, reason)

    def _reject_duplicates(self) -> None:
        """Reject all rows of a key that several have. That takes another look at the file, at these rows only."""
        ordered = np.sort(self.keys[self.accepted & (self.keys != UNSELECTED)])
        repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(repeated):
            return
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        first = 0
        for block in self._blocks(Index()):
            there = slice(first, first + len(block.records))
            for row in np.flatnonzero(among(self.keys[there], repeated) & self.accepted[there]).tolist():
                cells = cells_of(block.records[row], self._dialect.delimiter)
                if cells is not None:
                    places[cells[self._key].strip()].append((first + row, block.lines[row]))
            first = there.stop
        for key, found in places.items():
            if len(found) == 1:  # two keys with one hash
                continue
            self.duplicates.add(key)
            for row, line in found:
                others = [str(other) for at, other in found if at != row]
                more = f" and {len(others) - OTHERS} more" if len(others) > OTHERS else ""
                lines = f"line{'s' if len(others) > 1 else ''} {', '.join(others[:OTHERS])}{more}"
                self.rejects.append(self._reject(line, key, f"the key {key!r} stands also in {lines}"))
                self.accepted[row] = self.untouched[row] = False
