"""The file behind a mapping's `resource`: where it is, and whether somebody is still writing it."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import BinaryIO

from syncengine.errors import BadSource, CannotRun, ConfigError, Problem
from syncengine.mapping import Mapping

__all__ = ["IN_PLACE", "PATIENCE", "PAUSE", "Signature", "Source", "check_inside", "is_output", "signature"]

YOUNG = 2.0  # seconds: a file touched later than that may still be being written
QUIET = 1.0  # seconds for which a young file must not change to count as written
PAUSE = 0.1
PATIENCE = 10.0  # seconds to wait for a file that is being written, before it is left for the next run

STAMP = r"\d{8}T\d{6}[0-9A-Za-z-]*"
IN_PLACE = "in-place"

Signature = tuple[int, int, int]  # inode, size, time of change in nanoseconds


def signature(of: Path | BinaryIO) -> Signature | None:
    """What changes whenever the file does; None if it is not there."""
    try:
        found = of.stat() if isinstance(of, Path) else os.fstat(of.fileno())
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def check_inside(option: str, pattern: str, mapping: Mapping) -> None:
    """Raise ConfigError if a path in a mapping is not one below the connection's folder."""
    parts = PurePath(pattern.replace("\\", "/")).parts
    if pattern and ".." not in parts and not PurePath(pattern).is_absolute() and not PureWindowsPath(pattern).anchor:
        return
    raise ConfigError(
        Problem(
            mapping.file,
            mapping.erp.line,
            f"erp.{option}: {pattern!r} is not inside the connection's folder",
            "write a path relative to the folder of the connection, without `..`",
        )
    )


def is_output(name: str, mapping: Mapping) -> bool:
    """Whether a file (relative to the folder) is one that `write_to` has made."""
    pattern = mapping.erp.write_to
    if pattern is None or pattern == IN_PLACE or "{time}" not in pattern:
        return False
    expression = STAMP.join(map(re.escape, PurePath(pattern).as_posix().split("{time}")))
    return re.fullmatch(expression, name) is not None


@dataclass(frozen=True, slots=True)
class Source:
    """The one file of a resource. `name` is what people see in messages, `short` what stands before a line number."""

    path: Path
    name: str
    short: str

    @classmethod
    def locate(cls, folder: Path, mapping: Mapping) -> Source:
        """Find the file. Raises BadSource if it is not there, CannotRun if it is several or outside of the folder."""
        resource = mapping.erp.resource
        if not folder.is_dir():
            raise BadSource(f"there is no folder {folder}: create it, or set `folder` of the connection")
        path = folder / resource
        if not path.exists() and any(mark in resource for mark in "*?["):
            path = _only_match(folder, resource, mapping)
        found = cls(path, f"{folder.name}/{path.relative_to(folder).as_posix()}", path.name)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CannotRun(f"{found.name} leads out of the folder {folder}: only files inside of it are read")
        if is_output(path.relative_to(folder).as_posix(), mapping):
            raise CannotRun(f"{found.name} is a file that `write_to` made: it is never read; change `resource`")
        if not path.exists():
            raise found.missing()
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadSource(f"{found.name} is not a file")
        return found

    def missing(self) -> BadSource:
        beside = sorted(file.name for file in self.path.parent.glob("*") if file.is_file())[:10]
        there = f"there are: {', '.join(beside)}" if beside else "the folder is empty"
        return BadSource(f"{self.name}: there is no such file; {there}")

    def open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise self.missing() from None
        except OSError as error:
            raise CannotRun(f"{self.name} cannot be read: {error.strerror}") from error

    def rests(self, seen: Signature, since: float) -> bool:
        """Wait until the file, first seen so at `since`, counts as written; False as soon as it changes."""
        while signature(self.path) == seen:
            age = time.time() - seen[2] / 1e9
            if age >= YOUNG or time.monotonic() - since >= QUIET:
                return True
            time.sleep(PAUSE)
        return False


def _only_match(folder: Path, pattern: str, mapping: Mapping) -> Path:
    names = sorted(_matches(folder, pattern, mapping))
    if not names:
        raise BadSource(f"{folder.name}/{pattern}: no file matches")
    if len(names) > 1:
        raise CannotRun(
            f"{folder.name}/{pattern}: several files match ({', '.join(names[:5])}{', …' if len(names) > 5 else ''}); "
            "name the one that is to be read in `resource`"
        )
    return folder / names[0]


def _matches(folder: Path, pattern: str, mapping: Mapping) -> Iterator[str]:
    for path in folder.glob(pattern):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.name.startswith(".") and not is_output(name, mapping):
            yield name
