"""A mapping that changes: what the next run takes up by itself, what needs `--rebase`, and what neither may lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from syncengine.engine.job import JobRun, Options
from syncengine.engine.run import run_job
from syncengine.errors import CannotRun
from syncengine.mapping import ErpSide, Field, Gone, Mapping, field_signature, key_signature
from syncengine.records import JobResult
from syncengine.settings import Guards, Limit
from syncengine.state import State
from syncengine.state.ledger import Ledger
from syncengine.values import Type
from tests.memory import KilledError, Memory
from tests.running import MANY, Silent, field, mapping, numbers

READ_ONLY = ErpSide("memory", "sku")
WRITTEN = mapping().erp
TABLES = ("link", "change", "checkpoint", "conflict", "job")
NONE = Guards(max_changes=Limit(count=0), max_deletes=Limit(share=Decimal(1)))


class Both:
    """Two sides with four records in step, each with a number and a shelf."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.erp, self.store = Memory("erp", mapping()), Memory("store", mapping())
        for at in range(4):
            self.erp.edit(f"A-{at}", sku=f"A-{at}", number=f"{at}", shelf="old")
        self.use(field("number"), field("shelf", truth="ask"))
        self.run()

    def use(self, *fields: Field, **more: Any) -> None:
        self.mapping = self.erp.mapping = self.store.mapping = self.of(*fields, **more)

    @staticmethod
    def of(*fields: Field, **more: Any) -> Mapping:
        made = mapping(*fields, **more)
        return replace(made, digest=repr([made.fields, made.match_by]))

    def run(self, guards: Guards = MANY, **options: Any) -> JobResult:
        name = f"run-{next(numbers)}"
        result = JobResult("job", name, options.get("dry_run", False), datetime.now(UTC))
        signatures = {"": key_signature(self.mapping)} | {
            name: field_signature(one) for name, one in self.mapping.fields.items()
        }
        parts = (self.mapping, self.erp, self.store, self.state, guards, Options(**options), Silent(), result)
        return run_job(JobRun("job", name, *parts, signatures), "sqlite://")

    def saved(self) -> dict[str, Any]:
        return {name: self.state.connection.execute(text(f"SELECT * FROM {name}")).all() for name in TABLES}

    def in_store(self, sku: str, **cells: Any) -> dict[str, Any]:
        """The store's record of a SKU, edited if there is something to edit."""
        key = next(key for key, known in self.store.records.items() if known["sku"] == sku)
        if cells:
            self.store.edit(key, **cells)
        return self.store.records[key]


@pytest.fixture
def both() -> Iterator[Both]:
    with State.in_memory() as state:
        yield Both(state)


def writes(result: JobResult) -> list[tuple[str, str | None, str, Any, str]]:
    return [
        (change.side, change.key, name, what.new, what.why)
        for change in result.changes
        for name, what in change.fields.items()
    ]


# A rebase lasts only with its plan


def as_numbers(both: Both) -> None:
    """The number is one from now on: a field of another type starts without a base."""
    both.use(field("number", "integer"), field("shelf", truth="ask"))


def by_sku_only(both: Both) -> None:
    """Records are matched otherwise from now on: no link holds."""
    both.mapping = replace(both.mapping, match_by=("sku",))


def ask_about_a_shelf(both: Both) -> None:
    both.erp.edit("A-1", shelf="the erp's")
    both.in_store("A-1", shelf="the shop's")
    (held,) = both.run().held
    with both.state.transaction():
        both.state.journal.answer(held.id, {"take": "store"})


def stopped_by_a_guard(both: Both, _: pytest.MonkeyPatch) -> None:
    assert (both.run(NONE, rebase=True).stopped_by or ("",))[0] == "max-changes"


