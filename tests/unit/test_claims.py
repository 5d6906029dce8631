"""Values that only one record of the store may have: a dry run says what the store will take, and the run sends in the
order in which it takes it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from syncengine.mapping import Field, Gone
from syncengine.records import SIDES, JobResult
from tests.catalogue import FIELDS, Company, catalogue, company, described

GTIN = Field("gtin", "gtin", "global_unique_id", truth="erp")
EAN, ISBN = "4006381333931", "9783161484100"


@pytest.fixture
def cups() -> Iterator[Company]:
    """Three cups in both sides, K1 to K3 with the SKUs s1 to s3."""
    with company(catalogue(*FIELDS, GTIN)) as opened:
        for number in (1, 2, 3):
            opened.row(f"K{number}", sku=f"s{number}", name=f"Cup {number}", price="3.00")
        assert opened.run().exit_code == 0
        yield opened


def both(opened: Company, **options: Any) -> JobResult:
    """The run, after a dry run that said the same of it."""
    dry = opened.run(dry_run=True, **options)
    run = opened.run(**options)
    assert (dry.exit_code, described(dry), reasons(dry)) == (run.exit_code, described(run), reasons(run))
    assert {change.status for change in run.changes} <= {"done"}
    for side in SIDES:
        rejected = sum(one.side == side for one in run.rejects)
        told = run.unchanged.of(side) + run.changed.of(side) + run.unlinked.of(side) + rejected
        assert run.read.of(side) == told
    return run


def reasons(result: JobResult) -> dict[str | None, tuple[str | None, str]]:
    return {one.key: (one.field, one.reason) for one in result.rejects}


def skus(opened: Company) -> dict[str, str]:
    return {product["name"]: product["sku"] for product in opened.shop.all()}


def written(result: JobResult) -> list[str | None]:
    return [change.key for change in result.changes]


# In order


def test_a_sku_is_taken_after_it_was_given_up(cups: Company) -> None:
    cups.row("K1", sku="s3")
    cups.row("K3", sku="s9")
    assert both(cups).exit_code == 0
    assert skus(cups) == {"Cup 1": "s3", "Cup 2": "s2", "Cup 3": "s9"}
    assert cups.run().changes == []


def test_a_long_row_of_products_moves_up_by_one() -> None:
    with company() as opened:
        for number in range(30):
            opened.row(f"K{number}", sku=f"s{number}", name=f"Cup {number}")
        opened.run()
        for number in range(30):
            opened.row(f"K{number}", sku=f"s{number + 1}")
        assert both(opened).exit_code == 0
        assert skus(opened) == {f"Cup {number}": f"s{number + 1}" for number in range(30)}


def test_a_variation_takes_the_sku_that_another_product_gives_up(cups: Company) -> None:
    cups.row("P", sku="P", name="Shirt")
    cups.row("P-R", parent="P", color="Red", sku="red")
    cups.run()
    cups.row("P-R", sku="s2")
    cups.row("K2", sku="s9")
    assert both(cups).exit_code == 0
    assert skus(cups)["Cup 2"] == "s9"
    assert cups.shop.product_by_sku("s2")["type"] == "variation"


def test_a_product_takes_the_sku_that_a_variation_gives_up_though_variations_are_written_last(cups: Company) -> None:
    cups.row("P", sku="P", name="Shirt")
    cups.row("P-R", parent="P", color="Red", sku="red")
    cups.run()
    cups.row("P-R", sku="s9")
    cups.row("K2", sku="red")
    assert both(cups).exit_code == 0
    assert skus(cups)["Cup 2"] == "red"


def test_a_variation_of_a_new_product_waits_for_it_and_for_what_it_takes_over(cups: Company) -> None:
    cups.row("K1", gtin=EAN)
    cups.run()
    cups.row("K1", gtin=ISBN)
    cups.row("P", sku="P", name="Shirt", gtin=EAN)
    cups.row("P-R", parent="P", color="Red")
    assert both(cups).exit_code == 0
    shirt = cups.shop.product_by_sku("P")
    assert (shirt["global_unique_id"], len(cups.shop.below(shirt["id"]))) == (EAN, 1)


def test_a_sku_of_a_product_that_is_deleted_is_free_after_that() -> None:
    with company(catalogue(gone=Gone("delete"))) as opened:
        for number in (1, 2):
            opened.row(f"K{number}", sku=f"s{number}", name=f"Cup {number}")
        opened.run()
        opened.erp.remove("K2")
        opened.row("K1", sku="s2")
        assert both(opened, full=True).exit_code == 0
        assert skus(opened) == {"Cup 1": "s2"}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_skus_move_the_dry_run_knows_what_the_shop_takes(seed: int) -> None:
    """Products and variations draw SKUs from too few of them, of which a stranger has one."""
    chance = random.Random(seed)
    with company() as opened:
        opened.row("P", sku="P", name="Shirt")
        keys = [*(f"K{number}" for number in range(5)), "V0", "V1"]
        for number, key in enumerate(keys):
            below = {"parent": "P", "color": key} if key.startswith("V") else {"name": key}
            opened.row(key, sku=f"s{number}", **below)
        opened.run()
        opened.shop.create_product(name="Mine", sku="s9")
        for _ in range(6):
            for key in chance.sample(keys, 3):
                opened.row(key, sku=f"s{chance.randrange(10)}")
            both(opened)
            wanted = {key: cells["sku"] for key, cells in opened.erp.records.items()}
            kept = {one.key for one in opened.run(dry_run=True).rejects}
            there = {key: opened.shop.product(int(store_id.rpartition("/")[2]))["sku"] for key, store_id in ids(opened)}
            assert {key for key in wanted if there[key] != wanted[key]} == kept


def ids(opened: Company) -> list[tuple[str, str]]:
    return [(one.erp_key or "", one.store_id or "") for one in opened.state.links.paired("job")]


# Refused


def test_two_products_cannot_exchange_their_skus_and_both_rows_say_why(cups: Company) -> None:
    cups.row("K1", sku="s2")
    cups.row("K2", sku="s1", price="4.00")
    run = both(cups)
    assert (run.exit_code, run.changes) == (1, [])
    told = reasons(run)
    assert told.keys() == {"K1", "K2"}
    assert told["K1"][0] == "sku"
    assert told["K1"][1].startswith("K2 in the store has it now, and the store takes no exchange")


def test_what_is_exchanged_by_way_of_a_third_value_arrives(cups: Company) -> None:
    cups.row("K1", sku="s2")
    cups.row("K2", sku="s1")
    cups.run()
    cups.row("K1", sku="for a while")
    assert both(cups).exit_code == 0
    cups.row("K1", sku="s2")
    assert both(cups).exit_code == 0
    assert skus(cups) == {"Cup 1": "s2", "Cup 2": "s1", "Cup 3": "s3"}


def test_a_sku_that_somebody_else_has_rejects_the_row_and_names_the_holder(cups: Company) -> None:
    stranger = cups.shop.create_product(name="Mine", sku="own")["id"]
    cups.row("K1", sku="OWN", price="4.00")
    cups.row("K2", price="5.00")
    run = both(cups)
    assert (run.exit_code, written(run)) == (1, ["K2"])
    assert reasons(run) == {"K1": ("sku", f"product {stranger} in the store has it already")}
    cups.row("K1", sku="s8")
    assert both(cups).exit_code == 0


def test_a_sku_of_another_linked_record_names_its_key(cups: Company) -> None:
    cups.row("K1", sku="s3")
    number = cups.shop.product_by_sku("s3")["id"]
    assert reasons(both(cups)) == {"K1": ("sku", f"product {number} in the store, which belongs to K3, has it already")}


def test_who_is_refused_gives_nothing_up(cups: Company) -> None:
    cups.shop.create_product(name="Mine", sku="own")
    cups.row("K1", sku="s2")
    cups.row("K2", sku="s3")
    cups.row("K3", sku="own")
    assert reasons(both(cups)).keys() == {"K1", "K2", "K3"}
    assert skus(cups) == {"Cup 1": "s1", "Cup 2": "s2", "Cup 3": "s3", "Mine": "own"}


def test_two_rows_that_are_to_get_one_value_are_both_rejected(cups: Company) -> None:
    for key in ("K1", "K2"):
        cups.row(key, gtin=EAN)
    for key in ("N1", "N2"):
        cups.row(key, sku=key, name=key, gtin=ISBN)
    told = reasons(both(cups))
    assert told.keys() == {"K1", "K2", "N1", "N2"}
    assert told["N1"] == ("gtin", "erp N2 has the same, and the store takes it once only")
    cups.row("N2", gtin=None)
    cups.row("K2", gtin=None)
    assert both(cups).exit_code == 0


def test_a_first_meeting_that_would_take_somebody_s_gtin_is_rejected_and_both_rows_are_accounted_for(
    cups: Company,
) -> None:
    stranger = cups.shop.create_product(name="Mine", sku="own", global_unique_id=EAN)["id"]
    cups.shop.create_product(name="Yours", sku="N1")
    cups.row("N1", sku="N1", name="Yours", gtin=EAN)
    assert reasons(both(cups)) == {"N1": ("gtin", f"product {stranger} in the store has it already")}


def test_without_its_product_a_new_variation_is_rejected_too(cups: Company) -> None:
    cups.shop.create_product(name="Mine", sku="own", global_unique_id=EAN)
    cups.row("P", sku="P", name="Shirt", gtin=EAN)
    cups.row("P-R", parent="P", color="Red")
    told = reasons(both(cups))
    assert told["P-R"] == (None, "its parent P is not in the store, and is not created by this run")
    assert "P" in told


def test_a_value_that_only_the_trash_has_is_free_for_an_update(cups: Company) -> None:
    cups.shop.trash_product(cups.shop.create_product(name="Old", sku="old")["id"])
    cups.row("K1", sku="old")
    assert both(cups).exit_code == 0


def test_the_own_sku_in_other_letters_is_nobody_else_s(cups: Company) -> None:
    cups.row("K1", sku="S1")
    assert both(cups).exit_code == 0
    assert skus(cups)["Cup 1"] == "S1"


def test_nothing_is_asked_where_no_such_value_changes(cups: Company) -> None:
    cups.row("K1", price="9.00")
    for_a_price = cups.run().requests
    cups.row("K1", price="8.00", sku="s8")
    assert cups.run().requests == for_a_price + 2  # outside the trash, and in it
