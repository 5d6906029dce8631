"""config.toml under the environment, and what to write there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from syncengine.environment import Environment
from syncengine.errors import Problem
from syncengine.settings import Connection, Job
from syncengine.toml_file import Place, TomlFile

__all__ = ["BOUNDS", "EXAMPLES", "ConfigFile"]

Named = TypeVar("Named", bound=Connection | Job)

# What to write instead, for every key.
EXAMPLES = {
    "folder": 'folder = "erp"',
    "encoding": 'encoding = "auto"',
    "delimiter": 'delimiter = ";"',
    "decimal": 'decimal = ","',
    "thousands": 'thousands = "."',
    "date_format": 'date_format = "%d.%m.%Y"',
    "timezone": 'timezone = "Europe/Berlin"',
    "guard_formulas": "guard_formulas = true",
    "type": 'type = "csv"',
    "url": 'url = "https://shop.example.com"',
    "consumer_key": 'consumer_key = "ck_…", or consumer_key_file = "key.txt"',
    "consumer_secret": 'consumer_secret = "cs_…", or consumer_secret_file = "secret.txt"',
    "api": 'api = "wc-v3", or "legacy-v3" for a shop that has only the API of old',
    "auth": 'auth = "basic", "oauth1" or "query"',
    "wp_user": 'wp_user = "admin"',
    "wp_application_password": 'wp_application_password = "…", or wp_application_password_file = "login.txt"',
    "timeout": "timeout = 60",
    "concurrency": "concurrency = 2",
    "overlap": 'overlap = "120s"',
    "settle": 'settle = "30s"',
    "mapping": 'mapping = "mappings/products.toml"',
    "erp": 'erp = "erp", the name of a table under [connections]',
    "store": 'store = "shop", the name of a table under [connections]',
    "schedule": 'schedule = "*/15 * * * *"',
    "every": 'every = "5m"',
    "reconcile": 'reconcile = "24h", or "never"',
    "guards": 'a table [jobs.NAME.guards] with max_changes = "50%"',
    "max_changes": 'max_changes = "50%", or a count',
    "max_deletes": 'max_deletes = "5%", or a count',
    "min_rows": "min_rows = 1",
    "log_format": 'log_format = "text", or "json"',
    "stop_within": 'stop_within = "120s"',
    "file": 'file = "sync.log"',
    "format": 'format = "json", or "text"',
    "personal_data": "personal_data = false",
}
# Lowest and highest of what people may write; what the program makes itself is not bound.
BOUNDS: dict[str, tuple[Any, Any, str]] = {
    "timeout": (1, 600, "seconds from 1 to 600"),
    "concurrency": (1, 16, "a number from 1 to 16"),
    "overlap": (timedelta(), timedelta(days=7), '"0s" to "7d"'),
    "settle": (timedelta(), timedelta(hours=1), '"0s" to "1h"'),
    "every": (timedelta(seconds=1), timedelta(days=366), '"1s" to "366d"'),
    "reconcile": (timedelta(seconds=1), timedelta(days=366), '"1s" to "366d", or "never"'),
    "stop_within": (timedelta(seconds=1), timedelta(hours=1), '"1s" to "1h"'),
}


class ConfigFile(TomlFile):
    """config.toml under the environment: what is set there stands above what is written here."""

    def __init__(self, path: Path, missing: str) -> None:
        super().__init__(path, missing)
        self.environment = Environment.over(self.data)
        self.folder = self.path.parent

    def problem(self, path: Place, message: str, instead: str) -> Problem:
        found = super().problem(path, message, instead)
        variable = self.environment.name(path)
        return Problem("environment", None, f"{variable}: {message}", instead) if variable else found

    def named(self, model: type[Named], path: tuple[str, str], table: dict[str, Any]) -> Named | None:
        """The table of a section that is called like the last part of its path, as a model; None where something is
        wrong with it."""
        if table.pop("name", None) is not None:
            self.wrong((*path, "name"), "unknown key", f"leave it out: the name is {path[1]}, from [{'.'.join(path)}]")
        return self.read(model, {**table, "name": path[1]}, path, EXAMPLES, BOUNDS)
