"""Where a new record goes that stands below another one: the parent may have been created a moment ago."""

from __future__ import annotations

from collections.abc import Sequence

from syncengine.engine.job import JobRun
from syncengine.records import Change

__all__ = ["place_below"]


def place_below(job: JobRun, changes: Sequence[Change]) -> list[Change]:
    """Tell creates in the store the id of their parent; return those whose parent is not there."""
    waiting = [one for one in changes if one.parent is not None and one.action == "create" and one.side == "store"]
    keys = {one.parent for one in waiting if one.parent is not None}
    ids = {link.erp_key: link.store_id for link in job.state.links.by_identifier(job.name, "erp", keys)} if keys else {}
    for change in waiting:
        change.below = ids.get(change.parent)
    return [one for one in waiting if one.below is None]
