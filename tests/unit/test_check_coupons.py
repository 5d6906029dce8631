"""What `sync check` says of a job with coupons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.check import check
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings_file import load_settings
from tests.system.mapped import Mapped

HEADER = "GutscheinNr;Code;Art;Wert;Bemerkung;GueltigBis;Mindestwert;Anzahl;Eingeloest"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Mapped]:
    with Sandbox() as sandbox, running(sandbox) as url:
        for number in range(3):
            sandbox.create_coupon(code=f"code-{number}", amount="5")
        yield Mapped(tmp_path / "project", url, "coupons.toml")


def told(job: Mapped) -> list[tuple[str, str, str]]:
    looked = check(load_settings(job.folder / "config.toml"), ["job"])
    found = next(one for one in looked if one.name == "job").findings
    return [(one.level, one.what, one.message) for one in found]


def test_coupons_are_held_against_the_shop_and_read(job: Mapped) -> None:
    job.export("coupons.csv", HEADER, "G1;CODE-1;%;5,00;;;;;", "G2;;%;5,00;;;;;", "G3;X;%;150,00;;;;;")
    found = told(job)
    assert ("ok", "paths", "the shop knows all 8 of its fields that are mapped") in found
    assert ("ok", "store records", "3 read: none would be rejected for its values") in found
    assert [message for level, _, message in found if level == "warning"] == [
        "coupons.csv:3: code: it is required, and empty",
        "coupons.csv:4: amount: a discount of 150 percent",
    ]


def test_a_kind_of_discount_that_the_shop_does_not_have_is_a_mistake_of_the_mapping(job: Mapped) -> None:
    job.change('"%" = "percent"', '"%" = "per-cent"')
    assert [(level, what) for level, what, message in told(job) if "per-cent" in message] == [("error", "mapping")]
