"""The stock of a shop makes allowance for the orders that the ERP has not booked yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints import Cursor, OpenOrder, View
from syncengine.endpoints.csv import CsvEndpoint
from syncengine.endpoints.woocommerce.products import Products
from syncengine.errors import CannotRun, ConfigError
from syncengine.mapping import ErpSide, Field, StoreSide
from syncengine.mapping_file import load_mapping
from syncengine.settings import CsvConnection
from syncengine.state import State
from syncengine.values import Type
from tests.catalogue import Company, company, described
from tests.memory import KilledError, Memory
from tests.open_orders import MAPPING, Trade
from tests.running import mapping as running_mapping
from tests.unit.test_woocommerce_shop import answer, answering, endpoint, mapping

MAPPED = replace(
    running_mapping(Field("stock", "Bestand", "stock_quantity", Type("integer"), only_to="store", reserves=True)),
    store=StoreSide({}, "meta:_erp_document"),
)


@pytest.fixture
def trade() -> Iterator[Trade]:
    trade = Trade()
    trade.run()
    yield trade
    trade.close()


def stock_writes(result: object) -> list[tuple[str, str, str]]:
    return [(key, new, why) for _, _, key, name, new, why in described(result) if name == "stock"]  # type: ignore[arg-type]


def test_a_sale_between_two_exports_is_not_put_back(trade: Trade) -> None:
    trade.sell("P1", 2)
    assert trade.in_shop("P1") == 3
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)
    assert (trade.run(full=True).changes, trade.in_shop("P1")) == ([], 3)


def test_an_export_that_does_not_know_of_the_sale_does_not_undo_it(trade: Trade) -> None:
    trade.sell("P1", 2)
    trade.sell("P1", 1, "on-hold")
    trade.stock["P1"] += 10
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "12", "erp changed, less 3 units in 2 open orders")]
    assert trade.in_shop("P1") == 12


def test_an_order_reserves_until_the_stock_was_exported_after_its_number_was_seen(trade: Trade) -> None:
    order = trade.sell("P1", 2)
    trade.take_over()
    trade.book(order)
    trade.export_numbers()
    trade.arrive()
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)  # the ERP's last export does not know of it
    trade.export_stock()
    trade.arrive()
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)
    trade.stock["P1"] = 9
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "9", "erp changed")]


def test_an_export_without_any_difference_is_one(trade: Trade) -> None:
    order = trade.sell("P1", 2)
    trade.take_over()
    trade.book(order)
    trade.stock["P1"] += 2  # and it has received two
    trade.export_numbers()
    trade.arrive()
    trade.run()
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "5", "open orders changed")]
    assert trade.run().changes == []


def test_an_erp_that_is_read_live_needs_no_export(trade: Trade) -> None:
    trade.erp.live = True
    order = trade.sell("P1", 2)
    trade.take_over()
    trade.stock["P1"] += 4
    assert stock_writes(trade.run()) == [("P1", "7", "erp changed, less 2 units in 1 open order")]
    trade.book(order)
    trade.export_numbers()
    trade.arrive()
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 7)
    assert trade.company.state.orders.open("job") == {}


def test_the_number_of_a_variation_is_its_own(trade: Trade) -> None:
    trade.sell("V1", 2)
    trade.stock["V1"] = 8
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("V1", "6", "erp changed, less 2 units in 1 open order")]


def test_an_edit_in_the_shop_is_put_back_to_what_is_left(trade: Trade) -> None:
    trade.sell("P1", 2)
    trade.shop.edit_product(trade.shop.product_by_sku("P1")["id"], stock_quantity=40)
    result = trade.run()
    assert stock_writes(result) == [("P1", "3", "put back: the erp is right, less 2 units in 1 open order")]
    assert result.drift == 1


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "pending"])
def test_an_order_that_is_none_any_more_reserves_nothing(trade: Trade, status: str) -> None:
    order = trade.sell("P1", 2)
    trade.run()
    trade.move(order, status)
    trade.run()
    assert trade.in_shop("P1") == 5


def test_an_order_in_the_trash_or_deleted_reserves_nothing_though_no_list_tells_that(trade: Trade) -> None:
    orders = [trade.sell("P1", 2), trade.sell("P2", 1)]
    trade.run()
    trade.delete(orders[0], force=False)
    trade.delete(orders[1], force=True)
    trade.run()
    assert (trade.in_shop("P1"), trade.in_shop("P2")) == (5, 5)


def test_what_comes_back_is_reserved_no_more(trade: Trade) -> None:
    order = trade.sell("P1", 3)
    trade.run()
    trade.take_back(order)
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)
    trade.stock["P1"] = 10
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "8", "erp changed, less 2 units in 1 open order")]


def test_more_than_there_is_leaves_less_than_nothing(trade: Trade) -> None:
    trade.sell("P1", 7)
    assert (trade.run().changes, trade.in_shop("P1")) == ([], -2)
    trade.stock["P1"] = 6
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "-1", "erp changed, less 7 units in 1 open order")]


def test_an_order_that_is_settled_stays_so_whatever_happens_to_it(trade: Trade) -> None:
    order = trade.sell("P1", 2)
    trade.take_over()
    trade.book(order)
    trade.export_numbers()
    trade.arrive()
    trade.run()
    trade.export_stock()
    trade.arrive()
    trade.run()
    trade.move(order, "completed")
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)
    assert (trade.run(full=True).changes, trade.in_shop("P1")) == ([], 3)


def test_what_was_read_before_a_change_of_the_mapping_is_no_later_export(trade: Trade) -> None:
    trade.run(signatures={"name": "as it was"})
    order = trade.sell("P1", 2)
    trade.take_over()
    trade.book(order)
    trade.export_numbers()
    trade.arrive()
    trade.run(signatures={"name": "as it was"})
    trade.run(signatures={"name": "changed"}, rebase=True)
    assert trade.in_shop("P1") == 3, "the export that is there does not know of the booking"
    trade.export_stock()
    trade.arrive()
    trade.stock["P1"] = 9
    trade.export_stock()
    trade.arrive()
    trade.run()
    assert trade.in_shop("P1") == 9


def test_a_part_of_a_unit_keeps_a_whole_one(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    sold = {str(trade.shop.product_by_sku("P1")["id"]): Decimal("1.5")}
    told = ([OpenOrder("1", sold)], Cursor())
    monkeypatch.setattr(Products, "open_orders", lambda *_, **__: told)
    assert stock_writes(trade.run()) == [("P1", "3", "open orders changed, less 1.5 units in 1 open order")]


def test_a_state_in_postgresql_remembers_open_orders_as_well(postgres: str) -> None:
    trade = Trade(Company(MAPPING, State.open(postgres)))
    trade.run()
    order = trade.sell("P1", 2)
    trade.run()
    trade.take_over()
    trade.book(order)
    trade.export_numbers()
    trade.arrive()
    trade.stock["P1"] = 9
    assert (trade.run().changes, trade.in_shop("P1")) == ([], 3)
    assert list(trade.company.state.orders.open("job")) == [str(order)]
    trade.export_stock()
    trade.arrive()
    assert stock_writes(trade.run()) == [("P1", "9", "erp changed")]
    assert trade.company.state.orders.open("job") == {}
    assert trade.company.state.orders.settled("job", [str(order), "0"]) == {str(order)}
    trade.close()


def test_orders_that_were_completed_before_the_first_run_count_as_booked() -> None:
    trade = Trade()
    trade.run()
    trade.company.state.close()
    trade.company.state = State.in_memory()
    old, new = trade.sell("P1", 1, "completed"), trade.sell("P1", 2)
    trade.company.clock.move(hours=1)
    trade.run()
    assert trade.in_shop("P1") == 3
    trade.move(old, "completed")
    trade.move(new, "completed")
    trade.run()
    assert trade.in_shop("P1") == 3
    trade.close()


def test_orders_are_read_in_one_request_and_known_ones_in_another(trade: Trade) -> None:
    numbers = [trade.sell("P1", 1) for _ in range(3)]
    trade.run()
    trade.run()
    trade.shop.reset_log()
    trade.run()
    asked = [request.query for request in trade.shop.requests if request.path.endswith("/orders")]
    assert len(asked) == 2
    assert f"include={'%2C'.join(map(str, numbers))}" in asked[1]


def test_without_reserve_no_order_is_read() -> None:
    with company() as other:
        other.row("P1", sku="P1", name="a")
        other.run()
        assert not [request for request in other.shop.requests if "orders" in request.path]


def test_a_run_that_is_killed_while_it_writes_does_not_forget_what_it_reserved(trade: Trade) -> None:
    order = trade.sell("P1", 2)
    trade.stock["P1"] = 10
    trade.export_stock()
    trade.arrive()
    trade.shop.fault = lambda: "kill"
    with pytest.raises(KilledError):
        trade.run()
    trade.company.state.connection.rollback()
    trade.shop.fault = lambda: None
    trade.move(order, "cancelled")
    trade.run()
    assert trade.in_shop("P1") == 10


TEXT_OF_A_MAPPING = """\
entity = "product"

