"""One run as a process: what it is handed, and how its words and its report are heard. A script stands in for it."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from syncengine.records import Change, Counts, FieldChange, JobResult
from syncengine.report.document import document
from syncengine.service.config import InForce
from syncengine.service.one_run import LONGEST_LINE, MOST_LINES, Ended, OneRun, read_report
from syncengine.settings import Settings

REPORT = '{"version": 1, "jobs": [{"job": "products", "status": "done"}]}'


def run(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Ended, list[str]]:
    program = folder / "program"
    program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr("syncengine.service.one_run.sys.executable", str(program))
    file = folder / "config.toml"
    config = InForce(Settings(file=file, state_url="sqlite:///x.db", connections={}, jobs={}), {str(file): "größe = 1"})
    said: list[str] = []

    async def start() -> Ended:
        return await (await OneRun.start("products", config)).end(said.append)

    return asyncio.run(start()), said


def test_its_exit_code_report_and_words_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"import sys; print({REPORT!r}); print('größer\\n\\nals', file=sys.stderr); sys.exit(4)"
    ended, said = run(script, tmp_path, monkeypatch)
    assert (ended.code, ended.report) == (4, {"job": "products", "status": "done"})
    assert said == ["größer", "als"]


def test_it_is_handed_the_texts_on_stdin_and_nothing_secret_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nobody")
    script = """
import json, os, sys
told = {"arguments": sys.argv[1:], "texts": json.load(sys.stdin), "said": os.environ["SYNC_TAKEN_UP"]}
print(json.dumps({"jobs": [told | {"systemd": "NOTIFY_SOCKET" in os.environ}]}))
"""
    ended, _ = run(script, tmp_path, monkeypatch)
    file = str(tmp_path / "config.toml")
    arguments = ["-m", "syncengine", "run", "--config", file, "--json", "--no-progress", "--", "products"]
    assert ended.report == {"arguments": arguments, "texts": {file: "größe = 1"}, "said": "stdin", "systemd": False}


def test_one_that_does_not_listen_and_says_nothing_ends_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, said = run("import os; os.kill(os.getpid(), 11)", tmp_path, monkeypatch)
    assert (ended.code, ended.report, said) == (-11, None, [])


def test_one_that_will_not_be_quiet_is_heard_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "import sys\nfor at in range(1000): print(f'{at} ' + 'x' * 9000, file=sys.stderr)"
    _, said = run(script, tmp_path, monkeypatch)
    assert len(said) == MOST_LINES + 1
    assert [line.split()[0] for line in said[:MOST_LINES]] == [str(at) for at in range(MOST_LINES)]
    assert {len(line) for line in said[:MOST_LINES]} == {LONGEST_LINE}
    assert said[-1] == "(more than 200 lines: the rest is left out)"


def test_a_report_that_is_too_long_still_has_its_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"name": FieldChange(None, '", "changes": [' * 1000, "new")}
    changes = [Change(str(at), "store", "create", "product", f"A-{at}", None, fields) for at in range(400)]
    result = JobResult("products", "run-1", False, datetime.now(UTC), read=Counts(7, 8), changes=changes)
    result.error = '"changes": ["'
    whole = document([result])
    (tmp_path / "report.json").write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    assert (tmp_path / "report.json").stat().st_size > 4_000_000
    script = f"import sys; sys.stdout.write(open({str(tmp_path / 'report.json')!r}).read())"
    ended, _ = run(script, tmp_path, monkeypatch)
    lists = ("changes", "held", "rejects", "warnings")
    assert ended.report == {name: value for name, value in whole["jobs"][0].items() if name not in lists}
    assert ended.report is not None
    assert ended.report["create"] == {"erp": 0, "store": 400}


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"jobs": []}', '{"jobs": [7]}', '{"jobs": 7}', "7"])
def test_what_is_no_report_is_none(text: str) -> None:
    assert read_report(text.encode(), whole=True) is None
    assert read_report(text.encode(), whole=False) is None
