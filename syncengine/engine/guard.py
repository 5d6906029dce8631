"""Step 8: the whole plan is judged against the limits before the first write."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.engine.job import JobRun
from syncengine.engine.plan import Plan
from syncengine.engine.pull import Pulled
from syncengine.errors import GuardStopped
from syncengine.settings import Limit
from syncengine.state.journal import KnownJob

__all__ = ["changed_fields", "guard_plan", "guard_sources", "guard_state"]

ENOUGH = 20  # records from which on "all of them" is suspicious
SHRUNKEN = 0.5  # a side with less than this share of its former records


def guard_state(job: JobRun, known: KnownJob | None) -> None:
    """Another store or database than before, or a mapping that means something else now."""
    if known is None:
        return
    for side, before, now in (("erp", known.erp, job.erp.identity()), ("store", known.store, job.store.identity())):
        if before != now and not job.options.force:
            raise GuardStopped(
                f"another-{side}",
                f"this state was made with the {side} {before}, and the config now names {now}. "
                "If it is the same data at a new address, pass --force; if not, use another [state] url.",
            )
    moved = changed_fields(known, job.signatures)
    if moved and not job.options.rebase:
        names = ", ".join(name or "the keys" for name in moved)
        raise GuardStopped(
            "mapping-changed",
            f"the mapping changed since the last run: {names}. What was agreed before may mean nothing now. "
            "Look at `sync diff --rebase`, then pass --rebase once.",
        )


def changed_fields(known: KnownJob, signatures: Mapping[str, str]) -> list[str]:
    """Fields that mean something else than before; "" stands for the keys. New and removed fields are none."""
    return sorted(name for name, before in known.signatures.items() if signatures.get(name, before) != before)


def guard_sources(job: JobRun, pulled: Pulled) -> None:
    """A side that is empty, sharply shrunken, or not what it was."""
    if job.options.force:
        return
    for pull in pulled.pulls.values():
        for name, message in pull.guards:
            raise GuardStopped(name, f"{message}. If that is right, pass --force.")
    if "erp" in pulled.seen and job.mapping.erp.complete and job.result.read.erp < job.guards.min_rows:
        raise GuardStopped(
            "min-rows",
            f"the erp has {job.result.read.erp} rows, and guards.min_rows is {job.guards.min_rows}. "
            "If that is right, set min_rows lower or pass --force.",
        )
    for side, pull in pulled.pulls.items():
        before = job.state.journal.checkpoint(job.name, side).rows
        now = job.result.read.of(side)
        if pull.complete and before >= ENOUGH and now < before * SHRUNKEN:
            raise GuardStopped(
                "shrunken",
                f"the {side} has {now:,} records and had {before:,} at its last full read. "
                "If that is right, pass --force.",
            )


def guard_plan(job: JobRun, plan: Plan) -> None:
    """Too many changes or deletes for the number of linked records."""
    if job.options.force:
        return
    touched = {id(item) for item in plan.items for change in item.changes.values() if change.action != "create"}
    deleted = {id(item) for item in plan.items for change in item.changes.values() if change.action == "delete"}
    living, _ = job.state.links.count(job.name)
    linked = living + plan.met
    changes, deletes = job.guards.max_changes, job.guards.max_deletes
    if not allows(deletes, len(deleted), linked):
        raise GuardStopped(
            "max-deletes",
            f"{len(deleted):,} of {linked:,} linked records would be deleted; guards.max_deletes is {shown(deletes)}. "
            "If that is right, pass --force.",
        )
    if not allows(changes, len(touched), linked):
        raise GuardStopped(
            "max-changes",
            f"{len(touched):,} of {linked:,} linked records would be changed; guards.max_changes is {shown(changes)}. "
            "Look at `sync diff`; if it is right, pass --max-changes with a higher limit, or --force.",
        )
    if len(touched) >= linked >= ENOUGH and (changes.share is None or changes.share < 1):
        raise GuardStopped(
            "all-changed",
            f"every one of {linked:,} linked records would be changed at once. If that is right, pass --force.",
        )


def allows(limit: Limit, number: int, linked: int) -> bool:
    """Whether a limit lets `number` of `linked` records pass. 100 % is no limit."""
    if limit.count is not None:
        return number <= limit.count
    return limit.share is None or limit.share >= 1 or number <= limit.share * linked


def shown(limit: Limit) -> str:
    if limit.count is not None:
        return str(limit.count)
    return "100%" if limit.share is None else f"{float(limit.share) * 100:g}%"
