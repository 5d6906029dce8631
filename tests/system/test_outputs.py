"""What was done is told as well as can be, and ends with its own exit code: whatever stdout and reports are like."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.project import Ended, Project
from tests.system.shop import Shop, shop_process, until

LIMIT = 4_000_000  # bytes of a file: the state has room, the output has none


def into_a_full_file(project: Project, command: str, *, stderr_too: bool = False) -> Ended:
    """A command whose output can take nothing more."""
    full = project.folder / "full.txt"
    with full.open("wb") as made:
        made.truncate(LIMIT)
    with full.open("ab") as output:
        ended = subprocess.run(
            [sys.executable, "-m", "syncengine", *command.split()],
            cwd=project.folder,
            stdout=output,
            stderr=output if stderr_too else subprocess.PIPE,
            timeout=60,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)),
        )
    assert full.stat().st_size == LIMIT
    return Ended(ended.returncode, "", (ended.stderr or b"").decode())


def into_nothing(project: Project, command: str) -> Ended:
    """A command whose output nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "syncengine", *command.split()],
            cwd=project.folder,
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    return Ended(ended.returncode, "", ended.stderr.decode())


COMMANDS = ["status", "status --json", "history A-001", "conflicts", "rejected", "retry", "check --json", "diff --json"]


@pytest.mark.parametrize("command", COMMANDS)
def test_who_reads_nothing_changes_no_exit_code(project: Project, command: str) -> None:
    project.given("run")
    expected = project.sync(*command.split()).code
    assert into_nothing(project, command) == Ended(expected, "", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_output_that_takes_nothing_is_said_in_one_line_and_by_the_exit_code(project: Project, command: str) -> None:
    project.given("run")
    assert into_a_full_file(project, command) == Ended(1, "", "the output cannot be written: File too large\n")


def test_a_run_is_done_though_nothing_can_be_told_of_it(project: Project, shop: Shop) -> None:
    ended = into_a_full_file(project, "run --report run.json")
    assert ended == Ended(1, "", "the output cannot be written: File too large\n")
    assert len(shop.products()) == 30
    assert json.loads((project.folder / "run.json").read_text())["jobs"][0]["status"] == "done"
    assert into_a_full_file(project, "run nope", stderr_too=True).code == 2
    assert into_a_full_file(project, "run", stderr_too=True).code == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "ascii:strict", "utf-8"])
def test_a_terminal_that_lacks_a_character_gets_another_one(project: Project, shop: Shop, encoding: str) -> None:
    project.given("run")
    project.rows["A-007"]["Bezeichnung"] = "Žito Größe"
    project.export()
    checked = run_in(project, encoding, "check")
    assert checked.returncode in (0, 1)
    assert "bug" not in checked.stderr.decode()
    told = run_in(project, encoding, "run")
    assert (told.returncode, told.stderr) == (0, b"")
    said = told.stdout.decode(encoding.partition(":")[0])
    assert "ito Gr" in said
    assert said.endswith("Done: 1 change.\n")
    assert shop.products()["A-007"]["name"] == "Žito Größe"


def run_in(project: Project, encoding: str, command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "syncengine", command],
        cwd=project.folder,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_report_that_cannot_be_saved_is_one_line_beside_the_summary(
    project: Project, tmp_path: Path, options: tuple[str, ...]
) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    with shop_process("--item-cost", "30") as slow:
        project.url = slow.url
        project.configure()
        names = ("--report", str(reports / "run.html"), "--report", str(tmp_path / "run.json"))
        with project.begin("run", *names, *options) as process:
            until(lambda: bool(project.statuses().get("sent")))
            reports.rmdir()
            out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.count("\n") == 1
    assert err.startswith(f"the report {reports / 'run.html'} cannot be written: the folder {reports} of the report")
    assert json.loads(out)["jobs"][0]["status"] == "done" if options else "Done: " in out
    assert json.loads((tmp_path / "run.json").read_text())["jobs"][0]["status"] == "done"


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ("erp/products.csv", "is in the folder of connections.erp, where the ERP's own files are"),
        ("erp/import/new.html", "is in the folder of connections.erp"),
        ("link.csv", "is in the folder of connections.erp"),
        ("state.json", "state.json is a file that a run needs"),
        ("log.json", "log.json is a file that a run needs"),
        ("shelves.json", "shelves.json is a file that a run needs"),
        (".", "write its name, such as report.html"),
        ("", "write its name, such as report.html"),
    ],
)
def test_no_report_replaces_what_somebody_needs(project: Project, report: str, told: str) -> None:
    project.more = '[state]\nurl = "sqlite:///state.json"\n[log]\nfile = "log.json"\n'
    project.configure()
    config = (project.folder / "config.toml").read_text().replace("products.toml", "shelves.json")
    (project.folder / "config.toml").write_text(config)
    (project.folder / "products.toml").rename(project.folder / "shelves.json")
    (project.folder / "link.csv").symlink_to(project.source)
    before = project.source.read_bytes()
    for command in ("diff", "run"):
        ended = project.sync(command, "--report", report)
        assert ended.code == 2
        assert told in ended.err
    assert project.source.read_bytes() == before
