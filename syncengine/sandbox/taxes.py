"""/taxes/classes: what a product's tax_class may be."""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import values
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.site import Site

STANDARD = "standard"
BUILT_IN = {"reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}


def classes(site: Site) -> list[dict[str, Any]]:
    """All tax classes; the list is not paged."""
    named = {STANDARD: "Standard rate", **BUILT_IN, **site.store.tax_classes}
    return [{"slug": slug, "name": name} for slug, name in named.items()]


def new_class(site: Site, given: Any) -> dict[str, Any]:
    """A new tax class; raises ApiError for a name that there is already."""
    name = values.one_line(given)
    if not name:
        raise ApiError(400, "woocommerce_rest_tax_class_invalid_name", "Tax class requires a valid name")
    slug = values.slug(name)
    if any(each["name"] == name for each in classes(site)):
        raise ApiError(400, "woocommerce_rest_tax_class_exists", "Tax class already exists")
    if any(each["slug"] == slug for each in classes(site)):
        raise ApiError(400, "woocommerce_rest_tax_class_slug_exists", "Tax class slug already exists")
    site.store.put_tax_class(slug, name)
    return {"slug": slug, "name": name}


def known_class(site: Site, given: Any, *, of_variation: bool) -> str:
    """The slug of a tax class; an unknown one is the standard rate, as is an empty one (FACTS-WOOCOMMERCE, 2)."""
    slug = values.slug(values.php_text(given))
    known = slug in BUILT_IN or slug in site.store.tax_classes or (of_variation and slug == "parent")
    return slug if known else ""
