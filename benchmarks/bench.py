"""Speed, as ratios taken in one run: `make bench`. Nothing here is asserted; the numbers are for people.

1. The same bytes again: a diff over an unchanged, linked CSV, against what the program needs to start up.
2. One row in a hundred changed: a diff, against `pandas.read_csv(path, dtype=str)`, and its peak memory.
3. A run that pushes changed products to a slow host, against a bare httpx loop that posts the same batches.

All times are of whole processes; each is the best of several, taken by turns. What is measured on is made by another
process: a process inherits the peak memory of the one that starts it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import project

READ_CSV = "import pandas, sys; pandas.read_csv(sys.argv[1], dtype=str)"
ROOMS = ("commands.run", "engine.start", "endpoints.csv", "endpoints.woocommerce.products")
START_UP = "import " + ", ".join(f"syncengine.{room}" for room in ROOMS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pushed", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="syncengine-bench-"))
    try:
        print(
            f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {sys.version.split()[0]}",
            flush=True,
        )
        large_file(folder / "large", args.rows, 2 * args.rounds)
        push(folder / "push", args.pushed, args.rounds)
    finally:
        shutil.rmtree(folder)


def large_file(folder: Path, rows: int, rounds: int) -> None:
    with project.store() as url:
        elsewhere(project.linked, folder, rows, url)
        csv = folder / "erp" / "products.csv"
        print(f"\n{rows:,} rows, {csv.stat().st_size / 1e6:.0f} MB, linked", flush=True)
        timed([sys.executable, "-c", START_UP])  # compiles what has not been compiled yet
        start_up, same, read = [], [], []
        for _ in range(rounds):
            start_up.append(timed([sys.executable, "-c", START_UP])[0])
            same.append(timed(diff(folder), expect=0)[0])
        elsewhere(project.change, csv, 100)
        time.sleep(2)  # a file that was touched since is waited for: somebody may still be writing it
        changed, memory = [], []
        for _ in range(rounds):
            read.append(timed([sys.executable, "-c", READ_CSV, str(csv)])[0])
            seconds, peak = timed(diff(folder), expect=0)
            changed.append(seconds)
            memory.append(peak)
    line("starting up", min(start_up))
    line("diff, same bytes", min(same), f"{min(same) - min(start_up):+.2f} s over starting up (at most +0.50 s)")
    line("pandas.read_csv(dtype=str)", min(read))
    line(
        "diff, 1 % changed",
        min(changed),
        f"{min(changed) / min(read):.2f} x read_csv (at most 2 x), {max(memory):.0f} MB (at most 700)",
    )


def push(folder: Path, products: int, rounds: int) -> None:
    ours, bare = [], []
    for _ in range(rounds):
        for measure, taken in ((project.push_by_sync, ours), (project.push_by_loop, bare)):
            shutil.rmtree(folder, ignore_errors=True)
            with project.store("--seed", str(products), "--workers", "2", "--item-cost", "2") as url:
                command = measure(folder, products, url)
                taken.append(timed(command, expect=0)[0])
    print(f"\n{products:,} changed products to a host with 2 workers and 2 ms an item")
    line("a bare httpx loop", min(bare))
    line("sync run", min(ours), f"{min(ours) / min(bare):.2f} x the loop (at most 1.2 x)")


def diff(folder: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        "syncengine",
        "diff",
        "--config",
        str(folder / "config.toml"),
        "--json",
        "--no-progress",
    ]


def elsewhere(work: Callable[..., None], *arguments: object) -> None:
    process = get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} ended with {process.exitcode}")


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def timed(command: Sequence[str], expect: int | None = None) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a whole process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if expect is not None and process.returncode != expect:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def line(what: str, seconds: float, ratio: str = "") -> None:
    print(f"  {what:<28} {seconds:7.2f} s   {ratio}", flush=True)


if __name__ == "__main__":
    main()
