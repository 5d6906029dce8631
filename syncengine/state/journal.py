"""What a job remembers beside its links and its ledger: runs, checkpoints, conflicts, rejected rows."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from syncengine.endpoints import Cursor
from syncengine.records import Held, Reject, Side
from syncengine.state.links import chunks
from syncengine.state.tables import CheckpointRow, ConflictRow, JobRow, RejectRow, RunRow
from syncengine.values import encode

__all__ = ["Checkpoint", "Conflict", "Journal", "KnownJob", "Run", "StandingReject"]

job_table = JobRow.__table__  # type: ignore[attr-defined]
run_table = RunRow.__table__  # type: ignore[attr-defined]
checkpoint = CheckpointRow.__table__  # type: ignore[attr-defined]
conflict = ConflictRow.__table__  # type: ignore[attr-defined]
reject = RejectRow.__table__  # type: ignore[attr-defined]


Source = Side | Literal["orders", "moved"]  # what is read on from where it was left


@dataclass(frozen=True, slots=True)
class KnownJob:
    """What the job's state was made with: the two systems, what each field meant and what decided about it."""

    erp: str
    store: str
    signatures: Mapping[str, str]
    rights: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """When a side's cursor was last moved, when the side was last read whole, and how many rows it had then."""

    saved: datetime | None = None
    full: datetime | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """A held field; values in their canonical JSON form."""

    id: int
    job: str
    link: int
    key: str
    field: str
    erp: Any
    store: Any
    base: Any
    why: str
    since: datetime
    answer: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Run:
    run: str
    job: str
    started: datetime
    finished: datetime | None
    status: str
    error: str
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StandingReject:
    job: str
    reject: Reject
    first_seen: datetime
    last_seen: datetime


