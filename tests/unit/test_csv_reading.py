"""What is read from files as ERPs write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

from syncengine.errors import BadSource, CannotRun, ConfigError
from syncengine.mapping import Field
from syncengine.values import Type
from tests.csv_files import FIELDS, Erp, Pulled, update, write

Form = Literal["NFC", "NFD"]
FILE = "ArtNr;Name;VK\nA-1;Schraube;1,50\nA-2;Mutter;0,20\n"


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_each_usual_delimiter_is_told_from_the_file(tmp_path: Path, delimiter: str) -> None:
    found = Erp(tmp_path).pull(f"ArtNr{delimiter}Name{delimiter}VK\nA-1{delimiter}Nut{delimiter}1.5\n")

    assert found.rows == {"A-1": {"ArtNr": "A-1", "Name": "Nut", "VK": "1.5"}}
    assert found.pull.dialect is not None
    assert found.pull.dialect.delimiter == delimiter


def test_a_decimal_comma_does_not_make_the_comma_the_delimiter(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\nA-1;Nut;1,5\nA-2;Bolt;2,5\n")

    assert [cells["VK"] for cells in found.rows.values()] == ["1,5", "2,5"]


def test_a_delimiter_can_be_named(tmp_path: Path) -> None:
    assert Erp(tmp_path).pull("ArtNr|Name|VK\nA-1|x;y|1\n", delimiter="|").names == {"A-1": "x;y"}


def test_a_file_with_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert Erp(tmp_path, FIELDS[:1]).pull("ArtNr\nA-1\nA-2\n").ids == ["A-1", "A-2"]


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("cp1252", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
    ],
)
def test_each_usual_encoding_is_told_from_the_file(tmp_path: Path, encoding: str, bom: bytes) -> None:
    found = Erp(tmp_path).pull(bom + "ArtNr;Name;VK\r\nÄ-1;Größe “M” – 5 €;1\r\n".encode(encoding))

    assert found.names == {"Ä-1": "Größe “M” – 5 €"}


@pytest.mark.parametrize("encoding", ["iso-8859-15", "cp850", "utf-16-le", "utf-16", "shift_jis"])
def test_any_other_encoding_can_be_named(tmp_path: Path, encoding: str) -> None:
    name = "ネジ" if encoding == "shift_jis" else "Größe"

    assert Erp(tmp_path).pull(f"ArtNr;Name;VK\nA-1;{name};1\n", encoding=encoding, written=encoding).names == {
        "A-1": name
    }


def test_a_character_may_lie_across_the_pieces_in_which_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncengine.endpoints.csv.dialect.BLOCK", 7)
    text = "ArtNr;Name;VK\r\n" + "".join(f'A-{number};"Gr€ß😀e\r\n{number}";1\r\n' for number in range(40))

    for encoding in ("utf-8", "utf-16"):
        found = Erp(tmp_path).pull(text, written=encoding)
        assert found.names == {f"A-{number}": f"Gr€ß😀e\r\n{number}" for number in range(40)}
        assert found.where["A-7"] == "products.csv:16"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_of_the_three_ways(tmp_path: Path, end: str) -> None:
    found = Erp(tmp_path).pull(FILE.replace("\n", end))

    assert found.names == {"A-1": "Schraube", "A-2": "Mutter"}
    assert found.where == {"A-1": "products.csv:2", "A-2": "products.csv:3"}


def test_line_ends_may_be_mixed_and_the_last_may_be_missing(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\r\nA-1;a;1\nA-2;b;1\rA-3;c;1\r\nA-4;d;1")

    assert found.names == {"A-1": "a", "A-2": "b", "A-3": "c", "A-4": "d"}
    assert found.where["A-4"] == "products.csv:5"


def test_blank_lines_are_no_rows_but_are_counted_as_lines(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("\nArtNr;Name;VK\n\n\nA-1;a;1\r\n\r\nA-2;b;1\n\n")

    assert found.where == {"A-1": "products.csv:5", "A-2": "products.csv:7"}
    assert found.rejects == []


@pytest.mark.parametrize("ending", ["\x1a", "\x1a\x1a\x1a", "A-2;b;1\x1a"])
def test_the_mark_with_which_dos_ends_a_file_is_no_row(tmp_path: Path, ending: str) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\r\nA-1;a;1\r\n" + ending)

    assert found.rows["A-1"]["VK"] == "1"
    assert [row["VK"] for row in found.rows.values()] == ["1"] * (2 if ";" in ending else 1)
    assert (found.rejects, found.pull.complete) == ([], True)


def test_the_mark_of_dos_elsewhere_is_a_character(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\nA-1;a;1\n\x1a\nA-2;b;1\n")

    assert [where for where, _, _ in found.rejects] == ["products.csv:3"]


def test_quoted_cells_hold_delimiters_line_ends_and_doubled_quotes(tmp_path: Path) -> None:
    text = 'ArtNr;"Name";VK\n"A;1";"a ""b""\r\nc\nd";1\nA-2;"""";""\n'

    found = Erp(tmp_path).pull(text)

    assert found.names == {"A;1": 'a "b"\r\nc\nd', "A-2": '"'}
    assert found.where == {"A;1": "products.csv:2", "A-2": "products.csv:5"}


