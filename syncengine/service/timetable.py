"""The clock of the service: it calls out a job's name when the job is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from syncengine.service.schedule import first_time, trigger
from syncengine.settings import Job

__all__ = ["Timetable"]


class Timetable:
    """When each job runs. `due` is called in the event loop; what was missed together is made up for by one call."""

    def __init__(self, due: Callable[[str], Any]) -> None:
        self._due = due
        self._clock = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 100}
        )

    def start(self) -> None:
        self._clock.start()

    def stop(self) -> None:
        """Nothing is called any more."""
        self._clock.pause()
        self._clock.shutdown(wait=False)

    def put(self, name: str, job: Job) -> None:
        """Take a job in, or change when it is due. Its time comes anew, as if the service had started now."""
        first = first_time(job, datetime.now(UTC))
        self._clock.add_job(
            self._call_out, trigger(job, first), args=[name], id=name, next_run_time=first, replace_existing=True
        )

    def take_out(self, name: str) -> None:
        self._clock.remove_job(name)

    def next(self, name: str) -> datetime | None:
        """When a job is due next; None where it is not in the timetable."""
        entry = self._clock.get_job(name)
        found: datetime | None = entry.next_run_time if entry else None
        return found

    def look(self) -> None:
        """Look at the clock again: it may have been put right, or the machine may have slept."""
        self._clock.wakeup()

    async def _call_out(self, name: str) -> None:
        self._due(name)
