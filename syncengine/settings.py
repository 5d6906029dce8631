"""config.toml and the environment -> Settings."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr

__all__ = ["Connection", "CsvConnection", "Guards", "Job", "Limit", "OtherConnection", "Settings", "WooCommerceConnection"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Connection(Part):
    """One system. `name` is its key in config.toml; `type` picks the endpoint."""

    name: str
    type: str


class CsvConnection(Connection):
    folder: Path  # absolute
    encoding: str = "auto"
    delimiter: str = "auto"
    decimal: str = "."
    thousands: str = ""
    date_format: str = "%Y-%m-%d"
    timezone: str = "UTC"


class WooCommerceConnection(Connection):
    url: str
    consumer_key: SecretStr
    consumer_secret: SecretStr
    timeout: float = 60
    concurrency: int = 2
    overlap: timedelta = timedelta(seconds=120)
    settle: timedelta = timedelta(seconds=30)


class OtherConnection(Connection):
    """A plug-in's: its options as they stand in config.toml."""

    options: dict[str, Any]


class Limit(Part):
    """A count, or a share of the linked records."""

    count: int | None = None
    share: Decimal | None = None  # 0.5 is 50 %


class Guards(Part):
    max_changes: Limit = Limit(share=Decimal("0.5"))
    max_deletes: Limit = Limit(share=Decimal("0.05"))
    min_rows: int = 1


class Job(Part):
    name: str
    mapping: Path  # absolute
    erp: str
    store: str
    schedule: str | None = None
    every: timedelta | None = None
    timezone: str = "UTC"
    reconcile: timedelta | None = timedelta(hours=24)
    guards: Guards = Guards()


class Settings(Part):
    file: Path
    state_url: str
    connections: dict[str, Connection]
    jobs: dict[str, Job]
