"""`sync status`, `conflicts`, `rejected` and `history`: they read the state and change nothing."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from syncengine.commands.output import console, print_json, printed
from syncengine.errors import ConfigError
from syncengine.mapping_file import load_mapping
from syncengine.records import SIDES, Action, Held, Side
from syncengine.report.listings import (
    HistoryLine,
    JobStatus,
    OpenConflict,
    RejectedRow,
    conflicts_document,
    history_document,
    print_conflicts,
    print_history,
    print_rejected,
    print_status,
    rejected_document,
    status_document,
)
from syncengine.settings import Job, Settings
from syncengine.settings_file import load_settings
from syncengine.state import State
from syncengine.state.journal import Conflict
from syncengine.state.lock import under_way
from syncengine.values import Type, Value, decode

__all__ = ["conflicts", "history", "rejected", "status"]

TEXT = Type()


def status(args: argparse.Namespace) -> int:
    settings = load_settings(args.config)
    with State.look(settings.state_url) as state:
        jobs = [_status(state, job, settings.state_url) for job in settings.jobs.values()]
    return printed(lambda: print_json(status_document(jobs)) if args.json else print_status(jobs, console()))


def conflicts(args: argparse.Namespace) -> int:
    settings = load_settings(args.config)
    types = _types(settings)
    with State.look(settings.state_url) as state:
        found = [_open_conflict(one, types.get(one.job, {}).get(one.field)) for one in state.journal.conflicts()]
    return printed(lambda: print_json(conflicts_document(found)) if args.json else print_conflicts(found, console()))


def rejected(args: argparse.Namespace) -> int:
    settings = load_settings(args.config)
    with State.look(settings.state_url) as state:
        rows = [RejectedRow(one.job, one.reject, one.first_seen, one.last_seen) for one in state.journal.rejects()]
    return printed(lambda: print_json(rejected_document(rows)) if args.json else print_rejected(rows, console()))


def history(args: argparse.Namespace) -> int:
    settings = load_settings(args.config)
    types = _types(settings)
    lines: list[HistoryLine] = []
    with State.look(settings.state_url) as state:
        for one in state.ledger.history(args.key):
            kind = types.get(one.job, {}).get(one.field)
            lines.append(
                HistoryLine(
                    when=one.when,
                    job=one.job,
                    run=one.run,
                    side=cast("Side", one.side),
                    action=cast("Action", one.action),
                    field=one.field,
                    old=_value(one.old, kind),
                    new=_value(one.new, kind),
                    why=one.why,
                    outcome="unknown" if one.status == "sent" else one.status,
                    error=one.error,
                    kind=kind,
                )
            )
    if args.json:
        return printed(lambda: print_json(history_document(args.key, lines)))
    return printed(lambda: print_history(args.key, lines, console()))


def _status(state: State, settings: Job, url: str) -> JobStatus:
    job = settings.name
    run = state.journal.last_run(job)
    cut_off = run is not None and run.status == "running" and not under_way(url, job)
    linked, unlinked = state.links.count(job)
    saved: dict[Side, str] = {
        side: f"{at:%Y-%m-%d %H:%M UTC}" for side in SIDES if (at := state.journal.checkpoint(job, side).saved)
    }
    return JobStatus(
        job=job,
        last_run=run.run if run else None,
        last_status="cut off" if cut_off else run.status if run else None,
        finished=run.finished if run else None,
        error=run.error if run else "",
        checkpoint=saved,
        linked=linked,
        unlinked=unlinked,
        conflicts=len(state.journal.conflicts(job)),
        rejected=len({(one.reject.side, one.reject.where) for one in state.journal.rejects(job)}),
        failed=len(state.ledger.failed_links(job)),
        next_run=_next_run(settings, run.started if run else None),
    )


def _next_run(job: Job, last: datetime | None) -> datetime | None:
    """When the service runs the job next, if there is a service."""
    if job.schedule is None and job.every is None:
        return None
    from syncengine.service.schedule import next_time  # noqa: PLC0415 - only this command, and only here, pays for it

    return next_time(job, last, datetime.now(UTC))


def _open_conflict(one: Conflict, kind: Type | None) -> OpenConflict:
    erp, store, base = (_value(value, kind) for value in (one.erp, one.store, one.base))
    why = one.why
    if one.answer is not None:
        taken = one.answer["take"] if one.answer["take"] != "value" else one.answer["value"]
        why = f"{why}; answered with {taken}, which the next run carries out"
    return OpenConflict(one.job, Held(one.id, one.key, one.field, erp, store, base, why, one.since), kind)


def _types(settings: Settings) -> dict[str, Mapping[str, Type]]:
    """The fields' types by job. A broken mapping must not hide what happened: its values are shown as they are."""
    found: dict[str, Mapping[str, Type]] = {}
    for name, job in settings.jobs.items():
        try:
            found[name] = {field.name: field.type for field in load_mapping(job.mapping).fields.values()}
        except ConfigError:
            found[name] = {}
    return found


def _value(canonical: Any, kind: Type | None) -> Value:
    """A saved value; one that was saved before its field's type changed stays as it was."""
    try:
        return decode(canonical, kind or TEXT)
    except (ValueError, TypeError, ArithmeticError):
        return str(canonical)
