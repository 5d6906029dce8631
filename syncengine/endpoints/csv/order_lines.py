"""The lines of an order, as cells of a file for the import."""

from __future__ import annotations

from syncengine.mapping import Lines
from syncengine.values import Format, Value

__all__ = ["cells_of_lines"]

STORE = Format(text=False)  # the lines come as the store's JSON


def cells_of_lines(lines: Lines, value: Value, format: Format) -> list[dict[str, str]]:
    """The cells of each line by column. Raises ValueError with the line and the reason where one cannot be spelled."""
    return [_cells(lines, at, line, format) for at, line in enumerate(value if isinstance(value, list) else [], 1)]


def _cells(lines: Lines, at: int, line: object, format: Format) -> dict[str, str]:
    if not isinstance(line, dict):
        raise ValueError(f"line {at}: not a line of an order")
    cells: dict[str, str] = {}
    for name, field in lines.fields.items():
        try:
            cell = str(field.write("erp", field.read("store", line.get(field.store), STORE), format))
        except ValueError as error:
            raise ValueError(f"line {at}, {name}: {error}") from None
        if "\0" in cell:
            raise ValueError(f"line {at}, {name}: a NUL character cannot stand in a CSV file")
        cells[field.erp or name] = cell
    return cells
