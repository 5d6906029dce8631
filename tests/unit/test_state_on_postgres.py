"""Whole runs with their state in PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine, text

from syncengine.engine.job import Options
from syncengine.mapping import ErpSide
from syncengine.records import JobResult
from syncengine.state import State
from tests.memory import KilledError, Memory
from tests.running import field, mapping, run

FIELDS = [field("name", truth="ask"), field("stock", "integer", "sum"), field("labels", "list", "union")]


class Both:
    """Two sides with a few records each, and a state in PostgreSQL that is opened anew for each run."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.mapping = mapping(*FIELDS)
        self.erp, self.store = Memory("erp", self.mapping), Memory("store", self.mapping)
        for number in range(7):
            self.erp.edit(f"A-{number}", sku=f"A-{number}", name=f"Größe {number} 🦆", stock=number, labels=["a"])
        self.store.edit("50", sku="a-3", name="Größe 3 🦆", stock=9, labels=["b"])
        self.store.edit("51", sku="shop only", name="from the shop", stock=1, labels=[])

    def run(self, **options: Any) -> JobResult:
        with State.open(self.url) as state:
            return run(self.erp, self.store, state, Options(**options))

    def diff(self, *, trying: bool = False) -> JobResult:
        with (State.try_out if trying else State.look)(self.url) as state:
            return run(self.erp, self.store, state, Options(dry_run=True))

    @property
    def writes(self) -> int:
        return self.erp.writes + self.store.writes

    def saved(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, and where its counters stand."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            tables = connection.execute(
                text(
                    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
                    "AND relkind IN ('r', 'S') ORDER BY 1"
                )
            ).scalars()
            rows = {
                name: sorted(map(tuple, connection.execute(text(f'SELECT * FROM "{name}"'))), key=repr)
                for name in tables.all()
            }
        engine.dispose()
        return rows


@pytest.fixture
def both(postgres: str) -> Both:
    return Both(postgres)


def told(result: JobResult) -> list[tuple[Any, ...]]:
    return sorted(
        (change.side, change.action, str(change.key), name, str(what.new), what.why)
        for change in result.changes
        for name, what in change.fields.items()
    )


def test_a_run_converges_and_the_next_one_rests(both: Both) -> None:
    first = both.run()
    assert (first.status, first.exit_code, first.error) == ("done", 0, "")
    assert sorted(cells["sku"].casefold() for cells in both.store.records.values()) == sorted(
        key.casefold() for key in both.erp.records
    )
    assert sorted(both.erp.records["A-3"]["labels"]) == sorted(both.store.records["50"]["labels"]) == ["a", "b"]
    writes = both.writes
    assert both.run().changes == [] and both.run(full=True).changes == []
    assert both.writes == writes


def test_changes_on_both_sides_are_merged_and_told_afterwards(both: Both) -> None:
    both.run()
    both.erp.edit("A-3", stock=13, name="erp")
    both.store.edit("50", stock=1, name="store")
    result = both.run()
    assert (both.erp.records["A-3"]["stock"], both.store.records["50"]["stock"]) == (11, 11)
    assert [(one.key, one.field, one.id > 0) for one in result.held] == [("A-3", "name", True)]
    with State.open(both.url) as state:
        (conflict,) = state.journal.conflicts("job")
        with state.transaction():
            assert state.journal.answer(conflict.id, {"take": "erp"})
    both.run()
    assert both.store.records["50"]["name"] == "erp"
    with State.look(both.url) as state:
        assert state.journal.conflicts() == []
        assert {line.field for line in state.ledger.history("A-3")} == {"sku", "name", "stock", "labels"}


def test_a_dry_run_leaves_nothing_behind_and_the_run_does_what_it_said(both: Both) -> None:
    nothing = both.saved()
    before = both.diff()
    assert both.saved() == nothing
    assert told(both.run()) == told(before)
    both.erp.edit("A-3", stock=13, name="erp")
    both.store.edit("50", stock=1, name="store")
    saved, writes = both.saved(), both.writes
    before = both.diff()
    assert (both.saved(), both.writes) == (saved, writes)
    assert told(both.run()) == told(before)


def test_a_dry_run_after_a_killed_run_looks_the_lost_writes_up_and_keeps_nothing(both: Both) -> None:
    both.store.fault = lambda: "kill"
    with pytest.raises(KilledError):
        both.run()
    both.store.fault = lambda: None
    saved, writes = both.saved(), both.writes
    before = both.diff(trying=True)
    assert (before.status, both.saved(), both.writes) == ("done", saved, writes)
    assert told(both.run()) == told(before)
    assert len(both.store.records) == 8


