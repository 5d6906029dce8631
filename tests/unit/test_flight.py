"""What is on its way to the ERP: stock as differences, and records that are to be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncengine.engine.job import JobRun, Options
from syncengine.mapping import ErpSide, Gone, Mapping
from syncengine.records import JobResult
from syncengine.state import State
from tests.memory import Memory
from tests.running import field, mapping, run

BY_FILES = mapping(
    field("stock", "integer", "sum", by_difference=True),
    field("name", truth="store-wins"),
    erp=ErpSide("memory", "sku", write_to="out.csv", import_within=timedelta(hours=12)),
)


class Both:
    """An ERP that is told by files, and its shop; both have 10 of A."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.now = datetime(2026, 11, 21, tzinfo=UTC)
        self.use(BY_FILES)
        self.erp.edit("A", sku="A", stock=10, name="Cup")
        self.run()
        (self.at,) = self.store.records
        self.erp.takes_later = True

    def use(self, changed: Mapping) -> None:
        self.erp, self.store = Memory("erp", changed), Memory("store", changed)

    def mapped(self, **changed: Any) -> None:
        self.erp.mapping = self.store.mapping = replace(self.erp.mapping, **changed)

    def run(self, **options: Any) -> JobResult:
        return run(self.erp, self.store, self.state, Options(**options))

    def sells(self, number: int) -> None:
        self.store.edit(self.at, stock=self.shop - number)

    def shows(self, stock: int) -> None:
        self.erp.edit("A", stock=stock)

    def takes_away(self) -> list[int]:
        """The files, without importing them yet."""
        taken = [one.fields["stock"].difference for one in self.erp.handed_over]
        self.erp.handed_over.clear()
        return [by for by in taken if isinstance(by, int)]

    def waits(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def in_erp(self, key: str) -> dict[str, Any]:
        return self.erp.records[key]

    @property
    def shop(self) -> int:
        return int(self.store.records[self.at]["stock"])


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    with State.in_memory() as state:
        opened = Both(state)
        monkeypatch.setattr(JobRun, "now", lambda _: opened.now)
        yield opened


def described(result: JobResult) -> list[tuple[str, str, str | None]]:
    return [(change.side, change.action, change.key) for change in result.changes]


# Stock as differences


def test_what_an_earlier_version_handed_over_is_read_back_as_well(both: Both) -> None:
    both.sells(3)
    both.run()
    with both.state.transaction():
        (link,) = both.state.links.awaiting("job")
        link.in_flight = {"stock": [{name: link.in_flight["stock"][0][name] for name in ("by", "was")}]}
        both.state.links.save([link])
    both.shows(9)
    both.run()
    assert both.shop == 6
    both.waits(hours=13)
    both.shows(6)
    both.run()
    assert both.shop == 6
    assert both.state.links.awaiting("job") == []


def test_what_the_erp_sells_before_it_imports_does_not_bring_back_what_the_shop_has_sold(both: Both) -> None:
    both.sells(3)
    both.run()
    both.shows(9)
    both.run()
    assert both.shop == 6
    both.shows(6)
    assert (both.run().changes, both.shop) == ([], 6)
    both.shows(8)
    both.run()
    assert both.shop == 8


def test_what_may_have_been_imported_counts_when_it_was_taken_away_long_enough_ago(both: Both) -> None:
    both.sells(3)
    both.run()
    both.takes_away()
    both.shows(12)  # 10 - 3 + 5, or 10 + 2
    both.run()
    assert both.shop == 9
    both.waits(12)
    assert (both.run().changes, both.shop) == ([], 9)
    both.waits(1)
    assert described(both.run()) == [("store", "update", "A")]
    assert (both.shop, both.run().changes, both.run(full=True).changes) == (12, [], [])


def test_what_was_taken_away_long_ago_counts_as_imported_at_the_first_movement_of_the_erp(both: Both) -> None:
    both.sells(3)
    both.run()
    both.takes_away()
    both.waits(13)
    both.shows(12)
    both.run()
    assert (both.shop, both.run().changes) == (12, [])


def test_what_lies_where_it_was_put_counts_as_not_imported_however_long_and_is_reported(both: Both) -> None:
    both.sells(3)
    both.run()
    both.shows(9)
    both.run()
    both.waits(100)
    (warning,) = both.run().warnings
    assert warning.startswith("1 record was handed to the erp more than 12 hours ago and not imported since: A.")
    assert "take away" in warning
    assert both.shop == 6


def test_an_unmoved_number_says_that_a_difference_was_not_imported_however_long_ago_it_was_taken(both: Both) -> None:
    both.sells(3)
    both.run()
    both.takes_away()
    both.waits(100)
    (warning,) = both.run(full=True).warnings
    assert "take away" not in warning
    assert both.shop == 7


def test_what_the_shop_got_back_counts_as_imported_in_doubt(both: Both) -> None:
    both.sells(-3)
    both.run()
    both.shows(9)  # 10 - 1, or 10 + 3 - 4
    both.run()
    assert both.shop == 9
    both.shows(12)
    both.run()
    assert both.shop == 12


def test_of_several_differences_in_doubt_so_many_count_that_least_is_left(both: Both) -> None:
    for number in (2, -5, 1):
        both.sells(number)
        both.run()
    both.shows(100)
    both.run()
    assert both.shop == 99  # 100 with all but the last one
    both.shows(99)
    assert (both.run().changes, both.shop) == ([], 99)


def test_a_wrong_guess_is_put_right_by_the_import(both: Both) -> None:
    """The ERP has sold just as many as the shop before it imports what the shop sold."""
    both.sells(3)
    both.run()
    both.shows(7)
    both.run()
    both.shows(4)
    both.run()
    assert both.shop == 4


def test_a_movement_in_the_shop_that_takes_back_one_on_its_way_is_handed_over_too(both: Both) -> None:
    both.sells(1)
    both.run()
    both.sells(-1)
    both.run()
    assert (both.takes_away(), both.shop, both.run().changes) == ([-1, 1], 10, [])
    both.shows(9)
    both.run()
    both.shows(10)
    assert (both.run().changes, both.shop) == ([], 10)


def test_it_is_not_overdue_what_was_handed_over_after_something_that_has_arrived(both: Both) -> None:
    both.sells(3)
    both.run()
    both.waits(10)
    both.sells(1)
    both.run()
    both.shows(7)
    both.run()
    both.waits(5)
    assert both.run().warnings == []
    both.waits(8)
    assert len(both.run().warnings) == 1


# Records to be made


def new_in_shop(both: Both, sku: str = "N") -> str:
    both.store.next_id += 1
    key = str(both.store.next_id)
    both.store.edit(key, sku=sku, name="Bowl")
    return key


def skus(side: Memory) -> list[str]:
    return sorted(cells["sku"] for cells in side.records.values())


def test_a_new_product_that_is_renamed_before_the_erp_has_made_it_is_still_one(both: Both) -> None:
    key = new_in_shop(both)
    assert described(both.run()) == [("erp", "create", "N")]
    both.store.edit(key, sku="M", name="Dish")
    assert both.run().changes == []
    both.erp.take_in()
    both.run()
    both.erp.take_in()
    both.run()
    assert (skus(both.erp), skus(both.store)) == (["A", "N"], ["A", "N"])  # truth = "erp"
    assert both.in_erp("N")["name"] == "Dish"
    assert both.run(full=True).changes == []


def test_another_product_cannot_have_the_key_of_one_that_the_erp_is_about_to_make(both: Both) -> None:
    first = new_in_shop(both)
    both.run()
    both.store.edit(first, sku="M")
    both.run()
    second = new_in_shop(both)
    result = both.run()
    assert result.changes == []
    assert [(one.key, one.reason) for one in result.rejects] == [
        (second, "another record that was handed to the erp has its key, N")
    ]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("what", "held", "there"), [("ask", 1, False), ("keep", 0, False), ("recreate", 0, True)])
