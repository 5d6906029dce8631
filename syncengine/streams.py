"""stdout and stderr as we find them: closed, in an encoding that lacks a character, read by nobody."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO

__all__ = ["close_stdout", "complain", "make_usable"]


def make_usable() -> None:
    """Who starts us may have closed our output: then nobody listens, and that is no mistake. A character that its
    encoding lacks becomes a question mark: what was done must be told all the same."""
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def close_stdout() -> None:
    """Nothing more can be told. Python would complain once more when it flushes at its end."""
    _close(sys.stdout)


def complain(text: object) -> None:
    """One line on stderr; where not even that can be written, the exit code has to do."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _close(sys.stderr)


def _close(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
