"""Changes -> cells of the ERP's columns."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.endpoints.csv.dialect import Dialect
from syncengine.mapping import Field
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Change
from syncengine.values import Format, Value

__all__ = ["check_cell", "key_of", "spell_difference", "value_of", "writers"]


def writers(mapping: FieldMapping) -> dict[str, Field]:
    """The field that each mapped ERP column is written from: of several, the one that may write it. Never one that was
    counted for the store."""
    found: dict[str, Field] = {}
    for field in mapping.fields.values():
        if field.erp is None or field.rule is not None:
            continue
        known = found.get(field.erp)
        if known is None or (field.goes_to("erp") and not known.goes_to("erp")):
            found[field.erp] = field
    return found


def key_of(change: Change, column: str, fields: Mapping[str, Field], format: Format) -> str:
    """The key that the record has in the ERP, or is to have. Raises ValueError if there is none."""
    key = change.record_id or change.key
    if not key and column in fields:
        key = str(fields[column].write("erp", value_of(change, fields[column]), format)).strip()
    if not key:
        raise ValueError(f"there is no key for the column {column!r}")
    return key


def value_of(change: Change, field: Field) -> Value:
    """The merged value of a field."""
    if field.name in change.fields:
        return change.fields[field.name].new
    return change.record.get(field.name)


def spell_difference(change: Change, field: Field, format: Format) -> str:
    """By how much a number is to change, with its sign; 0 if it stays."""
    changed = change.fields.get(field.name)
    difference = changed.difference if changed is not None else None
    if difference is None and change.action == "create":
        difference = value_of(change, field)
    text = str(field.write("erp", difference or 0, format))
    return text if text.startswith("-") or not difference else f"+{text}"


def check_cell(column: str, cell: str, dialect: Dialect) -> None:
    """Raise ValueError if a cell cannot be written in this file."""
    if "\0" in cell:
        raise ValueError(f"{column}: a NUL character cannot stand in a CSV file")
    try:
        dialect.encode(cell)
    except UnicodeEncodeError as error:
        raise ValueError(f"{column}: {cell[error.start]!r} cannot be written in {dialect.encoding}") from None
