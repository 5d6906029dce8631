"""Step 5: which record of one side is which of the other: by saved link, then by the mapping's keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncengine.engine.flight import imported_by_now, key_on_its_way, made_in_vain
from syncengine.engine.job import JobRun, Matched, Pair, Row
from syncengine.engine.keys import refused_key
from syncengine.engine.kinds import fields_of
from syncengine.engine.options import match_by_options
from syncengine.engine.pull import Pulled, fetch_rows, read_pages
from syncengine.engine.reserved import reserved_otherwise
from syncengine.mapping import Field
from syncengine.records import SIDES, Side
from syncengine.state import Link
from syncengine.values import is_empty, match_key

__all__ = ["Matched", "find_partners", "key_of", "match"]


def match(job: JobRun, pulled: Pulled) -> Matched:
    """Put every row in hand into one pair; rows that fit two partners are rejected."""
    matched = Matched()
    links = _links_of(job, pulled)
    with_link: dict[Side, set[str]] = {"erp": set(), "store": set()}
    alone: dict[Side, list[Pair]] = {"erp": [], "store": []}
    for link in links:
        pair = Pair(link, pulled.erp.get(link.erp_key or ""), pulled.store.get(link.store_id or ""))
        for side in SIDES:
            if (key := link.identifier(side)) is not None:
                with_link[side].add(key)
        if link.paired:
            matched.pairs.append(pair)
        elif pair.erp is not None:
            alone["erp"].append(pair)
        elif pair.store is not None:
            alone["store"].append(pair)
    alone["erp"] += [Pair(Link(erp_key=key), erp=row) for key, row in pulled.erp.items() if key not in with_link["erp"]]
    alone["store"] += [
        Pair(Link(store_id=key), store=row) for key, row in pulled.store.items() if key not in with_link["store"]
    ]
    told = _on_their_way(job)
    made = _made_by_the_erp(told, alone, matched)
    _match_by_keys(job, alone["erp"], alone["store"], matched)
    match_by_options(job, matched)
    _reject_twins(job, matched, told)
    _fetch_other_halves(job, matched.pairs)
    for pair in made:
        if pair.store is None and pair.link.store_id is not None:
            made_in_vain(pair.link)
            job.missing["store"].add(pair.link.store_id)
    return matched


def _links_of(job: JobRun, pulled: Pulled) -> list[Link]:
    saved = job.state.links
    found = [
        *saved.by_identifier(job.name, "erp", pulled.erp),
        *saved.by_identifier(job.name, "store", pulled.store),
        *saved.dirty(job.name),
        *reserved_otherwise(job),
        *imported_by_now(job),
    ]
    return list({link.id: link for link in found}.values())


def _on_their_way(job: JobRun) -> dict[str, Link]:
    """By the key that the ERP was told: links of the records that it is to make."""
    if not (job.mapping.create_in_erp and job.erp.takes_later):
        return {}
    return {key: link for link in job.state.links.awaiting(job.name) if (key := key_on_its_way(job, link))}


def _made_by_the_erp(told: dict[str, Link], alone: dict[Side, list[Pair]], matched: Matched) -> list[Pair]:
    """Pairs of the rows that the ERP has made of what was handed over to it. The key that it was told says so, whatever
    the store's record is called by now, and whether it is still there."""
    in_hand = {pair.link.id: pair for pair in alone["store"]}
    made: list[Pair] = []
    for new in alone["erp"]:
        if (link := told.get(new.link.erp_key or "")) is None:
            continue
        pair = in_hand.get(link.id) or Pair(link)
        pair.erp, pair.link.erp_key = new.erp, new.link.erp_key
        if new.link.id is not None:
            pair.absorbed.append(new.link.id)
        made.append(pair)
    for side in SIDES:
        found = {pair.link.identifier(side) for pair in made}
        alone[side] = [pair for pair in alone[side] if pair.link.identifier(side) not in found]
    matched.pairs += made
    return made


def _match_by_keys(job: JobRun, erp: list[Pair], store: list[Pair], matched: Matched) -> None:
    """Find the partner of every row that has none; what stays alone is a pair with one side empty."""
    here = {pair.link.store_id: pair for pair in store if pair.link.store_id is not None}
    partners = find_partners(job, erp, here)
    for pair in erp:
        assert pair.erp is not None
        found = partners.of(pair)
        if not found:
            matched.pairs.append(pair)
        elif reason := partners.ambiguity(pair):
            job.reject(pair.erp, None, reason)
            matched.unclear.update(key for key in found if key in here and here[key].link.id is None)
        else:
            ((store_id, row),) = found.items()
            matched.pairs.append(_joined(pair, row, partners.links.get(store_id)))
    late = [pair for key, pair in here.items() if key not in partners.claimed]
    matched.pairs += _known_to_the_erp(job, late)


