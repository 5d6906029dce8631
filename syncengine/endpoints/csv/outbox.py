"""`write_to`: changes handed over as new files that the ERP imports when it likes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from syncengine.endpoints import View
from syncengine.endpoints.csv.cells import spell_row
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.durable import put, temporary_name
from syncengine.endpoints.csv.source import is_output
from syncengine.endpoints.csv.spelling import check_cell, key_of, spell_difference, value_of, writers
from syncengine.errors import CannotRun
from syncengine.mapping import Field
from syncengine.records import Change, Outcome
from syncengine.values import Format

__all__ = ["Outbox"]


class Outbox:
    """Where files for the ERP are put, each named by its run."""

    def __init__(self, folder: Path, view: View, format: Format) -> None:
        self._folder, self._view, self._format = folder, view, format
        self._fields = writers(view.mapping)
        self._columns = list(dict.fromkeys([view.mapping.erp.key, *self._fields]))

    def send(self, changes: Sequence[Change], dialect: Dialect) -> list[Outcome]:
        """One file with a row for each change that can be spelled; the others have failed. Raises CannotRun."""
        outcomes: list[Outcome] = []
        rows: list[bytes] = []
        for change in changes:
            try:
                row, key = self._row(change, dialect)
            except ValueError as error:
                outcomes.append(Outcome(change, "failed", change.record_id, error=str(error), retry=False))
                continue
            rows.append(row)
            outcomes.append(Outcome(change, "in-flight", key))
        if rows:
            target = self._target()
            header = dialect.bom + dialect.encode(spell_row(self._columns, dialect.delimiter) + dialect.line_end)
            put(target, [header, *rows], lambda: _check_free(target))
        return outcomes

    def _row(self, change: Change, dialect: Dialect) -> tuple[bytes, str]:
        if change.action == "delete":
            raise ValueError("a file for the import cannot say that a record is to be deleted")
        key = key_of(change, self._view.mapping.erp.key, self._fields, self._format)
        cells = {column: self._cell(change, field) for column, field in self._fields.items()}
        cells[self._view.mapping.erp.key] = key
        for column, cell in cells.items():
            check_cell(column, cell, dialect)
        text = spell_row([cells[column] for column in self._columns], dialect.delimiter)
        return dialect.encode(text + dialect.line_end), key

    def _cell(self, change: Change, field: Field) -> str:
        if field.by_difference:
            return spell_difference(change, field, self._format)
        return str(field.write("erp", value_of(change, field), self._format))

    def _target(self) -> Path:
        pattern = str(self._view.mapping.erp.write_to)
        stamp = self._view.run
        number = 1
        while (target := self._folder / pattern.replace("{time}", stamp)).exists():
            number += 1
            stamp = f"{self._view.run}-{number}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(f"the folder {target.parent} cannot be made: {error.strerror}") from error
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise CannotRun(f"{target} leads out of the folder {self._folder}: only files inside of it are written")
        self._remove_stale(target)
        return target

    def _remove_stale(self, target: Path) -> None:
        """Remove what a run that was killed has left half-written: the lock says that nobody writes now."""
        below = PurePath(target.parent.relative_to(self._folder))
        for path in target.parent.glob(temporary_name("*")):
            written = path.name.removeprefix(".").removesuffix(".tmp")
            if is_output((below / written).as_posix(), self._view.mapping):
                path.unlink(missing_ok=True)


def _check_free(target: Path) -> None:
    if target.exists():
        raise CannotRun(f"{target} is there already: a file for the import is never overwritten")
