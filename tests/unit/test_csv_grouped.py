"""Orders with their lines, read from files: all rows of one order, one after the other, are one record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints.csv import dialect
from syncengine.mapping import LINES, Field, Lines
from syncengine.values import Format, Type
from tests.csv_files import Erp, Pulled

OF_LINES = (
    Field("item", "Artikel", "sku"),
    Field("quantity", "Menge", "quantity", Type("integer")),
    Field("amount", "Betrag", "total", Type("money")),
)
FIELDS = (
    Field("sku", "Nr", "transaction_id"),
    Field("city", "Ort", "billing.city"),
    Field(
        "lines",
        LINES,
        "lines",
        Type("json"),
        only_to="store",
        untold="store",
        once=True,
        lines=Lines(("line_items",), {one.name: one for one in OF_LINES}),
    ),
)
HEADER = "Nr;Ort;Artikel;Menge;Betrag\n"
A, B, C = "A;Köln;C-1;2;18,00\nA;Köln;C-2;1;\n", "B;Bonn;C-1;1;9,00\n", "C;Ulm;C-3;3;\n"


@pytest.fixture
def erp(tmp_path: Path) -> Iterator[Erp]:
    yield Erp(tmp_path, FIELDS, key="Nr")


def lines(pulled: Pulled, key: str) -> list[dict[str, Any]]:
    read = FIELDS[2].read("erp", pulled.rows[key][LINES], Format(text=True, decimal=","))
    assert isinstance(read, list)
    return read


def reason(pulled: Pulled, key: str) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        lines(pulled, key)
    return str(refused.value)


@pytest.mark.parametrize("piece", [7, 40, 4 << 20])
def test_the_rows_of_an_order_are_one_record_wherever_the_file_is_cut(
    erp: Erp, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(dialect, "BLOCK", piece)
    pulled = erp.pull(HEADER + A + B + C, delimiter=";", decimal=",")
    assert [(key, cells["Ort"]) for key, cells in pulled.rows.items()] == [("A", "Köln"), ("B", "Bonn"), ("C", "Ulm")]
    assert pulled.where == {"A": "products.csv:2", "B": "products.csv:4", "C": "products.csv:5"}
    assert lines(pulled, "A") == [
        {"sku": "C-1", "quantity": 2, "total": "18"},
        {"sku": "C-2", "quantity": 1, "total": None},
    ]
    assert lines(pulled, "C") == [{"sku": "C-3", "quantity": 3, "total": None}]


def test_what_a_cell_holds_is_read_as_it_stands_there(erp: Erp) -> None:
    cell = '"2"" pipe; a\nlong ""one"", \'tis"'
    pulled = erp.pull(HEADER + f"A;Köln;{cell};1;\nA;Köln;'=C-1;1;\n" + B, delimiter=";", guard_formulas=True)
    assert [line["sku"] for line in lines(pulled, "A")] == ['2" pipe; a\nlong "one", \'tis', "=C-1"]
    assert pulled.where["B"] == "products.csv:5"


def test_an_order_comes_again_only_if_one_of_its_lines_has_changed(erp: Erp) -> None:
    first = erp.pull(HEADER + A + B + C, delimiter=";")
    erp.write(HEADER + A.replace("C-2;1", "C-2;4") + B + C)
    second = Pulled(erp.open(delimiter=";"), first.cursor())
    assert (second.ids, second.pull.unchanged) == (["A"], 2)
    assert [line["quantity"] for line in lines(second, "A")] == [2, 4]


def test_a_file_with_more_than_the_mapped_columns_may_differ_in_them(erp: Erp) -> None:
    text = "Nr;Pos;Ort;Artikel;Menge;Betrag\nA;1;Köln;C-1;2;\nA;2; Köln;C-2;1;\n"
    assert len(lines(erp.pull(text, delimiter=";"), "A")) == 2


def test_an_order_with_a_row_that_cannot_be_read_cannot_be_used(erp: Erp) -> None:
    pulled = erp.pull(HEADER + A + "A;Köln;C-3\n" + B + "C;Ulm;C-3;3;;;\n", delimiter=";")
    assert reason(pulled, "A") == "line 4 of the file: the row is too short: 3 cells, but the header has 5 columns"
    assert reason(pulled, "C") == "line 6 of the file: the row is too long: 7 cells, but the header has 5 columns"
    assert len(lines(pulled, "B")) == 1


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('"A";Köln;"C-"3";1;\n', "line 4 of the file: there is text after a closing quote"),
        (";Köln;C-3;1;\n", "line 4 of the file has no Nr"),
    ],
)
def test_a_row_of_nobody_knows_which_order_spoils_those_around_it(erp: Erp, row: str, why: str) -> None:
    pulled = erp.pull(HEADER + A + row + B + C, delimiter=";")
    assert [reason(pulled, key)[: len(why)] for key in ("A", "B")] == [why, why]
    assert len(lines(pulled, "C")) == 1
    within = erp.pull(HEADER + A.splitlines(keepends=True)[0] + row + "A;Köln;C-2;1;\n" + B, delimiter=";")
    assert (reason(within, "A").startswith("line 3 of the file"), len(lines(within, "B"))) == (True, 1)


def test_a_first_row_of_nobody_knows_which_order_is_told_by_itself(erp: Erp) -> None:
    pulled = erp.pull(HEADER + ";Köln;C-3;1;\n" + B + C, delimiter=";")
    assert pulled.rejects == [("products.csv:2", None, "the key 'Nr' is empty")]
    assert reason(pulled, "B") == "line 2 of the file has no Nr"
    assert len(lines(pulled, "C")) == 1


def test_a_line_that_cannot_be_read_is_told_with_its_field() -> None:
    cell = json.dumps([{"Artikel": "C-1", "Menge": "1"}, {"Artikel": "C-1", "Menge": "many"}])
    with pytest.raises(ValueError, match=r"^line 2, quantity: not a number: 'many'$"):
        FIELDS[2].read("erp", cell, Format(text=True))


def test_a_missing_column_of_the_lines_is_told(erp: Erp) -> None:
    with pytest.raises(Exception, match="'Menge'"):
        erp.pull("Nr;Ort;Artikel;Betrag\nA;Köln;C-1;2\n", delimiter=";")
