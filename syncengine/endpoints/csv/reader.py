"""One reading of files that together hold everything: what may have changed since the cursor, page by page."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from syncengine.endpoints import Cursor, Page
from syncengine.endpoints.csv.arrivals import is_news, stamps
from syncengine.endpoints.csv.aside import Aside
from syncengine.endpoints.csv.content import Content, at_rest
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.habits import Filling, Habit, emptied, writing
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, among, hashes, repeated
from syncengine.endpoints.csv.pages import pages
from syncengine.endpoints.csv.resource import Resource
from syncengine.endpoints.csv.scan import Scan
from syncengine.endpoints.csv.source import Source, nothing_there
from syncengine.errors import BadSource, GuardStopped
from syncengine.records import Reject

__all__ = ["CsvPull"]

REMEMBERED_REJECTS = 1000  # with more of them unchanged files are read again, to tell them again
OTHERS = 3  # places named beside a duplicate

Place = tuple[Scan, int, int]  # the row's number in it, and its line


class CsvPull:
    """A `Pull` of CSV files: mostly of one. Nothing is read before it is iterated; no page is made before all files
    were seen.

    `left` tells that somebody was still writing a file: nothing was read, and the cursor stays where it was.
    `idle` tells that the files were put away when they had been read: all is as it was then, and nothing is gone.
    Iterating raises BadSource, CannotRun and GuardStopped.
    """

    def __init__(self, resource: Resource, cursor: Cursor, *, wanted: Collection[str], full: bool) -> None:
        self._resource, self._cursor = resource, cursor
        self._wanted, self._full = wanted, full
        self._before = {name: Habit.from_json(found["habit"]) for name, found in self._remembered.items()}
        self._contents: list[Content] = []
        self._superseded: list[Content] = []  # read by an earlier run, and only not put away
        self._settled = False
        self._scans: list[Scan] = []
        self._index = Index()
        self._aside = Aside()
        self._filling = Filling(resource.wants.columns)
        self._done = False
        self.left = self.idle = False
        self.unchanged = 0
        self.rejects: list[Reject] = []
        self.warnings: list[str] = []
        self.guards: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Page]:
        try:
            if (busy := self._read()) is not None:
                self._forget_attempt()
                self.left = True
                self.warnings.append(f"{busy.name} is still being written; left for the next run")
                return
            for page in pages(self._scans, self._aside, self._resource.wants, self._resource.format):
                self._filling.add(page)
                yield page
            if self._scans:
                self.rejects = [reject for scan in self._scans for _, reject in sorted(scan.rejects.items())]
                self._guard()
            self._done = True
        finally:
            self._aside.close()

    @property
    def complete(self) -> bool:
        told = all(reject.key is not None for reject in self.rejects)
        return self._done and not self.idle and self._resource.mapping.erp.complete and told

    @property
    def news(self) -> bool | None:
        """Whether the ERP has exported anything since the cursor; None where no export is read, but its own data."""
        return is_news(self._resource, self._cursor, self._contents)

    @property
    def dialect(self) -> Dialect | None:
        """How to write as these files are written, or were when they were last read."""
        return writing(self._habits(), self._resource.connection)

    @property
    def digest(self) -> str | None:
        """What was read, where that is one file."""
        return self._contents[0].digest if len(self._contents) == 1 else None

    def missing(self, ids: Collection[str]) -> set[str]:
        if not self.complete:
            return set()
        asked = list(ids)
        rejected = {reject.key for reject in self.rejects}
        there = among(hashes(asked), np.sort(self._keys())).tolist()
        return {name for name, found in zip(asked, there, strict=True) if not found and name not in rejected}

    def cursor(self, forget: Collection[str]) -> Cursor:
        if not self._done or self.idle:
            return self._cursor
        self._settled = not forget and not self.rejects
        lines, keys = self._index.lines, self._index.keys
        if self._scans:
            usable = [scan.accepted for scan in self._scans]
            lines = np.concatenate([scan.lines[rows] for scan, rows in zip(self._scans, usable, strict=True)])
            keys = np.concatenate([scan.index_keys[rows] for scan, rows in zip(self._scans, usable, strict=True)])
        if forget:
            kept = ~among(keys, np.sort(hashes(list(forget))))
            lines, keys = lines[kept], keys[kept]
        position = {
            "wants": self._resource.wants.digest,
            "files": {
                content.name: {"digest": content.digest, "habit": habit.as_json()}
                for content, habit in zip(self._contents, self._habits(), strict=True)
            },
            "unchanged": self.unchanged + self._filling.rows,
            "filled": self._shares(),
            **stamps(self._resource, [*self._superseded, *self._contents]),
            "again": bool(forget) or len(self.rejects) > REMEMBERED_REJECTS,
            "rejects": [
                [found.where, found.key, found.field, found.reason] for found in self.rejects[:REMEMBERED_REJECTS]
            ],
        }
        return Cursor(position, Index(lines, keys).to_bytes())

    def done(self) -> None:
        """Put away the files of earlier runs, and those of this one if all of their rows are settled: all or none of
        them, for some would look like all there is."""
        self._resource.put_away(self._superseded)
        if self._settled and all(content.stands for content in self._contents):
            self._resource.put_away(self._contents)

    # --- reading

    def _read(self) -> Source | None:
        """Read all files at rest. Returns one that somebody is still writing when patience has ended."""
        until = time.monotonic() + self._resource.patience
        while True:
            self._forget_attempt()
            for source in self._resource.sources():
                before = self._habit_before(source.name)
                ended = before is not None and before.dialect.ended
                content = at_rest(source, until, self._resource.ahead, ended=ended)
                if content is None:
                    return source
                self._contents.append(content)
            error = self._attempt()
            moved = self._moved()
            if moved is None:
                if error is not None:
                    raise error
                return None
            if time.monotonic() > until:
                return moved

    def _forget_attempt(self) -> None:
        self._contents, self._superseded, self._scans, self._index = [], [], [], Index()
        self._aside.clear()
        self.unchanged, self.rejects = 0, []

    def _attempt(self) -> BadSource | GuardStopped | None:
        """Read what is there; an error means something only if nobody has been writing meanwhile."""
        try:
            self._take()
        except (BadSource, GuardStopped) as error:
            return error
        return None

    def _moved(self) -> Source | None:
        """A file that is not any more, or not yet, what it was when it was read."""
        contents = [*self._superseded, *self._contents]
        read = [content.source for content in contents]
        there = self._resource.sources()
        changed = [content.source for content in contents if not content.stands]
        return next(iter([*changed, *(source for source in there if source not in read)]), None)

    def _take(self) -> None:
        remembered = {name: found["digest"] for name, found in self._remembered.items()}
        if self._resource.mapping.erp.archive_to is not None:
            self._pass_over(remembered)
        there = {content.name: content.digest for content in self._contents}
        if self.idle:
            self.unchanged = self._cursor.position["unchanged"]
        elif not there:
            raise nothing_there(self._resource.connection.folder, self._resource.mapping)
        elif there == remembered and self._is_nothing_asked:
            self._recall()
        else:
            self._scan_all()

    def _pass_over(self, remembered: dict[str, str]) -> None:
        """Where files are put away, each export takes the place of the one before, also if that is still there: a row
        of it was not settled, or the run was killed that was to move it. Some files of one export are none."""
        known = [content for content in self._contents if remembered.get(content.name) == content.digest]
        new = [content for content in self._contents if content not in known]
        if not new and len(known) < len(remembered):
            self.idle, self._superseded, self._contents = True, known, []
        elif new and all(content.name not in remembered for content in new):
            self._superseded, self._contents = known, new

    @property
    def _remembered(self) -> Mapping[str, Any]:
        """The files of the last reading."""
        found: dict[str, Any] = self._cursor.position.get("files", {})
        return found

    @property
    def _is_nothing_asked(self) -> bool:
        position = self._cursor.position
        return (
            not self._full
            and not self._wanted
            and None not in self._before.values()
            and not position["again"]
            and position["wants"] == self._resource.wants.digest
        )

    def _recall(self) -> None:
        position = self._cursor.position
        self._index = Index.from_bytes(self._cursor.seen)
        self.unchanged = position["unchanged"]
        self.rejects = [Reject("erp", *found) for found in position["rejects"]]

    def _scan_all(self) -> None:
        comparable = not self._full and self._cursor.position.get("wants") == self._resource.wants.digest
        index = Index.from_bytes(self._cursor.seen) if comparable else Index()
        wanted = np.sort(hashes(list(self._wanted)))
        for number, content in enumerate(self._contents):
            self._aside.file = number
            before = self._habit_before(content.name)
            self._scans.append(self._resource.scan(content, before, index, wanted, self._aside))
        self._reject_duplicates()
        self.unchanged = sum(int(np.count_nonzero(scan.untouched)) for scan in self._scans)

    def _reject_duplicates(self) -> None:
        """Reject all rows of a key that several have. That takes another look at the files, at these rows only."""
        several = repeated(np.concatenate([scan.keys[scan.usable] for scan in self._scans]))
        if not len(several):
            return
        places: dict[str, list[Place]] = defaultdict(list)
        for scan in self._scans:
            for row, line, key in scan.look_again(among(scan.keys, several) & scan.usable):
                places[key].append((scan, row, line))
        for key, found in places.items():
            if len(found) == 1:  # two keys with one hash
                continue
            in_one_file = len({scan.content.name for scan, _, _ in found}) == 1
            for place in found:
                scan, row, line = place
                others = [other for other in found[: OTHERS + 1] if other is not place][:OTHERS]
                elsewhere = _named(others, len(found) - 1, in_one_file)
                scan.reject(row, line, key, f"the key {key!r} stands also in {elsewhere}")

    def _keys(self) -> Hashes:
        keys = np.concatenate([scan.index_keys for scan in self._scans]) if self._scans else self._index.keys
        present: Hashes = keys[keys != UNSELECTED]
        return present

    # --- how the files are written, and what is suspicious about the whole

    def _habit_before(self, name: str) -> Habit | None:
        """How a file was written when it was last read; a new one is compared with the last of the others."""
        return self._before.get(name) or next(reversed(self._before.values()), None)

    def _habits(self) -> list[Habit]:
        """How each file is written; as they were where they were not read."""
        if self._scans:
            return [Habit.after(self._habit_before(scan.content.name), scan.dialect) for scan in self._scans]
        return [habit for habit in self._before.values() if habit is not None]

    def _guard(self) -> None:
        for scan in self._scans:
            self.guards += self._resource.broken(self._habit_before(scan.content.name), scan)
        rows = self.unchanged + self._filling.rows
        name = self._contents[0].name if len(self._contents) == 1 else self._resource.name
        self.guards += emptied(self._cursor.position.get("filled", {}), self._shares(), rows, name)

    def _shares(self) -> dict[str, float]:
        return self._filling.shares(self._cursor.position.get("filled", {}), self.unchanged)


def _named(some: Sequence[Place], number: int, in_one_file: bool) -> str:
    """Some of the other places of a key, of which there are so many."""
    more = f" and {number - len(some)} more" if number > len(some) else ""
    if in_one_file:
        return f"line{'s' if number > 1 else ''} {', '.join(str(line) for _, _, line in some)}{more}"
    return ", ".join(scan.where(line) for scan, _, line in some) + more
