"""Pull, fetch and find: every record once, none overlooked, however the list moves while it is read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from syncengine.endpoints import Cursor, rows
from syncengine.errors import CannotRun, Unreachable
from syncengine.sandbox import Fault, Sandbox
from syncengine.values import Type
from tests.unit.test_woocommerce_shop import START, Clock, answer, answering, cells, endpoint, ids, mapping, shop


def queries(sandbox: Sandbox, path: str = "/products") -> list[dict[str, str]]:
    return [
        {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        for request in sandbox.requests
        if request.path.endswith(path)
    ]


# Whole lists


def test_a_full_pull_reads_all_by_hundreds_in_a_stable_order() -> None:
    with shop("sku", "regular_price", seed=450) as (sandbox, store):
        pull = store.pull(Cursor(), (), full=True)
        found = ids(pull)
        asked = queries(sandbox)
    assert len(found) == len(set(found)) == 450
    assert found == sorted(found, key=int)
    assert pull.complete
    assert len(asked) == store.requests == 5
    assert all((one["per_page"], one["orderby"], one["order"]) == ("100", "id", "asc") for one in asked)
    assert all(one["_fields"] == "id,type,parent_id,status,sku,regular_price,variations" for one in asked), (
        "only what is needed"
    )


def test_an_empty_store_is_read_in_one_request() -> None:
    with shop() as (_, store):
        pull = store.pull(Cursor(), (), full=True)
        assert ids(pull) == []
        assert pull.complete
        assert pull.missing(["5"]) == {"5"}
    with shop(seed=100) as (sandbox, store):
        assert len(ids(store.pull(Cursor(), (), full=True))) == 100
        assert len(queries(sandbox)) == 1


class Moving(httpx.BaseTransport):
    """A sandbox in which something happens before a certain request."""

    def __init__(self, sandbox: Sandbox, at: int, happens: Any, through: httpx.BaseTransport | None = None) -> None:
        self._through, self._left, self._happens = through or sandbox.transport(), at, happens

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._left -= 1
        if self._left == 0:
            self._happens()
        return self._through.handle_request(request)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_products_that_leave_the_list_while_it_is_read_take_no_others_with_them(concurrency: int) -> None:
    with Sandbox(seed=520) as sandbox:
        everything = [str(product["id"]) for product in sandbox.products()]

        def trash() -> None:
            for number in everything[:150]:
                sandbox.edit_product(int(number), status="trash")

        with endpoint(Moving(sandbox, 3, trash), concurrency=concurrency) as store:
            pull = store.pull(Cursor(), (), full=True)
            found = ids(pull)
            assert len(found) == len(set(found))
            assert set(found) >= set(everything[150:])
            assert pull.missing(everything[150:]) == set()


@pytest.mark.parametrize(("number", "leaving"), [(250, 60), (200, 2), (250, 160), (400, 310)])
def test_a_page_that_is_past_the_end_by_then_takes_no_products_with_it(number: int, leaving: int) -> None:
    with Sandbox(seed=number) as sandbox:
        everything = [str(product["id"]) for product in sandbox.products()]

        def trash() -> None:
            for one in everything[:leaving]:
                sandbox.edit_product(int(one), status="trash")

        with endpoint(Moving(sandbox, 3, trash), mapping("sku"), concurrency=1) as store:
            found = ids(store.pull(Cursor(), (), full=True))
    assert len(found) == len(set(found))
    assert set(found) >= set(everything[leaving:])


def test_a_list_that_shrinks_again_and_again_is_read_to_its_end() -> None:
    with Sandbox(seed=450) as sandbox:
        everything = [str(product["id"]) for product in sandbox.products()]
        leaving = iter(everything[:150])

        def trash() -> None:
            for one in [next(leaving) for _ in range(50)]:
                sandbox.edit_product(int(one), status="trash")

        steps = Moving(sandbox, 3, trash)
        for later in (4, 6):
            steps = Moving(sandbox, later, trash, through=steps)
        with endpoint(steps, mapping("sku"), concurrency=1) as store:
            found = ids(store.pull(Cursor(), (), full=True))
    assert set(found) >= set(everything[150:])


class Untold(httpx.BaseTransport):
    """A sandbox whose answers lose the size of the list on their way, or tell a wrong one."""

    def __init__(self, sandbox: Sandbox, total: str | None) -> None:
        self._through, self._total = sandbox.transport(), total

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = self._through.handle_request(request)
        headers = [(name, value) for name, value in found.headers.raw if not name.lower().startswith(b"x-wp-")]
        if self._total is not None:
            headers.append((b"X-WP-Total", self._total.encode("latin-1")))
        return httpx.Response(found.status_code, headers=headers, content=found.read())


@pytest.mark.parametrize("total", [None, "", "0", "many", "²", "9" * 5000])
@pytest.mark.parametrize("number", [99, 100, 101, 199, 250])
def test_all_is_read_though_the_store_does_not_tell_how_much_there_is(total: str | None, number: int) -> None:
    with Sandbox(seed=number) as sandbox, endpoint(Untold(sandbox, total)) as store:
        pull = store.pull(Cursor(), (), full=True)
        assert len(ids(pull)) == number
        assert pull.complete


def test_all_variations_are_read_though_the_store_does_not_tell_how_many_there_are() -> None:
    with Sandbox(seed=1, variations=250) as sandbox, endpoint(Untold(sandbox, None)) as store:
        assert len(ids(store.pull(Cursor(), (), full=True))) == 251


def test_products_that_join_the_list_while_it_is_read_come_once() -> None:
    with Sandbox(seed=250) as sandbox:
        everything = {str(product["id"]) for product in sandbox.products()}
        with endpoint(Moving(sandbox, 2, lambda: sandbox.create_product(name="new")), concurrency=1) as store:
            found = ids(store.pull(Cursor(), (), full=True))
    assert len(found) == 251
    assert set(found) > everything


def test_a_row_that_the_store_hides_does_not_stop_the_reading() -> None:
    """WooCommerce counts products that the key's user may not read, and leaves them out of the pages."""
    products = [{"id": number, "status": "publish", "sku": str(number)} for number in range(1, 251)]
    hidden = {100, 200}

    def listing(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("offset", 0))
        page = [one for one in products[start : start + 100] if one["id"] not in hidden]
        return answer(page, X_WP_Total="250")

    with endpoint(answering(listing), mapping("sku")) as store:
        found = ids(store.pull(Cursor(), (), full=True))
    assert len(found) == 248


