"""Reading variations, in as few requests as the store allows.

There is no list of all variations: each product has its own. But `sku=` finds variations of any product, a hundred at
once (FACTS-WOOCOMMERCE, 4), and every variable product names the ids of its variations. So those whose SKU is known
are asked for by it, and only where something is missing then is a product's own list read.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from syncengine.endpoints.woocommerce.client import Client
from syncengine.endpoints.woocommerce.kinds import VARIATION, as_variation
from syncengine.endpoints.woocommerce.lists import PER_PAGE, Rows, asked, chunks

__all__ = ["Variations"]

FEW = 20  # variations of one product that are asked for by their ids, not by reading its whole list


class Variations:
    """The variations of one store. Remembers the SKUs that it has seen, for the next reading."""

    def __init__(self, client: Client, concurrency: int) -> None:
        self._client = client
        self._concurrency = concurrency
        self._skus: dict[int, str] = {}  # of variations
        self._parents: dict[int, str] = {}  # SKUs of their products
        self._expected: set[str] = set()

    def load(self, seen: bytes) -> None:
        """Take up what `saved` gave."""
        if seen:
            self._skus = {int(number): sku for number, sku in json.loads(zlib.decompress(seen)).items()} | self._skus

    def saved(self) -> bytes:
        return zlib.compress(json.dumps(self._skus, separators=(",", ":")).encode()) if self._skus else b""

    def expect(self, skus: Collection[str]) -> None:
        """SKUs that variations nobody has seen yet may have."""
        self._expected = {sku for sku in skus if sku not in ("", "0")}

    def met(self, products: Iterable[Mapping[str, Any]]) -> None:
        """Products as they are read: their SKUs are no variations' ones."""
        for product in products:
            sku = str(product.get("sku") or "")
            if product.get("type") != VARIATION:
                self._expected.discard(sku)
                if product.get("type") == "variable" or product.get("variations"):
                    self._parents[product["id"]] = sku

    def below(self, wanted: Mapping[int, Collection[int]], fields: str) -> Iterator[Rows]:
        """These variations, given as {product: ids}, as far as they are there."""
        left = {product: set(ids) for product, ids in wanted.items() if ids}
        self._know_parents(left)
        yield from self._by_sku(left, fields)
        requests = []
        for product, ids in left.items():
            few = {"include": ",".join(map(str, sorted(ids)))} if len(ids) <= FEW else {}
            if ids:
                requests.append((_route(product), {"context": "edit", "_fields": fields, **few}))
        for (path, _), rows in zip(requests, asked(self._client, requests, self._concurrency), strict=True):
            product = int(path.split("/")[1])
            if found := [self._known(row, product) for row in rows if row["id"] in left[product]]:
                yield found

    def by_id(self, ids: Iterable[str], fields: str) -> Iterator[Rows]:
        """Variations by ids such as `10/25`."""
        wanted: dict[int, set[int]] = defaultdict(set)
        for one in ids:
            product, _, number = one.rpartition("/")
            if product.isdigit() and number.isdigit():
                wanted[int(product)].add(int(number))
        yield from self.below(wanted, fields)

    def marked(self, product: str, key: str) -> Iterator[tuple[str, str]]:
        """(value of the meta key, id) of a product's variations."""
        request = (_route(int(product)), {"context": "edit", "_fields": "id,meta_data"})
        for rows in asked(self._client, [request], 1):
            for row in rows:
                for meta in row.get("meta_data") or ():
                    if meta.get("key") == key:
                        yield str(meta.get("value")), f"{product}/{row['id']}"

    def knows(self, number: int) -> bool:
        """Whether this is known to be a variation's number."""
        return number in self._skus

    def told(self, row: Mapping[str, Any], product: str) -> dict[str, Any]:
        """A variation that was found by what is its own."""
        return self._known(row, int(product))

    def answered(self, row: Mapping[str, Any], product: str, *, named: bool) -> dict[str, Any]:
        """A variation as the store answered for it. Unless it was `named` just now, its SKU may be its product's."""
        if not named and row.get("sku") and row["id"] not in self._skus:
            self._know_parents([int(product)])
        return self._known(row, int(product))

    def _by_sku(self, left: dict[int, set[int]], fields: str) -> Iterator[Rows]:
        """Those whose SKU is known or expected, if that takes fewer requests. Takes them out of `left`."""
        known = {sku for ids in left.values() for number in ids if (sku := self._skus.get(number))}
        strangers = sum(number not in self._skus for ids in left.values() for number in ids)
        hopes = self._expected if strangers else set()
        queries = list(chunks(sorted({" ".join(sku.split()) for sku in known | hopes})))
        if not queries or len(queries) >= _lists(left):
            return
        parameters = {"status": "any", "context": "edit", "_fields": f"{fields},type,parent_id"}
        requests = [("products", {**parameters, "sku": ",".join(chunk)}) for chunk in queries]
        for rows in asked(self._client, requests, self._concurrency):
            found = []
            for row in rows:
                if row["id"] in left.get(row.get("parent_id") or 0, ()) and row.get("type") == VARIATION:
                    left[row["parent_id"]].discard(row["id"])
                    found.append(self._known(row, row["parent_id"]))
            if found:
                yield found

    def _known(self, row: Mapping[str, Any], product: int) -> dict[str, Any]:
        found = as_variation(row, product, self._parents.get(product))
        if found.get("sku"):
            self._skus[found["id"]] = str(found["sku"])
        else:
            self._skus.pop(found["id"], None)
        return found

    def _know_parents(self, products: Iterable[int]) -> None:
        """A variation without SKU shows its product's: that has to be known."""
        strange = sorted(str(product) for product in products if product not in self._parents)
        requests = [
            ("products", {"include": ",".join(chunk), "status": status, "_fields": "id,sku", "context": "edit"})
            for chunk in chunks(strange)
            for status in ("any", "trash")
        ]
        for rows in asked(self._client, requests, self._concurrency):
            self._parents.update((row["id"], str(row.get("sku") or "")) for row in rows)


def _route(product: int) -> str:
    return f"products/{product}/variations"


def _lists(left: Mapping[int, Collection[int]]) -> int:
    """How many requests reading the products' own lists takes."""
    return sum(-(-len(ids) // PER_PAGE) for ids in left.values())
