"""What the store would mangle is kept back with a reason; each row stands for one of FACTS-WOOCOMMERCE, 2 and 6."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from syncengine.endpoints.woocommerce.products import Products
from syncengine.endpoints.woocommerce.refusals import contradictions, ignored
from syncengine.mapping import Field
from syncengine.sandbox import Sandbox
from syncengine.values import Type, TypeName, Value
from tests.catalogue import FIELDS, catalogue, company
from tests.unit.test_woocommerce_shop import create, endpoint, mapping, only, shop, update


@pytest.fixture(scope="module")
def store() -> Iterator[Products]:
    with Sandbox() as sandbox, endpoint(sandbox.transport()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("regular_price", "1,5", "not a price: '1,5' (digits and a point only)"),  # would be 15
        ("regular_price", "1.234,56", "not a price"),
        ("regular_price", "1e3", "not a price"),  # would be 13
        ("regular_price", "€5", "not a price"),
        ("regular_price", "abc", "not a price"),  # would be empty
        ("regular_price", True, "not a price"),
        ("regular_price", [1], "not a price"),
        ("regular_price", {"a": 1}, "not a price"),
        ("regular_price", Decimal("NaN"), "not a price"),
        ("sale_price", Decimal("-1"), "a negative price: -1"),
        ("sale_price", Decimal("9" * 22), "not a price, it has 22 characters"),
        ("stock_quantity", "x", "not a whole number: 'x'"),  # would be 0
        ("stock_quantity", Decimal("1.5"), "not a whole number"),  # would be 1
        ("stock_quantity", "5.5", "not a whole number"),
        ("stock_quantity", "1e3", "not a whole number"),
        ("stock_quantity", "", "it cannot be empty: the store would make it 0"),
        ("stock_quantity", None, "it cannot be empty"),  # would be ignored
        ("stock_quantity", True, "not a whole number"),  # would be 1
        ("stock_quantity", [1], "not a whole number"),
        ("stock_quantity", 10**13, "too large a number"),
        ("menu_order", None, "it cannot be empty"),
        ("status", "foo", "not one of publish, private, draft, pending, trash: 'foo'"),  # would be a draft
        ("status", "future", "not one of"),  # the date decides that
        ("status", None, "not one of"),
        ("stock_status", "foo", "not one of instock"),  # would be instock
        ("catalog_visibility", "foo", "not one of visible"),
        ("tax_status", "foo", "not one of taxable"),
        ("backorders", "", "not one of no, notify, yes"),  # would be no
        ("manage_stock", "yes", "neither true nor false: 'yes'"),  # would be true
        ("manage_stock", None, "neither true nor false"),
        ("featured", 1, "neither true nor false"),
        ("weight", "abc", "not a measure"),
        ("weight", Decimal("-1"), "not a measure"),
        ("dimensions.length", "1,5", "not a measure"),
        ("date_on_sale_from", "not a date", "not a date: 'not a date'"),  # would be 1970-01-01
        ("date_on_sale_to", 5, "not a date"),
        ("date_on_sale_from", datetime(1, 1, 1, tzinfo=UTC), "a date before 1970 or after 9998: 0001-01-01T00"),
        ("date_on_sale_to", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "what has no end has an empty date"),
        ("date_on_sale_to", "9999-12-31T23:59:59Z", "a date before 1970 or after 9998"),
        ("date_on_sale_from", date(1, 1, 1), "a date before 1970 or after 9998: 0001-01-01"),
        ("name", "0", "the store calls a product of the name 0 Product"),
        ("name", "50% off <5>", "it holds '<5>', which the store takes out as a tag"),
        ("name", "<script>alert(1)</script>X", "it holds '<script>'"),
        ("name", "if 1 < 2 and 3 > 2", "it holds '< 2 and 3 >'"),
        ("name", "back\\slash", "it holds a backslash, which the store drops"),
        ("name", "nul\x00x", "it holds a NUL character, which the store drops"),
        ("name", "half \ud83d", "half a character"),
        ("name", ["x"], "not a text"),
        ("description", "<p>ok</p><iframe src=x></iframe>", "it holds '<iframe src=x>'"),
        ("description", "C:\\temp", "it holds a backslash"),
        ("sku", "a\tb", "a tab, a line break"),
        ("sku", "a\nb", "a tab, a line break"),
        ("sku", "a<b", "it holds '<'"),
        ("sku", "<b>q</b>", "it holds '<'"),
        ("sku", "Case  1", "spaces around or twice in a row"),
        ("sku", " Case-1", "spaces around or twice in a row"),
        ("sku", "a%20b", "it holds '%20', which the store takes out"),
        ("sku", "x" * 101, "it has 101 characters: the store tells SKUs apart by the first 100 only"),
        ("sku", "0", "the store cannot look up the SKU 0"),
        ("slug", "Ünïcode Name", "not a slug"),
        ("slug", "-a-", "not a slug"),  # would be a
        ("slug", "a--b", "not a slug"),  # would be a-b
        ("slug", "---", "not a slug"),  # would be made from the name
        ("global_unique_id", "ABC def", "not a GTIN"),  # would be empty
        ("global_unique_id", "4006381333932", "it would have to end in 1"),
        ("categories", ["A > "], "a category path with an empty part: 'A > '"),
        ("categories", [" "], "an empty part"),
        ("categories", ["A > <b"], "a name with '<'"),
        ("categories", ["x" * 201], "more than 200 characters"),
        ("tags", [""], "an empty name"),
        ("tags", ["a\\b"], "a backslash"),
        ("attribute:Size", ["S|M"], "an option with '|'"),
        ("attribute:Size", "<b>", "a name with '<'"),
        ("attribute:", "x", "attribute: needs a name"),
        ("meta:_sku", "X", "meta:_sku is where the store keeps a field of its own: map that field instead"),
        ("meta:_PRICE", "1", "a field of its own"),
        ("meta:_stock", 1, "a field of its own"),
        ("meta:_syncengine", "1", "a field of its own"),
        ("meta:", "1", "meta: needs a key"),
        ("meta:x", ["\udc00"], "half a character"),
        ("meta:x", {"a": float("nan")}, "a number that JSON does not have"),
        ("id", 5, "id is the store's own, it cannot be written"),
        ("permalink", "x", "it cannot be written"),
        ("date_modified", "2026-01-01", "it cannot be written"),  # would be ignored
        ("price", Decimal(1), "it cannot be written"),
        ("on_sale", True, "it cannot be written"),
        ("frobnicate", 1, "the store has no field 'frobnicate' that can be written"),  # would be ignored
        ("images", ["/a.png"], "not the whole URL of an image"),
        ("images", ["https://x.test/a.png", "http://[::1/x.jpg"], "not the whole URL of an image: 'http://[::1/x.jpg'"),
        ("images", ["http://a\u2100b.example/x.jpg"], "not the whole URL of an image"),
        ("images", ["http://x.test:99999/x.jpg"], "not the whole URL of an image"),
        ("images", ["https://x.test/\ud800.jpg"], "half a character"),
        ("type", "variable", "never changed by a run"),
    ],
)  # fmt: skip
def test_what_the_store_would_mangle_is_refused_with_its_reason(
    store: Products, path: str, value: Value, reason: str
) -> None:
    assert reason in store.refusal(path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("regular_price", Decimal("19.90")),
        ("regular_price", Decimal(0)),
        ("regular_price", "10.005"),
        ("regular_price", 5),
        ("sale_price", None),
        ("stock_quantity", -4),
        ("stock_quantity", 99_999_999_999),
        ("stock_quantity", Decimal(7)),
        ("stock_quantity", "7"),
        ("low_stock_amount", None),
        ("status", "trash"),
        ("manage_stock", False),
        ("weight", None),
        ("weight", Decimal("1.5")),
        ("date_on_sale_from", datetime(2026, 1, 1, tzinfo=UTC)),
        ("date_on_sale_from", "2026-01-01T00:00:00Z"),
        ("date_on_sale_to", date(2026, 1, 1)),
        ("date_on_sale_to", date(9999, 12, 31)),
        ("slug", "a_b-2-c"),
        ("images", ["http://[::1]:8080/x.jpg"]),
        ("date_on_sale_to", None),
        ("name", "Ünïcödé 日本語 😀 A & B \"dq\" 'sq' – Ⅷ½ m²"),
        ("name", "e\u0301 nfd, zero\u200bwidth, tab\tnl\n"),
        ("name", "<b>bold</b> name"),
        ("name", "1 < 2, a <= b"),
        ("name", ""),
        ("description", '<h2>T</h2><a href="https://x.test">x</a><br/><!-- note --><table></table>'),
        ("description", None),
        ("sku", "a\\b\"c'd,e 😀 100%"),
        ("sku", ""),
        ("sku", "0123"),
        ("sku", "x" * 100),
        ("global_unique_id", "4006381333931"),
        ("tax_class", ""),
        ("tax_class", "reduced-rate"),
        ("shipping_class", ""),
        ("categories", ["A > B", "Nuts & Bolts"]),
        ("categories", []),
        ("tags", ["a, b"]),
        ("attribute:Size", "S | M"),
        ("attribute:Size", ["S", "M"]),
        ("attribute:Size", None),
        ("meta:_shelf", "C:\\x\x00 <b>"),
        ("meta:data", {"a": [1, 2.5, True, None]}),
        ("meta:x", None),
    ],
)
def test_what_the_store_keeps_as_it_is_may_be_sent(store: Products, path: str, value: Value) -> None:
    assert store.refusal(path, value) == ""


@pytest.mark.parametrize(
    ("path", "value", "comes_back"),
    [
        ("name", "<b>bold</b> & 'more' – \"x\"", "<b>bold</b> & 'more' – \"x\""),
        ("name", "1 < 2", "1 < 2"),
        ("sku", "a\\b\"c'd,e 100%", "a\\b\"c'd,e 100%"),
        ("description", "<p>x</p>\n\n<br/>é", "<p>x</p>\n\n<br/>é"),
        ("regular_price", Decimal("10.5"), "10.50"),
        ("stock_quantity", -4, -4),
        ("weight", Decimal("1.50"), "1.5"),
        ("date_on_sale_from", datetime(2030, 1, 1, 12, tzinfo=UTC), "2030-01-01T12:00:00Z"),
        ("global_unique_id", "4006381333931", "4006381333931"),
        ("attribute:Size", "S | M", "S | M"),
        ("meta:_shelf", "C:\\x <b>", "C:\\x <b>"),
        ("meta:data", {"a": [1, 2.5, True, None]}, {"a": [1, 2.5, True, None]}),
    ],
)
def test_what_may_be_sent_comes_back_unharmed(path: str, value: Value, comes_back: object) -> None:
    with shop(mapped=mapping("sku", "manage_stock", path)) as (_, store):
        fields: dict[str, Value] = {"sku": "X", "manage_stock": True, path.replace(":", "__"): value}
        outcome = only(store.send([create(**fields)]))
        assert (outcome.status, outcome.error) == ("done", "")
        assert outcome.cells is not None
        assert outcome.cells[path] == comes_back


def test_a_refused_value_does_not_reach_the_store_even_when_nobody_asked_first() -> None:
    with shop("sku", "regular_price", seed=1) as (sandbox, store):
        number = sandbox.products()[0]["id"]
        outcome = only(store.send([update(number, regular_price="1,5")]))
        assert outcome.status == "failed"
        assert "regular_price: not a price: '1,5'" in outcome.error
        assert sandbox.requests == []


@pytest.mark.parametrize(
    ("regular", "sale", "reason"),
    [
        ("10", "10", "the sale price 10.00 is not below the regular price 10.00: the store would drop it"),
        ("9.999", "10.0", "the sale price 10.00 is not below the regular price 9.999"),
        (None, "10", "a sale price of 10.00 needs a regular price"),
        ("0", "0", "not below"),
        ("10", "9.99", ""),
        ("10", None, ""),
        (None, None, ""),
    ],
)
def test_a_sale_price_has_to_be_below_the_regular_price_whichever_of_them_changed(
    regular: str | None, sale: str | None, reason: str
) -> None:
    values = {"regular_price": Decimal(regular) if regular else None, "sale_price": Decimal(sale) if sale else None}
    found = contradictions(values)
    assert list(found) == (["sale_price"] if reason else [])
    assert reason in found.get("sale_price", "")


def test_a_regular_price_that_is_not_mapped_is_not_ours_to_know() -> None:
    assert contradictions({"sale_price": Decimal(10)}) == {}


DAY, NOON = date(2030, 1, 5), datetime(2030, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("suffix", ["", "_gmt"])
@pytest.mark.parametrize(
    ("begin", "end", "reason"),
    [
        (DAY, date(2030, 1, 4), "the sale would begin (2030-01-05) after its end (2030-01-04)"),
        (NOON, datetime(2030, 1, 5, 11, tzinfo=UTC), "begin (2030-01-05T12:00:00Z) after its end"),
        (DAY, DAY, ""),  # it includes its day
        (NOON, NOON, ""),
        (DAY, date(2030, 1, 6), ""),
        (DAY, None, ""),
        (None, DAY, ""),
    ],
)
def test_a_sale_begins_before_it_ends(suffix: str, begin: Value, end: Value, reason: str) -> None:
    found = contradictions({f"date_on_sale_from{suffix}": begin, f"date_on_sale_to{suffix}": end})
    assert list(found) == ([f"date_on_sale_from{suffix}"] if reason else [])
    assert reason in found.get(f"date_on_sale_from{suffix}", "")


def test_a_contradiction_concerns_only_a_write_that_has_to_do_with_it() -> None:
    """A sale price that is not below the regular one came there by another hand: the name is written all the same."""
    sale = Field("sale", "sale", "sale_price", Type("money"), truth="erp", empty="ignore")
    with company(catalogue(*FIELDS[:3], sale)) as opened:
        opened.row("S", sku="S", name="Cup", price="5.00")
        opened.run()
        opened.shop.edit_silently(opened.shop.product_by_sku("S")["id"], sale_price="5.00")
        opened.row("S", name="Mug")
        assert (opened.run().exit_code, opened.shop.product_by_sku("S")["name"]) == (0, "Mug")
        opened.row("S", sale="5.00")
        assert [one.field for one in opened.run().rejects] == ["sale"]


def test_the_store_takes_no_notice_of_a_stock_that_it_does_not_manage() -> None:
    assert ignored({"manage_stock": True, "stock_quantity": 5}) == {"stock_status"}
    assert ignored({"manage_stock": False, "stock_quantity": 5}) == {"stock_quantity"}
    assert ignored({"stock_quantity": 5, "stock_status": "instock"}) == set()


def test_clearing_the_regular_price_with_the_sale_price_is_done_as_it_is_meant() -> None:
    with shop("sku", "regular_price", "sale_price") as (sandbox, store):
        number = int(
            only(store.send([create(sku="A", regular_price=Decimal(9), sale_price=Decimal(5))])).record_id or 0
        )
        outcome = only(store.send([update(number, regular_price=None, sale_price=None)]))
        assert (outcome.status, outcome.error) == ("done", "")
        product = sandbox.product(number)
        assert (product["regular_price"], product["sale_price"]) == ("", "")


SALE = ("date_on_sale_from", "date_on_sale_to")
SALE_IN_GMT = ("date_on_sale_from_gmt", "date_on_sale_to_gmt")


@contextmanager
def sales(
    kind: TypeName, paths: tuple[str, str] = SALE, zone: str = "Europe/Berlin"
) -> Iterator[tuple[Sandbox, Products]]:
    """A shop somewhere, and an endpoint that knows when its sales are."""
    mapped = mapping("sku", *paths, types=dict.fromkeys(paths, Type(kind)))
    with Sandbox(zone=zone) as sandbox, endpoint(sandbox.transport(), mapped) as store:
        yield sandbox, store


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "UTC"])
def test_a_day_is_a_day_where_the_shop_is_and_a_sale_includes_its_last(zone: str) -> None:
    with sales("date", zone=zone) as (sandbox, store):
        outcome = only(
            store.send([create(sku="A", date_on_sale_from=date(2030, 3, 30), date_on_sale_to=date(2030, 3, 31))])
        )
        product = sandbox.product(int(outcome.record_id or 0))
        assert [product[path] for path in SALE] == ["2030-03-30T00:00:00", "2030-03-31T23:59:59"]
        assert [(outcome.cells or {})[path] for path in SALE] == ["2030-03-30", "2030-03-31"]


@pytest.mark.parametrize("paths", [SALE, SALE_IN_GMT])
def test_a_moment_is_the_same_moment_wherever_the_shop_is(paths: tuple[str, str]) -> None:
    begin, end = datetime(2030, 7, 1, 22, 30, tzinfo=UTC), datetime(2030, 7, 2, 6, tzinfo=UTC)
    with sales("datetime", paths, "America/Los_Angeles") as (sandbox, store):
        outcome = only(store.send([create(sku="A", **dict(zip(paths, (begin, end), strict=True)))]))
        product = sandbox.product(int(outcome.record_id or 0))
        assert [product[path] for path in SALE_IN_GMT] == ["2030-07-01T22:30:00", "2030-07-02T06:00:00"]
        assert [product[path] for path in SALE] == ["2030-07-01T15:30:00", "2030-07-01T23:00:00"]
        assert [(outcome.cells or {})[path] for path in paths] == ["2030-07-01T22:30:00Z", "2030-07-02T06:00:00Z"]


@pytest.mark.parametrize("paths", [SALE, SALE_IN_GMT])
@pytest.mark.parametrize(("kind", "value"), [("date", DAY), ("datetime", NOON)])
def test_an_empty_date_ends_what_it_was(paths: tuple[str, str], kind: TypeName, value: Value) -> None:
    with sales(kind, paths) as (sandbox, store):
        number = int(only(store.send([create(sku="A", **dict.fromkeys(paths, value))])).record_id or 0)
        assert sandbox.product(number)["date_on_sale_to"] is not None
        outcome = only(store.send([update(number, **dict.fromkeys(paths))]))
        assert [(outcome.cells or {})[path] for path in paths] == [None, None]
        assert [sandbox.product(number)[path] for path in (*SALE, *SALE_IN_GMT)] == [None] * 4
