"""Images have names of each side's own: what the shop has is never fetched again, wherever it is moved to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncengine.mapping import Field
from syncengine.values import Type
from tests.catalogue import FIELDS, Company, catalogue, company
from tests.memory import KilledError

IMAGES = Field("images", "images", "images", Type("list", ordered=True), truth="erp")
WON = Field("images", "images", "images", Type("list", ordered=True), truth="erp-wins")
OURS = "https://erp.example/pictures/"


@pytest.fixture
def shop() -> Iterator[Company]:
    with company(catalogue(*FIELDS, IMAGES)) as opened:
        yield opened


def cup(opened: Company, *names: str) -> None:
    """A cup with these images, in the ERP."""
    opened.row("S", sku="S", name="Cup", images=[OURS + name for name in names])


def cup_in_shop(opened: Company, *names: str) -> int:
    images = [{"src": f"https://elsewhere.example/{name}"} for name in names]
    return int(opened.shop.create_product(sku="S", name="Cup", images=images)["id"])


def shown(opened: Company, sku: str = "S") -> list[str]:
    return [one["src"].rpartition("/")[2] for one in opened.shop.product_by_sku(sku)["images"]]


def fetched(opened: Company) -> int:
    """How many images the shop has fetched in all."""
    return opened.shop.site.store.count_attachments()


def test_images_are_fetched_once_whatever_else_changes(shop: Company) -> None:
    cup(shop, "a.jpg", "b.jpg")
    shop.run()
    assert (shown(shop), fetched(shop)) == (["a.jpg", "b.jpg"], 2)
    shop.row("S", name="Mug", price="5.00")
    shop.run()
    assert shop.run(full=True).changes == []
    assert fetched(shop) == 2


@pytest.mark.parametrize(
    ("now", "new"),
    [
        (["b.jpg", "a.jpg", "c.jpg"], 0),
        (["c.jpg"], 0),
        ([], 0),
        (["a.jpg", "b.jpg", "c.jpg", "d.jpg"], 1),
        (["d.jpg", "c.jpg", "a.jpg"], 1),
        (["e.jpg", "d.jpg"], 2),
    ],
)
def test_images_that_move_stay_or_go_are_not_fetched_again(shop: Company, now: list[str], new: int) -> None:
    cup(shop, "a.jpg", "b.jpg", "c.jpg")
    shop.run()
    cup(shop, *now)
    assert shop.run().exit_code == 0
    assert (shown(shop), fetched(shop)) == (now, 3 + new)
    assert shop.run(full=True).changes == []
    cup(shop, "a.jpg", *now)
    shop.run()
    assert shown(shop)[1:] == now
    assert fetched(shop) == 3 + new + ("a.jpg" not in now)


def test_an_image_that_somebody_takes_away_in_the_shop_is_put_back_by_its_url(shop: Company) -> None:
    """Its number is not known any more: it has to be fetched."""
    cup(shop, "a.jpg", "b.jpg")
    shop.run()
    number = shop.shop.product_by_sku("S")
    shop.shop.edit_product(number["id"], images=[{"id": number["images"][1]["id"]}])
    assert shop.run().drift == 1
    assert (shown(shop), fetched(shop)) == (["a-1.jpg", "b.jpg"], 3)
    assert shop.run(full=True).changes == []


def test_images_that_are_moved_in_the_shop_are_moved_in_the_erp_under_its_own_names() -> None:
    with company(catalogue(*FIELDS, WON)) as opened:
        cup(opened, "a.jpg", "b.jpg")
        opened.run()
        product = opened.shop.product_by_sku("S")
        opened.shop.edit_product(product["id"], images=[{"id": one["id"]} for one in reversed(product["images"])])
        opened.run()
        assert opened.erp.records["S"]["images"] == [OURS + "b.jpg", OURS + "a.jpg"]
        assert opened.run(full=True).changes == []
        assert fetched(opened) == 2


@pytest.mark.parametrize(
    ("theirs", "ours", "new"),
    [
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg"], 0),
        (["a.jpg", "b.jpg"], ["b.jpg", "a.jpg"], 0),
        (["A.JPG"], ["a.jpg"], 0),
        (["a.jpg"], ["a.webp"], 0),
        (["a-1.jpg", "b-scaled.jpg", "c-e1700000000000.jpg"], ["a.jpg", "b.jpg", "c.jpg"], 0),
        (["my%20cup%20(2).jpg"], ["my%20cup%20(2).jpg"], 0),
        (["a.jpg", "b.jpg"], ["a.jpg", "c.jpg"], 1),
        (["a-1.jpg", "a-2.jpg"], ["a.jpg"], 1),
    ],
)
def test_at_a_first_meeting_images_are_told_by_the_names_of_their_files(
    shop: Company, theirs: list[str], ours: list[str], new: int
) -> None:
    """As they are, or without what WordPress adds to them. A name that may be two images' is nobody's."""
    cup_in_shop(shop, *theirs)
    cup(shop, *ours)
    before = fetched(shop)
    assert shop.run().exit_code == 0
    assert fetched(shop) == before + new
    assert len(shown(shop)) == len(ours)
    assert shop.run(full=True).changes == []


def test_of_a_variation_only_the_first_image_counts(shop: Company) -> None:
    """It has one in the shop, however many the ERP names."""

    def red(*names: str) -> None:
        shop.row("R", parent="P", color="Red", images=[OURS + name for name in names])

    def image() -> str:
        (variation,) = shop.shop.variations(shop.shop.product_by_sku("P")["id"])
        return str(variation["image"]["src"].rpartition("/")[2])

    shop.row("P", sku="P", name="Shirt", images=[OURS + "p.jpg", OURS + "q.jpg"])
    red("a.jpg", "b.jpg")
    assert shop.run().exit_code == 0
    assert (shown(shop, "P"), image(), fetched(shop)) == (["p.jpg", "q.jpg"], "a.jpg", 3)
    red("a.jpg", "c.jpg")
    assert shop.run().changes == []
    red("c.jpg", "a.jpg")
    assert shop.run().exit_code == 0
    assert (image(), fetched(shop)) == ("c.jpg", 4)
    assert shop.run(full=True).changes == []


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "half-batch", "error-500", "kill"])
@pytest.mark.parametrize("new", [True, False])
def test_images_whose_write_got_no_reply_are_looked_for(shop: Company, fault: str, *, new: bool) -> None:
    """The shop has given them addresses of its own: their number tells that they are there."""
    cup(shop, *(["a.jpg", "b.jpg"] if new else ["a.jpg"]))
    if not new:
        shop.run()
        cup(shop, "b.jpg", "a.jpg")
    faults = iter([fault])
    shop.shop.fault = lambda: next(faults, None)
    try:
        shop.run()
    except KilledError:
        shop.state.connection.rollback()
    shop.run()
    assert shown(shop) == (["a.jpg", "b.jpg"] if new else ["b.jpg", "a.jpg"])
    assert fetched(shop) == 2
    assert shop.run(full=True).changes == []


def test_an_image_that_cannot_be_fetched_is_tried_again_when_the_erp_names_another(shop: Company) -> None:
    shop.row("S", sku="S", name="Cup", images=["https://missing.example/a.jpg"])
    assert shop.run().exit_code == 1
    assert shop.run(full=True).changes == []
    shop.row("S", name="Mug")
    shop.run()
    assert (shop.shop.product_by_sku("S")["name"], shown(shop)) == ("Mug", [])
    cup(shop, "a.jpg")
    assert shop.run().exit_code == 0
    assert shown(shop) == ["a.jpg"]
