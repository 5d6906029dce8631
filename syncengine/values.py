"""Cells <-> values: money, dates, booleans, lists. Every rule of a locale or a spelling lives here.

A *value* is what both sides are compared as; a *cell* is how a side spells it. A `Format` says how a side spells,
a `Type` what a field holds.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

__all__ = [
    "Format",
    "Ordered",
    "Type",
    "TypeName",
    "Value",
    "decode",
    "encode",
    "fitted",
    "is_empty",
    "match_key",
    "places_of",
    "rounded",
    "same",
    "shown",
]

Value = None | str | bool | int | Decimal | date | datetime | list[Any] | dict[str, Any]
TypeName = Literal["text", "integer", "decimal", "money", "boolean", "date", "datetime", "list", "json"]

NUMBERS: tuple[TypeName, ...] = ("integer", "decimal", "money")
LONGEST_NUMBER = 40  # characters; a longer one is a mistake in the source, not an amount
TRUE_WORDS = frozenset({"1", "true", "yes", "y"})
FALSE_WORDS = frozenset({"0", "false", "no", "n"})
EXACT = Context(prec=3 * LONGEST_NUMBER, rounding=ROUND_HALF_UP)  # the default one rounds to 28 digits
SIDE_BY_SIDE = re.compile(r"%[dmyYjHMS]%[dmyYjHMS]")  # numbers of a date with nothing in between
ISO_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*")
PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")


class Ordered(list[Any]):
    """A list whose order means something: the images of a product."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a field holds. `places` and `rounds` concern money, `separator` and `ordered` lists."""

    name: TypeName = "text"
    places: int = 2
    rounds: bool = False
    separator: str = "|"
    strip: bool = True
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """How a side spells values. `text`: every cell is text (files); otherwise cells are JSON values (APIs)."""

    text: bool = True
    decimal: str = "."
    thousands: str = ""
    date_format: str = "%Y-%m-%d"
    timezone: str = "UTC"

    def read(self, cell: Any, kind: Type) -> Value:
        """The value of a cell; None or "" where it is empty. Raises ValueError with the reason, for people."""
        if cell is None:
            return [] if kind.name == "list" else None
        if isinstance(cell, str):
            keeps_spaces = kind.name == "text" and not kind.strip
            return self._read_text(cell if keeps_spaces else cell.strip(), kind)
        return _read_native(cell, kind, self)

    def write(self, value: Value, kind: Type) -> Any:
        """The cell that spells `value`: text, or a JSON value where the side is no text."""
        if not self.text:
            return encode(value)
        if value is None:
            return ""
        if kind.name == "json":
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
        match value:
            case bool():
                return "1" if value else "0"
            case int() | Decimal():
                return self._write_number(value, kind)
            case datetime():
                return self._write_datetime(value)
            case date():
                return self._write_date(value)
            case list():
                return self._write_list(value, kind)
        return str(value)

    def _read_text(self, text: str, kind: Type) -> Value:
        if kind.name == "text":
            return text
        if kind.name == "list":
            return _listed((item.strip() for item in text.split(kind.separator) if item.strip()), kind)
        if not text:
            return None
        match kind.name:
            case "integer":
                return _as_integer(self._number(text), text)
            case "decimal":
                return self._number(text)
            case "money":
                return _as_money(self._number(text), kind, text)
            case "boolean":
                return _as_boolean(text)
            case "date":
                return self._date(text)
            case "datetime":
                return self._datetime(text)
            case "json":
                return _as_json(text, lenient=not self.text)

    def _number(self, text: str) -> Decimal:
        plain = text
        if self.thousands and self.thousands in plain:
            mark = re.escape(self.thousands)
            # 0.500 is half of something by another's mark, not five hundred.
            grouped = rf"[+-]?[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+(?:{re.escape(self.decimal)}[0-9]+)?"
            if not re.fullmatch(grouped, plain):
                raise ValueError(
                    f"not a number: {_clipped(text)!r} "
                    f"(thousands are grouped by {self.thousands!r} in threes, without zeros before them)"
                )
            plain = plain.replace(self.thousands, "")
        if self.decimal != ".":
            if "." in plain:
                raise ValueError(f"not a number: {text!r} (the decimal mark is {self.decimal!r})")
            plain = plain.replace(self.decimal, ".")
        if len(plain) > LONGEST_NUMBER or not PLAIN_NUMBER.fullmatch(plain):
            raise ValueError(f"not a number: {_clipped(text)!r}")
        return Decimal(plain)

    def _write_number(self, value: int | Decimal, kind: Type) -> str:
        number = Decimal(value)
        text = f"{_as_money(number, kind, str(value)):f}" if kind.name == "money" else _plain(number)
        return text.replace(".", self.decimal)

    def _date(self, text: str) -> date:
        found = _parsed(text, self.date_format)
        if found is None:
            raise ValueError(f"not a date like {self._example()}: {_clipped(text)!r}")
        return found.date()

    def _example(self) -> str:
        """What a date looks like here, for people who know no `%d`."""
        return date(2026, 12, 31).strftime(self.date_format)

    def _write_date(self, value: date) -> str:
        text = value.strftime(self.date_format)
        if _parsed(text, self.date_format) != datetime(value.year, value.month, value.day):  # noqa: DTZ001
            raise ValueError(f"cannot be spelled as {self.date_format}: {value}")
        return text

    def _datetime(self, text: str) -> datetime:
        day = self.date_format
        found = None
        # The side's own format comes first: %Y-%d-%m looks like an ISO date and means another day.
        for format in (f"{day} %H:%M:%S", f"{day} %H:%M", day):
            found = found or _parsed(text, format)
        found = found or _parsed_iso(text)
        if found is None:
            raise ValueError(f"not a time like {self._example()} 23:59:59: {_clipped(text)!r}")
        return _in_utc(found, self.timezone)

    def _write_datetime(self, value: datetime) -> str:
        text = value.astimezone(ZoneInfo(self.timezone)).strftime(f"{self.date_format} %H:%M:%S")
        back = _parsed(text, f"{self.date_format} %H:%M:%S")
        if back is None or _in_utc(back, self.timezone) != value.replace(microsecond=0):
            raise ValueError(
                f"{encode(value)} cannot be spelled as a time in {self.timezone}: {text!r} is another time"
            )
        return text

    def _write_list(self, value: Sequence[Any], kind: Type) -> str:
        items = [str(item) for item in value]
        for item in items:
            if kind.separator in item:
                raise ValueError(f"{_clipped(item)!r} has the separator {kind.separator!r} in it")
        return kind.separator.join(items)


