"""One run of a job at a time, and one writer of a store's entity. A lock ends with its holder."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from syncengine.errors import CannotRun, Locked
from syncengine.state import State
from syncengine.state.url import sqlite_file

__all__ = ["locked", "under_way"]


@contextmanager
def locked(state: State, url: str, job: str, turn: str) -> Iterator[None]:
    """Hold the job's lock, and then the turn of all jobs that write the same entity of the same store.

    Raises Locked at once where another run of the job holds it; waits for the turn.
    """
    busy = f"{Locked.BEGINS}{job!r} is under way. Wait for it to end; `sync status` shows since when it runs"
    with ExitStack() as held:
        file = sqlite_file(url)
        if file is not None:
            if not held.enter_context(_file_lock(_of(file, job), wait=False)):
                raise Locked(busy)
            held.enter_context(_file_lock(file.with_name(f"{file.name}.{_digest(turn):x}.turn.lock"), wait=True))
        elif state.connection.dialect.name == "postgresql":
            if not held.enter_context(_advisory_lock(state, f"job {job}", wait=False)):
                raise Locked(busy)
            held.enter_context(_advisory_lock(state, turn, wait=True))
        yield


def under_way(url: str, job: str) -> bool:
    """Whether a run of the job holds its lock now. Always True beside PostgreSQL, where only the holder can tell."""
    file = sqlite_file(url)
    if file is None:
        return True
    lock = _of(file, job)
    if not lock.exists():
        return False
    with _file_lock(lock, wait=False) as free:
        return not free


def _of(file: Path, job: str) -> Path:
    return file.with_name(f"{file.name}.{job}.lock")


@contextmanager
def _file_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    try:
        opened = path.open("a")
    except OSError as error:
        raise CannotRun(
            f"the lock {path} cannot be opened: {error.strerror}; each run must be by the same user"
        ) from error
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _advisory_lock(state: State, name: str, *, wait: bool) -> Iterator[bool]:
    """A lock of the state's own connection: it ends here, or with the connection."""
    take = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
    with state.transaction():
        taken = state.connection.execute(text(f"SELECT {take}(:key)"), {"key": _digest(name)}).scalar()
    if taken is False:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(CannotRun), state.transaction():
            state.connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _digest(name)})


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")
