"""`write_to`: changes handed over as new files that the ERP imports when it likes.

The ERP may take a file away at once, so a receipt stays beside it: what stood in the file, written before the file got
its name. After a crash it tells what was handed over; once a later run writes, nobody will ask for it any more.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from syncengine.endpoints import View
from syncengine.endpoints.csv.cells import spell_row
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.endpoints.csv.durable import hidden, put
from syncengine.endpoints.csv.formulas import Formulas
from syncengine.endpoints.csv.source import is_output
from syncengine.endpoints.csv.spelling import check_cell, key_of, spell_difference, value_of, writers
from syncengine.errors import CannotRun
from syncengine.mapping import Field
from syncengine.records import Change, Outcome

__all__ = ["Outbox"]


class Outbox:
    """Where files for the ERP are put, each named by its run."""

    def __init__(self, folder: Path, view: View, formulas: Formulas) -> None:
        self._folder, self._view, self._formulas, self._format = folder, view, formulas, formulas.format
        self._fields = writers(view.mapping)
        parent = view.mapping.erp.parent
        self.columns = list(dict.fromkeys([view.mapping.erp.key, *self._fields, *([parent] if parent else [])]))
        # Several jobs may write files of one pattern, at once even: each sees to its own receipts.
        self._temporary, self._receipt = f"{view.job}.tmp", f"{view.job}.sent"

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
            header = dialect.bom + self._spelled(self.columns, dialect)
            keys = {found.change.id: found.record_id for found in outcomes if found.status == "in-flight"}
            put(
                target,
                [header, *rows],
                lambda: _check_free(target),
                temporary=hidden(target, self._temporary),
                receipt=(hidden(target, self._receipt), json.dumps(keys).encode()),
            )
        return outcomes

    def handed_over(self, changes: Sequence[Change]) -> dict[str, str]:
        """Change id -> key of those changes that stand in a file which got its name. Raises CannotRun."""
        keys: dict[str, str] = {}
        for target in self._targets(self._receipt) if changes else ():
            if hidden(target, self._temporary).exists():
                continue
            receipt = hidden(target, self._receipt)
            try:
                keys.update(json.loads(receipt.read_bytes()))
            except (OSError, ValueError) as error:
                raise CannotRun(f"{receipt}, which tells what {target.name} has handed over, cannot be read") from error
        return {change.id: keys[change.id] for change in changes if change.id in keys}

    def _row(self, change: Change, dialect: Dialect) -> tuple[bytes, str]:
        if change.action == "delete":
            raise ValueError("a file for the import cannot say that a record is to be deleted")
        key = key_of(change, self._view.mapping.erp.key, self._fields, self._format)
        cells = {column: self._cell(change, field) for column, field in self._fields.items()}
        if (parent := self._view.mapping.erp.parent) is not None:
            cells[parent] = change.parent if change.parent is not None else cells.get(parent, "")
        cells[self._view.mapping.erp.key] = key
        for column, cell in cells.items():
            check_cell(column, cell, dialect)
        return self._spelled([cells[column] for column in self.columns], dialect), key

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
        while target.exists() or hidden(target, self._receipt).exists():  # the ERP may have taken the file already
            number += 1
            target = self._named(f"{self._view.run}-{number}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotRun(f"the folder {target.parent} cannot be made: {error.strerror}") from error
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise CannotRun(f"{target} leads out of the folder {self._folder}: only files inside of it are written")
        self._remove_stale()
        return target

    def _named(self, stamp: str) -> Path:
        return self._folder / str(self._view.mapping.erp.write_to).replace("{time}", stamp)

    def _remove_stale(self) -> None:
        """Remove what earlier runs have left: the lock says that none of them is under way, and this run has asked."""
        for ending in (self._receipt, self._temporary):  # in this order: a receipt alone says "handed over"
            for target in list(self._targets(ending)):
                if self._view.run not in target.relative_to(self._folder).as_posix():
                    hidden(target, ending).unlink(missing_ok=True)

    def _targets(self, ending: str) -> Iterator[Path]:
        """The files, of any run, beside which there is such a companion of this job."""
        pattern = hidden(Path(glob.escape(str(self._view.mapping.erp.write_to))), ending)
        for path in self._folder.glob(str(pattern).replace("{time}", "*")):
            target = path.with_name(path.name.removeprefix(".").removesuffix(f".{ending}"))
            if is_output(target.relative_to(self._folder).as_posix(), self._view.mapping):
                yield target


def _check_free(target: Path) -> None:
    if target.exists():
        raise CannotRun(f"{target} is there already: a file for the import is never overwritten")
