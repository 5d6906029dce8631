"""The sandbox on a real socket: HTTP/1.1 with kept-alive connections, a thread each, TLS if wanted."""

from __future__ import annotations

import signal
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from typing import Any

from syncengine.sandbox.app import Sandbox
from syncengine.sandbox.messages import Dropped, FatalError, Request, Response

_IDLE = 120.0  # seconds after which a silent connection is closed
_BROKEN = (ConnectionError, TimeoutError, ssl.SSLError)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one piece: two would wait for each other's acknowledgement
    timeout = _IDLE
    server: _Server

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._answer()
        except _BROKEN:
            self.close_connection = True

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            self._send(Response.html(400, "400 Bad Request"))
            return
        try:
            request = Request.of(self.command, self.path, headers, body, self.server.scheme)
            response = self.server.sandbox.handle(request)
        except Dropped:
            self.close_connection = True
            return
        except Exception:  # a shop whose PHP dies goes on answering
            traceback.print_exc()
            response = Response.json(500, FatalError().body())
        self._send(response)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _send(self, response: Response) -> None:
        lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines.append(f"Content-Length: {len(response.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body)
        self.wfile.flush()

    def finish(self) -> None:
        with suppress(*_BROKEN, ValueError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, address: tuple[str, int], context: ssl.SSLContext | None) -> None:
        self.sandbox = sandbox
        self.scheme = "https" if context else "http"
        self._context = context
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._inside: set[threading.Thread] = set()
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"{self.scheme}://{host!s}:{port}"

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        with self._lock:
            self._inside.add(thread)
            self._open.add(request)
        connection = request
        try:
            if self._context:
                # The handshake belongs to the connection's own thread: one slow client must not keep others waiting.
                request.settimeout(_IDLE)
                connection = self._context.wrap_socket(request, server_side=True)
                with self._lock:
                    self._open.discard(request)
                    self._open.add(connection)
            self.finish_request(connection, client_address)
        except (*_BROKEN, OSError):
            pass
        finally:
            with self._lock:
                self._open.discard(request)
                self._open.discard(connection)
                self._inside.discard(thread)
            self.shutdown_request(connection)

    def stop(self) -> None:
        """Closes the door, then every connection, and waits for those who were still inside."""
        self.shutdown()
        self.server_close()
        with self._lock:
            connections, threads = list(self._open), list(self._inside)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(5)


@contextmanager
def running(
    sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, ssl_context: ssl.SSLContext | None = None
) -> Iterator[str]:
    """The sandbox on a socket, in a thread of this process; gives its address. Port 0: any free one."""
    server = _Server(sandbox, (host, port), ssl_context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.stop()
        thread.join()


def serve(sandbox: Sandbox, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serves until SIGTERM or Ctrl-C; `on_ready` is called with the address once connections are accepted."""
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {each: signal.signal(each, asked) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        with running(sandbox, host, port) as url:
            on_ready(url)
            while not stop.wait(3600):
                pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
