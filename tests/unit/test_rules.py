"""What the ERP's numbers become on their way to the store: factor, add, round, and the units of either side."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from syncengine.mapping import Field
from syncengine.rules import Rounding, Rule
from syncengine.units import Units
from syncengine.values import PLAIN, Format, Type
from tests.csv_files import FIELDS, RUN, Erp, Pulled, create, update
from tests.running import field

GERMAN = Format(decimal=",", thousands=".")
API = Format(text=False)
MONEY = Type("money")
NAMED = FIELDS[:2]  # a key and a name
TO_05, TO_99, TO_990 = (
    Rounding(Decimal("0.05")),
    Rounding(Decimal(1), Decimal("0.99")),
    Rounding(Decimal(10), Decimal("9.90")),
)


def price(factor: str = "1", add: str = "0", rounding: Rounding | None = None, kind: Type = MONEY) -> Field:
    return Field(
        "price", "Net", "regular_price", kind, only_to="store", rule=Rule(Decimal(factor), Decimal(add), rounding)
    )


@pytest.mark.parametrize(
    ("rounding", "amount", "becomes"),
    [
        (TO_05, "0.02", "0.00"),
        (TO_05, "0.025", "0.05"),
        (TO_05, "0.0249999999999999999999999999999999999999", "0"),
        (TO_05, "7.33", "7.35"),
        (TO_05, "7.32", "7.30"),
        (TO_05, "7.35", "7.35"),
        (TO_05, "-0.025", "0"),
        (TO_05, "-0.03", "-0.05"),
        (Rounding(Decimal("0.03")), "0.1", "0.09"),
        (Rounding(Decimal(5)), "12.5", "15"),
        (TO_99, "0.30", "0.99"),
        (TO_99, "0", "0.99"),
        (TO_99, "1.48", "0.99"),
        (TO_99, "1.49", "1.99"),
        (TO_99, "10.49", "10.99"),
        (TO_99, "10.4899", "9.99"),
        (TO_99, "10.99", "10.99"),
        (TO_99, "11", "10.99"),
        (TO_990, "3", "9.90"),
        (TO_990, "14.89", "9.90"),
        (TO_990, "14.90", "19.90"),
        (TO_990, "123456789012345678901234567890", "123456789012345678901234567889.90"),
    ],
)
def test_an_amount_is_rounded_to_the_nearest_and_upwards_in_the_middle(
    rounding: Rounding, amount: str, becomes: str
) -> None:
    assert rounding.applied(Decimal(amount)) == Decimal(becomes)


def test_an_amount_below_nothing_gets_no_ending() -> None:
    with pytest.raises(ValueError, match=r"-5\.00 is below 0"):
        TO_99.applied(Decimal("-5.00"))


@pytest.mark.parametrize(
    ("one", "cell", "value"),
    [
        (price("1.19"), "10,00", "11.90"),
        (price("1.19", "0.50"), "10,00", "12.40"),
        (price("1.19", rounding=TO_05), "9,99", "11.90"),
        (price("1.19", rounding=TO_99), "1.000,00", "1189.99"),
        (price("1.19", "-1", TO_99), "10", "10.99"),
        (price("1.19", kind=Type("money", rounds=True)), "0,5126", "0.61"),
        (price("1.19", kind=Type("money", places=4)), "10,01", "11.9119"),
        (price("1.19", kind=Type("decimal")), "10,01", "11.9119"),
        (price("12", kind=Type("integer")), "3", "36"),
        (price("1", rounding=TO_05), "9,999", "10.00"),
    ],
)
def test_the_erp_s_number_is_multiplied_then_added_to_then_rounded(one: Field, cell: str, value: str) -> None:
    found = one.read("erp", cell, GERMAN)
    assert found == Decimal(value)
    assert isinstance(found, int) == (one.type.name == "integer")


def test_a_number_of_an_api_is_counted_too() -> None:
    assert price("1.19").read("erp", 10.0, API) == Decimal("11.90")


@pytest.mark.parametrize("cell", ["", "  ", None])
def test_an_empty_cell_stays_empty(cell: str | None) -> None:
    assert price("1.19", "0.50", TO_99).read("erp", cell, PLAIN) is None


def test_the_store_s_numbers_are_as_they_are() -> None:
    assert price("1.19", "0.50", TO_99).read("store", "10.00", API) == Decimal("10.00")
    assert price("1.19", "0.50", TO_99).write("store", Decimal("12.40"), API) == "12.4"


def test_a_result_that_the_type_cannot_hold_is_refused_with_both_numbers() -> None:
    with pytest.raises(
        ValueError, match=r"^10\.01 becomes 11\.9119: more than 2 decimal places: '11\.9119' .set places"
    ):
        price("1.19").read("erp", "10.01", PLAIN)
    with pytest.raises(ValueError, match=r"^3 becomes 4\.5: not a whole number: '4\.5'"):
        price("1.5", kind=Type("integer")).read("erp", "3", PLAIN)
    with pytest.raises(ValueError, match="not a number: '1O'"):
        price("1.5").read("erp", "1O", PLAIN)


def test_a_counted_number_never_goes_to_the_erp() -> None:
    assert not price("1.19").goes_to("erp")
    with pytest.raises(ValueError, match=r"11\.90 was counted for the store"):
        price("1.19").write("erp", Decimal("11.90"), PLAIN)


def test_a_counted_column_is_left_out_of_what_is_handed_over(tmp_path: Path) -> None:
    """The file would say the gross price where the ERP has the net one."""
    erp = Erp(tmp_path, (*NAMED, price("1.19")), write_to="import/{time}.csv")
    erp.write("ArtNr,Name,Net\nA-1,Cup,10.00\n")
    endpoint = Pulled(erp.open()).endpoint
    endpoint.send([update("A-1", 1, name="Mug", record={"price": Decimal("11.90")})])
    assert (erp.folder / f"import/{RUN}.csv").read_text() == "ArtNr,Name\nA-1,Mug\n"


def test_a_counted_column_that_another_field_writes_is_handed_over_as_that_has_it(tmp_path: Path) -> None:
    net = Field("net", "Net", "meta:net", MONEY, truth="erp-wins")
    erp = Erp(tmp_path, (*NAMED, price("1.19"), net), write_to="import/{time}.csv")
    erp.write("ArtNr,Name,Net\nA-1,Cup,10.00\n")
    endpoint = Pulled(erp.open()).endpoint
    record = {"name": "Cup", "price": Decimal("11.90")}
    endpoint.send([update("A-1", 1, net=Decimal("9.5"), record=record)])
    assert (erp.folder / f"import/{RUN}.csv").read_text() == "ArtNr,Name,Net\nA-1,Cup,9.50\n"


def test_a_counted_cell_of_the_erp_s_own_file_stays_as_it_is(tmp_path: Path) -> None:
    erp = Erp(tmp_path, (*NAMED, price("1.19")), write_to="in-place")
    erp.write("ArtNr,Name,Net\nA-1,Cup,10.0\n")
    endpoint = Pulled(erp.open()).endpoint
    changes = [update("A-1", 1, name="Mug", record={"price": Decimal("11.90")}), create("A-2", 2, name="Pot")]
    changes[1].record = {"price": Decimal("5.95")}
    assert {outcome.status for outcome in endpoint.send(changes)} == {"done"}
    assert erp.file.read_text() == "ArtNr,Name,Net\nA-1,Mug,10.0\nA-2,Pot,\n"


# units


def measure(units: Units, kind: str = "decimal") -> Field:
    return field("weight", kind, units=units)


@pytest.mark.parametrize(
    ("units", "cell", "value"),
    [
        (("g", "kg"), "1500", "1.5"),
        (("kg", "g"), "1,5", "1500"),
        (("g", "kg"), "0,04", "0"),
        (("g", "kg"), "0,05", "0.0001"),
        (("lbs", "kg"), "1", "0.4536"),
        (("oz", "g"), "1", "28.3495"),
        (("oz", "lbs"), "16", "1"),
        (("mm", "cm"), "15", "1.5"),
        (("in", "cm"), "10", "25.4"),
        (("m", "yd"), "0,9144", "1"),
        (("kg", "kg"), "0,12345", "0.1235"),
    ],
)
def test_the_erp_s_measure_is_converted_into_the_store_s_unit(units: Units, cell: str, value: str) -> None:
    assert measure(units).read("erp", cell, GERMAN) == Decimal(value)


@pytest.mark.parametrize(
    ("units", "value", "cell"),
    [
        (("g", "kg"), "1.5", "1500"),
        (("kg", "g"), "1500", "1,5"),
        (("lbs", "kg"), "1", "2,204623"),
        (("cm", "in"), "10", "25,4"),
        (("mm", "m"), "0.0001", "0,1"),
    ],
)
def test_the_store_s_measure_is_converted_back_for_the_erp(units: Units, value: str, cell: str) -> None:
    assert measure(units).write("erp", Decimal(value), GERMAN) == cell


def test_whole_measures_stay_whole() -> None:
    grams = measure(("kg", "g"), "integer")
    assert grams.read("erp", "1,5", GERMAN) == 1500
    assert type(grams.read("erp", "1,5", GERMAN)) is int
    assert type(grams.read("store", "1500", API)) is int
    assert grams.write("erp", 1500, GERMAN) == "1,5"
    with pytest.raises(ValueError, match=r"^0\.0005 becomes 0\.5: not a whole number"):
        grams.read("erp", "0,0005", GERMAN)


def test_an_empty_measure_is_empty_in_every_unit() -> None:
    weight = measure(("g", "kg"))
    assert weight.read("erp", "", PLAIN) is None
    assert weight.read("store", "", API) is None
    assert weight.write("erp", None, PLAIN) == ""
