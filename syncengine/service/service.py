"""The service itself: jobs run when they are due, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from syncengine import __version__
from syncengine.bugs import told
from syncengine.errors import ConfigError
from syncengine.log import log_to_stderr, tell
from syncengine.service import notify
from syncengine.service.config import Changes, InForce, take_up
from syncengine.service.one_run import OneRun
from syncengine.service.outcome import outcome
from syncengine.service.timetable import Timetable

__all__ = ["Service", "serve"]

HURRIED = 130
HEARTBEAT = 10.0  # seconds between looks at the clock: it may have been put right, or the machine may have slept
INFO, WARNING, ERROR = logging.INFO, logging.WARNING, logging.ERROR


def serve(path: Path | None, *, verbose: bool = False) -> int:
    """Run the service until it is told to stop; its exit code. Raises ConfigError where it cannot begin."""
    config = take_up(path)
    _log(config, verbose)
    return asyncio.run(Service(config, verbose=verbose).run())


def _log(config: InForce, verbose: bool) -> None:
    settings = config.settings
    log_to_stderr(settings.service.log_format, verbose=verbose, personal=settings.log.personal_data)


@dataclass(slots=True)
class UnderWay:
    """A job that is due: its run, once it has its turn."""

    since: datetime
    task: asyncio.Task[None] | None = None
    run: OneRun | None = None


class Service:
    def __init__(self, config: InForce, *, verbose: bool = False) -> None:
        self.config = config
        self.verbose = verbose
        self.timetable = Timetable(self.due)
        self.under_way: dict[str, UnderWay] = {}
        self.turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by store
        self.stopping = asyncio.Event()
        self.hurried = False

    async def run(self) -> int:
        """Everything, from the first job to the last run's end. 0, or 130 where a second signal cut it short."""
        self._hear(signal.SIGINT, self.stop)
        self._hear(signal.SIGTERM, self.stop)
        self._hear(signal.SIGHUP, self.reload)
        file = str(self.config.settings.file)
        tell(
            INFO,
            "started",
            f"sync {__version__} is at work, by {file}",
            version=__version__,
            config=file,
            pid=os.getpid(),
        )
        self.timetable.start()
        self._schedule(list(self.config.scheduled))
        for name in self.config.settings.jobs.keys() - self.config.scheduled.keys():
            tell(INFO, "unscheduled", "has no schedule: it runs by hand only", job=name)
        notify.ready()
        heartbeat = asyncio.create_task(self._heartbeat())
        await self.stopping.wait()
        await self._come_to_a_stop()
        heartbeat.cancel()
        tell(INFO, "stopped", "Stopped.")
        return HURRIED if self.hurried else 0

    # -- jobs

    def due(self, name: str) -> None:
        """A job's time has come. Where its last run is not over, it waits for its next time."""
        if self.stopping.is_set():
            return
        last = self.under_way.get(name)
        if last is not None:
            doing = "is still under way" if last.run else "still waits for its turn"
            since, then = self._clock(name, last.since), self.timetable.next(name)
            said = f"Left out this time: the last run, of {since}, {doing}. {self._next(name)}"
            tell(WARNING, "left out", said, job=name, since=last.since, next=then)
            return
        self.under_way[name] = entry = UnderWay(datetime.now(UTC))
        entry.task = asyncio.create_task(self._run(name, entry, self.config.store(name)))

    async def _run(self, name: str, entry: UnderWay, store: str) -> None:
        try:
            async with self._turn(name, store):
                if not self.stopping.is_set() and name in self.config.scheduled:
                    await self._run_now(name, entry)
        except OSError as error:
            tell(
                ERROR, "not started", f"No run can be started: {error}. {self._next(name)}", job=name, error=str(error)
            )
        except Exception as error:
            tell(ERROR, "bug", f"{told(error)}. {self._next(name)}", job=name)
        finally:
            del self.under_way[name]

    def _turn(self, name: str, store: str) -> asyncio.Lock:
        """Jobs that write the same store take turns, in the order in which they were due."""
        turn = self.turns[store]
        if turn.locked():
            tell(INFO, "waits", "waits for its turn: another job writes the same store", job=name)
        return turn

    async def _run_now(self, name: str, entry: UnderWay) -> None:
        run = await OneRun.start(name, self.config)
        entry.run = run
        tell(INFO, "began", f"Run begins, as process {run.pid}.", job=name, pid=run.pid)
        if self.hurried:
            run.kill()
        elif self.stopping.is_set():
            run.interrupt()

        def said(line: str) -> None:
            # of a run that was told to stop, what it says about that is expected
            tell(logging.DEBUG if run.interrupted else WARNING, "said", line, job=name, pid=run.pid)

        ended = await run.end(said)
        level, words, fields = outcome(ended, interrupted=run.interrupted)
        which = f", run {fields['run']}" if fields["run"] else ""
        after = f"({ended.seconds:.1f} s, exit code {ended.code}{which})"
        said_next = "" if self.stopping.is_set() else f" {self._next(name)}"
        tell(
            level,
            "ended",
            f"{words} {after}{said_next}",
            job=name,
            pid=run.pid,
            **fields,
            next=self.timetable.next(name),
        )

    # -- signals

    def reload(self) -> None:
        """Take the config up anew. One that is wrong changes nothing; runs under way go on as they began."""
        if self.stopping.is_set():
            return
        notify.reloading()
        try:
            new = take_up(self.config.settings.file)
        except ConfigError as error:
            self._refuse(error)
        except Exception as error:
            tell(ERROR, "reload refused", f"The config cannot be read: {told(error)}. The old one stays in force.")
        else:
            self._put_in_force(new)
        notify.ready()

    def _refuse(self, error: ConfigError) -> None:
        many = len(error.problems)
        said = f"The config is wrong in {many} place{'s' if many > 1 else ''}; the old one stays in force."
        tell(ERROR, "reload refused", said, problems=many)
        for one in error.problems:
            told_in_full = str(one).replace("\n    ", "; ")
            tell(ERROR, "problem", told_in_full, file=one.file, line=one.line, problem=one.message, instead=one.instead)

    def _put_in_force(self, new: InForce) -> None:
        changes = Changes.between(self.config, new)
        self.config = new
        _log(new, self.verbose)
        for name in changes.removed:
            self.timetable.take_out(name)
        parts = {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
        listed = "; ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
        said = f"The config is taken up anew. {f'Schedule: {listed}.' if listed else 'The schedule stays as it was.'}"
        tell(INFO, "reloaded", said, **parts)
        self._schedule([*changes.added, *changes.changed])

    def stop(self) -> None:
        """Start nothing more, and let what is under way come to a stop. Told twice: end at once."""
        if not self.stopping.is_set():
            self.stopping.set()
            return
        self.hurried = True
        tell(WARNING, "hurried", "Told again to stop: runs under way are ended at once, the next ones recover.")
        for entry in self.under_way.values():
            if entry.run:
                entry.run.kill()

    async def _come_to_a_stop(self) -> None:
        notify.stopping()
        self.timetable.stop()
        running = {name: entry for name, entry in self.under_way.items() if entry.run}
        within = self.config.settings.service.stop_within
        waits = f" {', '.join(running)} may take up to {within.total_seconds():.0f} s." if running else ""
        tell(INFO, "stopping", f"Told to stop: nothing more is started.{waits}", runs=list(running))
        for entry in running.values():
            assert entry.run is not None
            entry.run.interrupt()
        tasks = [entry.task for entry in self.under_way.values() if entry.task]
        if tasks and (await asyncio.wait(tasks, timeout=within.total_seconds()))[1]:
            self._give_up()
            await asyncio.wait(tasks)

    def _give_up(self) -> None:
        for name, entry in self.under_way.items():
            if entry.run:
                said = "The run did not come to a stop in time, and is killed; the next one recovers."
                tell(WARNING, "killed", said, job=name, pid=entry.run.pid)
                entry.run.kill()

    # -- times

    def _schedule(self, names: list[str]) -> None:
        for name in names:
            job = self.config.scheduled[name]
            self.timetable.put(name, job)
            how = f"every {job.every.total_seconds():g} s" if job.every else f"by {job.schedule!r} in {job.timezone}"
            tell(INFO, "scheduled", f"runs {how}. {self._next(name)}", job=name, next=self.timetable.next(name))

    def _next(self, name: str) -> str:
        then = self.timetable.next(name)
        return f"Next: {self._clock(name, then)}." if then else "It has no next time."

    def _clock(self, name: str, time: datetime) -> str:
        """A time by the clocks that the job goes by."""
        job = self.config.settings.jobs.get(name)
        return f"{time.astimezone(ZoneInfo(job.timezone) if job else UTC):%Y-%m-%d %H:%M:%S %Z}"

    async def _heartbeat(self) -> None:
        watched = notify.watched_every()
        while True:
            notify.still_alive()
            if not self.stopping.is_set():
                self.timetable.look()
            await asyncio.sleep(min(HEARTBEAT, watched / 2) if watched else HEARTBEAT)

    def _hear(self, number: signal.Signals, listener: Callable[[], None]) -> None:
        asyncio.get_running_loop().add_signal_handler(number, listener)
