"""What was done to a record of the store because it is gone from the ERP, so that it can be taken back.

A link keeps it as the base of the whole record: which field was written, what it was before, and what it is since.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncengine.records import RECORD, Change, FieldChange, other
from syncengine.state import Link
from syncengine.values import Value, encode

__all__ = ["BACK", "GONE", "OUT_OF_TRASH", "TakenOut", "note_presence", "taken_out"]

GONE = "it is gone from the erp"
BACK = "it is back in the erp"
OUT_OF_TRASH = "taken out of the trash"


@dataclass(frozen=True, slots=True)
class TakenOut:
    """`was` and `now` are canonical values of the field; a delete has `RECORD` for it."""

    field: str
    was: Value
    now: Value


def taken_out(link: Link) -> TakenOut | None:
    """What was done about the loss of the record and is not taken back yet."""
    return TakenOut(**link.base[RECORD]) if RECORD in link.base else None


def note_presence(link: Link, change: Change) -> None:
    """Save in the link what a write that is done says about the record's being there."""
    if change.action == "delete":
        _note_loss(link, change, RECORD, FieldChange("there", None, GONE))
    for name, what in change.fields.items():
        if what.why == GONE and change.action == "update" and not what.error:
            _note_loss(link, change, name, what)
        elif what.why in (BACK, OUT_OF_TRASH) and not what.error:
            link.base.pop(RECORD, None)


def _note_loss(link: Link, change: Change, name: str, what: FieldChange) -> None:
    """What was there before is what was there at first, however often it is taken out."""
    link.lost = other(change.side)
    known = taken_out(link)
    was = known.was if known is not None and known.field == name else encode(what.old)
    link.base[RECORD] = {"field": name, "was": was, "now": encode(what.new)}
