"""What the other commands list: jobs, conflicts, rejected rows, the history of a record. For people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from syncengine.records import Action, Held, Reject, Side
from syncengine.report.document import held_entry, instant, json_value, reject_entry
from syncengine.report.spelling import printable, printable_value
from syncengine.report.summary import fate_in_words, how_many
from syncengine.report.terminal import SIDES, held_block
from syncengine.values import Type, Value

__all__ = [
    "HistoryLine",
    "JobStatus",
    "OpenConflict",
    "RejectedRow",
    "conflicts_document",
    "history_document",
    "print_conflicts",
    "print_history",
    "print_rejected",
    "print_status",
    "rejected_document",
    "status_document",
]

VERSION = 1


@dataclass(frozen=True, slots=True)
class JobStatus:
    """Where a job stands. `checkpoint` is from where the next pull of each side starts."""

    job: str
    last_run: str | None = None
    last_status: str | None = None
    finished: datetime | None = None
    checkpoint: Mapping[Side, str] = field(default_factory=dict)
    linked: int = 0
    unlinked: int = 0
    conflicts: int = 0
    rejected: int = 0
    failed: int = 0
    next_run: datetime | None = None
    error: str = ""  # why the last run did not come to its end


@dataclass(frozen=True, slots=True)
class OpenConflict:
    job: str
    held: Held
    kind: Type | None = None


@dataclass(frozen=True, slots=True)
class RejectedRow:
    job: str
    reject: Reject
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One field of one change that was once made, or tried."""

    when: datetime
    job: str
    run: str
    side: Side
    action: Action
    field: str
    old: Value
    new: Value
    why: str
    outcome: str
    error: str = ""
    kind: Type | None = None


def print_status(jobs: Sequence[JobStatus], console: Console) -> None:
    if not jobs:
        console.print(Text("No jobs: config.toml has no [jobs.…] section."))
    for number, job in enumerate(jobs):
        if number:
            console.print()
        console.print(Text(printable(job.job), style="bold"))
        lines = Table.grid(padding=(0, 2, 0, 0))
        lines.add_column(width=12)
        lines.add_column(overflow="fold")
        for label, said in _status_lines(job):
            lines.add_row(Text(f"  {label}", style="dim"), said)
        console.print(lines)


def _status_lines(job: JobStatus) -> list[tuple[str, Text]]:
    checkpoint = ", ".join(f"{SIDES[side]} {printable(at)}" for side, at in job.checkpoint.items())
    unlinked = f", {job.unlinked:,} without a partner" if job.unlinked else ""
    return [
        ("last run", _last_run(job)),
        *([("because", Text(printable(job.error)))] if job.error else []),
        ("checkpoint", Text(checkpoint or "none: the next run reads everything")),
        ("linked", Text(how_many(job.linked, "record") + unlinked)),
        ("waiting", _waiting(job)),
        ("next run", Text(_time(job.next_run) if job.next_run else "not scheduled")),
    ]


def _last_run(job: JobStatus) -> Text:
    if job.last_run is None:
        return Text("never")
    styles = {"done": "green", "stopped": "yellow", "failed": "red"}
    status = job.last_status or "not finished"
    said = Text(printable(status), style=styles.get(status, "yellow"))
    if job.finished is not None:
        said.append(f", {_time(job.finished)}", style="default")
    return said.append(f", run {printable(job.last_run)}", style="dim")


def _waiting(job: JobStatus) -> Text:
    """What somebody has to do something about, each with the command for it."""
    waits = [
        (job.conflicts, "conflict", "sync conflicts"),
        (job.rejected, "rejected row", "sync rejected"),
        (job.failed, "failed change", "sync retry"),
    ]
    said = [f"{how_many(number, thing)} ({command})" for number, thing, command in waits if number]
    return Text(", ".join(said), style="yellow") if said else Text("nothing")


def print_conflicts(conflicts: Sequence[OpenConflict], console: Console) -> None:
    if not conflicts:
        console.print(Text("No conflicts: nothing waits for you."))
        return
    for job, waiting in groupby(conflicts, key=lambda conflict: conflict.job):
        console.print(Text(printable(job), style="bold"))
        for conflict in waiting:
            console.print(held_block(conflict.held, conflict.kind))
            if conflict.held.since is not None:
                console.print(Text(f"      waiting since {_time(conflict.held.since)}", style="dim"))
        console.print()
    console.print(
        Text(f"{how_many(len(conflicts), 'conflict')}. An answer takes effect in the next run.", style="bold")
    )


