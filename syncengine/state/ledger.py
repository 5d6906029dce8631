"""The ledger: every write, before it is sent and after. A line is never replayed; it may be stale."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from syncengine.records import Change, FieldChange
from syncengine.state.links import as_json, chunks
from syncengine.state.tables import ChangeRow
from syncengine.values import Type, decode, encode

__all__ = ["Ledger", "Line"]

change = ChangeRow.__table__  # type: ignore[attr-defined]
UNSETTLED = ("sent", "unknown")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger as people look at it: values in their canonical JSON form."""

    when: datetime
    run: str
    job: str
    side: str
    action: str
    key: str | None
    store_id: str | None
    field: str
    old: Any
    new: Any
    why: str
    status: str
    error: str


class Ledger:
    """The changes of all jobs."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def plan(self, job: str, run: str, changes: Sequence[Change]) -> None:
        """Write changes down before anything is sent."""
        now = datetime.now(UTC)
        lines = [
            {
                "id": one.id,
                "run": run,
                "job": job,
                "link": one.link,
                "side": one.side,
                "action": one.action,
                "entity": one.entity,
                "erp_key": one.key,
                "store_id": one.record_id if one.side == "store" else None,
                "fields": _fields(one),
                "marked": one.mark,
                "kind": one.kind,
                "parent": one.parent,
                "status": "planned",
                "error": "",
                "planned": now,
            }
            for one in changes
        ]
        if lines:
            self.connection.execute(insert(change), lines)

    def mark_sent(self, changes: Sequence[Change]) -> None:
        now = datetime.now(UTC)
        statement = update(change).where(change.c.id == bindparam("at")).values(status="sent", sent=bindparam("now"))
        self.connection.execute(statement, [{"at": one.id, "now": now} for one in changes])

    def settle(self, changes: Sequence[Change]) -> None:
        """Write down what became of changes: their `status`, `error` and the id that a create got."""
        now = datetime.now(UTC)
        mine, got = change.c.id == bindparam("at"), bindparam("got", type_=change.c.store_id.type)
        statement = (
            update(change)
            .where(mine)
            .values(status=bindparam("became"), error=bindparam("said"), ended=bindparam("now"))
            .values(store_id=func.coalesce(got, change.c.store_id))
        )
        lines = [
            {
                "at": one.id,
                "became": one.status,
                "said": one.error,
                "now": now,
                "got": one.record_id if one.side == "store" else None,
            }
            for one in changes
        ]
        if lines:
            self.connection.execute(statement, lines)
        refused = [one for one in changes if any(what.error for what in one.fields.values())]
        if refused:
            statement = update(change).where(mine).values(fields=bindparam("what"))
            self.connection.execute(statement, [{"at": one.id, "what": _fields(one)} for one in refused])

    def supersede_planned(self, job: str, why: str) -> None:
        """What was planned and never sent will be merged again."""
        planned = (change.c.job == job) & (change.c.status == "planned")
        self.connection.execute(
            update(change).where(planned).values(status="superseded", error=why, ended=datetime.now(UTC))
        )

    def unsettled(self, job: str, types: Mapping[str, Type]) -> list[tuple[Change, datetime]]:
        """Changes that were sent and have no outcome, with the time of sending."""
        query = select(change).where(change.c.job == job, change.c.status.in_(UNSETTLED)).order_by(change.c.planned)
        return [(_change(row, types), row.sent) for row in self.connection.execute(query)]

    def has_open(self, job: str) -> bool:
        """Whether a run was cut off: something was planned or sent and never ended."""
        query = select(change.c.id).where(change.c.job == job, change.c.status.in_(("planned", *UNSETTLED))).limit(1)
        return self.connection.execute(query).first() is not None

    def arrived(self, links: Collection[int]) -> None:
        """What was handed over for these links has been read back."""
        for chunk in chunks(list(links)):
            mine = change.c.link.in_(chunk) & (change.c.status == "in-flight")
            self.connection.execute(update(change).where(mine).values(status="done", ended=datetime.now(UTC)))

    def no_longer_failed(self, links: Collection[int]) -> None:
        """What failed for these links before is not needed any more: nothing is left to be written."""
        for chunk in chunks(list(links)):
            mine = change.c.link.in_(chunk) & (change.c.status == "failed")
            self.connection.execute(update(change).where(mine).values(status="superseded"))

    def failed_links(self, job: str) -> set[int]:
        """Links with a failed change that no later change of the same side made good."""
        mine = (change.c.job == job, change.c.link.is_not(None))
        good = (
            select(change.c.link, change.c.side, func.max(change.c.planned).label("last"))
            .where(*mine, change.c.status.in_(("done", "in-flight")))
            .group_by(change.c.link, change.c.side)
            .subquery()
        )
        later = (good.c.link == change.c.link) & (good.c.side == change.c.side) & (good.c.last > change.c.planned)
        query = (
            select(change.c.link)
            .select_from(change.outerjoin(good, later))
            .where(*mine, change.c.status == "failed", good.c.link.is_(None))
        )
        return set(self.connection.execute(query).scalars())

    def history(self, key: str) -> Iterator[Line]:
        """Every change of a record, oldest first, by its ERP key, or by the store's id as `store:123`."""
        in_store = key.startswith("store:")
        mine = change.c.store_id == key.removeprefix("store:") if in_store else change.c.erp_key == key
        for row in self.connection.execute(select(change).where(mine).order_by(change.c.planned, change.c.id)):
            for name, what in json.loads(row.fields).items():
                status, error = ("done", "") if what.get("done") else (row.status, what.get("error") or row.error)
                yield Line(
                    row.planned, row.run, row.job, row.side, row.action, row.erp_key, row.store_id,
                    name, what["from"], what["to"], what["why"], status, error,
                )  # fmt: skip


def _fields(one: Change) -> str:
    lines: dict[str, dict[str, Any]] = {}
    for name, what in one.fields.items():
        line = {"from": encode(what.old), "to": encode(what.new), "why": what.why}
        if what.difference is not None:
            line["difference"] = encode(what.difference)
        if what.error:
            line["error"] = what.error
        if one.partly and not what.error:
            line["done"] = True
        lines[name] = line
    return as_json(lines)


def _change(row: Row[Any], types: Mapping[str, Type]) -> Change:
    def value(name: str, canonical: Any) -> Any:
        return decode(canonical, types.get(name, Type()))

    fields = {
        name: FieldChange(
            value(name, what["from"]),
            value(name, what["to"]),
            what["why"],
            value(name, what.get("difference")),
            what.get("error", ""),
        )
        for name, what in json.loads(row.fields).items()
    }
    record_id = row.store_id if row.side == "store" else row.erp_key
    return Change(
        id=row.id,
        side=row.side,
        action=row.action,
        entity=row.entity,
        key=row.erp_key,
        record_id=record_id if row.action != "create" else None,
        fields=fields,
        mark=row.marked,
        kind=row.kind,
        parent=row.parent,
        link=row.link,
        status=row.status,
        error=row.error,
    )
