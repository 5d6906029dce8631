"""What a variable product must offer before a variation can choose it: a new option extends its product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.kinds import VARIATION, parent_of
from syncengine.endpoints.woocommerce.paths import Paths, options_in
from syncengine.endpoints.woocommerce.pull import by_id
from syncengine.records import Change, FieldChange
from syncengine.values import Value, match_key

__all__ = ["extensions"]


def extensions(client: Client, paths: Paths, changes: Sequence[Change], run: str) -> list[Change]:
    """Changes that give products in the store the options which these variations need and they do not offer."""
    wanted: dict[str, dict[str, dict[str, Change]]] = {}  # product -> field -> option -> who needs it
    for change in changes:
        product = change.below or parent_of(change.record_id)
        if change.kind != VARIATION or not product:
            continue
        for name, what in change.fields.items():
            if paths.path_of(name)[0].startswith("attribute:"):
                for option in options_in(what.new):
                    wanted.setdefault(product, {}).setdefault(name, {}).setdefault(option, change)
    found: list[Change] = []
    for rows in by_id(client, wanted, "id,attributes") if wanted else ():
        for row in rows:
            if (extension := _extension(paths, row, wanted[str(row["id"])])) is not None:
                extension.id = f"{run}-options-{row['id']}"
                found.append(extension)
    return found


def _extension(paths: Paths, row: Mapping[str, Any], wanted: Mapping[str, Mapping[str, Change]]) -> Change | None:
    fields: dict[str, FieldChange] = {}
    options: dict[str, list[str]] = {}
    needs: Change | None = None
    for name, who in wanted.items():
        path, kind = paths.path_of(name)
        offered = options_in(paths.cell(path, dict(row)))
        known = {match_key(one) for one in offered}
        if missing := [option for option in who if match_key(option) not in known]:
            needs = who[missing[0]]
            options[name] = [*offered, *missing]
            listed: Value = options[name] if kind.name == "list" else " | ".join(options[name])
            before: Value = offered if kind.name == "list" else " | ".join(offered)
            fields[name] = FieldChange(before, listed, f"needed by {needs.name}")
    if needs is None:
        return None
    change = Change("", "store", "update", needs.entity, needs.parent, str(row["id"]), fields)
    change.kind, change.options = "variable", options
    return change