def test_a_store_that_ignores_the_offset_is_not_taken_at_its_word() -> None:
    same = answer([{"id": number, "status": "publish", "sku": "x"} for number in range(1, 101)], X_WP_Total="300")
    with endpoint(answering(same), mapping("sku")) as store, pytest.raises(Unreachable, match="ignores `offset`"):
        ids(store.pull(Cursor(), (), full=True))


def test_faults_do_not_disturb_a_reading() -> None:
    faults = [Fault("error-500", 0.2), Fault("drop-before", 0.2), Fault("busy-503", 0.1)]
    with shop("sku", seed=350, faults=faults) as (_, store):
        assert len(ids(store.pull(Cursor(), (), full=True))) == 350


# Incremental


def test_the_next_pull_reads_what_changed_by_the_stores_own_clock() -> None:
    clock = Clock()
    with shop("sku", "name", seed=300, clock=clock) as (sandbox, store):
        first = store.pull(Cursor(), (), full=False)
        assert len(ids(first)) == 300
        assert first.complete, "a first pull reads all"
        cursor = first.cursor(())
        assert cursor == Cursor({"since": "2026-07-01T12:00:00Z"})
        assert Cursor(json.loads(json.dumps(cursor.position))) == cursor

        clock.move(minutes=10)
        changed = [str(sandbox.edit_product(sandbox.products()[at]["id"], name="changed")["id"]) for at in (3, 200)]
        sandbox.reset_log()
        second = store.pull(cursor, (), full=False)
        assert ids(second) == changed
        assert not second.complete
        asked = queries(sandbox)[0]
        assert asked["modified_after"] == "2026-07-01T11:58:00", "less the overlap, bare"
        assert asked["dates_are_gmt"] == "true"
        assert second.cursor(()).position["since"] == "2026-07-01T12:10:00Z"


