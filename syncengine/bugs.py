"""Errors that nobody expected, told so that they help and give nothing away."""

from __future__ import annotations

import traceback

from syncengine.private import discreet

__all__ = ["told", "trace"]


def told(error: BaseException) -> str:
    """One line for whoever has to report it."""
    message = " ".join(discreet(str(error)).split())
    return f"this is a bug in syncengine, please report it: {type(error).__name__}: {message or 'no message'}"


def trace(error: BaseException) -> str:
    """Where it came from, as Python tells it: whole, but for what is secret or somebody's."""
    return discreet("".join(traceback.format_exception(error)).rstrip("\n"))
