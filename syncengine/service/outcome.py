"""How a run ended, as one record of the log."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from typing import Any

from syncengine.errors import Locked
from syncengine.service.one_run import Ended

__all__ = ["outcome"]

INTERRUPTED = 130
MADE = ("done", "in-flight")
LEVELS = {0: logging.INFO, 1: logging.WARNING}
COUNTED = {"create": "created", "update": "updated", "delete": "deleted"}


def outcome(ended: Ended, *, interrupted: bool) -> tuple[int, str, dict[str, Any]]:
    """The level, the words and the fields of the record. `interrupted`: the service told the run to stop.

    `status` is the report's, or `interrupted`, `skipped` (another run of the job was under way) or `crashed`.
    """
    report = ended.report or {}
    stopped = ended.code == INTERRUPTED or (interrupted and ended.code < 0)
    error = str(report.get("error") or "")
    if stopped:
        status, level, said = "interrupted", logging.INFO if interrupted else logging.WARNING, "Interrupted."
    elif error.startswith(Locked.BEGINS):
        status, level, said = "skipped", logging.WARNING, f"Left out this time: {error}."
    elif not report:
        status, level, said = "crashed", logging.ERROR, f"Failed: the run ended {_by(ended.code)} without a report."
    else:
        status, level = str(report.get("status")), LEVELS.get(ended.code, logging.ERROR)
        said = str(report.get("message"))
    fields = {
        "run": report.get("run"),
        "status": status,
        "exit_code": ended.code,
        "seconds": round(ended.seconds, 1),
        **_counts(report),
        "stopped_by": report.get("stopped_by"),
        "error": error or None,
    }
    return level, said, fields


def _by(code: int) -> str:
    return f"by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"with exit code {code}"


def _counts(report: Mapping[str, Any]) -> dict[str, Any]:
    """What was read and what became of it. A report that was too long to be held does not list its changes: what it
    planned is then taken for what was made, unless nothing was."""
    conflicts = report.get("conflicts") or {}
    return {
        "read": report.get("read"),
        "changed": report.get("changed"),
        **{name: _made(report, action) for action, name in COUNTED.items()},
        "failed": report.get("failed"),
        "rejected": report.get("rejected"),
        "held": conflicts.get("held"),
        "waiting": conflicts.get("waiting"),
    }


def _made(report: Mapping[str, Any], action: str) -> Mapping[str, int] | None:
    if "changes" not in report:
        return report.get(action) if report.get("status") == "done" else None
    made = [one for one in report["changes"] if one["action"] == action and one["outcome"] in MADE]
    return {side: sum(one["side"] == side for one in made) for side in ("erp", "store")}
