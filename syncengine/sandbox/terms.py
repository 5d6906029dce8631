"""/products/categories, tags, shipping_classes, attributes and their terms (FACTS-WOOCOMMERCE, 7 and 8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncengine.sandbox import parameters, values
from syncengine.sandbox.catalogue import by_name, free_slug, new_term
from syncengine.sandbox.endpoints import Page, Shown
from syncengine.sandbox.messages import ApiError
from syncengine.sandbox.schema import Kind
from syncengine.sandbox.site import CATEGORY, SHIPPING_CLASS, TAG, Site
from syncengine.sandbox.store import Attribute, Term

_EXISTS = "A term with the name provided already exists "


_DESCRIBED: Mapping[str, tuple[str, Mapping[str, Kind]]] = {
    CATEGORY: ("product_cat", parameters.CATEGORY_FIELDS),
    TAG: ("product_tag", parameters.TAG_FIELDS),
    SHIPPING_CLASS: ("product_shipping_class", parameters.TAG_FIELDS),
}


def _unknown(code: str = "woocommerce_rest_term_invalid") -> ApiError:
    return ApiError(404, code, "Resource does not exist.")


def _no_trash() -> ApiError:
    return ApiError(501, "woocommerce_rest_trash_not_supported", "Resource does not support trashing.")


class Terms:
    """The terms of one taxonomy."""

    list_kinds = parameters.TERM_LIST
    create_kinds = item_kinds = parameters.TERM
    required: tuple[str, ...] = ("name",)

    def __init__(self, site: Site, taxonomy: str) -> None:
        self._site = site
        self._taxonomy = taxonomy
        self.title, self.fields = _DESCRIBED.get(taxonomy, ("product_attribute_term", parameters.OPTION_FIELDS))
        if taxonomy == CATEGORY:
            site.uncategorized()

    def _found(self, item_id: int) -> Term:
        term = self._site.store.terms.get(item_id)
        if term is None or term.taxonomy != self._taxonomy:
            raise _unknown()
        return term

    def _shown(self, term: Term, count: int = 0) -> Shown:
        shown: Shown = {"id": term.id, "name": term.name, "slug": term.slug}
        if self._taxonomy == CATEGORY:
            shown["parent"] = term.parent
        shown["description"] = term.description
        if self._taxonomy == CATEGORY:
            shown |= {"display": term.display, "image": None}
        if self._taxonomy not in (TAG, SHIPPING_CLASS):
            shown["menu_order"] = term.position
        return {**shown, "count": count}

    def _counted(self, term: Term) -> Shown:
        return self._shown(term, self._site.store.term_counts([term.id]).get(term.id, 0))

    def page(self, query: Mapping[str, Any]) -> Page:
        terms = [term for term in self._site.store.terms.values() if term.taxonomy == self._taxonomy]
        terms = [term for term in terms if self._matches(term, query)]
        counts = self._site.store.term_counts(term.id for term in terms)
        if query["hide_empty"]:
            terms = [term for term in terms if counts.get(term.id)]
        if query.get("product"):
            product = self._site.store.product(query["product"])
            filed = product.terms() if product else set()
            terms = [term for term in terms if term.id in filed]
        self._sort(terms, query, counts)
        start = query.get("offset") or (query["page"] - 1) * query["per_page"]
        shown = [self._shown(term, counts.get(term.id, 0)) for term in terms[start : start + query["per_page"]]]
        return Page(shown, len(terms))

    def _matches(self, term: Term, query: Mapping[str, Any]) -> bool:
        if query.get("include") and term.id not in query["include"]:
            return False
        if term.id in (query.get("exclude") or ()):
            return False
        if query.get("parent") is not None and term.parent != query["parent"]:
            return False
        if query.get("slug") and term.slug != values.slug(query["slug"]):
            return False
        words = values.collated(query.get("search") or "")
        return words in values.collated(term.name) or words in term.slug

    def _sort(self, terms: list[Term], query: Mapping[str, Any], counts: Mapping[int, int]) -> None:
        orderby = query["orderby"]
        if orderby == "include":
            places = {each: at for at, each in enumerate(query.get("include") or ())}
            terms.sort(key=lambda term: (places.get(term.id, 0), term.id))
            return
        keys: dict[str, Any] = {
            "id": lambda term: term.id,
            "slug": lambda term: term.slug,
            "description": lambda term: (values.collated(term.description), term.id),
            "count": lambda term: (counts.get(term.id, 0), term.id),
        }
        by_title = lambda term: (values.collated(term.name), term.id)  # noqa: E731
        terms.sort(key=keys.get(orderby, by_title), reverse=query["order"] == "desc")

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._counted(self._found(item_id))

    def exists(self, item_id: int) -> bool:
        term = self._site.store.terms.get(item_id)
        return term is not None and term.taxonomy == self._taxonomy

    def create_item(self, params: dict[str, Any]) -> Shown:
        name = values.term_name(params.get("name"))
        if not name:
            raise ApiError(400, "empty_term_name", "A name is required for this term.")
        parent = self._parent(params) or 0
        slug = values.slug(values.php_text(params.get("slug")))
        same = by_name(self._site, self._taxonomy, name, parent if self._taxonomy == CATEGORY else None)
        if same and (not slug or slug == same.slug):
            where = "with this parent." if self._taxonomy == CATEGORY else "in this taxonomy."
            raise ApiError(400, "term_exists", _EXISTS + where, resource_id=same.id)
        if not slug and parent:
            slug = self._under_parent(values.slug(name), parent)
        term = new_term(self._site, self._taxonomy, name, slug, parent)
        self._set(term, params)
        return self._counted(term)

    def _under_parent(self, slug: str, parent: int) -> str:
        """A slug that is taken gets the parent's behind it first, a number only then."""
        taken = any(term.slug == slug and term.taxonomy == self._taxonomy for term in self._site.store.terms.values())
        return f"{slug}-{self._site.store.terms[parent].slug}" if taken else slug

    def _parent(self, params: Mapping[str, Any]) -> int | None:
        if self._taxonomy != CATEGORY or params.get("parent") is None:
            return None
        parent = values.php_integer(params["parent"])
        if parent and not self.exists(parent):
            raise ApiError(404, "woocommerce_rest_term_invalid", "Parent resource does not exist.")
        return parent

    def _set(self, term: Term, params: Mapping[str, Any]) -> None:
        if params.get("description") is not None:
            term.description = values.rich_text(params["description"])
        if params.get("display"):
            term.display = values.php_text(params["display"])
        if params.get("menu_order") is not None:
            term.position = values.php_integer(params["menu_order"])
        self._site.store.put_term(term)

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        term = self._found(item_id)
        parent = self._parent(params)
        term.parent = term.parent if parent is None else parent
        if name := values.term_name(params.get("name")):
            term.name = name
        if slug := values.slug(values.php_text(params.get("slug"))):
            term.slug = free_slug(self._site, self._taxonomy, slug, term.id)
        self._set(term, params)
        return self._counted(term)

    def delete_item(self, item_id: int) -> Shown:
        """For good; its products lose it, and its children move up."""
        term = self._found(item_id)
        if self._taxonomy == CATEGORY and term.id == self._site.uncategorized().id:
            raise ApiError(500, "woocommerce_rest_cannot_delete", "The resource cannot be deleted.")
        gone = self._counted(term)
        self._site.store.remove_term(term.id)
        for child in [each for each in self._site.store.terms.values() if each.parent == term.id]:
            child.parent = term.parent
            self._site.store.put_term(child)
        for product in self._site.store.filed_under(term.id):
            self._unfile(product.id, term.id)
        return gone

    def _unfile(self, product_id: int, term_id: int) -> None:
        product = self._site.store.product(product_id)
        if product is None:
            return
        before = product.terms()
        for name in ("categories", "tags"):
            if term_id in product.fields.get(name, ()):
                product.fields[name] = [each for each in product.fields[name] if each != term_id]
        if product.fields.get("shipping_class") == term_id:
            product.fields["shipping_class"] = 0
        if not product.fields.get("categories") and product.fields.get("type") != "variation":
            product.fields["categories"] = [self._site.uncategorized().id]
        for attribute in product.fields.get("attributes", ()):
            if term_id in attribute.get("terms", ()):
                attribute["terms"].remove(term_id)
        self._site.store.put_product(product, before)

    def trash_item(self, item_id: int) -> Shown:
        self._found(item_id)
        raise _no_trash()


