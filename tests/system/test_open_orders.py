"""A shop, an ERP's folder and three jobs: stock with open orders, the orders for the ERP, and what becomes of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.check import check
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings_file import load_settings
from tests.system.orders import MAPPINGS, Orders

STOCK_JOB = """
[jobs.stock]
mapping = "stock-only.toml"
erp = "erp"
store = "shop"
[jobs.stock.guards]
max_changes = "100%"
"""


class Day(Orders):
    """The shipped mappings, with the line of stock-only.toml that makes allowance for open orders."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, url)
        config = folder / "config.toml"
        config.write_text(config.read_text(encoding="utf-8") + STOCK_JOB, encoding="utf-8")
        text = (MAPPINGS / "stock-only.toml").read_text(encoding="utf-8")
        (line,) = (line for line in text.splitlines() if line.startswith("# stock") and "unbooked-orders" in line)
        kept = [each for each in text.splitlines() if not each.startswith("stock ")]
        text = "\n".join(kept).replace(line, line.removeprefix("# "))
        text = text.replace("[match]", '[store]\nbooked = "meta:_erp_document"\n\n[match]')
        (folder / "stock-only.toml").write_text(text, encoding="utf-8")
        self.clock = 1_000_000

    def export_stock(self, number: int) -> None:
        """Time passes between two exports, also where nothing is different in them."""
        self.clock += 60
        file = self.folder / "erp" / "stock.csv"
        file.write_text(f"SKU;Quantity\nC-1;{number}\n", encoding="utf-8")
        os.utime(file, (self.clock, self.clock))

    def stock(self) -> dict[str, Any]:
        code, report = self.run("stock")
        assert code == 0, json.dumps(report)
        return report


@pytest.fixture
def shop() -> Iterator[Sandbox]:
    with Sandbox() as shop, running(shop) as url:
        shop.home = url
        shop.create_product(name="Cup", sku="C-1", regular_price="10.00", manage_stock=True, stock_quantity=10)
        yield shop


@pytest.fixture
def day(shop: Sandbox, tmp_path: Path) -> Day:
    return Day(tmp_path / "project", str(shop.home))


def there(shop: Sandbox) -> int:
    return int(shop.product_by_sku("C-1")["stock_quantity"])


def test_a_sale_stays_sold_until_the_erp_has_booked_it_and_has_exported_its_stock(shop: Sandbox, day: Day) -> None:
    day.export_stock(10)
    day.stock()
    number = shop.place_order({"C-1": 3})["id"]
    day.run("orders")
    assert [row["Menge"] for row in day.handed_over()] == ["3"]
    day.export_stock(10)
    assert (day.stock()["changes"], there(shop)) == ([], 7)

    day.drop(f"{number};versandt;R-1;DHL;0034;")
    day.run("order-status")
    assert shop.order(number)["status"] == "completed"
    assert (day.stock()["changes"], there(shop)) == ([], 7)
    day.export_stock(7)
    assert (day.stock()["changes"], there(shop)) == ([], 7)

    shop.place_order({"C-1": 1})
    day.export_stock(6)  # one was sold over the counter
    (change,) = day.stock()["changes"]
    told = {"from": 6, "to": 5, "why": "erp changed, less 1 unit in 1 open order"}
    assert (change["fields"]["stock"], there(shop)) == (told, 5)


def test_a_check_warns_where_no_job_tells_that_an_order_is_booked(day: Day) -> None:
    day.export_stock(10)

    def warnings() -> list[str]:
        found = check(load_settings(day.folder / "config.toml"), ["stock"])
        return [one.message for looked in found for one in looked.findings if one.what == "fields.stock"]

    assert warnings() == []
    day.change("order-status.toml", "meta:_erp_document", "meta:_other")
    assert ["each order reserves for ever" in one for one in warnings()] == [True]
