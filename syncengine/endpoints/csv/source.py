"""The files behind a mapping's `resource`: where they are, and whether somebody is still writing one."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import BinaryIO, overload

from syncengine.endpoints.csv.grammar import DOS_END
from syncengine.errors import BadSource, CannotRun, ConfigError, Problem
from syncengine.mapping import Mapping

__all__ = [
    "IN_PLACE",
    "PATIENCE",
    "PAUSE",
    "STALLED",
    "Signature",
    "Source",
    "check_inside",
    "is_ended",
    "is_output",
    "is_young",
    "nothing_there",
    "signature",
]

YOUNG = 2.0  # seconds: a file touched later than that may still be being written
STALLED = 10.0  # the same for one that breaks off within a line: uploads stall
QUIET = 1.0  # seconds for which a young file must not change to count as written
PAUSE = 0.1
PATIENCE = 10.0  # seconds to wait for a file that is being written, before it is left for the next run

TAIL = 8  # bytes
STAMP = r"\d{8}T\d{6}[0-9A-Za-z-]*"
IN_PLACE = "in-place"

Signature = tuple[int, int, int]  # inode, size, time of change in nanoseconds


@overload
def signature(of: BinaryIO) -> Signature: ...
@overload
def signature(of: Path) -> Signature | None: ...
def signature(of: Path | BinaryIO) -> Signature | None:
    """What changes whenever the file does; None if it is not there."""
    try:
        found = of.stat() if isinstance(of, Path) else os.fstat(of.fileno())
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def is_young(seen: Signature, within: float = YOUNG) -> bool:
    """Whether the file was touched so lately that it may still be being written."""
    return time.time() - seen[2] / 1e9 < within


def is_ended(stream: BinaryIO) -> bool:
    """Whether the last line of a file has its end, which stands there in a few bytes whatever the encoding."""
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
    return stream.read().rstrip(b"\0" + DOS_END).endswith((b"\r", b"\n"))


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
    """Whether a file (relative to the folder) is one that `write_to` has made, or one of lines."""
    beside = mapping.lines("erp")
    lines = beside.resource if beside is not None else None
    return any(
        re.fullmatch(STAMP.join(map(re.escape, PurePath(pattern).as_posix().split("{time}"))), name) is not None
        for pattern in (mapping.erp.write_to, lines)
        if pattern is not None and pattern != IN_PLACE and "{time}" in pattern
    )


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a resource. `name` is what people see in messages, `short` what stands before a line number."""

    path: Path
    name: str
    short: str

    @classmethod
    def locate(cls, folder: Path, mapping: Mapping) -> Source:
        """The only file. Raises BadSource if it is not there, CannotRun if it is several or outside of the folder."""
        found = cls.locate_all(folder, mapping)
        if not found:
            raise nothing_there(folder, mapping)
        if len(found) > 1:
            names = [source.path.relative_to(folder).as_posix() for source in found[:5]]
            raise CannotRun(
                f"{folder.name}/{mapping.erp.resource}: several files match "
                f"({', '.join(names)}{', …' if len(found) > 5 else ''}); name the one that is to be read in `resource`"
            )
        return found[0]

    @classmethod
    def locate_all(cls, folder: Path, mapping: Mapping) -> list[Source]:
        """Every file of the resource that is there, in the order of their names.

        Raises BadSource if there is no such folder, or something that is no file; CannotRun if a file is outside of
        the folder or one of our own.
        """
        if not folder.is_dir():
            raise BadSource(f"there is no folder {folder}: create it, or set `folder` of the connection")
        resource = mapping.erp.resource
        path = folder / resource
        if path.exists() or not _is_glob(resource):
            return [_checked(cls(path, _name(folder, path), path.name), folder, mapping)] if path.exists() else []
        flat = not _is_glob(PurePath(resource).parent.as_posix())  # else two files may have one name
        found = []
        for name in sorted(_matches(folder, resource, mapping)):
            source = cls(folder / name, _name(folder, folder / name), PurePath(name).name if flat else name)
            found.append(_checked(source, folder, mapping))
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
            if not is_young(seen) or time.monotonic() - since >= QUIET:
                return True
            time.sleep(PAUSE)
        return False


def nothing_there(folder: Path, mapping: Mapping) -> BadSource:
    """That there is no file of the resource, and what is there instead."""
    resource = mapping.erp.resource
    if _is_glob(resource):
        return BadSource(f"{folder.name}/{resource}: no file matches")
    path = folder / resource
    return Source(path, _name(folder, path), path.name).missing()


def _checked(source: Source, folder: Path, mapping: Mapping) -> Source:
    if not source.path.resolve().is_relative_to(folder.resolve()):
        raise CannotRun(f"{source.name} leads out of the folder {folder}: only files inside of it are read")
    if is_output(source.path.relative_to(folder).as_posix(), mapping):
        raise CannotRun(f"{source.name} is a file that `write_to` made: it is never read; change `resource`")
    if not source.path.is_file():
        raise BadSource(f"{source.name} is not a file")
    return source


def _name(folder: Path, path: Path) -> str:
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


def _is_glob(pattern: str) -> bool:
    return any(mark in pattern for mark in "*?[")


def _matches(folder: Path, pattern: str, mapping: Mapping) -> Iterator[str]:
    archive = mapping.erp.archive_to
    for path in folder.glob(pattern):
        inside = path.relative_to(folder)
        name = inside.as_posix()
        if archive is not None and inside.is_relative_to(archive):
            continue
        if path.is_file() and not any(part.startswith(".") for part in inside.parts) and not is_output(name, mapping):
            yield name
