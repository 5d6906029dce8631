"""A folder as a user has it who hands a shop's orders to an ERP, and an ERP that imports them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from syncengine.cli import main
from tests.system.mapped import CONNECTIONS, MAPPINGS

CONFIG = (
    CONNECTIONS
    + """\

[jobs.orders]
mapping = "orders.toml"
erp = "erp"
store = "shop"
[jobs.orders.guards]
max_changes = "100%"

[jobs.order-status]
mapping = "order-status.toml"
erp = "erp"
store = "shop"
[jobs.order-status.guards]
max_changes = "100%"

[jobs.orders-from-erp]
mapping = "orders-from-erp.toml"
erp = "erp"
store = "shop"
[jobs.orders-from-erp.guards]
max_changes = "100%"
"""
)
HEADERS = {
    "order-status": "Bestellnummer;Status;Belegnummer;Versender;Sendungsnummer;Mitteilung",
    "new-orders": (
        "Auftrag;Status;Kunde;Zahlart;Firma;Vorname;Nachname;Strasse;PLZ;Ort;Land;EMail;Art;Artikel;Text;Menge;Betrag"
    ),
}
Row = dict[str, str]


class Orders:
    """The shipped mappings for orders, each a job, in one project."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        (folder / "erp" / "import").mkdir(parents=True)
        (folder / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
        for name in ("orders.toml", "order-status.toml", "orders-from-erp.toml"):
            (folder / name).write_text((MAPPINGS / name).read_text(encoding="utf-8"), encoding="utf-8")
        self.dropped = 0

    def change(self, name: str, old: str, new: str) -> None:
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, job: str = "orders", *options: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what the run reports of the job."""
        code, (report,) = self._told(["run", job, *options])
        return code, report

    def all(self) -> list[tuple[int, dict[str, Any]]]:
        """A run of all jobs, and what each of them reports."""
        code, reports = self._told(["run"])
        return [(code, report) for report in reports]

    def _told(self, command: list[str]) -> tuple[int, list[dict[str, Any]]]:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            code = main([*command, "--json", "--config", str(self.folder / "config.toml")])
        out.seek(0)
        told = json.load(out)
        return code, told.get("jobs") or [told]

    def sync(self, job: str = "orders") -> tuple[int, dict[str, Any]]:
        """The same by `sync run` in a process of its own."""
        config = str(self.folder / "config.toml")
        command = [sys.executable, "-m", "syncengine", "run", job, "--json", "--config", config]
        ended = subprocess.run(command, check=False, capture_output=True, timeout=120)
        report: dict[str, Any] = json.loads(ended.stdout)["jobs"][0]
        return ended.returncode, report

    def handed_over(self, pattern: str = "orders-*.csv") -> list[Row]:
        """The rows of all files so far, in the order of the runs."""
        files = sorted((self.folder / "erp" / "import").glob(pattern), key=lambda file: file.stat().st_mtime_ns)
        return [
            row
            for file in files
            for row in csv.DictReader(io.StringIO(file.read_bytes().decode(), newline=""), delimiter=";")
        ]

    def drop(self, *rows: str, name: str = "order-status", more: str = "") -> None:
        """The ERP tells of orders, in a file of its own, which may have more columns."""
        self.dropped += 1
        file = self.folder / "erp" / f"{name}-{self.dropped:03}.csv"
        file.write_text("\n".join([HEADERS[name] + more, *rows]) + "\n", encoding="utf-8")
        os.utime(file, (1_700_000_000 + self.dropped,) * 2)
