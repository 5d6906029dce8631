"""The state: what is linked, the bases, the ledger, checkpoints. Nothing else knows that there is a database.

`State.open` for a run, `State.look` for listings, `State.try_out` for a dry run that must write to be able to look.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError

from syncengine.errors import CannotRun
from syncengine.state.journal import Journal
from syncengine.state.ledger import Ledger
from syncengine.state.links import Link, Links
from syncengine.state.orders import Orders
from syncengine.state.tables import metadata
from syncengine.state.upgrade import lacks_something, upgrade
from syncengine.state.url import sqlite_file

__all__ = ["Link", "State"]

EMPTY = "sqlite://"
OUR_OWN = (DataError, IntegrityError, NotSupportedError, ProgrammingError)  # errors that say: the program is wrong
DAMAGED = (sqlite3.SQLITE_CORRUPT, "XX001", "XX002")  # what SQLite and PostgreSQL call it
NOT_OURS = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
NOT_OURS_SAID = (
    "this user must be able to write it, and beside it in {}, even to look: "
    "run this as the user that the service runs as"
)
MAKING_TABLES = 7_214_305_118  # the advisory lock under which two first runs take turns


class State:
    """One connection to the state, with its rooms: `links`, `ledger`, `journal` and `orders`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.lasts = True  # False: nothing of what is written is kept
        event.listen(engine, "handle_error", _unusable)
        self.connection: Connection = engine.connect()
        self.links = Links(self.connection)
        self.ledger = Ledger(self.connection)
        self.journal = Journal(self.connection)
        self.orders = Orders(self.connection)

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the state for writing; make it where there is none. Raises CannotRun."""
        with _explained(url), _disposed_of_on_error(_database(url)) as engine:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _durable)
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MAKING_TABLES})
                upgrade(connection)
            return cls(engine)

    @classmethod
    def look(cls, url: str) -> Self:
        """Open the state for reading only; an empty one in memory where there is none. Raises CannotRun."""
        with _explained(url):
            file = sqlite_file(url)
            if make_url(url).get_backend_name() != "sqlite":
                made = _database(url, execution_options={"postgresql_readonly": True})
            elif file is not None and file.exists():
                made = _sqlite(lambda: _read_only(file))
            else:
                return cls.in_memory()
            with _disposed_of_on_error(made) as engine:
                if inspect(engine).has_table("link"):
                    return cls._as_of_now(engine)
            engine.dispose()
            return cls.in_memory()

    @classmethod
    def _as_of_now(cls, engine: Engine) -> Self:
        """Of a state that an earlier version made, a copy in memory that has all that is new."""
        with engine.connect() as connection:
            if not lacks_something(connection):
                return cls(engine)
            if engine.dialect.name != "sqlite":
                raise CannotRun("an earlier version made this state; a run brings it up to date, looking does not")
            copy = _copy_in_memory(connection)
        engine.dispose()
        made = _sqlite(lambda: copy)
        with made.begin() as connection:
            upgrade(connection)
        return cls(made)

    @classmethod
    def try_out(cls, url: str) -> Self:
        """The state as it stands, to be written to at will: nothing of that is kept. Raises CannotRun."""
        with cls.look(url) as looked, _explained(url):
            return looked._copied()

    @contextmanager
    def aside(self) -> Iterator[Self]:
        """A copy of the state as it stands, to be written to at will. Of one that is only tried out, itself."""
        if self.lasts:
            with self._copied() as copy:
                yield copy
        else:
            yield self

    def _copied(self) -> Self:
        if self.engine.dialect.name == "sqlite":
            copy = type(self)(_sqlite(lambda: _copy_in_memory(self.connection)))
        else:
            with _disposed_of_on_error(_database(self.engine.url)) as engine:
                copy = type(self)(engine)
                _hide_behind_copies(copy.connection)
        copy.lasts = False
        return copy

    @classmethod
    def in_memory(cls) -> Self:
        """An empty state that vanishes when it is closed."""
        engine = _database(EMPTY, poolclass=StaticPool)
        metadata.create_all(engine)
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and durable at the end."""
        self.connection.rollback()  # what was only read is over, and so is what a lost connection left open
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def close(self) -> None:
        self.connection.close()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _database(url: str | URL, **how: Any) -> Engine:
    """Its errors tell no values: those are of records, and nobody's business."""
    return create_engine(url, hide_parameters=True, **how)


