"""mappings/*.toml -> Mapping."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from syncengine.errors import ConfigError, Problem
from syncengine.mapping import Mapping, field_signature, key_signature
from syncengine.mapping_file import load_mapping, load_mappings
from syncengine.rules import Rounding, Rule
from syncengine.settings import CsvConnection, Job, Settings, WooCommerceConnection
from syncengine.values import PLAIN, TypeName

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "mappings").glob("*.toml"))
MAPPING = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"
only = { Webshop = "J" }
write_to = "import/products-{time}.csv"
import_within = "48h"

[store]
only = { status = ["publish", "private"] }

[match]
by = ["id", "sku"]

[create]
in_store = true
in_erp = false

[gone]
from_erp = "keep"
from_store = "ask"

[fields]
sku = { erp = "ArtNr", store = "sku", truth = "erp" }
name = { erp = "Bezeichnung", store = "name", truth = "store-wins" }
price = { erp = "VK", store = "regular_price", type = "money", truth = "erp", max_change = "50%" }
stock = { erp = "Bestand", store = "stock_quantity", type = "integer", truth = "erp-wins", to = "store" }
managed = { value = true, store = "manage_stock", type = "boolean", truth = "erp" }
status = { erp = "Aktiv", store = "status", map = { J = "publish", N = "draft" }, truth = "erp" }
brand = { erp = "Marke", store = "attribute:Brand", truth = "erp" }
groups = { erp = "Warengruppe", store = "categories", type = "list", separator = "|", truth = "erp" }
shelf = { erp = "Regal", store = "meta:_shelf", truth = "ask" }
"""


def load(folder: Path, text: str = MAPPING) -> Mapping:
    path = folder / "products.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def problems(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def changed(old: str, new: str) -> str:
    assert old in MAPPING
    return MAPPING.replace(old, new, 1)


def more(line: str) -> str:
    """With one more field, on line 34."""
    return f"{MAPPING}{line}\n"


def rule(written: str, path: str = "sale_price", kind: str = "money") -> str:
    """With a field that is counted."""
    return more(f'x = {{ erp = "X", store = "{path}", type = "{kind}", {written} }}')


def weight(units: str, kind: str = "decimal") -> str:
    return rule(f"unit = {{ {units} }}", "weight", kind)


def test_a_mapping_is_read_as_it_stands(tmp_path: Path) -> None:
    mapping = load(tmp_path)
    assert mapping.entity == "product"
    assert (mapping.erp.resource, mapping.erp.key, mapping.erp.parent) == ("products.csv", "ArtNr", None)
    assert (mapping.erp.complete, mapping.erp.only) == (True, {"Webshop": ("J",)})
    assert (mapping.erp.write_to, mapping.erp.import_within) == ("import/products-{time}.csv", timedelta(hours=48))
    assert mapping.store.only == {"status": ("publish", "private")}
    assert mapping.match_by == ("sku",)
    assert [field.name for field in mapping.match_fields] == ["sku"]
    assert (mapping.create_in_store, mapping.create_in_erp) == (True, False)
    assert (mapping.gone.from_erp, mapping.gone.from_store) == ("keep", "ask")
    assert list(mapping.fields) == ["sku", "name", "price", "stock", "managed", "status", "brand", "groups", "shelf"]
    price, stock, managed = (mapping.fields[name] for name in ("price", "stock", "managed"))
    assert (price.type.name, price.type.places, price.max_change, price.line) == ("money", 2, Decimal("0.5"), 27)
    assert (stock.truth, stock.only_to) == ("erp-wins", "store")
    assert (managed.has_constant, managed.constant, managed.erp) == (True, True, None)
    assert mapping.fields["status"].translations == {"J": "publish", "N": "draft"}
    assert mapping.fields["groups"].type.separator == "|"


def test_what_is_left_out_has_careful_defaults(tmp_path: Path) -> None:
    text = """
        entity = "product"
        erp = { resource = "a.csv", key = "k" }
        fields = { sku = { erp = "k", store = "sku" } }
    """
    mapping = load(tmp_path, text)
    assert (mapping.erp.write_to, mapping.erp.import_within) == (None, timedelta(hours=48))
    assert mapping.match_by == ("sku",)
    assert (mapping.create_in_store, mapping.create_in_erp) == (True, False)
    assert (mapping.gone.from_erp, mapping.gone.from_store) == ("keep", "ask")
    assert mapping.fields["sku"].truth == "erp"
    assert mapping.writes("store")
    assert not mapping.writes("erp")


@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ('x = { erp = "X", store = "meta:x" }', "clear"),
        ('x = { erp = "X", store = "tags", type = "list" }', "clear"),
        ('x = { erp = "X", store = "meta:x", type = "json" }', "clear"),
        ('x = { erp = "X", store = "sale_price", type = "money" }', "ignore"),
        ('x = { erp = "X", store = "menu_order", type = "integer" }', "ignore"),
        ('x = { erp = "X", store = "weight", type = "decimal" }', "ignore"),
        ('x = { erp = "X", store = "date_on_sale_to", type = "date" }', "ignore"),
        ('x = { erp = "X", store = "date_on_sale_to", type = "datetime" }', "ignore"),
        ('x = { erp = "X", store = "featured", type = "boolean" }', "ignore"),
        ('x = { erp = "X", store = "sale_price", type = "money", empty = "clear" }', "clear"),
        ('x = { erp = "X", store = "meta:x", empty = "ignore" }', "ignore"),
    ],
)
def test_what_an_empty_cell_means_depends_on_the_type(tmp_path: Path, field: str, empty: str) -> None:
    assert load(tmp_path, more(field)).fields["x"].empty == empty


