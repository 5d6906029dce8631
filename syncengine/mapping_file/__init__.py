"""mappings/*.toml -> Mapping, checked in full."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from syncengine.errors import ConfigError, Problem
from syncengine.mapping import Mapping
from syncengine.mapping_file.reader import read_mapping
from syncengine.mapping_file.tables import leaves
from syncengine.settings import CsvConnection, Settings
from syncengine.toml_file import TomlFile
from syncengine.written import known

__all__ = ["load_mapping", "load_mappings"]


def load_mapping(path: Path) -> Mapping:
    """The mapping of a file. Raises ConfigError with everything that is wrong."""
    missing = "write the mapping there, or start with one of those in mappings/"
    return read_mapping(TomlFile(path, missing))


def load_mappings(settings: Settings, jobs: Iterable[str] | None = None) -> dict[str, Mapping]:
    """The mappings of some jobs, or of all, by job. Raises ConfigError with everything that is wrong in any of them."""
    chosen = list(settings.jobs) if jobs is None else list(jobs)
    problems: list[Problem] = []
    for name in chosen:
        if name not in settings.jobs:
            problems.append(
                Problem(str(settings.file), None, f"there is no job {name!r}", known(name, list(settings.jobs)))
            )
    mappings: dict[str, Mapping] = {}
    for name in chosen:
        if name not in settings.jobs:
            continue
        try:
            mappings[name] = load_mapping(settings.jobs[name].mapping)
        except ConfigError as error:
            problems += [problem for problem in error.problems if problem not in problems]
        else:
            problems += _problems_with_connection(settings, name, mappings[name])
    problems += _problems_between_jobs(settings, mappings)
    if problems:
        raise ConfigError(*problems)
    return mappings


def _problems_with_connection(settings: Settings, job: str, mapping: Mapping) -> list[Problem]:
    connection = settings.connections[settings.jobs[job].erp]
    resource = mapping.erp.resource
    if not isinstance(connection, CsvConnection):
        return []
    if leaves(resource):
        message = f"erp.resource: {resource!r} is not inside the folder of connections.{connection.name}"
        return [Problem(mapping.file, mapping.erp.line, message, f"write a name or a glob below {connection.folder}")]
    if any("**" in part and part != "**" for part in PurePosixPath(resource).parts):
        message = f"erp.resource: {resource!r}: two stars stand for any folders, and stand alone between slashes"
        return [Problem(mapping.file, mapping.erp.line, message, 'write one star, or "**/stock*.csv"')]
    return []


def _problems_between_jobs(settings: Settings, mappings: dict[str, Mapping]) -> list[Problem]:
    """Two jobs may share records, but not a store path that both write. What is sent with a new record only is written
    by nobody afterwards."""
    problems = []
    writers: dict[tuple[str, str, str], str] = {}
    for job, mapping in mappings.items():
        store = settings.jobs[job].store
        for field in mapping.fields.values():
            if field.store is None or field.once or not field.goes_to("store"):
                continue
            first = writers.setdefault((store, mapping.entity, field.store), job)
            if first != job:
                message = f"fields.{field.name}: the job {first} writes {field.store} of the same store too"
                instead = f'leave the field to one of the jobs {first} and {job}, or write to = "erp" here'
                problems.append(Problem(mapping.file, field.line, message, instead))
    return problems
