"""Runs of the engine between an ERP in memory and the shop of a sandbox: products, variations and images."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from syncengine.endpoints import View
from syncengine.endpoints.woocommerce.products import Products
from syncengine.engine.job import JobRun, Options
from syncengine.engine.run import run_job
from syncengine.mapping import ErpSide, Field, Gone, Mapping, StoreSide
from syncengine.records import JobResult
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.settings import Guards, WooCommerceConnection
from syncengine.state import State
from syncengine.values import Type
from tests.memory import KilledError, Memory
from tests.running import MANY, Silent

__all__ = ["FIELDS", "Clock", "Company", "Shop", "catalogue", "described"]

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
numbers = itertools.count(1)

FIELDS = (
    Field("sku", "sku", "sku", truth="erp"),
    Field("name", "name", "name", truth="erp-wins"),
    Field("price", "price", "regular_price", Type("money"), truth="erp", empty="ignore"),
    Field("color", "color", "attribute:Color", truth="erp"),
    Field("size", "size", "attribute:Size", truth="erp"),
)


def catalogue(*fields: Field, parent: str | None = "parent", **more: Any) -> Mapping:
    """A mapping of products, whose key `key` is in the ERP only, and of their variations."""
    only = more.pop("only", {})
    settings: dict[str, Any] = {
        "match_by": ("id", "sku"),
        "create_in_store": True,
        "create_in_erp": False,
        "gone": Gone(),
        "digest": "1",
        "erp": ErpSide("memory", "key", parent=parent, write_to="in-place"),
    } | more
    named = {one.name: one for one in (fields or FIELDS)}
    return Mapping("memory.toml", "product", store=StoreSide(only), fields=named, **settings)


class Clock:
    """The shop's clock: it moves only when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Shop(Sandbox):
    """A sandbox. `fault` is asked at each batch: None, one of the sandbox's own, "refuse" (nothing is done), or "kill"
    (half of it is done, and the process dies)."""

    fault: Callable[[], str | None] = staticmethod(lambda: None)
    batches = 0

    def handle(self, request: Request) -> Response:
        if not request.path.endswith("/batch"):
            return super().handle(request)
        self.batches += 1
        fault = self.fault()
        if fault == "refuse":
            return Response.json(400, {"code": "busy", "message": "Not now.", "data": {"status": 400}})
        if fault is None:
            return super().handle(request)
        self.faults = (Fault("half-batch" if fault == "kill" else fault, 1),)
        try:
            return super().handle(request)
        except Exception:
            if fault == "kill":
                raise KilledError from None
            raise
        finally:
            self.faults = ()

    def all(self) -> list[dict[str, Any]]:
        """Every product, in the trash or not, by id."""
        found = [*self.products(), *self.products(status="trash")]
        return sorted(found, key=lambda product: int(product["id"]))

    def below(self, product: int) -> list[dict[str, Any]]:
        """Every variation of a product that the shop shows."""
        return self.variations(product)


class Company:
    """An ERP, its shop, and the state between them."""

    def __init__(self, mapping: Mapping, state: State | None = None, **shop: Any) -> None:
        self.mapping = mapping
        self.clock = Clock()
        self.erp = Memory("erp", mapping, writable=mapping.erp.write_to is not None)
        self.shop = Shop(clock=self.clock, **shop)
        self.state = state or State.in_memory()

    def close(self) -> None:
        self.shop.close()
        self.state.close()

    def row(self, key: str, **cells: Any) -> None:
        """A row of the ERP, new or changed."""
        named = {"key": key} if "key" in self.mapping.paths("erp") else {}
        self.erp.edit(key, **named, **cells)

    def run(self, *, guards: Guards = MANY, signatures: dict[str, str] | None = None, **options: Any) -> JobResult:
        """One run; between two of them the shop's clock moves on."""
        chosen = Options(**options)
        name = f"run-{next(numbers)}"
        result = JobResult("job", name, chosen.dry_run, datetime.now(UTC))
        store = self.store(name, read_only=chosen.dry_run)
        job = JobRun(
            "job", name, self.mapping, self.erp, store, self.state, guards, chosen, Silent(), result, signatures or {}
        )
        try:
            told = run_job(job, "sqlite://")
        finally:
            store.close()
            self.clock.move(minutes=10)
        return told

    def store(self, run: str = "R1", *, read_only: bool = False) -> Products:
        """The shop as an endpoint. Without a socket and without waiting; a signature would need the true time."""
        keys = {"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"}
        connection = WooCommerceConnection(
            name="shop", type="woocommerce", url="https://shop.test", settle="0s", concurrency=1, **keys
        )
        view = View("job", "store", self.mapping, run, read_only=read_only)
        return Products(connection, view, self.shop.transport(), sleep=lambda _: None)

    def link(self, key: str) -> Any:
        """The saved link of an ERP key."""
        return self.state.links.by_identifier("job", "erp", [key])[0]

    def answer(self, take: str) -> None:
        """Answer every open conflict."""
        with self.state.transaction():
            for one in self.state.journal.conflicts("job"):
                self.state.journal.answer(one.id, {"take": take})


@contextmanager
def company(mapping: Mapping | None = None, **more: Any) -> Iterator[Company]:
    opened = Company(mapping or catalogue(), **more)
    try:
        yield opened
    finally:
        opened.close()


def described(result: JobResult | Sequence[Any]) -> list[tuple[Any, ...]]:
    """What was to be written, whatever became of it."""
    changes = result.changes if isinstance(result, JobResult) else result
    return sorted(
        (change.side, change.action, str(change.key), name, str(what.new), what.why)
        for change in changes
        for name, what in change.fields.items()
    )
