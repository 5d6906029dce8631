"""One pass over a file: which lines are known, which are to be read, which cannot be used, which share a key.

Only lines that are not known are parsed. They are set aside, raw, until it is certain that no later row
has the same key.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from syncengine.endpoints.csv.dialect import Dialect, utf8
from syncengine.endpoints.csv.index import UNSELECTED, Hashes, Index, among, hashes
from syncengine.endpoints.csv.lines import Block, Fault, Grammar, blocks, parse
from syncengine.endpoints.csv.source import Source
from syncengine.mapping import Mapping as FieldMapping
from syncengine.records import Reject
from syncengine.settings import CsvConnection

__all__ = ["Row", "Scan", "Wants", "digest_of"]

IN_MEMORY = 64 << 20  # bytes of set-aside rows; more of them wait on disk
CHUNK = 1 << 20
OTHERS = 3  # lines named beside a duplicate


@dataclass(frozen=True, slots=True)
class Wants:
    """What a job reads of each row. `digest` changes with anything that changes what is made of a line."""

    key: str
    columns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]]
    modified: str | None
    digest: str

    @classmethod
    def of(cls, mapping: FieldMapping, connection: CsvConnection) -> Wants:
        erp = mapping.erp
        columns = tuple(mapping.paths("erp"))
        only = {column: list(words) for column, words in erp.only.items()}
        settings = connection.model_dump(mode="json", exclude={"name", "type", "folder"})
        what = json.dumps([1, erp.key, columns, only, erp.modified, mapping.digest, settings], sort_keys=True)
        return cls(erp.key, columns, erp.only, erp.modified, hashlib.sha256(what.encode()).hexdigest())

    @property
    def needed(self) -> list[str]:
        """Every column that must be there, each once."""
        others = [self.modified] if self.modified else []
        return list(dict.fromkeys([self.key, *self.columns, *self.only, *others]))


def digest_of(stream: BinaryIO) -> tuple[str, bool]:
    """The digest of a whole file, and whether all of it is ASCII."""
    stream.seek(0)
    digest = hashlib.sha256()
    ascii = True
    while piece := stream.read(CHUNK):
        digest.update(piece)
        ascii = ascii and piece.isascii()
    return digest.hexdigest(), ascii


Row = tuple[int, int, bytes]  # its number in the file, its line, its raw bytes


class Scan:
    """The result of a pass. `lines` and `keys` are of all rows in their order; `accepted` tells which can be used."""

    def __init__(self, stream: BinaryIO, source: Source, dialect: Dialect, wants: Wants) -> None:
        self._stream, self._dialect, self._wants = stream, dialect, wants
        self._name, self._short = source.name, source.short
        self._grammar = Grammar(dialect.delimiter)
        self._key = dialect.header.index(wants.key)
        self._only = [(dialect.header.index(column), frozenset(words)) for column, words in wants.only.items()]
        self._aside: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._row = 0
        self.rejects: list[Reject] = []
        self.duplicates: set[str] = set()
        self.lines = self.keys = hashes([])
        self.accepted: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.untouched: NDArray[np.bool_] = np.zeros(0, dtype=bool)

    def close(self) -> None:
        self._aside.close()

    def run(self, index: Index, wanted: Hashes) -> None:
        """Read the file once; `wanted` are ordered hashes of keys that are read though their lines are known."""
        lines, keys, accepted, untouched = [], [], [], []
        for block in self._blocks():
            line_hashes = hashes(block.records)
            known, key_hashes = index.look_up(line_hashes)
            skipped = known & ~among(key_hashes, wanted)
            good = np.ones(len(known), dtype=bool)
            read = np.flatnonzero(~skipped)
            if len(read):
                key_hashes[read], good[read] = self._read(block, read.tolist())
            lines.append(line_hashes)
            keys.append(key_hashes)
            accepted.append(good)
            untouched.append(skipped & (key_hashes != UNSELECTED))
            self._row += len(known)
        if lines:
            self.lines, self.keys = np.concatenate(lines), np.concatenate(keys)
            self.accepted, self.untouched = np.concatenate(accepted), np.concatenate(untouched)
        self._reject_duplicates()

    def set_aside(self) -> Iterator[Row]:
        """The rows that were read, in their order; those of a duplicate key are among them."""
        end = self._aside.tell()
        self._aside.seek(0)
        while self._aside.tell() < end:
            yield from zip(*marshal.load(self._aside), strict=True)  # noqa: S302 - written above, never leaves the process

    def _blocks(self) -> Iterator[Block]:
        """All blocks but for the header."""
        found = blocks(utf8(self._stream, self._dialect, self._name), self._grammar, self._name)
        for block in found:
            rest = Block(block.records[1:], block.lines[1:])
            if rest.records:
                yield rest
            break
        yield from found

    def _read(self, block: Block, at: list[int]) -> tuple[Hashes, NDArray[np.bool_]]:
        """Judge these rows and set the usable ones aside: the hashes of their keys, and which are no rejects."""
        records = [block.records[row] for row in at]
        lines = [block.lines[row] for row in at]
        rows = parse(records, self._dialect.delimiter, len(self._dialect.header))
        numbers = [self._row + row for row in at]
        found = np.full(len(rows), UNSELECTED, dtype=np.uint64)
        good = np.ones(len(rows), dtype=bool)
        keys = self._plain_keys(rows)
        if keys is None:
            verdicts = [self._judge(row, line) for row, line in zip(rows, lines, strict=True)]
            usable = [row for row, verdict in enumerate(verdicts) if isinstance(verdict, str)]
            keys = [str(verdicts[row]) for row in usable]
            found[usable] = hashes(keys)
            rejected = {row: verdict for row, verdict in enumerate(verdicts) if isinstance(verdict, Reject)}
            good[list(rejected)] = False
            self.rejects += rejected.values()
            numbers, lines = [numbers[row] for row in usable], [lines[row] for row in usable]
            records = [records[row] for row in usable]
        else:
            found = hashes(keys)
        if keys:
            marshal.dump((numbers, lines, records), self._aside)
        return found, good

    def _plain_keys(self, rows: Sequence[list[str] | Fault]) -> list[str] | None:
        """The keys if there is nothing to judge: the usual case, at a tenth of the cost."""
        if self._only or any(type(row) is Fault for row in rows):
            return None
        keys = [row[self._key].strip() for row in rows if type(row) is list]
        return None if "" in keys else keys

    def _judge(self, row: list[str] | Fault, line: int) -> str | Reject | None:
        """The row's key, or why it cannot be used, or None if it is not selected."""
        if isinstance(row, Fault):
            key = row.cells[self._key].strip() if self._key < len(row.cells) else ""
            return self._reject(line, None if "\0" in key else key or None, row.reason)
        if any(row[at].strip() not in words for at, words in self._only):
            return None
        return row[self._key].strip() or self._reject(line, None, f"the key {self._wants.key!r} is empty")

    def _reject(self, line: int, key: str | None, reason: str) -> Reject:
        return Reject("erp", f"{self._short}:{line}", key, None, reason)

    def _reject_duplicates(self) -> None:
        """Reject all rows of a key that several have. That takes another look at the file, at these rows only."""
        ordered = np.sort(self.keys[self.accepted & (self.keys != UNSELECTED)])
        repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not len(repeated):
            return
        places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        first = 0
        for block in self._blocks():
            there = slice(first, first + len(block.records))
            for row in np.flatnonzero(among(self.keys[there], repeated) & self.accepted[there]).tolist():
                cells = parse([block.records[row]], self._dialect.delimiter, len(self._dialect.header))[0]
                if isinstance(cells, list):
                    places[cells[self._key].strip()].append((first + row, block.lines[row]))
            first = there.stop
        for key, found in places.items():
            if len(found) == 1:  # two keys with one hash
                continue
            self.duplicates.add(key)
            for row, line in found:
                others = [str(other) for at, other in found if at != row]
                more = f" and {len(others) - OTHERS} more" if len(others) > OTHERS else ""
                lines = f"line{'s' if len(others) > 1 else ''} {', '.join(others[:OTHERS])}{more}"
                self.rejects.append(self._reject(line, key, f"the key {key!r} stands also in {lines}"))
                self.accepted[row] = self.untouched[row] = False
