"""Links: which record of one side is which of the other, and what both held when they last agreed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, text, update

from syncengine.records import RECORD, Side
from syncengine.state.tables import LinkRow, is_text

__all__ = ["Link", "Links", "as_json", "chunks"]

T = TypeVar("T")

CHUNK = 5_000  # values in one statement; SQLite takes 32,766, PostgreSQL 65,535
FETCHED = 1_000  # rows at once: one by one they take twice as long

link = LinkRow.__table__  # type: ignore[attr-defined]
COLUMNS = (  # in the order of a Link's
    link.c.id, link.c.erp_key, link.c.store_id, link.c.match_key, link.c.base, link.c.base_store, link.c.in_flight,
    link.c.in_flight_since, link.c.erp_hash, link.c.store_hash, link.c.dirty, link.c.lost, link.c.unkept,
    link.c.erp_kind, link.c.store_kind,
)  # fmt: skip


@dataclass(slots=True)
class Link:
    """A saved pair. Values are canonical JSON forms; `base_store` has only what the store spells differently.

    `in_flight` holds, by field, what was handed over and not yet read back (its form is the engine's).
    """

    id: int | None = None
    erp_key: str | None = None
    store_id: str | None = None
    match_key: str | None = None
    base: dict[str, Any] = field(default_factory=dict)
    base_store: dict[str, Any] = field(default_factory=dict)
    in_flight: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    in_flight_since: datetime | None = None
    erp_hash: int | None = None
    store_hash: int | None = None
    dirty: bool = False
    lost: Side | None = None
    unkept: bool = False
    erp_kind: str | None = None
    store_kind: str | None = None
    arrived: bool = False  # in memory only: all that was in flight has just been read back

    @property
    def paired(self) -> bool:
        return self.erp_key is not None and self.store_id is not None

    def identifier(self, side: Side) -> str | None:
        return self.erp_key if side == "erp" else self.store_id

    def has_base(self, name: str) -> bool:
        return name in self.base

    def base_of(self, side: Side, name: str) -> Any:
        return self.base_store.get(name, self.base.get(name)) if side == "store" else self.base.get(name)

    def account(self, name: str, erp: Any, store: Any) -> None:
        """Save both sides' canonical values of a field as its bases."""
        self.base[name] = erp
        if store == erp:
            self.base_store.pop(name, None)
        else:
            self.base_store[name] = store

    def begin_anew(self, store_id: str | None) -> None:
        """Have another partner in the store, or none yet, with which nothing was ever agreed."""
        self.store_id, self.store_hash, self.store_kind = store_id, None, None
        self.base, self.base_store, self.lost = {}, {}, None


class Links:
    """The links of all jobs. Bulk statements only; values in, `Link` out."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def hashes(self, job: str, side: Side, ids: Collection[str]) -> dict[str, int | None]:
        """The saved row hash of each record that has a link."""
        column, row_hash = (link.c.erp_key, link.c.erp_hash) if side == "erp" else (link.c.store_id, link.c.store_hash)
        found: dict[str, int | None] = {}
        for chunk in chunks(list(ids)):
            query = select(column, row_hash).where(link.c.job == job, column.in_(chunk))
            found.update((key, saved) for key, saved in self.connection.execute(query).all())
        return found

    def by_identifier(self, job: str, side: Side, ids: Collection[str]) -> list[Link]:
        column = link.c.erp_key if side == "erp" else link.c.store_id
        return [found for chunk in chunks(list(ids)) for found in self._select(job, column.in_(chunk))]

    def dirty(self, job: str) -> list[Link]:
        return list(self._select(job, link.c.dirty))

    def by_id(self, job: str, ids: Collection[int]) -> list[Link]:
        return [found for chunk in chunks(list(ids)) for found in self._select(job, link.c.id.in_(chunk))]

    def alone(self, job: str, side: Side, match_keys: Collection[str]) -> list[Link]:
        """Links with a record on `side` only, that have one of these match keys."""
        here, there = (link.c.erp_key, link.c.store_id) if side == "erp" else (link.c.store_id, link.c.erp_key)
        return [
            found
            for chunk in chunks(list(match_keys))
            for found in self._select(job, link.c.match_key.in_(chunk), here.is_not(None), there.is_(None))
        ]

    def paired(self, job: str) -> Iterator[Link]:
        yield from self._select(job, link.c.erp_key.is_not(None), link.c.store_id.is_not(None))

    def below(self, job: str, parents: Collection[str]) -> list[Link]:
        """Links of the store's records that stand below these ones, as variations below their product."""
        chosen = list(parents)
        return [found for chunk in chunks(chosen) for found in self._select(job, link.c.store_parent.in_(chunk))]

    def differing(self, job: str, field: str) -> list[Link]:
        """Links of which the store's base of a field is not the ERP's."""
        apart = link.c.base_store != text("'{}'")
        named = link.c.base_store.contains(f"{as_json(field)}:", autoescape=True)
        return [found for found in self._select(job, apart, named) if field in found.base_store]

    def awaiting(self, job: str) -> list[Link]:
        """Links with something in flight."""
        return list(self._select(job, link.c.in_flight.is_not(None)))

    def count(self, job: str) -> tuple[int, int]:
        """(linked, one-sided) links, counted in the indexes alone. Tombstones, which have lost a side, are neither."""

        def number(*conditions: ColumnElement[bool]) -> int:
            return int(self.connection.execute(select(func.count()).where(link.c.job == job, *conditions)).scalar_one())

        alone = number(link.c.erp_key.is_(None)) + number(link.c.store_id.is_(None))
        return number() - alone - number(link.c.lost.is_not(None)), alone

    def add(self, job: str, links: Sequence[Link]) -> None:
        """Save new links; each gets its id from the database, for another job may be adding some too."""
        statement = insert(link).returning(link.c.id, sort_by_parameter_order=True)
        for chunk in chunks(links):
            ids = self.connection.execute(statement, [{"job": job} | _columns(new) for new in chunk]).scalars()
            for new, number in zip(chunk, ids, strict=True):
                new.id = number

    def save(self, links: Sequence[Link]) -> None:
        """Save all that links hold, by their ids."""
        if links:
            statement = update(link).where(link.c.id == bindparam("at"))
            self.connection.execute(statement, [{"at": changed.id} | _columns(changed) for changed in links])

    def mark_dirty(self, ids: Collection[int]) -> None:
        for chunk in chunks(list(ids)):
            self.connection.execute(update(link).where(link.c.id.in_(chunk)).values(dirty=True))

    def drop(self, ids: Collection[int]) -> None:
        for chunk in chunks(list(ids)):
            self.connection.execute(delete(link).where(link.c.id.in_(chunk)))

    def drop_all(self, job: str) -> None:
        self.connection.execute(delete(link).where(link.c.job == job))

    def forget_bases(self, job: str, names: Collection[str]) -> None:
        """Take these fields' bases, and every row hash, away: the fields start anew at the next merge."""
        for chunk in chunks(list(self._select(job))):
            for old in chunk:
                for name in names:
                    old.base.pop(name, None)
                    old.base_store.pop(name, None)
                    old.in_flight.pop(name, None)
                old.erp_hash = old.store_hash = None
            self.save(chunk)

    def rename_fields(self, job: str, names: Mapping[str, str]) -> None:
        """Keep what is known of fields under their new names; `names` has the former one of each."""
        former = {old: new for new, old in names.items()}
        for chunk in chunks(list(self._select(job))):
            for known in chunk:
                for values in (known.base, known.base_store, known.in_flight):
                    for old in former.keys() & values.keys():
                        values[former[old]] = values.pop(old)
                if (taken_out := known.base.get(RECORD)) is not None:
                    taken_out["field"] = former.get(taken_out["field"], taken_out["field"])
            self.save(chunk)

    def meet_anew(self, job: str, field: str) -> None:
        """Take a field's bases away where those of the two sides differ, and have both records read again. What is in
        flight has been decided on."""
        apart = [one for one in self.differing(job, field) if field not in one.in_flight]
        for known in apart:
            known.base.pop(field, None)
            known.base_store.pop(field)
            known.dirty = True
        self.save(apart)

    def _select(self, job: str, *conditions: ColumnElement[bool]) -> Iterator[Link]:
        query = select(*COLUMNS).where(link.c.job == job, *conditions).order_by(link.c.id)
        for rows in self.connection.execute(query).partitions(FETCHED):
            yield from map(_link, rows)


def _link(row: Sequence[Any]) -> Link:
    key, erp_key, store_id, match_key, base, base_store, in_flight, *others = row
    apart = {} if base_store == "{}" else json.loads(base_store)  # as most have it
    flying = json.loads(in_flight) if in_flight else {}
    return Link(key, erp_key, store_id, match_key, json.loads(base), apart, flying, *others)


def _columns(one: Link) -> dict[str, Any]:
    return {
        "erp_key": one.erp_key,
        "store_id": one.store_id,
        "store_parent": one.store_id.rpartition("/")[0] or None if one.store_id is not None else None,
        "match_key": one.match_key,
        "base": as_json(one.base),
        "base_store": as_json(one.base_store),
        "in_flight": as_json(one.in_flight) if one.in_flight else None,
        "in_flight_since": one.in_flight_since if one.in_flight else None,
        "erp_hash": one.erp_hash,
        "store_hash": one.store_hash,
        "dirty": one.dirty,
        "lost": one.lost,
        "unkept": one.unkept,
        "erp_kind": one.erp_kind,
        "store_kind": one.store_kind,
    }


def as_json(value: object) -> str:
    """Short, and legible in a database's own tools; what no database takes as text is escaped."""
    short = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if short.isascii() or is_text(short):
        return short
    return json.dumps(value, separators=(",", ":"))


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
