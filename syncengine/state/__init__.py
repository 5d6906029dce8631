"""The state: what is linked, the bases, the ledger, checkpoints. Nothing else knows that there is a database.

`State.open` for a run, `State.look` for listings, `State.try_out` for a dry run that must write to be able to look.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from syncengine.errors import CannotRun
from syncengine.state.journal import Journal
from syncengine.state.ledger import Ledger
from syncengine.state.links import Link, Links
from syncengine.state.tables import metadata

__all__ = ["Link", "State"]

EMPTY = "sqlite://"


class State:
    """One connection to the state, with its rooms: `links`, `ledger` and `journal`."""

    def __init__(self, engine: Engine, *, trial: bool = False) -> None:
        self.engine = engine
        self.trial = trial
        self.connection: Connection = engine.connect()
        self.links = Links(self.connection)
        self.ledger = Ledger(self.connection)
        self.journal = Journal(self.connection)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the state for writing; make it where there is none. Raises CannotRun."""
        with _explained(url):
            engine = create_engine(url)
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _durable)
            metadata.create_all(engine)
            return cls(engine)

    @classmethod
    def look(cls, url: str) -> Self:
        """Open the state for reading only; an empty one in memory where there is none. Raises CannotRun."""
        with _explained(url):
            if make_url(url).get_backend_name() != "sqlite":
                return cls(create_engine(url), trial=True)
            file = sqlite_file(url)
            if file is None or not file.exists():
                return cls.in_memory()
            return cls(_sqlite(lambda: sqlite3.connect(f"file:{file}?mode=ro", uri=True, check_same_thread=False)))

    @classmethod
    def try_out(cls, url: str) -> Self:
        """The state as it stands, to be written to at will: nothing of that is kept."""
        looked = cls.look(url)
        source = looked.connection.connection.dbapi_connection
        if not isinstance(source, sqlite3.Connection):
            return looked
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        source.backup(copy)
        looked.close()
        return cls(_sqlite(lambda: copy))

    @classmethod
    def in_memory(cls) -> Self:
        """An empty state that vanishes when it is closed."""
        engine = create_engine(EMPTY, poolclass=StaticPool)
        metadata.create_all(engine)
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and durable at the end."""
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        if not self.trial:
            self.connection.commit()

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, None for any other database or memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def _sqlite(connect: Callable[[], sqlite3.Connection]) -> Engine:
    return create_engine(EMPTY, poolclass=StaticPool, creator=connect)


def _durable(connection: sqlite3.Connection, _: object) -> None:
    """What is committed survives a power cut; readers do not wait for the writer."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 10000")


@contextmanager
def _explained(url: str) -> Iterator[None]:
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        shown = make_url(url).render_as_string(hide_password=True)
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise CannotRun(f"the state {shown} cannot be opened: {reason}. Look at [state] url in config.toml") from None
