"""config.toml and the environment -> Settings."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from syncengine.environment import Environment
from syncengine.errors import ConfigError, Problem
from syncengine.private import hide
from syncengine.taken_up import is_there
from syncengine.toml_file import TomlFile
from syncengine.written import (
    Mistake,
    count,
    cron,
    date_format,
    decimal_mark,
    delimiter,
    duration,
    encoding,
    known,
    seconds,
    share,
    thousands_mark,
    timezone,
    url,
)

__all__ = [
    "Connection",
    "CsvConnection",
    "Guards",
    "Job",
    "Limit",
    "Log",
    "OtherConnection",
    "Service",
    "Settings",
    "WooCommerceConnection",
    "load_settings",
]

Found = TypeVar("Found", bound="Part")

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
SECTIONS = ("state", "connections", "jobs", "service", "log")
SECRETS = ("consumer_key", "consumer_secret")
SECRET = re.compile("password|passwd|secret|token|api_?key", re.IGNORECASE)  # names of a plug-in's options
PREFIXES = {"consumer_key": "ck_", "consumer_secret": "cs_"}
DEFAULT_STATE = "sqlite:///sync.db"
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


def _bounded(value: Any, info: ValidationInfo) -> Any:
    low, high, bounds = (info.context or {}).get(info.field_name, (value, value, ""))
    if value is not None and not low <= value <= high:
        raise Mistake("out of bounds", f"write {bounds}")
    return value


def _reconcile(written: object) -> timedelta | None:
    return None if written in ("never", None) else duration(written)


def _checked(check: Callable[[str], str]) -> BeforeValidator:
    """Text goes through the check; what is no text is left for pydantic to refuse."""
    return BeforeValidator(lambda written: check(written) if isinstance(written, str) else written)


Duration = Annotated[timedelta, BeforeValidator(duration), AfterValidator(_bounded)]
Seconds = Annotated[float, BeforeValidator(seconds), AfterValidator(_bounded)]
Reconcile = Annotated[timedelta | None, BeforeValidator(_reconcile), AfterValidator(_bounded)]
Count = Annotated[int, BeforeValidator(count), AfterValidator(_bounded)]
Cron = Annotated[str, BeforeValidator(cron)]
Zone = Annotated[str, _checked(timezone)]
Url = Annotated[str, _checked(url)]
Encoding = Annotated[str, _checked(encoding)]
Delimiter = Annotated[str, _checked(delimiter)]
DecimalMark = Annotated[str, _checked(decimal_mark)]
ThousandsMark = Annotated[str, _checked(thousands_mark)]
DateFormat = Annotated[str, _checked(date_format)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class Connection(Part):
    """One system. `name` is its key in config.toml; `type` picks the endpoint."""

    name: str
    type: str


class CsvConnection(Connection):
    folder: Path  # absolute
    encoding: Encoding = "auto"
    delimiter: Delimiter = "auto"
    decimal: DecimalMark = "."
    thousands: ThousandsMark = ""
    date_format: DateFormat = "%Y-%m-%d"
    timezone: Zone = "UTC"
    guard_formulas: bool = False


class WooCommerceConnection(Connection):
    url: Url
    consumer_key: SecretStr
    consumer_secret: SecretStr
    api: Literal["wc-v3", "legacy-v3"] = "wc-v3"
    auth: Literal["basic", "oauth1", "query"] | None = None  # None: what the URL calls for
    timeout: Seconds = 60
    concurrency: Count = 2
    overlap: Duration = timedelta(seconds=120)
    settle: Duration = timedelta(seconds=30)
    wp_user: str | None = None  # of WordPress, for what WooCommerce's keys cannot do: roles
    wp_application_password: SecretStr | None = None


class OtherConnection(Connection):
    """A plug-in's: its options as they stand in config.toml."""

    options: dict[str, Any] = Field(repr=False)  # secrets may be among them


class Limit(Part):
    """A count, or a share of the linked records."""

    count: int | None = None
    share: Decimal | None = None  # 0.5 is 50 %


def _limit(written: object) -> object:
    """ "50%" or a count."""
    if isinstance(written, Limit):
        return written
    if isinstance(written, str) and "%" in written:
        found = share(written)
        if found > 1:
            raise Mistake(f"more than 100%: {written!r}", '"100%" turns the limit off')
        return Limit(share=found)
    try:
        return Limit(count=count(written))
    except Mistake:
        raise Mistake(f"not a limit: {written!r}", 'write a share like "50%", or a count like 200') from None


