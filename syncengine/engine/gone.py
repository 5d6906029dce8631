"""What becomes of a record whose partner is gone: only what the mapping says, and only what was looked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from syncengine.engine.item import Item, holds, record_conflicts, with_changes
from syncengine.engine.job import SIDES, JobRun, Pair, Row
from syncengine.engine.kinds import VARIATION, Family
from syncengine.engine.pull import Pulled, fetch_rows
from syncengine.engine.taken_out import GONE
from syncengine.records import RECORD, Change, FieldChange, Held, Side
from syncengine.values import Value, is_empty

__all__ = [
    "field_at",
    "gone_pairs",
    "is_out",
    "lost_side",
    "path_of",
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
    job.missing["store"] |= _products_gone(job, pulled)
    _take_in_hand(job, [*pairs, *further])
    return further + _below_new_products(job, [*pairs, *further])


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


def _products_gone(job: JobRun, pulled: Pulled) -> set[str]:
    """The products of missing variations that are gone, too, though nobody looked for them: then a variation is not
    made anew by itself."""
    above = {product for one in job.missing["store"] if (product := one.rpartition("/")[0])}
    unknown = above - job.missing["store"] - pulled.store.keys()
    there = fetch_rows(job, "store", unknown)
    return {one for one in unknown if one not in there or is_out(job, there[one])}


def _take_in_hand(job: JobRun, pairs: Sequence[Pair]) -> None:
    """A record that is made anew needs the ERP's row, and the store's where it lies in the trash."""
    again = [pair for pair in pairs if pair.link.store_id in job.missing["store"] and wants_again(job, pair)]
    for side in SIDES:
        _fetch(job, side, [one for one in again if one.row(side) is None])


def _below_new_products(job: JobRun, pairs: Sequence[Pair]) -> list[Pair]:
    """A product that is made anew has another id then: all its variations are made anew with it. Returns those that
    are not in hand yet."""
    products = [pair.link.store_id for pair in pairs if _will_be_new(job, pair)]
    links = job.state.links.below(job.name, [one for one in products if one is not None])
    known = {pair.link.id: pair for pair in pairs}
    below = [known.get(link.id) or Pair(link) for link in links]
    _fetch(job, "erp", [one for one in below if one.erp is None])
    return [one for one in below if one.link.id not in known and one.erp is not None]


def _will_be_new(job: JobRun, pair: Pair) -> bool:
    if pair.erp is None or pair.store is not None:
        return False
    return pair.link.lost == "erp" or (pair.link.store_id in job.missing["store"] and wants_again(job, pair))


def _fetch(job: JobRun, side: Side, pairs: Sequence[Pair]) -> None:
    needed = {key: one for one in pairs if (key := one.link.identifier(side)) is not None}
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


def plan_loss(job: JobRun, pair: Pair, side: Side, family: Family) -> Item:
    """What the mapping has done about a record that is gone on `side`. The link stays, as a tombstone."""
    nowhere = all(pair.link.identifier(one) in job.missing[one] for one in SIDES)
    item = Item(pair, gone="erp" if nowhere else side)  # gone on both: if the ERP has it again, it is a new record
    if side == "store" and not nowhere and not is_below_lost(job, pair, family):
        item.held = _asked(job, pair)
    if not item.held:
        item.released = record_conflicts(job, pair)
    return with_changes(job, item, _about_the_loss(job, pair, family) if side == "erp" and not nowhere else ())


def _asked(job: JobRun, pair: Pair) -> list[Held]:
    """What a person is asked, where the mapping wants that and nobody has answered yet."""
    conflict = job.conflicts.get((pair.link.id or 0, RECORD))
    if job.mapping.gone.from_store != "ask" or (conflict and conflict.answer):
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
    change = Change("", "store", "delete", job.mapping.entity, link.erp_key, link.store_id, {})
    change.kind, change.destroy = link.store_kind or "", wanted == "delete"
    change.fields = {RECORD: FieldChange("there", None, GONE)}
    path, word, before = _instead_of_deleting(job, pair)
    if path:
        change.action, change.fields = "update", {field_at(job, path): FieldChange(before, word, GONE)}
    if not path or job.store.applies(path, change.kind):
        yield change


def _instead_of_deleting(job: JobRun, pair: Pair) -> tuple[str, Value, Value]:
    """(path, the word written there, what was there before) where the mapping wants a product to stay; "" if not.
    A variation has no trash of its own."""
    wanted, is_variation = job.mapping.gone.from_erp, pair.link.store_kind == VARIATION
    if wanted == "draft" or (wanted == "trash" and is_variation):
        return "status", "private" if is_variation else "draft", status_before(job, pair)
    if wanted != "out-of-stock":
        return "", None, None
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
