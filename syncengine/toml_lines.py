"""On which line of a TOML file a key stands: tomllib does not say.

The file has been read by tomllib before, so the scan may trust that it is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["TomlLines"]

Path = tuple[str | int, ...]

TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+ | \#[^\n]*)
  | (?P<newline>\n)
  | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
  | (?P<bare>[A-Za-z0-9_-]+)
  | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class TomlLines:
    """Where every key of a TOML source stands: `line("jobs", "products", "every")`."""

    def __init__(self, source: str) -> None:
        self._lines: dict[Path, int] = {}
        self._tokens = list(_tokens(source))
        self._at = 0
        self._tables: dict[Path, int] = {}  # how many tables an array of tables has so far
        self._scan()

    def line(self, *path: str | int) -> int | None:
        """The line of a key; where it is not written there, of the nearest table or key that would hold it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def _scan(self) -> None:
        table: Path = ()
        while (token := self._next()) is not None:
            if token.kind == "newline":
                continue
            if token.text == "[":
                array = self._peek() == "["
                if array:
                    self._next()
                table = self._inside(self._key(), array=array)
                self._note(table, token.line)
                while self._peek() == "]":
                    self._next()
            else:
                self._at -= 1
                self._pair(table)

    def _inside(self, key: Path, *, array: bool) -> Path:
        """A header's key with the numbers of the arrays of tables that it runs through."""
        path: Path = ()
        for number, part in enumerate(key, 1):
            path = (*path, part)
            if array and number == len(key):
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at].line
        path = table + self._key()
        self._note(path, line)
        self._next()  # the equals sign
        self._value(path)

    def _key(self) -> Path:
        parts: list[str] = []
        while (token := self._next()) is not None:
            parts.append(_unquoted(token.text) if token.kind == "text" else token.text)
            if self._peek() != ".":
                break
            self._next()
        return tuple(parts)

    def _value(self, path: Path) -> None:
        if self._peek() == "{":
            self._next()
            self._items(path, "}")
        elif self._peek() == "[":
            self._next()
            self._items(path, "]")
        else:
            while self._peek() not in ("\n", ",", "]", "}", None):
                self._next()

    def _items(self, path: Path, end: str) -> None:
        number = 0
        while (text := self._peek()) is not None:
            if text == end:
                self._next()
                return
            if text in ("\n", ","):
                self._next()
            elif end == "}":
                self._pair(path)
            else:
                self._note((*path, number), self._tokens[self._at].line)
                self._value((*path, number))
                number += 1

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _peek(self) -> str | None:
        return self._tokens[self._at].text if self._at < len(self._tokens) else None

    def _next(self) -> Token | None:
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(source: str) -> Iterator[Token]:
    line = 1
    for match in TOKEN.finditer(source):
        kind, text = str(match.lastgroup), match.group()
        if kind != "space":
            yield Token(kind, text, line)
        line += text.count("\n")


def _unquoted(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    return re.sub(r'\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(["\\]))', _unescaped, text[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else match[3]
