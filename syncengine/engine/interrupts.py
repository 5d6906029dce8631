"""Ctrl-C and SIGTERM come through only where a run can be stopped without losing what it knows.

A mask of signals would not do: the system gives a masked signal to any other thread of the process, such as those
of numpy, and Python then interrupts the main one all the same.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

__all__ = ["held_back", "let_through"]

STOPPING = (signal.SIGINT, signal.SIGTERM)
Handler = Callable[[int, FrameType | None], Any] | int | None


@dataclass(slots=True)
class _Gate:
    """Stands in for the handlers of signals. It closes behind each one that it lets through."""

    before: dict[int, Handler] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    is_open: bool = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.is_open:
            self.is_open = False
            self.pass_on(number, frame)
        else:
            self.waiting.append(number)

    def pass_on(self, number: int, frame: FrameType | None = None) -> None:
        handler = self.before[number]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            raise KeyboardInterrupt

    def pass_on_waiting(self) -> None:
        while self.waiting:
            self.pass_on(self.waiting.pop(0))


_gates: list[_Gate] = []  # at most one: only the main thread hears signals


@contextmanager
def held_back() -> Iterator[None]:
    """Signals wait until the end of this block, or for a `let_through` within."""
    if _gates or threading.current_thread() is not threading.main_thread():
        yield
        return
    gate = _Gate({number: signal.getsignal(number) for number in STOPPING})
    _gates.append(gate)
    for number in STOPPING:
        signal.signal(number, gate)
    try:
        yield
    finally:
        for stopping, handler in gate.before.items():
            signal.signal(stopping, signal.SIG_DFL if handler is None else handler)
        _gates.remove(gate)
        gate.pass_on_waiting()


@contextmanager
def let_through() -> Iterator[None]:
    """Signals that waited come now, as a KeyboardInterrupt."""
    if not _gates or threading.current_thread() is not threading.main_thread():
        yield
        return
    (gate,) = _gates
    gate.pass_on_waiting()
    gate.is_open = True
    try:
        yield
    finally:
        gate.is_open = False