def test_values_in_a_mapping_are_of_the_fields_type(tmp_path: Path) -> None:
    text = more(
        'a = { erp = "A", store = "sale_price", type = "money", default = 19.9 }\n'
        'b = { erp = "B", store = "featured", type = "boolean", map = { J = true, N = "no" }, else = false }\n'
        'c = { erp = "C", store = "menu_order", type = "integer", map = { oben = 1, unten = "99" }, default = 50 }\n'
        'd = { erp = "D", store = "date_on_sale_from", type = "date", default = 2026-01-31 }\n'
        'e = { value = ["a", "b"], store = "tags", type = "list" }\n'
        'f = { erp = "F", store = "meta:f", type = "json", default = { x = 1 } }'
    )
    fields = load(tmp_path, text).fields
    assert fields["a"].default == Decimal("19.90")
    assert (fields["b"].translations, fields["b"].otherwise) == ({"J": True, "N": False}, False)
    assert (fields["c"].translations, fields["c"].default) == ({"oben": 1, "unten": 99}, 50)
    assert fields["d"].default == date(2026, 1, 31)
    assert fields["e"].constant == ["a", "b"]
    assert fields["f"].default == {"x": 1}


def test_two_words_may_mean_the_same_and_the_first_is_written_back(tmp_path: Path) -> None:
    text = changed('map = { J = "publish", N = "draft" }', 'map = { J = "publish", j = "publish", N = "draft" }')
    status = load(tmp_path, text).fields["status"]
    assert status.read("erp", "j", PLAIN) == "publish"
    assert status.write("erp", "publish", PLAIN) == "J"


def test_a_gtin_is_matched_by_its_path_in_the_store(tmp_path: Path) -> None:
    text = changed('by = ["id", "sku"]', 'by = ["gtin", "sku"]') + 'ean = { erp = "EAN", store = "global_unique_id" }\n'
    assert load(tmp_path, text).match_by == ("global_unique_id", "sku")


def test_the_id_is_for_matching_only_and_may_be_handed_to_the_erp(tmp_path: Path) -> None:
    mapping = load(tmp_path, more('id = { erp = "WooId", store = "id", type = "integer" }'))
    assert mapping.match_by == ("id", "sku")
    assert not mapping.fields["id"].goes_to("store")
    assert mapping.fields["id"].goes_to("erp")


def test_what_nobody_can_write_in_the_store_travels_to_the_erp_only(tmp_path: Path) -> None:
    mapping = load(tmp_path, more('link = { erp = "URL", store = "permalink", truth = "store" }'))
    assert mapping.fields["link"].only_to == "erp"


def test_an_erp_column_may_feed_several_fields_and_the_first_writes_it(tmp_path: Path) -> None:
    fields = load(tmp_path, more('slug = { erp = "ArtNr", store = "slug", truth = "erp" }')).fields
    assert fields["sku"].goes_to("erp")
    assert not fields["slug"].goes_to("erp")
    fields = load(tmp_path, more('short = { erp = "Bezeichnung", store = "short_description", truth = "erp" }')).fields
    assert fields["name"].goes_to("erp")
    assert fields["short"].only_to == "store"


def test_of_an_erp_that_is_only_read_every_truth_is_allowed(tmp_path: Path) -> None:
    text = changed('write_to = "import/products-{time}.csv"\n', 'modified = "Datum"\n')
    for truth in ("erp", "store", "erp-wins", "store-wins", "newest", "ask"):
        assert load(tmp_path, text.replace("store-wins", truth)).fields["name"].truth == truth
    summed = text.replace('truth = "erp-wins", to = "store"', 'truth = "sum"')
    assert load(tmp_path, summed).fields["stock"].truth == "sum"


def test_sum_is_handed_over_as_a_difference_or_written_in_place_as_a_number(tmp_path: Path) -> None:
    summed = changed('truth = "erp-wins", to = "store"', 'truth = "sum", write = "difference"')
    assert load(tmp_path, summed).fields["stock"].by_difference
    in_place = summed.replace(', write = "difference"', "").replace("import/products-{time}.csv", "in-place")
    assert not load(tmp_path, in_place).fields["stock"].by_difference
    assert load(tmp_path, changed('"erp-wins", to = "store"', '"sum", to = "store"')).fields["stock"].truth == "sum"


@pytest.mark.parametrize(
    ("written", "rule_"),
    [
        ('factor = "1.19"', Rule(Decimal("1.19"))),
        ("factor = 1.19, add = -0.5", Rule(Decimal("1.19"), Decimal("-0.5"))),
        ("factor = 1e-3", Rule(Decimal("0.001"))),
        ("add = 1", Rule(add=Decimal(1))),
        ('round = "0.05"', Rule(rounding=Rounding(Decimal("0.05")))),
        ("round = 0.05", Rule(rounding=Rounding(Decimal("0.05")))),
        ('round = "x.99"', Rule(rounding=Rounding(Decimal(1), Decimal("0.99")))),
        ('round = "x9.90"', Rule(rounding=Rounding(Decimal(10), Decimal("9.90")))),
        ('round = "x99"', Rule(rounding=Rounding(Decimal(100), Decimal(99)))),
        ('round = "half-up"', None),
    ],
)
def test_a_rule_is_given_as_text_or_as_a_number(tmp_path: Path, written: str, rule_: Rule | None) -> None:
    found = load(tmp_path, rule(written)).fields["x"]
    assert found.rule == rule_
    assert found.type.rounds == ("half-up" in written)
    assert found.only_to == ("store" if rule_ else None)


def test_a_rule_may_count_before_money_is_rounded_to_its_places(tmp_path: Path) -> None:
    found = load(tmp_path, rule('factor = "1.19", round = "half-up"')).fields["x"]
    assert found.read("erp", "10.01", PLAIN) == Decimal("11.91")


def test_a_counted_field_of_any_truth_goes_one_way(tmp_path: Path) -> None:
    found = load(tmp_path, rule('factor = 2, truth = "store-wins", to = "store"')).fields["x"]
    assert (found.goes_to("store"), found.goes_to("erp")) == (True, False)


