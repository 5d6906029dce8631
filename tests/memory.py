"""Two systems in memory behind the endpoint protocol, with faults on demand: the engine's opponents in tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import pandas as pd

from syncengine.endpoints import Cursor, Endpoint, Page
from syncengine.mapping import Mapping
from syncengine.records import Change, Outcome, Reject, Side
from syncengine.values import Format, Value, match_key

NATIVE = Format(text=False)


@dataclass
class MemoryPull:
    pages: list[Page]
    everything: set[str]
    complete: bool
    wanted: set[str]
    position: int
    unchanged: int
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    guards: list[tuple[str, str]] = field(default_factory=list)
    left: ClassVar[bool] = False
    news: ClassVar[bool | None] = None

    def __iter__(self) -> Iterator[Page]:
        return iter(self.pages)

    def missing(self, ids: Collection[str]) -> set[str]:
        return {key for key in ids if key not in self.everything and (self.complete or key in self.wanted)}

    def cursor(self, forget: Collection[str]) -> Cursor:
        return Cursor({"at": self.position})

    def done(self) -> None: ...


@dataclass
class Memory(Endpoint):
    """A side in memory. `records` are cells by path, `ticks` the version at which a record last changed.

    `fault` is asked before each send: None, "refuse", "lost" (done, but no reply), "dropped" (nothing done, no
    reply), "half" (half of it done, no reply), "kill" (half of it done, and the process dies).
    """

    side: Side
    mapping: Mapping
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    ticks: dict[str, int] = field(default_factory=dict)
    clock: int = 0
    next_id: int = 100
    format: Format = NATIVE
    batch_size: int = 3
    concurrency: int = 1
    settle: float = 0.0
    writable: bool = True
    takes_later: bool = False
    requests: int = 0
    writes: int = 0
    fault: Callable[[], str | None] = lambda: None
    marks: dict[str, str] = field(default_factory=dict)
    handed_over: list[Change] = field(default_factory=list)

    def edit(self, key: str, **cells: Any) -> None:
        self.records.setdefault(key, dict.fromkeys(self.mapping.paths(self.side))).update(cells)
        self.clock += 1
        self.ticks[key] = self.clock

    def remove(self, key: str) -> None:
        self.records.pop(key, None)
        self.ticks.pop(key, None)

    def identity(self) -> str:
        return f"memory {self.side}"

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> MemoryPull:
        since = -1 if full else cursor.position.get("at", -1)
        ids = [key for key in self.records if self.ticks[key] > since or key in wanted]
        pages = [self._page(ids[at : at + 2]) for at in range(0, len(ids), 2)]
        complete = full or self.side == "erp"
        unchanged = len(self.records) - len(ids) if complete else 0
        return MemoryPull(pages, set(self.records), complete, set(wanted), self.clock, unchanged)

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        yield self._page([key for key in ids if key in self.records])

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        keys = {match_key(value) for value in values}
        yield self._page([key for key, cells in self.records.items() if match_key(str(cells.get(path) or "")) in keys])

    def refusal(self, path: str, value: Value) -> str:
        return "the side would mangle it" if value == "mangled" else ""

    def normal(self, path: str, value: Value) -> Value:
        return value

    def prerequisites(self, changes: Sequence[Change]) -> list[Change]:
        return []

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        self.requests += 1
        fault = self.fault()
        if fault == "refuse":
            return [Outcome(change, "failed", error="refused: for now") for change in changes]
        if fault == "dropped":
            return [Outcome(change, "unknown", error="no reply") for change in changes]
        if self.takes_later:
            self.handed_over += changes
            self.writes += len(changes)
            self.marks.update((change.id, change.record_id or change.key or "") for change in changes)
            if fault == "kill":
                raise KilledError
            return [Outcome(change, "unknown" if fault else "in-flight", error="no reply") for change in changes]
        number = len(changes) // 2 if fault in ("half", "kill") else len(changes)
        done = [self._write(change) for change in changes[:number]]
        if fault == "kill":
            raise KilledError
        if fault in ("lost", "half"):
            return [Outcome(change, "unknown", error="no reply") for change in changes]
        return done

    def take_in(self) -> None:
        """What an import does at night with all that was handed over."""
        for change in self.handed_over:
            key = change.record_id or change.key
            assert key is not None
            if change.action == "create":
                self.edit(key, **({self.mapping.erp.key: key} | self._cells(change, key)))
            elif key in self.records:
                self.edit(key, **self._cells(change, key))
        self.handed_over.clear()

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        return {change.id: self.marks[change.id] for change in changes if change.id in self.marks}

    def not_taken(self, runs: Collection[str]) -> set[str]:
        return {run for run in runs if any(one.id.rpartition("-")[0] == run for one in self.handed_over)}

    def close(self) -> None:
        pass

    def _write(self, change: Change) -> Outcome:
        self.writes += 1
        if change.action == "create":
            self.next_id += 1
            key = str(self.next_id) if self.side == "store" else str(change.key)
        else:
            key = str(change.record_id)
            if key not in self.records:
                return Outcome(change, "failed", error="invalid_id: no such record")
        if change.action == "delete":
            self.remove(key)
            return Outcome(change, "done", key)
        self.edit(key, **self._cells(change, key))
        if change.action == "create" and self.side == "erp":
            self.edit(key, **{self.mapping.erp.key: key})
        if change.mark:
            self.marks[change.id] = key
        return Outcome(change, "done", key, json.loads(json.dumps(self.records[key])))

    def _cells(self, change: Change, key: str) -> dict[str, Any]:
        """What a change makes of a record's cells."""
        cells: dict[str, Any] = {}
        if change.parent is not None and self.side == "erp" and self.mapping.erp.parent is not None:
            cells[self.mapping.erp.parent] = change.parent
        for name, what in change.fields.items():
            field = self.mapping.fields[name]
            path = field.path(self.side)
            assert path is not None
            if what.difference is not None:
                cells[path] = (self.records[key][path] or 0) + what.difference
            else:
                cells[path] = field.write(self.side, what.new, self.format)
        return cells

    def _page(self, ids: list[str]) -> Page:
        paths = self.mapping.paths(self.side)
        cells = pd.DataFrame(
            {path: pd.Series([self.records[key].get(path) for key in ids], dtype=object) for path in paths},
        )
        modified: list[datetime | None] = [datetime.fromtimestamp(self.ticks[key], UTC) for key in ids]
        return Page(ids, [f"{self.side} {key}" for key in ids], cells, modified)


class KilledError(BaseException):
    """Stands for the end of the process."""
