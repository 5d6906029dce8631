"""Cells <-> values."""

from __future__ import annotations

import json
import string
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.values import (
    Format,
    Type,
    TypeName,
    Value,
    decode,
    encode,
    is_empty,
    match_key,
    same,
    shown,
)

GERMAN = Format(decimal=",", thousands=".", date_format="%d.%m.%Y", timezone="Europe/Berlin")
ENGLISH = Format(thousands=",", date_format="%m/%d/%Y", timezone="America/New_York")
SWISS = Format(thousands="'", date_format="%d.%m.%y")
FRENCH = Format(decimal=",", thousands="\u00a0", date_format="%d/%m/%Y", timezone="Europe/Paris")
API = Format(text=False)
FORMATS = [Format(), GERMAN, ENGLISH, SWISS, FRENCH, API]
MONEY, INTEGER, DECIMAL = Type("money"), Type("integer"), Type("decimal")

# A two-digit year knows a hundred years only.
DATES = st.dates(date(1970, 1, 1), date(2067, 12, 31))
TIMES = st.integers(86_400, 3_092_515_200).map(lambda second: datetime.fromtimestamp(second, UTC))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=30).map(str.strip),
    "integer": st.integers(-(10**38), 10**38),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=-(10**20), max_value=10**20),
    "money": st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**30), max_value=10**30),
    "boolean": st.booleans(),
    "date": DATES,
    "datetime": TIMES,
    "list": st.lists(
        st.text(string.ascii_letters + string.digits + " >&äß", max_size=12).map(str.strip).filter(bool), max_size=5
    ),
    "json": st.dictionaries(st.text(max_size=5), JSON, max_size=4) | st.lists(JSON, max_size=4),
}


def test_there_are_values_to_try_for_every_type() -> None:
    assert set(VALUES) == set(get_args(TypeName))


