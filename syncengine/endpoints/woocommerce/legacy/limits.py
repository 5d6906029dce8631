"""What of a mapping the old API cannot do: told before anything is contacted."""

from __future__ import annotations

from collections.abc import Iterator

from syncengine.endpoints.woocommerce.legacy.words import KINDS, TEXTS
from syncengine.errors import ConfigError, Problem
from syncengine.mapping import Field, Mapping

__all__ = ["check"]

ROUTES = {"product": "products", "customer": "customers"}
NEEDS_ANOTHER = 'it needs a connection with api = "wc-v3"'
DATES = ("date_created", "date_modified")
NO_MARK = "it keeps no mark of what was sent, so a {0} whose answer is lost could not be told from one that never came"


def check(mapping: Mapping, name: str) -> None:
    """Raises ConfigError with all of it. `name` is the connection's."""
    file = mapping.file
    found = [
        Problem(file, line, f'{message} (connections.{name} has api = "legacy-v3")', instead)
        for line, message, instead in _problems(mapping)
    ]
    if found:
        raise ConfigError(*found)


def _problems(mapping: Mapping) -> Iterator[tuple[int | None, str, str]]:
    entity = mapping.entity
    if entity not in ROUTES:
        yield None, f"the shop's old API is used for the entities product and customer, not for {entity}", NEEDS_ANOTHER
        return
    if mapping.erp.parent is not None:
        yield mapping.erp.line, "the shop's old API is not used for variations", "leave parent out"
    if entity == "product" and mapping.create_in_store and not any(_names_sku(one) for one in mapping.fields.values()):
        message = f"products are created by the shop's old API with an SKU only: {NO_MARK.format('product')}"
        yield None, message, "map sku, or write in_store = false under [create]"
    if mapping.reserves:
        yield (
            None,
            "the shop's old API is not asked for orders, so no stock can be reserved for them",
            "leave reserve out",
        )
    for path in mapping.store.only:
        if not _readable(entity, path):
            yield None, _untold(entity, path), f"leave {path} out of only"
    for field in mapping.fields.values():
        if field.store is not None:
            yield from ((field.line, f"fields.{field.name}: {message}", to) for message, to in _of(entity, field))


def _of(entity: str, field: Field) -> Iterator[tuple[str, str]]:
    path = str(field.store)
    if field.untold == "store" and path == "password":
        return
    if not _readable(entity, path):
        yield _untold(entity, path), "leave the field out"
        return
    if path.startswith(DATES) and field.type.name == "date":
        yield f"the shop's old API tells {path} in GMT only", 'write type = "datetime"'
    if path in TEXTS and field.only_to != "store":
        yield f"the shop's old API tells {path} as a page shows it, not as it was written", 'write to = "store"'
    if path == "images" and field.goes_to("store"):
        yield "the shop's old API cannot take a picture away from a product again", 'write to = "erp"'
    if field.truth == "sum" and field.goes_to("store"):
        yield f"the shop's old API cannot add up: {NO_MARK.format('difference')}", "choose another truth"


def _readable(entity: str, path: str) -> bool:
    """Whether the old API tells what is there."""
    kind, mark, _ = path.partition(":")
    if mark:
        return kind == "attribute" and entity == "product"
    if path == "shipping.phone":
        return False
    top = path.partition(".")[0]
    reads = KINDS[ROUTES[entity]].reads
    return top in reads or (top.startswith(DATES) and f"{top.removesuffix('_gmt')}_gmt" in reads)


def _untold(entity: str, path: str) -> str:
    what = "meta data" if path.startswith("meta:") else path
    return f"the shop's old API has no {what} of a {entity}"


def _names_sku(field: Field) -> bool:
    return field.store == "sku" and field.goes_to("store")
