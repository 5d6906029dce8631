"""The config that is in force: checked in full, with the texts that the runs go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from syncengine.errors import ConfigError, Problem
from syncengine.mapping_file import load_mappings
from syncengine.service.schedule import is_scheduled, same_schedule
from syncengine.settings import Job, Settings, WooCommerceConnection
from syncengine.settings_file import load_settings
from syncengine.taken_up import collected

__all__ = ["Changes", "InForce", "take_up"]


@dataclass(frozen=True, slots=True)
class InForce:
    """A config as it was when it was taken up. `texts` are those of its file and of all mappings, by path."""

    settings: Settings
    texts: Mapping[str, str]

    @property
    def scheduled(self) -> dict[str, Job]:
        return {name: job for name, job in self.settings.jobs.items() if is_scheduled(job)}

    def store(self, job: str) -> str:
        """What the jobs that write the same store have in common."""
        connection = self.settings.connections[self.settings.jobs[job].store]
        return connection.url if isinstance(connection, WooCommerceConnection) else connection.name


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of the schedule when one config takes the place of another."""

    added: list[str]
    removed: list[str]
    changed: list[str]

    @classmethod
    def between(cls, before: InForce, after: InForce) -> Changes:
        old, new = before.scheduled, after.scheduled
        return cls(
            added=[name for name in new if name not in old],
            removed=[name for name in old if name not in new],
            changed=[name for name in new if name in old and not same_schedule(old[name], new[name])],
        )


def take_up(path: Path | None) -> InForce:
    """Read the config and the mappings of all its jobs. Raises ConfigError with everything that is wrong."""
    with collected() as texts:
        settings = load_settings(path)
        load_mappings(settings)
    found = InForce(settings, texts)
    if not found.scheduled:
        instead = f'write schedule = "*/15 * * * *", or every = "5m", below [jobs.{next(iter(settings.jobs))}]'
        raise ConfigError(Problem(str(settings.file), None, "no job has a schedule: there is nothing to do", instead))
    return found
