"""What an outcome means for its record: which bases move, whether the link stays dirty, what is in flight.

A field's bases move only when every write that it needed is done. `sum` is the exception: its bases are two
counters, and each difference that has arrived moves both.
"""

from __future__ import annotations

from syncengine.engine.flight import hand_over
from syncengine.engine.item import Item
from syncengine.engine.job import JobRun
from syncengine.engine.kinds import fields_of, kinds_of
from syncengine.engine.taken_out import note_presence
from syncengine.records import Change, Outcome, Side
from syncengine.state import Link
from syncengine.values import Value, encode, same, shown

__all__ = ["NoAnswer", "account", "account_quiet", "add_difference", "answered", "take_identifier", "was_refused"]

OPEN = ("planned", "sent", "unknown")


class NoAnswer:
    """The side did not say what it holds."""


def account(job: JobRun, item: Item | None, outcome: Outcome, echo: int | None = None) -> None:
    """Take one outcome into its change and, where it belongs to a record (and not to a category), into its link.

    `echo` is the hash of the record as the side answered: with it our own write is known when it comes back.
    """
    change = outcome.change
    change.status, change.error = outcome.status, outcome.error
    change.taken = outcome.status in ("done", "in-flight")
    change.record_id = outcome.record_id or change.record_id
    if item is None:
        return
    if outcome.record_id is not None and outcome.status in ("done", "failed"):
        take_identifier(job, item.pair.link, change.side, outcome.record_id)
    if outcome.status == "done":
        _account_done(job, item, outcome)
        note_presence(item.pair.link, change)
        _expect_echo(item, outcome.change.side, None if _moved_more(job, item, outcome) else echo)
    elif outcome.status == "in-flight":
        _account_in_flight(job, item, change)
    _release_decided(job, item)
    _move_bases(item)
    if all(one.status not in OPEN for one in item.changes.values()):
        item.pair.link.dirty = any(map(was_refused, item.changes.values()))
        item.pair.link.unkept = any(what.error for one in item.changes.values() for what in one.fields.values())
        _save_hashes(item)


def account_quiet(item: Item) -> None:
    """A record of which nothing had to be written."""
    item.released += item.decided.values()
    if item.gone is not None and not item.held:
        item.pair.link.lost = item.gone
    _move_bases(item)
    if item.settles:
        item.pair.link.dirty = item.pair.link.unkept = False
        _save_hashes(item)


def add_difference(job: JobRun, link: Link, name: str, difference: Value) -> None:
    """One side's counter has been told what the other's did: both bases move by it."""
    assert isinstance(difference, int) or difference is not None
    erp, store = (encode(job.base(link, side, name) + difference) for side in ("erp", "store"))  # type: ignore[operator]
    link.account(name, erp, store)


def take_identifier(job: JobRun, link: Link, side: Side, record_id: str) -> bool:
    """Save the identifier that a create got. False where it belongs to another pair: the next run sorts that out."""
    if link.identifier(side) is not None:
        return link.identifier(side) == record_id
    owners = [one for one in job.state.links.by_identifier(job.name, side, [record_id]) if one.id != link.id]
    if any(owner.paired for owner in owners):
        return False
    job.state.links.drop([owner.id for owner in owners if owner.id is not None])
    if side == "store":
        link.store_id = record_id
    else:
        link.erp_key = record_id
    return True


def _account_done(job: JobRun, item: Item, outcome: Outcome) -> None:
    change, link = outcome.change, item.pair.link
    for name, what in change.fields.items():
        told = answered(job, outcome, name)
        if what.difference is not None:
            add_difference(job, link, name, what.difference)
            item.waits.pop(name, None)
            item.bases.pop(name, None)
        elif what.error:
            continue
        elif isinstance(told, NoAnswer):
            item.waits.get(name, set()).discard(change.side)
        elif same(told, what.new) or _kept(job, change.side, name, what.new, told):
            item.waits.get(name, set()).discard(change.side)
            _take_told(item, name, change.side, told)
        else:
            what.error = f"the {change.side} kept {shown(told, job.type_of(name)) or 'nothing'}"
    if change.action == "create":
        _account_defaults(job, item, outcome)
        link.erp_kind, link.store_kind = kinds_of(change)
    refused = [f"{name}: {what.error}" for name, what in change.fields.items() if what.error]
    if refused:
        change.status, change.error = "failed", "; ".join(refused)


