"""The service as a process: jobs run by themselves, with a shop on the other end of a socket."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.system.project import Project
from tests.system.service import is_running, service_process
from tests.system.shop import Shop, shop_process, until

JSON = '[service]\nlog_format = "json"\n'
EVERY = 'every = "{}"\n'
SECOND_JOB = """
[jobs.labels]
mapping = "labels.toml"
erp = "erp"
store = "shop"
every = "{every}"
{json}
"""
LABELS = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"

[create]
in_store = false

[fields]
sku   = { erp = "ArtNr", store = "sku", truth = "store", to = "erp" }
label = { erp = "Regal", store = "meta:_label", truth = "erp" }
"""


def config_of(project: Project, more: str) -> Path:
    project.more = more
    project.configure()
    (project.folder / "labels.toml").write_text(LABELS, encoding="utf-8")
    return project.folder / "config.toml"


def test_a_job_runs_again_and_again_and_tells_how_each_run_ended(project: Project, shop: Shop) -> None:
    config = config_of(project, EVERY.format("1s") + JSON)
    with service_process(config) as service:
        first = service.wait_for("ended")
        assert (first["job"], first["status"], first["exit_code"], first["level"]) == ("products", "done", 0, "info")
        assert first["read"] == {"erp": 30, "store": 0}
        assert first["created"] == {"erp": 0, "store": 33}
        assert (first["failed"], first["rejected"], first["held"], first["error"]) == (0, 0, 0, None)
        assert first["run"] == project.ask("SELECT run FROM run ORDER BY started")[0][0]
        assert datetime.fromisoformat(first["next"]) > datetime(2026, 1, 1, tzinfo=UTC)
        assert shop.products().keys() == project.rows.keys()
        project.rows["A-001"]["VK"] = "7,77"
        project.export()
        service.until(lambda: any(one["updated"]["store"] == 1 for one in service.events("ended")), "an update")
        assert shop.products()["A-001"]["regular_price"] == "7.77"
        service.signal(signal.SIGTERM)
        assert service.ended() == 0
        assert [one["event"] for one in service.log[:3]] == ["started", "scheduled", "began"]
        assert service.log[-1]["event"] == "stopped"


def test_a_row_that_cannot_be_used_makes_a_warning_and_a_guard_an_error(project: Project) -> None:
    project.rows["A-009"]["VK"] = "1O,50"
    project.export()
    config = config_of(project, EVERY.format("1s") + JSON)
    with service_process(config) as service:
        ended = service.wait_for("ended")
        assert (ended["level"], ended["exit_code"], ended["rejected"]) == ("warning", 1, 1)
        project.rows = dict(list(project.rows.items())[:3])
        project.export()
        service.until(lambda: service.events("ended")[-1]["status"] == "stopped", "the guard")
        ended = service.events("ended")[-1]
        assert (ended["level"], ended["exit_code"], ended["stopped_by"]) == ("error", 4, "shrunken")
        assert ended["message"].startswith("Nothing was written. Stopped by shrunken")


def test_jobs_of_one_store_take_turns_and_all_of_them_run(tmp_path: Path) -> None:
    with shop_process("--item-cost", "20") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(60)
        config = config_of(project, EVERY.format("1h") + SECOND_JOB.format(every="1h", json=JSON))
        with service_process(config) as service:
            service.wait_for("ended", job="products")
            service.wait_for("ended", job="labels")
            order = [(one["event"], one["job"]) for one in service.log if one["event"] in ("began", "ended")]
            assert order in (
                [("began", "products"), ("ended", "products"), ("began", "labels"), ("ended", "labels")],
                [("began", "labels"), ("ended", "labels"), ("began", "products"), ("ended", "products")],
            )
            assert len(service.events("waits")) == 1


def test_a_job_whose_last_run_is_under_way_waits_for_its_next_time(tmp_path: Path) -> None:
    with shop_process("--item-cost", "60") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(60)
        config = config_of(project, EVERY.format("1s") + JSON)
        with service_process(config) as service:
            left_out = service.wait_for("left out")
            assert left_out["level"] == "warning"
            assert "is still under way" in left_out["message"]
            service.wait_for("ended")
            service.wait_for("began", 2)
            events = [one["event"] for one in service.log if one["event"] in ("began", "ended")]
            assert events[:3] == ["began", "ended", "began"]


