"""The sandbox without a socket: a transport for httpx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from syncengine.sandbox.messages import Dropped, Request

if TYPE_CHECKING:
    from syncengine.sandbox.app import Sandbox


class Mount(httpx.BaseTransport):
    """Hands requests to the sandbox; a dropped connection looks like one."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        body = request.read()
        try:
            reply = self._sandbox.handle(Request.of(request.method, target, headers, body, request.url.scheme))
        except Dropped:
            message = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(message, request=request) from None
        return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body, request=request)