def test_a_change_within_the_second_of_the_cursor_is_not_lost() -> None:
    clock = Clock()
    with shop("sku", "name", seed=2, clock=clock, overlap=timedelta(seconds=1)) as (sandbox, store):
        first = store.pull(Cursor(), (), full=False)
        ids(first)
        changed = sandbox.edit_product(sandbox.products()[1]["id"], name="same second")
        assert ids(store.pull(first.cursor(()), (), full=False)) == [str(changed["id"])]


def test_what_moves_no_date_is_found_by_a_full_pull_only() -> None:
    clock = Clock()
    with shop("sku", "meta:_shelf", seed=3, clock=clock) as (sandbox, store):
        pull = store.pull(Cursor(), (), full=False)
        ids(pull)
        clock.move(minutes=10)
        number = sandbox.products()[0]["id"]
        sandbox.edit_silently(number, meta_data=[{"key": "_shelf", "value": "B2"}])
        assert ids(store.pull(pull.cursor(()), (), full=False)) == []
        assert cells(store.pull(pull.cursor(()), (), full=True))[str(number)]["meta:_shelf"] == "B2"


def test_wanted_and_forgotten_records_come_again_though_nothing_changed() -> None:
    clock = Clock()
    with shop("sku", seed=5, clock=clock) as (sandbox, store):
        first = store.pull(Cursor(), (), full=False)
        everything = ids(first)
        cursor = first.cursor([everything[4]])
        clock.move(minutes=10)
        sandbox.edit_product(int(everything[0]), name="changed")
        pull = store.pull(cursor, [everything[0], everything[2], "99999", "not-an-id"], full=False)
        assert ids(pull) == [everything[0], everything[2], everything[4]]
        assert pull.missing([*everything, "99999", "not-an-id"]) == {"99999", "not-an-id"}


def test_the_date_of_a_record_is_read_where_the_mapping_asks_for_it() -> None:
    clock = Clock()
    with shop(mapped=mapping("sku", modified="Changed"), seed=1, clock=clock) as (sandbox, store):
        sandbox.edit_product(sandbox.products()[0]["id"], name="now")
        read = list(rows(store.pull(Cursor(), (), full=True)))
        assert [when for _, _, _, when in read] == [START]
    with shop("sku", seed=1) as (_, store):
        assert next(iter(store.pull(Cursor(), (), full=True))).modified is None


# What is there


def test_a_product_in_the_trash_is_missing_unless_the_mapping_asks_for_it() -> None:
    with Sandbox(seed=3) as sandbox:
        kept, trashed, destroyed = (str(product["id"]) for product in sandbox.products())
        sandbox.edit_product(int(trashed), status="trash")
        sandbox.delete_product(int(destroyed))
        with endpoint(sandbox.transport(), mapping("sku")) as store:
            full = store.pull(Cursor(), (), full=True)
            assert ids(full) == [kept]
            assert full.missing([kept, trashed, destroyed]) == {trashed, destroyed}
            again = store.pull(full.cursor(()), [trashed], full=False)
            assert trashed not in ids(again)
            assert again.missing([kept, trashed]) == {trashed}
        with endpoint(sandbox.transport(), mapping("sku", only={"status": ("publish", "trash")})) as store:
            full = store.pull(Cursor(), (), full=True)
            assert set(ids(full)) == {kept, trashed}
            assert full.missing([kept, trashed, destroyed]) == {destroyed}


def test_only_narrows_what_is_read_and_the_filter_is_checked() -> None:
    with Sandbox(seed=4) as sandbox:
        one, two, three, _ = (product["id"] for product in sandbox.products())
        for number, status in ((one, "draft"), (two, "private"), (three, "pending")):
            sandbox.edit_product(number, status=status)
        with endpoint(sandbox.transport(), mapping("sku", only={"status": ("draft", "private")})) as store:
            pull = store.pull(Cursor(), [str(three)], full=True)
            assert set(ids(pull)) == {str(one), str(two)}
            assert pull.missing([str(one), str(three)]) == {str(three)}, "it has left the selection"
    deaf = answer(
        [{"id": 1, "status": "publish", "sku": "a"}, {"id": 2, "status": "draft", "sku": "b"}], X_WP_Total="2"
    )
    with endpoint(answering(deaf), mapping("sku", only={"status": ("draft",)})) as store:
        assert ids(store.pull(Cursor(), (), full=True)) == ["2"], "a store that ignores the filter"


