"""Where commands print to, and what it means where that takes nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from syncengine.streams import close_stdout, complain

__all__ = ["NOT_TOLD", "console", "print_json", "printed"]

NOT_TOLD = 1  # the exit code where all is done, but could not be told or saved


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


def printed(tell: Callable[[], object]) -> int:
    """Print by `tell`: 0, or NOT_TOLD where stdout takes no more (a full disk, say), which is said on stderr.

    Who stops listening has heard enough, and that is no mistake.
    """
    try:
        tell()
        sys.stdout.flush()
    except BrokenPipeError:
        close_stdout()
    except OSError as error:
        close_stdout()
        complain(f"the output cannot be written: {error.strerror}")
        return NOT_TOLD
    return 0
