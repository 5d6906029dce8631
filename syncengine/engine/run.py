"""One run of one job, as a list to be read from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from syncengine.engine.apply import apply_plan, save_plan
from syncengine.engine.checkpoint import needs_full_read, save_checkpoint
from syncengine.engine.guard import guard_plan, guard_sources, guard_state
from syncengine.engine.job import JobRun
from syncengine.engine.match import match
from syncengine.engine.meeting import meet_again
from syncengine.engine.missing import missing_pairs
from syncengine.engine.plan import make_plan
from syncengine.engine.pull import pull_sides
from syncengine.engine.rebase import carry_over, moves_since, planned_ahead
from syncengine.engine.recover import recover
from syncengine.engine.tally import counts, exit_code, tally
from syncengine.errors import GuardStopped, Moved, SyncError
from syncengine.records import JobResult
from syncengine.state.lock import locked

__all__ = ["run_job"]

PASSES = 3


def run_job(job: JobRun, state_url: str) -> JobResult:
    """Run a job once, or only look (a dry run). What stops it is told in the result; only an interrupt is raised."""
    result = job.result
    try:
        with _lock(job, state_url), _journaled(job):
            _run_until_still(job)
            result.exit_code = exit_code(job)
    except GuardStopped as stop:
        result.status, result.stopped_by, result.exit_code = "stopped", (stop.guard, str(stop)), stop.exit_code
    except SyncError as error:
        result.status, result.error, result.exit_code = "failed", str(error), error.exit_code
    result.finished = job.now()
    result.requests = job.erp.requests + job.store.requests
    return result


def _run_until_still(job: JobRun) -> None:
    """A file that was replaced between reading and rewriting it is read and merged again, all from the start."""
    for passes_left in reversed(range(PASSES)):
        try:
            _run(job)
        except Moved:
            if not passes_left:
                raise
            job.begin_again()
        else:
            return


def _run(job: JobRun) -> None:
    known = job.state.journal.known_job(job.name)
    guard_state(job, known)
    recover(job)
    moves = moves_since(job, known)
    with planned_ahead(job, moves):
        job.conflicts = {(one.link, one.field): one for one in job.state.journal.conflicts(job.name)}
        job.full = needs_full_read(job)
        pulled = pull_sides(job)
        if pulled.left:
            return
        guard_sources(job, pulled)
        matched = match(job, pulled)
        missing = missing_pairs(job, pulled, matched.pairs)
        meet_again(job, matched, missing)
        plan = make_plan(job, [*matched.pairs, *missing])
        tally(job, plan, matched, pulled)
        guard_plan(job, plan)
    if job.options.dry_run:
        return
    with job.state.transaction():
        carry_over(job, moves)
        save_plan(job, plan)
    apply_plan(job, plan)
    job.result.waiting = len(job.state.journal.conflicts(job.name))
    if plan.complete:
        save_checkpoint(job, pulled)


def _lock(job: JobRun, state_url: str) -> AbstractContextManager[None]:
    """A dry run needs none: whatever it writes, it writes into a state in memory."""
    if job.options.dry_run:
        return nullcontext()
    return locked(job.state, state_url, job.name, f"{job.store.identity()} {job.mapping.entity}")


@contextmanager
def _journaled(job: JobRun) -> Iterator[None]:
    """Keep the run's own line in the state, however it ends. A dry run leaves none."""
    if job.options.dry_run:
        yield
        return
    with job.state.transaction():
        job.state.journal.begin(job.run, job.name, job.result.started)
    status, error = "interrupted", ""
    try:
        yield
        status = "done"
    except SyncError as stop:
        status, error = "stopped" if isinstance(stop, GuardStopped) else "failed", str(stop)
        raise
    finally:
        with job.state.transaction():
            job.state.journal.end(job.run, status, error, counts(job))
