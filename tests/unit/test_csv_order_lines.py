"""Orders with their lines, handed over in files."""

from __future__ import annotations

import itertools
import os
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints.csv import CsvEndpoint
from syncengine.errors import CannotRun
from syncengine.mapping import Field, Lines
from syncengine.records import Change
from syncengine.values import Type
from tests.csv_files import RUN, Erp, Pulled, create, update

TO, LINES_TO = "import/orders-{time}.csv", "import/lines-{time}.csv"
NEXT = "20261122T090000-0b0b"
OF_LINES = (
    Field("art", "Art", "kind", translations={"A": "product", "V": "shipping"}),
    Field("item", "Artikel", "sku"),
    Field("quantity", "Menge", "quantity", Type("integer")),
    Field("amount", "Betrag", "total", Type("money")),
)
CUPS = {"kind": "product", "sku": "C-1", "quantity": 2, "total": "1020.00"}
PARCEL = {"kind": "shipping", "sku": None, "quantity": None, "total": "4.90"}


def fields(resource: str | None = None) -> tuple[Field, ...]:
    lines = Lines(("line_items", "shipping_lines"), {one.name: one for one in OF_LINES}, resource)
    return (
        Field("sku", "Nr", "number", truth="store"),
        Field("city", "Ort", "billing.city", truth="store"),
        Field("lines", "lines", "lines", Type("json"), truth="store", only_to="erp", untold="erp", lines=lines),
    )


def opened(tmp_path: Path, resource: str | None = None, run: str = RUN, **options: Any) -> tuple[Erp, CsvEndpoint]:
    erp = Erp(
        tmp_path,
        fields(resource),
        resource="none-*.csv",
        key="Nr",
        write_to=TO,
        complete=False,
        import_within=None,
    )
    return erp, erp.open(run=run, delimiter=";", decimal=",", **options)


def text(erp: Erp, name: str, run: str = RUN) -> str:
    return (erp.folder / "import" / f"{name}-{run}.csv").read_bytes().decode()


def visible(erp: Erp) -> list[str]:
    return sorted(path.name for path in (erp.folder / "import").glob("[!.]*"))


def order(key: str, number: int, *lines: dict[str, Any], city: str = "Köln") -> Change:
    return create(key, number, city=city, lines=list(lines))


def test_an_order_is_a_row_for_each_line_with_its_columns_repeated(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)

    outcomes = endpoint.send([order("7", 1, CUPS, PARCEL), order("8", 2), update("9", 3, city="Bonn", lines=[CUPS])])

    assert [(one.status, one.record_id) for one in outcomes] == [("done", "7"), ("done", "8"), ("done", "9")]
    assert text(erp, "orders").splitlines() == [
        "Nr;Ort;Art;Artikel;Menge;Betrag",
        "7;Köln;A;C-1;2;1020,00",
        "7;Köln;V;;;4,90",
        "8;Köln;;;;",
        "9;Bonn;A;C-1;2;1020,00",
    ]


def test_lines_can_have_a_file_of_their_own_beside_the_orders(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path, LINES_TO)

    endpoint.send([order("7", 1, CUPS, PARCEL), order("8", 2)])

    assert text(erp, "orders").splitlines() == ["Nr;Ort", "7;Köln", "8;Köln"]
    assert text(erp, "lines").splitlines() == ["Nr;Art;Artikel;Menge;Betrag", "7;A;C-1;2;1020,00", "7;V;;;4,90"]
    assert visible(erp) == [f"lines-{RUN}.csv", f"orders-{RUN}.csv"]


def test_an_order_with_a_line_that_cannot_be_spelled_fails_as_a_whole(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    bad = {**CUPS, "kind": "fee"}

    assert endpoint.refusal("lines", [PARCEL, bad]) == "line 2, art: the map has no word for 'fee'"
    assert endpoint.refusal("lines", [CUPS, PARCEL]) == ""
    failed, done = endpoint.send([order("7", 1, bad), order("8", 2, CUPS)])

    assert (failed.status, failed.error) == ("failed", "line 1, art: the map has no word for 'fee'")
    assert done.status == "done"
    assert text(erp, "orders").splitlines()[1:] == ["8;Köln;A;C-1;2;1020,00"]


def test_the_columns_of_lines_are_never_looked_for_in_what_the_erp_has(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    (erp.folder / "none-1.csv").write_text("Nr;Ort\n7;Köln\n")

    assert Pulled(endpoint).rows == {"7": {"Nr": "7", "Ort": "Köln"}}


def test_what_was_handed_over_is_no_input_lines_included(tmp_path: Path) -> None:
    erp = Erp(tmp_path, fields(LINES_TO), resource="import/*.csv", key="Nr", write_to=TO, complete=False)
    erp.open(delimiter=";").send([order("7", 1, CUPS)])

    assert Pulled(erp.open(run=NEXT, delimiter=";")).rows == {}


def test_lines_are_not_left_behind_where_their_orders_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp, endpoint = opened(tmp_path, LINES_TO)
    replace = Path.replace

    def full_disk(path: Path, target: Path) -> Path:
        if target.name.startswith("orders-"):
            raise OSError(28, "No space left on device")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", full_disk)
    with pytest.raises(CannotRun, match="No space left on device"):
        endpoint.send([order("7", 1, CUPS)])
    assert list((erp.folder / "import").iterdir()) == []


def killed(endpoint: CsvEndpoint, changes: list[Change], nth: int) -> None:
    """Send in a process of its own, which dies where a file is about to get its name for the nth time."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        child = os.fork()
    if child == 0:  # pragma: no cover
        left, original = itertools.count(nth - 1, -1), os.replace
        os.replace = lambda *args, **more: original(*args, **more) if next(left) > 0 else os._exit(9)  # type: ignore
        try:
            endpoint.send(changes)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize(("nth", "handed_over"), [(1, False), (2, True)])
def test_after_a_crash_orders_and_lines_are_both_there_or_neither_is(
    tmp_path: Path, nth: int, handed_over: bool
) -> None:
    changes = [order("7", 1, CUPS)]
    erp, endpoint = opened(tmp_path, LINES_TO)
    killed(endpoint, changes, nth)
    before = sorted(path.name for path in (erp.folder / "import").iterdir())

    _, looking = opened(tmp_path, LINES_TO, run=NEXT, read_only=True)
    assert looking.find_marked(changes) == ({"c1": "7"} if handed_over else {})
    assert sorted(path.name for path in (erp.folder / "import").iterdir()) == before, "a look leaves no trace"

    _, again = opened(tmp_path, LINES_TO, run=NEXT)
    assert again.find_marked(changes) == ({"c1": "7"} if handed_over else {})
    assert visible(erp) == ([f"lines-{RUN}.csv", f"orders-{RUN}.csv"] if handed_over else [])
    again.send([order("8", 2, CUPS)])
    left = [path.name for path in (erp.folder / "import").glob(".*")]
    assert left == [f".orders-{NEXT}.csv.products.sent"], "what the cut off run left is cleared away"


def test_amounts_in_lines_are_money_not_text(tmp_path: Path) -> None:
    erp, endpoint = opened(tmp_path)
    endpoint.send([order("7", 1, {**CUPS, "total": str(Decimal("3.5"))})])
    assert text(erp, "orders").splitlines()[1] == "7;Köln;A;C-1;2;3,50"
