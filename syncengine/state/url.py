"""Where the state is: the URL of its database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from syncengine.private import hide
from syncengine.written import Mistake

__all__ = ["DEFAULT", "read_url", "sqlite_file"]

DEFAULT = "sqlite:///sync.db"


def read_url(written: object, folder: Path) -> str:
    """The URL that somebody wrote; a file's name is one below the folder. Its password is hidden from now on.

    Raises Mistake where no state can be kept there.
    """
    instead = f'write url = "{DEFAULT}", or "postgresql://user:password@host/database"'
    try:
        address = make_url(str(written))
        kind = address.get_backend_name() if str(written).isprintable() else ""
    except (ArgumentError, ValueError):
        kind = ""
    if not isinstance(written, str) or not kind:
        raise Mistake("not the URL of a database", instead)
    if kind not in ("sqlite", "postgresql"):
        raise Mistake(f"no {kind}: the state is kept in SQLite or PostgreSQL", instead)
    if kind == "sqlite":
        if address.database in (None, "", ":memory:") or "mode" in address.query or "uri" in address.query:
            raise Mistake("a state in memory is forgotten after the run", f'write url = "{DEFAULT}"')
        address = address.set(database=str(folder / str(address.database)))
    hide(address.password or "")
    return address.render_as_string(hide_password=False)


def sqlite_file(url: str) -> Path | None:
    """The file behind a SQLite URL, None for any other database or memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)