def test_a_column_that_is_counted_for_one_field_may_be_written_from_another(tmp_path: Path) -> None:
    fields = load(tmp_path, more('net = { erp = "VK", store = "meta:net", type = "money", factor = 2 }')).fields
    assert (fields["price"].goes_to("erp"), fields["net"].goes_to("erp")) == (True, False)


def test_units_are_the_erp_s_and_the_store_s(tmp_path: Path) -> None:
    assert load(tmp_path, weight("erp = 'g', store = 'kg'")).fields["x"].units == ("g", "kg")
    sized = rule("unit = { store = 'in', erp = 'mm' }", "dimensions.width", "decimal")
    assert load(tmp_path, sized).fields["x"].units == ("mm", "in")


def test_records_may_be_created_in_an_erp_that_gets_their_key(tmp_path: Path) -> None:
    assert load(tmp_path, changed("in_erp = false", "in_erp = true")).create_in_erp


@pytest.mark.parametrize("gone", ["keep", "draft", "out-of-stock", "trash", "delete"])
def test_every_answer_to_gone_from_the_erp_is_known(tmp_path: Path, gone: str) -> None:
    assert load(tmp_path, changed('from_erp = "keep"', f'from_erp = "{gone}"')).gone.from_erp == gone


@pytest.mark.parametrize("path", ["dimensions.length", "meta:_yoast_wpseo_title", "attribute:Größe, cm", "tags"])
def test_paths_of_a_product(tmp_path: Path, path: str) -> None:
    kind = "decimal" if "dim" in path else "list" if path == "tags" else "text"
    assert load(tmp_path, more(f'x = {{ erp = "X", store = "{path}", type = "{kind}" }}')).fields["x"].store == path


@pytest.mark.parametrize("path", ["lang", "yoast_head_json.title"])
@pytest.mark.parametrize("only", ['truth = "store"', 'truth = "store-wins", to = "erp"'])
def test_what_a_plug_in_adds_can_be_read(tmp_path: Path, path: str, only: str) -> None:
    found = load(tmp_path, more(f'x = {{ erp = "X", store = "{path}", {only} }}')).fields["x"]
    assert (found.store, found.goes_to("store"), found.goes_to("erp")) == (path, False, True)


# -- mistakes ----------------------------------------------------------------------------------------------------------

