"""A key that may only read is enough for a job that only reads the shop."""

from __future__ import annotations

from pathlib import Path

from syncengine.cli import main
from syncengine.sandbox import Key, Sandbox
from syncengine.sandbox.server import running
from tests.system.project import Project

FREELY = ["run", "--max-changes", "100%"]
MAPPING = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"
write_to = "import/products-{time}.csv"

[create]
in_store = false
in_erp = true

[fields]
sku  = { erp = "ArtNr",       store = "sku",  truth = "store", to = "erp" }
name = { erp = "Bezeichnung", store = "name", truth = "store", to = "erp" }
"""


def test_no_run_sends_a_request_that_could_write(tmp_path: Path) -> None:
    keys = [Key("ck_reader", "cs_reader", "read")]
    with Sandbox(keys=keys, seed=3) as sandbox, running(sandbox) as url:
        sandbox.home = url
        project = Project(tmp_path / "project", url, key="ck_reader", secret="cs_reader")
        project.fill(1)
        (project.folder / "products.toml").write_text(MAPPING, encoding="utf-8")
        sandbox.create_product(name="Vom Laden", sku="A-001")
        config = ["--config", str(project.folder / "config.toml")]
        runs = (["diff", "--max-changes", "100%"], FREELY, [*FREELY, "--full"])
        assert [main([*command, *config]) for command in runs] == [0, 0, 0]
        assert {request.method for request in sandbox.requests} <= {"GET", "OPTIONS"}
        assert main(["check", *config]) in (0, 1), "nothing hinders a run"
    written = "".join(file.read_text(encoding="cp1252") for file in project.handed_over())
    assert "Vom Laden" in written
