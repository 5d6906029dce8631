"""When a job is due: its cron line in its own time zone, or every so often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from syncengine.settings import Job
from syncengine.written import cron_numbers

__all__ = ["first_time", "is_scheduled", "next_time", "same_schedule", "trigger"]


def is_scheduled(job: Job) -> bool:
    return job.schedule is not None or job.every is not None


def same_schedule(one: Job, other: Job) -> bool:
    return (one.schedule, one.every, one.timezone) == (other.schedule, other.every, other.timezone)


def first_time(job: Job, now: datetime) -> datetime:
    """When the job runs first if the service starts now: by a cron line at its next time, else at once."""
    if job.schedule is None:
        return now
    found: datetime | None = _by_cron(job.schedule, job.timezone).get_next_fire_time(None, now)
    assert found is not None  # a line whose day never comes is no cron line here
    return found


def next_time(job: Job, last: datetime | None, now: datetime) -> datetime | None:
    """When a running service runs the job next, if it last did so at `last`. None where it is not scheduled."""
    if job.every is not None and last is not None:
        return max(now, last + job.every)
    return first_time(job, now) if is_scheduled(job) else None


def trigger(job: Job, first: datetime) -> BaseTrigger:
    """All times of a scheduled job; of one that runs every so often, from its first time on."""
    if job.schedule is not None:
        return _by_cron(job.schedule, job.timezone)
    assert job.every is not None
    return IntervalTrigger(seconds=int(job.every.total_seconds()), start_date=first, timezone=UTC)


def _by_cron(line: str, timezone: str) -> BaseTrigger:
    """As cron has it: a day is right by its number or by its weekday where the line restricts both."""
    minute, hour, day, month, weekday = line.split()
    if day.startswith("*") or weekday.startswith("*"):
        return _Cron(timezone, minute, hour, day, month, weekday)
    return OrTrigger(
        [_Cron(timezone, minute, hour, day, month, "*"), _Cron(timezone, minute, hour, "*", month, weekday)]
    )


class _Cron(CronTrigger):  # type: ignore[misc]
    """One cron line.

    When the clocks are put back an hour comes twice. A line that names its hours fires in the first of the two only;
    one that fires in any hour goes on, for the time does so too. When they are put forward, what was due in the hour
    that is left out comes as much later: half past two at half past three.
    """

    def __init__(self, timezone: str, minute: str, hour: str, day: str, month: str, weekday: str) -> None:
        numbers = cron_numbers(f"{minute} {hour} {day} {month} {weekday}")
        names = ("minute", "hour", "day", "month", "day_of_week")
        super().__init__(
            **{
                name: "*" if found is None else ",".join(map(str, found))
                for name, found in zip(names, (*numbers[:4], _from_monday(numbers[4])), strict=True)
            },
            timezone=ZoneInfo(timezone),
        )
        self.any_hour = hour.startswith("*")

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        previous = previous_fire_time
        while True:
            found = super().get_next_fire_time(previous, now)
            if found is None:
                return None
            real: datetime = found.astimezone(UTC).astimezone(self.timezone)
            if self.any_hour or not real.fold:
                return real
            previous, now = None, real.astimezone(UTC) + timedelta(microseconds=1)


def _from_monday(weekdays: list[int] | None) -> list[int] | None:
    """Cron begins its week with Sunday, which is 0 and 7; APScheduler with Monday."""
    return None if weekdays is None else sorted({(day - 1) % 7 for day in weekdays})
