"""A job's result in one plain sentence, and the numbers that it takes."""

from __future__ import annotations

from collections import Counter

from syncengine.records import Action, Change, Counts, JobResult

__all__ = ["actions", "how_many", "is_plan", "newly_held", "outcome_of", "rejected_rows", "sentence", "waiting"]

MADE = ("done", "in-flight")


def sentence(result: JobResult) -> str:
    """How a run ended: what was done, what was not, and what waits for somebody."""
    if result.status == "stopped":
        guard, message = result.stopped_by or ("a guard", "")
        return _ended(f"Nothing was written. Stopped by {guard}: {message}" if message else f"Stopped by {guard}")
    if result.status == "failed":
        made = _outcomes(result)["done"]
        before = f" {how_many(made, 'change')} had been made by then." if made else ""
        return _ended(f"Failed: {result.error or 'no reason was given'}") + before
    exceptions = _exceptions(result)
    if not result.changes:
        return f"Nothing to do, but {', '.join(exceptions)}." if exceptions else "Nothing to do."
    if result.dry_run:
        would = f"{how_many(len(result.changes), 'change')} would be made"
        return ", ".join([would, *exceptions]) + ". Nothing was written."
    return f"Done: {', '.join([*_made(result), *exceptions])}."


def _made(result: JobResult) -> list[str]:
    outcomes = _outcomes(result)
    made = [how_many(outcomes["done"], "change")] if outcomes["done"] or not outcomes["in-flight"] else []
    if outcomes["in-flight"]:
        made.append(f"{how_many(outcomes['in-flight'], 'change')} handed over")
    return made


def _exceptions(result: JobResult) -> list[str]:
    """What was not done, or not yet."""
    outcomes, held, rejected = _outcomes(result), waiting(result), rejected_rows(result)
    found = []
    if outcomes["failed"]:
        found.append(f"{outcomes['failed']:,} failed")
    if outcomes["unknown"]:
        found.append(f"{outcomes['unknown']:,} without an answer (the next run looks)")
    if outcomes["superseded"]:
        found.append(f"{outcomes['superseded']:,} overtaken by a newer one")
    if held:
        found.append(f"{held:,} {'waits' if held == 1 else 'wait'} for you")
    if rejected:
        found.append(f"{how_many(rejected, 'row')} rejected")
    return found


def _outcomes(result: JobResult) -> Counter[str]:
    return Counter(outcome_of(change) for change in result.changes)


def outcome_of(change: Change) -> str:
    """What became of a change, in the words promised; what was sent and never answered is unknown."""
    return "unknown" if change.status == "sent" else change.status


def is_plan(result: JobResult) -> bool:
    """Whether the changes are only meant to be made: none of them has been."""
    return result.dry_run or result.status == "stopped"


def actions(result: JobResult, action: Action, planned: bool) -> Counts:
    """How many changes of a kind there are on each side: planned ones, or those that were made."""
    counts = Counts()
    for change in result.changes:
        if change.action == action and (planned or change.status in MADE):
            counts.add(change.side)
    return counts


def newly_held(result: JobResult) -> int:
    """Conflicts that this run found; older ones carry the time since when they wait."""
    return sum(held.since is None or held.since >= result.started for held in result.held)


def waiting(result: JobResult) -> int:
    return max(result.waiting, len(result.held))


def rejected_rows(result: JobResult) -> int:
    """Distinct rows: one row may be rejected for several of its fields."""
    return len({(reject.side, reject.where) for reject in result.rejects})


def how_many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _ended(text: str) -> str:
    return text if text.rstrip(")").endswith((".", "!", "?")) else f"{text}."