def _sqlite(connect: Callable[[], sqlite3.Connection]) -> Engine:
    return _database(EMPTY, poolclass=StaticPool, creator=connect)


def _durable(connection: sqlite3.Connection, _: object) -> None:
    """What is committed survives a power cut; readers do not wait for the writer."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 10000")


def _read_only(file: Path) -> sqlite3.Connection:
    """A connection that writes nothing. Where no writer has left anything in the log, it may clear away after itself
    the empty log that every reader makes; a full one is left for the next writer to take in."""
    log = file.with_name(f"{file.name}-wal")
    mode = "ro" if log.exists() and log.stat().st_size else "rw"
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, check_same_thread=False)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA busy_timeout = 10000")
    return connection


def _copy_in_memory(connection: Connection) -> sqlite3.Connection:
    source, copy = connection.connection.dbapi_connection, sqlite3.connect(":memory:", check_same_thread=False)
    assert isinstance(source, sqlite3.Connection)
    source.backup(copy)
    return copy


def _hide_behind_copies(connection: Connection) -> None:
    """Temporary tables stand before the real ones of the same names, and only they can be written."""
    quote = connection.dialect.identifier_preparer.quote
    schema = quote(inspect(connection).default_schema_name or "public")
    for table in metadata.sorted_tables:
        name = quote(table.name)
        connection.execute(text(f"CREATE TEMPORARY TABLE {name} (LIKE {schema}.{name} INCLUDING ALL)"))
        connection.execute(text(f"INSERT INTO {name} SELECT * FROM {schema}.{name}"))  # noqa: S608 - names of our own
    connection.commit()
    connection.execution_options(postgresql_readonly=True)


def _unusable(context: ExceptionContext) -> None:
    """A full disk, a lock that nobody lets go, a server that went away, a damaged file: no mistake of the program's."""
    error, reason = context.sqlalchemy_exception, context.original_exception
    if isinstance(error, DatabaseError) and not isinstance(error, OUR_OWN):
        said = _damaged(reason) or f"the state cannot be used: {_one_line(reason)}"
        raise CannotRun(said) from reason


def _damaged(reason: object) -> str:
    if _code(reason) not in DAMAGED:
        return ""
    return f"the state is damaged ({_one_line(reason)}): restore it from a backup"


def _code(reason: object) -> int | str | None:
    """What the database calls an error: SQLite by a number (the finer ones are left out), others by letters."""
    number = getattr(reason, "sqlite_errorcode", None)
    return getattr(reason, "sqlstate", None) if number is None else number & 0xFF


@contextmanager
def _disposed_of_on_error(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Say what is wrong with the state, and where to set it right."""
    shown = make_url(url).render_as_string(hide_password=True)
    file = sqlite_file(url)
    try:
        yield
    except ModuleNotFoundError as missing:
        reason = f"{missing.name} is not installed (for PostgreSQL: pip install 'syncengine[postgres]')"
    except OSError as error:
        reason = error.strerror or str(error)
    except (DBAPIError, sqlite3.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if said := _damaged(original):
            raise CannotRun(said) from original
        reason = (_out_of_place(file, original) if file is not None else "") or _one_line(original)
    else:
        return
    raise CannotRun(f"the state {shown} cannot be opened: {reason}. Look at [state] url in config.toml")


def _out_of_place(file: Path, error: object) -> str:
    """What about a file, or where it is, made SQLite say this; "" where that is not known."""
    try:
        if file.is_dir():
            return "it is a folder"
        if not file.parent.exists():
            return f"there is no folder {file.parent}"
        not_ours = file.exists() and _code(error) in NOT_OURS
    except OSError as unseen:
        return f"{unseen.strerror}: {file}"
    return NOT_OURS_SAID.format(file.parent) if not_ours else ""


def _one_line(reason: object) -> str:
    """A database's own words, which may be several lines with a full stop at their end."""
    return " ".join(str(reason).split()).removesuffix(".")
