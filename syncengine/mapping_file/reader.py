"""A mapping file, read from top to bottom."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from syncengine.mapping import Entity, ErpSide, Gone, Mapping, StoreSide, digest
from syncengine.mapping_file.fields import Fields
from syncengine.mapping_file.lines import LINES, read_lines
from syncengine.mapping_file.sections import (
    check_archive,
    check_create_in_erp,
    check_made_and_gone,
    check_never_told,
    check_reference,
    check_store,
)
from syncengine.mapping_file.tables import CreateTable, ErpTable, GoneTable, MatchTable, StoreTable, section
from syncengine.store_paths import TABLES, Table
from syncengine.toml_file import TomlFile
from syncengine.written import known

__all__ = ["read_mapping"]

SECTIONS = ("entity", "erp", "store", "match", "create", "gone", "lines", "fields")


def read_mapping(file: TomlFile) -> Mapping:
    """The mapping of a file. Raises ConfigError with everything that is wrong."""
    for key in file.data:
        if key not in SECTIONS:
            file.wrong((key,), "unknown key", known(key, SECTIONS))
    entity = _entity(file)
    of = _table(file, entity)
    erp = section(file, ErpTable, "erp")
    store = section(file, StoreTable, "store")
    match = section(file, MatchTable, "match")
    create = section(file, CreateTable, "create")
    gone = section(file, GoneTable, "gone")
    fields = Fields.read(file, of)
    if store:
        check_store(fields, store)
        fields.move_by(store.transitions)
    fields.check_paths()
    if erp and erp.parent == erp.key:
        instead = "name the column with the key of the product that a row is a variation of, or leave parent out"
        file.wrong(("erp", "parent"), "every row would be a variation of itself: this is the key", instead)
    if erp and erp.write_to:
        fields.share_columns()
    by = fields.matched_by(match.by) if match else ()
    if erp and create and create.in_erp:
        check_create_in_erp(fields, erp)
    if create and gone:
        check_made_and_gone(file, of, create, gone)
    if erp and erp.archive_to is not None:
        check_archive(file, erp.archive_to, erp)
    if erp and erp.import_within is None:
        check_never_told(file, erp)
    if erp and of.reference:
        check_reference(fields, erp, by)
    if erp and "lines" in file.data and (lines := read_lines(fields, erp)):
        fields.found[LINES] = lines
    file.finish()
    assert erp and store and match and create and gone
    mapping = Mapping(
        file=file.name,
        entity=entity,
        erp=ErpSide(**dict(erp), line=file.line("erp")),
        store=StoreSide(store.only, store.booked, store.api_refund),
        match_by=by,
        create_in_store=create.in_store and of.creates,
        create_in_erp=create.in_erp,
        gone=Gone(**dict(gone)),
        fields=fields.found,
    )
    return replace(mapping, digest=digest(mapping))


def _entity(file: TomlFile) -> Entity:
    """The kind of record; a product where that is not told, so that the rest can be checked as well."""
    entity: Any = file.data.get("entity")
    entities: tuple[Entity, ...] = get_args(Entity)
    if (known_entity := next((one for one in entities if one == entity), None)) is not None:
        return known_entity
    if entity is None:
        file.wrong((), "entity is missing", 'write entity = "product" at the top')
    else:
        file.wrong(("entity",), f"unknown word {entity!r}", known(entity, entities))
    return "product"


def _table(file: TomlFile, entity: Entity) -> Table:
    """What the store's records can hold; it may depend on whether they are created there."""
    table, create = TABLES[entity], file.data.get("create")
    if table.if_created is not None and isinstance(create, dict) and create.get("in_store") is True:
        return table.if_created
    return table
