"""config.toml and the environment -> Settings, checked in full."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from syncengine.environment import SECTIONS
from syncengine.errors import Problem
from syncengine.settings import Connection, Job, Log, Service, Settings, WooCommerceConnection
from syncengine.settings_file.config_file import BOUNDS, EXAMPLES, ConfigFile
from syncengine.settings_file.connections import SECRETS, read_connection
from syncengine.state.url import DEFAULT, read_url
from syncengine.taken_up import is_there
from syncengine.written import Mistake, known

__all__ = ["load_settings"]

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
NEEDS = {"connections": "type", "jobs": "mapping"}  # what no table of these does without
KEYS: dict[str, Collection[str]] = {"state": ("url",), "service": Service.model_fields, "log": Log.model_fields}


def load_settings(path: Path | None) -> Settings:
    """The settings of a file: `path`, else $SYNC_CONFIG, else ./config.toml. Contacts nothing.

    Raises ConfigError with everything that is wrong.
    """
    path = path or Path(os.environ.get("SYNC_CONFIG") or "config.toml")
    missing = "copy config.example.toml to it and fill it in; --config PATH or $SYNC_CONFIG names another"
    file = ConfigFile(path, missing)
    data = file.environment.merged(file.data)
    for key in data:
        if key not in SECTIONS:
            file.wrong((key,), "unknown key", known(key, SECTIONS))
    _look_for_misspelt_variables(file)
    state_url = _state(file, _table(file, data, "state"))
    written = _tables(file, data, "connections")
    connections = {name: read_connection(file, name, table) for name, table in written.items()}
    jobs = {name: _job(file, name, table, connections) for name, table in _tables(file, data, "jobs").items()}
    service = file.read(Service, _table(file, data, "service"), ("service",), EXAMPLES, BOUNDS)
    log = _log(file, _table(file, data, "log"))
    file.finish()
    return Settings(
        file=file.path,
        state_url=state_url,
        connections={name: found for name, found in connections.items() if found},
        jobs={name: found for name, found in jobs.items() if found},
        service=service or Service(),
        log=log,
    )


def _look_for_misspelt_variables(file: ConfigFile) -> None:
    """What somebody set in the environment and would wonder about: it reaches nothing."""
    for variable, section in file.environment.strange():
        said = f"{variable}: there is no table [{section}]"
        file.problems.append(Problem("environment", None, said, known(section, SECTIONS)))
    paths: list[tuple[str, ...]] = [(section, key) for section, keys in KEYS.items() for key in keys]
    for section in NEEDS:
        for name in _own(file, section):
            paths += [(section, name, key) for key in (*EXAMPLES, *(f"{key}_file" for key in SECRETS))]
    for variable, meant in file.environment.lost(paths):
        said = f"{variable}: tables and keys are joined by two underscores"
        file.problems.append(Problem("environment", None, said, f"write {meant}"))


def _table(file: ConfigFile, data: dict[str, Any], key: str) -> dict[str, Any]:
    table = data.get(key, {})
    if isinstance(table, dict):
        return dict(table)
    file.wrong((key,), "must be a table", f"write [{key}] on a line of its own, and its keys below")
    return {}


def _tables(file: ConfigFile, data: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """The named tables of a section."""
    section = _table(file, data, key)
    if not section and isinstance(data.get(key, {}), dict):
        file.wrong((key,), "there are none", f"write a table [{key}.NAME]; config.example.toml shows one")
    found: dict[str, dict[str, Any]] = {}
    for name, table in section.items():
        if not NAME.fullmatch(name):
            file.wrong((key, name), "not a good name", "write 1 to 40 letters (a-z), digits, - and _")
        elif not isinstance(table, dict):
            file.wrong((key, name), "must be a table", f"write [{key}.{name}] on a line of its own, and its keys below")
        elif NEEDS[key] not in table and (known_ones := _own(file, key)) and name not in known_ones:
            variable = next(file.environment.below((key, name)))
            said = f"{variable}: there is no table [{key}.{name}]"
            file.problems.append(Problem("environment", None, said, known(name, known_ones)))
        else:
            found[name] = dict(table)
    return found


def _own(file: ConfigFile, key: str) -> list[str]:
    """The tables of a section that stand in the file itself."""
    section = file.data.get(key)
    return list(section) if isinstance(section, dict) else []


def _state(file: ConfigFile, table: dict[str, Any]) -> str:
    for key in table:
        if key != "url":
            file.wrong(("state", key), "unknown key", known(key, ["url"]))
    try:
        return read_url(table.get("url", DEFAULT), file.folder)
    except Mistake as mistake:
        file.wrong(("state", "url"), str(mistake), mistake.instead)
        return ""


def _job(file: ConfigFile, name: str, table: dict[str, Any], connections: dict[str, Connection | None]) -> Job | None:
    path = ("jobs", name)
    if isinstance(mapping := table.get("mapping"), str):
        table["mapping"] = file.folder / mapping
        if not is_there(table["mapping"]):
            instead = "write the mapping there, or start with one of those in mappings/"
            file.wrong((*path, "mapping"), f"there is no file {mapping}", instead)
    found = file.named(Job, path, table)
    if "schedule" in table and "every" in table:
        file.wrong((*path, "every"), "both schedule and every are given", "leave one of them out")
    for side in ("erp", "store"):
        if isinstance(table.get(side), str):
            _side(file, path, side, table[side], connections)
    return found


def _side(
    file: ConfigFile, path: tuple[str, str], side: str, named: str, connections: dict[str, Connection | None]
) -> None:
    if named not in connections:
        file.wrong((*path, side), f"there is no connection {named!r}", known(named, list(connections)))
        return
    connection = connections[named]
    if connection is None:  # its own problems say why
        return
    is_store = isinstance(connection, WooCommerceConnection)
    if is_store != (side == "store"):
        fitting = [
            other.name
            for other in connections.values()
            if other and isinstance(other, WooCommerceConnection) == (side == "store")
        ]
        wanted = "a connection of type woocommerce" if side == "store" else "a connection that is no woocommerce"
        there = f" (there are: {', '.join(fitting)})" if fitting else ""
        file.wrong((*path, side), f"{named} is of type {connection.type}", f"name {wanted}{there}")


def _log(file: ConfigFile, table: dict[str, Any]) -> Log:
    if isinstance(written := table.get("file"), str):
        if not written.strip() or not written.isprintable():
            file.wrong(("log", "file"), "no file is named", f"write {EXAMPLES['file']}")
        table["file"] = file.folder / written
    return file.read(Log, table, ("log",), EXAMPLES) or Log()
