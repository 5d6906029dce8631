"""What people write in config.toml and in mappings, checked one value at a time: "24h", "50%", "Europe/Berlin"."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Collection
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

__all__ = [
    "Mistake",
    "closest",
    "count",
    "cron",
    "cron_numbers",
    "date_format",
    "decimal_mark",
    "delimiter",
    "duration",
    "encoding",
    "known",
    "seconds",
    "share",
    "thousands_mark",
    "timezone",
    "url",
]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST = timedelta(days=3660)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
CRON_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 7, WEEKDAYS),
)
ROWS = 'A-1;"a..b";1.50\r\n' * 8  # what any encoding of a CSV file must bring back
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)  # of each month, at most
CRON_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/([0-9]{1,3}))?")


class Mistake(ValueError):
    """Something written wrongly, and what to write instead."""

    def __init__(self, message: str, instead: str) -> None:
        super().__init__(message)
        self.instead = instead


def closest(word: str, words: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant."""
    folded = {known.casefold(): known for known in words}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def known(word: object, words: Collection[str]) -> str:
    """What to write instead of an unknown word."""
    meant = closest(word, words) if isinstance(word, str) else None
    listed = ", ".join(words)
    return f"did you mean {meant}? (there are: {listed})" if meant else f"there are: {listed}"


def duration(written: object) -> timedelta:
    """ "90s", "5m", "24h", "7d"."""
    if isinstance(written, timedelta):
        return written
    match = re.fullmatch(r"([0-9]{1,9}) ?([smhd])", written.strip()) if isinstance(written, str) else None
    if not match:
        instead = 'a number and a unit: "90s", "5m", "24h" or "7d"'
        raise Mistake(f"not a duration: {_shown(written)}", f"write {instead}")
    found = timedelta(seconds=int(match[1]) * SECONDS[match[2]])
    if found > LONGEST:
        raise Mistake(f"too long a duration: {_shown(written)}", f"write at most {LONGEST.days}d")
    return found


def share(written: object) -> Decimal:
    """ "50%" as 0.5."""
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,4})?) ?%", written.strip()) if isinstance(written, str) else None
    if not match:
        raise Mistake(f"not a percentage: {_shown(written)}", 'write it like "50%"')
    return Decimal(match[1]) / 100


def count(written: object) -> int:
    """A whole number; from the environment it comes as text."""
    if isinstance(written, str) and re.fullmatch(r"[0-9]{1,9}", written.strip()):
        return int(written)
    if not isinstance(written, int) or isinstance(written, bool) or written < 0:
        raise Mistake(f"not a count: {_shown(written)}", "write a whole number of 0 or more, without quotes")
    return written


def cron(written: object) -> str:
    """A cron line of five fields, whose day comes some time."""
    if not isinstance(written, str):
        raise Mistake(f"not a cron line: {_shown(written)}", 'write five fields: "*/15 * * * *"')
    parts = written.split()
    if len(parts) != len(CRON_FIELDS):
        instead = 'write minute, hour, day, month, weekday: "*/15 * * * *" is every 15 minutes'
        raise Mistake(f"a cron line has five fields, this has {len(parts)}: {_shown(written)}", instead)
    for part, (name, low, high, names) in zip(parts, CRON_FIELDS, strict=True):
        if not all(_fits(item, low, high, names) for item in part.split(",")):
            instead = f"write * or */N, numbers from {low} to {high}, a range as {low}-{high}, or a list of these"
            raise Mistake(f"{name} of the cron line: {part!r}", instead)
    line = " ".join(parts)
    _, _, days, months, _ = cron_numbers(line)
    if days and months and parts[4].startswith("*") and min(days) > max(DAYS[month - 1] for month in months):
        instead = "write a day that the month has; the fields are minute, hour, day, month, weekday"
        raise Mistake(f"the day of {line!r} never comes", instead)
    return line


def cron_numbers(line: str) -> list[list[int] | None]:
    """The numbers that each field of a checked cron line names; None for one that takes any (`*`)."""
    return [
        None if part == "*" else sorted({number for item in part.split(",") for number in _numbers(item, *field[1:])})
        for part, field in zip(line.split(), CRON_FIELDS, strict=True)
    ]


def decimal_mark(written: str) -> str:
    if written not in (".", ","):
        raise Mistake(f"not a decimal mark: {written!r}", 'write "." or ","')
    return written


def thousands_mark(written: str) -> str:
    if written not in ("", ".", ",", "'", " ", "\u00a0", "\u202f"):
        raise Mistake(f"not a mark between thousands: {written!r}", 'write "" (none), ".", ",", "\'" or " "')
    return written


