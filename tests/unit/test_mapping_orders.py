"""Mappings of orders: what they may say, and what is told of one that cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.errors import ConfigError
from syncengine.mapping import Mapping
from syncengine.mapping_file import load_mapping

ROOT = Path(__file__).parents[2]
NEW = (ROOT / "mappings" / "orders-from-erp.toml").read_text(encoding="utf-8")
STATUS = (ROOT / "mappings" / "order-status.toml").read_text(encoding="utf-8")


def load(folder: Path, text: str) -> Mapping:
    path = folder / "orders.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as raised:
        load(folder, text)
    return [(problem.message, problem.instead) for problem in raised.value.problems]


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def more(text: str, line: str) -> str:
    return f"{text}\n{line}\n"


def test_what_an_order_is_created_with_is_never_sent_again(tmp_path: Path) -> None:
    mapping = load(tmp_path, more(NEW, 'paid = { erp = "Bezahlt", store = "set_paid", type = "boolean" }'))
    assert mapping.create_in_store
    assert {field.store for field in mapping.fields.values() if field.once} == {
        "transaction_id",
        "status",
        "set_paid",
        "lines",
    }
    lines = mapping.lines("store")
    assert lines is not None
    assert mapping.lines("erp") is None
    assert lines.kinds == ("line_items", "shipping_lines", "fee_lines")


def test_a_status_with_transitions_moves_on_after_the_order_was_created(tmp_path: Path) -> None:
    text = changed(NEW, "[match]", '[store]\ntransitions = { processing = ["completed"] }\n[match]')
    status = load(tmp_path, text).fields["status"]
    assert (status.once, status.moves) == (False, {"processing": ("completed",)})


@pytest.mark.parametrize(
    ("text", "message", "instead"),
    [
        (
            changed(NEW, 'reference = { erp = "Auftrag"', 'reference = { erp = "Nummer"'),
            "create.in_store: the store takes an order as often as it is sent, and nothing is mapped to find it by",
            'write a field reference = { erp = "Auftrag", store = "transaction_id" }',
        ),
        (
            changed(NEW, 'by = ["reference"]', 'by = ["number"]')
            + 'number = { erp = "Nummer", store = "number", truth = "store" }\n',
            "match.by: a created order is found by its reference",
            'write by = ["reference"]',
        ),
        (
            changed(NEW, 'artikel   = { erp = "Artikel",     store = "sku" }\n', ""),
            "lines: a new order's lines need a sku",
            'write a field sku = { erp = "COLUMN", store = "sku" } below [lines.fields]',
        ),
        (
            changed(NEW, 'store = "kind"', 'store = "method_title"'),
            "lines.path: nothing tells of which kind a line is",
            'write a field kind = { erp = "COLUMN", store = "kind" } below [lines.fields]',
        ),
        (
            changed(NEW, '"fee_lines"]', '"refunds"]'),
            "lines.path: unknown word 'refunds'",
            "there are: line_items, shipping_lines, fee_lines",
        ),
        (
            changed(NEW, "[lines.fields]", 'resource = "lines-{time}.csv"\n[lines.fields]'),
            "lines.resource: the lines of the ERP's orders stand beside them: a row for each, with the order's columns",
            "leave it out",
        ),
        (
            changed(NEW, "complete = false\n", 'write_to = "in-place"\n'),
            "erp.write_to: a file with a row for each line is not changed in place",
            'write "import/orders-{time}.csv", or leave it out',
        ),
        (
            changed(NEW, 'from_store = "keep"', 'from_store = "recreate"'),
            "gone.from_store: an order that somebody deletes in the store is not created again",
            'write "ask" or "keep"',
        ),
        (
            changed(NEW, 'store = "total"', 'store = "price"'),
            "lines.fields.betrag: nobody can write price of the store",
            'write to = "erp", or leave the field out',
        ),
        (
            more(NEW, 'note = { erp = "Mitteilung", store = "note:customer" }'),
            "fields.note.store: unknown kind of path 'note'",
            'write "meta:KEY" or a plain name',
        ),
        (
            more(STATUS, 'paid = { erp = "Bezahlt", store = "set_paid", type = "boolean" }'),
            "fields.paid: nobody can write set_paid of the store",
            'write truth = "store"',
        ),
        (
            more(STATUS, 'currency = { erp = "Waehrung", store = "currency" }'),
            "fields.currency: nobody can write currency of the store",
            'write truth = "store"',
        ),
    ],
)
def test_a_mapping_that_cannot_create_orders_is_told_what_to_write(
    tmp_path: Path, text: str, message: str, instead: str
) -> None:
    assert told(tmp_path, text) == [(message, instead)]


def test_an_order_without_lines_is_not_created(tmp_path: Path) -> None:
    text = NEW[: NEW.index("[lines]")] + NEW[NEW.index("[fields]") :]
    assert [message for message, _ in told(tmp_path, text)] == ["create.in_store: an order without lines is none"]


REFUNDED = 'refunded = { erp = "Erstattet", store = "refunded", type = "money" }'


def test_money_moves_only_where_it_is_said(tmp_path: Path) -> None:
    text = more(STATUS, REFUNDED)
    assert not load(tmp_path, text).store.api_refund
    assert load(tmp_path, changed(text, "[store]\n", "[store]\napi_refund = true\n")).store.api_refund


@pytest.mark.parametrize(
    ("text", "message", "instead"),
    [
        (
            changed(STATUS, "[store]\n", "[store]\napi_refund = true\n"),
            "store.api_refund: no field refunds orders in the store",
            "leave it out",
        ),
        (
            changed(more(STATUS, REFUNDED), "[store]\n", '[store]\napi_refund = "yes"\n'),
            "store.api_refund: must be true or false, without quotes",
            "write api_refund = true",
        ),
        (
            more(STATUS, 'notes = { erp = "Notizen", store = "notes" }'),
            "fields.notes: nobody can write notes of the store",
            'write truth = "store"',
        ),
        (more(NEW, REFUNDED), "fields.refunded: nobody can write refunded of the store", 'write truth = "store"'),
    ],
)
def test_what_cannot_be_refunded_or_noted_is_told(tmp_path: Path, text: str, message: str, instead: str) -> None:
    assert told(tmp_path, text) == [(message, instead)]
