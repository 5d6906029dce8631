"""The JSON report: the shape that INTERFACE promises to people's scripts, the same for every status."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncengine.records import Change, Counts, Held, JobResult, Reject, Side
from syncengine.report.summary import counted, newly_held, outcome_of, rejected_rows, sentence, tally
from syncengine.values import Type, Value, encode, shown

__all__ = ["document", "held_entry", "instant", "json_value", "record_name", "reject_entry"]

VERSION = 1
WITH_ERROR = ("failed", "unknown")


def document(results: Sequence[JobResult]) -> dict[str, Any]:
    """What `--json` prints and `--report x.json` saves."""
    return {"version": VERSION, "jobs": [_job(result) for result in results]}


def _job(result: JobResult) -> dict[str, Any]:
    changes = tally(result)
    return {
        "job": result.job,
        "run": result.run,
        "dry_run": result.dry_run,
        "status": result.status,
        "stopped_by": result.stopped_by[0] if result.stopped_by else None,
        "error": result.error or None,
        "message": sentence(result),
        "started": instant(result.started),
        "finished": instant(result.finished),
        "read": _counts(result.read),
        "unchanged": _counts(result.unchanged),
        "changed": _counts(result.changed),
        "unlinked": _counts(result.unlinked),
        "rejected": rejected_rows(result),
        "create": _counts(counted(changes, "create")),
        "update": _counts(counted(changes, "update")),
        "delete": _counts(counted(changes, "delete")),
        "conflicts": {"settled": result.settled, "held": newly_held(result), "waiting": result.waiting},
        "drift": result.drift,
        "unwritten": result.unwritten,
        "failed": sum(change.status == "failed" for change in result.changes),
        "requests": result.requests,
        "changes": [_change(change, result.types) for change in result.changes],
        "held": [held_entry(held, result.types.get(held.field)) for held in result.held],
        "rejects": [reject_entry(reject) for reject in result.rejects],
        "warnings": list(result.warnings),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"erp": counts.erp, "store": counts.store}


def _change(change: Change, types: Mapping[str, Type]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "side": change.side,
        "action": change.action,
        "entity": change.entity,
        "key": record_name(change),
        "id": _record_id(change.side, change.record_id),
        "fields": {name: _field(change, name, types.get(name)) for name in change.fields},
        "outcome": outcome_of(change),
    }
    if outcome_of(change) in WITH_ERROR:
        entry["error"] = change.error or None
    return entry


def _field(change: Change, name: str, kind: Type | None) -> dict[str, Any]:
    """`outcome` is there where it is not the whole change's: of one that was made in part."""
    field = change.fields[name]
    entry = {"from": json_value(field.old, kind), "to": json_value(field.new, kind), "why": field.why}
    if field.difference is not None:
        entry["difference"] = json_value(field.difference, kind)
    if field.error:
        entry["error"] = field.error
    if (became := change.became(name)[0]) != change.status:
        entry["outcome"] = became
    return entry


def held_entry(held: Held, kind: Type | None = None) -> dict[str, Any]:
    return {
        "id": held.id,
        "key": held.key,
        "field": held.field,
        "erp": json_value(held.erp, kind),
        "store": json_value(held.store, kind),
        "base": json_value(held.base, kind),
        "why": held.why,
        "since": instant(held.since),
    }


def reject_entry(reject: Reject) -> dict[str, Any]:
    return {
        "side": reject.side,
        "where": reject.where,
        "key": reject.key,
        "field": reject.field,
        "reason": reject.reason,
    }


def record_name(change: Change) -> str:
    """How people see the record. What does not exist yet, and has no ERP key, goes by its own name."""
    if change.key is not None or change.record_id is not None:
        return change.name
    name = change.fields.get("name")
    return f"{change.entity}: {shown(name.new)}" if name is not None else f"new {change.entity}"


def _record_id(side: Side, record_id: str | None) -> int | str | None:
    """A store's ids are numbers, a variation's is not; an ERP's keys are texts, and `0017` is not 17."""
    if side == "store" and record_id is not None and record_id.isascii() and record_id.isdigit():
        return int(record_id)
    return record_id


def instant(time: datetime | None) -> str | None:
    return None if time is None else str(encode(time))


def json_value(value: Value, kind: Type | None = None) -> Any:
    """A value as JSON has it: money as text with its places, other decimals as text, times in UTC."""
    if isinstance(value, Decimal) and kind is not None and kind.name == "money":
        return shown(value, kind)
    return _finite(encode(value))


def _finite(value: Any) -> Any:
    """Without NaN and infinities, which Python reads and writes as JSON and nobody else does."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case list():
            return [_finite(item) for item in value]
        case dict():
            return {name: _finite(item) for name, item in value.items()}
    return value