def test_a_product_that_changed_its_status_between_two_lists_is_not_gone() -> None:
    with Sandbox(seed=3) as sandbox:
        number = sandbox.products()[1]["id"]
        sandbox.edit_product(number, status="draft")
        moving = Moving(sandbox, 2, lambda: sandbox.edit_product(number, status="publish"))
        with endpoint(moving, mapping("sku", only={"status": ("publish", "draft")})) as store:
            pull = store.pull(Cursor(), (), full=True)
            assert str(number) not in ids(pull)
            assert pull.missing([str(number)]) == set()


# Looking up


def test_fetch_finds_records_wherever_they_are() -> None:
    with shop("sku", seed=250) as (sandbox, store):
        everything = [product["id"] for product in sandbox.products()]
        sandbox.edit_product(everything[0], status="trash")
        sandbox.edit_product(everything[1], status="draft")
        found = {record: where for record, where, _, _ in rows(store.fetch([*map(str, everything), "99999", "x", "0"]))}
    assert set(found) == {str(number) for number in everything}
    assert found[str(everything[0])] == f"product {everything[0]} (in the trash)"
    assert found[str(everything[1])] == f"product {everything[1]}"


def test_skus_are_looked_up_by_hundreds_in_the_trash_too() -> None:
    with shop("sku", "name", seed=250) as (sandbox, store):
        trashed = sandbox.products()[0]
        sandbox.edit_product(trashed["id"], status="trash")
        sandbox.reset_log()
        wanted = [f"p-{number:06d}" for number in range(1, 261)]
        where = {found["sku"]: place for _, place, found, _ in rows(store.find("sku", wanted))}
        many = queries(sandbox)
        sandbox.reset_log()
        few = {found["sku"] for _, _, found, _ in rows(store.find("sku", wanted[:2]))}
        asked = queries(sandbox)
    assert len(where) == 250
    assert where[trashed["sku"]].endswith("(in the trash)")
    assert len(many) == 1 + 3, "the store is asked once whether it can find all at once"
    assert (len(few), [one["status"] for one in asked]) == (2, ["any", "trash"])


def test_an_older_store_that_cannot_look_everywhere_at_once_is_asked_twice() -> None:
    def older(request: httpx.Request) -> httpx.Response:
        if request.method == "OPTIONS":
            return answer({"endpoints": [{"methods": ["GET"], "args": {"status": {}, "sku": {}}}]})
        return answer([], X_WP_Total="0")

    transport = answering(older)
    with endpoint(transport, mapping("sku"), concurrency=1) as store:
        assert ids(store.find("sku", [f"A-{number}" for number in range(300)])) == []
    statuses = [request.url.params.get("status") for request in transport.asked]  # type: ignore[attr-defined]
    assert statuses == [None, "any", "trash", "any", "trash", "any", "trash"]


@pytest.mark.parametrize("sku", ["with,comma", "with space", "Straße", "A&B", 'quo"te', "back\\slash", "😀"])
def test_awkward_skus_are_found(sku: str) -> None:
    with shop("sku", seed=5) as (sandbox, store):
        number = sandbox.create_product(name="x", sku=sku)["id"]
        assert ids(store.find("sku", [sku.upper(), "other", "another,one"])) == [str(number)]


def test_a_filter_that_would_return_everything_is_not_asked_or_not_believed() -> None:
    with shop("sku", seed=5) as (sandbox, store):
        sandbox.create_product(name="zero", sku="0")
        assert ids(store.find("sku", ["", "0", "   "])) == []
        assert sandbox.requests == []
    deaf = answer(
        [{"id": 1, "status": "publish", "sku": "a"}, {"id": 2, "status": "publish", "sku": "b"}], X_WP_Total="2"
    )
    with endpoint(answering(deaf), mapping("sku")) as store:
        assert set(ids(store.find("sku", ["B"]))) == {"2"}


def test_long_skus_do_not_make_a_url_too_long() -> None:
    with shop("sku") as (sandbox, store):
        number = sandbox.create_product(name="x", sku="ü" * 99)["id"]
        wanted = [f"{at:02d}{'ö' * 90}" for at in range(60)]
        assert ids(store.find("sku", [*wanted, "ü" * 99])) == [str(number)]
        assert max(len(request.query) for request in sandbox.requests) < 6000


