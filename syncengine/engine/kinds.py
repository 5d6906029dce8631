"""What sort of record each one is: a simple product, a variable one, one of its variations.

The ERP says so by the column `parent`: a row with a parent is a variation, a row that another names as its parent is a
variable product. The store says so itself. Like a field, each side's kind is measured against its own base; where the
two do not fit, the record is held, because no run turns one kind into another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from syncengine.engine.job import JobRun, Pair, Row
from syncengine.mapping import Field
from syncengine.records import KIND, Change, Held
from syncengine.state import Link
from syncengine.values import is_empty

__all__ = [
    "OF_VARIATIONS",
    "SIMPLE",
    "VARIABLE",
    "VARIATION",
    "Family",
    "family_of",
    "fields_of",
    "hold_kind",
    "is_below",
    "kinds_of",
    "options_below",
    "parent_key",
    "product_of",
]

SIMPLE, VARIABLE, VARIATION = "simple", "variable", "variation"
BELOW = "variation of "
OF_VARIATIONS = "the options of its variations"  # why an attribute of a variable product is written


@dataclass(slots=True)
class Family:
    """Who is whose parent, as far as this run needs to know.

    `children` are the ERP's rows in hand by their parent's key. `by_key` and `by_store` are the links of parents.
    """

    children: dict[str, list[Pair]] = field(default_factory=dict)
    by_key: dict[str, Link] = field(default_factory=dict)
    by_store: dict[str, Link] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)  # keys of parents that this run creates
    new_keys: dict[str, str] = field(default_factory=dict)  # of parents that it creates in the ERP, by their store ids
    made_anew: set[str] = field(default_factory=set)  # former store ids of parents that it creates once more
    out_of_trash: set[str] = field(default_factory=set)  # store ids of those that it takes out of the trash
    waiting: set[str] = field(default_factory=set)  # keys of parents that wait for a person
    turned_variable: list[Pair] = field(default_factory=list)  # known as something else, and named as a parent now

    def learn(self, links: Iterable[Link]) -> None:
        for link in links:
            if link.erp_key is not None:
                self.by_key[link.erp_key] = link
            if link.store_id is not None:
                self.by_store[link.store_id] = link

    def parent_of(self, link: Link) -> Link | None:
        """The link of the product below which the store keeps a variation."""
        return self.by_store.get(product_of(link))


def product_of(link: Link) -> str:
    """The store's id of the product below which it keeps a variation, "" for any other record."""
    return (link.store_id or "").rpartition("/")[0]


def family_of(job: JobRun, pairs: Sequence[Pair]) -> Family:
    """Who is whose parent among these pairs; the links of parents that are not among them are read."""
    family = Family()
    keys: set[str] = set()
    ids: set[str] = set()
    for pair in pairs:
        if pair.erp is not None and (key := parent_key(job, pair.erp)):
            family.children.setdefault(key, []).append(pair)
            keys.add(key)
        if above := product_of(pair.link):
            ids.add(above)
    if keys or ids:
        family.learn(job.state.links.by_identifier(job.name, "erp", keys))
        family.learn(job.state.links.by_identifier(job.name, "store", ids))
        family.learn(pair.link for pair in pairs if pair.link.erp_key in keys or pair.link.store_id in ids)
    in_hand = {pair.link.id for pair in pairs}
    family.turned_variable = [
        Pair(link)
        for link in family.by_key.values()
        if link.erp_key in keys and link.paired and link.id not in in_hand and link.erp_kind not in (None, "", VARIABLE)
    ]
    return family


def is_below(job: JobRun, pair: Pair) -> bool:
    """Whether a pair is a variation, on whichever side."""
    return "/" in (pair.link.store_id or "") or (pair.erp is not None and bool(parent_key(job, pair.erp)))


def parent_key(job: JobRun, row: Row) -> str:
    """The key of the variable product that an ERP's row is a variation of, "" where it is none."""
    path = job.mapping.erp.parent
    return str(row.cells.get(path) or "").strip() if path is not None else ""


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
    if is_empty(job.base(pair.link, "erp", one.name)) and not _options(job, one, pair.erp):
        return False
    if family is not None:
        children = family.children.get(pair.link.erp_key or "", ())
        if any(_options(job, one, child.erp) for child in children):
            return False
    below = job.state.links.below(job.name, [pair.link.store_id or ""])
    return all(is_empty(job.base(link, "erp", one.name)) for link in below)


def options_below(job: JobRun, pair: Pair, family: Family) -> dict[str, list[str]]:
    """By field, the options that a variable product must offer: its own, and those of its variations in hand."""
    found: dict[str, list[str]] = {}
    rows = [pair.erp, *(child.erp for child in family.children.get(pair.link.erp_key or "", ()))]
    for name, one in job.option_fields.items():
        options: dict[str, None] = {}
        for row in rows:
            for option in _options(job, one, row):
                options.setdefault(option)
        if options and any(_options(job, one, row) for row in rows[1:]):
            found[name] = list(options)
    return found


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


def _options(job: JobRun, one: Field, row: Row | None) -> list[str]:
    """The options that an ERP's row names for a field."""
    if row is None or one.erp is None:
        return []
    try:
        value = one.read("erp", row.cells.get(one.erp), job.erp.format)
    except ValueError:
        return []
    if is_empty(value):
        return []
    return [str(part).strip() for part in (value if isinstance(value, list) else str(value).split("|"))]
