"""The mappings of jobs: those that are sound, and what is wrong in the others."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.errors import ConfigError
from syncengine.findings import Finding, told_by
from syncengine.mapping import Mapping as FieldMapping
from syncengine.mapping_file import load_mappings
from syncengine.settings import Settings

__all__ = ["sound"]


def sound(settings: Settings) -> tuple[dict[str, FieldMapping], dict[str, list[Finding]]]:
    """The mappings that can be read, and what is wrong, both by job. Two that clash can be read each by itself."""
    found: dict[str, FieldMapping] = {}
    wrong: dict[str, list[Finding]] = {name: [] for name in settings.jobs}
    for name in settings.jobs:
        try:
            found |= load_mappings(settings, [name])
        except ConfigError as error:
            wrong[name] += told_by("mapping", error)
    try:
        load_mappings(settings, list(found))
    except ConfigError as error:
        for problem in error.problems:
            wrong[_job_of(problem.file, found)] += told_by("mapping", ConfigError(problem))
    return found, wrong


def _job_of(file: str, mappings: Mapping[str, FieldMapping]) -> str:
    """The last job with this mapping: of two that clash, the second one's file is named."""
    return [name for name, mapping in mappings.items() if mapping.file == file][-1]
