"""Variable products and their variations in whole runs: what goes first, what waits, and what is never made twice."""

from __future__ import annotations

import pytest

from tests.catalogue import Company, company, described
from tests.memory import KilledError


def fill(opened: Company, *colors: str) -> None:
    """A shirt in these colours, in the ERP."""
    opened.row("P", sku="P", name="Shirt")
    for color in colors:
        opened.row(f"P-{color}", parent="P", color=color, price="5.00")


def shown(opened: Company) -> list[str]:
    """The options of the shirt's variations."""
    product = opened.shop.product_by_sku("P")
    return [
        next((one["option"] for one in each["attributes"]), "none") for each in opened.shop.variations(product["id"])
    ]


def fail_at(opened: Company, number: int, fault: str) -> None:
    """One batch of those to come meets a fault."""
    faults = iter([*[None] * (number - 1), fault])
    opened.shop.fault = lambda: next(faults, None)


@pytest.mark.parametrize("fault", ["refuse", "drop-before", "drop-after", "half-batch", "error-500", "kill"])
def test_a_variation_is_never_made_before_its_product_offers_its_option(fault: str) -> None:
    """The store would take it without a word, as a variation of any colour."""
    with company() as opened:
        fill(opened, "Red")
        opened.run()
        fill(opened, "Red", "Blue", "Green")
        fail_at(opened, 1, fault)
        try:
            opened.run()
        except KilledError:
            opened.state.connection.rollback()
        assert "none" not in shown(opened)
        opened.run()
        assert shown(opened) == ["Red", "Blue", "Green"]
        assert opened.run(full=True).changes == []


def test_what_needs_no_new_option_is_written_though_the_options_are_refused() -> None:
    with company() as opened:
        fill(opened, "Red", "Blue")
        opened.run()
        fill(opened, "Red", "Blue", "Green")
        opened.row("P-Red", price="6.00")
        fail_at(opened, 1, "refuse")
        result = opened.run()
        assert {change.key: change.status for change in result.changes} == {
            "P": "failed",
            "P-Red": "done",
            "P-Green": "failed",
        }
        (green,) = [change for change in result.changes if change.key == "P-Green"]
        assert green.error == "no-option: P could not be given its options"
        assert described(opened.run()) == [
            ("store", "create", "P-Green", "color", "Green", "new in the erp"),
            ("store", "create", "P-Green", "price", "5.00", "new in the erp"),
            ("store", "update", "P", "color", "Red | Blue | Green", "needed by P-Green"),
        ]
