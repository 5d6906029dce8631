"""Records that are there again: back in the ERP after they were gone, or made anew in the store."""

from __future__ import annotations

from syncengine.engine.agree import merged, record_conflicts
from syncengine.engine.creation import created_in_store
from syncengine.engine.gone import instead_of_deleting, status_before
from syncengine.engine.item import Item
from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.kinds import Family
from syncengine.values import Value, encode

__all__ = ["come_back", "made_anew"]


def come_back(job: JobRun, pair: Pair, family: Family) -> Item:
    """A tombstone whose record is there again: the link lives, and what was done about the loss is taken back."""
    link, lost = pair.link, pair.link.lost
    link.lost = None
    if lost == "store" or pair.erp is None:
        return merged(job, pair, family)
    if pair.store is None or pair.store.in_trash:
        return made_anew(job, pair, pair.erp, family)
    path, word, before = instead_of_deleting(job, pair)
    if path and pair.store.cells.get(path, word) == word:
        _as_it_was(pair.store, pair, path, word, before)
    return merged(job, pair, family)


def made_anew(job: JobRun, pair: Pair, row: Row, family: Family) -> Item:
    """Take it out of the store's trash, or create it; its old id and bases mean nothing any more then."""
    link = pair.link
    if pair.store is not None:
        _as_it_was(pair.store, pair, "status", "trash", status_before(job, pair))
        return merged(job, pair, family)
    link.store_id, link.store_hash, link.base, link.base_store, link.store_kind = None, None, {}, {}, None
    item = created_in_store(job, pair, row, family)
    item.released = record_conflicts(job, pair)
    return item


def _as_it_was(row: Row, pair: Pair, path: str, word: Value, before: Value) -> None:
    """Merge as if nothing had happened to it, and write that whatever else is written."""
    row.cells[path] = encode(before)
    pair.restores[path] = word
