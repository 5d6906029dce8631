"""The records of a file as raw bytes with their line numbers: found, and told apart, without being parsed.

A quote opens only at the start of a field (`5" pipe` is literal), is closed by a single one and may hold line ends;
CRLF, LF and CR end a record, also mixed in one file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from syncengine.errors import BadSource

__all__ = [
    "BLOCK",
    "LONGEST",
    "Block",
    "Fault",
    "Grammar",
    "blocks",
    "cells_of",
    "parse",
    "raw_records",
    "spell",
    "spell_row",
]

BLOCK = 4 << 20  # bytes read at once
LONGEST = 1 << 20  # bytes in one record; more is a quote that was never closed, or no CSV at all
DENSE = 500  # one quote in so many bytes: from there on one expression over all beats looking at each quote

LINE_END = re.compile(rb"\r\n|\n|\r")

# A process-wide limit of the standard library, 128 KiB by default; records are bounded by LONGEST here.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST))


@dataclass(frozen=True, slots=True)
class Block:
    """Some records in a row, and the line on which each begins. Blank lines are left out."""

    records: list[bytes]
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is no row. `cells` are those that can still be told, for the key."""

    reason: str
    cells: list[str]


class Grammar:
    """CSV with one delimiter, as expressions over UTF-8 bytes. Possessive: nothing is ever tried twice."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        mark = re.escape(delimiter.encode())
        bare = b"[^%b\r\n]" % mark
        field = b'(?:(?:"[^"]*+")++(?:(?!")%b++)?+|(?!")%b++)?+' % (bare, bare)
        row = b"%b(?:%b%b)*+" % (field, mark, field)
        self._record = re.compile(b"%b(?:\r\n|\n|\r)" % row)
        self._record_or_rest = re.compile(b"%b(?:\r\n|\n|\r)|(?s:.++)" % row)
        self._closed_fields = re.compile(b"(?:%b%b)*+" % (field, mark))
        self._cell = re.compile(b"(%b)(?:%b|$)" % (field, mark))

    def split(self, text: bytes, *, keep_ends: bool = False) -> tuple[list[bytes], bytes]:
        """All whole records in `text`, which begins with one, and the rest behind the last of them."""
        quotes = text.count(b'"')
        if not quotes:
            return _split_plain(text, 0, keep_ends)
        if quotes * DENSE > len(text):
            found = self._record_or_rest.findall(text)
            rest = b"" if self._record.fullmatch(found[-1]) else found.pop()
            return (found if keep_ends else [record.rstrip(b"\r\n") for record in found]), rest
        return self._split_around_quotes(text, keep_ends)

    def _split_around_quotes(self, text: bytes, keep_ends: bool) -> tuple[list[bytes], bytes]:
        records: list[bytes] = []
        at = 0
        while (quote := text.find(b'"', at)) >= 0:
            start = max(at, text.rfind(b"\n", at, quote) + 1, text.rfind(b"\r", at, quote) + 1)
            records += text[at:start].splitlines(keep_ends)
            found = self._record.match(text, start)
            if found is None:
                return records, text[start:]
            records.append(found[0] if keep_ends else found[0].rstrip(b"\r\n"))
            at = found.end()
        plain, rest = _split_plain(text, at, keep_ends)
        return records + plain, rest

    def opening(self, rest: bytes) -> int | None:
        """Where in an unfinished record the quote stands that is not closed; None if none is open."""
        found = self._closed_fields.match(rest)
        at = found.end() if found else 0
        return at if rest[at : at + 1] == b'"' else None

    def cells(self, record: bytes) -> list[bytes]:
        """The fields of one record as they stand, quotes and all."""
        found: list[bytes] = []
        at = 0
        while True:
            cell = self._cell.match(record, at)
            if cell is None:  # text after a closing quote is part of the field; anything else is caught by `parse`
                raise ValueError("not a record")
            found.append(cell[1])
            if cell.end() == cell.end(1):
                return found
            at = cell.end()


def _split_plain(text: bytes, at: int, keep_ends: bool) -> tuple[list[bytes], bytes]:
    end = max(text.rfind(b"\n", at), text.rfind(b"\r", at), at - 1) + 1
    return text[at:end].splitlines(keep_ends), text[end:]


def blocks(texts: Iterable[bytes], grammar: Grammar, name: str) -> Iterator[Block]:
    """The records of a file whose text comes in pieces of UTF-8, cut anywhere; the header is the first of them.

    Raises BadSource for a quote that is never closed and for a record longer than LONGEST.
    """
    line = 1
    rest = b""
    for text in texts:
        buffer = rest + text
        held = b"\r" if buffer.endswith(b"\r") else b""  # half of a CRLF, perhaps
        records, rest = grammar.split(buffer.removesuffix(held))
        consumed = len(buffer) - len(held) - len(rest)
        rest += held
        block, line = _numbered(records, line, buffer, consumed)
        _check_lengths(block, rest, line, grammar, name)
        if block.records:
            yield block
    if rest:
        ended = rest if rest.endswith((b"\r", b"\n")) else rest + b"\n"
        records, unfinished = grammar.split(ended)
        block, line = _numbered(records, line, ended, len(ended) - len(unfinished))
        if unfinished:
            raise _unfinished(unfinished, line, grammar, name)
        if block.records:
            yield block


def raw_records(texts: Iterable[bytes], grammar: Grammar, name: str) -> Iterator[list[bytes]]:
    """Every record of a file with its line end, blank lines too: joined, they are the file. Raises BadSource."""
    rest = b""
    for text in texts:
        buffer = rest + text
        held = b"\r" if buffer.endswith(b"\r") else b""
        records, rest = grammar.split(buffer.removesuffix(held), keep_ends=True)
        rest += held
        yield records
    if rest:
        ended = rest if rest.endswith((b"\r", b"\n")) else rest + b"\n"
        records, unfinished = grammar.split(ended, keep_ends=True)
        if unfinished:
            raise _unfinished(unfinished, 0, grammar, name)
        if ended != rest:
            records[-1] = records[-1].removesuffix(b"\n")
        yield records


def _numbered(records: list[bytes], first: int, buffer: bytes, end: int) -> tuple[Block, int]:
    """The records with their lines, and the line after them. Counts one by one only where it must."""
    quoted = buffer.find(b'"', 0, end) >= 0
    if not (quoted and _breaks_inside(buffer, end, len(records))):
        lines: Sequence[int] = range(first, first + len(records))
        after = first + len(records)
    else:
        numbers: list[int] = []
        after = first
        for record in records:
            numbers.append(after)
            after += 1 + (len(LINE_END.findall(record)) if b"\n" in record or b"\r" in record else 0)
        lines = numbers
    if b"" in records:
        there = [at for at, record in enumerate(records) if record]
        return Block([records[at] for at in there], [lines[at] for at in there]), after
    return Block(records, lines), after


def _breaks_inside(buffer: bytes, end: int, records: int) -> bool:
    feeds = buffer.count(b"\n", 0, end)
    returns = buffer.count(b"\r", 0, end)
    if feeds == records and returns == 0:
        return False
    return not (feeds == returns == records == buffer.count(b"\r\n", 0, end))


def _check_lengths(block: Block, rest: bytes, line: int, grammar: Grammar, name: str) -> None:
    if len(rest) > LONGEST:
        raise _unfinished(rest, line, grammar, name)
    if block.records and max(map(len, block.records)) > LONGEST:
        at = next(at for at, record in enumerate(block.records) if len(record) > LONGEST)
        raise BadSource(f"{name}:{block.lines[at]}: this record is longer than {LONGEST:,} bytes; is a quote missing?")


def _unfinished(rest: bytes, line: int, grammar: Grammar, name: str) -> BadSource:
    at = grammar.opening(rest)
    if at is None:
        return BadSource(f"{name}:{line}: this line is longer than {LONGEST:,} bytes; is this a CSV file?")
    line += len(LINE_END.findall(rest, 0, at))
    beginning = rest[at : at + 30].decode(errors="replace").splitlines()[0]
    return BadSource(
        f"{name}:{line}: the quote that opens here is never closed: {beginning}… "
        "(a quote inside a quoted value must be doubled)"
    )


def parse(records: Sequence[bytes], delimiter: str, width: int) -> list[list[str] | Fault]:
    """The cells of each record, or why it is no row of `width` columns."""
    rows: list[list[str]]
    joined = b"\n".join(records)
    text = joined.decode()
    if '"' not in text:  # then no record holds a line end, and splitting is far cheaper than the csv module
        rows = [line.split(delimiter) for line in text.split("\n")] if records else []
    else:
        try:
            rows = list(csv.reader([record.decode() for record in records], delimiter=delimiter, strict=True))
        except csv.Error:
            return [_row(record, delimiter, width) for record in records]
    if "\0" not in text and set(map(len, rows)) <= {width}:
        return list(rows)
    return [_judged(row, record, width) for row, record in zip(rows, records, strict=True)]


def cells_of(record: bytes, delimiter: str) -> list[str] | None:
    """The cells of one record without its line end; None if text follows a closing quote."""
    try:
        return next(csv.reader([record.decode()], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _row(record: bytes, delimiter: str, width: int) -> list[str] | Fault:
    row = cells_of(record, delimiter)
    if row is None:
        return Fault("there is text after a closing quote (a quote inside a quoted value must be doubled)", [])
    return _judged(row, record, width)


def _judged(row: list[str], record: bytes, width: int) -> list[str] | Fault:
    if b"\0" in record:
        # Several in a row are what a crash leaves of other rows: then not even the key can be trusted.
        return Fault("there is a NUL byte in this row", row if b"\0\0" not in record and len(row) == width else [])
    if len(row) == width:
        return row
    # Cells may be shifted, so that only the first can be told; and a line end in quotes may have swallowed other rows.
    certain = [] if LINE_END.search(record) else row[:1]
    kind = "short" if len(row) < width else "long"
    return Fault(f"the row is too {kind}: {len(row)} cells, but the header has {width} columns", certain)


def spell(cell: str, delimiter: str, *, quoted: bool = False) -> str:
    """A cell as it stands in a file: in quotes where it must be, or as asked."""
    if quoted or any(mark in cell for mark in ('"', delimiter, "\r", "\n")):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def spell_row(cells: Sequence[str], delimiter: str) -> str:
    """A record without its line end; never a blank line."""
    return delimiter.join(spell(cell, delimiter) for cell in cells) or '""'
