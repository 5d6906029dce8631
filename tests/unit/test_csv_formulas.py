"""`guard_formulas`: no spreadsheet runs what stands in a file that was written here, and nothing is changed by that."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from syncengine.endpoints.csv.formulas import Formulas
from syncengine.mapping import Field
from syncengine.settings import CsvConnection
from syncengine.values import Type
from tests.csv_files import FIELDS, RUN, Erp, Pulled, create, update

RUN_BY_SPREADSHEETS = [
    "=1+1",
    "+A1",
    "-A1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "=",
    "-",
    "+49 170 1234",
    "-1 ",
    "--5",
    "+-5",
    "-1,5",
]
HARMLESS = ["", "x", "1+1", " =1", "-5", "+3.2", "-0.5", "a=b", "'", "''x", "'x", "5-", "-1.000"]


def formulas(**options: str) -> Formulas:
    return Formulas.of(CsvConnection(name="erp", type="csv", folder=Path("/"), guard_formulas=True, **options))


@pytest.mark.parametrize("cell", RUN_BY_SPREADSHEETS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe_that_is_taken_off_again(cell: str) -> None:
    assert formulas().write(cell) == f"'{cell}"
    assert formulas().read(f"'{cell}") == cell
    assert formulas().read(cell) == cell


@pytest.mark.parametrize("cell", HARMLESS)
def test_anything_else_stays_as_it_is(cell: str) -> None:
    assert formulas().write(cell) == formulas().read(cell) == cell


def test_an_apostrophe_of_its_own_before_such_a_cell_is_kept(cell: str = "'=1") -> None:
    assert formulas().write(cell) == "''=1"
    assert formulas().read("''=1") == cell


def test_plain_numbers_are_those_of_the_files_format() -> None:
    german = formulas(decimal=",", thousands=".")

    assert [german.write(cell) for cell in ("-1,5", "+1.234,5", "-1.5", "-12.34,5")] == [
        "-1,5",
        "+1.234,5",
        "'-1.5",
        "'-12.34,5",
    ]


def opened(tmp_path: Path, content: str, **erp: object) -> Erp:
    found = Erp(tmp_path, **erp)
    found.write(content)
    return found


def test_files_for_the_erp_are_guarded_keys_and_names_of_columns_included(tmp_path: Path) -> None:
    fields = [*FIELDS, Field("label", "=Label", "meta:label"), Field("stock", "-Lager", "meta:s", Type("decimal"))]
    erp = opened(tmp_path, "ArtNr;Name;VK;'=Label;'-Lager\n", fields=fields, write_to="{time}.csv")
    endpoint = Pulled(erp.open(guard_formulas=True)).endpoint

    endpoint.send(
        [
            update("=K", 1, name='=HYPERLINK("x")', price=Decimal(-5), label="'=x", stock=Decimal("-1.5")),
            update("-1", 2, name="-1+2"),
        ]
    )

    written = (erp.folder / f"{RUN}.csv").read_text()
    assert written.splitlines() == [
        "ArtNr;Name;VK;'=Label;'-Lager",
        """'=K;"'=HYPERLINK(""x"")";-5.00;''=x;-1.5""",
        "-1;'-1+2;;;",
    ]
    (erp.folder / f"{RUN}.csv").unlink()
    erp.write(written)
    back = Pulled(erp.open(guard_formulas=True))
    assert back.rows == {
        "=K": {"ArtNr": "=K", "Name": '=HYPERLINK("x")', "VK": "-5.00", "=Label": "'=x", "-Lager": "-1.5"},
        "-1": {"ArtNr": "-1", "Name": "-1+2", "VK": "", "=Label": "", "-Lager": ""},
    }


def test_cells_that_are_changed_in_place_are_guarded_and_others_stay(tmp_path: Path) -> None:
    erp = opened(tmp_path, "ArtNr;Name;VK\n'=K;\"=raw\";'-\n=L;b;=1\n", write_to="in-place")
    endpoint = Pulled(erp.open(guard_formulas=True)).endpoint

    outcomes = endpoint.send([update("=K", 1, name="+x"), update("=L", 2, name="'-y"), create("@M", 3, name="z")])

    assert erp.file.read_text() == "ArtNr;Name;VK\n'=K;\"'+x\";'-\n=L;''-y;=1\n'@M;z;\n"
    os.utime(erp.file, (1, 1))
    found = Pulled(erp.open(guard_formulas=True))
    assert found.names == {"=K": "+x", "=L": "'-y", "@M": "z"}
    assert [outcome.cells for outcome in outcomes] == list(found.rows.values())


def test_keys_and_selected_rows_are_told_by_what_stands_behind_the_apostrophe(tmp_path: Path) -> None:
    text = "ArtNr;Name;VK\n'=K;a;'@J\n=K;b;@J\n'=L;c;N\n'=M\n"
    found = Pulled(opened(tmp_path, text, only={"VK": ("@J",)}).open(guard_formulas=True))

    assert found.ids == []
    assert [(where, key) for where, key, _ in found.rejects] == [
        ("products.csv:2", "=K"),
        ("products.csv:3", "=K"),
        ("products.csv:5", "=M"),
    ]


def test_what_came_back_from_a_spreadsheet_is_what_was_written(tmp_path: Path) -> None:
    """It writes the apostrophe as any other character, quotes what it likes, or knows the mark and drops it."""
    for text in (
        "ArtNr;Name;VK\r\n'=K;'-x;1\r\n",
        '"ArtNr";"Name";"VK"\n"\'=K";"\'-x";"1"\n',
        "ArtNr;Name;VK\n=K;-x;1\n",
    ):
        assert opened(tmp_path, text).pull(guard_formulas=True).names == {"=K": "-x"}


def test_without_the_option_an_apostrophe_is_a_character(tmp_path: Path) -> None:
    erp = opened(tmp_path, "ArtNr;Name;VK\n'=K;'-x;1\n", write_to="in-place")
    endpoint = Pulled(erp.open()).endpoint
    endpoint.send([update("'=K", name="=1")])

    assert erp.file.read_text() == "ArtNr;Name;VK\n'=K;=1;1\n"


def test_turning_the_option_on_reads_the_file_again(tmp_path: Path) -> None:
    erp = opened(tmp_path, "ArtNr;Name;VK\nA-1;'-x;1\n")
    cursor = Pulled(erp.open()).cursor()

    assert Pulled(erp.open(guard_formulas=True), cursor).names == {"A-1": "-x"}