def test_a_run_by_hand_that_is_under_way_is_told_and_not_disturbed(tmp_path: Path) -> None:
    with shop_process("--item-cost", "60") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(60)
        config = config_of(project, EVERY.format("1s") + JSON)
        with project.begin("run") as by_hand:
            until(lambda: bool(project.ask("SELECT 1 FROM change WHERE status = 'sent'")))
            with service_process(config) as service:
                ended = service.wait_for("ended")
                assert (ended["status"], ended["exit_code"], ended["level"]) == ("skipped", 3, "warning")
                assert "another run of job 'products' is under way" in ended["message"]
                assert by_hand.wait(30) == 0
                service.until(lambda: service.events("ended")[-1]["status"] == "done", "a run")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_lets_the_run_finish_its_batch_and_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path
) -> None:
    with shop_process("--item-cost", "5") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(600)
        config = config_of(project, EVERY.format("1s") + JSON)
        with service_process(config, SYNC_CONNECTIONS__SHOP__CONCURRENCY="1") as service:
            until(lambda: project.statuses().get("done", 0) > 50)
            service.signal(number)
            assert service.ended() == 0
            ended = service.wait_for("ended")
            assert (ended["status"], ended["exit_code"], ended["level"]) == ("interrupted", 130, "info")
            assert not is_running(ended["pid"])
        statuses = project.statuses()
        assert "sent" not in statuses
        assert statuses["planned"] > 0
        assert project.sync("run").code == 0
        assert shop.products().keys() == project.rows.keys()


def test_a_run_that_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    with shop_process("--fault", "slow:1", "--item-cost", "100") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(100)
        config = config_of(project, EVERY.format("1s") + JSON + 'stop_within = "1s"\n')
        with service_process(config) as service:
            until(lambda: "sent" in project.statuses())
            service.signal(signal.SIGTERM)
            began = time.monotonic()
            assert service.ended() == 0
            assert time.monotonic() - began < 8  # the batch under way takes 10
            killed, ended = service.wait_for("killed"), service.wait_for("ended")
            assert killed["pid"] == ended["pid"]
            assert ended["exit_code"] == -9
            assert not is_running(ended["pid"])


def test_told_twice_to_stop_it_ends_at_once(tmp_path: Path) -> None:
    with shop_process("--item-cost", "100") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(100)
        config = config_of(project, EVERY.format("1s") + JSON)
        with service_process(config) as service:
            until(lambda: "sent" in project.statuses())
            service.signal(signal.SIGINT)
            service.wait_for("stopping")
            began = time.monotonic()
            service.signal(signal.SIGINT)
            assert service.ended() == 130
            assert time.monotonic() - began < 6  # the batch under way takes 10
            assert not is_running(service.wait_for("ended")["pid"])


def test_ctrl_c_in_a_terminal_reaches_the_service_and_not_its_runs(tmp_path: Path) -> None:
    with shop_process("--item-cost", "30") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(100)
        config = config_of(project, EVERY.format("1s") + JSON)
        with service_process(config) as service:
            began = service.wait_for("began")
            assert os.getsid(began["pid"]) == began["pid"]
            assert os.getpgid(began["pid"]) != os.getpgid(service.process.pid)


def test_a_run_that_is_killed_takes_nothing_along(tmp_path: Path) -> None:
    with shop_process("--item-cost", "30") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(100)
        config = config_of(project, EVERY.format("1s") + JSON)
        with service_process(config) as service:
            until(lambda: "sent" in project.statuses())
            os.kill(service.wait_for("began")["pid"], signal.SIGKILL)
            ended = service.wait_for("ended")
            assert (ended["status"], ended["exit_code"], ended["level"]) == ("crashed", -9, "error")
            assert "ended by signal 9 (SIGKILL)" in ended["message"]
            service.until(lambda: service.events("ended")[-1]["status"] == "done", "a run")
            assert shop.products().keys() == project.rows.keys()


# -- reload


