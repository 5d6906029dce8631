"""What is set for a whole installation: its systems, its jobs, their limits, where the state and the log are.

Reading it from config.toml and the environment is `settings_file`'s work; this is what the rest of the program speaks
of.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
)

from syncengine.written import (
    Mistake,
    count,
    cron,
    date_format,
    decimal_mark,
    delimiter,
    duration,
    encoding,
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
]


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
