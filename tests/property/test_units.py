"""What weights and sizes promise between two units, for any number."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from syncengine.mapping import Field
from syncengine.units import LENGTHS, WEIGHTS
from syncengine.values import Format, Type

PAIRS = [*itertools.product(WEIGHTS, repeat=2), *itertools.product(LENGTHS, repeat=2)]
FILE, SHOP = Format(decimal=","), Format(text=False)
numbers = st.decimals(0, 10**6, places=8)
sensible = st.decimals(Decimal("0.01"), 10**4, places=2)  # as people weigh and measure


def measure(units: tuple[str, str]) -> Field:
    return Field("weight", "Weight", "weight", Type("decimal"), units=units)


@given(st.sampled_from(PAIRS), numbers)
def test_what_the_erp_gave_and_gets_back_is_read_as_the_same(units: tuple[str, str], number: Decimal) -> None:
    one = measure(units)
    value = one.read("erp", FILE.write(number, Type("decimal")), FILE)
    assert one.read("erp", one.write("erp", value, FILE), FILE) == value


@given(st.sampled_from(PAIRS), numbers)
def test_what_the_store_gets_from_the_erp_is_what_it_is_read_as(units: tuple[str, str], number: Decimal) -> None:
    one = measure(units)
    value = one.read("erp", FILE.write(number, Type("decimal")), FILE)
    assert one.read("store", one.write("store", value, SHOP), SHOP) == value


@given(st.sampled_from(PAIRS), numbers)
def test_what_the_erp_gets_from_the_store_is_read_as_what_the_store_has(
    units: tuple[str, str], number: Decimal
) -> None:
    one = measure(units)
    value = one.read("store", SHOP.write(number, Type("decimal")), SHOP)
    assert one.read("erp", one.write("erp", value, FILE), FILE) == value


@given(st.sampled_from([("g", "kg"), ("kg", "g"), ("mm", "cm"), ("cm", "mm"), ("cm", "m"), ("in", "mm")]), sensible)
def test_sensible_measures_come_back_as_they_were_spelled(units: tuple[str, str], number: Decimal) -> None:
    one = measure(units)
    number = number.quantize(Decimal("0.1")) if units == ("g", "kg") else number
    cell = FILE.write(number, Type("decimal"))
    assert one.write("erp", one.read("erp", cell, FILE), FILE) == cell
