"""What a check looks at, job by job: mappings, files, the state, and what would be counted twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncengine import check as checking
from syncengine.check import check
from syncengine.check.looked import Looked, exit_code
from syncengine.check.stock import counted_twice
from syncengine.endpoints import Endpoint, View, open_endpoint
from syncengine.errors import ConfigError
from syncengine.mapping_file import load_mapping
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings import Connection
from syncengine.settings_file import load_settings
from tests.system.project import Project

STOCK = '[fields]\nsku = { erp = "A", store = "sku", to = "erp", truth = "ask" }\n'


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """30 products in the ERP, two in the shop, of which the ERP knows one."""
    with Sandbox(seed=1) as sandbox, running(sandbox) as url:
        sandbox.create_product(name="Größe 3", sku="A-003", regular_price="3.95")
        project = Project(tmp_path / "project", url)
        project.fill(30)
        yield project


def looked(project: Project, *names: str) -> dict[str, Looked]:
    settings = load_settings(project.folder / "config.toml")
    return {one.name: one for one in check(settings, names or list(settings.jobs))}


def told(one: Looked, what: str) -> list[tuple[str, str]]:
    return [(finding.level, finding.message) for finding in one.findings if finding.what == what]


def rewrite(project: Project, old: str, new: str) -> None:
    mapping = project.folder / "products.toml"
    text = mapping.read_text(encoding="utf-8")
    assert old in text
    mapping.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_project_has_nothing_to_do(project: Project) -> None:
    found = looked(project)
    assert list(found) == ["erp", "shop", "products"]
    assert exit_code(list(found.values())) == 0
    seen = found["products"].seen
    assert seen is not None
    assert list(seen.where) == ["products.csv:4", "product 12"]
    by_name = {field.name: (field.erp, field.store) for field in seen.fields}
    assert by_name["regular_price"] == ("3.90", "3.95")
    assert by_name["manage_stock"] == ("yes", "no")
    assert by_name["shelf"] == ("R3", "")


def test_a_job_that_there_is_none_of_is_wrong_usage(project: Project) -> None:
    with pytest.raises(ConfigError, match="there is no job 'prodcuts'"):
        looked(project, "prodcuts")


# Mappings


def test_mistakes_in_a_mapping_are_findings_and_the_other_jobs_are_looked_at_all_the_same(project: Project) -> None:
    project.more = '[jobs.stock]\nmapping = "stock.toml"\nerp = "erp"\nstore = "shop"\n'
    project.configure()
    (project.folder / "stock.toml").write_text('entity = "product"\n[erp]\nresourse = "x"\n' + STOCK, encoding="utf-8")
    found = looked(project)
    assert [(one.level, one.exit_code) for one in found["stock"].findings] == [("error", 2)] * 3
    assert any("stock.toml:3: " in message and "resourse" in message for _, message in told(found["stock"], "mapping"))
    assert (found["products"].exit_code, found["shop"].exit_code) == (0, 0)


def test_two_jobs_that_write_one_path_clash_and_the_second_is_told(project: Project) -> None:
    project.more = '[jobs.again]\nmapping = "again.toml"\nerp = "erp"\nstore = "shop"\n'
    project.configure()
    text = (project.folder / "products.toml").read_text(encoding="utf-8")
    (project.folder / "again.toml").write_text(text, encoding="utf-8")
    found = looked(project)
    assert found["products"].exit_code == 0
    clashes = [message for level, message in told(found["again"], "mapping") if level == "error"]
    assert any("fields.name: the job products writes name of the same store too" in one for one in clashes)


# Files


def test_columns_that_are_not_there_are_named_with_their_field_line_and_closest_name(project: Project) -> None:
    rewrite(project, '"VK"', '"VKPreis"')
    rewrite(project, '"Bezeichnung"', '"Bezeichnng"')
    job = looked(project)["products"]
    wrong = [one for one in job.findings if one.level == "error"]
    assert [(one.what, one.exit_code) for one in wrong] == [("fields.name", 2), ("fields.regular_price", 2)]
    assert wrong[0].message.endswith("products.toml:10: erp/products.csv has no column 'Bezeichnng'")
    assert wrong[0].instead.startswith("did you mean Bezeichnung? (there are: ArtNr, Bezeichnung, VK,")
    assert not told(job, "ERP records"), "what cannot be read is not read"


def test_encoding_and_delimiter_are_those_that_were_found(project: Project) -> None:
    assert told(looked(project)["products"], "file") == [("ok", "erp/products.csv: cp1252 with ';', 6 columns")]
    text = project.source.read_bytes().decode("cp1252").replace(";", "\t")
    project.source.write_text(text, encoding="utf-8-sig")
    assert told(looked(project)["products"], "file") == [
        ("ok", "erp/products.csv: utf-8 with a tab, with a byte order mark, 6 columns")
    ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.unlink(), "erp/products.csv: there is no such file; "),
        (lambda file: file.write_bytes(b""), "erp/products.csv is empty"),
        (lambda file: file.write_bytes(b"ArtNr,Bezeichnung;VK,Bestand;Gruppe,Regal"), "has no column"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(project: Project, spoil: object, said: str) -> None:
    spoil(project.source)  # type: ignore[operator]
    job = looked(project)["products"]
    assert job.exit_code in (2, 3)
    assert any(said in one.message for one in job.findings if one.level == "error")


def test_a_folder_that_is_not_there_keeps_its_jobs_from_being_looked_at_on_that_side(project: Project) -> None:
    (project.folder / "erp").rename(project.folder / "moved")
    found = looked(project)
    assert [(one.what, one.exit_code) for one in found["erp"].findings] == [("folder", 3)]
    assert told(found["products"], "erp") == [("info", "not looked at: connections.erp cannot be used")]
    assert told(found["products"], "store records") == [("ok", "2 read: none would be rejected for its values")]


def test_where_files_for_the_erp_go_is_tried_without_writing_one(project: Project) -> None:
    before = sorted(project.folder.rglob("*"))
    assert told(looked(project)["products"], "write_to") == [("ok", "files can be put into import")]
    (project.folder / "erp" / "import").rmdir()
    assert told(looked(project)["products"], "write_to") == [("ok", "files can be put into import, which is made then")]
    (project.folder / "erp" / "import").write_text("", encoding="utf-8")
    assert [level for level, _ in told(looked(project)["products"], "write_to")] == ["error"]
    assert sorted(project.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("write_to", "closed"),
    [
        ("in-place", "erp"),
        ("in-place", "erp/products.csv"),
        ("import/p-{time}.csv", "erp/import"),
        ("p-{time}.csv", "erp"),
    ],
)
def test_what_cannot_be_written_is_an_error_before_a_run_tries(
    project: Project, monkeypatch: pytest.MonkeyPatch, write_to: str, closed: str
) -> None:
    rewrite(project, "import/products-{time}.csv", write_to)
    usual, place = os.access, project.folder / closed

    def access(path: Path, mode: int) -> bool:  # root may write anywhere, whatever the permissions say
        return not (path == place and mode & os.W_OK) and usual(path, mode)

    assert told(looked(project)["products"], "write_to")[0][0] == "ok"
    monkeypatch.setattr(os, "access", access)
    job = looked(project)["products"]
    assert told(job, "write_to") == [("error", f"{place} cannot be written")]
    assert job.exit_code == 3


def test_files_with_only_changes_need_not_be_there_and_stay_where_they_are(project: Project) -> None:
    rewrite(project, '"products.csv"', '"products*.csv"\ncomplete = false\narchive_to = "done"')
    job = looked(project)["products"]
    assert told(job, "file") == [("ok", "erp/products.csv: cp1252 with ';', 6 columns")]
    assert told(job, "archive_to") == [("ok", "files can be put into done, which is made then")]
    assert told(job, "ERP records") == [("ok", "10 out of 30 read: none would be rejected for its values")]
    assert project.source.exists()
    project.source.unlink()
    job = looked(project)["products"]
    assert [level for level, _ in told(job, "files")] == ["ok"]
    assert told(job, "ERP records") == [("info", "there is none yet")]
    assert job.exit_code == 0


def test_of_very_many_files_only_the_last_are_told_one_by_one(project: Project) -> None:
    rewrite(project, '"products.csv"', '"products*.csv"\ncomplete = false')
    for number in range(1, 31):
        (project.folder / "erp" / f"products-{number:02}.csv").write_bytes(project.source.read_bytes())
    job = looked(project)["products"]
    assert len(told(job, "file")) == 10
    assert told(job, "files") == [("info", "21 older files were not looked at one by one")]


def test_rows_that_a_run_would_reject_are_warnings(project: Project) -> None:
    project.rows["A-001"]["VK"] = "1O,50"
    project.export()
    with project.source.open("ab") as file:
        file.write(b"A-099;short\r\n")
    job = looked(project)["products"]
    assert job.exit_code == 1
    messages = [message for level, message in told(job, "ERP records") if level == "warning"]
    assert any("products.csv:2: regular_price: not a number: '1O,50'" in one for one in messages)
    assert any("products.csv:32: the row is too short" in one for one in messages)


# The state


def test_a_state_of_these_sides_and_this_mapping_is_said_to_be_one(project: Project) -> None:
    assert told(looked(project)["products"], "state")[0][0] == "info"
    project.given("run", "--force")
    before = project.state.read_bytes()
    assert told(looked(project)["products"], "state") == [
        ("ok", "it belongs to these sides and this mapping: 30 linked, 1 without partner")
    ]
    assert project.state.read_bytes() == before


def test_what_the_next_runs_guard_will_say_is_told_beforehand(project: Project) -> None:
    project.given("run", "--force")
    rewrite(project, 'type = "integer"', 'type = "text"')
    rewrite(project, 'store = "stock_quantity", type = "text"', 'store = "slug", type = "text"')
    job = looked(project)["products"]
    finding = next(one for one in job.findings if one.what == "state")
    assert (finding.level, finding.message) == (
        "warning",
        "the next run will be stopped by the guard mapping-changed",
    )
    assert "pass --rebase once" in finding.instead
    (project.folder / "erp" / "products.csv").rename(project.folder / "erp" / "other.csv")
    rewrite(project, "products.csv", "other.csv")
    assert "another-erp" in told(looked(project)["products"], "state")[0][1]


@pytest.mark.parametrize("spoil", ["no database", "a folder", "no folder"])
def test_a_state_that_cannot_be_opened_is_an_error(project: Project, spoil: str) -> None:
    if spoil == "no database":
        project.state.write_bytes(b"this is no database" * 100)
    elif spoil == "no folder":
        config = project.folder / "config.toml"
        config.write_text('[state]\nurl = "sqlite:///nowhere/sync.db"\n' + config.read_text(encoding="utf-8"))
    else:
        project.state.mkdir()
    job = looked(project)["products"]
    state = next(one for one in job.findings if one.what == "state")
    assert (state.level, state.exit_code) == ("error", 3)
    assert told(job, "ERP records"), "the rest is looked at all the same"


# Plug-ins, and what orders bring


def test_a_plug_in_that_cannot_be_looked_at_is_left_alone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    class Older:
        """An endpoint from before there was anything to inspect."""

        def __init__(self, inner: Endpoint) -> None:
            self._inner = inner

        def __getattr__(self, name: str) -> object:
            if name == "inspect":
                raise AttributeError(name)
            return getattr(self._inner, name)

    def opened(connection: Connection, view: View) -> object:
        found = open_endpoint(connection, view)
        return Older(found) if view.side == "erp" else found

    monkeypatch.setattr(checking, "open_endpoint", opened)
    found = looked(project)
    assert told(found["erp"], "connection") == [("info", "endpoints of type csv cannot be looked at")]
    assert not told(found["products"], "ERP records")
    assert told(found["products"], "store records")


def test_stock_that_is_summed_up_beside_orders_to_the_same_erp_counts_sales_twice(project: Project) -> None:
    project.stock, project.write_to = "sum", "in-place"
    project.more = '[jobs.orders]\nmapping = "products.toml"\nerp = "erp"\nstore = "shop"\n'
    project.configure()
    rewrite(project, ', to = "store" }', " }")
    settings = load_settings(project.folder / "config.toml")
    stock = load_mapping(project.folder / "products.toml")
    orders = replace(stock, entity="order")
    assert [one.what for one in counted_twice("products", {"products": stock, "orders": orders}, settings)] == [
        "fields.stock"
    ]
    unwritten = replace(orders, erp=replace(orders.erp, write_to=None))
    assert not list(counted_twice("products", {"products": stock, "orders": unwritten}, settings))
    assert not list(counted_twice("products", {"products": stock}, settings))