def test_one_gtin_or_id_is_looked_up_and_other_paths_are_refused() -> None:
    with shop("sku", seed=2) as (sandbox, store):
        number = sandbox.create_product(name="x", sku="G", global_unique_id="4006381333931")["id"]
        assert (
            cells(store.find("global_unique_id", ["4006381333931"]))[str(number)]["global_unique_id"] == "4006381333931"
        )
        assert ids(store.find("id", [str(number)])) == [str(number)]
        with pytest.raises(CannotRun, match="looked up by id, sku or gtin, not by 'name'"):
            ids(store.find("name", ["x"]))


def test_a_variation_is_found_by_its_sku_and_carries_its_product_in_its_id() -> None:
    there = answer([{"id": 23, "type": "variation", "parent_id": 22, "status": "publish", "sku": "V"}], X_WP_Total="1")
    with endpoint(answering(there, answer([], X_WP_Total="0")), mapping("sku"), concurrency=1) as store:
        assert ids(store.find("sku", ["V"])) == ["22/23"]


# Normal form


def test_cells_are_in_their_normal_form() -> None:
    product = {
        "id": 7,
        "status": "publish",
        "sku": "a&lt;b",
        "name": " A &amp; B ",
        "description": "<p>1 &lt; 2 &amp; 3</p>\n",
        "regular_price": "10.00",
        "stock_quantity": None,
        "date_on_sale_from_gmt": "2026-01-01T00:00:00",
        "date_on_sale_to": "2026-02-01T23:59:59",
        "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
        "tags": [{"id": 2, "name": "z &amp; y"}, {"id": 3, "name": "a"}],
        "attributes": [{"id": 1, "name": "Colour &amp; Co", "options": ["Red", "Blue &amp; Green"]}],
        "meta_data": [{"id": 1, "key": "list", "value": [1, {"a": 2}]}, {"id": 2, "key": "n", "value": "5"}],
        "images": [{"id": 5, "src": "https://shop.test/a.png"}],
        "dimensions": {"length": "9", "width": "", "height": ""},
    }
    paths = ["sku", "name", "description", "regular_price", "stock_quantity", "date_on_sale_from", "date_on_sale_to"]
    paths += ["categories", "tags", "attribute:colour & co", "attribute:none", "meta:list", "meta:n", "meta:none"]
    paths += ["images", "dimensions.length", "id"]
    types = {"date_on_sale_to": Type("date")}
    with endpoint(answering(answer([product], X_WP_Total="1")), mapping(*paths, types=types)) as store:
        assert cells(store.pull(Cursor(), (), full=True))["7"] == {
            "type": None,
            "sku": "a<b",
            "name": "A & B",
            "description": "<p>1 &lt; 2 & 3</p>",
            "regular_price": "10.00",
            "stock_quantity": None,
            "date_on_sale_from": "2026-01-01T00:00:00Z",
            "date_on_sale_to": "2026-02-01",
            "categories": [],
            "tags": ["a", "z & y"],
            "attribute:colour & co": "Red | Blue & Green",
            "attribute:none": "",
            "meta:list": [1, {"a": 2}],
            "meta:n": "5",
            "meta:none": None,
            "images": ["https://shop.test/a.png"],
            "dimensions.length": "9",
            "id": 7,
        }


def test_a_description_is_read_as_it_was_written_not_as_it_is_shown() -> None:
    with shop("sku", "description") as (sandbox, store):
        number = sandbox.create_product(name="x", sku="D", description="two\n\nlines")["id"]
        assert cells(store.pull(Cursor(), (), full=True))[str(number)]["description"] == "two\n\nlines"


def test_an_attribute_of_type_list_is_a_list() -> None:
    kinds = {"attribute:Size": Type("list")}
    with shop(mapped=mapping("sku", "attribute:Size", types=kinds)) as (sandbox, store):
        number = sandbox.create_product(name="x", attributes=[{"name": "Size", "options": ["S", "M"]}])["id"]
        bare = sandbox.create_product(name="y")["id"]
        read = cells(store.pull(Cursor(), (), full=True))
    assert read[str(number)]["attribute:Size"] == ["S", "M"]
    assert read[str(bare)]["attribute:Size"] == []
