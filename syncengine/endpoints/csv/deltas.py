"""One reading of files that hold only changes: those that are new, in the order of their names; of several rows with
one key the last one counts.

A file that was read to its end, and all of whose rows were accepted, is remembered by its name and digest. What was
read earlier comes before what is new, however it is called: the cursor keeps the order.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator

import numpy as np

from syncengine.endpoints import Cursor, Page
from syncengine.endpoints.csv.arrivals import is_news, stamps
from syncengine.endpoints.csv.aside import Aside
from syncengine.endpoints.csv.content import Content, at_rest
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.habits import ENOUGH_ROWS, Filling, Habit, emptied, writing
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, among, hashes, repeated
from syncengine.endpoints.csv.pages import pages
from syncengine.endpoints.csv.resource import Resource
from syncengine.endpoints.csv.scan import Scan
from syncengine.errors import BadSource, GuardStopped
from syncengine.records import Reject

__all__ = ["DeltaPull"]


class DeltaPull:
    """A `Pull` of files with changes. Nothing is read before it is iterated.

    Wanted records are also looked for in the files that were read earlier and are still there; with `only_wanted` no
    others are read. A file that somebody is still writing is left for the next run, with all that come after it.
    Nothing is ever known to be missing. Iterating raises BadSource, CannotRun and GuardStopped.
    """

    left = complete = False
    unchanged = 0

    def __init__(
        self, resource: Resource, cursor: Cursor, *, wanted: Collection[str], full: bool, only_wanted: bool = False
    ) -> None:
        self._resource, self._cursor = resource, cursor
        self._wanted, self._full, self._only_wanted = wanted, full, only_wanted
        self._habit = Habit.from_json(cursor.position.get("habit"))
        self._remembered: dict[str, str] = cursor.position.get("deltas", {})  # name -> digest, in the order of reading
        self._is_comparable = cursor.position.get("wants") == resource.wants.digest
        self._there: list[str] = []
        self._read_before: list[Content] = []
        self._new: list[Content] = []
        self._settled: list[Content] = []
        self._scans: dict[str, Scan] = {}  # by name, in the order in which their rows count
        self._aside = Aside()
        self._filling = Filling(resource.wants.columns)
        self._done = False
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.guards: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Page]:
        try:
            self._read()
            scans = list(self._scans.values())
            for page in pages(scans, self._aside, self._resource.wants, self._resource.format):
                self._filling.add(page)
                yield page
            self.rejects = [reject for scan in scans for _, reject in sorted(scan.rejects.items())]
            self._guard()
            self._done = True
        finally:
            self._aside.close()

    @property
    def news(self) -> bool | None:
        """Whether the ERP has exported anything since the cursor; None where no export is read, but its own data."""
        return is_news(self._resource, self._cursor, [*self._read_before, *self._new])

    @property
    def dialect(self) -> Dialect | None:
        """How to write as the last file that was read is written."""
        habit = self._habit_now()
        return writing([habit] if habit else [], self._resource.connection)

    def missing(self, ids: Collection[str]) -> set[str]:
        return set()

    def cursor(self, forget: Collection[str]) -> Cursor:
        """New files settle in order: the first that holds a record that was not accepted is not remembered, nor are
        those behind it, so that the last row of each key counts the next time as well."""
        if not self._done:
            return self._cursor
        sought = np.sort(hashes(list(forget)))
        self._settled = []
        for scan in self._new_scans():
            if scan.rejects or among(scan.keys, sought).any():
                break
            self._settled.append(scan.content)
        new = {content.name for content in self._new}
        files = {
            name: digest
            for name, digest in self._remembered.items()
            if self._is_comparable and name in self._there and name not in new
        }
        habit = self._habit_now()
        position = {
            "wants": self._resource.wants.digest,
            "deltas": files | {content.name: content.digest for content in self._settled},
            "habit": habit.as_json() if habit else None,
            "filled": self._shares(),
            **stamps(self._resource, [*self._read_before, *self._new]),
        }
        return Cursor(position)

    def done(self) -> None:
        """Put away what is remembered."""
        self._resource.put_away([*self._read_before, *self._settled])

    # --- reading

    def _read(self) -> None:
        contents, busy = self._at_rest()
        while True:
            error = self._attempt(contents)
            moved = next((at for at, content in enumerate(contents) if not content.stands), None)
            if moved is None:
                break
            contents, busy = contents[:moved], contents[moved].name
        if error is not None:
            raise error
        if busy is not None:
            behind = len(self._there) - self._there.index(busy) - 1
            more = f" with the {behind} behind it" if behind else ""
            self.warnings.append(f"{busy} is still being written; left for the next run{more}")

    def _at_rest(self) -> tuple[list[Content], str | None]:
        """All files in the order of their names, up to one that somebody is still writing; and the name of that."""
        until = time.monotonic() + self._resource.patience
        ended = self._habit is not None and self._habit.dialect.ended
        sources = self._resource.sources()
        self._there = [source.name for source in sources]
        contents: list[Content] = []
        for source in sources:
            content = at_rest(source, until, self._resource.ahead, ended=ended)
            if content is None:
                return contents, source.name
            contents.append(content)
        return contents, None

    def _attempt(self, contents: list[Content]) -> BadSource | GuardStopped | None:
        """Read these files; an error means something only if nobody has been writing meanwhile."""
        order = {name: at for at, name in enumerate(self._remembered)}
        known, unknown = list[Content](), list[Content]()
        for content in contents:
            (known if self._remembered.get(content.name) == content.digest else unknown).append(content)
        known.sort(key=lambda content: order[content.name])
        self._read_before, self._new = (known, unknown) if self._is_comparable else ([], known + unknown)
        self._scans = {}
        self._aside.clear()
        try:
            self._scan_all()
        except (BadSource, GuardStopped) as error:
            return error
        return None

    def _scan_all(self) -> None:
        wanted = np.sort(hashes(list(self._wanted)))
        for content in self._read_before if self._full or self._wanted else ():
            self._scan(content, wanted, others=self._full)
        for content in self._new:
            self._scan(content, wanted, others=not self._only_wanted)
        self._let_the_last_count()

    def _scan(self, content: Content, wanted: Hashes, *, others: bool) -> None:
        self._aside.file = len(self._scans)
        scan = self._resource.scan(content, self._habit, Index(), wanted, self._aside, others=others)
        self._scans[content.name] = scan

    def _let_the_last_count(self) -> None:
        """Of the rows of one key, in whatever files, only the last one stays. That takes another look at these rows."""
        keys = [scan.keys[scan.keys != UNSELECTED] for scan in self._scans.values()]
        several = repeated(np.concatenate(keys)) if keys else hashes([])
        last: dict[str, tuple[Scan, int]] = {}
        for scan in self._scans.values() if len(several) else ():
            for row, _, key in scan.look_again(among(scan.keys, several)):
                if (before := last.get(key)) is not None:
                    before[0].supersede(before[1])
                last[key] = scan, row

    # --- how the files are written, and what is suspicious about the new ones

    def _habit_now(self) -> Habit | None:
        habit = self._habit
        for scan in self._new_scans():
            habit = Habit.after(habit, scan.dialect)
        return habit

    def _new_scans(self) -> list[Scan]:
        return [self._scans[content.name] for content in self._new if content.name in self._scans]

    def _guard(self) -> None:
        for scan in self._new_scans():
            self.guards += self._resource.broken(self._habit, scan)
        before = self._cursor.position.get("filled", {})
        self.guards += emptied(before, self._shares(), self._filling.rows, self._resource.name)

    def _shares(self) -> dict[str, float]:
        """Of some rows only: a handful of changes tells nothing."""
        before: dict[str, float] = self._cursor.position.get("filled", {})
        return self._filling.shares(before) if self._filling.rows >= ENOUGH_ROWS else before
