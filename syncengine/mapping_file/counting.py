"""What is done to a field's numbers on their way: counted by a rule, or converted from unit to unit."""

from __future__ import annotations

from decimal import Decimal

from syncengine.mapping import Truth
from syncengine.mapping_file.tables import FieldTable
from syncengine.rules import Rounding, Rule
from syncengine.toml_file import Place, TomlFile
from syncengine.units import Units, units_of
from syncengine.values import NUMBERS, Type
from syncengine.written import known

__all__ = ["check_one_way", "read_rule", "read_units"]


def read_rule(file: TomlFile, place: Place, written: FieldTable, kind: Type) -> Rule | None:
    """What is done to the ERP's numbers."""
    rounding = written.round if isinstance(written.round, Rounding) else None
    parts = {"factor": written.factor, "add": written.add, "round": rounding}
    first = next((key for key, part in parts.items() if part is not None), None)
    if first is None:
        return None
    at = (*place, first)
    if kind.name not in NUMBERS:
        file.wrong(at, f"means nothing for {kind.name}", 'write type = "money" or "integer", or leave it out')
    elif written.map is not None:
        file.wrong(at, "counts with the ERP's numbers, and a map has words", f"leave out map or {first}")
    elif written.unit is not None:
        file.wrong(at, "counts, and unit does so too", f"leave out unit or {first}")
    most = {"money": kind.places, "integer": 0}.get(kind.name)
    if rounding is not None and most is not None and rounding.places > most:
        instead = "write a whole number" if kind.name == "integer" else f"write places = {rounding.places}"
        message = f"such amounts have {rounding.places} decimal places, and this field has {most}"
        file.wrong((*place, "round"), message, f"{instead}, or round less finely")
    return Rule(written.factor or Decimal(1), written.add or Decimal(0), rounding)


def check_one_way(file: TomlFile, place: Place, written: FieldTable, truth: Truth) -> None:
    """A counted number cannot be taken back to what it was counted from."""
    key = next(key for key in ("factor", "add", "round") if key in written.model_fields_set)
    one_way = written.to == "store" or (written.to is None and truth == "erp" and written.store != "id")
    if not one_way and written.to != truth:
        message = "counts on the way to the store only, and this field travels to the ERP"
        file.wrong((*place, key), message, 'write truth = "erp", or to = "store"')


def read_units(file: TomlFile, place: Place, written: FieldTable) -> Units | None:
    if written.unit is None:
        return None
    at, found = (*place, "unit"), (written.unit.erp, written.unit.store)
    units = units_of(str(written.store))
    if not units:
        file.wrong(at, f"{written.store} has none", "leave it out: weight and dimensions have units")
    elif written.type not in ("decimal", "integer"):
        file.wrong(at, f"means nothing for {written.type}", 'write type = "decimal"')
    elif written.map is not None:
        file.wrong(at, "converts numbers, and a map has words", "leave out map or unit")
    elif written.truth == "sum":
        file.wrong(at, "sum counts pieces, and these are measures", 'write truth = "erp-wins"')
    else:
        for side, unit in zip(("erp", "store"), found, strict=True):
            if unit not in units:
                file.wrong((*at, side), f"{unit} is no unit of {written.store}", known(unit, tuple(units)))
    return found
