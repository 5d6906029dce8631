"""What becomes of a record whose partner is gone: only what the mapping says, and only what was looked for."""

from __future__ import annotations

from collections.abc import Iterator

from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.pull import Pulled, fetch_rows
from syncengine.records import Change, FieldChange, Held, Side
from syncengine.state import Link

__all__ = ["RECORD", "field_at", "gone_pairs", "is_out", "lost_side", "plan_loss", "wants_again"]

RECORD = "(record)"  # the field's name where the whole record waits for a person
INSTEAD = {"draft": ("status", "draft"), "out-of-stock": ("stock_status", "outofstock")}  # of deleting it


def gone_pairs(job: JobRun, pulled: Pulled, known: set[int]) -> Iterator[Pair]:
    """After a full read: the links whose record is there no more, or is there again. Fills `job.missing`."""
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
            lost = [by_key[key] for key in sorted(gone) if by_key[key].id not in known]
            again = side == "store" and job.mapping.gone.from_store == "recreate"
            yield from _in_hand(job, lost) if again else map(Pair, lost)
    waiting = {link for link, field in job.conflicts if field == RECORD} - known
    yield from (Pair(link) for link in links if link.id in waiting and link.store_id not in job.missing["store"])


def _in_hand(job: JobRun, lost: list[Link]) -> Iterator[Pair]:
    """Links of records that are to be made anew: with the ERP's row, and the store's where it lies in the trash."""
    erp = fetch_rows(job, "erp", {link.erp_key for link in lost if link.erp_key is not None})
    store = fetch_rows(job, "store", {link.store_id for link in lost if link.store_id is not None})
    return (Pair(link, erp.get(link.erp_key or ""), store.get(link.store_id or "")) for link in lost)


def lost_side(job: JobRun, pair: Pair) -> Side | None:
    """The side on which a linked record has just been found missing."""
    if not pair.link.paired or pair.link.lost is not None:
        return None
    if pair.store is not None and is_out(job, pair.store):
        return "store"
    for side in ("store", "erp"):
        if pair.link.identifier(side) in job.missing[side]:
            return side
    return None


def is_out(job: JobRun, row: Row) -> bool:
    """Whether a record lies in the trash, and so counts as gone. A mapping may ask for those, too."""
    return row.in_trash and "trash" not in job.mapping.store.only.get("status", ())


def plan_loss(job: JobRun, pair: Pair, side: Side) -> tuple[list[Change], list[Held]]:
    """What the mapping has done about a record that is gone on `side`. The link stays, as a tombstone."""
    link, gone = pair.link, job.mapping.gone
    if all(link.identifier(one) in job.missing[one] for one in ("erp", "store")):
        link.lost = side
        return [], []
    if side == "store":
        conflict = job.conflicts.get((link.id or 0, RECORD))
        if gone.from_store == "ask" and not (conflict and conflict.answer):
            why = "it is in the store's trash" if pair.store is not None else "it is gone from the store"
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
        case "draft" | "out-of-stock":
            path, word = INSTEAD[gone.from_erp]
            change.action, change.fields = "update", {field_at(job, path): FieldChange(None, word, why)}
    return [change], []


def wants_again(job: JobRun, pair: Pair) -> bool:
    """Whether a record that is gone from the store is to be made anew there."""
    link = pair.link
    conflict = job.conflicts.get((link.id or 0, RECORD))
    if conflict and conflict.answer:
        return bool(conflict.answer["take"] == "erp")
    return job.mapping.gone.from_store == "recreate"


def field_at(job: JobRun, path: str) -> str:
    """The field that is mapped to a store path; a path that no field has stands for itself."""
    return next((one.name for one in job.mapping.by_path("store", path)), path)
