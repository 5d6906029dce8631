"""Whole runs over files that come in pieces or are put away: nothing of them is lost, whatever fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine.job import JobRun, Options
from syncengine.engine.run import run_job
from syncengine.mapping import Field, Gone
from syncengine.records import JobResult
from syncengine.settings import Guards
from syncengine.state import State
from syncengine.values import Type
from tests.csv_files import Erp, write
from tests.memory import Memory
from tests.running import MANY, Silent

HEADER = "ArtNr;Name;VK\n"
FIELDS = (
    Field("sku", "ArtNr", "sku"),
    Field("name", "Name", "name", truth="ask"),
    Field("price", "VK", "regular_price", Type("money"), truth="erp-wins", only_to="store", empty="ignore"),
)


OPENED: list[State] = []


@dataclass
class Job:
    """A job between a folder of files and a store in memory."""

    erp: Erp
    store: Memory
    state: State
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def over(cls, folder: Path, **erp: Any) -> Job:
        side = Erp(folder, FIELDS, **{"resource": "in-*.csv", **erp})
        OPENED.append(State.in_memory())
        return cls(side, Memory("store", side.mapping), OPENED[-1])

    def drop(self, name: str, *rows: str) -> None:
        write(self.erp.folder / name, HEADER + "".join(f"{row}\n" for row in rows))

    def run(self, guards: Guards = MANY, **options: Any) -> JobResult:
        run = f"20261121T0903{next(self.numbers):02}-7c1e"
        result = JobResult("job", run, False, datetime.now(UTC))
        erp = self.erp.open(run=run)
        job = JobRun(
            "job", run, self.erp.mapping, erp, self.store, self.state, guards, Options(**options), Silent(), result
        )
        return run_job(job, "sqlite://")

    @property
    def files(self) -> list[str]:
        found = self.erp.folder.rglob("*")
        return sorted(path.relative_to(self.erp.folder).as_posix() for path in found if path.is_file())

    @property
    def prices(self) -> dict[str, str]:
        return {cells["sku"]: str(cells["regular_price"]) for cells in self.store.records.values()}

    def edit(self, sku: str, **cells: Any) -> None:
        [key] = [key for key, found in self.store.records.items() if found["sku"] == sku]
        self.store.edit(key, **cells)

    def waiting(self) -> list[tuple[str, Any, Any]]:
        return [(one.field, one.erp, one.store) for one in self.state.journal.conflicts("job")]

    def refuse_once(self) -> None:
        faults = iter(["refuse"])
        self.store.fault = lambda: next(faults, None)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No state stays open behind its test."""
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def deltas(tmp_path: Path) -> Job:
    return Job.over(tmp_path, complete=False, archive_to="done")


@pytest.fixture
def exports(tmp_path: Path) -> Job:
    return Job.over(tmp_path, archive_to="done")


def told(result: JobResult) -> tuple[int, str, list[str | None]]:
    return result.exit_code, result.status, [one.key for one in result.rejects]


def test_no_file_with_changes_is_nothing_to_do_and_no_guard_minds(deltas: Job) -> None:
    for _ in range(2):
        result = deltas.run(Guards())
        assert (told(result), result.changes, result.read.erp) == ((0, "done", []), [], 0)


def test_a_whole_export_that_is_gone_is_still_minded(tmp_path: Path) -> None:
    job = Job.over(tmp_path)
    job.drop("in-1.csv")

    assert job.run(Guards()).stopped_by == (
        "min-rows",
        "the erp has 0 rows, and guards.min_rows is 1. If that is right, set min_rows lower or pass --force.",
    )


def test_a_change_that_failed_comes_again_with_its_file_and_all_behind_it(deltas: Job) -> None:
    deltas.drop("in-1.csv", "A-1;a;1", "A-2;b;2")
    deltas.run()
    deltas.drop("in-2.csv", "A-1;a;5")
    deltas.drop("in-3.csv", "A-1;a;6", "A-2;b;7")
    deltas.refuse_once()

    assert deltas.run().exit_code == 1
    assert deltas.files == ["done/in-1.csv", "in-2.csv", "in-3.csv"]
    assert told(deltas.run()) == (0, "done", [])
    assert deltas.prices == {"A-1": "6", "A-2": "7"}
    assert deltas.files == ["done/in-1.csv", "done/in-2.csv", "done/in-3.csv"]


def test_a_rejected_row_is_told_until_it_is_corrected(deltas: Job) -> None:
    deltas.drop("in-1.csv", "A-1;a;1", "A-2;b;2O")
    deltas.drop("in-2.csv", "A-3;c;3")
    for _ in range(2):
        assert told(deltas.run()) == (1, "done", ["A-2"])
        assert (deltas.prices, deltas.files) == ({"A-1": "1", "A-3": "3"}, ["in-1.csv", "in-2.csv"])

    deltas.drop("in-3.csv", "A-2;b;20")
    assert told(deltas.run()) == (0, "done", [])
    assert deltas.prices["A-2"] == "20"
    assert deltas.files == ["done/in-1.csv", "done/in-2.csv", "done/in-3.csv"]