@pytest.mark.parametrize("name", get_args(TypeName))
@pytest.mark.parametrize("format", FORMATS, ids=["plain", "german", "english", "swiss", "french", "api"])
@given(data=st.data())
def test_what_is_written_is_read_back_as_the_same_value(name: TypeName, format: Format, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    try:
        cell = format.write(value, Type(name))
    except ValueError:
        # only the hour that the clocks go through twice has two meanings
        assert isinstance(value, datetime)
        assert _is_repeated(value, format)
        return
    back = format.read(cell, Type(name))
    assert same(back, value)
    assert is_empty(back) or type(back) is type(value)


def _is_repeated(value: datetime, format: Format) -> bool:
    local = value.astimezone(ZoneInfo(format.timezone))
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


@pytest.mark.parametrize("name", get_args(TypeName))
@given(data=st.data())
def test_the_canonical_form_is_json_and_comes_back_as_the_same_value(name: TypeName, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    canonical = json.loads(json.dumps(encode(value)))
    assert decode(canonical, Type(name)) == value


@given(number=VALUES["decimal"])
def test_a_number_has_one_canonical_form_however_it_was_spelled(number: Decimal) -> None:
    longer = Decimal(f"{number:f}0")
    assert encode(longer) == encode(number)
    assert "E" not in encode(number)


@pytest.mark.parametrize(
    ("format", "cell", "value"),
    [
        (Format(), "19.9", "19.90"),
        (Format(), "19.90", "19.90"),
        (Format(), " 19.90 ", "19.90"),
        (Format(), "+.5", "0.50"),
        (Format(), "-3", "-3"),
        (Format(), "-0", "0"),
        (GERMAN, "19,90", "19.90"),
        (GERMAN, "1.234,56", "1234.56"),
        (GERMAN, "-1.234.567,8", "-1234567.80"),
        (GERMAN, "1234,56", "1234.56"),
        (GERMAN, "1.234", "1234"),
        (ENGLISH, "1,234.56", "1234.56"),
        (SWISS, "1'234.50", "1234.50"),
        (FRENCH, "1\u00a0234,50", "1234.50"),
    ],
)
def test_one_price_in_many_spellings(format: Format, cell: str, value: str) -> None:
    assert format.read(cell, MONEY) == Decimal(value)


@pytest.mark.parametrize(
    ("format", "cell"),
    [
        (Format(), "1,5"),
        (Format(), "1,234.56"),  # thousands only where they are named
        (Format(), "1O.50"),
        (Format(), "abc"),
        (Format(), "€5"),
        (Format(), "5 €"),
        (Format(), "1e3"),
        (Format(), "5."),
        (Format(), "--5"),
        (Format(), "0x10"),
        (Format(), "NaN"),
        (Format(), "Infinity"),
        (Format(), "1_000"),
        (Format(), "٣"),
        (Format(), "1 000"),
        (Format(), "9" * 41),
        (GERMAN, "19.90"),  # a price of 1990? nobody knows
        (GERMAN, "1.23"),
        (GERMAN, "12.34,5"),
        (GERMAN, "1234.567,8"),
        (GERMAN, "1.234.56"),
        (GERMAN, ".234"),
        (GERMAN, "0.500"),  # half of something by another mark, or five hundred?
        (GERMAN, "-00.500"),
        (GERMAN, "001.000"),
        (SWISS, "0'500"),
        (GERMAN, "1,234,5"),
        (GERMAN, "1,5.000"),
        (ENGLISH, "1,23.4"),
        (ENGLISH, "1,234.567,8"),
        (Format(decimal=","), "1.234"),
    ],
)
def test_what_only_looks_like_a_number_is_refused(format: Format, cell: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        format.read(cell, DECIMAL)


@given(cell=st.text("0123456789.,' -+", max_size=14))
def test_thousands_are_taken_only_in_exact_groups(cell: str) -> None:
    try:
        value = GERMAN.read(cell, DECIMAL)
    except ValueError:
        return
    whole, _, _ = cell.strip().lstrip("+-").partition(",")
    groups = whole.split(".")
    assert (
        value is None or len(groups) == 1 or (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:]))
    )
    assert len(groups) == 1 or not whole.startswith("0")


@given(cell=st.text(max_size=12))
def test_a_cell_that_is_read_as_a_number_says_that_number(cell: str) -> None:
    try:
        value = Format().read(cell, DECIMAL)
    except ValueError:
        return
    assert value is None if not cell.strip() else value == Decimal(cell.strip())


@pytest.mark.parametrize("name", get_args(TypeName))
@pytest.mark.parametrize("format", FORMATS)
@given(cell=st.text(max_size=20) | JSON | st.floats() | st.datetimes())
def test_any_cell_is_a_value_or_refused_with_a_reason(name: TypeName, format: Format, cell: object) -> None:
    try:
        format.read(cell, Type(name))
    except ValueError as reason:
        assert str(reason)


def test_money_with_more_places_than_it_has_is_refused_unless_it_says_how_to_round() -> None:
    with pytest.raises(ValueError, match=r"more than 2 decimal places: .10\.005. .set places, or round"):
        Format().read("10.005", MONEY)
    assert Format().read("10.005", Type("money", rounds=True)) == Decimal("10.01")
    assert Format().read("-0.004", Type("money", rounds=True)) == 0
    assert Format().read("10.0050", Type("money", places=3)) == Decimal("10.005")
    assert Format().read("10.5000", MONEY) == Decimal("10.50")


def test_money_is_written_with_its_places() -> None:
    assert GERMAN.write(Decimal("1234.5"), MONEY) == "1234,50"
    assert Format().write(Decimal("5"), Type("money", places=0)) == "5"
    assert Format().write(Decimal("-0.00"), MONEY) == "0.00"
    with pytest.raises(ValueError, match="more than 2 decimal places"):
        Format().write(Decimal("1.005"), MONEY)


def test_long_numbers_keep_every_digit() -> None:
    long = "1234567890123456789012345678901234567.89"
    assert encode(Format().read(long, DECIMAL)) == long
    assert encode(Format().read(long, MONEY)) == long
    assert Format().write(Format().read(long, MONEY), MONEY) == long


@pytest.mark.parametrize("cell", ["1.5", "0.1", 1.5])
def test_a_part_of_a_piece_is_no_integer(cell: object) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        Format().read(cell, INTEGER)


def test_an_integer_may_be_spelled_with_empty_places() -> None:
    assert Format().read("5.00", INTEGER) == 5
    assert type(Format().read("5.00", INTEGER)) is int


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (True, "integer"),
        (True, "money"),
        (False, "decimal"),
        (2, "boolean"),
        ("ja", "boolean"),
        ("2", "boolean"),
        (["a"], "text"),
        ({"a": 1}, "text"),
        ({"a": 1}, "list"),
        ([True], "list"),
        ([None], "list"),
        ([["a"]], "list"),
        (5, "list"),
        ("[1,", "json"),
        ("NaN", "json"),
        ("[" * 100_000, "json"),
        (5, "date"),
        (datetime(2024, 5, 1, 10, tzinfo=UTC), "date"),
        (date(2024, 5, 1), "datetime"),
        (float("nan"), "money"),
        (float("inf"), "integer"),
    ],
)
def test_nothing_is_turned_silently_into_something_else(cell: object, name: TypeName) -> None:
    with pytest.raises(ValueError, match=r"."):
        Format().read(cell, Type(name))


