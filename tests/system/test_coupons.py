"""Coupons between an ERP's file and a shop, with the shipped mapping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine import apply
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.server import running
from tests.system.mapped import Mapped, rejected, told

HEADER = "GutscheinNr;Code;Art;Wert;Bemerkung;GueltigBis;Mindestwert;Anzahl;Eingeloest"
SUMMER = "G1;SOMMER10;%;10,00;Sommer;2030-08-31;50,00;100;"
WELCOME = "G2;Willkommen;Betrag;5,00;;;;;"


class Selling(Sandbox):
    """A shop in which somebody makes a coupon right before the next ones are written."""

    to_come: dict[str, Any] | None = None

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/coupons/batch") and self.to_come is not None:
            fields, self.to_come = self.to_come, None
            self.create_coupon(**fields)
        return super().handle(request)

    def by_code(self) -> dict[str, dict[str, Any]]:
        found = self.coupons()
        assert len({one["code"] for one in found}) == len(found)
        return {one["code"]: one for one in found}


@pytest.fixture
def shop() -> Iterator[Selling]:
    with Selling() as shop, running(shop) as url:
        shop.home = url
        yield shop


@pytest.fixture
def coupons(shop: Selling, tmp_path: Path) -> Mapped:
    return Mapped(tmp_path / "project", str(shop.home), "coupons.toml")


def erp(coupons: Mapped, *rows: str) -> None:
    coupons.export("coupons.csv", HEADER, *rows)


def test_a_coupon_goes_to_the_shop_and_what_the_shop_knows_comes_back(shop: Selling, coupons: Mapped) -> None:
    erp(coupons, SUMMER, WELCOME)
    code, report = coupons.run()
    assert code == 0, report
    summer = shop.by_code()["sommer10"]
    paths = ("discount_type", "amount", "description", "date_expires", "minimum_amount", "usage_limit")
    assert [summer[path] for path in paths] == ["percent", "10.00", "Sommer", "2030-08-31T00:00:00", "50.00", 100]
    assert shop.by_code()["willkommen"]["date_expires"] is None
    code, report = coupons.run()
    assert (code, report["changes"]) == (0, [])

    shop.edit_coupon(summer["id"], amount="12.5", description="Sale")
    code, report = coupons.run()
    assert sorted(told(report)) == [("erp", "update", "G1", "in-flight"), ("store", "update", "G1", "done")]
    assert shop.by_code()["sommer10"]["amount"] == "10.00", "the amount is the ERP's, though no date has moved"
    assert ";Sale;" in coupons.handed_over()[-1]


def test_a_known_coupon_cannot_get_the_code_of_another_one(shop: Selling, coupons: Mapped) -> None:
    erp(coupons, SUMMER, WELCOME)
    coupons.run()
    number = shop.by_code()["sommer10"]["id"]
    erp(coupons, SUMMER, WELCOME.replace("Willkommen", "Sommer10"))
    taken = f"coupon {number} in the store, which belongs to G1, has it already"
    assert rejected(coupons.run_as_promised()) == (1, [("G2", taken)])
    erp(coupons, SUMMER.replace("SOMMER10", "NEU"), WELCOME.replace("Willkommen", "neu"))
    assert [key for key, _ in rejected(coupons.run_as_promised())[1]] == ["G1", "G2"]
    assert set(shop.by_code()) == {"sommer10", "willkommen"}
    erp(coupons, SUMMER.replace("SOMMER10", "Herbst"), WELCOME.replace("Willkommen", "SOMMER10"))
    assert rejected(coupons.run_as_promised()) == (0, [])
    assert {code: one["amount"] for code, one in shop.by_code().items()} == {"herbst": "10.00", "sommer10": "5.00"}


def test_a_code_is_the_same_in_any_case_on_both_sides(shop: Selling, coupons: Mapped) -> None:
    number = shop.create_coupon(code="Sommer10", amount="3", discount_type="percent")["id"]
    erp(coupons, SUMMER)
    code, report = coupons.run()
    assert (code, {(one["action"], one["id"]) for one in report["changes"] if one["side"] == "store"}) == (
        0,
        {("update", number)},
    )
    assert all("code" not in one["fields"] for one in report["changes"])
    assert len(shop.coupons()) == 1
    erp(coupons, SUMMER, SUMMER.replace("G1;SOMMER10", "G9;sommer10 "))
    code, report = coupons.run()
    assert (code, {one["key"] for one in report["rejects"]}) == (1, {"G9"})


def test_a_coupon_that_somebody_makes_meanwhile_is_linked(shop: Selling, coupons: Mapped) -> None:
    shop.to_come = {"code": "sommer10", "amount": "1"}
    erp(coupons, SUMMER, WELCOME)
    code, report = coupons.run()
    assert (code, report["failed"]) == (1, 1)
    assert coupons.run()[0] == 0
    assert {one["code"]: one["amount"] for one in shop.coupons()} == {"sommer10": "10.00", "willkommen": "5.00"}


def test_the_kind_of_discount_changes_before_an_amount_that_only_the_new_kind_may_have(
    shop: Selling, coupons: Mapped
) -> None:
    erp(coupons, SUMMER)
    coupons.run()
    erp(coupons, SUMMER.replace(";%;10,00;", ";Betrag;150,00;"))
    assert coupons.run()[0] == 0
    assert [(one["discount_type"], one["amount"]) for one in shop.coupons()] == [("fixed_cart", "150.00")]
    erp(coupons, SUMMER.replace(";%;10,00;", ";%;150,00;"))
    code, report = coupons.run()
    assert (code, [one["reason"] for one in report["rejects"]]) == (1, ["a discount of 150 percent"])
    erp(coupons, SUMMER.replace(";%;10,00;", ";%;15,00;"))
    assert coupons.run()[0] == 0
    assert [(one["discount_type"], one["amount"]) for one in shop.coupons()] == [("percent", "15.00")]


@pytest.mark.parametrize("fault", ["drop-after", "half-batch", "drop-before", "error-500"])
def test_no_coupon_is_made_twice_though_replies_are_lost(shop: Selling, coupons: Mapped, fault: str) -> None:
    coupons.change("used        =", "# used      =")
    erp(coupons, *(f"G{n};CODE-{n};%;10,00;;;;;" for n in range(1, 151)))
    shop.faults = (Fault(fault, 1 / 3),)  # type: ignore[arg-type]
    for _ in range(3):
        coupons.run()
    shop.faults = ()
    assert coupons.run()[0] == 0
    assert len(shop.by_code()) == 150
    assert coupons.run()[1]["changes"] == []


def test_a_run_that_is_cut_off_goes_on_with_the_same_coupons(
    shop: Selling, coupons: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    erp(coupons, SUMMER)
    with monkeypatch.context() as broken:
        broken.setattr(apply, "_write_down", cut_off)
        assert coupons.run()[0] == 3
    assert coupons.run()[0] == 0
    assert list(shop.by_code()) == ["sommer10"]


def test_many_new_coupons_are_not_asked_for_one_by_one(shop: Selling, coupons: Mapped) -> None:
    erp(coupons, *(f"G{n};CODE-{n};%;10,00;;;;;" for n in range(1, 51)))
    coupons.run()
    reading = [one for one in shop.requests if one.method == "GET"]
    assert len(reading) <= 3


def test_coupons_are_deleted_only_where_the_mapping_says_so(shop: Selling, coupons: Mapped) -> None:
    coupons.change('from_erp = "keep"', 'from_erp = "delete"')
    erp(coupons, SUMMER, WELCOME)
    coupons.run()
    erp(coupons, SUMMER)
    assert ("store", "delete", "G2", "done") in told(coupons.run("--full", "--force")[1])
    assert list(shop.by_code()) == ["sommer10"]
