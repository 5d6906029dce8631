"""What the sections of a mapping ask of each other, and of the kind of record."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from syncengine.mapping_file.fields import Fields
from syncengine.mapping_file.tables import EXAMPLES, IN_PLACE, CreateTable, ErpTable, GoneTable, StoreTable, leaves
from syncengine.store_paths import TABLES, Table
from syncengine.toml_file import TomlFile

__all__ = [
    "check_archive",
    "check_create_in_erp",
    "check_made_and_gone",
    "check_never_told",
    "check_reference",
    "check_store",
]


def check_store(fields: Fields, store: StoreTable) -> None:
    for path, words in store.only.items():
        place = ("store", "only", path)
        fields.file.checked(place, fields.of.check_path, path)
        for word in words:
            fields.file.checked(place, fields.of.check_word, path, word)
    _check_booked(fields, store)
    if store.api_refund and not any(one.store == "refunded" and one.goes_to("store") for one in fields.found.values()):
        fields.file.wrong(("store", "api_refund"), "no field refunds orders in the store", "leave it out")


def _check_booked(fields: Fields, store: StoreTable) -> None:
    """Where an order has the number that tells that the ERP has booked it."""
    reserves = next((field for field in fields.found.values() if field.reserves), None)
    place, instead = ("store", "booked"), f"write {EXAMPLES['booked']} under [store]"
    if reserves is not None and store.booked is None:
        message = "nothing tells whether the ERP has booked an order"
        where = "the meta field into which the job of the orders writes the ERP's number"
        fields.file.wrong(("fields", reserves.name, "reserve"), message, f"{instead}: {where}")
    elif reserves is None and store.booked is not None and fields.are_all:
        fields.file.wrong(place, "no field reserves units for orders", f"write {EXAMPLES['reserve']}, or leave it out")
    elif store.booked is not None and not store.booked.startswith("meta:"):
        fields.file.wrong(place, f"not a meta field of an order: {store.booked!r}", instead)
    elif store.booked is not None:
        fields.file.checked(place, TABLES["order"].check_path, store.booked)


def check_create_in_erp(fields: Fields, erp: ErpTable) -> None:
    place = ("create", "in_erp")
    if erp.write_to is None:
        instead = f"write {EXAMPLES['write_to']} under [erp], or in_erp = false"
        fields.file.wrong(place, "the ERP is only read: [erp] has no write_to", instead)
    elif fields.are_all and not any(field.erp == erp.key and field.goes_to("erp") for field in fields.found.values()):
        instead = f'write a field with erp = "{erp.key}" and a store path that is never empty, such as "sku"'
        fields.file.wrong(place, f"a new record would have no key: no field writes the column {erp.key}", instead)


def check_made_and_gone(file: TomlFile, of: Table, create: CreateTable, gone: GoneTable) -> None:
    """What is not done with records of this entity."""
    what = f"{of.what}s"
    if not of.creates:
        if create.in_store and "in_store" in file.data.get("create", {}):
            file.wrong(("create", "in_store"), f"{what} are not created in the store", "leave it out")
        if gone.from_store == "recreate":
            file.wrong(("gone", "from_store"), f"{what} are not created in the store", 'write "ask" or "keep"')
    elif of.reference and gone.from_store == "recreate":
        message = "an order that somebody deletes in the store is not created again"
        file.wrong(("gone", "from_store"), message, 'write "ask" or "keep"')
    if gone.from_erp not in of.gone:
        instead = f"write {' or '.join(json.dumps(one) for one in of.gone)}"
        file.wrong(("gone", "from_erp"), f"{what} of the store cannot become {gone.from_erp!r}", instead)


def check_reference(fields: Fields, erp: ErpTable, by: tuple[str, ...]) -> None:
    """What a created order needs: lines, and what it is found by before it is created again."""
    place = ("create", "in_store")
    if "lines" not in fields.file.data:
        fields.file.wrong(place, "an order without lines is none", f"write [lines], and {EXAMPLES['fields']}")
    path = fields.of.reference
    if fields.are_all and not any(one.erp == erp.key and one.store == path for one in fields.found.values()):
        instead = f'write a field reference = {{ erp = "{erp.key}", store = "{path}" }}'
        message = "the store takes an order as often as it is sent, and nothing is mapped to find it by"
        fields.file.wrong(place, message, instead)
    elif path not in by and fields.are_all:
        fields.file.wrong(("match", "by"), "a created order is found by its reference", 'write by = ["reference"]')


def check_never_told(file: TomlFile, erp: ErpTable) -> None:
    """An ERP that never shows what it has imported is not read for it either."""
    place = ("erp", "import_within")
    if erp.write_to is None or erp.write_to == IN_PLACE:
        file.wrong(place, "nothing is handed over to be imported", f"write {EXAMPLES['write_to']}, or leave it out")
    elif erp.complete:
        message = "an export that holds all records would show what the ERP has imported"
        file.wrong(place, message, 'write complete = false, or how long the import may take: "48h"')


def check_archive(file: TomlFile, folder: str, erp: ErpTable) -> None:
    place = ("erp", "archive_to")
    below = PurePosixPath(folder).parts
    if leaves(folder) or not below or "\\" in folder:
        file.wrong(place, f"not a folder below the connection's: {folder!r}", f"write {EXAMPLES['archive_to']}")
    elif "{" in folder or "}" in folder:
        instead = f"write {EXAMPLES['archive_to']}; files of one name get a number there"
        file.wrong(place, "a folder's name has no placeholder", instead)
    elif erp.write_to == IN_PLACE:
        message = 'with write_to = "in-place" the file is the ERP\'s data, which has to stay where it is'
        file.wrong(place, message, "leave archive_to out")
    elif PurePosixPath(erp.resource).parts[: len(below)] == below:
        file.wrong(place, "the files of resource would lie in it already, and it is never read", "name another")
