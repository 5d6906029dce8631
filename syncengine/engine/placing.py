"""Where a new record goes that stands below another one, and whether that is ready for it: it may have been created or
extended a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

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


def unplaced(job: JobRun, changes: Sequence[Change], terms: Sequence[Change]) -> list[Outcome]:
    """Place variations; the outcomes of those that cannot be sent, because their product could not be created, or was
    not given an option that they need. The store would take them as variations of any colour."""
    found = [
        Outcome(one, "failed", error=f"no-parent: {one.parent} could not be created")
        for one in place_below(job, changes)
    ]
    refused = {one.record_id: one for one in terms if one.entity == job.mapping.entity and one.status != "done"}
    for change in changes:
        extension = refused.get(change.below or (change.record_id or "").rpartition("/")[0])
        if extension is not None and extension.fields.keys() & change.fields.keys():
            found.append(Outcome(change, "failed", error=f"no-option: {extension.name} could not be given its options"))
    return found
