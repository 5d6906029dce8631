"""Step 10: from where the next pulls start, saved only after everything before it is durable."""

from __future__ import annotations

from syncengine.engine.job import JobRun
from syncengine.engine.pull import Pulled
from syncengine.engine.reserved import save_orders
from syncengine.records import SIDES

__all__ = ["needs_full_read", "save_checkpoint"]


def needs_full_read(job: JobRun) -> bool:
    """Whether this run must compare both sides whole: asked for, never done, or longer ago than `reconcile`. A time
    that is still to come counts as never: the clock was wrong then, and would keep the next one away for as long."""
    now = job.now()
    read_whole = [job.state.journal.checkpoint(job.name, side).full for side in SIDES]
    past = [when for when in read_whole if when is not None and when <= now]
    if job.options.full or len(past) < len(SIDES):
        return True
    return job.reconcile is not None and now - min(past) >= job.reconcile


def save_checkpoint(job: JobRun, pulled: Pulled) -> None:
    """Move both sides' checkpoints; what was not accepted is forgotten, so that it comes again."""
    forget = {side: set(job.rejected(side)) for side in SIDES}
    if not job.mapping.erp.complete or job.mapping.erp.archive_to is not None:  # else nothing is read only once
        forget["erp"] |= _unsettled(job)
    if not job.erp.takes_later:  # what was written in place reads otherwise than what was pulled
        forget["erp"] |= {
            change.key for change in job.result.changes if change.side == "erp" and change.key is not None
        }
    with job.state.transaction():
        job.state.journal.forget_moved(job.name)
        for side, pull in pulled.pulls.items():
            before = job.state.journal.checkpoint(job.name, side)
            job.state.journal.save_checkpoint(
                job.name,
                side,
                pull.cursor(forget[side]),
                full=job.result.started if job.full else before.full,
                rows=job.result.read.of(side) if pull.complete else before.rows,
            )
        save_orders(job)
        job.state.journal.replace_rejects(job.name, job.result.rejects)
    for pull in pulled.pulls.values():
        pull.done()


def _unsettled(job: JobRun) -> set[str]:
    """ERP keys of the changes that failed, and of the records that are merged again in the next run."""
    failed = {change.key for change in job.result.changes if change.status in ("failed", "unknown")}
    again = {link.erp_key for link in job.state.links.dirty(job.name)}
    return {key for key in failed | again if key is not None}
