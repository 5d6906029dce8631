"""How far a run is: bars on stderr where somebody looks at it, silence everywhere else."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

__all__ = ["Progress", "bars", "quiet"]


class Progress(Protocol):
    """What a run tells about itself while it works. A step ends when the next begins; its total may be unknown."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, number: int = 1) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def bars(console: Console | None = None) -> Progress:
    """Bars on stderr, gone when the work is done; nothing where stderr is no terminal."""
    console = console or Console(stderr=True)
    return _Bars(console) if console.is_terminal and not console.is_dumb_terminal else quiet()


def quiet() -> Progress:
    return _Quiet()


class _Quiet:
    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, number: int = 1) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class _Bars:
    def __init__(self, console: Console) -> None:
        self._current: TaskID | None = None
        self._bars = Bars(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    def step(self, name: str, total: int | None = None) -> None:
        self._finish()
        self._current = self._bars.add_task(name, total=total)

    def advance(self, number: int = 1) -> None:
        if self._current is not None:
            self._bars.advance(self._current, number)

    def _finish(self) -> None:
        if self._current is None:
            return
        done = next(task.completed for task in self._bars.tasks if task.id == self._current)
        self._bars.update(self._current, total=done, completed=done)
        self._bars.stop_task(self._current)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
