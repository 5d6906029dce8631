"""`write_to`: changes handed over as new files that the ERP imports when it likes.

The ERP may take a file away at once, so a receipt stays beside it: what stood in the file, written before the file got
its name. After a crash it tells what was handed over; once a later run writes, nobody will ask for it any more.

The lines of orders stand beside them, or in a file of their own. That one gets its name right before the orders' file,
so that whoever finds orders finds their lines; from then on both are handed over, and a crash in between is made good.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from syncengine.endpoints import View
from syncengine.endpoints.csv.cells import spell_row
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.durable import hidden, make_durable, put, write_durably
from syncengine.endpoints.csv.formulas import Formulas
from syncengine.endpoints.csv.order_lines import cells_of_lines
from syncengine.endpoints.csv.source import is_output
from syncengine.endpoints.csv.spelling import check_cell, key_of, spell_difference, value_of, writers
from syncengine.errors import CannotRun
from syncengine.mapping import Field
from syncengine.records import Change, Outcome
from syncengine.values import Value

__all__ = ["Outbox"]


class Outbox:
    """Where files for the ERP are put, each named by its run."""

    def __init__(self, folder: Path, view: View, formulas: Formulas) -> None:
        self._folder, self._view, self._formulas, self._format = folder, view, formulas, formulas.format
        self._fields = {name: one for name, one in writers(view.mapping).items() if one.lines is None}
        self._lines = view.mapping.lines("erp")
        parent, key = view.mapping.erp.parent, view.mapping.erp.key
        self.columns = list(dict.fromkeys([key, *self._fields, *([parent] if parent else [])]))
        in_lines = self._lines.columns if self._lines is not None else []
        self._line_columns = [key, *in_lines] if self._apart else []
        self.columns += [] if self._apart else in_lines
        self._handed_over: Literal["in-flight", "done"] = (
            "in-flight" if view.mapping.erp.import_within is not None else "done"
        )
        # Several jobs may write files of one pattern, at once even: each sees to its own receipts.
        self._temporary, self._receipt = f"{view.job}.tmp", f"{view.job}.sent"

    def send(self, changes: Sequence[Change], dialect: Dialect) -> list[Outcome]:
        """One file with the rows of each change that can be spelled; the others have failed. Raises CannotRun."""
        outcomes: list[Outcome] = []
        rows: list[bytes] = []
        lines: list[bytes] = []
        for change in changes:
            try:
                mine, apart, key = self._rows(change, dialect)
            except ValueError as error:
                outcomes.append(Outcome(change, "failed", change.record_id, error=str(error)))
                continue
            rows += mine
            lines += apart
            outcomes.append(Outcome(change, self._handed_over, key))
        if rows:
            target = self._target()
            keys = {found.change.id: found.record_id for found in outcomes if found.status == self._handed_over}
            if self._apart:
                write_durably(
                    hidden(self._beside(target), self._temporary), [self._header(self._line_columns, dialect), *lines]
                )
            try:
                put(
                    target,
                    [self._header(self.columns, dialect), *rows],
                    lambda: self._publish_lines(target),
                    temporary=hidden(target, self._temporary),
                    receipt=(hidden(target, self._receipt), json.dumps(keys).encode()),
                )
            except BaseException:
                self._take_lines_back(target)
                raise
        return outcomes

    def handed_over(self, changes: Sequence[Change]) -> dict[str, str]:
        """Change id -> key of those changes that stand in a file which got its name. Raises CannotRun."""
        keys: dict[str, str] = {}
        for target in self._targets(self._receipt) if changes else ():
            if _is_there(hidden(target, self._temporary)) and not self._made_good(target):
                continue
            receipt = hidden(target, self._receipt)
            try:
                keys.update(json.loads(receipt.read_bytes()))
            except (OSError, ValueError) as error:
                raise CannotRun(f"{receipt}, which tells what {target.name} has handed over, cannot be read") from error
        return {change.id: keys[change.id] for change in changes if change.id in keys}

    def not_taken(self, runs: Collection[str]) -> set[str]:
        """Those of these runs of which a file still lies where the ERP was to find it."""
        pattern = glob.escape(self._pattern)
        return {run for run in runs if any(self._folder.glob(pattern.replace("{time}", f"{run}*")))}

    @property
    def _apart(self) -> bool:
        """Whether lines have a file of their own."""
        return self._lines is not None and self._lines.resource is not None

    def _header(self, columns: Sequence[str], dialect: Dialect) -> bytes:
        return dialect.bom + self._spelled(columns, dialect)

    def _rows(self, change: Change, dialect: Dialect) -> tuple[list[bytes], list[bytes], str]:
        """The record's rows, those of its lines where they stand apart, and its key. Raises ValueError."""
        cells, key = self._cells(change, dialect)
        if self._lines is None:
            return [self._row(self.columns, cells, dialect)], [], key
        lines = cells_of_lines(self._lines, self._lines_of(change), self._format)
        if self._apart:
            named = [{self._view.mapping.erp.key: key} | line for line in lines]
            apart = [self._row(self._line_columns, line, dialect) for line in named]
            return [self._row(self.columns, cells, dialect)], apart, key
        return [self._row(self.columns, cells | line, dialect) for line in lines or [{}]], [], key

    def _row(self, columns: Sequence[str], cells: Mapping[str, str], dialect: Dialect) -> bytes:
        for column, cell in cells.items():
            check_cell(column, cell, dialect)
        return self._spelled([cells.get(column, "") for column in columns], dialect)

    def _lines_of(self, change: Change) -> Value:
        field = next(one for one in self._view.mapping.fields.values() if one.lines is not None)
        return value_of(change, field)

    def _cells(self, change: Change, dialect: Dialect) -> tuple[dict[str, str], str]:
        if change.action == "delete":
            raise ValueError("a file for the import cannot say that a record is to be deleted")
        key = key_of(change, self._view.mapping.erp.key, self._fields, self._format)
        cells = {column: self._cell(change, field) for column, field in self._fields.items()}
        if (parent := self._view.mapping.erp.parent) is not None:
            cells[parent] = change.parent if change.parent is not None else cells.get(parent, "")
        cells[self._view.mapping.erp.key] = key
        return cells, key

    def _spelled(self, cells: Sequence[str], dialect: Dialect) -> bytes:
        text = spell_row([self._formulas.write(cell) for cell in cells], dialect.delimiter)
        return dialect.encode(text + dialect.line_end)

    def _cell(self, change: Change, field: Field) -> str:
        if field.by_difference:
            return spell_difference(change, field, self._format)
        return str(field.write("erp", value_of(change, field), self._format))

    def _target(self) -> Path:
        target = self._named(self._view.run)
        number = 1
        while self._is_taken(target):
            number += 1
            target = self._named(f"{self._view.run}{number:02}")  # it sorts behind the first, as `-2.csv` would not
        for file in (target, self._beside(target)) if self._apart else (target,):
            self._make_room(file)
        self._remove_stale()
        return target

    def _make_room(self, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(f"the folder {target.parent} cannot be made: {error.strerror}") from error
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise CannotRun(f"{target} leads out of the folder {self._folder}: only files inside of it are written")

    def _is_taken(self, target: Path) -> bool:
        """Also where the ERP has taken the file already."""
        beside = self._apart and _is_there(self._beside(target))
        return _is_there(target) or beside or _is_there(hidden(target, self._receipt))

    def _named(self, stamp: str) -> Path:
        return self._folder / self._pattern.replace("{time}", stamp)

    @property
    def _pattern(self) -> str:
        return str(self._view.mapping.erp.write_to)

    def _beside(self, target: Path) -> Path:
        """The file of the lines that belongs to one of orders."""
        before, _, after = self._pattern.partition("{time}")
        name = target.relative_to(self._folder).as_posix()
        stamp = name[len(before) : len(name) - len(after)] if after else name[len(before) :]
        assert self._lines is not None
        return self._folder / str(self._lines.resource).replace("{time}", stamp)

    def _publish_lines(self, target: Path) -> None:
        """Right before the orders get their name."""
        _check_free(target)
        if self._apart:
            lines = self._beside(target)
            _check_free(lines)
            hidden(lines, self._temporary).replace(lines)
            make_durable(lines.parent)

    def _take_lines_back(self, target: Path) -> None:
        """Leave no lines behind whose orders were not handed over."""
        if self._apart and not hidden(target, self._receipt).exists():
            hidden(self._beside(target), self._temporary).unlink(missing_ok=True)
            self._beside(target).unlink(missing_ok=True)

    def _made_good(self, target: Path) -> bool:
        """Whether the lines got their name and only the orders did not, because of a crash: now they do."""
        if not self._apart or _is_there(hidden(self._beside(target), self._temporary)):
            return False
        if not self._view.read_only:
            try:
                hidden(target, self._temporary).replace(target)
            except OSError as error:
                raise CannotRun(f"{target} cannot be written: {error.strerror}") from error
            make_durable(target.parent)
        return True

    def _remove_stale(self) -> None:
        """Remove what earlier runs have left: the lock says that none of them is under way, and this run has asked."""
        stale = [(self._receipt, self._pattern), (self._temporary, self._pattern)]  # a receipt alone: "handed over"
        if self._lines is not None and self._lines.resource is not None:
            stale.append((self._temporary, self._lines.resource))
        for ending, pattern in stale:
            for target in list(self._targets(ending, pattern)):
                if self._view.run not in target.relative_to(self._folder).as_posix():
                    hidden(target, ending).unlink(missing_ok=True)

    def _targets(self, ending: str, of: str | None = None) -> Iterator[Path]:
        """The files, of any run, beside which there is such a companion of this job."""
        pattern = hidden(Path(glob.escape(of or self._pattern)), ending)
        for path in self._folder.glob(str(pattern).replace("{time}", "*")):
            target = path.with_name(path.name.removeprefix(".").removesuffix(f".{ending}"))
            if is_output(target.relative_to(self._folder).as_posix(), self._view.mapping):
                yield target


def _is_there(file: Path) -> bool:
    """Raises CannotRun where nobody can tell: nothing was written there, then."""
    try:
        return file.exists()
    except OSError as error:
        raise CannotRun(f"the folder {file.parent} cannot be entered: {error.strerror}") from error


def _check_free(target: Path) -> None:
    if target.exists():
        raise CannotRun(f"{target} is there already: a file for the import is never overwritten")
