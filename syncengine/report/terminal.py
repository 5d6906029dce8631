"""Runs in the terminal: what was read, what changes, what waits, and one plain sentence at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from syncengine.records import Action, Change, Counts, FieldChange, Held, JobResult, Reject, Side
from syncengine.report.choices import in_words
from syncengine.report.document import record_name
from syncengine.report.spelling import around_difference, clipped, printable, printable_value
from syncengine.report.summary import (
    FATES,
    IN_PART,
    NO_ANSWER,
    counted,
    fate_of,
    how_many,
    is_plan,
    newly_held,
    rejected_rows,
    sentence,
    tally,
    unsaid_error,
)
from syncengine.values import Type

__all__ = ["ERP", "SIDES", "held_block", "print_results"]

SIDES: dict[Side, str] = {"erp": "ERP", "store": "store"}
ERP = SIDES["erp"]
MOST_CHANGES = 20
MOST_TROUBLED = 20  # beside the others
MOST_REJECTS = 10
MOST_HELD = 10
LONGEST_VALUE = 60
LONGEST_MESSAGE = 400
CREATED_FIELDS = 4  # that name a new record; the report has all of them
SHOWS_ALL = "--report changes.html shows all"
SHOWS_SOME = "sync history KEY shows a record's; with --report changes.html a run saves all"
EXPECTED = ("planned", "done")
TROUBLED = {"failed": "✗ failed", IN_PART: "✗ made in part", NO_ANSWER: "? no answer"}
NAMES_OF_ACTIONS: dict[Action, tuple[str, str]] = {
    "create": ("To create", "Created"),
    "update": ("To update", "Updated"),
    "delete": ("To delete", "Deleted"),
}


def print_results(
    results: Sequence[JobResult], console: Console, verbose: bool = False, report: Path | None = None
) -> None:
    """Every job, one after the other; `verbose` leaves nothing out. `report` is where all of it has been saved."""
    for number, result in enumerate(results):
        if number:
            console.print()
        _print_result(result, console, verbose, report)


def _print_result(result: JobResult, console: Console, verbose: bool, report: Path | None) -> None:
    console.print(_title(result))
    if result.status != "failed" or result.read != Counts():
        console.print()
        console.print(_indented(_numbers(result)))
    for block in _blocks(result, console.width, verbose, report):
        console.print()
        console.print(block)
    console.print()
    console.print(_closing(result))


def _title(result: JobResult) -> Text:
    title = Text(printable(result.job), style="bold")
    if result.dry_run:
        title.append("  dry run", style="cyan")
    title.append(f"  {printable(result.run)}", style="dim")
    if result.finished is not None:
        title.append(f"  {_duration((result.finished - result.started).total_seconds())}", style="dim")
    return title


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def _numbers(result: JobResult) -> Table:
    """What was read and what comes of it, a column a side; lines without a number are left out."""
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column(ERP, justify="right")
    table.add_column("store", justify="right")
    lines = [("read", result.read), ("unchanged", result.unchanged), ("changed", result.changed)]
    seldom = [("unlinked", result.unlinked), ("rejected", _rejected(result))]
    changes, meant = tally(result), "planned" if is_plan(result) else "done"
    for action in NAMES_OF_ACTIONS:
        seldom.append((_title_of(action, meant).lower(), counted(changes, action, meant)))
    seldom += [(fate, counted(changes, fate=fate)) for fate in FATES if fate != meant]
    lines += [line for line in seldom if line[1] != Counts()]
    for name, counts in lines:
        style = "dim" if name in ("read", "unchanged") else ""
        table.add_row(name, f"{counts.erp:,}", f"{counts.store:,}", style=style)
    return table


def _rejected(result: JobResult) -> Counts:
    counts = Counts()
    for side, _ in {(reject.side, reject.where) for reject in result.rejects}:
        counts.add(side)
    return counts


def _blocks(result: JobResult, width: int, verbose: bool, report: Path | None) -> Iterator[RenderableType]:
    all_saved = f"{printable(report.name)} has all" if report else ""
    if remarks := _remarks(result):
        yield _lines(remarks)
    yield from _change_blocks(result, width, verbose, all_saved or (SHOWS_ALL if result.dry_run else SHOWS_SOME))
    if result.held:
        yield Group(*_held_lines(result, verbose))
    if result.rejects:
        yield Group(*_reject_lines(result, verbose))
    if result.warnings:
        warnings = [printable(clipped(warning, LONGEST_MESSAGE)) for warning in result.warnings]
        yield Group(Text(f"Warnings ({len(warnings):,})", style="bold yellow"), _lines(warnings))


def _remarks(result: JobResult) -> list[str]:
    """Numbers that are seldom there, each with what it means."""
    remarks = []
    if unlinked := result.unlinked.erp + result.unlinked.store:
        remarks.append(f"{how_many(unlinked, 'record')} without a partner on the other side")
    if result.settled:
        remarks.append(f"{how_many(result.settled, 'conflict')} settled by the table of truth")
    if new := newly_held(result):
        remarks.append(f"{how_many(new, 'new conflict')} held")
    if result.drift:
        remarks.append(f"{how_many(result.drift, 'edit')} on a side that does not own the field")
    if result.unwritten:
        remarks.append(f"{how_many(result.unwritten, 'change')} for a side that is not written")
    return remarks


def _change_blocks(result: JobResult, width: int, verbose: bool, where_all_are: str) -> Iterator[RenderableType]:
    """Changes grouped by what is done where, those that failed first: they take no room from the others."""
    troubled: list[Change] = []
    others: dict[tuple[str, Action, Side], list[Change]] = {
        place: [] for place in product(FATES, NAMES_OF_ACTIONS, SIDES)
    }
    for change in result.changes:
        fate = fate_of(change, result)
        (troubled if fate in TROUBLED else others[fate, change.action, change.side]).append(change)
    groups = [("Failed or unanswered", troubled)]
    for (fate, action, side), changes in others.items():
        became = f": {fate}" if fate not in EXPECTED else ""
        groups.append((f"{_title_of(action, fate)} in the {SIDES[side]}{became}", changes))
    groups = [(title, changes) for title, changes in groups if changes]
    sizes = [len(changes) for _, changes in groups]
    if verbose:
        shares = sizes
    elif troubled:
        shares = [min(len(troubled), MOST_TROUBLED), *_shares(sizes[1:], MOST_CHANGES)]
    else:
        shares = _shares(sizes, MOST_CHANGES)
    for (title, changes), share in zip(groups, shares, strict=True):
        style = "bold red" if changes is troubled else "bold"
        table = _change_table(changes[:share], result, width, verbose)
        yield Group(Text(f"{title} ({len(changes):,})", style=style), _indented(table))
    if left_out := len(result.changes) - sum(shares):
        yield _more(left_out, where_all_are)


def _title_of(action: Action, fate: str) -> str:
    return NAMES_OF_ACTIONS[action][1 if fate == "done" else 0]


def _shares(sizes: Sequence[int], most: int) -> list[int]:
    """How many of each group are shown: small ones whole, large ones share what is left."""
    shares = [0] * len(sizes)
    left = most
    by_size = sorted(range(len(sizes)), key=lambda index: sizes[index])
    for position, index in enumerate(by_size):
        shares[index] = min(sizes[index], max(1, left // (len(sizes) - position)))
        left -= shares[index]
    return shares


def _change_table(changes: Sequence[Change], result: JobResult, width: int, verbose: bool) -> Table:
    """A line per changed field: on a wide terminal its reason has a column, on a narrow one it follows in brackets."""
    wide = width >= 100
    rows: list[tuple[Text, ...]] = []
    for change in changes:
        name = Text(printable(record_name(change)), style="bold")
        for field_name, what, why in _change_lines(change, result, verbose):
            if wide:
                rows.append((name, field_name, what, Text(why, style="dim")))
            else:
                rows.append((name, field_name, Text.assemble(what, (f"  ({why})" if why else "", "dim"))))
            name = Text("")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    # An empty column would take room from the others.
    used = [number for number, cells in enumerate(zip(*rows, strict=True)) if any(cells)]
    widths = [max(10, width // 4), max(10, width // 4), None, width // 3]
    for number in used:
        table.add_column(overflow="fold", max_width=widths[number])
    for row in rows:
        table.add_row(*(row[number] for number in used))
    return table


def _change_lines(change: Change, result: JobResult, verbose: bool) -> Iterator[tuple[Text, Text, str]]:
    types = result.types
    if change.action == "create" and not verbose:
        yield Text(""), _created(change, types), ""
    else:
        for name, field in change.fields.items():
            yield Text(printable(name)), _from_to(field, types.get(name), verbose), printable(field.why)
    if not change.fields and change.action == "delete":
        yield Text(""), Text("the whole record"), ""
    fate, error = fate_of(change, result), unsaid_error(change)
    if fate in TROUBLED:
        said = f": {printable(clipped(error, LONGEST_MESSAGE))}" if error else ""
        yield Text(""), Text(f"{TROUBLED[fate]}{said}", style="red"), ""
    for name, field in change.fields.items():
        if field.error and field.error != change.error:
            yield Text(printable(name)), Text(f"✗ {printable(clipped(field.error, LONGEST_MESSAGE))}", style="red"), ""


def _created(change: Change, types: Mapping[str, Type]) -> Text:
    filled = [(name, field) for name, field in change.fields.items() if field.new not in (None, "", [])]
    text = Text()
    for name, field in filled[:CREATED_FIELDS]:
        text.append(f"{printable(name)} ", style="dim")
        text.append(printable_value(field.new, types.get(name), LONGEST_VALUE) + "  ")
    if len(filled) > CREATED_FIELDS:
        text.append(f"and {len(filled) - CREATED_FIELDS} more", style="dim")
    return text


def _from_to(field: FieldChange, kind: Type | None, verbose: bool) -> Text:
    old, new = printable_value(field.old, kind), printable_value(field.new, kind)
    if not verbose:
        old, new = around_difference(old, new, LONGEST_VALUE)
    return Text.assemble((old, "dim"), " → ", (new, "green"))


def _held_lines(result: JobResult, verbose: bool) -> Iterator[Text]:
    yield Text(f"Waiting for you ({len(result.held):,})", style="bold yellow")
    listed = result.held if verbose else result.held[:MOST_HELD]
    for held in listed:
        yield held_block(held, result.types.get(held.field))
    if left_out := len(result.held) - len(listed):
        yield _more(left_out, SHOWS_ALL if result.dry_run else "sync conflicts lists all")


def held_block(held: Held, kind: Type | None = None) -> Text:
    """A conflict: what each side says, and the command that answers it."""
    title = Text("  ")
    if held.id:
        title.append(f"#{held.id}  ", style="yellow")
    title.append(printable(held.key), style="bold")
    title.append(f"  {printable(held.field)}")
    if held.why:
        title.append(f"  {printable(held.why)}", style="dim")
    for label, value in ((ERP, held.erp), ("store", held.store), ("last agreed", held.base)):
        title.append(f"\n      {label:<13}", style="dim")
        title.append(printable_value(value, kind, LONGEST_VALUE))
    command = (
        f"sync conflicts resolve {held.id} --take {in_words(held.field)}" if held.id else "a run gives it its number"
    )
    title.append(f"\n      {command}", style="cyan" if held.id else "dim")
    return title


def _reject_lines(result: JobResult, verbose: bool) -> Iterator[RenderableType]:
    yield Text(f"Rejected rows ({rejected_rows(result):,})", style="bold red")
    rows: dict[tuple[Side, str], list[Reject]] = {}
    for reject in result.rejects:
        rows.setdefault((reject.side, reject.where), []).append(reject)
    listed = list(rows.values()) if verbose else list(rows.values())[:MOST_REJECTS]
    yield _lines([_reject_line(reject) for row in listed for reject in row])
    if left_out := len(rows) - len(listed):
        yield _more(left_out, SHOWS_ALL if result.dry_run else "sync rejected lists all")


def _reject_line(reject: Reject) -> str:
    where = [printable(part) for part in (reject.where, reject.key) if part]
    reason = printable(clipped(reject.reason, LONGEST_MESSAGE))
    return "  ".join([*where, f"{printable(reject.field)}: {reason}" if reject.field else reason])


def _lines(lines: Sequence[str]) -> Padding:
    return _indented(Text("\n".join(lines)))


def _more(number: int, where: str) -> Text:
    return Text(f"  … and {number:,} more: {where}", style="dim")


def _indented(block: Table | Text) -> Padding:
    return Padding(block, (0, 0, 0, 2), expand=False)


def _closing(result: JobResult) -> Text:
    styles = {"done": "bold", "stopped": "bold yellow", "failed": "bold red"}
    return Text(printable(sentence(result)), style=styles[result.status])
