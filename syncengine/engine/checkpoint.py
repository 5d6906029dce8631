"""Step 10: from where the next pulls start, saved only after everything before it is durable."""

from __future__ import annotations

from syncengine.engine.job import SIDES, JobRun
from syncengine.engine.pull import Pulled

__all__ = ["needs_full_read", "save_checkpoint"]


def needs_full_read(job: JobRun) -> bool:
    """Whether this run must compare both sides whole: asked for, never done, or longer ago than `reconcile`."""
    read_whole = [job.state.journal.checkpoint(job.name, side).full for side in SIDES]
    if job.options.full or any(when is None for when in read_whole):
        return True
    return job.reconcile is not None and job.now() - min(filter(None, read_whole)) >= job.reconcile


def save_checkpoint(job: JobRun, pulled: Pulled) -> None:
    """Move both sides' checkpoints; rejected rows are forgotten, so that they come again."""
    with job.state.transaction():
        for side, pull in pulled.pulls.items():
            before = job.state.journal.checkpoint(job.name, side)
            whole = job.full and pull.complete
            job.state.journal.save_checkpoint(
                job.name,
                side,
                pull.cursor(job.rejected(side)),
                full=job.result.started if job.full else before.full,
                rows=job.result.read.of(side) if whole or pull.complete else before.rows,
            )
        job.state.journal.replace_rejects(job.name, job.result.rejects)
    for pull in pulled.pulls.values():
        pull.done()
