"""The shop of a scenario: what a page says about it, done in a sandbox, and what is in it, as a page says it."""

from __future__ import annotations

import re
from typing import Any

from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.catalogue import by_name, new_term
from syncengine.sandbox.site import CATEGORY, TAG
from tests.scenarios.page import spelled

__all__ = ["Shop", "assignments"]

TERMS = {"categories": CATEGORY, "tags": TAG}
WHOLE = ("stock_quantity",)
SWITCHES = ("manage_stock",)
SEPARATOR = " > "
ORDER_OF = "the order of "

Product = dict[str, Any]


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
        """A product from a row of a table. A variation belongs to the variable product above it."""
        given = {path: cell for path, cell in cells.items() if cell}
        kind = given.pop("type", "simple")
        if kind == "variation":
            product = next(one for one in reversed(self._products()) if one["type"] == "variable")
            self.create_variation(product["id"], **self._fields(given, kind))
        else:
            self.create_product(type=kind, **self._fields(given, kind))

    def happens(self, what: str) -> None:
        """One line of what happens in the store, such as `P-1: name = Mug; regular_price = 8.00`. A variation without
        SKU is named by its product and its options: `P-1, Red`, the last order of a product by `the order of P-1`."""
        name, _, action = what.partition(": ")
        if name == "new":
            self.add(assignments(action))
            return
        if name.startswith(ORDER_OF):
            self.edit_order(self._ordered(name.removeprefix(ORDER_OF)), **self._fields(assignments(action), "order"))
            return
        found = self._named(name)
        number = found["id"]
        match action.split():
            case ["new", "variation;", *_]:
                given = assignments(action.removeprefix("new variation; "))
                self.create_variation(number, **self._fields(given, "variation"))
            case ["sold", quantity]:
                self.sell(number, int(quantity))
            case ["ordered", quantity]:
                self.place_order({number: int(quantity)})
            case ["deleted"]:
                self.delete_product(number)
            case ["put", "into", "the", "trash"]:
                self.edit_product(number, status="trash")
            case [_, "=", *_]:
                given = assignments(action)
                self.edit_product(number, **self._fields(given, given.get("type", found["type"])))
            case _:
                raise ValueError(f"nothing that can happen in the store: {what!r}")

    def everything(self, paths: list[str]) -> list[list[str]]:
        """Every product, in the trash or not, each with its variations below it, with these paths as cells."""
        return [[self._cell(product, path) for path in paths] for product in self._all()]

    def kinds(self) -> set[str]:
        return {product["type"] for product in self._all()}

    def statuses(self) -> set[str]:
        return {product["status"] for product in self._all()}

    def media(self) -> list[str]:
        """The names of all files in its media library."""
        with self.site.store.lock:
            return sorted(_file(one.file) for one in self.site.store.attachments(-1, 0))

    def _all(self) -> list[Product]:
        return [one for product in self._products() for one in (product, *self._below(product))]

    def _products(self) -> list[Product]:
        return sorted([*self.products(), *self.products(status="trash")], key=lambda product: int(product["id"]))

    def _below(self, product: Product) -> list[Product]:
        found = self.variations(product["id"]) if product["type"] == "variable" else []
        return [self._as_product(one, product) for one in found]

    def _as_product(self, one: Product, product: Product) -> Product:
        """A variation with all that products have. Without SKU or image it shows its product's: not its own."""
        with self.site.store.lock:
            saved = self.site.store.product(one["id"])
        images = [one["image"]] if saved is not None and saved.fields.get("images") else []
        own = {name: one[name] if one[name] != product[name] else "" for name in ("sku", "name")}
        return {**one, **own, "type": "variation", "images": images, "categories": [], "tags": []}

    def _named(self, name: str) -> Product:
        sku, _, option = name.partition(", ")
        for product in self._products():
            below = self._below(product)
            if option and product["sku"] == sku:
                return next(one for one in below if option in [each["option"] for each in one["attributes"]])
            for one in (product, *below):
                if one["sku"] == name:
                    return one
        raise ValueError(f"no such product in the store: {name!r}")

    def _ordered(self, sku: str) -> int:
        return max(order["id"] for order in self.orders() if sku in [line["sku"] for line in order["line_items"]])

    def _fields(self, cells: dict[str, str], kind: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for path, cell in cells.items():
            if path in TERMS:
                fields[path] = [{"id": self._term(TERMS[path], name)} for name in cell.split(", ") if name]
            elif path.startswith("meta:"):
                fields.setdefault("meta_data", []).append({"key": path.removeprefix("meta:"), "value": cell})
            elif path.startswith("attribute:"):
                fields.setdefault("attributes", []).append(_attribute(path.removeprefix("attribute:"), cell, kind))
            elif path == "images":
                fields[path] = [{"src": f"https://pictures.example/{name}"} for name in cell.split(", ")]
            elif path in WHOLE:
                fields[path] = int(cell)
            else:
                fields[path] = cell == "true" if path in SWITCHES else cell
        return fields

    def _term(self, taxonomy: str, name: str) -> int:
        found = by_name(self.site, taxonomy, name)
        return (found or new_term(self.site, taxonomy, name, "")).id

    def _cell(self, product: Product, path: str) -> str:
        if path in TERMS:
            return ", ".join(sorted(self._path(term["id"]) for term in product[path]))
        if path.startswith("meta:"):
            key = path.removeprefix("meta:")
            return next((spelled(row["value"]) for row in product["meta_data"] if row["key"] == key), "")
        if path.startswith("attribute:"):
            name = path.removeprefix("attribute:")
            found = next((one for one in product["attributes"] if one["name"] == name), {"options": []})
            return spelled(found.get("option") or found["options"])
        if path == "images":
            return ", ".join(_file(image["src"]) for image in product["images"])
        top, _, inner = path.partition(".")
        found = product[top][inner] if inner else product[top]
        return spelled(found if found != "" else None)

    def _path(self, term: int) -> str:
        found = self.site.store.terms[term]
        return (self._path(found.parent) + SEPARATOR if found.parent else "") + found.name


def _attribute(name: str, cell: str, kind: str) -> dict[str, Any]:
    """What a product has or offers; of a variation, what it is."""
    if kind == "variation":
        return {"name": name, "option": cell}
    return {"name": name, "options": cell.split(", "), "visible": True, "variation": kind == "variable"}


def _file(address: str) -> str:
    return address.rpartition("/")[2]


def assignments(text: str) -> dict[str, str]:
    """`name = Mug; regular_price = 8.00`"""
    parts = (part.split(" =", 1) for part in re.split(r"; (?=[\w:.]+ =)", text))
    return {path: value.strip() for path, value in parts}
