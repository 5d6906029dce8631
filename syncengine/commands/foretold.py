"""What a dry run of several jobs cannot know: what an earlier one would write is not there when a later one looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import JobResult
from syncengine.settings import Settings

__all__ = ["not_there_yet"]


def not_there_yet(
    settings: Settings, mappings: Mapping[str, FieldMapping], earlier: Sequence[JobResult], job: str
) -> Iterator[str]:
    """A warning for each job looked at before this one that would write records which this one reads."""
    entity, store = mappings[job].entity, settings.jobs[job].store
    for other in earlier:
        same = mappings[other.job].entity == entity and settings.jobs[other.job].store == store
        planned = sum(change.side == "store" and change.entity == entity for change in other.changes)
        if same and planned and other.status == "done":
            yield (
                f"{other.job} runs before this job and would make {planned:,} change{'s' if planned > 1 else ''} in "
                "the same store: they are not there yet, so a run may find more to do here than is shown, and a guard "
                f"may stop it. Run {other.job} first, then look again"
            )
