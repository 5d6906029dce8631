"""What `sync check` may ask of an endpoint. An endpoint answers for itself and changes nothing by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from syncengine.endpoints import Page
from syncengine.findings import Finding
from syncengine.records import Reject

__all__ = ["Inspection", "Sample", "spread"]


@dataclass(slots=True)
class Sample:
    """Some records of a side, out of `of` that were seen, and the rows that were no records."""

    pages: list[Page] = field(default_factory=list)
    of: int = 0
    rejects: Sequence[Reject] = ()


class Inspection(Protocol):
    """One endpoint, looked at. Every method may raise a SyncError; what was found before it counts all the same."""

    @property
    def about(self) -> str:
        """Where the system is: a URL, a folder. No secret is in it."""

    def system(self, writes: bool) -> Iterator[Finding]:
        """The system itself, which is the same for all its jobs. `writes`: some job writes it."""

    def mapping(self) -> Iterator[Finding]:
        """What the job's mapping names, against what is there."""

    def sample(self, most: int) -> Sample:
        """At most so many of the job's records, from all over the side where that can be had."""


def spread(pages: Iterable[Page], most: int) -> tuple[list[Page], int]:
    """At most so many rows, at about equal distances, out of pages of any number; and how many rows there were.

    Each chosen row is a page of its own. Never more than a few times `most` are held: where there would be, every
    other one is let go.
    """
    kept: list[tuple[int, Page]] = []
    stride, seen = 1, 0
    for page in pages:
        while len(kept) + len(range(-seen % stride, len(page.ids), stride)) > 4 * most:
            stride *= 2
            kept = [one for one in kept if one[0] % stride == 0]
        kept += [(seen + at, page.only([at])) for at in range(-seen % stride, len(page.ids), stride)]
        seen += len(page.ids)
    if len(kept) > most:
        kept = [kept[at * len(kept) // most] for at in range(most)]
    return [page for _, page in kept], seen
