"""Days of sales, imports, bookings and exports in any order, with runs, failing writes and sales in the middle of runs.

The shop never offers more than there is, but for what is sold in the moment of a write, and it never offers less for
longer than one export.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.catalogue import described
from tests.memory import KilledError
from tests.open_orders import ALIVE, Export, Trade

FAULTS = ["refuse", "drop-before", "drop-after", "half-batch", "error-500", "kill"]
GOODS = ("P1", "P2", "V1")
goods = st.sampled_from(GOODS)
numbers = st.integers(0, 7)
ACTS = ("import", "book one", "export stock", "book all", "move", "export numbers", "export stock")
MOMENTS = ("before orders", "after orders", "after the erp", "before a batch")


class Market(RuleBasedStateMachine):
    """The shop, the ERP and what travels between them."""

    trade: Trade

    @initialize(live=st.sampled_from([False, False, True]))
    def begin(self, *, live: bool) -> None:
        """`live`: the ERP is read itself, and what it exports only lies about."""
        self.trade = Trade()
        self.trade.erp.live = live
        self.trade.run()
        self.known = [self.trade.arrived]  # what was read of the ERP since the last good run
        self.seen: dict[int, Export] = {}  # orders whose number a run has seen, and the export that was there then
        self.trade.erp.on_pull = self.note_export

    def teardown(self) -> None:
        if hasattr(self, "trade"):
            self.trade.shop.fault = lambda: None
            self.come_to_rest()
            self.trade.close()

    # -- in the shop

    @rule(sku=goods, quantity=st.integers(1, 3), status=st.sampled_from(["processing", "on-hold", "pending"]))
    def sell(self, sku: str, quantity: int, status: str) -> None:
        self.trade.sell(sku, quantity, status)

    @rule(at=numbers, status=st.sampled_from(["processing", "completed", "cancelled", "refunded", "failed"]))
    def move(self, at: int, status: str) -> None:
        """What the ERP has booked is not called off: it would have to book that, too."""
        orders = self.trade.shop.orders()
        if not orders:
            return
        found = orders[at % len(orders)]
        if found["id"] not in self.trade.booked or {found["status"], status} <= {*ALIVE}:
            self.trade.move(found["id"], status)

    @rule(at=numbers, how=st.sampled_from(["take back", "trash", "delete"]))
    def undo(self, at: int, how: str) -> None:
        orders = [one for one in self.trade.shop.orders(status=list(ALIVE)) if one["id"] not in self.trade.booked]
        if not orders:
            return
        order = orders[at % len(orders)]
        paid = float(order["total"]) + sum(float(refund["total"]) for refund in order["refunds"])
        if how != "take back":
            self.trade.delete(order["id"], force=how == "delete")
        elif paid > 0 and any(self.trade.open(sku).get(order["id"], 0) > 0 for sku in GOODS):
            self.trade.take_back(order["id"])

    @rule(sku=goods, number=st.integers(0, 9))
    def edit_in_shop(self, sku: str, number: int) -> None:
        self.trade.shop.edit_product(self.trade.shop.product_by_sku(sku)["id"], stock_quantity=number)

    # -- in the ERP

    @rule(
        acts=st.permutations(ACTS), left=st.integers(0, 3), sku=goods, by=st.integers(-2, 5), things=st.integers(0, 3)
    )
    def the_erp_works(self, acts: list[str], left: int, sku: str, by: int, things: int) -> None:
        """It does most of its daily work, in whatever order, and some of what it exports arrives."""
        trade = self.trade
        for act in acts[left:]:
            waiting = [one for one in trade.imported if one not in trade.booked]
            match act:
                case "import":
                    trade.take_over()
                case "book one" if waiting:
                    trade.book(waiting[0])
                case "book all":
                    for one in waiting:
                        trade.book(one)
                case "move":
                    trade.stock[sku] += by
                case "export stock":
                    trade.export_stock()
                case "export numbers":
                    trade.export_numbers()
        for _ in range(things):
            trade.arrive()

    @rule()
    def all_arrives(self) -> None:
        self.trade.deliver()

    # -- runs

    @rule(full=st.booleans())
    def run(self, *, full: bool) -> None:
        result = self.good_run(full=full)
        assert result.status == "done"

    @rule(sku=goods, quantity=st.integers(1, 3), arrives=st.integers(0, 3), when=st.sampled_from(MOMENTS))
    def run_while_something_happens(self, sku: str, quantity: int, arrives: int, when: str) -> None:
        """Somebody buys, and perhaps something arrives."""
        waiting = [1]

        def happens() -> None:
            if waiting:
                waiting.pop()
                self.trade.sell(sku, quantity)
                for _ in range(arrives):
                    self.trade.arrive()

        self.trade.happens[when] = happens
        try:
            self.good_run(full=bool(arrives % 2), moment={sku: quantity})
        finally:
            del self.trade.happens[when]

    @rule(
        faults=st.lists(st.sampled_from([None, *FAULTS]), min_size=1, max_size=4),
        full=st.booleans(),
        limit=st.sampled_from([None, None, 1]),
    )
    def run_with_faults(self, faults: list[str | None], limit: int | None, *, full: bool) -> None:
        queue = list(faults)
        self.trade.shop.fault = lambda: queue.pop(0) if queue else None
        before = self.shown()
        try:
            self.trade.run(full=full, limit=limit)
        except KilledError:
            self.trade.company.state.connection.rollback()
        finally:
            self.trade.shop.fault = lambda: None
        for sku in GOODS:
            most = max(self.there(export, sku) for export in self.known)
            assert self.trade.in_shop(sku) <= max(most, before[sku]), (sku, "oversold")

    @rule(full=st.booleans())
    def a_dry_run_tells_what_the_run_does(self, *, full: bool) -> None:
        if self.trade.company.state.ledger.has_open("job"):
            return
        before = (self.shown(), self.dump())
        told = self.trade.run(dry_run=True, full=full)
        assert before == (self.shown(), self.dump())
        assert described(told) == described(self.good_run(full=full))

    def good_run(self, *, full: bool = False, moment: dict[str, int] | None = None) -> Any:
        """A run without failures, after which the shop offers what there is."""
        numbered = set(self.trade.numbered)
        result = self.trade.run(full=full)
        export = self.known[-1]
        over = numbered if self.trade.erp.live else {one for one, there in self.seen.items() if there is not export}
        for sku in GOODS:
            offered, most, sold = self.trade.in_shop(sku), self.there(export, sku), (moment or {}).get(sku, 0)
            assert offered <= most + sold, (sku, "oversold", offered, most)
            least = export.stock[sku] - sum(units for one, units in self.trade.open(sku).items() if one not in over)
            assert offered >= least - sold, (sku, "understocked", offered, least)
        for one in numbered:
            self.seen.setdefault(one, export)
        self.known = [export]
        return result

    def come_to_rest(self) -> None:
        """When all is booked, told and exported, both have the same number."""
        for _ in range(2):
            self.trade.run(full=True)
        self.trade.take_over()
        for one in self.trade.imported:
            self.trade.book(one)
        self.trade.export_numbers()
        self.trade.deliver()
        self.trade.run()
        self.trade.export_stock()
        self.trade.deliver()
        self.trade.run()
        assert self.shown() == self.trade.stock
        batches = self.trade.shop.batches
        assert self.trade.run().changes == []
        assert self.trade.run(full=True).changes == []
        assert self.trade.shop.batches == batches
        assert self.trade.company.state.orders.open("job") == {}

    # -- what there is

    def note_export(self) -> None:
        self.trade.show_all()
        self.known.append(self.trade.arrived)

    def there(self, export: Export, sku: str) -> int:
        """What is left by an export, when all that was sold and was not in it yet is taken away."""
        return export.stock[sku] - sum(units for one, units in self.trade.open(sku).items() if one not in export.booked)

    def shown(self) -> dict[str, int]:
        return {sku: self.trade.in_shop(sku) for sku in GOODS}

    def dump(self) -> list[str]:
        return list(self.trade.company.state.connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]


TestMarket = Market.TestCase
TestMarket.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
