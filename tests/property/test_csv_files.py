"""What must hold of every CSV file, whatever is in it."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syncengine.endpoints.csv import cells, dialect, grammar, lines
from syncengine.endpoints.csv.grammar import Grammar
from syncengine.endpoints.csv.index import Hashes, Index, Known
from syncengine.mapping import Field
from syncengine.values import Type
from tests.csv_files import FIELDS, RUN, Erp, Pulled, create, update

CELLS = st.lists(
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'", "1", ".", ",", " ", "x", ";", '"', "\n"]), max_size=5
)
NASTY = st.sampled_from(
    ['"', '""', ";", ",", "\t", "|", "\n", "\r", "\r\n", " ", "a", "Ä", "€", "😀", "\x85", "\u2028", "0"]
)
TEXT = st.lists(NASTY, max_size=6).map("".join)
KEYS = st.text("Aa0 -ÄÖ", min_size=1, max_size=4).filter(lambda key: key.strip())
ROWS = st.dictionaries(KEYS.map(str.strip), st.tuples(TEXT, TEXT), min_size=1, max_size=12)
DELIMITERS = st.sampled_from(";,\t|")
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
BYTES = st.lists(st.sampled_from([b'"', b";", b"\n", b"\r", b"\r\n", b"a", b"bc", b'";"', b'"\n"']), max_size=40).map(
    b"".join
)


@contextmanager
def small_pieces(size: int, dense: int) -> Iterator[None]:
    """Read in pieces of a few bytes; `dense` 0 looks around each quote, a large one uses the one expression."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dialect, "BLOCK", size)
        patch.setattr(grammar, "DENSE", dense)
        yield


@contextmanager
def erp(**options: Any) -> Iterator[Erp]:
    with tempfile.TemporaryDirectory() as folder:
        yield Erp(Path(folder), **options)


def spelled(rows: dict[str, tuple[str, str]], delimiter: str, end: str, quoting: int) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["ArtNr", "Name", "VK"])
    for key, (name, price) in rows.items():
        # A lone line end of the other kind is left bare by some versions of the writer, and then ends the record.
        bare = quoting == csv.QUOTE_MINIMAL and end != "\r\n"
        texts = [cell.replace("\r", "").replace("\n", end) if bare else cell for cell in (name, price)]
        writer.writerow([key, *texts])
    return text.getvalue()


@settings(deadline=None)
@given(
    rows=ROWS,
    delimiter=DELIMITERS,
    end=ENDS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    size=st.sampled_from([3, 17, 1 << 20]),
    dense=st.sampled_from([0, 10**9]),
)
def test_whatever_a_csv_writer_writes_is_read_back_exactly(
    rows: dict[str, tuple[str, str]], delimiter: str, end: str, quoting: int, encoding: str, size: int, dense: int
) -> None:
    text = spelled(rows, delimiter, end, quoting)
    expected = {
        row[0]: (row[1], row[2]) for row in list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
    }

    with erp() as side, small_pieces(size, dense):
        found = side.pull(text, written=encoding, delimiter=delimiter)

    assert {key: (row["Name"], row["VK"]) for key, row in found.rows.items()} == expected
    assert found.rejects == []
    starts = [int(where.rpartition(":")[2]) for where in found.where.values()]
    physical = text.encode().splitlines()
    for key, start in zip(found.where, starts, strict=True):
        assert physical[start - 1].decode().lstrip('"').startswith(key)


@given(text=BYTES, size=st.integers(1, 9))
@example(text=b'a;"b""\nc";d\n', size=3)
@example(text=b'"a"b"\nc\n', size=1)
@example(text=b"a\r", size=1)
def test_every_way_of_finding_records_finds_the_same(text: bytes, size: int) -> None:
    def records(index: Index, size: int, dense: int) -> list[tuple[int, bytes]] | str:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        with small_pieces(size, dense):
            try:
                return [
                    found
                    for block in lines.blocks(pieces, Grammar(";"), Known(index), "x")
                    for found in zip(block.lines, block.records, strict=True)
                ]
            except lines.BadSource as error:
                return str(error)

    def raw_records(size: int, dense: int) -> list[bytes] | None:
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        with small_pieces(size, dense):
            try:
                return [record for part in lines.raw_records(pieces, Grammar(";"), "x") for record in part]
            except lines.BadSource:
                return None

    expected = records(Index(), 10**6, 0)
    assert [records(Index(), pieces, dense) for pieces in (size, 10**6) for dense in (0, 10**9)] == [expected] * 4
    everything = [raw_records(pieces, dense) for pieces in (size, 10**6) for dense in (0, 10**9)]
    assert everything == [everything[0]] * 4
    if isinstance(expected, str) or everything[0] is None:
        assert isinstance(expected, str)
        assert everything[0] is None
        return
    assert b"".join(everything[0]) == text
    place, starts = 1, []
    for record in everything[0]:
        starts.append((place, record.rstrip(b"\r\n")))
        place += len(record.splitlines())
    assert expected == [(line, record) for line, record in starts if record]
    raw = [record for _, record in expected]
    for some in (raw, raw[::2], raw[1::3]):
        known = Index(lines.hashes(some), lines.hashes(some))
        assert [records(known, pieces, dense) for pieces in (size, 10**6) for dense in (0, 10**9)] == [expected] * 4


@given(
    seen=st.lists(st.integers(0, 9), max_size=12),
    blocks=st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=5),
)
def test_a_known_line_is_known_wherever_it_stands(seen: list[int], blocks: list[list[int]]) -> None:
    def numbers(values: list[int]) -> Hashes:
        return np.array(values, dtype=np.uint64)

    known = Known(Index(numbers(seen), numbers(seen) + np.uint64(100)))
    for block in blocks:
        found, keys = known.look_up(numbers(block))
        assert found.tolist() == [line in seen for line in block]
        assert keys[found].tolist() == [line + 100 for line in block if line in seen]


