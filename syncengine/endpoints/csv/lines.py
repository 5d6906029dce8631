"""The records of a file as raw bytes: with their line numbers, and told whether they are known. None is parsed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from syncengine.endpoints.csv.grammar import DOS_END, LINE_END, Grammar, split_lines
from syncengine.endpoints.csv.index import Hashes, Known, hashes
from syncengine.errors import BadSource

__all__ = ["BLOCK", "ENDLESS", "Block", "blocks", "raw_records"]

BLOCK = 512 << 10  # bytes read at once: as many lines as stay in the processor's cache
ENDLESS = 32 << 20  # bytes in one record; more is a quote that was never closed, or no CSV at all
FEW = 8  # up to one unknown line in so many is looked at for itself

BLANK = hashes([b""])[0]


@dataclass(frozen=True, slots=True)
class Block:
    """Some records in a row: the line on which each begins, its hash, whether it is known, and then its key's hash."""

    records: list[bytes]
    lines: Sequence[int]
    hashes: Hashes
    known: NDArray[np.bool_]
    keys: Hashes

    def without(self, out: NDArray[np.bool_]) -> Block:
        """The block without some of its records."""
        if not out.any():
            return self
        rows = np.flatnonzero(~out).tolist()
        return Block(
            [self.records[row] for row in rows],
            [self.lines[row] for row in rows],
            self.hashes[rows],
            self.known[rows],
            self.keys[rows],
        )


def blocks(texts: Iterable[bytes], grammar: Grammar, remembered: Known, name: str) -> Iterator[Block]:
    """The records of a file whose text comes in pieces of UTF-8, cut anywhere; blank lines and DOS_END are left out.

    Raises BadSource for a quote that is never closed, and for a record without end.
    """
    line = 1
    for text, carry in _buffers(texts):
        buffer = text.removesuffix(b"\n").rstrip(DOS_END) + b"\n" if carry.end_was_added else text
        block, rest, line = _block(buffer, line, grammar, remembered)
        carry.rest = rest
        if len(rest) > ENDLESS or (carry.is_last and rest):
            raise _unfinished(rest, line, grammar, name)
        block = block.without(block.hashes == BLANK)
        if block.records:
            yield block


def raw_records(texts: Iterable[bytes], grammar: Grammar, name: str) -> Iterator[list[bytes]]:
    """Every record of a file with its line end, blank lines too: joined, they are the file. Raises BadSource."""
    for buffer, carry in _buffers(texts):
        records, carry.rest = grammar.split(buffer, keep_ends=True)
        if len(carry.rest) > ENDLESS or (carry.is_last and carry.rest):
            raise _unfinished(carry.rest, 0, grammar, name)
        if carry.end_was_added:
            records[-1] = records[-1].removesuffix(b"\n")
        yield records


@dataclass(slots=True)
class _Carry:
    """What one buffer hands on to the next."""

    rest: bytes = b""
    is_last: bool = False
    end_was_added: bool = False


def _buffers(texts: Iterable[bytes]) -> Iterator[tuple[bytes, _Carry]]:
    """The text in pieces that begin with a record; whoever takes one sets `rest` to what it did not use of it.

    A rest that is longer than what follows is a record whose end is far: it is looked at again only when there is twice
    as much of it, or each piece would cost all that came before.
    """
    carry = _Carry()
    held = b""
    more: list[bytes] = []
    for text in texts:
        more.append(text)
        length = sum(map(len, more))
        if length < len(carry.rest) and length + len(carry.rest) <= ENDLESS:
            continue
        buffer = b"".join([carry.rest, held, *more])
        more = []
        held = b"\r" if buffer.endswith(b"\r") else b""  # half of a CRLF, perhaps
        yield buffer.removesuffix(held), carry
    buffer = b"".join([carry.rest, held, *more])
    if buffer:
        carry.is_last = True
        carry.end_was_added = not buffer.endswith((b"\r", b"\n"))
        yield buffer + (b"\n" if carry.end_was_added else b""), carry


