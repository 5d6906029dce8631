"""Products with variations, edited at random in the ERP and in the shop, with runs, dry runs and failing writes in
between; the promises must hold whatever happens."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from syncengine.mapping import ErpSide, Field, Gone
from syncengine.values import Type, same
from tests.catalogue import FIELDS, Company, catalogue, described
from tests.memory import KilledError

FAULTS = ["refuse", "drop-before", "drop-after", "half-batch", "error-500", "kill"]
PRODUCTS = ("P1", "P2", "P3")
VARIATIONS = ("V1", "V2", "V3", "V4")
products = st.sampled_from(PRODUCTS)
variations = st.sampled_from(VARIATIONS)
colors = st.sampled_from(["Red", "Blue"])
sizes = st.sampled_from(["", "S", "M"])
words = st.sampled_from(["a", "b", "c"])
prices = st.sampled_from(["1.00", "2.00", "3.00"])
numbers = st.integers(0, 5)
IMAGES = [f"https://erp.example/{name}.jpg" for name in ("one", "two", "three")]
NOWHERE = "https://missing.example/four.jpg"  # the shop cannot fetch it
images = st.lists(st.sampled_from([*IMAGES, NOWHERE]), unique=True, max_size=3)


class Catalogue(RuleBasedStateMachine):
    """`gone` is what the mapping wants of records that are gone, `two_way` whether the ERP gets what is new."""

    company: Company

    @initialize(
        from_erp=st.sampled_from(["keep", "draft", "out-of-stock", "trash", "delete"]),
        from_store=st.sampled_from(["ask", "keep", "recreate"]),
        two_way=st.booleans(),
    )
    def begin(self, from_erp: Any, from_store: Any, *, two_way: bool) -> None:
        stock = Field("stock", "stock", "stock_quantity", Type("integer"), truth="erp-wins", empty="ignore")
        manages = Field("manages", "manages", "manage_stock", Type("boolean"), truth="erp", empty="ignore")
        pictures = Field("images", "images", "images", Type("list", ordered=True), truth="erp")
        source = ErpSide("memory", "sku" if two_way else "key", parent="parent", write_to="in-place")
        self.two_way = two_way
        self.company = Company(
            catalogue(
                *FIELDS,
                stock,
                manages,
                pictures,
                erp=source,
                gone=Gone(from_erp, from_store),
                create_in_erp=two_way,
            )
        )
        self.erp, self.shop = self.company.erp, self.company.shop
        self.taken: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        if hasattr(self, "company"):
            self.come_to_rest()
            self.company.close()

    # -- in the ERP

    @rule(key=products, name=words, price=prices, manages=st.booleans())
    def put_product(self, key: str, name: str, price: str, *, manages: bool) -> None:
        self.put(key, sku=key, name=name, price=price, stock=5, manages=manages)

    @rule(key=variations, parent=products, color=colors, price=prices, named=st.booleans(), manages=st.booleans())
    def put_variation(self, key: str, parent: str, color: str, price: str, *, named: bool, manages: bool) -> None:
        sku = key if named or self.two_way else ""
        self.put(key, parent=parent, sku=sku, color=color, price=price, stock=5, manages=manages)

    @rule(key=st.one_of(products, variations), price=prices)
    def price_in_erp(self, key: str, price: str) -> None:
        if key in self.erp.records:
            self.put(key, price=price)

    @rule(key=st.one_of(products, variations), images=images)
    def images_in_erp(self, key: str, images: list[str]) -> None:
        if key in self.erp.records:
            self.put(key, images=images)

    @rule(key=variations, size=sizes)
    def size_in_erp(self, key: str, size: str) -> None:
        if key in self.erp.records:
            self.put(key, size=size)

    @rule(key=st.one_of(products, variations), sku=st.sampled_from(["", "{}", "{}-2"]))
    def sku_in_erp(self, key: str, sku: str) -> None:
        if key in self.erp.records and not self.two_way:
            self.put(key, sku=sku.format(key))

    @rule(key=st.one_of(products, variations))
    def take_away(self, key: str) -> None:
        if key in self.erp.records:
            self.taken[key] = dict(self.erp.records[key])
            self.erp.remove(key)

    @rule(parent=products)
    def take_family_away(self, parent: str) -> None:
        for key in [key for key, row in self.erp.records.items() if parent in (key, row["parent"])]:
            self.take_away(key)

    @rule()
    def bring_back(self) -> None:
        for key, row in self.taken.items():
            if key not in self.erp.records:
                self.put(key, **row)
        self.taken.clear()

    # -- in the shop

    @rule(at=numbers, name=words)
    def rename_in_shop(self, at: int, name: str) -> None:
        if product := self.product(at):
            self.shop.edit_product(product["id"], name=name)

    @rule(at=numbers, price=prices, status=st.sampled_from(["publish", "private"]))
    def edit_variation_in_shop(self, at: int, price: str, status: str) -> None:
        if variation := self.variation(at):
            self.shop.edit_product(variation["id"], regular_price=price, status=status)

    @rule(at=numbers, kept=st.integers(0, 2))
    def images_in_shop(self, at: int, kept: int) -> None:
        if product := self.product(at):
            left = [{"id": image["id"]} for image in reversed(product["images"])]
            self.shop.edit_product(product["id"], images=left[:kept])

    @rule(at=numbers, how=st.sampled_from(["delete", "trash", "status"]))
    def remove_product_from_shop(self, at: int, how: str) -> None:
        if product := self.product(at):
            match how:
                case "delete":
                    self.shop.delete_product(product["id"])
                case "trash":
                    self.shop.trash_product(product["id"])
                case "status":
                    self.shop.edit_product(product["id"], status="trash")

    @rule()
    def take_out_of_the_shops_trash(self) -> None:
        for product in self.shop.products(status="trash"):
            if product["sku"] not in self.skus():
                self.shop.edit_product(product["id"], status="publish")

    @rule(at=numbers)
    def remove_variation_from_shop(self, at: int) -> None:
        if variation := self.variation(at):
            self.shop.delete_product(variation["id"])

    @rule(at=numbers, color=colors, sku=st.sampled_from(["", "V1", "V2", "N1"]))
    def add_variation_in_shop(self, at: int, color: str, sku: str) -> None:
        product = self.product(at)
        if product is None or product["type"] != "variable" or sku in self.skus():
            return
        if (color, "") in [options(each) for each in self.shop.below(product["id"])]:
            return
        others = [one for one in product["attributes"] if one["name"] != "Color"]
        offered = {"name": "Color", "options": ["Red", "Blue"], "variation": True}
        self.shop.edit_product(product["id"], attributes=[*others, offered])
        self.shop.create_variation(
            product["id"], sku=sku, regular_price="9.00", attributes=[{"name": "Color", "option": color}]
        )

    @rule(sku=products, name=words)
    def add_product_in_shop(self, sku: str, name: str) -> None:
        if sku not in self.skus(trashed=True):
            self.shop.create_product(sku=sku, name=name, regular_price="9.00")

    @rule(at=numbers, kind=st.sampled_from(["simple", "variable"]))
    def change_type_in_shop(self, at: int, kind: str) -> None:
        if product := self.product(at):
            self.shop.edit_product(product["id"], type=kind)

    @rule(at=numbers, manages=st.booleans())
    def manage_stock_in_shop(self, at: int, *, manages: bool) -> None:
        if product := self.product(at):
            self.shop.edit_product(product["id"], manage_stock=manages)

    # -- runs

    @rule(take=st.sampled_from(["erp", "store"]))
    def answer(self, take: str) -> None:
        with self.company.state.transaction():
            for one in self.company.state.journal.conflicts("job"):
                if one.field != "(type)" or take == "store":
                    self.company.state.journal.answer(one.id, {"take": take})

    @rule(
        faults=st.lists(st.sampled_from([None, *FAULTS]), max_size=5),
        full=st.booleans(),
        limit=st.sampled_from([None, None, 1, 2]),
    )
    def run_with_faults(self, faults: list[str | None], limit: int | None, *, full: bool) -> None:
        queue = list(faults)
        self.shop.fault = lambda: queue.pop(0) if queue else None
        try:
            self.company.run(full=full, limit=limit)
        except KilledError:
            self.company.state.connection.rollback()
        finally:
            self.shop.fault = lambda: None

    @rule(full=st.booleans())
    def a_dry_run_tells_what_the_run_does(self, *, full: bool) -> None:
        if self.company.state.ledger.has_open("job"):
            return
        before = (self.shown(), self.rows(), self.dump())
        told = self.company.run(dry_run=True, full=full)
        assert before == (self.shown(), self.rows(), self.dump())
        done = self.company.run(full=full)
        assert described(told) == described(done)
        self.accounted(done)

    @rule()
    def rest(self) -> None:
        self.come_to_rest()

    @invariant()
    def nothing_is_there_twice(self) -> None:
        if not hasattr(self, "company"):
            return
        found = self.skus()
        assert len(found) == len(set(found)), found
        for product in self.shop.products():
            below = [options(each) for each in self.shop.below(product["id"])]
            assert len(below) == len(set(below)), (product["sku"], below)

    # -- what must hold

    def come_to_rest(self) -> None:
        for _ in range(3):
            self.company.run(full=True)
        result = self.company.run()
        written = (self.shop.batches, self.erp.writes)
        again = self.company.run(full=True)
        assert (self.shop.batches, self.erp.writes) == written, [described(result), described(again)]
        assert (again.changes, again.status) == ([], "done")
        self.accounted(again)
        self.agreed(again)

    def agreed(self, result: Any) -> None:
        """Each row of the ERP is rejected, waits for a person, was let go, or is in the shop as the ERP has it."""
        rejected = {one.key for one in result.rejects}
        waiting = {one.key for one in self.company.state.journal.conflicts("job")}
        there = self.in_shop()
        for key, row in self.erp.records.items():
            if key in rejected | waiting:
                continue
            link = self.company.link(key)
            if link.lost == "store" and self.company.mapping.gone.from_store != "recreate":
                assert there.get(link.store_id, {"status": "trash"})["status"] == "trash", (key, link)
                continue
            assert link.store_id in there, (key, link)
            record = there[link.store_id]
            assert record["status"] != "trash", (key, record)
            for name, held in (("sku", record["sku"]), ("name", record["name"]), ("price", record["regular_price"])):
                one = self.company.mapping.fields[name]
                if not self.applies(one, record):
                    continue
                values = [one.read("erp", row[name], self.erp.format), one.read("store", held, self.erp.format)]
                ignored = one.empty == "ignore" and row[name] is None
                assert ignored or same(*values), (key, name, values, link)
            if record["type"] == "variation":
                assert options(record) == (row["color"] or "", row["size"] or "")
            wanted = row["images"] or []
            if NOWHERE not in wanted:
                most = 1 if record["type"] == "variation" else len(wanted)
                assert files(record["images"]) == files({"src": url} for url in wanted[:most]), (key, link)
            if record["type"] != "variable" and record["manage_stock"] is True and row["stock"] is not None:
                assert record["stock_quantity"] == row["stock"], (key, record)

    def applies(self, one: Field, record: dict[str, Any]) -> bool:
        return self.company.store().applies(one.store or "", record["type"])

    def in_shop(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for product in self.shop.all():
            found[str(product["id"])] = product
            for each in self.shop.below(product["id"]):
                sku = "" if each["sku"] == product["sku"] else each["sku"]
                saved = self.shop.site.store.product(each["id"])
                own = [each["image"]] if saved is not None and saved.fields.get("images") else []
                more = {"type": "variation", "sku": sku, "images": own}
                found[f"{product['id']}/{each['id']}"] = {**each, **more}
        return found

    def accounted(self, result: Any) -> None:
        for side in ("erp", "store"):
            rejected = len({one.where for one in result.rejects if one.side == side})
            told = result.unchanged.of(side) + result.changed.of(side) + result.unlinked.of(side) + rejected
            assert told == result.read.of(side)

    # -- the two sides

    def put(self, key: str, **cells: Any) -> None:
        if self.two_way:
            cells["sku"] = key
        self.company.row(key, **cells)

    def product(self, at: int) -> dict[str, Any] | None:
        found = self.shop.products()
        return found[at % len(found)] if found else None

    def variation(self, at: int) -> dict[str, Any] | None:
        found = [each for product in self.shop.products() for each in self.shop.below(product["id"])]
        return found[at % len(found)] if found else None

    def skus(self, *, trashed: bool = False) -> list[str]:
        found = [record["sku"] for record in self.in_shop().values() if trashed or record["status"] != "trash"]
        return [sku for sku in found if sku]

    def shown(self) -> list[Any]:
        return [[product, self.shop.below(product["id"])] for product in self.shop.all()]

    def rows(self) -> dict[str, Any]:
        return {key: dict(row) for key, row in self.erp.records.items()}

    def dump(self) -> list[str]:
        return list(self.company.state.connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]


def options(variation: dict[str, Any]) -> tuple[str, str]:
    """Its colour and its size."""
    chosen = {one["name"]: str(one["option"]) for one in variation["attributes"]}
    return chosen.get("Color", ""), chosen.get("Size", "")


def files(images: Iterable[dict[str, str]]) -> list[str]:
    """Their names, without what the shop adds where it has one of that name already."""
    return [re.sub(r"-\d+$", "", PurePosixPath(image["src"]).stem) for image in images]


TestCatalogue = Catalogue.TestCase
TestCatalogue.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    report_multiple_bugs=False,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
