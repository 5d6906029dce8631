"""One run of a job at a time, one writer of a store's entity at a time; a lock ends with its holder."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from syncengine.errors import Locked
from syncengine.state import State
from syncengine.state.lock import locked

TURN = "https://shop product"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/sync.db" if request.param == "sqlite" else request.getfixturevalue("postgres")


@contextmanager
def holding(url: str, job: str = "products", turn: str = TURN) -> Iterator[State]:
    """A run of its own, as another process would be: with its own connection."""
    with State.open(url) as state, locked(state, url, job, turn):
        yield state


def is_free(url: str, job: str = "products") -> bool:
    try:
        with holding(url, job, "another turn"):
            return True
    except Locked:
        return False


def test_a_second_run_of_a_job_is_refused_at_once_and_told_what_to_look_at(url: str) -> None:
    with holding(url), pytest.raises(Locked, match=r"another run of job 'products' is under way.*sync status"):
        holding(url).__enter__()
    assert is_free(url)


def test_the_lock_is_free_after_a_run_that_failed(url: str) -> None:
    with pytest.raises(ZeroDivisionError), holding(url):
        raise ZeroDivisionError
    assert is_free(url)


def test_the_lock_is_free_after_a_run_though_its_state_stays_open(url: str) -> None:
    with State.open(url) as state:
        with locked(state, url, "products", TURN):
            assert not is_free(url)
        assert is_free(url)
        with locked(state, url, "products", TURN):
            assert not is_free(url)


def test_jobs_that_write_different_things_run_at_once(url: str) -> None:
    with holding(url), holding(url, "customers", "https://shop customer"):
        assert not is_free(url) and not is_free(url, "customers")


def test_jobs_that_write_the_same_things_take_turns(url: str) -> None:
    order = []
    waits = threading.Event()

    def second() -> None:
        with State.open(url) as state:
            waits.set()
            with locked(state, url, "prices", TURN):
                order.append("second")

    with holding(url):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(10)
        thread.join(0.2)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


HOLDER = """
import sys
from syncengine.state.lock import locked
from syncengine.state import State

with State.open(sys.argv[1]) as state, locked(state, sys.argv[1], "products", "turn"):
    print("locked", flush=True)
    sys.stdin.read()
"""


def test_the_lock_of_a_killed_run_is_free(url: str) -> None:
    State.open(url).close()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
        assert not is_free(url)
        holder.send_signal(signal.SIGKILL)
    for _ in range(100):  # the server notices the lost connection by itself
        if is_free(url):
            return
    pytest.fail("the lock outlived its holder")


def test_a_lost_connection_frees_the_lock_and_does_not_hide_what_went_wrong(postgres: str) -> None:
    with pytest.raises(ZeroDivisionError), holding(postgres) as state:
        backend = state.connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        server = create_engine(postgres)
        with server.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        server.dispose()
        assert is_free(postgres)
        raise ZeroDivisionError
    assert is_free(postgres)


def test_a_state_in_memory_needs_no_lock() -> None:
    with State.in_memory() as state, locked(state, "sqlite://", "products", TURN):
        pass
