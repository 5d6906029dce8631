"""`sync conflicts resolve` and `sync retry`: what a person decides, for the next run to carry out."""

from __future__ import annotations

import argparse
from contextlib import closing, suppress
from typing import Any

from syncengine.commands.output import printed
from syncengine.endpoints import View, open_endpoint
from syncengine.errors import CannotRun, ConfigError, Problem
from syncengine.mapping import Field, Mapping
from syncengine.mapping_file import load_mapping
from syncengine.records import KIND, RECORD, SIDES, Side
from syncengine.report.choices import choices, in_words
from syncengine.settings import Settings
from syncengine.settings_file import load_settings
from syncengine.state import State
from syncengine.state.journal import Conflict
from syncengine.store_paths import TABLES, Table
from syncengine.values import PLAIN, Value, encode, is_empty, shown
from syncengine.written import Mistake, known

__all__ = ["resolve", "retry"]

DECIDED = {
    (RECORD, "erp"): "it is made anew in the store",
    (RECORD, "store"): "it is let go",
    (KIND, "store"): "it goes on as what it is in the store",
}
REFUSED = {
    RECORD: ("the whole record waits", ""),
    KIND: ("what a product is, is never changed by a run", "change the type in the store yourself, or "),
}


def resolve(args: argparse.Namespace) -> int:
    """Save the answer to one conflict."""
    settings = load_settings(args.config)
    with State.look(settings.state_url) as state:
        conflicts = {one.id: one for one in state.journal.conflicts()}
    if args.id not in conflicts:
        raise _no_such(args.id, list(conflicts))
    conflict = conflicts[args.id]
    answer, said = _answer(settings, conflict, args.take)
    with State.open(settings.state_url) as state, state.transaction():
        if not state.journal.answer(args.id, answer):
            raise _no_such(args.id, [one.id for one in state.journal.conflicts()])
    return printed(
        lambda: print(f"#{args.id} {conflict.key} {conflict.field}: {said}. It takes effect in the next run.")
    )


def retry(args: argparse.Namespace) -> int:
    """Have records with failed changes read and merged again."""
    settings = load_settings(args.config)
    if args.job is not None and args.job not in settings.jobs:
        raise ConfigError(Problem("--job", None, f"there is no job {args.job!r}", known(args.job, list(settings.jobs))))
    with State.look(settings.state_url) as state:
        names = [args.job] if args.job else list(settings.jobs)
        failed = {name: state.ledger.failed_links(name) for name in names}
    if not any(failed.values()):
        return printed(lambda: print("No failed changes: there is nothing to try again."))
    with State.open(settings.state_url) as state, state.transaction():
        for links in failed.values():
            state.links.mark_dirty(links)
    said = [
        f"{name}: {len(links):,} record{'s' if len(links) > 1 else ''} will be tried again in the next run."
        for name, links in failed.items()
        if links
    ]
    return printed(lambda: print("\n".join(said)))


def _no_such(number: int, there: list[int]) -> ConfigError:
    instead = f"open are: {', '.join(map(str, there))}" if there else "there is none; `sync conflicts` lists them"
    return ConfigError(Problem("sync conflicts resolve", None, f"there is no open conflict {number}", instead))


def _answer(settings: Settings, conflict: Conflict, take: str) -> tuple[dict[str, Any], str]:
    """The answer as the state keeps it, and in words."""
    if conflict.field in REFUSED and take not in choices(conflict.field):
        message, instead = REFUSED[conflict.field]
        raise _bad(conflict, message, f"{instead}write {in_words(conflict.field, '--take ')}")
    if take in ("erp", "store"):
        return {"take": take}, DECIDED.get((conflict.field, take), f"the {take}'s value is taken")
    if conflict.job not in settings.jobs:
        raise _bad(conflict, f"the config has no job {conflict.job!r} any more", "write --take erp or --take store")
    mapping = load_mapping(settings.jobs[conflict.job].mapping)
    field = mapping.fields.get(conflict.field)
    if field is None:
        raise _bad(conflict, "the mapping has no such field any more", "write --take erp or --take store")
    value = _value(conflict, TABLES[mapping.entity], field, take)
    for side in SIDES:
        if field.goes_to(side) and (reason := _refusal(settings, conflict.job, side, mapping, field, value)):
            raise _bad(conflict, reason, f"write erp, store, or a value that the {side} takes")
    said = f"{shown(value, field.type) or 'no value'} is taken for both sides"
    return {"take": "value", "value": encode(value)}, said


def _refusal(settings: Settings, name: str, side: Side, mapping: Mapping, field: Field, value: Value) -> str:
    """Why the side does not take this value, which would be rejected in every run; "" where it does, or cannot be asked
    now (which classes the shop has, say)."""
    job = settings.jobs[name]
    connection = settings.connections[job.erp if side == "erp" else job.store]
    with (
        suppress(CannotRun),
        closing(open_endpoint(connection, View(name, side, mapping, "", read_only=True))) as there,
    ):
        return there.refusal(field.path(side) or "", value)
    return ""


def _value(conflict: Conflict, table: Table, field: Field, take: str) -> Value:
    try:
        value = PLAIN.read(take, field.type)
        if field.store is not None:
            table.check_word(field.store, value)
        if field.goes_to("erp"):
            field.write("erp", value, PLAIN)
    except Mistake as mistake:
        raise _bad(conflict, str(mistake), mistake.instead) from None
    except ValueError as error:
        raise _bad(conflict, str(error), f"write erp, store, or a value of type {field.type.name}") from None
    if field.required and is_empty(value):
        raise _bad(conflict, "it is required, and this is empty", "write erp, store, or a value")
    return value


def _bad(conflict: Conflict, message: str, instead: str) -> ConfigError:
    return ConfigError(Problem(f"#{conflict.id} {conflict.key} {conflict.field}", None, message, instead))
