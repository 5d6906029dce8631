"""Which linked records are there no more, and what is to be made anew of them, with all that stands below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from syncengine.engine.gone import is_out, wants_again
from syncengine.engine.job import JobRun, Pair
from syncengine.engine.pull import Pulled, fetch_rows
from syncengine.records import RECORD, Side

__all__ = ["missing_pairs", "will_be_new"]


def missing_pairs(job: JobRun, pulled: Pulled, pairs: Sequence[Pair]) -> list[Pair]:
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
    """Links that nobody has in hand: those of missing records, and those about which a person was asked."""
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
    """A record that is made anew needs the ERP's row, and the store's where it lies in the trash. Where the mapping
    selects, all are looked for: one that has only left the selection is not gone."""
    missing = [one for one in pairs if one.link.store_id in job.missing["store"] and one.link.lost != "store"]
    again = [one for one in missing if wants_again(job, one)]
    _fetch(job, "erp", [one for one in again if one.erp is None])
    _fetch(job, "store", [one for one in (missing if job.mapping.store.only else again) if one.store is None])


def _below_new_products(job: JobRun, pairs: Sequence[Pair]) -> list[Pair]:
    """A product that is made anew has another id then: all its variations are made anew with it. Returns those that
    are not in hand yet."""
    products = [pair.link.store_id for pair in pairs if will_be_new(job, pair)]
    links = job.state.links.below(job.name, [one for one in products if one is not None])
    known = {pair.link.id: pair for pair in pairs}
    below = [known.get(link.id) or Pair(link) for link in links]
    _fetch(job, "erp", [one for one in below if one.erp is None])
    return [one for one in below if one.link.id not in known and one.erp is not None]


def will_be_new(job: JobRun, pair: Pair) -> bool:
    """Whether a record that is gone from the store is made anew there."""
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
