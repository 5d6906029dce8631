"""The tree in which a store's categories stand: people name a path from the top, the store keeps a parent's number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.lists import listed
from syncengine.endpoints.woocommerce.terms import NO_CATEGORY, parts_of
from syncengine.values import match_key

__all__ = ["MARK", "Tree"]

MARK = " > "


class Tree:
    """Names and parents of all categories, by their numbers, as far as this run has seen or made them."""

    def __init__(self, client: Client, concurrency: int) -> None:
        self._client = client
        self._concurrency = concurrency
        self._known: dict[int, tuple[str, int]] | None = None
        self._numbers: dict[tuple[int, str], list[int]] = {}  # by what stands above, and the name
        self._strangers: set[int] = set()  # whom the shop's own list does not have
        self._none: set[int] = set()  # those that are "no category"

    def forget(self) -> None:
        self._known = None

    def copy(self) -> Tree:
        """The tree as it is, to be tried out."""
        twin = Tree(self._client, self._concurrency)
        twin._known, twin._none = dict(self._loaded()), set(self._none)
        twin._numbers = {place: list(numbers) for place, numbers in self._numbers.items()}
        return twin

    def standing(self, number: int) -> tuple[str, int]:
        """Name and parent of a category; no name and no parent of one that is not there."""
        return self._loaded().get(number, ("", 0))

    def learn(self, category: Mapping[str, Any]) -> None:
        number = int(category["id"])
        if (before := self._loaded().get(number)) is not None:
            self._numbers[_place(*before)].remove(number)
        self._add(self._loaded(), category)

    def paths(self) -> Iterator[tuple[int, str]]:
        return ((number, self.path(number)) for number in list(self._loaded()))

    def path(self, number: int) -> str:
        """`A > B`, "" for no category. One that was made since the tree was read has it read again."""
        if number and number not in self._loaded() and number not in self._strangers:
            self.forget()
            if number not in self._loaded():
                self._strangers.add(number)
        return MARK.join(self._loaded()[above][0] for above in reversed(self._upwards(number)))

    def number(self, path: str) -> int | None:
        """The category at the end of a path, 0 for none at all; None where there is none."""
        parent = 0
        for part in parts_of(path) if path.strip() else ():
            found = self._numbers.get(_place(part, parent)) if self._loaded() else None
            if not found:
                return None
            parent = found[0]
        return parent

    def is_below(self, number: int, above: int) -> bool:
        """Whether a category is another one or stands somewhere below it."""
        return above in self._upwards(number)

    def alike(self, number: int) -> list[int]:
        """The others that have a category's name, below the same parent."""
        return [one for one in self._numbers.get(_place(*self.standing(number)), ()) if one != number]

    def is_none(self, number: int) -> bool:
        """Whether a category is the store's "no category"."""
        return number in self._none

    def _upwards(self, number: int) -> list[int]:
        seen: list[int] = []
        while number in self._loaded() and number not in seen:
            seen.append(number)
            number = self._loaded()[number][1]
        return seen

    def _loaded(self) -> dict[int, tuple[str, int]]:
        if self._known is None:
            found: dict[int, tuple[str, int]] = {}
            self._numbers = {}
            fields = {"_fields": "id,name,slug,parent"}
            for page in listed(self._client, "products/categories", fields, self._concurrency):
                for row in page:
                    self._add(found, row)
            self._known = found
        return self._known

    def _add(self, known: dict[int, tuple[str, int]], category: Mapping[str, Any]) -> None:
        number, parent = int(category["id"]), int(category.get("parent") or 0)
        name = unescape(str(category["name"])).strip()
        known[number] = name, parent
        self._numbers.setdefault(_place(name, parent), []).append(number)
        if category.get("slug") in NO_CATEGORY:
            self._none.add(number)


def _place(name: str, parent: int) -> tuple[int, str]:
    return parent, match_key(name)
