"""The tables of a mapping file as they stand there: which keys there are, and what each may hold."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StrictBool, StrictInt, StrictStr
from pydantic import Field as Key

from syncengine.mapping import GoneFromErp, GoneFromStore, Truth
from syncengine.records import Side
from syncengine.rules import Rounding
from syncengine.toml_file import TomlFile
from syncengine.units import UNITS
from syncengine.values import TypeName
from syncengine.written import Mistake, duration, known, share

__all__ = [
    "AS_MONEY",
    "EXAMPLES",
    "IN_PLACE",
    "CreateTable",
    "ErpTable",
    "FieldTable",
    "GoneTable",
    "LinesTable",
    "MatchTable",
    "StoreTable",
    "UnitTable",
    "column",
    "leaves",
    "section",
]

Found = TypeVar("Found", bound=BaseModel)

IN_PLACE = "in-place"
AS_MONEY = "half-up"  # `round` to the places of money
LONGEST_NUMBER = 20  # characters
# What to write instead, for every key.
EXAMPLES = {
    "resource": 'resource = "products.csv"',
    "key": 'key = "ArtNr", the column that identifies a row',
    "parent": 'parent = "VaterNr"',
    "complete": "complete = true",
    "only": 'only = { Webshop = "J" }',
    "write_to": 'write_to = "import/products-{time}.csv", or "in-place"',
    "import_within": 'import_within = "48h", or "never"',
    "archive_to": 'archive_to = "done", a folder below the connection\'s',
    "modified": 'modified = "GeaendertAm"',
    "api_refund": "api_refund = true",
    "transitions": 'transitions = { processing = ["completed"] }',
    "booked": 'booked = "meta:_erp_document"',
    "path": 'path = "line_items", or several: path = ["line_items", "shipping_lines"]',
    "fields": 'a table [lines.fields] with sku = { erp = "Artikel", store = "sku" }',
    "by": 'by = ["id", "sku"]',
    "in_store": "in_store = true",
    "in_erp": "in_erp = false",
    "from_erp": 'from_erp = "keep"',
    "from_store": 'from_store = "ask"',
    "erp": 'erp = "Bezeichnung"',
    "store": 'store = "name"',
    "type": 'type = "money"',
    "truth": 'truth = "erp"',
    "map": 'map = { J = "publish", N = "draft" }',
    "to": 'to = "store"',
    "value": "value = true",
    "default": 'default = "…"',
    "required": "required = true",
    "strip": "strip = false",
    "max_change": 'max_change = "50%"',
    "empty": 'empty = "ignore"',
    "places": "places = 4",
    "factor": 'factor = "1.19"',
    "add": 'add = "0.50"',
    "round": 'round = "half-up", a step such as "0.05", or an ending such as "x.99"',
    "unit": 'unit = { erp = "g", store = "kg" }',
    "separator": 'separator = "|"',
    "reserve": 'reserve = "unbooked-orders"',
    "write": 'write = "difference"',
    "else": 'else = "draft"',
}


def column(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable():
        raise Mistake(f"no good name: {text!r}", "write it as it stands there, without spaces around it")
    return text


def _pattern(text: str) -> str:
    """Where changes for the ERP go: a new file for each run, below the folder."""
    if text == IN_PLACE:
        return text
    instead = 'write a name below the folder, such as "import/products-{time}.csv", or "in-place"'
    if not text or leaves(text) or "\\" in text or not text.isprintable():
        raise Mistake(f"not a file below the folder: {text!r}", instead)
    unknown = [word for word in re.findall(r"\{[^}]*\}|[{}]", text) if word != "{time}"]
    if unknown:
        raise Mistake(f"unknown placeholder {unknown[0]!r}", instead)
    if "{time}" not in PurePosixPath(text).name:
        raise Mistake("without {time} in the file's name, one run would overwrite another's file", instead)
    if (times := text.count("{time}")) > 1:
        raise Mistake(f"{{time}} stands there {times} times", instead)
    return text


def leaves(text: str) -> bool:
    path = PurePosixPath(text.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or bool(re.match(r"[A-Za-z]:", text))


def _own_files(text: str) -> str:
    """A pattern of new files, for lines: never the ERP's data itself."""
    if text == IN_PLACE:
        raise Mistake("lines are handed over in new files only", 'write "import/lines-{time}.csv", or leave it out')
    return _pattern(text)


def _words(written: object) -> object:
    """A word or several of them, as text."""
    words = written if isinstance(written, list) else [written]
    if not words or not all(isinstance(word, str) or type(word) is int for word in words):
        raise Mistake(
            f"not a word or a list of words: {written!r}", 'write { Column = "J" } or { Column = ["J", "X"] }'
        )
    return tuple(str(word) for word in words)


def _share(written: object) -> Decimal:
    found = share(written)
    if not found:
        raise Mistake("every change would be held", 'write a share above 0, such as "50%"')
    return found


