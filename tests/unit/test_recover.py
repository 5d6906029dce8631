"""What becomes of writes whose outcome nobody knows: looked up, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncengine.engine import recover as recover_module
from syncengine.engine.job import Options
from syncengine.mapping import Mapping
from syncengine.records import Change, FieldChange, JobResult
from syncengine.state import Link, State
from tests.memory import KilledError, Memory
from tests.running import field, mapping, run

FIELDS = mapping(field("name", truth="erp-wins"), field("stock", "integer", "sum"))


class Both:
    """One record in step, of whose name a run once sent a change; that run was cut off."""

    def __init__(self, state: State, fields: Mapping = FIELDS) -> None:
        self.state = state
        self.erp, self.store = Memory("erp", fields), Memory("store", fields)
        self.erp.edit("A", sku="A", name="old", stock=5)
        self.store.edit("7", sku="A", name="old", stock=5)
        self.run()
        self.erp.writes = self.store.writes = 0

    def run(self, **options: Any) -> JobResult:
        return run(self.erp, self.store, self.state, Options(**options))

    def sent(self, fields: dict[str, FieldChange] | None = None, **more: Any) -> Change:
        """A line of the ledger that was sent and has no outcome, its link dirty, as the cut-off run left it."""
        (link,) = self.state.links.by_identifier("job", "erp", ["A"])
        settings: dict[str, Any] = {"action": "update", "key": "A", "record_id": "7", "link": link.id} | more
        fields = fields or {"name": FieldChange("old", "new", "erp changed")}
        change = Change("cut-off-0-store", "store", entity="product", fields=fields, **settings)
        with self.state.transaction():
            self.state.ledger.plan("job", "cut-off", [change])
            self.state.ledger.mark_sent([change])
            self.state.links.mark_dirty([link.id or 0])
        return change

    @property
    def link(self) -> Link:
        (link,) = self.state.links.by_identifier("job", "erp", ["A"])
        return link

    def outcome(self) -> tuple[str, str]:
        with_field = [line for line in self.state.ledger.history("A") if line.run == "cut-off"]
        return with_field[0].status, with_field[0].error


@pytest.fixture
def both() -> Iterator[Both]:
    with State.in_memory() as state:
        yield Both(state)


def test_a_record_that_holds_what_was_sent_was_written(both: Both) -> None:
    both.erp.edit("A", name="new")
    both.sent()
    both.store.edit("7", name="new")
    result = both.run()
    assert (both.outcome(), result.changes, both.store.writes) == (("done", ""), [], 0)
    assert both.link.base["name"] == "new" and not both.link.dirty


def test_a_record_that_holds_what_was_there_was_not_written_and_is_merged_anew(both: Both) -> None:
    both.erp.edit("A", name="new")
    both.sent()
    result = both.run()
    assert both.outcome() == ("superseded", "not done: merged again")
    assert [one.fields["name"].why for one in result.changes] == ["erp changed"]
    assert both.store.records["7"]["name"] == "new"


def test_a_line_of_the_ledger_is_never_replayed_for_it_may_be_stale(both: Both) -> None:
    both.erp.edit("A", name="newer")
    both.sent()
    both.run()
    assert (both.store.records["7"]["name"], both.store.writes) == ("newer", 1)


def test_a_change_that_was_taken_back_meanwhile_is_not_sent(both: Both) -> None:
    both.sent()
    both.run()
    assert (both.store.records["7"]["name"], both.store.writes) == ("old", 0)


def test_a_record_that_has_moved_on_is_merged_from_its_old_base(both: Both) -> None:
    both.erp.edit("A", name="new")
    both.sent()
    both.store.edit("7", name="shop's")
    result = both.run()
    assert (both.outcome()[0], result.settled) == ("superseded", 1)
    assert both.store.records["7"]["name"] == both.erp.records["A"]["name"] == "new"


def test_a_record_that_is_gone_was_not_written_and_its_loss_is_told(both: Both) -> None:
    both.erp.edit("A", name="new")
    both.sent()
    both.store.remove("7")
    result = both.run()
    assert both.outcome()[0] == "superseded"
    assert [(one.key, one.field) for one in result.held] == [("A", "(record)")]
    assert both.store.records == {}


def test_a_delete_that_nobody_finds_any_more_is_done(both: Both) -> None:
    both.erp.remove("A")
    both.sent({}, action="delete")
    both.store.remove("7")
    both.run()
    assert both.outcome()[0] == "done"
    assert both.link.lost == "erp"


def test_a_delete_of_what_is_still_there_was_not_done(both: Both) -> None:
    both.sent({}, action="delete")
    both.run()
    assert both.outcome()[0] == "superseded"
    assert "7" in both.store.records and both.link.lost is None


def test_several_fields_of_which_one_has_moved_on_are_merged_again(both: Both) -> None:
    both.erp.edit("A", name="new", sku="A")
    both.sent({"name": FieldChange("old", "new", ""), "sku": FieldChange("A", "B", "")})
    both.store.edit("7", name="new")
    both.run()
    assert both.outcome()[0] == "superseded"
    assert both.store.records["7"] == {"sku": "A", "name": "new", "stock": 5}


# Differences: neither the old nor the new number says whether they were added


def difference(both: Both, *, marked: bool) -> Change:
    both.erp.edit("A", stock=8)
    change = both.sent({"stock": FieldChange(5, 8, "erp changed by +3", 3)}, mark=True)
    if marked:
        both.store.marks[change.id] = "7"
    return change


def test_a_difference_whose_mark_stands_in_the_record_was_added(both: Both) -> None:
    difference(both, marked=True)
    both.store.edit("7", stock=6)  # three came, two were sold since
    both.run()
    assert both.outcome()[0] == "done"
    assert (both.erp.records["A"]["stock"], both.store.records["7"]["stock"]) == (6, 6)


def test_a_difference_without_its_mark_was_not_added_whatever_the_number_says(both: Both) -> None:
    difference(both, marked=False)
    both.store.edit("7", stock=8)  # three came back from a customer
    both.run()
    assert both.outcome()[0] == "superseded"
    assert (both.erp.records["A"]["stock"], both.store.records["7"]["stock"]) == (11, 11)


# Creates


def created(both: Both) -> None:
    """A create of B that was cut off."""
    both.erp.edit("B", sku="B", name="new", stock=2)
    both.store.fault = lambda: "cut"
    with pytest.raises(KilledError):
        both.run()
    both.store.fault = lambda: None


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault more: the process dies before anything is done."""
    send = Memory.send

    def dies(memory: Memory, changes: list[Change]) -> Any:
        if memory.fault() == "cut":
            raise KilledError
        return send(memory, changes)

    monkeypatch.setattr(Memory, "send", dies)


