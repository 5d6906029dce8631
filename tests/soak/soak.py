"""Some minutes in the life of a service: a shop that fails, people who edit both sides, reloads, kills.

`make soak` plays it; no other test run does, for its length. $SOAK_MINUTES says how long (3), $SOAK_SEED
plays one again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.system.project import Project
from tests.system.service import Entry, Service, is_running
from tests.system.shop import Shop, shop_process

MINUTES = float(os.environ.get("SOAK_MINUTES", "3"))
SEED = int(os.environ.get("SOAK_SEED", random.randrange(10_000)))
FAULTS = {"drop-before": 0.03, "drop-after": 0.05, "error-500": 0.03, "busy-503": 0.04, "half-batch": 0.05}
ROWS, MOST_ROWS = 120, 200
GROUPS = ("Tee", "Kaffee", "Tassen", "Tee > Grüntee")
GROWTH = 20_000  # kB that the service may need more at the end than soon after its start

JOBS = """\
every = "3s"
[jobs.products.guards]
max_changes = "100%"
max_deletes = "100%"

[jobs.stock]
mapping = "stock.toml"
erp = "erp"
store = "shop"
every = "2s"
[jobs.stock.guards]
max_changes = "100%"
max_deletes = "100%"

[service]
log_format = "json"
stop_within = "60s"
"""
PRODUCTS = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"
write_to = "import/products-{time}.csv"

[fields]
sku           = { erp = "ArtNr",       store = "sku",                            truth = "erp" }
name          = { erp = "Bezeichnung", store = "name",                           truth = "store-wins" }
regular_price = { erp = "VK",          store = "regular_price", type = "money",  truth = "erp" }
categories    = { erp = "Gruppe",      store = "categories",    type = "list",   truth = "erp" }
shelf         = { erp = "Regal",       store = "meta:_shelf",                    truth = "erp-wins" }
"""
STOCK = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"

[create]
in_store = false