def test_a_reload_takes_up_jobs_and_times(project: Project) -> None:
    config = config_of(project, EVERY.format("1h") + JSON)
    with service_process(config) as service:
        service.wait_for("ended", job="products")
        config_of(
            project, 'schedule = "0 3 * * *"\ntimezone = "Europe/Berlin"\n' + SECOND_JOB.format(every="1h", json=JSON)
        )
        service.signal(signal.SIGHUP)
        reloaded = service.wait_for("reloaded")
        assert (reloaded["added"], reloaded["removed"], reloaded["changed"]) == (["labels"], [], ["products"])
        service.wait_for("ended", job="labels")
        assert "Next: " in service.events("scheduled", "products")[-1]["message"]
        assert re.search(r" 03:00:00 CES?T\.$", service.events("scheduled", "products")[-1]["message"])
        config_of(project, SECOND_JOB.format(every="1h", json=JSON))
        service.signal(signal.SIGHUP)
        assert service.wait_for("reloaded", 2)["removed"] == ["products"]
        assert len(service.events("began")) == 2  # what kept its schedule kept its time


def test_a_wrong_config_is_refused_with_all_its_problems_and_the_old_one_stays_in_force(
    project: Project, shop: Shop
) -> None:
    config = config_of(project, EVERY.format("1s") + JSON)
    good = config.read_text(encoding="utf-8")
    with service_process(config) as service:
        service.wait_for("ended")
        config.write_text(good.replace('erp = "erp"', 'erp = "epr"').replace('"1s"', '"soon"'), encoding="utf-8")
        (project.folder / "products.toml").write_text("entity = 7", encoding="utf-8")
        service.signal(signal.SIGHUP)
        refused = service.wait_for("reload refused")
        assert (refused["level"], refused["problems"]) == ("error", 2 + good.count('settle = "1s"'))
        assert {one["problem"].partition(":")[0] for one in service.events("problem")} >= {"jobs.products.erp"}
        assert any(
            "there is no connection 'epr'; did you mean erp?" in one["message"] for one in service.events("problem")
        )
        done = len(service.events("ended"))
        project.rows["A-001"]["VK"] = "7,77"
        project.export()
        service.wait_for("ended", done + 2)
        assert {one["exit_code"] for one in service.events("ended")} == {0}
        assert shop.products()["A-001"]["regular_price"] == "7.77"


def test_a_half_edited_mapping_concerns_no_run_before_it_is_taken_up(project: Project, shop: Shop) -> None:
    config = config_of(project, EVERY.format("1s") + '[jobs.products.guards]\nmax_changes = "100%"\n' + JSON)
    mapping = project.folder / "products.toml"
    good = mapping.read_text(encoding="utf-8")
    with service_process(config) as service:
        service.wait_for("ended")
        mapping.unlink()
        done = len(service.events("ended"))
        service.wait_for("ended", done + 2)
        assert {one["exit_code"] for one in service.events("ended")} == {0}
        mapping.write_text(good + 'label = { erp = "Regal", store = "meta:_label" }\n', encoding="utf-8")
        service.signal(signal.SIGHUP)
        service.wait_for("reloaded")
        service.until(lambda: _label(shop) == "R1", "the new field")


def _label(shop: Shop) -> str | None:
    meta = shop.products()["A-001"]["meta_data"]
    return next((one["value"] for one in meta if one["key"] == "_label"), None)


def test_a_reload_interrupts_no_run_under_way(tmp_path: Path) -> None:
    with shop_process("--item-cost", "30") as shop:
        project = Project(tmp_path / "project", shop.url)
        project.fill(60)
        config = config_of(project, EVERY.format("1h") + JSON)
        with service_process(config) as service:
            until(lambda: "sent" in project.statuses())
            config_of(project, SECOND_JOB.format(every="1h", json=JSON))
            service.signal(signal.SIGHUP)
            assert service.wait_for("reloaded")["removed"] == ["products"]
            ended = service.wait_for("ended", job="products")
            assert (ended["status"], ended["exit_code"], ended["next"]) == ("done", 0, None)


# -- what it needs


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "below [jobs.products]"),
        ('schedule = "0 0 31 2 *"\n', "jobs.products.schedule: the day of '0 0 31 2 *' never comes"),
        ('every = "1s"\n[service]\nlog_format = "yaml"\n', "service.log_format: unknown word 'yaml'"),
    ],
)
def test_a_config_that_it_cannot_go_by_is_an_error(more: str, said: str, project: Project) -> None:
    config_of(project, more)
    ended = project.sync("service")
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_config_without_any_schedule_is_told_what_to_write(project: Project) -> None:
    ended = project.sync("service")
    assert ended.code == 2
    assert "no job has a schedule" in ended.err
    assert 'write schedule = "*/15 * * * *", or every = "5m", below [jobs.products]' in ended.err