def _block(buffer: bytes, line: int, grammar: Grammar, remembered: Known) -> tuple[Block, bytes, int]:
    """The buffer's records, the rest behind them, and its line.

    A line is a record unless a quote is open at its end. A known line has none open: only whole records are known.
    """
    if grammar.end(buffer, 0) is None:  # not even the first has its end here
        return Block([], [], hashes([]), np.zeros(0, dtype=bool), hashes([])), buffer, line
    records, rest = split_lines(buffer)
    found = hashes(records)
    known, keys = remembered.look_up(found)
    block = Block(records, range(line, line + len(records)), found, known, keys)
    if b'"' not in buffer:
        return block, rest, line + len(records)
    unknown = np.flatnonzero(~known).tolist()
    if len(unknown) * FEW > len(records) and grammar.is_dense(buffer):
        return _parsed(buffer, line, grammar, remembered)
    doubtful = [at for at in unknown if b'"' in records[at]]
    if not doubtful:
        return block, rest, line + len(records)
    return _joined(block, doubtful, buffer, rest, grammar=grammar, remembered=remembered)


def _parsed(buffer: bytes, line: int, grammar: Grammar, remembered: Known) -> tuple[Block, bytes, int]:
    """The same by one expression over all, which is faster than looking at very many lines one by one."""
    records, rest = grammar.split(buffer)
    lines = list(accumulate(_line_counts(records, buffer), initial=line))
    found = hashes(records)
    known, keys = remembered.look_up(found)
    return Block(records, lines[:-1], found, known, keys), rest, lines[-1]


def _line_counts(records: list[bytes], buffer: bytes) -> Iterable[int]:
    """On how many lines each record stands."""
    if b"\r" not in buffer:
        return (1 + record.count(b"\n") for record in records)
    return (1 + record.count(b"\n") + record.count(b"\r") - record.count(b"\r\n") for record in records)


def _joined(
    block: Block, doubtful: list[int], buffer: bytes, rest: bytes, *, grammar: Grammar, remembered: Known
) -> tuple[Block, bytes, int]:
    """The same with lines joined where a quote is open at the end of one of the doubtful ones."""
    starts: list[int] = []
    firsts: list[int] = []
    continued = np.zeros(len(block.records), dtype=bool)
    after = 0
    for at in doubtful:
        if at < after or grammar.is_record(block.records[at]):  # before `after` it is inside of earlier quotes
            continue
        starts = starts or [0, *accumulate(map(len, buffer.splitlines(keepends=True)))]
        end = grammar.end(buffer, starts[at])
        if end is None:
            continued[at:] = True
            return _with_joined(block, firsts, continued, remembered), buffer[starts[at] :], block.lines[at]
        after = bisect_left(starts, end)
        continued[at + 1 : after] = True
        block.records[at] = buffer[starts[at] : end].rstrip(b"\r\n")
        firsts.append(at)
    return _with_joined(block, firsts, continued, remembered), rest, block.lines[-1] + 1


def _with_joined(block: Block, firsts: list[int], continued: NDArray[np.bool_], remembered: Known) -> Block:
    if firsts:
        block.hashes[firsts] = found = hashes([block.records[at] for at in firsts])
        block.known[firsts], block.keys[firsts] = remembered.look_up(found)
    return block.without(continued)


def _unfinished(rest: bytes, line: int, grammar: Grammar, name: str) -> BadSource:
    at = grammar.opening(rest)
    if at is None:
        return BadSource(f"{name}:{line}: this line is longer than {ENDLESS:,} bytes; is this a CSV file?")
    line += len(LINE_END.findall(rest, 0, at))
    beginning = rest[at : at + 30].decode(errors="replace").splitlines()[0]
    return BadSource(
        f"{name}:{line}: the quote that opens here is never closed: {beginning}… "
        "(a quote inside a quoted value must be doubled)"
    )
