"""Plays a page: does what is given, and puts what really happened where the page says what is expected."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import time
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from syncengine import cli
from syncengine.engine.job import JobRun
from tests.scenarios.page import Page, Step, block, bullets, rows, table
from tests.scenarios.records import RECORDS, Records
from tests.scenarios.shop import Shop

__all__ = ["play"]

HERE = Path(__file__).parent
SHOP, NEW_SHOP = "shop.example", "new-shop.example"
WINDOWS = ", in Windows-1252"
DROPS = "The ERP drops "
UPLOADED = re.compile(r"(?<=/uploads/)\d{4}/\d{2}/")  # the month in which an image came
RUN = re.compile(r"\d{8}T\d{6}-[0-9a-f]{4}")
CHANGES = ("side", "action", "key", "field", "from", "to", "why", "outcome")
HELD = ("id", "key", "field", "erp", "store", "base", "why")
REJECTS = ("side", "where", "key", "field", "reason")
NO_FIELD = {None: {"from": None, "to": None, "why": None}}  # a delete

Report = dict[str, Any]
Toml = dict[str, Any]


def play(page: Page, folder: Path, shop: Shop, url: str) -> Page:
    """The page as it should read."""
    play = _Play(folder, shop, url)
    return replace(page, steps=[replace(step, shown=play.step(step)) for step in page.steps])


class _Play:
    def __init__(self, folder: Path, shop: Shop, url: str) -> None:
        self.folder, self.shop = folder, shop
        self.hosts = {SHOP: url.partition("://")[2]}
        self.hosts[NEW_SHOP] = self.hosts[SHOP].replace("127.0.0.1", "localhost")
        self.home = SHOP
        (folder / "erp").mkdir()
        self.clock = time.time() - 100_000
        self.passed = timedelta()
        self.mapping = self.config = ""
        self.columns: list[str] = []  # what the page tells of the store's products
        self._settings()

    def step(self, step: Step) -> str:
        """Do one step. Returns what the page should show there."""
        heading, windows = step.heading.removesuffix(WINDOWS), step.heading.endswith(WINDOWS)
        match heading:
            case "The mapping says":
                self.mapping = step.blocks[0]
                self._settings()
            case "The config says":
                self.config = step.blocks[0]
                self._settings()
            case "The ERP has":
                self._export(step.blocks[0], windows)
            case "The ERP has, broken off":
                self._export(step.blocks[0].removesuffix("\n"), windows)
            case _ if heading.startswith(DROPS):
                self._export(step.blocks[0], windows, heading.removeprefix(DROPS))
            case "Both sides agree":
                self._export(step.blocks[0], windows)
                code, report = self._report(["run"])
                assert (code, report["held"]) == (0, []), "both sides do not agree"
            case "The store has":
                self.columns += step.rows[0]
                for cells in step.rows:
                    self._records.add(cells)
            case "In the store":
                for what in step.bullets:
                    self._records.happens(what)
            case "The store moves to another address":
                self.home = NEW_SHOP
                self._settings()
            case "The connection breaks in the middle of the next write":
                self.shop.breaks = True
            case "The ERP takes away what it finds to import":
                for file in (self.file.parent / "import").glob("*.csv"):
                    file.unlink()
            case "Three days pass":
                self.passed += timedelta(days=3)
            case "Now the ERP has":
                return block(_text(self.file, windows))
            case "Now the store has":
                return self._store()
            case "Now the store's media library holds":
                return bullets(self.shop.media()) or "- nothing"
            case "Now the ERP finds to import":
                return self._handed_over()
            case "Now the ERP's folder holds":
                return self._names()
            case _ if heading.startswith(("sync run", "sync diff")):
                return self._run(shlex.split(heading)[1:])
            case _ if heading.startswith("sync "):
                return self._other(shlex.split(heading)[1:])
            case _:
                raise ValueError(f"no such step: {heading!r}")
        return step.shown

    # -- the two sides

    def _export(self, text: str, windows: bool, name: str = "") -> None:
        (self.file.parent / (name or self.file.name)).write_bytes(
            text.replace("\n", "\r\n").encode("cp1252") if windows else text.encode()
        )
        self._rest()

    def _rest(self) -> None:
        """Nobody is still writing these files: each was touched some time ago, and no two at the same time."""
        for file in sorted(self.file.parent.rglob("*.csv")):
            self.clock += 10
            if time.time() - file.stat().st_mtime < 1000:
                os.utime(file, (self.clock, self.clock))

    def _handed_over(self) -> str:
        """A page does not show line ends. They are the ERP's, or those of Windows where it has no file to go by."""
        files = sorted((self.file.parent / "import").glob("*.csv"), key=lambda file: file.stat().st_mtime)
        ends = ("\r\n", "\n") if not list(self.file.parent.glob("*.csv")) else ("\n", "\n")
        return "\n\n".join(block(_text(file, windows=False).replace(*ends)) for file in files) or "- nothing"

    def _store(self) -> str:
        mapped = [one["store"] for one in self._mapping["fields"].values()]
        kind = ["type"] if self._records.kinds() - {"simple"} else []
        status = ["status"] if self._records.statuses() - {"publish"} else []
        shown = self._records.shown if isinstance(self._records, Records) else ()
        paths = list(dict.fromkeys([*mapped[:1], *kind, *mapped, *self.columns, *shown, *status]))
        return table(paths, self._records.everything(paths))

    @property
    def _records(self) -> Shop | Records:
        """What the mapping is about, in the shop."""
        of = RECORDS.get(self._mapping["entity"])
        return of(self.shop) if of is not None else self.shop

    @property
    def file(self) -> Path:
        """What the ERP exports."""
        resource = str(self._mapping["erp"]["resource"])
        return self.folder / "erp" / ("products.csv" if "*" in resource else resource)

    # -- the settings

    @property
    def _mapping(self) -> Toml:
        entity = tomllib.loads(self.mapping).get("entity", "")
        return self._merged(f"{entity}.toml" if entity else "mapping.toml", self.mapping)

    def _settings(self) -> None:
        config = self._merged("config.toml", self.config)
        config["connections"]["shop"]["url"] = f"http://{self.hosts[self.home]}"
        (self.folder / "config.toml").write_text(_toml(config), encoding="utf-8")
        mapping = _toml(self._mapping)
        (self.folder / "mapping.toml").write_text(mapping, encoding="utf-8")

    def _merged(self, name: str, difference: str) -> Toml:
        return _joined(tomllib.loads((HERE / name).read_text(encoding="utf-8")), tomllib.loads(difference))

    # -- the command

    def _run(self, arguments: list[str]) -> str:
        """`sync run` or `sync diff`, and what each of them promises."""
        code, plan = self._look(["diff", *arguments[1:]])
        if arguments[0] == "diff":
            return _told(plan, code)
        code, report = self._report(arguments)
        assert _plan(report) == _plan(plan), "the run did not do what `sync diff` had said"
        assert report["stopped_by"] == plan["stopped_by"], "`sync diff` had not said what would stop the run"
        return _told(report, code, self._again() if report["status"] == "done" else [])

    def _look(self, arguments: list[str]) -> tuple[int, Report]:
        """A dry run: it must leave no trace on either side."""
        self.shop.reset_log()
        files, shop = self._files(), self._records.everything(["id", "date_modified"])
        found = self._report(arguments)
        assert {request.method for request in self.shop.requests} <= {"GET", "OPTIONS"}, "a dry run wrote to the store"
        there = self._records.everything(["id", "date_modified"])
        assert (self._files(), there) == (files, shop), "a dry run left a trace"
        return found

    def _again(self) -> list[str]:
        """What a second run right after would do: nothing, unless the page says otherwise."""
        _, report = self._look(["diff"])
        if not report["changes"]:
            return ["a second run would write nothing"]
        return [
            f"a second run would {change['action']} {change['key']} in the {change['side']}"
            for change in report["changes"]
        ]

    def _report(self, arguments: list[str]) -> tuple[int, Report]:
        path = self.folder / "report.json"
        path.unlink(missing_ok=True)
        code, said = self._call([*arguments, "--no-progress", "--report", str(path)])
        assert path.exists(), said
        (report,) = json.loads(path.read_text(encoding="utf-8"))["jobs"]
        if report["status"] == "done":
            _check_counts(report)
        return code, self._public(report)

    def _other(self, arguments: list[str]) -> str:
        code, said = self._call(arguments)
        return block(f"{said.rstrip()}\n") + (f"\n\n- exit code {code}" if code else "")

    def _call(self, arguments: list[str]) -> tuple[int, str]:
        output = io.StringIO()
        now = patch.object(JobRun, "now", lambda _: datetime.now(UTC) + self.passed)
        with redirect_stdout(output), redirect_stderr(output), now:
            code = cli.main([*arguments, "--config", str(self.folder / "config.toml")])
        self._rest()
        return code, output.getvalue()

    def _files(self) -> dict[str, bytes]:
        folder = self.file.parent
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}

    def _names(self) -> str:
        """The files that everybody sees, by names that are the same in every run."""
        names = [name for name in self._files() if not Path(name).name.startswith(".")]
        return bullets(RUN.sub("{time}", name) for name in names) or "- nothing"

    def _public(self, report: Report) -> Report:
        """Without the port, the folder and the month that this time happened to get."""
        text = json.dumps(report)
        for name, host in self.hosts.items():
            text = text.replace(host, name)
        public: Report = json.loads(UPLOADED.sub("", text.replace(f"{self.folder}/", "")))
        return public


