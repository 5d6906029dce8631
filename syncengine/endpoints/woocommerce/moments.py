"""Moments as the store tells and takes them: GMT without its zone, to the second.

With dates_are_gmt and a Z in addition the store is off by its UTC offset (FACTS-WOOCOMMERCE, 4).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

__all__ = ["bare", "moment_of", "saved", "zoned"]


def bare(moment: datetime) -> str:
    """A moment as the store takes it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def moment_of(text: Any) -> datetime | None:
    """A moment as the store tells it; None for none, and for what is none: MySQL's zero date becomes the year -1."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except (ValueError, TypeError):
        return None


def zoned(text: Any) -> str | None:
    """A moment as the store tells it, with its zone."""
    return f"{text}Z" if moment_of(text) else None


def saved(text: object) -> datetime | None:
    """A moment out of a cursor, where it stands with its zone."""
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
