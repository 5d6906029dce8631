"""What `sync check` looked at: connections and jobs, each with what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from syncengine.findings import Finding

__all__ = ["Looked", "Seen", "SeenField", "exit_code"]


@dataclass(frozen=True, slots=True)
class SeenField:
    """One field of a record as both sides spell it; None where the side has no such record or path."""

    name: str
    erp: str | None
    store: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as both sides see it, and where it is: in two places where both have it."""

    where: Sequence[str]
    fields: Sequence[SeenField]


@dataclass(slots=True)
class Looked:
    """One connection or job. `about` says what and where it is."""

    kind: Literal["connection", "job"]
    name: str
    about: str
    findings: list[Finding] = field(default_factory=list)
    seen: Seen | None = None

    @property
    def exit_code(self) -> int:
        return max((finding.exit_code for finding in self.findings), default=0)

    @property
    def usable(self) -> bool:
        """Whether it makes sense to look further."""
        return self.exit_code < 2


def exit_code(looked: Sequence[Looked]) -> int:
    """The worst counts: 3 cannot run, 2 a mistake in the config or a mapping, 1 warnings, 0 nothing."""
    return max((one.exit_code for one in looked), default=0)
