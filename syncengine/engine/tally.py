"""Step 11: the counts of a run. Every row that was read is unchanged, changed, unlinked or rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from syncengine.engine.flight import in_doubt
from syncengine.engine.job import JobRun, Matched
from syncengine.engine.plan import Plan
from syncengine.engine.pull import Pulled
from syncengine.records import SIDES

__all__ = ["counts", "exit_code", "tally"]

EXAMPLES = 3
IN_DOUBT = "a difference counts as not imported as long as its file lies there"
UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def tally(job: JobRun, plan: Plan, matched: Matched, pulled: Pulled) -> None:
    """Count the rows of both sides that were pulled, each by itself, and what waits for a person."""
    result = job.result
    for side in SIDES:
        rejected = {one.where for one in result.rejects if one.side == side}
        pulled_at = pulled.unusable[side] | {row.where for row in pulled.rows(side).values()}
        result.read.add(side, len(rejected - pulled_at))  # found by its key, and rejected
        used = {key: row for key, row in pulled.rows(side).items() if row.where not in rejected}
        result.unchanged.add(side, pulled.passed[side])
        for item in plan.items:
            row = item.pair.row(side)
            if row is not None and row.id in used and not item.alone:
                moved = row.changed or side in item.changes or bool(item.held)
                (result.changed if moved else result.unchanged).add(side)
        for pair in plan.left:
            row = pair.row(side)
            if row is not None and row.id in used:
                known = result.changed if row.changed else result.unchanged
                (result.unlinked if pair.link.id is None else known).add(side)
    result.unlinked.add("store", len(matched.unclear))
    newly = sum(held.since is None for held in result.held)
    over = {*plan.released, *(conflict for item in plan.items for conflict in item.decided.values())}
    result.waiting = len(job.conflicts) + newly - len(over)
    _tell_overdue(job, plan)


def _tell_overdue(job: JobRun, plan: Plan) -> None:
    """Warn of what was handed over longer ago than an import takes, and was not read back by this run either. Of a
    field that the mapping has no more nothing is read back."""
    within = job.mapping.erp.import_within
    if not job.erp.takes_later or within is None:
        return
    read = {item.pair.link.id: item.pair.link for item in plan.items}
    awaited = (read.get(link.id, link) for link in job.state.links.awaiting(job.name))
    overdue = [
        link
        for link in awaited
        if link.in_flight.keys() & job.mapping.fields.keys()
        and link.in_flight_since is not None
        and job.now() - link.in_flight_since > within
    ]
    if overdue:
        names = [link.erp_key or f"store:{link.store_id}" for link in overdue[:EXAMPLES]]
        examples = ", ".join(names) + (", …" if len(overdue) > EXAMPLES else "")
        doubt = ", and take away what it has imported: " + IN_DOUBT if any(map(in_doubt, overdue)) else ""
        records = "record was" if len(overdue) == 1 else "records were"
        job.result.warnings.append(
            f"{len(overdue):,} {records} handed to the erp more than {_in_words(within)} ago and not imported "
            f"since: {examples}. See whether its import runs, or set import_within higher{doubt}"
        )


def _in_words(span: timedelta) -> str:
    """In the largest unit that leaves no rest: 48 hours, 90 seconds."""
    seconds = int(span.total_seconds())
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    return f"{seconds // size:,} {unit}{'' if seconds == size else 's'}"


def exit_code(job: JobRun) -> int:
    """0, or 1 where rows are rejected or changes failed."""
    failed = any(change.status in ("failed", "unknown") for change in job.result.changes)
    return 1 if failed or job.result.rejects else 0


def counts(job: JobRun) -> Mapping[str, Any]:
    """What a run's line in the state keeps of it."""
    result = job.result
    return {
        **{name: asdict(getattr(result, name)) for name in ("read", "unchanged", "changed", "unlinked")},
        "changes": len(result.changes),
        "failed": sum(change.status in ("failed", "unknown") for change in result.changes),
        "rejected": len({(one.side, one.where) for one in result.rejects}),
        "held": len(result.held),
        "waiting": result.waiting,
    }