FIELD = 34
TYPES = get_args(TypeName)
MISTAKES: list[tuple[str, int | None, str, str]] = [
    # mapping, line, part of the message, part of what to write instead
    (changed('entity = "product"\n', "\n"), None, "entity is missing", 'entity = "product"'),
    (changed('"product"', '"products"'), 1, "entity: unknown word 'products'", "did you mean product?"),
    (changed("[gone]", "[gonne]"), 20, "gonne: unknown key", "did you mean gone?"),
    (MAPPING + '[lines]\nresource = "x"\n', 34, "lines: a product has no lines", "leave this table out"),
    (changed('resource = "products.csv"\n', ""), 3, "erp: resource is missing", 'resource = "products.csv"'),
    (changed('key = "ArtNr"\n', ""), 3, "erp: key is missing", 'key = "ArtNr"'),
    (changed('key = "ArtNr"', 'key = ""'), 5, "no good name", "as it stands there"),
    (changed('key = "ArtNr"', "key = 5"), 5, "must be text in quotes", 'key = "ArtNr"'),
    (changed('key = "ArtNr"', 'key = "ArtNr"\nkeys = "x"'), 6, "erp.keys: unknown key", "did you mean key?"),
    (changed('key = "ArtNr"', 'key = "ArtNr"\ncomplete = "yes"'), 6, "must be true or false", "complete = true"),
    (changed('Webshop = "J"', "Webshop = true"), 6, "erp.only.Webshop: not a word", '{ Column = "J" }'),
    (changed('Webshop = "J"', "Webshop = []"), 6, "erp.only.Webshop: not a word", '{ Column = "J" }'),
    (changed('{ Webshop = "J" }', '"J"'), 6, "erp.only: must be a table", 'only = { Webshop = "J" }'),
    (changed("products-{time}", "products"), 7, "without {time}", "products-{time}.csv"),
    (
        changed("import/products-{time}", "{time}/products"),
        7,
        "without {time} in the file's name",
        "products-{time}.csv",
    ),
    (changed("{time}", "{time}{time}"), 7, "{time} stands there 2 times", "products-{time}.csv"),
    (changed("import/", "import-{time}/"), 7, "{time} stands there 2 times", "products-{time}.csv"),
    (changed("{time}", "{time}-{run}"), 7, "unknown placeholder '{run}'", "products-{time}.csv"),
    (changed("import/", "../"), 7, "not a file below the folder", "products-{time}.csv"),
    (changed("import/", "/srv/"), 7, "not a file below the folder", "products-{time}.csv"),
    (changed("import/", "C:/"), 7, "not a file below the folder", "products-{time}.csv"),
    (changed('"import/products-{time}.csv"', '"inplace"'), 7, "without {time}", '"in-place"'),
    (changed('"48h"', '"2 days"'), 8, "not a duration: '2 days'", '"24h"'),
    (changed('"48h"', '"0h"'), 8, "no time at all", '"48h"'),
    (
        changed('status = ["publish", "private"]', 'status = "published"'),
        11,
        "cannot be 'published'",
        "did you mean publish?",
    ),
    (changed("{ status =", "{ statsu ="), 11, "no 'statsu'", 'did you mean "status"?'),
    (changed('["id", "sku"]', '"sku"'), 14, "must be a list", 'by = ["id", "sku"]'),
    (
        changed('["id", "sku"]', '["id", "skuu"]'),
        14,
        "match.by[1]: products are not matched by 'skuu'",
        "did you mean sku?",
    ),
    (changed('["id", "sku"]', '["email"]'), 14, "not matched by 'email'", "there are: id, sku, gtin"),
    (changed('["id", "sku"]', '["sku", "sku"]'), 14, "sku stands there twice", "leave one of them out"),
    (
        changed('["id", "sku"]', '["gtin", "sku"]'),
        14,
        "maps the store's global_unique_id",
        'store = "global_unique_id"',
    ),
    (changed('["id", "sku"]', '["id"]'), 14, "no field is mapped by which", 'store = "sku"'),
    (changed('["id", "sku"]', "[]"), 14, "no field is mapped by which", 'store = "sku"'),
    (changed("in_store = true", "in_store = 1"), 17, "must be true or false", "in_store = true"),
    (changed("in_erp = false", "in_erp = true").replace("write_to", "#"), 18, "the ERP is only read", "write_to = "),
    (
        changed("in_erp = false", "in_erp = true").replace('key = "Art', 'key = "Id'),
        18,
        "would have no key",
        'erp = "IdNr"',
    ),
    (
        changed("in_erp = false", "in_erp = true").replace('truth = "erp" }', 'to = "store" }', 1),
        18,
        "no key",
        '"ArtNr"',
    ),
    (changed('from_erp = "keep"', 'from_erp = "drafts"'), 21, "unknown word 'drafts'", "did you mean draft?"),
    (changed('from_store = "ask"', "from_store = true"), 22, "unknown word True", "there are: ask, keep, recreate"),
    (MAPPING[: MAPPING.index("sku =")], 24, "fields: there are none", "sku = {"),
    (MAPPING[: MAPPING.index("[fields]")] + "[fields]\nsku = 5\n", 25, "fields.sku: must be a table", "sku = {"),
    (more('x = { erp = "X", stroe = "meta:x" }'), FIELD, "fields.x.stroe: unknown key", "did you mean store?"),
    (more('x = { erp = "X" }'), FIELD, "fields.x: store is missing", "the key column needs no field of its own"),
    (more('x = { store = "slug" }'), FIELD, "fields.x: erp is missing", "value = … for a constant"),
    (more('x = { erp = "X", store = "" }'), FIELD, "no good name", "as it stands there"),
    (more('x = { erp = " X", store = "slug" }'), FIELD, "no good name: ' X'", "without spaces around it"),
    (more('x = { erp = 5, store = "slug" }'), FIELD, "fields.x.erp: must be text", "erp = "),
    (more('x = { erp = "X", store = "meta:x", type = "mony" }'), FIELD, "unknown word 'mony'", "did you mean money?"),
    (more('x = { erp = "X", store = "meta:x", truth = "shop" }'), FIELD, "unknown word 'shop'", "erp-wins"),
    (more('x = { erp = "X", store = "meta:x", truth = "erp_wins" }'), FIELD, "unknown word", "did you mean erp-wins?"),
    (more('x = { erp = "X", store = "meta:x", to = "shop" }'), FIELD, "unknown word 'shop'", "there are: erp, store"),
    (more('x = { erp = "X", store = "meta:x", required = "yes" }'), FIELD, "must be true or false", "required = true"),
    (more('x = { erp = "X", store = "meta:x", empty = "keep" }'), FIELD, "unknown word 'keep'", "ignore, clear"),
    # archive_to
    *(
        (
            changed('key = "ArtNr"', f'key = "ArtNr"\narchive_to = "{folder}"'),
            6,
            "not a folder below",
            'archive_to = "done"',
        )
        for folder in ("../done", "/srv/done", ".", "C:/done", "in/../../done", "in\\\\done")
    ),
    (changed('key = "ArtNr"', 'key = "ArtNr"\narchive_to = "done/{time}"'), 6, "no placeholder", "get a number"),
    (changed('key = "ArtNr"', 'key = "ArtNr"\narchive_to = 5'), 6, "must be text", 'archive_to = "done"'),
    (
        changed('write_to = "import/products-{time}.csv"', 'archive_to = "done"\nwrite_to = "in-place"'),
        7,
        "has to stay where it is",
        "leave archive_to out",
    ),
    (
        changed('resource = "products.csv"', 'resource = "done/in/*.csv"\narchive_to = "./done/"'),
        5,
        "would lie in it already",
        "name another",
    ),
    (changed('key = "ArtNr"', 'key = "ArtNr"\nparent = "ArtNr"'), 6, "variation of itself", "leave parent out"),
    # store paths
    (more('x = { erp = "X", store = "regularprice", type = "money" }'), FIELD, "no 'regularprice'", '"regular_price"'),
    (more('x = { erp = "X", store = "Preis" }'), FIELD, "has no 'Preis'", "meta:KEY"),
    (more('x = { erp = "X", store = "billing.phone" }'), FIELD, "no 'billing.phone' that can be", 'truth = "store"'),
    (more('x = { erp = "X", store = "lang", to = "store" }'), FIELD, "no 'lang' that can be written", "meta:KEY"),
    (more('x = { value = "de", store = "lang" }'), FIELD, "no 'lang' that can be written", "meta:KEY"),
    (more('x = { erp = "X", store = "meta:" }'), FIELD, "no good key after meta:", 'store = "meta:KEY"'),
    (more('x = { erp = "X", store = "attribute: Farbe" }'), FIELD, "no good name after attribute:", '"attribute:NAME"'),
    (more('x = { erp = "X", store = "attr:Farbe" }'), FIELD, "unknown kind of path 'attr'", '"attribute:NAME"'),
    (more('x = { erp = "X", store = "meta:_price" }'), FIELD, "past the store's own rules", 'store = "regular_price"'),
    (more('x = { erp = "X", store = "meta:_syncengine" }'), FIELD, "the program's own mark", "choose another key"),
    (more('x = { erp = "X", store = "attributes" }'), FIELD, "attributes are mapped one by one", "attribute:NAME"),
    (more('x = { erp = "X", store = "meta_data" }'), FIELD, "meta data is mapped key by key", "meta:KEY"),
    (more('x = { erp = "X", store = "dimensions", type = "decimal" }'), FIELD, "one by one", "dimensions.length"),
    (more('x = { erp = "X", store = "slug.en" }'), FIELD, "slug has nothing inside it", 'store = "slug"'),
    (
        more('x = { erp = "X", store = "sku" }'),
        FIELD,
        "sku is mapped already by sku (line 25)",
        "leave out one of the two",
    ),
    (
        more('x = { erp = "X", store = "attribute:brand" }'),
        FIELD,
        "mapped already by brand (line 31)",
        "one of the two",
    ),
    (more('x = { erp = "X", store = "permalink" }'), FIELD, "nobody can write permalink", 'truth = "store"'),
    (
        more('x = { erp = "X", store = "price", type = "money", to = "store" }'),
        FIELD,
        "nobody can write price",
        'to = "erp"',
    ),
    (more('x = { value = "5", store = "id" }'), FIELD, "nobody can write id", "leave the field out"),
    # types
    (
        more('x = { erp = "X", store = "sale_price" }'),
        FIELD,
        "sale_price cannot be of type text",
        '"money" or "decimal"',
    ),
    (
        more('x = { erp = "X", store = "sale_price", type = "date" }'),
        FIELD,
        "cannot be of type date",
        '"money" or "decimal"',
    ),
    (more('x = { erp = "X", store = "tags" }'), FIELD, "tags cannot be of type text", 'type = "list"'),
    (
        changed('type = "integer"', 'type = "decimal"'),
        28,
        "stock_quantity cannot be of type decimal",
        'type = "integer"',
    ),
    (more('x = { erp = "X", store = "meta:x", places = 3 }'), FIELD, "means nothing for text", 'type = "money"'),
    (
        more('x = { erp = "X", store = "sale_price", type = "money", places = 9 }'),
        FIELD,
        "places: must be at most 6",
        "places = 4",
    ),
    (
        more('x = { erp = "X", store = "sale_price", type = "money", places = 2.0 }'),
        FIELD,
        "whole number",
        "places = 4",
    ),
    (more('x = { erp = "X", store = "meta:x", round = "half-up" }'), FIELD, "means nothing for text", 'type = "money"'),
    (
        more('x = { erp = "X", store = "sale_price", type = "money", round = "up" }'),
        FIELD,
        "unknown word 'up'",
        '"half-up"',
    ),
    (more('x = { erp = "X", store = "meta:x", separator = "," }'), FIELD, "means nothing for text", 'type = "list"'),
    (more('x = { erp = "X", store = "tags", type = "list", separator = "" }'), FIELD, "nothing to separate by", '"|"'),
    (more('x = { erp = "X", store = "meta:x", max_change = "5%" }'), FIELD, "means nothing for text", 'type = "money"'),
    (changed('"50%"', '"half"'), 27, "not a percentage: 'half'", '"50%"'),
    (changed('"50%"', "50"), 27, "not a percentage: 50", '"50%"'),
    (changed('"50%"', '"0%"'), 27, "every change would be held", "above 0"),
    # rules and units
    (rule('factor = "1,19"'), FIELD, "fields.x.factor: not a number: '1,19'", '"1.19"'),
    (rule("factor = true"), FIELD, "fields.x.factor: not a number: True", '"1.19"'),
    (rule("factor = nan"), FIELD, "fields.x.factor: not a number: nan", '"1.19"'),
    (rule(f'factor = "1.{"1" * 40}"'), FIELD, "fields.x.factor: not a number", "20 characters"),
    (rule("factor = 0"), FIELD, "fields.x.factor: no number would be left", "above 0"),
    (rule('factor = "-1"'), FIELD, "fields.x.factor: no number would be left", "above 0"),
    (rule('add = "0.50 EUR"'), FIELD, "fields.x.add: not a number: '0.50 EUR'", '"1.19"'),
    (rule('round = "x"'), FIELD, "fields.x.round: unknown word 'x'", '"x.99"'),
    (rule('round = "x,99"'), FIELD, "fields.x.round: unknown word 'x,99'", '"x.99"'),
    (rule("round = 0"), FIELD, "fields.x.round: no step at all", '"0.05"'),
    (rule('round = "0.005"'), FIELD, "amounts have 3 decimal places, and this field has 2", "places = 3"),
    (rule('round = "x.999"'), FIELD, "amounts have 3 decimal places, and this field has 2", "places = 3"),
    (rule('round = "0.5"', "menu_order", "integer"), FIELD, "1 decimal places, and this field has 0", "whole number"),
    (rule('round = "half-up"', "menu_order", "integer"), FIELD, "half-up means nothing for integer", 'round = "1"'),
    (rule("factor = 2", "meta:x", "text"), FIELD, "fields.x.factor: means nothing for text", 'type = "money"'),
    (rule("add = 2", "meta:x", "date"), FIELD, "fields.x.add: means nothing for date", 'type = "money"'),
    (rule("factor = 2, map = { a = 1 }"), FIELD, "a map has words", "leave out map or factor"),
    (rule('factor = 2, truth = "erp-wins"'), FIELD, "on the way to the store only", 'truth = "erp", or to = "store"'),
    (rule('round = "0.05", truth = "store"'), FIELD, "this field travels to the ERP", 'truth = "erp", or to = "store"'),
    (rule('add = 1, truth = "store-wins", to = "erp"'), FIELD, "this field travels to the ERP", 'to = "store"'),
    (rule("factor = 2", "id", "integer"), FIELD, "on the way to the store only", 'to = "store"'),
    (
        more('x = { value = 5, store = "sale_price", type = "money", factor = 2 }'),
        FIELD,
        "fields.x.factor: value is a constant",
        "leave out value or factor",
    ),
    (
        more('x = { value = 5, store = "sale_price", type = "money", round = "x.99" }'),
        FIELD,
        "fields.x.round: value is a constant",
        "leave out value or round",
    ),
    (rule('unit = "g"', "weight", "decimal"), FIELD, "fields.x.unit: must be a table", 'unit = { erp = "g"'),
    (rule('unit = { erp = "g" }', "weight", "decimal"), FIELD, "fields.x.unit: store is missing", 'store = "kg" }'),
    (weight("erp = 'g', store = 'kilo'"), FIELD, "fields.x.unit.store: unknown word 'kilo'", "kg"),
    (weight("erp = 'g', store = 'kg', shop = 'kg'"), FIELD, "fields.x.unit.shop: unknown key", "there are: erp, store"),
    (weight("erp = 'cm', store = 'kg'"), FIELD, "fields.x.unit.erp: cm is no unit of weight", "there are: g, kg"),
    (
        rule("unit = { erp = 'cm', store = 'g' }", "dimensions.width", "decimal"),
        FIELD,
        "fields.x.unit.store: g is no unit of dimensions.width",
        "there are: mm, cm",
    ),
    (weight("erp = 'g', store = 'kg'", "text"), FIELD, "fields.x.unit: means nothing for text", 'type = "decimal"'),
    (weight("erp = 'g', store = 'kg'", "money"), FIELD, "means nothing for money", 'type = "decimal"'),
    (rule("unit = { erp = 'g', store = 'kg' }"), FIELD, "sale_price has none", "weight and dimensions have units"),
    (
        rule("unit = { erp = 'g', store = 'kg' }, map = { a = 1 }", "weight", "decimal"),
        FIELD,
        "fields.x.unit: converts numbers, and a map has words",
        "leave out map or unit",
    ),
    (
        rule("unit = { erp = 'g', store = 'kg' }, factor = 2", "weight", "decimal"),
        FIELD,
        "fields.x.factor: counts, and unit does so too",
        "leave out unit or factor",
    ),
    (
        rule("unit = { erp = 'g', store = 'kg' }, truth = 'sum', to = 'store'", "weight", "decimal"),
        FIELD,
        "fields.x.unit: sum counts pieces, and these are measures",
        'truth = "erp-wins"',
    ),
    # maps and other values
    (more('x = { erp = "X", store = "meta:x", map = {} }'), FIELD, "fields.x.map: is empty", "map = { J = "),
    (more('x = { erp = "X", store = "meta:x", map = "J" }'), FIELD, "must be a table", "map = { J = "),
    (more('x = { erp = "X", store = "meta:x", map = { J = true } }'), FIELD, "not a text: True", 'type = "boolean"'),
    (more('x = { erp = "X", store = "meta:x", map = { " J" = "a" } }'), FIELD, "spaces around ' J'", "leave them out"),
    (changed('N = "draft"', 'N = "drafts"'), 30, "status cannot be 'drafts'", "did you mean draft?"),
    (changed('N = "draft" }', 'N = "draft" }, else = "x"'), 30, "status cannot be 'x'", "there are: draft"),
    (
        more('x = { erp = "X", store = "featured", type = "boolean", map = { J = "ja" } }'),
        FIELD,
        "fields.x.map.J: neither true nor false: 'ja'",
        "type boolean",
    ),
    (more('x = { erp = "X", store = "meta:x", else = "a" }'), FIELD, "there is no map", "a map"),
    (
        more('x = { erp = "X", store = "menu_order", type = "integer", default = "a" }'),
        FIELD,
        "not a number",
        "type integer",
    ),
    (
        more('x = { erp = "X", store = "menu_order", type = "integer", default = true }'),
        FIELD,
        "not an integer",
        "integer",
    ),
    (
        more('x = { erp = "X", store = "slug", value = "a" }'),
        FIELD,
        "fields.x.erp: value is a constant",
        "leave out value or erp",
    ),
    (
        more('x = { value = "a", map = { a = "b" }, store = "slug" }'),
        FIELD,
        "value is a constant",
        "leave out value or map",
    ),
    (more('x = { value = 5, store = "slug" }'), FIELD, "not a text: 5", "in quotes"),
    (more('x = { value = "a", store = "slug", to = "erp" }'), FIELD, "a constant is for the store", 'to = "store"'),
    (
        more('x = { value = "a", store = "slug", truth = "newest" }').replace(
            "only = { W", "modified = 'M'\nonly = { W"
        ),
        35,
        "a constant cannot have the truth newest",
        'truth = "erp"',
    ),
    # truths
    (changed('"store-wins"', '"sum"'), 26, "sum adds numbers, and this is text", 'type = "integer"'),
    (changed('"store-wins"', '"union"'), 26, "union joins lists, and this is text", 'type = "list"'),
    (changed('"store-wins"', '"newest"'), 26, "when the ERP's record was modified", 'modified = "COLUMN"'),
    (changed('"erp-wins", to = "store"', '"sum"'), 28, "only as a signed difference", 'write = "difference"'),
    (changed('"erp-wins"', '"erp-wins", write = "difference"'), 28, "only sum hands over differences", 'truth = "sum"'),
    (changed('"erp-wins"', '"erp-wins", write = "number"'), 28, "unknown word 'number'", 'write "difference"'),
    (
        changed('"erp-wins", to = "store"', '"sum", write = "difference"').replace(
            "import/products-{time}.csv", "in-place"
        ),
        28,
        "a difference would stand in the ERP's data",
        "leave it out",
    ),
    (changed('"erp-wins"', '"sum", map = { a = 1 }'), 28, "sum adds numbers, and a map has words", "leave out the map"),
    (changed('"store-wins"', '"store", to = "store"'), 26, "nothing would ever travel", 'to = "erp" or truth = "erp"'),
    (changed('truth = "store-wins"', 'to = "erp"'), 26, "nothing would ever travel", 'to = "store" or truth = "store"'),
    (
        more('x = { erp = "Bezeichnung", store = "short_description", truth = "ask" }'),
        FIELD,
        "the column Bezeichnung is written already by name (line 26)",
        'to = "store" in all but one',
    ),
    ("entity = product\n", 1, "not TOML: invalid value", "text in straight quotes"),
    (MAPPING + '[erp]\nkey = "x"\n', 34, "the same key or table twice", "write it once"),
]


