"""A few records of both sides, read as a run would read them: which values it would reject, and one side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from syncengine.check.looked import Seen, SeenField
from syncengine.endpoints import Endpoint, Page, rows
from syncengine.endpoints.inspection import Sample
from syncengine.engine.kinds import SIMPLE, VARIATION
from syncengine.findings import Finding, mistake, note, ok, place, warning
from syncengine.mapping import Field
from syncengine.mapping import Mapping as FieldMapping
from syncengine.private import of_a_person, shortened
from syncengine.records import SIDES, Side, other
from syncengine.values import Value, is_empty, match_key, shown

__all__ = ["MOST", "judged", "side_by_side", "words"]

MOST = 10  # records of each side
MOST_TOLD = 10  # rows that are told one by one
LONGEST = 300  # characters of a value
NAMES: Mapping[Side, str] = {"erp": "ERP", "store": "store"}


class Record(NamedTuple):
    where: str
    cells: Mapping[str, Any]


def judged(mapping: FieldMapping, sides: Mapping[Side, Endpoint], side: Side, sample: Sample) -> Iterator[Finding]:
    """What would be rejected of one side's records for its values, row by row, with the reason. What is wrong with them
    together, such as a key that stands twice, only a whole plan tells."""
    records = _records(sample.pages)
    found = [
        (record.where, name, reason)
        for record in records
        for name, reason in _faults(mapping, sides, side, record).items()
    ]
    found += [(one.where, one.field or "", one.reason) for one in sample.rejects]
    looked = f"{len(records):,}" + (f" out of {sample.of:,}" if sample.of > len(records) else "")
    what = f"{NAMES[side]} records"
    if not sample.of and not sample.rejects:
        yield note(what, "there is none yet")
    elif not found:
        yield ok(what, f"{looked} read: none would be rejected for its values")
    for where, name, reason in found[:MOST_TOLD]:
        yield warning(
            what,
            f"{where}: {f'{name}: ' if name else ''}{reason}",
            "a run would reject it: put it right there"
            + (", or give the field another type, a map or a default" if name else ""),
        )
    if len(found) > MOST_TOLD:
        rest = len({where for where, _, _ in found[MOST_TOLD:]})
        yield warning(what, f"{rest:,} more would be rejected", "`sync diff` tells all of them")


def words(mapping: FieldMapping, store: Endpoint) -> Iterator[Finding]:
    """The words that the mapping itself would send, and that the store does not take."""
    for field in mapping.fields.values():
        if field.store is None or not field.goes_to("store"):
            continue
        for word in field.words:
            if not is_empty(word) and (reason := store.refusal(field.store, word)):
                yield mistake(
                    f"fields.{field.name}", f"{place(mapping, field)}: {reason}", "write a word that it takes"
                )


def _faults(mapping: FieldMapping, sides: Mapping[Side, Endpoint], side: Side, record: Record) -> dict[str, str]:
    """Why a run would reject this record, by field. What the other side takes is told only where it can be asked."""
    faults: dict[str, str] = {}
    sent: dict[str, Value] = {}
    there = sides.get(other(side))
    for field in _fields_of(mapping, sides, side, record):
        try:
            value = field.read(side, record.cells.get(field.path(side) or ""), sides[side].format)
            if field.required and is_empty(value):
                faults[field.name] = "it is required, and empty"
            elif there is not None and not is_empty(value) and _travels(mapping, field, side) and there.writable:
                field.write(other(side), value, there.format)
                path = field.path(other(side)) or ""
                sent[path] = value
                if not field.has_constant and (reason := there.refusal(path, value)):
                    faults[field.name] = reason
        except ValueError as error:
            faults[field.name] = str(error)
    dropped = _dropped(there, sent) if there is not None else {}
    names = {field.path(other(side)): field.name for field in mapping.fields.values()}
    return faults | {names.get(path, path): reason for path, reason in dropped.items()}


def _dropped(there: Endpoint, sent: Mapping[str, Value]) -> dict[str, str]:
    ignored = there.ignores(sent)
    return there.contradictions({path: value for path, value in sent.items() if path not in ignored})


def _fields_of(mapping: FieldMapping, sides: Mapping[Side, Endpoint], side: Side, record: Record) -> Iterator[Field]:
    """The fields that both sides have a say in, and that this kind of record has."""
    store = sides.get("store")
    parent, kind = mapping.erp.parent, SIMPLE  # which rows are variable products only all of them tell
    if side == "erp" and parent is not None and not is_empty(record.cells.get(parent)):
        kind = VARIATION
    elif side == "store" and store is not None and store.kind is not None:
        kind = str(record.cells.get(store.kind) or SIMPLE)
    for field in mapping.fields.values():
        if field.store is None or (field.erp is None and not (field.has_constant and side == "erp")):
            continue
        if store is None or store.applies(field.store, kind):
            yield field


def _travels(mapping: FieldMapping, field: Field, side: Side) -> bool:
    """Whether a value of this side may ever be sent to the other."""
    creates = mapping.create_in_store if side == "erp" else mapping.create_in_erp
    return field.goes_to(other(side)) and (creates or field.truth != other(side))


def side_by_side(mapping: FieldMapping, sides: Mapping[Side, Endpoint], samples: Mapping[Side, Sample]) -> Seen | None:
    """One record as both sides see it: the first that both have, else the first that there is."""
    records = {side: _records(sample.pages) for side, sample in samples.items()}
    readable = {side: sides[side] for side in records}
    pair = next((found for side in records if (found := _pair(mapping, readable, side, records[side]))), None)
    if pair is None:
        pair = next(({side: found[0]} for side, found in records.items() if found), None)
    if pair is None:
        return None
    fields = [
        SeenField(field.name, *(_spelled(field, side, pair.get(side), sides) for side in SIDES))
        for field in mapping.fields.values()
    ]
    return Seen([pair[side].where for side in SIDES if side in pair], fields)


def _pair(
    mapping: FieldMapping, sides: Mapping[Side, Endpoint], side: Side, records: list[Record]
) -> dict[Side, Record] | None:
    """The first of one side's records that the other side finds by the first match key, with what it finds."""
    by = next((field for field in mapping.match_fields if field.erp is not None), None)
    keys = {key: one for one in reversed(records) if by is not None and (key := _key(by, side, one, sides))}
    if by is None or not keys or other(side) not in sides:
        return None
    partners = _records(sides[other(side)].find(by.path(other(side)) or "", list(keys)))
    found = {_key(by, other(side), one, sides): one for one in partners}
    return next(({side: one, other(side): found[key]} for key, one in reversed(keys.items()) if key in found), None)


def _key(by: Field, side: Side, record: Record, sides: Mapping[Side, Endpoint]) -> str:
    try:
        value = by.read(side, record.cells.get(by.path(side) or ""), sides[side].format)
    except ValueError:
        return ""
    return match_key(str(value)) if not is_empty(value) else ""


def _spelled(field: Field, side: Side, record: Record | None, sides: Mapping[Side, Endpoint]) -> str | None:
    """What the side has, as a value where it is one and as it stands there where it is none."""
    path = field.path(side)
    if record is None or (path is None and not (side == "erp" and field.has_constant)):
        return None
    cell = record.cells.get(path) if path is not None else None
    try:
        text = shown(field.read(side, cell, sides[side].format), field.type)
    except ValueError:
        text = str(cell)
    hinted = of_a_person if (field.store or "").endswith("phone") else shortened
    return hinted(text)[:LONGEST]


def _records(pages: Iterable[Page]) -> list[Record]:
    return [Record(where, cells) for _, where, cells, _ in rows(pages)]
