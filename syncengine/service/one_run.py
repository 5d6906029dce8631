"""One run of a job, as a process: its memory goes back when it ends, and its crash takes nothing along."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from syncengine.service.config import InForce
from syncengine.service.notify import VARIABLES
from syncengine.taken_up import ON_STDIN

__all__ = ["Ended", "OneRun", "read_report"]

Entry = dict[str, Any]

LONGEST_REPORT = 4_000_000  # bytes; a first run may report far more
LONGEST_LINE = 4_000
MOST_LINES = 200
PART = 65_536


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended. `code` is its exit code, negative where a signal ended it; `report` is its own account."""

    code: int
    seconds: float
    report: Entry | None


class OneRun:
    """A run under way. `interrupted`: it was told to stop."""

    def __init__(self, process: Process, texts: bytes) -> None:
        self.pid = process.pid
        self.interrupted = False
        self._process = process
        self._texts = texts
        self._started = time.monotonic()

    @classmethod
    async def start(cls, job: str, config: InForce) -> OneRun:
        """Start a run that goes by the config in force. In a session of its own, so that Ctrl-C does not reach it.

        Raises OSError where the system has no room for another process.
        """
        options = ("--config", str(config.settings.file), "--json", "--no-progress")
        environment = {name: value for name, value in os.environ.items() if name not in VARIABLES} | ON_STDIN
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "syncengine", "run", *options, "--", job),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            start_new_session=True,
        )
        return cls(process, json.dumps(dict(config.texts)).encode())

    async def end(self, said: Callable[[str], None]) -> Ended:
        """Wait for its end. Each line that it writes to stderr is `said`."""
        (head, whole), _, _ = await asyncio.gather(self._report(), self._listen(said), self._hand_over())
        code = await self._process.wait()
        return Ended(code, time.monotonic() - self._started, read_report(head, whole))

    def interrupt(self) -> None:
        """It finishes what is under way, writes that down, and ends."""
        self.interrupted = True
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _hand_over(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(self._texts)
        with suppress(ConnectionError):
            await self._process.stdin.drain()
        self._process.stdin.close()
        with suppress(ConnectionError):
            await self._process.stdin.wait_closed()

    async def _report(self) -> tuple[bytes, bool]:
        """The beginning of its report, and whether that is all."""
        assert self._process.stdout is not None
        head, whole = b"", True
        while part := await self._process.stdout.read(PART):
            whole = whole and len(head) + len(part) <= LONGEST_REPORT
            head += part if whole else b""
        return head, whole

    async def _listen(self, said: Callable[[str], None]) -> None:
        assert self._process.stderr is not None
        lines, rest = 0, b""
        while part := await self._process.stderr.read(PART):
            *complete, rest = (rest + part).split(b"\n")
            rest = rest[:LONGEST_LINE]
            for line in complete:
                _say(line, lines, said)
                lines += 1
        if rest:
            _say(rest, lines, said)


def read_report(head: bytes, whole: bool) -> Entry | None:
    """The run's entry in its JSON report; None if there is no report.

    Of one that is too long, only its beginning is there: the entry without its lists. (What looks like the beginning of
    the list of changes is that: inside a text the quotes would have backslashes.)
    """
    if not whole:
        counts, found, _ = head.partition(b', "changes": [')
        head = counts + b"}]}" if found else b""
    try:
        entry = json.loads(head)["jobs"][0]
    except (ValueError, LookupError, TypeError):
        return None
    return entry if isinstance(entry, dict) else None


def _say(line: bytes, before: int, said: Callable[[str], None]) -> None:
    text = line[:LONGEST_LINE].decode("utf-8", "replace").strip()
    if text and before < MOST_LINES:
        said(text)
    elif text and before == MOST_LINES:
        said(f"(more than {MOST_LINES} lines: the rest is left out)")
