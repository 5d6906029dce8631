"""A server in the shop's place that repeats whatever it was asked, keys included, in every answer."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes] | None  # None: the connection is closed without a word


@dataclass(frozen=True)
class Asked:
    """One request, and all of it in one line."""

    method: str
    path: str
    echo: str
    body: bytes = field(repr=False)


def told(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error as WordPress tells it."""
    return status, headers, json.dumps({"code": code, "message": message, "data": {"status": status}}).encode()


def records(found: Any, **headers: str) -> Answer:
    return 200, {"X-WP-Total": str(len(found)), **headers}, json.dumps(found).encode()


@contextmanager
def hostile(answer: Callable[[Asked], Answer], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve such answers on a free port, encrypted where `tls` says how; the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            echo = f"{self.path} {self.headers.get('Authorization', '')}"
            given = answer(Asked(self.command, self.path, echo, body))
            if given is None:
                self.close_connection = True
                return
            status, headers, content = given
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_OPTIONS = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing to stderr: what is said there is looked through."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
