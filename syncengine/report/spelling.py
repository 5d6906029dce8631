"""Texts and values on their way to a terminal: nothing in them may move the cursor, colour or hide anything."""

from __future__ import annotations

import unicodedata

from syncengine.values import Type, Value, shown

__all__ = ["around_difference", "clipped", "printable", "printable_value"]

SHOWN_CONTROLS = {"\n": "⏎", "\t": "⇥"}
INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, direction marks and joiners, halves of characters, separators
JOINERS = "\u200c\u200d"  # which emoji and some scripts are written with
EMPTY = "(empty)"


def printable(text: str) -> str:
    """The text with every control character made visible: a value may hold a terminal's escape sequences."""
    if text.isprintable():
        return text
    return "".join(map(_printable_character, text))


def _printable_character(character: str) -> str:
    if character in SHOWN_CONTROLS:
        return SHOWN_CONTROLS[character]
    if character in JOINERS:
        return character
    if unicodedata.category(character) in INVISIBLE:
        return f"\\u{ord(character):04x}" if ord(character) > 0xFF else f"\\x{ord(character):02x}"
    return character


def printable_value(value: Value, kind: Type | None = None, longest: int | None = None) -> str:
    text = printable(shown(value, kind)) or EMPTY
    return text if longest is None else clipped(text, longest)


def clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def around_difference(old: str, new: str, longest: int, context: int = 12) -> tuple[str, str]:
    """Both texts, clipped so that what differs is seen: a long common beginning is left out."""
    if max(len(old), len(new)) <= longest:
        return old, new
    common = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), 0)
    start = common - context if common > longest // 2 else 0
    return _from(old, start, longest), _from(new, start, longest)


def _from(text: str, start: int, longest: int) -> str:
    return clipped(f"…{text[start + 1 :]}" if start else text, longest)
