"""Rows that were set aside -> pages, parsed only now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, overload

import numpy as np
import pandas as pd

from syncengine.endpoints import Page
from syncengine.endpoints.csv.aside import Aside, Rows
from syncengine.endpoints.csv.cells import read_cells
from syncengine.endpoints.csv.scan import Scan
from syncengine.endpoints.csv.wants import Wants
from syncengine.values import Format, Type

__all__ = ["pages"]

PAGE = 50_000  # rows


class Places(Sequence[str]):
    """Where rows stand ("products.csv:18"), spelled only when somebody asks."""

    def __init__(self, scan: Scan, lines: Sequence[int]) -> None:
        self._scan, self._lines = scan, lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Places: ...
    def __getitem__(self, at: int | slice) -> str | Places:
        if isinstance(at, slice):
            return Places(self._scan, self._lines[at])
        return self._scan.where(self._lines[at])


def pages(scans: Sequence[Scan], aside: Aside, wants: Wants, format: Format) -> Iterator[Page]:
    """All accepted rows, each page of one file. A row whose date cannot be read is rejected in its scan."""
    for file, rows in _in_pages(aside):
        page = _page(scans[file], rows, wants, format)
        if page is not None:
            yield page


def _page(scan: Scan, rows: Rows, wants: Wants, format: Format) -> Page | None:
    rows = _some(rows, scan.accepted[rows.numbers].tolist())
    if not rows.numbers:
        return None
    header = scan.dialect.header
    asked = list(dict.fromkeys([wants.key, *wants.columns, *filter(None, [wants.modified])]))
    table = read_cells(rows.records, scan.dialect.delimiter, len(header), [header.index(name) for name in asked])
    columns = {name: wants.formulas.read_all(cells) for name, cells in zip(asked, table.columns, strict=True)}
    frame = pd.DataFrame({name: _objects(columns[name]) for name in wants.columns}, dtype=object)
    ids = [cell.strip() for cell in columns[wants.key]]
    page = Page(ids, Places(scan, rows.lines), frame)
    if wants.modified is None:
        return page
    page.modified, unreadable = _dates(columns[wants.modified], format)
    for row, reason in unreadable.items():
        scan.reject(rows.numbers[row], rows.lines[row], ids[row], reason, wants.modified)
    if unreadable:
        page = page.only([row for row in range(len(ids)) if row not in unreadable])
        return page if page.ids else None
    return page


def _dates(cells: Sequence[str], format: Format) -> tuple[list[datetime | None], dict[int, str]]:
    """The dates, and the reasons of those that cannot be read."""
    dates: list[datetime | None] = []
    unreadable: dict[int, str] = {}
    for row, cell in enumerate(cells):
        try:
            found = format.read(cell, Type("datetime"))
        except ValueError as error:
            unreadable[row] = str(error)
            found = None
        dates.append(found if isinstance(found, datetime) else None)
    return dates, unreadable


def _in_pages(aside: Aside) -> Iterator[tuple[int, Rows]]:
    """The same rows in parts of PAGE, none with rows of two files."""
    current, waiting = 0, Rows([], [], [])
    for file, part in aside:
        if file != current and waiting.numbers:
            yield current, waiting
            waiting = Rows([], [], [])
        current = file
        waiting = Rows(*(column + more for column, more in zip(waiting, part, strict=True)))  # type: ignore[operator]
        while len(waiting.numbers) >= PAGE:
            yield file, Rows(*(column[:PAGE] for column in waiting))  # type: ignore[arg-type]
            waiting = Rows(*(column[PAGE:] for column in waiting))  # type: ignore[arg-type]
    if waiting.numbers:
        yield current, waiting


def _some(rows: Rows, keep: list[bool]) -> Rows:
    if all(keep):
        return rows
    return Rows(*([one for one, kept in zip(column, keep, strict=True) if kept] for column in rows))  # type: ignore[arg-type]


def _objects(column: Sequence[str]) -> Any:
    cells = np.empty(len(column), dtype=object)
    cells[:] = column
    return cells
