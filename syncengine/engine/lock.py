"""Step 1: one run of a job at a time, and one writer of a store's entity. A lock ends with its holder."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import text

from syncengine.errors import Locked
from syncengine.state import State, sqlite_file

__all__ = ["locked"]


@contextmanager
def locked(state: State, url: str, job: str, turn: str) -> Iterator[None]:
    """Hold the job's lock, and then the turn of all jobs that write the same entity of the same store.

    Raises Locked at once where another run of the job holds it; waits for the turn.
    """
    busy = f"another run of job {job!r} is under way. Wait for it to end; `sync status` shows since when it runs"
    with ExitStack() as held:
        file = sqlite_file(url)
        if file is not None:
            if not held.enter_context(_file_lock(file.with_name(f"{file.name}.{job}.lock"), wait=False)):
                raise Locked(busy)
            held.enter_context(_file_lock(file.with_name(f"{file.name}.{_digest(turn):x}.turn.lock"), wait=True))
        elif state.connection.dialect.name == "postgresql":
            if not state.connection.execute(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": _digest(f"job {job}")}
            ).scalar():
                raise Locked(busy)
            state.connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _digest(turn)})
            state.connection.commit()
        yield


@contextmanager
def _file_lock(path: Path, *, wait: bool) -> Iterator[bool]:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _digest(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")
