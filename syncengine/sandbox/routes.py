"""From a request to a reply: which endpoint it is for, whether its parameters hold, what goes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from syncengine.sandbox import about, batch, described, parameters, schema, settings, taxes
from syncengine.sandbox.call import Call
from syncengine.sandbox.endpoints import Endpoint, Page, Products, Variations
from syncengine.sandbox.messages import ApiError, Dropped, Response
from syncengine.sandbox.shown import only
from syncengine.sandbox.site import CATEGORY, SHIPPING_CLASS, TAG, Site
from syncengine.sandbox.terms import Attributes, Terms

NAMESPACE = "/wc/v3"
_WRITES = ("POST", "PUT", "PATCH")
_LIST_ALLOWS, _ITEM_ALLOWS, _BATCH_ALLOWS = "GET, POST", "GET, POST, PUT, PATCH, DELETE", "POST, PUT, PATCH"
Make = Callable[[Site, str, re.Match[str]], Endpoint]
_COLLECTIONS: tuple[tuple[str, Make], ...] = (
    ("products", lambda site, home, _: Products(site, home)),
    ("products/categories", lambda site, home, _: Terms(site, CATEGORY)),
    ("products/tags", lambda site, home, _: Terms(site, TAG)),
    ("products/shipping_classes", lambda site, home, _: Terms(site, SHIPPING_CLASS)),
    ("products/attributes", lambda site, home, _: Attributes(site)),
    (
        r"products/attributes/(?P<attribute_id>\d+)/terms",
        lambda site, home, at: Attributes(site).terms_of(int(at["attribute_id"])),
    ),
    (
        r"products/(?P<product_id>\d+)/variations",
        lambda site, home, at: Variations(site, home, int(at["product_id"])),
    ),
)
_PATHS = tuple(
    (re.compile(rf"{NAMESPACE}/{path}(?:/(?P<batch>batch)|/(?P<id>\d+))?"), make) for path, make in _COLLECTIONS
)
_SETTINGS = re.compile(rf"{NAMESPACE}/settings(?:/(?P<group>[\w-]+)(?:/(?P<name>[\w-]+))?)?")
_VARIATIONS_OF_ONE = re.compile(r"/\d+/variations$")


def no_route() -> ApiError:
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")


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
        body = described.route(_LIST_ALLOWS.split(", "), told, "tax_class", parameters.TAX_CLASS_FIELDS)
        return _allowing(_LIST_ALLOWS, call, partial(_tax_classes, call), body)
    for pattern, make in _PATHS:
        if at := pattern.fullmatch(route):
            with call.site.store.lock:
                endpoint = make(call.site, call.home, at)
            if at["batch"]:
                return _allowing(
                    _BATCH_ALLOWS, call, partial(_batch, call, endpoint), _described(endpoint, _BATCH_ALLOWS)
                )
            if at["id"]:
                reply = partial(_item, call, endpoint, int(at["id"]))
                return _allowing(_ITEM_ALLOWS, call, reply, _described(endpoint, _ITEM_ALLOWS))
            reply = partial(_collection, call, endpoint)
            return _allowing(_LIST_ALLOWS, call, reply, _described(endpoint, _LIST_ALLOWS))
    raise no_route()


def _routes() -> dict[str, Any]:
    """Every route with its methods, spelled as WordPress does."""
    known = {"/wc/v3": "GET", "/wc/v3/settings": "GET", "/wc/v3/system_status": "GET"}
    known["/wc/v3/taxes/classes"] = _LIST_ALLOWS
    for path, _ in _COLLECTIONS:
        route = f"{NAMESPACE}/{path}".replace(r"\d+", r"[\d]+")
        known |= {route: _LIST_ALLOWS, rf"{route}/(?P<id>[\d]+)": _ITEM_ALLOWS, f"{route}/batch": _BATCH_ALLOWS}
    return {route: {"namespace": "wc/v3", "methods": methods.split(", ")} for route, methods in known.items()}


def _described(endpoint: Endpoint, methods: str) -> Any:
    """What OPTIONS tells of a route of an endpoint."""
    told = [described.endpoint(list(_WRITES), endpoint.item_kinds)]
    if methods == _LIST_ALLOWS:
        told = [described.endpoint(["GET"], endpoint.list_kinds)]
        told.append(described.endpoint(["POST"], endpoint.item_kinds, endpoint.required))
    elif methods == _ITEM_ALLOWS:
        told = [described.endpoint(["GET"], parameters.ITEM), *told, described.endpoint(["DELETE"], parameters.DELETE)]
    return described.route(methods.split(", "), told, endpoint.title, endpoint.fields)


def _allowing(methods: str, call: Call, reply: Callable[[], Response], told: Any) -> Response:
    """The reply with the methods that the key may use here, on errors as well; not for those without a key.

    `told` is what the route says of itself to those who ask.
    """
    if call.method == "OPTIONS":
        return Response.json(200, told, (("Allow", methods),))
    try:
        response = reply()
    except ApiError as error:
        response = Response.json(error.status, error.body())
    headers = (*response.headers, ("Allow", methods)) if call.admitted and response.status != 500 else response.headers
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
    if call.method != "POST":
        raise no_route()
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
    if call.method != "POST":
        raise no_route()
    params = schema.checked(_complete(call.params(), endpoint.required), endpoint.item_kinds)
    call.need("create")
    call.site.labour(1)
    with call.site.store.work():
        created = endpoint.create_item(params)
    # WooCommerce forgets to fill the product's id into the address of a new variation (q04_filters).
    place = _VARIATIONS_OF_ONE.sub(r"/(?P<product_id>[\\d]+)/variations", call.route)
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
    if call.method == "DELETE":
        force = schema.checked(call.params(), parameters.DELETE).get("force", False)
        call.need("delete")
        call.site.labour(1)
        with call.site.store.work():
            gone = endpoint.delete_item(item_id) if force else endpoint.trash_item(item_id)
        return Response.json(200, call.cut(gone))
    raise no_route()


def _batch(call: Call, endpoint: Endpoint) -> Response:
    if call.method not in _WRITES:
        raise no_route()
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
