"""`in-place`: the ERP's own file with some of its cells replaced, and every other byte as it was."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO

from syncengine.endpoints.csv.cells import cells_of, read_cells, spell, spell_row
from syncengine.endpoints.csv.content import digest_of, pieces
from syncengine.endpoints.csv.dialect import Dialect, utf8
from syncengine.endpoints.csv.durable import put
from syncengine.endpoints.csv.formulas import Formulas
from syncengine.endpoints.csv.grammar import DOS_END, Grammar
from syncengine.endpoints.csv.lines import raw_records
from syncengine.endpoints.csv.source import Source, signature
from syncengine.endpoints.csv.spelling import check_cell, key_of, value_of, writers
from syncengine.endpoints.csv.wants import Wants
from syncengine.errors import CannotRun, Moved
from syncengine.mapping import Field, Mapping
from syncengine.records import Change, FieldChange, Outcome
from syncengine.values import Format

__all__ = ["Rewriter"]

Found = dict[str, list[tuple[int, bytes, list[str]]]]  # key -> number in the file, raw record, cells


@dataclass(slots=True)
class Edits:
    """What is to become of the file: new records by the number of the old one (b"" drops it), and what is appended."""

    replaced: dict[int, bytes] = field(default_factory=dict)
    appended: list[bytes] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.replaced or self.appended)


class Rewriter:
    """Rewrites the file of a mapping. Remembers what it wrote, so that it may write again in the same run."""

    def __init__(self, mapping: Mapping, wants: Wants, format: Format) -> None:
        self._mapping, self._wants, self._format = mapping, wants, format
        self._fields = writers(mapping)
        self._written = ""

    def send(self, changes: Sequence[Change], source: Source, read: str | None, dialect: Dialect) -> list[Outcome]:
        """Write all changes. `read` is the digest of what was read, None if nothing was.

        Raises Moved if the file is no longer that, CannotRun if it cannot be written.
        """
        with source.open() as stream:
            before = signature(stream)
            digest = digest_of(pieces(stream))[0]

            def check() -> None:
                if signature(source.path) != before:
                    raise Moved(f"{source.name} has changed since it was read; it is to be read again")

            check()
            if read is not None and digest not in (read, self._written):
                raise Moved(f"{source.name} is not the file that was read; it is to be read again")
            reading = _Reading(stream, source.name, dialect, self._wants.formulas)
            edits = Edits()
            outcomes = self._edit(changes, reading, digest, edits)
            if edits:
                self._written = self._put(source, reading, edits, check)
        return outcomes

    def _put(self, source: Source, reading: _Reading, edits: Edits, check: Callable[[], None]) -> str:
        digest = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            for piece in reading.edited(edits):
                digest.update(piece)
                yield piece

        put(source.path.resolve(), pieces(), check, like=source.path.stat())
        return digest.hexdigest()

    def _edit(self, changes: Sequence[Change], reading: _Reading, digest: str, edits: Edits) -> list[Outcome]:
        keys: dict[str, str] = {}
        outcomes: dict[str, Outcome] = {}
        for change in changes:
            try:
                keys[change.id] = key_of(change, self._wants.key, self._fields, self._format)
            except ValueError as error:
                outcomes[change.id] = _failed(change, error)
        found = reading.find(frozenset(keys.values()), self._wants, digest)
        for change in changes:
            if change.id in outcomes:
                continue
            key = keys[change.id]
            try:
                if change.action == "create":
                    cells = self._created(change, key, found, reading.dialect)
                    edits.appended.append(reading.row(cells))
                    found[key] = [(-1, b"", cells)]
                else:
                    cells = self._edited(change, key, found, reading, edits)
            except ValueError as error:
                outcomes[change.id] = _failed(change, error)
            else:
                answer = (
                    {name: cells[reading.dialect.header.index(name)] for name in self._wants.columns} if cells else None
                )
                outcomes[change.id] = Outcome(change, "done", key, cells=answer)
        return [outcomes[change.id] for change in changes]

    def _created(self, change: Change, key: str, found: Found, dialect: Dialect) -> list[str]:
        if key in found:
            raise ValueError(f"there is a row with the key {key!r} already")
        cells = dict.fromkeys(dialect.header, "")
        for column, words in self._wants.only.items():  # or the new row would not be read into the job
            cells[column] = words[0]
        for column, written in self._fields.items():
            if written.goes_to("erp"):
                cells[column] = str(written.write("erp", value_of(change, written), self._format))
        if self._mapping.erp.parent is not None and change.parent is not None:
            cells[self._mapping.erp.parent] = change.parent
        cells[self._wants.key] = key
        for column, cell in cells.items():
            check_cell(column, cell, dialect)
        # By position: columns that no field needs may share a name.
        return [cells[column] for column in dialect.header]

    def _edited(self, change: Change, key: str, found: Found, reading: _Reading, edits: Edits) -> list[str]:
        there = found.get(key, [])
        if len(there) != 1:
            raise ValueError(
                f"there is no row with the key {key!r}" if not there else f"several rows have the key {key!r}"
            )
        number, record, cells = there[0]
        if number < 0:
            raise ValueError(f"the row with the key {key!r} is only just being created")
        if change.action == "delete":
            edits.replaced[number] = b""
            del found[key]
            return []
        changed = {}
        for name, field_change in change.fields.items():
            written = self._mapping.fields[name]
            if written.erp is None or not written.goes_to("erp"):
                continue
            at = reading.dialect.header.index(written.erp)
            cell = self._cell(written, field_change, cells[at])
            check_cell(written.erp, cell, reading.dialect)
            if written.erp == self._wants.key and cell.strip() != key:
                raise ValueError(f"the key of a row cannot change: {key!r} -> {cell!r}")
            changed[at] = cell
        if self._mapping.erp.parent is not None and change.parent is not None:
            check_cell(self._mapping.erp.parent, change.parent, reading.dialect)
            changed[reading.dialect.header.index(self._mapping.erp.parent)] = change.parent
        rewritten = reading.replace_cells(record, changed)
        cells = [changed.get(at, cell) for at, cell in enumerate(cells)]
        edits.replaced[number] = rewritten
        found[key] = [(number, rewritten, cells)]
        return cells

    def _cell(self, written: Field, change: FieldChange, cell: str) -> str:
        value = change.new
        if change.difference is not None:
            there = written.read("erp", cell, self._format) or 0
            if not isinstance(there, int | Decimal) or not isinstance(change.difference, int | Decimal):
                raise ValueError(f"{written.erp}: {cell!r} is no number that something can be added to")
            value = there + change.difference
        return str(written.write("erp", value, self._format))


class _Reading:
    """The file as raw records, and as it will be."""

    def __init__(self, stream: BinaryIO, name: str, dialect: Dialect, formulas: Formulas) -> None:
        self._stream, self._name, self.dialect, self._formulas = stream, name, dialect, formulas
        self._grammar = Grammar(dialect.delimiter)

    def find(self, keys: frozenset[str], wants: Wants, digest: str) -> Found:
        """The selected rows with these keys. Raises CannotRun if the file could not be copied byte for byte."""
        header = self.dialect.header
        at = header.index(wants.key)
        only = [header.index(column) for column in wants.only]
        found: Found = defaultdict(list)
        copied = hashlib.sha256(self.dialect.bom)
        number = 0
        seen_header = False
        for records in self._records():
            copied.update(self._encoded(b"".join(records)))
            bare = [record.rstrip(b"\r\n") for record in records]
            there = [row for row, record in enumerate(bare) if record]
            if there and not seen_header:
                seen_header = True
                del there[0]
            table = read_cells([bare[row] for row in there], self.dialect.delimiter, len(header), [at])
            for row, key in zip(table.rows, wants.names(table.columns[0]), strict=True):
                if key not in keys:
                    continue
                place = there[row]
                cells = list(self._formulas.read_all(cells_of(bare[place], self.dialect.delimiter) or []))
                if wants.selected([[cells[column]] for column in only]) in ([], [True]):
                    found[key].append((number + place, records[place], cells))
            number += len(records)
        if copied.hexdigest() != digest:
            raise CannotRun(
                f"{self._name}: some characters have several spellings in {self.dialect.encoding}, so that the file "
                'cannot be copied byte for byte; use a `write_to` file instead of "in-place"'
            )
        return found

    def row(self, cells: Sequence[str]) -> bytes:
        """A new record, without its line end."""
        return spell_row([self._formulas.write(cell) for cell in cells], self.dialect.delimiter).encode()

    def replace_cells(self, record: bytes, changed: dict[int, str]) -> bytes:
        """The record with these cells replaced, in quotes where they were; the rest of it as it stands."""
        bare = record.rstrip(b"\r\n")
        fields = self._grammar.fields(bare)
        for at, cell in changed.items():
            guarded, quoted = self._formulas.write(cell), fields[at].startswith(b'"')
            fields[at] = spell(guarded, self.dialect.delimiter, quoted=quoted).encode()
        joined = self.dialect.delimiter.encode().join(fields)
        return (joined or b'""') + record[len(bare) :]

    def edited(self, edits: Edits) -> Iterator[bytes]:
        """The bytes of the new file."""
        yield self.dialect.bom
        number = 0
        last = mark = b""
        for records in self._records():
            changed = [row for row in edits.replaced if number <= row < number + len(records)]
            for row in changed:
                records[row - number] = edits.replaced[row]
            number += len(records)
            whole = mark + b"".join(records)
            text = whole.rstrip(DOS_END)  # new rows come before it
            mark = whole[len(text) :]
            last = text[-1:] or last
            yield self._encoded(text)
        if edits.appended:  # the file ends as it did, or the ERP's next one might look cut off
            end, is_ended = self.dialect.line_end.encode(), last in (b"\r", b"\n")
            added = end.join(edits.appended)
            yield self._encoded(added + end if is_ended else end + added)
        yield self._encoded(mark)

    def _records(self) -> Iterator[list[bytes]]:
        return raw_records(utf8(self._stream, self.dialect, self._name), self._grammar, self._name)

    def _encoded(self, text: bytes) -> bytes:
        return text if self.dialect.encoding == "utf-8" else self.dialect.encode(text.decode())


def _failed(change: Change, error: ValueError) -> Outcome:
    return Outcome(change, "failed", change.record_id, error=str(error))
