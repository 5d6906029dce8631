"""The `sync` command: parses, calls, prints; decides nothing.

What a command does stands in `commands`. Only the one that is called is imported: `sync --help` answers at once.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

from syncengine import __version__
from syncengine.bugs import told, trace
from syncengine.commands.sandbox import add_arguments as add_sandbox_options
from syncengine.errors import SyncError
from syncengine.log import log_to_stderr
from syncengine.streams import close_stdout, complain, make_usable

__all__ = ["main", "parser", "program"]

INTERRUPTED = 130
BUG = 3
CONFIG = "the settings (default: $SYNC_CONFIG, else ./config.toml)"
COMMANDS = {
    "check": "syncengine.commands.check:run",
    "run": "syncengine.commands.run:run",
    "diff": "syncengine.commands.run:run",
    "status": "syncengine.commands.look:status",
    "conflicts": "syncengine.commands.look:conflicts",
    "resolve": "syncengine.commands.decide:resolve",
    "rejected": "syncengine.commands.look:rejected",
    "retry": "syncengine.commands.decide:retry",
    "history": "syncengine.commands.look:history",
    "service": "syncengine.commands.service:service",
    "sandbox": "syncengine.commands.sandbox:run",
    "demo": "syncengine.demo:run",
}


def program() -> NoReturn:
    """`main` as a process of its own, which ends at once: to take down a million rows one by one, before they vanish
    anyway, takes as long as many a run."""
    make_usable()
    code = main()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. `--help`, `--version` and wrong usage end by SystemExit, as argparse has it."""
    known = parser()
    args = known.parse_args(arguments)
    if getattr(args, "action", None) and args.json:
        known.error("--json is for the list of conflicts; what resolve has done is told in words")
    log_to_stderr(verbose=args.verbose)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    code = 1
    try:
        code = _command(args)(args)
        sys.stdout.flush()
    except SyncError as error:
        complain(trace(error) if os.environ.get("SYNC_DEBUG") else error)
        return error.exit_code
    except KeyboardInterrupt:
        complain("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        close_stdout()
    except Exception as error:
        logging.getLogger(__name__).info("ended unexpectedly", exc_info=True)
        complain(trace(error) if os.environ.get("SYNC_DEBUG") else told(error))
        return BUG
    return code


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="sync", description="Keeps an ERP and a WooCommerce shop in step, both ways.")
    top.add_argument("--version", action="version", version=f"sync {__version__}")
    top.set_defaults(verbose=False)
    top.add_argument("--config", type=_file, metavar="PATH", help=CONFIG)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common()
    listing = argparse.ArgumentParser(add_help=False, parents=[common])
    listing.add_argument("--json", action="store_true", help="print one JSON object")

    check = commands.add_parser("check", parents=[listing], help="look whether everything is as a run needs it")
    check.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs and what they use")
    run = commands.add_parser(
        "run", parents=[common], help="run jobs once", description="Runs the named jobs once, or all of them."
    )
    _add_run_options(run)
    run.add_argument("--dry-run", action="store_true", help="only show what would be done; changes nothing anywhere")
    diff = commands.add_parser(
        "diff", parents=[common], help="show what a run would do", description="The same as `sync run --dry-run`."
    )
    _add_run_options(diff)
    diff.set_defaults(dry_run=True)
    commands.add_parser("status", parents=[listing], help="where each job stands, and what waits")
    conflicts = commands.add_parser("conflicts", parents=[listing], help="fields that wait for a person")
    actions = conflicts.add_subparsers(dest="action", metavar="resolve")
    resolve = actions.add_parser("resolve", parents=[common], help="answer one; it takes effect in the next run")
    resolve.add_argument("id", type=int, metavar="ID", help="its number in `sync conflicts`")
    resolve.add_argument(
        "--take", required=True, metavar="erp|store|VALUE", help="whose value is right, or another value for both"
    )
    commands.add_parser("rejected", parents=[listing], help="rows set aside, with their reasons")
    retry = commands.add_parser("retry", parents=[common], help="try failed changes again in the next run")
    retry.add_argument("--job", metavar="JOB", help="only those of this job")
    history = commands.add_parser("history", parents=[listing], help="every change ever made to a record")
    history.add_argument("key", type=_key, metavar="KEY", help="its key in the ERP, or store:ID")
    commands.add_parser("service", parents=[common], help="run jobs when they are due, in the background")
    sandbox = commands.add_parser("sandbox", parents=[common], help="a WooCommerce-compatible store to try things on")
    add_sandbox_options(sandbox)
    demo = commands.add_parser("demo", parents=[common], help="a whole example, without set-up")
    demo.add_argument(
        "--folder", type=Path, metavar="PATH", help="where it is set up (default: a new temporary folder)"
    )
    return top


def _common() -> argparse.ArgumentParser:
    """What every command takes. A default here would hide what was given before the command's name."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=_file, default=argparse.SUPPRESS, metavar="PATH", help=CONFIG)
    common.add_argument("-v", "--verbose", action="store_true", default=argparse.SUPPRESS, help="say more")
    return common


def _add_run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("jobs", nargs="*", metavar="JOB", help="only these jobs, in this order")
    command.add_argument("--full", action="store_true", help="compare both sides whole, whatever was read before")
    command.add_argument(
        "--report", type=Path, action="append", default=[], metavar="PATH", help="save a report: .html, .json or .csv"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--max-changes", metavar="N|N%", help="stop above so many changed records")
    command.add_argument("--force", action="store_true", help="past the guards")
    command.add_argument("--limit", type=_at_least_one, metavar="N", help="only the first N changed records")
    command.add_argument("--rebase", action="store_true", help="once after a change of the mapping")
    command.add_argument("--no-progress", action="store_true", help="no progress bars")


def _file(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("it is empty: write the name of a file")
    return Path(text)


def _key(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: write the key of a record")
    return text


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _command(args: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    module, _, name = COMMANDS[getattr(args, "action", None) or args.command].partition(":")
    gc.disable()
    found: Callable[[argparse.Namespace], int] = getattr(import_module(module), name)
    gc.freeze()  # what was imported is never garbage; to look at it again and again took a quarter of a short run
    gc.enable()
    gc.set_threshold(1_000_000, 20, 100)
    return found


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
