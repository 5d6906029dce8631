"""A folder with a CSV file as the endpoint's tests see it: written at rest, opened, pulled, read as plain rows."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from syncengine.endpoints import Cursor, View, rows
from syncengine.endpoints.csv import CsvEndpoint
from syncengine.endpoints.csv.deltas import DeltaPull
from syncengine.endpoints.csv.reader import CsvPull
from syncengine.mapping import ErpSide, Field, Gone, Mapping, StoreSide
from syncengine.records import Change, FieldChange
from syncengine.settings import CsvConnection
from syncengine.values import Type

RUN = "20261121T090312-7c1e"
CLOCK = itertools.count(1_600_000_000)  # long ago: nobody writes to these files any more

FIELDS = (
    Field("sku", "ArtNr", "sku"),
    Field("name", "Name", "name", truth="store-wins"),
    Field("price", "VK", "regular_price", Type("money"), truth="erp-wins"),
)


def mapping(fields: Iterable[Field] = FIELDS, **erp: Any) -> Mapping:
    side = ErpSide(**{"resource": "products.csv", "key": "ArtNr", **erp})
    named = {field.name: field for field in fields}
    return Mapping("products.toml", "product", side, StoreSide(), ("sku",), True, True, Gone(), named, "digest")


def write(path: Path, content: str | bytes, *, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    moment = next(CLOCK)
    os.utime(path, (moment, moment))
    return path


class Erp:
    """An ERP's folder, and what the endpoint makes of it."""

    def __init__(self, folder: Path, fields: Iterable[Field] = FIELDS, **erp: Any) -> None:
        self.folder = folder / "erp"
        self.folder.mkdir(exist_ok=True)
        self.file = self.folder / "products.csv"
        self.mapping = mapping(fields, **erp)

    def write(self, content: str | bytes, *, encoding: str = "utf-8") -> None:
        write(self.file, content, encoding=encoding)

    def open(self, *, patience: float = 0.0, run: str = RUN, read_only: bool = False, **options: Any) -> CsvEndpoint:
        connection = CsvConnection(name="erp", type="csv", folder=self.folder, **options)
        return CsvEndpoint(connection, View("products", "erp", self.mapping, run, read_only), patience=patience)

    def pull(self, content: str | bytes | None = None, **options: Any) -> Pulled:
        if content is not None:
            self.write(content, encoding=options.pop("written", "utf-8"))
        return Pulled(self.open(**options))


class Pulled:
    """One pull of an endpoint, read to its end."""

    def __init__(
        self, endpoint: CsvEndpoint, cursor: Cursor | None = None, wanted: Iterable[str] = (), *, full: bool = False
    ) -> None:
        self.endpoint = endpoint
        self.pull: CsvPull | DeltaPull = endpoint.pull(cursor or Cursor(), list(wanted), full=full)
        found = list(rows(self.pull))
        self.rows: dict[str, dict[str, Any]] = {name: cells for name, _, cells, _ in found}
        self.where = {name: where for name, where, _, _ in found}
        self.modified = {name: modified for name, _, _, modified in found}
        assert len(self.rows) == len(found), "a record came twice"

    @property
    def ids(self) -> list[str]:
        return list(self.rows)

    @property
    def names(self) -> dict[str, str]:
        return {name: cells["Name"] for name, cells in self.rows.items()}

    @property
    def rejects(self) -> list[tuple[str, str | None, str]]:
        return [(reject.where, reject.key, reject.reason) for reject in self.pull.rejects]

    def cursor(self, forget: Iterable[str] = ()) -> Cursor:
        return self.pull.cursor(list(forget))


def update(key: str, number: int = 1, record: dict[str, Any] | None = None, **fields: Any) -> Change:
    changed = {
        name: new if isinstance(new, FieldChange) else FieldChange(None, new, "") for name, new in fields.items()
    }
    merged = {"sku": key, **{name: change.new for name, change in changed.items()}, **(record or {})}
    return Change(f"c{number}", "erp", "update", "product", key, key, changed, merged)


def create(key: str, number: int = 1, **fields: Any) -> Change:
    changed = {name: FieldChange(None, new, "") for name, new in {"sku": key, **fields}.items()}
    merged = {name: change.new for name, change in changed.items()}
    return Change(f"c{number}", "erp", "create", "product", None, None, changed, merged)


def delete(key: str, number: int = 1) -> Change:
    return Change(f"c{number}", "erp", "delete", "product", key, key, {}, {})
