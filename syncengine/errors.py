"""Everything that can stop a run, as one tree. What concerns a single row is no exception: it is a `Reject`.

SyncError
├── ConfigError        config.toml or a mapping is wrong (exit 2)
├── CannotRun          a side or the state cannot be used now (exit 3)
│   ├── Locked         another run of the job holds the lock
│   ├── Unreachable    no answer, or none that makes sense
│   ├── Refused        the credentials were not accepted
│   ├── BadSource      a file that cannot be read as a whole
│   └── Moved          a file changed between reading it and replacing it
└── GuardStopped       the plan is over a limit; nothing was written (exit 4)

Each carries the exit code of the command.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncengine.private import discreet

__all__ = [
    "BadSource",
    "CannotRun",
    "ConfigError",
    "GuardStopped",
    "Locked",
    "Moved",
    "Problem",
    "Refused",
    "SyncError",
    "Unreachable",
]


class SyncError(Exception):
    """Base of all: the message says what happened, where, and what to do."""

    exit_code = 3

    def __str__(self) -> str:
        """It may quote what some library said, and what a side answered."""
        return discreet(super().__str__())


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote."""

    file: str
    line: int | None
    message: str
    instead: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.message}" + (f"\n    {self.instead}" if self.instead else "")


class ConfigError(SyncError):
    """All that is wrong in config.toml and the mappings, at once."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class CannotRun(SyncError):
    """A side or the state cannot be used now."""


class Locked(CannotRun):
    """Another run of the job holds the lock. Every such message begins in one way: a report has only the words."""

    BEGINS = "another run of job "


class Unreachable(CannotRun):
    """A side does not answer, or not with anything that makes sense."""


class Refused(CannotRun):
    """A side does not accept the credentials, or they do not allow what the job needs."""


class BadSource(CannotRun):
    """A file that cannot be read as a whole."""


class Moved(CannotRun):
    """A file is no longer the one that was read; it is read and merged again."""


class GuardStopped(SyncError):
    """A guard stopped the run before its first write."""

    exit_code = 4

    def __init__(self, guard: str, message: str) -> None:
        self.guard = guard
        super().__init__(message)
