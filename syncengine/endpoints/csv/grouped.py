"""Orders with their lines: all rows of one key, one after the other, become one record.

Its first row tells what the order is; what the others tell of their lines stands behind that as JSON, in a column of
its own. A row that cannot be read, or that does not fit its order, leaves the reason there: an order without one of its
lines would be another order, so it is rejected as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from syncengine.endpoints.csv.cells import read_cells, spell_row
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.index import Known, hashes
from syncengine.endpoints.csv.lines import Block
from syncengine.endpoints.csv.wants import Wants
from syncengine.mapping import LINES

__all__ = ["grouped", "with_lines"]

Row = tuple[int, Sequence[str], str]  # its line, its cells, and why it cannot be used ("" if it can)


@dataclass(slots=True)
class _Group:
    """The rows of one order: its key, the line and the cells of its first row, what each row tells of its line."""

    key: str
    line: int
    cells: Sequence[str]
    lines: list[dict[str, str]] = field(default_factory=list)


def with_lines(dialect: Dialect) -> Dialect:
    """The columns of the records that are made of the rows."""
    return replace(dialect, header=(*dialect.header, LINES))


def grouped(blocks: Iterable[Block], dialect: Dialect, wants: Wants, remembered: Known) -> Iterator[Block]:
    """Blocks of records, of blocks of rows."""
    joined = _Joined(dialect, wants)
    for block in blocks:
        yield from _block(joined.add(block), dialect, remembered)
    yield from _block(joined.rest(), dialect, remembered)


def _block(groups: list[_Group], dialect: Dialect, remembered: Known) -> Iterator[Block]:
    if not groups:
        return
    records = [
        spell_row([*group.cells, json.dumps(group.lines, ensure_ascii=False)], dialect.delimiter).encode()
        for group in groups
    ]
    found = hashes(records)
    known, keys = remembered.look_up(found)
    yield Block(records, [group.line for group in groups], found, known, keys)


class _Joined:
    """Joins rows as they come. The last order stays open: its next row may be in the next block."""

    def __init__(self, dialect: Dialect, wants: Wants) -> None:
        self._delimiter, self._wants = dialect.delimiter, wants
        self._width = len(dialect.header)
        self._key = dialect.header.index(wants.key)
        self._of_record = {name: dialect.header.index(name) for name in wants.of_record}
        self._in_lines = {name: dialect.header.index(name) for name in wants.in_lines}
        self._open: _Group | None = None
        self._seen: dict[str, int] = {}
        self._broken = ""  # why a row before the next order cannot be read: it may have been one of its lines

    def add(self, block: Block) -> list[_Group]:
        """The orders that end in these rows."""
        done: list[_Group] = []
        for line, cells, fault in self._rows(block):
            key = self._wants.names(cells[self._key : self._key + 1] or [""])[0]
            reason = "" if key else f"line {line} of the file has no {self._wants.key}"
            reason = f"line {line} of the file: {fault}" if fault else reason
            if self._open is None or (key and key != self._open.key):
                done += self.rest()
                self._open = self._begun(key, line, cells)
            self._open.lines.append({"": reason} if reason else self._line(self._open, line, cells))
            self._broken = "" if key else reason
        return done

    def rest(self) -> list[_Group]:
        """The order that is still open."""
        done = [self._open] if self._open is not None else []
        self._open = None
        return done

    def _begun(self, key: str, line: int, cells: Sequence[str]) -> _Group:
        group = _Group(key, line, [*cells, *[""] * self._width][: self._width])
        before = self._seen.setdefault(key, line)
        if key and before != line:
            group.lines.append(
                {"": f"the order begins on line {before} of the file, and goes on here with others in between"}
            )
        if self._broken:
            group.lines.append({"": self._broken})
        return group

    def _line(self, group: _Group, line: int, cells: Sequence[str]) -> dict[str, str]:
        other = [name for name, at in self._of_record.items() if cells[at].strip() != group.cells[at].strip()]
        if other:
            return {
                "": f"line {line} of the file has another {other[0]} than line {group.line}, where the order begins"
            }
        return dict(zip(self._in_lines, self._bare(cells), strict=True))

    def _bare(self, cells: Sequence[str]) -> Sequence[str]:
        return self._wants.formulas.read_all([cells[at] for at in self._in_lines.values()])

    def _rows(self, block: Block) -> Iterator[Row]:
        table = read_cells(block.records, self._delimiter, self._width, range(self._width))
        good = dict(zip(table.rows, zip(*table.columns, strict=True), strict=True)) if table.rows else {}
        for at, line in enumerate(block.lines):
            if at in good:
                yield line, good[at], ""
            else:
                fault = table.faults[at]
                yield line, fault.cells, fault.reason
