"""What `sync check` says of a mapping of orders: its statuses and the paths of its lines, against the shop's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncengine.endpoints.woocommerce.order_lines import KINDS
from syncengine.endpoints.woocommerce.schema import Properties, properties
from syncengine.findings import Finding, mistake, ok, place
from syncengine.mapping import Field, Lines
from syncengine.mapping import Mapping as FieldMapping
from syncengine.written import closest, known

__all__ = ["concerns"]


def concerns(mapping: FieldMapping, options: Any) -> Iterator[Finding]:
    """The findings, with what OPTIONS tells of the shop's orders. What a shop does not tell is not looked at."""
    told = properties(options) or {}
    yield from _statuses(mapping, told)
    for field in mapping.fields.values():
        if field.lines is not None and field.goes_to("erp"):
            yield from _lines(mapping, field, field.lines, told)


def _statuses(mapping: FieldMapping, told: Properties) -> Iterator[Finding]:
    """Words that stand in no field: those of [store]."""
    words = (told.get("status") or {}).get("enum")
    if not isinstance(words, list) or not words:
        return
    status = next(mapping.by_path("store", "status"), None)
    moves = (status.moves if status is not None else None) or {}
    for what, used in (
        ("store.only", mapping.store.only.get("status", ())),
        ("store.transitions", dict.fromkeys([*moves, *(word for to in moves.values() for word in to)])),
    ):
        for word in used:
            if word not in [*words, "trash"]:
                yield mistake(what, f"{mapping.file}: the shop has no status {word!r}", known(word, words))


def _lines(mapping: FieldMapping, field: Field, lines: Lines, told: Properties) -> Iterator[Finding]:
    """The paths inside a line: each must be known to one of the kinds of lines at least."""
    inside = {kind: found for kind in lines.kinds if (found := _inside(told.get(kind))) is not None}
    if len(inside) < len(lines.kinds):
        return
    plain = [one for one in lines.fields.values() if one.store != "kind" and ":" not in str(one.store)]
    wrong = [one for one in plain if not any(_spelled(kind, str(one.store)) in inside[kind] for kind in inside)]
    for one in wrong:
        meant = closest(str(one.store), sorted({name for names in inside.values() for name in names}))
        instead = f'did you mean "{meant}"?' if meant else "a plug-in's data is mostly at meta:KEY"
        message = f"{place(mapping, field)}: a line of the shop's orders has no {one.store!r}"
        yield mistake(f"lines.fields.{one.name}", message, instead)
    if not wrong:
        yield ok("lines", f"the shop knows all {len(plain):,} of the fields of lines that are mapped")


def _inside(kind: Any) -> Mapping[str, Any] | None:
    found = ((kind or {}).get("items") or {}).get("properties") if isinstance(kind, dict) else None
    return found if isinstance(found, dict) and found else None


def _spelled(kind: str, path: str) -> str:
    """What the shop calls what every line has, its name and what it comes to."""
    _, name, total = KINDS[kind]
    return {"name": name, "total": total}.get(path, path)