[erp]
resource = "stock.csv"
key = "SKU"

[store]
booked = "meta:_erp_document"

[fields]
sku = { erp = "SKU", store = "sku" }
stock = { erp = "Bestand", store = "stock_quantity", type = "integer", truth = "erp", reserve = "unbooked-orders" }
"""


def test_a_mapping_says_which_stock_makes_allowance_and_where_an_order_has_its_number(tmp_path: Path) -> None:
    (tmp_path / "stock.toml").write_text(TEXT_OF_A_MAPPING, encoding="utf-8")
    mapping = load_mapping(tmp_path / "stock.toml")
    assert [field.name for field in mapping.reserves] == ["stock"]
    assert (mapping.fields["stock"].only_to, mapping.store.booked) == ("store", "meta:_erp_document")


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "instead"),
    [
        (
            'booked = "meta:_erp_document"',
            "",
            12,
            "stock.reserve: nothing tells whether",
            'booked = "meta:_erp_document"',
        ),
        (
            '"meta:_erp_document"',
            '"transaction_id"',
            8,
            "store.booked: not a meta field",
            'booked = "meta:_erp_document"',
        ),
        ('"meta:_erp_document"', '"meta:"', 8, "store.booked: no good key", "meta:KEY"),
        (', reserve = "unbooked-orders"', "", 8, "store.booked: no field reserves", 'reserve = "unbooked-orders"'),
        ('truth = "erp"', 'truth = "erp-wins"', 12, "stock.reserve: the store gets the ERP's number", 'truth = "erp"'),
        ('truth = "erp"', 'truth = "sum"', 12, "stock.reserve: the store gets the ERP's number", 'truth = "erp"'),
        ('"stock_quantity"', '"low_stock_amount"', 12, "stock.reserve: orders take", 'store = "stock_quantity"'),
        ('"unbooked-orders"', '"orders"', 12, "stock.reserve: unknown word", 'write "unbooked-orders"'),
        ('erp = "Bestand"', "value = 5", 12, "stock.reserve: value is a constant", "leave out value or reserve"),
    ],
)
def test_what_cannot_make_allowance_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str, instead: str
) -> None:
    (tmp_path / "stock.toml").write_text(TEXT_OF_A_MAPPING.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_mapping(tmp_path / "stock.toml")
    found = [one for one in error.value.problems if message in one.message]
    assert [(one.line, instead in one.instead) for one in found] == [(line, True)], error.value


# What the shop tells of its orders


def line(units: object, *, product: int = 10, variation: int = 0, taken: object = None) -> dict[str, object]:
    meta = [{"id": 1, "key": "_reduced_stock", "value": taken}] if taken is not None else []
    return {"id": 1, "product_id": product, "variation_id": variation, "quantity": units, "meta_data": meta}


def order(
    number: int, status: str, *lines: dict[str, object], document: object = None, completed: str | None = None
) -> dict[str, object]:
    meta = [{"id": 1, "key": "_erp_document", "value": document}] if document is not None else []
    dates = {"date_created_gmt": "2026-06-01T00:00:00", "date_completed_gmt": completed}
    return {"id": number, "status": status, **dates, "line_items": list(lines), "meta_data": meta}


@pytest.mark.parametrize(
    ("told", "units"),
    [
        (order(1, "processing", line(3, taken="2")), {"10": 2}),
        (order(1, "processing", line(3, taken="0")), {}),
        (order(1, "processing", line(3)), {"10": 3}),
        (order(1, "packed", line(3, taken="3")), {"10": 3}),
        (order(1, "quote", line(3)), {}),
        (order(1, "pending", line(3, taken="3")), {}),
        (order(1, "on-hold", line(3), line(1), line(2, variation=25)), {"10": 4, "10/25": 2}),
        (
            order(1, "processing", line(3, product=0), line(-1), line("x"), line("1e400"), line(1.5)),
            {"10": Decimal("1.5")},
        ),
        (order(1, "completed", line(1), document=" "), {"10": 1}),
        (order(1, "completed", line(1), completed="2026-06-30T23:59:59"), {}),
        (order(1, "completed", line(1), completed="2026-07-01T00:00:01"), {"10": 1}),
        (order(1, "completed", line(1), completed="some day"), {"10": 1}),
    ],
)
def test_an_order_reserves_what_was_taken_for_it(told: dict[str, object], units: dict[str, object]) -> None:
    mapped = replace(mapping(), store=StoreSide({}, "meta:_erp_document"))
    with endpoint(answering(answer([told], X_WP_Total="1")), mapped) as opened:
        since = Cursor({"since": "2026-07-01T00:00:00Z", "begun": "2026-07-01T00:00:00Z"})
        found, cursor = opened.open_orders(since, (), full=False)
    assert [(one.id, one.units, one.booked) for one in found] == ([("1", units, False)] if units else [])
    assert cursor.position == {"since": "2026-07-01T12:00:00Z", "begun": "2026-07-01T00:00:00Z"}


def test_of_a_store_that_ignores_the_status_only_orders_under_way_are_taken() -> None:
    mapped = replace(mapping(), store=StoreSide({}, "meta:_erp_document"))
    everything = answer([order(1, "completed", line(1)), order(2, "processing", line(1))], X_WP_Total="2")
    with endpoint(answering(answer({}), everything), mapped) as opened:
        found, _ = opened.open_orders(Cursor(), (), full=False)
    assert [one.id for one in found] == ["2"]


def test_orders_that_wait_too_long_for_their_number_are_told(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = datetime.now(UTC) - timedelta(days=8)
    waiting = [OpenOrder(str(number), {"10": Decimal(1)}, number == 9, placed) for number in range(5, 10)]
    recent = OpenOrder("20", {"10": Decimal(1)}, placed=placed + timedelta(days=2))
    monkeypatch.setattr(Products, "open_orders", lambda *_, **__: ([*waiting, recent], Cursor()))
    (warning,) = trade.run().warnings
    assert "4 orders have been reserving stock for more than 7 days" in warning
    assert "5, 6, 7, …." in warning
    assert "meta:_erp_document" in warning


def test_orders_of_a_system_that_has_none_cannot_be_asked_for() -> None:
    with pytest.raises(CannotRun, match="leave `reserve` out"):
        Memory("store", MAPPED).open_orders(Cursor(), (), full=False)


# What is news of the ERP's files


def test_a_file_that_was_written_again_is_news_and_one_that_was_put_away_is_none(tmp_path: Path) -> None:
    file = tmp_path / "stock-1.csv"

    def read(seen: Cursor) -> tuple[bool, Cursor]:
        pull = csv(tmp_path).pull(seen, (), full=False)
        list(pull)
        return pull.news, pull.cursor(())

    def write(text: str, when: int) -> None:
        file.write_text(text)
        os.utime(file, (when, when))

    write("sku,Bestand\nA,1\n", 1_000_000)
    news, cursor = read(Cursor())
    assert not news, "who has seen nothing yet cannot tell"
    assert read(cursor) == (False, cursor)
    write("sku,Bestand\nA,1\n", 1_000_010)
    news, again = read(cursor)
    assert news
    write("sku,Bestand\nA,2\n", 1_000_010)
    assert read(again)[0]
    file.rename(tmp_path / "away.txt")
    (tmp_path / "stock-2.csv").write_text("sku,Bestand\nA,1\n")
    assert read(again)[0]


@pytest.mark.parametrize("complete", [True, False])
def test_no_file_is_no_news(tmp_path: Path, complete: bool) -> None:
    (tmp_path / "stock-1.csv").write_text("sku,Bestand\nA,1\n")
    os.utime(tmp_path / "stock-1.csv", (1_000_000, 1_000_000))
    read = csv(tmp_path, complete=complete, archive_to="done").pull(Cursor(), (), full=False)
    list(read)
    cursor = read.cursor(())
    read.done()
    later = csv(tmp_path, complete=complete, archive_to="done").pull(cursor, (), full=False)
    list(later)
    assert not later.news
    assert not (tmp_path / "stock-1.csv").exists()


def csv(folder: Path, **source: Any) -> CsvEndpoint:
    connection = CsvConnection(name="erp", type="csv", folder=folder)
    mapped = replace(MAPPED, erp=ErpSide("stock-*.csv", "sku", **source))
    return CsvEndpoint(connection, View("stock", "erp", mapped, "R1", read_only=False), patience=0.1)
