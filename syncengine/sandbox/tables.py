"""Tables of records that are one JSON document each, with columns for what lists filter and sort by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """A customer, an order and the like; dates are GMT texts, `modified` is empty where there is none yet."""

    id: int
    created: str
    modified: str
    fields: dict[str, Any] = field(default_factory=dict)


Columns = Mapping[str, Callable[[Record], str | int]]


class Table:
    """The records of one kind. `columns` says what each holds, by name; those in `indexed` are looked up fast.

    `where` and `order` are SQL of this package; what a client sent goes through `args`.
    """

    def __init__(self, db: sqlite3.Connection, name: str, columns: Columns, indexed: Iterable[str] = ()) -> None:
        self._db = db
        self._name = name
        self._columns = columns
        names = ", ".join(("id INTEGER PRIMARY KEY", "created", "modified", *columns, "doc"))
        db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({names})")
        for column in ("created", "modified", *indexed):
            db.execute(f"CREATE INDEX IF NOT EXISTS {name}_{column} ON {name} ({column})")

    def get(self, record_id: int) -> Record | None:
        return next(iter(self.select("id = ?", (record_id,))), None)

    def put(self, record: Record) -> None:
        """Saves a new record or a changed one."""
        held = [column(record) for column in self._columns.values()]
        document = json.dumps(record.fields, ensure_ascii=False, separators=(",", ":"))
        row = (record.id, record.created, record.modified, *held, document)
        self._db.execute(f"INSERT OR REPLACE INTO {self._name} VALUES ({','.join('?' * len(row))})", row)  # noqa: S608

    def remove(self, record_id: int) -> None:
        self._db.execute(f"DELETE FROM {self._name} WHERE id = ?", (record_id,))  # noqa: S608

    def select(
        self, where: str = "1", args: Sequence[Any] = (), order: str = "id", limit: int = -1, offset: int = 0
    ) -> list[Record]:
        query = f"SELECT id, created, modified, doc FROM {self._name} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        rows = self._db.execute(query, (*args, limit, offset)).fetchall()
        return [Record(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def count(self, where: str, args: Sequence[Any]) -> int:
        return int(self._db.execute(f"SELECT COUNT(*) FROM {self._name} WHERE {where}", args).fetchone()[0])  # noqa: S608