@pytest.mark.parametrize(("text", "line", "message", "instead"), MISTAKES)
def test_every_mistake_names_the_file_the_line_and_what_to_write_instead(
    tmp_path: Path, text: str, line: int | None, message: str, instead: str
) -> None:
    found = problems(tmp_path, text)
    assert all(problem.file == str(tmp_path / "products.toml") for problem in found)
    assert all(problem.instead for problem in found)
    fitting = [problem for problem in found if message in problem.message and problem.line == line]
    assert fitting, [str(problem) for problem in found]
    assert any(instead in problem.instead for problem in fitting), fitting


def test_a_single_mistake_is_a_single_problem(tmp_path: Path) -> None:
    for text, _, message, _ in MISTAKES:
        found = problems(tmp_path, text)
        assert len(found) == 1, (message, [str(problem) for problem in found])


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = changed('"48h"', '"bald"').replace('from_erp = "keep"', 'from_erp = "kepp"').replace('"ask" }', '"asks" }')
    assert [problem.line for problem in problems(tmp_path, text)] == [8, 21, 33]


def test_a_missing_mapping_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no.toml: there is no such file\n    write the mapping there, or start with"
    ):
        load_mapping(tmp_path / "no.toml")


# -- digests -----------------------------------------------------------------------------------------------------------


