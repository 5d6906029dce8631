"""The sandbox itself: a shop that answers requests, keeps what was written, and fails when it is told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from syncengine.sandbox import goods, listing, parameters, products, schema, shown, variations
from syncengine.sandbox.auth import Gate, Key
from syncengine.sandbox.coupons import saving as coupons
from syncengine.sandbox.coupons.endpoint import found as found_coupons
from syncengine.sandbox.coupons.parameters import COUPON_LIST
from syncengine.sandbox.coupons.shown import coupon as shown_coupon
from syncengine.sandbox.customers import saving as customers
from syncengine.sandbox.customers import users
from syncengine.sandbox.customers.endpoint import found as found_customers
from syncengine.sandbox.customers.parameters import CUSTOMER_LIST
from syncengine.sandbox.customers.shown import customer as shown_customer
from syncengine.sandbox.faults import Dice, Fault
from syncengine.sandbox.front import Front
from syncengine.sandbox.messages import LoggedRequest, Request, Response
from syncengine.sandbox.orders import saving as orders
from syncengine.sandbox.orders.endpoint import found as found_orders
from syncengine.sandbox.orders.parameters import ORDER_LIST
from syncengine.sandbox.orders.shown import order as shown_order
from syncengine.sandbox.seed import fill, open_shop
from syncengine.sandbox.site import WOOCOMMERCE, WORDPRESS, Site, utc_now
from syncengine.sandbox.store import Product, Store
from syncengine.sandbox.tables import Record
from syncengine.sandbox.web import Web

if TYPE_CHECKING:
    import httpx

LOG_LENGTH = 100_000
DEFAULT_ZONE = "Europe/Berlin"
OWNER = "admin"
DEFAULT_KEY = Key("ck_sandbox", "cs_sandbox", "read_write")


class Sandbox:
    """An embedded WooCommerce store on SQLite (FACTS-WOOCOMMERCE says how it behaves).

    `state` is the database, `seed` how many products an empty one is filled with, `variations` how many each of them
    has. `workers` bounds how many requests are worked on at once (0: no bound), `item_cost` is what each saved object
    costs in milliseconds. `clock` gives the store's own time, `clock_offset` is by how many seconds that is wrong,
    `zone` its time zone, `home` the address that it believes to have (default: the one called).
    `application_passwords` are those of WordPress' users, by their names: the owner's is `admin`.

    What may be set up otherwise than a client expects: with `plain_permalinks` the API is at /?rest_route= only, a
    `firewall` answers for it with a page, `redirect_to` sends everything to another host, `woocommerce` and
    `wordpress` are the versions that it says to be.
    """

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        keys: Sequence[Key] = (DEFAULT_KEY,),
        application_passwords: Mapping[str, str] | None = None,
        seed: int = 0,
        variations: int = 0,
        faults: Sequence[Fault] = (),
        fault_seed: int = 0,
        workers: int = 0,
        item_cost: float = 0.0,
        clock: Callable[[], datetime] | None = None,
        clock_offset: float = 0.0,
        home: str | None = None,
        zone: str = DEFAULT_ZONE,
        plain_permalinks: bool = False,
        firewall: bool = False,
        redirect_to: str | None = None,
        woocommerce: str = WOOCOMMERCE,
        wordpress: str = WORDPRESS,
    ) -> None:
        right, wrong_by = clock or utc_now, timedelta(seconds=clock_offset)
        self.site = Site(
            Store(state),
            ZoneInfo(zone),
            lambda: right() + wrong_by,
            item_cost / 1000,
            plain_permalinks=plain_permalinks,
            woocommerce=woocommerce,
            wordpress=wordpress,
        )
        self.home = home
        self._fault_seed = fault_seed
        gate = Gate(keys, application_passwords or {})
        self._web = Web(self.site, gate, Front(firewall, redirect_to), Dice(faults, fault_seed), workers)
        self._log: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)
        with self.site.store.work():
            open_shop(self.site, OWNER)
            fill(self.site, seed, variations)

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
        return self._web.dice.faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self._web.dice = Dice(faults, self._fault_seed)

    @property
    def slow_seconds(self) -> float:
        """How long the fault `slow` holds a request."""
        return self._web.slow_seconds

    @slow_seconds.setter
    def slow_seconds(self, seconds: float) -> None:
        self._web.slow_seconds = seconds

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
            response = self._web.answer(request, self.home or f"{request.scheme}://{request.host}")
            status = response.status
        finally:
            self._log.append(
                LoggedRequest(request.method, request.path, request.query_string, status, len(request.body))
            )
        date = ("Date", format_datetime(self.site.clock(), usegmt=True))
        body = b"" if request.method == "HEAD" else response.body
        return Response(response.status, body, (date, *response.headers))

    def transport(self) -> httpx.BaseTransport:
        """A transport for httpx that calls this sandbox without a socket."""
        from syncengine.sandbox.mount import Mount  # noqa: PLC0415 - httpx is slow to import, and a server needs none

        return Mount(self)

    # -- what happens in the shop without the REST API

    def edit_product(self, product_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager saves a product: the fields are set, its date moves. Returns the product."""
        return self._edited(product_id, fields, bump=True)

    def edit_silently(self, product_id: int, **fields: Any) -> dict[str, Any]:
        """A plug-in writes into the tables: the fields change, no date moves (FACTS-WOOCOMMERCE, 5)."""
        return self._edited(product_id, fields, bump=False)

    def sell(self, product_id: int, quantity: int = 1) -> dict[str, Any]:
        """An order takes stock of a product or a variation, or of the product whose stock the variation's is."""
        with self.site.store.work():
            sold = products.found(self.site, product_id)
            if goods.move_stock(self.site, sold, -quantity) is None:
                goods.save(self.site, sold, {})
            goods.count_sales(self.site, product_id, quantity)
        return self.product(product_id)

    def place_order(
        self, lines: Mapping[int, int] | Mapping[str, int], *, paid: bool = True, **fields: Any
    ) -> dict[str, Any]:
        """A customer orders at the checkout: `lines` are quantities by the id or SKU of what is ordered.

        `paid`: the payment came at once, so that stock is taken. `fields` are an order's, such as `customer_id` and
        `billing`. Returns the order.
        """
        items = [
            {"product_id" if isinstance(each, int) else "sku": each, "quantity": quantity}
            for each, quantity in lines.items()
        ]
        with self.site.store.work():
            params = {"created_via": "checkout", **fields, "line_items": items, "set_paid": paid}
            return self._shown_order(orders.create(self.site, params))

    def edit_order(self, order_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager saves an order: the fields are set, its date moves. Returns the order."""
        with self.site.store.work():
            order = orders.found(self.site, order_id)
            orders.update(self.site, order, fields)
            return self._shown_order(order)

    def order(self, order_id: int) -> dict[str, Any]:
        """One order, whole, as /orders/{id} shows it; raises ApiError if there is none."""
        with self.site.store.lock:
            return self._shown_order(orders.found(self.site, order_id))

    def orders(self, **query: Any) -> list[dict[str, Any]]:
        """All orders outside the trash, whole, by id; `query` filters as a list's parameters do."""
        with self.site.store.lock:
            found, _ = found_orders(self.site, _everything(ORDER_LIST, query))
            return [self._shown_order(order) for order in found]

    def create_customer(self, **fields: Any) -> dict[str, Any]:
        """Somebody registers in the shop. Returns the customer."""
        with self.site.store.work():
            return shown_customer(self.site, customers.create(self.site, fields))

    def create_user(self, username: str, email: str, *roles: str) -> dict[str, Any]:
        """WordPress makes a user, who has no date until WooCommerce saves them. Returns the customer."""
        with self.site.store.work():
            made = users.create(self.site, {"username": username, "email": email, "roles": list(roles)})
            return shown_customer(self.site, made)

    def edit_customer(self, customer_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager saves a customer: the fields are set, the date moves. Returns the customer."""
        return self._edited_customer(customer_id, fields, bump=True)

    def edit_customer_silently(self, customer_id: int, **fields: Any) -> dict[str, Any]:
        """A plug-in writes into the tables: the fields change, no date moves (FACTS-WOOCOMMERCE, 12)."""
        return self._edited_customer(customer_id, fields, bump=False)

    def set_role(self, customer_id: int, *roles: str) -> dict[str, Any]:
        """A plug-in gives a user other roles; no date moves. Returns the customer."""
        with self.site.store.work():
            customer = customers.found(self.site, customer_id)
            customer.fields["roles"] = list(roles)
            self.site.store.customers.put(customer)
        return self.customer(customer_id)

    def delete_customer(self, customer_id: int) -> None:
        """A customer is gone for good."""
        with self.site.store.work():
            customers.remove(self.site, customers.found(self.site, customer_id))

    def customer(self, customer_id: int) -> dict[str, Any]:
        """One user, whole, as /customers/{id} shows them; raises ApiError if there is none."""
        with self.site.store.lock:
            return shown_customer(self.site, customers.found(self.site, customer_id))

    def customers(self, **query: Any) -> list[dict[str, Any]]:
        """All customers, whole, by id; `query` filters as a list's parameters do, `role="all"` are all users."""
        with self.site.store.lock:
            found, _ = found_customers(self.site, _everything(CUSTOMER_LIST, query))
            return [shown_customer(self.site, customer) for customer in found]

    def _edited_customer(self, customer_id: int, fields: dict[str, Any], *, bump: bool) -> dict[str, Any]:
        with self.site.store.work():
            customers.update(self.site, customers.found(self.site, customer_id), fields, bump=bump)
        return self.customer(customer_id)

    def create_coupon(self, **fields: Any) -> dict[str, Any]:
        """A shop manager makes a coupon. Returns it."""
        with self.site.store.work():
            return shown_coupon(self.site, coupons.create(self.site, fields))

    def edit_coupon(self, coupon_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager saves a coupon; its date moves with its code, description and status only. Returns it."""
        with self.site.store.work():
            coupons.update(self.site, coupons.found(self.site, coupon_id), fields)
        return self.coupon(coupon_id)

    def delete_coupon(self, coupon_id: int) -> None:
        """A coupon is gone for good."""
        with self.site.store.work():
            self.site.store.coupons.remove(coupons.found(self.site, coupon_id).id)

    def coupon(self, coupon_id: int) -> dict[str, Any]:
        """One coupon, whole, as /coupons/{id} shows it; raises ApiError if there is none."""
        with self.site.store.lock:
            return shown_coupon(self.site, coupons.found(self.site, coupon_id))

    def coupons(self, **query: Any) -> list[dict[str, Any]]:
        """All coupons that a list has, whole, by id; `query` filters as a list's parameters do."""
        with self.site.store.lock:
            found, _ = found_coupons(self.site, _everything(COUPON_LIST, query))
            return [shown_coupon(self.site, coupon) for coupon in found]

    def _shown_order(self, order: Record) -> dict[str, Any]:
        return shown_order(self.site, order, self.home or "http://localhost")

    def _edited(self, product_id: int, fields: dict[str, Any], *, bump: bool) -> dict[str, Any]:
        with self.site.store.work():
            goods.save(self.site, products.found(self.site, product_id), fields, bump=bump)
        return self.product(product_id)

    def create_product(self, **fields: Any) -> dict[str, Any]:
        """A shop manager makes a product. Returns it."""
        with self.site.store.work():
            return self._shown(products.create(self.site, fields))

    def create_variation(self, product_id: int, **fields: Any) -> dict[str, Any]:
        """A shop manager makes a variation of a product. Returns it as `variations` does."""
        with self.site.store.work():
            made = variations.create(self.site, product_id, fields)
            return self._shown_variation(made)

    def trash_product(self, product_id: int) -> None:
        """A shop manager puts a product or a variation into the trash."""
        with self.site.store.work():
            product = products.found(self.site, product_id)
            (variations if goods.parent(self.site, product) else products).trash(self.site, product)

    def delete_product(self, product_id: int) -> None:
        """A shop manager deletes a product or a variation for good."""
        with self.site.store.work():
            product = products.found(self.site, product_id)
            (variations if goods.parent(self.site, product) else products).remove(self.site, product)

    def _shown(self, product: Product) -> dict[str, Any]:
        return shown.product(self.site, product, self.home or "http://localhost", edit=False)

    def _shown_variation(self, variation: Product) -> dict[str, Any]:
        parent = products.found(self.site, variation.fields["parent_id"])
        return shown.variation(self.site, variation, parent, self.home or "http://localhost", edit=False)

    def product(self, product_id: int) -> dict[str, Any]:
        """One product or variation, whole, as /products/{id} shows it; raises ApiError if there is none."""
        with self.site.store.lock:
            return self._shown(products.found(self.site, product_id))

    def product_by_sku(self, sku: str) -> dict[str, Any]:
        """The product or variation of that SKU, whole; raises KeyError if there is none outside the trash."""
        with self.site.store.lock:
            found, _ = listing.found(self.site, {**schema.defaults(parameters.PRODUCT_LIST), "sku": sku})
            if not found:
                raise KeyError(sku)
            return self._shown(found[0])

    def products(self, **query: Any) -> list[dict[str, Any]]:
        """All products outside the trash, whole, by id; `query` filters as a list's parameters do."""
        with self.site.store.lock:
            found, _ = listing.found(self.site, _everything(parameters.PRODUCT_LIST, query))
            return [self._shown(product) for product in found]

    def variations(self, product_id: int, **query: Any) -> list[dict[str, Any]]:
        """All variations of a product outside the trash, as its /variations shows them; `query` as for `products`."""
        with self.site.store.lock:
            asked = _everything(parameters.VARIATION_LIST, query)
            found, _ = listing.found_variations(self.site, product_id, asked)
            return [self._shown_variation(each) for each in found]


def _everything(kinds: Mapping[str, schema.Kind], query: dict[str, Any]) -> dict[str, Any]:
    return {**schema.defaults(kinds), "orderby": "id", "order": "asc", "per_page": -1, **query}
