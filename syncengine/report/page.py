"""The HTML report: one file that needs nothing else and sends nothing anywhere.

Totals are written by the template; the records are data in the page, which its script lists, searches and filters.
All that is data reaches the page as text: escaped by the template, or set by the script as `textContent`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from syncengine.records import Action, Change, Counts, FieldChange, Held, JobResult, Reject
from syncengine.report.choices import choices
from syncengine.report.document import instant, record_name
from syncengine.report.summary import (
    FATES,
    HANDED_OVER,
    IN_PART,
    NO_ANSWER,
    counted,
    fate_of,
    is_plan,
    rejected_rows,
    sentence,
    tally,
    unsaid_error,
    waiting,
)
from syncengine.values import NUMBERS, Type, Value, shown

__all__ = ["page"]

ACTIONS: Mapping[Action, tuple[str, str]] = {
    "create": ("to create", "created"),
    "update": ("to update", "updated"),
    "delete": ("to delete", "deleted"),
}
MOODS = {"planned": "", HANDED_OVER: "", "failed": "bad", NO_ANSWER: "bad"}
ROWS = ("read", "unchanged", "changed", "unlinked", "rejected")
SELDOM = ("waiting", "drift", "unwritten", "settled", "requests")
WITHOUT_SCRIPT = 100  # changes that are listed where no script runs
ENDS_A_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
SCRIPT_ELEMENT = re.compile(r"<script>(.*)</script>", re.DOTALL)
LOADER = PackageLoader("syncengine", "report")
ENVIRONMENT = Environment(
    loader=LOADER,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(results: Sequence[JobResult]) -> str:
    """All results as one HTML page."""
    records = _records(results)
    planned = all(map(is_plan, results))
    totals = _totals(results, planned)
    fates = [fate for fate in FATES if fate != _meant(planned)]
    script = _script()
    return ENVIRONMENT.get_template("report.html").render(
        jobs=[_job(result, planned) for result in results],
        totals=totals,
        meant=_meant(planned),
        actions={action: names[0 if planned else 1] for action, names in ACTIONS.items()},
        fates=fates,
        moods=MOODS,
        columns=[*ROWS, *ACTIONS, *(fate for fate in fates if totals[fate]["all"]), *SELDOM],
        waiting_remark=_waiting_remark(totals["waiting"]["all"], len(records["held"])),
        records=records,
        without_script=WITHOUT_SCRIPT,
        data=_embedded(records),
        script=Markup(script),  # noqa: S704 - our own file, without a value in it
        script_digest=_digest(script),
    )


def _script() -> str:
    """The page's program. Its digest is in the page's policy, so that nothing else in the page can ever run."""
    found = SCRIPT_ELEMENT.search(LOADER.get_source(ENVIRONMENT, "report_script.html")[0])
    assert found is not None
    return found[1]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _embedded(data: Any) -> Markup:
    """Data as JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(ENDS_A_SCRIPT))  # noqa: S704 - just made harmless


def _job(result: JobResult, planned: bool) -> dict[str, Any]:
    return {
        "name": result.job,
        "run": result.run,
        "dry_run": result.dry_run,
        "status": result.status,
        "mood": _mood(result),
        "sentence": sentence(result),
        "started": _readable(result.started),
        "started_at": instant(result.started),
        "seconds": (result.finished - result.started).total_seconds() if result.finished else None,
        "totals": _totals([result], planned),
    }


def _meant(planned: bool) -> str:
    """Which fate changes have if all went well."""
    return "planned" if planned else "done"


def _waiting_remark(waiting: int, listed: int) -> str:
    return "conflicts to answer" if listed == waiting else f"{listed:,} of them here; sync conflicts lists all"


def _mood(result: JobResult) -> str:
    """Which colour a job's banner has."""
    if result.status == "failed":
        return "bad"
    if result.status == "stopped":
        return "careful"
    if result.dry_run:
        return "plan"
    troubled = any(fate_of(change, result) in ("failed", IN_PART, NO_ANSWER) for change in result.changes)
    return "careful" if troubled or result.rejects else "good"