class Attributes:
    """/products/attributes: the global attributes. Their list is not paged."""

    title = "product_attribute"
    list_kinds = parameters.ITEM
    create_kinds = item_kinds = parameters.ATTRIBUTE
    fields = parameters.ATTRIBUTE_FIELDS
    required: tuple[str, ...] = ("name",)

    def __init__(self, site: Site) -> None:
        self._site = site

    def _found(self, item_id: int) -> Attribute:
        attribute = self._site.store.attributes.get(item_id)
        if attribute is None:
            raise _unknown("woocommerce_rest_taxonomy_invalid")
        return attribute

    def terms_of(self, attribute_id: int) -> Terms:
        return Terms(self._site, self._found(attribute_id).slug)

    def _shown(self, attribute: Attribute) -> Shown:
        return {
            "id": attribute.id,
            "name": attribute.name,
            "slug": attribute.slug,
            "type": attribute.kind,
            "order_by": attribute.order_by,
            "has_archives": bool(attribute.archives),
        }

    def page(self, query: Mapping[str, Any]) -> Page:
        every = sorted(self._site.store.attributes.values(), key=lambda each: (values.collated(each.name), each.id))
        return Page([self._shown(each) for each in every], None)

    def show_item(self, item_id: int, *, edit: bool) -> Shown:
        return self._shown(self._found(item_id))

    def exists(self, item_id: int) -> bool:
        return item_id in self._site.store.attributes

    def create_item(self, params: dict[str, Any]) -> Shown:
        name = values.one_line(params.get("name"))
        if not name:
            raise ApiError(400, "woocommerce_rest_cannot_create", "Please, provide an attribute name.")
        slug = self._slug(values.php_text(params.get("slug")) or name, "woocommerce_rest_cannot_create", 0)
        attribute = Attribute(self._site.store.next_id("attribute"), name, slug)
        self._set(attribute, params)
        return self._shown(attribute)

    def _slug(self, wanted: str, code: str, but: int) -> str:
        slug = values.slug(wanted.removeprefix("pa_"))
        if any(each.slug == f"pa_{slug}" and each.id != but for each in self._site.store.attributes.values()):
            raise ApiError(400, code, f'Slug "{slug}" is already in use. Change it, please.')
        return f"pa_{slug}"

    def _set(self, attribute: Attribute, params: Mapping[str, Any]) -> None:
        if params.get("order_by") in parameters.ATTRIBUTE["order_by"].enum:
            attribute.order_by = params["order_by"]
        if params.get("has_archives") is not None:
            attribute.archives = values.yes_or_no(params["has_archives"])
        self._site.store.put_attribute(attribute)

    def update_item(self, item_id: int, params: dict[str, Any]) -> Shown:
        attribute = self._found(item_id)
        if params.get("slug"):
            slug = self._slug(values.php_text(params["slug"]), "woocommerce_rest_cannot_edit", item_id)
            for term in [each for each in self._site.store.terms.values() if each.taxonomy == attribute.slug]:
                term.taxonomy = slug
                self._site.store.put_term(term)
            attribute.slug = slug
        attribute.name = values.one_line(params.get("name")) or attribute.name
        self._set(attribute, params)
        return self._shown(attribute)

    def delete_item(self, item_id: int) -> Shown:
        attribute = self._found(item_id)
        terms = self.terms_of(item_id)
        for term_id in [each.id for each in self._site.store.terms.values() if each.taxonomy == attribute.slug]:
            terms.delete_item(term_id)
        self._site.store.remove_attribute(item_id)
        return self._shown(attribute)

    def trash_item(self, item_id: int) -> Shown:
        self._found(item_id)
        raise _no_trash()
