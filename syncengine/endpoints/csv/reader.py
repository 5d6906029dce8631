"""One reading of the file: what may have changed since the cursor, page by page."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, overload

import numpy as np
import pandas as pd

from syncengine.endpoints import Cursor, Page
from syncengine.endpoints.csv.cells import read_cells
from syncengine.endpoints.csv.dialect import Dialect, MissingColumn, recognise
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, among, hashes
from syncengine.endpoints.csv.scan import Rows, Scan, Wants, digest_of
from syncengine.endpoints.csv.source import PAUSE, Signature, Source, signature
from syncengine.errors import BadSource, GuardStopped, SyncError
from syncengine.records import Reject
from syncengine.settings import CsvConnection
from syncengine.values import Format, Type

__all__ = ["CsvPull", "Version"]

PAGE = 50_000  # rows
REMEMBERED_REJECTS = 1000  # with more of them an unchanged file is read again, to tell them again
ENOUGH_ROWS = 20  # below that a column that became empty tells nothing
MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Version:
    """Exactly one content of the file, and how it is written."""

    signature: Signature
    digest: str
    dialect: Dialect


class Places(Sequence[str]):
    """Where rows stand ("products.csv:18"), spelled only when somebody asks."""

    def __init__(self, short: str, lines: Sequence[int]) -> None:
        self._short, self._lines = short, lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Places: ...
    def __getitem__(self, at: int | slice) -> str | Places:
        if isinstance(at, slice):
            return Places(self._short, self._lines[at])
        return f"{self._short}:{self._lines[at]}"


class CsvPull:
    """A `Pull` of a CSV file. Nothing is read before it is iterated; no page is made before the whole file was seen.

    `left` tells that somebody was still writing the file: nothing was read, and the cursor stays where it was.
    `version` is the content that was read, None until then. Iterating raises BadSource, CannotRun and GuardStopped.
    """

    def __init__(
        self,
        source: Source,
        wants: Wants,
        connection: CsvConnection,
        format: Format,
        cursor: Cursor,
        *,
        wanted: Collection[str],
        full: bool,
        holds_all: bool,
        patience: float,
    ) -> None:
        self._source, self._wants, self._connection, self._format = source, wants, connection, format
        self._cursor, self._wanted, self._full = cursor, wanted, full
        self._holds_all, self._patience = holds_all, patience
        self._scan: Scan | None = None
        self._index = Index()
        self._again = False
        self._filled: dict[str, int] = dict.fromkeys(wants.columns, 0)
        self._pulled = 0
        self._done = False
        self.left = False
        self.version: Version | None = None
        self.unchanged = 0
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.guards: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Page]:
        try:
            if not self._read():
                self._forget_attempt()
                self.left = True
                self.warnings.append(f"{self._source.name} is still being written; left for the next run")
                return
            if self._scan is not None:
                yield from self._pages(self._scan)
                self.rejects = sorted([*self.rejects, *self._scan.rejects], key=lambda found: _line(found.where))
                self._guard()
            self._done = True
        finally:
            if self._scan is not None:
                self._scan.close()

    @property
    def complete(self) -> bool:
        return self._done and self._holds_all and all(reject.key is not None for reject in self.rejects)

    def missing(self, ids: Collection[str]) -> set[str]:
        if not self.complete:
            return set()
        asked = list(ids)
        present = np.sort(self._keys())
        rejected = {reject.key for reject in self.rejects}
        there = among(hashes(asked), present).tolist()
        return {name for name, found in zip(asked, there, strict=True) if not found and name not in rejected}

    def cursor(self, forget: Collection[str]) -> Cursor:
        if not self._done or self.version is None:
            return self._cursor
        lines, keys = self._index.lines, self._index.keys
        if self._scan is not None:
            lines, keys = self._scan.lines[self._scan.accepted], self._scan.keys[self._scan.accepted]
        if forget:
            kept = ~among(keys, np.sort(hashes(list(forget))))
            lines, keys = lines[kept], keys[kept]
        dialect = self.version.dialect
        position = {
            "digest": self.version.digest,
            "wants": self._wants.digest,
            "dialect": {**asdict(dialect), "bom": dialect.bom.hex(), "header": list(dialect.header)},
            "encoding": self._known_encoding(),
            "unchanged": self.unchanged + self._pulled,
            "filled": self._shares(),
            "again": bool(forget) or self._again or len(self.rejects) > REMEMBERED_REJECTS,
            "rejects": [
                [found.where, found.key, found.field, found.reason] for found in self.rejects[:REMEMBERED_REJECTS]
            ],
        }
        return Cursor(position, Index.of(lines, keys).to_bytes())

    def done(self) -> None:
        """Nothing is put away."""

    # --- reading

    def _read(self) -> bool:
        """Read the file at rest; False if it does not come to rest in time."""
        deadline = time.monotonic() + self._patience
        first = True
        while True:
            since = time.monotonic()
            seen = signature(self._source.path)
            if seen is None:
                if first or since > deadline:
                    raise self._source.missing()
            elif first or self._source.rests(seen, since):  # the first time the wait comes after the reading
                try:
                    self._read_once(seen)
                except BadSource as error:
                    if self._source.rests(seen, since):
                        raise self._suspected(error) from None
                else:
                    if self._source.rests(seen, since):
                        return True
            first = False
            if time.monotonic() > deadline:
                return False
            time.sleep(PAUSE)

    def _suspected(self, error: BadSource) -> SyncError:
        """A column that was there in the last run and is gone now is no mistake in the mapping: the guard stops."""
        was = self._cursor.position.get("dialect", {}).get("header", ())
        if not isinstance(error, MissingColumn) or error.column not in was:
            return error
        return GuardStopped(
            "column",
            f"{error}. It was there at the last run. If it is gone for good, take its fields out of the mapping.",
        )

    def _read_once(self, seen: Signature) -> None:
        self._forget_attempt()
        with self._source.open() as stream:
            digest, ascii = digest_of(stream)
            if self._is_as_it_was(digest):
                self._recall(seen, digest)
                return
            dialect = recognise(stream, self._source.name, self._connection, self._wants.needed, ascii=ascii)
            self.version = Version(seen, digest, dialect)
            self._scan = Scan(stream, self._source, dialect, self._wants)
            known = Index() if self._full or not self._is_comparable(dialect) else Index.from_bytes(self._cursor.seen)
            self._scan.run(known, np.sort(hashes(list(self._wanted))))
            self.unchanged = int(np.count_nonzero(self._scan.untouched))

    def _forget_attempt(self) -> None:
        if self._scan is not None:
            self._scan.close()
        self._scan, self._index, self.version = None, Index(), None
        self.unchanged, self.rejects = 0, []

    def _is_as_it_was(self, digest: str) -> bool:
        position = self._cursor.position
        return (
            not self._full
            and not self._wanted
            and not position.get("again", True)
            and position.get("digest") == digest
            and position.get("wants") == self._wants.digest
        )

    def _is_comparable(self, dialect: Dialect) -> bool:
        """Whether a line with the same bytes as then means what it meant then."""
        was = self._cursor.position.get("dialect", {})
        return (
            self._cursor.position.get("wants") == self._wants.digest
            and was.get("delimiter") == dialect.delimiter
            and tuple(was.get("header", ())) == dialect.header
        )

    def _recall(self, seen: Signature, digest: str) -> None:
        position = self._cursor.position
        dialect = dict(position["dialect"])
        dialect |= {"bom": bytes.fromhex(dialect["bom"]), "header": tuple(dialect["header"])}
        self.version = Version(seen, digest, Dialect(**dialect))
        self._index = Index.from_bytes(self._cursor.seen)
        self.unchanged = position["unchanged"]
        self.rejects = [Reject("erp", *found) for found in position["rejects"]]

    def _keys(self) -> Hashes:
        keys = self._index.keys if self._scan is None else self._scan.keys
        present: Hashes = keys[keys != UNSELECTED]
        return present

    # --- pages

    def _pages(self, scan: Scan) -> Iterator[Page]:
        for rows in _in_pages(scan.set_aside()):
            page = self._page(scan, rows)
            if page.ids:
                yield page

    def _page(self, scan: Scan, rows: Rows) -> Page:
        assert self.version is not None
        header = self.version.dialect.header
        asked = list(dict.fromkeys([self._wants.key, *self._wants.columns, *filter(None, [self._wants.modified])]))
        table = read_cells(
            rows.records, self.version.dialect.delimiter, len(header), [header.index(at) for at in asked]
        )
        columns = dict(zip(asked, table.columns, strict=True))
        ids = [cell.strip() for cell in columns[self._wants.key]]
        lines = rows.lines
        out = {row for row, key in enumerate(ids) if key in scan.duplicates} if scan.duplicates else set()
        dates: list[datetime | None] | None = None
        if self._wants.modified is not None:
            dates, unreadable = self._dates(columns[self._wants.modified])
            for row, reason in unreadable.items():
                if row not in out:
                    scan.accepted[rows.numbers[row]] = False
                    where = f"{self._source.short}:{lines[row]}"
                    self.rejects.append(Reject("erp", where, ids[row], self._wants.modified, reason))
            out |= set(unreadable)
        if out:
            kept = [row for row in range(len(ids)) if row not in out]
            ids, lines = [ids[row] for row in kept], [lines[row] for row in kept]
            columns = {name: [cells[row] for row in kept] for name, cells in columns.items()}
            dates = [dates[row] for row in kept] if dates is not None else None
        self._pulled += len(ids)
        for name in self._wants.columns:
            self._filled[name] += len(ids) - columns[name].count("")
        frame = pd.DataFrame({name: _objects(columns[name]) for name in self._wants.columns}, dtype=object)
        return Page(ids, Places(self._source.short, lines), frame, dates)

    def _dates(self, cells: Sequence[str]) -> tuple[list[datetime | None], dict[int, str]]:
        """The dates, and the reasons of those that cannot be read."""
        dates: list[datetime | None] = []
        unreadable: dict[int, str] = {}
        for row, cell in enumerate(cells):
            try:
                found = self._format.read(cell, Type("datetime"))
            except ValueError as error:
                unreadable[row] = str(error)
                found = None
            dates.append(found if isinstance(found, datetime) else None)
        return dates, unreadable

    # --- what is suspicious about the whole

    def _guard(self) -> None:
        assert self.version is not None
        now = self.version.dialect
        was = self._cursor.position.get("dialect")
        if was is not None:
            # What is named in the connection has changed only if a person has changed it.
            encoding = self._cursor.position["encoding"] if self._connection.encoding == "auto" else ""
            delimiter = was["delimiter"] if self._connection.delimiter == "auto" else now.delimiter
            then = Dialect(encoding or now.encoding, b"", delimiter, "", ())
            if (encoding and encoding != self._known_encoding()) or delimiter != now.delimiter:
                self.guards.append(("dialect", f"{self._source.name} was {then.shown} and is now {now.shown}"))
        before_shares: dict[str, float] = self._cursor.position.get("filled", {})
        rows = self.unchanged + self._pulled
        for name, share in self._shares().items():
            before_share = before_shares.get(name, 0.0)
            if rows >= ENOUGH_ROWS and before_share > MOSTLY and share < before_share * MOSTLY:
                self.guards.append(
                    (
                        "column",
                        f"{self._source.name}: the column {name!r} was filled in {before_share:.0%} of the rows "
                        f"and now is in about {share:.0%}",
                    )
                )

    def _known_encoding(self) -> str:
        """The encoding as far as it is certain: a file that is all ASCII tells none, and the last known one stays."""
        assert self.version is not None
        remembered: str = self._cursor.position.get("encoding", "")
        return remembered if self.version.dialect.ascii else self.version.dialect.encoding

    def _shares(self) -> dict[str, float]:
        """How much of each column is filled: counted in the rows that were read, as before in the others."""
        before: dict[str, Any] = self._cursor.position.get("filled", {})
        rows = self.unchanged + self._pulled
        if self._scan is None or not rows:
            return dict(before)
        return {name: (filled + self.unchanged * before.get(name, 0.0)) / rows for name, filled in self._filled.items()}


def _in_pages(parts: Iterator[Rows]) -> Iterator[Rows]:
    """The same rows in parts of PAGE."""
    waiting = Rows([], [], [])
    for part in parts:
        waiting = Rows(*(column + more for column, more in zip(waiting, part, strict=True)))  # type: ignore[operator]
        while len(waiting.numbers) >= PAGE:
            yield Rows(*(column[:PAGE] for column in waiting))  # type: ignore[arg-type]
            waiting = Rows(*(column[PAGE:] for column in waiting))  # type: ignore[arg-type]
    if waiting.numbers:
        yield waiting


def _objects(column: Sequence[str]) -> Any:
    cells = np.empty(len(column), dtype=object)
    cells[:] = column
    return cells


def _line(where: str) -> int:
    return int(where.rpartition(":")[2])
