"""What a state was made with, and how it is carried over when the mapping has changed since.

Nothing of that lasts before the guards have let the plan pass: until then a run plans in a copy of the state. The state
itself is carried over in the transaction that saves the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncengine.engine.guard import changed_fields
from syncengine.engine.job import JobRun
from syncengine.records import SIDES
from syncengine.state.journal import KnownJob

__all__ = ["Moves", "carry_over", "moves_since", "planned_ahead"]


@dataclass(frozen=True, slots=True)
class Moves:
    """How a mapping has moved away from the state.

    `anew` are the fields that mean something else, "" the keys. `renamed` has the former name of each field that has
    only got another one. `judged_anew` are the fields about which another side is right now, or that go to a further
    one: where their values had stayed apart, they meet anew.
    """

    anew: list[str] = field(default_factory=list)
    renamed: Mapping[str, str] = field(default_factory=dict)
    judged_anew: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.anew or self.renamed or self.judged_anew)


def moves_since(job: JobRun, known: KnownJob | None) -> Moves:
    """What has changed in the mapping since the state was made."""
    if known is None:
        return Moves()
    renamed = _renamed(known.signatures, job.signatures)
    return Moves(changed_fields(known, job.signatures), renamed, _judged_anew(job, known.rights, renamed))


@contextmanager
def planned_ahead(job: JobRun, moves: Moves) -> Iterator[None]:
    """Within, the job's state is what it will be when it is carried over; nothing of that is kept."""
    if not moves:
        yield
        return
    state = job.state
    try:
        with state.aside() as job.state:
            with job.state.transaction():
                carry_over(job, moves)
            yield
    finally:
        job.state = state


def carry_over(job: JobRun, moves: Moves) -> None:
    """Carry the state over, and remember which systems and which mapping it belongs to: links stay, a field that means
    something else starts without a base, changed keys drop the links; then everything is read whole. Within a
    transaction."""
    links, journal = job.state.links, job.state.journal
    known = journal.known_job(job.name)
    if moves.renamed:
        links.rename_fields(job.name, moves.renamed)
        journal.rename_fields(job.name, moves.renamed)
    if "" in moves.anew:
        links.drop_all(job.name)
        journal.release_all(job.name)
    elif moves.anew:
        links.forget_bases(job.name, moves.anew)
    if moves.anew:
        journal.drop_checkpoints(job.name)
    for name in moves.judged_anew:
        links.meet_anew(job.name, name)
    journal.know_job(job.name, _known_from_now_on(job, known, moves))


def _known_from_now_on(job: JobRun, known: KnownJob | None, moves: Moves) -> KnownJob:
    """A field that is taken out leaves its bases behind: when it comes back, it must mean what it meant."""
    given_up = set(moves.renamed.values())
    signatures = {name: old for name, old in (known.signatures if known else {}).items() if name not in given_up}
    rights = {name: old for name, old in (known.rights if known else {}).items() if name not in given_up}
    return KnownJob(
        job.erp.identity(), job.store.identity(), {**signatures, **job.signatures}, {**rights, **_rights(job)}
    )


def _renamed(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """By their new names, the former ones of fields that mean what they meant; where several could be meant, none."""
    gone = {name: means for name, means in before.items() if name not in now}
    new = {name: means for name, means in now.items() if name not in before}
    once = {means for means, number in (Counter(gone.values()) + Counter(new.values())).items() if number == 2}
    former = {means: name for name, means in gone.items() if means in once}
    return {name: former[means] for name, means in new.items() if means in former}


def _judged_anew(job: JobRun, before: Mapping[str, list[str]], renamed: Mapping[str, str]) -> list[str]:
    """Where rows are read only once there are none: nobody could tell what the ERP holds."""
    if not job.mapping.erp.complete or job.mapping.erp.archive_to is not None:
        return []
    return [
        name
        for name, now in _rights(job).items()
        if (known := before.get(renamed.get(name, name))) is not None and not set(now) <= set(known)
    ]


def _rights(job: JobRun) -> dict[str, list[str]]:
    """What decides about each field of which differing bases say that its values stayed apart: who is right, and the
    sides that get it. Of two counters, images and a stock less open orders the bases differ by nature."""
    fields = [one for one in job.merged_fields if not (one.untold or one.type.ordered or one.reserves)]
    goes = {one.name: [f"to {side}" for side in SIDES if side in job.writable and one.goes_to(side)] for one in fields}
    return {one.name: [one.truth, *(goes[one.name] if one.truth != "sum" else ())] for one in fields}
