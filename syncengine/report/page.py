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

from syncengine.records import Change, Held, JobResult, Reject
from syncengine.report.document import document, instant, record_name
from syncengine.report.summary import headline, outcome_of, sentence, waiting
from syncengine.values import NUMBERS, Type, Value, shown

__all__ = ["page"]

WITHOUT_SCRIPT = 100  # changes that are listed where no script runs
ENDS_A_SCRIPT = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
SCRIPT_ELEMENT = re.compile(r"<script>(.*)</script>", re.DOTALL)
ENVIRONMENT = Environment(
    loader=PackageLoader("syncengine", "report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(results: Sequence[JobResult]) -> str:
    """All results as one HTML page."""
    records = _records(results)
    script = _script()
    return ENVIRONMENT.get_template("report.html").render(
        jobs=[_job(result) for result in results],
        totals=_totals(results),
        records=records,
        without_script=WITHOUT_SCRIPT,
        data=_embedded(records),
        script=Markup(script),  # noqa: S704 - our own file, without a value in it
        script_digest=_digest(script),
    )


def _script() -> str:
    """The page's program. Its digest is in the page's policy, so that nothing else in the page can ever run."""
    found = SCRIPT_ELEMENT.search(ENVIRONMENT.get_template("report_script.html").render())
    assert found is not None
    return found[1]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _embedded(data: Any) -> Markup:
    """Data as JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.translate(ENDS_A_SCRIPT))  # noqa: S704 - just made harmless


def _job(result: JobResult) -> dict[str, Any]:
    return {
        "name": result.job,
        "run": result.run,
        "dry_run": result.dry_run,
        "status": result.status,
        "mood": _mood(result),
        "headline": headline(result),
        "sentence": sentence(result),
        "started": _readable(result.started),
        "started_at": instant(result.started),
        "seconds": (result.finished - result.started).total_seconds() if result.finished else None,
        "totals": _totals([result]),
    }


def _mood(result: JobResult) -> str:
    if result.status == "failed":
        return "bad"
    if result.status == "stopped" or headline(result) == "Done, with exceptions":
        return "careful"
    return "plan" if result.dry_run else "good"


def _readable(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _totals(results: Sequence[JobResult]) -> dict[str, dict[str, int]]:
    """The numbers of all jobs added up, each as a whole and, where it has them, by side."""
    jobs = document(results)["jobs"]
    totals: dict[str, dict[str, int]] = {}
    for name in ("read", "unchanged", "changed", "unlinked", "create", "update", "delete"):
        by_side = {side: sum(job[name][side] for job in jobs) for side in ("erp", "store")}
        totals[name] = {"all": sum(by_side.values()), **by_side}
    for name in ("rejected", "failed", "drift", "unwritten", "requests"):
        totals[name] = {"all": sum(job[name] for job in jobs)}
    totals["settled"] = {"all": sum(result.settled for result in results)}
    totals["waiting"] = {"all": sum(waiting(result) for result in results)}
    totals["unknown"] = {"all": sum(outcome_of(change) == "unknown" for job in results for change in job.changes)}
    return totals


def _records(results: Sequence[JobResult]) -> dict[str, Any]:
    """What the page lists. `numbers` names the fields of each job whose difference means something."""
    numbered = list(enumerate(results))
    return {
        "jobs": [{"name": job.job, "numbers": _numbers(job.types)} for job in results],
        "changes": [_change(change, number, job.types) for number, job in numbered for change in job.changes],
        "held": [_held(held, number, job.types.get(held.field)) for number, job in numbered for held in job.held],
        "rejects": [_reject(reject, number) for number, job in numbered for reject in job.rejects],
        "warnings": [{"job": number, "text": warning} for number, job in numbered for warning in job.warnings],
    }


def _numbers(types: Mapping[str, Type]) -> list[str]:
    return [name for name, kind in types.items() if kind.name in NUMBERS]


def _change(change: Change, job: int, types: Mapping[str, Type]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "job": job,
        "side": change.side,
        "action": change.action,
        "key": record_name(change),
        "id": change.record_id or "",
        "outcome": outcome_of(change),
        "fields": [],
    }
    if change.error:
        entry["error"] = change.error
    for name, field in change.fields.items():
        kind = types.get(name)
        entry["fields"].append([name, _shown(field.old, kind), _shown(field.new, kind), field.why, field.error])
    return entry


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
    }


def _reject(reject: Reject, job: int) -> dict[str, Any]:
    return {
        "job": job,
        "side": reject.side,
        "where": reject.where,
        "key": reject.key or "",
        "field": reject.field or "",
        "reason": reject.reason,
    }


def _shown(value: Value, kind: Type | None) -> str | list[str]:
    """A value as people read it; a list stays one, so that its items can be compared."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return shown(value, kind)
