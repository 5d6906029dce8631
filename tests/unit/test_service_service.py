"""The service in this process, with a script in the place of a run."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.service.service import serve
from tests.unit.test_service_config import config

Steps = list[tuple[float, Callable[[], Any]]]
QUICK = 'import sys; sys.stdin.read(); print(\'{"jobs": [{"status": "done", "message": "Done."}]}\')'
SLOW = f"import time; time.sleep(1.5); {QUICK}"


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    heard = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    root.handlers[:], root.level = handlers, level
    for number, handler in heard.items():
        signal.signal(number, handler)


def played(file: Path, script: str, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is done after so many seconds more; after the last the service is told to stop."""
    program = file.with_name("program")
    if script:
        program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setattr("syncengine.service.one_run.sys.executable", str(program))
    monkeypatch.setenv("SYNC_SERVICE__LOG_FORMAT", "json")

    before = signal.getsignal(signal.SIGHUP)

    def play() -> None:
        while signal.getsignal(signal.SIGHUP) == before:  # until it listens
            time.sleep(0.01)
        for seconds, step in steps:
            time.sleep(seconds)
            step()
        os.kill(os.getpid(), signal.SIGTERM)

    player = threading.Thread(target=play)
    player.start()
    assert serve(file) == 0
    player.join()


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_where_no_process_can_be_started_it_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played(config(tmp_path, one='every = "1s"'), "", [(1.5, lambda: None)], monkeypatch)
    found = [one for one in logged(capsys) if one["event"] == "not started"]
    assert len(found) == 2
    assert found[0]["level"] == "error"
    assert "No such file" in found[0]["message"]


def test_a_job_that_a_reload_takes_out_while_it_waits_for_its_turn_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config(tmp_path, one='every = "1h"', two='every = "1h"')

    def take_two_out() -> None:
        config(tmp_path, one='every = "1h"')
        os.kill(os.getpid(), signal.SIGHUP)

    played(file, SLOW, [(0.5, take_two_out), (1.5, lambda: None)], monkeypatch)
    log = logged(capsys)
    assert [one["job"] for one in log if one["event"] == "waits"] == ["two"]
    assert [(one["event"], one["job"]) for one in log if one["event"] in ("began", "ended")] == [
        ("began", "one"),
        ("ended", "one"),
    ]


def test_told_to_stop_it_starts_no_job_that_waits_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played(config(tmp_path, one='every = "1h"', two='every = "1h"'), SLOW, [(0.5, lambda: None)], monkeypatch)
    log = logged(capsys)
    assert [one["job"] for one in log if one["event"] == "began"] == ["one"]
    assert log[-1]["event"] == "stopped"


def test_a_script_that_ends_is_run_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played(config(tmp_path, one='every = "1s"'), QUICK, [(2.6, lambda: None)], monkeypatch)
    ended = [one for one in logged(capsys) if one["event"] == "ended"]
    assert [(one["status"], one["exit_code"]) for one in ended] == [("done", 0)] * 3