def _kept(job: JobRun, side: Side, name: str, sent: Value, told: Value) -> bool:
    one = job.mapping.fields.get(name)
    path = one.path(side) if one else None
    return path is not None and job.endpoint(side).kept(path, sent, told)


def _take_told(item: Item, name: str, side: Side, told: Value) -> None:
    """What the side answered is what it will be measured against."""
    if name in item.bases:
        erp, store = item.bases[name]
        item.bases[name] = (told, store) if side == "erp" else (erp, told)


def _account_defaults(job: JobRun, item: Item, outcome: Outcome) -> None:
    """What a new record got without being told, such as a status: that is what both sides now have of it."""
    for name, (erp, store) in list(item.bases.items()):
        if name not in outcome.change.fields:
            told = answered(job, outcome, name)
            known = told if not isinstance(told, NoAnswer) else None
            item.bases[name] = (erp, known) if outcome.change.side == "store" else (known, store)
            item.waits.pop(name, None)


def _expect_echo(item: Item, side: Side, echo: int | None) -> None:
    """Our own write comes back as a change at the next pull: know its hash beforehand."""
    if echo is None:
        return
    if (row := item.pair.row(side)) is not None:
        row.hash = echo
    elif side == "store":
        item.pair.link.store_hash = echo
    else:
        item.pair.link.erp_hash = echo


def _moved_more(job: JobRun, item: Item, outcome: Outcome) -> bool:
    """Whether an update moved fields that it did not name, as a lower price drops the sale price. The next run must see
    that as a change."""
    change, link = outcome.change, item.pair.link
    if change.action != "update":
        return False
    row = item.pair.row(change.side)
    for one in fields_of(job, item.pair):
        told, path = answered(job, outcome, one.name), one.path(change.side)
        if one.name in change.fields or isinstance(told, NoAnswer) or path is None:
            continue
        known = one.read(change.side, row.cells.get(path), job.endpoint(change.side).format) if row else None
        if not same(told, known if row else job.base(link, change.side, one.name)):
            return True
    return False


def _account_in_flight(job: JobRun, item: Item, change: Change) -> None:
    for name in change.fields:
        hand_over(job, item.pair.link, change, name, _held_by_store(job, item, name))


def _move_bases(item: Item) -> None:
    """Save the bases of all fields that wait for no write any more."""
    for name in [name for name in item.bases if not item.waits.get(name)]:
        erp, store = item.bases.pop(name)
        item.pair.link.account(name, encode(erp), encode(store))


def _release_decided(job: JobRun, item: Item) -> None:
    """A conflict is over when what was decided has been written, or handed over."""
    handed_over: set[Side] = {"erp"} if job.erp.takes_later else set()
    refused = {name for change in item.changes.values() for name, what in change.fields.items() if what.error}
    for name in [name for name in item.decided if name not in refused]:
        waits = item.waits.get(name, set())
        unsent = {
            side for side in waits & handed_over if side in item.changes and item.changes[side].status != "in-flight"
        }
        if not (waits - handed_over) and not unsent:
            item.released.append(item.decided.pop(name))


def was_refused(change: Change) -> bool:
    """Whether nothing of a change was taken, so that the next run tries again; a value that the side did not keep, or
    refused for itself, is tried again only when it changes."""
    each_for_itself = bool(change.fields) and all(what.error for what in change.fields.values())
    return change.status == "failed" and not change.taken and not each_for_itself


def _save_hashes(item: Item) -> None:
    link, pair = item.pair.link, item.pair
    link.erp_hash = pair.erp.hash if pair.erp is not None else link.erp_hash
    link.store_hash = pair.store.hash if pair.store is not None else link.store_hash
    if item.gone == "erp":
        link.erp_hash = None
    elif item.gone == "store":
        link.store_hash = None


def answered(job: JobRun, outcome: Outcome, name: str) -> Value | NoAnswer:
    """What the side said it holds of a field, after taking a change."""
    side, one = outcome.change.side, job.mapping.fields.get(name)
    path = one.path(side) if one else None
    if one is None or path is None or outcome.cells is None or path not in outcome.cells:
        return NoAnswer()
    try:
        return one.read(side, outcome.cells[path], job.endpoint(side).format)
    except ValueError:
        return str(outcome.cells[path])


def _held_by_store(job: JobRun, item: Item, name: str) -> Value:
    one, row = job.mapping.fields[name], item.pair.store
    if row is None or one.store is None:
        return job.base(item.pair.link, "store", name)
    return one.read("store", row.cells.get(one.store), job.store.format)
