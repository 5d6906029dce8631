"""What sort of record each one is: a simple product, a variable one, one of its variations.

The ERP says so by the column `parent`: a row with a parent is a variation, a row that another names as its parent is a
variable product. The store says so itself. Like a field, each side's kind is measured against its own base; where the
two do not fit, the record is held, because no run turns one kind into another.
"""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.family import Family, options_in, parent_key
from syncengine.engine.job import JobRun, Pair
from syncengine.mapping import Field
from syncengine.records import KIND, Change, Held
from syncengine.state import Link
from syncengine.values import is_empty

__all__ = [
    "OF_VARIATIONS",
    "SIMPLE",
    "VARIABLE",
    "VARIATION",
    "fields_of",
    "hold_kind",
    "kinds_of",
    "turned_variable",
]

SIMPLE, VARIABLE, VARIATION = "simple", "variable", "variation"
BELOW = "variation of "
OF_VARIATIONS = "the options of its variations"  # why an attribute of a variable product is written


def fields_of(job: JobRun, pair: Pair, family: Family | None = None) -> list[Field]:
    """The fields that a pair has: those of its kind, but for what only a new record gets. The options by which
    variations differ belong to these; another attribute of a variable product is its own."""
    kind = _store_kind(job, pair)
    fields = [one for one in job.fields_of(kind) if not one.secret]
    if kind != VARIABLE or not job.option_fields:
        return fields
    return [one for one in fields if one.name not in job.option_fields or _is_own(job, pair, one, family)]


def _is_own(job: JobRun, pair: Pair, one: Field, family: Family | None) -> bool:
    """Whether the ERP has, or had, such an attribute for the product itself, and no variation chooses from it."""
    if is_empty(job.base(pair.link, "erp", one.name)) and not options_in(job, one, pair.erp):
        return False
    if family is not None:
        children = family.children.get(pair.link.erp_key or "", ())
        if any(options_in(job, one, child.erp) for child in children):
            return False
    below = job.state.links.below(job.name, [pair.link.store_id or ""])
    return all(is_empty(job.base(link, "erp", one.name)) for link in below)


def turned_variable(family: Family, pairs: Sequence[Pair]) -> list[Pair]:
    """Records that are not among these pairs, are known as something else, and are named as parents now."""
    in_hand = {pair.link.id for pair in pairs}
    parents = (link for key, link in family.by_key.items() if key in family.children)
    return [
        Pair(link)
        for link in parents
        if link.paired and link.id not in in_hand and link.erp_kind not in (None, "", VARIABLE)
    ]


def hold_kind(job: JobRun, pair: Pair, family: Family) -> Held | None:
    """Why a linked pair may not be merged: its records are not of one kind. Saves in the link what was agreed."""
    link = pair.link
    if job.store.kind is None:
        return None
    erp, store = _erp_kind(job, pair, family) or link.erp_kind or "", _store_kind(job, pair)
    conflict = job.conflicts.get((link.id or 0, KIND))
    moved = (erp, store) != (link.erp_kind, link.store_kind)
    answered = conflict is not None and conflict.answer is not None and (conflict.erp, conflict.store) == (erp, store)
    if moved and not answered and not _fits(erp, store, link, family.parent_of(link)):
        number, since = (conflict.id, conflict.since) if conflict else (0, None)
        why = f"{erp} in the erp, {store} in the store" if erp else f"{link.store_kind} became {store} in the store"
        return Held(number, pair.name, KIND, erp, store, link.store_kind, why, since)
    link.erp_kind, link.store_kind = erp, store
    return None


def kinds_of(change: Change) -> tuple[str, str]:
    """What the ERP and the store call a record that has just been created."""
    return (BELOW + change.parent if change.parent is not None else change.kind), change.kind


def _fits(erp: str, store: str, link: Link, parent: Link | None) -> bool:
    if erp.startswith(BELOW):
        return store == VARIATION and parent is not None and parent.erp_key == erp.removeprefix(BELOW)
    if erp:
        return _shape(erp) == _shape(store)
    return link.store_kind is None or _shape(link.store_kind) == _shape(store)


def _shape(kind: str) -> str:
    """A product without variations is one, whatever the store calls it: simple, external, grouped."""
    return kind if kind in (VARIABLE, VARIATION) else SIMPLE


def _erp_kind(job: JobRun, pair: Pair, family: Family) -> str:
    """What the ERP says, "" where it says nothing: without a parent column, or without the row in hand."""
    if job.mapping.erp.parent is None:
        return ""
    if pair.link.erp_key in job.named_parents:
        return VARIABLE
    if pair.erp is None:
        return ""
    if key := parent_key(job, pair.erp):
        return BELOW + key
    # a file with only changes, or an incremental reading, need not show the variations of a product that is known
    return "" if pair.link.erp_kind == VARIABLE and not job.knows_parents else SIMPLE


def _store_kind(job: JobRun, pair: Pair) -> str:
    if pair.store is not None and job.store.kind is not None:
        return str(pair.store.cells.get(job.store.kind) or SIMPLE)
    return pair.link.store_kind or SIMPLE