def test_a_quote_inside_an_unquoted_cell_is_a_quote(tmp_path: Path) -> None:
    assert Erp(tmp_path).pull('ArtNr;Name;VK\nA-1;5" pipe;1\nA-2;6" "x";1\nA-3; "y";1\n').names == {
        "A-1": '5" pipe',
        "A-2": '6" "x"',
        "A-3": ' "y"',
    }


def test_the_key_is_trimmed_and_keeps_its_leading_zeros(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\n 00017\u00a0;  a ;1\n17;b;1\n")

    assert found.names == {"00017": "  a ", "17": "b"}


def test_cells_stay_text_as_they_stand(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK\n1;NA;1.234,50\n2;null;TRUE\n3;;\n")

    assert [(cells["Name"], cells["VK"]) for cells in found.rows.values()] == [
        ("NA", "1.234,50"),
        ("null", "TRUE"),
        ("", ""),
    ]
    assert all(type(cell) is str for cells in found.rows.values() for cell in cells.values())


def test_numbers_are_read_with_the_marks_that_the_connection_names(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    endpoint = erp.open(decimal=",", thousands=".")

    assert str(FIELDS[2].read("erp", "1.234,50", endpoint.format)) == "1234.50"
    with pytest.raises(ValueError, match="not a number"):
        FIELDS[2].read("erp", "12.34,50", endpoint.format)


def test_only_mapped_columns_are_read_in_whatever_order_they_stand(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("Lager;VK;;Name;Lager; ArtNr ;\nx;1;y;Nut;z;A-1;\n")

    assert found.rows == {"A-1": {"ArtNr": "A-1", "Name": "Nut", "VK": "1"}}


@pytest.mark.parametrize(("in_file", "in_mapping"), [("NFD", "NFC"), ("NFC", "NFD"), ("NFD", "NFD")])
def test_a_column_is_found_whether_its_umlauts_are_composed_or_not(
    tmp_path: Path, in_file: Form, in_mapping: Form
) -> None:
    name = normalize(in_mapping, "Größe")
    erp = Erp(tmp_path, [*FIELDS, Field("size", name, "meta:size")], write_to="in-place")
    found = erp.pull(normalize(in_file, "ArtNr;Name;VK;Größe\nA-1;a;1;x\n"))
    assert found.rows == {"A-1": {"ArtNr": "A-1", "Name": "a", "VK": "1", name: "x"}}

    found.endpoint.send([update("A-1", size="y")])
    assert erp.file.read_text() == normalize(in_file, "ArtNr;Name;VK;Größe\nA-1;a;1;y\n")


def test_a_column_that_stands_there_in_both_forms_is_there_twice(tmp_path: Path) -> None:
    erp = Erp(tmp_path, [*FIELDS, Field("size", "Größe", "meta:size")])
    with pytest.raises(BadSource, match="the column 'Größe' 2 times"):
        erp.pull(f"ArtNr;Name;VK;Größe;{normalize('NFD', 'Größe')}\nA-1;a;1;x;y\n")


def test_the_column_of_the_parent_is_one_like_any_other(tmp_path: Path) -> None:
    erp = Erp(tmp_path, parent="Vater")

    assert erp.pull("ArtNr;Vater;Name;VK\nA-1; P-1;a;1\n").rows["A-1"]["Vater"] == " P-1"
    with pytest.raises(BadSource, match="'Vater'"):
        erp.pull("ArtNr;Name;VK\nA-1;a;1\n")


def test_two_fields_may_share_a_column(tmp_path: Path) -> None:
    found = Erp(tmp_path, [*FIELDS, Field("slug", "Name", "slug")]).pull(FILE)

    assert found.names == {"A-1": "Schraube", "A-2": "Mutter"}


def test_the_key_need_not_be_mapped_to_a_field(tmp_path: Path) -> None:
    assert Erp(tmp_path, FIELDS[1:]).pull(FILE).rows["A-1"] == {"Name": "Schraube", "VK": "1,50"}


def test_rows_outside_of_the_selection_are_not_read(tmp_path: Path) -> None:
    erp = Erp(tmp_path, only={"Webshop": ("J", "j")})
    found = erp.pull("ArtNr;Name;VK;Webshop\nA-1;a;1;J\nA-2;b;1;N\nA-3;c;1; j \n;d;1;N\nA-1;e;1;\n")

    assert found.names == {"A-1": "a", "A-3": "c"}
    assert found.rejects == []
    assert found.pull.missing(["A-1", "A-2", "A-3"]) == {"A-2"}


def test_the_date_of_modification_is_read_where_the_mapping_asks_for_it(tmp_path: Path) -> None:
    erp = Erp(tmp_path, modified="Stand")
    found = erp.pull(
        "ArtNr;Name;VK;Stand\nA-1;a;1;21.11.2026 09:00\nA-2;b;1;\nA-3;c;1;soon\n",
        date_format="%d.%m.%Y",
        timezone="Europe/Berlin",
    )

    assert found.modified == {"A-1": datetime(2026, 11, 21, 8, tzinfo=UTC), "A-2": None}
    [reject] = found.pull.rejects
    assert (reject.where, reject.key, reject.field) == ("products.csv:4", "A-3", "Stand")
    assert "soon" in reject.reason
    assert found.pull.missing(["A-3", "A-4"]) == {"A-4"}


def test_a_file_with_only_a_header_has_no_rows(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("ArtNr;Name;VK")

    assert found.rows == {}
    assert (found.pull.unchanged, found.pull.complete, found.pull.missing(["A-1"])) == (0, True, {"A-1"})


def test_a_glob_that_one_file_matches_is_that_file(tmp_path: Path) -> None:
    erp = Erp(tmp_path, resource="export/prod*.csv", write_to="export/products-{time}.csv")
    write(erp.folder / "export/products-7.csv", FILE)
    write(erp.folder / "export/products-20261121T090312-7c1e.csv", FILE)  # our own output
    write(erp.folder / "export/.products-8.csv.tmp", FILE)

    assert Pulled(erp.open()).where == {"A-1": "products-7.csv:2", "A-2": "products-7.csv:3"}


def test_only_one_file_can_be_the_erps_own_data(tmp_path: Path) -> None:
    erp = Erp(tmp_path, resource="products-*.csv", write_to="in-place")
    write(erp.folder / "products-7.csv", FILE)
    write(erp.folder / "products-8.csv", FILE.replace("A-", "B-"))

    with pytest.raises(CannotRun, match=r"several files match \(products-7.csv, products-8.csv\)"):
        Pulled(erp.open())


def test_our_own_output_is_never_read(tmp_path: Path) -> None:
    name = "products-20261121T090312-7c1e.csv"
    erp = Erp(tmp_path, resource=name, write_to="products-{time}.csv")
    write(erp.folder / name, FILE)

    with pytest.raises(CannotRun, match="`write_to` made"):
        Pulled(erp.open())


@pytest.mark.parametrize("path", ["../products.csv", "/etc/products.csv", "a/../../b.csv", "C:\\products.csv", ""])
def test_a_path_that_leaves_the_folder_is_an_error_of_the_mapping(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="not inside"):
        Erp(tmp_path, resource=path).open()
    with pytest.raises(ConfigError, match="not inside"):
        Erp(tmp_path, write_to=path + "{time}" if path else "").open()


def test_a_link_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.file.symlink_to(write(tmp_path / "elsewhere.csv", FILE))

    with pytest.raises(CannotRun, match="leads out of the folder"):
        Pulled(erp.open())


def test_records_are_found_by_their_ids_and_by_what_identifies_them(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.write("ArtNr;Name;VK\nA-1;Große  Mutter;1\nA-2;b;1\nA-3;;1\n")
    endpoint = erp.open()

    assert [page.ids for page in endpoint.fetch(["A-2", "A-9"])] == [["A-2"]]
    assert list(endpoint.fetch(["A-9"])) == []
    [page] = endpoint.find("Name", ["GROSSE mutter ", "", "zzz"])
    assert (page.ids, list(page.where), page.cells["VK"].tolist()) == (["A-1"], ["products.csv:2"], ["1"])
    assert list(endpoint.find("Name", [""])) == []


def test_a_value_that_would_not_come_back_as_it_is_is_refused(tmp_path: Path) -> None:
    fields = [
        *FIELDS,
        Field("status", "Aktiv", "status", translations={"J": "publish"}),
        Field("tags", "Tags", "tags", Type("list")),
    ]
    endpoint = Erp(tmp_path, fields, write_to="in-place").open(decimal=",")

    assert endpoint.refusal("Name", 'a;b\n"c"') == ""
    assert endpoint.refusal("Aktiv", "publish") == ""
    assert "no word for 'draft'" in endpoint.refusal("Aktiv", "draft")
    assert "separator" in endpoint.refusal("Tags", ["a|b"])
    assert "NUL" in endpoint.refusal("Name", "a\0b")


def test_the_identity_survives_a_move_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()

    assert Erp(tmp_path).open().identity() == Erp(tmp_path / "moved").open().identity() == "csv:erp/products.csv"
