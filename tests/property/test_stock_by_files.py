"""A shop and an ERP that both sell and buy, and tell each other by files: what the shop has sold lies in a file until
the ERP takes it, which imports it some time later, and shows what it has in an export later still.

Whatever comes in between, both end at what they began with and all that was sold and bought since. Until then the shop
never offers more than there is, but for what a movement of the ERP hides that looks exactly like ours.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from syncengine.engine.job import JobRun
from syncengine.mapping import ErpSide
from syncengine.records import JobResult
from syncengine.state import State
from tests.memory import KilledError, Memory
from tests.running import field, mapping, run

START, WITHIN = 500, timedelta(hours=12)
FAULTS = ["refuse", "lost", "dropped", "half", "kill"]
DAYS = st.sampled_from(
    [
        ("take", "import", "move", "export"),
        ("move", "export", "take", "import"),
        ("import", "move", "export", "take"),
        ("take", "move", "import"),
        ("import", "export"),
        ("move", "export"),
        ("take",),
    ]
)
few = st.integers(-5, 5)


class Counting(RuleBasedStateMachine):
    """`in_erp` is what the ERP has; what it shows stands in its endpoint. By itself it moves by multiples of `own`."""

    own = 1

    def __init__(self) -> None:
        super().__init__()
        self.state = State.in_memory()
        self.now = datetime(2026, 11, 21, tzinfo=UTC)
        self.clock = patch.object(JobRun, "now", lambda _: self.now)
        self.clock.start()
        self.handed_over_at: dict[str, datetime] = {}
        counter = field("stock", "integer", "sum", by_difference=True)
        mapped = mapping(counter, erp=ErpSide("memory", "sku", write_to="out.csv", import_within=WITHIN))
        self.erp, self.store = Memory("erp", mapped), Memory("store", mapped)
        self.erp.edit("A", sku="A", stock=START)
        assert self.run().status == "done"
        (self.at,) = self.store.records
        self.erp.takes_later = True
        self.in_erp = self.moved = START
        self.taken = deque[tuple[datetime, int]]()  # what the ERP has taken and not imported: until when it will, by
        self.imported: list[datetime] = []  # what it has imported and not shown: until when it will

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            self.clock.stop()
            self.state.close()

    # -- what happens

    @rule(by=few)
    def move_in_shop(self, by: int) -> None:
        self.store.edit(self.at, stock=self.in_shop + by)
        self.moved += by

    @rule(in_shop=few, acts=DAYS, by=few, files=st.integers(1, 3), hours=st.integers(0, 8))
    def a_day(self, in_shop: int, acts: tuple[str, ...], by: int, files: int, hours: int) -> None:
        self.move_in_shop(in_shop)
        self.run_well()
        for act in acts:
            match act:
                case "take":
                    self.take_files_away(files)
                case "import":
                    self.import_files(files)
                case "move":
                    self.move_in_erp(by)
                case "export":
                    self.export()
        self.time_passes(hours)
        self.run_well()

    def move_in_erp(self, by: int) -> None:
        self.in_erp += by * self.own
        self.moved += by * self.own

    def take_files_away(self, files: int) -> None:
        """In the order in which they were written. One that has lain there too long is imported at once."""
        for change in self.erp.handed_over[:files]:
            by, until = change.fields["stock"].difference, self.handed_over_at[change.id] + WITHIN
            assert isinstance(by, int)
            self.taken.append((until, by))
        del self.erp.handed_over[:files]
        self.keep_promises()

    def import_files(self, files: int) -> None:
        for _ in range(min(files, len(self.taken))):
            until, by = self.taken.popleft()
            self.in_erp += by
            self.imported.append(until)

    def export(self) -> None:
        if self.erp.records["A"]["stock"] != self.in_erp:
            self.erp.edit("A", stock=self.in_erp)
        self.imported.clear()

    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.keep_promises()

    @rule(faults=st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=3))
    def run_with_faults(self, faults: list[str | None]) -> None:
        queue = list(faults)
        self.erp.fault = self.store.fault = lambda: queue.pop(0) if queue else None
        try:
            self.run()
        except KilledError:
            self.state.connection.rollback()
        finally:
            self.erp.fault = self.store.fault = lambda: None

    def run_well(self) -> None:
        self.run()
        assert self.run().changes == []
        self.check_offer()

    # -- what must hold

    def check_offer(self) -> None:
        """Whether the shop offers too much is told where every number says what it is made of."""

    def come_to_rest(self) -> None:
        """A movement of the ERP may hide one of ours to the unit: a person is warned then, until it moves otherwise."""
        self.run()
        self.everything_arrives()
        result = self.run()
        self.run()
        assert (self.in_shop, self.in_erp) == (self.moved, self.moved) or result.warnings, self.flying
        self.move_in_erp(1000 // self.own)
        self.export()
        self.run()
        self.run()
        assert (self.in_shop, self.in_erp, self.flying) == (self.moved, self.moved, {})
        assert self.run().changes == []

    def everything_arrives(self) -> None:
        self.take_files_away(len(self.erp.handed_over))
        self.import_files(len(self.taken) or 1)
        self.export()
        self.now += WITHIN + timedelta(hours=1)

    # -- how it is told

    def run(self) -> JobResult:
        try:
            return run(self.erp, self.store, self.state)
        finally:
            for change in self.erp.handed_over:
                self.handed_over_at.setdefault(change.id, self.now)

    def keep_promises(self) -> None:
        """What the ERP has taken it has imported, and shows, before it is late."""
        while self.taken and self.taken[0][0] <= self.now:
            self.import_files(1)
        if any(until <= self.now for until in self.imported):
            self.export()

    @property
    def in_shop(self) -> int:
        return int(self.store.records[self.at]["stock"])

    @property
    def flying(self) -> object:
        return self.state.links.by_identifier("job", "erp", ["A"])[0].in_flight


class CountingApart(Counting):
    """The ERP moves by thousands, the shop by ones: so no movement of the one looks like one of the other."""

    own = 1000

    def check_offer(self) -> None:
        not_shown = self.in_erp - self.erp.records["A"]["stock"]
        known = self.moved - round(not_shown, -3)  # without what the ERP moved and does not show yet
        assert self.in_shop <= known, (self.in_shop, known, self.flying)


TestCounting = Counting.TestCase
TestCountingApart = CountingApart.TestCase
TestCounting.settings = TestCountingApart.settings = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
