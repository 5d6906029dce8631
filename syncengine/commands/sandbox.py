"""`sync sandbox`: the sandbox in a process of its own.

Its options are known to every command's parser, so the sandbox itself is imported only where it is run.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from syncengine.sandbox import Fault

__all__ = ["add_arguments", "run"]

LAST_PORT = 65_535
LONGEST_COST = 60_000


def _fault(text: str) -> Fault:
    from syncengine.sandbox import Fault  # noqa: PLC0415 - see above

    try:
        return Fault.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _number(text: str) -> int:
    """How many: a whole number, not below 0."""
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, 0 or more")
    return int(text)


def _at_least_one(text: str) -> int:
    if not (number := _number(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return number


def _port(text: str) -> int:
    if (number := _number(text)) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: there are those up to {LAST_PORT}")
    return number


def _cost(text: str) -> float:
    """Milliseconds."""
    try:
        cost = float(text)
    except ValueError:
        cost = -1
    if not 0 <= cost <= LONGEST_COST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of milliseconds, 0 to {LONGEST_COST}")
    return cost


def _secret(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError("it is empty: write one such as ck_mine")
    return text


def _time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time zone like Europe/Berlin") from None
    return text


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like https://shop.example")
    return text.rstrip("/")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `sync sandbox` to its parser."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=_port, default=8899, help="the port to listen at; 0 takes any free one")
    parser.add_argument("--state", default=":memory:", metavar="FILE", help="keep the shop in this file")
    parser.add_argument("--seed", type=_number, default=0, metavar="N", help="fill an empty shop with N products")
    parser.add_argument(
        "--variations", type=_number, default=0, metavar="N", help="give each of these products N variations"
    )
    parser.add_argument("--consumer-key", type=_secret, metavar="K")
    parser.add_argument("--consumer-secret", type=_secret, metavar="S")
    parser.add_argument(
        "--application-password", metavar="W", help="let the user admin log in with this, to give roles"
    )
    parser.add_argument("--timezone", type=_time_zone, metavar="ZONE", help="the shop's time zone")
    parser.add_argument("--home", type=_address, metavar="URL", help="the address that the shop believes to have")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="KIND:RATE",
        help="fail so often, like drop-after:0.3; a wrong KIND tells which there are",
    )
    parser.add_argument("--fault-seed", type=int, default=0, metavar="N", help="which requests the faults strike")
    parser.add_argument(
        "--workers", type=_at_least_one, default=0, metavar="N", help="work on so many requests at once, at most"
    )
    parser.add_argument("--item-cost", type=_cost, default=0.0, metavar="MS", help="what each saved object costs")


def run(args: argparse.Namespace) -> int:
    """Serves until it is told to stop; the first line on stdout says where, and by which keys."""
    from syncengine.sandbox import Key, Sandbox  # noqa: PLC0415 - see above
    from syncengine.sandbox.app import DEFAULT_KEY, DEFAULT_ZONE, OWNER  # noqa: PLC0415
    from syncengine.sandbox.server import serve  # noqa: PLC0415

    key = Key(args.consumer_key or DEFAULT_KEY.consumer_key, args.consumer_secret or DEFAULT_KEY.consumer_secret)
    password = args.application_password

    def ready(url: str) -> None:
        line = {"url": url, "consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}
        line |= {"wp_user": OWNER, "wp_application_password": password} if password else {}
        print(json.dumps(line), flush=True)

    options = {"faults": args.fault, "fault_seed": args.fault_seed, "workers": args.workers}
    filled = {"seed": args.seed, "variations": args.variations}
    place = {"home": args.home, "zone": args.timezone or DEFAULT_ZONE}
    logins = {OWNER: password} if password else {}
    try:
        with Sandbox(
            args.state,
            keys=[key],
            application_passwords=logins,
            item_cost=args.item_cost,
            **filled,
            **place,
            **options,
        ) as sandbox:
            serve(sandbox, args.host, args.port, ready)
    except sqlite3.Error as error:
        print(f"cannot use {args.state} as a shop: {error}", file=sys.stderr)
        return 3
    except OSError as error:
        print(f"cannot listen at {args.host}:{args.port}: {error.strerror}", file=sys.stderr)
        return 3
    return 0
