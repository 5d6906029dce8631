"""Files that hold only changes: each is read once, in the order of their names, and the last row of a key counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from syncengine.endpoints import Cursor
from syncengine.endpoints.csv import content, deltas, resource, scan, source
from syncengine.errors import BadSource, GuardStopped
from syncengine.mapping import Field
from tests.csv_files import FIELDS, RUN, Erp, Pulled, update, write

HEADER = "ArtNr;Name;VK\n"


def opened(tmp_path: Path, **options: object) -> Erp:
    return Erp(tmp_path, **{"resource": "delta-*.csv", "complete": False, **options})


def put(erp: Erp, name: str, *rows: str, encoding: str = "utf-8") -> Path:
    return write(erp.folder / name, HEADER + "".join(f"{row}\n" for row in rows), encoding=encoding)


def test_files_are_read_in_the_order_of_their_names_and_the_last_row_of_a_key_counts(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-2.csv", "A-1;second;1", "A-3;c;1")
    put(erp, "delta-1.csv", "A-1;first;1", "A-2;b;1", "A-4;d;1", "A-4;e;1")

    found = Pulled(erp.open())

    assert found.names == {"A-2": "b", "A-4": "e", "A-1": "second", "A-3": "c"}
    assert found.where["A-1"] == "delta-2.csv:2"
    assert (found.rejects, found.pull.unchanged, found.pull.left) == ([], 0, False)
    assert (found.pull.complete, found.pull.missing(["A-1", "A-9"])) == (False, set())


def test_a_file_that_was_read_to_its_end_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-2.csv", "A-2;b;1")
    looked_at: list[str] = []
    recognise = resource.recognise
    monkeypatch.setattr(
        resource,
        "recognise",
        lambda stream, name, *rest, **more: looked_at.append(name) or recognise(stream, name, *rest, **more),
    )

    found = Pulled(erp.open(), cursor)

    assert (found.ids, looked_at) == (["A-2"], ["erp/delta-2.csv"])
    assert Pulled(erp.open(), found.cursor()).ids == []


def test_a_file_of_the_same_name_with_other_bytes_is_read_again(tmp_path: Path) -> None:
    erp = opened(tmp_path, resource="changes.csv")
    put(erp, "changes.csv", "A-1;a;1")
    first = Pulled(erp.open()).cursor()
    put(erp, "changes.csv", "A-1;b;1", "A-2;x;1")
    second = Pulled(erp.open(), first)
    put(erp, "changes.csv", "A-1;a;1")

    assert second.names == {"A-1": "b", "A-2": "x"}
    assert Pulled(erp.open(), second.cursor()).names == {"A-1": "a"}


def test_a_file_that_was_taken_away_and_comes_again_is_a_new_one(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    first = Pulled(erp.open(), Cursor()).cursor()
    put(erp, "delta-1.csv", "A-1;a;1")
    first = Pulled(erp.open(), first).cursor()
    (erp.folder / "delta-1.csv").unlink()
    second = Pulled(erp.open(), first).cursor()
    put(erp, "delta-1.csv", "A-1;a;1")

    assert Pulled(erp.open(), second).ids == ["A-1"]


@pytest.mark.parametrize("name", ["delta-*.csv", "changes.csv", "in/delta-*.csv"])
def test_no_file_is_nothing_new(tmp_path: Path, name: str) -> None:
    found = Pulled(opened(tmp_path, resource=name).open())

    assert (found.rows, found.pull.left, found.pull.guards, found.pull.warnings) == ({}, False, [], [])
    assert found.pull.missing(["A-1"]) == set()


def test_a_missing_folder_is_not_nothing_new(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    erp.folder.rmdir()

    with pytest.raises(BadSource, match="there is no folder"):
        Pulled(erp.open())


def test_the_first_file_with_a_record_that_was_not_accepted_and_all_behind_it_come_again(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    put(erp, "delta-2.csv", "A-2;old;1", "A-3;c;1")
    put(erp, "delta-3.csv", "A-3;d;1")
    put(erp, "delta-4.csv", "A-2;new;1")
    cursor = Pulled(erp.open()).cursor(forget=["A-2"])

    again = Pulled(erp.open(), cursor)

    assert again.names == {"A-3": "d", "A-2": "new"}
    assert Pulled(erp.open(), again.cursor()).ids == []


def test_a_row_that_is_no_record_keeps_its_file_until_it_is_corrected(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    put(erp, "delta-2.csv", ";b;1")
    put(erp, "delta-3.csv", "A-3;c;1")
    first = Pulled(erp.open())
    second = Pulled(erp.open(), first.cursor())

    assert first.rejects == second.rejects == [("delta-2.csv:2", None, "the key 'ArtNr' is empty")]
    assert (first.ids, second.ids) == (["A-1", "A-3"], ["A-3"])

    put(erp, "delta-2.csv", "A-2;b;1")
    third = Pulled(erp.open(), second.cursor())
    assert (third.ids, third.rejects) == (["A-2", "A-3"], [])
    assert Pulled(erp.open(), third.cursor()).ids == []


def test_a_later_row_stands_in_the_place_of_one_that_cannot_be_used(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a", "A-2;b")
    put(erp, "delta-2.csv", "A-1;right;1")

    found = Pulled(erp.open())

    assert found.names == {"A-1": "right"}
    assert [(where, key) for where, key, _ in found.rejects] == [("delta-1.csv:3", "A-2")]


def test_a_later_row_that_cannot_be_used_stands_in_the_place_of_one_that_can(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    put(erp, "delta-2.csv", "A-1;b")

    found = Pulled(erp.open())

    assert (found.ids, [(where, key) for where, key, _ in found.rejects]) == ([], [("delta-2.csv:2", "A-1")])


def test_a_later_row_outside_of_the_selection_takes_the_record_out(tmp_path: Path) -> None:
    erp = opened(tmp_path, only={"VK": ("1",)})
    put(erp, "delta-1.csv", "A-1;a;1", "A-2;b;1")
    put(erp, "delta-2.csv", "A-1;b;2")

    found = Pulled(erp.open())
    assert (found.ids, found.rejects) == (["A-2"], [])


def test_two_keys_with_one_hash_are_two_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = scan.hashes
    monkeypatch.setattr(
        scan, "hashes", lambda texts: hashes(["same" if text in ("A-1", "A-2") else text for text in texts])
    )
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1", "A-2;b;1")
    put(erp, "delta-2.csv", "A-1;c;1")

    assert Pulled(erp.open()).names == {"A-2": "b", "A-1": "c"}


def test_wanted_records_are_found_in_files_that_were_read_before(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1", "A-2;b;1", "A-3;c;1")
    put(erp, "delta-2.csv", "A-1;d;1")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-3.csv", "A-3;e;1")

    found = Pulled(erp.open(), cursor, ["A-1", "A-9"])

    assert found.names == {"A-1": "d", "A-3": "e"}
    assert found.pull.missing(["A-9"]) == set()
    assert Pulled(erp.open(), found.cursor()).ids == []


def test_a_file_that_comes_late_is_newer_than_those_that_were_read_before(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-2.csv", "A-1;read first;1")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-1.csv", "A-1;came late;1")

    late = Pulled(erp.open(), cursor, ["A-1"])
    assert late.names == {"A-1": "came late"}

    endpoint = erp.open()
    Pulled(endpoint, late.cursor())
    [page] = endpoint.fetch(["A-1"])
    assert page.cells["Name"].tolist() == ["came late"]
    assert Pulled(erp.open(), late.cursor(), full=True).names == {"A-1": "came late"}


def test_a_full_pull_reads_all_files_that_are_there(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1", "A-2;b;1")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-2.csv", "A-2;c;1")

    found = Pulled(erp.open(), cursor, full=True)

    assert found.names == {"A-1": "a", "A-2": "c"}
    assert Pulled(erp.open(), found.cursor()).ids == []


def test_another_mapping_reads_all_files_again(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    cursor = Pulled(erp.open()).cursor()
    more = opened(tmp_path, fields=[*FIELDS, Field("slug", "Name", "slug")], only={"VK": ("1",)})

    again = Pulled(more.open(), cursor)
    assert again.ids == ["A-1"]
    assert Pulled(more.open(), again.cursor()).ids == []


def test_records_are_found_by_their_ids_and_by_what_identifies_them_with_their_last_row(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;Nut;1", "A-2;Bolt;1")
    put(erp, "delta-2.csv", "A-1;Screw;1")
    endpoint = Pulled(erp.open()).endpoint

    [page] = endpoint.fetch(["A-1", "A-9"])
    assert (page.ids, page.cells["Name"].tolist()) == (["A-1"], ["Screw"])
    assert list(endpoint.find("Name", ["nut"])) == []
    [page] = endpoint.find("Name", ["SCREW", "x"])
    assert (page.ids, list(page.where)) == (["A-1"], ["delta-2.csv:2"])


def test_each_file_may_have_its_columns_in_its_own_order(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    write(erp.folder / "delta-2.csv", "VK,Lager,Name,ArtNr\r\n2,x,Größe,A-2\r\n", encoding="cp1252")

    found = Pulled(erp.open())

    assert found.rows["A-2"] == {"ArtNr": "A-2", "Name": "Größe", "VK": "2"}
    assert found.pull.guards == []


def test_a_missing_column_is_told_with_its_file_and_nothing_is_read(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    write(erp.folder / "delta-2.csv", "ArtNr;Name\nA-2;b\n")

    with pytest.raises(BadSource, match=r"erp/delta-2.csv: there is no column 'VK'"):
        Pulled(erp.open())
    (erp.folder / "delta-2.csv").rename(tmp_path / "aside")
    cursor = Pulled(erp.open()).cursor()
    (tmp_path / "aside").rename(erp.folder / "delta-2.csv")
    with pytest.raises(GuardStopped, match=r"erp/delta-2.csv: there is no column 'VK'.*It was there at the last run"):
        Pulled(erp.open(), cursor)


def test_a_new_file_is_compared_with_the_last_that_was_read(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;ö;1")
    cursor = Pulled(erp.open()).cursor()
    (erp.folder / "delta-1.csv").unlink()
    cursor = Pulled(erp.open(), cursor).cursor()  # a run without any file forgets nothing
    put(erp, "delta-2.csv", "A-1;ö;1", encoding="cp1252")

    found = Pulled(erp.open(), cursor)
    assert found.pull.guards == [("dialect", "erp/delta-2.csv was utf-8 with ';' and is now cp1252 with ';'")]
    put(erp, "delta-3.csv", "A-1;ä;1", encoding="cp1252")
    assert Pulled(erp.open(), found.cursor()).pull.guards == []


def test_a_column_that_new_files_leave_empty_is_suspicious_but_not_in_a_handful_of_rows(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", *(f"A-{at};x;1" for at in range(40)))
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-2.csv", *(f"A-{at};;1" for at in range(5)))
    few = Pulled(erp.open(), cursor)
    put(erp, "delta-3.csv", *(f"A-{at};;1" for at in range(30)))

    assert few.pull.guards == []
    assert Pulled(erp.open(), few.cursor()).pull.guards == [
        ("column", "erp/delta-*.csv: the column 'Name' was filled in 100% of the rows and now is in about 0%")
    ]


def test_our_own_output_is_not_our_input_though_the_glob_matches(tmp_path: Path) -> None:
    erp = opened(tmp_path, resource="*.csv", write_to="delta-{time}.csv")
    put(erp, "delta-1.csv", "A-1;a;1")
    endpoint = Pulled(erp.open()).endpoint
    endpoint.send([update("A-1", name="x")])

    assert (erp.folder / f"delta-{RUN}.csv").exists()
    assert Pulled(erp.open()).names == {"A-1": "a"}


def test_changes_are_handed_over_as_the_last_file_was_written_though_it_is_gone(tmp_path: Path) -> None:
    erp = opened(tmp_path, write_to="import/{time}.csv")
    write(erp.folder / "delta-1.csv", "ArtNr\tName\tVK\r\nA-1\tö\t1\r\n", encoding="cp1252")
    cursor = Pulled(erp.open()).cursor()
    (erp.folder / "delta-1.csv").unlink()
    endpoint = Pulled(erp.open(), cursor).endpoint

    endpoint.send([update("A-1", name="ü")])

    assert (erp.folder / f"import/{RUN}.csv").read_bytes() == "ArtNr\tName\tVK\r\nA-1\tü\t\r\n".encode("cp1252")


def test_a_file_without_umlauts_leaves_the_encoding_of_what_is_handed_over_as_it_was(tmp_path: Path) -> None:
    erp = opened(tmp_path, write_to="import/{time}.csv")
    put(erp, "delta-1.csv", "A-1;Größe;1", encoding="cp1252")
    first = Pulled(erp.open()).cursor()
    put(erp, "delta-2.csv", "A-2;b;1")
    second = Pulled(erp.open(), first)

    second.endpoint.send([update("A-1", name="ü")])
    Pulled(erp.open(run="later"), second.cursor()).endpoint.send([update("A-1", name="ü")])

    for run in (RUN, "later"):
        assert (erp.folder / f"import/{run}.csv").read_bytes() == "ArtNr;Name;VK\nA-1;ü;\n".encode("cp1252")


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "ArtNr,Name,VK\r\nA-1,ü,\r\n"), ({"delimiter": ";", "encoding": "cp1252"}, "ArtNr;Name;VK\r\nA-1;ü;\r\n")],
)
def test_changes_are_handed_over_though_no_file_was_ever_there(
    tmp_path: Path, options: dict[str, str], expected: str
) -> None:
    erp = opened(tmp_path, write_to="import/{time}.csv")

    Pulled(erp.open(**options)).endpoint.send([update("A-1", name="ü")])

    assert (erp.folder / f"import/{RUN}.csv").read_bytes() == expected.encode(options.get("encoding", "utf-8"))


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


def test_a_file_that_is_being_written_is_left_with_all_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = opened(tmp_path)
    for number in range(1, 5):
        put(erp, f"delta-{number}.csv", f"A-{number};a;1")
    with monkeypatch.context() as patch:
        growing(patch, erp.folder / "delta-2.csv")
        found = Pulled(erp.open(patience=0.2))

    assert (found.ids, found.pull.left) == (["A-1"], False)
    assert found.pull.warnings == ["erp/delta-2.csv is still being written; left for the next run with the 2 behind it"]
    put(erp, "delta-2.csv", "A-2;b;1")
    assert Pulled(erp.open(), found.cursor()).ids == ["A-2", "A-3", "A-4"]


def test_a_file_that_is_written_again_while_it_is_read_is_left_with_all_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = opened(tmp_path)
    for number in range(1, 4):
        put(erp, f"delta-{number}.csv", f"A-{number};a;1")
    scan_all, late = deltas.DeltaPull._scan_all, [lambda: write(erp.folder / "delta-2.csv", HEADER + 'A-2;"half')]

    def scan_then_act(pull: deltas.DeltaPull) -> None:
        if late:
            late.pop()()  # after it was digested
        scan_all(pull)

    monkeypatch.setattr(deltas.DeltaPull, "_scan_all", scan_then_act)
    found = Pulled(erp.open())

    assert found.ids == ["A-1"]
    assert found.pull.warnings == ["erp/delta-2.csv is still being written; left for the next run with the 1 behind it"]
    with pytest.raises(BadSource, match="never closed"):
        Pulled(erp.open(), found.cursor())


def test_files_behind_one_that_is_being_written_stay_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    put(erp, "delta-3.csv", "A-3;c;1")
    cursor = Pulled(erp.open()).cursor()
    put(erp, "delta-2.csv", "A-2;b;1")
    with monkeypatch.context() as patch:
        growing(patch, erp.folder / "delta-2.csv")
        found = Pulled(erp.open(patience=0.1), cursor)
    put(erp, "delta-2.csv", "A-2;b;1")

    assert Pulled(erp.open(), found.cursor()).ids == ["A-2"]


def test_the_cursor_is_json_and_of_no_size(tmp_path: Path) -> None:
    erp = opened(tmp_path)
    put(erp, "delta-1.csv", *(f"A-{at};x;1" for at in range(1000)))
    cursor = Pulled(erp.open()).cursor()

    assert json.loads(json.dumps(cursor.position)) == cursor.position
    assert (cursor.seen, len(json.dumps(cursor.position)) < 1000) == (b"", True)


def test_a_mapping_that_changes_between_all_and_only_changes_reads_everything(tmp_path: Path) -> None:
    erp, everything = opened(tmp_path), Erp(tmp_path, resource="delta-*.csv")
    put(erp, "delta-1.csv", "A-1;a;1")

    assert Pulled(erp.open(), Pulled(everything.open()).cursor()).ids == ["A-1"]
    assert Pulled(everything.open(), Pulled(erp.open()).cursor()).ids == ["A-1"]