def test_a_limited_run_puts_nothing_away(deltas: Job) -> None:
    deltas.drop("in-1.csv", "A-1;a;1", "A-2;b;2")

    deltas.run(limit=1)
    assert deltas.files == ["in-1.csv"]
    deltas.run()
    assert (sorted(deltas.prices), deltas.files) == (["A-1", "A-2"], ["done/in-1.csv"])


def test_an_export_stays_while_a_change_is_to_be_tried_again(exports: Job) -> None:
    exports.drop("in-1.csv", "A-1;a;1")
    exports.run()
    exports.drop("in-2.csv", "A-1;a;2")
    exports.refuse_once()

    assert exports.run().exit_code == 1
    assert exports.files == ["done/in-1.csv", "in-2.csv"]
    assert exports.run().exit_code == 0
    assert (exports.prices, exports.files) == ({"A-1": "2"}, ["done/in-1.csv", "done/in-2.csv"])


def test_a_rejected_row_is_told_until_the_next_export_which_it_does_not_hinder(exports: Job) -> None:
    exports.drop("in-1.csv", "A-1;a;1", "A-2;b;2O")
    for _ in range(2):
        assert told(exports.run()) == (1, "done", ["A-2"])
        assert exports.files == ["in-1.csv"]

    exports.drop("in-2.csv", "A-1;a;5", "A-2;b;2O")
    assert told(exports.run()) == (1, "done", ["A-2"])
    assert (exports.prices, exports.files) == ({"A-1": "5"}, ["done/in-1.csv", "in-2.csv"])

    exports.drop("in-3.csv", "A-1;a;5", "A-2;b;20")
    assert told(exports.run()) == (0, "done", [])
    assert exports.prices == {"A-1": "5", "A-2": "20"}
    assert exports.files == ["done/in-1.csv", "done/in-2.csv", "done/in-3.csv"]


def test_when_an_export_was_put_away_nothing_is_to_do_and_no_guard_minds(exports: Job) -> None:
    exports.drop("in-1.csv", "A-1;a;1", "A-2;b;2")
    exports.run()

    for full in (False, True):
        result = exports.run(Guards(), full=full)
        assert (told(result), result.changes, result.read.erp, result.unchanged.erp) == ((0, "done", []), [], 2, 2)


def test_each_new_export_tells_what_is_gone_since_it_is_read_only_once(exports: Job) -> None:
    exports.erp.mapping = replace(exports.erp.mapping, gone=Gone(from_erp="delete"))
    exports.drop("in-1.csv", "A-1;a;1", "A-2;b;2")
    exports.run()
    exports.run(full=True)  # as it is due every day, and finds no file
    exports.drop("in-2.csv", "A-1;a;1")

    assert [(change.action, change.key) for change in exports.run().changes] == [("delete", "A-2")]
    assert exports.prices == {"A-1": "1"}
    assert exports.run().changes == []


@pytest.mark.parametrize("complete", [True, False])
def test_what_waits_for_a_person_keeps_the_erps_value_though_its_file_was_put_away(
    tmp_path: Path, complete: bool
) -> None:
    job = Job.over(tmp_path, complete=complete, archive_to="done", write_to="import/{time}.csv")
    job.drop("in-1.csv", "A-1;Cup;1")
    job.run()
    job.drop("in-2.csv", "A-1;Mug;1")
    job.edit("A-1", name="Becher")
    job.run()
    assert (job.waiting(), job.files) == ([("name", "Mug", "Becher")], ["done/in-1.csv", "done/in-2.csv"])

    job.edit("A-1", regular_price="9")  # any other save of the product
    result = job.run()
    assert (job.waiting(), result.changes) == ([("name", "Mug", "Becher")], [])

    [conflict] = job.state.journal.conflicts("job")
    with job.state.transaction():
        job.state.journal.answer(conflict.id, {"take": "erp"})
    job.run()
    assert [cells["name"] for cells in job.store.records.values()] == ["Mug"]
    assert job.waiting() == []


def test_records_that_are_no_longer_among_the_changes_are_not_gone(deltas: Job) -> None:
    deltas.drop("in-1.csv", "A-1;a;1", "A-2;b;2")
    deltas.run()
    deltas.drop("in-2.csv", "A-1;a;3")

    result = deltas.run(full=True)
    assert ([change.action for change in result.changes], deltas.prices) == (["update"], {"A-1": "3", "A-2": "2"})
