"""One field of a mapping: what is written of it, checked against what its store path can be."""

from __future__ import annotations

from syncengine.mapping import Field, Truth
from syncengine.mapping_file.counting import check_one_way, read_rule, read_units
from syncengine.mapping_file.tables import AS_MONEY, EXAMPLES, IN_PLACE, FieldTable, column
from syncengine.mapping_file.words import read_value, read_words
from syncengine.records import Side
from syncengine.store_paths import TABLES, Table
from syncengine.toml_file import Place, TomlFile
from syncengine.values import NUMBERS, Type

__all__ = ["read_field"]

BESIDE_NO_CONSTANT = (
    "erp", "map", "else", "default", "required", "empty", "factor", "add", "round", "unit", "reserve",
)  # fmt: skip
STOCK = "stock_quantity"


def read_field(file: TomlFile, place: Place, table: object, of: Table) -> Field | None:
    """One field of the records whose paths are `of`."""
    name = str(place[-1])
    if not isinstance(table, dict):
        file.wrong(place, "must be a table", f'write {name} = {{ erp = "…", store = "…" }}')
        return None
    file.checked(place, column, name)
    written = file.read(FieldTable, table, place, EXAMPLES)
    if written is None:
        return None
    before = len(file.problems)
    given = set(table)
    _check_sides(file, place, written, given, of)
    _check_fit(file, place, written, given)
    kind = Type(
        name=written.type,
        places=2 if written.places is None else written.places,
        rounds=written.round == AS_MONEY,
        separator="|" if written.separator is None else written.separator,
        strip=written.strip,
        ordered=written.store == "images",
    )
    values = {
        key: read_value(file, (*place, key), kind, table[key]) for key in ("value", "default", "else") if key in table
    }
    translations = read_words(file, (*place, "map"), kind, written.map)
    if written.store:
        for key, value in values.items():
            file.checked((*place, key), of.check_word, written.store, value)
        for word, value in (translations or {}).items():
            file.checked((*place, "map", word), of.check_word, written.store, value)
    rule = read_rule(file, place, written, kind)
    units = read_units(file, place, written) if len(file.problems) == before else None
    truth, only_to = _travels(file, place, written, of)
    if rule is not None:
        check_one_way(file, place, written, truth)
        only_to = "store"
    if written.reserve is not None:
        _check_reserve(file, place, written, truth, of)
        only_to = "store"
    if len(file.problems) > before:
        return None
    unclear = written.type in (*NUMBERS, "date", "datetime", "boolean")
    return Field(
        name=name,
        erp=written.erp,
        store=written.store,
        type=kind,
        truth=truth,
        only_to=only_to,
        translations=translations,
        otherwise=values.get("else"),
        has_otherwise="else" in table,
        constant=values.get("value"),
        has_constant="value" in table,
        default=values.get("default"),
        required=written.required,
        max_change=written.max_change,
        empty=written.empty or ("ignore" if unclear else "clear"),
        by_difference=written.write is not None,
        rule=rule,
        units=units,
        untold="store" if written.store in of.write_only else None,
        secret=written.store in of.secret,
        reserves=written.reserve is not None,
        once=written.store in of.once,
        line=file.line(*place),
    )


def _check_sides(file: TomlFile, place: Place, written: FieldTable, given: set[str], of: Table) -> None:
    if "value" in given:
        for key in BESIDE_NO_CONSTANT:
            if key in given:
                file.wrong((*place, key), "value is a constant, which needs no such thing", f"leave out value or {key}")
    elif written.erp is None:
        file.wrong(place, "erp is missing", 'write erp = "COLUMN", or value = … for a constant')
    if written.store is None:
        instead = 'write store = "name", or leave the field out; the key column needs no field of its own'
        file.wrong(place, "store is missing", instead)
        return
    before = len(file.problems)
    file.checked((*place, "store"), of.check_path, written.store)
    if len(file.problems) == before:
        file.checked((*place, "type" if "type" in given else "store"), of.check_type, written.store, written.type)