@pytest.mark.usefixtures("cut")
def test_a_create_that_is_not_found_was_not_done_and_is_made_once(both: Both) -> None:
    created(both)
    both.run()
    assert [cells["sku"] for cells in both.store.records.values()] == ["A", "B"]
    assert both.run(full=True).changes == []


@pytest.mark.usefixtures("cut")
def test_a_create_that_is_found_by_its_key_is_taken_over_with_what_was_sent_as_its_base(both: Both) -> None:
    """It is no first meeting: what the store's people did to it since is a change of theirs."""
    created(both)
    both.store.edit("55", sku="b", name="renamed since", stock=2)
    result = both.run()
    assert len(both.store.records) == 2
    assert both.erp.records["B"]["name"] == "renamed since"
    assert [(one.side, one.fields["name"].why) for one in result.changes if "name" in one.fields] == [
        ("erp", "store changed")
    ]


def test_what_the_erp_writes_into_a_record_that_was_made_right_before_the_end_goes_to_the_store() -> None:
    with State.in_memory() as state:
        both = Both(state, mapping(field("name", truth="store-wins"), field("price", truth="erp")))
        both.store.edit("8", sku="B", name="b")
        both.store.edit("9", sku="C", name="c")
        both.erp.fault = lambda: "kill"
        with pytest.raises(KilledError):
            both.run()
        both.erp.fault = lambda: None

        assert "B" in both.erp.records
        both.erp.edit("B", price="3.30")
        both.run()

        assert both.store.records["8"]["price"] == "3.30"


