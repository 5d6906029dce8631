"""What becomes of a record whose partner is gone: only what the mapping says."""

from __future__ import annotations

from collections.abc import Iterator

from syncengine.engine.family import Family
from syncengine.engine.item import Item, all_conflicts, holds, with_changes
from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.kinds import VARIATION
from syncengine.engine.taken_out import GONE
from syncengine.records import RECORD, SIDES, Change, FieldChange, Held, Side
from syncengine.values import Value, is_empty

__all__ = [
    "field_at",
    "has_left",
    "is_out",
    "lost_side",
    "path_of",
    "plan_loss",
    "status_before",
    "wants_again",
]


def lost_side(job: JobRun, pair: Pair) -> Side | None:
    """The side on which a linked record has just been found missing."""
    if not pair.link.paired or pair.link.lost is not None:
        return None
    if pair.store is not None and (is_out(job, pair.store) or not pair.store.is_selected):
        return "store"
    for side in ("store", "erp"):
        if pair.link.identifier(side) in job.missing[side]:
            return side
    return None


def is_out(job: JobRun, row: Row) -> bool:
    """Whether a record lies in the trash, and so counts as gone. A mapping may ask for those, too."""
    return row.in_trash and "trash" not in job.mapping.store.only.get("status", ())


def has_left(job: JobRun, pair: Pair) -> bool:
    """Whether a record that counts as gone is in the store after all, outside what the mapping selects."""
    row = pair.store
    if row is None or is_out(job, row):
        return False
    return not row.is_selected or pair.link.store_id in job.missing["store"]  # as a variation is with its product


def plan_loss(job: JobRun, pair: Pair, side: Side, family: Family) -> Item:
    """What the mapping has done about a record that is gone on `side`. The link stays, as a tombstone."""
    nowhere = all(pair.link.identifier(one) in job.missing[one] for one in SIDES)
    item = Item(pair, gone="erp" if nowhere else side)  # gone on both: if the ERP has it again, it is a new record
    if side == "store" and not nowhere and not is_below_lost(job, pair, family):
        item.held = _asked(job, pair)
    if not item.held:
        item.released = all_conflicts(job, pair)
    return with_changes(job, item, _about_the_loss(job, pair, family) if side == "erp" and not nowhere else ())


def _asked(job: JobRun, pair: Pair) -> list[Held]:
    """What a person is asked, where the mapping wants that and nobody has answered yet."""
    conflict = job.conflicts.get((pair.link.id or 0, RECORD))
    if job.mapping.gone.from_store != "ask" or (conflict and conflict.answer) or has_left(job, pair):
        return []
    why = "it is in the store's trash" if pair.store is not None else "it is gone from the store"
    number, since = (conflict.id, conflict.since) if conflict else (0, None)
    return [Held(number, pair.name, RECORD, "there", None, "there", why, since)]


def _about_the_loss(job: JobRun, pair: Pair, family: Family) -> Iterator[Change]:
    """The write in the store that the mapping wants, if any. A variation goes with its product, but for its stock."""
    link, wanted = pair.link, job.mapping.gone.from_erp
    if wanted == "keep" or "store" not in job.writable:
        return
    if wanted != "out-of-stock" and is_below_lost(job, pair, family):
        return
    fields = {RECORD: FieldChange("there", None, GONE)}
    change = Change("", "store", "delete", job.mapping.entity, link.erp_key, link.store_id, fields)
    change.kind, change.destroy = link.store_kind or "", wanted == "delete"
    if (instead := _instead_of_deleting(job, pair)) is not None:
        path, word, before = instead
        if not job.store.applies(path, change.kind):
            return
        change.action, change.fields = "update", {field_at(job, path): FieldChange(before, word, GONE)}
    yield change


def _instead_of_deleting(job: JobRun, pair: Pair) -> tuple[str, Value, Value] | None:
    """(path, the word written there, what was there before) where the mapping wants a product to stay. A variation has
    no trash of its own."""
    wanted, is_variation = job.mapping.gone.from_erp, pair.link.store_kind == VARIATION
    if wanted == "draft" or (wanted == "trash" and is_variation):
        return "status", "private" if is_variation else "draft", status_before(job, pair)
    if wanted != "out-of-stock":
        return None
    stock = next((one for one in job.mapping.by_path("store", "stock_quantity") if one.goes_to("store")), None)
    if stock is not None and not is_empty(there := holds(job, pair, "store", stock)):
        return "stock_quantity", 0, there  # the store works out the status from a stock it manages
    name = field_at(job, "stock_status")
    return "stock_status", "outofstock", job.base(pair.link, "store", name) or "instock"


def status_before(job: JobRun, pair: Pair) -> Value:
    """What a product was before it was taken out of the shop, as far as is known."""
    name = field_at(job, "status")
    return (job.base(pair.link, "store", name) if pair.link.has_base(name) else None) or "publish"


def is_below_lost(job: JobRun, pair: Pair, family: Family) -> bool:
    """Whether a variation's product is gone, too."""
    parent = family.parent_of(pair.link)
    return parent is not None and (
        parent.lost is not None or any(parent.identifier(side) in job.missing[side] for side in SIDES)
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


def path_of(job: JobRun, name: str) -> str:
    """The store path behind a name that `field_at` gave."""
    known = job.mapping.fields.get(name)
    return (known.store or name) if known is not None else name
