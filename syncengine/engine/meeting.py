"""Records that would be made anew in the store, though somebody has made them there by hand meanwhile: the two meet by
their keys, as at a first meeting. The store takes no key twice."""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.family import product_of
from syncengine.engine.job import JobRun, Matched, Pair
from syncengine.engine.match import find_partners
from syncengine.engine.missing import will_be_new
from syncengine.engine.options import match_by_options

__all__ = ["meet_again"]


def meet_again(job: JobRun, matched: Matched, missing: Sequence[Pair]) -> None:
    """Look for each record that is to be made anew, and for the variations below it, as for one that never had a
    partner; what could be two is rejected."""
    pairs = [*matched.pairs, *missing]
    products = {pair.link.store_id for pair in pairs if will_be_new(job, pair)}
    anew = [
        pair
        for pair in pairs
        if (pair.link.store_id in products or product_of(pair.link) in products)
        and pair.erp is not None
        and pair.store is None
    ]
    if not anew:
        return
    alone = [pair for pair in matched.pairs if pair.erp is None and not pair.link.paired]
    left = _without_products(anew, _meet_by_keys(job, anew, alone))
    if left:
        match_by_options(job, Matched([*anew, *alone]))
    met = {pair.link.store_id for pair in anew if pair.store is not None}
    matched.pairs = [pair for pair in matched.pairs if pair.erp is not None or pair.link.store_id not in met]


def _meet_by_keys(job: JobRun, anew: Sequence[Pair], alone: Sequence[Pair]) -> set[str]:
    """Link what the mapping's keys find. Returns what the store's ids of it were."""
    here = {pair.link.store_id: pair for pair in alone if pair.link.store_id is not None}
    partners = find_partners(job, anew, here)
    former: set[str] = set()
    for pair in anew:
        assert pair.erp is not None
        if not (found := partners.of(pair)):
            continue
        if reason := partners.ambiguity(pair):
            job.reject(pair.erp, None, reason)
            continue
        ((store_id, pair.store),) = found.items()
        if (other := partners.links.get(store_id)) is not None and other.id is not None:
            pair.absorbed.append(other.id)
        former.add(pair.link.store_id or "")
        pair.link.begin_anew(store_id)
    return former


def _without_products(anew: Sequence[Pair], former: set[str]) -> list[Pair]:
    """The variations whose product is another one now, and that no key has found: they are as new as any."""
    left = [pair for pair in anew if pair.store is None and product_of(pair.link) in former]
    for pair in left:
        pair.link.begin_anew(None)
    return left
