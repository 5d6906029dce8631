"""What may answer in a shop's place: a small web server that gives the answers it was told to give."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

INDEX = {
    "name": "Shop",
    "home": "",
    "gmt_offset": 1,
    "timezone_string": "Europe/Berlin",
    "namespaces": ["wp/v2", "wc/v3"],
}


@dataclass(frozen=True)
class Told:
    """One answer: JSON where the body is no text."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Answer = Callable[[str, str], Told]  # by method and target (the path with its query)


@dataclass
class Stranger:
    url: str
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # method, target, headers

    @property
    def methods(self) -> list[str]:
        return [method for method, _, _ in self.asked]


@contextmanager
def stranger(
    answer: Answer | Told, context: ssl.SSLContext | None = None, name: str = "127.0.0.1"
) -> Iterator[Stranger]:
    """A server on loopback. `name` is what it is called by in its address."""
    said = Stranger("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (ConnectionError, ssl.SSLError):
                self.close_connection = True

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said.asked.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}))
            told = answer if isinstance(answer, Told) else answer(self.command, self.path)
            self.send_response(told.status)
            if not isinstance(told.body, str):
                self.send_header("Content-Type", "application/json")
            for key, value in told.headers.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(told.content)))
            self.end_headers()
            self.wfile.write(told.content)

        do_GET = do_POST = do_OPTIONS = do_PUT = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None: ...

    server = _Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    said.url = f"{'https' if context else 'http'}://{name}:{server.server_address[1]}"
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us hangs up."""


def whole(**more: Told) -> Answer:
    """A shop that answers everything as a check needs it; `more` replaces answers by the last word of their path."""
    answers: dict[str, Told] = {
        "wp-json": Told(body=INDEX),
        "products": Told(body=[], headers={"X-WP-Total": "0"}),
        "batch": Told(body=[]),
        "system_status": Told(body={"environment": {"version": "10.2.4", "wp_version": "6.9.7"}}),
        "general": Told(body=[{"id": "woocommerce_currency", "value": "EUR"}]),
    } | more

    def answer(method: str, target: str) -> Told:
        word = target.partition("?")[0].strip("/").rpartition("/")[2]
        missing = Told(404, {"code": "rest_no_route", "message": "No route was found", "data": {"status": 404}})
        return answers.get(word, missing)

    return answer
