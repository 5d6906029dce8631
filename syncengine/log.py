"""The log: one line for each thing that happens, for people or as JSON. No secret gets into it, and no person's address
unless the config allows that.

Whatever happens is told by `tell`. Where it goes is settled once: to stderr, and to a file that may be moved away while
it is written.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, Literal

from syncengine.private import of_a_person, scrubbed, shortened, without_addresses

__all__ = ["Format", "log_to_file", "log_to_stderr", "tell", "tells"]

Format = Literal["text", "json"]
LONGEST = 4000  # characters of one text
FOREIGN = "log"  # the event of what a library says
ABOUT_PEOPLE = ("customer", "order")  # of their records, what a side says may repeat anything

log = logging.getLogger(__name__)


def tell(level: int, event: str, message: str, /, **fields: Any) -> None:
    """Log what happened: `event` and `fields` for programs, `message` for people. `job` among the fields leads it."""
    log.log(level, "%s", message, extra={"event": event, "fields": fields})


def tells(level: int) -> bool:
    """Whether anybody wants to hear of what has this level."""
    return log.isEnabledFor(level)


def log_to_stderr(form: Format | None = None, *, verbose: bool = False, personal: bool = False) -> None:
    """From now on the log goes to stderr and nowhere else: warnings, and with `verbose` everything.

    In no form it is as commands say things, without times, and with the whole of a traceback.
    """
    handler = _Stderr()
    if form is None:
        handler.setFormatter(_Said(personal))
        handler.addFilter(lambda record: verbose or record.name != log.name)  # the report tells what a run has done
        log.setLevel(logging.INFO if verbose else logging.WARNING)
    else:
        handler.setFormatter(_Json(personal) if form == "json" else _Text(personal, "JOURNAL_STREAM" not in os.environ))
        log.setLevel(logging.DEBUG if verbose else logging.INFO)
    general = logging.INFO if form is None and verbose else logging.WARNING
    logging.basicConfig(level=general, handlers=[handler], force=True)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    for name in ("httpx", "httpcore"):  # they would log addresses with signatures in them
        logging.getLogger(name).setLevel(logging.WARNING)


def log_to_file(path: Path, form: Format, *, personal: bool = False) -> None:
    """From now on the log is added to this file, too. Raises OSError where that cannot be."""
    handler = _File(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Json(personal) if form == "json" else _Text(personal, with_time=True))
    handler.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    log.setLevel(min(log.level or logging.INFO, logging.INFO))


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so logging calls it
        """Nobody is left to be told, and nothing ends for it."""


class _File(WatchedFileHandler):
    """A file that is opened anew when somebody has moved it away, as logrotate does."""

    complained = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - so logging calls it
        """A full disk is no reason to stop: it is said once, and without what could not be written."""
        if not self.complained:
            self.complained = True
            print(f"{self.baseFilename} cannot be written: {sys.exc_info()[1]}", file=sys.stderr)

    def close(self) -> None:
        """What is left to be written was told of."""
        with suppress(OSError):
            super().close()


class _Formatter(logging.Formatter):
    """`personal`: e-mail addresses and telephone numbers may be written out."""

    def __init__(self, personal: bool) -> None:
        super().__init__()
        self.personal = personal

    def hidden(self, text: str, key: str | None = None) -> str:
        """Without secrets and addresses. The key of the record that it is about can be looked for: its numbers stay."""
        clean = scrubbed(text)
        if self.personal:
            return clean
        before, found, after = clean.partition(key) if key else (clean, "", "")
        return shortened(before) + without_addresses(found) + shortened(after)

    def told(self, record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
        """The message and its fields, with nothing in what a side says of a person by which they could be called."""
        message, fields = _message(record), dict(getattr(record, "fields", {}))
        if not self.personal and fields.get("entity") in ABOUT_PEOPLE and (error := fields.get("error")):
            said = " ".join(error.split())
            fields["error"] = of_a_person(error)
            message = message.replace(said, of_a_person(said))
        return message, fields

    def line(self, record: logging.LogRecord) -> str:
        """The message, led by its job."""
        message, fields = self.told(record)
        return self.safe(f"{fields['job']}: {message}" if "job" in fields else message, fields.get("key"))

    def safe(self, text: str, key: str | None = None) -> str:
        hidden = self.hidden(text, key)
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in hidden)
        return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


class _Said(_Formatter):
    """As commands say things: a library's words with the whole traceback, our own with the name of the job."""

    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, "event"):
            return self.line(record)
        return self.hidden(super().format(record))


class _Text(_Formatter):
    """`2026-11-21 09:03:14Z  error    products: Failed: …`; journald knows the time itself."""

    def __init__(self, personal: bool, with_time: bool) -> None:
        super().__init__(personal)
        self.with_time = with_time

    def format(self, record: logging.LogRecord) -> str:
        time = f"{_time(record):%Y-%m-%d %H:%M:%SZ}  " if self.with_time else ""
        return f"{time}{record.levelname.lower():<8} {self.line(record)}"


class _Json(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message, fields = self.told(record)
        key = fields.get("key")
        entry = {
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", FOREIGN),
            **{name: self._all_safe(value, key) for name, value in fields.items()},
            "message": self.safe(message, key),
        }
        if record.exc_info and record.exc_info[2]:
            frames = traceback.extract_tb(record.exc_info[2])
            entry["trace"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(entry, ensure_ascii=False)

    def _all_safe(self, value: Any, key: str | None) -> Any:
        match value:
            case str():
                return self.safe(value, key if value == key else None)
            case dict():
                return {name: self._all_safe(inner, key) for name, inner in value.items()}
            case list() | tuple():
                return [self._all_safe(inner, key) for inner in value]
            case datetime():
                return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            case None | bool() | int() | float():
                return value
        return self.safe(str(value))


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    """A line of its own; what went wrong in a library is told by its name and its words, not by where."""
    said = " ".join(record.getMessage().split())
    error = record.exc_info[1] if record.exc_info else None
    return said if error is None else f"{said}: {type(error).__name__}: {' '.join(str(error).split())}"
