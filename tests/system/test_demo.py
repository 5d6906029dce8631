"""`sync demo` ends by itself, and shows what it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("columns", [80, 120])
def test_the_demo_goes_as_told_and_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    folder = tmp_path / "demo"
    told = subprocess.run(
        [sys.executable, "-m", "syncengine", "demo", "--folder", str(folder)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": str(columns)},
        timeout=60,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    for promised in (
        "$ sync diff",
        "1 conflict settled by the table of truth",
        "1 new conflict held",
        "not a number: '1O,50'",
        "$ sync conflicts resolve 1 --take erp",
        "Nothing to do.",
        str(folder / "report.html"),
    ):
        assert promised in told.stdout
    assert (folder / "report.html").is_file()
    too_long = [line for line in told.stdout.splitlines() if len(line) > columns and str(folder) not in line]
    assert too_long == []


def test_on_a_narrow_terminal_each_run_is_told_to_its_end_and_lists_stay_inside(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "syncengine", "demo", "--folder", str(tmp_path / "demo")],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "50"},
        timeout=60,
        check=False,
    )
    steps = [" ".join(step.split()) for step in re.split(r"^[0-9]  ", told.stdout, flags=re.MULTILINE)]
    assert "Done: 44 changes." in steps[1]
    assert "Done: 4 changes, 2 changes handed over, 1 waits for you, 1 row rejected." in steps[4]
    assert max(map(len, told.stdout.partition("2  A day goes by")[2].partition("3  Look before")[0].splitlines())) <= 50


def test_the_demo_writes_into_no_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    command = [sys.executable, "-m", "syncengine", "demo", "--folder", str(tmp_path)]
    told = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert told.returncode == 2
    assert "is not empty" in told.stderr
