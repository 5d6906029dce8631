"""From settings to a run: the mapping, both sides and the state, put together and closed again."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime

from syncengine.bugs import told
from syncengine.endpoints import View, open_endpoint
from syncengine.engine.job import JobRun, Options, Progress
from syncengine.engine.logged import log_begin, log_end
from syncengine.engine.run import run_job
from syncengine.errors import CannotRun, SyncError
from syncengine.mapping import Mapping, field_signature, key_signature
from syncengine.records import SIDES, JobResult, Side
from syncengine.settings import Guards, Settings
from syncengine.state import State

__all__ = ["INTERRUPTED", "run_one", "start"]

INTERRUPTED = "Interrupted. What was under way is written down; the next run picks up from there."


def run_one(
    settings: Settings, name: str, mapping: Mapping, *, options: Options, guards: Guards, progress: Progress
) -> JobResult:
    """Run one job. Whatever stops it is told in the result, for the next job is to run; an interrupt has code 130."""
    result = JobResult(name, _run_id(), options.dry_run, datetime.now(UTC))
    log_begin(result)
    try:
        with start(settings, mapping, result, options=options, guards=guards, progress=progress) as job:
            try:
                run_job(job, settings.state_url)
            finally:
                result.requests = job.erp.requests + job.store.requests
    except SyncError as error:
        _failed(result, str(error), error.exit_code)
    except KeyboardInterrupt:
        _failed(result, INTERRUPTED, 130)
    except Exception as error:
        if os.environ.get("SYNC_DEBUG"):
            raise
        logging.getLogger(__name__).info("the run of %s ended unexpectedly", name, exc_info=True)
        _failed(result, told(error), CannotRun.exit_code)
    result.finished = result.finished or datetime.now(UTC)
    log_end(result)
    return result


@contextmanager
def start(
    settings: Settings, mapping: Mapping, result: JobResult, *, options: Options, guards: Guards, progress: Progress
) -> Iterator[JobRun]:
    """All that one run needs, opened; nothing is contacted yet. Raises CannotRun or ConfigError."""
    job = settings.jobs[result.job]
    result.types = {name: field.type for name, field in mapping.fields.items()}
    with ExitStack() as opened:
        erp, store = (
            opened.enter_context(closing(open_endpoint(settings.connections[named], _view(side, mapping, result))))
            for side, named in zip(SIDES, (job.erp, job.store), strict=True)
        )
        yield JobRun(
            name=result.job,
            run=result.run,
            mapping=mapping,
            erp=erp,
            store=store,
            state=opened.enter_context(_state(settings.state_url, result.job, options)),
            guards=guards,
            options=options,
            progress=progress,
            result=result,
            signatures={
                "": key_signature(mapping),
                **{name: field_signature(field) for name, field in mapping.fields.items()},
            },
            reconcile=job.reconcile,
        )


def _view(side: Side, mapping: Mapping, result: JobResult) -> View:
    return View(result.job, side, mapping, result.run, read_only=result.dry_run)


def _state(url: str, job: str, options: Options) -> State:
    """A dry run only looks. Where it must write to be able to look, for a run was cut off, it gets a copy."""
    if not options.dry_run:
        return State.open(url)
    looking = State.look(url)
    if not looking.ledger.has_open(job):
        return looking
    looking.close()
    return State.try_out(url)


def _failed(result: JobResult, error: str, exit_code: int) -> None:
    result.status, result.error, result.exit_code = "failed", error, exit_code


def _run_id() -> str:
    """The time in UTC, and which 65,536th of its second: 20261121T090312-7c1e. So runs sort by time, and with them the
    files that they hand over."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}-{now.microsecond * 0x10000 // 1_000_000:04x}"
