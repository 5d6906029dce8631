"""Several files that together hold everything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from syncengine.endpoints.csv import content, reader, resource, scan, source
from syncengine.errors import BadSource, GuardStopped
from tests.csv_files import Erp, Pulled, write

HEADER = "ArtNr;Name;VK\n"
A, B = HEADER + "A-1;a;1\nA-2;b;1\n", HEADER + "B-1;c;1\n"


def opened(tmp_path: Path, **options: object) -> Erp:
    erp = Erp(tmp_path, **{"resource": "products-*.csv", **options})
    put(erp, "products-1.csv", A)
    put(erp, "products-2.csv", B)
    return erp


def put(erp: Erp, name: str, text: str, encoding: str = "utf-8") -> Path:
    return write(erp.folder / name, text, encoding=encoding)


def test_all_files_of_a_glob_are_the_whole_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = Pulled(opened(tmp_path).open())

    assert found.where == {"A-1": "products-1.csv:2", "A-2": "products-1.csv:3", "B-1": "products-2.csv:2"}
    assert (found.pull.complete, found.pull.missing(["A-1", "B-1", "B-2"])) == (True, {"B-2"})


def test_only_the_new_lines_of_all_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    parsed: list[bytes] = []
    read = scan.read_cells
    monkeypatch.setattr(scan, "read_cells", lambda records, *rest: parsed.extend(records) or read(records, *rest))
    put(erp, "products-1.csv", HEADER + "B-1;c;1\nA-2;B;1\n")
    put(erp, "products-2.csv", HEADER + "C-1;n;1\n")

    found = Pulled(erp.open(), cursor)

    assert parsed == [b"A-2;B;1", b"C-1;n;1"]
    assert (found.names, found.pull.unchanged) == ({"A-2": "B", "C-1": "n"}, 1)
    assert found.pull.missing(["A-1", "A-2", "B-1", "C-1"]) == {"A-1"}


def test_the_same_bytes_again_are_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    monkeypatch.setattr(resource, "recognise", None)
    monkeypatch.setattr(scan, "blocks", None)

    found = Pulled(erp.open(), cursor)

    assert (found.rows, found.pull.unchanged, found.pull.complete) == ({}, 3, True)
    assert found.pull.missing(["B-1", "B-2"]) == {"B-2"}
    assert found.cursor() == cursor


def test_a_file_that_is_no_longer_there_takes_its_rows_with_it(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    (erp.folder / "products-2.csv").unlink()

    found = Pulled(erp.open(), cursor)
    assert (found.ids, found.pull.unchanged, found.pull.missing(["A-1", "B-1"])) == ([], 2, {"B-1"})


def test_a_key_in_two_files_is_rejected_in_both(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "products-2.csv", HEADER + "A-2;x;1\nB-1;y;1\nB-1;z;1\n")
    found = Pulled(erp.open())

    assert found.ids == ["A-1"]
    assert found.rejects == [
        ("products-1.csv:3", "A-2", "the key 'A-2' stands also in products-2.csv:2"),
        ("products-2.csv:2", "A-2", "the key 'A-2' stands also in products-1.csv:3"),
        ("products-2.csv:3", "B-1", "the key 'B-1' stands also in line 4"),
        ("products-2.csv:4", "B-1", "the key 'B-1' stands also in line 3"),
    ]
    assert found.pull.missing(["A-2", "B-1", "B-9"]) == {"B-9"}


def test_a_key_in_two_files_is_seen_though_one_of_them_is_unchanged(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    put(erp, "products-2.csv", HEADER + "A-2;b;1\n")  # the very line of the other file

    found = Pulled(erp.open(), cursor)
    assert [(where, key) for where, key, _ in found.rejects] == [
        ("products-1.csv:3", "A-2"),
        ("products-2.csv:2", "A-2"),
    ]

    put(erp, "products-2.csv", B)
    again = Pulled(erp.open(), found.cursor(forget=["A-2"]))
    assert (again.names, again.rejects) == ({"A-2": "b", "B-1": "c"}, [])


def test_a_key_in_very_many_places_costs_no_more_than_its_rows(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "products-2.csv", HEADER + "A-1;x;1\n" * 20_000)
    before = time.monotonic()

    found = Pulled(erp.open())

    assert found.rejects[0][2] == (
        "the key 'A-1' stands also in products-2.csv:2, products-2.csv:3, products-2.csv:4 and 19997 more"
    )
    assert time.monotonic() - before < 10


def test_each_file_may_be_written_in_its_own_way(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "products-2.csv", "VK,Lager,Name,ArtNr\r\n1,x,Größe,B-1\r\n", encoding="cp1252")
    found = Pulled(erp.open())

    assert found.rows["B-1"] == {"ArtNr": "B-1", "Name": "Größe", "VK": "1"}
    assert found.pull.guards == []

    put(erp, "products-1.csv", A + "A-3;ö;1\n")
    again = Pulled(erp.open(), found.cursor())
    assert (again.ids, again.pull.unchanged, again.pull.guards) == (["A-3"], 3, [])


def test_one_line_means_different_things_under_different_headers(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    put(erp, "products-2.csv", "Name;ArtNr;VK\nA-1;a;1\n")  # a line that is known from the other file

    assert Pulled(erp.open(), cursor).names == {"a": "A-1"}


def test_a_missing_column_is_told_with_its_file(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    put(erp, "products-2.csv", "ArtNr;Name\nB-1;c\n")

    with pytest.raises(BadSource, match=r"erp/products-2.csv: there is no column 'VK'"):
        Pulled(erp.open())
    with pytest.raises(
        GuardStopped, match=r"erp/products-2.csv: there is no column 'VK'.* It was there at the last run"
    ):
        Pulled(erp.open(), cursor)


def test_a_file_is_compared_with_what_it_was_and_a_new_one_with_the_last(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "products-2.csv", "ArtNr,Name,VK\nB-1,ö,1\n", encoding="cp1252")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "products-1.csv", A.replace(";", ","))
    put(erp, "products-3.csv", HEADER + "C-1;ö;1\n")

    assert Pulled(erp.open(), cursor).pull.guards == [
        ("dialect", "erp/products-1.csv was utf-8 with ';' and is now utf-8 with ','"),
        ("dialect", "erp/products-3.csv was cp1252 with ',' and is now utf-8 with ';'"),
    ]


def test_a_column_is_judged_over_all_files(tmp_path: Path) -> None:
    def rows(name: str, filled: bool) -> str:
        return HEADER + "".join(f"{name}-{at};{'x' if filled else ''};1\n" for at in range(15))

    erp = opened(tmp_path)
    for number in (1, 2):
        put(erp, f"products-{number}.csv", rows(str(number), True))
    cursor = Pulled(erp.open()).cursor()
    for number in (1, 2):
        put(erp, f"products-{number}.csv", rows(str(number), False))

    assert Pulled(erp.open(), cursor).pull.guards == [
        ("column", "erp/products-*.csv: the column 'Name' was filled in 100% of the rows and now is in about 0%")
    ]


def test_a_glob_that_nothing_matches_stops_the_job(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"erp/products-\*.csv: no file matches$"):
        Pulled(Erp(tmp_path, resource="products-*.csv").open())


def test_files_of_one_name_in_several_folders_are_told_apart(tmp_path: Path) -> None:
    erp = Erp(tmp_path, resource="*/products.csv")
    put(erp, "a/products.csv", A)
    put(erp, "b/products.csv", A)

    assert Pulled(erp.open()).rejects[0] == ("a/products.csv:2", "A-1", "the key 'A-1' stands also in b/products.csv:2")


def test_hidden_files_and_folders_are_none_of_it(tmp_path: Path) -> None:
    erp = opened(tmp_path, resource="**/products-*.csv")
    put(erp, ".trash/products-3.csv", A)
    put(erp, ".products-4.csv", A)
    (erp.folder / "products-5.csv").mkdir()

    assert Pulled(erp.open()).ids == ["A-1", "A-2", "B-1"]


def growing(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Somebody writes a line whenever one looks."""
    signature = source.signature

    def look(of: Path) -> source.Signature | None:
        if of == path:
            with path.open("a") as stream:
                stream.write("Z-9;z;1\n")
        return signature(of)

    monkeypatch.setattr(source, "signature", look)
    monkeypatch.setattr(content, "signature", look)
    monkeypatch.setattr(content, "PAUSE", 0.01)


