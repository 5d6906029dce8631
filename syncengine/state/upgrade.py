"""A state that an earlier version made gets the tables and columns that it lacks; nothing is ever taken away."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Connection, DefaultClause, Table, inspect, text
from sqlalchemy.schema import CreateColumn

from syncengine.state.tables import know_postgresql, metadata

__all__ = ["lacks_something", "upgrade"]


def upgrade(connection: Connection) -> None:
    """Make what is missing: tables, then columns with their default, then indexes."""
    if connection.dialect.name == "postgresql":
        know_postgresql()
    metadata.create_all(connection)
    quote = connection.dialect.identifier_preparer.quote
    for table, column in list(_missing(connection)):
        wanted = CreateColumn(_with_default(column)).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE {quote(table.name)} ADD COLUMN {wanted}"))
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def lacks_something(connection: Connection) -> bool:
    """Whether an earlier version made this state."""
    return any(True for _ in _missing(connection))


def _missing(connection: Connection) -> Iterator[tuple[Table, Column[object]]]:
    known = inspect(connection)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in known.get_columns(table.name)} if known.has_table(table.name) else set()
        yield from ((table, column) for column in table.columns if column.name not in there)


def _with_default(column: Column[object]) -> Column[object]:
    """A column as it is added to rows that are there: what may not be empty takes its default."""
    added: Column[object] = Column(column.name, column.type, nullable=column.nullable)
    if not column.nullable:
        default = column.default.arg if column.default is not None and column.default.is_scalar else ""  # type: ignore[attr-defined]
        word = str(default).lower() if isinstance(default, bool | int) else f"'{default}'"
        added.server_default = DefaultClause(text(word))
    return added
