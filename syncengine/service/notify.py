"""What systemd wants to hear: that the service is ready, reloads, stops, and still lives (see sd_notify(3))."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress

__all__ = ["VARIABLES", "notify", "ready", "reloading", "still_alive", "stopping", "watched_every"]

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")


def ready() -> None:
    notify("READY=1")


def reloading() -> None:
    notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")


def stopping() -> None:
    notify("STOPPING=1")


def still_alive() -> None:
    notify("WATCHDOG=1")


def watched_every() -> float | None:
    """Within how many seconds systemd wants to hear that the service lives; None if it does not ask."""
    asked, whom = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", str(os.getpid()))
    return int(asked) / 1_000_000 if asked.isdecimal() and int(asked) and whom == str(os.getpid()) else None


def notify(state: str) -> None:
    """Say it, if there is somebody to say it to. That nobody listens is no reason to stop."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as listener:
        listener.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        listener.sendall(state.encode())
