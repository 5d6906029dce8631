"""Step 3: read what may have changed on each side, and every record that must be looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import pandas as pd

from syncengine.endpoints import Page, Pull
from syncengine.engine.detect import changed_positions, hash_rows, salt
from syncengine.engine.job import JobRun, Row, rows_of
from syncengine.engine.keys import refused_keys
from syncengine.engine.reserved import read_orders, settle_orders
from syncengine.records import Reject, Side

__all__ = ["Pulled", "fetch_rows", "hash_salt", "pull_sides"]


@dataclass(slots=True)
class Pulled:
    """The rows in hand of both sides: changed ones, and those that were asked for."""

    erp: dict[str, Row] = field(default_factory=dict)
    store: dict[str, Row] = field(default_factory=dict)
    pulls: dict[Side, Pull] = field(default_factory=dict)
    seen: dict[Side, int] = field(default_factory=dict)
    passed: dict[Side, int] = field(default_factory=dict)  # read, found unchanged, and not in hand
    unusable: dict[Side, set[str]] = field(default_factory=dict)  # where rows stand that are none
    wanted: dict[Side, set[str]] = field(default_factory=dict)

    def rows(self, side: Side) -> dict[str, Row]:
        return self.erp if side == "erp" else self.store

    @property
    def left(self) -> bool:
        """Whether a source was left for the next run, because it is still being written."""
        return any(pull.left for pull in self.pulls.values())


def pull_sides(job: JobRun) -> Pulled:
    """Pull the store, then the ERP with the partners of what changed in the store, and with what moved since its
    checkpoint: a row that was taken back since then reads as it did. Whole reads begin with the ERP, so that the store
    can look for what the ERP names."""
    pulled = Pulled()
    again = job.state.links.dirty(job.name) + job.state.links.by_id(job.name, _answered(job))
    standing = [one.reject for one in job.state.journal.rejects(job.name) if one.reject.key is not None]

    def wanted(side: Side) -> set[str]:
        rejected = {one.key for one in standing if one.side == side and one.key is not None}
        return rejected | {key for link in again if (key := link.identifier(side)) is not None}

    if job.full:
        job.reserved = read_orders(job)
        _pull(job, pulled, "erp", wanted("erp"))
        settle_orders(job, pulled.pulls["erp"])
        job.store.expect(_named_keys(job, pulled))
        _pull(job, pulled, "store", wanted("store"))
        return pulled
    _pull(job, pulled, "store", wanted("store"))
    moved = [key for key, row in pulled.store.items() if row.changed]
    partners = {
        link.erp_key for link in job.state.links.by_identifier(job.name, "store", moved) if link.erp_key is not None
    }
    job.reserved = read_orders(job)
    _pull(job, pulled, "erp", wanted("erp") | partners | job.state.journal.moved(job.name))
    settle_orders(job, pulled.pulls["erp"])
    return pulled


def _named_keys(job: JobRun, pulled: Pulled) -> dict[str, set[str]]:
    """The match keys of the ERP's rows in hand, as they stand there, by the store's path."""
    return {
        by.store: {text for row in pulled.erp.values() if (text := str(row.cells.get(by.erp) or "").strip())}
        for by in job.mapping.match_fields
        if by.store is not None and by.store != "id" and by.erp is not None
    }


def fetch_rows(job: JobRun, side: Side, ids: Collection[str]) -> dict[str, Row]:
    """The present state of single records."""
    return read_pages(job, side, job.endpoint(side).fetch(ids)) if ids else {}


def read_pages(job: JobRun, side: Side, pages: Iterable[Page]) -> dict[str, Row]:
    """Every row of some pages, as objects."""
    salted, found = hash_salt(job, side), dict[str, Row]()
    for page in pages:
        hashes = dict(zip(page.ids, hash_rows(page, salted), strict=True))
        known = job.state.links.hashes(job.name, side, page.ids)
        changed = {key for key in page.ids if known.get(key) != hashes[key]}
        found.update((row.id, row) for row in rows_of(side, page, hashes, range(len(page.ids)), changed))
    return found


def hash_salt(job: JobRun, side: Side) -> int:
    return salt(job.mapping.digest, side, repr(job.endpoint(side).format))


def _pull(job: JobRun, pulled: Pulled, side: Side, wanted: set[str]) -> None:
    checkpoint = job.state.journal.checkpoint(job.name, side)
    pull = job.endpoint(side).pull(job.state.journal.cursor(job.name, side), wanted, full=job.full)
    job.progress.step(f"reading {side}", checkpoint.rows or None)
    salted, seen, passed, rows = hash_salt(job, side), 0, 0, pulled.rows(side)
    refused: list[Reject] = []
    for read in pull:
        page = _identified(job, side, read, refused)
        if side == "erp" and job.mapping.erp.parent is not None:
            job.named_parents.update(_named(page.cells[job.mapping.erp.parent]))
        hashes = hash_rows(page, salted)
        known = job.state.links.hashes(job.name, side, page.ids)
        changed = changed_positions(page.ids, hashes, known)
        asked = [at for at, key in enumerate(page.ids) if key in wanted] if wanted else []
        names = {page.ids[at] for at in changed}
        by_id = dict(zip(page.ids, hashes, strict=True))
        in_hand = sorted({*changed, *asked})
        rows.update((row.id, row) for row in rows_of(side, page, by_id, in_hand, names))
        seen += len(page.ids)
        passed += len(page.ids) - len(in_hand)
        job.progress.advance(len(page.ids))
    job.progress.advance(pull.unchanged)
    if side == "erp":
        job.knows_parents = job.full and pull.complete
    pulled.pulls[side] = pull
    pulled.wanted[side] = wanted
    pulled.seen[side] = seen + pull.unchanged
    pulled.passed[side] = passed + pull.unchanged
    job.result.rejects.extend([*pull.rejects, *refused])
    job.rejected(side).update(one.key for one in pull.rejects if one.key is not None)
    job.result.warnings.extend(pull.warnings)
    pulled.unusable[side] = {one.where for one in [*pull.rejects, *refused]}
    job.result.read.add(side, seen + pull.unchanged + len(pulled.unusable[side]))


def _named(column: pd.Series[str]) -> set[str]:
    return {text for cell in column.unique() if (text := str(cell or "").strip())}


def _identified(job: JobRun, side: Side, page: Page, refused: list[Reject]) -> Page:
    """The page without the rows whose identifier cannot be saved; those are rejected, and come again."""
    reasons = refused_keys(page.ids)
    if not reasons:
        return page
    refused += [Reject(side, page.where[at], None, None, reason) for at, reason in reasons.items()]
    job.rejected(side).update(page.ids[at] for at in reasons)
    return page.only([at for at in range(len(page.ids)) if at not in reasons])


def _answered(job: JobRun) -> list[int]:
    return [one.link for one in job.conflicts.values() if one.answer is not None]
