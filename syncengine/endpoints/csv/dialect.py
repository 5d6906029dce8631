"""How a file is written: its encoding, delimiter, line ends and header, told from its first bytes or named.

An encoding that is not named is told by a byte order mark, else it is UTF-8 if the whole file is valid, else cp1252.
"""

from __future__ import annotations

import codecs
import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from syncengine.endpoints.csv.cells import cells_of
from syncengine.endpoints.csv.formulas import Formulas
from syncengine.endpoints.csv.grammar import DOS_END, Grammar
from syncengine.endpoints.csv.lines import BLOCK
from syncengine.endpoints.csv.source import is_ended
from syncengine.errors import BadSource
from syncengine.settings import CsvConnection

__all__ = ["Dialect", "MissingColumn", "recognise", "usual", "utf8"]

CANDIDATES = (";", ",", "\t", "|")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
HEAD = 256 << 10  # bytes in which the header and some rows must be
SAMPLE_RECORDS = 50
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
HIGH = re.compile(rb"[\x80-\xff]+")
PROBE = 64 << 10  # bytes of a piece that are looked into
ENOUGH = 1000  # characters beyond ASCII that tell UTF-8 from another encoding
LINE_END = re.compile(r"\r\n|\n|\r")


class MissingColumn(BadSource):
    """A column that the mapping needs is not in the header."""

    def __init__(self, message: str, column: str) -> None:
        self.column = column
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one file is written. `ascii`: nothing in it tells its encoding. `ended`: its last line has an end, too.

    Names of columns are trimmed; those that a job needs stand in `header` as the job spells them, whether their umlauts
    are composed or not.
    """

    encoding: str
    bom: bytes
    delimiter: str
    line_end: str
    header: tuple[str, ...]
    ascii: bool = False
    ended: bool = False

    @property
    def shown(self) -> str:
        return f"{self.encoding} with {_shown(self.delimiter)}"

    @property
    def division(self) -> str:
        """Equal for files in which equal lines mean the same."""
        return "\0".join([self.delimiter, *self.header])

    def encode(self, text: str) -> bytes:
        """Raises UnicodeEncodeError."""
        return text.encode(self.encoding)


def _named_encoding(name: str) -> str:
    return "utf-8" if name == "auto" else codecs.lookup(name).name.removesuffix("-sig")


def recognise(
    stream: BinaryIO, name: str, connection: CsvConnection, needed: Sequence[str], *, ascii: bool | None = None
) -> Dialect:
    """How a file is written; it is read from its start as far as that takes.

    `needed` are the columns that the job reads; `ascii` says that the file has no other characters, where it is known.
    Raises BadSource if the file is empty, cannot be decoded, lacks a column, or can be read in several ways.
    """
    stream.seek(0)
    head = stream.read(HEAD)
    if not head:
        raise BadSource(f"{name} is empty: not even a header is there; was it written to its end?")
    bom, encoding = _encoding(stream, head, name, connection, known=bool(ascii))
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head[len(bom) :], len(head) < HEAD)
    except UnicodeDecodeError as error:
        raise _undecodable(stream, len(bom) + error.start, encoding, name) from None
    if len(head) < HEAD:  # it is the whole file
        text = text.rstrip(DOS_END.decode())
        text += "" if text.endswith(("\r", "\n")) else "\n"
    division = _division(text, name, connection, needed)
    dialect = Dialect(
        encoding=encoding,
        bom=bom,
        delimiter=division.delimiter,
        line_end=division.line_end,
        header=tuple(division.header),
        ascii=not bom and (_is_ascii(stream) if ascii is None else ascii),
        ended=is_ended(stream),
    )
    _check_header(dialect, name, needed)
    return dialect


def usual(connection: CsvConnection, columns: Sequence[str]) -> Dialect:
    """How a file is written where none was ever read: as the connection says, else as most programs expect."""
    delimiter = "," if connection.delimiter == "auto" else connection.delimiter
    return Dialect(_named_encoding(connection.encoding), b"", delimiter, "\r\n", tuple(columns))


def utf8(stream: BinaryIO, dialect: Dialect, name: str) -> Iterator[bytes]:
    """The file's text, from behind its byte order mark, as pieces of UTF-8 cut anywhere. Raises BadSource."""
    stream.seek(len(dialect.bom))
    if dialect.encoding == "utf-8":  # `recognise` has looked whether it is valid
        while piece := stream.read(BLOCK):
            yield piece
        return
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    while piece := stream.read(BLOCK):
        yield _decoded(decoder.decode, piece, stream, dialect.encoding, name).encode()
    yield _decoded(lambda rest: decoder.decode(rest, True), b"", stream, dialect.encoding, name).encode()