def test_a_dry_run_stands_in_nobody_s_way(both: Both) -> None:
    """It tries a recovery out while a run is writing the very same lines."""
    both.store.fault = lambda: "kill"
    with pytest.raises(KilledError):
        both.run()
    both.store.fault = lambda: None
    with State.try_out(both.url) as trial, trial.transaction():
        trial.ledger.supersede_planned("job", "tried")
        trial.links.mark_dirty(range(100))
        with State.open(both.url) as state:
            state.connection.execute(text("SET lock_timeout = '2s'"))
            state.connection.commit()
            assert run(both.erp, both.store, state).status == "done"


def test_a_second_run_is_refused_while_one_is_under_way(both: Both) -> None:
    results = []

    def another_run() -> None:
        both.store.fault = lambda: None
        results.append(Both(both.url).run())

    both.store.fault = another_run
    assert both.run().status == "done"
    assert [(one.status, one.exit_code) for one in results] == [("failed", 3)]
    assert "another run of job 'job' is under way" in results[0].error
    assert both.run().status == "done"


def test_a_lost_connection_ends_the_run_with_a_reason_and_the_next_one_recovers(both: Both) -> None:
    def cut_off() -> None:
        both.store.fault = lambda: None
        server = create_engine(both.url)
        with server.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                     "AND backend_type = 'client backend'")
            )  # fmt: skip
        server.dispose()

    both.store.fault = cut_off
    broken = both.run()
    assert (broken.status, broken.exit_code) == ("failed", 3)
    assert "the state cannot be used: terminating connection" in broken.error
    assert both.run().status == "done"
    assert len(both.store.records) == 8 and len(both.erp.records) == 8
    writes = both.writes
    assert both.run(full=True).changes == [] and both.writes == writes


@pytest.mark.parametrize("odd", ["a\0b", "\ud83d", "\0"])
def test_a_value_that_is_no_proper_text_ends_no_run(postgres: str, odd: str) -> None:
    both = Both(postgres)
    both.erp.edit("A-1", name=odd)
    assert both.run().status == "done"
    assert both.run().changes == []
    both.erp.edit("A-1", name="fine")
    assert [change.key for change in both.run().changes] == ["A-1"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("a\0b", "its key holds a NUL character"),
        ("\ud83d", "its key holds half a character"),
        ("x" * 9_000, "its key has 9,000 characters; 500 are the most"),
    ],
)
def test_a_row_with_a_key_that_cannot_be_saved_is_rejected(postgres: str, key: str, reason: str) -> None:
    both = Both(postgres)
    both.erp.edit(key, sku=key, name="odd", stock=1, labels=[])
    for _ in range(2):
        there = len(both.erp.records)
        result = both.run(full=True)
        assert (result.status, result.exit_code) == ("done", 1)
        assert [reason in one.reason for one in result.rejects] == [True]
        assert result.read.erp == there
    assert all(cells["name"] != "odd" for cells in both.store.records.values())


@pytest.mark.parametrize("sku", ["a\0b", "\ud83d", "x" * 9_000])
def test_a_match_key_that_cannot_be_saved_matches_nothing(postgres: str, sku: str) -> None:
    both = Both(postgres)
    for side in (both.erp, both.store):
        side.mapping = mapping(field("art"), *FIELDS, create_in_store=False, create_in_erp=False)
    both.store.edit("60", sku=sku, name="odd", stock=1, labels=[])
    both.erp.edit("A-9", sku=sku, name="odd", stock=1, labels=[])
    result = both.run()
    assert (result.status, result.exit_code, result.unlinked.store) == ("done", 0, 2)


def test_a_refusal_with_odd_characters_is_kept_legibly(both: Both) -> None:
    both.store.fault = lambda: "refuse"
    assert both.run().exit_code == 1
    with State.look(both.url) as state:
        last = state.journal.last_run("job")
        assert last is not None and last.counts["failed"] > 0


def test_an_erp_that_imports_later_is_waited_for(postgres: str) -> None:
    both = Both(postgres)
    both.erp.takes_later = True
    both.mapping = mapping(*FIELDS, erp=ErpSide("memory", "sku", write_to="out.csv", modified="modified"))
    both.run()
    with State.look(postgres) as state:
        assert state.links.awaiting("job")
    both.erp.take_in()
    both.run()
    with State.look(postgres) as state:
        assert state.links.awaiting("job") == []
