"""Both sides are edited at random, with runs, dry runs, failing, half-failing and killed writes in between; the
promises must hold whatever happens."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from syncengine.engine.job import Options
from syncengine.mapping import ErpSide
from syncengine.state import State
from syncengine.values import same
from tests.memory import KilledError, Memory
from tests.running import field, mapping, run

TEXTS = ("erp", "store", "erp-wins", "store-wins", "newest", "ask")
FIELDS = [
    *(field(f"text_{truth}", truth=truth) for truth in TEXTS),
    field("count", "integer", "sum"),
    field("labels", "list", "union"),
    field("price", "money", "erp"),
]
FAULTS = ["refuse", "lost", "dropped", "half", "kill"]
words = st.sampled_from(["", "a", "b", "c"])
labels = st.lists(st.sampled_from(["x", "y", "z"]), unique=True)
skus = st.sampled_from(["S1", "S2", "S3", "S4", "S5"])


class BothSidesMove(RuleBasedStateMachine):
    """`takes` is how the ERP takes writes: at once, later, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.in_memory()
        self.tick = 0

    @initialize(takes=st.sampled_from(["at once", "later", "never"]))
    def begin(self, takes: str) -> None:
        source = ErpSide("memory", "sku", write_to=None if takes == "never" else "in-place", modified="modified")
        self.mapping = mapping(*FIELDS, erp=source, create_in_erp=takes != "never")
        self.erp = Memory("erp", self.mapping, writable=takes != "never", takes_later=takes == "later")
        self.store = Memory("store", self.mapping)
        self.takes = takes
        self.totals: dict[str, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "erp"):
            self.come_to_rest()
        self.state.close()

    @rule(sku=skus, text=st.sampled_from(TEXTS), value=words)
    def edit_text_in_erp(self, sku: str, text: str, value: str) -> None:
        self.edit(self.erp, sku, **{f"text_{text}": value})

    @rule(sku=skus, text=st.sampled_from(TEXTS), value=words)
    def edit_text_in_store(self, sku: str, text: str, value: str) -> None:
        if (key := self.store_key(sku)) is not None:
            self.edit(self.store, key, **{f"text_{text}": value})

    @rule(sku=skus, by=st.integers(-3, 3), in_store=st.booleans())
    def count(self, sku: str, by: int, *, in_store: bool) -> None:
        side, key = (self.store, self.store_key(sku)) if in_store else (self.erp, sku)
        if key is not None and key in side.records and side.records[key]["count"] is not None:
            self.edit(side, key, count=side.records[key]["count"] + by)

    @rule(sku=skus, value=labels, in_store=st.booleans())
    def label(self, sku: str, value: list[str], *, in_store: bool) -> None:
        side, key = (self.store, self.store_key(sku)) if in_store else (self.erp, sku)
        if key is not None and key in side.records:
            self.edit(side, key, labels=value)

    @rule(sku=skus, cents=st.integers(0, 500))
    def price(self, sku: str, cents: int) -> None:
        if sku in self.erp.records:
            self.edit(self.erp, sku, price=str(Decimal(cents) / 100))

    @rule(sku=skus, value=words)
    def add_in_erp(self, sku: str, value: str) -> None:
        if sku not in self.erp.records:
            self.edit(self.erp, sku, sku=sku, text_erp=value, count=5, labels=["x"], price="1.00")

    @rule(sku=skus, value=words)
    def add_in_store(self, sku: str, value: str) -> None:
        if self.store_key(sku) is None and sku not in self.erp.records:
            self.store.next_id += 1
            self.edit(self.store, str(self.store.next_id), sku=sku, text_store=value, count=2, labels=["y"])

    @rule(sku=skus, in_store=st.booleans())
    def remove(self, sku: str, *, in_store: bool) -> None:
        if in_store:
            self.store.remove(self.store_key(sku) or "")
        else:
            self.erp.remove(sku)

    @rule()
    def import_at_night(self) -> None:
        self.erp.take_in()

    @rule(faults=st.lists(st.sampled_from([None, *FAULTS]), max_size=4), full=st.booleans())
    def run_with_faults(self, faults: list[str | None], *, full: bool) -> None:
        queue = list(faults)
        self.erp.fault = self.store.fault = lambda: queue.pop(0) if queue else None
        try:
            run(self.erp, self.store, self.state, Options(full=full))
        except KilledError:
            self.state.connection.rollback()
        finally:
            self.erp.fault = self.store.fault = lambda: None

    @rule()
    def a_dry_run_tells_what_the_run_does(self) -> None:
        before = (dict(self.erp.records), dict(self.store.records), self.erp.writes, self.store.writes)
        if not self.state.ledger.has_open("job"):
            dump = list(self.state.connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
            told = run(self.erp, self.store, self.state, Options(dry_run=True))
            assert dump == list(self.state.connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
            assert before == (self.erp.records, self.store.records, self.erp.writes, self.store.writes)
            done = run(self.erp, self.store, self.state)
            assert described(told) == described(done)

    @rule()
    def rest(self) -> None:
        self.come_to_rest()

    @invariant()
    def no_record_is_there_twice(self) -> None:
        if hasattr(self, "store"):
            skus = [cells["sku"] for cells in self.store.records.values()]
            assert len(skus) == len(set(skus))

    def come_to_rest(self) -> None:
        for _ in range(4):
            run(self.erp, self.store, self.state)
            self.erp.take_in()
        result = run(self.erp, self.store, self.state)
        writes = self.erp.writes + self.store.writes
        again = run(self.erp, self.store, self.state, Options(full=True))
        assert self.erp.writes + self.store.writes == writes, [described(result), described(again)]
        self.accounted(again)
        held = {(one.key, one.field) for one in self.state.journal.conflicts("job")}
        for key, cells in self.erp.records.items():
            partner = self.store_key(key)
            link = self.state.links.by_identifier("job", "erp", [key])[0]
            if partner is None or link.store_id != partner:
                continue
            for one in self.mapping.fields.values():
                here, there = cells[one.name], self.store.records[partner][one.name]
                no_statement = one.empty == "ignore" and here is None
                left_alone = self.takes == "never" and one.truth != "erp"
                if (link.erp_key, one.name) in held or no_statement or left_alone:
                    continue
                values = [one.read("erp", here, self.erp.format), one.read("store", there, self.store.format)]
                assert same(*values), (key, one.name, one.truth, values, link)

    def accounted(self, result: Any) -> None:
        for side in ("erp", "store"):
            rejected = len({one.where for one in result.rejects if one.side == side})
            told = result.unchanged.of(side) + result.changed.of(side) + result.unlinked.of(side) + rejected
            assert told == result.read.of(side)

    def store_key(self, sku: str) -> str | None:
        return next((key for key, cells in self.store.records.items() if cells["sku"] == sku), None)

    def edit(self, side: Memory, key: str, **cells: Any) -> None:
        if key in side.records or "sku" in cells:
            self.tick += 1
            side.clock = max(self.erp.clock, self.store.clock, self.tick)
            side.edit(key, **cells)


def described(result: Any) -> list[tuple[Any, ...]]:
    return sorted(
        (change.side, change.action, str(change.key), name, str(what.new), what.why)
        for change in result.changes
        for name, what in change.fields.items()
    )


TestBothSidesMove = BothSidesMove.TestCase
TestBothSidesMove.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
