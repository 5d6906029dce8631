"""Rows that are not as WooCommerce makes them: plug-ins leave holes in lists, and PHP makes objects of lists."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.endpoints import Cursor, rows
from tests.unit.test_woocommerce_shop import answer, answering, create, endpoint, mapping, only

PATHS = ("name", "categories", "tags", "images", "meta:a", "attribute:x", "date_on_sale_from")
ROW = {
    "id": 5,
    "type": "simple",
    "status": "publish",
    "name": "n",
    "categories": [{"id": 3, "name": "Nuts", "slug": "nuts"}],
    "tags": [{"id": 4, "name": "New"}],
    "images": [{"id": 6, "src": "https://shop.test/6.png"}],
    "meta_data": [{"id": 1, "key": "a", "value": "1"}],
    "attributes": [{"id": 0, "name": "x", "options": ["S", "M"]}],
    "date_on_sale_from_gmt": "2026-07-01T10:00:00",
}
CELLS = {
    "type": "simple",
    "name": "n",
    "categories": ["Nuts"],
    "tags": ["New"],
    "images": ["https://shop.test/6.png"],
    "meta:a": "1",
    "attribute:x": "S | M",
    "date_on_sale_from": "2026-07-01T10:00:00Z",
}


def read(row: dict[str, Any]) -> dict[str, Any]:
    """The cells of the one product of a shop that lists it so."""
    terms = answer([{"id": 3, "name": "Nuts", "slug": "nuts", "parent": 0}], X_WP_Total="1")
    with endpoint(answering(answer([row], X_WP_Total="1"), terms), mapping(*PATHS, modified="changed")) as store:
        ((_, _, cells, _),) = rows(store.pull(Cursor(), (), full=True))
    return cells


def as_object(numbered: list[Any]) -> dict[str, Any]:
    """What PHP's json_encode makes of an array from which array_filter has taken the first."""
    return {str(at): one for at, one in enumerate(numbered, 1)}


@pytest.mark.parametrize("name", ["categories", "tags", "images", "meta_data", "attributes"])
def test_a_list_that_is_told_as_an_object_or_has_holes_is_read_as_the_list(name: str) -> None:
    told: list[Any] = ROW[name]  # type: ignore[assignment]
    assert read({**ROW, name: as_object(told)}) == CELLS
    assert read({**ROW, name: [None, *told, False, "x"]}) == CELLS


@pytest.mark.parametrize("nothing", [None, False, "", 0, "x", {}])
def test_what_is_no_list_is_an_empty_one(nothing: object) -> None:
    lists = dict.fromkeys(["categories", "tags", "images", "meta_data", "attributes"], nothing)
    assert read({**ROW, **lists}) == {
        **CELLS,
        "categories": [],
        "tags": [],
        "images": [],
        "meta:a": None,
        "attribute:x": "",
    }


def test_options_that_are_told_as_an_object_are_read_as_options() -> None:
    attributes = [{"id": 0, "name": "x", "options": as_object(["S", "M"])}]
    assert read({**ROW, "attributes": attributes}) == CELLS


@pytest.mark.parametrize("date", ["-0001-11-30T00:00:00", "0000-00-00T00:00:00", "10000-01-01T00:59:59", "", 0, []])
def test_a_date_that_is_none_is_read_as_no_date(date: object) -> None:
    """MySQL's zero date becomes the year -1 in PHP."""
    assert read({**ROW, "date_on_sale_from_gmt": date, "date_modified_gmt": date}) == {
        **CELLS,
        "date_on_sale_from": None,
    }


def test_an_answer_to_a_write_is_read_in_the_same_way() -> None:
    told = {**ROW, "tags": as_object(ROW["tags"]), "meta_data": [None]}  # type: ignore[arg-type]
    terms = answer([{"id": 3, "name": "Nuts", "slug": "nuts", "parent": 0}], X_WP_Total="1")
    with endpoint(answering(answer({"create": [told]}), terms), mapping(*PATHS)) as store:
        done = only(store.send([create(name="n")]))
    assert (done.status, done.cells) == ("done", {**CELLS, "meta:a": None})
