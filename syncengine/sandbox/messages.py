"""What goes in and out of the sandbox, with or without a socket: requests, responses, errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

ROOT = "/wp-json"
JSON_TYPE = "application/json; charset=UTF-8"


class Dropped(Exception):
    """The connection is closed without a reply."""


class ApiError(Exception):
    """A refusal as WooCommerce words it: an HTTP status and a JSON object of code, message and data."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.data: dict[str, Any] = {"status": status, **data}

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "data": self.data}


class InvalidParamsError(ApiError):
    """Parameters that the schema refuses; `problems` maps each to (code, message, data)."""

    def __init__(self, problems: Mapping[str, tuple[str, str, Any]]) -> None:
        super().__init__(
            400,
            "rest_invalid_param",
            "Invalid parameter(s): " + ", ".join(problems),
            params={name: message for name, (_, message, _) in problems.items()},
            details={
                name: {"code": code, "message": message, "data": data}
                for name, (code, message, data) in problems.items()
            },
        )


class BareError(ApiError):
    """A refusal whose data is no more than a number (q09_orders)."""

    def __init__(self, status: int, code: str, message: str, data: int | None = None) -> None:
        super().__init__(status, code, message)
        self._data = status if data is None else data

    def body(self) -> dict[str, Any]:
        return {**super().body(), "data": self._data}


class FatalError(ApiError):
    """PHP died: what was written before stays written, and the reply names nothing of it (FACTS-WOOCOMMERCE, 2)."""

    def __init__(self) -> None:
        super().__init__(500, "internal_server_error", "<p>There has been a critical error on this website.</p>")

    def body(self) -> dict[str, Any]:
        return {**super().body(), "additional_errors": []}


Query = dict[str, Any]  # a value is a text, or a list of texts where the name ended in []


def parse_query(query_string: str) -> Query:
    """Reads a query string as PHP does: the last of a name wins, `a[]=` and `a[0]=` make a list."""
    query: Query = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        base, bracket, index = name.partition("[")
        if bracket and base and index.endswith("]"):
            held = query.get(base)
            items: dict[str, str] = held if isinstance(held, dict) else {}
            items[index[:-1] or str(len(items))] = value
            query[base] = items
        else:
            query[name] = value
    return {name: list(value.values()) if isinstance(value, dict) else value for name, value in query.items()}


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower case; `path` is decoded, `query_string` is not."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "http"

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], body: bytes, scheme: str) -> Request:
        """A request from its request line: `target` is the path with its query, as it was sent."""
        path, _, query_string = target.partition("?")
        return cls(method.upper(), unquote(path), query_string, headers, body, scheme)

    @property
    def host(self) -> str:
        return self.headers.get("host", "localhost")

    @property
    def route(self) -> str | None:
        """What is asked of the API, like /wc/v3/products: a path below /wp-json, or the parameter rest_route."""
        if self.path == ROOT or self.path.startswith(f"{ROOT}/"):
            return self.path.removeprefix(ROOT) or "/"
        given = parse_query(self.query_string).get("rest_route") if self.path in ("/", "/index.php") else None
        return f"/{given.lstrip('/')}" if isinstance(given, str) and given else None


@dataclass(frozen=True)
class Response:
    """One HTTP response; `body` is what is sent, already encoded."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def json(cls, status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
        return cls(status, text.encode("ascii"), (("Content-Type", JSON_TYPE), *headers))

    @classmethod
    def html(cls, status: int, title: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        """What the web server in front of the store answers by itself."""
        head, body = f"<head><title>{title}</title></head>", f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>"
        page = f"<html>\r\n{head}\r\n{body}\r\n</html>\r\n".encode("ascii")
        return cls(status, page, (("Content-Type", "text/html"), *headers))


@dataclass(frozen=True)
class LoggedRequest:
    """A request that was answered or dropped, for assertions like "nothing but GET"; status 0: dropped."""

    method: str
    path: str
    query: str
    status: int
    size: int


def no_route() -> ApiError:
    """What a route answers that is not there, or does not take the method."""
    return ApiError(404, "rest_no_route", "No route was found matching the URL and request method.")
