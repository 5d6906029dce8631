"""A job's result in one plain sentence, and the numbers that it takes.

Each change has one fate, the word by which people read what became of it; so all numbers of changes add up.
"""

from __future__ import annotations

from collections import Counter

from syncengine.records import Action, Change, Counts, JobResult, Side, Status

__all__ = [
    "FATES",
    "HANDED_OVER",
    "IN_PART",
    "NO_ANSWER",
    "Tally",
    "counted",
    "fate_in_words",
    "fate_of",
    "fates",
    "how_many",
    "is_plan",
    "newly_held",
    "outcome_of",
    "promised",
    "rejected_rows",
    "sentence",
    "tally",
    "unsaid_error",
    "waiting",
]

IN_PART, HANDED_OVER, NO_ANSWER, OVERTAKEN, NOT_MADE = "in part", "handed over", "no answer", "overtaken", "not made"
WORDS = {
    "sent": NO_ANSWER,
    "unknown": NO_ANSWER,
    "in-flight": HANDED_OVER,
    "superseded": OVERTAKEN,
}
Tally = Counter[tuple[Side, Action, str]]
FATES = ("planned", "done", IN_PART, HANDED_OVER, "failed", NO_ANSWER, OVERTAKEN, NOT_MADE)


def sentence(result: JobResult) -> str:
    """How a run ended: what was done, what was not, and what waits for somebody."""
    if result.status == "stopped":
        guard, message = result.stopped_by or ("a guard", "")
        return _ended(f"Nothing was written. Stopped by {guard}: {message}" if message else f"Stopped by {guard}")
    if result.status == "failed":
        found = fates(result)
        made = found["done"] + found[IN_PART]
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
    found, made = fates(result), []
    if found[IN_PART]:
        refused = sum(bool(what.error) for one in result.changes if one.partly for what in one.fields.values())
        made.append(f"{how_many(found[IN_PART], 'change')} made in part ({how_many(refused, 'field')} failed)")
    if found[HANDED_OVER]:
        made.append(f"{how_many(found[HANDED_OVER], 'change')} handed over")
    return made if made and not found["done"] else [how_many(found["done"], "change"), *made]


def _exceptions(result: JobResult) -> list[str]:
    """What was not done, or not yet."""
    counts, held, rejected = fates(result), waiting(result), rejected_rows(result)
    found = []
    if counts["failed"]:
        found.append(f"{counts['failed']:,} failed")
    if counts[NO_ANSWER]:
        found.append(f"{counts[NO_ANSWER]:,} without an answer (the next run looks)")
    if counts[OVERTAKEN]:
        found.append(f"{counts[OVERTAKEN]:,} overtaken by a newer one")
    if counts[NOT_MADE]:
        found.append(f"{counts[NOT_MADE]:,} not made")
    if held:
        found.append(f"{held:,} {'waits' if held == 1 else 'wait'} for you")
    if rejected:
        found.append(f"{how_many(rejected, 'row')} rejected")
    return found


def outcome_of(change: Change) -> str:
    """What became of a change, in the words promised; what was sent and never answered is unknown."""
    return promised(change.status)


def promised(status: Status) -> str:
    """The word that scripts depend on, of a change or of one of its fields."""
    return "unknown" if status == "sent" else status


def fate_of(change: Change, result: JobResult) -> str:
    """What became of a change, in one of the words of `FATES`."""
    if change.partly:
        return IN_PART
    if change.status in ("planned", "held") and not is_plan(result):
        return NOT_MADE
    return fate_in_words(change.status)


def fate_in_words(status: str) -> str:
    """An outcome as people read it."""
    return WORDS.get(status, status)


def fates(result: JobResult) -> Counter[str]:
    """How many changes have which fate."""
    return Counter(fate_of(change, result) for change in result.changes)


def unsaid_error(change: Change) -> str:
    """Why a change failed, where its fields do not say so themselves."""
    said = "; ".join(f"{name}: {what.error}" for name, what in change.fields.items() if what.error)
    return "" if change.error == said else change.error


def is_plan(result: JobResult) -> bool:
    """Whether the changes are only meant to be made: none of them has been."""
    return result.dry_run or result.status == "stopped"


def tally(result: JobResult) -> Tally:
    """How many changes there are of each side, action and fate."""
    return Counter((change.side, change.action, fate_of(change, result)) for change in result.changes)


def counted(tally: Tally, action: Action | None = None, fate: str | None = None) -> Counts:
    """How many changes there are on each side: of one action or all, of one fate or whatever became of them."""
    counts = Counts()
    for (side, one, became), number in tally.items():
        if action in (None, one) and fate in (None, became):
            counts.add(side, number)
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
