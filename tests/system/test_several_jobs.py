"""Several jobs about the same records of one shop: what a dry run of all of them can know, and what it says where it
cannot."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from syncengine.cli import main
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from tests.system.mapped import Mapped

PRODUCTS = """\
entity = "product"
[erp]
resource = "products.csv"
key = "Nr"
[fields]
sku = { erp = "Nr", store = "sku", truth = "erp" }
name = { erp = "Name", store = "name", truth = "erp" }
"""
PRICES = """\
entity = "product"
[erp]
resource = "products.csv"
key = "Nr"
[match]
by = ["sku"]
[create]
in_store = false
[fields]
sku = { erp = "Nr", store = "sku", truth = "store", to = "erp" }
price = { erp = "VK", store = "regular_price", type = "money", truth = "erp" }
"""


@pytest.fixture
def two_jobs(tmp_path: Path) -> Iterator[Mapped]:
    """A job that makes products, and one that gives them prices after it."""
    with Sandbox() as shop, running(shop) as url:
        jobs = Mapped(tmp_path / "project", url, PRODUCTS)
        (jobs.folder / "prices.toml").write_text(PRICES, encoding="utf-8")
        with (jobs.folder / "config.toml").open("a", encoding="utf-8") as config:
            config.write('[jobs.prices]\nmapping = "prices.toml"\nerp = "erp"\nstore = "shop"\n')
        jobs.export("products.csv", "Nr;Name;VK", "A;Cup;1,00", "B;Mug;2,00", "C;Pot;3,00")
        yield jobs


def told(jobs: Mapped, *arguments: str) -> list[dict[str, Any]]:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with redirect_stdout(out):
        main([*arguments, "--json", "--config", str(jobs.folder / "config.toml")])
    out.seek(0)
    found: list[dict[str, Any]] = json.load(out)["jobs"]
    return found


def test_a_dry_run_says_that_an_earlier_job_s_writes_are_not_there_yet(two_jobs: Mapped) -> None:
    products, prices = told(two_jobs, "diff")
    assert products["warnings"] == []
    assert prices["changes"] == []
    assert [warning.partition(":")[0] for warning in prices["warnings"]] == [
        "job runs before this job and would make 3 changes in the same store"
    ]


def test_it_says_nothing_where_the_earlier_job_has_nothing_to_write_or_is_not_run_at_all(two_jobs: Mapped) -> None:
    assert [one["warnings"] for one in told(two_jobs, "diff", "prices")] == [[]]
    told(two_jobs, "run", "job")
    assert [one["warnings"] for one in told(two_jobs, "diff")] == [[], []]


def test_a_run_needs_no_such_warning(two_jobs: Mapped) -> None:
    assert [one["warnings"] for one in told(two_jobs, "run", "--max-changes", "100%")] == [[], []]
