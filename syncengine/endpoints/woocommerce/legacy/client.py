"""Requests as the endpoints make them of wc/v3, made of the old API, with its answers as wc/v3 would give them.

A bulk changes what has an id and makes what has none; but a product without an id is changed by it as well if its SKU
is known. So products are created one by one, which nothing can turn into an update, and nothing is ever deleted in
bulk. Each item's outcome stands at its own place, as ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx

from syncengine.endpoints.woocommerce.client import Blocked, Client, Reply, number_in
from syncengine.endpoints.woocommerce.legacy.auth import legacy_auth
from syncengine.endpoints.woocommerce.legacy.terms import Terms
from syncengine.endpoints.woocommerce.legacy.words import KINDS, TEXTS, Kind, Record, refusal, undressed
from syncengine.endpoints.woocommerce.lists import listed
from syncengine.errors import CannotRun, Unreachable
from syncengine.settings import WooCommerceConnection
from syncengine.values import Value

__all__ = ["LegacyClient"]

FEW = 20  # SKUs up to which each is asked for on its own, for the old API finds one at a time
PAGE, MOST_PAGES = 100, 10  # of a list in which many customers are looked for
OF_TERMS = {
    "products/categories": ("product_category", "product_categories"),
    "products/tags": ("product_tag", "product_tags"),
    "products/shipping_classes": ("product_shipping_class", "product_shipping_classes"),
    "products/attributes": ("product_attribute", "product_attributes"),
    "taxes/classes": ("tax_class", "tax_classes"),
}
NO_ROUTE = ("woocommerce_api_no_route", "woocommerce_api_disabled")
UNSIGNED = "parameter is missing"  # the answer, a 404, to Basic over plain HTTP
SKU_TAKEN = "woocommerce_api_product_sku_already_exists"
# Errors by which the endpoints go, as wc/v3 has them, and the status that it gives with them.
ERRORS = {
    "woocommerce_api_no_product_found": ("woocommerce_rest_product_invalid_id", 400),
    "woocommerce_api_invalid_product": ("woocommerce_rest_product_invalid_id", 400),
    "woocommerce_api_invalid_product_id": ("woocommerce_rest_product_invalid_id", 400),
    "woocommerce_api_invalid_customer": ("wc_user_invalid_id", 404),
    SKU_TAKEN: ("product_invalid_sku", 400),
}


class LegacyClient(Client):
    """A client of wc/v3 whose store speaks the old API. Thread-safe."""

    ROOT = "/wc-api/v3/"
    NAME = "WooCommerce legacy REST API v3 (WooCommerce > Settings > Advanced > Legacy API, or a plug-in of that name)"

    def __init__(
        self,
        connection: WooCommerceConnection,
        transport: httpx.BaseTransport | None = None,
        counted: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(connection, transport, counted, sleep)
        key, secret = connection.consumer_key.get_secret_value(), connection.consumer_secret.get_secret_value()
        self._auth = legacy_auth(self.url, key, secret, connection.auth)
        self._terms = Terms(self._all_terms)

    def options(self, path: str) -> Reply:
        """What may be asked for, which this module knows: the old API does not tell. No request is made."""
        parameters: dict[str, Any] = {"include_status": {}, "modified_after": {}} if path == "products" else {}
        return Reply(200, {"endpoints": [{"methods": ["GET"], "args": parameters}]}, None, 0)

    def tells(self, path: str, sent: Value, told: Value) -> bool:
        """Texts are told as a page shows them."""
        return undressed(sent) == undressed(told) if path in TEXTS else super().tells(path, sent, told)

    def refusal(self, path: str, value: Value) -> str:
        return refusal(path, value)

    def _told(self, path: str, query: Mapping[str, Any] | None = None) -> Reply:
        """What the old API itself answers: always an object."""
        reply = super().get(path, query)
        if not isinstance(reply.body, dict):
            raise Unreachable(self.prefixed(f"GET {path}: the answer is none of the old API"))
        return reply

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Reply:
        query = dict(parameters or {})
        route, _, number = path.rpartition("/")
        if path in OF_TERMS:
            return self._listed_terms(path, query)
        if route in OF_TERMS and number.isdigit():
            reply = self._told(path)
            return _with(reply, reply.body.get(OF_TERMS[route][0], {}))
        if route in KINDS and number.isdigit():
            return self._one(KINDS[route], path, query)
        if path in KINDS:
            return self._listed(path, query)
        raise CannotRun(self.prefixed(f"the old API has no {path}"))

    def post(self, path: str, body: Any) -> Reply:
        route, _, last = path.rpartition("/")
        if last == "batch" and route in OF_TERMS:
            return self._terms_made(route, body.get("create", ()))
        if last == "batch" and route in KINDS:
            return self._batch(route, body)
        raise CannotRun(self.prefixed(f"the old API takes nothing at {path}"))

    # Reading

    def _listed(self, route: str, query: Mapping[str, Any]) -> Reply:
        """A page of a list; or all that has one of some SKUs, ids, or an e-mail address."""
        kind = KINDS[route]
        if query.get("email"):
            address = quote(str(query["email"]), safe="@")
            found = self._or_none(f"{route}/email/{address}", _fields(kind, query))
            rows = [_part(found, kind.one)] if found else []
            return self._rows(kind, found, rows)
        if query.get("sku"):
            return self._of_skus(kind, _skus_in(str(query["sku"])), query)
        if query.get("include") and route == "customers":  # its lists take no ids
            return self._of_ids(kind, route, str(query["include"]).split(","), query)
        reply = self._told(route, _query(kind, query))
        return _with(self._rows(kind, reply, reply.body.get(kind.many)), total=reply.total)

    def _one(self, kind: Kind, path: str, query: Mapping[str, Any]) -> Reply:
        reply = self._told(path, _fields(kind, query))
        return _with(reply, self._rows(kind, reply, [_part(reply, kind.one)]).body[0])

    def _of_ids(self, kind: Kind, route: str, ids: Sequence[str], query: Mapping[str, Any]) -> Reply:
        """Each on its own; but many are looked for in the list first, which may hold them side by side."""
        numbers = sorted(map(int, ids))
        side_by_side = self._amid_list(kind, route, numbers, query) if len(numbers) > FEW else []
        rest = set(numbers) - {row["id"] for row in side_by_side}
        replies = [self._or_none(f"{route}/{number}", _fields(kind, query)) for number in sorted(rest)]
        rows = [_part(reply, kind.one) for reply in replies if reply is not None]
        reply = self._rows(kind, next(filter(None, replies), None), rows)
        return _whole([*side_by_side, *reply.body], reply.date)

    def _amid_list(self, kind: Kind, route: str, numbers: Sequence[int], query: Mapping[str, Any]) -> list[Record]:
        """The records with these numbers out of the pages of a list by id that begin with the lowest. Its place is
        found by halving; who joins or leaves the list meanwhile only makes it find fewer."""
        by_id = {name: value for name, value in query.items() if name != "include"} | {"orderby": "id", "order": "asc"}

        def page(offset: int, **changed: Any) -> tuple[list[Record], int]:
            reply = self._told(route, _query(kind, {**by_id, "offset": offset, **changed}))
            return self._rows(kind, reply, _part(reply, kind.many)).body, reply.total or 0

        low, high = 0, page(0, per_page=1, _fields="id")[1]
        while low < high:
            middle = (low + high) // 2
            rows, _ = page(middle, per_page=1, _fields="id")
            low, high = (middle + 1, high) if rows and rows[0]["id"] < numbers[0] else (low, middle)
        found: list[Record] = []
        for at in range(low, low + MOST_PAGES * PAGE, PAGE):
            rows, _ = page(at, per_page=PAGE)
            found += [row for row in rows if row["id"] in numbers]
            if len(rows) < PAGE or rows[-1]["id"] >= numbers[-1]:
                break
        return found

    def _of_skus(self, kind: Kind, skus: Sequence[str], query: Mapping[str, Any]) -> Reply:
        """The old API finds one SKU at a time, and variations too; those have no place here. Where there are many it
        pays to look through the SKUs of all products."""
        rest = {name: value for name, value in query.items() if name != "sku"}
        if len(skus) <= FEW:
            asked = [{**_query(kind, rest), "filter[sku]": _twice(sku)} for sku in skus]
            replies = [self._told(kind.many, dict(sorted(one.items()))) for one in asked]
            found = self._rows(kind, replies[0], [row for reply in replies for row in _part(reply, kind.many) or ()])
            return _whole([row for row in found.body if row.get("type") != "variation"], found.date)
        wanted = {_folded(sku) for sku in skus}
        light = listed(self, kind.many, {**rest, "_fields": "id,sku"})
        ids = [str(row["id"]) for rows in light for row in rows if _folded(row.get("sku")) in wanted]
        if not ids:
            return _whole([], None)
        found = self._listed(kind.many, {**rest, "include": ",".join(ids), "per_page": len(ids)})
        return _whole(found.body, found.date)

    def _rows(self, kind: Kind, reply: Reply | None, rows: Any) -> Reply:
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows
        ):
            raise Unreachable(self.prefixed(f"GET {kind.many}: the answer is no list of records"))
        return _whole([kind.told(row, self._terms) for row in rows], reply.date if reply else None)

    def _or_none(self, path: str, query: Mapping[str, Any]) -> Reply | None:
        """One record, None where there is none."""
        reply = self._asked("GET", path, query)
        if reply.status == 404:
            return None
        return self._usable("GET", path, reply)

    # Terms

    def _all_terms(self, route: str) -> Sequence[Record]:
        found = self._told(route).body.get(OF_TERMS[route][1])
        return found if isinstance(found, list) else []

    def _listed_terms(self, route: str, query: Mapping[str, Any]) -> Reply:
        """A page of what the old API tells whole, by id."""
        reply = self._told(route)
        rows = sorted(reply.body.get(OF_TERMS[route][1]) or (), key=lambda row: row.get("id") or 0)
        most = int(query.get("per_page") or len(rows) or 1)
        start = int(query.get("offset") or 0)
        return _with(reply, rows[start : start + most], total=len(rows))

    def _terms_made(self, route: str, items: Sequence[Record]) -> Reply:
        """One by one, for there is no bulk. One that is there already is named with the error, as wc/v3 does."""
        one = OF_TERMS[route][0]
        answers: list[Record] = []
        reply = Reply(200, [], None, 0)
        for item in items:
            reply = self._write("POST", route, {one: item})
            made = _part(reply, one)
            answers.append(made if isinstance(made, dict) else {"id": 0, "error": self._named_in(route, item, reply)})
        self._terms.forget(route)
        return _with(reply, {"create": answers}, status=200)

    def _named_in(self, route: str, item: Record, reply: Reply) -> Record:
        there = [
            row["id"]
            for row in self._all_terms(route)
            if _folded(unescape(str(row.get("name")))) == _folded(item["name"])
            and (row.get("parent") or 0) == item.get("parent", 0)
        ]
        return _error(reply, **({"resource_id": there[0]} if there else {}))

    # Writing

    def _batch(self, route: str, body: Mapping[str, Any]) -> Reply:
        """The updates in bulk, then what is created, then what is deleted. The whole is refused before anything is
        written or not at all."""
        kind = KINDS[route]
        answers: Record = {}
        date = None
        in_bulk = ("update",) if kind.one == "product" else ("update", "create")
        for verb in in_bulk:
            if body.get(verb):
                reply = self._bulk(kind, verb, body[verb])
                if reply.status != 200:
                    return reply
                answers[verb], date = reply.body, reply.date
        if body.get("create") and "create" not in in_bulk:
            answers["create"] = [self._created(kind, item) for item in body["create"]]
        if body.get("delete"):
            answers["delete"] = [self._deleted(kind, number) for number in body["delete"]]
        return Reply(200, answers, date, 0)

    def _bulk(self, kind: Kind, verb: str, items: Sequence[Record]) -> Reply:
        answers = [self._item(kind, item) for item in items]
        sent = [made for made in answers if "error" not in made]
        reply = self._write("POST", f"{kind.many}/bulk", {kind.many: sent}) if sent else Reply(200, {}, None, 0)
        if reply.status not in (200, 201):
            return reply
        told = _part(reply, kind.many)
        if not isinstance(told, list) or len(told) != len(sent):
            told = [None] * len(sent)  # it proves nothing about any of them
        rest = iter(told)
        whole = [made if "error" in made else self._answer(kind, verb, next(rest)) for made in answers]
        return _with(reply, whole, status=200)

    def _item(self, kind: Kind, item: Record) -> Record:
        """What is sent for an item; or its error, where the old API cannot hold it."""
        try:
            return kind.written(item, self._terms)
        except ValueError as error:
            return {"id": item.get("id", 0), "error": {"code": "not_in_the_old_api", "message": str(error)}}

    def _answer(self, kind: Kind, verb: str, told: Any) -> Any:
        if not isinstance(told, dict):
            return None
        error = told.get("error")
        if isinstance(error, dict):
            return {"id": told.get("id") if verb != "create" else 0, "error": _worded(error)}
        return kind.told(told, self._terms)

    def _created(self, kind: Kind, item: Record) -> Any:
        made = self._item(kind, item)
        if "error" in made:
            return made
        try:
            reply = self._write("POST", kind.many, {kind.one: made})
        except Blocked as blocked:
            return {"id": 0, "error": {"code": "blocked", "message": blocked.said}}
        if reply.status in (200, 201):
            return self._answer(kind, "create", _part(reply, kind.one))
        more: Record = {}
        if _part(reply, "code") == ERRORS[SKU_TAKEN][0] and made.get("sku"):
            query = {"status": "any", "_fields": "id,type", "per_page": 2}
            holders = self._of_skus(kind, [str(made["sku"])], query).body
            if not holders:
                reply.body["message"] += " (a variation has it, and they are not looked at by the old API)"
            more = {"resource_id": holders[0]["id"]} if holders else {}
        return {"id": 0, "error": _error(reply, **more)}

    def _deleted(self, kind: Kind, number: int) -> Any:
        """Gone for good: what is to go into the trash is an update."""
        reply = self._write("DELETE", f"{kind.many}/{int(number)}?force=true", None)
        if reply.status in (200, 202):
            return {"id": number}
        return {"id": number, "error": _error(reply)}

    # Answers

    def _reply(self, response: httpx.Response, answer: Any) -> Reply:
        """With the error as wc/v3 words it. What is no business of the route is told by its status."""
        reply = super()._reply(response, answer)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        status, body = reply.status, reply.body
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            body = _worded(errors[0], status)
            if body["code"] in NO_ROUTE:
                body["code"] = "rest_no_route"
            elif UNSIGNED in body["message"]:
                status = 401
        return Reply(status, body, reply.date, number_in(response.headers.get("X-WC-Total", "")))


def _query(kind: Kind, query: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a list. In the order of their names: that is how the old API signs them."""
    found: dict[str, Any] = {"fields": kind.asked(query["_fields"])} if query.get("_fields") else {}
    states = query.get("include_status") or query.get("status")
    filters = {
        "limit": query.get("per_page"),
        "offset": query.get("offset"),
        "orderby": "ID" if query.get("orderby") == "id" else None,
        "order": str(query.get("order") or "").upper(),
        "in": query.get("include"),
        "post_status": states if kind.one == "product" else None,
        "role": query.get("role"),
        # it is inclusive, and the moments of the endpoints are GMT
        "updated_at_min": f"{query['modified_after']}Z" if query.get("modified_after") else None,
    }
    found |= {f"filter[{name}]": value for name, value in filters.items() if value}
    if query.get("page"):
        found["page"] = query["page"]
    return dict(sorted(found.items()))