@pytest.mark.usefixtures("cut")
def test_a_create_without_a_unique_key_is_found_by_its_mark() -> None:
    with State.in_memory() as state:
        fields = mapping(field("art"), field("name", truth="erp-wins"), field("stock", "integer", "sum"))
        both = Both(state, fields)
        both.erp.edit("B", sku="", art="b", name="unnumbered", stock=1)
        both.store.fault = lambda: "cut"
        with pytest.raises(KilledError):
            both.run()
        both.store.fault = lambda: None
        ((change, _),) = state.ledger.unsettled("job", {})
        assert change.mark
        both.store.edit("55", sku="", art="b", name="unnumbered", stock=1)
        both.store.marks[change.id] = "55"
        both.run()
        assert len(both.store.records) == 2
        (link,) = state.links.by_identifier("job", "erp", ["B"])
        assert link.store_id == "55"


def test_a_run_that_was_killed_in_mid_batch_ends_as_if_it_had_not_been(both: Both) -> None:
    for number in range(5):
        both.erp.edit(f"N-{number}", sku=f"N-{number}", name="n", stock=number)
    both.store.fault = lambda: "kill"
    with pytest.raises(KilledError):
        both.run()
    both.store.fault = lambda: None
    both.run()
    assert sorted(cells["sku"] for cells in both.store.records.values()) == ["A", *(f"N-{at}" for at in range(5))]
    assert both.run(full=True).changes == []


def test_what_was_planned_and_never_sent_is_planned_anew(both: Both) -> None:
    change = Change(
        "cut-off-0-store", "store", "update", "product", "A", "7", {"name": FieldChange("old", "stale", "erp changed")}
    )
    with both.state.transaction():
        both.state.ledger.plan("job", "cut-off", [change])
    both.run()
    assert both.outcome() == ("superseded", "the run that planned it was cut off")
    assert both.store.records["7"]["name"] == "old"


# Time


@pytest.mark.parametrize(("ago", "waits"), [(0, 30), (10, 20), (30, 0), (3600, 0), (-3600, 30)])
def test_absence_counts_only_some_seconds_after_sending(
    both: Both, ago: int, waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that was set back does not make anybody wait longer than that."""
    slept: list[float] = []
    monkeypatch.setattr(recover_module.time, "sleep", slept.append)
    both.store.settle = 30.0
    both.sent()
    both.state.connection.exec_driver_sql(
        "UPDATE change SET sent = ? WHERE run = 'cut-off'",
        ((datetime.now(UTC) - timedelta(seconds=ago)).replace(tzinfo=None).isoformat(" "),),
    )
    both.state.connection.commit()
    both.run()
    assert slept == [pytest.approx(waits, abs=1)]


def test_a_run_with_nothing_open_asks_nobody(both: Both) -> None:
    requests = both.store.requests
    both.run()
    assert both.store.requests == requests


def test_a_write_that_is_known_to_be_done_is_the_base_of_the_next_one(both: Both) -> None:
    both.erp.edit("A", name="newer")
    both.sent()
    both.store.edit("7", name="new")
    result = both.run()
    assert [(one.fields["name"].old, one.fields["name"].new) for one in result.changes] == [("new", "newer")]


@pytest.mark.parametrize("takes_later", [False, True])
def test_what_was_sent_of_a_field_that_was_taken_out_since_is_written_down_and_stops_nothing(
    both: Both, takes_later: bool
) -> None:
    fields = {"name": FieldChange("old", "new", "erp changed"), "stock": FieldChange(5, 8, "erp changed by +3", 3)}
    change = both.sent(fields)
    both.store.takes_later = takes_later
    both.store.marks[change.id] = "7"
    both.store.edit("7", name="new", stock=8)
    both.erp.edit("A", name="new")
    both.erp.mapping = both.store.mapping = mapping(field("name", truth="erp-wins"))
    result = both.run()
    assert (result.status, result.error) == ("done", "")
    assert both.outcome()[0] != "sent"
    assert both.link.base["stock"] == 5