@given(
    records=st.lists(st.lists(TEXT.filter(bool), min_size=1, max_size=4), min_size=1, max_size=30),
    width=st.integers(1, 4),
)
def test_splitting_and_parsing_agree_about_cells_and_faults(records: list[list[str]], width: int) -> None:
    raw = [cells.spell_row(record, ";").encode() for record in records]

    together = cells.read_cells(raw, ";", width, range(width))
    columns: list[list[str]] = [[] for _ in range(width)]
    faults = {}
    for at, record in enumerate(raw):
        alone = cells.read_cells([record], ";", width, range(width))
        for number, found in enumerate(alone.columns):
            columns[number] += found
        faults.update(dict.fromkeys([at] if alone.faults else [], alone.faults.get(0)))

    assert [list(column) for column in together.columns] == columns
    assert together.faults == faults
    assert set(faults) == {at for at, record in enumerate(records) if len(record) != width}


NUMBERS = {mark: re.compile(rf"[+-]?([0-9]+(\{mark}[0-9]+)?|\{mark}[0-9]+)") for mark in ".,"}
EDITS = st.lists(st.tuples(KEYS.map(str.strip), st.one_of(st.none(), st.tuples(TEXT, TEXT))), max_size=8)


@settings(deadline=None)
@given(rows=ROWS, edits=EDITS, shuffled=st.randoms(use_true_random=False), size=st.sampled_from([5, 1 << 20]))
def test_a_pull_after_edits_brings_the_difference_to_a_full_pull(
    rows: dict[str, tuple[str, str]], edits: list[Any], shuffled: Any, size: int
) -> None:
    after = dict(rows)
    for key, row in edits:
        if row is None:
            after.pop(key, None)
        else:
            after[key] = row
    order = list(after)
    shuffled.shuffle(order)

    with erp() as side, small_pieces(size, 500):
        before = side.pull(spelled(rows, ";", "\n", csv.QUOTE_ALL), delimiter=";")
        side.write(spelled({key: after[key] for key in order}, ";", "\n", csv.QUOTE_ALL))
        found = Pulled(side.open(delimiter=";"), before.cursor())
        full = Pulled(side.open(delimiter=";"), before.cursor(), full=True)

        assert full.cursor().seen == found.cursor().seen
    changed = {key: row for key, row in full.rows.items() if before.rows.get(key) != row}
    assert found.rows == changed
    assert found.pull.unchanged == len(full.rows) - len(changed)
    assert found.pull.missing(before.ids) == set(before.ids) - set(full.ids)


@settings(deadline=None)
@given(
    rows=ROWS,
    delimiter=DELIMITERS,
    end=ENDS,
    new=TEXT,
    pick=st.integers(0, 99),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_rewriting_in_place_leaves_all_other_bytes_as_they_were(
    rows: dict[str, tuple[str, str]], delimiter: str, end: str, new: str, pick: int, encoding: str, quoting: int
) -> None:
    text = spelled(rows, delimiter, end, quoting)
    with erp(write_to="in-place") as side:
        before = side.pull(text, written=encoding, delimiter=delimiter)
        key = before.ids[pick % len(before.ids)]
        records = [record for part in lines.raw_records([text.encode()], Grammar(delimiter), "x") for record in part]
        [outcome] = before.endpoint.send([update(key, name=new)])
        written = side.file.read_bytes().decode(encoding)
        rewritten = [
            record for part in lines.raw_records([written.encode()], Grammar(delimiter), "x") for record in part
        ]
        os.utime(side.file, (1, 1))
        after = Pulled(side.open(delimiter=delimiter))

    assert outcome.status == "done"
    at = 1 + before.ids.index(key)
    assert [*rewritten[:at], *rewritten[at + 1 :]] == [*records[:at], *records[at + 1 :]]
    assert after.rows == {**before.rows, key: {**before.rows[key], "Name": new}}
    assert outcome.cells == after.rows[key]


@settings(deadline=None)
@given(
    cells=st.dictionaries(CELLS.map("".join).map(str.strip).filter(bool), CELLS.map("".join), min_size=1, max_size=6),
    write_to=st.sampled_from(["in-place", "{time}.csv"]),
    decimal=st.sampled_from([".", ","]),
)
def test_no_cell_that_is_written_is_a_formula_and_each_is_read_back_as_it_was(
    cells: dict[str, str], write_to: str, decimal: str
) -> None:
    fields = [FIELDS[0], Field("name", "Name", "name", Type(strip=False)), FIELDS[2]]
    with erp(fields=fields, write_to=write_to) as side:
        options: dict[str, Any] = {"guard_formulas": True, "delimiter": ";", "decimal": decimal}
        endpoint = side.pull("ArtNr;Name;VK\n", **options).endpoint
        changes = [create(key, number, name=cell) for number, (key, cell) in enumerate(cells.items())]
        outcomes = endpoint.send(changes)
        written = side.file if write_to == "in-place" else side.folder / f"{RUN}.csv"
        text = written.read_bytes()
        back = side.pull(text, **options)

    assert {outcome.status for outcome in outcomes} <= {"done", "in-flight"}
    assert back.names == cells
    assert back.rejects == []
    for row in list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=";"))[1:]:
        for cell in row:
            assert not cell.startswith(("=", "@", "\t", "\r"))
            assert not cell.startswith(("+", "-")) or NUMBERS[decimal].fullmatch(cell)
