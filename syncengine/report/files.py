"""Reports as files: the name's ending says which kind, and a reader never sees half of one."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from syncengine.records import JobResult
from syncengine.report.document import document
from syncengine.report.table import table

__all__ = ["check_report_path", "json_text", "write_report"]


def json_text(results: Sequence[JobResult]) -> str:
    return json.dumps(document(results), ensure_ascii=False) + "\n"


def _page(results: Sequence[JobResult]) -> str:
    from syncengine.report.page import page  # noqa: PLC0415 - templates take their time, and most runs need none

    return page(results)


KINDS: Mapping[str, Callable[[Sequence[JobResult]], str]] = {".html": _page, ".json": json_text, ".csv": table}


def check_report_path(path: Path) -> None:
    """Raises ValueError, saying what to write instead, where no report can be saved under this name."""
    if path.name in ("", ".."):
        raise ValueError("a report is a file: write its name, such as report.html")
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"a report ends in {', '.join(KINDS)}: write {path.with_suffix('.html')} instead of {path}")
    try:
        with suppress(FileNotFoundError):
            path.stat()  # not every Python minds links in a circle when it resolves them
        _check_place(path, path.resolve())
    except (OSError, RuntimeError) as error:  # of names that are too long, unreadable folders, links in a circle
        raise ValueError(f"no report can be saved as {path}: {getattr(error, 'strerror', None) or error}") from None


def _check_place(path: Path, target: Path) -> None:
    """`target` is where the path leads to, should it be a link."""
    if not target.parent.is_dir():
        raise ValueError(f"the folder {target.parent} of the report {path.name} does not exist; make it first")
    if target.is_dir():
        raise ValueError(f"{path} is a folder; a report is a file")
    if target.exists() and not target.is_file():
        raise ValueError(f"{path} is a device or the like, which no report can replace; give another name")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ValueError(f"this user may not write in the folder {target.parent} of the report {path.name}")


def write_report(path: Path, results: Sequence[JobResult]) -> None:
    """Saves the results as the kind of report that the name's ending says."""
    check_report_path(path)
    text = KINDS[path.suffix.lower()](results)
    # Half a character of a broken source is no UTF-8; escaped, it is still valid JSON.
    _replace(path.resolve(), text.encode("utf-8", "backslashreplace"))


def _replace(path: Path, content: bytes) -> None:
    """Writes beside the file and renames; permissions are those of any new file."""
    unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
