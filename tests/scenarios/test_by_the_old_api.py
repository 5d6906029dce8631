"""What the pages tell happens as well where the shop is spoken to by the API of old."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.sandbox.server import running
from tests.scenarios.page import Page
from tests.scenarios.play import play
from tests.scenarios.shop import Shop
from tests.scenarios.test_scenarios import PAGES, difference

# Of each sort of case that the old API can do, those in which a store has a part.
CASES = [
    "changed-in-both-newest",
    "changed-in-both-union",
    "changed-in-store",
    "changed-sku",
    "created-in-erp-read-back",
    "customer-changed-in-store",
    "customer-email-twice",
    "customer-found-by-email",
    "drift-put-back-in-store",
    "first-meeting-lists-are-joined",
    "gone-from-erp-deleted",
    "gone-from-erp-draft",
    "gone-from-erp-out-of-stock",
    "gone-from-erp-trash",
    "gone-from-store-recreated",
    "in-the-stores-trash",
    "missing-category-created",
    "new-in-erp",
    "new-in-store-created-in-erp",
    "recreated-from-the-trash",
    "rejected-by-the-stores-rules",
    "rejected-two-partners",
    "reply-lost",
    "returns-after-a-delete",
    "returns-from-the-trash",
    "sale-price-not-below-regular",
    "sku-in-the-trash",
    "tax-class-by-name",
    "weight-in-grams",
]


@pytest.mark.parametrize("name", CASES)
def test_what_the_page_tells_happens_by_the_old_api_too(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__API", "legacy-v3")
    page = Page.read(PAGES[name])
    with Shop() as shop, running(shop) as url:
        happened = play(page, tmp_path, shop, url)
        asked = {request.path.split("/")[1] for request in shop.requests}
    assert asked <= {"wc-api"}
    told = PAGES[name].read_text(encoding="utf-8")
    if told != str(happened):
        pytest.fail(difference(told, str(happened)), pytrace=False)