def _skus_in(text: str) -> list[str]:
    """A comma list; but it may be one SKU with a comma in it."""
    parts = text.split(",")
    return [*parts, text] if len(parts) > 1 else parts


def _fields(kind: Kind, query: Mapping[str, Any]) -> dict[str, str]:
    return {"fields": kind.asked(query["_fields"])} if query.get("_fields") else {}


def _part(reply: Reply, name: str) -> Any:
    return reply.body.get(name) if isinstance(reply.body, dict) else None


def _whole(rows: list[Record], date: datetime | None) -> Reply:
    """All that was asked for, in one answer: nothing follows it."""
    return Reply(200, rows, date, len(rows))


def _with(reply: Reply, body: Any = None, *, status: int | None = None, total: int | None = None) -> Reply:
    return Reply(
        reply.status if status is None else status,
        reply.body if body is None else body,
        reply.date,
        reply.total if total is None else total,
    )


def _worded(error: Mapping[str, Any], status: int = 400) -> Record:
    """An error of the old API as wc/v3 would tell it."""
    code, usual = ERRORS.get(str(error.get("code", "")), (str(error.get("code", "")), status))
    return {"code": code, "message": str(error.get("message", "")), "data": {"status": usual}}


def _error(reply: Reply, **more: Any) -> Record:
    """The error that a reply is, for an item of its own."""
    body = reply.body if isinstance(reply.body, dict) else {}
    data = {"status": reply.status, **more}
    return {"code": str(body.get("code", "")), "message": str(body.get("message", "")), "data": data}


def _folded(text: Any) -> str:
    return " ".join(str(text or "").split()).casefold()


def _twice(text: str) -> str:
    """The old API decodes what PHP has decoded already."""
    return text.replace("%", "%25").replace("+", "%2B")
