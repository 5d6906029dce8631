"""The CSV report: one row per changed field, for spreadsheets.

Conflicts, rejected rows and warnings are rows too, and so is a run that did not come to its end: the first of its job.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from syncengine.records import JobResult
from syncengine.report.document import record_name
from syncengine.report.summary import outcome_of, promised, sentence
from syncengine.values import shown

__all__ = ["COLUMNS", "table"]

COLUMNS = ("job", "run", "side", "action", "key", "id", "field", "from", "to", "why", "outcome", "error")
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets take UTF-8 for the local code page
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a comma is in numbers, spreadsheets split lines elsewhere, and then quotes are no quotes.
AFTER_A_SPLIT = re.compile(r'(?<=[;|\t\r\n])([ "]*)(?=[=+\-@＝＋－＠])')
NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")


def table(results: Sequence[JobResult]) -> str:
    """All results as CSV text, with a byte order mark."""
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for result in results:
        writer.writerows([_harmless(cell) for cell in row] for row in _rows(result))
    return text.getvalue()


def _rows(result: JobResult) -> Iterator[tuple[str, ...]]:
    start, no_record = (result.job, result.run), ("",) * 6
    if result.status != "done":
        yield (*start, "", result.status, *no_record, result.status, sentence(result))
    for change in result.changes:
        who = (*start, change.side, change.action, record_name(change), change.record_id or "")
        if not change.fields:
            yield (*who, "", "", "", "", outcome_of(change), change.error)
        for name, field in change.fields.items():
            kind = result.types.get(name)
            values = (name, shown(field.old, kind), shown(field.new, kind), field.why)
            status, error = change.became(name)
            yield (*who, *values, promised(status), error)
    for held in result.held:
        kind = result.types.get(held.field)
        said = f"erp has {shown(held.erp, kind)!r}, store has {shown(held.store, kind)!r}"
        why = "; ".join(filter(None, (said, held.why, f"conflict {held.id}" if held.id else "")))
        values = (held.field, shown(held.base, kind), "", why)
        yield (*start, "", "held", held.key, "", *values, "held", "")
    for reject in result.rejects:
        where = (reject.side, "rejected", reject.key or "", "", reject.field or "")
        yield (*start, *where, "", "", reject.where, "rejected", reject.reason)
    for warning in result.warnings:
        yield (*start, "", "warning", *no_record, "warning", warning)


def _harmless(cell: str) -> str:
    """A spreadsheet runs what looks like a formula; an apostrophe before it makes it text. Numbers stay numbers."""
    if NUMBER.fullmatch(cell):
        return cell
    safe = AFTER_A_SPLIT.sub(r"\1'", cell)
    return f"'{safe}" if cell.startswith(STARTS_A_FORMULA) else safe
