"""What is in a scenario's shop beside its products, edited in words and told as a page tells it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from html import unescape
from typing import Any

from syncengine.sandbox.catalogue import new_term
from syncengine.sandbox.orders import notes, saving
from syncengine.sandbox.site import CATEGORY
from syncengine.sandbox.store import Term
from tests.scenarios.page import spelled
from tests.scenarios.shop import SEPARATOR, Shop, assignments

__all__ = ["RECORDS", "Records"]

NO_CATEGORY = "Uncategorized"
NOTES = {"note:customer": "customer", "note:private": "internal"}
ITS_OWN = "Order status changed"  # what the shop notes by itself
OWNER = 1  # the user who has set the shop up

Record = dict[str, Any]


class Records(ABC):
    """Records of one sort. A page calls each by its `key`, and always tells its `shown`."""

    key: str
    shown: tuple[str, ...] = ()

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def add(self, cells: dict[str, str]) -> None:
        """A record from a row of a table."""
        self.create(**self.fields({path: cell for path, cell in cells.items() if cell}))

    def happens(self, what: str) -> None:
        """One line of what happens in the store, such as `ann@example.test: first_name = Anne`."""
        name, _, action = what.partition(": ")
        if name == "new":
            self.add(assignments(action))
            return
        number = next(one["id"] for one in self.all() if self.cell(one, self.key) == name)
        if action == "deleted":
            self.delete(number)
        elif " =" in action:
            self.edit(number, **self.fields(assignments(action)))
        else:
            raise ValueError(f"nothing that can happen in the store: {what!r}")

    def everything(self, paths: list[str]) -> list[list[str]]:
        return [[self.cell(one, path) for path in paths] for one in self.all()]

    def kinds(self) -> set[str]:
        return set()

    def statuses(self) -> set[str]:
        return set()

    @abstractmethod
    def all(self) -> list[Record]: ...

    @abstractmethod
    def create(self, **fields: Any) -> Any: ...

    @abstractmethod
    def edit(self, number: int, **fields: Any) -> Any: ...

    def delete(self, number: int) -> None:
        raise ValueError(f"nothing that can happen in the store: {type(self).__name__.lower()} are not deleted there")

    def fields(self, cells: dict[str, str]) -> Record:
        fields: Record = {}
        for path, cell in cells.items():
            top, _, part = path.partition(".")
            if path.startswith("meta:"):
                fields.setdefault("meta_data", []).append({"key": path.removeprefix("meta:"), "value": cell})
            elif part:
                fields.setdefault(top, {})[part] = cell
            else:
                fields[path] = cell
        return fields

    def cell(self, one: Record, path: str) -> str:
        if path.startswith("meta:"):
            key = path.removeprefix("meta:")
            return next((spelled(row["value"]) for row in one["meta_data"] if row["key"] == key), "")
        top, _, part = path.partition(".")
        found = one[top][part] if part else one.get(top)
        return spelled(found if found != "" else None)


class Customers(Records):
    """Everybody but who has set the shop up."""

    key = "email"

    def all(self) -> list[Record]:
        return [one for one in self.shop.customers(role="all") if one["id"] != OWNER]

    def create(self, **fields: Any) -> None:
        self.shop.create_customer(**fields)

    def edit(self, number: int, **fields: Any) -> None:
        self.shop.edit_customer(number, **fields)

    def delete(self, number: int) -> None:
        self.shop.delete_customer(number)


class Categories(Records):
    """All but "no category", each by its path."""

    key = "path"

    def all(self) -> list[Record]:
        with self.shop.site.store.lock:
            terms = [one for one in self.shop.site.store.terms.values() if one.taxonomy == CATEGORY]
        shown = [{"id": one.id, "path": self._path(one), "description": one.description} for one in terms]
        return [one for one in shown if one["path"] != NO_CATEGORY]

    def create(self, **fields: Any) -> None:
        *above, name = fields["path"].split(SEPARATOR)
        parent = next((one["id"] for one in self.all() if one["path"] == SEPARATOR.join(above)), 0)
        with self.shop.site.store.work():
            new_term(self.shop.site, CATEGORY, name, "", parent)

    def edit(self, number: int, **fields: Any) -> None:
        with self.shop.site.store.work():
            term = self.shop.site.store.terms[number]
            term.description = fields.pop("description")
            assert not fields, "of a category only the description is edited"
            self.shop.site.store.put_term(term)

    def _path(self, term: Term) -> str:
        above = self.shop.site.store.terms[term.parent] if term.parent else None
        return (self._path(above) + SEPARATOR if above else "") + unescape(term.name)


class Coupons(Records):
    key = "code"

    def all(self) -> list[Record]:
        return self.shop.coupons()

    def create(self, **fields: Any) -> None:
        self.shop.create_coupon(**fields)

    def edit(self, number: int, **fields: Any) -> None:
        self.shop.edit_coupon(number, **fields)

    def delete(self, number: int) -> None:
        self.shop.delete_coupon(number)


class Orders(Records):
    """Orders, by their numbers. `items` are what was ordered, such as `2 P-1`; each costs 10.00."""

    key = "number"
    shown = ("items",)

    def happens(self, what: str) -> None:
        """Also `sells: P-1, P-2`, and `12: refunded 2.50`."""
        number, _, action = what.partition(": ")
        word, _, rest = action.partition(" ")
        if number == "sells":
            self._sell(action.split(", "))
            return
        if word != "refunded":
            super().happens(what)
            return
        with self.shop.site.store.work():
            order = saving.found(self.shop.site, int(number))
            saving.refund(self.shop.site, order, {"amount": rest, "api_refund": False})

    def all(self) -> list[Record]:
        return self.shop.orders()

    def create(self, **fields: Any) -> None:
        items = {}
        for item in fields.pop("items").split(", "):
            quantity, _, sku = item.partition(" ")
            items[sku] = int(quantity)
        self._sell(items)
        self.shop.place_order(items, **fields)

    def _sell(self, skus: Iterable[str]) -> None:
        there = [product["sku"] for product in self.shop.products()]
        for sku in skus:
            if sku not in there:
                self.shop.create_product(name=f"Product {sku}", sku=sku, regular_price="10.00")

    def edit(self, number: int, **fields: Any) -> None:
        self.shop.edit_order(number, **fields)

    def cell(self, one: Record, path: str) -> str:
        match path:
            case "items":
                return ", ".join(f"{line['quantity']} {line['sku']}" for line in one["line_items"])
            case "refunded":
                every = sorted(one["refunds"], key=lambda refund: int(refund["id"]))
                return ", ".join(refund["total"].removeprefix("-") for refund in every)
            case "note:customer" | "note:private":
                with self.shop.site.store.lock:
                    every = notes.of_order(self.shop.site, one["id"], NOTES[path])
                told = [note.fields["note"] for note in sorted(every, key=lambda note: note.id)]
                return ", ".join(note for note in told if not note.startswith(ITS_OWN))
        return super().cell(one, path)


RECORDS: Mapping[str, type[Records]] = {
    "customer": Customers,
    "category": Categories,
    "coupon": Coupons,
    "order": Orders,
}
