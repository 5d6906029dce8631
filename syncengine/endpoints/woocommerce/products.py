"""The products of a store and their variations, with categories, tags, attributes and meta.

lists.py reads whole lists, pull.py what changed, variations.py what stands below a product; paths.py turns products
into cells and changes into products, kinds.py knows which of them have what; refusals.py keeps back what the store
would mangle; options.py, batches.py and terms.py write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from syncengine.endpoints import Cursor, OpenOrder, Page
from syncengine.endpoints.woocommerce.apis import inspection_of
from syncengine.endpoints.woocommerce.batches import Batches
from syncengine.endpoints.woocommerce.kinds import VARIATION, applies, parent_of
from syncengine.endpoints.woocommerce.lists import PER_PAGE, asked, chunks, rows_in
from syncengine.endpoints.woocommerce.open_orders import open_orders
from syncengine.endpoints.woocommerce.options import extensions
from syncengine.endpoints.woocommerce.paths import MARK, RICH_TEXT, Paths, Product, options_in
from syncengine.endpoints.woocommerce.pull import ProductPull, by_id
from syncengine.endpoints.woocommerce.refusals import CONNECTED, Refusals, contradictions, ignored
from syncengine.endpoints.woocommerce.schema import filters
from syncengine.endpoints.woocommerce.store import Store
from syncengine.endpoints.woocommerce.terms import Kind, Terms
from syncengine.endpoints.woocommerce.texts import alike
from syncengine.endpoints.woocommerce.variations import Variations
from syncengine.errors import CannotRun
from syncengine.records import Change, Outcome
from syncengine.values import Ordered, Value, is_empty, match_key, same

if TYPE_CHECKING:
    from syncengine.endpoints.woocommerce.inspect import ShopInspection

__all__ = ["Products"]

SEARCHED_PAGES = 20  # how many of the newest products are looked through for marks
EVERY_STATUS = "publish,private,draft,pending,future,trash"
MANY = 2  # queries from which on it pays to ask what the store can do
TERM_KINDS = ("category", "tag")


class Products(Store):
    """The products of one store, for one job."""

    connected = CONNECTED
    unique = ("sku", "global_unique_id")

    def _begin(self) -> None:
        self.kind = "type"
        self._variations = Variations(self._client, self._connection.concurrency)
        self._terms = Terms(self._client, self._connection.concurrency, self._view.run)
        self._paths = Paths(self._view.mapping, self._terms)
        self._refusals = Refusals(self._terms)
        self._batches = Batches(self._client, self._paths, self._refusals, self._shrink, self._variations)

    def pull(self, cursor: Cursor, wanted: Collection[str], *, full: bool) -> ProductPull:
        return ProductPull(
            self._client,
            self._paths,
            self._variations,
            self._view.mapping,
            concurrency=self.concurrency,
            overlap=self._connection.overlap,
            cursor=cursor,
            wanted=wanted,
            full=full,
        )

    def fetch(self, ids: Collection[str]) -> Iterator[Page]:
        found: set[str] = set()
        for status in ("any", "trash"):  # the default list leaves the trash out (FACTS-WOOCOMMERCE, 4)
            for rows in by_id(self._client, set(ids) - found, self._paths.fields, status, self.concurrency):
                found.update(str(row["id"]) for row in rows)
                self._variations.met(rows)
                yield self._paths.page(rows)
        for rows in self._variations.by_id((one for one in ids if parent_of(one)), self._paths.variation_fields):
            yield self._paths.page(rows)

    def find(self, path: str, values: Collection[str]) -> Iterator[Page]:
        if path == "id":
            yield from self.fetch(values)
            return
        if path not in ("sku", "global_unique_id"):
            raise CannotRun(f"{self._view.mapping.file}: products are looked up by id, sku or gtin, not by {path!r}")
        wanted = {match_key(value) for value in values}
        # an empty value and "0" are no filter, the store then returns everything; spaces around a comma break the list
        words = sorted({" ".join(value.split()) for value in values} - {"", "0"})
        parameters = {"context": "edit", "_fields": f"{self._paths.fields},{path}"}
        named = list(chunks(words))
        everywhere = self._everywhere(len(named))
        requests = [
            ("products", {path: ",".join(chunk), **statuses, **parameters})
            for chunk in named
            for statuses in everywhere
        ]
        for found in asked(self._client, requests, self.concurrency):
            told = [self._told(row) for row in found]
            if matching := [row for row in told if match_key(str(self._paths.cell(path, row))) in wanted]:
                yield self._paths.page(matching, extra=path)

    def refusal(self, path: str, value: Value) -> str:
        return self._refusals.of(path, value) or self._client.refusal(path, value)

    def normal(self, path: str, value: Value) -> Value:
        """How the store will spell this value when it answers: beyond the protocol, to compare answers by."""
        return self._paths.normal(path, value)

    def applies(self, path: str, kind: str) -> bool:
        return applies(path, kind)

    def fitting(self, path: str, value: Value, kind: str) -> Value:
        """A variation has one image."""
        if path == "images" and kind == VARIATION and isinstance(value, list):
            return Ordered(value[:1])
        return value

    def kept(self, path: str, sent: Value, told: Value) -> bool:
        """An image that was sent by its URL has one of the store's now; options may come back in another order. A term
        is known by then that the store takes for the same; who has no category any more gets the shop's default one,
        whatever that is called (FACTS-WOOCOMMERCE, 6 and 7). Texts come back dressed for a page, those of variations
        always and all where the store's API is the old one."""
        if path == "images" and isinstance(sent, list) and isinstance(told, list):
            return len(sent) == len(told)
        if path in ("categories", "tags") and isinstance(told, list):
            wanted = self.normal(path, sent)
            return same(wanted, told) or (path == "categories" and is_empty(wanted) and len(told) == 1)
        if path.startswith("attribute:"):
            return sorted(map(match_key, options_in(sent))) == sorted(map(match_key, options_in(told)))
        if path in RICH_TEXT and isinstance(sent, str) and isinstance(told, str) and alike(sent, told):
            return True
        return self._client.tells(path, sent, told)

    def contradictions(self, values: Mapping[str, Value]) -> dict[str, str]:
        return contradictions(values)

    def ignores(self, values: Mapping[str, Value]) -> Collection[str]:
        return ignored(values)

    def expect(self, keys: Mapping[str, Collection[str]]) -> None:
        self._variations.expect(keys.get("sku", ()))

    def cut(self, changes: Sequence[Change], most: int) -> list[list[Change]]:
        """Products by the hundred; the variations of each product on their own, for each has its own batch."""
        by_product: dict[str, list[Change]] = {}
        for change in changes:
            by_product.setdefault(change.below or parent_of(change.record_id), []).append(change)
        return [mine[at : at + most] for mine in by_product.values() for at in range(0, len(mine), most)]

    def prerequisites(self, changes: Sequence[Change]) -> list[Change]:
        terms = self._terms.prerequisites(self._named_terms(changes))
        return [*terms, *extensions(self._client, self._paths, changes, self._view.run)]

    def send(self, changes: Sequence[Change]) -> list[Outcome]:
        """Thread-safe; terms and products may come mixed."""
        if self._view.read_only:
            raise CannotRun(f"connections.{self._connection.name}: a dry run was about to write")
        terms = [change for change in changes if change.entity in TERM_KINDS]
        products = [change for change in changes if change.entity not in TERM_KINDS]
        sent = [*self._terms.create(terms), *self._batches.send(products)]
        outcomes = {id(outcome.change): outcome for outcome in sent}
        return [outcomes[id(change)] for change in changes]

    def find_marked(self, changes: Sequence[Change]) -> dict[str, str]:
        """Updates by their product's id; creates among the newest products, down to a bound."""
        marked: dict[str, str] = {}
        wanted = {change.id for change in changes if change.entity not in TERM_KINDS}
        ids = {change.record_id for change in changes if change.record_id is not None}
        products = {product for one in changes if (product := one.below or parent_of(one.record_id))}
        for product in products:
            marked.update((mark, found) for mark, found in self._variations.marked(product, MARK) if mark in wanted)
        for status in ("any", "trash"):
            for rows in by_id(self._client, ids, "id,meta_data", status):
                marked.update((mark, str(row["id"])) for row in rows if (mark := _mark(row)) in wanted)
        creates = {
            change.id
            for change in changes
            if change.action == "create" and change.entity not in TERM_KINDS and change.kind != VARIATION
        }
        for page in range(1, SEARCHED_PAGES + 1):
            if creates <= marked.keys():
                break
            newest = {"orderby": "id", "order": "desc", "per_page": PER_PAGE, "page": page, "_fields": "id,meta_data"}
            found = rows_in(self._client, self._client.get("products", {**newest, "context": "edit"}), "products")
            marked.update((mark, str(row["id"])) for row in found if (mark := _mark(row)) in creates)
            if len(found) < PER_PAGE:
                break
        return marked

    def open_orders(self, cursor: Cursor, known: Collection[str], *, full: bool) -> tuple[list[OpenOrder], Cursor]:
        booked = (self._view.mapping.store.booked or "").removeprefix("meta:")
        overlap = self._connection.overlap
        return open_orders(
            self._client, booked, cursor, known, full=full, overlap=overlap, concurrency=self.concurrency
        )

    def inspect(self) -> ShopInspection:
        records = lambda: iter(self.pull(Cursor(), (), full=True))  # noqa: E731
        return inspection_of(self._connection, self._client, self._view.mapping, records)

    def _told(self, row: Product) -> Product:
        """`sku=` finds variations too (FACTS-WOOCOMMERCE, 4)."""
        return self._variations.told(row, str(row.get("parent_id") or 0)) if row.get("type") == VARIATION else row

    def _everywhere(self, queries: int) -> Sequence[Mapping[str, str]]:
        """Filters that find a product wherever it is. The default list leaves the trash out; newer stores can be asked
        for all at once, others would ignore that without a word (FACTS-WOOCOMMERCE, 4), so for many they are asked."""
        if queries > MANY and "include_status" in filters(self._client.options("products").body):
            return ({"include_status": EVERY_STATUS},)
        return ({"status": "any"}, {"status": "trash"})

    def _named_terms(self, changes: Sequence[Change]) -> Iterator[tuple[Kind, str, str]]:
        for change in changes:
            for name, field in change.fields.items():
                path, _ = self._paths.path_of(name)
                if path in ("categories", "tags") and field.new:
                    kind: Kind = "category" if path == "categories" else "tag"
                    for text in field.new if isinstance(field.new, list) else [field.new]:
                        yield kind, str(text), change.name


def _mark(product: Product) -> str:
    return next((str(one.get("value")) for one in product.get("meta_data") or () if one.get("key") == MARK), "")
