"""The log that runs write: a record for each outcome of each write, in a file that may be moved away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.cli import main
from syncengine.log import log_to_file, log_to_stderr
from syncengine.sandbox import Sandbox
from syncengine.state import State
from tests.memory import Memory
from tests.running import field, mapping
from tests.running import run as run_in_memory
from tests.system.hostile import Answer, Asked, hostile, records
from tests.system.project import Project


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    log_to_stderr()


@pytest.fixture
def project(watched: Sandbox, tmp_path: Path) -> Project:
    assert watched.home is not None
    project = Project(tmp_path / "project", watched.home, more='\n[log]\nfile = "run.log"\n')
    project.fill(3)
    return project


def run(project: Project, *options: str) -> int:
    return main(["run", "--no-progress", *options, "--config", str(project.folder / "config.toml")])


def entries(project: Project, event: str, name: str = "run.log") -> list[dict[str, Any]]:
    lines = (project.folder / name).read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def test_each_write_is_one_record_that_says_what_where_when_and_how_it_ended(project: Project) -> None:
    project.rows["A-002"]["VK"] = "1,2,3"
    project.export()
    assert run(project) == 1
    (began,), (ended,) = entries(project, "began"), entries(project, "ended")
    writes = [entry for entry in entries(project, "write") if entry["entity"] == "product"]
    assert began["run"] == ended["run"]
    assert (ended["level"], ended["status"], ended["rejected"], ended["failed"]) == ("warning", "done", 1, 0)
    assert [entry["key"] for entry in writes] == ["A-001", "A-003"]
    first = writes[0]
    assert began["time"] <= first.pop("time") <= ended["time"]
    assert first.pop("message") == f"create of product A-001 ({first['id']}) in the store: done"
    ledger = project.ask("SELECT id, store_id FROM change WHERE erp_key = 'A-001'")
    assert [(first.pop("change"), first.pop("id"))] == ledger
    assert first == {
        "level": "info",
        "event": "write",
        "job": "products",
        "run": began["run"],
        "side": "store",
        "action": "create",
        "entity": "product",
        "key": "A-001",
        "fields": ["sku", "name", "regular_price", "stock", "manage_stock", "categories", "shelf"],
        "outcome": "done",
        "code": None,
        "error": None,
        "attempt": 1,
    }


def test_what_the_shop_refuses_is_there_with_its_code(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.method != "POST":
            return records([])
        error = {"code": "product_invalid_sku", "message": "Invalid or duplicated SKU.", "data": {"status": 400}}
        return 200, {}, json.dumps({"create": [{"id": 0, "error": error}] * 3}).encode()

    with hostile(answer) as url:
        project = Project(tmp_path / "project", url, more='\n[log]\nfile = "run.log"\n')
        project.fill(3)
        assert run(project) == 1
    refused = [entry for entry in entries(project, "write") if entry["entity"] == "category"]
    assert {(one["level"], one["outcome"], one["code"]) for one in refused} == {
        ("warning", "failed", "product_invalid_sku")
    }
    assert all(one["message"].endswith(f"in the store: failed: {one['error']}") for one in refused)


def test_a_write_whose_answer_was_lost_has_a_record_for_each_thing_that_was_learnt(tmp_path: Path) -> None:
    log_to_stderr()
    log_to_file(tmp_path / "run.log", "json")
    lost = iter(["dropped", "lost"])
    mapped = mapping(field("name"))
    erp, store = Memory("erp", mapped), Memory("store", mapped)
    store.fault = lambda: next(lost, None)
    erp.edit("A", sku="A", name="new")
    with State.in_memory() as state:
        run_in_memory(erp, store, state)
    lines = (tmp_path / "run.log").read_text(encoding="utf-8").splitlines()
    found = [(one["outcome"], one["attempt"]) for one in map(json.loads, lines) if one["event"] == "write"]
    assert found == [("unknown", 1), ("unknown", 2), ("done", 2)]


def test_a_dry_run_leaves_no_line_behind(project: Project) -> None:
    assert run(project, "--dry-run") == 0
    assert not (project.folder / "run.log").exists()


def test_the_next_run_goes_on_where_the_file_was_moved_away(project: Project) -> None:
    run(project)
    run(project)
    assert len(entries(project, "ended")) == 2, "a run adds to what is there"
    (project.folder / "run.log").rename(project.folder / "run.log.1")
    run(project)
    assert len(entries(project, "ended")) == 1
    assert len(entries(project, "ended", "run.log.1")) == 2


def test_people_can_have_it_as_text(project: Project) -> None:
    project.more += 'format = "text"\n'
    project.configure()
    run(project)
    lines = (project.folder / "run.log").read_text(encoding="utf-8").splitlines()
    assert any("info     products: create of product A-001 (" in line for line in lines)


def test_verbose_shows_it_on_stderr_and_otherwise_the_report_is_enough(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project)
    assert capsys.readouterr().err == ""
    project.rows["A-002"]["Bezeichnung"] = "renamed"
    project.export()
    run(project, "-v")
    told = capsys.readouterr().err
    assert "products: update of product A-002 (" in told
    assert "\nproducts: Run " in told


def test_a_log_that_cannot_be_written_is_told_before_anything_is_done(
    project: Project, watched: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    project.more = '\n[log]\nfile = "nowhere/run.log"\n'
    project.configure()
    assert run(project) == 2
    told = capsys.readouterr().err
    assert "nowhere/run.log cannot be written: No such file or directory" in told
    assert "name a file in a folder that is there" in told
    assert watched.requests == []


def test_a_full_disk_ends_no_run_and_is_told_once(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.more = '\n[log]\nfile = "/dev/full"\n'
    project.configure()
    assert run(project) == 0
    assert capsys.readouterr().err.count("/dev/full cannot be written: ") == 1
