"""Weights and sizes in the units of either side.

A number keeps at most 4 places in the store's unit and 6 in the ERP's, so that what has been to either side and back is
the number that went.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from syncengine.values import EXACT, rounded

__all__ = ["UNITS", "Units", "kept", "to_erp", "to_store", "units_of"]

Units = tuple[str, str]  # the ERP's and the store's

PLACES_IN_ERP, PLACES_IN_STORE = 6, 4
WEIGHTS: Mapping[str, Decimal] = {  # in grams
    "g": Decimal(1),
    "kg": Decimal(1000),
    "lbs": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
LENGTHS: Mapping[str, Decimal] = {  # in millimetres
    "mm": Decimal(1),
    "cm": Decimal(10),
    "m": Decimal(1000),
    "in": Decimal("25.4"),
    "yd": Decimal("914.4"),
}
UNITS: Mapping[str, Decimal] = {**WEIGHTS, **LENGTHS}


def units_of(path: str) -> Mapping[str, Decimal]:
    """The units that a path of the store may have; none where it is no measure."""
    return WEIGHTS if path == "weight" else LENGTHS if path.startswith("dimensions.") else {}


def to_store(amount: Decimal, units: Units) -> Decimal:
    erp, store = units
    return rounded(_converted(rounded(amount, PLACES_IN_ERP), erp, store), PLACES_IN_STORE)


def to_erp(amount: Decimal, units: Units) -> Decimal:
    erp, store = units
    return rounded(_converted(amount, store, erp), PLACES_IN_ERP)


def kept(amount: Decimal, units: Units) -> Decimal:
    """A number of the store as it would come back from the ERP."""
    return to_store(to_erp(amount, units), units)


def _converted(amount: Decimal, given: str, wanted: str) -> Decimal:
    return EXACT.divide(EXACT.multiply(amount, UNITS[given]), UNITS[wanted])
