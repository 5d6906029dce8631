"""What a check found, for people: a block for each connection and job, and one sentence at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from syncengine.check.looked import Looked, Seen
from syncengine.findings import Finding, Level
from syncengine.report.spelling import clipped, printable
from syncengine.report.summary import how_many

__all__ = ["print_check"]

MARKS: Mapping[Level, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "info": ("·", "dim"),
    "warning": ("!", "bold yellow"),
    "error": ("✗", "bold red"),
}
LONGEST_MESSAGE, LONGEST_VALUE = 600, 40


def print_check(looked: Sequence[Looked], console: Console) -> None:
    for one in looked:
        console.print(Text.assemble((printable(one.name), "bold"), ("  " + printable(one.about), "dim")))
        console.print(_indented(_findings(one.findings)))
        if one.seen is not None:
            console.print()
            where = " and ".join(map(printable, one.seen.where))
            console.print(Text(f"  {where}" + ("" if len(one.seen.where) > 1 else ", without a partner"), style="dim"))
            console.print(_indented(_side_by_side(one.seen)))
        console.print()
    console.print(_closing([finding for one in looked for finding in one.findings]))


def _findings(findings: Sequence[Finding]) -> Table:
    lines = Table.grid(padding=(0, 2, 0, 0))
    lines.add_column(no_wrap=True)
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for finding in findings:
        mark, style = MARKS[finding.level]
        said = Text(
            printable(clipped(finding.message, LONGEST_MESSAGE)), style="" if finding.level != "info" else "dim"
        )
        if finding.instead:
            said.append(f"\n→ {printable(clipped(finding.instead, LONGEST_MESSAGE))}", style="cyan")
        lines.add_row(Text(mark, style=style), Text(printable(clipped(finding.what, LONGEST_VALUE)), style="dim"), said)
    return lines


def _side_by_side(seen: Seen) -> Table:
    """One record as both sides have it; what differs stands out."""
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False)
    for name in ("field", "ERP", "store"):
        table.add_column(name, header_style="dim", overflow="fold")
    for field in seen.fields:
        style = "" if field.erp == field.store or None in (field.erp, field.store) else "yellow"
        cells = (printable(clipped(cell or "", LONGEST_VALUE)) for cell in (field.erp, field.store))
        table.add_row(Text(printable(field.name)), *(Text(cell, style=style) for cell in cells))
    return table


def _closing(findings: Sequence[Finding]) -> Text:
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    if not errors and not warnings:
        return Text("Nothing was found that needs to be done, and nothing was changed.", style="bold")
    counts = [how_many(errors, "error")] if errors else []
    counts += [how_many(warnings, "warning")] if warnings else []
    return Text(f"{' and '.join(counts)}; nothing was changed.", style="bold red" if errors else "bold yellow")


def _indented(block: Table) -> Padding:
    return Padding(block, (0, 0, 0, 2), expand=False)
