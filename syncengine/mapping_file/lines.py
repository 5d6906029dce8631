"""The lines of orders, which travel with their order: to the ERP, or to the store with a new one."""

from __future__ import annotations

from dataclasses import replace

from syncengine.mapping import LINES as LINES_COLUMN
from syncengine.mapping import Field, Lines
from syncengine.mapping_file.field import read_field
from syncengine.mapping_file.fields import Fields
from syncengine.mapping_file.tables import EXAMPLES, IN_PLACE, ErpTable, LinesTable, section
from syncengine.store_paths import Table
from syncengine.toml_file import TomlFile
from syncengine.values import Type
from syncengine.written import known

__all__ = ["LINES", "read_lines"]

LINES = "lines"  # the field that holds an order's lines
IN_LINES = ("erp", "store", "type", "map", "places", "round", "separator", "strip")  # the keys of a field of a line


def read_lines(fields: Fields, erp: ErpTable) -> Field | None:
    """The field that holds an order's lines, which travel with it: to the ERP, or to the store with a new order."""
    file, of, place = fields.file, fields.of, ("lines",)
    if of.in_lines is None:
        file.wrong(place, f"a {of.what} has no lines", "leave this table out")
        return None
    table = section(file, LinesTable, "lines")
    if table is None:
        return None
    if LINES in fields.found:
        file.wrong(("fields", LINES), "this is what the lines are called", "give the field another name")
    kinds = table.path or of.lines[:1]
    for kind in kinds:
        if kind not in of.lines:
            file.wrong(("lines", "path"), f"unknown word {kind!r}", known(kind, of.lines))
    if table.resource is not None and table.resource == erp.write_to:
        file.wrong(("lines", "resource"), "the orders' own file", "name another, or leave it out")
    read = {name: _of_line(fields, of.in_lines, name, written) for name, written in table.fields.items()}
    found = {name: one for name, one in read.items() if one is not None}
    if not table.fields:
        file.wrong(("lines",), "no field is mapped", f"write {EXAMPLES['fields']}")
    _check_columns(fields, table, erp, found)
    inside = Lines(tuple(dict.fromkeys(kinds)), found, table.resource)
    if of.creates:
        _check_new(file, table, erp, inside)
        return Field(
            LINES,
            LINES_COLUMN,
            LINES,
            Type("json"),
            only_to="store",
            untold="store",
            once=True,
            lines=inside,
            line=file.line(*place),
        )
    if erp.import_within is not None:
        message = "lines go to the ERP, and are never read back"
        file.wrong(place, message, 'write import_within = "never" under [erp], and complete = false')
    return Field(
        LINES,
        LINES,
        LINES,
        Type("json"),
        "store",
        only_to="erp",
        untold="erp",
        lines=inside,
        line=file.line(*place),
    )


def _check_new(file: TomlFile, table: LinesTable, erp: ErpTable, lines: Lines) -> None:
    """Lines that come from the ERP, with an order that is created in the store."""
    place = ("lines",)
    mapped = {one.store for one in lines.fields.values()}
    if table.resource is not None:
        message = "the lines of the ERP's orders stand beside them: a row for each, with the order's columns"
        file.wrong((*place, "resource"), message, "leave it out")
    if erp.write_to == IN_PLACE:
        message = "a file with a row for each line is not changed in place"
        file.wrong(("erp", "write_to"), message, 'write "import/orders-{time}.csv", or leave it out')
    for path in ("sku", "quantity"):
        if path not in mapped:
            instead = f'write a field {path} = {{ erp = "COLUMN", store = "{path}" }} below [lines.fields]'
            file.wrong(place, f"a new order's lines need a {path}", instead)
    if len(lines.kinds) > 1 and "kind" not in mapped:
        instead = 'write a field kind = { erp = "COLUMN", store = "kind" } below [lines.fields]'
        file.wrong((*place, "path"), "nothing tells of which kind a line is", instead)


def _of_line(fields: Fields, of: Table, name: str, written: object) -> Field | None:
    place = ("lines", "fields", name)
    for key in written if isinstance(written, dict) else ():
        if key not in IN_LINES:
            fields.file.wrong((*place, key), "no key of a field in a line", known(key, IN_LINES))
            return None
    one_way = {"truth": "erp", "to": "store"} if fields.of.creates else {"truth": "store", "to": "erp"}
    given = {**written, **one_way} if isinstance(written, dict) else written
    field = read_field(fields.file, place, given, of)
    return replace(field, line=None) if field is not None else None


def _check_columns(fields: Fields, table: LinesTable, erp: ErpTable, found: dict[str, Field]) -> None:
    """Lines stand beside their order, or in a file of their own beside its key: each column once."""
    taken = {erp.key: "the key"}
    if table.resource is None:
        taken = {one.erp: one.name for one in fields.found.values() if one.erp is not None} | taken
    for name, one in found.items():
        column = one.erp or ""
        if column in taken:
            message = f"the column {column} is written already by {taken[column]}"
            fields.file.wrong(("lines", "fields", name, "erp"), message, "name another column")
        taken[column] = name