def _check_fit(file: TomlFile, place: Place, written: FieldTable, given: set[str]) -> None:
    """Keys that mean something only for some types, or beside another key."""
    if "places" in given and written.type != "money":
        file.wrong((*place, "places"), f"means nothing for {written.type}", 'write type = "money", or leave places out')
    if written.round == AS_MONEY and written.type != "money":
        instead = 'write round = "1", or type = "money"' if written.type in NUMBERS else 'write type = "money"'
        file.wrong((*place, "round"), f"half-up means nothing for {written.type}", f"{instead}, or leave it out")
    if "separator" in given and written.type != "list":
        file.wrong((*place, "separator"), f"means nothing for {written.type}", 'write type = "list", or leave it out')
    if written.separator is not None and (not written.separator or "\n" in written.separator):
        file.wrong((*place, "separator"), "nothing to separate by", 'write a mark, such as "|" or ","')
    if "max_change" in given and written.type not in NUMBERS:
        instead = 'write type = "money" or "integer", or leave it out'
        file.wrong((*place, "max_change"), f"means nothing for {written.type}", instead)
    if "else" in given and written.map is None and "value" not in given:
        file.wrong((*place, "else"), "is for what map does not have, and there is no map", "write default, or a map")
    if written.write and written.truth != "sum":
        file.wrong((*place, "write"), "only sum hands over differences", 'write truth = "sum", or leave write out')
    _check_truth(file, place, written, given)


def _check_truth(file: TomlFile, place: Place, written: FieldTable, given: set[str]) -> None:
    """Truths that cannot work."""
    where = (*place, "truth")
    erp = file.data.get("erp", {})
    erp = erp if isinstance(erp, dict) else {}
    write_to = erp.get("write_to")
    if "value" in given and written.truth in ("sum", "union", "newest"):
        file.wrong(where, f"a constant cannot have the truth {written.truth}", 'write truth = "erp"')
        return
    if written.truth == "sum":
        handed_over = write_to not in (None, IN_PLACE)
        if written.type not in NUMBERS:
            instead = 'write type = "integer", or a truth such as "erp-wins"'
            file.wrong(where, f"sum adds numbers, and this is {written.type}", instead)
        elif written.map is not None:
            file.wrong(
                (*place, "map"),
                "sum adds numbers, and a map has words",
                "leave out the map, or choose another truth",
            )
        elif handed_over and not written.write and written.to != "store":
            message = "sum can be handed over in a file only as a signed difference, never as a number"
            file.wrong(where, message, 'write write = "difference", or to = "store"')
        if write_to == IN_PLACE and written.write:
            message = 'with write_to = "in-place" a difference would stand in the ERP\'s data as its number'
            file.wrong((*place, "write"), message, "leave it out")
    if written.truth == "union" and written.type != "list":
        instead = 'write type = "list", or a truth such as "store-wins"'
        file.wrong(where, f"union joins lists, and this is {written.type}", instead)
    if written.truth == "newest" and erp.get("modified") is None:
        instead = 'write modified = "COLUMN" under [erp], or a truth such as "erp-wins"'
        file.wrong(where, "newest needs to know when the ERP's record was modified", instead)


def _travels(file: TomlFile, place: Place, written: FieldTable, of: Table) -> tuple[Truth, Side | None]:
    """The truth, and the one side that the field travels to. What nobody can write may still be matched by."""
    truth: Truth = written.truth or "erp"
    if written.store in of.write_only:
        if written.to == "erp" or truth != "erp":
            file.wrong(place, f"the store never tells its {written.store}", 'write truth = "erp", to = "store"')
        return truth, "store"
    if written.store is not None and not of.knows(written.store) and truth == "store":
        return truth, "erp"
    if written.store in of.read_only:
        if written.to == "store" or "value" in written.model_fields_set:
            file.wrong(
                place, f"nobody can write {written.store} of the store", 'write to = "erp", or leave the field out'
            )
        elif written.store not in of.match.values() and truth != "store" and written.to != "erp":
            file.wrong(place, f"nobody can write {written.store} of the store", 'write truth = "store"')
        return truth, "erp"
    if "value" in written.model_fields_set and written.to == "erp":
        file.wrong((*place, "to"), "a constant is for the store", 'write to = "store", or leave it out')
    elif written.to is not None and (truth, written.to) in (("erp", "erp"), ("store", "store")):
        other = "store" if truth == "erp" else "erp"
        instead = f'write to = "{other}" or truth = "{other}"'
        file.wrong(
            (*place, "to"),
            f"the {truth} is right and only the {truth} is written: nothing would ever travel",
            instead,
        )
    return truth, written.to


def _check_reserve(file: TomlFile, place: Place, written: FieldTable, truth: Truth, of: Table) -> None:
    """A stock that makes allowance for orders: the ERP's number is right, once these are taken from it."""
    at = (*place, "reserve")
    if of is not TABLES["product"] or written.store != STOCK:
        file.wrong(at, "orders take from a product's stock only", f'write store = "{STOCK}", or leave it out')
    elif truth != "erp" or written.to == "erp":
        message = "the store gets the ERP's number less what is in open orders, whatever it has"
        file.wrong(at, message, 'write truth = "erp", to = "store"')
