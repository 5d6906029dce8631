"""What a state was made with, and how it is carried over when the mapping has changed since."""

from __future__ import annotations

from syncengine.engine.guard import changed_fields
from syncengine.engine.job import JobRun
from syncengine.state.journal import KnownJob

__all__ = ["know_job", "rebase"]


def rebase(job: JobRun, known: KnownJob | None) -> None:
    """Carry the state over: links stay, a field that means something else starts without a base, changed keys drop the
    links. Everything is read whole then."""
    moved = changed_fields(known, job.signatures) if known is not None else []
    if not moved:
        return
    with job.state.transaction():
        if "" in moved:
            job.state.links.drop_all(job.name)
            job.state.journal.release_all(job.name)
        else:
            job.state.links.forget_bases(job.name, moved)
        job.state.journal.drop_checkpoints(job.name)


def know_job(job: JobRun) -> None:
    """Remember which systems and which mapping this state belongs to. A field that is taken out leaves its bases
    behind: when it comes back, it must mean what it meant."""
    known = job.state.journal.known_job(job.name)
    signatures = {**(known.signatures if known else {}), **job.signatures}
    with job.state.transaction():
        job.state.journal.know_job(job.name, KnownJob(job.erp.identity(), job.store.identity(), signatures))
