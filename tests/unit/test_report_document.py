"""The JSON report against what INTERFACE promises."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncengine.records import Change, Counts, FieldChange, Held, JobResult, Reject
from syncengine.report.document import document
from syncengine.values import Type

START = datetime(2026, 11, 21, 9, 3, 12, 345678, tzinfo=UTC)
PROMISED = {
    "job", "run", "dry_run", "status", "started", "finished", "read", "unchanged", "changed", "unlinked", "rejected",
    "create", "update", "delete", "conflicts", "drift", "unwritten", "failed", "requests", "changes", "held", "rejects",
    "stopped_by", "error",
}  # fmt: skip


def price_change(**also: object) -> Change:
    field = FieldChange(Decimal("19.9"), Decimal("21"), "erp changed")
    settings = {"side": "store", "action": "update", "key": "A-17", "record_id": "123", **also}
    return Change(id="c1", entity="product", fields={"regular_price": field}, **settings)  # type: ignore[arg-type]


def result(*changes: Change, **also: object) -> JobResult:
    types = {"regular_price": Type("money")}
    settings: dict[str, object] = {"dry_run": True, "finished": START + timedelta(seconds=2), **also}
    return JobResult("products", "20261121T090312-7c1e", started=START, changes=list(changes), types=types, **settings)  # type: ignore[arg-type]


def only_job(found: JobResult) -> dict[str, object]:
    report = json.loads(json.dumps(document([found]), allow_nan=False))
    assert report["version"] == 1
    (job,) = report["jobs"]
    return job  # type: ignore[no-any-return]


def only_change(found: JobResult) -> dict[str, object]:
    (change,) = only_job(found)["changes"]  # type: ignore[misc, attr-defined]
    return change  # type: ignore[no-any-return, has-type]


def test_the_example_of_the_interface_comes_out_as_it_is_printed_there():
    found = result(
        price_change(),
        read=Counts(1000, 12),
        unchanged=Counts(990, 10),
        changed=Counts(9, 1),
        unlinked=Counts(0, 1),
        settled=1,
        waiting=1,
        drift=1,
        requests=4,
        held=[Held(7, "A-9", "name", "x", "y", "z", since=START - timedelta(days=1))],
        rejects=[Reject("erp", "products.csv:18", "A-18", "regular_price", "not a number: '1O.50'")],
    )
    job = only_job(found)
    assert job["status"] == "done" and job["dry_run"] is True
    assert job["started"] == "2026-11-21T09:03:12Z" and job["finished"] == "2026-11-21T09:03:14Z"
    assert job["read"] == {"erp": 1000, "store": 12} and job["unlinked"] == {"erp": 0, "store": 1}
    assert job["update"] == {"erp": 0, "store": 1} and job["create"] == job["delete"] == {"erp": 0, "store": 0}
    assert job["conflicts"] == {"settled": 1, "held": 0, "waiting": 1}
    (change,) = job["changes"]
    assert {name: change[name] for name in ("side", "action", "key", "id", "fields", "outcome")} == {
        "side": "store",
        "action": "update",
        "key": "A-17",
        "id": 123,
        "fields": {"regular_price": {"from": "19.90", "to": "21.00", "why": "erp changed"}},
        "outcome": "planned",
    }
    (held,) = job["held"]
    promised = {"id": 7, "key": "A-9", "field": "name", "erp": "x", "store": "y", "base": "z"}
    assert promised.items() <= held.items()
    assert job["rejects"] == [
        {
            "side": "erp",
            "where": "products.csv:18",
            "key": "A-18",
            "field": "regular_price",
            "reason": "not a number: '1O.50'",
        }
    ]


def test_the_keys_are_the_same_whatever_the_status():
    done = only_job(result())
    stopped = only_job(result(status="stopped", stopped_by=("max_changes", "600 of 1,000; --max-changes 60%")))
    failed = only_job(result(status="failed", error="the store does not answer", finished=None))
    assert set(done) == set(stopped) == set(failed)
    assert set(done) >= PROMISED
    assert (done["stopped_by"], done["error"]) == (None, None)
    assert (stopped["stopped_by"], stopped["error"]) == ("max_changes", None)
    assert "--max-changes 60%" in stopped["message"]
    assert (failed["stopped_by"], failed["error"]) == (None, "the store does not answer")
    assert failed["finished"] is None


def test_an_error_is_told_only_where_a_change_failed_or_has_no_answer():
    assert "error" not in only_change(result(price_change(status="done", error="")))
    assert only_change(result(price_change(status="failed", error="no: bad price")))["error"] == "no: bad price"
    assert only_change(result(price_change(status="unknown", error="no reply")))["error"] == "no reply"
    assert only_job(result(price_change(status="failed"), price_change(status="done")))["failed"] == 1


def test_a_change_that_was_sent_and_never_answered_is_unknown():
    assert only_change(result(price_change(status="sent")))["outcome"] == "unknown"


def test_a_row_rejected_for_two_of_its_fields_is_one_rejected_row():
    twice = [Reject("erp", "p.csv:18", "A", field, "bad") for field in ("price", "stock")]
    other_side = Reject("store", "p.csv:18", "A", None, "bad")
    job = only_job(result(rejects=[*twice, other_side]))
    assert job["rejected"] == 2
    assert len(job["rejects"]) == 3


def test_conflicts_that_this_run_found_are_told_from_those_that_waited_before():
    new, old = START + timedelta(seconds=1), START - timedelta(days=1)
    held = [Held(1, "A", "name", "x", "y", "z", since=since) for since in (None, new, old)]
    assert only_job(result(held=held, waiting=3))["conflicts"] == {"settled": 0, "held": 2, "waiting": 3}


@pytest.mark.parametrize(
    ("side", "record_id", "expected"),
    [("store", "123", 123), ("store", "12/34", "12/34"), ("erp", "0017", "0017"), ("store", None, None)],
)
def test_only_a_stores_plain_ids_are_numbers(side, record_id, expected):
    assert only_change(result(price_change(side=side, record_id=record_id)))["id"] == expected


def test_a_record_without_an_erp_key_is_shown_by_its_id_and_a_new_one_by_its_name():
    assert only_change(result(price_change(key=None)))["key"] == "store:123"
    term = Change("c", "store", "create", "category", None, None, {"name": FieldChange(None, "Shoes", "needed")})
    assert only_change(result(term))["key"] == "category: Shoes"


def test_values_keep_their_types_and_nothing_in_them_breaks_the_json():
    values = {
        "stock": (3, 4),
        "on": (None, True),
        "weight": (Decimal("1.50"), Decimal("1E+2")),
        "tags": (["a"], ["a", "b"]),
        "at": (None, START),
        "extra": (None, {"x": float("nan"), "y": [float("inf")]}),
    }
    fields = {name: FieldChange(old, new, "erp changed") for name, (old, new) in values.items()}
    change = only_change(result(Change("c", "erp", "update", "product", "A", "A", fields)))
    assert {name: (field["from"], field["to"]) for name, field in change["fields"].items()} == {
        "stock": (3, 4),
        "on": (None, True),
        "weight": ("1.5", "100"),
        "tags": (["a"], ["a", "b"]),
        "at": (None, "2026-11-21T09:03:12Z"),
        "extra": (None, {"x": "nan", "y": ["inf"]}),
    }


def test_a_field_has_its_own_error_and_its_difference_where_there_is_one():
    field = FieldChange(5, 3, "sold", difference=-2, error="the store kept null")
    change = only_change(result(Change("c", "store", "update", "product", "A", "1", {"stock": field}, status="failed")))
    assert change["fields"]["stock"] == {
        "from": 5,
        "to": 3,
        "why": "sold",
        "difference": -2,
        "error": "the store kept null",
    }