def test_comments_order_and_layout_do_not_change_the_digest(tmp_path: Path) -> None:
    lines = MAPPING.splitlines()
    other = "\n".join(["# a comment", *lines[:24], *reversed(lines[24:])]).replace(" = ", "=")
    assert load(tmp_path, other).digest == load(tmp_path).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('key = "ArtNr"', 'key = "Nr"'),
        ('Webshop = "J"', 'Webshop = "N"'),
        ('["publish", "private"]', '["publish"]'),
        ("in_store = true", "in_store = false"),
        ('erp = "VK"', 'erp = "EK"'),
        ('"regular_price"', '"sale_price"'),
        ('type = "money"', 'type = "decimal"'),
        ('type = "money"', 'type = "money", places = 3'),
        ('type = "money"', 'type = "money", round = "half-up"'),
        ('type = "money"', 'type = "money", round = "x.99"'),
        ('type = "money"', 'type = "money", factor = 1.19'),
        ('type = "money"', 'type = "money", add = "0.50"'),
        ('"regular_price", type = "money"', '"weight", type = "decimal", unit = { erp = "g", store = "kg" }'),
        ('max_change = "50%"', 'max_change = "60%"'),
        ('N = "draft"', 'N = "private"'),
        ('separator = "|"', 'separator = ","'),
        ("value = true", "value = false"),
        ('"store-wins"', '"erp-wins"'),
        ('"ask" }', '"ask", empty = "ignore" }'),
        ('"ask" }', '"ask", strip = false }'),
        ('"ask" }', '"ask", default = "x" }'),
    ],
)
def test_what_changes_the_fate_of_a_record_changes_the_digest(tmp_path: Path, old: str, new: str) -> None:
    assert load(tmp_path, changed(old, new)).digest != load(tmp_path).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [('"48h"', '"12h"'), ("import/", "in/"), ('from_erp = "keep"', 'from_erp = "draft"'), ("products.csv", "p*.csv")],
)
def test_what_leaves_the_records_as_they_are_leaves_the_digest(tmp_path: Path, old: str, new: str) -> None:
    assert load(tmp_path, changed(old, new)).digest == load(tmp_path).digest


