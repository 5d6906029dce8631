"""The shop of a scenario: what a page says about it, done in a sandbox, and what is in it, as a page says it."""

from __future__ import annotations

import re
from typing import Any

from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.catalogue import by_name, new_term
from syncengine.sandbox.site import CATEGORY, TAG
from tests.scenarios.page import spelled

__all__ = ["Shop"]

TERMS = {"categories": CATEGORY, "tags": TAG}
WHOLE = ("stock_quantity",)
SWITCHES = ("manage_stock",)
SEPARATOR = " > "


class Shop(Sandbox):
    """A sandbox that is edited in words."""

    breaks = False

    def handle(self, request: Request) -> Response:
        """Once, if it is to break: half of what is written is done, and no answer comes."""
        if self.breaks and request.path.endswith("/batch"):
            self.breaks, self.faults = False, (Fault("half-batch", 1),)
            try:
                return super().handle(request)
            finally:
                self.faults = ()
        return super().handle(request)

    def add(self, cells: dict[str, str]) -> None:
        """A product from a row of a table."""
        self.create_product(**self._fields({path: cell for path, cell in cells.items() if cell}))

    def happens(self, what: str) -> None:
        """One line of what happens in the store, such as `P-1: name = Mug; regular_price = 8.00`."""
        sku, _, action = what.partition(": ")
        if sku == "new":
            self.add(_assignments(action))
            return
        number = next(product["id"] for product in self._all() if product["sku"] == sku)
        match action.split():
            case ["sold", quantity]:
                self.sell(number, int(quantity))
            case ["deleted"]:
                self.delete_product(number)
            case ["put", "into", "the", "trash"]:
                self.edit_product(number, status="trash")
            case [_, "=", *_]:
                self.edit_product(number, **self._fields(_assignments(action)))
            case _:
                raise ValueError(f"nothing that can happen in the store: {what!r}")

    def everything(self, paths: list[str]) -> list[list[str]]:
        """Every product, in the trash or not, with these paths as cells."""
        return [[self._cell(product, path) for path in paths] for product in self._all()]

    def statuses(self) -> set[str]:
        return {product["status"] for product in self._all()}

    def _all(self) -> list[dict[str, Any]]:
        return sorted([*self.products(), *self.products(status="trash")], key=lambda product: int(product["id"]))

    def _fields(self, cells: dict[str, str]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for path, cell in cells.items():
            if path in TERMS:
                fields[path] = [{"id": self._term(TERMS[path], name)} for name in cell.split(", ") if name]
            elif path.startswith("meta:"):
                fields.setdefault("meta_data", []).append({"key": path.removeprefix("meta:"), "value": cell})
            elif path.startswith("attribute:"):
                name = path.removeprefix("attribute:")
                fields["attributes"] = [{"name": name, "options": [cell], "visible": True}]
            elif path in WHOLE:
                fields[path] = int(cell)
            else:
                fields[path] = cell == "true" if path in SWITCHES else cell
        return fields

    def _term(self, taxonomy: str, name: str) -> int:
        found = by_name(self.site, taxonomy, name)
        return (found or new_term(self.site, taxonomy, name, "")).id

    def _cell(self, product: dict[str, Any], path: str) -> str:
        if path in TERMS:
            return ", ".join(sorted(self._path(term["id"]) for term in product[path]))
        if path.startswith("meta:"):
            key = path.removeprefix("meta:")
            return next((spelled(row["value"]) for row in product["meta_data"] if row["key"] == key), "")
        if path.startswith("attribute:"):
            name = path.removeprefix("attribute:")
            return next((spelled(one["options"]) for one in product["attributes"] if one["name"] == name), "")
        top, _, inner = path.partition(".")
        found = product[top][inner] if inner else product[top]
        return spelled(found if found != "" else None)

    def _path(self, term: int) -> str:
        found = self.site.store.terms[term]
        return (self._path(found.parent) + SEPARATOR if found.parent else "") + found.name


def _assignments(text: str) -> dict[str, str]:
    """`name = Mug; regular_price = 8.00`"""
    parts = (part.split(" =", 1) for part in re.split(r"; (?=[\w:]+ =)", text))
    return {path: value.strip() for path, value in parts}
