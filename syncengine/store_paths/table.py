"""What the store's records of one entity hold: a table of paths, and what a mapping may say of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from syncengine.values import TypeName
from syncengine.written import Mistake, closest, known

__all__ = [
    "IDS", "NAMES", "NUMBER_OR_TEXT", "OBJECTS", "PRICES", "SIZES", "TEXT", "TIMES", "WHOLE", "YES_NO", "Table",
]  # fmt: skip

TEXT: tuple[TypeName, ...] = ("text",)
TIMES: tuple[TypeName, ...] = ("datetime", "date")
PRICES: tuple[TypeName, ...] = ("money", "decimal")
SIZES: tuple[TypeName, ...] = ("decimal", "text", "integer", "money")
WHOLE: tuple[TypeName, ...] = ("integer",)
YES_NO: tuple[TypeName, ...] = ("boolean",)
NAMES: tuple[TypeName, ...] = ("list",)
IDS: tuple[TypeName, ...] = ("list", "json")
OBJECTS: tuple[TypeName, ...] = ("json",)
NUMBER_OR_TEXT: tuple[TypeName, ...] = ("integer", "text")

LONGEST_META_KEY = 255
PLAIN_PATH = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Table:
    """The paths of one entity.

    match            what [match] calls a path, and the path; `match_by` is what it uses unless told otherwise
    types            the types that fit each path; the first is the one to suggest
    read_only        what nobody may write
    write_only       what the store takes and never tells
    secret           what is sent with a new record only, and never shown or saved
    words            the only values that the store knows there
    inside           objects of which each part is mapped on its own
    holds            paths that are made of others, with those: only one way of the two can be mapped
    piece_by_piece   what is never mapped as a whole: why, and what to write instead
    named            kinds of paths that carry a name: `meta:KEY`
    own_meta         meta keys of the store's own fields, and the path of each field
    creates          whether a record without partner is created in the store
    if_created       what holds instead where a mapping says that records are created in the store
    once             what is sent with a new record only
    reference        the path by which a created record is found again, "" where the match paths do
    gone             what may become of a record that is gone from the ERP
    steps            the path whose word moves only along the mapping's transitions, "" where there is none
    lines            of records with lines: the store's lists of them, the first one the usual one
    in_lines         the paths of a line
    """

    what: str
    match: Mapping[str, str]
    match_by: tuple[str, ...]
    types: Mapping[str, tuple[TypeName, ...]]
    read_only: frozenset[str]
    write_only: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    holds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    piece_by_piece: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    named: tuple[str, ...] = ("meta",)
    own_meta: Mapping[str, str] = field(default_factory=dict)
    creates: bool = True
    if_created: Table | None = None
    once: frozenset[str] = frozenset()
    reference: str = ""
    gone: tuple[str, ...] = ("keep", "draft", "out-of-stock", "trash", "delete")
    steps: str = ""
    lines: tuple[str, ...] = ()
    in_lines: Table | None = None

    def check_path(self, path: str) -> None:
        """Raises Mistake where a record has no such path."""
        kind, mark, name = path.partition(":")
        if mark and path in self.types:
            return
        if mark:
            self._check_named(kind, name)
            return
        head, _, part = path.partition(".")
        if head in self.piece_by_piece:
            raise Mistake(*self.piece_by_piece[head])
        if head in self.inside and part not in self.inside[head]:
            parts = (f"{head}.{one}" for one in self.inside[head])
            raise Mistake(f"{head} are mapped one by one", f"write {_either(parts)}")
        if head in self.types and part and head not in self.inside:
            raise Mistake(f"{head} has nothing inside it", f'write store = "{head}"')
        if head in self.types:
            return
        meant = closest(head, self.types, cutoff=0.8)
        if meant or not PLAIN_PATH.fullmatch(path):
            instead = f'did you mean "{meant}"? ' if meant else ""
            places = 'A plug-in\'s data is mostly at "meta:KEY"' if "meta" in self.named else "docs/mapping.md has them"
            places += ', a property at "attribute:NAME"' if "attribute" in self.named else ""
            raise Mistake(f"a {self.what} of the store has no {path!r}", f"{instead}{places}")

    def knows(self, path: str) -> bool:
        """Whether the store itself has such a path. Any other is a plug-in's and only read: what the store does not
        know, it ignores (FACTS-WOOCOMMERCE, 2)."""
        return ":" in path or path.partition(".")[0] in self.types

    def check_type(self, path: str, kind: TypeName) -> None:
        """Raises Mistake where a path cannot hold values of a type."""
        fitting = self.types.get(path) or self.types.get(path.partition(".")[0])
        if fitting and kind not in fitting:
            named = [f'"{one}"' for one in fitting]
            raise Mistake(f"{path} cannot be of type {kind}", f"write type = {_either(named)}")

    def check_word(self, path: str, value: object) -> None:
        """Raises Mistake where the store knows only certain words at a path: it would replace any other silently."""
        words = self.words.get(path)
        if words and value not in words:
            raise Mistake(f"{path} cannot be {value!r}", known(value, words))

    def _check_named(self, kind: str, name: str) -> None:
        if kind not in self.named:
            shown = {"meta": '"meta:KEY"', "attribute": '"attribute:NAME"'}
            instead = f"write {_either([*(shown[one] for one in self.named), 'a plain name'])}"
            raise Mistake(f"unknown kind of path {kind!r}", instead)
        if not name or name != name.strip() or len(name) > LONGEST_META_KEY:
            what = "KEY" if kind == "meta" else "NAME"
            raise Mistake(
                f"no good {what.lower()} after {kind}:", f'write store = "{kind}:{what}", without spaces around it'
            )
        if kind == "meta" and name.startswith("_syncengine"):
            raise Mistake("this meta key is the program's own mark", "choose another key")
        if kind == "meta" and name in self.own_meta:
            instead = f'write store = "{self.own_meta[name]}"'
            raise Mistake("written as meta it would get past the store's own rules", instead)


def _either(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
