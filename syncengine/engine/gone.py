"""What becomes of a record whose partner is gone: only what the mapping says, and only what was looked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from syncengine.engine.job import SIDES, JobRun, Pair, Row
from syncengine.engine.kinds import VARIATION, Family
from syncengine.engine.pull import Pulled, fetch_rows
from syncengine.records import RECORD, Change, FieldChange, Held, Side
from syncengine.values import Value

__all__ = [
    "field_at",
    "gone_pairs",
    "instead_of_deleting",
    "is_out",
    "lost_side",
    "plan_loss",
    "status_before",
    "wants_again",
]


def gone_pairs(job: JobRun, pulled: Pulled, pairs: Sequence[Pair]) -> list[Pair]:
    """After a full read, or that of an export that is put away then: further pairs, of links whose record is there no
    more, or is there again. Fills `job.missing` and takes in hand what is to be made anew."""
    for side, pull in pulled.pulls.items():
        job.missing[side] |= pull.missing([key for key in pulled.wanted.get(side, ()) if key not in pulled.rows(side)])
    whole = job.full or (job.mapping.erp.archive_to is not None and pulled.pulls["erp"].complete)
    further = _further(job, pulled, {pair.link.id for pair in pairs}) if whole else []
    _take_in_hand(job, [*pairs, *further])
    return further


def _further(job: JobRun, pulled: Pulled, known: Collection[int | None]) -> list[Pair]:
    links = [link for link in job.state.links.paired(job.name) if link.lost is None]
    for side, pull in pulled.pulls.items():
        if pull.complete:
            keys = {key for link in links if (key := link.identifier(side)) is not None}
            job.missing[side] |= pull.missing(keys) - job.rejected(side)
    asked = {link for link, field in job.conflicts if field == RECORD}
    gone_erp, gone_store = job.missing["erp"], job.missing["store"]
    return [
        Pair(link)
        for link in links
        if (link.id in asked or link.erp_key in gone_erp or link.store_id in gone_store) and link.id not in known
    ]


def _take_in_hand(job: JobRun, pairs: Sequence[Pair]) -> None:
    """A record that is made anew needs the ERP's row, and the store's where it lies in the trash."""
    again = [pair for pair in pairs if pair.link.store_id in job.missing["store"] and wants_again(job, pair)]
    for side in SIDES:
        needed = {key: one for one in again if one.row(side) is None and (key := one.link.identifier(side)) is not None}
        for key, row in fetch_rows(job, side, needed).items():
            if side == "erp":
                needed[key].erp = row
            else:
                needed[key].store = row


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


def plan_loss(job: JobRun, pair: Pair, side: Side, family: Family) -> tuple[list[Change], list[Held]]:
    """What the mapping has done about a record that is gone on `side`. The link stays, as a tombstone."""
    link, gone = pair.link, job.mapping.gone
    if all(link.identifier(one) in job.missing[one] for one in ("erp", "store")):
        link.lost = side
        return [], []
    if side == "store":
        conflict = job.conflicts.get((link.id or 0, RECORD))
        if is_below_lost(job, pair, family):
            link.lost = "store"
            return [], []
        if gone.from_store == "ask" and not (conflict and conflict.answer):
            why = "it is in the store's trash" if pair.store is not None else "it is gone from the store"
            number, since = (conflict.id, conflict.since) if conflict else (0, None)
            return [], [Held(number, pair.name, RECORD, "there", None, "there", why, since)]
        link.lost = "store"
        return [], []
    link.lost = "erp"
    if gone.from_erp == "keep" or "store" not in job.writable:
        return [], []
    if is_below_lost(job, pair, family):  # a variation goes with its product
        return [], []
    why = "it is gone from the erp"
    fields = {RECORD: FieldChange("there", None, why)}
    change = Change("", "store", "delete", job.mapping.entity, link.erp_key, link.store_id, fields)
    change.kind, change.destroy = link.store_kind or "", gone.from_erp == "delete"
    path, word, before = instead_of_deleting(job, pair)
    if path:
        change.action, change.fields = "update", {field_at(job, path): FieldChange(before, word, why)}
    return [change], []


def instead_of_deleting(job: JobRun, pair: Pair) -> tuple[str, Value, Value]:
    """(path, the word written there, what was there before) where the mapping wants a product to stay; "" if not."""
    stock = next((one for one in job.mapping.by_path("store", "stock_quantity") if one.goes_to("store")), None)
    if job.mapping.gone.from_erp == "draft":
        return "status", "private" if pair.link.store_kind == VARIATION else "draft", status_before(job, pair)
    if job.mapping.gone.from_erp != "out-of-stock":
        return "", None, None
    if stock is not None:  # the store works out the status from a stock that it manages
        return "stock_quantity", 0, job.base(pair.link, "store", stock.name)
    name = field_at(job, "stock_status")
    return "stock_status", "outofstock", job.base(pair.link, "store", name) or "instock"


def status_before(job: JobRun, pair: Pair) -> Value:
    """What a product was before it was taken out of the shop, as far as is known."""
    name = field_at(job, "status")
    return (job.base(pair.link, "store", name) if pair.link.has_base(name) else None) or "publish"


def is_below_lost(job: JobRun, pair: Pair, family: Family) -> bool:
    parent = family.parent_of(pair.link)
    return parent is not None and any(
        parent.identifier(side) in job.missing[side] for side in SIDES if parent.identifier(side) is not None
    )


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
