"""Categories, tags, shipping classes, attributes and tax classes in the old API: lists without pages, no bulk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox import schema, taxes
from syncengine.sandbox.legacy.asked import Asked, LegacyError
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import CATEGORY, SHIPPING_CLASS, TAG, Site
from syncengine.sandbox.terms import Attributes, Terms

__all__ = ["PLACES", "Place", "answer"]

EVERY = {"per_page": 10**9}


@dataclass(frozen=True)
class Place:
    """Where terms are: the name of a list of them, of one, and the store's own."""

    many: str
    one: str
    of: Callable[[Site], Terms]
    takes: bool = True


PLACES: Mapping[str, Place] = {
    "/products/categories": Place("product_categories", "product_category", lambda site: Terms(site, CATEGORY)),
    "/products/tags": Place("product_tags", "product_tag", lambda site: Terms(site, TAG)),
    "/products/shipping_classes": Place(
        "product_shipping_classes", "product_shipping_class", lambda site: Terms(site, SHIPPING_CLASS)
    ),
}
UNSAID = ("menu_order",)


def answer(site: Site, asked: Asked, place: Place, term_id: int | None) -> tuple[int, dict[str, Any]]:
    """The status and the body of a reply."""
    terms = place.of(site)
    if asked.method == "GET" and term_id is None:
        query = {**schema.defaults(terms.list_kinds), **EVERY}
        return 200, {place.many: [_shown(asked, term) for term in terms.page(query).items]}
    if asked.method == "GET":
        try:
            return 200, {place.one: _shown(asked, terms.show_item(term_id or 0, edit=False))}
        except ApiError:
            what = place.one.replace("_", " ")
            message = f"A {what} with the provided ID could not be found"
            raise LegacyError(404, f"invalid_{place.one}_id", message) from None
    if asked.method == "POST" and term_id is None:
        given = asked.data(place.one, "create")
        with site.store.work():
            try:
                return 201, {place.one: _shown(asked, terms.create_item(given))}
            except ApiError as error:
                raise LegacyError(400, f"cannot_create_{place.one}", error.message) from None
    raise LegacyError(404, "no_route", "No route was found matching the URL and request method")


def attributes(site: Site) -> dict[str, Any]:
    return {"product_attributes": Attributes(site).page({}).items}


def tax_classes(site: Site) -> dict[str, Any]:
    return {"tax_classes": taxes.classes(site)}


def _shown(asked: Asked, term: Mapping[str, Any]) -> dict[str, Any]:
    """What it tells today, with a picture that is an address or nothing."""
    told = {name: value for name, value in term.items() if name not in UNSAID}
    return asked.shown({**told, "image": ""} if "image" in told else told)
