"""From a request to a reply: which endpoint it is for, whether its parameters hold, what goes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from syncengine.sandbox import about, batch, described, parameters, schema, settings, taxes
from syncengine.sandbox.call import Call
from syncengine.sandbox.endpoints import Endpoint, Page
from syncengine.sandbox.messages import ApiError, Dropped, FatalError, Response, no_route
from syncengine.sandbox.places import NAMESPACE, PLACES, Place
from syncengine.sandbox.shown import only
from syncengine.sandbox.values import php_integer

_WRITES = ("POST", "PUT", "PATCH")
_CLASSES_ALLOW = "GET, POST"
_PATTERNS = tuple((place.pattern(), place) for place in PLACES)
_SETTINGS = re.compile(rf"{NAMESPACE}/settings(?:/(?P<group>[\w-]+)(?:/(?P<name>[\w-]+))?)?")
_BELOW_ONE = re.compile(r"/\d+/(variations|refunds)$")
_OWNERS = {"variations": "product_id", "refunds": "order_id"}


def answer(call: Call) -> Response:
    """The reply to a request below /wc/; raises ApiError for a refusal and Dropped for a broken connection."""
    route = call.route
    if call.method == "GET" and route == NAMESPACE:
        return Response.json(200, {"namespace": "wc/v3", "routes": _routes()}, (("Allow", "GET"),))
    if call.method == "GET" and (at := _SETTINGS.fullmatch(route)):
        call.need("view")
        return Response.json(200, _setting(at["group"], at["name"]))
    if call.method == "GET" and route == f"{NAMESPACE}/system_status":
        call.need("view")
        return Response.json(200, about.system_status(call.site, call.home))
    if route == f"{NAMESPACE}/taxes/classes":
        told = [described.endpoint(["GET"], parameters.ITEM)]
        told.append(described.endpoint(["POST"], parameters.TAX_CLASS, ("name",)))
        body = described.route(_CLASSES_ALLOW.split(", "), told, "tax_class", parameters.TAX_CLASS_FIELDS)
        return _allowing(_CLASSES_ALLOW, call, partial(_tax_classes, call), body)
    for pattern, place in _PATTERNS:
        if at := pattern.fullmatch(route):
            return _at_place(call, place, at)
    raise no_route()


def _at_place(call: Call, place: Place, at: re.Match[str]) -> Response:
    found = at.groupdict()
    with call.site.store.lock:
        endpoint = place.make(call.site, call.home, place.ids(at))
    if found.get("batch"):
        return _allowing(place.batch, call, partial(_batch, call, endpoint), _described(endpoint, place.batch))
    if found.get("id"):
        reply = partial(_item, call, endpoint, php_integer(found["id"]))
        return _allowing(place.one, call, reply, _described(endpoint, place.one, one=True))
    reply = partial(_collection, call, endpoint)
    return _allowing(place.whole, call, reply, _described(endpoint, place.whole, whole=True))


def _routes() -> dict[str, Any]:
    """Every route with its methods."""
    known = {"/wc/v3": "GET", "/wc/v3/settings": "GET", "/wc/v3/system_status": "GET"}
    known["/wc/v3/taxes/classes"] = _CLASSES_ALLOW
    for place in PLACES:
        known |= place.routes()
    return {route: {"namespace": "wc/v3", "methods": methods.split(", ")} for route, methods in known.items()}


def _described(endpoint: Endpoint, methods: str, *, whole: bool = False, one: bool = False) -> Any:
    """What OPTIONS tells of a route of an endpoint: of the `whole` list, of `one` record, or of its batch."""
    taken = methods.split(", ")
    told = [described.endpoint(["GET"], parameters.ITEM if one else endpoint.list_kinds)] if "GET" in taken else []
    if writes := [method for method in taken if method in _WRITES]:
        kinds = endpoint.create_kinds if whole else endpoint.item_kinds
        told.append(described.endpoint(writes, kinds, endpoint.required if whole else ()))
    if "DELETE" in taken:
        told.append(described.endpoint(["DELETE"], parameters.DELETE))
    return described.route(taken, told, endpoint.title, endpoint.fields)


def _allowing(methods: str, call: Call, reply: Callable[[], Response], told: Any) -> Response:
    """The reply with the methods that the key may use here, on errors as well; not for those without a key.

    `told` is what the route says of itself to those who ask.
    """
    if call.method == "OPTIONS":
        return Response.json(200, told, (("Allow", methods),))
    if call.method not in methods.split(", "):
        raise no_route()
    try:
        response = reply()
    except FatalError:
        raise
    except ApiError as error:
        response = Response.json(error.status, error.body())
    headers = (*response.headers, ("Allow", methods)) if call.admitted else response.headers
    return Response(response.status, response.body, headers)


def _setting(group: str | None, name: str | None) -> Any:
    if group is None:
        return settings.groups()
    return settings.one(group, name) if name else settings.of_group(group)


def _tax_classes(call: Call) -> Response:
    if call.method == "GET":
        call.need("list")
        with call.site.store.lock:
            return Response.json(200, call.cut(taxes.classes(call.site)))
    params = schema.checked(_complete(call.params(), ("name",)), parameters.TAX_CLASS)
    call.need("create")
    with call.site.store.work():
        made = taxes.new_class(call.site, params["name"])
    address = call.site.address(call.home, f"{call.route}/{made['slug']}")
    return Response.json(201, call.cut(made), (("Location", address),))


def _complete(given: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """The parameters, if the required ones are among them."""
    missing = [name for name in required if given.get(name) is None]
    if missing:
        message = f"Missing parameter(s): {', '.join(missing)}"
        raise ApiError(400, "rest_missing_callback_param", message, params=missing)
    return given


def _collection(call: Call, endpoint: Endpoint) -> Response:
    if call.method == "GET":
        query = schema.checked(call.query, endpoint.list_kinds)
        call.need("list")
        with call.site.store.lock:
            page = endpoint.page({**schema.defaults(endpoint.list_kinds), **query})
        return Response.json(200, call.cut(page.items), _paging(call, query, page))
    params = schema.checked(_complete(call.params(), endpoint.required), endpoint.create_kinds)
    call.need("create")
    call.site.labour(1)
    with call.site.store.work():
        created = endpoint.create_item(params)
    # WooCommerce forgets to fill the owner's id into the address of what belongs to one (q04_filters, q09_orders).
    place = _BELOW_ONE.sub(lambda at: rf"/(?P<{_OWNERS[at[1]]}>[\d]+)/{at[1]}", call.route)
    address = call.site.address(call.home, f"{place}/{created['id']}")
    return Response.json(201, call.cut(created), (("Location", address),))


def _item(call: Call, endpoint: Endpoint, item_id: int) -> Response:
    if call.method == "GET":
        query = schema.checked(call.query, parameters.ITEM)
        call.need("view")
        with call.site.store.lock:
            shown = endpoint.show_item(item_id, edit=query.get("context") == "edit")
        return Response.json(200, call.cut(shown))
    if call.method in _WRITES:
        params = schema.checked(call.params(), endpoint.item_kinds)
        call.need("edit")
        call.site.labour(1)
        with call.site.store.work():
            updated = endpoint.update_item(item_id, {**params, "id": item_id})
        return Response.json(200, call.cut(updated))
    force = schema.checked(call.params(), parameters.DELETE).get("force", False)
    call.need("delete")
    call.site.labour(1)
    with call.site.store.work():
        gone = endpoint.delete_item(item_id) if force else endpoint.trash_item(item_id)
    return Response.json(200, call.cut(gone))


def _batch(call: Call, endpoint: Endpoint) -> Response:
    params = call.params()
    call.need("batch")
    lists = batch.items_of(params)
    if call.half:
        lists = batch.first_half(lists)
    call.site.labour(sum(map(len, lists.values())))
    with call.site.store.work():
        answers = batch.done(lists, endpoint)
    if call.half:
        raise Dropped
    # `_fields` is applied to the reply as a whole, which has no field of that name (FACTS-WOOCOMMERCE, 1).
    return Response.json(200, only(answers, call.fields) if answers else answers)


def _paging(call: Call, query: dict[str, Any], page: Page) -> tuple[tuple[str, str], ...]:
    if page.total is None:
        return ()
    per_page, number = query.get("per_page", 10), query.get("page", 1)
    pages = -(-page.total // per_page)
    links = []
    if number > 1:
        links.append((min(number - 1, pages), "prev"))
    if number < pages:
        links.append((number + 1, "next"))
    headers = [("X-WP-Total", str(page.total)), ("X-WP-TotalPages", str(pages))]
    if links:
        headers.append(("Link", ", ".join(f'<{_page_address(call, to)}>; rel="{rel}"' for to, rel in links)))
    return tuple(headers)


def _page_address(call: Call, number: int) -> str:
    """The address of another page, with all that the client sent; `page` stays in its place or comes last."""
    pairs = parse_qsl(call.request.query_string, keep_blank_values=True)
    if not any(name == "page" for name, _ in pairs):
        pairs.append(("page", ""))
    parts = [
        f"{quote(name, safe='')}={quote(str(number) if name == 'page' else value, safe='')}" for name, value in pairs
    ]
    return f"{call.home}{call.request.path}?{'&'.join(parts)}"
