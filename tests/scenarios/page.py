"""A scenario's page: its title, what happens, and its steps, each a heading with what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Page", "Step", "block", "bullets", "rows", "table"]

BEGINS_SHOWN = ("|", "```", "- ")


@dataclass(slots=True)
class Step:
    """One heading. `told` is for people, `shown` (a table, a list, a block) is what is given or what is expected."""

    heading: str
    told: str
    shown: str

    def __str__(self) -> str:
        return "\n\n".join(part for part in (f"## {self.heading}", self.told, self.shown) if part)

    @property
    def blocks(self) -> list[str]:
        """The texts between ``` and ```."""
        return re.findall(r"^```\w*\n(.*?)^```$", self.shown, re.MULTILINE | re.DOTALL)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of a table, by its header."""
        lines = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in self.shown.splitlines() if line[:1] == "|"
        ]
        return [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]

    @property
    def bullets(self) -> list[str]:
        return [line.removeprefix("- ") for line in self.shown.splitlines() if line.startswith("- ")]


@dataclass(slots=True)
class Page:
    """A README.md."""

    title: str
    about: str
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Page:
        first, *rest = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        title, _, about = first.partition("\n")
        return cls(title.removeprefix("# ").strip(), about.strip(), [_step(text) for text in rest])

    def __str__(self) -> str:
        return "\n\n".join([f"# {self.title}", self.about, *map(str, self.steps)]) + "\n"


def _step(text: str) -> Step:
    heading, _, body = text.partition("\n")
    lines = body.strip().splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith(BEGINS_SHOWN)), len(lines))
    return Step(heading.strip(), "\n".join(lines[:begin]).strip(), "\n".join(lines[begin:]))


def block(text: str, kind: str = "") -> str:
    return f"```{kind}\n{text}```"


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that can be read as plain text too."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(header))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def rows(entries: Iterable[dict[str, Any]], columns: Sequence[str]) -> list[list[str]]:
    """Entries of a report as the rows of a table."""
    return [[spelled(entry[column]) for column in columns] for entry in entries]


def spelled(value: Any) -> str:
    """A value as the page has it. Nothing at all is an empty cell, an empty text is called so."""
    match value:
        case None:
            return ""
        case "":
            return "(empty)"
        case bool():
            return str(value).lower()
        case dict():
            return ", ".join(f"{name} {spelled(part)}" for name, part in value.items())
        case [dict(), *_]:
            return "; ".join(map(spelled, value))
        case list():
            return ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("\n", "⏎")
