"""Store paths: cells in their normal form out of products, and the JSON of products out of changes.

Normal form means that equal cells are equal values: text trimmed and with its entities decoded (the store keeps
"A & B" as "A &amp; B"), dates in GMT, terms and classes as names or paths. Everything else stands as the store gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pandas as pd

from syncengine.endpoints import Absence, Page
from syncengine.endpoints.woocommerce.kinds import VARIATION, applies, id_of
from syncengine.endpoints.woocommerce.moments import bare, moment_of, zoned
from syncengine.endpoints.woocommerce.objects import MARK, meta_value
from syncengine.endpoints.woocommerce.terms import Kind, Terms
from syncengine.mapping import Field, Mapping
from syncengine.records import Change, FieldChange
from syncengine.values import Type, Value, encode, match_key

__all__ = ["MARK", "Paths", "Product", "UnknownTerm", "options_in"]

PLAIN_TEXT = frozenset({"name", "sku", "slug", "global_unique_id", "button_text", "external_url"})
CLASSES = frozenset({"tax_class", "shipping_class"})
RICH_TEXT = frozenset({"description", "short_description", "purchase_note"})
WHOLE = frozenset({"stock_quantity", "low_stock_amount", "menu_order", "download_limit", "download_expiry"})
DATES = frozenset(
    f"{name}{suffix}"
    for name in ("date_on_sale_from", "date_on_sale_to", "date_created", "date_modified")
    for suffix in ("", "_gmt")
)
PRICES = frozenset({"regular_price", "sale_price"})
MEASURES = frozenset({"weight", "dimensions.length", "dimensions.width", "dimensions.height"})
ABSENT: dict[Absence, str] = {"trash": " (in the trash)", "unselected": " (not selected)"}
KEPT_OF_ATTRIBUTE = ("id", "name", "position", "visible", "variation", "options")

Product = dict[str, Any]


class UnknownTerm(Exception):
    """A category or tag that the store does not have (any more): nothing may be sent in its place."""


@dataclass(frozen=True, slots=True)
class _Column:
    path: str
    top: str  # the product's field that it comes from
    read: Callable[[Product], Any]

    def of(self, product: Product) -> Any:
        """The cell; None for what variations do not have, though the store tells them some of it."""
        if product.get("type") == VARIATION and not applies(self.path, VARIATION):
            return None
        return self.read(product)


class Paths:
    """The paths of one mapping."""

    def __init__(self, mapping: Mapping, terms: Terms) -> None:
        self._terms = terms
        self._fields = mapping.fields
        self._types = {path: field.type for path in mapping.paths("store") for field in mapping.by_path("store", path)}
        self._columns = [self._column(path) for path in dict.fromkeys([*mapping.paths("store"), "type"])]
        self._dated = mapping.erp.modified is not None
        self._only = mapping.store.only
        selecting = [self._column(path) for path in mapping.store.only]
        tops = ["id", "type", "parent_id", "status", "sku", *(column.top for column in (*self._columns, *selecting))]
        if self._dated:
            tops.append("date_modified_gmt")
        own = [top for top in tops if applies(top, VARIATION)]
        image = ["image"] if "images" in own else []
        # for `_fields`: 24 times fewer bytes (FACTS-WOOCOMMERCE, 14)
        self.fields = ",".join(dict.fromkeys([*tops, "variations"]))
        self.variation_fields = ",".join(dict.fromkeys([*own, *image]))

    def page(self, products: Sequence[Product], extra: str | None = None) -> Page:
        """Products as columns; `extra` is a path that is wanted though no field maps it."""
        columns = self._columns
        if extra is not None and extra not in self._types:
            columns = [*columns, self._column(extra)]
        absent = {at: away for at, product in enumerate(products) if (away := self._absence(product)) is not None}
        cells = {c.path: pd.Series([c.of(product) for product in products], dtype=object) for c in columns}
        return Page(
            ids=[id_of(product) for product in products],
            where=[_where(product, absent.get(at)) for at, product in enumerate(products)],
            cells=pd.DataFrame(cells, columns=[c.path for c in columns], dtype=object, index=range(len(products))),
            modified=[moment_of(product.get("date_modified_gmt")) for product in products] if self._dated else None,
            absent=absent,
        )

    def _absence(self, product: Product) -> Absence | None:
        if product.get("type") != VARIATION and product.get("status") == "trash":
            return "trash"
        return None if self.selects(product) else "unselected"

    def selects(self, product: Product) -> bool:
        """Whether the mapping asks for a product. A filter that the store does not know is ignored and everything comes
        back: check that it filtered. Variations are selected with their product."""
        if product.get("type") == VARIATION:
            return True
        statuses = self._only.get("status")
        if product.get("status") not in statuses if statuses else product.get("status") == "trash":
            return False
        return all(
            _has(self.cell(path, product), {*allowed, *(str(self.normal(path, word)) for word in allowed)})
            for path, allowed in self._only.items()
            if path != "status"
        )

    def cells(self, product: Product) -> dict[str, Any]:
        return {column.path: column.of(product) for column in self._columns}

    def cell(self, path: str, product: Product) -> Any:
        return self._column(path).of(product)

    def normal(self, path: str, value: Value) -> Value:
        """A value as it will be read back: in the normal form of its path."""
        if path in ("categories", "tags") and isinstance(value, list):
            kind: Kind = "category" if path == "categories" else "tag"
            named = [str(one) for one in value if kind == "tag" or not self._terms.is_none(str(one))]
            return sorted({self._terms.spelled(kind, one) for one in named})
        if path.startswith("attribute:") and value is not None:
            options = options_in(value)
            return options if isinstance(value, list) else " | ".join(options)
        if isinstance(value, str) and path in CLASSES:
            slug = self._terms.class_slug(path, value)
            return value if slug is None else self._terms.class_shown(path, slug)
        if isinstance(value, str) and path in PLAIN_TEXT:
            return _decoded(value)
        return _rich(value) if isinstance(value, str) and path in RICH_TEXT else value

    def path_of(self, name: str) -> tuple[str, Type]:
        """Where a change's field goes; a name that no field has is a path itself (`status`, to trash a product)."""
        field: Field | None = self._fields.get(name)
        return (field.store or name, field.type) if field is not None else (name, self._types.get(name, Type()))

    def item(self, change: Change, present: Product, leave_out: Collection[str] = ()) -> Product:
        """The JSON that makes a product what the change says: the changed fields and nothing else.

        `present` has the product's attributes and images, because a list of either replaces the whole set, and an
        image sent by its URL is downloaded again (FACTS-WOOCOMMERCE, 6).
        """
        item = _begun(change)
        meta: list[dict[str, Any]] = []
        chosen: list[tuple[str, list[str], bool]] = []
        for name, field in change.fields.items():
            if name in leave_out:
                continue
            path, kind = self.path_of(name)
            if path.startswith("meta:"):
                meta.append({"key": path.removeprefix("meta:"), "value": meta_value(field.new, kind)})
            elif path.startswith("attribute:"):
                chosen.append((path.removeprefix("attribute:"), options_in(field.new), name in change.options))
            elif path == "images":
                images = _images(field.new, present)
                item.update({"image": images[0] if images else ""} if change.kind == VARIATION else {path: images})
            elif path == "stock_quantity" and field.difference is not None:
                item["inventory_delta"] = int(Decimal(str(encode(field.difference))))
            elif path == "categories":
                item["categories"] = [{"id": number} for number in self._ids("category", field)]
            elif path == "tags":
                item["tags"] = [{"id": number} for number in self._ids("tag", field)]
            elif path in CLASSES:
                item[path] = self._terms.class_slug(path, str(field.new or "")) or ""
            elif "." in path:
                top, _, rest = path.partition(".")
                item.setdefault(top, {})[rest] = _json(path, field.new, kind)
            else:
                item[_written(path, kind)] = _json(path, field.new, kind)
        if chosen:
            attributes = present.get("attributes") or ()
            chosen_of = self._options_chosen if change.kind == VARIATION else self._merged
            item["attributes"] = chosen_of(attributes, chosen)
        if change.mark:
            meta.append({"key": MARK, "value": change.id})
        if meta:
            item["meta_data"] = meta
        return item

    def _ids(self, kind: str, field: FieldChange) -> list[int]:
        found: list[int] = []
        for text in field.new if isinstance(field.new, list) else [field.new] if field.new else []:
            number = self._terms.find(kind, str(text))
            if number is None:
                raise UnknownTerm(f"unknown {kind}: {text!r} is not in the store")
            if number not in found:
                found.append(number)
        return found

    def _merged(
        self, present: Sequence[dict[str, Any]], chosen: Sequence[tuple[str, list[str], bool]]
    ) -> list[dict[str, Any]]:
        """The whole set of attributes with the chosen ones replaced, added, or (without options) left out. The third
        of each says whether the product's variations choose from it."""
        kept: list[dict[str, Any]] = [{key: one[key] for key in KEPT_OF_ATTRIBUTE if key in one} for one in present]
        for name, options, varies in chosen:
            at = next((i for i, one in enumerate(kept) if _same_name(one.get("name"), name)), None)
            if not options:
                if at is not None:
                    del kept[at]
                continue
            if at is None:
                at = len(kept)
                kept.append({**self._named(name), "visible": True})
            kept[at]["options"] = options
            if varies:
                kept[at]["variation"] = True
        return kept

    def _options_chosen(
        self, present: Sequence[dict[str, Any]], chosen: Sequence[tuple[str, list[str], bool]]
    ) -> list[dict[str, Any]]:
        """All options of a variation: one of each attribute."""
        kept: list[dict[str, Any]] = [
            {key: one[key] for key in ("id", "name", "option") if key in one}
            for one in present
            if not any(_same_name(one.get("name"), name) for name, _, _ in chosen)
        ]
        return [*kept, *({**self._named(name), "option": options[0]} for name, options, _ in chosen if options)]

    def _named(self, name: str) -> dict[str, Any]:
        """An attribute by the number of the global one of that name, or by its own name."""
        number = self._terms.attribute(name)
        return {"id": number} if number else {"name": name}

    def _column(self, path: str) -> _Column:
        kind = self._types.get(path, Type())
        if path.startswith("meta:"):
            key = path.removeprefix("meta:")
            return _Column(path, "meta_data", lambda product: _meta_of(product, key))
        if path.startswith("attribute:"):
            name, as_list = path.removeprefix("attribute:"), kind.name == "list"
            return _Column(path, "attributes", lambda product: _attribute_of(product, name, as_list))
        if path == "categories":
            return _Column(path, path, lambda product: self._terms.paths_of(product.get("categories") or ()))
        if path == "tags":
            return _Column(path, path, _tags_of)
        if path == "images":
            return _Column(path, path, lambda product: [image.get("src") for image in product.get("images") or ()])
        if path in DATES:
            if kind.name == "date":  # a day is a day where the shop is
                return _Column(path, path, lambda product: product[path][:10] if moment_of(product.get(path)) else None)
            gmt = _written(path, kind)
            return _Column(path, gmt, lambda product: zoned(product.get(gmt)))
        if path in CLASSES:
            return _Column(path, path, lambda product: self._terms.class_shown(path, product.get(path) or ""))
        if path in PLAIN_TEXT:
            return _Column(path, path, lambda product: _decoded(product.get(path)))
        if path in RICH_TEXT:
            return _Column(path, path, lambda product: _rich(product.get(path)))
        if "." in path:
            top, _, rest = path.partition(".")
            return _Column(path, top, lambda product: _below(product.get(top), rest))
        return _Column(path, path, lambda product: product.get(path))


