"""What `sync check` says of jobs with orders: paths, lines, statuses, and ten orders that are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncengine.check import check
from syncengine.endpoints.woocommerce.order_concerns import concerns
from syncengine.findings import Finding
from syncengine.mapping_file import load_mapping
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings_file import load_settings
from tests.system.mapped import Mapped

STATUS = "Bestellnummer;Status;Belegnummer;Versender;Sendungsnummer;Mitteilung"
Job = Callable[[str], Mapped]


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    with Sandbox() as sandbox, running(sandbox) as url:
        sandbox.create_product(name="Cup", sku="C-1", regular_price="10.00")
        for _ in range(12):
            sandbox.place_order({"C-1": 2}, billing={"email": "ann@example.test"})
        yield lambda mapping: Mapped(tmp_path / mapping, url, mapping)


def found(job: Mapped) -> list[Finding]:
    looked = check(load_settings(job.folder / "config.toml"), ["job"])
    return next(one for one in looked if one.name == "job").findings


def about(what: str, findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.message) for one in findings if one.what == what]


def errors(job: Mapped) -> list[tuple[str, str]]:
    return [(one.what, one.instead) for one in found(job) if one.level == "error"]


def test_orders_for_the_erp_are_held_against_the_shop_with_their_lines(job: Job) -> None:
    findings = found(job("orders.toml"))
    assert about("paths", findings) == [("ok", "the shop knows all 19 of its fields that are mapped")]
    assert about("lines", findings) == [("ok", "the shop knows all 5 of the fields of lines that are mapped")]
    assert about("store records", findings) == [("ok", "10 out of 12 read: none would be rejected for its values")]
    assert [one for one in findings if one.level in ("warning", "error")] == []


def test_what_becomes_of_orders_is_held_against_the_shops_statuses(job: Job) -> None:
    status = job("order-status.toml")
    status.export("order-status-1.csv", STATUS, "12;versandt;R1;DHL;1;On its way", "x13;storniert;;;;")
    findings = found(status)
    assert about("ERP records", findings) == [("ok", "2 read: none would be rejected for its values")]
    status.change('versandt = "completed"', 'versandt = "shipped"')
    assert [what for what, _ in errors(status)] == ["fields.status"]


@pytest.mark.parametrize(
    ("old", "new", "what", "instead"),
    [
        ('"on-hold", "completed", "cancelled", "refunded"]', '"on-hold", "complete"]', "store.only", "completed"),
        (
            'store = "total_tax", type = "money" }\n\n',
            'store = "discount_tax", type = "money" }\n\n',
            "steuer",
            "meta:",
        ),
    ],
)
def test_a_word_or_path_that_the_shop_does_not_have_is_an_error(
    job: Job, old: str, new: str, what: str, instead: str
) -> None:
    orders = job("orders.toml")
    orders.change(old, new)
    told = errors(orders)
    assert len(told) == 1
    assert what in told[0][0]
    assert instead in told[0][1]


def test_a_move_to_a_status_that_the_shop_does_not_have_is_an_error(job: Job) -> None:
    status = job("order-status.toml")
    status.export("order-status-1.csv", STATUS, "12;versandt;R1;DHL;1;On its way")
    status.change('processing = ["completed", ', 'procesing = ["completed", ')
    assert [(what, "did you mean processing?" in instead) for what, instead in errors(status)] == [
        ("store.transitions", True)
    ]


def test_a_shop_that_tells_nothing_of_its_orders_is_not_held_against_anything(job: Job) -> None:
    mapping = load_mapping(job("orders.toml").folder / "mapping.toml")
    for told in ({}, {"schema": {"properties": {"status": {"type": "string"}, "line_items": {"type": "array"}}}}, []):
        assert list(concerns(mapping, told)) == []