def _told(report: Report, code: int, more: list[str] = []) -> str:  # noqa: B006 - it is only read
    """A report as a page shows it: tables of what was done, and a list of all that is not nothing."""
    tables = [
        table(header, rows(entries, header))
        for header, entries in (
            (CHANGES, _changes(report)),
            (HELD, report["held"]),
            (REJECTS, report["rejects"]),
        )
        if entries
    ]
    return "\n\n".join([*tables, bullets([f"exit code {code}: {report['message']}", *_counted(report), *more])])


def _changes(report: Report) -> list[Report]:
    """One entry for each field of each change."""
    return [
        {**change, **what, "field": field, "outcome": _outcome(change, what)}
        for change in report["changes"]
        for field, what in (change["fields"] or NO_FIELD).items()
    ]


def _outcome(change: Report, what: Report) -> str:
    """Of a change of which the store took only a part, each field has its own."""
    outcome = what.get("outcome", change["outcome"])
    error = what.get("error") or change.get("error") if outcome in ("failed", "unknown") else ""
    return f"{outcome}: {error}" if error else str(outcome)


def _counted(report: Report) -> list[str]:
    """Counts that are not 0, and warnings."""
    counts = {
        "drift": report["drift"],
        "unwritten": report["unwritten"],
        "conflicts settled": report["conflicts"]["settled"],
        "conflicts newly held": report["conflicts"]["held"],
        "conflicts waiting": report["conflicts"]["waiting"],
        "unlinked in the ERP": report["unlinked"]["erp"],
        "unlinked in the store": report["unlinked"]["store"],
    }
    return [f"{name}: {count}" for name, count in counts.items() if count] + [
        f"warning: {warning}" for warning in report["warnings"]
    ]


