"""A mapping against what the shop says of its own fields: the schemas that its routes tell (OPTIONS)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from syncengine.findings import Finding, mistake, ok, place, warning
from syncengine.mapping import Field
from syncengine.mapping import Mapping as FieldMapping
from syncengine.written import closest

__all__ = ["Properties", "accepted", "against_schemas", "filters", "properties"]

Properties = Mapping[str, Any]  # of one kind of record, by name, as JSON Schema


def properties(options: Any) -> Properties | None:
    """The fields of a route's records out of the answer to OPTIONS; None where it does not tell them."""
    schema = options.get("schema") if isinstance(options, dict) else None
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) and found else None


def filters(options: Any) -> frozenset[str]:
    """The parameters that a route takes to read a list, out of the answer to OPTIONS; none where it does not tell."""
    return frozenset(_parameters(options))


def accepted(options: Any, name: str) -> list[str]:
    """The words that one of those parameters takes; none where the route does not tell."""
    parameter = _parameters(options).get(name)
    words = parameter.get("enum") if isinstance(parameter, dict) else None
    return [str(word) for word in words] if isinstance(words, list) else []


def _parameters(options: Any) -> dict[str, Any]:
    routes = options.get("endpoints") if isinstance(options, dict) else None
    reading = [one for one in routes if isinstance(one, dict) and "GET" in (one.get("methods") or ())] if routes else []
    return {name: told for one in reading if isinstance(one.get("args"), dict) for name, told in one["args"].items()}


def against_schemas(mapping: FieldMapping, schemas: Mapping[str, Properties]) -> Iterator[Finding]:
    """Every plain path of the store against the schemas, by the kind of record that each is of, the main one first."""
    plain = [field for field in mapping.fields.values() if field.store is not None and ":" not in field.store]
    found = [finding for field in plain for finding in _judged(field, mapping, schemas)]
    if not found:
        yield ok("paths", f"the shop knows all {len(plain):,} of its fields that are mapped")
    yield from found


def _judged(field: Field, mapping: FieldMapping, schemas: Mapping[str, Properties]) -> Iterator[Finding]:
    path, what = str(field.store), f"fields.{field.name}"
    where = place(mapping, field)
    told = {kind: one for kind, known in schemas.items() if (one := _at(known, path)) is not None}
    if not told:
        names = sorted({name for known in schemas.values() for name in known})
        meant = closest(path, names)
        instead = f'did you mean "{meant}"?' if meant else "a plug-in's data is mostly at meta:KEY"
        yield mistake(what, f"{where}: the shop has no field {path!r}", instead)
        return
    if not field.goes_to("store"):
        return
    if all(one.get("readonly") for one in told.values()):
        yield mistake(
            what, f"{where}: nobody can write {path!r} of the shop", 'write to = "erp", or leave the field out'
        )
        return
    for kind, one in told.items():
        allowed = one.get("enum")
        if not isinstance(allowed, list) or one.get("readonly"):
            continue
        for word in field.words:
            if isinstance(word, str) and word not in allowed:
                listed = ", ".join(map(str, allowed))
                found = f"{where}: {path} of a {kind} cannot be {word!r}", f"the shop knows: {listed}"
                yield mistake(what, *found) if kind == next(iter(schemas)) else warning(what, *found)


def _at(known: Properties, path: str) -> Mapping[str, Any] | None:
    """What the schema says of a path; dots lead into objects."""
    head, _, rest = path.partition(".")
    found = known.get(head)
    if not isinstance(found, dict):
        return None
    inner = found.get("properties")
    return _at(inner, rest) if rest and isinstance(inner, dict) else None if rest else found
