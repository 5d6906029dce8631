"""Rows that cannot be used are rejected, each with its line and reason; files that cannot be used stop the job."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.endpoints.csv import cells, lines
from syncengine.endpoints.csv.grammar import Grammar
from syncengine.endpoints.csv.index import Index, Known
from syncengine.errors import BadSource
from tests.csv_files import FIELDS, Erp, Pulled, write

HEADER = "ArtNr;Name;VK\n"


def stopped(erp: Erp, content: str | bytes | None = None, **options: str) -> str:
    """What the person is told."""
    with pytest.raises(BadSource) as found:
        erp.pull(content, **options)
    assert found.value.exit_code == 3
    return str(found.value)


def test_rows_that_are_too_short_or_too_long_are_rejected_and_the_others_read(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + "A-1;a;1\nA-2;b\nA-3;c;1;\nA-4\nA-5;e;1\n")

    assert found.ids == ["A-1", "A-5"]
    assert found.rejects == [
        ("products.csv:3", "A-2", "the row is too short: 2 cells, but the header has 3 columns"),
        ("products.csv:4", "A-3", "the row is too long: 4 cells, but the header has 3 columns"),
        ("products.csv:5", "A-4", "the row is too short: 1 cells, but the header has 3 columns"),
    ]
    assert found.pull.missing(["A-2", "A-3", "A-9"]) == {"A-9"}


def test_a_row_without_a_key_is_rejected_and_then_nothing_counts_as_missing(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + "A-1;a;1\n  ;b;1\n")

    assert found.rejects == [("products.csv:3", None, "the key 'ArtNr' is empty")]
    assert not found.pull.complete
    assert found.pull.missing(["A-9"]) == set()


def test_a_key_that_may_be_shifted_is_not_trusted(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull("Name;ArtNr;VK\na;A-1;1\nx;y;A-2;1\nb;A-3\n")

    assert [key for _, key, _ in found.rejects] == [None, None]
    assert found.pull.missing(["A-2"]) == set()


def test_a_row_with_a_nul_byte_is_rejected(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + "A-1;a\0b;1\nA-2;b;1\n\0A-3;c;1\n")

    assert found.ids == ["A-2"]
    assert found.rejects == [
        ("products.csv:2", "A-1", "there is a NUL byte in this row"),
        ("products.csv:4", None, "there is a NUL byte in this row"),
    ]


def test_a_hole_of_nul_bytes_may_have_swallowed_other_rows(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + "A-1;a\0\0\0\0;1\nA-2;b;1\n")

    assert [key for _, key, _ in found.rejects] == [None]
    assert not found.pull.complete


def test_all_rows_of_a_duplicate_key_are_rejected_and_each_names_the_others(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + 'A-1;a;1\nA-2;b;1\n"A-1";c;1\n A-2 ;b;1\nA-3;x;1\nA-1;d;1\n')

    assert found.ids == ["A-3"]
    assert found.rejects == [
        ("products.csv:2", "A-1", "the key 'A-1' stands also in lines 4, 7"),
        ("products.csv:3", "A-2", "the key 'A-2' stands also in line 5"),
        ("products.csv:4", "A-1", "the key 'A-1' stands also in lines 2, 7"),
        ("products.csv:5", "A-2", "the key 'A-2' stands also in line 3"),
        ("products.csv:7", "A-1", "the key 'A-1' stands also in lines 2, 4"),
    ]
    assert found.pull.missing(["A-1", "A-2", "A-4"]) == {"A-4"}


def test_a_key_that_stands_very_often_names_only_some_of_the_lines(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + "A-1;a;1\n" * 9)

    assert found.rejects[0][2] == "the key 'A-1' stands also in lines 3, 4, 5 and 5 more"


def test_a_row_outside_of_the_selection_is_no_duplicate(tmp_path: Path) -> None:
    found = Erp(tmp_path, only={"VK": ("1",)}).pull(HEADER + "A-1;a;1\nA-1;b;2\nA-1;c;2\n")

    assert found.names == {"A-1": "a"}
    assert found.rejects == []


def test_text_after_a_closing_quote_is_rejected_since_rows_may_be_swallowed(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + 'A-1;"5 inch;1\nA-2;"x";1\nA-3;c;1\n')

    assert found.ids == ["A-3"]
    [(where, key, reason)] = found.rejects
    assert (where, key) == ("products.csv:2", None)
    assert "closing quote" in reason
    assert found.pull.missing(["A-2"]) == set()


def test_a_row_of_the_wrong_length_with_line_ends_in_quotes_may_have_swallowed_others(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + 'A-1;"5 inch;1\nA-2;5"";b";1;1\nA-3;c;1\n')

    assert [(where, key) for where, key, _ in found.rejects] == [("products.csv:2", None)]


def test_a_quote_that_is_never_closed_stops_the_job_at_the_line_where_it_opens(tmp_path: Path) -> None:
    rows = "".join(f'A-{number};"a\nb";1\n' for number in range(5))

    message = stopped(Erp(tmp_path), HEADER + rows + 'B-1;"x\n\ny";"never closed;1\n' + "C;c;1\n" * 9)

    assert message.startswith('erp/products.csv:14: the quote that opens here is never closed: "never closed;1…')


def test_a_header_without_end_is_told_as_such(tmp_path: Path) -> None:
    message = stopped(Erp(tmp_path), "A" * (1 << 20))

    assert message == "erp/products.csv: its first line is longer than 262,144 bytes; is this a CSV file?"


def test_a_quote_that_is_never_closed_does_not_read_a_whole_large_file_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "ENDLESS", 1000)
    monkeypatch.setattr("syncengine.endpoints.csv.dialect.BLOCK", 500)

    assert ":3: the quote" in stopped(Erp(tmp_path), HEADER + 'A-1;a;1\nA-2;"x;1\n' + "A;b;1\n" * 1000)
    assert ":3: this line is longer" in stopped(Erp(tmp_path), HEADER + "A-1;a;1\nA-2;" + "x" * 3000)


class Counting(Grammar):
    """Counts the bytes that it is given to look at."""

    looked_at = 0

    def end(self, text: bytes, at: int) -> int | None:
        self.looked_at += len(text) - at
        return super().end(text, at)

    def split(self, text: bytes, *, keep_ends: bool = False) -> tuple[list[bytes], bytes]:
        self.looked_at += len(text)
        return super().split(text, keep_ends=keep_ends)


@pytest.mark.parametrize("quote", ['A-1;"a;1', 'A-1;"a ""b"" c;1', 'A-1;"a\r'])
def test_looking_for_the_end_of_a_quote_costs_no_more_than_the_file_is_long(
    monkeypatch: pytest.MonkeyPatch, quote: str
) -> None:
    split_lines = lines.split_lines
    looked_at = 0

    def counting(text: bytes) -> tuple[list[bytes], bytes]:
        nonlocal looked_at
        looked_at += len(text)
        return split_lines(text)

    monkeypatch.setattr(lines, "split_lines", counting)
    pieces = [f"{HEADER}{quote}\n".encode(), *[b"A-2;b;1\r\n" * 100] * 200]
    whole = sum(map(len, pieces))
    in_blocks, raw = Counting(";"), Counting(";")

    with pytest.raises(BadSource, match=r"x:2: the quote that opens here is never closed"):
        list(lines.blocks(pieces, in_blocks, Known(Index()), "x"))
    with pytest.raises(BadSource, match="never closed"):
        list(lines.raw_records(pieces, raw, "x"))
    assert looked_at + in_blocks.looked_at < 4 * whole
    assert raw.looked_at < 4 * whole


def test_a_record_of_many_pieces_is_read_as_one() -> None:
    long = b"".join([b'A-1;"', *[b"a;1\n"] * 1000, b'";1'])
    text = b"ArtNr;Name;VK\n" + long + b"\nA-2;b;1\nA-3;c;1"
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]

    found = list(lines.blocks(pieces, Grammar(";"), Known(Index()), "x"))
    assert [record for block in found for record in block.records][1:] == [long, b"A-2;b;1", b"A-3;c;1"]
    assert [line for block in found for line in block.lines] == [1, 2, 1003, 1004]
    assert b"".join(record for part in lines.raw_records(pieces, Grammar(";"), "x") for record in part) == text


@pytest.mark.parametrize("piece", [300, 5000, 50_000])
def test_a_row_that_is_longer_than_any_row_is_rejected_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(cells, "LONGEST", 1000)
    monkeypatch.setattr("syncengine.endpoints.csv.dialect.BLOCK", piece)
    long = "x" * 3000
    found = Erp(tmp_path).pull(HEADER + f'A-1;a;1\nA-2;{long};1\nA-3;"{long}";1\nA-4;"b";1\n')

    assert found.ids == ["A-1", "A-4"]
    assert found.rejects == [
        ("products.csv:3", "A-2", "the row is longer than 1,000 bytes; is a quote missing?"),
        ("products.csv:4", "A-3", "the row is longer than 1,000 bytes; is a quote missing?"),
    ]
    assert found.pull.missing(["A-2", "A-3", "A-9"]) == {"A-9"}


def test_a_cell_of_more_than_a_mebibyte_is_read_past(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + f"A-1;a;1\nA-2;{'x' * (9 << 20)};1\nA-3;c;1\n")

    assert found.ids == ["A-1", "A-3"]
    assert [(where, key) for where, key, _ in found.rejects] == [("products.csv:3", "A-2")]


def test_a_long_row_with_line_ends_may_have_swallowed_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "LONGEST", 1000)
    rows = "".join(f"B-{at};b;1\n" for at in range(200))
    found = Erp(tmp_path).pull(HEADER + f'A-1;"5 inch;1\n{rows}A-2;x";1\nA-3;c;1\n')

    assert found.ids == ["A-3"]
    assert [(where, key) for where, key, _ in found.rejects] == [("products.csv:2", None)]
    assert not found.pull.complete


def test_what_is_too_long_for_a_key_is_none(tmp_path: Path) -> None:
    found = Erp(tmp_path).pull(HEADER + f"{'x' * (2 << 20)};a;1\nA-2;b;1\n")

    assert [(where, key) for where, key, _ in found.rejects] == [("products.csv:2", None)]


def test_cells_may_be_long(tmp_path: Path) -> None:
    text = "x" * 900_000

    assert Erp(tmp_path).pull(HEADER + f'A-1;"{text}";1\n').names == {"A-1": text}


def test_a_missing_file_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    write(erp.folder / "Produkte.csv", HEADER)

    assert stopped(erp) == "erp/products.csv: there is no such file; there are: Produkte.csv"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.folder.rmdir()

    assert f"there is no folder {erp.folder}" in stopped(erp)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.file.mkdir()

    assert "is not a file" in stopped(erp)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\r\n\n", b"\xff\xfe"])
def test_an_empty_file_stops_the_job(tmp_path: Path, content: bytes) -> None:
    assert "empty" in stopped(Erp(tmp_path), content)


def test_a_missing_column_is_named_with_those_that_are_there_and_the_closest(tmp_path: Path) -> None:
    assert stopped(Erp(tmp_path), "ArtNr;name;VK\n1;2;3\n") == (
        "erp/products.csv: there is no column 'Name' (read as utf-8 with ';'); "
        "there are: ArtNr, name, VK; did you mean 'name'?"
    )


def test_all_missing_columns_are_named_at_once(tmp_path: Path) -> None:
    told = stopped(Erp(tmp_path), "ArtNr;Foo\n1;2\n")
    assert told.startswith("erp/products.csv: there are no columns 'Name', '")
    assert told.endswith("(read as utf-8 with ';'); there are: ArtNr, Foo")


@pytest.mark.parametrize("erp", [{"only": {"Webshop": ("J",)}}, {"modified": "Webshop"}])
def test_the_columns_of_the_selection_and_of_the_date_must_be_there_too(tmp_path: Path, erp: dict[str, object]) -> None:
    assert "'Webshop'" in stopped(Erp(tmp_path, **erp), HEADER + "A-1;a;1\n")


def test_a_mapped_column_that_is_there_twice_stops_the_job(tmp_path: Path) -> None:
    assert "'Name' 2 times" in stopped(Erp(tmp_path), "ArtNr;Name;VK; Name\nA-1;a;1;b\n")


def test_a_delimiter_that_cannot_be_told_must_be_named(tmp_path: Path) -> None:
    erp = Erp(tmp_path, FIELDS[:1])

    assert "delimiter = " in stopped(erp, "x;ArtNr;y,ArtNr,z\n1;A-1;2,B-1,3\n")
    assert erp.pull("x;ArtNr;y,ArtNr,z\n1;A-1;2,B-1,3\n", delimiter=",").ids == ["B-1"]


def test_bytes_that_are_not_of_the_named_encoding_stop_the_job_with_their_place(tmp_path: Path) -> None:
    content = (HEADER + "A-1;a;1\nA-2;Größe;1\n").encode("cp1252")

    assert stopped(Erp(tmp_path), content, encoding="utf-8") == (
        "erp/products.csv:3: byte 28 (f6) is no utf-8; if the file is written otherwise, "
        "name its `encoding` in the connection"
    )


def test_bytes_that_no_encoding_has_stop_the_job(tmp_path: Path) -> None:
    message = stopped(Erp(tmp_path), (HEADER + "A-1;a;1\nA-2;").encode() + b"\x81\xf6;1\n")

    assert "products.csv:3: byte 26 (81) is no cp1252" in message


def test_an_undecodable_byte_is_found_wherever_the_file_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"\xef\xbb\xbf" + (HEADER + "Ä-1;ä€😀;1\n" * 5).encode() + b"\xe2\x82;1\n"
    at = content.index(b"\xe2\x82;")

    for size in range(1, 12):
        monkeypatch.setattr("syncengine.endpoints.csv.dialect.BLOCK", size)
        assert f":7: byte {at} (e2)" in stopped(Erp(tmp_path), content)
    monkeypatch.undo()
    content = ("\ufeff" + HEADER + "A-1;a;1\n").encode("utf-16-le")
    assert f":3: byte {len(content)} (78)" in stopped(Erp(tmp_path), content + b"x")


def test_a_damaged_utf8_file_is_not_taken_for_cp1252(tmp_path: Path) -> None:
    content = (HEADER + "A-1;Größe äöü;1\nA-2;x;1\n").encode().replace(b";x;", b";\xf6;")

    assert "seems to be damaged" in stopped(Erp(tmp_path), content)


def test_utf16_without_a_byte_order_mark_must_be_named(tmp_path: Path) -> None:
    assert 'encoding = "utf-16-le"' in stopped(Erp(tmp_path), (HEADER + "A-1;a;1\n").encode("utf-16-le"))


def test_a_file_with_only_changes_says_nothing_about_what_is_missing(tmp_path: Path) -> None:
    found = Erp(tmp_path, complete=False).pull(HEADER + "A-1;a;1\n")

    assert (found.pull.complete, found.pull.missing(["A-2"])) == (False, set())


def test_rejects_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    found = Erp(tmp_path, modified="VK").pull(HEADER + "A-1;a;nodate\nA-2;b\nA-3;c;\n;d;\nA-3;c;\n")

    assert [where for where, _, _ in found.rejects] == [f"products.csv:{line}" for line in range(2, 7)]


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    erp.write(HEADER)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Exception, match="cannot be read: Permission denied"):
        Pulled(erp.open())