PLAIN = Format()


def _read_native(cell: Any, kind: Type, format: Format) -> Value:
    """A JSON value as a value of this type; what does not fit is an error, never a guess."""
    match kind.name, cell:
        case "json", _:
            return cell  # type: ignore[no-any-return]
        case "list", list() | tuple():
            return _listed((text for item in cell if (text := _as_item(item))), kind)
        case "boolean", bool():
            return cell
        case "boolean", 0 | 1:
            return bool(cell)
        case "text", bool():
            return "1" if cell else "0"
        case (("text" | "integer" | "decimal" | "money"), int() | float() | Decimal()) if not isinstance(cell, bool):
            return PLAIN.read(_plain(Decimal(str(cell))), kind)
        case "datetime", datetime():
            return _in_utc(cell, format.timezone)
        case "date", date() if not isinstance(cell, datetime):
            return cell
    raise ValueError(f"not {_an(kind.name)}: {_clipped(json.dumps(cell, default=str))}")


def _listed(items: Iterable[str], kind: Type) -> list[str]:
    return Ordered(items) if kind.ordered else list(items)


def _as_item(item: Any) -> str:
    if isinstance(item, bool) or not isinstance(item, str | int | float | Decimal):
        raise ValueError(f"not a list of texts: {_clipped(json.dumps(item, default=str))} is among them")
    return str(item).strip()


def _parsed(text: str, format: str) -> datetime | None:
    try:
        found = datetime.strptime(text, format)  # noqa: DTZ007 - the zone is another question
    except ValueError:
        return None
    # Without separators a zero that got lost makes another date: 1122024 was 1 December, or is 11 February.
    is_whole = not SIDE_BY_SIDE.search(format) or len(text) == len(found.strftime(format))
    return found if is_whole else None


def _parsed_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if ISO_TIME.fullmatch(text) else None
    except ValueError:
        return None


def _in_utc(found: datetime, timezone: str) -> datetime:
    """To the second, which is all that the sides keep. Raises ValueError for a time that clocks have skipped; only a
    midnight may be such a one: that day begins later."""
    zoned = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(timezone))
    try:
        in_utc = zoned.astimezone(UTC)
        back = in_utc.astimezone(zoned.tzinfo)
    except OverflowError:
        raise ValueError(f"no such time in UTC: {found}") from None
    if back.replace(tzinfo=None) != zoned.replace(tzinfo=None) and found.time() != time.min:
        raise ValueError(f"there was no such time in {timezone}: {found} (clocks were put forward)")
    return in_utc.replace(microsecond=0)


