"""What a job reads of each row of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syncengine.endpoints.csv.formulas import Formulas
from syncengine.mapping import LINES
from syncengine.mapping import Mapping as FieldMapping
from syncengine.settings import CsvConnection

__all__ = ["Wants"]


@dataclass(frozen=True, slots=True)
class Wants:
    """Columns and rows. `digest` changes with anything that changes what is made of a line.

    `in_lines` are columns of an order's lines: where there are any, all rows of a key are one record, and these columns
    become its column LINES.
    """

    key: str
    columns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]]
    modified: str | None
    formulas: Formulas
    digest: str
    in_lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, mapping: FieldMapping, connection: CsvConnection) -> Wants:
        erp = mapping.erp
        columns = tuple(mapping.paths("erp"))
        only = {column: list(words) for column, words in erp.only.items()}
        settings = connection.model_dump(mode="json", exclude={"name", "type", "folder"})
        what = json.dumps([2, erp.key, columns, only, erp.modified, mapping.digest, settings], sort_keys=True)
        digest = hashlib.sha256(what.encode()).hexdigest()
        lines = mapping.lines("store")
        in_lines = tuple(lines.columns) if lines is not None else ()
        return cls(erp.key, columns, erp.only, erp.modified, Formulas.of(connection), digest, in_lines)

    @property
    def needed(self) -> list[str]:
        """Every column that must be there, each once."""
        return list(dict.fromkeys([*self.of_record, *self.in_lines]))

    @property
    def of_record(self) -> list[str]:
        """Those that are the same in all rows of a record."""
        others = [self.modified] if self.modified else []
        return list(dict.fromkeys([self.key, *(one for one in self.columns if one != LINES), *self.only, *others]))

    def names(self, cells: Sequence[str]) -> list[str]:
        """The keys that stand in cells of the key column."""
        return [cell.strip() for cell in self.formulas.read_all(cells)]

    def selected(self, columns: Sequence[Sequence[str]]) -> list[bool]:
        """Which rows are read into the job, by their cells in the columns of `only`."""
        words = [frozenset(words) for words in self.only.values()]
        bare = [self.formulas.read_all(cells) for cells in columns]
        return [
            all(cell.strip() in chosen for cell, chosen in zip(cells, words, strict=True))
            for cells in zip(*bare, strict=True)
        ]
