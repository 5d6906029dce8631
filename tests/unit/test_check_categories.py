"""What `sync check` says of a job with categories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.check import check
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings_file import load_settings
from tests.system.mapped import Mapped


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Mapped]:
    with Sandbox(seed=30) as sandbox, running(sandbox) as url:
        job = Mapped(tmp_path / "project", url, "categories.toml")
        yield job


def told(job: Mapped) -> list[tuple[str, str, str]]:
    looked = check(load_settings(job.folder / "config.toml"), ["job"])
    found = next(one for one in looked if one.name == "job").findings
    return [(one.level, one.what, one.message) for one in found]


def test_categories_are_held_against_the_shop_and_read(job: Mapped) -> None:
    header = "GruppenNr;Pfad;Beschreibung;Bild;Reihenfolge"
    job.export("categories.csv", header, "1;Bolts;;;1", "2;Bolts > ;;;1", "3;Nuts;;nuts.jpg;1")
    found = told(job)
    assert ("ok", "paths", "the shop knows all 2 of its fields that are mapped") in found
    assert ("ok", "store records", "5 read: none would be rejected for its values") in found
    rejected = [message for level, what, message in found if (level, what) == ("warning", "ERP records")]
    assert [message.partition(": ")[0] for message in rejected] == ["categories.csv:3", "categories.csv:4"]


def test_a_path_that_categories_do_not_have_is_an_error(job: Mapped) -> None:
    job.change('store = "menu_order", type = "integer", truth = "erp"', 'store = "menu_place", truth = "store"')
    job.export("categories.csv", "GruppenNr;Pfad;Beschreibung;Bild;Reihenfolge", "1;Bolts;;;1")
    assert [level for level, what, _ in told(job) if what == "fields.position"] == ["error"]
