"""What a product is filed under: categories by id, tags by id or name, attributes with their options, of which a
variation has one each.

A set that is given replaces the whole set; what is not known is dropped without a word (FACTS-WOOCOMMERCE, 6).
"""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import values
from syncengine.sandbox.site import CATEGORY, FIRST_TERM, TAG, Site
from syncengine.sandbox.store import Attribute, Term


def free_slug(site: Site, taxonomy: str, wanted: str, but: int = 0) -> str:
    """The slug, or slug-2, slug-3, … where another term of the taxonomy has it."""
    taken = {term.slug for term in site.store.terms.values() if term.taxonomy == taxonomy and term.id != but}
    number, free = 2, wanted
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free


def by_name(site: Site, taxonomy: str, name: str, parent: int | None = None) -> Term | None:
    """The term of that name, in any case; under one parent, if that is given."""
    key = values.collated(name)
    for term in site.store.terms.values():
        at_home = term.taxonomy == taxonomy and (parent is None or term.parent == parent)
        if at_home and values.collated(term.name) == key:
            return term
    return None


def by_slug(site: Site, taxonomy: str, slug: str) -> Term | None:
    terms = site.store.terms.values()
    return next((term for term in terms if term.taxonomy == taxonomy and term.slug == slug), None)


def new_term(site: Site, taxonomy: str, name: str, slug: str, parent: int = 0) -> Term:
    term_id = site.store.next_id("term", FIRST_TERM)
    slug = free_slug(site, taxonomy, slug or values.slug(name) or str(term_id))
    term = Term(term_id, taxonomy, name, slug, parent)
    site.store.put_term(term)
    return term


def _sorted_ids(site: Site, ids: set[int]) -> list[int]:
    return sorted(ids, key=lambda each: (values.collated(site.store.terms[each].name), each))


def categories(site: Site, given: list[Any]) -> list[int]:
    """Ids of known categories, in the order of their names."""
    ids = {values.php_integer(entry.get("id")) for entry in given if isinstance(entry, dict)}
    known = {each for each in ids if each in site.store.terms and site.store.terms[each].taxonomy == CATEGORY}
    return _sorted_ids(site, known)


def tags(site: Site, given: list[Any]) -> list[int]:
    """Ids of tags, in the order of their names; a name that no tag has makes a new one."""
    ids = set()
    for entry in given:
        if not isinstance(entry, dict):
            continue
        known = site.store.terms.get(values.php_integer(entry.get("id")))
        if known and known.taxonomy == TAG:
            ids.add(known.id)
        elif not entry.get("id") and (name := values.term_name(entry.get("name"))):
            ids.add((by_name(site, TAG, name) or new_term(site, TAG, name, "")).id)
    return _sorted_ids(site, ids)


def attributes(site: Site, given: list[Any]) -> list[dict[str, Any]]:
    """Attributes as they are stored: of global ones the ids of their terms, of others the options themselves."""
    kept = []
    for entry in given:
        if not isinstance(entry, dict):
            continue
        attribute = site.store.attributes.get(values.php_integer(entry.get("id")))
        options = _options(entry.get("options"))
        shown = {
            "position": values.php_integer(entry.get("position")),
            "visible": values.yes_or_no(entry.get("visible")),
            "variation": values.yes_or_no(entry.get("variation")),
        }
        if attribute and options:
            kept.append({"id": attribute.id, **shown, "terms": _option_terms(site, attribute, options)})
        elif not entry.get("id") and (name := values.one_line(entry.get("name"))) and "options" in entry:
            kept.append({"id": 0, "name": name, **shown, "options": options})
    return sorted(kept, key=lambda each: each["position"])


def _options(given: Any) -> list[str]:
    """Options are kept in one text with bars between them, so a bar always parts them."""
    parts = given if isinstance(given, list) else [given]
    texts = (part for each in parts for part in values.php_text(each).split("|"))
    return [text for text in (values.one_line(each) for each in texts) if text]


