"""`--json` and `--report`: what scripts and people get."""

from __future__ import annotations

import csv
import json

from tests.system.project import Project

KEYS = {
    "job", "run", "dry_run", "status", "started", "finished", "read", "unchanged", "changed", "unlinked", "rejected",
    "create", "update", "delete", "conflicts", "drift", "unwritten", "failed", "requests", "changes", "held", "rejects",
}  # fmt: skip


def test_the_json_report_has_the_shape_that_was_promised(project: Project) -> None:
    project.rows["A-018"]["VK"] = "1O,50"
    project.export()
    ended = project.sync("run", "--json")
    assert ended.json["version"] == 1
    job = ended.job
    assert job.keys() >= KEYS
    assert (job["job"], job["status"], job["dry_run"]) == ("products", "done", False)
    assert job["read"] == {"erp": 30, "store": 0}
    assert job["changed"] == {"erp": 29, "store": 0}
    assert job["rejected"] == 1
    assert job["create"] == {"erp": 0, "store": 32}
    assert job["requests"] > 0
    change = next(change for change in job["changes"] if change["key"] == "A-017")
    assert (change["side"], change["action"], change["outcome"]) == ("store", "create", "done")
    assert change["fields"]["regular_price"] == {"from": None, "to": "17.90", "why": "new in the erp"}
    assert job["rejects"] == [
        {
            "side": "erp",
            "where": "products.csv:19",
            "key": "A-018",
            "field": "regular_price",
            "reason": "not a number: '1O,50'",
        }
    ]


def test_a_stopped_and_a_failed_run_have_the_same_keys(project: Project) -> None:
    project.given("run")
    project.rows = dict(list(project.rows.items())[:3])
    project.export()
    stopped = project.sync("run", "--json")
    assert (stopped.code, stopped.job["status"], stopped.job["stopped_by"]) == (4, "stopped", "shrunken")
    project.source.unlink()
    failed = project.sync("run", "--json")
    assert (failed.code, failed.job["status"]) == (3, "failed")
    assert stopped.job.keys() == failed.job.keys() >= KEYS


def test_reports_are_saved_as_each_name_says(project: Project) -> None:
    names = ("report.html", "report.json", "report.csv")
    ended = project.sync("run", "--json", *(part for name in names for part in ("--report", name)))
    assert ended.code == 0
    html, plain, table = ((project.folder / name).read_text(encoding="utf-8") for name in names)
    assert html.lower().startswith("<!doctype html>")
    assert "Größe 17" in html
    assert json.loads(plain) == ended.json
    assert any("A-017" in row for row in csv.reader(table.splitlines()))


def test_the_terminal_gets_no_progress_bars_where_there_is_none(project: Project) -> None:
    ended = project.sync("run")
    assert ended.err == ""
    assert "\x1b" not in ended.out
