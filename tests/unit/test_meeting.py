"""What is gone from the shop and was made there once more by hand is met by its SKU, and not made a second time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from syncengine.mapping import Gone
from syncengine.records import JobResult
from tests.catalogue import Company, catalogue, company, described


@pytest.fixture(params=["recreate", "ask"])
def cups(request: pytest.FixtureRequest) -> Iterator[Company]:
    """Two cups and a shirt in both sides; what is gone from the shop is to be there again, as the mapping or a person
    says."""
    with company(catalogue(gone=Gone("keep", request.param))) as opened:
        for number in (1, 2):
            opened.row(f"K{number}", sku=f"s{number}", name=f"Cup {number}", price="3.00")
        opened.row("P", sku="P", name="Shirt")
        opened.row("P-R", parent="P", color="Red", price="5.00", sku="P-R")
        assert opened.run().exit_code == 0
        yield opened


def gone(opened: Company, *skus: str) -> None:
    """Products are deleted in the shop for good, and somebody has said that they are to be there."""
    for sku in skus:
        opened.shop.delete_product(opened.shop.product_by_sku(sku)["id"])
    if opened.mapping.gone.from_store == "ask":
        opened.run(full=True)
        opened.answer("erp")


def both(opened: Company, **options: Any) -> JobResult:
    """The run, after a dry run that said the same of it."""
    dry = opened.run(dry_run=True, **options)
    run = opened.run(**options)
    assert (dry.exit_code, described(dry), dry.unlinked) == (run.exit_code, described(run), run.unlinked)
    assert [(one.key, one.reason) for one in dry.rejects] == [(one.key, one.reason) for one in run.rejects]
    assert {change.status for change in run.changes} <= {"done"}
    return run


def test_a_product_that_was_made_anew_by_hand_is_met_by_its_sku(cups: Company) -> None:
    gone(cups, "s1")
    made = cups.shop.create_product(name="by hand", sku="s1", regular_price="9.00")["id"]
    run = both(cups, full=True)
    assert described(run) == [
        ("store", "update", "K1", "name", "Cup 1", "first meeting: the erp is right"),
        ("store", "update", "K1", "price", "3.00", "first meeting: the erp is right"),
    ]
    assert (run.exit_code, cups.link("K1").store_id, run.waiting) == (0, str(made), 0)
    assert cups.run(full=True).changes == []


def test_so_it_is_where_a_run_has_seen_the_new_one_before(cups: Company) -> None:
    cups.shop.delete_product(cups.shop.product_by_sku("s1")["id"])
    made = cups.shop.create_product(name="Cup 1", sku="s1")["id"]
    cups.run()
    if cups.mapping.gone.from_store == "ask":
        cups.run(full=True)
        cups.answer("erp")
    assert both(cups, full=True).exit_code == 0
    assert cups.link("K1").store_id == str(made)
    assert [link.store_id for link in cups.state.links.by_identifier("job", "store", [str(made)])] == [str(made)]
    assert cups.run(full=True).changes == []


def test_a_variable_product_is_met_with_its_variations(cups: Company) -> None:
    gone(cups, "P")
    made = cups.shop.create_product(
        name="Shirt",
        sku="P",
        type="variable",
        attributes=[{"name": "Color", "options": ["Red"], "variation": True}],
    )["id"]
    red = cups.shop.create_variation(made, sku="P-R", attributes=[{"name": "Color", "option": "Red"}])["id"]
    assert both(cups, full=True).exit_code == 0
    assert (cups.link("P").store_id, cups.link("P-R").store_id) == (str(made), f"{made}/{red}")
    assert [one["regular_price"] for one in cups.shop.below(made)] == ["5.00"]
    assert cups.run(full=True).changes == []


def test_what_nobody_has_made_is_made(cups: Company) -> None:
    gone(cups, "s1", "P")
    run = both(cups, full=True)
    assert (run.exit_code, {(one.action, one.key) for one in run.changes}) == (
        0,
        {("create", "K1"), ("create", "P"), ("create", "P-R")},
    )


def test_what_belongs_to_another_record_is_not_met_and_the_row_says_so(cups: Company) -> None:
    gone(cups, "s1")
    cups.row("K1", sku="s2")
    run = both(cups, full=True)
    number = cups.shop.product_by_sku("s2")["id"]
    assert [(one.key, one.reason) for one in run.rejects] == [
        ("K1", f"product {number} in the store belongs to K2 already")
    ]
    assert run.exit_code == 1
