"""What becomes of a person's answer to a conflict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncengine.state import State
from tests.memory import Memory
from tests.running import field, mapping, run


@pytest.fixture
def state() -> Iterator[State]:
    with State.in_memory() as opened:
        yield opened


def held(state: State, **how: object) -> tuple[Memory, Memory]:
    """Two sides with one field that both have changed."""
    fields = mapping(field("shelf", truth="ask"))
    erp, store = Memory("erp", fields, **how), Memory("store", fields)  # type: ignore[arg-type]
    erp.edit("A", sku="A", shelf="1")
    run(erp, store, state)
    erp.edit("A", shelf="2")
    store.edit(next(iter(store.records)), shelf="3")
    assert run(erp, store, state).waiting == 1
    answer(state, "erp")
    return erp, store


def answer(state: State, take: str) -> None:
    with state.transaction():
        state.journal.answer(state.journal.conflicts()[0].id, {"take": take})


def test_an_answer_that_could_not_be_written_is_not_asked_for_again(state: State) -> None:
    erp, store = held(state)
    store.fault = lambda: "refuse"
    assert run(erp, store, state).waiting == 1
    store.fault = lambda: None
    done = run(erp, store, state)
    assert done.waiting == 0
    assert [one["shelf"] for one in store.records.values()] == ["2"]


def test_an_answer_is_carried_out_by_handing_it_over(state: State) -> None:
    erp, store = held(state, takes_later=True)
    answer(state, "store")
    assert run(erp, store, state).waiting == 0
    erp.take_in()
    assert not run(erp, store, state).changes
    assert erp.records["A"]["shelf"] == "3"


def test_an_answer_does_not_cover_a_value_that_nobody_was_shown(state: State) -> None:
    erp, store = held(state)
    erp.edit("A", shelf="9")
    again = run(erp, store, state)
    assert (again.waiting, again.changes) == (1, [])
    assert [one["shelf"] for one in store.records.values()] == ["3"]
    conflict = state.journal.conflicts()[0]
    assert (conflict.erp, conflict.store, conflict.answer) == ("9", "3", None)


def test_a_value_that_was_not_kept_is_tried_again_when_its_record_changes(state: State) -> None:
    fields = mapping(field("price"), field("sale", truth="erp"))
    erp, store = Memory("erp", fields), KeepsNoSale("store", fields)
    erp.edit("A", sku="A", price="5", sale="4")
    run(erp, store, state)
    store.keeps_none = True
    erp.edit("A", sale="3")
    assert [change.status for change in run(erp, store, state).changes] == ["failed"]
    assert run(erp, store, state).changes == []
    store.keeps_none = False
    erp.edit("A", price="6")
    run(erp, store, state)
    assert [(one["price"], one["sale"]) for one in store.records.values()] == [("6", "3")]


class KeepsNoSale(Memory):
    """A store that drops a sale price without a word, as long as it is told to."""

    keeps_none = False

    def edit(self, key: str, **cells: object) -> None:
        super().edit(key, **(cells | {"sale": None} if self.keeps_none else cells))
