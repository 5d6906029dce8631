"""Sending the plan: in batches, several at once, each outcome written down as it comes."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from syncengine.engine import apply as apply_module
from syncengine.engine.job import Options
from syncengine.errors import Refused
from syncengine.records import Change, JobResult, Outcome
from syncengine.state import State
from tests.memory import Memory
from tests.running import field, mapping, run

FIELDS = mapping(field("name", truth="erp"))


class Store(Memory):
    """A store that remembers every batch, and does with it what a test says."""

    def __init__(self, **more: Any) -> None:
        super().__init__("store", FIELDS, **more)
        self.batches: list[list[str]] = []
        self.does: Callable[[Sequence[Change]], list[Outcome] | None] = lambda _: None
        self.guard = threading.Lock()

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        self.batches.append([one.key or "" for one in changes])
        told = self.does(changes)
        if told is not None:
            return told
        with self.guard:
            return super().send(changes)


class Both:
    def __init__(self, state: State, records: int, **more: Any) -> None:
        self.state, self.store = state, Store(**more)
        self.erp = Memory("erp", FIELDS)
        for number in range(records):
            self.erp.edit(f"A-{number}", sku=f"A-{number}", name="n")

    def run(self) -> JobResult:
        return run(self.erp, self.store, self.state, Options())

    def statuses(self) -> Counter[str]:
        rows = self.state.connection.exec_driver_sql("SELECT status FROM change").scalars()
        return Counter(rows)

    def links(self) -> tuple[int, int]:
        """(paired, dirty)."""
        return self.state.links.count("job")[0], len(self.state.links.dirty("job"))


@pytest.fixture
def state() -> Iterator[State]:
    with State.in_memory() as opened:
        yield opened


def lost(changes: Sequence[Change]) -> list[Outcome]:
    return [Outcome(one, "unknown", error="no reply") for one in changes]


@pytest.mark.parametrize(("batch_size", "concurrency"), [(1, 1), (3, 1), (7, 4), (100, 2)])
def test_no_batch_is_larger_than_the_side_takes_and_every_change_is_sent_once(
    state: State, batch_size: int, concurrency: int
) -> None:
    both = Both(state, 23, batch_size=batch_size, concurrency=concurrency)
    both.run()
    assert max(map(len, both.store.batches)) == min(batch_size, 23)
    sent = Counter(key for batch in both.store.batches for key in batch)
    assert sent == Counter(list(both.erp.records))
    assert both.statuses() == {"done": 23} and both.links() == (23, 0)


def test_no_more_batches_are_under_way_than_the_side_takes_and_as_many_as_it_takes(state: State) -> None:
    both = Both(state, 20, batch_size=2, concurrency=3)
    together, most = threading.Barrier(3, timeout=5), []
    under_way = threading.Semaphore(3)
    first = iter(range(3))

    def does(_: Sequence[Change]) -> None:
        assert under_way.acquire(blocking=False), "a fourth batch"
        if next(first, None) is not None:
            most.append(together.wait())
        under_way.release()

    both.store.does = does
    assert both.run().exit_code == 0
    assert len(most) == 3


def test_each_change_is_in_the_ledger_as_sent_before_it_is_sent(state: State) -> None:
    both = Both(state, 5, batch_size=2)
    seen: list[set[str]] = []
    mark_sent = state.ledger.mark_sent
    marked: list[str] = []

    def marks(changes: Sequence[Change]) -> None:
        mark_sent(changes)
        marked.extend(one.key or "" for one in changes)

    state.ledger.mark_sent = marks  # type: ignore[method-assign]

    def does(changes: Sequence[Change]) -> None:
        seen.append({one.key or "" for one in changes} - set(marked))

    both.store.does = does
    both.run()
    assert seen == [set()] * 3


def test_outcomes_are_saved_one_batch_at_a_time(state: State) -> None:
    """What is done stays done when a later batch ends the run."""
    both = Both(state, 6, batch_size=2)

    def does(changes: Sequence[Change]) -> None:
        if "A-4" in {one.key for one in changes}:
            raise Refused("the key was revoked")

    both.store.does = does
    result = both.run()
    assert (result.status, result.exit_code, result.error) == ("failed", 3, "the key was revoked")
    assert both.statuses() == {"done": 4, "failed": 2}
    assert both.links() == (4, 2)


def test_a_side_that_refuses_the_job_is_sent_nothing_more(state: State) -> None:
    both = Both(state, 20, batch_size=2)

    def does(changes: Sequence[Change]) -> None:
        raise Refused("the key was revoked")

    both.store.does = does
    assert both.run().status == "failed"
    assert len(both.store.batches) <= 2, "the one that was refused, and the one that stood ready"
    both.store.does = lambda _: None
    assert both.run().exit_code == 0
    assert both.links() == (20, 0)


# Lost replies


def test_one_poisonous_record_is_told_from_the_others_in_its_batch(state: State) -> None:
    both = Both(state, 16, batch_size=16)

    def does(changes: Sequence[Change]) -> list[Outcome] | None:
        return lost(changes) if "A-9" in {one.key for one in changes} else None

    both.store.does = does
    result = both.run()
    assert {one.key: one.status for one in result.changes if one.status != "done"} == {"A-9": "failed"}
    assert "nothing was written" in next(one.error for one in result.changes if one.key == "A-9")
    assert len(both.store.records) == 15
    assert [len(batch) for batch in both.store.batches if "A-9" in batch][:4] == [16, 8, 4, 2]
    both.store.does = lambda _: None
    assert [one.key for one in both.run().changes] == ["A-9"]


def test_several_poisonous_records_keep_no_other_from_being_written(state: State) -> None:
    both = Both(state, 30, batch_size=30)
    poison = {"A-3", "A-4", "A-29"}

    def does(changes: Sequence[Change]) -> list[Outcome] | None:
        return lost(changes) if poison & {one.key for one in changes} else None

    both.store.does = does
    failed = {one.key for one in both.run().changes if one.status == "failed"}
    assert failed == poison and len(both.store.records) == 27


def test_what_was_done_without_a_reply_is_not_sent_again(state: State) -> None:
    both = Both(state, 9, batch_size=3)
    both.store.fault = iter(["lost", None, "half", *[None] * 9]).__next__
    assert both.run().exit_code == 0
    assert sorted(cells["sku"] for cells in both.store.records.values()) == sorted(both.erp.records)
    assert both.store.writes == 9 and both.links() == (9, 0)


def test_an_unknown_outcome_is_looked_up_only_when_the_side_has_had_its_time(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Both(state, 3, settle=30.0)
    told: list[str] = []
    monkeypatch.setattr(apply_module.time, "sleep", lambda seconds: told.append(f"waited {seconds:g}"))
    find = both.store.find
    monkeypatch.setattr(both.store, "find", lambda *asked: told.append("looked") or find(*asked))
    both.store.fault = iter(["lost"]).__next__
    told.clear()
    both.run()
    assert told[-2:] == ["waited 30", "looked"]


def test_a_side_that_never_answers_is_given_up_after_some_rounds(state: State) -> None:
    both = Both(state, 4, batch_size=4)
    both.store.does = lost
    result = both.run()
    assert {one.status for one in result.changes} == {"failed"} and result.exit_code == 1
    assert both.links() == (0, 4)
    assert len(both.store.batches) < 40


def test_an_error_that_is_no_answer_leaves_the_outcome_open_for_the_next_run(state: State) -> None:
    both = Both(state, 2)

    def does(changes: Sequence[Change]) -> None:
        with both.store.guard:
            Memory.send(both.store, changes)
        raise RuntimeError("a mistake in the endpoint")

    both.store.does = does
    with pytest.raises(RuntimeError, match="a mistake in the endpoint"):
        both.run()
    assert both.statuses() == {"unknown": 2}
    both.store.does = lambda _: None
    both.run()
    assert len(both.store.records) == 2 and both.links() == (2, 0)


# Interrupts


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_batches_under_way_and_writes_their_outcomes(
    state: State, stop: signal.Signals
) -> None:
    both = Both(state, 20, batch_size=2)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)

    def does(changes: Sequence[Change]) -> None:
        if len(both.store.batches) == 3:
            os.kill(os.getpid(), stop)

    both.store.does = does
    try:
        with pytest.raises(KeyboardInterrupt):
            both.run()
    finally:
        signal.signal(signal.SIGTERM, before)
    written = len(both.store.records)
    statuses = both.statuses()
    assert statuses["done"] == written == 2 * len(both.store.batches) < 20
    assert statuses == {"done": written, "planned": 20 - written}
    assert both.links() == (written, 20 - written)
    last = state.journal.last_run("job")
    assert last is not None and last.status == "interrupted"
    assert both.run().exit_code == 0
    assert (len(both.store.records), both.links()) == (20, (20, 0))


# What a side says


def test_one_refused_record_leaves_the_others_alone_and_is_tried_again(state: State) -> None:
    both = Both(state, 4, batch_size=4)

    def does(changes: Sequence[Change]) -> list[Outcome]:
        with both.store.guard:
            return [
                Outcome(one, "failed", error="invalid_sku: taken") if one.key == "A-2" else both.store._write(one)
                for one in changes
            ]

    both.store.does = does
    for keys in (list(both.erp.records), ["A-2"]):
        result = both.run()
        assert [one.key for one in result.changes] == keys
        assert [(one.key, one.error) for one in result.changes if one.status == "failed"] == [
            ("A-2", "invalid_sku: taken")
        ]
    assert both.links() == (3, 1)


def test_a_record_that_was_refused_whole_is_tried_again_also_when_one_of_its_fields_was_refused_before(
    state: State,
) -> None:
    both = Both(state, 1)
    both.erp.mapping = both.store.mapping = mapping(field("name", truth="erp"), field("price", truth="erp"))
    both.run()
    both.erp.edit("A-0", name="changed", price="9.00")
    busy = iter([True])

    def does(changes: Sequence[Change]) -> list[Outcome]:
        with both.store.guard:
            if next(busy, False):
                for one in changes:
                    one.fields["name"].error = "name: not now"
                return [Outcome(one, "failed", one.record_id, error="busy: try again later") for one in changes]
            return [both.store._write(one) for one in changes]

    both.store.does = does
    assert both.run().exit_code == 1
    result = both.run()
    assert [(one.key, one.status, sorted(one.fields)) for one in result.changes] == [("A-0", "done", ["name", "price"])]
    assert both.run().changes == []


def test_a_value_that_the_side_did_not_keep_is_told_and_tried_again_only_when_something_changes(state: State) -> None:
    both = Both(state, 1)
    both.run()
    both.erp.edit("A-0", name="too long")

    def does(changes: Sequence[Change]) -> list[Outcome]:
        return [Outcome(one, "done", one.record_id, {"sku": "A-0", "name": "too"}) for one in changes]

    both.store.does = does
    result = both.run()
    assert [(one.status, one.error) for one in result.changes] == [("failed", "name: the store kept too")]
    assert both.run().changes == []
    both.erp.edit("A-0", name="another")
    assert len(both.run().changes) == 1
