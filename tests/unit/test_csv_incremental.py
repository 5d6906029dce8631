"""What is read of a file that was read before: only what is new in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.endpoints import Cursor
from syncengine.endpoints.csv import dialect, pages, reader, resource, scan
from syncengine.errors import GuardStopped
from syncengine.mapping import Field
from tests.csv_files import FIELDS, Erp, Pulled, update

HEADER = "ArtNr;Name;VK\n"
FILE = HEADER + "A-1;a;1\nA-2;b;1\nA-3;c;1\n"


def test_the_same_bytes_again_are_not_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    monkeypatch.setattr(resource, "recognise", None)
    monkeypatch.setattr(scan, "blocks", None)

    found = Pulled(erp.open(), cursor)

    assert (found.rows, found.pull.unchanged, found.pull.complete) == ({}, 3, True)
    assert found.pull.missing(["A-1", "A-9"]) == {"A-9"}
    assert found.cursor() == cursor


def test_only_new_and_changed_lines_are_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    parsed: list[bytes] = []
    read = scan.read_cells
    monkeypatch.setattr(scan, "read_cells", lambda records, *rest: parsed.extend(records) or read(records, *rest))
    erp.write(HEADER + "A-3;c;1\nA-2;B;1\nA-4;d;1\n")

    found = Pulled(erp.open(), cursor)

    assert parsed == [b"A-2;B;1", b"A-4;d;1"]
    assert found.names == {"A-2": "B", "A-4": "d"}
    assert found.where == {"A-2": "products.csv:3", "A-4": "products.csv:4"}
    assert (found.pull.unchanged, found.pull.complete) == (1, True)
    assert found.pull.missing(["A-1", "A-2", "A-3", "A-4"]) == {"A-1"}
    assert Pulled(erp.open(), found.cursor()).pull.unchanged == 3


def test_wanted_records_are_read_though_nothing_has_changed(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    found = Pulled(erp.open(), cursor, ["A-2", "A-9"])

    assert (found.names, found.pull.unchanged) == ({"A-2": "b"}, 2)
    assert found.pull.missing(["A-2", "A-9"]) == {"A-9"}


def test_a_full_pull_reads_everything(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    found = Pulled(erp.open(), cursor, full=True)

    assert (found.ids, found.pull.unchanged) == (["A-1", "A-2", "A-3"], 0)
    assert found.cursor().seen == cursor.seen


def test_forgotten_records_come_again_and_again_until_they_are_accepted(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor(forget=["A-2"])

    found = Pulled(erp.open(), cursor)
    assert (found.names, found.pull.unchanged) == ({"A-2": "b"}, 2)
    assert Pulled(erp.open(), found.cursor(forget=["A-2"])).ids == ["A-2"]
    assert Pulled(erp.open(), found.cursor()).ids == []


def test_a_record_can_be_forgotten_though_nothing_was_read(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    assert Pulled(erp.open(), Pulled(erp.open(), cursor).cursor(forget=["A-3"])).ids == ["A-3"]


@pytest.mark.parametrize("remembered", [1000, 0])
def test_rejected_rows_are_told_in_every_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int) -> None:
    monkeypatch.setattr(reader, "REMEMBERED_REJECTS", remembered)
    erp = Erp(tmp_path)
    first = erp.pull(FILE + "A-1;a;1\nA-5;x\n;y;1\n")

    again = Pulled(erp.open(), first.cursor())
    assert again.rejects == first.rejects
    assert (again.ids, again.pull.unchanged, again.pull.complete) == ([], 2, False)

    erp.write(FILE + "A-5;x\n")
    later = Pulled(erp.open(), again.cursor())
    assert [where for where, _, _ in later.rejects] == ["products.csv:5"]
    assert later.ids == ["A-1"]  # no duplicate any more


def test_a_row_that_becomes_a_duplicate_is_rejected_though_its_line_is_known(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    erp.write(FILE + "A-2;other;1\n")
    found = Pulled(erp.open(), cursor)
    assert (found.ids, found.pull.unchanged) == ([], 2)
    assert [(where, key) for where, key, _ in found.rejects] == [("products.csv:3", "A-2"), ("products.csv:5", "A-2")]

    erp.write(FILE + "A-2;b;1\n")  # the very same line
    assert [key for _, key, _ in Pulled(erp.open(), cursor).rejects] == ["A-2", "A-2"]


def test_two_keys_with_one_hash_are_two_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = scan.hashes
    monkeypatch.setattr(
        scan, "hashes", lambda texts: hashes(["same" if text in ("A-1", "A-2") else text for text in texts])
    )

    assert Erp(tmp_path).pull(FILE).ids == ["A-1", "A-2", "A-3"]


def test_unselected_lines_are_remembered_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path, only={"VK": ("1",)})
    cursor = erp.pull(HEADER + "A-1;a;1\nA-2;b;2\nA-3;c;2\n").cursor()
    parsed: list[bytes] = []
    read = scan.read_cells
    monkeypatch.setattr(scan, "read_cells", lambda records, *rest: parsed.extend(records) or read(records, *rest))
    erp.write(HEADER + "A-1;a;2\nA-2;b;2\nA-3;c;1\n")

    found = Pulled(erp.open(), cursor)

    assert parsed == [b"A-1;a;2", b"A-3;c;1"]
    assert (found.ids, found.pull.unchanged) == (["A-3"], 0)
    assert found.pull.missing(["A-1", "A-2", "A-3"]) == {"A-1", "A-2"}


@pytest.mark.parametrize(
    "erp",
    [
        {"fields": [*FIELDS, Field("slug", "Slug", "slug")]},
        {"only": {"VK": ("1",)}},
        {"modified": "Slug"},
        {"key": "Slug"},
    ],
)
def test_another_mapping_reads_everything_again(tmp_path: Path, erp: dict[str, object]) -> None:
    content = "ArtNr;Name;VK;Slug\nA-1;a;1;2020-01-01\nA-2;b;1;2020-01-02\n"
    cursor = Erp(tmp_path).pull(content).cursor()

    assert len(Pulled(Erp(tmp_path, **erp).open(), cursor).ids) == 2  # type: ignore[arg-type]


def test_another_spelling_of_numbers_reads_everything_again(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    assert len(Pulled(erp.open(decimal=","), cursor).ids) == 3


def test_a_changed_header_reads_everything_again(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    erp.write(FILE.replace("Name;VK", "VK;Name"))

    found = Pulled(erp.open(), cursor)
    assert found.names == {"A-1": "1", "A-2": "1", "A-3": "1"}
    assert found.pull.guards == []


def test_other_line_ends_change_nothing(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    erp.write(FILE.replace("\n", "\r\n"))

    found = Pulled(erp.open(), cursor)
    assert (found.ids, found.pull.unchanged, found.pull.guards) == ([], 3, [])


def test_records_with_line_breaks_are_known_again(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    content = HEADER + "".join(f'A-{number};"a\nb";"{number}"\n' for number in range(40))
    cursor = erp.pull(content).cursor()
    erp.write(content.replace(';"7"', ";7").replace(';"9"', ';"9\n"'))

    found = Pulled(erp.open(), cursor)
    assert (found.where, found.pull.unchanged) == ({"A-7": "products.csv:16", "A-9": "products.csv:20"}, 38)


def test_a_few_new_lines_among_quoted_ones_are_found_as_well(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    content = HEADER + "".join(f'"A-{number}";"a ""{number}""";"1"\n' for number in range(40))
    cursor = erp.pull(content).cursor()
    erp.write(content.replace('"a ""7"""', '"new\nline"'))
    assert Pulled(erp.open(), cursor).where == {"A-7": "products.csv:9"}
    erp.write(content.replace('"a ""7"""', '"new line"'))
    assert Pulled(erp.open(), cursor).names == {"A-7": "new line"}
    erp.write(content.replace('"a ""7"""', '5" pipe'))
    assert Pulled(erp.open(), cursor).names == {"A-7": '5" pipe'}


