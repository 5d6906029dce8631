"""What stands in a file at rest, told by its digest: the same bytes again need not be looked into."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import BinaryIO

from syncengine.endpoints.csv.source import PAUSE, Signature, Source, signature

__all__ = ["Content", "at_rest", "digest_of"]

CHUNK = 1 << 20


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


def at_rest(source: Source, until: float) -> Content | None:
    """The content of a file that nobody is writing; None if somebody still is at `until` (a monotonic clock's time).

    The first time the wait comes after the reading. Raises BadSource if the file is not there.
    """
    first = True
    while True:
        since = time.monotonic()
        seen = signature(source.path)
        if seen is None:
            if first or since > until:
                raise source.missing()
        elif first or source.rests(seen, since):
            with source.open() as stream:
                digest, ascii = digest_of(stream)
            if source.rests(seen, since):
                return Content(source, seen, digest, ascii)
        first = False
        if time.monotonic() > until:
            return None
        time.sleep(PAUSE)


def digest_of(stream: BinaryIO) -> tuple[str, bool]:
    """The digest of a whole file, and whether all of it is ASCII."""
    stream.seek(0)
    digest = hashlib.sha256()
    ascii = True
    while piece := stream.read(CHUNK):
        digest.update(piece)
        ascii = ascii and piece.isascii()
    return digest.hexdigest(), ascii
