"""`sync service`."""

from __future__ import annotations

import argparse

from syncengine.service.service import serve

__all__ = ["service"]


def service(args: argparse.Namespace) -> int:
    """Run jobs when they are due, until told to stop."""
    return serve(args.config, verbose=args.verbose)
