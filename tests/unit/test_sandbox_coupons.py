"""Coupons behind the API: made and edited by a manager, kept over a restart, used by orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.sandbox import Sandbox
from syncengine.sandbox.messages import ApiError

KEY = ("ck_sandbox", "cs_sandbox")


def test_a_manager_makes_edits_and_deletes_a_coupon() -> None:
    hours = iter(range(24))
    with Sandbox(clock=lambda: datetime(2026, 7, 1, next(hours), tzinfo=UTC)) as sandbox:
        made = sandbox.create_coupon(code="Summer", amount="5")
        again = sandbox.edit_coupon(made["id"], amount="6")
        assert (again["code"], again["amount"]) == ("summer", "6.00")
        assert again["date_modified_gmt"] == made["date_modified_gmt"], "no more than its amount moved"
        renamed = sandbox.edit_coupon(made["id"], code="winter")
        assert renamed["date_modified_gmt"] > made["date_modified_gmt"]
        assert sandbox.coupons() == sandbox.coupons(code="WINTER") == [renamed]
        sandbox.delete_coupon(made["id"])
        assert sandbox.coupons() == []
        with pytest.raises(ApiError, match="Invalid ID"):
            sandbox.coupon(made["id"])


def test_coupons_outlive_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "shop.db") as sandbox:
        made = sandbox.create_coupon(code="keep", product_ids=[1, 2], date_expires="2090-01-01")
    with Sandbox(tmp_path / "shop.db") as sandbox:
        assert sandbox.coupons() == [made]
        assert sandbox.create_coupon(code="next")["id"] > made["id"]


def test_a_list_of_coupons_is_paged_and_sorted() -> None:
    with Sandbox() as sandbox:
        for code in ("b", "c", "a"):
            sandbox.create_coupon(code=code)
        base = "https://shop.test/wp-json/wc/v3"
        with httpx.Client(transport=sandbox.transport(), base_url=base, auth=KEY) as client:
            first = client.get("/coupons", params={"per_page": 2, "orderby": "title", "order": "asc"})
            assert [each["code"] for each in first.json()] == ["a", "b"]
            assert (first.headers["X-WP-Total"], first.headers["X-WP-TotalPages"]) == ("3", "2")
            second = client.get(first.links["next"]["url"])
            assert [each["code"] for each in second.json()] == ["c"]
            assert client.get("/coupons", auth=None).status_code == 401


def ordered(sandbox: Sandbox, lines: dict[str, int], *codes: str) -> dict[str, Any]:
    return sandbox.place_order(lines, coupon_lines=[{"code": code} for code in codes])


@pytest.fixture
def shop() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.create_product(name="Cup", sku="CUP", regular_price="3.33")
        sandbox.create_product(name="Pot", sku="POT", regular_price="20.00", sale_price="19.99")
        yield sandbox


def test_an_amount_is_shared_out_among_the_lines_to_the_last_cent(shop: Sandbox) -> None:
    shop.create_coupon(code="five", amount="5")
    order = ordered(shop, {"CUP": 2, "POT": 1}, "FIVE")
    assert [line["total"] for line in order["line_items"]] == ["3.33", "18.32"]
    assert (order["discount_total"], order["total"]) == ("5.00", "21.65")


def test_a_percentage_of_the_whole_is_not_lost_to_rounding(shop: Sandbox) -> None:
    shop.create_coupon(code="part", amount="15", discount_type="percent")
    order = ordered(shop, {"CUP": 1, "POT": 1}, "part")
    assert (order["discount_total"], order["total"]) == ("3.50", "19.82")
    assert order["coupon_lines"][0]["nominal_amount"] == 15


def test_no_line_costs_less_than_nothing(shop: Sandbox) -> None:
    shop.create_coupon(code="gift", amount="100")
    assert ordered(shop, {"CUP": 1}, "gift")["total"] == "0.00"
    assert ordered(shop, {"CUP": 1}, "gift")["coupon_lines"][0]["discount"] == "3.33"


def test_a_coupon_for_some_products_leaves_the_others_alone(shop: Sandbox) -> None:
    cup = shop.product_by_sku("CUP")["id"]
    shop.create_coupon(code="cups", amount="1", discount_type="fixed_product", product_ids=[cup])
    shop.create_coupon(code="one-cup", amount="1", discount_type="fixed_product", limit_usage_to_x_items=1)
    shop.create_coupon(code="no-sale", amount="50", discount_type="percent", exclude_sale_items=True)
    assert [line["total"] for line in ordered(shop, {"CUP": 2, "POT": 1}, "cups")["line_items"]] == ["4.66", "19.99"]
    assert ordered(shop, {"CUP": 2}, "one-cup")["total"] == "5.66"
    assert [line["total"] for line in ordered(shop, {"CUP": 2, "POT": 1}, "no-sale")["line_items"]] == ["3.33", "19.99"]
    for code in ("cups", "no-sale"):
        with pytest.raises(ApiError, match="not applicable"):
            ordered(shop, {"POT": 1}, code)


def test_a_coupon_that_is_used_up_too_late_or_for_other_sums_is_refused(shop: Sandbox) -> None:
    shop.create_coupon(code="once", amount="1", usage_limit_per_user=1)
    shop.create_coupon(code="old", amount="1", date_expires="2020-01-01")
    shop.create_coupon(code="much", amount="1", minimum_amount="50")
    shop.create_coupon(code="little", amount="1", maximum_amount="3")
    ann, ben = {"email": "ann@example.test"}, {"email": "ben@example.test"}
    wanted = [{"code": "once"}]
    shop.place_order({"CUP": 1}, coupon_lines=wanted, billing=ann)
    with pytest.raises(ApiError, match="Usage limit"):
        shop.place_order({"CUP": 1}, coupon_lines=wanted, billing={"email": "Ann@example.test"})
    shop.place_order({"CUP": 1}, coupon_lines=wanted, billing=ben)
    once = shop.coupons(code="once")[0]
    assert (once["usage_count"], once["used_by"]) == (2, ["ann@example.test", "ben@example.test"])
    for code, why in (
        ("old", "expired"),
        ("much", "minimum spend"),
        ("little", "maximum spend"),
        ("none", "not exist"),
    ):
        with pytest.raises(ApiError, match=why):
            ordered(shop, {"CUP": 1}, code)
    with pytest.raises(ApiError, match="already applied"):
        shop.create_coupon(code="twice")
        ordered(shop, {"CUP": 1}, "twice", "TWICE")


def test_more_pieces_than_anybody_counts_are_discounted_at_once(shop: Sandbox) -> None:
    shop.create_coupon(code="third", amount="33.3", discount_type="percent")
    shop.create_coupon(code="all", amount="100", discount_type="percent")
    shop.create_coupon(code="some", amount="1")
    cup = shop.product_by_sku("CUP")["id"]
    many = [{"product_id": cup, "quantity": 10**17, "subtotal": "0.10", "total": "0.10"}]
    for code in ("third", "all", "some"):
        order = shop.place_order({"CUP": 3}, paid=False)
        edited = shop.edit_order(order["id"], line_items=many, coupon_lines=[{"code": code}])
        assert edited["coupon_lines"][0]["code"] == code
