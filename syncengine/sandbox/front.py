"""What a request meets before it reaches the store's API, and what is there besides: a firewall, a redirect, pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from syncengine.sandbox.media import PIXEL, UPLOADS
from syncengine.sandbox.messages import ROOT, Request, Response
from syncengine.sandbox.site import Site


@dataclass(frozen=True)
class Front:
    """Two things that stand before a shop and keep a client from it.

    `firewall` answers everything that goes to the API with a page, `redirect_to` sends everything to another host.
    """

    firewall: bool = False
    redirect_to: str | None = None

    def stops(self, request: Request) -> Response | None:
        """The answer of something that is not the shop; None if the request gets through."""
        if self.redirect_to:
            query = f"?{request.query_string}" if request.query_string else ""
            place = f"{self.redirect_to.rstrip('/')}{quote(request.path, safe='/~')}{query}"
            return Response.html(301, "301 Moved Permanently", (("Location", place),))
        if self.firewall and request.route is not None:
            return Response.html(403, "403 Forbidden")
        return None


def page(site: Site, request: Request) -> Response:
    """What is not the API: the front page, the uploaded pictures, and for all else a page that says so."""
    if request.method not in ("GET", "HEAD"):
        return Response.html(404, "404 Not Found")
    if request.path in ("/", "/index.php"):
        return Response.html(200, "Sandbox")
    if request.path.startswith(f"{UPLOADS}/"):
        with site.store.lock:
            there = site.store.has_file(request.path.removeprefix(f"{UPLOADS}/"))
        if there:
            return Response(200, PIXEL, (("Content-Type", "image/png"),))
    return Response.html(404, "404 Not Found")


def hidden(site: Site, request: Request) -> bool:
    """With plain permalinks there is nothing below /wp-json, only the parameter rest_route."""
    return site.plain_permalinks and request.path.startswith(ROOT)
