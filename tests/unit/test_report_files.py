"""Reports as files: CSV for spreadsheets, names that say the kind, and no half written file."""

import csv
import io
import json
import os
import re
import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from syncengine.records import Change, FieldChange, Held, JobResult, Reject
from syncengine.report import files
from syncengine.report.files import check_report_path, write_report
from syncengine.report.table import COLUMNS, table
from syncengine.values import Type

START = datetime(2026, 11, 21, 9, 3, 12, tzinfo=UTC)


def renamed(old: str, new: str) -> JobResult:
    change = Change("c", "store", "update", "product", "A-17", "123", {"name": FieldChange(old, new, "erp changed")})
    return JobResult("products", "r1", False, START, changes=[change])


def rows(*results: JobResult) -> list[dict[str, str]]:
    text = table(results)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_row_of_the_csv_is_a_changed_field_a_conflict_or_a_rejected_row():
    fields = {
        "regular_price": FieldChange(Decimal("19.9"), Decimal("21"), "erp changed"),
        "name": FieldChange("Hut", "Hut, rot", "erp changed"),
    }
    found = JobResult(
        "products",
        "r1",
        False,
        START,
        changes=[
            Change("c1", "store", "update", "product", "A-17", "123", fields, status="failed", error="bad price"),
            Change("c2", "store", "delete", "product", "A-3", "77", {}, status="done"),
        ],
        held=[Held(7, "A-9", "name", "x", "y", "z")],
        rejects=[Reject("erp", "products.csv:18", "A-18", "stock", "not a number: 'x'")],
        types={"regular_price": Type("money")},
    )
    lines = rows(found)
    assert tuple(lines[0]) == COLUMNS
    assert [(line["action"], line["key"], line["field"], line["outcome"]) for line in lines] == [
        ("update", "A-17", "regular_price", "failed"),
        ("update", "A-17", "name", "failed"),
        ("delete", "A-3", "", "done"),
        ("held", "A-9", "name", "held"),
        ("rejected", "A-18", "stock", "rejected"),
    ]
    assert (lines[0]["from"], lines[0]["to"], lines[0]["error"]) == ("19.90", "21.00", "bad price")
    assert (lines[3]["from"], lines[3]["why"]) == ("z", "erp has 'x', store has 'y'; conflict 7")
    assert (lines[4]["why"], lines[4]["error"]) == ("products.csv:18", "not a number: 'x'")


def test_of_a_change_that_was_made_in_part_each_field_has_its_own_outcome_in_the_csv_and_in_json():
    fields = {
        "name": FieldChange("Hut", "Hut, rot", "erp changed"),
        "images": FieldChange([], ["x.png"], "erp changed", error="upload_error"),
    }
    error = "images: upload_error"
    change = Change("c", "store", "update", "product", "X", "12", fields, status="failed", error=error, taken=True)
    found = JobResult("products", "r1", False, START, changes=[change])
    assert [(line["field"], line["outcome"], line["error"]) for line in rows(found)] == [
        ("name", "done", ""),
        ("images", "failed", "upload_error"),
    ]
    (told,) = json.loads(files.json_text([found]))["jobs"][0]["changes"]
    assert told["outcome"] == "failed"
    assert told["fields"]["name"]["outcome"] == "done" and "outcome" not in told["fields"]["images"]


def test_the_csv_of_a_run_that_failed_or_was_stopped_says_so_first_and_tells_its_warnings():
    failed = JobResult("orders", "r1", False, START, status="failed", error="the shop does not answer")
    stopped = renamed("x", "y")
    stopped.status, stopped.stopped_by = "stopped", ("max_changes", "600 of 1,000 (--force).")
    stopped.warnings.append("=decoration was lost")
    assert [(line["job"], line["action"], line["outcome"], line["error"]) for line in rows(failed, stopped)] == [
        ("orders", "failed", "failed", "Failed: the shop does not answer."),
        ("products", "stopped", "stopped", "Nothing was written. Stopped by max_changes: 600 of 1,000 (--force)."),
        ("products", "update", "planned", ""),
        ("products", "warning", "warning", "'=decoration was lost"),
    ]
    assert rows(JobResult("orders", "r1", False, START)) == []


def test_a_change_that_was_refused_for_one_of_its_fields_was_not_made_at_all():
    fields = {
        "name": FieldChange("Hut", "Hut, rot", "erp changed"),
        "price": FieldChange(1, -1, "erp changed", error="below 0"),
    }
    change = Change("c", "store", "update", "product", "X", "12", fields, status="failed", error="price: below 0")
    told = [
        (line["field"], line["outcome"]) for line in rows(JobResult("products", "r1", False, START, changes=[change]))
    ]
    assert told == [("name", "failed"), ("price", "failed")]


