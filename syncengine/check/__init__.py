"""`sync check`: everything is contacted, nothing is changed, and each finding says what to do about it.

looked.py has the words; mappings.py, state.py, records.py and stock.py look at one thing each; terminal.py and
document.py tell what was found. What a system is like its endpoint tells (`Endpoint.inspect`): none is known by name
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import ParamSpec

from syncengine.check.looked import Looked
from syncengine.check.mappings import sound
from syncengine.check.records import MOST, judged, side_by_side, words
from syncengine.check.state import of_job
from syncengine.check.stock import counted_twice, never_booked
from syncengine.endpoints import Endpoint, View, open_endpoint
from syncengine.endpoints.inspection import Inspection, Sample
from syncengine.errors import ConfigError, Problem, SyncError
from syncengine.findings import Finding, note, told_by
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import SIDES, Side
from syncengine.settings import Settings
from syncengine.written import known

__all__ = ["check"]

Looking = ParamSpec("Looking")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A job whose mapping is sound: its endpoints, and those of them that can be looked at."""

    mapping: FieldMapping
    connections: Mapping[Side, str]
    endpoints: Mapping[Side, Endpoint]
    inspections: Mapping[Side, Inspection]


def check(settings: Settings, names: Sequence[str]) -> list[Looked]:
    """Look at these jobs and at all that they use: the connections first, then the jobs.

    Raises ConfigError where there is no such job; whatever else is wrong is among the findings.
    """
    for name in names:
        if name not in settings.jobs:
            instead = known(name, list(settings.jobs))
            raise ConfigError(Problem(str(settings.file), None, f"there is no job {name!r}", instead))
    mappings, wrong = sound(settings)
    jobs = {name: Looked("job", name, _about(settings, name), wrong[name]) for name in names}
    with ExitStack() as stack:
        opened: dict[str, _Opened] = {}
        for name in names:
            if name in mappings:
                try:
                    opened[name] = _open(settings, name, mappings[name], stack)
                except SyncError as error:
                    jobs[name].findings += told_by("job", error)
        used = {named for name in names for named in _connections(settings, name).values()}
        connections = {
            name: _connection(settings, name, list(opened.values())) for name in settings.connections if name in used
        }
        usable = {name for name, looked in connections.items() if looked.usable}
        for name, job in opened.items():
            jobs[name].findings += _gathered("state", of_job, settings, name, job.mapping)
            jobs[name].findings += counted_twice(name, mappings, settings)
            jobs[name].findings += never_booked(name, mappings, settings)
            _look(jobs[name], job, usable)
    return [*connections.values(), *jobs.values()]


def _open(settings: Settings, name: str, mapping: FieldMapping, stack: ExitStack) -> _Opened:
    named = _connections(settings, name)
    endpoints: dict[Side, Endpoint] = {}
    for side in SIDES:
        view = View(name, side, mapping, "check", read_only=True)
        endpoints[side] = stack.enter_context(closing(open_endpoint(settings.connections[named[side]], view)))
    inspections = {side: found for side in SIDES if (found := _inspection(endpoints[side])) is not None}
    return _Opened(mapping, named, endpoints, inspections)


def _inspection(endpoint: Endpoint) -> Inspection | None:
    """A plug-in's endpoint may have been written before there was such a thing."""
    inspect: Callable[[], Inspection | None] | None = getattr(endpoint, "inspect", None)
    return inspect() if inspect is not None else None


def _connection(settings: Settings, name: str, jobs: Sequence[_Opened]) -> Looked:
    """Look at one system, once for all its jobs."""
    looked = Looked("connection", name, settings.connections[name].type)
    users = [(job, side) for job in jobs for side in SIDES if job.connections[side] == name]
    inspection = next((job.inspections[side] for job, side in users if side in job.inspections), None)
    if not users:
        looked.findings.append(note("connection", "not looked at: no job that uses it has a sound mapping"))
    elif inspection is None:
        looked.findings.append(note("connection", f"endpoints of type {looked.about} cannot be looked at"))
    else:
        looked.about = f"{looked.about}  {inspection.about}"
        writes = any(job.endpoints[side].writable for job, side in users)
        looked.findings += _gathered("connection", inspection.system, writes)
    return looked


def _look(looked: Looked, job: _Opened, usable: set[str]) -> None:
    """Look at one job on both its sides, as far as they can be used."""
    there = {side: job.endpoints[side] for side in SIDES if job.connections[side] in usable}
    samples: dict[Side, Sample] = {}
    for side in SIDES:
        if side not in there:
            looked.findings.append(note(side, f"not looked at: connections.{job.connections[side]} cannot be used"))
        elif side in job.inspections:
            looked.findings += _gathered(side, _of_side, job.inspections[side], side, samples)
    if "store" in there:
        told = {finding.what for finding in looked.findings if finding.level == "error"}
        found = _gathered("store", words, job.mapping, there["store"])
        looked.findings += [finding for finding in found if finding.what not in told]
    for side, sample in samples.items():
        looked.findings += _gathered(side, judged, job.mapping, there, side, sample)
    try:
        looked.seen = side_by_side(job.mapping, there, samples)
    except SyncError as error:
        looked.findings += told_by("store", error)


def _of_side(inspection: Inspection, side: Side, samples: dict[Side, Sample]) -> Iterator[Finding]:
    """The mapping against one side; and a sample, where nothing is wrong that reading it would only tell once more."""
    sound = True
    for finding in inspection.mapping():
        sound = sound and finding.level != "error"
        yield finding
    if sound:
        samples[side] = inspection.sample(MOST)


def _gathered(
    what: str, look: Callable[Looking, Iterator[Finding]], *at: Looking.args, **more: Looking.kwargs
) -> list[Finding]:
    """All findings of a look; where it fails itself, those before it and the reason."""
    found: list[Finding] = []
    try:
        found.extend(look(*at, **more))
    except SyncError as error:
        found += told_by(what, error)
    return found


def _connections(settings: Settings, name: str) -> dict[Side, str]:
    job = settings.jobs[name]
    return {"erp": job.erp, "store": job.store}


def _about(settings: Settings, name: str) -> str:
    job = settings.jobs[name]
    return f"{job.erp} and {job.store}, by {job.mapping.name}"