class Guards(Part):
    max_changes: Annotated[Limit, BeforeValidator(_limit)] = Limit(share=Decimal("0.5"))
    max_deletes: Annotated[Limit, BeforeValidator(_limit)] = Limit(share=Decimal("0.05"))
    min_rows: Count = 1


class Job(Part):
    name: str
    mapping: Path  # absolute
    erp: str
    store: str
    schedule: Cron | None = None
    every: Duration | None = None
    timezone: Zone = "UTC"
    reconcile: Reconcile = timedelta(hours=24)
    guards: Guards = Guards()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Service(Part):
    """How `sync service` goes about it."""

    log_format: Literal["text", "json"] = "text"
    stop_within: Duration = timedelta(seconds=120)  # how long runs under way may take to come to a stop


class Log(Part):
    """Where runs tell what they do, beside their report."""

    file: Path | None = None  # absolute
    format: Literal["text", "json"] = "json"
    personal_data: bool = False


class Settings(Part):
    file: Path
    state_url: str = Field(repr=False)  # may hold a password
    connections: dict[str, Connection]
    jobs: dict[str, Job]
    service: Service = Service()
    log: Log = Log()


def load_settings(path: Path | None) -> Settings:
    """The settings of a file: `path`, else $SYNC_CONFIG, else ./config.toml. Contacts nothing.

    Raises ConfigError with everything that is wrong.
    """
    path = path or Path(os.environ.get("SYNC_CONFIG") or "config.toml")
    missing = "copy config.example.toml to it and fill it in; --config PATH or $SYNC_CONFIG names another"
    return _Loader(_ConfigFile(path, missing)).load()


class _ConfigFile(TomlFile):
    """config.toml under the environment: what is set there stands above what is written here."""

    def __init__(self, path: Path, missing: str) -> None:
        super().__init__(path, missing)
        self.environment = Environment.over(self.data)

    def problem(self, path: Any, message: str, instead: str) -> Problem:
        found = super().problem(path, message, instead)
        variable = self.environment.name(tuple(path))
        return Problem("environment", None, f"{variable}: {message}", instead) if variable else found