@pytest.mark.parametrize(
    ("cell", "name", "value"),
    [
        (5, "text", "5"),
        (0.1, "text", "0.1"),
        (1e22, "text", "10000000000000000000000"),
        (True, "text", "1"),
        (19.9, "money", Decimal("19.90")),
        (Decimal("19.900"), "money", Decimal("19.90")),
        (5.0, "integer", 5),
        (1, "boolean", True),
        (0, "boolean", False),
        (["a ", "", 5], "list", ["a", "5"]),
        (("a",), "list", ["a"]),
        (None, "list", []),
        (None, "text", None),
        ({"a": [1]}, "json", {"a": [1]}),
    ],
)
def test_json_values_are_read_as_what_they_are(cell: object, name: TypeName, value: Value) -> None:
    read = API.read(cell, Type(name))
    assert read == value
    assert type(read) is type(value)


def test_an_api_may_answer_numbers_and_objects_as_text() -> None:
    assert API.read('{"a": 1}', Type("json")) == {"a": 1}
    assert API.read("no json", Type("json")) == "no json"
    assert API.read("19.9", MONEY) == Decimal("19.90")


def test_an_object_that_names_a_key_twice_is_refused_since_one_of_the_values_would_be_lost() -> None:
    with pytest.raises(ValueError, match="not JSON: the key 'a' stands twice in one object"):
        Format().read('[{"a": 1, "b": 2, "a": 2}]', Type("json"))
    assert Format().read('[{"a": 1}, {"a": 2}]', Type("json")) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("word", ["1", "true", "YES", "y", "True"])
def test_words_for_true(word: str) -> None:
    assert Format().read(word, Type("boolean")) is True


@pytest.mark.parametrize("word", ["0", "false", "No", "n"])
def test_words_for_false(word: str) -> None:
    assert Format().read(word, Type("boolean")) is False


@pytest.mark.parametrize("name", [name for name in get_args(TypeName) if name not in ("text", "list")])
@pytest.mark.parametrize("strip", [True, False])
def test_an_empty_cell_is_no_value(name: TypeName, strip: bool) -> None:
    assert Format().read("", Type(name, strip=strip)) is None
    assert Format().read("  ", Type(name, strip=strip)) is None
    assert Format().write(None, Type(name)) == ""


def test_text_keeps_its_spaces_only_where_it_is_to() -> None:
    assert Format().read("  a  b ", Type()) == "a  b"
    assert Format().read("  a  b ", Type(strip=False)) == "  a  b "
    assert Format().read(" 5 ", Type("integer", strip=False)) == 5


