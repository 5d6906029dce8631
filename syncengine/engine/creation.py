"""Records that only one side has: what is created on the other one, and what is only remembered."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from syncengine.engine.family import Family, options_below, parent_key
from syncengine.engine.flight import key_on_its_way, last_sent
from syncengine.engine.item import Item, UnusableError, check_whole, holds, planned_write, with_changes
from syncengine.engine.job import JobRun, Pair, Row
from syncengine.engine.kinds import OF_VARIATIONS, SIMPLE, VARIABLE, VARIATION
from syncengine.engine.match import key_of
from syncengine.engine.merge import Write
from syncengine.records import Change, FieldChange, Side
from syncengine.state import Link
from syncengine.values import Value, is_empty, same

__all__ = ["created_in_erp", "created_in_store"]


def created_in_store(job: JobRun, pair: Pair, row: Row, family: Family) -> Item:
    """Plan a new record in the store. Raises UnusableError for a row that cannot become one."""
    item = Item(pair)
    if not (job.mapping.create_in_store and "store" in job.writable):
        return _alone(job, item, "erp")
    kind = _new_kind(job, pair, row)
    parent = _parent_in_store(job, row, parent_key(job, row), family) if kind == VARIATION else None
    options = options_below(job, pair, family) if kind == VARIABLE else {}
    fields = _values_for_store(job, item, row, kind, options)
    check_whole(job, item, job.fields_of(kind), fields, {})
    unique = any(one.name in fields for one in job.mapping.match_fields if one.store != "id")
    fields |= _offered(job, row, options)
    change = Change("", "store", "create", job.mapping.entity, pair.link.erp_key, None, fields, mark=not unique)
    change.kind, change.options, change.parent, change.below = kind, options, parent, _below(parent, family)
    if kind == VARIABLE and pair.link.erp_key is not None:
        family.pending.add(pair.link.erp_key)
    return with_changes(job, item, [change])


def _values_for_store(job: JobRun, item: Item, row: Row, kind: str, options: Collection[str]) -> dict[str, FieldChange]:
    """The row's values for a new record, but for what its variations choose from."""
    fields: dict[str, FieldChange] = {}
    for one in job.fields_of(kind):
        if one.name in options:
            continue
        value = holds(job, item.pair, "erp", one)
        if kind == VARIABLE and one.name in job.option_fields and is_empty(value):
            continue
        if is_empty(value) and one.required:
            raise UnusableError(row, one.name, "it is required, and empty")
        item.bases[one.name], item.waits[one.name] = (value, value), {"store"}
        if one.goes_to("store") and not is_empty(value):
            what = planned_write(job, item, "store", one, Write(value, "new in the erp"))
            if what is not None:
                fields[one.name] = what
    return fields


def _offered(job: JobRun, row: Row, options: Mapping[str, list[str]]) -> dict[str, FieldChange]:
    """All that the variations of a new product choose from."""
    fields: dict[str, FieldChange] = {}
    for name, choices in options.items():
        one = job.mapping.fields[name]
        if reason := job.store.refusal(one.store or "", choices):
            raise UnusableError(row, name, reason)
        fields[name] = FieldChange(None, choices if one.type.name == "list" else " | ".join(choices), OF_VARIATIONS)
    return fields


