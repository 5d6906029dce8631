"""What is remembered of the lines of files: 64 bits of each line and 64 bits of its key, as two columns of numbers.

A line whose hash is known is unchanged and never parsed; all that is asked about keys is answered from their hashes.
One line means different things under different headers: its hash is mixed with that of how the file is divided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["UNSELECTED", "Hashes", "Index", "Known", "among", "hashes", "repeated"]

Hashes = NDArray[np.uint64]
Places = NDArray[np.intp]

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


@dataclass(frozen=True)
class Index:
    """Lines in the order in which they stood, with the hash of their keys or UNSELECTED."""

    lines: Hashes = field(default_factory=lambda: NONE)
    keys: Hashes = field(default_factory=lambda: NONE)

    @classmethod
    def from_bytes(cls, seen: bytes) -> Index:
        """What `to_bytes` made; anything else is an empty index, which only means reading more."""
        if len(seen) % 16:
            return cls()
        both = np.frombuffer(seen, dtype="<u8").astype(np.uint64, copy=False)
        return cls(both[: len(both) // 2], both[len(both) // 2 :])

    def to_bytes(self) -> bytes:
        return self.lines.astype("<u8", copy=False).tobytes() + self.keys.astype("<u8", copy=False).tobytes()

    def places(self, lines: Hashes) -> Places:
        """Where each line stands; anywhere if it does not."""
        needles = np.argsort(lines)  # in their order they walk through memory, which is three times as fast
        at = np.searchsorted(self._ordered, lines[needles])
        at[at == len(self._ordered)] = 0
        found = np.empty(len(lines), dtype=np.intp)
        found[needles] = self._order[at]
        return found

    @cached_property
    def _order(self) -> Places:
        return np.argsort(self.lines)

    @cached_property
    def _ordered(self) -> Hashes:
        ordered: Hashes = self.lines[self._order]
        return ordered


class Known:
    """An index beside one reading of a file that is divided in its own way, which the salt tells.

    A line is expected behind the one that came before it, where the last reading had it; only others are searched for.
    Where lines were joined to one record since they were looked up, that guess is off by some, which costs a search.
    """

    def __init__(self, index: Index, salt: np.uint64 = UNSALTED) -> None:
        self._index, self._salt = index, salt
        self._next = 0

    def look_up(self, lines: Hashes) -> tuple[NDArray[np.bool_], Hashes]:
        """Which of the next lines are known, and the hashes of their keys (of no meaning where one is unknown)."""
        there = self._index.lines
        if not len(there):
            return np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=np.uint64)
        salted = lines ^ self._salt
        at = np.minimum(np.arange(self._next, self._next + len(lines)), len(there) - 1)
        known: NDArray[np.bool_] = there[at] == salted
        missed = np.flatnonzero(~known)
        if len(missed):
            at[missed] = self._index.places(salted[missed])
            known[missed] = there[at[missed]] == salted[missed]
        if known.any():
            last = np.flatnonzero(known)[-1]
            self._next = int(at[last]) + len(lines) - int(last)
        return known, self._index.keys[at]
