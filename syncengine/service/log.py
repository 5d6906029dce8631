"""The service's log: one line for each thing that happens, for people or as JSON. No secret gets into it."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any, Literal

from syncengine.bugs import scrubbed
from syncengine.report.spelling import clipped, printable

__all__ = ["Format", "tell", "write_log"]

Format = Literal["text", "json"]
LONGEST = 4000  # characters of one text
FOREIGN = "log"  # the event of what a library says

log = logging.getLogger(__name__)


def tell(level: int, event: str, message: str, /, **fields: Any) -> None:
    """Log what happened: `event` and `fields` for programs, `message` for people. `job` among the fields leads it."""
    log.log(level, "%s", message, extra={"event": event, "fields": fields})


def write_log(form: Format, *, verbose: bool = False) -> None:
    """From now on the log goes to stderr in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text(with_time="JOURNAL_STREAM" not in os.environ))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Text(logging.Formatter):
    """`2026-11-21 09:03:14Z  error    products: Failed: …`; journald knows the time itself."""

    def __init__(self, *, with_time: bool) -> None:
        super().__init__()
        self.with_time = with_time

    def format(self, record: logging.LogRecord) -> str:
        time = f"{_time(record):%Y-%m-%d %H:%M:%SZ}  " if self.with_time else ""
        fields = getattr(record, "fields", {})
        job = f"{fields['job']}: " if "job" in fields else ""
        return f"{time}{record.levelname.lower():<8} {_safe(job + _message(record))}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", FOREIGN),
            **getattr(record, "fields", {}),
            "message": _message(record),
        }
        return json.dumps(_all_safe(entry), ensure_ascii=False)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _message(record: logging.LogRecord) -> str:
    """A line of its own; what went wrong in a library is told by its name and its words, not by where."""
    said = " ".join(record.getMessage().split())
    error = record.exc_info[1] if record.exc_info else None
    return said if error is None else f"{said}: {type(error).__name__}: {' '.join(str(error).split())}"


def _safe(text: str) -> str:
    return clipped(printable(scrubbed(text)), LONGEST)


def _all_safe(value: Any) -> Any:
    match value:
        case str():
            return _safe(value)
        case dict():
            return {key: _all_safe(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_all_safe(inner) for inner in value]
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case None | bool() | int() | float():
            return value
    return _safe(str(value))
