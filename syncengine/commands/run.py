"""`sync run` and `sync diff`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from syncengine.commands.foretold import not_there_yet
from syncengine.commands.output import console, print_json
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
from syncengine.settings import Guards, Settings
from syncengine.settings_file import load_settings

__all__ = ["run"]

NOT_ONE = "write a share like 10%, or a count like 200"


def run(args: argparse.Namespace) -> int:
    """Run jobs, tell what became of them, and give the worst exit code."""
    settings = load_settings(args.config)
    _log(settings, args)
    reports: list[Path] = args.report
    _check(reports)
    results = _run_jobs(settings, args)
    for path in reports:
        write_report(path, results)
    with suppress(BrokenPipeError):  # nobody listens any more; the exit code still tells how it went
        _tell(results, args)
    return max(result.exit_code for result in results)


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
        print(INTERRUPTED, file=sys.stderr)


def _check(reports: Sequence[Path]) -> None:
    """Say now what could not be saved after a long run."""
    for path in reports:
        try:
            check_report_path(path)
        except ValueError as error:
            raise ConfigError(Problem("--report", None, str(error))) from None


def _guards(guards: Guards, written: str | None) -> Guards:
    if written is None:
        return guards
    try:
        return Guards.model_validate({**dict(guards), "max_changes": written})
    except ValueError:
        raise ConfigError(Problem("--max-changes", None, f"not a limit: {written!r}", NOT_ONE)) from None
