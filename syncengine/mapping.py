"""A mapping: which fields there are, where each side keeps them, what identifies a record, who is right.

Reading one from its file is `mapping_file`'s work; this is what the rest of the program speaks of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from syncengine.records import Side
from syncengine.rules import Rule
from syncengine.secret import Secret
from syncengine.units import Units, kept, to_erp, to_store
from syncengine.values import PLAIN, Format, Type, Value, encode, fitted, is_empty, shown

__all__ = [
    "LINES",
    "Entity",
    "ErpSide",
    "Field",
    "Gone",
    "GoneFromErp",
    "GoneFromStore",
    "Lines",
    "Mapping",
    "StoreSide",
    "Truth",
    "digest",
    "field_signature",
    "key_signature",
]

Truth = Literal["erp", "store", "erp-wins", "store-wins", "newest", "sum", "union", "ask"]
Entity = Literal["product", "category", "customer", "order", "coupon"]
GoneFromErp = Literal["keep", "draft", "out-of-stock", "trash", "delete"]
GoneFromStore = Literal["ask", "keep", "recreate"]

LINES = "[lines]"  # what the lines of an ERP's order are called as a column: no real one is called so
TEXT = Type()
NUMBER = Type("decimal")
JSON = Type("json")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record, and its line in the table of truth.

    `translations` goes from the ERP's words to the store's (`map`); `constant` is a value for the store that the ERP
    has no column for; `only_to` is the one side that it travels to, or None for both. A field with a `rule` travels to
    the store only. Values, and so the bases too, are what the store has: counted, and in the store's unit.
    """

    name: str
    erp: str | None
    store: str | None
    type: Type = TEXT
    truth: Truth = "erp"
    only_to: Side | None = None
    translations: Dictionary[str, Value] | None = None
    otherwise: Value = None  # `else`
    has_otherwise: bool = False
    constant: Value = None
    has_constant: bool = False
    default: Value = None
    required: bool = False
    max_change: Decimal | None = None  # a share: 0.5 is 50 %
    empty: Literal["ignore", "clear"] = "clear"
    by_difference: bool = False  # `write = "difference"`
    rule: Rule | None = None  # `factor`, `add`, `round`
    units: Units | None = None
    untold: Side | None = None  # the side that takes it and never tells what it has: a note, a password
    moves: Dictionary[str, tuple[str, ...]] | None = None  # from which word to which ones the store's may go
    secret: bool = False  # sent with a new record, and shown, compared and saved as stars
    once: bool = False  # sent with a new record only, whatever becomes of it later
    lines: Lines | None = None  # what is in it, where it is the lines of an order
    reserves: bool = False  # a stock that makes allowance for the orders that the ERP has not booked
    line: int | None = None

    @property
    def is_as_written(self) -> bool:
        """Whether a cell of the ERP with no space around is the value itself."""
        said = (self.translations, self.rule, self.units, self.untold, self.default)
        return self.type.name == "text" and said == (None,) * 5 and not self.has_constant and not self.secret

    def path(self, side: Side) -> str | None:
        return self.erp if side == "erp" else self.store

    def goes_to(self, side: Side) -> bool:
        """Whether this field may ever be written on `side`, as far as the mapping goes."""
        return self.path(side) is not None and self.only_to in (None, side)

    @property
    def words(self) -> list[Value]:
        """Every value that the mapping itself may send to the store, whatever the ERP has."""
        given = [(self.has_constant, self.constant), (self.has_otherwise, self.otherwise)]
        given.append((self.default is not None, self.default))
        return [*(self.translations or {}).values(), *(value for there, value in given if there)]

    def read(self, side: Side, cell: object, format: Format) -> Value:
        """The value of a side's cell. Raises ValueError with the reason."""
        if side == "store":
            return self._kept(format.read(cell, self.type))
        value = self.constant if self.has_constant else self._of_erp(cell, format)
        if self.default is not None and is_empty(value):
            value = self.default
        return Secret(str(value)) if self.secret and not is_empty(value) else value

    def write(self, side: Side, value: Value, format: Format) -> object:
        """The cell that spells `value` on a side. Raises ValueError where its map has no word for it, or where it was
        counted by a rule, which cannot be taken back."""
        if side == "store" or is_empty(value):
            return format.write(value, self.type)
        if self.rule is not None:
            raise ValueError(f"{shown(value, self.type)} was counted for the store, the ERP never gets it")
        if self.units is not None and isinstance(value, int | Decimal):
            return format.write(to_erp(Decimal(value), self.units), NUMBER)
        if self.translations is not None:
            for word, meaning in self.translations.items():
                if meaning == value:
                    return word
            raise ValueError(f"the map has no word for {value!r}")
        return format.write(value, self.type)

    def _kept(self, value: Value) -> Value:
        """A number of the store without the places that the ERP's unit cannot hold."""
        if self.units is None or not isinstance(value, int | Decimal):
            return value
        return fitted(kept(Decimal(value), self.units), self.type)

    def _of_erp(self, cell: object, format: Format) -> Value:
        if self.lines is not None:
            return self.lines.read(cell, format)
        if self.translations is not None:
            return self._translated(cell, format)
        if self.rule is None and self.units is None:
            return format.read(cell, self.type)
        given = format.read(cell, NUMBER)
        return self._counted(given) if isinstance(given, Decimal) else None

    def _counted(self, given: Decimal) -> Value:
        """What the ERP's number is in the store."""
        found = self.rule.applied(given) if self.rule is not None else given
        found = to_store(found, self.units) if self.units is not None else found
        try:
            return fitted(found, self.type)
        except ValueError as error:
            raise ValueError(f"{shown(given)} becomes {shown(found)}: {error}") from None

    def _translated(self, cell: object, format: Format) -> Value:
        word = str(cell if cell is not None else "").strip()
        translations = self.translations or {}
        if word in translations:
            return translations[word]
        if self.has_otherwise:
            return self.otherwise
        if not word:
            return PLAIN.read(None, self.type)
        if not self.goes_to("store"):
            return word
        known = ", ".join(repr(known) for known in translations)
        raise ValueError(f"not in the map: {word!r} (it has {known})")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an order. `kinds` are the store's lists of them, one after the other; `fields` map what stands in a
    line; `resource` is where a file of their own goes, None where they stand beside their order."""

    kinds: tuple[str, ...]
    fields: Dictionary[str, Field]
    resource: str | None = None

    @property
    def columns(self) -> list[str]:
        """The ERP's columns of a line."""
        return [field.erp or name for name, field in self.fields.items()]

    def read(self, cell: object, format: Format) -> Value:
        """The lines of an ERP's order, of each the values by the store's path. They come as a list of cells by column;
        what stands under no name is why a line cannot be read. Raises ValueError with the line and the reason."""
        found = format.read(cell, JSON)
        return [self._line(at, line, format) for at, line in enumerate(found if isinstance(found, list) else [], 1)]

    def _line(self, at: int, cells: Any, format: Format) -> dict[str, Any]:
        if reason := cells.get(""):
            raise ValueError(reason)
        line: dict[str, Any] = {}
        for name, one in self.fields.items():
            try:
                line[one.store or name] = encode(one.read("erp", cells.get(one.erp), format))
            except ValueError as error:
                raise ValueError(f"line {at}, {name}: {error}") from None
        return line