# -- its log


def test_the_text_log_is_a_line_for_each_thing_with_its_time(project: Project) -> None:
    config = config_of(project, EVERY.format("1h"))
    with service_process(config) as service:
        service.until(lambda: any("Done: 33 changes." in line for line in service.lines), "a run")
        service.signal(signal.SIGTERM)
        assert service.ended() == 0
    for line in service.lines:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  (info|warning|error) ", line), line
    (done,) = [line for line in service.lines if "Done" in line]
    assert re.search(
        r"info +products: Done: 33 changes\. \([\d.]+ s, exit code 0, run [\w-]+\) Next: [\d: -]+ UTC\.$", done
    )


def test_journald_is_not_told_the_time_that_it_knows(project: Project) -> None:
    config = config_of(project, EVERY.format("1h"))
    with service_process(config, JOURNAL_STREAM="8:12345") as service:
        service.until(lambda: len(service.lines) > 1, "a line")
        assert service.lines[0].startswith("info     sync ")


def test_no_secret_is_in_the_log_or_on_the_command_line(project: Project) -> None:
    project.key, project.secret = "ck_tell_nobody", "cs_tell_nobody"  # which the shop does not know
    config = config_of(project, EVERY.format("1s") + JSON)
    with service_process(config, "-v") as service:
        pid = service.wait_for("began")["pid"]
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        assert command[1:5] == [b"-m", b"syncengine", b"run", b"--config"]
        assert b"products" in command
        assert not any(b"tell_nobody" in part for part in command)
        ended = service.wait_for("ended")
        assert (ended["exit_code"], ended["level"]) == (3, "error")
        assert "tell_nobody" not in "\n".join(service.lines)


# -- systemd


def test_systemd_is_told_when_it_is_ready_reloads_and_stops(project: Project, tmp_path: Path) -> None:
    config = config_of(project, EVERY.format("1h") + JSON)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        heard: list[str] = []

        def hear(word: str) -> None:
            while not heard or not heard[-1].startswith(word):
                heard.append(systemd.recv(1000).decode())

        watched = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        with service_process(config, **watched) as service:
            hear("READY=1")
            began = time.monotonic()
            for _ in range(4):
                hear("WATCHDOG=1")
                heard.append("")
            assert time.monotonic() - began < 5
            service.wait_for("ended")
            service.signal(signal.SIGHUP)
            hear("RELOADING=1\nMONOTONIC_USEC=")
            hear("READY=1")
            service.signal(signal.SIGTERM)
            hear("STOPPING=1")
            assert service.ended() == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_the_unit_that_is_shipped_is_one_that_systemd_takes(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "contrib" / "syncengine.service").read_text(encoding="utf-8")
    unit = tmp_path / "syncengine.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", shipped, flags=re.MULTILINE))
    command = ["systemd-analyze", "verify", unit]
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    mine = [line for line in (told.stdout + told.stderr).splitlines() if "syncengine" in line]
    assert mine == []


# -- status


def test_status_tells_the_next_run(project: Project) -> None:
    assert project.sync("status", "--json").job["next_run"] is None
    config_of(project, 'schedule = "30 3 * * *"\ntimezone = "Europe/Berlin"\n')
    then = datetime.fromisoformat(project.sync("status", "--json").job["next_run"])
    assert then > datetime.now(UTC)
    assert f"{then:%M:%S}" == "30:00"
    config_of(project, EVERY.format("1h"))
    project.given("run")
    (started,) = project.ask("SELECT started FROM run")[0]
    then = datetime.fromisoformat(project.sync("status", "--json").job["next_run"])
    assert abs((then - datetime.fromisoformat(started).replace(tzinfo=UTC)).total_seconds() - 3600) < 1
    assert f"{then:%Y-%m-%d %H:%M} UTC" in project.sync("status").out


def test_a_log_line_is_json_whatever_is_in_it(project: Project) -> None:
    project.rows["A-009"]["VK"] = 'ck_"\\x\x1b[31m'
    project.export()
    config = config_of(project, EVERY.format("1h") + JSON)
    with service_process(config) as service:
        service.wait_for("ended")
        assert all(isinstance(json.loads(line), dict) for line in service.lines)
