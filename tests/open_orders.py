"""A shop that sells, and an ERP that imports its orders, books them, and exports its stock and its numbers whenever it
likes. What it exports arrives later, in the order in which it was made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from syncengine.endpoints import Cursor
from syncengine.mapping import Field, StoreSide
from syncengine.records import JobResult
from syncengine.sandbox import Request, Response
from syncengine.values import Type
from tests.catalogue import Company, Shop, catalogue
from tests.memory import Memory, MemoryPull

__all__ = ["ALIVE", "MAPPING", "Trade"]

NUMBER = "_erp_document"
ALIVE = ("processing", "on-hold", "completed")
GOODS = {"P1": 5, "P2": 5, "V1": 5}
MAPPING = replace(
    catalogue(
        Field("sku", "sku", "sku", truth="erp"),
        Field("name", "name", "name", truth="erp"),
        Field("price", "price", "regular_price", Type("money"), truth="erp", empty="ignore"),
        Field("color", "color", "attribute:Color", truth="erp"),
        Field("manage", None, "manage_stock", Type("boolean"), constant=True, has_constant=True, only_to="store"),
        Field("stock", "stock", "stock_quantity", Type("integer"), only_to="store", empty="ignore", reserves=True),
    ),
    store=StoreSide({}, f"meta:{NUMBER}"),
)


@dataclass
class ExportPull(MemoryPull):
    exports: int = 0
    news: bool | None = None

    def cursor(self, forget: Collection[str]) -> Cursor:
        return Cursor({"at": self.position, "exports": self.exports})


@dataclass
class Exports(Memory):
    """What the ERP has exported last; where it is `live`, what it has. `exports` counts what has arrived, also where
    nothing is different in it."""

    exports: int = 0
    live: bool = False
    on_pull: Callable[[], None] = lambda: None
    after_pull: Callable[[], None] = lambda: None

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> ExportPull:
        self.on_pull()
        pull = super().pull(cursor, wanted, full=full)
        news = None if self.live else cursor.position.get("exports", self.exports) != self.exports
        found = ExportPull(**vars(pull), exports=self.exports, news=news)
        self.after_pull()
        return found


class BusyShop(Shop):
    """Something may happen in it while it is asked."""

    happens: Callable[[str], None] = staticmethod(lambda _: None)

    def handle(self, request: Request) -> Response:
        orders = request.path.endswith("/orders") and request.method == "GET"
        if request.path.endswith("/batch"):
            self.happens("before a batch")
        elif orders:
            self.happens("before orders")
        response = super().handle(request)
        if orders:
            self.happens("after orders")
        return response


@dataclass
class Export:
    """A stock as the ERP exported it, and the orders that it had booked by then."""

    stock: dict[str, int]
    booked: frozenset[int]


@dataclass
class Trade:
    """Both sides. `numbered` are the orders whose number has reached the shop, `happens` what is to happen in the
    middle of a run."""

    company: Company = field(default_factory=lambda: Company(MAPPING))
    stock: dict[str, int] = field(default_factory=lambda: dict(GOODS))
    imported: list[int] = field(default_factory=list)
    booked: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    numbered: set[int] = field(default_factory=set)
    on_the_way: deque[Export | list[int]] = field(default_factory=deque)
    happens: dict[str, Callable[[], None]] = field(default_factory=dict)
    arrived: Export = field(default_factory=lambda: Export(dict(GOODS), frozenset()))

    def __post_init__(self) -> None:
        mapping = self.company.mapping
        self.erp = self.company.erp = Exports("erp", mapping, writable=False)
        self.company.shop.close()
        self.shop = BusyShop(clock=self.company.clock)
        self.company.shop = self.shop
        self.shop.happens = lambda when: self.happens.get(when, lambda: None)()
        self.erp.after_pull = lambda: self.shop.happens("after the erp")
        for key in ("P1", "P2", "P3"):
            self.company.row(key, sku=key, name=key, price="10.00", stock=GOODS.get(key))
        self.company.row("V1", sku="V1", parent="P3", color="Red", price="10.00", stock=GOODS["V1"])
        self.erp.exports += 1
        self.erp.on_pull = self.show_all
        self.manager = httpx.Client(
            base_url="https://shop.test/wp-json/wc/v3/orders",
            transport=self.shop.transport(),
            auth=("ck_sandbox", "cs_sandbox"),
        )

    def close(self) -> None:
        self.manager.close()
        self.company.close()

    def run(self, **options: Any) -> JobResult:
        return self.company.run(**options)

    # -- the shop

    def sell(self, sku: str, quantity: int, status: str = "processing") -> int:
        made = self.shop.place_order({sku: quantity}, paid=False)["id"]
        if status != "pending":
            self.shop.edit_order(made, status=status)
        return int(made)

    def move(self, order: int, status: str) -> None:
        self.shop.edit_order(order, status=status)

    def take_back(self, order: int) -> None:
        """One unit of an order comes back, and its money is paid back."""
        (line,) = self.shop.order(order)["line_items"]
        of_it = [{"id": line["id"], "quantity": 1, "refund_total": 1}]
        refund = {"amount": "1.00", "api_refund": False, "api_restock": True, "line_items": of_it}
        assert self.manager.post(f"/{order}/refunds", json=refund).status_code == 201

    def delete(self, order: int, *, force: bool) -> None:
        """Into the trash, or for good."""
        assert self.manager.delete(f"/{order}", params={"force": str(force).lower()}).status_code == 200

    def in_shop(self, sku: str) -> int:
        return int(self.shop.product_by_sku(sku)["stock_quantity"])

    def open(self, sku: str) -> dict[int, int]:
        """The units that orders of the shop have of what is sold, by order."""
        found: dict[int, int] = {}
        for order in self.shop.orders():
            for line in order["line_items"]:
                taken = next((row["value"] for row in line["meta_data"] if row["key"] == "_reduced_stock"), 0)
                if line["sku"] == sku and order["status"] in ALIVE:
                    found[order["id"]] = int(taken)
        return found

    # -- the ERP

    def take_over(self) -> None:
        """It imports all orders of the shop that it has not seen yet."""
        orders = {order["id"]: order["status"] for order in self.shop.orders()}
        self.imported += [one for one, status in orders.items() if status in ALIVE and one not in self.imported]

    def book(self, order: int) -> None:
        """What was ordered is gone from its stock, as the shop tells it by now."""
        if order in self.booked:
            return
        self.booked.add(order)
        for sku in self.stock:
            self.stock[sku] -= self.open(sku).get(order, 0)

    def export_stock(self) -> None:
        self.on_the_way.append(Export(dict(self.stock), frozenset(self.booked)))

    def export_numbers(self) -> None:
        self.on_the_way.append(sorted(self.booked - self.told))
        self.told |= self.booked

    def arrive(self) -> None:
        """The next thing that the ERP has exported is there."""
        if not self.on_the_way:
            return
        found = self.on_the_way.popleft()
        if isinstance(found, Export):
            if not self.erp.live:
                self.show(found)
            return
        there = {order["id"] for order in self.shop.orders()}
        for order in there & {*found}:
            self.numbered.add(order)
            self.shop.edit_order(order, meta_data=[{"key": NUMBER, "value": f"R-{order}"}])

    def show(self, export: Export) -> None:
        self.arrived = export
        self.erp.exports += 1
        for key, number in export.stock.items():
            if self.erp.records[key]["stock"] != number:
                self.erp.edit(key, stock=number)

    def show_all(self) -> None:
        """Who reads it live sees what it has."""
        if self.erp.live:
            self.show(Export(dict(self.stock), frozenset(self.booked)))

    def deliver(self) -> None:
        while self.on_the_way:
            self.arrive()
