"""Variations are told apart by what they are, red and large: found by it, and never two of one product alike.

A store makes two variations of the same options without a word (FACTS-WOOCOMMERCE, 7); nobody could tell them apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from syncengine.engine.family import options_in, parent_key, product_of
from syncengine.engine.job import JobRun, Matched, Pair, Row
from syncengine.engine.pull import fetch_rows
from syncengine.state import Link
from syncengine.values import Value, is_empty, match_key, shown

__all__ = ["match_by_options"]

Options = tuple[tuple[str, str], ...]  # the path of each option and its match key
What = tuple[str, Options]  # a product in the store, or one to be made, and the options of a variation of it


def match_by_options(job: JobRun, matched: Matched) -> None:
    """Pair the ERP's variations that found no partner with the store's of the same product and options, and reject
    those that another one could be taken for."""
    if not job.option_fields:
        return
    _reject_choices(job, matched)
    claimed = _claimed(job, matched)
    there = _alone_below(job, matched, {product for product, _ in claimed})
    joined: set[int] = set()
    for what, pairs in _without_twins(job, matched, claimed, there).items():
        for pair in pairs:
            if (other := there.get(what)) is not None:
                joined |= _join(job, pair, other)
    matched.pairs = [pair for pair in matched.pairs if id(pair) not in joined]


def _reject_choices(job: JobRun, matched: Matched) -> None:
    """Reject variations that name several options of one attribute: of these the store would keep the first."""
    refused: set[int] = set()
    for pair in matched.pairs:
        if pair.erp is None or not parent_key(job, pair.erp):
            continue
        for one in job.option_fields.values():
            named = [option for option in options_in(job, one, pair.erp) if option]
            if len(named) > 1 and one.goes_to("store"):
                job.reject(pair.erp, one.name, f"a variation has one option, not several: {' | '.join(named)}")
                refused.add(id(pair))
                break
    matched.pairs = [one for one in matched.pairs if id(one) not in refused or one.link.store_id is not None]


def _claimed(job: JobRun, matched: Matched) -> Mapping[What, list[Pair]]:
    """What the ERP's rows in hand are to be from now on: new variations, and those of which the options changed. A
    product is named by its id in the store, or by its key where it is new."""
    claimed: dict[What, list[Pair]] = defaultdict(list)
    products = _products(job, matched)
    for pair in matched.pairs:
        if pair.erp is None or pair.erp.id in job.rejected_erp or not (key := parent_key(job, pair.erp)):
            continue
        product, options = products.get(key) or f"key {key}", _options(job, pair.erp)
        if not options or (pair.link.store_id is not None and not _moves(job, pair.link, product, options)):
            continue
        claimed[product, options].append(pair)
    return claimed


def _products(job: JobRun, matched: Matched) -> dict[str, str]:
    """The store's ids of the products whose variations are in hand, by their ERP keys."""
    keys = {parent_key(job, pair.erp) for pair in matched.pairs if pair.erp is not None} - {""}
    links = [*job.state.links.by_identifier(job.name, "erp", keys), *(pair.link for pair in matched.pairs)]
    return {one.erp_key: one.store_id for one in links if one.erp_key in keys and one.store_id is not None}


def _moves(job: JobRun, link: Link, product: str, options: Options) -> bool:
    """Whether a linked variation gets other options below its product."""
    return product_of(link) == product and _agreed(job, link) != options


def _without_twins(
    job: JobRun, matched: Matched, claimed: Mapping[What, list[Pair]], there: Mapping[What, Pair]
) -> Mapping[What, list[Pair]]:
    """The claims that hold; the others are rejected. A linked variation that is refused stays what it was: so another
    one may be in the way then, that was not before."""
    linked = _linked_below(job, matched, {product for product, _ in claimed})
    while twins := _twins(claimed, linked, there):
        for pair, others in twins:
            job.reject(_erp_row(pair), None, f"it has the same options as {', '.join(others[:3])}")
        refused = {id(pair) for pair, _ in twins}
        claimed = {what: [one for one in pairs if id(one) not in refused] for what, pairs in claimed.items()}
        matched.pairs = [one for one in matched.pairs if id(one) not in refused or one.link.store_id is not None]
    return claimed