@dataclass(frozen=True, slots=True)
class ErpSide:
    """Where the ERP's records are, and where changes for it go: a pattern of file names, "in-place", or None."""

    resource: str
    key: str
    parent: str | None = None
    complete: bool = True
    only: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)
    write_to: str | None = None
    import_within: timedelta | None = timedelta(hours=48)  # None: it never shows what it has imported
    modified: str | None = None
    archive_to: str | None = None  # a folder to which files go that have been read to their end
    line: int | None = None


@dataclass(frozen=True, slots=True)
class StoreSide:
    only: Dictionary[str, tuple[str, ...]] = field(default_factory=dict)
    booked: str | None = None  # where an order has the number that the ERP gave it
    api_refund: bool = False  # whether a refund moves money, by way of the order's payment


@dataclass(frozen=True, slots=True)
class Gone:
    """What becomes of a record whose partner is gone."""

    from_erp: GoneFromErp = "keep"
    from_store: GoneFromStore = "ask"


@dataclass(frozen=True, slots=True)
class Mapping:
    """One entity's mapping. `digest` changes with anything that changes what a cell means."""

    file: str
    entity: Entity
    erp: ErpSide
    store: StoreSide
    match_by: tuple[str, ...]
    create_in_store: bool
    create_in_erp: bool
    gone: Gone
    fields: Dictionary[str, Field]
    digest: str = ""

    def paths(self, side: Side) -> list[str]:
        """Every path of a side that the mapping reads, each once: those of the fields, in order, and the parent's."""
        told = [field for field in self.fields.values() if field.untold != side]
        named = [path for field in told if (path := field.path(side)) is not None]
        if side == "erp" and self.erp.parent is not None:
            named.append(self.erp.parent)
        return list(dict.fromkeys(named))

    def lines(self, to: Side) -> Lines | None:
        """The lines of an order, where the mapping has them travel to this side."""
        return next((one.lines for one in self.fields.values() if one.lines is not None and one.goes_to(to)), None)

    def by_path(self, side: Side, path: str) -> Iterator[Field]:
        return (field for field in self.fields.values() if field.path(side) == path)

    @property
    def reserves(self) -> list[Field]:
        """The fields that make allowance for the orders that the ERP has not booked."""
        return [field for field in self.fields.values() if field.reserves]

    @property
    def match_fields(self) -> list[Field]:
        """The fields to match by, in order; those that no field maps are left out."""
        return [field for path in self.match_by for field in self.by_path("store", path)]

    def writes(self, side: Side) -> bool:
        """Whether a job with this mapping may write that side at all."""
        if side == "erp" and self.erp.write_to is None:
            return False
        return any(field.goes_to(side) for field in self.fields.values())


