"""Values that a side gives names of its own: an image has one URL in the ERP and another one in the store.

Both bases name the same images, in the same order: so a URL of one side is known on the other by its place. An image
that the store already has is never sent by its URL again, for it would be downloaded again (FACTS-WOOCOMMERCE, 6).
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from syncengine.engine.job import JobRun
from syncengine.mapping import Field
from syncengine.records import Side, other
from syncengine.state import Link
from syncengine.values import Ordered, Value

__all__ = ["renamed"]

PUNCTUATION = re.compile(r"[\W_]+")  # of which WordPress makes hyphens
ADDED = re.compile(r"(-\d+|-scaled|-rotated|-e\d+)+$")  # what WordPress adds to the name of a file


def renamed(job: JobRun, link: Link, side: Side, field: Field, value: Value, there: Value) -> Value:
    """A value in the words of the side it goes to, as far as that side has it: `there` is what it holds now."""
    if not (field.type.ordered and isinstance(value, list) and isinstance(there, list)):
        return value
    known = _by_place(job.base(link, other(side), field.name), job.base(link, side, field.name))
    if not link.has_base(field.name):
        known = _by_file_name(value, there)
    return Ordered(known[one] if known.get(one) in there else one for one in value)


def _by_place(theirs: Value, ours: Value) -> dict[str, str]:
    if not (isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours)):
        return {}
    return dict(zip(theirs, ours, strict=True))


def _by_file_name(value: list[str], there: list[str]) -> dict[str, str]:
    """At a first meeting the name of the file is all that can be compared: as it is, or without what WordPress adds. A
    name that is there twice tells nothing."""
    found: dict[str, str] = {}
    for spelled in (_stem, lambda url: ADDED.sub("", _stem(url))):
        names, ours = [spelled(one) for one in value], [spelled(one) for one in there]
        for one, name in zip(value, names, strict=True):
            if name and ours.count(name) == names.count(name) == 1:
                found.setdefault(one, there[ours.index(name)])
    return found


def _stem(url: str) -> str:
    return PUNCTUATION.sub("-", PurePosixPath(unquote(urlsplit(url).path)).stem).strip("-").casefold()
