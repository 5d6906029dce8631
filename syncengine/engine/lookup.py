"""What became of writes whose reply was lost: looked up on the side they were sent to, never guessed."""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.job import JobRun, Row
from syncengine.engine.match import key_of
from syncengine.engine.pull import fetch_rows, read_pages
from syncengine.records import Change, Outcome, Side
from syncengine.values import Value, match_key, same

__all__ = ["look_up"]


def look_up(job: JobRun, side: Side, changes: Sequence[Change]) -> dict[str, Outcome | None]:
    """By change id: the outcome, or None where the change was provably not done.

    Where writes are handed over, only the endpoint knows whether they were. Elsewhere, equal to what was sent is
    done; equal to what was there is not done; anything else is failed, so that the record is merged again from its
    old bases. Call it only when the side must be done with what it was sent.
    """
    endpoint = job.endpoint(side)
    marked = endpoint.find_marked([change for change in changes if change.mark or endpoint.takes_later])
    if endpoint.takes_later:
        never_told = job.mapping.erp.import_within is None
        return {
            one.id: Outcome(one, "done" if never_told else "in-flight", marked[one.id]) if one.id in marked else None
            for one in changes
        }
    known = {change.id: change.record_id for change in changes if change.record_id is not None} | marked
    rows = fetch_rows(job, side, set(known.values()))
    created = _find_created(job, side, [one for one in changes if one.action == "create" and one.id not in known])
    found: dict[str, Outcome | None] = {}
    for change in changes:
        row = rows.get(known.get(change.id, "")) or created.get(change.id)
        found[change.id] = _judge(job, change, row, marked=change.id in marked)
    return found


def _judge(job: JobRun, change: Change, row: Row | None, *, marked: bool) -> Outcome | None:
    if change.entity != job.mapping.entity:
        return None  # a category or a tag: creating it again finds it
    if change.action == "delete":
        return Outcome(change, "done") if row is None or row.in_trash else None
    if row is None:
        return (
            None
            if change.action == "create"
            else Outcome(change, "failed", error="gone: the record is not there any more")
        )
    if change.action == "create" or marked:
        return Outcome(change, "done", row.id, row.cells)
    if change.mark:
        return None
    told = {name: what for name, what in change.fields.items() if not _is_untold(job, side=row.side, name=name)}
    held = {name: _value(job, row, name) for name in told}
    if told and all(_is_there(job, row, name, what.new, held[name]) for name, what in told.items()):
        return Outcome(change, "done", row.id, row.cells)
    if all(same(held[name], what.old) for name, what in told.items()):
        return None
    return Outcome(change, "failed", error="moved-on: the record is neither as it was nor as it was sent")


def _is_untold(job: JobRun, side: Side, name: str) -> bool:
    """Whether the side never tells what it has there: whoever writes it has to know whether it was written."""
    one = job.mapping.fields.get(name)
    return one is not None and one.untold == side


def _is_there(job: JobRun, row: Row, name: str, sent: Value, held: Value) -> bool:
    one = job.mapping.fields.get(name)
    path = one.path(row.side) if one else None
    return same(held, sent) or (path is not None and job.endpoint(row.side).kept(path, sent, held))


def _find_created(job: JobRun, side: Side, creates: Sequence[Change]) -> dict[str, Row]:
    """Creates that are there after all, by their match keys."""
    found: dict[str, Row] = {}
    for by in job.mapping.match_fields:
        path = by.path(side)
        keys = {
            match_key(str(one.fields[by.name].new)): one
            for one in creates
            if by.name in one.fields and by.store != "id"
        }
        if not keys or path is None:
            continue
        for row in read_pages(job, side, job.endpoint(side).find(path, keys)).values():
            change = keys.get(key_of(job, by, row) or "")
            if change is not None and not row.in_trash:
                found[change.id] = row
    return found


def _value(job: JobRun, row: Row, name: str) -> Value:
    one = job.mapping.fields.get(name)
    path = one.path(row.side) if one else None
    if one is None or path is None:
        return None
    try:
        return one.read(row.side, row.cells.get(path), job.endpoint(row.side).format)
    except ValueError:
        return None
