"""The state, looked at: can it be opened, and is it that of what the config names now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

from syncengine.engine.guard import guard_state
from syncengine.engine.job import Options
from syncengine.engine.start import start
from syncengine.errors import GuardStopped
from syncengine.findings import Finding, note, obstacle, ok, warning
from syncengine.mapping import Mapping
from syncengine.records import JobResult
from syncengine.report.progress import quiet
from syncengine.settings import Settings
from syncengine.state.url import sqlite_file

__all__ = ["of_job"]

WHAT = "state"


def of_job(settings: Settings, name: str, mapping: Mapping) -> Iterator[Finding]:
    """What the next run of this job will find. Raises CannotRun where the state cannot be opened."""
    file = sqlite_file(settings.state_url)
    if file is not None and not os.access(file if file.exists() else file.parent, os.W_OK):
        where = f"{file} cannot be written" if file.exists() else f"no file can be made in {file.parent}"
        yield obstacle(WHAT, where, "give this user the right to, or set [state] url")
        return
    looking = JobResult(name, "check", dry_run=True, started=datetime.now(UTC))
    guards = settings.jobs[name].guards
    with (
        quiet() as progress,
        start(settings, mapping, looking, options=Options(dry_run=True), guards=guards, progress=progress) as job,
    ):
        known = job.state.journal.known_job(name)
        if known is None:
            yield note(WHAT, "this job has not run yet; its first run reads both sides whole")
            return
        try:
            guard_state(job, known)
        except GuardStopped as stop:
            yield warning(WHAT, f"the next run will be stopped by the guard {stop.guard}", str(stop))
        else:
            linked, unlinked = job.state.links.count(name)
            yield ok(
                WHAT, f"it belongs to these sides and this mapping: {linked:,} linked, {unlinked:,} without partner"
            )
