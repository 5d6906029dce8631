"""What the exit codes promise, and that what stops a run is told in words, without secrets and tracebacks."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from syncengine.sandbox import Sandbox
from tests.system.project import Ended, Project
from tests.system.shop import Shop, shop_process, until


def said(ended: Ended) -> str:
    text = ended.out + ended.err
    assert "Traceback" not in text
    return text


def test_rejected_rows_end_with_1_and_everything_else_goes_on(project: Project, shop: Shop) -> None:
    project.rows["A-018"]["VK"] = "1O,50"
    project.export()
    ended = project.sync("run")
    assert ended.code == 1
    assert "not a number: '1O,50'" in said(ended)
    assert len(shop.products()) == 29
    assert project.sync("diff").code == 1
    listed = project.sync("rejected")
    assert listed.code == 0
    assert "products.csv:19" in listed.out
    reject = project.sync("rejected", "--json").json["rejects"][0]
    assert (reject["key"], reject["field"], reject["where"]) == ("A-018", "regular_price", "products.csv:19")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["run", "nope"], "there is no job 'nope'"),
        (["run", "--config", "nowhere.toml"], "nowhere.toml"),
        (["run", "--report", "changes.pdf"], "a report ends in .html, .json, .csv"),
        (["run", "--report", "no/such/folder.html"], "does not exist"),
        (["run", "--max-changes", "many"], "not a limit: 'many'"),
        (["run", "--limit", "0"], "'0' is not a number of 1 or more"),
        (["status", "--config", ""], "write the name of a file"),
        (["history", ""], "write the key of a record"),
        (["conflicts", "--json", "resolve", "1", "--take", "erp"], "--json is for the list"),
        (["sandbox", "--port", "99999"], "'99999' is not a port"),
        (["sandbox", "--port", "-1"], "'-1' is not a number, 0 or more"),
        (["sandbox", "--workers", "0"], "'0' is not a number of 1 or more"),
        (["sandbox", "--item-cost", "-3"], "'-3' is not a number of milliseconds"),
        (["sandbox", "--consumer-key", ""], "it is empty: write one such as ck_mine"),
        (["demo", "--folder", "config.toml/x"], "config.toml/x cannot be made: Not a directory"),
        (["demo", "--folder", "/proc/x"], "/proc/x cannot be made: No such file or directory"),
    ],
)
def test_wrong_usage_ends_with_2_before_anything_is_contacted(
    project: Project, arguments: list[str], expected: str
) -> None:
    ended = project.sync(*arguments)
    assert ended.code == 2
    assert expected in ended.err
    assert ended.out == ""
    assert not project.state.exists()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize(
    ("arguments", "code"), [("status", 0), ("diff --json", 0), ("run", 0), ("--config nowhere.toml status", 2)]
)
def test_a_closed_output_changes_no_exit_code(
    project: Project, shop: Shop, closed: str, arguments: str, code: int
) -> None:
    command = f'exec "{sys.executable}" -m syncengine {arguments} {closed}'
    ended = subprocess.run(
        command, shell=True, cwd=project.folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr


def test_a_wrong_mapping_ends_with_2_and_says_where(project: Project) -> None:
    mapping = project.folder / "products.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace('"ask"', '"perhaps"'), encoding="utf-8")
    ended = project.sync("run", "--json")
    assert ended.code == 2
    assert ended.out == ""
    assert "products.toml:15" in said(ended)


def test_a_shop_that_does_not_answer_ends_with_3(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        project.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        project.configure()
        ended = project.sync("run", "--json")
    assert ended.code == 3
    assert ended.job["status"] == "failed"
    assert "connections.shop" in ended.job["error"]


def test_a_missing_file_of_the_erp_ends_with_3(project: Project) -> None:
    project.source.unlink()
    ended = project.sync("run")
    assert ended.code == 3
    assert "erp/products.csv: there is no such file" in said(ended)


def test_a_wrong_secret_ends_with_3_and_is_never_shown(project: Project) -> None:
    project.secret = "cs_notthesecretofthisshop"
    project.configure()
    for options in ([], ["-v"], ["--json", "--report", "report.html"]):
        ended = project.sync("run", *options)
        assert ended.code == 3
        assert "wrong consumer_secret" in said(ended)
        assert project.secret not in said(ended)
    assert project.secret not in (project.folder / "report.html").read_text(encoding="utf-8")
    assert project.secret.encode() not in project.state.read_bytes()


def test_a_guard_ends_with_4_before_the_first_write(watched_project: Project, watched: Sandbox) -> None:
    watched_project.given("run")
    for row in list(watched_project.rows.values())[:20]:
        row["VK"] = "1,11"
    watched_project.export()
    watched.reset_log()
    ended = watched_project.sync("run")
    assert ended.code == 4
    assert "max-changes" in said(ended)
    assert watched_project.sync("diff").code == 4
    assert watched_project.sync("run", "--max-changes", "19").code == 4
    assert {request.method for request in watched.requests} == {"GET"}
    assert watched_project.sync("run", "--max-changes", "80%").code == 0


def test_the_worst_of_several_jobs_is_the_exit_code_and_none_keeps_another_from_running(
    project: Project, shop: Shop
) -> None:
    project.more = (
        '[connections.nowhere]\ntype = "csv"\nfolder = "nowhere"\n'
        '[jobs.broken]\nmapping = "stock.toml"\nerp = "nowhere"\nstore = "shop"\n'
    )
    project.configure()
    mapping = '[fields]\nsku = { erp = "A", store = "id", to = "erp" }\nweight = { erp = "W", store = "weight" }\n'
    (project.folder / "stock.toml").write_text(
        f'entity = "product"\n[erp]\nresource = "a.csv"\nkey = "A"\n{mapping}', encoding="utf-8"
    )
    ended = project.sync("run", "--json", "broken", "products")
    assert ended.code == 3, ended.err
    assert [(job["job"], job["status"]) for job in ended.json["jobs"]] == [("broken", "failed"), ("products", "done")]
    assert len(shop.products()) == 30
    assert project.sync("run", "products").code == 0


def test_two_runs_at_once_the_second_ends_with_3(project: Project) -> None:
    with shop_process("--item-cost", "60") as slow:
        project.url = slow.url
        project.configure()
        with project.begin("run") as first:
            until(lambda: bool(project.statuses().get("sent")))
            first.send_signal(signal.SIGSTOP)
            second = project.sync("run")
            assert second.code == 3
            assert "another run of job 'products' is under way" in said(second)
            assert project.sync("diff").code == 0  # looking is always allowed
            first.send_signal(signal.SIGCONT)
            first.communicate(timeout=60)
        assert first.returncode == 0
        assert len(slow.products()) == 30


def test_who_stops_listening_does_not_change_the_exit_code(project: Project) -> None:
    with project.begin("run") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait(60) == 0
    assert complaint == ""


def test_help_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'httpx', 'sqlalchemy', 'sqlmodel', 'pydantic', 'rich', 'jinja2'}"
    code = f"import sys, syncengine.cli as cli; cli.parser().format_help(); print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
