"""The guards: what stops a run before its first write, and how it may pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncengine.engine.guard import allows, shown
from syncengine.engine.job import Options
from syncengine.mapping import Gone
from syncengine.records import JobResult
from syncengine.settings import Guards, Limit
from syncengine.state import State
from tests.memory import Memory, MemoryPull
from tests.running import MANY, field, mapping, run

FIELDS = [field("name", truth="erp")]
OFF = Limit(share=Decimal(1))


def share(text: str) -> Limit:
    return Limit(share=Decimal(text))


class Both:
    """Thirty records in step."""

    def __init__(self, state: State, records: int = 30) -> None:
        self.state = state
        self.mapping = mapping(*FIELDS, gone=Gone(from_erp="delete"))
        self.erp, self.store = Memory("erp", self.mapping), Memory("store", self.mapping)
        for number in range(records):
            self.erp.edit(f"A-{number}", sku=f"A-{number}", name="n")
        if records:
            self.run()

    def run(self, guards: Guards = MANY, signatures: dict[str, str] | None = None, **options: Any) -> JobResult:
        return run(self.erp, self.store, self.state, Options(**options), guards, signatures)

    def change(self, number: int) -> None:
        for at in range(number):
            self.erp.edit(f"A-{at}", name="changed")

    def remove(self, number: int) -> None:
        for at in range(number):
            self.erp.remove(f"A-{at}")


@pytest.fixture
def both() -> Iterator[Both]:
    with State.in_memory() as state:
        yield Both(state)


def stopped(result: JobResult) -> tuple[str, str]:
    assert (result.status, result.exit_code) == ("stopped", 4)
    assert result.stopped_by is not None
    return result.stopped_by


@pytest.mark.parametrize(
    ("limit", "number", "linked", "passes"),
    [
        (Limit(count=3), 3, 1_000, True),
        (Limit(count=3), 4, 1_000, False),
        (Limit(count=0), 0, 1_000, True),
        (Limit(count=0), 1, 1_000, False),
        (share("0.5"), 5, 10, True),
        (share("0.5"), 6, 10, False),
        (share("0.05"), 1, 20, True),
        (share("0.05"), 1, 19, False),
        (share("0"), 1, 10, False),
        (share("1"), 99, 10, True),
        (share("0.5"), 0, 0, True),
        (share("0.5"), 1, 0, False),
    ],
)
def test_a_limit_is_a_count_or_a_share_of_the_linked_records(
    limit: Limit, number: int, linked: int, passes: bool
) -> None:
    assert allows(limit, number, linked) == passes


def test_limits_are_shown_as_they_are_written() -> None:
    assert [shown(one) for one in (Limit(count=3), share("0.5"), share("0.125"), share("0"))] == [
        "3",
        "50%",
        "12.5%",
        "0%",
    ]


@pytest.mark.parametrize("options", [{"force": True}, {}])
def test_too_many_changes_stop_the_run_before_its_first_write(both: Both, options: dict[str, bool]) -> None:
    both.change(16)
    writes, limit = both.store.writes, Guards(max_changes=share("0.5"), max_deletes=OFF)
    result = both.run(limit, **options)
    if options:
        assert (result.status, both.store.writes) == ("done", writes + 16)
        return
    name, message = stopped(result)
    assert name == "max-changes"
    assert "16 of 30 linked records would be changed; guards.max_changes is 50%" in message
    assert "--max-changes" in message and "--force" in message
    assert both.store.writes == writes
    assert stopped(both.run(limit, dry_run=True)) == (name, message)
    assert both.run(Guards(max_changes=share("0.54"), max_deletes=OFF)).status == "done"
    assert both.store.writes == writes + 16


def test_exactly_at_the_limit_a_run_passes(both: Both) -> None:
    both.change(15)
    assert both.run(Guards(max_changes=share("0.5"), max_deletes=OFF)).status == "done"


def test_a_stopped_run_leaves_everything_to_the_next_one(both: Both) -> None:
    both.change(16)
    both.run(Guards(max_changes=Limit(count=15)))
    assert len(both.run().changes) == 16


def test_a_careful_first_run_is_judged_by_all_that_is_linked_in_it() -> None:
    with State.in_memory() as state:
        both = Both(state, 0)
        for number in range(10):
            both.erp.edit(f"A-{number}", sku=f"A-{number}", name="erp's")
            both.store.edit(str(number), sku=f"A-{number}", name="store's")
        limit = Guards(max_changes=share("0.5"), max_deletes=OFF)
        assert both.run(limit, limit=6).status == "stopped"
        assert both.run(limit, limit=5).status == "done"


def test_creates_are_not_counted(both: Both) -> None:
    for number in range(100, 200):
        both.erp.edit(f"A-{number}", sku=f"A-{number}", name="n")
    assert both.run(Guards(max_changes=Limit(count=0), max_deletes=Limit(count=0))).status == "done"


def test_updates_count_in_a_first_run_too() -> None:
    with State.in_memory() as state:
        both = Both(state, 0)
        for number in range(30):
            both.erp.edit(f"A-{number}", sku=f"A-{number}", name="erp's")
            both.store.edit(str(number), sku=f"A-{number}", name="store's" if number < 20 else "erp's")
        name, message = stopped(both.run(Guards(max_changes=share("0.5"), min_rows=0)))
        assert (name, "20 of 30" in message) == ("max-changes", True)


def test_a_record_that_changes_on_both_sides_counts_once(both: Both) -> None:
    both.mapping = replace(both.mapping, fields=both.mapping.fields | {"stock": field("stock", "integer", "sum")})
    both.erp.mapping = both.store.mapping = both.mapping
    for side in (both.erp, both.store):
        for key in side.records:
            side.edit(key, stock=5)
    both.run()
    both.erp.edit("A-1", stock=6)
    both.store.edit(next(iter(both.store.records)), stock=4)
    result = both.run(Guards(max_changes=Limit(count=2)))
    assert result.status == "done"


def test_too_many_deletes_stop_the_run(both: Both) -> None:
    both.remove(2)
    name, message = stopped(both.run(Guards(max_changes=OFF, max_deletes=share("0.05")), full=True))
    assert name == "max-deletes"
    assert "2 of 30 linked records would be deleted; guards.max_deletes is 5%" in message
    assert len(both.store.records) == 30
    assert both.run(Guards(max_changes=OFF, max_deletes=share("0.07")), full=True).status == "done"
    assert len(both.store.records) == 28


def test_every_record_at_once_is_suspicious_from_twenty_on(both: Both) -> None:
    both.change(30)
    assert stopped(both.run(Guards(max_changes=share("0.99"), max_deletes=OFF)))[0] == "max-changes"
    name, message = stopped(both.run(Guards(max_changes=Limit(count=100), max_deletes=OFF)))
    assert (name, "every one of 30 linked records" in message) == ("all-changed", True)
    assert both.run(Guards(max_changes=OFF, max_deletes=OFF)).status == "done"


def lost(both: Both, number: int) -> None:
    """So many records have left the ERP, and the mapping keeps their products."""
    both.mapping = both.erp.mapping = both.store.mapping = replace(both.mapping, gone=Gone(from_erp="keep"))
    both.remove(number)
    both.run(full=True)
    assert sum(one.lost == "erp" for one in both.state.links.paired("job")) == number


def change_the_rest(both: Both) -> None:
    for key in both.erp.records:
        both.erp.edit(key, name="changed")


def test_a_record_that_is_gone_does_not_make_a_change_of_all_others_less_suspicious(both: Both) -> None:
    lost(both, 1)
    change_the_rest(both)
    assert stopped(both.run(Guards(max_changes=Limit(count=100))))[0] == "all-changed"


def test_a_share_is_one_of_the_records_that_are_there(both: Both) -> None:
    lost(both, 10)
    change_the_rest(both)
    name, message = stopped(both.run(Guards(max_changes=share("0.99"))))
    assert (name, "20 of 20 linked records" in message) == ("max-changes", True)


def test_records_that_are_back_count_among_those_that_are_there(both: Both) -> None:
    lost(both, 10)
    for number in range(10):
        both.erp.edit(f"A-{number}", sku=f"A-{number}", name="back")
    assert both.run(Guards(max_changes=share("0.34"))).status == "done"
    assert {one["name"] for one in both.store.records.values()} == {"n", "back"}
    lost(both, 10)
    for number in range(10):
        both.erp.edit(f"A-{number}", sku=f"A-{number}", name="back again")
    change_the_rest(both)
    name, message = stopped(both.run(Guards(max_changes=Limit(count=100))))
    assert (name, "every one of 30" in message) == ("all-changed", True)


def test_every_record_of_a_few_is_not_suspicious() -> None:
    with State.in_memory() as state:
        both = Both(state, 19)
        both.change(19)
        assert both.run(Guards(max_changes=Limit(count=100))).status == "done"


def test_an_empty_source_stops_the_run(both: Both) -> None:
    both.remove(30)
    name, message = stopped(both.run(Guards(max_changes=OFF, max_deletes=OFF)))
    assert (name, "the erp has 0 rows, and guards.min_rows is 1" in message) == ("min-rows", True)
    assert len(both.store.records) == 30


def test_a_sharply_shrunken_side_stops_the_run(both: Both) -> None:
    both.remove(16)
    name, message = stopped(both.run())
    assert (name, "the erp has 14 records and had 30 at its last full read" in message) == ("shrunken", True)
    assert both.run(force=True).status == "done"
    assert both.run().status == "done"


def test_a_side_with_half_its_records_is_not_yet_suspicious(both: Both) -> None:
    both.remove(15)
    assert both.run().status == "done"


def test_what_a_source_finds_suspicious_itself_stops_the_run(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    pull: Callable[..., MemoryPull] = both.erp.pull

    def suspicious(*asked: Any, **more: Any) -> MemoryPull:
        pulled = pull(*asked, **more)
        pulled.guards = [("missing-column", "products.csv has no column 'VK' any more")]
        return pulled

    monkeypatch.setattr(both.erp, "pull", suspicious)
    assert stopped(both.run()) == (
        "missing-column",
        "products.csv has no column 'VK' any more. If that is right, pass --force.",
    )
    assert both.run(force=True).status == "done"


@pytest.mark.parametrize("side", ["erp", "store"])
def test_another_system_than_the_state_was_made_with_stops_the_run(
    both: Both, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getattr(both, side), "identity", lambda: "https://another.example")
    name, message = stopped(both.run())
    assert name == f"another-{side}"
    assert f"memory {side}" in message and "https://another.example" in message and "--force" in message
    assert both.run(force=True).status == "done"
    assert both.run().status == "done"


def test_a_mapping_that_means_something_else_stops_the_run_and_names_what(both: Both) -> None:
    both.run(signatures={"": "keys", "name": "1", "price": "2"})
    assert both.run(signatures={"": "keys", "name": "1", "price": "2", "new": "3"}).status == "done"
    name, message = stopped(both.run(signatures={"": "keys", "name": "another", "price": "2"}))
    assert (name, "since the last run: name." in message, "--rebase" in message) == ("mapping-changed", True, True)
    assert "the keys" in stopped(both.run(signatures={"": "others", "name": "1", "price": "2"}))[1]
    assert stopped(both.run(signatures={"": "others"}, force=True))[0] == "mapping-changed"
    assert both.run(signatures={"": "keys", "name": "1"}).status == "done"


def test_a_stopped_run_remembers_neither_the_new_system_nor_the_new_mapping(both: Both) -> None:
    both.run(signatures={"": "keys", "name": "1"})
    for _ in range(2):
        assert stopped(both.run(signatures={"": "keys", "name": "2"}))[0] == "mapping-changed"
    last = both.state.journal.last_run("job")
    assert last is not None and last.status == "stopped"
