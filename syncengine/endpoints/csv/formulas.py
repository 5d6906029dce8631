"""`guard_formulas`: cells that a spreadsheet would run as a formula stand in files behind an apostrophe.

It is put before a cell when it is written and taken off when it is read. A cell that has one there already gets
another, so that whatever is written is read back as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.settings import CsvConnection
from syncengine.values import Format, Type

__all__ = ["Formulas", "format_of"]

MARK = "'"
RUN = ("=", "+", "-", "@", "\t", "\r")
SIGNS = ("+", "-")
NUMBER = Type("decimal")


def format_of(connection: CsvConnection) -> Format:
    """How values are spelled in a connection's files."""
    return Format(
        text=True,
        decimal=connection.decimal,
        thousands=connection.thousands,
        date_format=connection.date_format,
        timezone=connection.timezone,
    )


@dataclass(frozen=True, slots=True)
class Formulas:
    """What a cell looks like in a file; the cell itself where formulas are not guarded."""

    format: Format
    guarded: bool

    @classmethod
    def of(cls, connection: CsvConnection) -> Formulas:
        return cls(format_of(connection), connection.guard_formulas)

    def write(self, cell: str) -> str:
        return MARK + cell if self.guarded and self._would_run(cell.lstrip(MARK)) else cell

    def read(self, cell: str) -> str:
        there = self.guarded and cell.startswith(MARK) and self._would_run(cell.lstrip(MARK))
        return cell[len(MARK) :] if there else cell

    def read_all(self, cells: Sequence[str]) -> Sequence[str]:
        return [self.read(cell) for cell in cells] if self.guarded else cells

    def _would_run(self, cell: str) -> bool:
        return cell.startswith(RUN) and not (cell.startswith(SIGNS) and self._is_number(cell))

    def _is_number(self, cell: str) -> bool:
        """A plain one, without any space around it."""
        try:
            return cell == cell.strip() and self.format.read(cell, NUMBER) is not None
        except ValueError:
            return False
