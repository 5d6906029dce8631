"""`sync service` as a process, and its log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Service:
    """A running service. Its log is read while it runs."""

    def __init__(self, config: Path, *options: str, **environment: str) -> None:
        self.lines: list[str] = []
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("SYNC_", "JOURNAL_STREAM"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "syncengine", "service", "--config", str(config), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=bare | environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,  # noqa: PLW1509
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    # -- its log, which is JSON

    @property
    def log(self) -> list[Entry]:
        return [json.loads(line) for line in list(self.lines)]

    def events(self, event: str, job: str | None = None) -> list[Entry]:
        return [one for one in self.log if one["event"] == event and job in (None, one.get("job"))]

    def wait_for(self, event: str, number: int = 1, job: str | None = None, seconds: float = 30) -> Entry:
        """The so-manieth record of an event, as soon as it is there."""
        self.until(lambda: len(self.events(event, job)) >= number, f"{number} of {event}", seconds)
        return self.events(event, job)[number - 1]

    def until(self, true: Callable[[], bool], what: str = "it", seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not true():
            gone = self.process.poll() is not None
            assert time.monotonic() < end, "\n".join([f"{what} did not happen in time:", *self.lines])
            assert not gone or true(), "\n".join([f"the service has ended before {what}:", *self.lines])
            time.sleep(0.02)

    # -- what is done to it

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, seconds: float = 30) -> int:
        """Its exit code, when it has ended by itself."""
        code = self.process.wait(seconds)
        self.reader.join(seconds)
        return code

    def close(self) -> None:
        """Whatever has become of it and of the runs that it began: they are gone after this."""
        self.process.kill()
        self.process.wait()
        self.reader.join(5)
        print(*self.lines, sep="\n")  # shown where a test fails
        for line in self.lines:
            if '"event": "began"' in line:
                _kill_run(json.loads(line)["pid"])
        if self.process.stdout:
            self.process.stdout.close()


@contextmanager
def service_process(config: Path, *options: str, **environment: str) -> Iterator[Service]:
    service = Service(config, *options, **environment)
    try:
        yield service
    finally:
        service.close()


def is_running(pid: int) -> bool:
    """Whether there is such a process, and it is a run of ours: numbers are used again."""
    try:
        return b"syncengine\0run\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _kill_run(pid: int) -> None:
    if is_running(pid):
        os.kill(pid, signal.SIGKILL)