@pytest.mark.parametrize(
    ("name", "old", "new", "differs"),
    [
        ("price", 'erp = "VK"', 'erp = "EK"', True),
        ("price", '"regular_price"', '"sale_price"', True),
        ("price", 'type = "money"', 'type = "decimal"', True),
        ("status", 'N = "draft"', 'N = "private"', True),
        ("managed", "value = true", "value = false", True),
        ("price", 'max_change = "50%"', 'max_change = "60%"', False),
        ("price", 'max_change = "50%"', 'factor = "1.19", add = 1, round = "x.99"', False),
        ("name", '"store-wins"', '"ask"', False),
        ("stock", ', to = "store"', "", False),
        ("shelf", '"ask" }', '"ask", required = true }', False),
        ("shelf", 'entity = "product"', '# moved\nentity = "product"', False),
    ],
)
def test_a_field_starts_without_a_base_only_if_its_type_path_or_map_changed(
    tmp_path: Path, name: str, old: str, new: str, differs: bool
) -> None:
    before, after = load(tmp_path).fields, load(tmp_path, changed(old, new)).fields
    assert (field_signature(before[name]) != field_signature(after[name])) is differs
    others = [other for other in before if other != name]
    assert [field_signature(before[other]) for other in others] == [field_signature(after[other]) for other in others]


def test_another_unit_only_needs_merging_again_because_bases_are_in_the_store_s(tmp_path: Path) -> None:
    before, after = (load(tmp_path, weight(f"erp = '{unit}', store = 'kg'")) for unit in ("g", "oz"))
    assert field_signature(before.fields["x"]) == field_signature(after.fields["x"])
    assert before.digest != after.digest