def _readable(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _totals(results: Sequence[JobResult], planned: bool) -> dict[str, dict[str, int]]:
    """The numbers of all jobs added up, each as a whole and, where it has them, by side."""
    meant, changes = _meant(planned), [tally(result) for result in results]
    by_side: dict[str, list[Counts]] = {
        "read": [result.read for result in results],
        "unchanged": [result.unchanged for result in results],
        "changed": [result.changed for result in results],
        "unlinked": [result.unlinked for result in results],
        **{action: [counted(one, action, meant) for one in changes] for action in ACTIONS},
        **{fate: [counted(one, fate=fate) for one in changes] for fate in FATES},
    }
    whole = {
        "rejected": sum(map(rejected_rows, results)),
        "waiting": sum(map(waiting, results)),
        "settled": sum(result.settled for result in results),
        "drift": sum(result.drift for result in results),
        "unwritten": sum(result.unwritten for result in results),
        "requests": sum(result.requests for result in results),
    }
    return {name: {"all": number} for name, number in whole.items()} | {
        name: {
            "all": sum(counts.erp + counts.store for counts in all_counts),
            "erp": sum(counts.erp for counts in all_counts),
            "store": sum(counts.store for counts in all_counts),
        }
        for name, all_counts in by_side.items()
    }


def _records(results: Sequence[JobResult]) -> dict[str, Any]:
    """What the page lists. `numbers` names the fields of each job whose difference means something."""
    numbered = list(enumerate(results))
    return {
        "jobs": [{"name": job.job, "dry_run": job.dry_run, "numbers": _numbers(job.types)} for job in results],
        "changes": [_change(change, number, job) for number, job in numbered for change in job.changes],
        "held": [_held(held, number, job.types.get(held.field)) for number, job in numbered for held in job.held],
        "rejects": [row for number, job in numbered for row in _rejected_rows(job.rejects, number)],
        "warnings": [{"job": number, "text": warning} for number, job in numbered for warning in job.warnings],
    }


def _numbers(types: Mapping[str, Type]) -> list[str]:
    return [name for name, kind in types.items() if kind.name in NUMBERS]


def _change(change: Change, job: int, result: JobResult) -> dict[str, Any]:
    return {
        "job": job,
        "side": change.side,
        "action": change.action,
        "key": record_name(change),
        "id": change.record_id or "",
        "outcome": fate_of(change, result),
        "error": unsaid_error(change),
        "fields": [_field(name, field, result.types.get(name)) for name, field in change.fields.items()],
    }


def _field(name: str, field: FieldChange, kind: Type | None) -> list[Any]:
    return [name, _shown(field.old, kind), _shown(field.new, kind), field.why, field.error]


def _held(held: Held, job: int, kind: Type | None) -> dict[str, Any]:
    return {
        "job": job,
        "id": held.id,
        "key": held.key,
        "field": held.field,
        "erp": _shown(held.erp, kind),
        "store": _shown(held.store, kind),
        "base": _shown(held.base, kind),
        "why": held.why,
        "since": _readable(held.since) if held.since else "",
        "choices": list(choices(held.field).items()),
    }


def _rejected_rows(rejects: Sequence[Reject], job: int) -> list[dict[str, Any]]:
    """A row stands once, with every reason."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for reject in rejects:
        row: dict[str, Any] = {
            "job": job,
            "side": reject.side,
            "where": reject.where,
            "key": reject.key or "",
            "reasons": [],
        }
        rows.setdefault((reject.side, reject.where), row)["reasons"].append([reject.field or "", reject.reason])
    return list(rows.values())


def _shown(value: Value, kind: Type | None) -> str | list[str]:
    """A value as people read it; a list stays one, so that its items can be compared."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return shown(value, kind)
