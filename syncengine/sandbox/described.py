"""What an OPTIONS request is told: the methods of a route, their parameters, and the fields of what is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox.schema import DATE, Kind

_CONTEXT = ["view", "edit"]


def route(methods: list[str], endpoints: list[dict[str, Any]], title: str, fields: Mapping[str, Kind]) -> Any:
    """The whole reply; `endpoints` as `endpoint` makes them."""
    properties = {name: _property(kind) | {"context": _CONTEXT} for name, kind in fields.items()}
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "title": title, "type": "object"}
    return {
        "namespace": "wc/v3",
        "methods": methods,
        "endpoints": endpoints,
        "schema": {**schema, "properties": properties},
    }


def endpoint(methods: list[str], kinds: Mapping[str, Kind], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """What one method of a route takes."""
    args = {name: _argument(kind) | {"required": name in required} for name, kind in kinds.items()}
    return {"methods": methods, "args": args}


def _argument(kind: Kind) -> dict[str, Any]:
    told: dict[str, Any] = {"type": kind.types[0] if len(kind.types) == 1 else list(kind.types)}
    if not kind.types:
        told = {"type": ["null", "object", "string", "number", "boolean", "integer", "array"]}
    if kind.date_time:
        told["format"] = "date-time"
    if kind.email:
        told["format"] = "email"
    for name in ("default", "minimum", "maximum"):
        if getattr(kind, name) is not None:
            told[name] = getattr(kind, name)
    return told | _inside(kind, _argument)


def _property(kind: Kind) -> dict[str, Any]:
    """A field as the schema tells it; only one that cannot be written is marked."""
    types: Any = kind.types[0] if len(kind.types) == 1 else list(kind.types) or "mixed"
    told: dict[str, Any] = {"type": "date-time" if kind.types == DATE.types else types}
    if kind.readonly:
        told["readonly"] = True
    return told | _inside(kind, _property)


def _inside(kind: Kind, tell: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"enum": list(kind.enum)} if kind.enum else {}
    if kind.items:
        told["items"] = tell(kind.items)
    if kind.properties:
        told["properties"] = {name: tell(inner) for name, inner in kind.properties.items()}
    return told