def delimiter(written: str) -> str:
    written = "\t" if written in ("tab", "\\t") else written
    if written not in ("auto", ",", ";", "\t", "|"):
        raise Mistake(f"not a delimiter: {written!r}", 'write "auto", ",", ";", "\\t" or "|"')
    return written


def encoding(written: str) -> str:
    if written == "auto":
        return written
    try:
        text = codecs.lookup(written)._is_text_encoding
    except (LookupError, ValueError):
        text = False
    if not text:
        names = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "cp437", "iso-8859-1", "iso-8859-15", "latin-1")
        meant = closest(written, names)
        instead = f'did you mean "{meant}"?' if meant else 'write "auto", or one such as "utf-8", "cp1252", "cp850"'
        raise Mistake(f"unknown encoding {written!r}", instead)
    if not _spells_rows(written):
        raise Mistake(f"{written!r} cannot spell a CSV file", 'write "auto", or one such as "utf-8", "cp1252", "cp850"')
    return written


def _spells_rows(encoding: str) -> bool:
    """Whether rows come back from it, also where a file is read in pieces: not from those for names of hosts."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        found = [decoder.decode(bytes([byte])) for byte in ROWS.encode(encoding)]
        return "".join([*found, decoder.decode(b"", True)]) == ROWS
    except (LookupError, ValueError):
        return False


def date_format(written: str) -> str:
    """A format that brings every date back as it was."""
    for sample in (date(1999, 12, 31), date(2024, 2, 29), date(2031, 1, 8)):
        text = sample.strftime(written)
        try:
            if text == sample.replace(year=sample.year + 4).strftime(written):
                raise ValueError("it tells no year")
            back = datetime.strptime(text, written).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            back = None
        if back != sample:
            instead = 'write day, month and year: "%Y-%m-%d", "%d.%m.%Y" or "%m/%d/%Y"'
            raise Mistake(f"dates cannot be read back from {written!r}", instead)
    return written


def timezone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (OSError, ValueError, KeyError):
        instead = 'write a name such as "Europe/Berlin" or "UTC"'
        raise Mistake(f"unknown time zone {written!r}", instead) from None
    return written


def url(written: str) -> str:
    """The store's address, without what people copy along with it."""
    instead = 'write the address of the shop\'s front page: "https://shop.example.com"'
    try:
        parts = urlsplit(written.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Mistake("not a URL", instead) from None
    if parts.username is not None or parts.password is not None:
        raise Mistake("no user and password in the URL", "give them as consumer_key and consumer_secret")
    labels = (host or "").rstrip(".").split(".")
    named = all(0 < len(label) < 64 for label in labels) and not re.search(r"[^a-z0-9.:_-]", "".join(labels))
    if parts.scheme not in ("http", "https") or not named:
        raise Mistake(f"not a URL of a shop: {written!r}", instead)
    if parts.query or parts.fragment or re.search(r"[\s\\]", parts.path):
        raise Mistake("something follows the address", instead)
    path = re.sub(r"(/wp-json(/wc(/v[0-9])?)?|/wc-api(/v[0-9])?)?/*$", "", parts.path)
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"


def seconds(written: object) -> object:
    """A number of seconds; "90s" and "2m" will do too, and text from the environment."""
    if isinstance(written, bool):
        raise Mistake("not a number of seconds", "write timeout = 60")
    if isinstance(written, str):
        text = written.strip()
        return float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) else duration(text).total_seconds()
    return written


def _fits(item: str, low: int, high: int, names: list[str]) -> bool:
    match = CRON_ITEM.fullmatch(item)
    if not match:
        return False
    if match[4] is not None and (int(match[4]) == 0 or (not match[1] and not match[3])):
        return False
    if match[1]:
        return True
    ends = [_number(end, low, names) for end in (match[2], match[3]) if end is not None]
    return all(end is not None and low <= end <= high for end in ends) and _ascends([end or 0 for end in ends])


def _numbers(item: str, low: int, high: int, names: list[str]) -> range:
    """What one item of a field names: `*/15`, `6-20`, `mon-fri`, `9`."""
    match = CRON_ITEM.fullmatch(item)
    assert match is not None
    first, last = (
        (low, high) if match[1] else (_number(match[2], low, names), _number(match[3] or match[2], low, names))
    )
    assert first is not None
    assert last is not None
    return range(first, last + 1, int(match[4] or 1))


def _number(end: str, low: int, names: list[str]) -> int | None:
    if end.casefold() in names:
        return names.index(end.casefold()) + low
    return int(end) if re.fullmatch(r"[0-9]{1,2}", end) else None


def _ascends(ends: list[int]) -> bool:
    return ends == sorted(ends)


def _shown(written: object) -> str:
    text = repr(written)
    return text if len(text) <= 60 else f"{text[:59]}…"
