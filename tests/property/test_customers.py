"""Customers at random: both sides are edited, somebody registers, leaves or gets a role, replies are lost.

Afterwards both sides agree, nobody is there twice, and a further run has nothing to do.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import Fault, Sandbox
from syncengine.sandbox.server import running
from tests.system.mapped import Mapped

SEEDS = range(3)
STEPS = 7
PASSWORD = "abcd EFGH 1234 ijkl"
COLUMNS = ("Number", "Email", "Name", "City", "Group")
CITIES = ("Köln", "Bonn", "Wien", "")
FAULTS = ("drop-after", "half-batch", "drop-before", "error-500", "busy-429")
LOGIN = f'wp_user = "admin"\nwp_application_password = "{PASSWORD}"'
MAPPING = """\
entity = "customer"
[erp]
resource = "customers.csv"
key = "Number"
write_to = "in-place"
[store]
only = { role = ["customer", "subscriber"] }
[gone]
from_store = "recreate"
[fields]
email = { erp = "Email", store = "email", truth = "erp", required = true }
name  = { erp = "Name", store = "first_name", truth = "erp-wins", empty = "ignore" }
city  = { erp = "City", store = "billing.city", truth = "store-wins" }
role  = { erp = "Group", store = "role", map = { C = "customer", S = "subscriber" }, truth = "erp" }
"""


class World:
    """An ERP and a shop, and all that happens to them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.dice = random.Random(seed)
        self.passed = timedelta()
        clock = lambda: datetime.now(UTC) + self.passed  # noqa: E731
        self.shop = Sandbox(clock=clock, application_passwords={"admin": PASSWORD}, fault_seed=seed)
        self.folder = folder
        self.numbered = 0
        self.rows: dict[str, dict[str, str]] = {}

    def begin(self, url: str) -> None:
        self.job = Mapped(self.folder / "project", url, MAPPING, LOGIN)
        for _ in range(8):
            self.new_in_erp()
        self.write()

    # What happens

    def new_in_erp(self) -> None:
        self.numbered += 1
        registered = [one["email"] for one in self.everybody() if one["email"].startswith("shop")]
        taken = {row["Email"].lower() for row in self.rows.values()}
        free = [address for address in registered if address.lower() not in taken]
        email = self.dice.choice(free).upper() if free and self.dice.random() < 0.5 else f"c{self.numbered}@erp.test"
        cells = (str(self.numbered), email, f"N{self.numbered}", self.dice.choice(CITIES), self.dice.choice("CS"))
        self.rows[str(self.numbered)] = dict(zip(COLUMNS, cells, strict=True))

    def edit_in_erp(self) -> None:
        row = self.dice.choice(list(self.rows.values()))
        match self.dice.randrange(4):
            case 0:
                row["Name"] = f"E{self.dice.randrange(1000)}"
            case 1:
                row["City"] = self.dice.choice(CITIES)
            case 2:
                row["Group"] = self.dice.choice("CS")
            case 3:
                row["Email"] = f"new{self.dice.randrange(10**6)}@erp.test"

    def edit_in_shop(self) -> None:
        if people := self.everybody():
            one = self.dice.choice(people)
            match self.dice.randrange(5):
                case 0:
                    self.shop.edit_customer(one["id"], first_name=f"S{self.dice.randrange(1000)}")
                case 1:
                    self.shop.edit_customer(one["id"], billing={"city": self.dice.choice(CITIES)})
                case 2:
                    self.shop.set_role(one["id"], self.dice.choice(("customer", "subscriber")))
                case 3:
                    self.shop.edit_customer(one["id"], email=f"moved{self.dice.randrange(10**6)}@shop.test")
                case 4:
                    self.shop.delete_customer(one["id"])

    def registers(self) -> None:
        self.numbered += 1
        self.shop.create_customer(email=f"Shop{self.numbered}@shop.test", first_name="New")

    def step(self) -> None:
        """Some of all that, and a run that may lose replies. The clock may stand still meanwhile."""
        self.read()
        for _ in range(self.dice.randrange(1, 6)):
            self.dice.choice(
                (self.new_in_erp, self.edit_in_erp, self.edit_in_shop, self.edit_in_shop, self.registers)
            )()
        self.write()
        kind: Any = self.dice.choice((*FAULTS, None, None))
        self.shop.faults = (Fault(kind, 0.3),) if kind else ()
        self.job.run(*self.dice.choice(((), (), ("--full",))), "--force")
        self.shop.faults = ()
        self.passed += timedelta(seconds=self.dice.choice((0, 0, 1, 90, 200)))

    # What is there

    def everybody(self) -> list[dict[str, Any]]:
        return [one for one in self.shop.customers(role="all") if one["role"] != "administrator"]

    def read(self) -> None:
        text = (self.job.folder / "erp" / "customers.csv").read_text(encoding="utf-8")
        self.rows = {row["Number"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}

    def write(self) -> None:
        self.job.export("customers.csv", ";".join(COLUMNS), *(";".join(row.values()) for row in self.rows.values()))

    def check(self) -> None:
        for _ in range(3):
            code, report = self.job.run("--full", "--force")
            if code == 0 and not report["changes"]:
                break
        assert (code, report["changes"], report["rejects"]) == (0, [], [])
        self.read()
        people = self.everybody()
        by_email = {one["email"].lower(): one for one in people}
        assert len(by_email) == len(people), "somebody is there twice"
        for row in self.rows.values():
            there = by_email[row["Email"].lower()]
            assert (there["first_name"], there["billing"]["city"]) == (row["Name"], row["City"])
            assert there["role"] == {"C": "customer", "S": "subscriber"}[row["Group"]]
        code, report = self.job.run()
        assert (code, report["changes"]) == (0, []), "an incremental run finds nothing more"


@pytest.mark.parametrize("seed", SEEDS)
def test_both_sides_agree_in_the_end_whatever_happens(seed: int, tmp_path: Path) -> None:
    world = World(seed, tmp_path)
    with world.shop, running(world.shop) as url:
        world.begin(url)
        for _ in range(STEPS):
            world.step()
        world.check()
