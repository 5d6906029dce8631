"""Where a new record goes that stands below another one, and whether that is ready for it: it may have been created or
extended a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.account import was_refused
from syncengine.engine.job import JobRun
from syncengine.records import Change, Outcome

__all__ = ["place_below", "unplaced"]


def place_below(job: JobRun, changes: Sequence[Change]) -> list[Change]:
    """Tell creates in the store the id of their parent; return those whose parent is not there."""
    waiting = [one for one in changes if one.parent is not None and one.action == "create" and one.side == "store"]
    keys = {one.parent for one in waiting if one.parent is not None}
    ids = {link.erp_key: link.store_id for link in job.state.links.by_identifier(job.name, "erp", keys)} if keys else {}
    for change in waiting:
        change.below = ids.get(change.parent)
    return [one for one in waiting if one.below is None]


def unplaced(job: JobRun, changes: Sequence[Change], before: Sequence[Change]) -> list[Outcome]:
    """Place variations; the outcomes of those that cannot be sent after what was sent `before`.

    Their product was not created by this run: what has its place in the store has variations of its own, and is met
    first. Or it was not given an option that they need: the store would take them as variations of any colour.
    """
    orphans = {id(one) for one in place_below(job, changes)}
    refused = [one for one in before if one.entity == job.mapping.entity and was_refused(one)]
    creates = {one.key for one in refused if one.action == "create"}
    extensions = {one.record_id: one for one in refused if one.action == "update" and one.options}
    found: list[Outcome] = []
    for change in changes:
        extension = extensions.get(change.below or (change.record_id or "").rpartition("/")[0])
        if id(change) in orphans or change.parent in creates:
            found.append(Outcome(change, "failed", error=f"no-parent: {change.parent} could not be created"))
        elif extension is not None and extension.fields.keys() & change.fields.keys():
            told = f"no-option: {extension.name} could not be given its options"
            found.append(Outcome(change, "failed", error=told))
    return found
