"""What a client asks of the old API, as PHP reads it, and how that says no."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from syncengine.sandbox.messages import ApiError, Request

__all__ = ["ROOT", "Asked", "LegacyError", "missing", "parsed"]

ROOT = "/wc-api/v3"


class LegacyError(ApiError):
    """A refusal in the old API's words."""

    def __init__(self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, f"woocommerce_api_{code}", message)
        self.headers = headers


class Asked:
    """A request: `route` is what follows the root, `filter` the parameters in brackets, `fields` what to show."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.method = "GET" if request.method == "HEAD" else request.method
        self.route = request.path.removeprefix(ROOT).rstrip("/") or "/"
        # what PHP has decoded already is decoded once more
        self.query, self.filter = (
            {name: unquote_plus(value) for name, value in given.items()} for given in parsed(request.query_string)
        )
        self.fields = [name for name in self.query.get("fields", "").split(",") if name]

    @property
    def page(self) -> int:
        number = self.query.get("page", "1")
        return max(1, int(number)) if number.isdigit() else 1

    def data(self, wrapper: str, deed: str) -> Any:
        """What the body has below its one name."""
        try:
            given = json.loads(self.request.body or b"null")
        except ValueError:
            given = None
        if not isinstance(given, dict) or given.get(wrapper) is None:
            message = f"No {wrapper} data specified to {deed} {wrapper}"
            raise LegacyError(400, f"missing_{wrapper}_data", message)
        return given[wrapper]

    def shown(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """What `fields` leaves of a record."""
        return {name: value for name, value in record.items() if not self.fields or name in self.fields}


def parsed(query_string: str) -> tuple[dict[str, str], dict[str, str]]:
    """The plain parameters, and those of `filter[…]` by what stands in the brackets."""
    plain: dict[str, str] = {}
    filtered: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        base, bracket, inner = name.partition("[")
        if bracket and base == "filter" and inner.endswith("]"):
            filtered[inner[:-1]] = value
        elif not bracket:
            plain[name] = value
    return plain, filtered


def missing(what: str, name: str) -> LegacyError:
    return LegacyError(400, f"missing_{what}_{name}", f"Missing parameter {name}")