@dataclass(slots=True)
class Partners:
    """What the keys of some rows of the ERP name in the store: for each pair by its `id()`, and the other way round;
    and the links, saved or new, of the store's records."""

    found: dict[int, dict[str, Row]]
    claimed: dict[str, list[Pair]]
    links: dict[str, Link]

    def of(self, pair: Pair) -> dict[str, Row]:
        return self.found[id(pair)]

    def ambiguity(self, pair: Pair) -> str:
        """Why this row may not be matched with what was found, "" where it may."""
        found = self.of(pair)
        if len(found) > 1:
            where = ", ".join(sorted(row.where for row in found.values()))
            return f"its keys name {len(found)} records in the store: {where}"
        ((store_id, row),) = found.items()
        others = [one.erp.where for one in self.claimed[store_id] if one is not pair and one.erp is not None]
        if others:
            return f"{row.where} in the store is also named by {', '.join(others[:3])}"
        owner = self.links.get(store_id)
        if owner is not None and owner.erp_key not in (None, pair.link.erp_key) and owner.lost != "erp":
            return f"{row.where} in the store belongs to {owner.erp_key} already"
        return ""


def find_partners(job: JobRun, erp: Sequence[Pair], here: dict[str, Pair]) -> Partners:
    """Look by its keys for the partner of each row of the ERP, among the store's records `here`, which are alone, and
    in the store."""
    found = _candidates(job, erp, here)
    claimed: dict[str, list[Pair]] = defaultdict(list)
    for pair in erp:
        for store_id in found[id(pair)]:
            claimed[store_id].append(pair)
    elsewhere = [key for key in claimed if key not in here]
    saved = job.state.links.by_identifier(job.name, "store", elsewhere)
    links = {one.store_id: one for one in saved if one.store_id is not None}
    return Partners(found, claimed, links | {key: here[key].link for key in claimed if key in here})


def _candidates(job: JobRun, erp: Sequence[Pair], here: dict[str, Pair]) -> dict[int, dict[str, Row]]:
    """For each ERP row, the store records that its keys name."""
    partners: dict[int, dict[str, Row]] = {id(pair): {} for pair in erp}
    for by in job.mapping.match_fields:
        wanted: dict[str, list[Pair]] = defaultdict(list)
        for pair in erp:
            if key := key_of(job, by, pair.erp):
                wanted[key].append(pair)
        for row in _lookup(job, by, wanted, here):
            for pair in wanted.get(row.id if by.store == "id" else key_of(job, by, row) or "", ()):
                partners[id(pair)][row.id] = row
    return partners


def _lookup(job: JobRun, by: Field, wanted: dict[str, list[Pair]], here: dict[str, Pair]) -> Iterable[Row]:
    """Store rows with one of these keys: those in hand, then those that the store finds for the rest."""
    assert by.store is not None
    in_hand = [pair.store for pair in here.values() if pair.store is not None]
    found = [row for row in in_hand if (row.id if by.store == "id" else key_of(job, by, row)) in wanted]
    missing = wanted.keys() - {row.id if by.store == "id" else key_of(job, by, row) or "" for row in found}
    if missing:
        rest = (
            fetch_rows(job, "store", missing)
            if by.store == "id"
            else read_pages(job, "store", job.store.find(by.store, missing))
        )
        found += [row for row in rest.values() if row.id not in here]
    return found


def key_of(job: JobRun, by: Field, row: Row | None) -> str | None:
    """A row's match key, None where it has none that can be read."""
    path = by.path(row.side) if row else None
    if row is None or path is None:
        return None
    try:
        value = by.read(row.side, row.cells.get(path), job.endpoint(row.side).format)
    except ValueError:
        return None
    if by.store == "id":
        return str(value) if value not in (None, "", 0, "0") else None
    text = match_key(str(value)) if value is not None else ""
    return text if text and not refused_key(text) else None


def _joined(pair: Pair, row: Row, other: Link | None) -> Pair:
    """One pair of an ERP's row and a store's. Of two saved links the store's stays: it may have something in flight."""
    if other is None or other.id is None:
        pair.link.store_id = row.id
        return Pair(pair.link, pair.erp, row)
    absorbed = [pair.link.id] if pair.link.id is not None and pair.link.id != other.id else []
    other.erp_key = pair.link.erp_key
    return Pair(other, pair.erp, row, absorbed=absorbed)


