"""Faults on demand, drawn by a seed: the same requests in the same order meet the same faults."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = ("error-500", "busy-429", "busy-503", "slow", "drop-before", "drop-after", "half-batch")


@dataclass(frozen=True)
class Fault:
    """One kind of misfortune and how often it strikes, from 0 to 1."""

    kind: str
    rate: float

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}: one of {', '.join(KINDS)}")
        if not 0 <= self.rate <= 1:
            raise ValueError(f"the rate of {self.kind} must be between 0 and 1, not {self.rate}")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Reads KIND:RATE, like drop-after:0.3; a kind alone strikes every time."""
        kind, colon, rate = text.partition(":")
        try:
            return cls(kind, float(rate) if colon else 1.0)
        except ValueError as error:
            raise ValueError(f"{text!r} is not KIND:RATE: {error}") from None


class Dice:
    """Draws at most one fault per request."""

    def __init__(self, faults: Sequence[Fault], seed: int) -> None:
        self.faults = tuple(faults)
        self._random = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._lock = threading.Lock()

    def draw(self, *, is_batch: bool) -> str | None:
        """The kind that strikes this request; each fault takes one draw each time, so that streams stay aligned."""
        with self._lock:
            struck = [fault.kind for fault in self.faults if self._random.random() < fault.rate]
        return next((kind for kind in struck if is_batch or kind != "half-batch"), None)
