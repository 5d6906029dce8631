"""Categories between an ERP's file and a shop, with the shipped mapping: a tree on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.engine import apply
from syncengine.sandbox import Fault, Sandbox
from syncengine.sandbox.server import running
from syncengine.sandbox.site import CATEGORY
from tests.system.mapped import Mapped, rejected, told

HEADER = "GruppenNr;Pfad;Beschreibung;Bild;Reihenfolge"
TREE = ("1;Küche;Alles für die Küche;;1", "2;Küche > Tassen;;;2", "3;Küche > Tassen > Tee & Kaffee;;;1", "4;Garten;;;3")


class Shop(Sandbox):
    def tree(self) -> list[str]:
        """The paths of all categories but "no category"."""
        with self.site.store.lock:
            terms = {one.id: one for one in self.site.store.terms.values() if one.taxonomy == CATEGORY}

        def path(number: int) -> str:
            one = terms[number]
            return (f"{path(one.parent)} > " if one.parent else "") + one.name.replace("&amp;", "&")

        return sorted(path(number) for number, one in terms.items() if one.slug != "uncategorized")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop, running(shop) as url:
        shop.home = url
        yield shop


@pytest.fixture
def categories(shop: Shop, tmp_path: Path) -> Mapped:
    return Mapped(tmp_path / "project", str(shop.home), "categories.toml")


def erp(categories: Mapped, *rows: str) -> None:
    categories.export("categories.csv", HEADER, *rows)


def test_a_tree_is_made_from_its_top_whatever_the_order_of_the_rows(shop: Shop, categories: Mapped) -> None:
    erp(categories, *reversed(TREE))
    assert categories.run()[0] == 0
    assert shop.tree() == ["Garten", "Küche", "Küche > Tassen", "Küche > Tassen > Tee & Kaffee"]
    code, report = categories.run()
    assert (code, report["changes"]) == (0, [])


def test_a_branch_moves_and_is_renamed_with_all_that_is_below(shop: Shop, categories: Mapped) -> None:
    erp(categories, *TREE)
    categories.run()
    erp(categories, *(row.replace("Küche >", "Haushalt >").replace(";Küche;", ";Haushalt;") for row in TREE))
    assert categories.run()[0] == 0
    assert shop.tree() == ["Garten", "Haushalt", "Haushalt > Tassen", "Haushalt > Tassen > Tee & Kaffee"]
    assert categories.run()[1]["changes"] == []
    erp(categories, "1;Haushalt;;;1", "2;Garten > Tassen;;;2", "3;Garten > Tassen > Tee & Kaffee;;;1", "4;Garten;;;3")
    assert categories.run()[0] == 0
    assert shop.tree() == ["Garten", "Garten > Tassen", "Garten > Tassen > Tee & Kaffee", "Haushalt"]
    assert categories.run()[1]["changes"] == []


def test_two_branches_change_places(shop: Shop, categories: Mapped) -> None:
    erp(categories, "1;A;;;1", "2;A > B;;;1")
    categories.run()
    erp(categories, "1;B > A;;;1", "2;B;;;1")
    assert rejected(categories.run_as_promised()) == (0, [])
    assert shop.tree() == ["B", "B > A"]
    assert categories.run()[1]["changes"] == []
    erp(categories, "1;A;;;1", "2;A > B;;;1")
    assert rejected(categories.run_as_promised()) == (0, [])
    assert shop.tree() == ["A", "A > B"]
    erp(categories, "1;B;;;1", "2;B > A;;;1")
    assert rejected(categories.run_as_promised()) == (0, [])
    assert shop.tree() == ["B", "B > A"]
    assert categories.run()[1]["changes"] == []


def test_what_the_shop_has_is_found_by_its_path_and_described_there(shop: Shop, categories: Mapped) -> None:
    erp(categories, "1;küche;;;1", "2;KÜCHE  >  tassen;;;2")
    categories.run()
    erp(categories, *TREE[:2])
    again = Mapped(categories.folder.parent / "again", str(shop.home), "categories.toml")
    erp(again, "10;Küche;Alles;;1", "20;küche > Tassen;;;2")
    assert again.run()[0] == 0
    assert shop.tree() == ["Küche", "Küche > Tassen"]
    with_text = [one.description for one in shop.site.store.terms.values() if one.name == "Küche"]
    assert with_text == ["Alles"]


def test_a_category_without_one_above_it_is_rejected_by_a_dry_run_already(shop: Shop, categories: Mapped) -> None:
    erp(categories, "1;Küche;;;1", "3;Küche > Tassen > Tee;;;1")
    reason = "the shop has no category 'Küche > Tassen': it needs a row of its own, or to be made there"
    for code, report in (categories.diff(), categories.run()):
        told = [(one["key"], one["reason"]) for one in report["rejects"]]
        assert (code, told, [one["key"] for one in report["changes"]]) == (1, [("3", reason)], ["1"])
    erp(categories, "1;Küche;;;1", "2;Küche > Tassen;;;1", "3;Küche > Tassen > Tee;;;1")
    assert categories.run()[0] == 0
    assert shop.tree() == ["Küche", "Küche > Tassen", "Küche > Tassen > Tee"]


@pytest.mark.parametrize("fault", ["drop-after", "half-batch", "drop-before", "error-500"])
def test_no_category_is_made_twice_though_replies_are_lost(shop: Shop, categories: Mapped, fault: str) -> None:
    rows = [f"{top};T{top};;;1" for top in range(1, 21)]
    rows += [f"{top}-{below};T{top} > B{below};;;1" for top in range(1, 21) for below in range(5)]
    erp(categories, *rows)
    shop.faults = (Fault(fault, 1 / 3),)  # type: ignore[arg-type]
    for _ in range(3):
        categories.run()
    shop.faults = ()
    assert categories.run()[0] == 0
    assert len(shop.tree()) == len(set(shop.tree())) == len(rows)
    assert categories.run()[1]["changes"] == []


def test_a_run_that_is_cut_off_goes_on_with_the_same_tree(
    shop: Shop, categories: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    erp(categories, *TREE)
    with monkeypatch.context() as broken:
        broken.setattr(apply, "_write_down", cut_off)
        assert categories.run()[0] == 3
    assert categories.run()[0] == 0
    assert len(shop.tree()) == 4
    assert categories.run()[1]["changes"] == []


def test_a_category_is_deleted_only_where_the_mapping_says_so(shop: Shop, categories: Mapped) -> None:
    categories.change('from_erp = "keep"', 'from_erp = "delete"')
    erp(categories, *TREE)
    categories.run()
    erp(categories, *TREE[:3])
    shop.reset_log()
    code, report = categories.run("--full", "--force")
    assert (code, told(report)) == (0, [("store", "delete", "4", "done")])
    assert "Garten" not in shop.tree()


def test_an_emptied_cell_shows_a_category_as_all_are(shop: Shop, categories: Mapped) -> None:
    categories.change("[fields]", '[fields]\ndisplay = { erp = "Anzeige", store = "display" }')
    for shown, kept in (("", "default"), ("both", "both"), ("", "default")):
        categories.export("categories.csv", f"{HEADER};Anzeige", f"1;Küche;;;1;{shown}")
        assert categories.run_as_promised()[0] == 0
        assert [one.display or "default" for one in shop.site.store.terms.values() if one.name == "Küche"] == [kept]
        assert categories.run_as_promised()[1]["changes"] == []


def twice(path: str, other: str | int) -> str:
    return f"the shop would have two categories {path!r}, this one and {other}: names are unique below one parent"


def test_a_known_category_cannot_get_the_name_of_another_one_beside_it(shop: Shop, categories: Mapped) -> None:
    erp(categories, "1;Tee;;;1", "2;Kaffee;;;1", "3;Kaffee > Grün;;;1")
    categories.run()
    number = next(one.id for one in shop.site.store.terms.values() if one.name == "Tee")
    erp(categories, "1;Tee;;;1", "2;tee;;;1", "3;Kaffee > Grün;;;1")
    assert rejected(categories.run_as_promised()) == (1, [("2", twice("tee", f"number {number}"))])
    erp(categories, "1;Saft;;;1", "2;Saft;;;1", "3;Kaffee > Grün;;;1")
    code, reasons = rejected(categories.run_as_promised())
    assert (code, [key for key, _ in reasons]) == (1, ["1", "2"]), "what stands below the second stays there"
    assert shop.tree() == ["Kaffee", "Kaffee > Grün", "Tee"]
    erp(categories, "1;Kaffee;;;1", "2;Tee;;;1", "3;Tee > Grün;;;1")
    assert rejected(categories.run_as_promised()) == (0, []), "they may change their names"
    assert shop.tree() == ["Kaffee", "Tee", "Tee > Grün"]
    assert categories.run_as_promised()[1]["changes"] == []


def test_the_shops_own_category_for_products_without_any_is_not_written_to(shop: Shop, categories: Mapped) -> None:
    own = next(one for one in shop.site.store.terms.values() if one.slug == "uncategorized")
    own.name = "Sonstiges"
    erp(categories, "1;sonstiges;Rest;;7", "2;Sonstiges > Kleinkram;;;2", "3;Tee;;;1")
    reason = "'sonstiges' is the shop's own for products without any category, and no run writes to it"
    for _ in range(2):
        assert rejected(categories.run_as_promised()) == (1, [("1", reason)])
    assert (own.name, own.description) == ("Sonstiges", "")
    assert shop.tree() == ["Sonstiges > Kleinkram", "Tee"]
    erp(categories, "3;Sonstiges;;;1")
    assert rejected(categories.run_as_promised())[1] == [("3", reason.replace("'s", "'S", 1))]


def test_what_the_shop_would_change_in_a_name_is_never_sent(shop: Shop, categories: Mapped) -> None:
    erp(categories, "1;Küche > ;;;1", "2;<b>Neu</b>;;;1", "3;;;;1")
    code, report = categories.run()
    assert (code, report["changes"], len(report["rejects"]), shop.tree()) == (1, [], 3, [])
