"""Which identifiers can be saved: what no database takes as a key is no identifier."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["LONGEST", "refused_key", "refused_keys"]

LONGEST = 500  # characters; PostgreSQL indexes at most 2,704 bytes


def refused_key(key: str) -> str:
    """Why this cannot identify a record, "" where it can."""
    if len(key) > LONGEST:
        return f"its key has {len(key):,} characters; {LONGEST} are the most"
    if "\0" in key:
        return "its key holds a NUL character"
    return "" if _is_text(key) else "its key holds half a character (a lone surrogate), which is no text"


def refused_keys(keys: Sequence[str]) -> dict[int, str]:
    """The positions of those that cannot, with the reasons. All are looked at at once first: mostly there are none."""
    if max(map(len, keys), default=0) <= LONGEST and _is_text("".join(keys)):
        return {}
    return {at: reason for at, key in enumerate(keys) if (reason := refused_key(key))}


def _is_text(words: str) -> bool:
    try:
        return "\0" not in words and (words.isascii() or bool(words.encode()))
    except UnicodeEncodeError:
        return False
