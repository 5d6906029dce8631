"""Step 2: writes that were sent and have no outcome, because the run that sent them was cut off."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from syncengine.engine.account import NoAnswer, add_difference, answered, take_identifier
from syncengine.engine.flight import hand_over
from syncengine.engine.job import JobRun
from syncengine.engine.kinds import OF_VARIATIONS, kinds_of
from syncengine.engine.lookup import look_up
from syncengine.engine.placing import place_below
from syncengine.engine.taken_out import note_presence
from syncengine.records import SIDES, Change, Outcome, Side
from syncengine.state import Link
from syncengine.values import encode

__all__ = ["recover"]


def recover(job: JobRun) -> None:
    """Look up what became of them and write it down. Their links are dirty, so that the merge sees to the rest: what
    was done is agreement then, what was not is planned anew."""
    if not job.state.ledger.has_open(job.name):
        return
    types = {name: one.type for name, one in job.mapping.fields.items()}
    unsettled = job.state.ledger.unsettled(job.name, types)
    for side in SIDES:
        mine = [(change, sent) for change, sent in unsettled if change.side == side]
        if mine:
            _let_settle(job, side, [sent for _, sent in mine])
            place_below(job, [change for change, _ in mine])
            found = look_up(job, side, [change for change, _ in mine])
            with job.state.transaction():
                _write_down(job, [(change, found[change.id]) for change, _ in mine])
    with job.state.transaction():
        job.state.ledger.supersede_planned(job.name, "the run that planned it was cut off")


def _let_settle(job: JobRun, side: Side, sent: list[datetime]) -> None:
    """Absence counts only when the side has had the time to finish."""
    ready = max(sent) + timedelta(seconds=job.endpoint(side).settle)
    time.sleep(max(0.0, min((ready - job.now()).total_seconds(), job.endpoint(side).settle)))


def _write_down(job: JobRun, outcomes: list[tuple[Change, Outcome | None]]) -> None:
    links = {
        one.id: one
        for one in job.state.links.by_id(job.name, {change.link for change, _ in outcomes if change.link is not None})
    }
    for change, outcome in outcomes:
        change.status = outcome.status if outcome is not None and outcome.status != "failed" else "superseded"
        change.error = "" if change.status != "superseded" else "not done: merged again"
        if (link := links.get(change.link)) is not None:
            link.dirty = True
            if outcome is not None and outcome.status == "done":
                _take_over(job, link, change, outcome)
                if job.endpoint(change.side).takes_later:
                    _take_as_imported(link, change)
            elif outcome is not None and outcome.status == "in-flight":
                _take_up_flight(job, link, change)
    job.state.links.save(list(links.values()))
    job.state.ledger.settle([change for change, _ in outcomes])


def _take_over(job: JobRun, link: Link, change: Change, outcome: Outcome) -> None:
    """What a write that is known to be done means for its link. A create takes what was sent as its base."""
    change.record_id = outcome.record_id or change.record_id
    note_presence(link, change)
    if change.action == "create" and outcome.record_id is not None:
        if not take_identifier(job, link, change.side, outcome.record_id):
            return
        link.erp_kind, link.store_kind = kinds_of(change)
        for one in job.fields_of(change.kind):
            sent, told = change.fields.get(one.name), answered(job, outcome, one.name)
            if (sent is not None and sent.why == OF_VARIATIONS) or (sent is None and change.side == "erp"):
                continue  # what an ERP says of a field that it was not sent may have been written there since
            got = None if isinstance(told, NoAnswer) else told
            erp, store = (sent.new, sent.new) if sent else (None, got) if change.side == "store" else (got, None)
            if sent is not None and one.type.ordered and change.side == "store":
                store = got
            link.account(one.name, encode(erp), encode(store))
    for name, what in change.fields.items():
        if what.difference is not None and link.has_base(name) and name in job.mapping.fields:
            add_difference(job, link, name, what.difference)


def _take_as_imported(link: Link, change: Change) -> None:
    """What was handed over to an ERP that never shows what it has: both sides have the new values now."""
    for name, what in change.fields.items():
        link.account(name, encode(what.new), encode(what.new))


def _take_up_flight(job: JobRun, link: Link, change: Change) -> None:
    """What was handed over, though nobody could write that down any more: both sides will have the new values. Of a
    field that was taken out of the mapping since nothing is known, not even its type."""
    for name, what in change.fields.items():
        if name in job.mapping.fields:
            hand_over(job, link, change, name, what.new)
