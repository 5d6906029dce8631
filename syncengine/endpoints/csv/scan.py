"""One pass over a file: which lines are known, which are to be read, which cannot be used.

Only lines that are not known are parsed. They are set aside, raw, and become pages when all files have been seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from syncengine.endpoints.csv.aside import Aside, Rows
from syncengine.endpoints.csv.cells import Fault, cells_of, read_cells
from syncengine.endpoints.csv.content import Content
from syncengine.endpoints.csv.dialect import Dialect, utf8
from syncengine.endpoints.csv.grammar import Grammar
from syncengine.endpoints.csv.grouped import grouped, with_lines
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, Known, among, hashes
from syncengine.endpoints.csv.lines import Block, blocks
from syncengine.endpoints.csv.wants import Wants
from syncengine.records import Reject

__all__ = ["Flags", "Scan"]

LONGEST_KEY = 500  # characters; nothing longer can be a key

Flags = NDArray[np.bool_]


@dataclass(slots=True)
class _Judged:
    """What was found of some rows: the hashes of their keys, which are selected, and why some cannot be used, with the
    key of each such row, if it can be told."""

    keys: Hashes
    selected: Flags
    faults: dict[int, tuple[str | None, str]]

    @property
    def accepted(self) -> Flags:
        found = np.ones(len(self.keys), dtype=bool)
        found[list(self.faults)] = False
        return found

    @property
    def usable(self) -> Flags:
        found: Flags = self.selected & self.accepted & (self.keys != UNSELECTED)
        return found

    def only(self, keys: Hashes) -> _Judged:
        """As if no other row stood in the file."""
        there = among(self.keys, keys)
        faults = {row: fault for row, fault in self.faults.items() if there[row]}
        return _Judged(np.where(there, self.keys, np.uint64(UNSELECTED)), self.selected & there, faults)


class Scan:
    """What one file holds. The arrays are of all its rows in their order.

    `lines` are hashes of a line and of how it is divided, `keys` hashes of keys: UNSELECTED where there is none that
    can be told, or where the line is known to be left out by `only`. `selected` rows are not left out, `accepted` ones
    are no rejects, `untouched` ones are known and were not read. `rejects` are by the number of the row.
    """

    def __init__(self, content: Content, dialect: Dialect, wants: Wants) -> None:
        self.content, self.dialect = content, with_lines(dialect) if wants.in_lines else dialect
        self.rejects: dict[int, Reject] = {}
        self.lines = self.keys = hashes([])
        self.selected = self.accepted = self.untouched = np.zeros(0, dtype=bool)
        self._wants, self._grammar = wants, Grammar(dialect.delimiter)
        self._read = dialect  # as the file has its columns
        self._key = dialect.header.index(wants.key)
        self._only = [dialect.header.index(column) for column in wants.only]

    def run(self, stream: BinaryIO, index: Index, wanted: Hashes, aside: Aside, *, others: bool = True) -> None:
        """Read the file once and set aside the rows that are not known, and those with a key among the ordered hashes
        `wanted`; without `others` only the latter count as being there. Raises BadSource."""
        salt = hashes([self.dialect.division])[0]
        parts: list[tuple[Any, ...]] = []
        first = 0
        for block in self._blocks(stream, Known(index, salt)):
            skipped = block.known & ~among(block.keys, wanted)
            selected, accepted = block.keys != UNSELECTED, np.ones(len(skipped), dtype=bool)
            read = np.flatnonzero(~skipped)
            if len(read):
                judged = self._judge(block, read.tolist())
                judged = judged if others else judged.only(wanted)
                block.keys[read], selected[read], accepted[read] = judged.keys, judged.selected, judged.accepted
                for row, (key, reason) in judged.faults.items():
                    at = int(read[row])
                    self.rejects[first + at] = Reject("erp", self.where(block.lines[at]), key, None, reason)
                usable = read[judged.usable].tolist()
                if usable:
                    lines, records = [block.lines[at] for at in usable], [block.records[at] for at in usable]
                    aside.add(Rows([first + at for at in usable], lines, records))
            parts.append((block.hashes ^ salt, block.keys, selected, accepted, skipped & selected))
            first += len(skipped)
        if parts:
            columns = (np.concatenate(part) for part in zip(*parts, strict=True))
            self.lines, self.keys, self.selected, self.accepted, self.untouched = columns

    @property
    def usable(self) -> Flags:
        found: Flags = self.accepted & self.selected
        return found

    @property
    def index_keys(self) -> Hashes:
        """The keys as they are remembered beside their lines."""
        return np.where(self.selected, self.keys, np.uint64(UNSELECTED))

    def where(self, line: int) -> str:
        return f"{self.content.source.short}:{line}"

    def reject(self, row: int, line: int, key: str | None, reason: str, field: str | None = None) -> None:
        self.rejects[row] = Reject("erp", self.where(line), key, field, reason)
        self.accepted[row] = self.untouched[row] = False

    def supersede(self, row: int) -> None:
        """Another row stands in the place of this one."""
        self.rejects.pop(row, None)
        self.accepted[row] = self.untouched[row] = False

    def look_again(self, rows: Flags) -> Iterator[tuple[int, int, str]]:
        """The number, the line and the key of each of these rows, by another look at the file. Raises BadSource."""
        if not rows.any():
            return
        first = 0
        with self.content.source.open() as stream:
            for block in self._blocks(stream, Known(Index())):
                for at in np.flatnonzero(rows[first : first + len(block.records)]).tolist():
                    reject = self.rejects.get(first + at)
                    cells = cells_of(block.records[at], self.dialect.delimiter) or []
                    if key := reject.key if reject is not None else self._name(cells):
                        yield first + at, block.lines[at], key
                first += len(block.records)

    def _blocks(self, stream: BinaryIO, remembered: Known) -> Iterator[Block]:
        """All blocks, without the header; the rows of a record with lines as one."""
        if self._wants.in_lines:
            yield from grouped(self._rows(stream, Known(Index())), self._read, self._wants, remembered)
        else:
            yield from self._rows(stream, remembered)

    def _rows(self, stream: BinaryIO, remembered: Known) -> Iterator[Block]:
        first = True
        text = utf8(stream, self.dialect, self.content.name)
        for block in blocks(text, self._grammar, remembered, self.content.name):
            yield block.without(np.arange(len(block.records)) == 0) if first else block
            first = False

    def _judge(self, block: Block, at: list[int]) -> _Judged:
        """Read the keys of some rows of a block, and what `only` asks for."""
        records = [block.records[row] for row in at]
        table = read_cells(records, self.dialect.delimiter, len(self.dialect.header), [self._key, *self._only])
        faults = {row: (self._key_of(fault), fault.reason) for row, fault in table.faults.items()}
        keys, selected = np.full(len(at), UNSELECTED, dtype=np.uint64), np.ones(len(at), dtype=bool)
        for row, (key, _) in faults.items():
            if key:
                keys[row] = hashes([key])[0]
        rows, names = list(table.rows), self._wants.names(table.columns[0])
        keys[rows] = hashes(names)
        if self._only:
            selected[rows] = self._wants.selected(table.columns[1:])
        if "" in names:
            nameless = [row for row, name in zip(rows, names, strict=True) if not name]
            keys[nameless] = UNSELECTED
            faults |= {row: (None, f"the key {self._wants.key!r} is empty") for row in nameless if selected[row]}
        return _Judged(keys, selected, faults)

    def _key_of(self, fault: Fault) -> str | None:
        key = self._name(fault.cells)
        return key if key and "\0" not in key and len(key) <= LONGEST_KEY else None

    def _name(self, cells: list[str]) -> str:
        """The key of one row, "" where it has none."""
        return self._wants.names(cells[self._key : self._key + 1] or [""])[0]