def test_a_new_product_that_is_gone_before_the_erp_has_made_it_is_gone_from_the_store(
    both: Both, what: str, held: int, *, there: bool, full: bool
) -> None:
    both.mapped(gone=Gone(from_store=what))  # type: ignore[arg-type]
    key = new_in_shop(both)
    both.run()
    both.store.remove(key)
    assert both.run(full=full).changes == []
    both.erp.take_in()
    result = both.run(full=full)
    assert (len(result.held), "N" in skus(both.store)) == (held, there)
    both.waits(100)
    again = both.run(full=True)
    assert (again.changes, again.warnings, len(skus(both.store))) == ([], [], 1 + there)


@pytest.mark.parametrize(("take", "there"), [("erp", True), ("store", False)])
def test_who_was_asked_about_it_can_have_it_made_anew_or_let_it_go(both: Both, take: str, *, there: bool) -> None:
    key = new_in_shop(both)
    both.run()
    both.store.remove(key)
    both.erp.take_in()
    (held,) = both.run().held
    assert (held.key, held.why) == ("N", "it is gone from the store")
    with both.state.transaction():
        for conflict in both.state.journal.conflicts("job"):
            both.state.journal.answer(conflict.id, {"take": take})
    both.run(full=True)
    assert ("N" in skus(both.store), both.run(full=True).held) == (there, [])