def created_in_erp(job: JobRun, pair: Pair, row: Row, family: Family) -> Item:
    """Plan a new record in the ERP. Raises UnusableError for a row that cannot become one."""
    item = Item(pair)
    if not (job.mapping.create_in_erp and "erp" in job.writable):
        return _alone(job, item, "store")
    kind = str(row.cells.get(job.store.kind) or "") if job.store.kind is not None else ""
    now = {one.name: holds(job, pair, "store", one) for one in job.fields_of(kind)}
    key = next((now[one.name] for one in job.mapping.by_path("erp", job.mapping.erp.key) if one.name in now), None)
    if is_empty(key):
        raise UnusableError(row, None, f"it has no value for {job.mapping.erp.key}, the key of a new record in the erp")
    if key_on_its_way(job, pair.link) not in ("", str(key)):
        return Item(pair)  # renamed since: that is a change of the record which the ERP is about to make
    parent = _parent_in_erp(job, row, family) if kind == VARIATION and job.mapping.erp.parent is not None else None
    fields = _values_for_erp(job, item, kind, now)
    if _is_on_its_way(job, pair.link, fields):
        return Item(pair)
    change = Change("", "erp", "create", job.mapping.entity, str(key), None, fields, record=now)
    change.kind, change.parent = kind, parent
    family.new_keys[row.id] = str(key)
    return with_changes(job, item, [change])


def _values_for_erp(job: JobRun, item: Item, kind: str, now: Mapping[str, Value]) -> dict[str, FieldChange]:
    """The store's values for a new record, but for what the ERP keeps with its variations."""
    fields: dict[str, FieldChange] = {}
    for one in job.fields_of(kind):
        if kind == VARIABLE and one.name in job.option_fields:
            continue
        value = now[one.name]
        item.bases[one.name], item.waits[one.name] = (None, value), {"erp"}
        if one.goes_to("erp") and not is_empty(value):
            what = planned_write(job, item, "erp", one, Write(value, "new in the store"))
            if what is not None:
                fields[one.name] = what
    return fields


def _is_on_its_way(job: JobRun, link: Link, fields: Mapping[str, FieldChange]) -> bool:
    """Whether all of it was handed over before, and is not read back yet."""
    return bool(link.in_flight) and all(
        link.in_flight.get(name) and same(last_sent(job, link, name), what.new) for name, what in fields.items()
    )


def _alone(job: JobRun, item: Item, side: Side) -> Item:
    """Remember a row without partner by its match key."""
    by = next((one for one in job.mapping.match_fields if one.store != "id"), None)
    item.pair.link.match_key = key_of(job, by, item.pair.row(side)) if by else None
    job.result.unlinked.add(side)
    item.alone = True
    return item


def _new_kind(job: JobRun, pair: Pair, row: Row) -> str:
    """What a row of the ERP becomes in a store that tells kinds apart."""
    if job.store.kind is None:
        return ""
    if parent_key(job, row):
        return VARIATION
    known = pair.link.erp_kind == VARIABLE and not job.knows_parents
    return VARIABLE if known or row.id in job.named_parents else SIMPLE


def _parent_in_store(job: JobRun, row: Row, key: str, family: Family) -> str:
    """The ERP key of a new variation's parent, which is in the store or will be. Raises UnusableError."""
    link = family.by_key.get(key)
    if key in family.pending:
        return key
    if link is None or link.store_id is None:
        raise UnusableError(row, None, f"its parent {key} is not in the store, and is not created by this run")
    if link.lost is not None or link.store_id in job.missing["store"]:
        raise UnusableError(row, None, f"its parent {key} is gone from the {link.lost or 'store'}")
    if key in family.waiting:
        raise UnusableError(row, None, f"its parent {key} waits for a person")
    if link.store_kind != VARIABLE:
        raise UnusableError(row, None, f"its parent {key} is a {link.store_kind or 'simple'} product in the store")
    return key


def _below(parent: str | None, family: Family) -> str | None:
    link = family.by_key.get(parent or "")
    return link.store_id if link is not None else None


def _parent_in_erp(job: JobRun, row: Row, family: Family) -> str:
    """The ERP key of a new variation's product, which is there, on its way, or created by this run."""
    above = row.id.rpartition("/")[0]
    link = family.by_store.get(above)
    key = (link.erp_key or key_on_its_way(job, link)) if link is not None else ""
    key = key or family.new_keys.get(above, "")
    if not key:
        raise UnusableError(row, None, f"its product {above} has no partner in the erp")
    return key