def _check_counts(report: Report) -> None:
    """Every row that was read is accounted for."""
    for side in ("erp", "store"):
        rejected = len({one["where"] for one in report["rejects"] if one["side"] == side})
        told = sum(report[name][side] for name in ("unchanged", "changed", "unlinked")) + rejected
        assert report["read"][side] == told, f"{report['read'][side]} rows read from the {side}, {told} accounted for"


def _plan(report: Report) -> list[Report]:
    """What a report says was to be done, whatever became of it."""
    return [
        {name: change[name] for name in ("side", "action", "key")}
        | {"fields": {name: (what["from"], what["to"], what["why"]) for name, what in change["fields"].items()}}
        for change in report["changes"]
    ]


def _text(file: Path, windows: bool) -> str:
    if not windows:
        return file.read_bytes().decode()
    text = file.read_bytes().decode("cp1252")
    assert text.count("\n") == text.count("\r\n"), "a line does not end as Windows has it"
    return text.replace("\r\n", "\n")


def _joined(one: Toml, other: Toml) -> Toml:
    """The first with the tables of the second put in: a table that is given replaces the one of that name."""
    found = dict(one)
    for name, value in other.items():
        holds_tables = isinstance(value, dict) and all(isinstance(inner, dict) for inner in value.values())
        found[name] = _joined(found.get(name, {}), value) if holds_tables else value
    return found


def _toml(values: Toml) -> str:
    sections = {name: value for name, value in values.items() if isinstance(value, dict)}
    lines = [f"{name} = {_inline(value)}" for name, value in values.items() if name not in sections]
    for name, section in sections.items():
        lines += [f"[{name}]", *(f"{_inline(key)} = {_inline(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_inline(name)} = {_inline(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)
