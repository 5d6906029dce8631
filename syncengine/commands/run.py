"""`sync run` and `sync diff`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from syncengine.commands.foretold import not_there_yet
from syncengine.commands.output import NOT_TOLD, console, print_json, printed
from syncengine.engine.job import Options
from syncengine.engine.start import INTERRUPTED, run_one
from syncengine.errors import ConfigError, Problem
from syncengine.log import log_to_file, log_to_stderr
from syncengine.mapping_file import load_mappings
from syncengine.records import JobResult
from syncengine.report.document import document
from syncengine.report.files import check_report_path, write_report
from syncengine.report.progress import bars, quiet
from syncengine.report.terminal import print_results
from syncengine.settings import CsvConnection, Guards, Settings
from syncengine.settings_file import load_settings
from syncengine.state.url import sqlite_file
from syncengine.streams import complain

__all__ = ["run"]

NOT_ONE = "write a share like 10%, or a count like 200"


def run(args: argparse.Namespace) -> int:
    """Run jobs, tell what became of them, and give the worst exit code."""
    settings = load_settings(args.config)
    _log(settings, args)
    reports: list[Path] = args.report
    for path in reports:
        _check(path, settings)
    results = _run_jobs(settings, args)
    untold = printed(lambda: _tell(results, args))
    unsaved = [_save(path, results) for path in reports]
    return max(untold, *unsaved, *(result.exit_code for result in results))


def _log(settings: Settings, args: argparse.Namespace) -> None:
    """A dry run leaves nothing behind, and no line in a file either."""
    log = settings.log
    log_to_stderr(verbose=args.verbose, personal=log.personal_data)
    if log.file is not None and not args.dry_run:
        try:
            log_to_file(log.file, log.format, personal=log.personal_data)
        except OSError as error:
            said = f"log.file: {log.file} cannot be written: {error.strerror}"
            instead = "name a file in a folder that is there, and that this user may write"
            raise ConfigError(Problem(str(settings.file), None, said, instead)) from None


def _run_jobs(settings: Settings, args: argparse.Namespace) -> list[JobResult]:
    names = list(dict.fromkeys(args.jobs or settings.jobs))
    mappings = load_mappings(settings, names)
    guards = {name: _guards(settings.jobs[name].guards, args.max_changes) for name in names}
    options = Options(args.dry_run, args.full, args.force, args.rebase, args.limit)
    results: list[JobResult] = []
    with quiet() if args.no_progress else bars() as progress:
        for name in names:
            results.append(
                run_one(settings, name, mappings[name], options=options, guards=guards[name], progress=progress)
            )
            if args.dry_run:
                results[-1].warnings += not_there_yet(settings, mappings, results[:-1], name)
            if results[-1].error == INTERRUPTED:
                break
    return results


def _tell(results: Sequence[JobResult], args: argparse.Namespace) -> None:
    if args.json:
        print_json(document(results))
    else:
        ended = [result for result in results if result.error != INTERRUPTED]
        print_results(ended, console(), args.verbose, next(iter(args.report), None))
    if len(results) and results[-1].error == INTERRUPTED:
        complain(INTERRUPTED)


def _save(path: Path, results: Sequence[JobResult]) -> int:
    """What was done is done, whether a report of it can be saved or not."""
    try:
        write_report(path, results)
    except (OSError, ValueError) as error:
        complain(f"the report {path} cannot be written: {getattr(error, 'strerror', None) or error}")
        return NOT_TOLD
    return 0


def _check(report: Path, settings: Settings) -> None:
    """Say now what could not be saved after a long run, or would replace what somebody needs."""
    try:
        check_report_path(report)
    except ValueError as error:
        raise ConfigError(Problem("--report", None, str(error))) from None
    there = report.resolve()
    for one in settings.connections.values():
        if isinstance(one, CsvConnection) and there.is_relative_to(one.folder.resolve()):
            said = f"{report} is in the folder of connections.{one.name}, where the ERP's own files are"
            raise ConfigError(Problem("--report", None, said, "save it in another folder"))
    needed = [settings.file, *(job.mapping for job in settings.jobs.values())]
    needed += [file for file in (settings.log.file, sqlite_file(settings.state_url)) if file is not None]
    if there in (file.resolve() for file in needed):
        raise ConfigError(Problem("--report", None, f"{report} is a file that a run needs", "give it another name"))


def _guards(guards: Guards, written: str | None) -> Guards:
    if written is None:
        return guards
    try:
        return Guards.model_validate({**dict(guards), "max_changes": written})
    except ValueError:
        raise ConfigError(Problem("--max-changes", None, f"not a limit: {written!r}", NOT_ONE)) from None
