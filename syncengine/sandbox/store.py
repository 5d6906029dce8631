"""The sandbox's SQLite database: products, terms, orders and the rest as records, and nothing of what they mean.

One connection serves all threads behind one lock. A request works in one transaction; what it wrote before it broke
off stays written, as in a real store (FACTS-WOOCOMMERCE, 2).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncengine.sandbox import columns, values
from syncengine.sandbox.tables import Table

SKU_KEPT = 100  # the lookup table holds this many characters of a SKU: longer ones clash with their own prefix

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS product (
    id INTEGER PRIMARY KEY, created TEXT NOT NULL, modified TEXT NOT NULL, status TEXT NOT NULL, type TEXT NOT NULL,
    parent INTEGER NOT NULL, slug TEXT NOT NULL, sku_key TEXT NOT NULL, lookup TEXT NOT NULL, gtin TEXT NOT NULL,
    title TEXT NOT NULL, price REAL NOT NULL, sold INTEGER NOT NULL, position INTEGER NOT NULL, stock TEXT NOT NULL,
    featured INTEGER NOT NULL, visible INTEGER NOT NULL, words TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS product_modified ON product (modified);
CREATE INDEX IF NOT EXISTS product_created ON product (created);
CREATE INDEX IF NOT EXISTS product_status ON product (status, type);
CREATE INDEX IF NOT EXISTS product_sku ON product (sku_key) WHERE sku_key <> '';
CREATE INDEX IF NOT EXISTS product_lookup ON product (lookup) WHERE lookup <> '';
CREATE INDEX IF NOT EXISTS product_gtin ON product (gtin) WHERE gtin <> '';
CREATE INDEX IF NOT EXISTS product_slug ON product (slug);
CREATE INDEX IF NOT EXISTS product_parent ON product (parent, position, id) WHERE parent <> 0;
CREATE TABLE IF NOT EXISTS product_term (
    product INTEGER NOT NULL, term INTEGER NOT NULL, PRIMARY KEY (product, term)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS product_term_term ON product_term (term);
CREATE TABLE IF NOT EXISTS term (
    id INTEGER PRIMARY KEY, taxonomy TEXT NOT NULL, name TEXT NOT NULL, slug TEXT NOT NULL, parent INTEGER NOT NULL,
    description TEXT NOT NULL, display TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS attribute (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, slug TEXT NOT NULL, kind TEXT NOT NULL, order_by TEXT NOT NULL,
    archives INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS media (
    id INTEGER PRIMARY KEY, created TEXT NOT NULL, modified TEXT NOT NULL, file TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, alt TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tax_class (slug TEXT PRIMARY KEY, name TEXT NOT NULL);
"""
_PRODUCT_COLUMNS = 19
_PUT_PRODUCT = f"INSERT OR REPLACE INTO product VALUES ({','.join('?' * _PRODUCT_COLUMNS)})"  # noqa: S608


@dataclass
class Product:
    """A stored product or variation: `fields` holds what differs from the defaults, dates are GMT texts."""

    id: int
    created: str
    modified: str
    fields: dict[str, Any] = field(default_factory=dict)

    def row(self) -> tuple[Any, ...]:
        get = self.fields.get
        sku_key = values.collated(get("sku", ""))
        price = get("price") or get("sale_price") or get("regular_price", "")
        words = "\n".join(str(get(name, "")) for name in ("name", "short_description", "description"))
        return (
            self.id, self.created, self.modified, get("status", "publish"), get("type", "simple"),
            get("parent_id", 0), get("slug", ""), sku_key, values.collated(get("sku", "")[:SKU_KEPT]),
            get("global_unique_id", ""), values.collated(get("name", "")), values.amount(price),
            get("total_sales", 0), get("menu_order", 0), get("stock_status", "instock"), int(get("featured", False)),
            int(get("catalog_visibility", "visible") in ("visible", "catalog")), values.collated(words),
            json.dumps(self.fields, ensure_ascii=False, separators=(",", ":")),
        )  # fmt: skip

    def terms(self) -> set[int]:
        """Every category, tag, shipping class and global attribute's term that it is filed under."""
        get = self.fields.get
        options = {term for attribute in get("attributes", ()) for term in attribute.get("terms", ())}
        shipping = (get("shipping_class"),) if get("shipping_class") else ()
        return {*get("categories", ()), *get("tags", ()), *shipping, *options}


@dataclass
class Term:
    """A category, a tag, a shipping class, or a term of a global attribute (taxonomy `pa_…`)."""

    id: int
    taxonomy: str
    name: str
    slug: str
    parent: int = 0
    description: str = ""
    display: str = "default"
    position: int = 0