[fields]
sku           = { erp = "ArtNr",       store = "sku",                              truth = "store", to = "erp" }
stock         = { erp = "Bestand",     store = "stock_quantity", type = "integer", truth = "erp" }
manage_stock  = { value = true,        store = "manage_stock",   type = "boolean" }
"""


class Life:
    """Both sides, the service between them, and what happens to them."""

    def __init__(self, project: Project, shop: Shop) -> None:
        self.dice = random.Random(SEED)
        self.project, self.shop = project, shop
        self.config = project.folder / "config.toml"
        self.right = self.config.read_text(encoding="utf-8")
        self.services: list[Service] = []
        self.start_the_service()
        self.memory: list[tuple[int, int]] = []  # process, kB
        self.happened: Counter[str] = Counter()

    def play(self, seconds: float) -> None:
        """Something happens at every moment, until the time is over."""
        events: list[tuple[float, Callable[[], Any]]] = [
            (10, self.edit_the_erp),
            (10, self.edit_the_shop),
            (3, self.import_into_the_erp),
            (1, self.reload),
            (1, self.reload_what_is_wrong),
            (2, self.kill_a_run),
            (0.3, self.kill_the_service),
        ]
        weights, what = zip(*events, strict=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            (happens,) = self.dice.choices(what, weights)
            happens()
            self.happened[happens.__name__] += 1
            self.look_at_the_service()
            time.sleep(self.dice.uniform(0.05, 0.6))

    # -- what people do

    def edit_the_erp(self) -> None:
        rows = self.project.rows
        for _ in range(self.dice.randint(1, 15)):
            row = self.dice.choice(list(rows.values()))
            match self.dice.randrange(5):
                case 0:
                    row["Bezeichnung"] = f"{row['ArtNr']} {self.word()}"
                case 1:
                    row["VK"] = f"{self.dice.randint(1, 99)},{self.dice.randint(0, 99):02}"
                case 2:
                    row["Bestand"] = str(self.dice.randint(0, 500))
                case 3:
                    row["Gruppe"] = "|".join(self.dice.sample(GROUPS, 2))
                case 4:
                    row["Regal"] = self.word()
        if self.dice.random() < 0.3 and len(rows) < MOST_ROWS:
            self.project.put(len(rows) + 1)
        self.project.export()

    def edit_the_shop(self) -> None:
        known = list(self.shop.products())
        edits = [
            lambda: {"name": self.word()},
            lambda: {"regular_price": f"{self.dice.randint(1, 99)}.50"},
            lambda: {"stock_quantity": self.dice.randint(0, 500)},
            lambda: {"meta_data": [{"key": "_shelf", "value": self.word()}]},
        ]
        chosen = self.dice.sample(known, min(len(known), self.dice.randint(1, 8)))
        self.shop.edit_many({sku: self.dice.choice(edits)() for sku in chosen})

    def import_into_the_erp(self) -> None:
        self.project.take_in()

    def word(self) -> str:
        return f"{self.dice.choice(['Äpfel', 'Birne', 'Straße', 'A & B', 'Tee'])} {self.dice.randrange(1000)}"

    # -- what happens to the service

    def reload(self) -> None:
        every = self.dice.choice(["2s", "3s", "4s"])
        self.write_config(self.right.replace('every = "3s"', f'every = "{every}"'))
        self.service.signal(signal.SIGHUP)

    def reload_what_is_wrong(self) -> None:
        self.write_config(self.right.replace('store = "shop"', 'store = "shpo"'))
        self.service.signal(signal.SIGHUP)
        time.sleep(self.dice.uniform(0, 2))
        self.write_config(self.right)

    def write_config(self, text: str) -> None:
        new = self.config.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(self.config)

    def kill_a_run(self) -> None:
        for began in reversed(self.service.events("began")[-1:]):
            if is_running(began["pid"]):
                os.kill(began["pid"], signal.SIGKILL)
                self.happened["runs killed"] += 1

    def kill_the_service(self) -> None:
        self.service.process.kill()
        self.service.ended()
        self.start_the_service()

    def start_the_service(self) -> None:
        self.service = Service(self.config)
        self.services.append(self.service)
        self.service.wait_for("scheduled", 2)

    def look_at_the_service(self) -> None:
        assert self.service.process.poll() is None, "\n".join(["the service has ended:", *self.service.lines[-20:]])
        status = Path(f"/proc/{self.service.process.pid}/status").read_text()
        (size,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
        self.memory.append((self.service.process.pid, int(size)))

    # -- what must hold

    def settle(self) -> None:
        """The service comes to a stop; one more run, the ERP imports what it was handed, and then there is rest."""
        self.service.signal(signal.SIGTERM)
        assert self.service.ended(90) == 0
        assert not any(is_running(one["pid"]) for one in self.service.events("began"))
        self.wait_for_runs_of_killed_services()
        for _ in range(2):
            ended = self.project.sync("run")
            assert ended.code == 0, ended.out
            self.project.take_in()
        rest = self.project.sync("run", "--json")
        assert [(job["changes"], job["conflicts"]["waiting"], job["rejected"]) for job in rest.json["jobs"]] == [
            ([], 0, 0),
            ([], 0, 0),
        ]
        assert all(not job["changes"] for job in self.project.sync("run", "--full", "--json").json["jobs"])

    def wait_for_runs_of_killed_services(self) -> None:
        pids = [one["pid"] for service in self.services for one in service.events("began")]
        end = time.monotonic() + 90
        while any(map(is_running, pids)):
            assert time.monotonic() < end, "a run does not end"
            time.sleep(0.2)

    def sides(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What each side says of every product, in the same words."""
        erp = {
            key: {
                "name": row["Bezeichnung"],
                "price": row["VK"].replace(",", "."),
                "stock": int(row["Bestand"]),
                "categories": sorted(part.rpartition(" > ")[2] for part in row["Gruppe"].split("|")),
                "shelf": row["Regal"],
            }
            for key, row in self.project.rows.items()
        }
        shop = {
            sku: {
                "name": product["name"].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"),
                "price": product["regular_price"],
                "stock": product["stock_quantity"],
                "categories": sorted(one["name"] for one in product["categories"]),
                "shelf": next((one["value"] for one in product["meta_data"] if one["key"] == "_shelf"), None),
            }
            for sku, product in self.shop.products().items()
        }
        return erp, shop

    def check_the_truth(self) -> None:
        """Edits of one field on both sides at once, now that nothing else happens: the table of truth decides."""
        key, row = next(iter(self.project.rows.items()))
        row |= {"Bezeichnung": "ERP", "VK": "77,70", "Regal": "ERP"}
        self.project.export()
        self.shop.edit(
            key,
            name="Shop",
            regular_price="11.10",
            meta_data=[{"key": "_shelf", "value": "Shop"}],
            stock_quantity=9_999,
        )
        assert self.project.sync("run").code == 0
        self.project.take_in()
        erp, shop = self.sides()
        assert erp == shop
        assert {name: erp[key][name] for name in ("name", "price", "shelf")} == {
            "name": "Shop", "price": "77.70", "shelf": "ERP",
        }  # fmt: skip
        assert erp[key]["stock"] != 9_999

    def check_the_log(self) -> Counter[str]:
        """In no life of the service were two runs under way at once: both jobs write one shop."""
        ended: Counter[str] = Counter()
        for service in self.services:
            under_way: Entry | None = None
            for entry in service.log:
                if entry["event"] == "began":
                    assert under_way is None, (under_way, entry)
                    under_way = entry
                elif entry["event"] == "ended":
                    assert under_way is not None
                    assert (entry["pid"], entry["job"]) == (under_way["pid"], under_way["job"])
                    under_way = None
                    ended[entry["status"]] += 1
                    crashed = entry["status"] == "crashed"
                    assert not crashed or entry["exit_code"] == -signal.SIGKILL, entry
                assert entry["event"] not in ("bug", "not started", "log"), entry
        return ended

    def check_the_memory(self) -> int:
        """No life of the service needs more and more. How much it needed at most, in kB."""
        for pid in {pid for pid, _ in self.memory}:
            sizes = [size for one, size in self.memory if one == pid]
            early, late = sizes[: len(sizes) // 4 + 1], sizes[-len(sizes) // 4 :]
            assert max(late) - max(early) < GROWTH, sizes
        return max(size for _, size in self.memory)


def test_a_service_lives_through_it_all_and_both_sides_agree_in_the_end(tmp_path: Path) -> None:
    print(f"\n{MINUTES:g} minutes; play them again with SOAK_SEED={SEED}")
    database, project = tmp_path / "shop.db", Project(tmp_path / "project", "http://127.0.0.1", more=JOBS)
    faults = [part for kind, rate in FAULTS.items() for part in ("--fault", f"{kind}:{rate}")]
    with shop_process(*faults, "--fault-seed", str(SEED), "--item-cost", "2", state=database) as shop:
        project.url = shop.url
        project.configure()
        (project.folder / "products.toml").write_text(PRODUCTS, encoding="utf-8")
        (project.folder / "stock.toml").write_text(STOCK, encoding="utf-8")
        project.fill(ROWS)
        life = Life(project, shop)
        try:
            life.play(MINUTES * 60)
        except BaseException:
            close(life)
            raise
    try:
        with shop_process(port=int(shop.url.rpartition(":")[2]), state=database) as shop:
            life.shop = shop
            life.settle()
            erp, store = life.sides()
            differ = {
                key: (erp.get(key), store.get(key))
                for key in erp.keys() | store.keys()
                if erp.get(key) != store.get(key)
            }
            assert differ == {}
            life.check_the_truth()
            ended = life.check_the_log()
            most = life.check_the_memory()
    finally:
        close(life)
    print(
        f"what happened: {dict(life.happened)}\nruns: {dict(ended)}\nmemory of the service: {most // 1000} MB at most"
    )
    assert ended["done"] > 5 * MINUTES


def close(life: Life) -> None:
    for service in life.services:
        service.close()
