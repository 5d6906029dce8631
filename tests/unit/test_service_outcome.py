"""How a run ended, as one record of the log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from syncengine.service.one_run import Ended
from syncengine.service.outcome import outcome

CHANGES = [
    {"side": "store", "action": "update", "outcome": "done"},
    {"side": "store", "action": "update", "outcome": "failed"},
    {"side": "erp", "action": "update", "outcome": "in-flight"},
    {"side": "store", "action": "create", "outcome": "unknown"},
]
REPORT: dict[str, Any] = {
    "run": "20261121T090312-7c1e",
    "status": "done",
    "stopped_by": None,
    "error": None,
    "message": "Done: 2 changes.",
    "read": {"erp": 9, "store": 3},
    "changed": {"erp": 2, "store": 1},
    "create": {"erp": 0, "store": 1},
    "update": {"erp": 1, "store": 2},
    "delete": {"erp": 0, "store": 0},
    "conflicts": {"settled": 0, "held": 1, "waiting": 4},
    "failed": 1,
    "rejected": 2,
    "changes": CHANGES,
}
BUSY = "another run of job 'products' is under way. Wait for it to end"


def test_what_was_made_is_counted_and_not_what_was_planned() -> None:
    level, words, fields = outcome(Ended(1, 2.04, REPORT), interrupted=False)
    assert (level, words) == (logging.WARNING, "Done: 2 changes.")
    assert fields == {
        "run": "20261121T090312-7c1e",
        "status": "done",
        "exit_code": 1,
        "seconds": 2.0,
        "read": {"erp": 9, "store": 3},
        "changed": {"erp": 2, "store": 1},
        "created": {"erp": 0, "store": 0},
        "updated": {"erp": 1, "store": 1},
        "deleted": {"erp": 0, "store": 0},
        "failed": 1,
        "rejected": 2,
        "held": 1,
        "waiting": 4,
        "stopped_by": None,
        "error": None,
    }


def test_of_a_report_without_its_lists_the_plan_is_taken_where_it_was_carried_out() -> None:
    cut = {name: value for name, value in REPORT.items() if name != "changes"}
    assert outcome(Ended(0, 1, cut), interrupted=False)[2]["updated"] == {"erp": 1, "store": 2}
    stopped = cut | {"status": "stopped", "stopped_by": "max-changes"}
    assert outcome(Ended(4, 1, stopped), interrupted=False)[2]["updated"] is None


@pytest.mark.parametrize(
    ("ended", "interrupted", "status", "level"),
    [
        (Ended(0, 1, REPORT), False, "done", logging.INFO),
        (Ended(0, 1, REPORT), True, "done", logging.INFO),
        (Ended(1, 1, REPORT), False, "done", logging.WARNING),
        (Ended(3, 1, REPORT | {"status": "failed", "error": "no answer"}), False, "failed", logging.ERROR),
        (Ended(3, 1, REPORT | {"status": "failed", "error": BUSY}), False, "skipped", logging.WARNING),
        (Ended(4, 1, REPORT | {"status": "stopped", "stopped_by": "shrunken"}), False, "stopped", logging.ERROR),
        (Ended(2, 1, None), False, "crashed", logging.ERROR),
        (Ended(130, 1, REPORT | {"status": "failed", "error": "Interrupted."}), True, "interrupted", logging.INFO),
        (Ended(130, 1, None), False, "interrupted", logging.WARNING),  # somebody else told it to stop
        (Ended(-2, 1, None), True, "interrupted", logging.INFO),  # before it could listen
        (Ended(-9, 1, None), False, "crashed", logging.ERROR),
    ],
)
def test_each_end_has_its_word_and_its_level(ended: Ended, interrupted: bool, status: str, level: int) -> None:
    found, _, fields = outcome(ended, interrupted=interrupted)
    assert (fields["status"], found) == (status, level)


def test_a_crash_says_by_what() -> None:
    assert "by signal 9 (SIGKILL)" in outcome(Ended(-9, 1, None), interrupted=False)[1]
    assert "with exit code 3" in outcome(Ended(3, 1, None), interrupted=False)[1]
