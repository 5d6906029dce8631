"""Values that stand in the mapping itself: constants, defaults, and the words of a `map`."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from syncengine.mapping_file.tables import EXAMPLES
from syncengine.toml_file import Place, TomlFile
from syncengine.values import PLAIN, Type, Value

__all__ = ["read_value", "read_words"]


def read_words(file: TomlFile, place: Place, kind: Type, written: dict[str, Any] | None) -> dict[str, Value] | None:
    if written is None:
        return None
    if not written:
        file.wrong(place, "is empty", f"write {EXAMPLES['map']}, or leave it out")
    for word in written:
        if word != word.strip():
            file.wrong(
                (*place, word),
                f"spaces around {word!r}, which are cut off before it is looked up",
                "leave them out",
            )
    return {word: read_value(file, (*place, word), kind, value) for word, value in written.items()}


def read_value(file: TomlFile, place: Place, kind: Type, written: object) -> Value:
    """A value that stands in the mapping itself."""
    if kind.name == "text" and not isinstance(written, str):
        fitting = {bool: "boolean", int: "integer", float: "decimal", list: "list", dict: "json", date: "date"}
        instead = f'write it in quotes, or type = "{fitting.get(type(written), "datetime")}"'
        file.wrong(place, f"not a text: {written!r}", instead)
        return None
    try:
        if kind.name == "json":
            json.dumps(written, allow_nan=False)
        return PLAIN.read(written, kind)
    except TypeError:
        file.wrong(place, "not JSON: dates and times are none", "write them in quotes")
        return None
    except ValueError as error:
        file.wrong(place, str(error), f"write a value of type {kind.name} as a program would, or another type")
        return None