class Journal:
    """Runs, checkpoints, conflicts and rejects of all jobs."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def known_job(self, job: str) -> KnownJob | None:
        row = self.connection.execute(select(job_table).where(job_table.c.job == job)).first()
        return KnownJob(row.erp, row.store, json.loads(row.signatures), json.loads(row.rights)) if row else None

    def know_job(self, job: str, known: KnownJob) -> None:
        self.connection.execute(delete(job_table).where(job_table.c.job == job))
        self.connection.execute(
            insert(job_table).values(
                job=job,
                erp=known.erp,
                store=known.store,
                signatures=json.dumps(dict(known.signatures)),
                rights=json.dumps(dict(known.rights)),
            )
        )

    def begin(self, run: str, job: str, started: datetime) -> None:
        self.connection.execute(
            insert(run_table).values(run=run, job=job, started=started, status="running", counts="{}", error="")
        )

    def end(self, run: str, status: str, error: str, counts: Mapping[str, Any]) -> None:
        self.connection.execute(
            update(run_table)
            .where(run_table.c.run == run)
            .values(status=status, error=error, finished=datetime.now(UTC), counts=json.dumps(dict(counts)))
        )

    def last_run(self, job: str) -> Run | None:
        query = (
            select(run_table)
            .where(run_table.c.job == job)
            .order_by(run_table.c.started.desc(), run_table.c.run.desc())
            .limit(1)
        )
        row = self.connection.execute(query).first()
        if row is None:
            return None
        return Run(row.run, row.job, row.started, row.finished, row.status, row.error, json.loads(row.counts))

    def checkpoint(self, job: str, side: Side) -> Checkpoint:
        columns = (checkpoint.c.saved, checkpoint.c.full, checkpoint.c.rows)
        row = self.connection.execute(select(*columns).where(_of(job, side))).first()
        return Checkpoint(row.saved, row.full, row.rows) if row else Checkpoint()

    def cursor(self, job: str, side: Source) -> Cursor:
        """From where the next pull of a side starts: it may be large."""
        row = self.connection.execute(select(checkpoint.c.position, checkpoint.c.seen).where(_of(job, side))).first()
        return Cursor(json.loads(row.position), row.seen) if row else Cursor()

    def save_checkpoint(self, job: str, side: Source, cursor: Cursor, *, full: datetime | None, rows: int) -> None:
        values: dict[str, Any] = {"saved": datetime.now(UTC), "full": full, "rows": rows}
        if cursor == self.cursor(job, side):
            self.connection.execute(update(checkpoint).where(_of(job, side)).values(**values))
            return
        self.connection.execute(delete(checkpoint).where(_of(job, side)))
        values |= {"job": job, "side": side, "position": json.dumps(cursor.position), "seen": cursor.seen}
        self.connection.execute(insert(checkpoint).values(**values))

    def moved(self, job: str) -> set[str]:
        """ERP keys of the records whose links were saved since the ERP's checkpoint: by runs that ended before it."""
        return set(self.cursor(job, "moved").position.get("keys", ()))

    def note_moved(self, job: str, keys: Collection[str]) -> None:
        """Add to them. Where there is no checkpoint everything is read anyway."""
        if keys and self.checkpoint(job, "erp").saved is not None:
            known = sorted(self.moved(job).union(keys))
            self.save_checkpoint(job, "moved", Cursor({"keys": known}), full=None, rows=0)

    def forget_moved(self, job: str) -> None:
        self.connection.execute(delete(checkpoint).where(_of(job, "moved")))

    def drop_checkpoints(self, job: str) -> None:
        """Both sides are read from their start; what was noted of the store's orders means what it meant."""
        self.connection.execute(
            delete(checkpoint).where(or_(*(_of(job, source) for source in ("erp", "store", "moved"))))
        )

    def conflicts(self, job: str | None = None) -> list[Conflict]:
        query = select(conflict).order_by(conflict.c.id)
        if job is not None:
            query = query.where(conflict.c.job == job)
        return [
            Conflict(
                row.id, row.job, row.link, row.key, row.field,
                json.loads(row.erp), json.loads(row.store), json.loads(row.base),
                row.why, row.since, json.loads(row.answer) if row.answer else None,
            )
            for row in self.connection.execute(query)
        ]  # fmt: skip

    def hold(self, job: str, link: int, held: Held) -> int:
        """Save a held field, or what it holds now if it is held already; the id by which it is answered."""
        values = {name: json.dumps(encode(getattr(held, name))) for name in ("erp", "store", "base")} | {
            "why": held.why
        }
        mine = (conflict.c.link == link) & (conflict.c.field == held.field)
        known = self.connection.execute(select(conflict.c.id).where(mine)).scalar()
        if known is not None:
            self.connection.execute(update(conflict).where(conflict.c.id == known).values(answer=None, **values))
            return int(known)
        new = insert(conflict).values(
            job=job, link=link, key=held.key, field=held.field, since=datetime.now(UTC), **values
        )
        return int(self.connection.execute(new).inserted_primary_key[0])  # type: ignore[index]

    def answer(self, number: int, answer: Mapping[str, Any]) -> bool:
        """Save a person's answer; False if there is no such conflict."""
        done = self.connection.execute(
            update(conflict).where(conflict.c.id == number).values(answer=json.dumps(dict(answer)))
        )
        return done.rowcount == 1

    def release(self, conflicts: Collection[int]) -> None:
        for chunk in chunks(list(conflicts)):
            self.connection.execute(delete(conflict).where(conflict.c.id.in_(chunk)))

    def release_all(self, job: str) -> None:
        """Forget every conflict of a job whose links are dropped."""
        self.connection.execute(delete(conflict).where(conflict.c.job == job))

    def rename_fields(self, job: str, names: Mapping[str, str]) -> None:
        """Ask on under the new names of fields; `names` has the former one of each."""
        for new, old in names.items():
            mine = (conflict.c.job == job) & (conflict.c.field == old)
            self.connection.execute(update(conflict).where(mine).values(field=new))

    def rejects(self, job: str | None = None) -> list[StandingReject]:
        query = select(reject).order_by(reject.c.job, reject.c.id)
        if job is not None:
            query = query.where(reject.c.job == job)
        return [
            StandingReject(
                row.job, Reject(row.side, row.place, row.key, row.field, row.reason), row.first_seen, row.last_seen
            )
            for row in self.connection.execute(query)
        ]

    def replace_rejects(self, job: str, rejects: Sequence[Reject]) -> None:
        """The rejected rows that stand now; those that stood before keep the day they were first seen."""
        now = datetime.now(UTC)
        before = {_identity(old.reject): old.first_seen for old in self.rejects(job)}
        self.connection.execute(delete(reject).where(reject.c.job == job))
        if rejects:
            self.connection.execute(
                insert(reject),
                [
                    {
                        "job": job, "side": one.side, "place": one.where, "key": one.key,
                        "field": one.field, "reason": one.reason,
                        "first_seen": before.get(_identity(one), now), "last_seen": now,
                    }
                    for one in rejects
                ],
            )  # fmt: skip


def _of(job: str, side: Source) -> ColumnElement[bool]:
    return and_(checkpoint.c.job == job, checkpoint.c.side == side)


def _identity(one: Reject) -> tuple[str, str, str | None, str]:
    return (one.side, one.key or one.where, one.field, one.reason)
