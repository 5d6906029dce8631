"""A file that appears complete and for good, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from syncengine.errors import CannotRun

__all__ = ["put", "temporary_name"]


def temporary_name(name: str) -> str:
    """The name under which a file is written: hidden, and matched by no pattern that looks for the file itself."""
    return f".{name}.tmp"


def put(
    target: Path, pieces: Iterable[bytes], check: Callable[[], None], *, like: os.stat_result | None = None
) -> None:
    """Write a file beside `target`, then give it its name, replacing what is there.

    `check` is called right before and may raise to prevent it; `like` lends its owner and permissions.
    Raises CannotRun if the disk does not take it. In both cases nothing is left behind.
    """
    temporary = target.with_name(temporary_name(target.name))
    try:
        with temporary.open("wb") as stream:
            for piece in pieces:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        if like is not None:
            with contextlib.suppress(
                OSError, AttributeError
            ):  # only root gives files away, and not every system has owners
                os.chown(temporary, like.st_uid, like.st_gid)
            temporary.chmod(stat.S_IMODE(like.st_mode))
        check()
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise CannotRun(f"{target} cannot be written: {error.strerror}") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _make_durable(target.parent)


def _make_durable(folder: Path) -> None:
    with contextlib.suppress(OSError):  # some systems cannot; the name is there all the same
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
