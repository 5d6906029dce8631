"""What the environment says above config.toml: SYNC_CONNECTIONS__SHOP__CONSUMER_KEY and the like."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

__all__ = ["SECTIONS", "Environment"]

PREFIX = "SYNC_"
DELIMITER = "__"


class _Sections(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter=DELIMITER, env_ignore_empty=True)

    state: dict[str, Any] = {}
    connections: dict[str, Any] = {}
    jobs: dict[str, Any] = {}
    service: dict[str, Any] = {}
    log: dict[str, Any] = {}


SECTIONS = tuple(_Sections.model_fields)


class _Source(EnvSettingsSource):
    """Values stay text as they are: a secret that happens to be JSON is no JSON."""

    def decode_complex_value(self, field_name: str, field: Any, value: Any) -> Any:
        if field is None:
            raise ValueError("no JSON")
        return {}  # SYNC_STATE=… alone is none of ours


class Environment:
    """The variables' values, as nested tables with the names that config.toml uses."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    @classmethod
    def over(cls, data: dict[str, Any]) -> Environment:
        """The environment's values above those of a file; SHOP_DE names the file's `shop-de`."""
        return cls(_renamed(_Source(_Sections)(), data))

    def name(self, path: tuple[str | int, ...]) -> str | None:
        """The variable that set the value at `path`, if one did."""
        value: Any = self._values
        for part in path:
            if not isinstance(value, dict) or part not in value:
                return None
            value = value[part]
        if not path or isinstance(value, dict):
            return None
        return self.variable(path)

    @staticmethod
    def variable(path: tuple[str | int, ...]) -> str:
        """The variable that would set the value at `path`."""
        return PREFIX + DELIMITER.join(_plain(str(part)) for part in path).upper()

    def below(self, path: tuple[str | int, ...]) -> Iterator[str]:
        """The variables that set the value at `path`, or anything in the table there."""
        value: Any = self._values
        for part in path:
            value = value.get(part, {}) if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            yield self.variable(path)
            return
        for part in value:
            yield from self.below((*path, part))

    @staticmethod
    def strange() -> Iterator[tuple[str, str]]:
        """Variables that look like one of ours and name no section, with what they name in its place."""
        for name, value in os.environ.items():
            section, mark, _ = name.upper().removeprefix(PREFIX).casefold().partition(DELIMITER)
            if name.upper().startswith(PREFIX) and mark and value and section not in SECTIONS:
                yield name, section

    def lost(self, paths: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
        """Variables that are called like one of these paths, but joined by one underscore, and what they would be."""
        there = {name.upper(): name for name, value in os.environ.items() if value}
        for path in paths:
            meant = self.variable(path)
            if (written := meant.replace(DELIMITER, "_")) != meant and written in there:
                yield there[written], meant

    def merged(self, data: dict[str, Any]) -> dict[str, Any]:
        return _merged(data, self._values)


def _renamed(values: dict[str, Any], data: Any) -> dict[str, Any]:
    known = {_plain(name): name for name in data} if isinstance(data, dict) else {}
    renamed: dict[str, Any] = {}
    for key, value in values.items():
        name = known.get(_plain(key), key)
        inner = data.get(name) if isinstance(data, dict) else None
        renamed[name] = _renamed(value, inner) if isinstance(value, dict) else value
    return renamed


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_")


def _merged(below: Any, above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below) if isinstance(below, dict) else {}
    for key, value in above.items():
        merged[key] = _merged(merged.get(key), value) if isinstance(value, dict) else value
    return merged