def test_a_list_is_split_at_its_separator_and_keeps_no_empty_items() -> None:
    assert Format().read(" Tea > Green | | Gifts ", Type("list")) == ["Tea > Green", "Gifts"]
    assert Format().read("a, b", Type("list", separator=",")) == ["a", "b"]
    assert Format().write(["a", "b"], Type("list", separator=", ")) == "a, b"


def test_an_item_with_the_separator_in_it_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"'a\|b' has the separator '\|' in it"):
        Format().write(["a|b"], Type("list"))
    assert API.write(["a|b"], Type("list")) == ["a|b"]


@pytest.mark.parametrize("cell", ["31.2.2024", "2024-02-01", "1.1.24", "01.02.2024 10:00", "heute"])
def test_a_date_is_read_only_in_the_format_of_its_side(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a date like 31\.12\.2026: "):
        GERMAN.read(cell, Type("date"))


@pytest.mark.parametrize(
    ("format", "cell"),
    [("%d%m%Y", "1122024"), ("%Y%m%d", "2024111"), ("%d%m%y", "11224"), ("%j%Y", "12024"), ("%d.%m%Y", "1.12024")],
)
def test_a_date_without_separators_that_has_lost_a_zero_is_not_guessed(format: str, cell: str) -> None:
    spelled = Format(date_format=format)
    for name in ("date", "datetime"):
        with pytest.raises(ValueError, match=f"like {date(2026, 12, 31).strftime(format)}"):
            spelled.read(cell, Type(name))
    with pytest.raises(ValueError, match=f"like {date(2026, 12, 31).strftime(format)}"):
        spelled.read(f"{cell} 10:00", Type("datetime"))


def test_a_date_without_separators_is_read_in_its_whole_width() -> None:
    assert Format(date_format="%d%m%Y").read("01122024", Type("date")) == date(2024, 12, 1)
    assert Format(date_format="%y%m%d").read("241201 10:00", Type("datetime")) == datetime(2024, 12, 1, 10, tzinfo=UTC)


def test_separators_stand_for_zeros_that_are_left_out() -> None:
    assert GERMAN.read("1.2.2024", Type("date")) == date(2024, 2, 1)
    assert Format(date_format="%d%b%Y").read("1Feb2024", Type("date")) == date(2024, 2, 1)
    assert GERMAN.read("1.2.2024 9:05", Type("datetime")) == datetime(2024, 2, 1, 8, 5, tzinfo=UTC)


def test_a_date_that_its_format_cannot_spell_is_not_written() -> None:
    assert SWISS.write(date(1999, 12, 31), Type("date")) == "31.12.99"
    with pytest.raises(ValueError, match=r"cannot be spelled as %d\.%m\.%y"):
        SWISS.write(date(1931, 1, 1), Type("date"))


@pytest.mark.parametrize(
    ("format", "cell", "value"),
    [
        (Format(), "2024-07-01T10:00:00", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        (Format(), "2024-07-01 10:00", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        (Format(), "2024-07-01T10:00:00+02:00", datetime(2024, 7, 1, 8, tzinfo=UTC)),
        (Format(), "2024-07-01T10:00:00.75Z", datetime(2024, 7, 1, 10, tzinfo=UTC)),
        (GERMAN, "01.07.2024 10:00:00", datetime(2024, 7, 1, 8, tzinfo=UTC)),
        (GERMAN, "01.12.2024", datetime(2024, 11, 30, 23, tzinfo=UTC)),
        (GERMAN, "2024-12-01 10:00", datetime(2024, 12, 1, 9, tzinfo=UTC)),
        (GERMAN, "2024-12-01T10:00:00", datetime(2024, 12, 1, 9, tzinfo=UTC)),
        (Format(date_format="%Y-%d-%m"), "2024-05-01 10:00:00", datetime(2024, 1, 5, 10, tzinfo=UTC)),
    ],
)
def test_times_are_utc_to_the_second(format: Format, cell: str, value: datetime) -> None:
    assert format.read(cell, Type("datetime")) == value


def test_a_time_without_a_zone_is_in_the_zone_of_its_side() -> None:
    naive = datetime(2024, 7, 1, 10, 0, 0, 5)  # noqa: DTZ001 - that is the point
    assert GERMAN.read(naive, Type("datetime")) == datetime(2024, 7, 1, 8, tzinfo=UTC)
    zoned = datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=5)))
    assert GERMAN.read(zoned, Type("datetime")) == datetime(2024, 7, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("cell", ["0001-01-01 00:00:00", "31.12.9999 23:59:59 morgen", "later"])
def test_a_time_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="time"):
        Format(timezone="Asia/Tokyo").read(cell, Type("datetime"))