def _known_to_the_erp(job: JobRun, store: list[Pair]) -> list[Pair]:
    """Store rows whose partner stands in the ERP unlinked since an earlier run, or that stay alone."""
    by = next((one for one in job.mapping.match_fields if one.store != "id"), None)
    keys = {key: pair for pair in store if by is not None and (key := key_of(job, by, pair.store))}
    waiting = [link for link in job.state.links.alone(job.name, "erp", keys) if link.erp_key not in job.rejected("erp")]
    rows = fetch_rows(job, "erp", [link.erp_key for link in waiting if link.erp_key is not None])
    for link in waiting:
        row, pair = rows.get(link.erp_key or ""), keys.get(link.match_key or "")
        if row is None or pair is None or by is None or key_of(job, by, row) != link.match_key or pair.erp is not None:
            continue
        pair.erp = row
        if pair.link.id is not None and link.id is not None:
            pair.absorbed.append(link.id)
            pair.link.erp_key = link.erp_key
        else:
            link.store_id, pair.link = pair.link.store_id, link
    return store


def _reject_twins(job: JobRun, matched: Matched, told: dict[str, Link]) -> None:
    """Reject records that would be created though another one has their key: nobody could tell the two apart."""
    reasons: dict[int, str] = {}
    if job.mapping.create_in_store and "store" in job.writable:
        new = [pair for pair in matched.pairs if pair.erp is not None and pair.link.store_id is None]
        for by in job.mapping.match_fields:
            if by.store != "id":
                reasons |= _same(by.name, [(pair, key_of(job, by, pair.erp)) for pair in new], "erp")
    if job.mapping.create_in_erp and "erp" in job.writable:
        new = [pair for pair in matched.pairs if pair.store is not None and pair.link.erp_key is None]
        keys = [(pair, _key_in_erp(job, pair)) for pair in new]
        named = [key for _, key in keys if key is not None and not refused_key(key)]
        taken = {link.erp_key for link in job.state.links.by_identifier(job.name, "erp", named)}
        taken |= fetch_rows(job, "erp", named).keys()
        reasons |= {id(pair): f"another record in the erp has its key, {key}" for pair, key in keys if key in taken}
        reasons |= {
            id(pair): f"another record that was handed to the erp has its key, {key}"
            for pair, key in keys
            if key in told and told[key].id != pair.link.id
        }
        reasons |= {id(pair): refused for pair, key in keys if (refused := refused_key(key or ""))}
        reasons |= _same(job.mapping.erp.key, keys, "store")
    for pair in matched.pairs:
        if (reason := reasons.get(id(pair))) and (row := pair.erp or pair.store):
            job.reject(row, None, reason)
    matched.pairs = [pair for pair in matched.pairs if id(pair) not in reasons]


def _same(name: str, keys: list[tuple[Pair, str | None]], side: Side) -> dict[int, str]:
    """The pairs that share a key, with what to say of them."""
    by_key: dict[str, list[Pair]] = defaultdict(list)
    for pair, key in keys:
        if key:
            by_key[key].append(pair)
    told: dict[int, str] = {}
    for twins in by_key.values():
        for pair in twins if len(twins) > 1 else ():
            others = [row.where for other in twins if other is not pair and (row := other.row(side)) is not None]
            told[id(pair)] = f"it has the same {name} as {', '.join(others[:3])}"
    return told


def _key_in_erp(job: JobRun, pair: Pair) -> str | None:
    """The key that a store's record would be created with in the ERP."""
    for one in job.mapping.by_path("erp", job.mapping.erp.key):
        if one.store is not None and pair.store is not None:
            try:
                value = one.read("store", pair.store.cells.get(one.store), job.store.format)
            except ValueError:
                return None
            return str(value) if not is_empty(value) else None
    return None


def _fetch_other_halves(job: JobRun, pairs: list[Pair]) -> None:
    """Read the other record where the bases do not say what it holds."""
    open_links = {link for link, _ in job.conflicts}
    for side in SIDES:
        needed = {
            key: pair
            for pair in pairs
            if pair.row(side) is None
            and (key := pair.link.identifier(side)) is not None
            and (pair.link.lost is None or (pair.link.lost != side and pair.row(pair.link.lost) is not None))
            and (
                pair.link.dirty
                or pair.link.lost is not None
                or pair.link.unkept
                or pair.link.in_flight
                or pair.link.id in open_links
                or not all(pair.link.has_base(one.name) for one in fields_of(job, pair))
            )
        }
        for key, row in fetch_rows(job, side, needed).items():
            if side == "erp":
                needed[key].erp = row
            else:
                needed[key].store = row
