"""Free text that the store writes otherwise, and what it must not be taken for."""

from __future__ import annotations

import pytest

from syncengine.endpoints.woocommerce.texts import alike
from syncengine.sandbox import Sandbox
from tests.unit.test_woocommerce_shop import change, create, endpoint, mapping, only, shop

TEXTS = (
    "One line",
    "Two\nlines",
    "Para\n\nPara 2",
    "Para\nwith two lines\n\nand another",
    "<p>A</p><p>B</p>",
    "<p>one</p>",
    "<ul><li>x</li><li>y</li></ul>",
    "Before\n<ul><li>x</li></ul>\nafter",
    "<h2>Title</h2>\nText",
    "A<br>B<br/>C",
    '"quoted" -- it\'s',
    "a & b",
    "a < b",
    "a <= b\n\nlast",
    "c > d -> e",
    '<p class="x">a</p><p class="x">b</p>',
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_variation_s_description_is_kept_though_it_is_told_as_paragraphs(text: str) -> None:
    with Sandbox() as sandbox, endpoint(sandbox.transport(), mapping("sku", "description", "attribute:Size")) as store:
        options = [{"name": "Size", "variation": True, "options": ["S"]}]
        product = sandbox.create_product(name="T", type="variable", attributes=options)["id"]
        variation = change("create", None, sku="T-S", description=text, attribute__Size="S")
        variation.kind, variation.below = "variation", str(product)
        done = only(store.send([variation]))
    assert done.cells is not None, done.error
    assert store.kept("description", store.normal("description", text), done.cells["description"])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("path", ["description", "short_description"])
def test_a_product_s_text_is_kept_though_its_brackets_are_told_as_entities(path: str, text: str) -> None:
    with shop("sku", "name", path) as (_, store):
        done = only(store.send([create(sku="A", name="x", **{path: text})]))
        assert done.cells is not None
        assert store.kept(path, store.normal(path, text), done.cells[path])


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("a\nb", "a b"),
        ("a\nb", "ab"),
        ("a\n\nb", "a\nb"),
        ("a\nb", "<p>a b</p>\n"),
        ("a\n\nb", "<p>a<br />\nb</p>\n"),
        ("one two", "one"),
        ("one  two", "one two"),
        ("a < b", "a b"),
        ("a < b", "a"),
        ("<b>a</b>", "a"),
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
        ("<p>a</p>", "&lt;p&gt;a&lt;/p&gt;"),
        ("<ul><li>x</li></ul>", "x"),
        ('<a href="https://x.test">x</a>', "<a>x</a>"),
        ("a", ""),
    ],
)
def test_what_a_page_would_show_differently_is_not_taken_for_the_same(sent: str, told: str) -> None:
    assert not alike(sent, told)
