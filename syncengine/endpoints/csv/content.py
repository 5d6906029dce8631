"""What stands in a file at rest, told by its digest: the same bytes again need not be looked into."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from syncengine.endpoints.csv.source import PAUSE, STALLED, Signature, Source, is_ended, is_young, signature

__all__ = ["Ahead", "Content", "at_rest", "digest_of", "pieces"]

PIECE = 8 << 20  # bytes: few enough pieces that a thread seldom waits for its turn between two of them


@dataclass(frozen=True, slots=True)
class Content:
    """Exactly one content of a file. `ascii`: it has no other characters."""

    source: Source
    signature: Signature
    digest: str
    ascii: bool

    @property
    def name(self) -> str:
        return self.source.name

    @property
    def stands(self) -> bool:
        """Whether the file is still the one that was looked at."""
        return signature(self.source.path) == self.signature


class Ahead:
    """Digests that are computed in the background, while a run still opens whatever else it needs.

    What goes wrong here is told by whoever reads the files.
    """

    def __init__(self) -> None:
        self._found: dict[Path, Content] = {}
        self._thread: Thread | None = None
        self._closed = False

    def begin(self, sources: Callable[[], Iterable[Source]]) -> None:
        """Look at the files that nobody has touched for a while."""
        self._thread = Thread(target=self._look, args=(sources,), daemon=True)
        self._thread.start()

    def take(self, source: Source, seen: Signature) -> Content | None:
        """What was found in a file, if it was then as it was `seen` now. Waits until all are looked at."""
        self._join()
        found = self._found.pop(source.path, None)
        return found if found is not None and found.signature == seen else None

    def close(self) -> None:
        self._closed = True
        self._join()

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _look(self, sources: Callable[[], Iterable[Source]]) -> None:
        with suppress(Exception):
            for source in sources():
                with source.open() as stream:
                    seen = signature(stream)
                    if is_young(seen):
                        continue
                    digest, ascii = digest_of(takewhile(lambda _: not self._closed, pieces(stream)))
                if self._closed:
                    return
                self._found[source.path] = Content(source, seen, digest, ascii)


def at_rest(source: Source, until: float, ahead: Ahead, *, ended: bool) -> Content | None:
    """The content of a file that nobody is writing; None if somebody still is at `until` (a monotonic clock's time).

    `ended`: its last line had an end so far; where it has none, its writer may only be pausing. The first time the wait
    comes after the reading. Raises BadSource if the file is not there.
    """
    first = True
    while True:
        since = time.monotonic()
        seen = signature(source.path)
        if seen is None:
            if first or since > until:
                raise source.missing()
        elif ended and is_young(seen, STALLED) and _breaks_off(source):
            pass
        elif first or source.rests(seen, since):
            content = ahead.take(source, seen) or _content(source)
            if content.signature == seen and source.rests(seen, since):
                return content
        first = False
        if time.monotonic() > until:
            return None
        time.sleep(PAUSE)


def _breaks_off(source: Source) -> bool:
    with source.open() as stream:
        return not is_ended(stream)


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """A whole file."""
    stream.seek(0)
    while piece := stream.read(PIECE):
        yield piece


def digest_of(pieces: Iterable[bytes]) -> tuple[str, bool]:
    """The digest of a whole file, and whether all of it is ASCII."""
    digest = hashlib.sha256()
    ascii = True
    for piece in pieces:
        digest.update(piece)
        ascii = ascii and piece.isascii()
    return digest.hexdigest(), ascii


def _content(source: Source) -> Content:
    with source.open() as stream:
        return Content(source, signature(stream), *digest_of(pieces(stream)))
