"""Records that are there again: back in the ERP after they were gone, or made anew in the store."""

from __future__ import annotations

from syncengine.engine.agree import merged
from syncengine.engine.creation import created_in_store
from syncengine.engine.family import Family, product_of
from syncengine.engine.gone import has_left, is_out, lost_side, path_of, status_before, wants_again
from syncengine.engine.item import Item, all_conflicts
from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.taken_out import taken_out
from syncengine.records import RECORD
from syncengine.values import Value, encode

__all__ = ["come_back", "is_back", "is_made_anew", "made_anew", "waits_for_product"]


def is_back(job: JobRun, pair: Pair) -> bool:
    """Whether the record of a tombstone is there again, or what was done about its loss is still to be taken back."""
    link = pair.link
    if link.lost is None:
        return pair.erp is not None and taken_out(link) is not None
    row = pair.row(link.lost)
    return row is not None and row.is_selected and not is_out(job, row)


def come_back(job: JobRun, pair: Pair, family: Family) -> Item:
    """The link lives again, and what was done about the loss is taken back."""
    link, lost = pair.link, pair.link.lost
    link.lost = None
    if lost == "store" or pair.erp is None:
        return merged(job, pair, family)
    if pair.store is None or pair.store.in_trash:
        return made_anew(job, pair, pair.erp, family)
    if (done := taken_out(link)) is not None:
        path = path_of(job, done.field)
        if done.field != RECORD and pair.store.cells.get(path, done.now) == done.now:
            _as_it_was(pair.store, pair, path, done.now, done.was)
        else:
            del link.base[RECORD]  # somebody has taken it back already
    return merged(job, pair, family)


def is_made_anew(job: JobRun, pair: Pair, family: Family) -> bool:
    """Whether a record that is gone from the store is to be there again, by itself or with its product."""
    if pair.erp is None:
        return False
    if pair.store is None and product_of(pair.link) in family.made_anew:
        return True
    return lost_side(job, pair) == "store" and wants_again(job, pair) and not has_left(job, pair)


def made_anew(job: JobRun, pair: Pair, row: Row, family: Family) -> Item:
    """Take it out of the store's trash, or create it; its old id and bases mean nothing any more then."""
    link = pair.link
    if pair.store is not None:
        family.out_of_trash.add(pair.store.id)
        _as_it_was(pair.store, pair, "status", "trash", status_before(job, pair))
        return merged(job, pair, family)
    family.made_anew.add(link.store_id or "")
    link.begin_anew(None)
    item = created_in_store(job, pair, row, family)
    item.released = all_conflicts(job, pair)
    return item


def waits_for_product(pair: Pair, family: Family) -> bool:
    """Whether a variation cannot be looked at before its product is out of the trash: the store hides it there."""
    return pair.store is None and product_of(pair.link) in family.out_of_trash


def _as_it_was(row: Row, pair: Pair, path: str, word: Value, before: Value) -> None:
    """Merge as if nothing had happened to it, and write that whatever else is written."""
    row.cells[path] = encode(before)
    pair.restores[path] = word
