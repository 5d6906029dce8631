"""Runs as a user makes them, with a shop on the other end of a socket."""

from __future__ import annotations

import hashlib
from pathlib import Path

from syncengine.sandbox import Sandbox
from tests.system.project import Project
from tests.system.shop import Shop


def methods(shop: Sandbox) -> set[str]:
    return {request.method for request in shop.requests}


def test_the_first_run_makes_every_product(project: Project, shop: Shop) -> None:
    ended = project.sync("run")
    assert (ended.code, ended.err) == (0, "")
    products = shop.products()
    assert products.keys() == project.rows.keys()
    made = products["A-017"]
    assert (made["name"], made["regular_price"], made["stock_quantity"]) == ("Größe 17", "17.90", 17)
    assert [category["name"] for category in made["categories"]] == ["Gruppe 2"]
    assert "Done: 33 changes." in ended.out


def test_a_second_run_sends_no_write(watched_project: Project, watched: Sandbox) -> None:
    watched_project.given("run")
    watched.reset_log()
    ended = watched_project.sync("run", "--json")
    assert ended.code == 0
    assert ended.job["changes"] == []
    assert methods(watched) == {"GET"}
    full = watched_project.sync("run", "--full", "--json")
    assert full.job["changes"] == []
    assert methods(watched) == {"GET"}


def test_a_dry_run_leaves_the_state_as_it_was_and_only_reads(watched_project: Project, watched: Sandbox) -> None:
    watched_project.given("run")
    before = hashlib.sha256(watched_project.state.read_bytes()).hexdigest()
    watched_project.rows["A-001"]["VK"] = "7,77"
    watched_project.export()
    watched.edit_product(watched.product_by_sku("A-002")["id"], name="Neu")
    watched.reset_log()
    there = sorted(watched_project.folder.rglob("*.csv"))
    for command in (["diff"], ["run", "--dry-run"], ["diff", "--full"], ["diff", "--rebase"]):
        ended = watched_project.sync(*command, "--json")
        assert ended.code == 0, ended
        assert [change["outcome"] for change in ended.job["changes"]] == ["planned", "planned"]
    assert hashlib.sha256(watched_project.state.read_bytes()).hexdigest() == before
    assert methods(watched) == {"GET"}
    assert sorted(watched_project.folder.rglob("*.csv")) == there


def test_a_dry_run_before_the_first_run_makes_no_state(project: Project) -> None:
    assert project.sync("diff").code == 0
    assert not project.state.exists()


def test_a_run_does_exactly_what_the_dry_run_said(project: Project, shop: Shop) -> None:
    project.given("run")
    project.rows["A-003"]["VK"] = "3,33"
    project.put(31)
    project.export()
    shop.edit("A-004", name="Anders")

    def told(*command: str) -> list[object]:
        changes = project.sync(*command, "--json").job["changes"]
        return [(change["side"], change["action"], change["key"], change["fields"]) for change in changes]

    planned = told("diff")
    assert len(planned) == 3
    assert told("run") == planned


def test_changes_of_both_sides_meet(project: Project, shop: Shop) -> None:
    project.given("run")
    project.rows["A-005"]["VK"] = "55,55"
    project.export()
    shop.edit("A-005", name="Im Laden umbenannt")
    ended = project.sync("run", "--json")
    assert ended.code == 0
    assert ended.job["update"] == {"erp": 1, "store": 1}
    assert shop.products()["A-005"]["regular_price"] == "55.55"
    project.take_in()
    assert project.rows["A-005"]["Bezeichnung"] == "Im Laden umbenannt"
    assert project.rows["A-005"]["VK"] == "55,55"


def test_a_limit_makes_a_careful_first_run(project: Project, shop: Shop) -> None:
    assert project.sync("run", "--limit", "5").code == 0
    assert len(shop.products()) == 5
    assert project.sync("run").code == 0
    assert shop.products().keys() == project.rows.keys()


def test_the_config_is_found_by_option_and_by_environment(project: Project, tmp_path: Path) -> None:
    config = str(project.folder / "config.toml")
    elsewhere = Project(tmp_path / "elsewhere", project.url)
    (elsewhere.folder / "config.toml").unlink()
    assert elsewhere.sync("status").code == 2
    assert elsewhere.sync("status", "--config", config).code == 0
    assert elsewhere.sync("--config", config, "status").code == 0
    assert elsewhere.sync("status", SYNC_CONFIG=config).code == 0


def test_the_state_lies_beside_the_config_wherever_the_command_is_called(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other", project.url)
    other.sync("run", "--config", str(project.folder / "config.toml"))
    assert project.state.exists()
    assert not other.state.exists()


def test_status_tells_where_the_job_stands(project: Project) -> None:
    assert "never" in project.sync("status").out
    project.rows["A-009"]["VK"] = "1O,50"
    project.export()
    project.given("run")
    status = project.sync("status", "--json").job
    assert (status["linked"], status["rejected"], status["failed"], status["last_status"]) == (29, 1, 0, "done")
    assert "1 rejected row (sync rejected)" in project.sync("status").out


def test_history_tells_every_change_of_a_record(project: Project) -> None:
    project.given("run")
    project.rows["A-006"]["VK"] = "66,66"
    project.export()
    project.given("run")
    told = project.sync("history", "A-006")
    assert "6.90 → 66.66  (erp changed)" in told.out
    last = project.sync("history", "A-006", "--json").json["changes"][-1]
    assert (last["field"], last["from"], last["to"], last["outcome"]) == ("regular_price", "6.90", "66.66", "done")
    assert "No change" in project.sync("history", "A-999").out


def test_failed_changes_are_tried_again_when_asked(project: Project, shop: Shop) -> None:
    mapping = project.folder / "products.toml"
    lines = mapping.read_text(encoding="utf-8").splitlines(keepends=True)
    mapping.write_text("".join(line for line in lines if "manage_stock" not in line), encoding="utf-8")
    first = project.sync("run", "--json")  # a shop that does not manage a product's stock keeps no number
    assert first.code == 1
    assert first.job["failed"] == 30
    assert "the store kept nothing" in first.job["changes"][-1]["error"]
    shop.edit_many({sku: {"manage_stock": True} for sku in project.rows})
    assert (
        project.sync("retry", "--job", "products").out == "products: 30 records will be tried again in the next run.\n"
    )
    assert project.sync("run", "--force").code == 0
    assert shop.products()["A-012"]["stock_quantity"] == 12
    assert project.sync("status", "--json").job["failed"] == 0
    assert project.sync("retry").out == "No failed changes: there is nothing to try again.\n"