def test_a_file_that_is_being_written_leaves_the_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = opened(tmp_path)
    cursor = Pulled(erp.open()).cursor()
    put(erp, "products-1.csv", A + "A-3;n;1\n")
    growing(monkeypatch, erp.folder / "products-2.csv")

    found = Pulled(erp.open(patience=0.2), cursor)

    assert (found.ids, found.pull.left, found.pull.complete) == ([], True, False)
    assert found.pull.warnings == ["erp/products-2.csv is still being written; left for the next run"]
    assert found.cursor() == cursor


def test_a_file_that_comes_while_the_others_are_read_is_read_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = opened(tmp_path)
    scan_all, late = reader.CsvPull._scan_all, [lambda: put(erp, "products-3.csv", HEADER + "C-1;d;1\n")]

    def scan_then_act(pull: reader.CsvPull) -> None:
        scan_all(pull)
        if late:
            late.pop()()

    monkeypatch.setattr(reader.CsvPull, "_scan_all", scan_then_act)

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2", "B-1", "C-1"]


def test_records_are_found_in_all_files(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    endpoint = Pulled(erp.open()).endpoint

    assert [page.ids for page in endpoint.fetch(["A-2", "B-1", "C-9"])] == [["A-2"], ["B-1"]]
    [page] = endpoint.find("Name", ["C "])
    assert (page.ids, list(page.where)) == (["B-1"], ["products-2.csv:2"])


def test_what_is_remembered_of_a_row_are_two_numbers_whatever_file_it_is_from(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    for number in (1, 2):
        put(erp, f"products-{number}.csv", HEADER + "".join(f"{number}-{at};n;1\n" for at in range(500)))

    assert len(Pulled(erp.open()).cursor().seen) == 16 * 1000