def _twins(
    claimed: Mapping[What, list[Pair]], linked: Sequence[tuple[What, Link]], there: Mapping[What, Pair]
) -> list[tuple[Pair, list[str]]]:
    """Those that cannot become what they claim to be, with the names of others that are it or claim it, too."""
    claiming = {pair.link.store_id for pairs in claimed.values() for pair in pairs}
    taken: dict[What, list[str]] = defaultdict(list)
    for what, link in linked:
        if link.store_id not in claiming:
            taken[what].append(link.erp_key or "")
    found: list[tuple[Pair, list[str]]] = []
    for what, pairs in claimed.items():
        for pair in pairs:
            others = [*taken.get(what, ()), *(_erp_row(one).where for one in pairs if one is not pair)]
            if pair.link.store_id is not None and what in there:
                others.append(f"{there[what].name} in the store")
            if others:
                found.append((pair, others))
    return found


def _linked_below(job: JobRun, matched: Matched, products: Collection[str]) -> list[tuple[What, Link]]:
    """What the linked variations of these products are: what was agreed, or what the store has where nothing was."""
    pairs = {pair.link.store_id: pair for pair in matched.pairs if product_of(pair.link) in products}
    pairs = {link.store_id: Pair(link) for link in job.state.links.below(job.name, products)} | pairs
    linked = [pair for pair in pairs.values() if pair.link.paired and pair.link.lost is None]
    unmet = [pair for pair in linked if not any(pair.link.has_base(name) for name in job.option_fields)]
    rows = fetch_rows(job, "store", [pair.link.store_id or "" for pair in unmet if pair.store is None])
    for pair in unmet:
        pair.store = pair.store or rows.get(pair.link.store_id or "")
    seen = {id(pair): _options(job, pair.store) for pair in unmet}
    return [((product_of(one.link), seen.get(id(one)) or _agreed(job, one.link)), one.link) for one in linked]


def _alone_below(job: JobRun, matched: Matched, products: Collection[str]) -> dict[What, Pair]:
    """The store's variations below these products that no row of the ERP has: those in hand, and those that are
    remembered, because they never had one or because it is gone."""
    pairs = {
        pair.link.store_id: pair
        for pair in matched.pairs
        if pair.link.store_id is not None and pair.erp is None and _is_free(pair.link)
    }
    in_hand = {pair.link.id for pair in matched.pairs}
    saved = [one for one in job.state.links.below(job.name, products) if _is_free(one) and one.id not in in_hand]
    known = {one.store_id: one for one in saved if one.store_id is not None}
    pairs |= {key: Pair(known[key], store=row) for key, row in fetch_rows(job, "store", known).items()}
    found: dict[What, Pair] = {}
    for pair in pairs.values():
        if product_of(pair.link) in products and (options := _options(job, pair.store)):
            found.setdefault((product_of(pair.link), options), pair)
    return found


def _is_free(link: Link) -> bool:
    return link.erp_key is None or link.lost == "erp"


def _options(job: JobRun, row: Row | None) -> Options:
    """What a row is, of all that its kind can be told apart by; () where it does not say."""
    if row is None:
        return ()
    values: dict[str, Value] = {}
    format_ = job.endpoint(row.side).format
    for one in job.option_fields.values():
        try:
            values[one.name] = one.read(row.side, row.cells.get(one.path(row.side) or ""), format_)
        except ValueError:
            return ()
    return _spelled(job, values)


def _agreed(job: JobRun, link: Link) -> Options:
    """What a linked variation was when the two sides last agreed."""
    return _spelled(job, {name: job.base(link, "erp", name) for name in job.option_fields})


def _spelled(job: JobRun, values: Mapping[str, Value]) -> Options:
    named = [(job.option_fields[name], value) for name, value in values.items() if not is_empty(value)]
    return tuple(sorted((one.store or "", match_key(shown(value, one.type))) for one, value in named))


def _join(job: JobRun, pair: Pair, other: Pair) -> set[int]:
    """Make one pair of the two, if their SKUs do not say that they are two things. Returns what is none any more."""
    assert pair.erp is not None and other.store is not None
    ours, theirs = (_sku(job, row) for row in (pair.erp, other.store))
    if ours and theirs and ours != theirs and other.link.lost is None:
        job.reject(pair.erp, None, f"{other.store.where} in the store has the same options and another SKU")
        return {id(pair)}
    if other.link.id is not None:
        if pair.link.id is not None:
            pair.absorbed.append(pair.link.id)
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


def _erp_row(pair: Pair) -> Row:
    assert pair.erp is not None
    return pair.erp
