"""Who stands below whom: the ERP names a parent in a column, the store keeps a variation below its product."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from syncengine.engine.job import JobRun, Pair, Row
from syncengine.mapping import Field
from syncengine.state import Link
from syncengine.values import is_empty

__all__ = ["Family", "family_of", "is_below", "options_below", "options_in", "parent_key", "product_of"]


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

    def learn(self, links: Iterable[Link]) -> None:
        for link in links:
            if link.erp_key is not None:
                self.by_key[link.erp_key] = link
            if link.store_id is not None:
                self.by_store[link.store_id] = link

    def parent_of(self, link: Link) -> Link | None:
        """The link of the product below which the store keeps a variation."""
        return self.by_store.get(product_of(link))


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
    return family


def is_below(job: JobRun, pair: Pair) -> bool:
    """Whether a pair is a variation, on whichever side."""
    return "/" in (pair.link.store_id or "") or (pair.erp is not None and bool(parent_key(job, pair.erp)))


def parent_key(job: JobRun, row: Row) -> str:
    """The key of the variable product that an ERP's row is a variation of, "" where it is none."""
    path = job.mapping.erp.parent
    return str(row.cells.get(path) or "").strip() if path is not None else ""


def product_of(link: Link) -> str:
    """The store's id of the product below which it keeps a variation, "" for any other record."""
    return (link.store_id or "").rpartition("/")[0]


def options_below(job: JobRun, pair: Pair, family: Family) -> dict[str, list[str]]:
    """By field, the options that a variable product must offer: its own, and those of its variations in hand."""
    found: dict[str, list[str]] = {}
    rows = [pair.erp, *(child.erp for child in family.children.get(pair.link.erp_key or "", ()))]
    for name, one in job.option_fields.items():
        options: dict[str, None] = {}
        for row in rows:
            for option in options_in(job, one, row):
                options.setdefault(option)
        if options and any(options_in(job, one, row) for row in rows[1:]):
            found[name] = list(options)
    return found


def options_in(job: JobRun, one: Field, row: Row | None) -> list[str]:
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