def _where(product: Product, absent: Absence | None) -> str:
    if product.get("type") == VARIATION:
        return f"variation {product['id']} of product {product.get('parent_id')}"
    return f"product {product['id']}{ABSENT[absent] if absent else ''}"


def _begun(change: Change) -> Product:
    if change.action != "create":
        return {"id": int((change.record_id or "0").rpartition("/")[2])}
    return {} if change.kind == VARIATION else {"type": change.kind or "simple"}


def _images(urls: Value, present: Product) -> list[dict[str, Any]]:
    """Those that the product has by their ids, others by their URLs."""
    ids = {image.get("src"): image.get("id") for image in present.get("images") or ()}
    listed = urls if isinstance(urls, list) else []
    return [{"id": ids[url]} if ids.get(url) else {"src": url} for url in listed]


def _has(cell: object, allowed: Collection[str]) -> bool:
    return any(str(one) in allowed for one in (cell if isinstance(cell, list) else [cell]))


def _decoded(text: Any) -> str:
    return unescape(str(text)).strip() if text is not None else ""


def _rich(text: Any) -> str:
    """Free text is HTML: only what the store makes of a bare ampersand is taken back, `&lt;` stays what it is."""
    return str(text).replace("&amp;", "&").strip() if text is not None else ""


def _below(value: Any, rest: str) -> Any:
    for part in rest.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _meta_of(product: Product, key: str) -> Any:
    return next((one.get("value") for one in product.get("meta_data") or () if one.get("key") == key), None)


