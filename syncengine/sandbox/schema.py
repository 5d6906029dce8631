"""What a single request's parameters must look like. Items of a batch are never held to this (FACTS-WOOCOMMERCE, 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from syncengine.sandbox.dates import SHAPE
from syncengine.sandbox.messages import InvalidParamsError
from syncengine.sandbox.values import is_email, php_integer, php_text

_NUMERIC = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*")
_YES_NO = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class Kind:
    """The type of a parameter: its JSON types, and what they may hold."""

    types: tuple[str, ...]
    enum: tuple[str, ...] = ()
    items: Kind | None = None
    properties: Mapping[str, Kind] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    date_time: bool = False
    email: bool = False
    default: Any = None
    readonly: bool = False  # only said of a field, never held against who sends it


Problem = tuple[str, str, Any]

TEXT = Kind(("string",))
EMAIL = Kind(("string",), email=True)
WHOLE = Kind(("integer",))
FLAG = Kind(("boolean",))
DATE = Kind(("null", "string"))
IDS = Kind(("array",), items=WHOLE)
TEXTS = Kind(("array",), items=TEXT)
ANYTHING = Kind(())


def choice(*options: str, default: str | None = None) -> Kind:
    return Kind(("string",), enum=options, default=default)


def an_object(**properties: Kind) -> Kind:
    return Kind(("object",), properties=properties)


def objects(**properties: Kind) -> Kind:
    return Kind(("array",), items=an_object(**properties))


def shown_only(kind: Kind) -> Kind:
    return replace(kind, readonly=True)


def _spoken(options: tuple[str, ...]) -> str:
    return " and ".join(options) if len(options) < 3 else ", ".join(options[:-1]) + ", and " + options[-1]


def _is(json_type: str, value: Any) -> bool:
    match json_type:
        case "null":
            return value is None
        case "string":
            return isinstance(value, str)
        case "boolean":
            if isinstance(value, str):
                return value.lower() in _YES_NO and value != ""
            return value in (0, 1) and isinstance(value, int)
        case "integer":
            if isinstance(value, str):
                return bool(_NUMERIC.fullmatch(value)) and float(value).is_integer()
            return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        case "number":
            if isinstance(value, str):
                return bool(_NUMERIC.fullmatch(value))
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return isinstance(value, list | str | int | float | bool)
        case "object":
            return isinstance(value, dict | list) or value == ""
    raise ValueError(json_type)


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [part for part in re.split(r"[\s,]+", php_text(value)) if part]


def problem(name: str, value: Any, kind: Kind) -> Problem | None:
    """What is wrong with a value, as (code, message, data); None if nothing."""
    if kind.types and not any(_is(json_type, value) for json_type in kind.types):
        return "rest_invalid_type", f"{name} is not of type {','.join(kind.types)}.", {"param": name}
    if kind.enum and value not in kind.enum:
        return "rest_not_in_enum", f"{name} is not one of {_spoken(kind.enum)}.", None
    if kind.date_time and not SHAPE.fullmatch(php_text(value)):
        return "rest_invalid_date", "Invalid date.", None
    if kind.email and not is_email(value):
        return "rest_invalid_email", "Invalid email address.", None
    if kind.minimum is not None and (
        php_integer(value) < kind.minimum or php_integer(value) > (kind.maximum or 1 << 62)
    ):
        if kind.maximum is None:
            return "rest_out_of_bounds", f"{name} must be greater than or equal to {kind.minimum}", None
        limits = f"between {kind.minimum} (inclusive) and {kind.maximum} (inclusive)"
        return "rest_out_of_bounds", f"{name} must be {limits}", None
    if kind.items:
        found = (problem(f"{name}[{at}]", item, kind.items) for at, item in enumerate(_as_list(value)))
        return next((each for each in found if each), None)
    if kind.properties and isinstance(value, dict):
        known = ((key, item) for key, item in value.items() if key in kind.properties)
        found = (problem(f"{name}[{key}]", item, kind.properties[key]) for key, item in known)
        return next((each for each in found if each), None)
    return None


def sanitized(value: Any, kind: Kind) -> Any:
    """A valid value, or null, in its proper type: null becomes "", 0, false, [] or {} unless it is a type itself."""
    if not kind.types or (value is None and "null" in kind.types):
        return value
    match next((each for each in kind.types if _is(each, value)), kind.types[0]):
        case "boolean":
            return _YES_NO.get(value.lower(), True) if isinstance(value, str) else bool(value)
        case "integer":
            return php_integer(value)
        case "number":
            return float(value or 0)
        case "array":
            return [sanitized(item, kind.items) if kind.items else item for item in _as_list(value)]
        case "object":
            inside = value if isinstance(value, dict) else {}
            return {key: sanitized(item, kind.properties.get(key, ANYTHING)) for key, item in inside.items()}
    return php_text(value)


def checked(params: Mapping[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The parameters in their types, unknown ones as they came; raises InvalidParamsError naming every bad one.

    Null is never refused, it is turned into the type's empty value (FACTS-WOOCOMMERCE, 6).
    """
    problems = {}
    for name, kind in kinds.items():
        value = params.get(name)
        if value is not None and (found := problem(name, value, kind)):
            problems[name] = found
    if problems:
        raise InvalidParamsError(problems)
    return {name: sanitized(value, kinds[name]) if name in kinds else value for name, value in params.items()}


def defaults(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    return {name: kind.default for name, kind in kinds.items() if kind.default is not None}
