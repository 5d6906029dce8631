"""A file that somebody is still writing is waited for, and then left for the next run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import Any, BinaryIO

import pytest

from syncengine.endpoints import Cursor, View
from syncengine.endpoints.csv import CsvEndpoint, content, open_endpoint, source
from syncengine.errors import BadSource, CannotRun
from syncengine.settings import CsvConnection
from tests.csv_files import Erp, Pulled

HEADER = "ArtNr;Name;VK\n"
FILE = HEADER + "A-1;a;1\nA-2;b;1\n"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "QUIET", 0.1)
    monkeypatch.setattr(source, "PAUSE", 0.01)
    monkeypatch.setattr(content, "PAUSE", 0.01)


def touch(erp: Erp, text: str) -> None:
    """Write as somebody does who is at it now."""
    erp.file.write_text(text)


def during_reading(monkeypatch: pytest.MonkeyPatch, *actions: Callable[[], None]) -> None:
    """Let something happen each time the file has just been digested."""
    waiting = list(actions)
    digest_of = content.digest_of

    def digest_then_act(pieces: Iterable[bytes]) -> tuple[str, bool]:
        found = digest_of(pieces)
        if waiting:
            waiting.pop(0)()
        return found

    monkeypatch.setattr(content, "digest_of", digest_then_act)


def test_a_file_at_rest_costs_no_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", None)

    assert Erp(tmp_path).pull(FILE).ids == ["A-1", "A-2"]


def test_a_fresh_file_is_read_once_it_has_rested(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    touch(erp, FILE)
    before = time.monotonic()

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2"]
    assert 0.1 <= time.monotonic() - before < 2


def test_a_file_from_the_future_is_read_once_it_has_rested(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    touch(erp, FILE)
    os.utime(erp.file, (time.time() + 9999,) * 2)

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2"]


def test_what_is_added_meanwhile_is_read_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    touch(erp, HEADER + "A-1;a")
    during_reading(monkeypatch, lambda: touch(erp, HEADER + "A-1;a;1\nA-2"), lambda: touch(erp, FILE))

    found = Pulled(erp.open(patience=5))
    assert (found.ids, found.rejects, found.pull.left) == (["A-1", "A-2"], [], False)


def test_a_file_at_rest_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    erp.write(HEADER)
    during_reading(monkeypatch, lambda: touch(erp, FILE))

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2"]


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    erp.write(HEADER + "A-9;a;1\nA-8;b;1\n")
    status = erp.file.stat()

    def replace() -> None:
        (tmp_path / "new").write_text(FILE)
        os.utime(tmp_path / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
        (tmp_path / "new").replace(erp.file)

    during_reading(monkeypatch, replace)

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2"]


def test_a_half_written_file_is_no_bad_file_while_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    touch(erp, "")
    during_reading(
        monkeypatch,
        lambda: touch(erp, "ArtNr;Na"),
        lambda: touch(erp, HEADER + 'A-1;"a'),
        lambda: touch(erp, FILE),
    )

    assert Pulled(erp.open(patience=5)).ids == ["A-1", "A-2"]


def test_a_bad_file_is_one_once_it_rests(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    touch(erp, HEADER + 'A-1;"a')

    with pytest.raises(BadSource, match="never closed"):
        Pulled(erp.open(patience=5))


def test_a_file_that_does_not_come_to_rest_is_left_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    count = iter(range(10_000))
    signature = source.signature

    def growing(path: Path) -> source.Signature | None:
        with erp.file.open("a") as stream:
            stream.write(f"B-{next(count)};b;1\n")
        return signature(path)

    monkeypatch.setattr(source, "signature", growing)
    monkeypatch.setattr(content, "signature", growing)

    found = Pulled(erp.open(patience=0.3), cursor, ["A-1"])

    assert found.pull.left
    assert found.pull.warnings == ["erp/products.csv is still being written; left for the next run"]
    assert (found.rows, found.pull.unchanged, found.rejects) == ({}, 0, [])
    assert (found.pull.complete, found.pull.missing(["A-1", "A-9"])) == (False, set())
    assert found.cursor(forget=["A-1"]) == cursor
    with pytest.raises(CannotRun, match="still being written"):
        list(erp.open(patience=0.1).fetch(["A-1"]))


def test_a_file_that_vanishes_while_it_is_waited_for_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    touch(erp, FILE)
    during_reading(monkeypatch, erp.file.unlink)

    with pytest.raises(BadSource, match="no such file"):
        list(erp.open(patience=0.2).pull(Cursor(), [], full=False))


HALF = HEADER + "A-1;a;1\nA-2;b;2"  # of a row that goes on with 50.00


def test_a_writer_who_pauses_within_a_line_is_waited_for_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "STALLED", 60.0)
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    touch(erp, HALF)
    paused = time.time() - 5
    os.utime(erp.file, (paused, paused))
    endpoint = erp.open(patience=20)
    Timer(0.3, touch, [erp, HALF + "50.00\n"]).start()

    found = Pulled(endpoint, cursor)

    assert (found.rows["A-2"]["VK"], found.pull.guards, found.pull.left) == ("250.00", [], False)


@pytest.mark.parametrize("erp", [{}, {"complete": False}])
def test_a_writer_who_pauses_for_longer_is_left_for_the_next_run(tmp_path: Path, erp: dict[str, Any]) -> None:
    side = Erp(tmp_path, **erp)
    cursor = side.pull(FILE).cursor()
    touch(side, HALF)
    paused = time.time() - 5
    os.utime(side.file, (paused, paused))

    found = Pulled(side.open(patience=0.1), cursor)

    assert (found.rows, found.pull.guards) == ({}, [])
    assert found.pull.warnings == ["erp/products.csv is still being written; left for the next run"]


@pytest.mark.parametrize("erp", [{}, {"complete": False}])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_file_that_stays_cut_off_within_a_line_is_told_as_no_longer_what_it_was(
    tmp_path: Path, encoding: str, erp: dict[str, Any]
) -> None:
    side = Erp(tmp_path, **erp)
    named = {"encoding": encoding} if encoding == "utf-16-be" else {}
    cursor = side.pull(FILE, written=encoding, **named).cursor()
    side.write(HALF, encoding=encoding)

    found = Pulled(side.open(**named), cursor)

    [(guard, message)] = found.pull.guards
    assert guard == "unfinished"
    assert message.startswith("erp/products.csv ends within a line, as it did not before")
    side.write(HALF + "1\n", encoding=encoding)
    assert Pulled(side.open(**named), cursor).pull.guards == []
    side.write(HALF + "2", encoding=encoding)
    accepted = Pulled(side.open(**named), found.cursor())  # as after --force
    assert (accepted.rows["A-2"]["VK"], accepted.pull.guards) == ("22", [])


def test_the_mark_with_which_dos_ends_a_file_may_come_behind_its_last_line(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    erp.write(FILE + "\x1a")

    assert Pulled(erp.open(), cursor).pull.guards == []


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_last_line_that_never_had_an_end_needs_none(tmp_path: Path, end: str) -> None:
    erp = Erp(tmp_path)
    without = FILE.replace("\n", end).removesuffix(end)
    cursor = erp.pull(without).cursor()
    touch(erp, without + "9")
    found = Pulled(erp.open(patience=5), cursor)
    assert (found.rows["A-2"]["VK"], found.pull.guards) == ("19", [])

    erp.write(without + end)
    ended = Pulled(erp.open(), found.cursor())
    erp.write(without + end + end)
    assert (ended.pull.guards, Pulled(erp.open(), ended.cursor()).pull.guards) == ([], [])


@contextmanager
def opened(erp: Erp) -> Iterator[CsvEndpoint]:
    """The endpoint as a run opens it: it begins to look at the files."""
    connection = CsvConnection(name="erp", type="csv", folder=erp.folder)
    with closing(open_endpoint(connection, View("products", "erp", erp.mapping, "R1", read_only=True))) as endpoint:
        yield endpoint


def test_a_file_at_rest_is_digested_while_other_things_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()
    monkeypatch.setattr(content, "_content", None)  # what reads it when it is pulled

    with opened(erp) as endpoint:
        assert Pulled(endpoint, cursor).pull.unchanged == 2


def test_a_file_that_was_replaced_since_the_start_is_read_as_it_is_now(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    cursor = erp.pull(FILE).cursor()

    with opened(erp) as endpoint:
        erp.write(HEADER + "A-1;a;1\nA-2;b;2\n")
        found = Pulled(endpoint, cursor)

    assert (found.ids, found.pull.unchanged) == (["A-2"], 1)
    assert Pulled(erp.open(), found.cursor()).pull.unchanged == 2


def test_a_folder_that_is_missing_is_told_by_the_pull(tmp_path: Path) -> None:
    erp = Erp(tmp_path)
    erp.folder.rmdir()

    with opened(erp) as endpoint, pytest.raises(BadSource, match="there is no folder"):
        Pulled(endpoint)


def test_what_goes_wrong_while_looking_ahead_is_told_by_the_pull_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Erp(tmp_path)
    erp.write(FILE)

    def broken(stream: BinaryIO) -> Iterator[bytes]:
        raise ValueError("of any kind")

    monkeypatch.setattr(content, "pieces", broken)

    with opened(erp) as endpoint, pytest.raises(ValueError, match="of any kind"):
        Pulled(endpoint)


def test_closing_does_not_wait_for_the_end_of_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = Erp(tmp_path)
    erp.write(FILE)
    begun = Event()

    def endless(stream: BinaryIO) -> Iterator[bytes]:
        begun.set()
        while True:
            yield b"x"

    monkeypatch.setattr(content, "pieces", endless)

    with opened(erp):
        assert begun.wait(5)
