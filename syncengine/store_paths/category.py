"""A category of the store's products, in its tree."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.store_paths.table import NUMBER_OR_TEXT, TEXT, WHOLE, Table
from syncengine.values import TypeName

__all__ = ["CATEGORY"]

TYPES: Mapping[str, tuple[TypeName, ...]] = {
    "id": NUMBER_OR_TEXT,
    "path": TEXT,
    "name": TEXT,
    "slug": TEXT,
    "parent": TEXT,
    "description": TEXT,
    "display": TEXT,
    "image": TEXT,
    "menu_order": WHOLE,
    "count": WHOLE,
}

CATEGORY = Table(
    what="category",
    match={"id": "id", "path": "path", "slug": "slug"},
    match_by=("id", "path", "slug"),
    types=TYPES,
    read_only=frozenset({"id", "count"}),
    words={"display": ("default", "products", "subcategories", "both")},
    holds={"path": ("name", "parent")},
    named=(),
    gone=("keep", "delete"),
)
