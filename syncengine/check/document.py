"""What a check found, as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from syncengine.check.looked import Looked, Seen, exit_code
from syncengine.findings import Finding

__all__ = ["document"]

VERSION = 1


def document(looked: Sequence[Looked]) -> dict[str, Any]:
    """What `sync check --json` prints."""
    return {
        "version": VERSION,
        "exit_code": exit_code(looked),
        "connections": [
            {"connection": one.name, "about": one.about, "findings": _findings(one)}
            for one in looked
            if one.kind == "connection"
        ],
        "jobs": [
            {"job": one.name, "about": one.about, "findings": _findings(one), "record": _record(one.seen)}
            for one in looked
            if one.kind == "job"
        ],
    }


def _findings(looked: Looked) -> list[dict[str, Any]]:
    return [_finding(finding) for finding in looked.findings]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "level": finding.level,
        "exit_code": finding.exit_code,
        "what": finding.what,
        "message": finding.message,
        "to_do": finding.instead or None,
    }


def _record(seen: Seen | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    fields = [{"field": one.name, "erp": one.erp, "store": one.store} for one in seen.fields]
    return {"where": list(seen.where), "fields": fields}
