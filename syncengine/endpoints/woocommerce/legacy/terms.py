"""A store's categories and attributes by their names, for that is all the old API tells of a product's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from html import unescape
from typing import Any

from syncengine.errors import CannotRun

__all__ = ["Terms"]

CATEGORIES, ATTRIBUTES = "products/categories", "products/attributes"
PREFIX = "pa_"

Record = dict[str, Any]


class Terms:
    """What `read` gives of a route, remembered. Thread-safe."""

    def __init__(self, read: Callable[[str], Sequence[Record]]) -> None:
        self._read = read
        self._lock = threading.RLock()
        self._known: dict[str, Sequence[Record]] = {}

    def forget(self, route: str) -> None:
        """Terms were made there."""
        with self._lock:
            self._known.pop(route, None)

    def categories(self, names: Sequence[str]) -> list[Record]:
        """Those categories, whole. Raises CannotRun for a name that several have: which is meant is told nowhere."""
        with self._lock:
            known = self._by_name(CATEGORIES)
            if any(name not in known for name in names):  # made by somebody since they were read
                self.forget(CATEGORIES)
                known = self._by_name(CATEGORIES)
        for name in names:
            if len(known.get(name, ())) > 1:
                raise CannotRun(f"{_several(name)}: give them different names, or map no categories")
        return [known[name][0] if name in known else {"id": 0, "name": name, "slug": ""} for name in names]

    def check_told(self, numbers: Sequence[int]) -> None:
        """Raises ValueError for a category of which the old API could not tell later that a product is in it."""
        known = self._by_name(CATEGORIES)
        for name, sharing in known.items():
            if len(sharing) > 1 and any(one["id"] in numbers for one in sharing):
                raise ValueError(f"{_several(name)}: give them different names")

    def attribute_id(self, told: Mapping[str, Any]) -> int:
        """The number of a product's attribute, 0 where it is the product's own. An own one's slug is its name."""
        number = self._numbered(told)
        if not number and told.get("slug") != told.get("name"):  # made by somebody since they were read
            self.forget(ATTRIBUTES)
            number = self._numbered(told)
        return number

    def attribute_slug(self, number: int) -> str:
        """The slug of a global attribute, without its prefix; "" where there is none of that number."""
        found = (str(one["slug"]) for one in self._all(ATTRIBUTES) if one["id"] == number)
        return next(found, "").removeprefix(PREFIX)

    def _numbered(self, told: Mapping[str, Any]) -> int:
        slug, name = told.get("slug"), told.get("name")
        known = (one for one in self._all(ATTRIBUTES) if one["slug"] == f"{PREFIX}{slug}")
        return next((int(one["id"]) for one in known if slug != name or one["name"] == name), 0)

    def _by_name(self, route: str) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for one in self._all(route):
            found.setdefault(one["name"], []).append(one)
        return found

    def _all(self, route: str) -> Sequence[Record]:
        with self._lock:
            if route not in self._known:
                self._known[route] = self._read(route)
            return self._known[route]


def _several(name: str) -> str:
    return f"the shop has several categories {unescape(name)!r}, and its old API tells a product's by name only"
