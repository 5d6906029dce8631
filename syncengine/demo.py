"""`sync demo`: a shop and an ERP in a folder of their own, and what becomes of changes on both sides."""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from rich.console import Console
from rich.text import Text

from syncengine import cli
from syncengine.errors import ConfigError, Problem
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running

__all__ = ["run"]

INDENT = 3
WIDEST = 116
CONFIG = """\
[connections.erp]
type = "csv"
folder = "erp"
decimal = ","

[connections.shop]
type = "woocommerce"
url = "{url}"
consumer_key = "ck_sandbox"
consumer_secret = "cs_sandbox"

[jobs.products]
mapping = "products.toml"
erp = "erp"
store = "shop"
"""
MAPPING = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"
write_to = "import/products-{time}.csv"

[fields]
sku           = { erp = "ArtNr",       store = "sku",                               truth = "erp", required = true }
name          = { erp = "Bezeichnung", store = "name",                              truth = "store-wins" }
regular_price = { erp = "VK",          store = "regular_price",  type = "money",    truth = "erp", max_change = "50%" }
stock         = { erp = "Bestand",     store = "stock_quantity", type = "integer",  truth = "erp-wins", to = "store" }
manage_stock  = { value = true,        store = "manage_stock",   type = "boolean" }
categories    = { erp = "Warengruppe", store = "categories",     type = "list",     truth = "erp" }
shelf         = { erp = "Regal",       store = "meta:_shelf",                       truth = "ask" }
"""
COLUMNS = ("ArtNr", "Bezeichnung", "VK", "Bestand", "Warengruppe", "Regal")
TEAS = (
    ("Assam", "Schwarztee"), ("Darjeeling", "Schwarztee"), ("Earl Grey", "Schwarztee"), ("Sencha", "Grüntee"),
    ("Jasminblüte", "Grüntee"), ("Rooibos", "Kräutertee"), ("Pfefferminze", "Kräutertee"),
    ("Waldfrüchte", "Früchtetee"),
)  # fmt: skip
PACKS = (("50 g", 390), ("100 g", 690), ("250 g", 1490), ("500 g", 2690), ("Geschenkdose", 1990))


def run(args: argparse.Namespace) -> int:
    """Play the whole example; it ends by itself. Returns 0 if every step went as told."""
    folder = _fresh(args.folder)
    with Sandbox(folder / "shop.db") as shop, running(shop) as url:
        (folder / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
        (folder / "products.toml").write_text(MAPPING, encoding="utf-8")
        return _Play(folder, shop, url).play()


def _fresh(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="sync-demo-"))
    instead = "name a new folder, or leave it out"
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ConfigError(Problem("--folder", None, f"{folder} is not empty", instead))
        folder.mkdir(parents=True, exist_ok=True)
        return folder.resolve()
    except OSError as error:
        raise ConfigError(Problem("--folder", None, f"{folder} cannot be made: {error.strerror}", instead)) from None


class _Erp:
    """What stands in for the ERP: it exports its products into a folder, and imports what it finds there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, dict[str, str]] = {}
        (folder / "import").mkdir(parents=True)

    def fill(self) -> None:
        for number, (tea, group) in enumerate(TEAS):
            for size, (pack, cents) in enumerate(PACKS):
                key = f"T-{1001 + number * len(PACKS) + size}"
                price = cents + 40 * number
                self.put(
                    key,
                    f"{tea} {pack}",
                    f"{price // 100},{price % 100:02}",
                    12 + 7 * size,
                    group,
                    f"{'ABCD'[size % 4]}{number + 1}",
                )

    def put(self, key: str, *cells: object) -> None:
        self.rows[key] = dict(zip(COLUMNS, (key, *map(str, cells)), strict=True))

    def export(self) -> None:
        """As an ERP in Germany does: semicolons, decimal commas, and no UTF-8."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(self.rows.values())
        unfinished = self.folder / ".products.tmp"
        unfinished.write_bytes(text.getvalue().encode("cp1252"))
        unfinished.replace(self.folder / "products.csv")

    def handed_over(self) -> list[Path]:
        return sorted((self.folder / "import").glob("*.csv"))

    def take_in(self) -> None:
        """The nightly import."""
        for file in self.handed_over():
            for row in csv.DictReader(io.StringIO(file.read_bytes().decode("cp1252"), newline=""), delimiter=";"):
                self.rows.setdefault(row["ArtNr"], dict.fromkeys(COLUMNS, "")).update(row)
            file.rename(file.with_suffix(".imported"))


class _Play:
    def __init__(self, folder: Path, shop: Sandbox, url: str) -> None:
        self.folder, self.shop, self.url = folder, shop, url
        self.erp = _Erp(folder / "erp")
        self.console = Console(highlight=False)
        self.width = min(self.console.width, WIDEST)
        self.number = 0
        self.wrong: list[str] = []

    def play(self) -> int:
        self._tell(
            "A tea shop, and the ERP behind it. Both change all day, and `sync` keeps them in step.", style="bold"
        )
        self._tell(f"Everything is in {self.folder}. The shop is a sandbox on this machine.", style="dim")
        self._first_run()
        self._both_change()
        self._diff()
        self._run()
        self._waiting()
        self._answered()
        self._history()
        return self._end()

    def _first_run(self) -> None:
        self._step("The first run", "The ERP has exported 40 products to erp/products.csv. The shop is still empty.")
        self.erp.fill()
        self.erp.export()
        self._sync("run", head=7)

    def _both_change(self) -> None:
        self._step("A day goes by", "Both sides are edited, partly the same products:")
        rows = self.erp.rows
        rows["T-1003"]["VK"] = "15,40"
        rows["T-1008"]["VK"] = "15,90"
        rows["T-1013"]["VK"] = "1O,50"
        rows["T-1020"]["Bezeichnung"] = "Sencha Dose"
        rows["T-1025"]["Regal"] = "Z9"
        self.erp.put("T-1041", "Matcha 30 g", "24,90", 12, "Grüntee", "A9")
        self.erp.export()
        self._edit("T-1002", name="Assam Superior 100 g")
        self._edit("T-1015", regular_price="18.90")
        self._edit("T-1020", name="Sencha in der Geschenkdose")
        self._edit("T-1025", meta_data=[{"key": "_shelf", "value": "B7"}])
        self._list(
            ("ERP", "two new prices, and a third with a typing error: 1O,50"),
            ("ERP", "a new product: Matcha 30 g"),
            ("shop", "T-1002 gets a nicer name"),
            ("shop", "T-1015 gets another price, though prices belong to the ERP"),
            ("both", "T-1020 gets a new name here, and another one there"),
            ("both", "T-1025 moves to shelf Z9 says the ERP, to B7 says the shop"),
        )

    def _diff(self) -> None:
        self._step("Look before", "A dry run says exactly what a run would do. It changes nothing, anywhere.")
        self._sync("diff", expect=1)

    def _run(self) -> None:
        self._step("Do it", "The row with the typing error is set aside (exit code 1 says so); all the rest goes on.")
        self._sync("run", "--report", "report.html", head=7, expect=1)
        self.console.print()
        self._tell("The shop has its changes. For the ERP there is a file to import, in the ERP's own spelling:")
        for file in self.erp.handed_over():
            text = file.read_bytes().decode("cp1252").replace("\r\n", "\n")
            self._block(Text(f"$ cat {file.relative_to(self.folder)}", style="green"), text)

    def _waiting(self) -> None:
        self._step(
            "What waits for a person",
            "T-1020 was settled: the mapping says that the shop wins on names. "
            "For shelves it says `ask`, so T-1025 was left alone on both sides.",
        )
        self._sync("conflicts")
        self._sync("rejected")

    def _answered(self) -> None:
        self._step(
            "Answer, and go on",
            "The ERP's shelf is right. The ERP corrects the price and imports the file. The next run does the rest.",
        )
        self._sync("conflicts", "resolve", "1", "--take", "erp")
        self.erp.take_in()
        self.erp.rows["T-1013"]["VK"] = "10,50"
        self.erp.export()
        self._sync("run")
        self.console.print()
        self._tell("And once more, to see that nothing is left, and that our own writes are not taken for changes:")
        self._sync("run", head=0)

    def _history(self) -> None:
        self._step("What happened?", "Every value ever changed is on record: when, from what, to what, and why.")
        self._sync("history", "T-1020")

    def _end(self) -> int:
        report = self.folder / "report.html"
        self.console.print()
        self._tell("That was it.", style="bold")
        port = self.url.rpartition(":")[2]
        self._list(
            ("report", f"{report}  (open it in a browser)"),
            ("look around", f"cd {self.folder} && sync status"),
            ("go on", f"sync sandbox --state shop.db --port {port} &"),
            ("", "sync run"),
        )
        if not report.is_file():
            self.wrong.append("there is no report")
        for what in self.wrong:
            print(f"The demo did not go as it should: {what}", file=sys.stderr)
        return 1 if self.wrong else 0

    def _edit(self, key: str, **fields: object) -> None:
        self.shop.edit_product(self.shop.product_by_sku(key)["id"], **fields)

    # -- how it is told

    def _step(self, title: str, what: str) -> None:
        self.number += 1
        self.console.print()
        self.console.print(Text(f"{self.number}  {title}", style="bold cyan"))
        self._tell(what)

    def _tell(self, text: str, style: str = "") -> None:
        for line in textwrap.wrap(text, self.width - INDENT):
            self._line(Text(line, style=style))

    def _list(self, *lines: tuple[str, str]) -> None:
        widest = max(len(who) for who, _ in lines)
        for who, what in lines:
            whole = str(self.folder) in what
            room = self.width - INDENT - widest - 2
            for at, part in enumerate([what] if whole else textwrap.wrap(what, room)):
                self._line(Text.assemble((f"{who if at == 0 else '':<{widest}}  ", "dim"), part))

    def _block(self, title: Text, text: str) -> None:
        self.console.print()
        self._line(title)
        for line in Text.from_ansi(text.strip("\n")).split():
            line.rstrip()
            self._line(Text("  ") + line)

    def _line(self, line: Text) -> None:
        """Never wrapped here: what is printed fits, but for paths, which must stay whole."""
        self.console.print(Text(" " * INDENT) + line, soft_wrap=True)

    def _sync(self, *arguments: str, head: int | None = None, expect: int = 0) -> None:
        """Call the command as a user would, and show what it says: all of it, or `head` lines and how it ends."""
        output = io.StringIO()
        with self._terminal(), redirect_stdout(output):
            code = cli.main([*self._paths(arguments), "--config", str(self.folder / "config.toml")])
        if code != expect:
            self.wrong.append(f"sync {arguments[0]} ended with exit code {code}, not {expect}")
        self._block(Text(f"$ sync {' '.join(arguments)}", style="green"), _shortened(output.getvalue(), head))

    def _paths(self, arguments: Sequence[str]) -> Iterator[str]:
        return (str(self.folder / one) if one.endswith(".html") else one for one in arguments)

    @contextmanager
    def _terminal(self) -> Iterator[None]:
        """What is printed into memory is meant for this terminal: its colours, and its width less the margin."""
        mine = {"COLUMNS": str(self.width - INDENT - 2)}
        if self.console.is_terminal and not self.console.no_color:
            mine["FORCE_COLOR"] = "1"
        before = {name: os.environ.get(name) for name in mine}
        os.environ.update(mine)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _shortened(text: str, head: int | None) -> str:
    """The first lines and the last paragraph: on a narrow terminal, that has several lines, too."""
    text = text.strip("\n")
    begins, _, ends = text.rpartition("\n\n")
    lines = begins.split("\n")
    if head is None or len(lines) <= head:
        return text
    return "\n".join([*lines[:head], "  …", ends] if head else [ends])