def failed(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    def pull(*_: Any, **__: Any) -> Any:
        raise CannotRun("the store refuses the key")

    with monkeypatch.context() as patched:
        patched.setattr(both.erp, "pull", pull)
        assert both.run(rebase=True).exit_code == 3


def killed_while_it_saves_its_plan(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(*_: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "plan", plan)
        with pytest.raises(KilledError):
            both.run(rebase=True)


def only_looked_at(both: Both, _: pytest.MonkeyPatch) -> None:
    assert both.run(rebase=True, dry_run=True).changes


@pytest.mark.parametrize("change", [as_numbers, by_sku_only])
@pytest.mark.parametrize("end", [stopped_by_a_guard, failed, killed_while_it_saves_its_plan, only_looked_at])
def test_a_rebase_that_comes_to_no_plan_leaves_the_state_as_it_was(
    both: Both,
    change: Callable[[Both], None],
    end: Callable[[Both, pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask_about_a_shelf(both)
    both.in_store("A-2", number="777")
    saved, former = both.saved(), both.mapping
    change(both)
    end(both, monkeypatch)
    assert both.saved() == saved
    both.mapping = both.erp.mapping = both.store.mapping = former
    assert sorted(writes(both.run())) == [
        ("erp", "A-1", "shelf", "the shop's", "you took store"),
        ("erp", "A-2", "number", "777", "store changed"),
    ]


def test_a_rebase_that_is_killed_while_it_writes_is_taken_up_where_it_was(both: Both) -> None:
    as_numbers(both)
    for at in range(3):
        both.erp.edit(f"A-{at}", number=f"7{at}")
    both.store.fault = lambda: "kill"
    with pytest.raises(KilledError):
        both.run(rebase=True)
    both.store.fault = lambda: None
    assert both.run().exit_code == 0
    assert [both.in_store(f"A-{at}")["number"] for at in range(4)] == [70, 71, 72, "3"]
    assert both.run(full=True).changes == []


def test_a_dry_run_with_rebase_tells_what_the_run_does(both: Both) -> None:
    both.in_store("A-2", number="777")
    as_numbers(both)
    expected = [("store", "A-2", "number", 2, "first meeting: the erp is right")]
    assert writes(both.run(rebase=True, dry_run=True)) == expected
    assert writes(both.run(rebase=True)) == expected
    assert both.run().changes == []


# A field with another name


def renamed(**more: Any) -> list[Field]:
    return [field("number"), replace(field("shelf", truth="ask"), name="regal", **more)]


def test_a_field_that_only_has_another_name_keeps_what_was_agreed(both: Both) -> None:
    both.in_store("A-1", shelf="the shop's")
    both.erp.edit("A-2", shelf="the erp's")
    both.use(*renamed())
    expected = [
        ("erp", "A-1", "regal", "the shop's", "store changed"),
        ("store", "A-2", "regal", "the erp's", "erp changed"),
    ]
    saved = both.saved()
    assert (sorted(writes(both.run(dry_run=True))), both.saved()) == (expected, saved)
    assert sorted(writes(both.run())) == expected
    assert both.run(full=True).changes == []


def test_a_field_may_have_another_name_and_another_truth_at_once(both: Both) -> None:
    both.erp.edit("A-2", shelf="the erp's")
    both.use(*renamed(truth="store"))
    assert writes(both.run()) == [("erp", "A-2", "regal", "old", "put back: the store is right")]


def test_a_question_is_asked_on_under_the_new_name_of_its_field(both: Both) -> None:
    ask_about_a_shelf(both)
    both.use(*renamed())
    assert writes(both.run()) == [("erp", "A-1", "regal", "the shop's", "you took store")]
    assert both.state.journal.conflicts("job") == []


def test_a_name_that_was_given_up_says_nothing_about_a_later_field(both: Both) -> None:
    both.use(*renamed())
    both.run()
    both.use(field("number"), field("shelf", truth="ask", erp="place", store="place"))
    for at in range(4):
        both.erp.edit(f"A-{at}", place="new")
        both.in_store(f"A-{at}", place=None)
    result = both.run()
    assert result.status == "done"
    assert {one[2:] for one in writes(result)} == {("shelf", "new", "first meeting: it was empty")}


def test_what_is_in_flight_is_read_back_under_the_new_name(both: Both) -> None:
    both.use(field("number"), field("shelf", truth="store-wins"), erp=replace(WRITTEN, write_to="out.csv"))
    both.erp.takes_later = True
    both.in_store("A-1", shelf="the shop's")
    assert [one.status for one in both.run().changes] == ["in-flight"]
    both.use(*renamed(truth="store-wins"), erp=both.mapping.erp)
    both.erp.edit("A-1", number="9")
    assert [one[:4] for one in writes(both.run())] == [("store", "A-1", "number", "9")]
    both.erp.handed_over[0].fields = {"regal": both.erp.handed_over[0].fields["shelf"]}
    both.erp.take_in()
    assert both.run().changes == []
    assert both.state.links.awaiting("job") == []


def test_what_was_done_about_a_loss_is_taken_back_under_the_new_name(both: Both) -> None:
    status = Field("shown", "status", "status", truth="erp")
    for at in range(4):
        both.erp.edit(f"A-{at}", status="publish")
        both.in_store(f"A-{at}", status="publish")
    both.use(status, gone=Gone(from_erp="draft"))
    both.run()
    cells = dict(both.erp.records["A-1"])
    both.erp.remove("A-1")
    both.run(full=True)
    assert both.in_store("A-1")["status"] == "draft"
    both.use(replace(status, name="state"), gone=Gone(from_erp="draft"))
    both.erp.edit("A-1", **cells)
    assert writes(both.run()) == [("store", "A-1", "state", "publish", "it is back in the erp")]
    assert both.run(full=True).changes == []


# Another rule for values that stayed apart


@pytest.fixture
def apart(both: Both) -> Both:
    """The ERP is only read, and a record has another shelf in the shop, which is right about it."""
    both.use(field("number"), field("shelf", truth="store-wins"), erp=READ_ONLY)
    both.in_store("A-1", shelf="the shop's")
    result = both.run()
    assert (result.unwritten, result.changes) == (1, [])
    return both


def test_where_another_side_is_right_from_now_on_values_that_stayed_apart_meet_anew(apart: Both) -> None:
    apart.use(field("number"), field("shelf", truth="erp"), erp=READ_ONLY)
    expected = [("store", "A-1", "shelf", "old", "first meeting: the erp is right")]
    saved = apart.saved()
    assert (writes(apart.run(dry_run=True)), apart.saved()) == (expected, saved)
    assert writes(apart.run()) == expected
    assert apart.run(full=True).changes == []


def test_where_a_further_side_is_written_from_now_on_values_that_stayed_apart_meet_anew(apart: Both) -> None:
    apart.use(field("number"), field("shelf", truth="store-wins"))
    assert writes(apart.run()) == [("erp", "A-1", "shelf", "the shop's", "first meeting: the store is right")]
    assert apart.run(full=True).changes == []


def test_a_field_that_travelled_one_way_and_now_goes_both_meets_anew_where_it_stayed_apart(both: Both) -> None:
    both.use(field("number"), field("shelf", truth="store-wins", only_to="store"))
    both.in_store("A-1", shelf="the shop's")
    assert both.run().unwritten == 1
    both.use(field("number"), field("shelf", truth="store-wins"))
    assert writes(both.run()) == [("erp", "A-1", "shelf", "the shop's", "first meeting: the store is right")]


def test_what_stays_as_it_was_leaves_values_apart_as_they_are(apart: Both) -> None:
    apart.use(field("number", truth="erp"), field("shelf", truth="store-wins"), erp=READ_ONLY)
    for options in ({}, {"full": True}):
        result = apart.run(**options)
        assert (result.changes, result.held, result.status) == ([], [], "done")


def test_a_guard_judges_what_meets_anew_and_a_stopped_run_asks_again(apart: Both) -> None:
    apart.use(field("number"), field("shelf", truth="erp"), erp=READ_ONLY)
    for _ in range(2):
        assert (apart.run(NONE).stopped_by or ("",))[0] == "max-changes"
    assert len(apart.run().changes) == 1


def test_two_counters_stand_apart_by_right_and_stay_so(both: Both) -> None:
    for at in range(4):
        both.erp.edit(f"A-{at}", stock=10)
        both.in_store(f"A-{at}", stock=None)
    both.use(field("number"), field("stock", "integer", "sum"), erp=READ_ONLY)
    both.run()
    both.in_store("A-1", stock=7)
    assert both.run().unwritten == 1
    both.use(field("number"), field("stock", "integer", "sum"))
    assert both.run().changes == []
    both.erp.edit("A-1", stock=12)
    both.run()
    assert (both.erp.records["A-1"]["stock"], both.in_store("A-1")["stock"]) == (12, 9)


def test_images_have_names_of_each_side_s_own_and_are_not_fetched_again(both: Both) -> None:
    images = replace(field("images"), type=Type("list", ordered=True))
    for at in range(4):
        both.erp.edit(f"A-{at}", images=["https://erp/a.jpg"])
        both.in_store(f"A-{at}", images=["https://shop/a.jpg"])
    both.use(field("number"), images)
    both.run()
    links = both.state.links
    for link in list(links.paired("job")):  # as the store answers when it has fetched them
        link.account("images", ["https://erp/a.jpg"], ["https://shop/x-1.jpg"])
        with both.state.transaction():
            links.save([link])
        both.store.records[link.store_id or ""]["images"] = ["https://shop/x-1.jpg"]
    both.use(field("number"), replace(images, truth="erp"))
    assert both.run(full=True).changes == []


def test_values_of_an_erp_that_tells_only_changes_stay_apart_until_one_changes(apart: Both) -> None:
    """Its rows cannot be read again, and the shop's value must not pass for the ERP's."""
    apart.use(field("number"), field("shelf", truth="erp"), erp=replace(WRITTEN, complete=False))
    assert apart.run().changes == []
    apart.erp.edit("A-1", shelf="new")
    assert writes(apart.run()) == [("store", "A-1", "shelf", "new", "erp changed")]