def test_a_change_of_encoding_or_delimiter_is_suspicious(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull("ArtNr;Name;VK\nÄ;b;1\n").cursor()
    erp.write("ArtNr,Name,VK\nÄ,b,1\n", encoding="cp1252")

    found = Pulled(erp.open(), cursor)
    assert found.pull.guards == [("dialect", "erp/products.csv was utf-8 with ';' and is now cp1252 with ','")]
    assert found.ids == ["Ä"]
    assert Pulled(erp.open(), found.cursor(), full=True).pull.guards == []


def test_the_first_umlaut_is_no_change_of_encoding_but_a_second_encoding_is(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    first = erp.pull("ArtNr;Name;VK\nA;b;1\n")
    erp.write("ArtNr;Name;VK\nA;bä;1\n", encoding="cp1252")
    second = Pulled(erp.open(), first.cursor())
    erp.write("ArtNr;Name;VK\nA;b;2\n")
    third = Pulled(erp.open(), second.cursor())
    erp.write("ArtNr;Name;VK\nA;bä;3\n")
    fourth = Pulled(erp.open(), third.cursor())

    assert [len(found.pull.guards) for found in (first, second, third, fourth)] == [0, 0, 0, 1]


def test_plain_characters_are_no_utf_16_and_are_answered_as_they_came(tmp_path: Path) -> None:
    erp = Erp(tmp_path, write_to="in-place")
    cursor = erp.pull("ArtNr;Name;VK\nÄ;b;1\n", written="utf-16").cursor()
    erp.write("ArtNr;Name;VK\nA;b;1\n")

    found = Pulled(erp.open(), cursor)
    assert found.pull.guards == [("dialect", "erp/products.csv was utf-16-le with ';' and is now utf-8 with ';'")]
    found.endpoint.send([update("A", name="c")])
    assert erp.file.read_bytes() == b"ArtNr;Name;VK\nA;c;1\n"


def test_a_dialect_that_a_person_has_named_is_not_suspicious(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull("ArtNr;Name;VK\nÄ;b;1\n").cursor()

    found = Pulled(erp.open(encoding="iso-8859-15", delimiter=";"), cursor)
    assert (found.pull.guards, found.ids) == ([], ["Ã\x84"])


def products(filled: int, total: int = 40, *, price: int = 1) -> str:
    return HEADER + "".join(f"A-{at};{'x' if at < filled else ''};{price}\n" for at in range(total))


def test_a_column_that_was_mostly_filled_and_is_mostly_empty_is_suspicious(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    first = erp.pull(products(36))
    assert first.pull.guards == []
    erp.write(products(4))

    found = Pulled(erp.open(), first.cursor())
    assert found.pull.guards == [
        ("column", "erp/products.csv: the column 'Name' was filled in 90% of the rows and now is in about 18%")
    ]
    assert Pulled(erp.open(), found.cursor()).pull.guards == []
    assert Pulled(erp.open(), found.cursor(), full=True).pull.guards == []


def test_a_few_emptied_cells_and_few_rows_are_not_suspicious(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(products(40)).cursor()
    erp.write(products(30))
    assert Pulled(erp.open(), cursor).pull.guards == []

    cursor = erp.pull(products(19, 19)).cursor()
    erp.write(products(0, 19))
    assert Pulled(erp.open(), cursor).pull.guards == []


def test_pages_are_of_bounded_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 7)
    monkeypatch.setattr(dialect, "BLOCK", 100)
    erp = Erp(tmp_path)
    erp.write(products(40))

    found = list(erp.open().pull(Cursor(), [], full=True))
    assert [len(page.ids) for page in found] == [7, 7, 7, 7, 7, 5]
    assert [name for page in found for name in page.ids] == [f"A-{at}" for at in range(40)]
    assert found[1].where[-1] == "products.csv:15"
    assert list(found[1].where[2:4]) == ["products.csv:11", "products.csv:12"]


def test_the_cursor_is_json_and_bytes(tmp_path: Path) -> None:
    import json

    cursor = Erp(tmp_path).pull("\ufeff" + FILE + "x\n").cursor()

    assert json.loads(json.dumps(cursor.position)) == cursor.position
    assert len(cursor.seen) == 16 * 3


def test_a_cursor_that_is_no_longer_understood_reads_everything(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.write(FILE)

    assert len(Pulled(erp.open(), Cursor({"digest": "x"}, b"odd")).ids) == 3


def test_a_column_that_was_there_before_is_missed_in_whole_sentences(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    then = "It was there at the last run. If it is gone for good, take its fields out of the mapping."
    for header, end in (("ArtNr;Foo;VK", "there are: ArtNr, Foo, VK."), ("ArtNr;name;VK", "did you mean 'name'?")):
        erp.write(FILE.replace("ArtNr;Name;VK", header))
        with pytest.raises(GuardStopped) as stop:
            Pulled(erp.open(), cursor)
        assert str(stop.value).endswith(f"; {end} {then}")
