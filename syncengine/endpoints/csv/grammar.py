"""Where one record ends and the next begins, as expressions over UTF-8 bytes.

A quote opens only at the start of a field (`5" pipe` is literal), is closed by a single one and may hold line ends;
CRLF, LF and CR end a record, also mixed in one file.
"""

from __future__ import annotations

import re

__all__ = ["DOS_END", "LINE_END", "Grammar", "split_lines"]

DENSE = 500  # one quote in so many bytes: from there on one expression over all beats looking at each quote
DOS_END = b"\x1a"  # what DOS and CP/M put behind the last line of a file, some of them up to the end of a sector
LINE_END = re.compile(rb"\r\n|\n|\r")


class Grammar:
    """CSV with one delimiter. All expressions are possessive: nothing is ever tried twice."""

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        mark = re.escape(delimiter.encode())
        bare = b"[^%b\r\n]" % mark
        field = b'(?:(?:"[^"]*+")++(?:(?!")%b++)?+|(?!")%b++)?+' % (bare, bare)
        row = b"%b(?:%b%b)*+" % (field, mark, field)
        self._row = re.compile(row)
        self._record = re.compile(b"%b(?:\r\n|\n|\r)" % row)
        self._record_or_rest = re.compile(b"%b(?:\r\n|\n|\r)|(?s:.++)" % row)
        self._closed_fields = re.compile(b"(?:%b%b)*+" % (field, mark))
        self._field = re.compile(b"(%b)(?:%b|$)" % (field, mark))

    def split(self, text: bytes, *, keep_ends: bool = False) -> tuple[list[bytes], bytes]:
        """All whole records in `text`, which begins with one, and the rest behind the last of them."""
        if b'"' not in text:
            return split_lines(text, keep_ends=keep_ends)
        if self.is_dense(text):
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
        plain, rest = split_lines(text, at, keep_ends=keep_ends)
        return records + plain, rest

    def is_dense(self, text: bytes) -> bool:
        """Whether there are so many quotes that looking at each of them would take longer than reading everything."""
        return text.count(b'"') * DENSE > len(text)

    def is_record(self, line: bytes) -> bool:
        """Whether a line at the start of a record is all of it: no quote is open at its end."""
        return self._row.fullmatch(line) is not None

    def end(self, text: bytes, at: int) -> int | None:
        """Where the record that begins at `at` ends, its line end included; None if it does not."""
        found = self._record.match(text, at)
        return found.end() if found else None

    def opening(self, rest: bytes) -> int | None:
        """Where in an unfinished record the quote stands that is not closed; None if none is open."""
        found = self._closed_fields.match(rest)
        at = found.end() if found else 0
        return at if rest[at : at + 1] == b'"' else None

    def fields(self, record: bytes) -> list[bytes]:
        """The fields of one record, without its line end, as they stand: quotes and all."""
        found: list[bytes] = []
        at = 0
        while (field := self._field.match(record, at)) is not None:
            found.append(field[1])
            if field.end() == field.end(1):
                return found
            at = field.end()
        raise ValueError("not one whole record")


def split_lines(text: bytes, at: int = 0, *, keep_ends: bool = False) -> tuple[list[bytes], bytes]:
    """All whole lines from `at` on, and the rest behind the last of them."""
    end = max(text.rfind(b"\n", at), text.rfind(b"\r", at), at - 1) + 1
    return text[at:end].splitlines(keep_ends), text[end:]
