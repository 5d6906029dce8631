"""What a look at a system or a mapping found: the words that endpoints and `sync check` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from syncengine.errors import ConfigError, SyncError
from syncengine.mapping import Field, Mapping
from syncengine.private import discreet

__all__ = ["Finding", "Level", "mistake", "note", "obstacle", "ok", "place", "told_by", "warning"]

Level = Literal["ok", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is so about one thing.

    `what` was looked at, `instead` is what to do about it. An error is a mistake in the config or in a mapping; with
    `cannot_run` a run could not even begin.
    """

    level: Level
    what: str
    message: str
    instead: str = ""
    cannot_run: bool = False

    def __post_init__(self) -> None:
        """It may quote a side's words, or a cell."""
        object.__setattr__(self, "message", discreet(self.message))

    @property
    def exit_code(self) -> int:
        if self.level == "error":
            return 3 if self.cannot_run else 2
        return 1 if self.level == "warning" else 0


def ok(what: str, message: str) -> Finding:
    return Finding("ok", what, message)


def note(what: str, message: str, instead: str = "") -> Finding:
    """Something to know, which needs nothing to be done."""
    return Finding("info", what, message, instead)


def warning(what: str, message: str, instead: str) -> Finding:
    """A run can be made, and something of it would not be as it should."""
    return Finding("warning", what, message, instead)


def mistake(what: str, message: str, instead: str) -> Finding:
    """The config or a mapping is wrong."""
    return Finding("error", what, message, instead)


def obstacle(what: str, message: str, instead: str = "") -> Finding:
    """No run can be made."""
    return Finding("error", what, message, instead, cannot_run=True)


def told_by(what: str, error: SyncError) -> list[Finding]:
    """What stopped the look itself. Such an error says in its message what to do."""
    if isinstance(error, ConfigError):
        places = [(one, f"{one.file}:{one.line}" if one.line else one.file) for one in error.problems]
        return [mistake(what, f"{place}: {one.message}", one.instead) for one, place in places]
    return [obstacle(what, str(error))]


def place(mapping: Mapping, field: Field) -> str:
    """Where a field stands in its mapping."""
    return f"{mapping.file}:{field.line}" if field.line else mapping.file