@pytest.mark.parametrize("formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(formula):
    (line,) = rows(renamed("x", formula))
    assert line["to"].startswith("'") and line["to"].endswith(formula[1:])


@pytest.mark.parametrize("before", ["Ann;", "Ann; ", 'Ann;"', "Ann\t", "Ann\n", "Ann\r\n", "5;", "=1;", ";;"])
@pytest.mark.parametrize("formula", ["=cmd|'/C calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "＝1"])
def test_no_formula_gets_through_where_a_spreadsheet_splits_at_another_character(before, formula):
    line = table([renamed("x", before + formula)]).splitlines(keepends=True)[1:]
    for piece in re.split(r"[;\t\r\n]", "".join(line)):
        assert not piece.lstrip(' "').startswith(("=", "+", "-", "@", "＝")), piece


@pytest.mark.parametrize("plain", ["-5", "-5.20", "+3", "a=b", "1-2", "", "A-17"])
def test_numbers_and_harmless_texts_stay_as_they_are(plain):
    (line,) = rows(renamed("x", plain))
    assert line["to"] == plain


def test_a_formula_in_a_key_a_job_or_a_reason_is_made_text_too():
    found = JobResult("=job", "r", False, START, rejects=[Reject("erp", "f:1", "=key", "=field", "=reason")])
    (line,) = rows(found)
    assert [line[name] for name in ("job", "key", "field", "error")] == ["'=job", "'=key", "'=field", "'=reason"]


def test_the_ending_of_the_name_says_which_kind_of_report_is_saved(tmp_path):
    for name in ("plan.html", "plan.json", "plan.CSV"):
        write_report(tmp_path / name, [renamed("x", "Größe ☃")])
    assert (tmp_path / "plan.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["jobs"][0]["job"] == "products"
    assert (tmp_path / "plan.CSV").read_bytes().startswith(b"\xef\xbb\xbfjob,run,")
    assert "Größe ☃" in (tmp_path / "plan.CSV").read_text(encoding="utf-8-sig")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.CSV", "plan.html", "plan.json"]


def test_another_ending_is_refused_with_what_to_write_instead(tmp_path):
    with pytest.raises(ValueError, match=r"\.html, \.json, \.csv: write .*plan\.html instead of .*plan\.pdf"):
        check_report_path(tmp_path / "plan.pdf")
    with pytest.raises(ValueError, match=r"write .*plan\.html instead"):
        check_report_path(tmp_path / "plan")


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"the folder .*nowhere of the report plan.html does not exist"):
        write_report(tmp_path / "nowhere" / "plan.html", [])
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ValueError, match="is a folder"):
        write_report(tmp_path / "folder.html", [])


def test_a_report_that_cannot_be_finished_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(path, [])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_has_the_permissions_of_any_new_file_and_a_link_stays_a_link(tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("")
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_report(link, [])
    assert link.is_symlink() and json.loads(real.read_text()) == {"version": 1, "jobs": []}
    assert stat.S_IMODE(real.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_half_a_character_from_a_broken_source_breaks_no_report(tmp_path: Path):
    for name in ("a.json", "a.html", "a.csv"):
        write_report(tmp_path / name, [renamed("x", "broken \udc80")])
    report = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert report["jobs"][0]["changes"][0]["fields"]["name"]["to"] == "broken \udc80"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_report_needs_a_name(name: str):
    with pytest.raises(ValueError, match=r"write its name, such as report\.html"):
        check_report_path(Path(name))


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    pipe, link = tmp_path / "pipe.html", tmp_path / "link.html"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(ValueError, match="which no report can replace"):
            write_report(path, [])
    assert stat.S_ISFIFO(pipe.stat().st_mode) and link.is_symlink()


def test_links_in_a_circle_and_names_that_are_too_long_are_refused_in_words(tmp_path):
    (tmp_path / "one.html").symlink_to(tmp_path / "other.html")
    (tmp_path / "other.html").symlink_to(tmp_path / "one.html")
    for name in ("one.html", "x" * 300 + ".html"):
        with pytest.raises(ValueError, match="no report can be saved as"):
            check_report_path(tmp_path / name)


def test_a_link_into_a_folder_that_does_not_exist_is_refused(tmp_path):
    (tmp_path / "plan.html").symlink_to(tmp_path / "nowhere" / "plan.html")
    with pytest.raises(ValueError, match=r"the folder .*nowhere of the report plan.html does not exist"):
        check_report_path(tmp_path / "plan.html")
