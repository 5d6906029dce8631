"""One request on its way to the part of the store that answers it: its route, its parameters, what it may do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox.messages import ApiError, Query, Request, parse_query
from syncengine.sandbox.shown import field_list, only
from syncengine.sandbox.site import Site

_REFUSALS = {
    "list": ("cannot_view", "Sorry, you cannot list resources."),
    "view": ("cannot_view", "Sorry, you cannot view this resource."),
    "create": ("cannot_create", "Sorry, you are not allowed to create resources."),
    "edit": ("cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("cannot_delete", "Sorry, you are not allowed to delete this resource."),
    "batch": ("cannot_batch", "Sorry, you are not allowed to batch manipulate this resource."),
}


@dataclass
class Call:
    """A request with what is known of it. `admitted`: a key was shown that may do this. `half`: the connection breaks
    when half of the batch is done."""

    site: Site
    request: Request
    home: str
    admitted: bool
    half: bool = False

    def __post_init__(self) -> None:
        self.query: Query = parse_query(self.request.query_string)
        self.route = (self.request.route or "/").rstrip("/")
        # HEAD is answered like GET, only without the body.
        self.method = "GET" if self.request.method == "HEAD" else self.request.method
        self.fields = field_list(self.query.get("_fields"))

    def need(self, deed: str) -> None:
        """Raises ApiError if no key was shown."""
        if not self.admitted:
            code, message = _REFUSALS[deed]
            raise ApiError(401, f"woocommerce_rest_{code}", message)

    def params(self) -> dict[str, Any]:
        """The query's parameters with the body's on top; a broken JSON body refuses the request."""
        body = self.request.body
        kind = self.request.headers.get("content-type", "")
        if not body:
            return dict(self.query)
        if "json" in kind:
            try:
                given = json.loads(body.decode("utf-8-sig"))
                if b"\\u" in body:
                    json.dumps(given, ensure_ascii=False).encode()  # half a character is an error to PHP
            except (ValueError, RecursionError):  # PHP reads 512 levels and no more
                problem = {"json_error_code": 4, "json_error_message": "Syntax error"}
                raise ApiError(400, "rest_invalid_json", "Invalid JSON body passed.", **problem) from None
            return {**self.query, **given} if isinstance(given, dict) else dict(self.query)
        return {**self.query, **parse_query(body.decode("utf-8", "replace"))}

    def cut(self, value: Any) -> Any:
        """What `_fields` leaves; a dotted name asks for a field that no record has (FACTS-WOOCOMMERCE, 4)."""
        if not self.fields:
            return value
        return only(value, [name for name in self.fields if "." not in name] or [""])
