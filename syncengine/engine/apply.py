"""Step 9: send the plan, in batches, several at once, and write down each outcome as it comes.

A link is dirty from before its change is sent until its outcome is saved, in one transaction with its bases.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from syncengine.engine.account import account, account_quiet
from syncengine.engine.detect import hash_cells
from syncengine.engine.interrupts import held_back, let_through
from syncengine.engine.item import Item
from syncengine.engine.job import JobRun
from syncengine.engine.logged import log_writes
from syncengine.engine.lookup import look_up
from syncengine.engine.placing import unplaced
from syncengine.engine.plan import Plan
from syncengine.engine.pull import hash_salt
from syncengine.errors import SyncError
from syncengine.records import SIDES, Change, Outcome, Side

__all__ = ["apply_plan", "save_plan"]

ROUNDS = 8  # how often what an unanswered batch left undone is sent again, in ever smaller batches


def save_plan(job: JobRun, plan: Plan) -> None:
    """Write the whole plan into the ledger, and all that needs no write into the links. Within a transaction."""
    quiet = [item for item in plan.items if not item.changes]
    for item in quiet:
        account_quiet(item)
    for item in plan.items:
        item.pair.link.dirty |= bool(item.changes)
    job.state.links.drop(plan.dropped)
    links = [item.pair.link for item in plan.items]
    job.state.links.save([link for link in links if link.id is not None])
    job.state.links.add(job.name, [link for link in links if link.id is None])
    job.state.ledger.arrived([link.id for link in links if link.id is not None and link.arrived])
    job.state.ledger.no_longer_failed([item.pair.link.id for item in quiet if item.settles and item.pair.link.id])
    for item in plan.items:
        for change in item.changes.values():
            change.link = item.pair.link.id
        _hold(job, item)
    job.state.journal.note_moved(job.name, [key for item in plan.items if (key := item.pair.link.erp_key)])
    job.state.ledger.plan(job.name, job.run, job.result.changes)
    job.state.journal.release(plan.released)
    job.result.held = [held for item in plan.items for held in item.held]


def apply_plan(job: JobRun, plan: Plan) -> None:
    """Send everything. Raises what stopped it, after every batch under way has its outcome written down."""
    items = {change.id: item for item in plan.items for change in item.changes.values()}
    for side in SIDES:
        sent = list(plan.terms[side])
        _apply(job, side, sent, items)
        for changes in plan.in_rounds(side):
            above = [one for one in changes if one.parent is None]
            below = [one for one in changes if one.parent is not None]
            _apply(job, side, above, items)
            sent += above
            _apply_below(job, side, below, sent, items)


def _apply_below(
    job: JobRun, side: Side, changes: Sequence[Change], before: Sequence[Change], items: dict[str, Item]
) -> None:
    """Variations are written after the products that they belong to."""
    without = unplaced(job, changes, before)
    if without:
        _write_down(job, without, items)
    left_out = {one.change.id for one in without}
    _apply(job, side, [one for one in changes if one.id not in left_out], items)


def _apply(job: JobRun, side: Side, changes: Sequence[Change], items: dict[str, Item]) -> None:
    """Send changes until each has an outcome: what got no answer is looked up, and sent again if it was not done."""
    if not changes:
        return
    job.progress.step(f"writing {side}", len(changes))
    waiting, size = list(changes), job.endpoint(side).batch_size
    for _ in range(ROUNDS):
        unknown = _send_all(job, side, waiting, size, items)
        waiting = _settle_unknown(job, side, unknown, items)
        if not waiting:
            return
        size = max(1, min(size, len(waiting)) // 2)
    _write_down(
        job,
        [Outcome(change, "failed", error="no-answer: again and again, and nothing was written") for change in waiting],
        items,
    )


def _send_all(job: JobRun, side: Side, changes: Sequence[Change], size: int, items: dict[str, Item]) -> list[Change]:
    """Send batches, `concurrency` at once; return the changes whose fate is unknown.

    One more batch is always ready, so that the side does not wait while outcomes are written down.
    On an error or an interrupt nothing more is sent, the batches under way are waited for, and then it is raised.
    """
    endpoint, unknown = job.endpoint(side), list[Change]()
    waiting = deque(endpoint.cut(changes, min(size, endpoint.batch_size)))
    running: dict[Future[list[Outcome]], list[Change]] = {}
    stopped: BaseException | None = None
    with held_back(), ThreadPoolExecutor(endpoint.concurrency) as pool:
        while running or (waiting and stopped is None):
            while waiting and stopped is None and len(running) <= endpoint.concurrency:
                batch = waiting.popleft()
                if len(batch) > endpoint.batch_size:  # it has become smaller meanwhile
                    batch, *rest = endpoint.cut(batch, endpoint.batch_size)
                    waiting.extendleft(reversed(rest))
                _mark_sent(job, batch)
                running[pool.submit(endpoint.send, batch)] = batch
            try:
                with let_through():
                    finished = wait(running, return_when=FIRST_COMPLETED).done
            except KeyboardInterrupt as interrupt:
                stopped = interrupt
                continue
            for future in finished:
                batch = running.pop(future)
                error = future.exception()
                stopped = stopped or error
                outcomes = _outcomes_of(error, batch) if error else future.result()
                _write_down(job, outcomes, items)
                unknown += [outcome.change for outcome in outcomes if outcome.status == "unknown"]
                job.progress.advance(len(batch))
    if stopped is not None:
        raise stopped
    return unknown


def _outcomes_of(error: BaseException, batch: Sequence[Change]) -> list[Outcome]:
    """What a whole batch that raised became: our own errors say that nothing was written, others say nothing."""
    if isinstance(error, SyncError):
        return [Outcome(change, "failed", error=str(error)) for change in batch]
    return [Outcome(change, "unknown", error=f"{type(error).__name__}: {error}") for change in batch]


def _settle_unknown(job: JobRun, side: Side, unknown: Sequence[Change], items: dict[str, Item]) -> list[Change]:
    """Give the side the time to finish, look, and return what was provably not written."""
    if not unknown:
        return []
    time.sleep(job.endpoint(side).settle)
    found = look_up(job, side, unknown)
    _write_down(job, [outcome for outcome in found.values() if outcome is not None], items)
    return [change for change in unknown if found[change.id] is None]


def _mark_sent(job: JobRun, batch: Sequence[Change]) -> None:
    with job.state.transaction():
        job.state.ledger.mark_sent(batch)
    for change in batch:
        change.status = "sent"
        change.attempts += 1


def _write_down(job: JobRun, outcomes: Sequence[Outcome], items: dict[str, Item]) -> None:
    """Save outcomes, and what they mean for their links, in one transaction."""
    with job.state.transaction():
        echoes = _echoes(job, outcomes)
        for outcome in outcomes:
            account(job, items.get(outcome.change.id), outcome, echoes.get(outcome.change.id))
        touched = {id(item): item for one in outcomes if (item := items.get(one.change.id)) is not None}
        job.state.ledger.settle([outcome.change for outcome in outcomes])
        job.state.links.save([item.pair.link for item in touched.values()])
        job.state.journal.release([conflict for item in touched.values() for conflict in item.released])
    log_writes(job.name, job.run, [outcome.change for outcome in outcomes])


def _echoes(job: JobRun, outcomes: Sequence[Outcome]) -> dict[str, int]:
    """The hashes of the records as their side answered, by change."""
    found: dict[str, int] = {}
    for side in SIDES:
        kind = job.endpoint(side).kind
        paths = list(dict.fromkeys([*job.mapping.paths(side), *([kind] if kind is not None else [])]))
        told = [
            one
            for one in outcomes
            if one.change.side == side and one.cells is not None and one.cells.keys() >= set(paths)
        ]
        records = [{path: (one.cells or {})[path] for path in paths} for one in told]
        found.update(zip((one.change.id for one in told), hash_cells(records, hash_salt(job, side)), strict=True))
    return found


def _hold(job: JobRun, item: Item) -> None:
    """Save what waits for a person; each gets the number by which it is answered."""
    for at, held in enumerate(item.held):
        link = item.pair.link.id
        assert link is not None
        number = job.state.journal.hold(job.name, link, held)
        item.held[at] = replace(held, id=number)