def _as_integer(number: Decimal, text: str) -> int:
    if number != number.to_integral_value():
        raise ValueError(f"not a whole number: {text!r}")
    return int(number)


def _as_money(number: Decimal, kind: Type, text: str) -> Decimal:
    amount = rounded(number, kind.places)
    if amount != number and not kind.rounds:
        raise ValueError(f'more than {kind.places} decimal places: {text!r} (set places, or round = "half-up")')
    return amount


def fitted(number: Decimal, kind: Type) -> Value:
    """A number as a value of this type. Raises ValueError where it has more places than that holds."""
    match kind.name:
        case "integer":
            return _as_integer(number, _plain(number))
        case "money":
            return _as_money(number, kind, _plain(number))
    return number


def rounded(number: Decimal, places: int) -> Decimal:
    """Half up, away from 0."""
    return EXACT.plus(EXACT.quantize(number, Decimal(1).scaleb(-places)))  # plus: no -0.00


def places_of(number: Decimal) -> int:
    """How many decimal places a number needs."""
    exponent = EXACT.normalize(number).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _as_boolean(text: str) -> bool:
    word = text.casefold()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError(f"neither true nor false: {_clipped(text)!r} (a map can name this side's words)")


def _as_json(text: str, *, lenient: bool) -> Value:
    """`lenient`: where cells are JSON values already, a text that is no JSON is a text."""
    try:
        return json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)  # type: ignore[no-any-return]
    except (ValueError, RecursionError) as error:
        if lenient:
            return text
        raise ValueError(f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {_clipped(twice)!r} stands twice in one object")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _an(name: str) -> str:
    return {"text": "a text", "json": "JSON", "integer": "an integer"}.get(name, f"a {name}")


def _plain(number: Decimal) -> str:
    """1E+2 as 100, 19.900 as 19.9."""
    return f"{EXACT.normalize(number):f}" if number else "0"


def _clipped(text: str, longest: int = 60) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def encode(value: Value) -> Any:
    """The canonical JSON form of a value: decimals as normalised text, times in UTC. `decode` reads it back."""
    if value is None or isinstance(value, str | int):  # as most are
        return value
    match value:
        case Decimal():
            return _plain(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
    return value


def decode(canonical: Any, kind: Type) -> Value:
    """The value behind its canonical form."""
    if canonical is None or kind.name in ("text", "boolean", "integer", "list", "json"):
        return canonical  # type: ignore[no-any-return]
    match kind.name:
        case "date":
            return date.fromisoformat(canonical)
        case "datetime":
            return datetime.fromisoformat(canonical)
    return Decimal(canonical)


def shown(value: Value, kind: Type | None = None) -> str:
    """A value as people read it in reports: money with its places, lists with commas, nothing as ""."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal() if kind is not None and kind.name == "money":
            return f"{value:.{kind.places}f}"
        case [dict(), *_]:
            return "; ".join(", ".join(f"{name} {part}" for name, part in _filled(item)) for item in value)
        case list():
            return ", ".join(str(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(encode(value))


def _filled(line: Any) -> list[tuple[str, Any]]:
    """What there is in one of several objects, such as a line of an order."""
    return [one for one in line.items() if not is_empty(one[1])] if isinstance(line, dict) else [("", line)]


def is_empty(value: Value) -> bool:
    """Whether there is nothing: None, "" or []."""
    return value is None or (isinstance(value, str | list) and not value)


def same(one: Value, another: Value) -> bool:
    """Whether two values are equal: nothing is nothing however it is spelled, and only the order of an `Ordered` list
    counts."""
    if is_empty(one) or is_empty(another):
        return is_empty(one) and is_empty(another)
    if isinstance(one, list) and isinstance(another, list):
        ordered = isinstance(one, Ordered) or isinstance(another, Ordered)
        return list(one) == list(another) if ordered else _sorted(one) == _sorted(another)
    if isinstance(one, bool) != isinstance(another, bool):
        return False
    return one == another


def _sorted(items: Sequence[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)


def match_key(text: str) -> str:
    """The form in which identifying texts are compared: NFC, trimmed, inner spaces collapsed, case-folded.

    A store's database compares SKUs so too (FACTS-WOOCOMMERCE, 6); leading zeros count.
    """
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