def _attribute_of(product: Product, name: str, as_list: bool) -> Any:
    for one in product.get("attributes") or ():
        if _same_name(one.get("name"), name):
            named = [one["option"]] if one.get("option") else one.get("options") or ()
            options = [_decoded(option) for option in named]
            return options if as_list else " | ".join(options)
    return [] if as_list else ""


def _tags_of(product: Product) -> list[str]:
    return sorted(_decoded(tag.get("name")) for tag in product.get("tags") or ())


def _same_name(one: Any, another: str) -> bool:
    return match_key(_decoded(one)) == match_key(another)


def options_in(value: Value) -> list[str]:
    """Options as the store takes them; text may name several with `|`, which is how they are read."""
    parts = value if isinstance(value, list) else str(encode(value)).split("|") if value is not None else []
    return [text for part in parts if (text := str(part).strip())]


def _written(path: str, kind: Type) -> str:
    """The name to write under: dates go in as GMT, days as the shop's own (FACTS-WOOCOMMERCE, 4)."""
    return f"{path.removesuffix('_gmt')}_gmt" if path in DATES and kind.name != "date" else path


def _json(path: str, value: Value, kind: Type) -> Any:
    """A canonical value as the store takes it. A batch ignores null, but "" clears (FACTS-WOOCOMMERCE, 6)."""
    if value is None or value == "":
        return None if path == "low_stock_amount" else ""
    if path in WHOLE:
        return int(Decimal(str(value)))
    if path in PRICES:
        number = Decimal(str(encode(value)))
        return f"{number:.{kind.places}f}" if kind.name == "money" else f"{number:f}"
    if path in MEASURES:
        return f"{Decimal(str(encode(value))):f}"
    if path in DATES:
        return _moment(path, value)
    match value:
        case bool() | int():
            return value
        case Decimal():
            return int(value) if value == value.to_integral_value() and path not in PLAIN_TEXT else f"{value:f}"
    return encode(value)


def _moment(path: str, value: Value) -> str:
    """A bare time without its zone. A sale until a day includes that day."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return bare(value)
    return f"{value}T23:59:59" if path.startswith("date_on_sale_to") else f"{value}T00:00:00"
