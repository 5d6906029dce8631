"""What becomes of a record whose partner is gone: only what the mapping says, and only what was looked for."""

from __future__ import annotations

from collections.abc import Iterator

from syncengine.engine.job import JobRun, Pair
from syncengine.engine.pull import Pulled
from syncengine.records import Change, FieldChange, Held, Side

__all__ = ["RECORD", "gone_pairs", "lost_side", "plan_loss"]

RECORD = "(record)"  # the field's name where the whole record waits for a person


def gone_pairs(job: JobRun, pulled: Pulled, known: set[int]) -> Iterator[Pair]:
    """After a full read: the links whose record is there no more. Fills `job.missing`."""
    looked_for = {
        side: [key for key in pulled.wanted.get(side, ()) if key not in pulled.rows(side)] for side in ("erp", "store")
    }
    for side, pull in pulled.pulls.items():
        job.missing[side] |= pull.missing(looked_for[side])
    if not job.full:
        return
    links = [link for link in job.state.links.paired(job.name) if link.lost is None]
    for side, pull in pulled.pulls.items():
        if pull.complete:
            by_key = {key: link for link in links if (key := link.identifier(side)) is not None}
            gone = pull.missing(by_key.keys()) - job.rejected(side)
            job.missing[side] |= gone
            yield from (Pair(by_key[key]) for key in sorted(gone) if by_key[key].id not in known)


def lost_side(job: JobRun, pair: Pair) -> Side | None:
    """The side on which a linked record has just been found missing."""
    if not pair.link.paired or pair.link.lost is not None:
        return None
    for side in ("store", "erp"):
        if pair.link.identifier(side) in job.missing[side]:
            return side
    return None


def plan_loss(job: JobRun, pair: Pair, side: Side) -> tuple[list[Change], list[Held]]:
    """What the mapping has done about a record that is gone on `side`. The link stays, as a tombstone."""
    link, gone = pair.link, job.mapping.gone
    if all(link.identifier(one) in job.missing[one] for one in ("erp", "store")):
        link.lost = side
        return [], []
    if side == "store":
        conflict = job.conflicts.get((link.id or 0, RECORD))
        if gone.from_store == "ask" and not (conflict and conflict.answer):
            why = "it is gone from the store"
            number, since = (conflict.id, conflict.since) if conflict else (0, None)
            return [], [Held(number, pair.name, RECORD, "there", None, "there", why, since)]
        link.lost = "store"
        return [], []
    link.lost = "erp"
    if gone.from_erp == "keep" or "store" not in job.writable:
        return [], []
    change = Change("", "store", "delete", job.mapping.entity, link.erp_key, link.store_id, {})
    why = "it is gone from the erp"
    match gone.from_erp:
        case "delete":
            change.destroy = True
        case "draft":
            change.action, change.fields = "update", {_name(job, "status"): FieldChange(None, "draft", why)}
        case "out-of-stock":
            change.action, change.fields = "update", {_name(job, "stock_status"): FieldChange(None, "outofstock", why)}
    return [change], []


def wants_again(job: JobRun, pair: Pair) -> bool:
    """Whether a record that is gone from the store is to be made anew there."""
    link = pair.link
    conflict = job.conflicts.get((link.id or 0, RECORD))
    if conflict and conflict.answer:
        return bool(conflict.answer["take"] == "erp")
    return job.mapping.gone.from_store == "recreate"


def _name(job: JobRun, path: str) -> str:
    return next((one.name for one in job.mapping.by_path("store", path)), path)
