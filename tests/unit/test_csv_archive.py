"""`archive_to`: files that were read to their end are moved out of the way, once all is saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.endpoints import Cursor
from syncengine.endpoints.csv import archive, durable
from syncengine.errors import BadSource, CannotRun
from tests.csv_files import Erp, Pulled, write

HEADER = "ArtNr;Name;VK\n"
FILE = HEADER + "A-1;a;1\nA-2;b;1\n"


def deltas(tmp_path: Path, **options: object) -> Erp:
    return Erp(tmp_path, **{"resource": "delta-*.csv", "complete": False, "archive_to": "done", **options})


def exports(tmp_path: Path, **options: object) -> Erp:
    return Erp(tmp_path, **{"resource": "products*.csv", "archive_to": "done", **options})


def put(erp: Erp, name: str, *rows: str) -> Path:
    return write(erp.folder / name, HEADER + "".join(f"{row}\n" for row in rows))


def files(erp: Erp) -> list[str]:
    return sorted(path.relative_to(erp.folder).as_posix() for path in erp.folder.rglob("*") if path.is_file())


def finished(found: Pulled, *forget: str) -> Cursor:
    """As a run ends: the cursor is saved, then the pull is told so."""
    cursor = found.cursor(forget)
    found.pull.done()
    return cursor


def test_files_that_were_read_are_moved_and_nothing_else(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    first = put(erp, "delta-1.csv", "A-1;a;1")
    text = first.read_bytes()
    put(erp, "other.csv", "A-1;a;1")
    found = Pulled(erp.open())
    put(erp, "delta-2.csv", "A-2;b;1")  # came after the reading

    cursor = finished(found)

    assert files(erp) == ["delta-2.csv", "done/delta-1.csv", "other.csv"]
    assert (erp.folder / "done/delta-1.csv").read_bytes() == text
    assert Pulled(erp.open(), cursor).ids == ["A-2"]


def test_nothing_is_moved_before_all_is_saved_or_without_being_asked_for(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    Pulled(erp.open()).cursor()
    assert files(erp) == ["delta-1.csv"]

    finished(Pulled(deltas(tmp_path, archive_to=None).open()))
    assert files(erp) == ["delta-1.csv"]


def test_a_file_that_is_not_settled_stays_with_all_behind_it(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    for number in (1, 2, 3):
        put(erp, f"delta-{number}.csv", f"A-{number};a;1")
    cursor = finished(Pulled(erp.open()), "A-2")

    assert files(erp) == ["delta-2.csv", "delta-3.csv", "done/delta-1.csv"]
    again = Pulled(erp.open(), cursor)
    assert again.ids == ["A-2", "A-3"]
    finished(again)
    assert files(erp) == ["done/delta-1.csv", "done/delta-2.csv", "done/delta-3.csv"]


def test_what_a_crash_has_left_is_moved_by_the_next_run(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    put(erp, "delta-2.csv", "A-2;a;1")
    cursor = Pulled(erp.open()).cursor()  # and no more

    found = Pulled(erp.open(), cursor)
    assert found.ids == []
    finished(found)
    assert files(erp) == ["done/delta-1.csv", "done/delta-2.csv"]


def test_a_file_that_has_changed_since_is_left(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    found = Pulled(erp.open())
    put(erp, "delta-1.csv", "A-1;b;1")

    cursor = finished(found)
    assert files(erp) == ["delta-1.csv"]
    assert Pulled(erp.open(), cursor).names == {"A-1": "b"}


def test_a_file_that_the_erp_has_taken_away_meanwhile_is_no_matter(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    path = put(erp, "delta-1.csv", "A-1;a;1")
    found = Pulled(erp.open())
    path.unlink()

    finished(found)
    assert files(erp) == []


def test_a_file_in_the_archive_is_never_replaced(tmp_path: Path) -> None:
    erp, cursor = deltas(tmp_path), Cursor()
    for name in ("first", "second", "third"):
        put(erp, "delta-1.csv", f"A-1;{name};1")
        cursor = finished(Pulled(erp.open(), cursor))

    assert files(erp) == ["done/delta-1-2.csv", "done/delta-1-3.csv", "done/delta-1.csv"]
    assert "first" in (erp.folder / "done/delta-1.csv").read_text()
    assert "second" in (erp.folder / "done/delta-1-2.csv").read_text()


def test_the_archive_is_never_read_though_the_glob_matches_there(tmp_path: Path) -> None:
    erp = deltas(tmp_path, resource="**/delta-*.csv", archive_to="in/done")
    put(erp, "in/delta-1.csv", "A-1;a;1")
    put(erp, "in/done/old/delta-0.csv", "A-0;a;1")
    cursor = finished(Pulled(erp.open()))

    assert files(erp) == ["in/done/delta-1.csv", "in/done/old/delta-0.csv"]
    assert Pulled(erp.open(), cursor, full=True).ids == []


def test_all_folders_are_made_durable_and_new_ones_before_anything_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = deltas(tmp_path, resource="in/delta-*.csv", archive_to="old/done")
    put(erp, "in/delta-1.csv", "A-1;a;1")
    found, seen = Pulled(erp.open()), list[tuple[str, list[str]]]()

    def look(folder: Path) -> None:
        seen.append((folder.name, files(erp)))
        durable.make_durable(folder)

    monkeypatch.setattr(archive, "make_durable", look)
    finished(found)

    before, after = ["in/delta-1.csv"], ["old/done/delta-1.csv"]
    assert seen == [("old", before), ("erp", before), ("done", after), ("in", after)]


def test_a_folder_that_cannot_be_written_says_so_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = deltas(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    found = Pulled(erp.open())
    cursor = found.cursor()

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", denied)
        with pytest.raises(CannotRun, match=r"erp/delta-1.csv has been read.* cannot be moved .*: Permission denied"):
            found.pull.done()
    assert files(erp) == ["delta-1.csv"]

    finished(Pulled(erp.open(), cursor))
    assert files(erp) == ["done/delta-1.csv"]


def test_an_archive_that_leads_out_of_the_folder_is_not_used(tmp_path: Path) -> None:
    erp = deltas(tmp_path)
    put(erp, "delta-1.csv", "A-1;a;1")
    (tmp_path / "outside").mkdir()
    (erp.folder / "done").symlink_to(tmp_path / "outside")

    with pytest.raises(CannotRun, match="leads out of the folder"):
        finished(Pulled(erp.open()))
    assert list((tmp_path / "outside").iterdir()) == []


# --- complete exports


@pytest.mark.parametrize("resource", ["products*.csv", "products.csv"])
def test_after_a_complete_export_was_put_away_nothing_is_new_and_nothing_gone(tmp_path: Path, resource: str) -> None:
    erp = exports(tmp_path, resource=resource)
    erp.write(FILE)
    cursor = finished(Pulled(erp.open()))
    assert files(erp) == ["done/products.csv"]

    for full in (False, True):
        found = Pulled(erp.open(), cursor, ["A-1"], full=full)
        assert (found.ids, found.pull.unchanged, found.pull.complete, found.pull.left) == ([], 2, False, False)
        assert (found.pull.missing(["A-1", "A-9"]), found.pull.guards) == (set(), [])
        assert finished(found) == cursor
    assert list(found.endpoint.fetch(["A-1"])) == []
    assert list(found.endpoint.find("Name", ["a"])) == []


def test_the_next_export_is_compared_with_the_last_one(tmp_path: Path) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1", "A-2;b;1", "A-3;c;1")
    cursor = finished(Pulled(erp.open()))
    cursor = finished(Pulled(erp.open(), cursor))
    put(erp, "products-2.csv", "A-1;a;1", "A-2;B;1")

    found = Pulled(erp.open(), cursor)

    assert (found.names, found.pull.unchanged, found.pull.complete) == ({"A-2": "B"}, 1, True)
    assert found.pull.missing(["A-1", "A-2", "A-3"]) == {"A-3"}


def test_what_was_not_accepted_comes_again_with_the_next_export(tmp_path: Path) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1", "A-2;b;1")
    cursor = finished(Pulled(erp.open()), "A-2")
    again = Pulled(erp.open(), cursor)
    assert (again.ids, again.pull.unchanged, files(erp)) == (["A-2"], 1, ["products-1.csv"])
    cursor = finished(again, "A-2")
    put(erp, "products-2.csv", "A-1;a;1", "A-2;b;1")

    found = Pulled(erp.open(), cursor)
    assert (found.names, found.where, found.rejects) == ({"A-2": "b"}, {"A-2": "products-2.csv:3"}, [])
    assert (found.pull.complete, found.pull.unchanged) == (True, 1)
    finished(found, "A-2")
    assert files(erp) == ["done/products-1.csv", "products-2.csv"]


def test_a_row_that_is_no_record_keeps_an_export_until_the_next(tmp_path: Path) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1", ";b;1")
    cursor = finished(Pulled(erp.open()))
    assert len(Pulled(erp.open(), cursor).rejects) == 1
    put(erp, "products-2.csv", "A-1;a;1")

    assert Pulled(erp.open(), cursor).rejects == []


def test_a_part_of_an_export_that_is_written_anew_belongs_to_the_other_parts(tmp_path: Path) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1")
    put(erp, "products-2.csv", "A-2;b;1")
    cursor = finished(Pulled(erp.open()), "A-2")
    put(erp, "products-2.csv", "A-2;c;1")
    put(erp, "products-3.csv", "A-3;d;1")

    found = Pulled(erp.open(), cursor)
    assert (found.ids, found.pull.unchanged, found.pull.missing(["A-1"])) == (["A-2", "A-3"], 1, set())


def test_a_resource_that_was_never_there_is_still_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no file matches"):
        Pulled(exports(tmp_path).open())
    with pytest.raises(BadSource, match="no such file"):
        Pulled(exports(tmp_path, resource="products.csv").open())


def test_files_that_are_the_whole_together_are_moved_together_or_not_at_all(tmp_path: Path) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1")
    put(erp, "products-2.csv", "A-2;b;1")
    found = Pulled(erp.open())
    put(erp, "products-2.csv", "A-2;c;1")

    cursor = finished(found)
    assert files(erp) == ["products-1.csv", "products-2.csv"]

    again = Pulled(erp.open(), cursor)
    assert (again.names, again.pull.missing(["A-1"])) == ({"A-2": "c"}, set())
    finished(again)
    assert files(erp) == ["done/products-1.csv", "done/products-2.csv"]


def test_half_of_what_was_read_is_no_new_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = exports(tmp_path)
    put(erp, "products-1.csv", "A-1;a;1")
    put(erp, "products-2.csv", "A-2;b;1")
    (erp.folder / "done").mkdir()
    found = Pulled(erp.open())
    cursor = found.cursor()
    with monkeypatch.context() as patch:

        def killed(_: Path) -> None:
            raise KeyboardInterrupt

        patch.setattr(archive, "make_durable", killed)
        with pytest.raises(KeyboardInterrupt):
            found.pull.done()
    assert files(erp) == ["done/products-1.csv", "products-2.csv"]

    again = Pulled(erp.open(), cursor, full=True)
    assert (again.ids, again.pull.missing(["A-1", "A-2"]), again.pull.unchanged) == ([], set(), 2)
    finished(again)
    assert files(erp) == ["done/products-1.csv", "done/products-2.csv"]