def _option_terms(site: Site, attribute: Attribute, options: list[str]) -> list[int]:
    terms = [by_name(site, attribute.slug, name) or new_term(site, attribute.slug, name, "") for name in options]
    return list(dict.fromkeys(term.id for term in terms))


# -- one option of each attribute: what a variation is, and what a variable product begins with

Stored = list[dict[str, Any]]  # a product's attributes as `attributes` returns them


def _key(site: Site, attribute: dict[str, Any]) -> str:
    """What WooCommerce knows an attribute of a product by: `pa_color` of a global one, `size` of its own."""
    if not attribute["id"]:
        return values.slug(attribute["name"])
    found = site.store.attributes.get(attribute["id"])
    return found.slug if found else ""


def of_variations(site: Site, stored: Stored) -> dict[str, dict[str, Any]]:
    """Those of a product's attributes by which its variations differ, by their keys."""
    return {_key(site, each): each for each in stored if each["variation"] and _key(site, each)}


def chosen(site: Site, stored: Stored, given: Any) -> dict[str, str]:
    """The options that a client chose, by the attributes' keys: of global attributes the slugs of their terms.

    A global attribute goes by its id, another by its name. What the product does not have, or not for variations, is
    dropped without a word.
    """
    known = of_variations(site, stored)
    kept = {}
    for entry in given if isinstance(given, list) else []:
        if not isinstance(entry, dict):
            continue
        named = site.store.attributes.get(values.php_integer(entry.get("id")))
        key = named.slug if named else "" if entry.get("id") else values.slug(values.php_text(entry.get("name")))
        if key in known:
            option = values.one_line(values.php_text(entry.get("option")).replace("\\", ""))
            term = by_name(site, key, option) if known[key]["id"] else None
            kept[key] = term.slug if term else values.slug(option) if known[key]["id"] else option
    return kept


def shown_options(site: Site, stored: Stored, options: dict[str, str]) -> list[dict[str, Any]]:
    """What a variation is, in the order of its parent's attributes; "any" is not shown.

    An option goes with the attribute that its parent no longer has for variations.
    """
    shown = []
    for key, attribute in of_variations(site, stored).items():
        option = options.get(key, "")
        if not option:
            continue
        if attribute["id"]:
            term = by_slug(site, key, option)
            name, option = site.store.attributes[attribute["id"]].name, term.name if term else option
        else:
            name = attribute["name"]
        shown.append({"id": attribute["id"], "name": name, "slug": key, "option": option})
    return shown


def shown_defaults(site: Site, stored: Stored, options: dict[str, str]) -> list[dict[str, Any]]:
    """The options that a variable product begins with; of global attributes the slugs, not the names."""
    shown = shown_options(site, stored, options)
    return [{"id": each["id"], "name": each["name"], "option": options[each["slug"]]} for each in shown]


def shown_terms(site: Site, ids: list[int]) -> list[dict[str, Any]]:
    """Categories or tags as a product shows them."""
    known = (site.store.terms[each] for each in ids if each in site.store.terms)
    return [{"id": term.id, "name": term.name, "slug": term.slug} for term in known]


def shown_attributes(site: Site, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Attributes as a product shows them; a global one's options in the order of its terms."""
    shown = []
    for each in stored:
        flags = {name: each[name] for name in ("position", "visible", "variation")}
        if not each["id"]:
            shown.append({"id": 0, "name": each["name"], "slug": each["name"], **flags, "options": each["options"]})
        elif attribute := site.store.attributes.get(each["id"]):
            terms = [site.store.terms[term] for term in each["terms"] if term in site.store.terms]
            terms.sort(key=lambda term: (term.position, values.collated(term.name)))
            options = [term.name for term in terms]
            shown.append(
                {"id": attribute.id, "name": attribute.name, "slug": attribute.slug, **flags, "options": options}
            )
    return shown
