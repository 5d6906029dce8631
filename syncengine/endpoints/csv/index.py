"""What is remembered of the lines of files: 64 bits of each line and 64 bits of its key, as two columns of numbers.

A line whose hash is known is unchanged and never parsed; all that is asked about keys is answered from their hashes.
One line means different things under different headers: its hash is mixed with that of how the file is divided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["UNSELECTED", "Hashes", "Index", "among", "hashes", "repeated"]

Hashes = NDArray[np.uint64]

UNSELECTED = 0  # stands for the key of a line that `only` leaves out
UNSALTED = np.uint64(0)
NONE: Hashes = np.empty(0, dtype=np.uint64)


def hashes(texts: Sequence[bytes] | Sequence[str] | Collection[str]) -> Hashes:
    """A 64-bit hash of each text, the same in every process; never UNSELECTED."""
    if not texts:
        return NONE
    cells = np.empty(len(texts), dtype=object)
    cells[:] = texts if isinstance(texts, list) else list(texts)
    found: Hashes = pd.util.hash_array(cells, categorize=False)
    found[found == UNSELECTED] = 1
    return found


def among(values: Hashes, ordered: Hashes) -> NDArray[np.bool_]:
    """Which of the values stand in the ordered ones."""
    if not len(ordered) or not len(values):
        return np.zeros(len(values), dtype=bool)
    at = np.searchsorted(ordered, values)
    at[at == len(ordered)] = 0
    found: NDArray[np.bool_] = ordered[at] == values
    return found


def repeated(values: Hashes) -> Hashes:
    """Those that stand there more than once, each once and in order."""
    ordered = np.sort(values)
    found: Hashes = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return found


@dataclass(frozen=True, slots=True)
class Index:
    """Lines in the order of their hashes, each once, with the hash of its key or UNSELECTED."""

    lines: Hashes = field(default_factory=lambda: NONE)
    keys: Hashes = field(default_factory=lambda: NONE)
    salt: np.uint64 = UNSALTED

    def under(self, salt: np.uint64) -> Index:
        """The same for looking up lines of a file that is divided in its own way."""
        return replace(self, salt=salt)

    @classmethod
    def of(cls, lines: Hashes, keys: Hashes) -> Index:
        order = np.argsort(lines)
        lines, keys = lines[order], keys[order]
        first = np.ones(len(lines), dtype=bool)
        first[1:] = lines[1:] != lines[:-1]
        return cls(lines[first], keys[first])

    @classmethod
    def from_bytes(cls, seen: bytes) -> Index:
        """What `to_bytes` made; anything else is an empty index, which only means reading more."""
        if len(seen) % 16:
            return cls()
        both = np.frombuffer(seen, dtype="<u8").astype(np.uint64, copy=False)
        return cls(both[: len(both) // 2], both[len(both) // 2 :])

    def to_bytes(self) -> bytes:
        return self.lines.astype("<u8", copy=False).tobytes() + self.keys.astype("<u8", copy=False).tobytes()

    def look_up(self, lines: Hashes) -> tuple[NDArray[np.bool_], Hashes]:
        """Which lines are known, and the hashes of their keys (of no meaning where a line is unknown)."""
        if not len(self.lines):
            return np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=np.uint64)
        salted = lines ^ self.salt
        order = np.argsort(salted)  # ordered needles walk through memory, which is three times as fast
        ordered = salted[order]
        at = np.searchsorted(self.lines, ordered)
        at[at == len(self.lines)] = 0
        known = np.empty(len(lines), dtype=bool)
        keys = np.empty(len(lines), dtype=np.uint64)
        known[order] = self.lines[at] == ordered
        keys[order] = self.keys[at]
        return known, keys
