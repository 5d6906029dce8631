"""The sandbox itself: a shop that answers requests, keeps what was written, and fails when it is told to."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syncengine.sandbox import listing, products, routes, schema, shown
from syncengine.sandbox.auth import Gate, Key, basic_pair
from syncengine.sandbox.faults import Dice, Fault
from syncengine.sandbox.messages import ApiError, Dropped, FatalError, LoggedRequest, Request, Response
from syncengine.sandbox.seed import fill
from syncengine.sandbox.site import Site, utc_now
from syncengine.sandbox.store import Product, Store

if TYPE_CHECKING:
    import httpx

LONGEST_TARGET = 8190  # what the web server in front of a store takes for a path with its query
LOG_LENGTH = 100_000
DEFAULT_KEY = Key("ck_sandbox", "cs_sandbox", "read_write")


class Sandbox:
    """An embedded WooCommerce store on SQLite (FACTS-WOOCOMMERCE says how it behaves).

    `state` is the database, `seed` how many products an empty one is filled with. `workers` bounds how many requests
    are worked on at once (0: no bound), `item_cost` is what each saved object costs in milliseconds. `clock` gives the
    store's own time, `zone` its time zone, `home` the address that it believes to have (default: the one called).
    """

    slow_seconds = 1.0  # how long the fault `slow` holds a request

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        keys: Sequence[Key] = (DEFAULT_KEY,),
        seed: int = 0,
        faults: Sequence[Fault] = (),
        fault_seed: int = 0,
        workers: int = 0,
        item_cost: float = 0.0,
        clock: Callable[[], datetime] | None = None,
        home: str | None = None,
        zone: str = "Europe/Berlin",
    ) -> None:
        self.site = Site(Store(state), ZoneInfo(zone), clock or utc_now, item_cost / 1000)
        self.home = home
        self._gate = Gate(keys)
        self._fault_seed = fault_seed
        self._dice = Dice(faults, fault_seed)
        self._worker: AbstractContextManager[Any] = threading.BoundedSemaphore(workers) if workers else nullcontext()
        self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
        with self.site.store.work():
            self.site.uncategorized()
            fill(self.site, seed)

    def close(self) -> None:
        self.site.store.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- faults and the log

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force; setting them starts their dice afresh."""
        return self._dice.faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self._dice = Dice(faults, self._fault_seed)

    @property
    def requests(self) -> list[LoggedRequest]:
        """What was asked of it, oldest first; the last 100,000."""
        return list(self._log)

    def reset_log(self) -> None:
        self._log.clear()

    # -- requests

    def handle(self, request: Request) -> Response:
        """Answers a request; raises Dropped where the connection is to be closed without a reply."""
        status = 0
        try:
            response = self._answer(request)
            status = response.status
        finally:
            self._log.append(
                LoggedRequest(request.method, request.path, request.query_string, status, len(request.body))
            )
        home = self._home(request)
        headers = [("Date", format_datetime(self.site.clock(), usegmt=True)), *response.headers]
        if not any(name == "Link" for name, _ in response.headers):
            headers.append(("Link", f'<{home}{routes.ROOT}/>; rel="https://api.w.org/"'))
        return Response(response.status, b"" if request.method == "HEAD" else response.body, tuple(headers))

    def transport(self) -> httpx.BaseTransport:
        """A transport for httpx that calls this sandbox without a socket."""
        from syncengine.sandbox.mount import Mount  # noqa: PLC0415 - httpx is slow to import, and a server needs none

        return Mount(self)

    def _home(self, request: Request) -> str:
        return self.home or f"{request.scheme}://{request.host}"

    def _answer(self, request: Request) -> Response:
        if len(request.path) + len(request.query_string) > LONGEST_TARGET:
            return Response.html(414, "414 Request-URI Too Large")
        if not request.path.startswith(routes.ROOT):
            return Response.html(404, "404 Not Found")
        if not request.path.startswith(routes.NAMESPACE):
            return self._outside(request)
        is_batch = request.method in ("POST", "PUT", "PATCH") and request.path.rstrip("/").endswith("/batch")
        match self._dice.draw(is_batch=is_batch):
            case None:
                return self._work(request)
            case "drop-before":
                raise Dropped
            case "drop-after":
                self._work(request)
                raise Dropped
            case "half-batch":
                return self._work(request, half=True)
            case "slow":
                return self._work(request, delay=self.slow_seconds)
            case "busy-429":
                body = {"code": "too_many_requests", "message": "Too many requests.", "data": {"status": 429}}
                return Response.json(429, body, (("Retry-After", "1"),))
            case "busy-503":
                return Response.html(503, "503 Service Temporarily Unavailable")
            case _:
                return Response.json(500, FatalError().body())

    def _outside(self, request: Request) -> Response:
        """What WordPress itself answers. It takes Basic credentials for a user's: a consumer key is unknown to it."""
        if request.scheme == "https" and basic_pair(request.headers):
            message = "<strong>Error:</strong> Unknown username. Check again or try your email address."
            return Response.json(401, ApiError(401, "invalid_username", message).body())
        if request.path.rstrip("/") == routes.ROOT and request.method in ("GET", "HEAD"):
            return Response.json(200, self.site.index(self._home(request)))
        return Response.json(404, routes.no_route().body())

    def _work(self, request: Request, *, half: bool = False, delay: float = 0.0) -> Response:
        with self._worker:
            if delay:
                time.sleep(delay)
            home = self._home(request)
            try:
                admitted = self._gate.admit(request, home, self.site.clock().timestamp())
                return routes.answer(routes.Call(self.site, request, home, admitted, half))
            except ApiError as error:
                return Response.json(error.status, error.body())

    # -- what happens in the shop without the REST API

    def edit_product(self, product_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager saves a product: the fields are set, its date moves. Returns the product."""
        return self._edited(product_id, fields, bump=True)

    def edit_silently(self, product_id: int, **fields: Any) -> dict[str, Any]:
        """A plug-in writes into the tables: the fields change, no date moves (FACTS-WOOCOMMERCE, 5)."""
        return self._edited(product_id, fields, bump=False)

    def sell(self, product_id: int, quantity: int = 1) -> dict[str, Any]:
        """An order takes stock: its date moves."""
        with self.site.store.work():
            product = products.found(self.site, product_id)
            product.fields["total_sales"] = product.fields.get("total_sales", 0) + quantity
            products.update(self.site, product, {"inventory_delta": -quantity})
        return self.product(product_id)

    def _edited(self, product_id: int, fields: dict[str, Any], *, bump: bool) -> dict[str, Any]:
        with self.site.store.work():
            products.update(self.site, products.found(self.site, product_id), fields, bump=bump)
        return self.product(product_id)

    def create_product(self, **fields: Any) -> dict[str, Any]:
        """A shop manager makes a product. Returns it."""
        with self.site.store.work():
            return self._shown(products.create(self.site, fields))

    def delete_product(self, product_id: int) -> None:
        """A shop manager deletes a product for good."""
        with self.site.store.work():
            self.site.store.remove_product(products.found(self.site, product_id).id)

    def _shown(self, product: Product) -> dict[str, Any]:
        return shown.product(self.site, product, self.home or "http://localhost", edit=False)

    def product(self, product_id: int) -> dict[str, Any]:
        """One product, whole, as the REST API shows it; raises ApiError if there is none."""
        with self.site.store.lock:
            return self._shown(products.found(self.site, product_id))

    def product_by_sku(self, sku: str) -> dict[str, Any]:
        """The product of that SKU, whole; raises KeyError if there is none outside the trash."""
        with self.site.store.lock:
            found, _ = listing.found(self.site, {**schema.defaults(schema.PRODUCT_LIST), "sku": sku})
            if not found:
                raise KeyError(sku)
            return self._shown(found[0])

    def products(self, **query: Any) -> list[dict[str, Any]]:
        """All products outside the trash, whole, by id; `query` filters as a list's parameters do."""
        asked = {**schema.defaults(schema.PRODUCT_LIST), "orderby": "id", "order": "asc", "per_page": -1, **query}
        with self.site.store.lock:
            return [self._shown(product) for product in listing.found(self.site, asked)[0]]
