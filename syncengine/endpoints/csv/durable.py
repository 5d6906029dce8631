"""A file that appears complete and for good, or not at all; and how to tell after a crash which of the two."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from syncengine.errors import CannotRun

__all__ = ["hidden", "make_durable", "put", "write_durably"]


def hidden(target: Path, ending: str) -> Path:
    """A companion of a file, which no pattern matches that looks for the file itself."""
    return target.with_name(f".{target.name}.{ending}")


def put(
    target: Path,
    pieces: Iterable[bytes],
    check: Callable[[], None],
    *,
    like: os.stat_result | None = None,
    temporary: Path | None = None,
    receipt: tuple[Path, bytes] | None = None,
) -> None:
    """Write a file beside `target`, then give it its name, replacing what is there.

    `check` is called right before and may raise to prevent it; `like` lends its owner and permissions. A `receipt` is
    a file that stays: the target got its name if the receipt is there and the temporary file is not.
    Raises CannotRun if the disk does not take it. In both cases nothing is left behind.
    """
    temporary = temporary or hidden(target, "tmp")
    try:
        _write(temporary, pieces)
        if like is not None:
            with contextlib.suppress(
                OSError, AttributeError
            ):  # only root gives files away, and not every system has owners
                os.chown(temporary, like.st_uid, like.st_gid)
            temporary.chmod(stat.S_IMODE(like.st_mode))
        if receipt is not None:
            make_durable(target.parent)  # never the receipt without the temporary file
            _write(receipt[0], [receipt[1]])
            make_durable(target.parent)
        check()
        temporary.replace(target)
    except OSError as error:
        _take_back(temporary, receipt)
        raise CannotRun(f"{target} cannot be written: {error.strerror}") from error
    except BaseException:
        _take_back(temporary, receipt)
        raise
    make_durable(target.parent)


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as stream:
        for piece in pieces:
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())


def write_durably(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that nobody looks at yet. Raises CannotRun if the disk does not take it."""
    try:
        _write(path, pieces)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise CannotRun(f"{path} cannot be written: {error.strerror}") from error
    make_durable(path.parent)


def _take_back(temporary: Path, receipt: tuple[Path, bytes] | None) -> None:
    if receipt is not None and temporary.exists():  # else an interrupt came when the file had its name already
        receipt[0].unlink(missing_ok=True)
        make_durable(temporary.parent)
    temporary.unlink(missing_ok=True)


def make_durable(folder: Path) -> None:
    """See to it that the names in a folder survive a power cut."""
    with contextlib.suppress(OSError):  # some systems cannot; the name is there all the same
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
