"""A folder as a user has it with one job of any entity: a mapping, the ERP's file, and `sync run` on them."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from syncengine.cli import main

MAPPINGS = Path(__file__).parents[2] / "mappings"
CONNECTIONS = """\
[connections.erp]
type = "csv"
folder = "erp"
decimal = ","
delimiter = ";"

[connections.shop]
type = "woocommerce"
url = "{url}"
consumer_key = "ck_sandbox"
consumer_secret = "cs_sandbox"
settle = "0s"
"""
CONFIG = (
    CONNECTIONS
    + """\
{more}

[jobs.job]
mapping = "mapping.toml"
erp = "erp"
store = "shop"
[jobs.job.guards]
max_changes = "100%"
max_deletes = "100%"
"""
)


class Mapped:
    """One job with a shipped mapping, or with one that is given whole. `more` are further keys of the shop."""

    def __init__(self, folder: Path, url: str, mapping: str, more: str = "") -> None:
        self.folder = folder
        (folder / "erp").mkdir(parents=True)
        (folder / "config.toml").write_text(CONFIG.format(url=url, more=more), encoding="utf-8")
        shipped = mapping.endswith(".toml")
        text = (MAPPINGS / mapping).read_text(encoding="utf-8") if shipped else mapping
        (folder / "mapping.toml").write_text(text, encoding="utf-8")
        self.exports = 0

    def change(self, old: str, new: str) -> None:
        file = self.folder / "mapping.toml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def export(self, name: str, *rows: str) -> None:
        """The ERP writes a file, a while ago, so that no run waits for it to be complete."""
        self.exports += 1
        file = self.folder / "erp" / name
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        os.utime(file, (1_700_000_000 + self.exports,) * 2)

    def run(self, *options: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what the run reports of the job."""
        return self.call("run", "--json", *options)

    def diff(self) -> tuple[int, dict[str, Any]]:
        return self.call("diff", "--json")

    def run_as_promised(self) -> tuple[int, dict[str, Any]]:
        """`run`, after a dry run that said the same of it."""
        code, promised = self.diff()
        done, report = self.run()
        for name in ("create", "update", "rejects", "failed"):
            assert promised[name] == report[name]
        assert [one["fields"] for one in promised["changes"]] == [one["fields"] for one in report["changes"]]
        assert code == done
        return done, report

    def call(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(out):
            code = main([*arguments, "--config", str(self.folder / "config.toml")])
        out.seek(0)
        report: dict[str, Any] = json.load(out)["jobs"][0]
        return code, report

    def handed_over(self) -> list[str]:
        """The lines of all files for the ERP so far, in the order of the runs."""
        files = sorted((self.folder / "erp" / "import").glob("*.csv"), key=lambda file: file.stat().st_mtime_ns)
        return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def told(report: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """What a run did: side, action, key and outcome of each change."""
    return [(one["side"], one["action"], one["key"], one["outcome"]) for one in report["changes"]]


def rejected(told: tuple[int, dict[str, Any]]) -> tuple[int, list[tuple[str, str]]]:
    """How a run ended, and why it rejected which rows."""
    code, report = told
    return code, [(one["key"], one["reason"]) for one in report["rejects"]]
