"""The store's calendar: dates are kept in GMT to the second, and read and shown in the site's time zone too."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)?")
_OFFSET = re.compile(r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$")
FIRST, LAST = datetime(MINYEAR, 1, 1, tzinfo=UTC), datetime(MAXYEAR, 12, 31, 23, 59, 59, tzinfo=UTC)
_TEXT = "%Y-%m-%dT%H:%M:%S"


def text_of(moment: datetime) -> str:
    """An aware moment as the text that is stored: GMT, to the second."""
    return _shown(moment, UTC)


def _shown(moment: datetime, zone: tzinfo) -> str:
    """A moment on the clock of a zone. What is past the end of the calendar there is its end."""
    try:
        there = moment.astimezone(zone)
    except OverflowError:
        there = LAST if moment.year == MAXYEAR else FIRST
    return there.replace(tzinfo=None).isoformat(timespec="seconds")


def _naive(text: str) -> datetime:
    return datetime.strptime(text[:19].upper().replace(" ", "T"), _TEXT)  # noqa: DTZ007 - the caller gives it its zone


@lru_cache(maxsize=65536)
def to_local(gmt: str, zone: ZoneInfo) -> str:
    """A stored date in the site's time zone."""
    return _shown(_naive(gmt).replace(tzinfo=UTC), zone)


def to_gmt(local: str, zone: ZoneInfo) -> str:
    return _shown(_naive(local).replace(tzinfo=zone), UTC)


def _with_offset(text: str) -> datetime | None:
    if not _OFFSET.search(text[19:]):
        return None
    return datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper().replace(" ", "T", 1)))


def bound(text: str, gmt_given: bool, zone: ZoneInfo) -> str | None:
    """The GMT date that a filter like modified_after compares with, or None if the text is no date-time.

    A bare date is in the site's time zone unless `gmt_given` (dates_are_gmt). An offset is honoured, but with
    `gmt_given` the shifted local time is then taken for GMT: off by the site's offset (FACTS-WOOCOMMERCE, 4).
    """
    if not SHAPE.fullmatch(text):
        return None
    try:
        moment = _with_offset(text)
        if moment is None:
            return _naive(text).isoformat() if gmt_given else to_gmt(text, zone)
        return _shown(moment, zone) if gmt_given else text_of(moment)
    except ValueError:
        return None


def written(text: str, zone: ZoneInfo) -> str:
    """The GMT date of a date that a client writes; what cannot be read is the start of 1970 on the site's clock."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return to_gmt(text + "T00:00:00", zone)
        if SHAPE.fullmatch(text):
            moment = _with_offset(text)
            return to_gmt(text, zone) if moment is None else text_of(moment)
    except ValueError:
        pass
    return to_gmt("1970-01-01T00:00:00", zone)
