"""How files have been written so far, and what is suspicious about one that is written otherwise now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from syncengine.endpoints import Page
from syncengine.endpoints.csv.dialect import Dialect
from syncengine.settings import CsvConnection

__all__ = ["ENOUGH_ROWS", "Filling", "Habit", "emptied", "writing"]

ENOUGH_ROWS = 20  # below that a column that became empty tells nothing
MOSTLY = 0.5
ASCII = "".join(map(chr, range(128)))


@dataclass(frozen=True, slots=True)
class Habit:
    """How a file was written when it was last read. A file that is all ASCII tells no encoding: the one from before
    stays if the file may be written in it, "" if there was none."""

    dialect: Dialect
    encoding: str

    @classmethod
    def after(cls, before: Habit | None, dialect: Dialect) -> Habit:
        if not dialect.ascii:
            return cls(dialect, dialect.encoding)
        return cls(dialect, before.encoding if before and _holds_ascii(before.encoding) else "")

    @classmethod
    def from_json(cls, found: Any) -> Habit | None:
        """What `as_json` made, None if it is anything else."""
        try:
            dialect = dict(found["dialect"])
            dialect |= {"bom": bytes.fromhex(dialect["bom"]), "header": tuple(dialect["header"])}
            return cls(Dialect(**dialect), found["encoding"])
        except (KeyError, TypeError, ValueError):
            return None

    def as_json(self) -> dict[str, Any]:
        dialect = {**asdict(self.dialect), "bom": self.dialect.bom.hex(), "header": list(self.dialect.header)}
        return {"dialect": dialect, "encoding": self.encoding}

    def broken_by(self, dialect: Dialect, connection: CsvConnection, name: str) -> list[tuple[str, str]]:
        """The guards against a file that is written otherwise. What is named in the connection has changed only if a
        person has changed it."""
        cut = f"{name} ends within a line, as it did not before: its last row may be half of one, and others missing"
        found = [("unfinished", cut)] if self.dialect.ended and not dialect.ended else []
        now = Habit.after(self, dialect)
        encoding = self.encoding if connection.encoding == "auto" else ""
        delimiter = self.dialect.delimiter if connection.delimiter == "auto" else dialect.delimiter
        if (not encoding or encoding == now.encoding) and delimiter == dialect.delimiter:
            return found
        then = Dialect(encoding or dialect.encoding, b"", delimiter, "", ())
        return [*found, ("dialect", f"{name} was {then.shown} and is now {dialect.shown}")]


def writing(habits: Sequence[Habit], connection: CsvConnection) -> Dialect | None:
    """How to write for who wrote these files: as the last one. Where that is all ASCII and nobody has named an
    encoding, it is the last one that was told: who writes cp1252 does not read our umlauts in UTF-8."""
    if not habits:
        return None
    dialect = habits[-1].dialect
    told = [habit.encoding for habit in habits if _holds_ascii(habit.encoding)]
    if told and dialect.ascii and connection.encoding == "auto":
        return replace(dialect, encoding=told[-1])
    return dialect


def _holds_ascii(encoding: str) -> bool:
    """Whether ASCII is spelled in it as it is, unlike in UTF-16."""
    return bool(encoding) and ASCII.encode(encoding, errors="replace") == ASCII.encode()


class Filling:
    """How many cells of each column are filled, in the rows that were read."""

    def __init__(self, columns: Collection[str]) -> None:
        self.rows = 0
        self._filled = dict.fromkeys(columns, 0)

    def add(self, page: Page) -> None:
        self.rows += len(page.ids)
        for name in self._filled:
            self._filled[name] += len(page.ids) - page.cells[name].tolist().count("")

    def shares(self, before: Mapping[str, float], others: int = 0) -> dict[str, float]:
        """The share of each column; `others` are rows that were not read and are as they were."""
        rows = self.rows + others
        if not rows:
            return dict(before)
        return {name: (filled + others * before.get(name, 0.0)) / rows for name, filled in self._filled.items()}


def emptied(before: Mapping[str, float], now: Mapping[str, float], rows: int, name: str) -> list[tuple[str, str]]:
    """The guards against columns that were mostly filled and now are mostly empty."""
    return [
        (
            "column",
            f"{name}: the column {column!r} was filled in {before[column]:.0%} of the rows "
            f"and now is in about {share:.0%}",
        )
        for column, share in now.items()
        if rows >= ENOUGH_ROWS and before.get(column, 0.0) > MOSTLY and share < before[column] * MOSTLY
    ]