def print_rejected(rows: Sequence[RejectedRow], console: Console) -> None:
    if not rows:
        console.print(Text("No rejected rows."))
        return
    for job, rejected in groupby(rows, key=lambda row: row.job):
        console.print(Text(printable(job), style="bold"))
        for row in rejected:
            console.print(_rejected_line(row))
        console.print()
    closing = "Put right at the source, a row is taken up by the next run."
    console.print(Text(f"{how_many(len(rows), 'rejection')}. {closing}", style="bold"))


def _rejected_line(row: RejectedRow) -> Text:
    reject = row.reject
    line = Text(f"  {printable(reject.where)}  ")
    line.append(printable(reject.key) if reject.key else "no key", style="bold" if reject.key else "dim")
    line.append(f"\n      {printable(reject.field)}: " if reject.field else "\n      ")
    line.append(printable(reject.reason), style="red")
    seen = f"since {_time(row.first_seen)}, last seen {_time(row.last_seen)}"
    return line.append(f"\n      {seen}", style="dim")


def print_history(key: str, lines: Sequence[HistoryLine], console: Console) -> None:
    """Every change ever made to a record, in the order given; the fields of one change stand together."""
    if not lines:
        by_id = f" The record with this id in the store is store:{key}." if key.isdecimal() else ""
        console.print(Text(f"No change was ever made to {printable(key)}.{by_id}"))
        return
    console.print(Text(printable(key), style="bold"))
    for (when, job, run, side, action), fields in groupby(lines, key=_change_of):
        title = Text.assemble("  ", _time(when), ("  ", ""), (f"{action} in the {SIDES[side]}", "bold"))
        console.print(title.append(f"  {printable(job)}, run {printable(run)}", style="dim"))
        for line in fields:
            console.print(_history_line(line))


def _change_of(line: HistoryLine) -> tuple[datetime, str, str, Side, Action]:
    return line.when, line.job, line.run, line.side, line.action


def _history_line(line: HistoryLine) -> Text:
    text = Text(f"      {printable(line.field)}  ")
    text.append(printable_value(line.old, line.kind), style="dim").append(" → ")
    text.append(printable_value(line.new, line.kind), style="green")
    if line.why:
        text.append(f"  ({printable(line.why)})", style="dim")
    if line.outcome != "done":
        style = "red" if line.outcome in ("failed", "unknown") else "cyan"
        text.append(f"  {printable(fate_in_words(line.outcome))}", style=style)
    if line.error:
        text.append(f": {printable(line.error)}", style="red")
    return text


def _time(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def status_document(jobs: Sequence[JobStatus]) -> dict[str, Any]:
    return {"version": VERSION, "jobs": [_status_entry(job) for job in jobs]}


def _status_entry(job: JobStatus) -> dict[str, Any]:
    return {
        "job": job.job,
        "last_run": job.last_run,
        "last_status": job.last_status,
        "finished": instant(job.finished),
        "error": job.error or None,
        "checkpoint": {"erp": job.checkpoint.get("erp"), "store": job.checkpoint.get("store")},
        "linked": job.linked,
        "unlinked": job.unlinked,
        "conflicts": job.conflicts,
        "rejected": job.rejected,
        "failed": job.failed,
        "next_run": instant(job.next_run),
    }


def conflicts_document(conflicts: Sequence[OpenConflict]) -> dict[str, Any]:
    entries = [{"job": conflict.job, **held_entry(conflict.held, conflict.kind)} for conflict in conflicts]
    return {"version": VERSION, "conflicts": entries}


def rejected_document(rows: Sequence[RejectedRow]) -> dict[str, Any]:
    entries = [
        {
            "job": row.job,
            **reject_entry(row.reject),
            "first_seen": instant(row.first_seen),
            "last_seen": instant(row.last_seen),
        }
        for row in rows
    ]
    return {"version": VERSION, "rejects": entries}


def history_document(key: str, lines: Sequence[HistoryLine]) -> dict[str, Any]:
    return {"version": VERSION, "key": key, "changes": [_history_entry(line) for line in lines]}


def _history_entry(line: HistoryLine) -> dict[str, Any]:
    return {
        "when": instant(line.when),
        "job": line.job,
        "run": line.run,
        "side": line.side,
        "action": line.action,
        "field": line.field,
        "from": json_value(line.old, line.kind),
        "to": json_value(line.new, line.kind),
        "why": line.why,
        "outcome": line.outcome,
        "error": line.error or None,
    }
