"""The tables of the state. Read top to bottom: what is linked, what was written, what waits for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

__all__ = [
    "ChangeRow",
    "CheckpointRow",
    "ConflictRow",
    "JobRow",
    "LinkRow",
    "OpenOrderRow",
    "RejectRow",
    "RunRow",
    "is_text",
    "know_postgresql",
    "metadata",
]

metadata = SQLModel.metadata
# Indexes of some rows only, as PostgreSQL spells the condition.
PARTIAL = {
    "link_apart": "base_store != '{}'",
    "link_dirty": "dirty",
    "link_lost": "lost IS NOT NULL",
    "open_order_open": "NOT settled",
}


def know_postgresql() -> None:
    """Tell the indexes their conditions in PostgreSQL, too. To write them beside SQLite's would load all that is known
    of PostgreSQL in every run."""
    for table in metadata.sorted_tables:
        for index in table.indexes:
            if index.name in PARTIAL:
                index.dialect_options["postgresql"]["where"] = text(PARTIAL[index.name])


class Instant(TypeDecorator[datetime]):
    """A time in UTC, whatever the database makes of zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Words(TypeDecorator[str]):
    """Text for people to read, as others wrote it: what no database takes as text is shown by its number."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (is_text(value) and "\0" not in value):
            return value
        return value.encode(errors="backslashreplace").decode().replace("\0", "\\x00")


def is_text(value: str) -> bool:
    """Whether it consists of whole characters; half ones (lone surrogates) come from broken JSON."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class JobRow(SQLModel, table=True):
    """What a job's state was made with; another store, folder or mapping is noticed by it."""

    __tablename__ = "job"
    job: str = Field(primary_key=True)
    erp: str
    store: str
    signatures: str = Field(sa_column=Column(Text, nullable=False))  # JSON: field -> signature, "" -> the keys'
    rights: str = Field(sa_column=Column(Text, nullable=False, default="{}"))  # JSON: field -> what decides about it


class LinkRow(SQLModel, table=True):
    """The saved pair of an ERP key and a store id, either of which may be missing.

    `base` is JSON {field: canonical value}, as the ERP spelled it; `base_store` holds only what the store spells
    differently. `in_flight` is JSON by field: what was handed over and not yet read back.
    `dirty`: the next run reads it on both sides again. `lost`: the side on which the record is gone (a tombstone).
    `unkept`: a side did not keep a value, so that a base is not what it holds.
    `store_parent`: what stands before the slash in the id of a record below another one.
    `erp_kind`, `store_kind`: what the record was on each side when the two last agreed about it.
    """

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("job", "erp_key"),
        UniqueConstraint("job", "store_id"),
        Index("link_match", "job", "match_key"),
        Index("link_parent", "job", "store_parent"),
        Index("link_apart", "job", sqlite_where=text("base_store != '{}'")),
        Index("link_dirty", "job", sqlite_where=text("dirty = 1")),
        Index("link_lost", "job", "lost", sqlite_where=text("lost IS NOT NULL")),
        {"sqlite_autoincrement": True},  # the ledger names links for ever: no id is given twice
    )
    id: int | None = Field(default=None, primary_key=True)
    job: str
    erp_key: str | None = None
    store_id: str | None = None
    store_parent: str | None = None
    match_key: str | None = None
    base: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    base_store: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    in_flight: str | None = Field(default=None, sa_column=Column(Text))
    in_flight_since: datetime | None = Field(default=None, sa_type=Instant)
    erp_hash: int | None = Field(default=None, sa_type=BigInteger)
    store_hash: int | None = Field(default=None, sa_type=BigInteger)
    dirty: bool = False
    lost: str | None = None
    unkept: bool = False
    erp_kind: str | None = None
    store_kind: str | None = None


class RunRow(SQLModel, table=True):
    __tablename__ = "run"
    run: str = Field(primary_key=True)
    job: str = Field(index=True)
    started: datetime = Field(sa_type=Instant)
    finished: datetime | None = Field(default=None, sa_type=Instant)
    status: str = "running"  # running, done, stopped, failed
    error: str = Field(default="", sa_column=Column(Words, nullable=False))
    counts: str = Field(default="{}", sa_column=Column(Text, nullable=False))  # JSON


class ChangeRow(SQLModel, table=True):
    """The ledger: one line per record and side. `fields` is JSON {field: {from, to, why}}. Never replayed."""

    __tablename__ = "change"
    __table_args__ = (
        Index("change_key", "job", "erp_key"),
        Index("change_store", "job", "store_id"),
        Index("change_link", "link"),
    )
    id: str = Field(primary_key=True)
    run: str = Field(index=True)
    job: str
    link: int | None = None
    side: str
    action: str
    entity: str
    erp_key: str | None = None
    store_id: str | None = None
    fields: str = Field(sa_column=Column(Text, nullable=False))
    marked: bool = False
    kind: str = ""
    parent: str | None = None  # the ERP key of what the record stands below
    status: str = "planned"
    error: str = Field(default="", sa_column=Column(Words, nullable=False))
    planned: datetime = Field(sa_type=Instant)
    sent: datetime | None = Field(default=None, sa_type=Instant)
    ended: datetime | None = Field(default=None, sa_type=Instant)


class CheckpointRow(SQLModel, table=True):
    """From where the next pull of a side starts. Only the side's endpoint can read `position` and `seen`."""

    __tablename__ = "checkpoint"
    job: str = Field(primary_key=True)
    side: str = Field(primary_key=True)
    position: str = Field(sa_column=Column(Text, nullable=False))
    seen: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    saved: datetime = Field(sa_type=Instant)
    full: datetime | None = Field(default=None, sa_type=Instant)  # when the side was last read whole
    rows: int = 0


class OpenOrderRow(SQLModel, table=True):
    """An order of the store whose units the ERP's stock did not know of. `units` is JSON {store id: number}.

    `booked`: the ERP's number was seen at it. `settled`: the ERP's stock has it in it since.
    """

    __tablename__ = "open_order"
    __table_args__ = (Index("open_order_open", "job", sqlite_where=text("settled = 0")),)
    job: str = Field(primary_key=True)
    order_id: str = Field(primary_key=True)
    units: str = Field(sa_column=Column(Text, nullable=False))
    booked: bool = False
    settled: bool = False


class ConflictRow(SQLModel, table=True):
    """A field that waits for a person. `answer` is JSON {"take": "erp"|"store"|"value", "value": ...}."""

    __tablename__ = "conflict"
    __table_args__ = (UniqueConstraint("link", "field"), {"sqlite_autoincrement": True})  # people answer by number
    id: int | None = Field(default=None, primary_key=True)
    job: str = Field(index=True)
    link: int
    key: str
    field: str
    erp: str = Field(sa_column=Column(Text, nullable=False))  # JSON, canonical
    store: str = Field(sa_column=Column(Text, nullable=False))
    base: str = Field(sa_column=Column(Text, nullable=False))
    why: str = ""
    since: datetime = Field(sa_type=Instant)
    answer: str | None = Field(default=None, sa_column=Column(Text))


class RejectRow(SQLModel, table=True):
    __tablename__ = "reject"
    id: int | None = Field(default=None, primary_key=True)
    job: str = Field(index=True)
    side: str
    place: str = Field(sa_column=Column(Words, nullable=False))  # where a person finds it: products.csv:18
    key: str | None = Field(default=None, sa_column=Column(Words))
    field: str | None = None
    reason: str = Field(sa_column=Column(Words, nullable=False))
    first_seen: datetime = Field(sa_type=Instant)
    last_seen: datetime = Field(sa_type=Instant)
