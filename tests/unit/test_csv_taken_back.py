"""A value that the ERP takes back before the checkpoint moves: its row reads as it did when it was last remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.memory import KilledError
from tests.unit.test_csv_runs import Job, closed

__all__ = ["closed"]

FILE = "export.csv"


def rows(**prices: str) -> list[str]:
    return [f"A-{number};n{number};{prices.get(f'a{number}', '1.00')}" for number in range(6)]


def job_over(folder: Path, **erp: Any) -> Job:
    job = Job.over(folder, resource=FILE, **erp)
    job.drop(FILE, *rows())
    assert job.run().exit_code == 0
    return job


def prices(job: Job) -> dict[str, float]:
    return {sku: float(price) for sku, price in job.prices.items()}


def at_rest(job: Job) -> bool:
    result = job.run()
    return (result.exit_code, result.changes) == (0, [])


def test_after_a_limited_run_a_price_that_was_put_back_goes_back_in_the_store_too(tmp_path: Path) -> None:
    job = job_over(tmp_path)
    job.drop(FILE, *rows(a3="33.00", a5="55.00"))
    job.run(limit=1)
    assert prices(job)["A-3"] == 33

    job.drop(FILE, *rows(a5="55.00"))
    job.run()

    assert (prices(job)["A-3"], prices(job)["A-5"]) == (1, 55)
    assert at_rest(job)


def test_after_several_limited_runs_too(tmp_path: Path) -> None:
    job = job_over(tmp_path)
    job.drop(FILE, *rows(a1="2.00", a3="2.00", a5="2.00"))
    job.run(limit=1)
    job.run(limit=1)

    job.drop(FILE, *rows())
    job.run()

    assert set(prices(job).values()) == {1}
    assert at_rest(job)


def test_after_a_run_that_was_killed_a_price_that_was_put_back_goes_back_in_the_store_too(tmp_path: Path) -> None:
    job = job_over(tmp_path)
    job.store.batch_size = 1
    faults = iter([None, None, "kill"])
    job.store.fault = lambda: next(faults, None)
    job.drop(FILE, *rows(a0="2.00", a1="2.00", a2="2.00", a3="2.00"))
    with pytest.raises(KilledError):
        job.run()
    job.store.fault = lambda: None

    job.drop(FILE, *rows())
    job.run()

    assert set(prices(job).values()) == {1}
    assert at_rest(job)


def test_a_name_that_was_written_in_place_and_put_back_by_the_erp_goes_to_the_store(tmp_path: Path) -> None:
    job = job_over(tmp_path, write_to="in-place")
    job.edit("A-1", name="shop")
    job.run()
    assert "A-1;shop;1.00" in (job.erp.folder / FILE).read_text()

    job.drop(FILE, *rows())
    job.run()

    assert {cells["name"] for cells in job.store.records.values() if cells["sku"] == "A-1"} == {"n1"}
    assert at_rest(job)


def test_what_was_written_in_place_is_no_news_when_it_is_read_again(tmp_path: Path) -> None:
    job = job_over(tmp_path, write_to="in-place")
    job.edit("A-1", name="shop")
    job.run()

    assert at_rest(job)
    assert job.run().read.erp == 6
