"""Runs that are killed, interrupted and cut off from the shop: the next one ends where an unbroken one would have."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from tests.system.project import Project
from tests.system.shop import Shop, shop_process, until

FAULTS = ("--fault", "drop-after:0.15", "--fault", "drop-before:0.1", "--fault", "half-batch:0.15")


def begin(project: Project, shop: Shop) -> None:
    """200 products on both sides; then 300 changes: 120 prices and stocks, 100 new products, 80 names in the shop."""
    project.stock = "sum"  # differences, which must not be booked twice
    project.more = '[jobs.products.guards]\nmax_changes = "100%"'
    project.configure()
    project.fill(200)
    project.given("run")
    rows = list(project.rows.values())
    for row in rows[:120]:
        row["VK"] = f"{row['ArtNr'][2:]},55"
        row["Bestand"] = str(int(row["Bestand"]) + 5)
    for at in range(201, 301):
        project.put(at)
    project.export()
    shop.edit_many({row["ArtNr"]: {"name": f"{row['ArtNr']} umbenannt"} for row in rows[100:180]})


def end(project: Project, shop: Shop) -> tuple[Any, ...]:
    """What both sides hold, and what the state knows of them, after the ERP has imported its files."""
    project.take_in()
    settled = project.given("run", "--json").job
    assert (settled["changes"], settled["failed"], settled["rejected"]) == ([], 0, 0)
    products = {
        sku: (
            product["name"],
            product["regular_price"],
            product["stock_quantity"],
            [category["name"] for category in product["categories"]],
            [meta["value"] for meta in product["meta_data"] if meta["key"] == "_shelf"],
        )
        for sku, product in shop.products().items()
    }
    links = project.ask("SELECT erp_key, base, base_store, in_flight, dirty, lost FROM link ORDER BY erp_key")
    assert len(links) == len(products) == 300
    assert not any(dirty or in_flight or lost for _, _, _, in_flight, dirty, lost in links)
    return products, project.rows, links


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    project_folder = tmp_path_factory.mktemp("unbroken") / "project"
    with Sandbox() as sandbox, running(sandbox) as url:
        shop = Shop(url)
        project = Project(project_folder, url)
        begin(project, shop)
        project.given("run")
        ended = end(project, shop)
        shop.close()
        return ended


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_again_and_again_with_replies_lost_it_ends_like_an_unbroken_run(
    seed: int, tmp_path: Path, unbroken: tuple[Any, ...]
) -> None:
    dice = random.Random(seed)
    database = tmp_path / "shop.db"
    with shop_process(state=database) as shop:
        project = Project(tmp_path / "project", shop.url)
        begin(project, shop)
        port = int(shop.url.rpartition(":")[2])
    with shop_process(*FAULTS, "--fault-seed", str(seed), "--item-cost", "3", port=port, state=database):
        for _ in range(2):
            before = project.ask("SELECT count(*) FROM run")
            with project.begin("run") as process:
                until(lambda before=before: project.ask("SELECT count(*) FROM run") != before)
                time.sleep(dice.uniform(0, 1.2))
                process.kill()
                process.communicate()
        assert project.sync("run").code in (0, 1, 3)
    with shop_process(port=port, state=database) as shop:
        ended = project.sync("run", "--json")
        assert ended.code == 0, ended.out
        assert end(project, shop) == unbroken


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_with_130_and_what_was_under_way_is_written_down(
    number: signal.Signals, tmp_path: Path, unbroken: tuple[Any, ...]
) -> None:
    with shop_process("--item-cost", "5") as shop:
        project = Project(tmp_path / "project", shop.url)
        begin(project, shop)
        with project.begin("run", "--json", SYNC_CONNECTIONS__SHOP__CONCURRENCY="1") as process:
            until(lambda: bool(project.ask("SELECT 1 FROM change WHERE side = 'store' AND status = 'sent'")))
            time.sleep(0.2)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == "Interrupted. What was under way is written down; the next run picks up from there.\n"
        assert '"status": "failed"' in out
        statuses = project.statuses()
        assert "sent" not in statuses
        assert "unknown" not in statuses
        assert statuses["planned"] > 0
        ended = project.sync("run")
        assert ended.code == 0, ended.out
        assert end(project, shop) == unbroken
