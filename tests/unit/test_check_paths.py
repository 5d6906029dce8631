"""A mapping against what the shop says of its own fields, units, meta data and attributes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from syncengine.endpoints.woocommerce.schema import against_schemas, filters, properties
from syncengine.findings import Finding
from syncengine.mapping import ErpSide, Field, Gone, Mapping, StoreSide
from syncengine.sandbox import Sandbox
from syncengine.values import Type
from tests.strangers import Told, stranger, whole
from tests.unit.test_woocommerce_shop import endpoint, ids

PRODUCT = {
    "id": {"type": "integer", "readonly": True},
    "name": {"type": "string"},
    "regular_price": {"type": "string"},
    "price": {"type": "string", "readonly": True},
    "badge": {"type": "string", "enum": ["new", "sale"]},
    "status": {"type": "string", "enum": ["draft", "publish", "future"]},
    "dimensions": {"type": "object", "properties": {"length": {"type": "string"}}},
}
VARIATION = {
    "id": {"type": "integer", "readonly": True},
    "regular_price": {"type": "string"},
    "status": {"type": "string", "enum": ["draft", "publish"]},
    "image": {"type": "object", "properties": {"src": {"type": "string"}}},
}


def mapped(*fields: Field, parent: str | None = None) -> Mapping:
    named = {field.name: field for field in fields}
    erp = ErpSide("products.csv", "sku", parent=parent)
    return Mapping("products.toml", "product", erp, StoreSide(), ("sku",), True, False, Gone(), named)


def compared(*fields: Field, variations: bool = False) -> list[tuple[str, str, str, str]]:
    schemas = {"product": PRODUCT, **({"variation": VARIATION} if variations else {})}
    found = against_schemas(mapped(*fields), schemas)
    return [(one.level, one.what, one.message, one.instead) for one in found]


def test_fields_that_the_shop_knows_are_counted() -> None:
    fields = [Field("name", "N", "name"), Field("long", "L", "dimensions.length"), Field("shelf", "R", "meta:_shelf")]
    assert compared(*fields) == [("ok", "paths", "the shop knows all 2 of its fields that are mapped", "")]


def test_an_unknown_path_is_an_error_that_names_the_closest_and_the_line() -> None:
    field = Field("price", "VK", "regular_prise", line=14)
    message = "products.toml:14: the shop has no field 'regular_prise'"
    assert compared(field) == [("error", "fields.price", message, 'did you mean "regular_price"?')]


def test_a_path_inside_an_object_that_has_no_such_thing_is_unknown() -> None:
    assert [level for level, *_ in compared(Field("x", "X", "dimensions.girth"), Field("y", "Y", "name.first"))] == [
        "error",
        "error",
    ]


def test_a_path_that_nobody_can_write_is_an_error_only_where_it_would_be_written() -> None:
    assert [one[:2] for one in compared(Field("price", "VK", "price"))] == [("error", "fields.price")]
    assert [one[0] for one in compared(Field("price", "VK", "price", only_to="erp"))] == ["ok"]


@pytest.mark.parametrize(
    "words",
    [
        {"translations": {"J": "new", "N": "old"}},
        {"constant": "old", "has_constant": True},
        {"default": "old"},
        {"translations": {"J": "new"}, "otherwise": "old", "has_otherwise": True},
    ],
)
def test_a_word_that_the_shop_does_not_have_is_an_error(words: dict[str, Any]) -> None:
    found = compared(Field("badge", "B", "badge", **words))
    assert found == [
        ("error", "fields.badge", "products.toml: badge of a product cannot be 'old'", "the shop knows: new, sale")
    ]


def test_a_word_that_only_variations_lack_is_a_warning() -> None:
    field = Field("status", "S", "status", translations={"J": "publish", "Z": "future"})
    assert [one[0] for one in compared(field)] == ["ok"]
    assert [one[::2] for one in compared(field, variations=True)] == [
        ("warning", "products.toml: status of a variation cannot be 'future'")
    ]


def test_a_path_that_only_variations_have_is_known_where_there_are_any() -> None:
    field = Field("image", "B", "image.src")
    assert [one[0] for one in compared(field)] == ["error"]
    assert [one[0] for one in compared(field, variations=True)] == ["ok"]


@pytest.mark.parametrize("nothing", [None, [], {}, {"schema": []}, {"schema": {"properties": []}}, {"endpoints": [5]}])
def test_a_route_that_tells_no_schema_has_none(nothing: Any) -> None:
    assert properties(nothing) is None
    assert filters(nothing) == frozenset()


# All of it, against a shop


def looked(transport: httpx.BaseTransport, mapping: Mapping) -> list[Finding]:
    with endpoint(transport, mapping, "https://shop.test") as store:
        return list(store.inspect().mapping())


def told(what: str, found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.level, one.message, one.instead) for one in found if one.what == what]


def test_the_fields_of_a_shop_are_those_that_it_tells_by_itself() -> None:
    with Sandbox() as sandbox:
        found = looked(sandbox.transport(), mapped(Field("a", "A", "name"), Field("b", "B", "nome"), parent="P"))
        asked = [(one.method, one.path) for one in sandbox.requests]
    assert [one.what for one in found if one.level == "error"] == ["fields.b"]
    assert ("OPTIONS", "/wp-json/wc/v3/products") in asked
    assert ("OPTIONS", "/wp-json/wc/v3/products/1/variations") in asked
    assert {method for method, _ in asked} <= {"GET", "OPTIONS"}


def test_a_shop_that_hides_its_schema_is_only_said_to() -> None:
    with stranger(whole(products=Told(body={"namespace": "wc/v3"}))) as shop, endpoint(None, url=shop.url) as store:
        assert [(one.what, one.level) for one in store.inspect().mapping()] == [("paths", "info")]


@pytest.mark.parametrize(("filter", "levels"), [("modified_after", ["ok"]), ("after", ["warning", "ok"])])
def test_a_shop_that_cannot_tell_what_was_changed_is_a_warning(filter: str, levels: list[str]) -> None:
    route = {"endpoints": [{"methods": ["GET"], "args": {filter: {}}}], "schema": {"properties": PRODUCT}}
    mapping = mapped(Field("name", "N", "name"))
    with stranger(whole(products=Told(body=route))) as shop, endpoint(None, mapping, shop.url) as store:
        assert [one.level for one in store.inspect().mapping()] == levels


def test_the_unit_of_the_mapping_is_held_against_the_shops() -> None:
    weight = Type("decimal")
    with Sandbox() as sandbox:  # it weighs in kg and measures in cm
        found = looked(
            sandbox.transport(),
            mapped(
                Field("right", "G", "weight", weight, units=("g", "kg")),
                Field("wrong", "L", "dimensions.length", weight, units=("mm", "m"), line=9),
                Field("none", "B", "dimensions.width", weight),
            ),
        )
    assert told("fields.right", found) == [("ok", "g in the ERP, kg in the shop", "")]
    wrong = "products.toml:9: the mapping says that the shop has dimensions.length in m, and it has it in cm"
    assert told("fields.wrong", found) == [("error", wrong, 'write unit = { erp = "mm", store = "cm" }')]
    assert told("fields.none", found) == [
        ("info", "the shop has dimensions.width in cm; what the ERP has is sent as it is", "")
    ]


def test_meta_data_and_attributes_that_no_product_has_are_told_with_the_closest_that_one_has() -> None:
    fields = [Field(name.partition(":")[2], "X", name) for name in ("meta:_shelff", "meta:_shelf", "attribute:Farbe")]
    fields.append(Field("size", "Y", "attribute:größe"))
    with Sandbox() as sandbox:
        assert not [one for one in looked(sandbox.transport(), mapped(*fields)) if "none of" in one.message]
        sandbox.create_product(
            name="x",
            meta_data=[{"key": "_shelf", "value": "R1"}],
            attributes=[{"name": "Größe", "options": ["M"]}],
        )
        found = looked(sandbox.transport(), mapped(*fields))
    none = "none of 1 products has the"
    assert told("fields._shelff", found) == [("info", f"{none} meta data '_shelff'", "did you mean '_shelf'?")]
    assert told("fields.Farbe", found) == [
        ("info", f"{none} attribute 'Farbe'", "that is right if nothing was written yet")
    ]
    assert not told("fields._shelf", found)
    assert not told("fields.size", found), "names of attributes are compared loosely"


def test_a_sample_is_taken_from_all_over_the_first_page() -> None:
    with Sandbox(seed=150) as sandbox, endpoint(sandbox.transport()) as store:
        sample = store.inspect().sample(10)
        first, last = (int(one) for one in (ids(sample.pages)[0], ids(sample.pages)[-1]))
        lists = [one for one in sandbox.requests if one.path.endswith("/products")]
    assert (len(ids(sample.pages)), sample.of) == (10, 100)
    assert last - first > 80
    assert len(lists) == 1, "a check does not read all of a shop"
