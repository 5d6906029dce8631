"""`sync check`."""

from __future__ import annotations

import argparse

from syncengine.check import check
from syncengine.check.document import document
from syncengine.check.looked import exit_code
from syncengine.check.terminal import print_check
from syncengine.commands.output import console, print_json, printed
from syncengine.settings_file import load_settings

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Look at everything that the named jobs use, or all of them; the exit code of the worst finding."""
    settings = load_settings(args.config)
    looked = check(settings, list(dict.fromkeys(args.jobs or settings.jobs)))
    untold = printed(lambda: print_json(document(looked)) if args.json else print_check(looked, console()))
    return max(exit_code(looked), untold)
