"""Categories of a store: known by their paths, written level by level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.endpoints import Cursor, View
from syncengine.endpoints.woocommerce.categories import Categories
from syncengine.errors import ConfigError
from syncengine.mapping import Mapping
from syncengine.mapping_file import load_mapping
from syncengine.sandbox import Sandbox
from syncengine.values import Value
from tests.unit.test_woocommerce_shop import (
    answer,
    answering,
    cells,
    change,
    connection,
    create,
    ids,
    mapping,
    only,
    sent,
    update,
)

KITCHEN = {"id": 20, "name": "Küche &amp; Bad", "slug": "kueche", "parent": 0}
CUPS = {
    "id": 21,
    "name": "Tassen",
    "slug": "tassen",
    "parent": 20,
    "image": {"id": 9, "src": "https://shop.test/t.jpg"},
}
NONE = {"id": 15, "name": "Unkategorisiert", "slug": "unkategorisiert", "parent": 0}
TREE = [NONE, KITCHEN, CUPS]


def of_categories(*paths: str) -> Mapping:
    return replace(mapping(*paths or ("path", "image")), entity="category", match_by=("path",))


@contextmanager
def categories(transport: httpx.BaseTransport, mapped: Mapping | None = None) -> Iterator[Categories]:
    view = View("categories", "store", mapped or of_categories(), "R1", read_only=False)
    opened = Categories(connection(), view, transport, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


def tree(*then: httpx.Response | Exception, rows: list[dict[str, Any]] | None = None) -> httpx.MockTransport:
    """A shop with these categories, that answers so to what is written."""
    left = list(then)

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            found = rows if rows is not None else TREE
            return answer(found, X_WP_Total=str(len(found)))
        told = left.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    return answering(handle)


def written(transport: httpx.MockTransport) -> list[Any]:
    return [sent(one) for one in transport.asked if one.method == "POST"]  # type: ignore[attr-defined]


def test_a_pull_tells_each_by_its_path_and_leaves_out_no_category() -> None:
    with categories(tree(), of_categories("path", "parent", "image")) as store:
        pull = store.pull(Cursor(), (), full=False)
        assert cells(pull) == {
            "20": {"path": "Küche & Bad", "parent": "", "image": ""},
            "21": {"path": "Küche & Bad > Tassen", "parent": "Küche & Bad", "image": "https://shop.test/t.jpg"},
        }
        assert pull.complete


def test_one_that_was_made_while_the_tree_was_read_has_its_path_too() -> None:
    new = {"id": 22, "name": "Neu", "slug": "neu", "parent": 20}
    light, whole = answer(TREE, X_WP_Total="3"), answer([*TREE, new], X_WP_Total="4")
    with categories(answering(whole, light, whole), of_categories("path")) as store:
        assert cells(store.pull(Cursor(), (), full=False))["22"] == {"path": "Küche & Bad > Neu"}
    stranger = {"id": 30, "name": "X", "slug": "x", "parent": 99}
    with categories(answering(answer([*TREE, stranger], X_WP_Total="4"), light), of_categories("path")) as store:
        assert cells(store.pull(Cursor(), (), full=False))["30"] == {"path": ""}, "and nothing is asked for ever"


def test_a_path_is_found_whatever_its_case_and_a_slug_by_the_shop() -> None:
    with categories(tree()) as store:
        assert ids(store.find("path", {"küche & bad > TASSEN", "Garten"})) == ["21"]
    with Sandbox() as sandbox, categories(sandbox.transport(), of_categories("slug", "name")) as store:
        number = only(store.send([create(name="Tee", slug="tee-1")])).record_id
        assert ids(store.find("slug", {"TEE-1", "none"})) == [number]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("path", "Küche > > Tassen", "an empty name"),
        ("path", "", "an empty name"),
        ("path", "<b>Küche</b>", "a name with '<'"),
        ("name", "A > B", "stands between the names of a path"),
        ("parent", "Küche > ", "an empty name"),
        ("slug", "Küche", "not a slug"),
        ("display", "all", "not one of"),
        ("menu_order", "x", "not a whole number"),
        ("menu_order", "", "it cannot be empty"),
        ("image", "tassen.jpg", "not the whole URL"),
        ("description", "<script>x</script>", "takes out as a tag"),
        ("count", 5, "the store's own"),
    ],
)
def test_what_the_store_would_mangle_is_never_sent(path: str, value: Value, said: str) -> None:
    transport = tree()
    with categories(transport) as store:
        assert said in store.refusal(path, value)
        assert only(store.send([change("update", 21, **{path: value})])).status == "failed"
    assert written(transport) == []


def test_a_path_is_sent_as_a_name_below_a_number() -> None:
    transport = tree(answer({"create": [{"id": 22, "name": "Teller", "parent": 20}]}))
    with categories(transport) as store:
        done = only(store.send([create(path="küche & bad > Teller")]))
    assert written(transport) == [{"create": [{"name": "Teller", "parent": 20}]}]
    assert (done.status, (done.cells or {})["path"]) == ("done", "Küche & Bad > Teller")
    with categories(transport) as store:
        assert store.kept("path", "küche & bad > Teller", "Küche & Bad > Teller"), "the name above is the one above's"
        assert not store.kept("path", "Küche & Bad > teller", "Küche & Bad > Teller")
        assert not store.kept("path", "Garten > Teller", "Küche & Bad > Teller")


def test_levels_go_one_after_the_other_and_deletes_last() -> None:
    changes = [
        create(path="A > B > C"),
        change("delete", 21),
        create(path="A"),
        create(path="A > B"),
        update(20, description="x"),
        create(path="D"),
    ]
    with categories(tree(), of_categories("path", "description")) as store:
        batches = store.cut(changes, 100)
    told = [[one.fields["path"].new if "path" in one.fields else one.action for one in batch] for batch in batches]
    assert told == [["A", "update", "D"], ["A > B"], ["A > B > C"], ["delete"]]
    assert store.concurrency == 1


@pytest.mark.parametrize(
    ("changes", "without_place"),
    [
        ([("create", "Garten > Rosen"), ("create", "Garten")], []),
        (
            [("create", "Garten > Rosen > Rot"), ("create", "Garten > Rosen")],
            ["Garten > Rosen > Rot", "Garten > Rosen"],
        ),
        ([("create", "Bad > Seife"), (20, "Bad")], []),
        ([("create", "Bad > Tassen > Seife"), (20, "Bad")], []),
        ([("create", "Küche & Bad > Seife"), (20, "Bad")], ["Küche & Bad > Seife"]),
        ([(20, "Küche & Bad > Tassen > Bad")], ["Küche & Bad > Tassen > Bad"]),
        ([(21, "Tassen"), (20, "Tassen > Küche")], []),
    ],
)
def test_who_has_no_place_in_the_tree_by_then_is_known_before_anything_is_sent(
    changes: list[tuple[str | int, str]], without_place: list[str]
) -> None:
    made = [create(path=path) if what == "create" else update(int(what), path=path) for what, path in changes]
    for at, one in enumerate(made):
        one.id = str(at)
    transport = tree()
    with categories(transport) as store:
        refused = store.unfounded(made)
    assert [one.fields["path"].new for one in made if one.id in refused] == without_place
    assert written(transport) == []


def test_nobody_is_put_below_what_is_not_there_or_below_themselves() -> None:
    transport = tree()
    with categories(transport) as store:
        first, second = store.send([create(path="Garten > Rosen"), update(20, path="Küche & Bad > Tassen > Küche")])
    assert first.error.startswith("no-parent: the shop has no category 'Garten'")
    assert "is the category itself, or below it" in second.error
    assert written(transport) == []


def test_one_whose_reply_was_lost_is_looked_for_before_what_stands_below() -> None:
    rows = [KITCHEN]
    lost, made = httpx.ReadTimeout("slow"), answer({"create": [{"id": 31, "name": "Rosen", "parent": 30}]})
    transport = tree(lost, made, rows=rows)
    with categories(transport) as store:
        assert store.normal("path", "Garten > Rosen") == "Garten > Rosen", "the tree is known"
        assert only(store.send([create(path="Garten")])).status == "unknown"
        rows.append({"id": 30, "name": "Garten", "slug": "garten", "parent": 0})
        assert only(store.send([create(path="Garten > Rosen")])).status == "done"
    assert written(transport)[1] == {"create": [{"name": "Rosen", "parent": 30}]}


def test_one_that_is_there_already_is_linked() -> None:
    error = {"code": "term_exists", "message": "x", "data": {"status": 400, "resource_id": 21}}
    with categories(tree(answer({"create": [{"id": 0, "error": error}]}))) as store:
        outcome = only(store.send([create(path="Küche & Bad > Tassen")]))
    assert (outcome.status, outcome.record_id) == ("failed", "21")


def test_an_image_goes_by_its_address_and_comes_back_under_another() -> None:
    told = {**CUPS, "image": {"id": 10, "src": "https://shop.test/uploads/neu.jpg"}}
    transport = tree(answer({"update": [told]}), answer({"update": [{**CUPS, "image": None}]}))
    with categories(transport) as store:
        done = only(store.send([update(21, image="https://erp.test/neu.jpg")]))
        assert store.kept("image", "https://erp.test/neu.jpg", (done.cells or {})["image"])
        gone = only(store.send([update(21, image="")]))
        assert (gone.cells or {})["image"] == ""
        assert not store.kept("image", "https://erp.test/neu.jpg", "")
    assert written(transport) == [
        {"update": [{"id": 21, "image": {"src": "https://erp.test/neu.jpg"}}]},
        {"update": [{"id": 21, "image": {"id": 0}}]},
    ]


def test_an_image_that_the_shop_could_not_fetch_is_named() -> None:
    transport = tree(answer({"update": [{**CUPS, "image": None}]}))
    with categories(transport) as store:
        change = update(21, image="https://erp.test/none.jpg")
        store.send([change])
    assert change.fields["image"].error == "the shop could not fetch https://erp.test/none.jpg"


def test_a_category_with_no_display_of_its_own_is_shown_as_all_are() -> None:
    transport = tree(answer({"update": [{**CUPS, "display": "default"}]}))
    with categories(transport, of_categories("path", "display")) as store:
        assert (store.refusal("display", ""), store.normal("display", "")) == ("", "default")
        assert store.normal("display", "both") == "both"


def test_a_path_and_its_parts_cannot_both_be_mapped(tmp_path: Path) -> None:
    file = tmp_path / "categories.toml"
    both = 'path = { erp = "P", store = "path" }\nname = { erp = "N", store = "name" }\n'
    file.write_text(f'entity = "category"\n[erp]\nresource = "c.csv"\nkey = "K"\n[fields]\n{both}', encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load_mapping(file)
    assert [(one.line, one.message, one.instead) for one in wrong.value.problems] == [
        (7, "fields.name.store: name stands in path already, which path maps", "leave out name, or path")
    ]
