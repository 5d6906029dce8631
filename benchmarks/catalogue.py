"""A large catalogue of variations, both ways: the requests of each step, beside those that it cannot do without.

`make catalogue`: 5,000 products with 20,000 variations. What the store makes necessary, and why
(FACTS-WOOCOMMERCE, 1, 4 and 7):

- products are listed by 100, of which one overlaps, so that nothing is missed while the list moves;
- there is no list of all variations: `sku=` finds 100 of any products at once, a product's own list only its own;
- variations are written through the batch of their product: one request for each product that has some;
- each save of a variation moves the date of its product, so what was written is read back once;
- before a create, SKUs are looked up by 100, in the trash too.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import project
from benchmarks.loop import client

MAPPING = """\
entity = "product"
[erp]
resource = "products.csv"
key = "ArtNr"
parent = "VaterNr"
write_to = "import/products-{time}.csv"
[fields]
sku     = { erp = "ArtNr", store = "sku" }
name    = { erp = "Name", store = "name", truth = "store-wins" }
price   = { erp = "VK", store = "regular_price", type = "money" }
stock   = { erp = "Bestand", store = "stock_quantity", type = "integer", truth = "erp-wins" }
managed = { value = true, store = "manage_stock", type = "boolean" }
option  = { erp = "Option", store = "attribute:Size" }
"""
OVERLAP = 3  # seconds; a schedule is longer than the usual two minutes
COLUMNS = ["ArtNr", "VaterNr", "Name", "VK", "Bestand", "Option"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--variations", type=int, default=4)
    args = parser.parse_args()
    products, variations = args.products, args.products * args.variations
    pages, lists = -(-products // 99), -(-variations // 100)
    folder = Path(tempfile.mkdtemp(prefix="syncengine-catalogue-"))
    try:
        print(f"{products:,} products with {variations:,} variations\n")
        print(f"  {'':<44} {'changes':>8} {'requests':>9} {'necessary':>10} {'seconds':>8}")
        with project.store() as url:
            _project(folder, url)
            rows = _rows(products, args.variations)
            _write(folder, rows)
            # what is there, what the store can do, its attributes, the SKUs of all rows, the batches
            created = 1 + 1 + 1 + -(-len(rows) // 100) + -(-products // 100) + products
            step(folder, "all created in an empty shop", created)
            step(folder, "read back: each product's date has moved", pages + lists)
            step(folder, "nothing has changed", 1)
            for row in rows:
                row["VK"] = row["VK"] and f"{float(row['VK']) + 1:.2f}"
            _write(folder, rows)
            step(folder, "every price changed in the ERP", 1 + products)
            step(folder, "read back", pages + lists)
            touched = _sell(url, every=100)
            step(
                folder,
                "1 % of the products changed in the shop",
                -(-touched // 99) + -(-touched * args.variations // 100),
            )
            step(folder, "a whole comparison (--full)", pages + lists, "--full")
            shutil.rmtree(folder)
            _project(folder, url)
            _write(folder, rows)
            step(folder, "a first meeting with the full shop", pages + lists + touched)
    finally:
        shutil.rmtree(folder)


def step(folder: Path, what: str, necessary: int, *options: str) -> None:
    """One run, as a process; its requests beside those that it cannot do without."""
    time.sleep(OVERLAP + 1)  # what the step before has written is not read once more
    command = [sys.executable, "-m", "syncengine", "run", "--json", "--no-progress", "--force", *options]
    began = time.perf_counter()
    command += ["--config", str(folder / "config.toml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    job = json.loads(ended.stdout)["jobs"][0]
    if ended.returncode:
        raise SystemExit(f"{what}: exit code {ended.returncode}: {job.get('error')} {job['rejects'][:3]}")
    print(f"  {what:<44} {len(job['changes']):>8,} {job['requests']:>9,} {necessary:>10,} {seconds:>8.1f}", flush=True)


def _rows(products: int, variations: int) -> list[dict[str, str]]:
    found = []
    for number in range(products):
        key = f"P-{number:05}"
        found.append(dict.fromkeys(COLUMNS, "") | {"ArtNr": key, "Name": f"Article {number}"})
        for at in range(variations):
            row = {"ArtNr": f"{key}-{at}", "VaterNr": key, "Name": "", "VK": "9.90", "Bestand": "5"}
            found.append(row | {"Option": "SMLXY"[at % 5] * (at // 5 + 1)})
    return found


def _project(folder: Path, url: str) -> None:
    (folder / "erp").mkdir(parents=True)
    (folder / "mapping.toml").write_text(MAPPING)
    config = project.CONFIG.format(url=url)
    (folder / "config.toml").write_text(config.replace("[jobs", f'overlap = "{OVERLAP}s"\n[jobs', 1))


def _write(folder: Path, rows: list[dict[str, str]]) -> None:
    with (folder / "erp" / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def _sell(url: str, every: int) -> int:
    """Another stock for one variation of each so many-th product."""
    touched = 0
    with client(url) as http:
        for number in range(0, 10**9, every):
            found = http.get("products", params={"sku": f"P-{number:05}-0"}).json()
            if not found:
                return touched
            one = found[0]
            http.post(
                f"products/{one['parent_id']}/variations/batch",
                json={"update": [{"id": one["id"], "stock_quantity": 3}]},
            ).raise_for_status()
            touched += 1
    return touched


if __name__ == "__main__":
    main()
