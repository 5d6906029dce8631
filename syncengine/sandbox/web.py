"""What a request meets on its way: what stands before the shop, faults on demand, the gate, and then an API."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from syncengine.sandbox import about, front, media, parameters, routes, schema
from syncengine.sandbox.auth import Gate, basic_pair
from syncengine.sandbox.call import Call
from syncengine.sandbox.customers import users
from syncengine.sandbox.faults import Dice
from syncengine.sandbox.front import Front
from syncengine.sandbox.legacy import routes as legacy
from syncengine.sandbox.messages import ApiError, Dropped, FatalError, Request, Response, no_route, parse_query
from syncengine.sandbox.places import NAMESPACE
from syncengine.sandbox.site import Site

LONGEST_TARGET = 8190  # what the web server in front of a store takes for a path with its query


class Web:
    """The shop as its web server shows it. `workers` bounds how many requests are worked on at once (0: no bound).

    `dice` says which fault strikes, `slow_seconds` is how long the fault `slow` holds a request.
    """

    def __init__(self, site: Site, gate: Gate, before: Front, dice: Dice, workers: int) -> None:
        self.dice = dice
        self.slow_seconds = 1.0
        self._site = site
        self._gate = gate
        self._front = before
        self._worker: AbstractContextManager[Any] = threading.BoundedSemaphore(workers) if workers else nullcontext()

    def answer(self, request: Request, home: str) -> Response:
        """The reply of the shop that believes to be at `home`; raises Dropped where there is to be none."""
        if len(request.path) + len(request.query_string) > LONGEST_TARGET:
            return Response.html(414, "414 Request-URI Too Large")
        stopped = self._front.stops(request)
        if stopped is not None:
            return stopped
        response = self._of_wordpress(request, home)
        if legacy.concerns(self._site, request) or any(name == "Link" for name, _ in response.headers):
            return response
        link = f'<{self._site.address(home, "/")}>; rel="https://api.w.org/"'
        return Response(response.status, response.body, (*response.headers, ("Link", link)))

    def _of_wordpress(self, request: Request, home: str) -> Response:
        if not legacy.concerns(self._site, request):
            route = request.route
            if route is None or front.hidden(self._site, request):
                return front.page(self._site, request)
            if not route.startswith((NAMESPACE, users.ROUTE)):
                return self._outside(request, home, route)
        of_many = (request.route or request.path).rstrip("/").endswith(("/batch", "/bulk"))
        is_batch = request.method in ("POST", "PUT", "PATCH") and of_many
        match self.dice.draw(is_batch=is_batch):
            case None:
                return self._work(request, home)
            case "drop-before":
                raise Dropped
            case "drop-after":
                self._work(request, home)
                raise Dropped
            case "half-batch":
                return self._work(request, home, half=True)
            case "slow":
                return self._work(request, home, delay=self.slow_seconds)
            case "busy-429":
                body = {"code": "too_many_requests", "message": "Too many requests.", "data": {"status": 429}}
                return Response.json(429, body, (("Retry-After", "1"),))
            case "busy-503":
                return Response.html(503, "503 Service Temporarily Unavailable")
            case _:
                return Response.json(500, FatalError().body())

    def _outside(self, request: Request, home: str, route: str) -> Response:
        """What WordPress itself answers."""
        try:
            self._login(request)
        except ApiError as error:
            return Response.json(error.status, error.body())
        if request.method in ("GET", "HEAD"):
            if route == "/":
                return Response.json(200, about.index(self._site, home))
            if route.rstrip("/") == "/wp/v2/media":
                return self._media(request, home)
        return Response.json(404, no_route().body())

    def _login(self, request: Request) -> str | None:
        """Who is logged in with WordPress. It takes Basic credentials for a user's: a consumer key is unknown to it."""
        login, given = self._gate.user(request), basic_pair(request.headers)
        if login is None and request.scheme == "https" and given:
            with self._site.store.lock:
                raise users.unknown_login(self._site, given[0])
        return login

    def _media(self, request: Request, home: str) -> Response:
        """The media library, which is open to everybody."""
        try:
            query = schema.checked(parse_query(request.query_string), parameters.MEDIA_LIST)
        except ApiError as error:
            return Response.json(error.status, error.body())
        page = {**schema.defaults(parameters.MEDIA_LIST), **query}
        with self._site.store.lock:
            items, total = media.listed(self._site, home, page["page"], page["per_page"])
        pages = -(-total // page["per_page"])
        return Response.json(200, items, (("X-WP-Total", str(total)), ("X-WP-TotalPages", str(pages))))

    def _work(self, request: Request, home: str, *, half: bool = False, delay: float = 0.0) -> Response:
        with self._worker:
            if delay:
                time.sleep(delay)
            if legacy.concerns(self._site, request):
                return legacy.answer(self._site, self._gate, request, home, half=half)
            try:
                if (request.route or "").startswith(users.ROUTE):
                    login = self._login(request)
                    return users.answer(Call(self._site, request, home, login is not None), login)
                admitted = self._gate.admit(request, home, self._site.clock().timestamp())
                return routes.answer(Call(self._site, request, home, admitted, half))
            except ApiError as error:
                return Response.json(error.status, error.body())