class _Loader:
    def __init__(self, file: _ConfigFile) -> None:
        self.file = file
        self.base = file.path.parent
        self.problems: list[Problem] = []

    def load(self) -> Settings:
        data = self.file.environment.merged(self.file.data)
        for key in data:
            if key not in SECTIONS:
                self._wrong((key,), "unknown key", known(key, SECTIONS))
        state_url = self._state(self._table(data, "state"))
        written = self._tables(data, "connections", "type = …, with")
        connections = {name: self._connection(name, table) for name, table in written.items()}
        jobs = {
            name: self._job(name, table, connections)
            for name, table in self._tables(data, "jobs", "mapping = …, with").items()
        }
        service = self._service(self._table(data, "service"))
        log = self._log(self._table(data, "log"))
        if self.problems:
            raise ConfigError(*sorted(self.problems, key=lambda problem: problem.line or 0))
        return Settings(
            file=self.file.path,
            state_url=state_url,
            connections={name: found for name, found in connections.items() if found},
            jobs={name: found for name, found in jobs.items() if found},
            service=service,
            log=log,
        )

    def _wrong(self, path: tuple[str, ...], message: str, instead: str) -> None:
        self.problems.append(self.file.problem(path, message, instead))

    def _table(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        table = data.get(key, {})
        if isinstance(table, dict):
            return dict(table)
        self._wrong((key,), "must be a table", f"write [{key}] on a line of its own, and its keys below")
        return {}

    def _tables(self, data: dict[str, Any], key: str, first: str) -> dict[str, dict[str, Any]]:
        """The named tables of a section."""
        section = self._table(data, key)
        if not section and isinstance(data.get(key, {}), dict):
            self._wrong((key,), "there are none", f"write a table [{key}.NAME]; config.example.toml shows one")
        found: dict[str, dict[str, Any]] = {}
        for name, table in section.items():
            if not NAME.fullmatch(name):
                self._wrong((key, name), "not a good name", "write 1 to 40 letters (a-z), digits, - and _")
            elif not isinstance(table, dict):
                self._wrong(
                    (key, name), "must be a table", f"write [{key}.{name}] on a line of its own, and its keys below"
                )
            else:
                found[name] = dict(table)
        return found

    def _state(self, table: dict[str, Any]) -> str:
        for key in table:
            if key != "url":
                self._wrong(("state", key), "unknown key", known(key, ["url"]))
        written = table.get("url", DEFAULT_STATE)
        instead = f'write url = "{DEFAULT_STATE}", or "postgresql://user:password@host/database"'
        try:
            address = make_url(written)
            kind = address.get_backend_name() if written.isprintable() else ""
        except (ArgumentError, ValueError, AttributeError):
            self._wrong(("state", "url"), "not the URL of a database", instead)
            return ""
        if not kind:
            self._wrong(("state", "url"), "not the URL of a database", instead)
        elif kind not in ("sqlite", "postgresql"):
            self._wrong(("state", "url"), f"no {kind}: the state is kept in SQLite or PostgreSQL", instead)
        if kind == "sqlite":
            if address.database in (None, "", ":memory:") or "mode" in address.query or "uri" in address.query:
                self._wrong(
                    ("state", "url"), "a state in memory is forgotten after the run", f'write url = "{DEFAULT_STATE}"'
                )
                return ""
            address = address.set(database=str(self.base / str(address.database)))
        hide(address.password or "")
        return address.render_as_string(hide_password=False)

    def _connection(self, name: str, table: dict[str, Any]) -> Connection | None:
        path = ("connections", name)
        kind = table.get("type")
        types = sorted({"csv", "woocommerce", *(point.name for point in entry_points(group="syncengine.endpoints"))})
        if kind is None:
            variable = next((variable for key in table if (variable := self.file.environment.name((*path, key)))), None)
            instead = f'write type = "{types[0]}" ({", ".join(types)})'
            if variable and name not in self.file.data.get("connections", {}):
                instead = f"{variable} is set: {known(name, list(self.file.data.get('connections', {})))}"
            self._wrong(path, "type is missing", instead)
            return None
        if not isinstance(kind, str):
            self._wrong((*path, "type"), "must be text in quotes", f'write type = "{types[0]}" ({", ".join(types)})')
            return None
        if kind not in types:
            self._wrong((*path, "type"), f"no endpoint of type {kind!r} is installed", known(kind, types))
            return None
        if kind == "csv":
            return self._csv(path, table)
        if kind == "woocommerce":
            return self._woocommerce(path, table)
        options = {key: value for key, value in table.items() if key != "type"}
        for key, value in options.items():
            if SECRET.search(key) and isinstance(value, str):
                hide(value)
        return OtherConnection(name=name, type=kind, options=options)

    def _csv(self, path: tuple[str, str], table: dict[str, Any]) -> Connection | None:
        if isinstance(folder := table.get("folder"), str):
            if not folder.strip() or not folder.isprintable():
                self._wrong((*path, "folder"), "no folder is named", f"write {EXAMPLES['folder']}")
            table["folder"] = self.base / folder
        found = self._model(CsvConnection, path, table)
        if found and found.thousands == found.decimal:
            instead = f'write thousands = "{"," if found.decimal == "." else "."}", or leave it out'
            self._wrong((*path, "thousands"), "the same mark as decimal", instead)
        return found

    def _woocommerce(self, path: tuple[str, str], table: dict[str, Any]) -> Connection | None:
        for key in SECRETS:
            self._secret(path, table, key)
        self._login(path, table)
        found = self._model(WooCommerceConnection, path, table)
        if found and found.auth in ("basic", "query") and found.url.startswith("http:"):
            instead = 'write url with https://, or auth = "oauth1"'
            self._wrong((*path, "auth"), "over http:// the secret would travel in the clear", instead)
        return found

    def _login(self, path: tuple[str, str], table: dict[str, Any]) -> None:
        """A user of WordPress with an application password: both or neither, and never in the clear."""
        key = "wp_application_password"
        place = self._from_file(path, table, key)
        for one, other in (("wp_user", key), (key, "wp_user")):
            if one in table and other not in table:
                self._wrong(path, f"{one} is given without {other}", f"write {EXAMPLES[other]}, or leave out {one}")
        if isinstance(password := table.get(key), str):
            hide(password)
            if not password.isprintable() or not password.strip():
                self._wrong(place, "not an application password", "copy it from WordPress > Users > Profile")
        address = urlsplit(str(table.get("url", "")))
        if key in table and address.scheme == "http" and not _is_loopback(address.hostname or ""):
            self._wrong(place, "over http:// it would travel in the clear", "write url with https://")

    def _from_file(self, path: tuple[str, str], table: dict[str, Any], key: str) -> tuple[str, ...]:
        """Put the content of `KEY_file` in the place of KEY; what the environment names wins over the file. Returns
        where it was found."""
        from_file = f"{key}_file"
        if key in table and from_file in table:
            by_environment = [one for one in (key, from_file) if self.file.environment.name((*path, one))]
            if len(by_environment) == 1:
                del table[from_file if by_environment == [key] else key]
            else:
                self._wrong((*path, from_file), f"both {key} and {from_file} are given", "leave one of them out")
                del table[from_file]
        place = (*path, key)
        if from_file in table:
            place = (*path, from_file)
            content = self._content(place, table.pop(from_file))
            table[key] = content if content is not None else SecretStr(PREFIXES.get(key, ""))
        return place

    def _secret(self, path: tuple[str, str], table: dict[str, Any], key: str) -> None:
        """A key of WooCommerce, which must be there."""
        place = self._from_file(path, table, key)
        if key not in table:
            variable = self.file.environment.variable(place)
            self._wrong(path, f"{key} is missing", f"write {EXAMPLES[key]}, or set {variable} in the environment")
            table[key] = SecretStr("")
        value = table[key]
        if isinstance(value, str):
            table[key] = value = value.strip()
            hide(value)
            if not re.fullmatch(rf"{PREFIXES[key]}[!-~]+", value):
                message = f"a {key.replace('_', ' ')} starts with {PREFIXES[key]} and has no spaces in it"
                instead = "copy both from WooCommerce > Settings > Advanced > REST API"
                other = "consumer_secret" if key == "consumer_key" else "consumer_key"
                if value.startswith(PREFIXES[other]):
                    instead = f"this is the {other.replace('_', ' ')}: swap the two"
                self._wrong(place, message, instead)

    def _content(self, place: tuple[str, ...], written: object) -> str | None:
        instead = f'write {place[-1]} = "NAME", a text file with nothing else in it'
        if not isinstance(written, str) or not written.strip():
            self._wrong(place, "must be the name of a file", instead)
            return None
        try:
            content = (self.base / written).read_text(encoding="utf-8-sig").strip()
        except OSError as error:
            self._wrong(place, f"{written}: {error.strerror}", instead)
            return None
        except ValueError:
            self._wrong(place, f"{written} is not text", instead)
            return None
        if not content:
            self._wrong(place, f"{written} is empty", instead)
        return content or None

    def _job(self, name: str, table: dict[str, Any], connections: dict[str, Connection | None]) -> Job | None:
        path = ("jobs", name)
        if isinstance(mapping := table.get("mapping"), str):
            table["mapping"] = self.base / mapping
            if not is_there(table["mapping"]):
                instead = "write the mapping there, or start with one of those in mappings/"
                self._wrong((*path, "mapping"), f"there is no file {mapping}", instead)
        found = self._model(Job, path, table)
        if "schedule" in table and "every" in table:
            self._wrong((*path, "every"), "both schedule and every are given", "leave one of them out")
        for side in ("erp", "store"):
            if isinstance(table.get(side), str):
                self._side(path, side, table[side], connections)
        return found

    def _service(self, table: dict[str, Any]) -> Service:
        try:
            return Service.model_validate(table, context=BOUNDS)
        except ValidationError as error:
            self.problems += self.file.complaints(error, ("service",), Service, EXAMPLES)
            return Service()

    def _log(self, table: dict[str, Any]) -> Log:
        if isinstance(file := table.get("file"), str):
            if not file.strip() or not file.isprintable():
                self._wrong(("log", "file"), "no file is named", f"write {EXAMPLES['file']}")
            table["file"] = self.base / file
        try:
            return Log.model_validate(table)
        except ValidationError as error:
            self.problems += self.file.complaints(error, ("log",), Log, EXAMPLES)
            return Log()

    def _side(self, path: tuple[str, str], side: str, named: str, connections: dict[str, Connection | None]) -> None:
        if named not in connections:
            self._wrong((*path, side), f"there is no connection {named!r}", known(named, list(connections)))
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
            self._wrong((*path, side), f"{named} is of type {connection.type}", f"name {wanted}{there}")

    def _model(self, model: type[Found], path: tuple[str, str], table: dict[str, Any]) -> Found | None:
        """The table as a model, or None and its problems."""
        if table.pop("name", None) is not None:
            self._wrong((*path, "name"), "unknown key", f"leave it out: the name is {path[1]}, from [{'.'.join(path)}]")
        try:
            found = model.model_validate({**table, "name": path[1]}, context=BOUNDS)
        except ValidationError as error:
            self.problems += self.file.complaints(error, path, model, EXAMPLES)
            return None
        return found