@pytest.mark.parametrize(
    "cell", ["2024-W05", "2024-W05-1", "20240201", "2024-02-01", "2024-02-01x10:00", "2024-02-01T10"]
)
def test_only_a_whole_iso_time_is_one_where_the_side_has_a_format_of_its_own(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a time like 31\.12\.2026"):
        GERMAN.read(cell, Type("datetime"))


@pytest.mark.parametrize("cell", ["31.03.2024 02:30:00", "31.03.2024 02:00", "2024-03-31T02:59:59"])
def test_a_time_in_the_hour_that_is_left_out_in_spring_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"there was no such time in Europe/Berlin: 2024-03-31 02:\d\d:\d\d"):
        GERMAN.read(cell, Type("datetime"))
    assert GERMAN.read("2024-03-31T02:30:00Z", Type("datetime")) == datetime(2024, 3, 31, 2, 30, tzinfo=UTC)


def test_a_day_that_has_no_midnight_begins_an_hour_later() -> None:
    brazil = Format(timezone="America/Sao_Paulo")
    assert brazil.read("2018-11-04", Type("datetime")) == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_not_written_as_the_wrong_one() -> None:
    first, second = datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime(2024, 10, 27, 1, 30, tzinfo=UTC)
    assert GERMAN.write(first, Type("datetime")) == "27.10.2024 02:30:00"
    with pytest.raises(ValueError, match="cannot be spelled as a time in Europe/Berlin"):
        GERMAN.write(second, Type("datetime"))


def test_nothing_is_the_same_as_nothing_however_it_is_spelled() -> None:
    assert same(None, "")
    assert same("", [])
    assert not same(None, 0)
    assert not same(None, False)
    assert not same("", "0")


def test_values_are_compared_as_values() -> None:
    assert same(Decimal("19.9"), Decimal("19.90"))
    assert same(["b", "a"], ["a", "b"])
    assert not same(["a", "a"], ["a"])
    assert not same(True, 1)
    assert not same("A", "a")
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, None, ""),
        (True, None, "yes"),
        (False, None, "no"),
        (Decimal("5"), MONEY, "5.00"),
        (Decimal("5.50"), DECIMAL, "5.5"),
        (["a", "b"], None, "a, b"),
        ({"b": "ä", "a": 1}, None, '{"a": 1, "b": "ä"}'),
        (datetime(2024, 7, 1, 10, tzinfo=UTC), None, "2024-07-01T10:00:00Z"),
        (date(2024, 7, 1), None, "2024-07-01"),
        ("x", None, "x"),
        ([{"sku": "C-1", "quantity": 2, "name": None}, {"sku": "C-2"}], Type("json"), "sku C-1, quantity 2; sku C-2"),
    ],
)
def test_people_read_values_plainly(value: Value, kind: Type | None, text: str) -> None:
    assert shown(value, kind) == text


@given(text=st.text())
def test_a_match_key_is_its_own_match_key(text: str) -> None:
    assert match_key(match_key(text)) == match_key(text)


def test_match_keys_ignore_case_spaces_and_composition_but_not_zeros_or_accents() -> None:
    assert match_key("  Straße   5 ") == match_key("STRASSE 5")
    assert match_key("Cafe\u0301") == match_key("caf\u00e9")
    assert match_key("0123") != match_key("123")
    assert match_key("Café") != match_key("Cafe")