def digest(mapping: Mapping) -> str:
    """Changes with anything that decides what becomes of a record; where it is new, records are merged again."""
    erp, fields = mapping.erp, mapping.fields
    return _hashed(
        {
            "entity": mapping.entity,
            "erp": {"key": erp.key, "parent": erp.parent, "only": erp.only, "modified": erp.modified},
            "store": {"only": mapping.store.only, **({"booked": mapping.store.booked} if mapping.reserves else {})},
            "match": mapping.match_by,
            "create": [mapping.create_in_store, mapping.create_in_erp],
            "fields": {name: {**asdict(fields[name]), "line": None} for name in sorted(fields)},
        }
    )


def field_signature(field: Field) -> str:
    """Changes with what makes a field's saved bases incomparable to what is read now: its type, paths, map."""
    return _hashed(
        {
            "type": field.type.name,
            "erp": field.erp,
            "store": field.store,
            "map": field.translations,
            "else": [field.has_otherwise, field.otherwise],
            "value": [field.has_constant, field.constant],
            **({"lines": _of_lines(field.lines)} if field.lines is not None else {}),
            **({"reserve": True} if field.reserves else {}),
        }
    )


def key_signature(mapping: Mapping) -> str:
    """Changes with what makes the saved links meaningless: what identifies a record."""
    return _hashed([mapping.entity, mapping.erp.key, mapping.erp.parent, mapping.match_by])


def _of_lines(lines: Lines) -> list[Any]:
    return [lines.kinds, {name: field_signature(field) for name, field in lines.fields.items()}]


def _hashed(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=encode)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
