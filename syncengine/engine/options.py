"""Variations without a key of their own: found below their product by what they are, red and large.

A store makes two variations of the same options without a word (FACTS-WOOCOMMERCE, 7); nobody could tell them apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from syncengine.engine.job import JobRun, Matched, Pair, Row
from syncengine.engine.kinds import parent_key
from syncengine.engine.pull import fetch_rows
from syncengine.records import Side
from syncengine.values import is_empty, match_key, shown

__all__ = ["match_by_options"]

Options = tuple[tuple[str, str], ...]  # the path of each option and its match key


def match_by_options(job: JobRun, matched: Matched) -> None:
    """Pair the ERP's variations that found no partner with the store's of the same product and options, and reject
    those that another one could be taken for."""
    if not job.option_fields:
        return
    new = [pair for pair in matched.pairs if pair.erp is not None and pair.link.store_id is None]
    by_product = _by_product(job, matched, [pair for pair in new if pair.erp and parent_key(job, pair.erp)])
    there = _alone_below(job, matched, by_product)
    gone: set[int] = set()
    for product, pairs in by_product.items():
        claimed: dict[Options, list[Pair]] = defaultdict(list)
        for pair in pairs:
            if options := _options(job, pair.erp):
                claimed[options].append(pair)
        for options, claiming in claimed.items():
            if len(claiming) > 1:
                gone |= _reject_twins(job, claiming)
            elif (other := there.get((product, options))) is not None:
                gone |= _join(job, claiming[0], other, matched)
    matched.pairs = [pair for pair in matched.pairs if id(pair) not in gone]


def _by_product(job: JobRun, matched: Matched, new: Iterable[Pair]) -> dict[str, list[Pair]]:
    """New variations of the ERP by the store's id of their product, or by its key where that is new, too."""
    by_key: dict[str, list[Pair]] = defaultdict(list)
    for pair in new:
        assert pair.erp is not None
        by_key[parent_key(job, pair.erp)].append(pair)
    known = {link.erp_key: link.store_id for link in job.state.links.by_identifier(job.name, "erp", by_key)}
    known |= {pair.link.erp_key: pair.link.store_id for pair in matched.pairs if pair.link.erp_key in by_key}
    return {known.get(key) or f"key {key}": pairs for key, pairs in by_key.items()}


def _alone_below(job: JobRun, matched: Matched, products: Iterable[str]) -> dict[tuple[str, Options], Pair]:
    """The store's variations without partner below these products: those in hand, and those that are remembered."""
    wanted = set(products)
    pairs = {
        pair.link.store_id: pair
        for pair in matched.pairs
        if pair.link.erp_key is None and pair.link.store_id is not None
    }
    saved = [one for one in job.state.links.below(job.name, wanted) if one.erp_key is None]
    known = {one.store_id: one for one in saved if one.store_id is not None and one.store_id not in pairs}
    pairs |= {key: Pair(known[key], store=row) for key, row in fetch_rows(job, "store", known).items()}
    found: dict[tuple[str, Options], Pair] = {}
    for key, pair in pairs.items():
        product = key.rpartition("/")[0]
        if product in wanted and (options := _options(job, pair.store)):
            found.setdefault((product, options), pair)
    return found


def _options(job: JobRun, row: Row | None) -> Options:
    """What a row is, of all that its kind can be told apart by; () where it does not say."""
    if row is None:
        return ()
    side: Side = row.side
    named: list[tuple[str, str]] = []
    for one in job.option_fields.values():
        path = one.path(side)
        try:
            value = one.read(side, row.cells.get(path or ""), job.endpoint(side).format)
        except ValueError:
            return ()
        if not is_empty(value):
            named.append((one.store or "", match_key(shown(value, one.type))))
    return tuple(sorted(named))


def _join(job: JobRun, pair: Pair, other: Pair, matched: Matched) -> set[int]:
    """Make one pair of the two, if their SKUs do not say that they are two things. Returns what is none any more."""
    assert pair.erp is not None and other.store is not None
    ours, theirs = (_sku(job, row) for row in (pair.erp, other.store))
    if ours and theirs and ours != theirs:
        job.reject(pair.erp, None, f"{other.store.where} in the store has the same options and another SKU")
        return {id(pair)}
    if other.link.id is not None:
        if pair.link.id is not None:
            matched.dropped.append(pair.link.id)
        other.link.erp_key, pair.link = pair.link.erp_key, other.link
    else:
        pair.link.store_id = other.link.store_id
    pair.store = other.store
    return {id(other)}


def _sku(job: JobRun, row: Row) -> str:
    for one in job.mapping.by_path("store", "sku"):
        try:
            value = one.read(row.side, row.cells.get(one.path(row.side) or ""), job.endpoint(row.side).format)
        except ValueError:
            continue
        return match_key(shown(value, one.type))
    return ""


def _reject_twins(job: JobRun, twins: list[Pair]) -> set[int]:
    for pair in twins:
        assert pair.erp is not None
        others = [one.erp.where for one in twins if one is not pair and one.erp is not None]
        job.reject(pair.erp, None, f"it has the same options as {', '.join(others[:3])}")
    return {id(pair) for pair in twins}
