"""Coupons behind the API: made and edited by a manager, kept over a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

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
