"""What a user may ask of a run, and what a run tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from syncengine.engine import run
from syncengine.engine.job import JobRun, Matched, Options
from syncengine.engine.match import match
from syncengine.engine.pull import Pulled
from syncengine.engine.run import run_job
from syncengine.mapping import ErpSide, Gone, field_signature, key_signature
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import JobResult, Side
from syncengine.state import State
from tests.memory import Memory
from tests.running import MANY, Silent, field, mapping, numbers

FIELDS = [field("name", truth="ask"), field("price", "money", "erp"), field("stock", "integer", "sum")]


class Both:
    """Two sides with five records in step, and their state."""

    def __init__(self, state: State, **more: Any) -> None:
        self.state, self.now = state, datetime(2026, 11, 21, 9, tzinfo=UTC)
        self.use(mapping(*FIELDS, **more))

    def use(self, changed: FieldMapping) -> None:
        if not hasattr(self, "erp"):
            self.erp, self.store = Memory("erp", changed), Memory("store", changed)
            for number in range(5):
                self.erp.edit(f"A-{number}", sku=f"A-{number}", name="n", price="1.00", stock=number)
        self.mapping = self.erp.mapping = self.store.mapping = changed

    def run(self, reconcile: timedelta | None = None, **options: Any) -> JobResult:
        name = f"run-{next(numbers)}"
        result = JobResult("job", name, options.get("dry_run", False), self.now)
        signatures = {"": key_signature(self.mapping)} | {
            name: field_signature(one) for name, one in self.mapping.fields.items()
        }
        parts = (self.mapping, self.erp, self.store, self.state, MANY, Options(**options), Silent(), result, signatures)
        return run_job(JobRun("job", name, *parts, reconcile), "sqlite://")

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def id_of(self, sku: str) -> str:
        return next(key for key, cells in self.store.records.items() if cells["sku"] == sku)

    @property
    def writes(self) -> int:
        return self.erp.writes + self.store.writes


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    with State.in_memory() as state:
        both = Both(state)
        monkeypatch.setattr(JobRun, "now", lambda _: both.now)
        both.run()
        yield both


def changed(result: JobResult) -> list[tuple[str, str | None, list[str]]]:
    return sorted((one.side, one.key, sorted(one.fields)) for one in result.changes)


def told(result: JobResult, side: Side) -> int:
    rejected = len({one.where for one in result.rejects if one.side == side})
    return result.unchanged.of(side) + result.changed.of(side) + result.unlinked.of(side) + rejected


# --limit


def test_a_limited_run_does_the_first_changes_only_and_the_next_run_does_the_rest(both: Both) -> None:
    for number in range(5):
        both.erp.edit(f"A-{number}", price="2.00")
    cursors = [both.state.journal.cursor("job", side) for side in ("erp", "store")]
    assert len(both.run(limit=2).changes) == 2
    assert [both.state.journal.cursor("job", side) for side in ("erp", "store")] == cursors
    assert len(both.run().changes) == 3
    assert both.run().changes == []
    assert {cells["price"] for cells in both.store.records.values()} == {"2"}


def test_a_limit_counts_records_that_change_and_not_those_that_rest(both: Both) -> None:
    both.erp.edit("A-4", price="2.00")
    assert changed(both.run(limit=1, full=True)) == [("store", "A-4", ["price"])]


def test_a_limited_first_run_creates_no_more_than_its_limit() -> None:
    with State.in_memory() as state:
        both = Both(state)
        assert len(both.run(limit=2).changes) == len(both.store.records) == 2
        assert len(both.run().changes) == 3
        assert len(both.store.records) == 5


def test_a_limited_dry_run_tells_what_the_limited_run_does(both: Both) -> None:
    for number in range(5):
        both.erp.edit(f"A-{number}", price="2.00")
    assert changed(both.run(limit=3, dry_run=True)) == changed(both.run(limit=3))


# --full and reconcile


def unseen(both: Both) -> None:
    """A change that no cursor shows."""
    both.store.records[both.id_of("A-1")]["price"] = "9"


def test_a_full_run_finds_what_no_cursor_shows(both: Both) -> None:
    both.run()
    unseen(both)
    assert both.run().changes == []
    result = both.run(full=True)
    assert changed(result) == [("store", "A-1", ["price"])]
    assert result.drift == 1


def test_both_sides_are_read_whole_once_the_interval_has_passed(both: Both) -> None:
    daily = timedelta(hours=24)
    both.run(daily)
    unseen(both)
    both.later(hours=23)
    assert both.run(daily).changes == []
    both.later(hours=2)
    assert changed(both.run(daily)) == [("store", "A-1", ["price"])]
    assert both.run(daily).changes == []
    unseen(both)
    assert both.run(daily).changes == []


def test_without_an_interval_only_the_first_run_reads_whole(both: Both) -> None:
    both.run()
    unseen(both)
    both.later(days=400)
    assert both.run().changes == []


def test_a_reading_by_a_clock_that_was_ahead_counts_as_none(both: Both) -> None:
    daily, right = timedelta(hours=24), both.now
    both.later(days=3650)
    both.run(daily, full=True)
    both.now = right
    unseen(both)
    assert changed(both.run(daily)) == [("store", "A-1", ["price"])]
    both.run(daily)
    unseen(both)
    assert both.run(daily).changes == []


def test_a_dry_run_does_not_count_as_the_reading_of_the_day(both: Both) -> None:
    daily = timedelta(hours=24)
    unseen(both)
    both.later(hours=25)
    assert len(both.run(daily, dry_run=True).changes) == 1
    assert len(both.run(daily).changes) == 1


# --rebase


def test_a_changed_mapping_stops_the_run_until_it_is_reviewed(both: Both) -> None:
    both.use(mapping(field("name", truth="ask"), field("price", "decimal", "erp"), FIELDS[2]))
    stopped = both.run()
    assert stopped.stopped_by is not None
    assert (stopped.status, stopped.exit_code, stopped.stopped_by[0]) == ("stopped", 4, "mapping-changed")
    assert "price" in stopped.stopped_by[1] and "name" not in stopped.stopped_by[1]
    assert both.run(rebase=True).status == "done"
    assert both.run().status == "done"


def test_a_rebase_forgets_the_bases_of_changed_fields_only(both: Both) -> None:
    both.store.edit(both.id_of("A-1"), name="from the shop", price="7")
    both.use(mapping(field("name", truth="ask"), field("price", "decimal", "erp"), FIELDS[2]))
    result = both.run(rebase=True)
    assert changed(result) == [("erp", "A-1", ["name"]), ("store", "A-1", ["price"])]
    whys = {name: what.why for change in result.changes for name, what in change.fields.items()}
    assert whys == {"name": "store changed", "price": "first meeting: the erp is right"}
    assert both.state.links.count("job") == (5, 0)


def test_a_rebase_where_nothing_changed_changes_nothing(both: Both) -> None:
    assert both.run(rebase=True).changes == []


def test_a_truth_may_change_without_a_rebase(both: Both) -> None:
    both.use(mapping(field("name", truth="store"), *FIELDS[1:]))
    both.erp.edit("A-1", name="drifted")
    result = both.run()
    assert (result.status, result.drift, both.erp.records["A-1"]["name"]) == ("done", 1, "n")


def test_a_field_may_be_added_without_a_rebase_and_is_met_for_the_first_time(both: Both) -> None:
    for side in (both.erp, both.store):
        for cells in side.records.values():
            cells["shelf"] = None
    both.erp.edit("A-2", shelf="B7")
    both.use(replace(mapping(*FIELDS, field("shelf")), digest="2"))
    assert changed(both.run()) == [("store", "A-2", ["shelf"])]
    assert both.run(full=True).changes == []


def test_changed_keys_drop_the_links_and_the_questions_about_them(both: Both) -> None:
    """An answer to a question about one record must never reach another."""
    both.erp.edit("A-1", name="erp's")
    both.store.edit(both.id_of("A-1"), name="store's")
    (held,) = both.run().held
    with both.state.transaction():
        both.state.journal.answer(held.id, {"take": "value", "value": "the answer"})
    both.use(replace(both.mapping, match_by=("sku",)))
    assert both.run().stopped_by is not None
    result = both.run(rebase=True)
    assert (result.status, both.state.links.count("job")) == ("done", (5, 0))
    assert [(one.key, one.field) for one in result.held] == [("A-1", "name")]
    assert all("the answer" not in str(cells) for side in (both.erp, both.store) for cells in side.records.values())


def test_a_dry_run_with_rebase_keeps_the_state_as_it_is(both: Both) -> None:
    both.use(mapping(field("name", truth="ask"), field("price", "decimal", "erp"), FIELDS[2]))
    stopped = both.run(dry_run=True)
    assert stopped.status == "stopped"


# Rejected rows


def test_rejected_rows_come_again_until_they_are_right(both: Both) -> None:
    both.erp.edit("A-1", price="1O.50")
    for _ in range(3):
        result = both.run()
        assert [(one.key, one.field) for one in result.rejects] == [("A-1", "price")]
        assert result.exit_code == 1
        assert told(result, "erp") == result.read.erp == 5
    assert len(both.state.journal.rejects("job")) == 1
    both.erp.edit("A-1", price="10.50")
    assert changed(both.run()) == [("store", "A-1", ["price"])]
    assert both.state.journal.rejects("job") == []


def test_a_rejected_row_is_neither_gone_nor_written(both: Both) -> None:
    both.use(replace(both.mapping, gone=replace(both.mapping.gone, from_erp="delete")))
    both.erp.edit("A-1", price="odd")
    both.store.edit(both.id_of("A-1"), name="moved")
    result = both.run(full=True)
    assert (result.changes, len(both.store.records)) == ([], 5)
    both.erp.edit("A-1", price="1.00")
    assert changed(both.run()) == [("erp", "A-1", ["name"])]


def test_a_rejected_row_stops_no_other(both: Both) -> None:
    both.erp.edit("A-1", price="odd")
    both.erp.edit("A-2", price="2.00")
    assert changed(both.run()) == [("store", "A-2", ["price"])]


# Counts


def test_every_row_that_was_read_is_accounted_for() -> None:
    with State.in_memory() as state:
        both = Both(state, create_in_store=False, create_in_erp=False)
        for number in (1, 2, 3):
            both.store.edit(str(number), sku=f"A-{number}", name="n", price="1", stock=number)
        both.store.edit("9", sku="shop only", name="n", price="1", stock=9)
        both.erp.edit("A-3", price="odd")
        for full in (False, True, False):
            result = both.run(full=full)
            for side in ("erp", "store"):
                assert told(result, side) == result.read.of(side), (side, result)
        both.erp.edit("A-1", name="erp's")
        both.store.edit("1", name="store's")
        both.store.edit("2", price="3")
        result = both.run()
        assert (result.read.erp, result.read.store, result.drift, len(result.held)) == (5, 2, 1, 1)
        assert [told(result, side) for side in ("erp", "store")] == [5, 2]
        assert (result.waiting, both.run().waiting) == (1, 1)


def test_a_row_that_was_found_by_its_key_and_is_rejected_was_read() -> None:
    with State.in_memory() as state:
        both = Both(state, create_in_erp=False)
        both.store.edit("9", sku="A-9", name="n", price="odd", stock=1)
        both.run()
        both.erp.edit("A-9", sku="A-9", name="n", price="1", stock=1)
        result = both.run()
        assert [one.where for one in result.rejects] == ["store 9"]
        for side in ("erp", "store"):
            assert told(result, side) == result.read.of(side), (side, result)


def test_a_row_that_got_lost_on_the_way_would_be_missing_in_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(job: JobRun, pulled: Pulled) -> Matched:
        matched = match(job, pulled)
        matched.pairs.pop()
        return matched

    with State.in_memory() as state:
        both = Both(state)
        monkeypatch.setattr(run, "match", careless)
        result = both.run()
        assert (result.read.erp, told(result, "erp")) == (5, 4)


def test_a_first_run_tells_what_it_created_and_a_quiet_one_tells_nothing() -> None:
    with State.in_memory() as state:
        both = Both(state)
        first, second = both.run(), both.run()
        assert (first.changed.erp, first.unchanged.erp, len(first.changes)) == (5, 0, 5)
        assert (second.changed.erp, second.unchanged.erp, second.changes, second.exit_code) == (0, 5, [], 0)


def test_what_fails_is_counted_and_tried_again(both: Both) -> None:
    both.erp.edit("A-1", price="2.00")
    both.store.fault = lambda: "refuse"
    failed = both.run()
    assert (failed.exit_code, [one.status for one in failed.changes]) == (1, ["failed"])
    last = both.state.journal.last_run("job")
    assert last is not None and last.counts["failed"] == 1
    both.store.fault = lambda: None
    assert [one.status for one in both.run().changes] == ["done"]


# A field that was away


def test_a_field_that_comes_back_as_it_was_keeps_what_was_agreed(both: Both) -> None:
    both.use(mapping(*FIELDS[1:]))
    both.run()
    both.erp.edit("A-1", name="by the erp")
    both.store.edit(both.id_of("A-2"), name="by the shop")
    both.use(mapping(*FIELDS))
    result = both.run()
    assert (changed(result), result.held) == ([("erp", "A-2", ["name"]), ("store", "A-1", ["name"])], [])


def test_a_field_that_comes_back_as_another_stops_until_a_rebase_and_empties_nothing(both: Both) -> None:
    both.use(mapping(*FIELDS[1:]))
    both.run()
    both.use(mapping(field("name", erp="empty"), *FIELDS[1:]))
    for key in both.erp.records:
        both.erp.edit(key, empty="")
    assert (both.run().stopped_by or ("", ""))[0] == "mapping-changed"
    both.run(rebase=True)
    assert {one["name"] for one in both.store.records.values()} == {"n"}


# Questions that nobody needs to answer any more


@pytest.fixture
def asked(both: Both) -> Both:
    """A name that both sides changed waits for a person."""
    both.erp.edit("A-1", name="by the erp")
    both.store.edit(both.id_of("A-1"), name="by the shop")
    assert both.run().waiting == 1
    return both


def waiting(both: Both, **options: Any) -> tuple[int, list[str]]:
    """What a run tells to be waiting, and what waits after it."""
    told = both.run(**options).waiting
    return told, [one.field for one in both.state.journal.conflicts("job")]


def test_a_question_about_a_field_that_was_taken_out_is_over_and_comes_back_with_it(asked: Both) -> None:
    asked.use(mapping(*FIELDS[1:]))
    assert waiting(asked, dry_run=True) == (0, ["name"])
    assert waiting(asked) == (0, [])
    asked.use(replace(mapping(*FIELDS), digest="2"))
    assert waiting(asked, full=True) == (1, ["name"])


@pytest.mark.parametrize("from_erp", ["keep", "delete"])
def test_a_question_about_a_record_that_left_the_erp_is_over_until_it_is_back(asked: Both, from_erp: str) -> None:
    asked.use(replace(asked.mapping, gone=Gone(from_erp=from_erp)))  # type: ignore[arg-type]
    cells = dict(asked.erp.records["A-1"])
    asked.erp.remove("A-1")
    assert waiting(asked, full=True) == (0, [])
    asked.erp.edit("A-1", **cells)
    assert waiting(asked) == ((1, ["name"]) if from_erp == "keep" else (0, []))


@pytest.mark.parametrize("from_store", ["keep", "recreate"])
def test_a_question_about_a_record_that_left_the_shop_is_over(asked: Both, from_store: str) -> None:
    asked.use(replace(asked.mapping, gone=Gone(from_store=from_store)))  # type: ignore[arg-type]
    asked.store.remove(asked.id_of("A-1"))
    assert waiting(asked, full=True) == (0, [])
    assert waiting(asked) == (0, [])


@pytest.mark.parametrize("take", ["erp", "store"])
def test_a_question_about_a_field_is_over_with_the_answer_to_the_one_about_its_record(asked: Both, take: str) -> None:
    asked.store.remove(asked.id_of("A-1"))
    told, fields = waiting(asked, full=True)
    assert (told, sorted(fields)) == (2, ["(record)", "name"])
    (record,) = [one for one in asked.state.journal.conflicts("job") if one.field == "(record)"]
    with asked.state.transaction():
        asked.state.journal.answer(record.id, {"take": take})
    assert waiting(asked) == (0, [])
    assert len(asked.store.records) == (5 if take == "erp" else 4)
    assert waiting(asked, full=True) == (0, [])


# In flight


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """An ERP that imports at night, and five of whose records the shop has just changed."""
    with State.in_memory() as state:
        source = ErpSide("memory", "sku", write_to="out.csv", import_within=timedelta(hours=36))
        both = Both(state, erp=source)
        monkeypatch.setattr(JobRun, "now", lambda _: both.now)
        both.run()
        both.erp.takes_later = True
        for key in list(both.store.records):
            both.store.edit(key, name="from the shop")
        assert {one.status for one in both.run().changes} == {"in-flight"}
        yield both


def test_what_is_in_flight_no_longer_than_an_import_takes_is_nothing_to_tell(later: Both) -> None:
    later.later(hours=36)
    assert later.run().warnings == []


def test_what_is_in_flight_for_longer_is_told_with_its_number_and_examples(later: Both) -> None:
    later.later(hours=37)
    for options in ({}, {"dry_run": True}, {"full": True}):
        (warning,) = later.run(**options).warnings
        assert warning.startswith("5 records were handed to the erp more than 36 hours ago and not imported since: A-")
        assert "…" in warning and warning.count("A-") == 3


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ({"seconds": 1}, "1 second"),
        ({"seconds": 90}, "90 seconds"),
        ({"minutes": 30}, "30 minutes"),
        ({"hours": 1}, "1 hour"),
        ({"hours": 48}, "48 hours"),
    ],
)
def test_how_long_an_import_may_take_is_told_in_the_unit_that_people_write(
    later: Both, within: dict[str, float], words: str
) -> None:
    later.use(mapping(*FIELDS, erp=replace(later.mapping.erp, import_within=timedelta(**within))))
    later.later(hours=49)
    (warning,) = later.run().warnings
    assert f"handed to the erp more than {words} ago" in warning


def test_nobody_is_told_of_a_field_in_flight_that_the_mapping_has_no_more(later: Both) -> None:
    later.use(mapping(*FIELDS[1:], erp=later.mapping.erp))
    later.later(hours=37)
    assert later.run().warnings == []
    later.use(mapping(*FIELDS, erp=later.mapping.erp))
    (warning,) = later.run().warnings
    assert warning.startswith("5 records were handed to the erp")


def test_what_was_read_back_in_this_very_run_is_not_told(later: Both) -> None:
    later.later(hours=37)
    later.erp.handed_over = [one for one in later.erp.handed_over if one.key != "A-2"]
    later.erp.take_in()
    (warning,) = later.run().warnings
    assert warning.startswith("1 record was handed to the erp more than 36 hours ago and not imported since: A-2.")


@pytest.mark.parametrize("meanwhile", [{"price": "7.00"}, {"stock": None}, {}])
def test_a_difference_on_its_way_is_booked_once_whatever_happens_to_the_record_meanwhile(
    later: Both, meanwhile: dict[str, Any]
) -> None:
    counter = field("stock", "integer", "sum", by_difference=True, empty="clear")
    later.use(mapping(*FIELDS[:2], counter, erp=later.mapping.erp))
    later.store.edit(later.id_of("A-3"), stock=5)
    later.run()
    later.erp.edit("A-3", **meanwhile)
    assert later.run().status == "done"
    later.erp.edit("A-3", stock=3)
    later.erp.take_in()
    later.run()
    later.erp.take_in()
    later.run()
    assert (later.erp.records["A-3"]["stock"], later.store.records[later.id_of("A-3")]["stock"]) == (5, 5)


def test_a_dry_run_writes_nothing_into_the_state(both: Both) -> None:
    both.erp.edit("A-1", price="2.00")
    tables = ("link", "change", "run", "checkpoint", "conflict", "reject", "job")

    def saved() -> list[Any]:
        return [both.state.connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables]

    before, writes = saved(), both.writes
    for options in ({}, {"full": True}, {"limit": 1}):
        assert both.run(dry_run=True, **options).changes
    assert (saved(), both.writes) == (before, writes)


def stale(later: Both) -> None:
    """The ERP's file comes again for another reason, and the night's import has not yet run."""
    for key in later.erp.records:
        later.erp.edit(key, price="2.00")


def take_the_stores(both: Both) -> None:
    with both.state.transaction():
        for conflict in both.state.journal.conflicts("job"):
            both.state.journal.answer(conflict.id, {"take": "store"})


@pytest.mark.parametrize("truth", ["store-wins", "ask", "store"])
def test_what_is_in_flight_since_a_first_meeting_is_no_change_by_the_erp(later: Both, truth: str) -> None:
    later.erp.take_in()
    later.run()
    later.use(mapping(*FIELDS, field("shelf", truth=truth), erp=later.mapping.erp))
    for at, key in enumerate(later.erp.records):
        later.erp.edit(key, shelf="" if at else "old")
    for key in later.store.records:
        later.store.edit(key, shelf="from the shop")
    later.run()
    take_the_stores(later)
    later.run()
    stale(later)
    result = later.run()
    assert {tuple(one.fields) for one in result.changes} == {("price",)}
    assert (result.held, {one["shelf"] for one in later.store.records.values()}) == ([], {"from the shop"})
    later.erp.take_in()
    assert later.run().changes == []
    assert {one["shelf"] for one in later.erp.records.values()} == {"from the shop"}


def test_an_answer_in_flight_is_not_asked_for_again(later: Both) -> None:
    later.erp.take_in()
    later.run()
    for key in later.erp.records:
        later.erp.edit(key, name="by the erp")
    for key in later.store.records:
        later.store.edit(key, name="by the shop")
    assert len(later.run().held) == 5
    take_the_stores(later)
    assert {one.status for one in later.run().changes} == {"in-flight"}
    stale(later)
    result = later.run()
    assert (result.held, {tuple(one.fields) for one in result.changes}) == ([], {("price",)})
    later.erp.edit("A-1", name="by the erp, later")
    assert [one.key for one in later.run().held] == ["A-1"]


def test_an_edit_in_the_shop_between_reading_and_writing_is_seen_by_the_next_run(both: Both) -> None:
    sold = both.id_of("A-4")
    both.store.fault = lambda: both.store.edit(sold, name="by the shop", stock=1)
    both.erp.edit("A-4", price="2.00")
    assert changed(both.run()) == [("store", "A-4", ["price"])]
    both.store.fault = lambda: None
    assert changed(both.run()) == [("erp", "A-4", ["name", "stock"])]
    assert [both.erp.records["A-4"][name] for name in ("name", "price", "stock")] == ["by the shop", "2.00", 1]
    assert both.run().changes == []
