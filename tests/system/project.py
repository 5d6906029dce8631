"""A folder as a user has it: config.toml, a mapping, the ERP's files; and the `sync` command as a process."""

from __future__ import annotations

import csv
import ctypes
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncengine.cli import main

CONFIG = """\
[connections.erp]
type = "csv"
folder = "erp"
decimal = ","

[connections.shop]
type = "woocommerce"
url = "{url}"
consumer_key = "{key}"
consumer_secret = "{secret}"
timeout = 5
settle = "1s"

[jobs.products]
mapping = "products.toml"
erp = "erp"
store = "shop"
{more}
"""
MAPPING = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"
write_to = "{write_to}"

[fields]
sku           = {{ erp = "ArtNr",       store = "sku",                              truth = "erp" }}
name          = {{ erp = "Bezeichnung", store = "name",                             truth = "store-wins" }}
regular_price = {{ erp = "VK",          store = "regular_price",  type = "money",   truth = "erp" }}
stock         = {{ erp = "Bestand",     store = "stock_quantity", type = "integer", truth = "{stock}", to = "store" }}
manage_stock  = {{ value = true,        store = "manage_stock",   type = "boolean" }}
categories    = {{ erp = "Gruppe",      store = "categories",     type = "list",    truth = "erp" }}
shelf         = {{ erp = "Regal",       store = "meta:_shelf",                      truth = "ask" }}
"""
COLUMNS = ("ArtNr", "Bezeichnung", "VK", "Bestand", "Gruppe", "Regal")
Row = dict[str, str]
LIBC = ctypes.CDLL(None)
PR_CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2  # <linux/prctl.h>, <linux/capability.h>


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def job(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["jobs"][0]
        return found


@dataclass
class Project:
    folder: Path
    url: str
    key: str = "ck_sandbox"
    secret: str = "cs_sandbox"
    write_to: str = "import/products-{time}.csv"
    stock: str = "erp-wins"
    more: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    mighty: bool = True  # False: permissions keep the command out even where root runs it

    def __post_init__(self) -> None:
        (self.folder / "erp" / "import").mkdir(parents=True)
        self.configure()

    def configure(self) -> None:
        config = CONFIG.format(url=self.url, key=self.key, secret=self.secret, more=self.more)
        (self.folder / "config.toml").write_text(config, encoding="utf-8")
        mapping = MAPPING.format(write_to=self.write_to, stock=self.stock)
        (self.folder / "products.toml").write_text(mapping, encoding="utf-8")

    # -- the ERP

    def fill(self, number: int) -> None:
        for at in range(1, number + 1):
            self.put(at)
        self.export()

    def put(self, at: int) -> None:
        key = f"A-{at:03}"
        cells = (key, f"Größe {at}", f"{at},90", str(at), f"Gruppe {at % 3}", f"R{at}")
        self.rows[key] = dict(zip(COLUMNS, cells, strict=True))

    def export(self) -> None:
        """Written a while ago, so that no run waits for it to be complete."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self.rows.values())
        new = self.folder / "erp" / "new.tmp"
        new.write_bytes(text.getvalue().encode("cp1252"))
        self.exports = getattr(self, "exports", 0) + 1
        os.utime(new, (1_700_000_000, 1_700_000_000 + self.exports))
        new.replace(self.source)

    @property
    def source(self) -> Path:
        return self.folder / "erp" / "products.csv"

    def handed_over(self) -> list[Path]:
        return sorted((self.folder / "erp" / "import").glob("[!.]*"))

    def take_in(self) -> None:
        """What the ERP imports at night."""
        for file in self.handed_over():
            for row in csv.DictReader(io.StringIO(file.read_bytes().decode("cp1252"), newline=""), delimiter=";"):
                self.rows[row["ArtNr"]].update(row)
            file.unlink()
        self.export()

    # -- the command

    def given(self, *arguments: str) -> Ended:
        """What only prepares a test: the command in this process, which starts faster. It must work."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            code = main([*arguments, "--config", str(self.folder / "config.toml")])
        out.flush()
        out.seek(0)
        ended = Ended(code, out.read(), "")
        assert code in (0, 1), ended
        return ended

    def sync(self, *arguments: str, **environment: str) -> Ended:
        with self.begin(*arguments, **environment) as process:
            out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)

    def begin(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "syncengine", *arguments],
            cwd=self.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("SYNC_")} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            preexec_fn=self._prepare,  # noqa: PLW1509
        )

    def _prepare(self) -> None:
        # a shell starts what runs in the background with Ctrl-C ignored, and children inherit that
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if not self.mighty:
            for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
                LIBC.prctl(PR_CAPBSET_DROP, capability)  # refused to whoever is not root, who has none

    # -- the state

    @property
    def state(self) -> Path:
        return self.folder / "sync.db"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Read the state beside the command; nothing before there is one."""
        if not self.state.exists():
            return []
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True, timeout=10)) as state:
            try:
                return state.execute(query).fetchall()
            except sqlite3.OperationalError:
                return []

    def statuses(self) -> dict[str, int]:
        """How many lines of the ledger there are of each status."""
        return dict(self.ask("SELECT status, count(*) FROM change GROUP BY status"))