def _number(written: object) -> Decimal:
    """A number with a point, as text or as TOML has numbers."""
    text = written.strip() if isinstance(written, str) else ""
    if isinstance(written, int | float) and not isinstance(written, bool):
        text = f"{Decimal(str(written)):f}"
    if len(text) > LONGEST_NUMBER or not re.fullmatch(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)", text):
        raise Mistake(f"not a number: {written!r}", f'write it with a point, as "1.19", in {LONGEST_NUMBER} characters')
    return Decimal(text)


def _factor(written: object) -> Decimal:
    found = _number(written)
    if found <= 0:
        raise Mistake("no number would be left of any", 'write a factor above 0, such as "1.19"')
    return found


def _rounding(written: object) -> Rounding | str:
    """ "0.05" is a step; "x.99" stands for 0.99, 1.99, 2.99, ... and "x9.90" for 9.90, 19.90, 29.90, ..."""
    if written == AS_MONEY:
        return AS_MONEY
    ending = re.fullmatch(r"x(?=[0-9.])([0-9]{0,9})((?:\.[0-9]{1,9})?)", written) if isinstance(written, str) else None
    if ending:
        return Rounding(Decimal(10) ** len(ending[1]), Decimal(f"0{ending[1]}{ending[2]}"))
    try:
        step = _number(written)
    except Mistake:
        raise Mistake(f"unknown word {written!r}", f"write {EXAMPLES['round']}") from None
    if step <= 0:
        raise Mistake("no step at all", f"write {EXAMPLES['round']}")
    return Rounding(step)


def _within(written: object) -> timedelta | None:
    """None where the ERP never shows what it has imported."""
    if written == "never":
        return None
    found = duration(written)
    if not found:
        raise Mistake("no time at all", 'write how long the import may take: "48h"')
    return found


def _one_word(words: tuple[str, ...]) -> BeforeValidator:
    def check(written: object) -> object:
        if written not in words:
            raise Mistake(
                f"unknown word {written!r}", f'write "{words[0]}"' if len(words) == 1 else known(written, words)
            )
        return written

    return BeforeValidator(check)


Name = Annotated[StrictStr, AfterValidator(column)]
Unit = Annotated[str, _one_word(tuple(UNITS))]
Only = dict[Name, Annotated[tuple[str, ...], BeforeValidator(_words)]]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, arbitrary_types_allowed=True)


class ErpTable(_Table):
    resource: Name
    key: Name
    parent: Name | None = None
    complete: StrictBool = True
    only: Only = {}
    write_to: Annotated[StrictStr, AfterValidator(_pattern)] | None = None
    import_within: Annotated[timedelta | None, BeforeValidator(_within)] = timedelta(hours=48)
    modified: Name | None = None
    archive_to: Name | None = None


class StoreTable(_Table):
    only: Only = {}
    transitions: Only = {}
    booked: Name | None = None
    api_refund: StrictBool = False


class MatchTable(_Table):
    by: list[StrictStr] | None = None


class CreateTable(_Table):
    in_store: StrictBool = True
    in_erp: StrictBool = False


class GoneTable(_Table):
    from_erp: Annotated[GoneFromErp, _one_word(get_args(GoneFromErp))] = "keep"
    from_store: Annotated[GoneFromStore, _one_word(get_args(GoneFromStore))] = "ask"


class LinesTable(_Table):
    path: Annotated[tuple[str, ...] | None, BeforeValidator(_words)] = None
    resource: Annotated[StrictStr, AfterValidator(_own_files)] | None = None
    fields: dict[str, Any] = {}


class UnitTable(_Table):
    erp: Unit
    store: Unit


class FieldTable(_Table):
    erp: Name | None = None
    store: Name | None = None
    type: Annotated[TypeName, _one_word(get_args(TypeName))] = "text"
    truth: Annotated[Truth, _one_word(get_args(Truth))] | None = None
    map: dict[str, Any] | None = None
    to: Annotated[Side, _one_word(get_args(Side))] | None = None
    value: Any = None
    default: Any = None
    required: StrictBool = False
    strip: StrictBool = True
    max_change: Annotated[Decimal, BeforeValidator(_share)] | None = None
    empty: Annotated[Literal["ignore", "clear"], _one_word(("ignore", "clear"))] | None = None
    places: Annotated[StrictInt, Key(ge=0, le=6)] | None = None
    factor: Annotated[Decimal, BeforeValidator(_factor)] | None = None
    add: Annotated[Decimal, BeforeValidator(_number)] | None = None
    round: Annotated[Rounding | str, BeforeValidator(_rounding)] | None = None
    unit: UnitTable | None = None
    separator: StrictStr | None = None
    reserve: Annotated[Literal["unbooked-orders"], _one_word(("unbooked-orders",))] | None = None
    write: Annotated[Literal["difference"], _one_word(("difference",))] | None = None
    otherwise: Any = Key(default=None, alias="else")


def section(file: TomlFile, model: type[Found], name: str) -> Found | None:
    """A section of the file; None where something is wrong with it."""
    table = file.data.get(name, {})
    if not isinstance(table, dict):
        file.wrong((name,), "must be a table", f"write [{name}] on a line of its own, and its keys below")
        return None
    return file.read(model, table, (name,), EXAMPLES)
