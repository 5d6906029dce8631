"""A customer of the store: a WordPress user, in the words of WooCommerce."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.store_paths.table import NUMBER_OR_TEXT, TEXT, TIMES, YES_NO, Table
from syncengine.values import TypeName

__all__ = ["CUSTOMER"]

TYPES: Mapping[str, tuple[TypeName, ...]] = {
    "id": NUMBER_OR_TEXT,
    "date_created": TIMES,
    "date_created_gmt": TIMES,
    "date_modified": TIMES,
    "date_modified_gmt": TIMES,
    "email": TEXT,
    "first_name": TEXT,
    "last_name": TEXT,
    "role": TEXT,
    "username": TEXT,
    "password": TEXT,
    "billing": TEXT,
    "shipping": TEXT,
    "is_paying_customer": YES_NO,
    "avatar_url": TEXT,
    "meta_data": ("json",),
}
READ_ONLY = frozenset(
    {
        "id",
        "date_created",
        "date_created_gmt",
        "date_modified",
        "date_modified_gmt",
        "username",
        "is_paying_customer",
        "avatar_url",
    }
)
ADDRESS = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country", "phone",
)  # fmt: skip
INSIDE = {"billing": (*ADDRESS, "email"), "shipping": ADDRESS}
# Where the store keeps its own fields of a user; one of them says what the user may do.
OWN_META: Mapping[str, str] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "wp_capabilities": "role",
    **{f"{part}_{name}": f"{part}.{name}" for part, names in INSIDE.items() for name in names},
}

CUSTOMER = Table(
    what="customer",
    match={"id": "id", "email": "email"},
    match_by=("id", "email"),
    types=TYPES,
    read_only=READ_ONLY,
    write_only=frozenset({"password"}),
    secret=frozenset({"password"}),
    inside=INSIDE,
    piece_by_piece={"meta_data": ("meta data is mapped key by key", 'write store = "meta:KEY"')},
    own_meta=OWN_META,
    gone=("keep", "delete"),
)
