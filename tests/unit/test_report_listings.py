"""What `status`, `conflicts`, `rejected` and `history` list, for people and as JSON."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from rich.console import Console

from syncengine.records import Held, Reject
from syncengine.report.listings import (
    HistoryLine,
    JobStatus,
    OpenConflict,
    RejectedRow,
    conflicts_document,
    history_document,
    print_conflicts,
    print_history,
    print_rejected,
    print_status,
    rejected_document,
    status_document,
)
from syncengine.values import Type

NOW = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)
MONEY = Type("money")
STATUS = JobStatus(
    "products",
    "20261121T090312-7c1e",
    "done",
    NOW,
    {"store": "2026-11-21T09:01:12Z"},
    linked=1000,
    unlinked=3,
    conflicts=2,
    rejected=1,
    next_run=NOW + timedelta(minutes=15),
)
CONFLICT = OpenConflict("products", Held(7, "A-9", "price", Decimal("19.9"), Decimal(25), None, since=NOW), MONEY)
REJECTED = RejectedRow("products", Reject("erp", "p.csv:18", None, "price", "not a number: '[b]'"), NOW, NOW)
HISTORY = [
    HistoryLine(NOW, "products", "r1", "store", "update", field, Decimal("19.9"), Decimal(21), "erp changed", "done")
    for field in ("price", "sale_price")
]


def printed(show, *what: object, width: int = 100) -> str:
    file = io.StringIO()
    show(*what, Console(file=file, width=width))
    return " ".join(file.getvalue().split())


def test_status_says_why_the_last_run_did_not_come_to_its_end() -> None:
    text = printed(print_status, [JobStatus("orders", "r1", "failed", error="connections.shop: cannot be used now")])
    assert "because" in text and "connections.shop: cannot be used now" in text
    assert "because" not in printed(print_status, [STATUS])
    assert status_document([STATUS])["jobs"][0]["error"] is None


def test_status_says_of_each_job_what_waits_and_which_command_shows_it():
    text = printed(print_status, [STATUS, JobStatus("orders")])
    assert "last run done, 2026-11-21 09:03 UTC, run 20261121T090312-7c1e" in text
    assert "checkpoint store 2026-11-21T09:01:12Z" in text
    assert "linked 1,000 records, 3 without a partner" in text
    assert "waiting 2 conflicts (sync conflicts), 1 rejected row (sync rejected)" in text
    assert "next run 2026-11-21 09:18 UTC" in text
    assert "orders last run never" in text and "waiting nothing next run not scheduled" in text


def test_conflicts_are_listed_with_their_command_and_since_when_they_wait():
    text = printed(print_conflicts, [CONFLICT])
    assert "#7 A-9 price ERP 19.90 store 25.00 last agreed (empty)" in text
    assert "sync conflicts resolve 7 --take erp|store|VALUE waiting since 2026-11-21 09:03 UTC" in text
    assert printed(print_conflicts, []) == "No conflicts: nothing waits for you."


def test_rejected_rows_are_listed_with_their_reason_even_without_a_key():
    text = printed(print_rejected, [REJECTED])
    assert "p.csv:18 no key price: not a number: '[b]' since 2026-11-21 09:03 UTC" in text
    assert printed(print_rejected, []) == "No rejected rows."


def test_the_fields_of_one_change_stand_together_in_a_history():
    text = printed(print_history, "A-17", HISTORY)
    assert text.count("update in the store") == 1
    assert "price 19.9 → 21 (erp changed) sale_price 19.9 → 21 (erp changed)" in text
    assert printed(print_history, "A-0", []) == "No change was ever made to A-0."
    assert "The record with this id in the store is store:12." in printed(print_history, "12", [])


def test_a_history_says_what_became_of_a_change_in_the_words_of_the_report():
    lines = [replace(HISTORY[0], outcome=outcome) for outcome in ("in-flight", "unknown", "superseded")]
    text = printed(print_history, "A-17", lines)
    assert "handed over" in text and "no answer" in text and "overtaken" in text
    assert [one["outcome"] for one in history_document("A-17", lines)["changes"]][:2] == ["in-flight", "unknown"]


def test_every_list_has_a_json_form():
    lists = [
        status_document([STATUS, JobStatus("orders")]),
        conflicts_document([CONFLICT]),
        rejected_document([REJECTED]),
        history_document("A-17", HISTORY),
    ]
    status, conflicts, rejected, history = json.loads(json.dumps(lists))
    assert status["jobs"][0]["checkpoint"] == {"erp": None, "store": "2026-11-21T09:01:12Z"}
    assert set(status["jobs"][0]) == set(status["jobs"][1])
    assert conflicts["conflicts"][0]["erp"] == "19.90" and conflicts["conflicts"][0]["job"] == "products"
    assert rejected["rejects"][0]["reason"] == "not a number: '[b]'"
    assert rejected["rejects"][0]["first_seen"] == "2026-11-21T09:03:12Z"
    assert history["key"] == "A-17" and [line["field"] for line in history["changes"]] == ["price", "sale_price"]