def test_links_are_dropped_only_if_what_identifies_a_record_changed(tmp_path: Path) -> None:
    before = load(tmp_path)
    assert key_signature(load(tmp_path, changed('key = "ArtNr"', 'key = "Nr"'))) != key_signature(before)
    assert key_signature(load(tmp_path, changed('"store-wins"', '"ask"'))) == key_signature(before)
    assert key_signature(replace(before, match_by=("global_unique_id",))) != key_signature(before)


# -- several jobs ------------------------------------------------------------------------------------------------------


def settings(folder: Path, **mappings: str) -> Settings:
    for name, text in mappings.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    shop: dict[str, Any] = {"name": "shop", "type": "woocommerce", "url": "http://127.0.0.1"}
    return Settings(
        file=folder / "config.toml",
        state_url="sqlite://",
        connections={
            "erp": CsvConnection(name="erp", type="csv", folder=folder / "erp"),
            "shop": WooCommerceConnection(**shop, consumer_key="ck_1", consumer_secret="cs_1"),
        },
        jobs={name: Job(name=name, mapping=folder / f"{name}.toml", erp="erp", store="shop") for name in mappings},
    )


STOCK = """
entity = "product"
erp = { resource = "stock.csv", key = "SKU" }
[fields]
sku = { erp = "SKU", store = "sku", to = "erp", truth = "store" }
stock = { erp = "Quantity", store = "stock_quantity", type = "integer" }
"""


def test_the_mappings_of_all_jobs_or_of_some_are_read(tmp_path: Path) -> None:
    text = MAPPING.replace("stock_quantity", "low_stock_amount")
    loaded = settings(tmp_path, products=text, stock=STOCK)
    assert list(load_mappings(loaded)) == ["products", "stock"]
    assert list(load_mappings(loaded, ["stock"])) == ["stock"]


def test_two_jobs_may_share_records_but_not_a_store_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mappings(settings(tmp_path, products=MAPPING, stock=STOCK))
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == (str(tmp_path / "stock.toml"), 6)
    assert problem.message == "fields.stock: the job products writes stock_quantity of the same store too"
    assert problem.instead


def test_the_mistakes_of_all_mappings_are_told_at_once(tmp_path: Path) -> None:
    loaded = settings(tmp_path, products=changed('"48h"', '"bald"'), stock=STOCK.replace("integer", "text"))
    with pytest.raises(ConfigError) as caught:
        load_mappings(loaded)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["products.toml", "stock.toml"]


def test_a_job_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no job 'stok'\n    did you mean stock\?"):
        load_mappings(settings(tmp_path, stock=STOCK), ["stok"])


@pytest.mark.parametrize("resource", ["../stock.csv", "/srv/stock.csv", "C:\\\\stock.csv"])
def test_files_are_read_only_inside_the_folder(tmp_path: Path, resource: str) -> None:
    with pytest.raises(
        ConfigError, match=r"stock.toml:3: erp.resource: .* is not inside the folder of connections.erp"
    ):
        load_mappings(settings(tmp_path, stock=STOCK.replace("stock.csv", resource)))


@pytest.mark.parametrize("resource", ["stock**.csv", "**stock.csv", "export/**csv", "***/stock.csv"])
def test_two_stars_stand_for_any_folders_and_for_nothing_else(tmp_path: Path, resource: str) -> None:
    with pytest.raises(ConfigError, match=r'stock.toml:3: erp.resource: .* stand alone between slashes\n.*"\*\*/stock'):
        load_mappings(settings(tmp_path, stock=STOCK.replace("stock.csv", resource)))
    load_mappings(settings(tmp_path, stock=STOCK.replace("stock.csv", "**/stock*.csv")))


# -- the shipped ones --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_mapping_is_read_as_it_is(path: Path) -> None:
    mapping = load_mapping(path)
    assert mapping.match_fields
    assert mapping.writes("store") or mapping.writes("erp")


def test_the_narrow_mappings_write_nothing_but_what_they_are_named_for() -> None:
    stock, prices = (load_mapping(ROOT / "mappings" / name) for name in ("stock-only.toml", "prices-only.toml"))
    assert [field.store for field in stock.fields.values() if field.goes_to("store")] == [
        "stock_quantity",
        "manage_stock",
    ]
    assert all(
        "sale" in str(field.store) or "price" in str(field.store) or not field.goes_to("store")
        for field in prices.fields.values()
    )
    for mapping in (stock, prices):
        assert not mapping.create_in_store
        assert not mapping.writes("erp")


ODD = [
    *["5", "-1", "1.5", "nan", "true", '""', '" "', '"\\u0000"', "[]", "{}", "[[1]]", "[{}]", "{ a = { b = 1 } }"],
    *["2026-01-31", "10:00:00", "2026-01-31T10:00:00", "[10:00:00]", '"' + "x" * 3000 + '"', '"ä:/..\\\\"', '"{time}"'],
    "99999999999999999999999",
]
KEYS = [
    *["erp", "store", "type", "truth", "map", "to", "value", "default", "required", "strip", "max_change", "empty"],
    *["places", "round", "separator", "write", "else"],
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_any_value_of_any_key_is_taken_or_refused_with_a_reason(tmp_path: Path, odd: str) -> None:
    lines = MAPPING.splitlines()
    texts = [more(f"x = {odd}")]
    texts += [more(f'x = {{ {key} = {odd}, type = "{kind}", store = "meta:x" }}') for key in KEYS for kind in TYPES]
    for at, line in enumerate(lines):
        if " = " in line:
            texts.append("\n".join([*lines[:at], f"{line.split(' = ')[0]} = {odd}", *lines[at + 1 :]]))
    for text in texts:
        try:
            load(tmp_path, text)
        except ConfigError as error:
            assert all(problem.instead for problem in error.problems)
