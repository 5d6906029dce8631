"""From a request below /wc-api/v3 to its reply."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import punctuation
from typing import Any
from urllib.parse import parse_qsl, quote

from syncengine.sandbox import settings
from syncengine.sandbox.auth import Gate
from syncengine.sandbox.customers import saving
from syncengine.sandbox.legacy import customers, products, terms
from syncengine.sandbox.legacy.asked import ROOT, Asked, LegacyError
from syncengine.sandbox.legacy.auth import admit
from syncengine.sandbox.messages import ApiError, Dropped, FatalError, Request, Response
from syncengine.sandbox.site import Site
from syncengine.sandbox.values import one_line, php_integer

__all__ = ["answer", "concerns"]

LIMIT = 100
ONE = re.compile(r"(?P<route>/products|/customers|/products/[a-z_]+)/(?P<id>\d+)")
# What the parts that both APIs share say in the words of now.
OLD_CODES = {"product_invalid_sku": "woocommerce_api_product_sku_already_exists"}


def concerns(site: Site, request: Request) -> bool:
    """Whether a request is for the old API, which is not there with plain permalinks."""
    return not site.plain_permalinks and (request.path == ROOT or request.path.startswith(f"{ROOT}/"))


def answer(site: Site, gate: Gate, request: Request, home: str, *, half: bool = False) -> Response:
    """The reply. `half`: the connection breaks when half of a bulk is done; raises Dropped then."""
    asked = Asked(request)
    try:
        if asked.route == "/" and asked.method == "GET":
            return Response.json(200, _index(site, home))
        admit(gate, request, home, site.clock().timestamp())
        return _Shop(site, home, asked, half).answer()
    except ApiError as error:
        headers = error.headers if isinstance(error, LegacyError) else ()
        return Response.json(error.status, {"errors": [_told(error)]}, headers)


def _told(error: ApiError) -> dict[str, str]:
    return {"code": OLD_CODES.get(error.code, error.code), "message": error.message}


class _Shop:
    """One request, answered."""

    def __init__(self, site: Site, home: str, asked: Asked, half: bool) -> None:
        self._site = site
        self._home = home
        self._asked = asked
        self._half = half

    def answer(self) -> Response:
        route, method = self._asked.route, self._asked.method
        at = ONE.fullmatch(route)
        place = terms.PLACES.get(at["route"] if at else route)
        if place is not None:
            with self._site.store.lock:
                return Response.json(*terms.answer(self._site, self._asked, place, int(at["id"]) if at else None))
        if method == "GET" and route == "/products/attributes":
            return Response.json(200, terms.attributes(self._site))
        if method == "GET" and route == "/taxes/classes":
            return Response.json(200, terms.tax_classes(self._site))
        for base, one, many, listed, whole in (
            ("/products", "product", "products", products.listed, self._product),
            ("/customers", "customer", "customers", customers.listed, self._customer),
        ):
            if route == base and method == "GET":
                return self._list(many, listed, whole)
            if route == f"{base}/count" and method == "GET":
                with self._site.store.lock:
                    return Response.json(200, {"count": listed(self._site, self._asked)[1]})
            if route == f"{base}/bulk" and method in ("POST", "PUT", "PATCH"):
                return self._bulk(one, many)
            if route == base and method == "POST":
                data = self._asked.data(one, "create")
                return Response.json(201, {one: self._saved(one, data, 0)})
            if at and at["route"] == base:
                return self._one(one, int(at["id"]))
        if method == "GET" and route.startswith("/customers/email/"):
            with self._site.store.lock:
                stored = customers.by_email(self._site, route.removeprefix("/customers/email/"))
                return Response.json(200, {"customer": self._customer(stored)})
        raise LegacyError(404, "no_route", "No route was found matching the URL and request method")

    def _product(self, stored: Any) -> dict[str, Any]:
        return self._asked.shown(products.whole(self._site, stored, self._home))

    def _customer(self, stored: Any) -> dict[str, Any]:
        return self._asked.shown(customers.whole(self._site, stored))

    def _list(self, many: str, listed: Callable[..., tuple[list[Any], int]], whole: Callable[[Any], Any]) -> Response:
        with self._site.store.lock:
            rows, total = listed(self._site, self._asked)
            shown = [whole(stored) for stored in rows]
        return Response.json(200, {many: shown}, self._paging(total, len(rows)))

    def _paging(self, total: int, there: int) -> tuple[tuple[str, str], ...]:
        """How many there are, and where the other pages are; a page of one row leads nowhere."""
        limit = php_integer(self._asked.filter.get("limit")) or 10
        pages = 1 if limit < 0 else -(-total // limit)
        page = self._asked.page
        links = []
        if page > 1:
            links += [(1, "first"), (page - 1, "prev")]
        if page < pages:
            links.append((page + 1, "next"))
        if page != pages:
            links.append((pages, "last"))
        told = (("X-WC-Total", str(total)), ("X-WC-TotalPages", str(pages)))
        if not links or there == 1:
            return told
        return (("Link", ", ".join(f'<{self._page_address(to)}>; rel="{rel}"' for to, rel in links)), *told)

    def _page_address(self, number: int) -> str:
        """The address of another page, on a host without its port, and hardly encoded (q13_legacy)."""
        scheme, _, host = self._home.partition("://")
        pairs = parse_qsl(self._asked.request.query_string, keep_blank_values=True)
        kept = [f"{name}={value}" for name, value in pairs if name != "page"]
        query = "&".join([*kept, f"page={number}"])
        return quote(f"{scheme}://{host.partition(':')[0]}{self._asked.request.path}?{query}", safe=punctuation)

    def _one(self, one: str, number: int) -> Response:
        method = self._asked.method
        if method == "GET":
            with self._site.store.lock:
                if one == "product":
                    return Response.json(200, {one: self._product(products.found(self._site, number))})
                return Response.json(200, {one: self._customer(customers.found(self._site, number))})
        if method == "DELETE":
            return self._delete(one, number)
        if method not in ("POST", "PUT", "PATCH"):
            raise LegacyError(404, "no_route", "No route was found matching the URL and request method")
        return Response.json(200, {one: self._saved(one, self._asked.data(one, "edit"), number)})

    def _delete(self, one: str, number: int) -> Response:
        with self._site.store.work():
            if one == "customer":
                saving.remove(self._site, customers.found(self._site, number))
                return Response.json(200, {"message": "Permanently deleted customer"})
            force = self._asked.query.get("force", "") not in ("", "0")
            said = products.delete(self._site, products.found(self._site, number), force=force)
        return Response.json(200 if force else 202, {"message": said})

    def _saved(self, one: str, data: Any, number: int) -> dict[str, Any]:
        """A record made, or changed where there is a number, as it then is."""
        given = data if isinstance(data, dict) else {}
        self._site.labour(1)
        with self._site.store.work():
            if one == "product":
                stored: Any = products.found(self._site, number) if number else None
                stored = products.edit(self._site, stored, given) if stored else products.create(self._site, given)
                return self._product(stored)
            if number:
                stored = customers.edit(self._site, customers.found(self._site, number), given)
            else:
                stored = customers.create(self._site, given)
            return self._customer(stored)

    def _bulk(self, one: str, many: str) -> Response:
        """Many at once, each for itself: one with an id, or with a SKU that is known, is changed, another made."""
        items = self._asked.data(many, "create/edit")
        items = items if isinstance(items, list) else []
        if len(items) > LIMIT:
            message = f"Unable to accept more than {LIMIT} items for this request."
            raise LegacyError(413, f"{many}_request_entity_too_large", message)
        answers = []
        for item in items[: len(items) // 2] if self._half else items:
            if not isinstance(item, dict):
                raise FatalError
            number, named = php_integer(item.get("id")), {}
            if one == "product":
                sku = "" if number or item.get("sku") is None else one_line(item["sku"])
                named = {"sku": sku}
                number = number or (products.of_sku(self._site, sku) or 0)
            try:
                answers.append(self._saved(one, item, number))
            except ApiError as error:
                answers.append({"id": number, **named, "error": _told(error)})
        if self._half:
            raise Dropped
        return Response.json(201 if self._asked.method == "POST" else 200, {many: answers})


def _index(site: Site, home: str) -> dict[str, Any]:
    """What anybody may know of the shop."""
    of = {row["id"]: row["value"] for row in (*settings.of_group("general"), *settings.of_group("products"))}
    return {
        "store": {
            "name": "Sandbox",
            "description": "",
            "URL": home,
            "wc_version": site.woocommerce,
            "version": "3.1.0",
            "routes": {"/": {"supports": ["HEAD", "GET"], "meta": {"self": f"{home}{ROOT}/"}}},
            "meta": {
                "timezone": site.zone.key,
                "currency": settings.CURRENCY,
                "currency_format": "&euro;",
                "currency_position": "left",
                "thousand_separator": settings.THOUSANDS,
                "decimal_separator": settings.DECIMAL_POINT,
                "price_num_decimals": settings.DECIMALS,
                "tax_included": False,
                "weight_unit": of["woocommerce_weight_unit"],
                "dimension_unit": of["woocommerce_dimension_unit"],
                "ssl_enabled": home.startswith("https://"),
                "permalinks_enabled": not site.plain_permalinks,
                "generate_password": True,
                "links": {"help": "https://woocommerce.github.io/woocommerce-rest-api-docs/"},
            },
        }
    }
