"""Where commands print to."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console

__all__ = ["console", "print_json"]


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program; here the command still decides on its exit code."""
        raise BrokenPipeError


def console() -> Console:
    return _Console(highlight=False)


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON object, as UTF-8 whatever the locale says: programs read it."""
    text = json.dumps(document, ensure_ascii=False) + "\n"
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