def _decoded(decode: Callable[[bytes], str], piece: bytes, stream: BinaryIO, encoding: str, name: str) -> str:
    after = stream.tell()
    try:
        return decode(piece)
    except UnicodeDecodeError as error:  # its positions count from the bytes that the decoder held back
        raise _undecodable(stream, after - len(error.object) + error.start, encoding, name) from None


def _encoding(stream: BinaryIO, head: bytes, name: str, connection: CsvConnection, *, known: bool) -> tuple[bytes, str]:
    """The byte order mark and the encoding; `known`: it is known to be ASCII, and need not be read for that."""
    mark, marked = next(((mark, found) for mark, found in BYTE_ORDER_MARKS if head.startswith(mark)), (b"", ""))
    if connection.encoding != "auto":
        encoding = _named_encoding(connection.encoding)
        if encoding in ("utf-16", "utf-32"):
            return (mark, marked) if marked.startswith(encoding) else (b"", f"{encoding}-le")
        if encoding == "utf-8":
            _check_utf8(stream, name, known=known)
        return (mark, encoding) if marked == encoding else (b"", encoding)
    if marked:
        if marked == "utf-8":
            _check_utf8(stream, name, known=known)
        return mark, marked
    if b"\0" in head[:4096].splitlines()[0]:
        raise BadSource(
            f"{name}: there are NUL bytes in the header. If this is UTF-16 without a byte order mark, "
            f'set `encoding = "utf-16-le"` in [connections.{connection.name}]'
        )
    try:
        _check_utf8(stream, name, known=known)
    except BadSource as error:
        if _is_broken_utf8(stream):
            raise BadSource(f"{error}; most of the file is UTF-8, so it seems to be damaged there") from None
        return b"", "cp1252"
    return b"", "utf-8"


def _check_utf8(stream: BinaryIO, name: str, *, known: bool) -> None:
    if known:
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in _pieces(stream):
        if not piece.isascii() or decoder.getstate()[0]:
            _decoded(decoder.decode, piece, stream, "utf-8", name)
    _decoded(lambda rest: decoder.decode(rest, True), b"", stream, "utf-8", name)


def _is_broken_utf8(stream: BinaryIO) -> bool:
    """Whether a file that is no valid UTF-8 is so by a few bytes: taking it for cp1252 would garble all the others."""
    whole = wrong = 0
    for piece in _pieces(stream):
        if not piece.isascii():
            for part in HIGH.findall(piece[:PROBE]) or HIGH.findall(piece):
                whole += len(MULTIBYTE.findall(part))
                wrong += len(MULTIBYTE.sub(b"", part))
        if whole + wrong > ENOUGH:
            break
    return whole > wrong


def _is_ascii(stream: BinaryIO) -> bool:
    return all(piece.isascii() for piece in _pieces(stream))


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(BLOCK):
        yield piece


def _undecodable(stream: BinaryIO, offset: int, encoding: str, name: str) -> BadSource:
    stream.seek(0)
    before = stream.read(offset)
    line = 1 + len(LINE_END.findall(before.decode(encoding, errors="replace")))
    found = " ".join(f"{byte:02x}" for byte in stream.read(1)) or "the end of the file"
    return BadSource(
        f"{name}:{line}: byte {offset:,} ({found}) is no {encoding}; if the file is written otherwise, "
        "name its `encoding` in the connection"
    )


