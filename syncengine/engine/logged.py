"""What a run writes into the log: its beginning, its end, and one record for each outcome of each write.

Of a field only its name gets there: its values stand in the ledger and in the report.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from syncengine.log import tell, tells
from syncengine.records import Change, JobResult

__all__ = ["log_begin", "log_end", "log_writes"]

CODE = re.compile(r"([A-Za-z][\w-]*): ")
WELL = ("done", "in-flight", "superseded")
LEVELS = {0: logging.INFO, 1: logging.WARNING, 130: logging.WARNING}


def log_begin(result: JobResult) -> None:
    doing = "Dry run" if result.dry_run else "Run"
    said = f"{doing} {result.run} begins."
    tell(logging.INFO, "began", said, job=result.job, run=result.run, dry_run=result.dry_run)


def log_end(result: JobResult) -> None:
    error = result.error or (result.stopped_by[1] if result.stopped_by else "")
    tell(
        LEVELS.get(result.exit_code, logging.ERROR),
        "ended",
        f"Run {result.run} ended, {result.status}{f': {error}' if error else '.'}",
        job=result.job,
        run=result.run,
        status=result.status,
        exit_code=result.exit_code,
        changes=len(result.changes),
        failed=sum(change.status not in (*WELL, "planned") for change in result.changes),
        rejected=len({(one.side, one.where) for one in result.rejects}),
        requests=result.requests,
        error=error or None,
    )


def log_writes(job: str, run: str, changes: Iterable[Change]) -> None:
    """One record for each change, with what has become of it."""
    if not tells(logging.INFO):
        return
    for change in changes:
        code = _code(change)
        where = f" ({change.record_id})" if change.record_id and change.record_id != change.key else ""
        again = f" at try {change.attempts}" if change.attempts > 1 else ""
        answer = f"{change.status}{again}{f': {change.error}' if change.error else ''}"
        tell(
            logging.INFO if change.status in WELL else logging.WARNING,
            "write",
            f"{change.action} of {change.entity} {change.name}{where} in the {change.side}: {answer}",
            job=job,
            run=run,
            change=change.id,
            side=change.side,
            action=change.action,
            entity=change.entity,
            key=change.key,
            id=change.record_id,
            fields=list(change.fields),
            outcome=change.status,
            code=code,
            error=change.error or None,
            attempt=change.attempts,
        )


def _code(change: Change) -> str | None:
    """The code with which the side refused; what is wrong with one field begins with that field's name instead."""
    found = CODE.match(change.error)
    return found[1] if found and found[1] not in change.fields else None