@dataclass
class Attribute:
    """A global attribute; its terms are of the taxonomy that its slug names."""

    id: int
    name: str
    slug: str
    kind: str = "select"
    order_by: str = "menu_order"
    archives: bool = False


@dataclass
class Attachment:
    """A picture in the media library; `file` is its path below wp-content/uploads, dates are GMT texts."""

    id: int
    created: str
    modified: str
    file: str
    title: str
    alt: str = ""


class Store:
    """The database. Terms, attributes and tax classes are few: they live in memory and are written through."""

    def __init__(self, path: str | Path) -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, cached_statements=256)
        try:
            self._prepare()
        except sqlite3.Error:
            self._db.close()
            raise
        self.customers = Table(self._db, "customer", columns.CUSTOMER, ("login", "email"))
        self.coupons = Table(self._db, "coupon", columns.COUPON, ("code",))
        self.orders = Table(self._db, "shop_order", columns.ORDER, ("status", "customer"))
        self.refunds = Table(self._db, "refund", columns.REFUND, ("parent",))
        self.notes = Table(self._db, "note", columns.NOTE, ("parent",))
        self.terms = {row[0]: Term(*row) for row in self._db.execute("SELECT * FROM term")}
        self.attributes = {row[0]: Attribute(*row) for row in self._db.execute("SELECT * FROM attribute")}
        self.tax_classes: dict[str, str] = dict(self._db.execute("SELECT slug, name FROM tax_class ORDER BY rowid"))
        self._counters: dict[str, int] = dict(self._db.execute("SELECT name, value FROM counter"))
        self._counters_moved = False
        self._counts: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._slug_ends: dict[str, int] = {}
        self._file_ends: dict[tuple[str, str], int] = {}

    def _prepare(self) -> None:
        # A shop to try things in may lose its last second to a power cut.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA journal_mode = MEMORY")
        self._db.execute("PRAGMA cache_size = -65536")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self.lock:
            self._db.close()

    @contextmanager
    def work(self) -> Iterator[None]:
        """Everything within is one piece of work: nobody else reads or writes meanwhile, and it is kept at the end."""
        with self.lock:
            nested = self._db.in_transaction
            if not nested:
                self._db.execute("BEGIN")
            try:
                yield
            finally:
                if not nested:
                    self._keep_counters()
                    self._db.execute("COMMIT")

    def _keep_counters(self) -> None:
        if self._counters_moved:
            self._db.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", self._counters.items())
            self._counters_moved = False

    def next_id(self, name: str, first: int = 1) -> int:
        """A number that was never given before; products and terms and meta rows each have their own."""
        self._counters_moved = True
        self._counters[name] = self._counters.get(name, first - 1) + 1
        return self._counters[name]

    # -- products

    def product(self, product_id: int) -> Product | None:
        found = self._db.execute(
            "SELECT id, created, modified, doc FROM product WHERE id = ?", (product_id,)
        ).fetchone()
        return Product(found[0], found[1], found[2], json.loads(found[3])) if found else None

    def put_product(self, product: Product, terms_before: set[int] | None = None) -> None:
        """Saves a product; `terms_before` are the terms that it was filed under, None for a new one."""
        self._counts.clear()
        self._db.execute(_PUT_PRODUCT, product.row())
        terms = product.terms()
        before = terms_before or set()
        if before - terms:
            self._db.execute("DELETE FROM product_term WHERE product = ?", (product.id,))
            before = set()
        if terms - before:
            rows = [(product.id, term) for term in terms - before]
            self._db.executemany("INSERT OR IGNORE INTO product_term VALUES (?, ?)", rows)

    def put_products(self, products: Iterable[Product]) -> None:
        """Saves many new products at once."""
        batch = list(products)
        self._counts.clear()
        self._db.executemany(_PUT_PRODUCT, (product.row() for product in batch))
        filed = ((product.id, term) for product in batch for term in product.terms())
        self._db.executemany("INSERT OR IGNORE INTO product_term VALUES (?, ?)", filed)

    def remove_product(self, product_id: int) -> None:
        self._counts.clear()
        self._db.execute("DELETE FROM product WHERE id = ?", (product_id,))
        self._db.execute("DELETE FROM product_term WHERE product = ?", (product_id,))

    def select(self, where: str, args: Sequence[Any], order: str, limit: int, offset: int) -> list[Product]:
        """Products by SQL: `where` and `order` come from this package, what a client sent goes through `args`."""
        query = f"SELECT id, created, modified, doc FROM product WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
        rows = self._db.execute(query, (*args, limit, offset)).fetchall()
        return [Product(row[0], row[1], row[2], json.loads(row[3])) for row in rows]

    def count(self, where: str, args: Sequence[Any]) -> int:
        key = (where, tuple(args))
        if key not in self._counts:
            found = self._db.execute(f"SELECT COUNT(*) FROM product WHERE {where}", args).fetchone()  # noqa: S608
            self._counts[key] = int(found[0])
        return self._counts[key]

    def holder(self, column: str, value: str, *, but: int = 0, trashed: bool = False) -> int | None:
        """The first other product that holds this value; those in the trash count only with `trashed`."""
        alive = "" if trashed else " AND status <> 'trash'"
        query = f"SELECT id FROM product WHERE {column} = ? AND {column} <> '' AND id <> ?{alive} ORDER BY id LIMIT 1"  # noqa: S608
        found = self._db.execute(query, (value, but)).fetchone()
        return int(found[0]) if found else None

    def free_slug(self, wanted: str, product_id: int) -> str:
        """The slug, or the first of slug-2, slug-3, … that no other product has."""
        taken = "SELECT 1 FROM product WHERE slug = ? AND id <> ?"
        if not self._db.execute(taken, (wanted, product_id)).fetchone():
            return wanted
        number = self._slug_ends.get(wanted, 2)
        while self._db.execute(taken, (f"{wanted}-{number}", product_id)).fetchone():
            number += 1
        self._slug_ends[wanted] = number
        return f"{wanted}-{number}"

    # -- terms and attributes

    def put_term(self, term: Term) -> None:
        self.terms[term.id] = term
        row = (term.id, term.taxonomy, term.name, term.slug, term.parent, term.description, term.display, term.position)
        self._db.execute("INSERT OR REPLACE INTO term VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def remove_term(self, term_id: int) -> None:
        del self.terms[term_id]
        self._db.execute("DELETE FROM term WHERE id = ?", (term_id,))

    def filed_under(self, term_id: int) -> list[Product]:
        return self.select("id IN (SELECT product FROM product_term WHERE term = ?)", (term_id,), "id", -1, 0)

    def term_counts(self, term_ids: Iterable[int]) -> dict[int, int]:
        """How many published, visible products each term has."""
        marks = ",".join(str(int(term)) for term in term_ids)
        shown = f"term IN ({marks}) AND status = 'publish' AND visible"
        query = f"SELECT term, COUNT(*) FROM product_term JOIN product ON id = product WHERE {shown} GROUP BY term"  # noqa: S608
        return dict(self._db.execute(query).fetchall())

    def put_attribute(self, attribute: Attribute) -> None:
        self.attributes[attribute.id] = attribute
        row = (
            attribute.id,
            attribute.name,
            attribute.slug,
            attribute.kind,
            attribute.order_by,
            int(attribute.archives),
        )
        self._db.execute("INSERT OR REPLACE INTO attribute VALUES (?, ?, ?, ?, ?, ?)", row)

    def remove_attribute(self, attribute_id: int) -> None:
        del self.attributes[attribute_id]
        self._db.execute("DELETE FROM attribute WHERE id = ?", (attribute_id,))

    def put_tax_class(self, slug: str, name: str) -> None:
        self.tax_classes[slug] = name
        self._db.execute("INSERT INTO tax_class VALUES (?, ?)", (slug, name))

    # -- media

    def attachment(self, attachment_id: int) -> Attachment | None:
        found = self._db.execute("SELECT * FROM media WHERE id = ?", (attachment_id,)).fetchone()
        return Attachment(*found) if found else None

    def has_file(self, file: str) -> bool:
        return self._db.execute("SELECT 1 FROM media WHERE file = ?", (file,)).fetchone() is not None

    def put_attachment(self, attachment: Attachment) -> None:
        row = (
            attachment.id,
            attachment.created,
            attachment.modified,
            attachment.file,
            attachment.title,
            attachment.alt,
        )
        self._db.execute("INSERT OR REPLACE INTO media VALUES (?, ?, ?, ?, ?, ?)", row)

    def attachments(self, limit: int, offset: int) -> list[Attachment]:
        """A page of the media library, newest first."""
        rows = self._db.execute("SELECT * FROM media ORDER BY id DESC LIMIT ? OFFSET ?", (limit, offset))
        return [Attachment(*row) for row in rows]

    def count_attachments(self) -> int:
        return int(self._db.execute("SELECT COUNT(*) FROM media").fetchone()[0])

    def free_file(self, folder: str, name: str) -> str:
        """The path of a file that is not there yet: a.png, then a-1.png, a-2.png (FACTS-WOOCOMMERCE, 6)."""
        stem, _, ending = name.rpartition(".")
        number = self._file_ends.get((folder, name), 0)
        while self.has_file(file := f"{folder}/{stem}{f'-{number}' if number else ''}.{ending}"):
            number += 1
        self._file_ends[folder, name] = number
        return file