@dataclass(frozen=True, slots=True)
class _Division:
    """The file's beginning as one delimiter would divide it."""

    delimiter: str
    header: list[str]
    line_end: str
    even: bool


def _divide(text: bytes, delimiter: str, formulas: Formulas, needed: Sequence[str]) -> _Division | None:
    records = [record for record in Grammar(delimiter).split(text, keep_ends=True)[0] if record.strip(b"\r\n")]
    if not records:
        return None
    rows = [cells_of(record.rstrip(b"\r\n"), delimiter) for record in records[:SAMPLE_RECORDS]]
    header = rows[0]
    if header is None:
        return None
    end = records[0][len(records[0].rstrip(b"\r\n")) :].decode()
    named = _as_needed([cell.strip() for cell in formulas.read_all(header)], needed)
    return _Division(delimiter, named, end, all(row is not None and len(row) == len(header) for row in rows))


def _as_needed(header: Sequence[str], needed: Sequence[str]) -> list[str]:
    """The names as the job spells them: systems compose umlauts or not, and people see no difference."""
    spelled = {unicodedata.normalize("NFC", column): column for column in needed}
    return [spelled.get(unicodedata.normalize("NFC", column), column) for column in header]


def _division(text: str, name: str, connection: CsvConnection, needed: Sequence[str]) -> _Division:
    """How the file's beginning is to be divided. Raises BadSource if that is not certain."""
    marks = CANDIDATES if connection.delimiter == "auto" else (connection.delimiter,)
    formulas = Formulas.of(connection)
    tried = [_divide(text.encode(), mark, formulas, needed) for mark in marks]
    found = [division for division in tried if division is not None]
    if not found and not LINE_END.search(text):
        raise BadSource(f"{name}: its first line is longer than {HEAD:,} bytes; is this a CSV file?")
    if not found:
        raise BadSource(f"{name}: there is no header that can be read; is it empty, or a quote in it never closed?")
    fitting = [division for division in found if set(division.header).issuperset(needed)]
    if not fitting:
        return max(found, key=lambda division: (len(set(division.header).intersection(needed)), len(division.header)))
    several = [division for division in fitting if len(division.header) > 1]
    likely = [division for division in several if division.even] or several or fitting[:1]
    if len(likely) > 1:
        raise BadSource(
            f"{name}: the delimiter may be {' or '.join(_shown(division.delimiter) for division in likely)}; "
            f"name it in [connections.{connection.name}], as in `delimiter = {likely[0].delimiter!r}`"
        )
    return likely[0]


def _check_header(dialect: Dialect, name: str, needed: Sequence[str]) -> None:
    for column in needed:
        if dialect.header.count(column) > 1:
            raise BadSource(
                f"{name}: the header has the column {column!r} {dialect.header.count(column)} times; "
                "the mapping needs it, and which one is meant cannot be told"
            )
    missing = [column for column in needed if column not in dialect.header]
    if missing:
        verb, what = ("is", "column") if len(missing) == 1 else ("are", "columns")
        names, there = ", ".join(map(repr, missing)), _columns_there(dialect, missing[0])
        raise MissingColumn(f"{name}: there {verb} no {what} {names} (read as {dialect.shown}); {there}", missing[0])


def _columns_there(dialect: Dialect, column: str) -> str:
    columns = list(dict.fromkeys(known for known in dialect.header if known))
    alike = {known.casefold(): known for known in columns}
    close = difflib.get_close_matches(column.casefold(), alike, 1, 0.5)
    return f"there are: {', '.join(columns)}" + (f"; did you mean {alike[close[0]]!r}?" if close else "")


def _shown(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else f"'{delimiter}'"
