"""The texts of config.toml and of mappings: as they stand in their files, or as the service took them up.

The service checks a config before it goes by it. A run that it starts must go by the same one, whatever somebody has
begun to edit since: the service hands it the texts on stdin, and says so by a variable in its environment.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

__all__ = ["ON_STDIN", "collected", "is_there", "read_text"]

ON_STDIN = {"SYNC_TAKEN_UP": "stdin"}  # what the environment says where texts are handed over
_collecting: list[dict[str, str]] = []


@contextmanager
def collected() -> Iterator[dict[str, str]]:
    """Every text that is read within this block, by the path of its file."""
    texts: dict[str, str] = {}
    _collecting.append(texts)
    try:
        yield texts
    finally:
        _collecting.pop()


def read_text(path: Path) -> str:
    """The text of a file. Raises OSError, or UnicodeDecodeError where it is not UTF-8."""
    handed_over = _handed_over().get(str(path))
    text = path.read_text(encoding="utf-8-sig") if handed_over is None else handed_over
    for texts in _collecting:
        texts[str(path)] = text
    return text


def is_there(path: Path) -> bool:
    try:
        return str(path) in _handed_over() or path.is_file()
    except OSError:  # a name that is too long, say
        return False


@cache
def _handed_over() -> dict[str, str]:
    if not ON_STDIN.items() <= os.environ.items():
        return {}
    texts: dict[str, str] = json.load(sys.stdin.buffer)
    return texts
