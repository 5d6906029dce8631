"""`in-place`: the ERP's own file is rewritten, and every byte that needs no change stays."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints.csv import CsvEndpoint, dialect, durable
from syncengine.errors import CannotRun, Moved
from syncengine.mapping import Field
from syncengine.records import Change, FieldChange
from syncengine.values import Type
from tests.csv_files import FIELDS, Erp, Pulled, create, delete, update, write

FILE = (
    '"ArtNr"; Name;VK;Lager;Lager\r\n'
    '"A-1";"a ""x""";1,50; x;"y"\n'
    "\n"
    'A-2 ;b;2,50;5" z;\r\n'
    'A-3;"c\r\nd";;;"";\r'
    'A-4;"e\r\nf";;"";'
)


def opened(tmp_path: Path, content: str | bytes = FILE, **options: Any) -> tuple[Erp, CsvEndpoint]:
    erp = Erp(tmp_path, options.pop("fields", FIELDS), write_to="in-place", **options.pop("erp", {}))
    erp.write(content)
    return erp, Pulled(erp.open(decimal=",", **options)).endpoint


def content(erp: Erp) -> str:
    return erp.file.read_bytes().decode()


def test_only_the_changed_cells_are_replaced(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    [first, second, third] = endpoint.send(
        [update("A-1", 1, name='b"c'), update("A-2", 2, price=Decimal("3")), update("A-4", 3, name="g;h")]
    )

    assert content(erp) == (FILE.replace('"a ""x"""', '"b""c"').replace("2,50", "3,00").replace('"e\r\nf"', '"g;h"'))
    assert [first.status, second.status, third.status] == ["done"] * 3
    assert first.record_id == "A-1"
    assert first.cells == {"ArtNr": "A-1", "Name": 'b"c', "VK": "1,50"}
    assert (endpoint.writable, endpoint.takes_later) == (True, False)


def test_what_was_written_is_read_back_as_it_was_answered(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    cursor = Pulled(endpoint).cursor()

    outcomes = endpoint.send([update("A-2", 1, name="x\ry", price=None), create("A-9", 2, name="n", price=Decimal(1))])

    os.utime(erp.file, (1, 1))
    assert Pulled(erp.open(decimal=","), cursor).rows == {found.record_id: found.cells for found in outcomes}


def test_new_rows_are_appended_with_the_cells_of_no_field_left_empty(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    endpoint.send([create("A-8", 1, name="n;", price=Decimal("1.5")), create("A-9", 2)])

    assert content(erp) == FILE + '\r\nA-8;"n;";1,50;;\r\nA-9;;;;'


def test_nothing_is_appended_behind_the_mark_with_which_dos_ends_a_file(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\r\nA-1;a;1\r\n\x1a")

    endpoint.send([update("A-1", 1, name="b"), create("A-8", 2)])

    assert content(erp) == "ArtNr;Name;VK\r\nA-1;b;1\r\nA-8;;\r\n\x1a"


def test_a_file_ends_as_it_did_when_rows_are_appended(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\nA-1;a;1\n")

    endpoint.send([create("A-8", 1), create("A-9", 2)])

    assert content(erp) == "ArtNr;Name;VK\nA-1;a;1\nA-8;;\nA-9;;\n"


def test_a_new_row_is_inside_of_the_selection(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK;Webshop\nA-1;a;1;J\n", erp={"only": {"Webshop": ("J", "j")}})

    endpoint.send([create("A-2", name="b")])

    assert content(erp).endswith("\nA-2;b;;J\n")


def test_the_parent_of_a_record_is_written_where_it_is_known(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Vater;Name;VK\nA-1;P-1;a;1\nA-2; P-1 ;b;2\n", erp={"parent": "Vater"})
    moved, same, new, alone = update("A-1", 1), update("A-2", 2, name="B"), create("A-3", 3), create("A-4", 4)
    moved.parent, new.parent = "P-2", "P-3"

    outcomes = endpoint.send([moved, same, new, alone])

    assert content(erp) == "ArtNr;Vater;Name;VK\nA-1;P-2;a;1\nA-2; P-1 ;B;2\nA-3;P-3;;\nA-4;;;\n"
    os.utime(erp.file, (1, 1))
    assert [found.cells for found in outcomes] == list(Pulled(erp.open(decimal=",")).rows.values())


def test_deleted_rows_are_dropped(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    [outcome] = endpoint.send([delete("A-2")])

    assert content(erp) == FILE.replace('A-2 ;b;2,50;5" z;\r\n', "")
    assert (outcome.status, outcome.cells) == ("done", None)


def test_a_number_that_is_summed_is_added_to_what_is_there(tmp_path: Path) -> None:
    price = Field("price", "VK", "regular_price", Type("money"), truth="sum")
    erp, endpoint = opened(tmp_path, fields=[*FIELDS[:2], price])

    endpoint.send([update("A-1", price=FieldChange(Decimal(9), Decimal(7), "", Decimal("-0.25")))])

    assert content(erp) == FILE.replace("1,50", "1,25")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
def test_the_encoding_stays(tmp_path: Path, encoding: str) -> None:
    options = {"encoding": encoding} if encoding == "utf-16-be" else {}
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\r\nÄ;ö;1\r\nÜ;ß;2".encode(encoding), **options)

    endpoint.send([update("Ü", 1, name="€"), create("é", 2)])

    assert erp.file.read_bytes() == "ArtNr;Name;VK\r\nÄ;ö;1\r\nÜ;€;2\r\né;;".encode(encoding)


def test_a_file_that_has_lost_its_last_umlaut_keeps_its_encoding(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\nA-1;Größe;1\n".encode("cp1252"))
    cursor = Pulled(endpoint).cursor()
    erp.write("ArtNr;Name;VK\nA-1;Groesse;1\n")
    found = Pulled(erp.open(), cursor)

    sent = found.endpoint.send([update("A-1", name="Übergröße"), create("Ł", 2)])

    assert erp.file.read_bytes() == "ArtNr;Name;VK\nA-1;Übergröße;1\n".encode("cp1252")
    assert [outcome.error for outcome in sent] == ["", "ArtNr: 'Ł' cannot be written in cp1252"]
    again = Pulled(erp.open(), found.cursor())
    assert (again.names, again.pull.guards) == ({"A-1": "Übergröße"}, [])


def test_an_encoding_that_spells_one_character_in_two_ways_is_not_rewritten(tmp_path: Path) -> None:
    second_spelling = b"\x87\x90"
    assert second_spelling.decode("cp932").encode("cp932") != second_spelling
    rows = b"ArtNr;Name;VK\nA-1;" + second_spelling + b";1\nA-2;b;1\n"
    erp, endpoint = opened(tmp_path, rows, encoding="cp932")

    with pytest.raises(CannotRun, match="write_to"):
        endpoint.send([update("A-2", name="x")])
    assert erp.file.read_bytes() == rows


def test_a_file_that_is_no_longer_the_one_that_was_read_is_not_replaced(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    erp.write(FILE.replace("2,50", "2,60"))

    with pytest.raises(Moved):
        endpoint.send([update("A-1", name="x")])
    assert content(erp) == FILE.replace("2,50", "2,60")

    Pulled(endpoint)
    assert endpoint.send([update("A-1", name="x")])[0].status == "done"


def test_a_file_that_changes_right_before_it_would_be_replaced_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp, endpoint = opened(tmp_path)
    fsync = os.fsync

    def meanwhile(descriptor: int) -> None:
        fsync(descriptor)
        erp.write(FILE.replace("2,50", "2,60"))

    monkeypatch.setattr(durable.os, "fsync", meanwhile)
    with pytest.raises(Moved):
        endpoint.send([update("A-1", name="x")])
    assert content(erp) == FILE.replace("2,50", "2,60")
    assert [path.name for path in erp.folder.iterdir()] == ["products.csv"]


def test_the_same_bytes_written_anew_are_the_file_that_was_read(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    erp.write(FILE)

    assert endpoint.send([update("A-1", name="x")])[0].status == "done"


def test_a_run_may_write_several_times(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    endpoint.send([update("A-1", name="x")])
    endpoint.send([update("A-2", name="y")])

    assert content(erp) == FILE.replace('"a ""x"""', '"x"').replace(";b;", ";y;")


def test_permissions_stay_and_a_link_stays_a_link(tmp_path: Path) -> None:
    erp = Erp(tmp_path, write_to="in-place")
    real = write(erp.folder / "data/real.csv", "ArtNr;Name;VK\nA-1;a;1\n")
    real.chmod(0o640)
    erp.file.symlink_to(real)
    endpoint = Pulled(erp.open()).endpoint

    endpoint.send([update("A-1", name="b")])

    assert erp.file.is_symlink()
    assert real.read_text() == "ArtNr;Name;VK\nA-1;b;1\n"
    assert real.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in real.parent.iterdir()] == ["real.csv"]


def test_changes_that_cannot_be_written_fail_alone(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, FILE.replace("A-3;", "A-1;"), fields=[*FIELDS, Field("x", "Lager", None)][:3])
    changes: list[Change] = [
        update("A-7", 1, name="x"),
        delete("A-8", 2),
        create("A-2", 3, name="x"),
        update("A-2", 4, name="\0"),
        update("A-2", 5, sku="A-22"),
        create("", 6),
        update("A-4", 7, name="good"),
        update("A-2", 8, price=FieldChange(1, 2, "", "x")),
        create("A-9", 9),
        update("A-9", 10, name="x"),
    ]

    outcomes = endpoint.send(changes)

    assert [found.status for found in outcomes] == ["failed"] * 6 + ["done", "failed", "done", "failed"]
    expected = ["no row", "no row", "already", "NUL", "cannot change", "no key", "", "no number", "", "being created"]
    assert all(reason in found.error for reason, found in zip(expected, outcomes, strict=True))
    assert content(erp) == FILE.replace("A-3;", "A-1;").replace('"e\r\nf"', '"good"') + "\r\nA-9;;;;"


def test_rows_of_a_duplicate_key_are_not_touched(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\nA-1;a;1\nA-1;b;1\n")

    [outcome] = endpoint.send([update("A-1", name="x")])

    assert (outcome.status, outcome.error) == ("failed", "several rows have the key 'A-1'")
    assert content(erp) == "ArtNr;Name;VK\nA-1;a;1\nA-1;b;1\n"


def test_only_the_selected_row_of_a_key_is_changed(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\nA-1;a;1\nA-1;b;2\n", erp={"only": {"VK": ("2",)}})

    endpoint.send([update("A-1", name="x")])

    assert content(erp) == "ArtNr;Name;VK\nA-1;a;1\nA-1;x;2\n"


def test_a_field_that_does_not_go_to_the_erp_is_not_written(tmp_path: Path) -> None:
    fields = [*FIELDS[:2], Field("price", "VK", "regular_price", Type("money"), only_to="store")]
    erp, endpoint = opened(tmp_path, fields=fields)

    endpoint.send([update("A-1", name="n", price=Decimal(9))])

    assert content(erp) == FILE.replace('"a ""x"""', '"n"')


def test_a_large_file_is_rewritten_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "BLOCK", 11)
    rows = [f'A-{number};"nä\r\n{number}";1\r\n' for number in range(50)]
    erp, endpoint = opened(tmp_path, "ArtNr;Name;VK\r\n" + "".join(rows))

    endpoint.send([update("A-7", 1, name="x"), delete("A-31", 2), update("A-49", 3, name="y")])

    rows[7], rows[31], rows[49] = 'A-7;"x";1\r\n', "", 'A-49;"y";1\r\n'
    assert content(erp) == "ArtNr;Name;VK\r\n" + "".join(rows)


def test_an_endpoint_that_has_not_pulled_may_write(tmp_path: Path) -> None:
    erp, _ = opened(tmp_path)

    assert erp.open(decimal=",").send([update("A-1", name="x")])[0].status == "done"
    assert content(erp) == FILE.replace('"a ""x"""', '"x"')
