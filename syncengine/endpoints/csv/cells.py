"""Records <-> cells: what a row is, and what only looks like one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.endpoints.csv.grammar import LINE_END
from syncengine.endpoints.csv.lines import ENDLESS

__all__ = ["Fault", "Table", "cells_of", "read_cells", "spell", "spell_row"]

FEW = 8  # up to one record in so many has quotes: then the others are split
LONGEST = 1 << 20  # bytes in one record; more is no row

# A process-wide limit of the standard library, 128 KiB by default; records are bounded by ENDLESS here.
csv.field_size_limit(max(csv.field_size_limit(), ENDLESS))


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is no row. `cells` are those that can still be told, for the key."""

    reason: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns that were asked for, `rows` telling which record each of their cells is from; and the faulty ones."""

    rows: Sequence[int]
    columns: list[Sequence[str]]
    faults: dict[int, Fault]


def read_cells(records: Sequence[bytes], delimiter: str, width: int, columns: Sequence[int]) -> Table:
    """The cells of some columns, of records without their line ends that are to have `width` columns."""
    quoted = [at for at, record in enumerate(records) if b'"' in record]
    found = _split if len(quoted) * FEW <= len(records) else _flatten
    short = max(map(len, records), default=0) <= LONGEST
    cells = found(records, delimiter, width, quoted) if short else None
    if cells is not None:
        return Table(range(len(records)), [cells[at::width] for at in columns], {})
    rows = [cells_of(record, delimiter) for record in records]
    judged = {at: _fault(row, record, width) for at, (row, record) in enumerate(zip(rows, records, strict=True))}
    faults = {at: fault for at, fault in judged.items() if fault is not None}
    good = [at for at in range(len(rows)) if at not in faults]
    kept = [row for at in good if (row := rows[at]) is not None]
    return Table(good, [[row[at] for row in kept] for at in columns], faults)


# Both return all cells in one list, or None if a record is no row. A list for each row would cost more than parsing.


def _split(records: Sequence[bytes], delimiter: str, width: int, quoted: list[int]) -> list[str] | None:
    """Split all but the few quoted ones, which leave empty cells at first."""
    mark = delimiter.encode()
    plain = list(records)
    for at in quoted:
        plain[at] = mark * (width - 1)
    if {record.count(mark) for record in plain} != {width - 1}:
        return None
    text = b"\n".join(plain).decode()
    special = _flatten([records[at] for at in quoted], delimiter, width, quoted)
    if special is None or "\0" in text:
        return None
    cells = text.replace("\n", delimiter).split(delimiter)
    for place, at in enumerate(quoted):
        cells[at * width : (at + 1) * width] = special[place * width : (place + 1) * width]
    return cells


def _flatten(records: Sequence[bytes], delimiter: str, width: int, quoted: list[int]) -> list[str] | None:
    cells: list[str] = []
    widths: set[int] = set()
    try:
        for row in csv.reader([record.decode() for record in records], delimiter=delimiter, strict=True):
            widths.add(len(row))
            cells += row
    except csv.Error:
        return None
    return None if widths - {width} or _holds_nul(records) else cells


def _holds_nul(records: Sequence[bytes]) -> bool:
    return any(b"\0" in record for record in records)


def cells_of(record: bytes, delimiter: str) -> list[str] | None:
    """The cells of one record without its line end; None if text follows a closing quote."""
    try:
        return next(csv.reader([record.decode()], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _fault(row: list[str] | None, record: bytes, width: int) -> Fault | None:
    if len(record) > LONGEST:  # with line ends in it, it may have swallowed other rows
        certain = row if row is not None and len(row) == width and not LINE_END.search(record) else []
        return Fault(f"the row is longer than {LONGEST:,} bytes; is a quote missing?", certain)
    if row is None:
        return Fault("there is text after a closing quote (a quote inside a quoted value must be doubled)", [])
    if b"\0" in record:
        # Several in a row are what a crash leaves of other rows: then not even the key can be trusted.
        return Fault("there is a NUL byte in this row", row if b"\0\0" not in record and len(row) == width else [])
    if len(row) == width:
        return None
    # Cells may be shifted, so that only the first can be told; and a line end in quotes may have swallowed other rows.
    certain = [] if LINE_END.search(record) else row[:1]
    kind = "short" if len(row) < width else "long"
    return Fault(f"the row is too {kind}: {len(row)} cells, but the header has {width} columns", certain)


def spell(cell: str, delimiter: str, *, quoted: bool = False) -> str:
    """A cell as it stands in a file: in quotes where it must be, or as asked."""
    if quoted or any(mark in cell for mark in ('"', delimiter, "\r", "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def spell_row(cells: Sequence[str], delimiter: str) -> str:
    """A record without its line end; never a blank line."""
    return delimiter.join(spell(cell, delimiter) for cell in cells) or '""'
