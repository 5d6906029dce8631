"""Records that are plain objects (customers, orders, coupons): their cells in normal form, and the JSON of changes.

Normal form means that equal cells are equal values: text trimmed and with its entities decoded, dates in GMT. A part
of an object is written alone: `billing` and `shipping` are merged by the store, part by part (FACTS-WOOCOMMERCE, 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pandas as pd

from syncengine.endpoints import Page
from syncengine.endpoints.woocommerce.moments import bare, moment_of, zoned
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Change
from syncengine.values import Type, Value, encode

__all__ = ["MARK", "Objects", "Record", "meta_value"]

MARK = "_syncengine"  # the meta key under which a change leaves its id

Record = dict[str, Any]
Reader = Callable[[Record], Any]


class Objects:
    """The paths of one mapping. `special` are paths that are no plain part of the object, and how each is read."""

    def __init__(self, mapping: FieldMapping, what: str, special: Mapping[str, Reader] | None = None) -> None:
        self._what = what
        self._fields = mapping.fields
        self._types = {path: field.type for path in mapping.paths("store") for field in mapping.by_path("store", path)}
        self._dated = mapping.erp.modified is not None
        self._special = dict(special or {})
        self._readers = {path: self._reader(path) for path in mapping.paths("store")}
        tops = ["id", *(self.top(path) for path in (*self._readers, *mapping.store.only))]
        self.tops = list(dict.fromkeys([*tops, *(["date_modified_gmt"] if self._dated else [])]))

    @property
    def fields(self) -> str:
        """For `_fields`: no more than the mapping needs."""
        return ",".join(self.tops)

    def page(self, records: Sequence[Record]) -> Page:
        cells = {path: pd.Series([read(one) for one in records], dtype=object) for path, read in self._readers.items()}
        return Page(
            ids=[str(one["id"]) for one in records],
            where=[f"{self._what} {one['id']}" for one in records],
            cells=pd.DataFrame(cells, columns=list(cells), dtype=object, index=range(len(records))),
            modified=[moment_of(one.get("date_modified_gmt")) for one in records] if self._dated else None,
        )

    def cells(self, record: Record) -> dict[str, Any]:
        """A record as the store answered it, as a pull would give it."""
        return {path: read(record) for path, read in self._readers.items()}

    def cell(self, path: str, record: Record) -> Any:
        return self._reader(path)(record)

    def normal(self, path: str, value: Value) -> Value:
        """A value as it will be read back."""
        return unescape(value).strip() if isinstance(value, str) and not path.startswith("meta:") else value

    def path_of(self, name: str) -> tuple[str, Type]:
        """Where a change's field goes; a name that no field has is a path itself."""
        field = self._fields.get(name)
        return (field.store or name, field.type) if field is not None else (name, Type())

    def item(self, change: Change) -> Record:
        """The JSON that makes a record what the change says: the changed fields and nothing else. Special paths are
        left out; they are not part of the object."""
        item: Record = {} if change.action == "create" else {"id": int(change.record_id or 0)}
        meta: list[Record] = []
        for name, field in change.fields.items():
            path, kind = self.path_of(name)
            if path in self._special:
                continue
            if path.startswith("meta:"):
                meta.append({"key": path.removeprefix("meta:"), "value": meta_value(field.new, kind)})
            elif "." in path:
                top, _, part = path.partition(".")
                item.setdefault(top, {})[part] = _json(field.new, kind)
            else:
                item[_written(path)] = _json(field.new, kind)
        if change.mark:
            meta.append({"key": MARK, "value": change.id})
        if meta:
            item["meta_data"] = meta
        return item

    @staticmethod
    def top(path: str) -> str:
        """The part of the object that a path is read from."""
        if path.startswith("meta:"):
            return "meta_data"
        return _written(path.partition(".")[0])

    def _reader(self, path: str) -> Reader:
        if path in self._special:
            return self._special[path]
        if path.startswith("meta:"):
            key = path.removeprefix("meta:")
            return lambda record: next(
                (one.get("value") for one in record.get("meta_data") or () if one.get("key") == key), None
            )
        if path.startswith("date_"):
            gmt = _written(path)
            return lambda record: zoned(record.get(gmt))
        top, _, part = path.partition(".")
        if part:
            return lambda record: _plain((record.get(top) or {}).get(part))
        return lambda record: _plain(record.get(top))


def _plain(value: Any) -> Any:
    return unescape(value).strip() if isinstance(value, str) else value


def _written(path: str) -> str:
    """Dates are read and written as GMT (FACTS-WOOCOMMERCE, 4)."""
    return f"{path.removesuffix('_gmt')}_gmt" if path.startswith("date_") else path


def _json(value: Value, kind: Type) -> Any:
    """A canonical value as the store takes it. A batch ignores null, but "" clears (FACTS-WOOCOMMERCE, 6)."""
    match value:
        case None:
            return ""
        case bool() | int() | list() | dict():
            return value
        case Decimal():
            return f"{value:.{kind.places}f}" if kind.name == "money" else f"{value:f}"
        case datetime():
            return bare(value)
        case date():
            return f"{value}T00:00:00"
    return encode(value)


def meta_value(value: Value, kind: Type) -> Any:
    """Numbers and booleans come back as text, `false` as nothing (FACTS-WOOCOMMERCE, 6): they are sent as text."""
    match value:
        case None | list() | dict():
            return value
        case bool():
            return "1" if value else "0"
        case Decimal() if kind.name == "money":
            return f"{value:.{kind.places}f}"
    return str(encode(value))
