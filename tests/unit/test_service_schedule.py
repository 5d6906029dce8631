"""When a job is due."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncengine.service.schedule import first_time, next_time, trigger
from syncengine.service.timetable import Timetable
from syncengine.settings import Job
from syncengine.written import Mistake, cron

NOW = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)  # a Saturday


def job(schedule: str | None = None, every: timedelta | None = None, timezone: str = "UTC") -> Job:
    line = None if schedule is None else cron(schedule)
    return Job(
        name="products",
        mapping=Path("/products.toml"),
        erp="erp",
        store="shop",
        schedule=line,
        every=every,
        timezone=timezone,
    )


def times(schedule: str, start: datetime, number: int) -> list[str]:
    """The next times of a cron line, as its own time zone's clocks show them and in UTC."""
    scheduled = job(schedule, timezone=str(start.tzinfo))
    found, at = [], first_time(scheduled, start)
    assert at is not None
    clock = trigger(scheduled, at)
    while len(found) < number:
        assert at is not None
        found.append(f"{at.astimezone(start.tzinfo):%d.%m. %H:%M} = {at.astimezone(UTC):%H:%M}")
        at = clock.get_next_fire_time(at, at.astimezone(UTC) + timedelta(milliseconds=5))
    return found


def in_berlin(*at: int) -> datetime:
    return datetime(*at, tzinfo=ZoneInfo("Europe/Berlin"))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        ("*/15 * * * *", "2026-11-21 09:15"),
        ("3 9 * * *", "2026-11-22 09:03"),
        ("0 6-20/7 * * *", "2026-11-21 13:00"),
        ("30 5 1,15 * *", "2026-12-01 05:30"),
        ("0 0 1 jan-mar *", "2027-01-01 00:00"),
        ("0 8 * * 0", "2026-11-22 08:00"),  # Sunday is 0
        ("0 8 * * 7", "2026-11-22 08:00"),  # and 7
        ("0 8 * * 1", "2026-11-23 08:00"),
        ("0 8 * * mon-fri", "2026-11-23 08:00"),
        ("0 8 * * sun-tue", "2026-11-22 08:00"),
        ("0 8 * * tue,thu", "2026-11-24 08:00"),
        ("0 8 24 * wed", "2026-11-24 08:00"),  # the 24th or a Wednesday, whichever comes first
        ("0 8 28 * wed", "2026-11-25 08:00"),
        ("0 8 */2 * wed", "2026-11-25 08:00"),  # a day of the month that begins with * restricts a weekday instead
    ],
)
def test_a_cron_line_is_read_as_cron_reads_it(schedule: str, first: str) -> None:
    found = first_time(job(schedule), NOW)
    assert found is not None
    assert f"{found:%Y-%m-%d %H:%M}" == first


def test_a_cron_line_goes_by_the_clocks_of_its_time_zone() -> None:
    assert times("0 6 * * *", in_berlin(2026, 7, 1, 12, 0), 1) == ["02.07. 06:00 = 04:00"]
    assert times("0 6 * * *", in_berlin(2026, 12, 1, 12, 0), 1) == ["02.12. 06:00 = 05:00"]


@pytest.mark.parametrize(
    "line", ["0 0 29 2 *", "0 0 29 2 */7", "0 0 31 2 sun", "0 0 */31 2 *", "0 0 31 4,5 *", "0 0 31 */15 */2"]
)
def test_a_day_that_comes_seldom_has_a_time(line: str) -> None:
    assert first_time(job(cron(line)), NOW) > NOW


@pytest.mark.parametrize("line", ["0 0 31 2 *", "0 0 30,31 feb *", "0 0 31 4,6 *", "0 0 30 2 */2"])
def test_a_day_that_never_comes_is_found_where_it_is_written(line: str) -> None:
    with pytest.raises(Mistake, match=f"the day of {re.escape(repr(line))} never comes"):
        cron(line)


def test_what_is_due_in_the_hour_that_spring_leaves_out_comes_an_hour_later_and_once() -> None:
    assert times("30 2 * * *", in_berlin(2027, 3, 27, 12, 0), 2) == ["28.03. 03:30 = 01:30", "29.03. 02:30 = 00:30"]
    assert times("0 2-3 * * *", in_berlin(2027, 3, 28, 0, 0), 2) == ["28.03. 03:00 = 01:00", "29.03. 02:00 = 00:00"]


def test_any_quarter_of_an_hour_goes_on_when_the_clocks_are_put_forward() -> None:
    assert times("*/30 * * * *", in_berlin(2027, 3, 28, 1, 0), 4) == [
        "28.03. 01:00 = 00:00",
        "28.03. 01:30 = 00:30",
        "28.03. 03:00 = 01:00",
        "28.03. 03:30 = 01:30",
    ]


def test_what_is_due_in_the_hour_that_autumn_repeats_comes_once() -> None:
    assert times("30 2 * * *", in_berlin(2026, 10, 24, 12, 0), 2) == ["25.10. 02:30 = 00:30", "26.10. 02:30 = 01:30"]
    assert times("0 1-3 * * *", in_berlin(2026, 10, 25, 0, 0), 3) == [
        "25.10. 01:00 = 23:00",
        "25.10. 02:00 = 00:00",
        "25.10. 03:00 = 02:00",
    ]


def test_any_hour_comes_twice_when_it_does_so_on_the_clocks() -> None:
    assert times("0 * * * *", in_berlin(2026, 10, 25, 1, 0), 4) == [
        "25.10. 01:00 = 23:00",
        "25.10. 02:00 = 00:00",
        "25.10. 02:00 = 01:00",
        "25.10. 03:00 = 02:00",
    ]


def test_every_so_often_begins_at_once_and_keeps_its_distance() -> None:
    scheduled = job(every=timedelta(minutes=5))
    assert first_time(scheduled, NOW) == NOW
    clock = trigger(scheduled, NOW)
    late = NOW + timedelta(minutes=1)
    assert clock.get_next_fire_time(NOW, late) == NOW + timedelta(minutes=5)


def test_the_next_time_follows_from_the_last_run() -> None:
    five = job(every=timedelta(minutes=5))
    assert next_time(five, NOW - timedelta(minutes=2), NOW) == NOW + timedelta(minutes=3)
    assert next_time(five, NOW - timedelta(hours=2), NOW) == NOW
    assert next_time(five, None, NOW) == NOW
    assert next_time(job("0 10 * * *"), NOW, NOW) == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert next_time(job(), NOW, NOW) is None


def test_times_that_were_missed_together_are_made_up_for_by_one() -> None:
    due: list[str] = []

    async def sleep_through_three_times() -> None:
        timetable = Timetable(due.append)
        timetable.put("products", job(every=timedelta(seconds=1)))
        timetable.start()
        await asyncio.sleep(0.1)
        assert due == ["products"]
        time.sleep(3.1)  # the whole process stands still
        await asyncio.sleep(0.2)
        timetable.stop()

    asyncio.run(sleep_through_three_times())
    assert due == ["products", "products"]


def test_a_job_that_is_put_again_is_due_by_its_new_schedule() -> None:
    async def put_again() -> None:
        timetable = Timetable(lambda _: None)
        timetable.start()
        timetable.put("products", job(every=timedelta(hours=1)))
        await asyncio.sleep(0.1)  # it was due
        before = timetable.next("products")
        timetable.put("products", job("0 0 * * *"))
        after = timetable.next("products")
        assert before is not None
        assert after is not None
        assert (after.hour, after.minute, after.second) == (0, 0, 0)
        timetable.take_out("products")
        assert timetable.next("products") is None
        timetable.stop()

    asyncio.run(put_again())
