"""What the benchmarks run on: large files, a state that knows them already, a store, and the loop to compare with."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

MAPPING = """\
entity = "product"
[erp]
resource = "products.csv"
key = "ArtNr"
[match]
by = ["sku"]
[create]
in_store = true
[fields]
sku           = {{ erp = "ArtNr", store = "sku", truth = "erp" }}
name          = {{ erp = "Name", store = "name", truth = "erp" }}
regular_price = {{ erp = "VK", store = "regular_price", type = "money", truth = "erp" }}
{more}
"""
MORE = """\
stock         = { erp = "Bestand", store = "stock_quantity", type = "integer", truth = "erp-wins", to = "store" }
weight        = { erp = "Gewicht", store = "weight", type = "decimal", truth = "erp" }
brand         = { erp = "Marke", store = "meta:_brand", truth = "erp" }
shelf         = { erp = "Regal", store = "meta:_shelf", truth = "erp" }
text          = { erp = "Text", store = "short_description", truth = "erp" }
"""
CONFIG = """\
[connections.erp]
type = "csv"
folder = "erp"
[connections.shop]
type = "woocommerce"
url = "{url}"
consumer_key = "ck_sandbox"
consumer_secret = "cs_sandbox"
[jobs.products]
mapping = "mapping.toml"
erp = "erp"
store = "shop"
"""
COLUMNS = ["ArtNr", "Name", "VK", "Bestand", "Gewicht", "Marke", "Regal", "Text"]


@contextmanager
def store(*options: str) -> Iterator[str]:
    """A sandbox in a process of its own; its URL."""
    command = [sys.executable, "-m", "syncengine", "sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def linked(folder: Path, rows: int, url: str) -> None:
    """A project whose state says that every row of its file was linked and agreed upon."""
    _write_project(folder, url, MORE)
    dice = random.Random(rows)
    words = ["steel", "brass", "copper", "screw", "washer", "bolt", "hex", "pan", "head", "socket", "nylon", "zinc"]
    with (folder / "erp" / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(COLUMNS)
        for number in range(rows):
            text = " ".join(dice.choices(words, k=16))
            price = f"{dice.randrange(100, 99999) / 100:.2f}"
            writer.writerow(
                [
                    f"A-{number:07}",
                    f"Article {number} {words[number % 12]}",
                    price,
                    dice.randrange(500),
                    f"{dice.randrange(1, 900) / 100}",
                    words[number % 7],
                    f"R{number % 997}",
                    text,
                ]
            )
    _link_everything(folder)


def _link_everything(folder: Path) -> None:
    """Save what a first run against a store with the same products would have saved, without the store's hours."""
    from syncengine.engine.detect import hash_rows
    from syncengine.engine.job import Options
    from syncengine.engine.pull import hash_salt
    from syncengine.engine.start import start
    from syncengine.mapping_file import load_mapping
    from syncengine.records import JobResult
    from syncengine.settings_file import load_settings
    from syncengine.state import Link
    from syncengine.state.journal import KnownJob
    from syncengine.values import encode

    settings = load_settings(folder / "config.toml")
    mapping = load_mapping(settings.jobs["products"].mapping)
    result = JobResult("products", "bench", False, datetime.now(UTC))

    class Silent:
        def step(self, name: str, total: int | None = None) -> None: ...
        def advance(self, number: int = 1) -> None: ...

    with start(
        settings, mapping, result, options=Options(), guards=settings.jobs["products"].guards, progress=Silent()
    ) as job:
        journal, seen = job.state.journal, 0
        pull = job.erp.pull(journal.cursor(job.name, "erp"), (), full=True)
        for page in pull:
            hashes = hash_rows(page, hash_salt(job, "erp"))
            fields = [
                (one.name, [encode(one.read("erp", cell, job.erp.format)) for cell in page.cells[one.erp]])
                for one in job.merged_fields
            ]
            links = []
            for at, key in enumerate(page.ids):
                links.append(
                    Link(
                        erp_key=key,
                        store_id=str(seen + at + 1),
                        base={name: values[at] for name, values in fields},
                        erp_hash=hashes[at],
                    )
                )
            seen += len(links)
            with job.state.transaction():
                job.state.links.add(job.name, links)
        store = job.store.pull(journal.cursor(job.name, "store"), (), full=True)
        for _ in store:
            raise RuntimeError("the store should be empty")
        with job.state.transaction():
            now = datetime.now(UTC)
            journal.save_checkpoint(job.name, "erp", pull.cursor(()), full=now, rows=seen)
            journal.save_checkpoint(job.name, "store", store.cursor(()), full=now, rows=seen)
            journal.know_job(job.name, KnownJob(job.erp.identity(), job.store.identity(), job.signatures))


def change(path: Path, every: int) -> None:
    """Another price in every so many-th row."""
    lines = path.read_bytes().split(b"\n")
    for at in range(1, len(lines) - 1, every):
        cells = lines[at].split(b";")
        cells[2] = b"%.2f" % (float(cells[2]) + 1)
        lines[at] = b";".join(cells)
    path.write_bytes(b"\n".join(lines))


def push_by_sync(folder: Path, products: int, url: str) -> list[str]:
    """A linked project in which every price has changed; the command that pushes them."""
    _write_project(folder, url, "")
    found = _products(products, url)
    path = folder / "erp" / "products.csv"
    rows = [[one["sku"], one["name"], one["regular_price"], *[""] * 5] for one in found]
    _write_rows(path, rows)
    command = [
        sys.executable,
        "-m",
        "syncengine",
        "run",
        "--config",
        str(folder / "config.toml"),
        "--json",
        "--no-progress",
        "--force",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    _write_rows(path, [[row[0], row[1], f"{float(row[2]) + 1:.2f}", *row[3:]] for row in rows])
    return command


def push_by_loop(folder: Path, products: int, url: str) -> list[str]:
    """The same batches by a bare loop."""
    folder.mkdir(parents=True)
    found = _products(products, url)
    items = [{"id": one["id"], "regular_price": f"{float(one['regular_price']) + 1:.2f}"} for one in found]
    (folder / "batches.json").write_text(json.dumps([items[at : at + 100] for at in range(0, len(items), 100)]))
    return [sys.executable, str(Path(__file__).with_name("loop.py")), url, str(folder / "batches.json")]


def _products(count: int, url: str) -> list[dict[str, str]]:
    from benchmarks.loop import client

    with client(url) as http:
        pages = range(1, count // 100 + 1)
        options = {"per_page": 100, "orderby": "id", "order": "asc", "_fields": "id,sku,name,regular_price"}
        return [one for page in pages for one in http.get("products", params=options | {"page": page}).json()]


def _write_project(folder: Path, url: str, more: str) -> None:
    (folder / "erp").mkdir(parents=True)
    (folder / "mapping.toml").write_text(MAPPING.format(more=more))
    (folder / "config.toml").write_text(CONFIG.format(url=url))


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
