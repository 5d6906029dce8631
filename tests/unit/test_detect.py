"""Row hashes: equal for equal cells only, the same in every process."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from syncengine.endpoints import Page
from syncengine.engine.detect import changed_positions, hash_cells, hash_rows, salt

SALT = salt("digest", "erp", "format")
ODD: list[Any] = [
    None, "null", "", "None", " ", 0, "0", 0.0, "0.0", False, "False", "false", True, 1, "1", [], "[]", [""], [None],
    ["a"], ["a", "b"], ["ab"], ["b", "a"], '["a"]', {}, "{}", {"a": 1}, {"a": "1"}, "ä", "a\u0308", "A", "a", "a ",
    "\ud83d",
]  # fmt: skip


def page(**columns: list[Any]) -> Page:
    rows = len(next(iter(columns.values())))
    ids = [str(at) for at in range(rows)]
    return Page(ids, ids, pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()}))


def hashed(salted: int = SALT, **cells: Any) -> int:
    (one,) = hash_rows(page(**{name: [cell] for name, cell in cells.items()}), salted)
    return one


def test_equal_rows_have_equal_hashes_and_others_do_not() -> None:
    hashes = hash_rows(page(sku=["A", "B", "A"], name=["x", "x", "x"]), SALT)
    assert hashes[0] == hashes[2] != hashes[1]


def test_the_order_of_columns_does_not_count() -> None:
    assert hashed(sku="A", name="x") == hashed(name="x", sku="A")


def test_which_column_a_cell_stands_in_counts() -> None:
    assert hashed(one="a", two="b") != hashed(one="b", two="a")


def test_the_borders_of_cells_count() -> None:
    cut = [("abc", ""), ("ab", "c"), ("a", "bc"), ("", "abc"), ("a,b", "c"), ("a\0b", "c"), ("a", "b\0c")]
    assert len({hashed(one=one, two=two) for one, two in cut}) == len(cut)


def test_equal_cells_in_several_columns_do_not_cancel_out() -> None:
    assert len({hashed(one=cell, two=cell) for cell in "abcd"}) == 4
    assert hashed(one="a", two="a") != hashed(one="b", two="b")


def test_every_way_of_being_nearly_the_same_is_told_apart() -> None:
    seen: dict[int, Any] = {}
    for cell in ODD:
        other = seen.setdefault(hashed(one=cell), cell)
        assert other is cell, (other, cell)


def test_the_order_of_keys_in_json_does_not_count() -> None:
    assert hashed(one={"a": 1, "b": [2]}) == hashed(one={"b": [2], "a": 1})


def test_what_cells_mean_counts() -> None:
    salts = {
        salt("1", "erp", "f"),
        salt("1", "store", "f"),
        salt("2", "erp", "f"),
        salt("1", "er", "pf"),
        salt("1erp", "f"),
    }
    assert len({hashed(one, name="x") for one in salts}) == len(salts) == 5


def test_hashes_fit_into_a_signed_column() -> None:
    hashes = hash_rows(page(one=[str(at) for at in range(10_000)]), SALT)
    assert len(set(hashes)) == 10_000
    assert -(2**63) <= min(hashes) < 0 < max(hashes) < 2**63


def test_a_row_hashes_the_same_on_any_page_and_on_its_own() -> None:
    cells = {"a": [str(at) for at in range(100)], "b": [None, "ü", ["x"], 5] * 25, "c": ["\ud83d", *["fine"] * 99]}
    together = hash_rows(page(**cells), SALT)
    records = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    assert hash_cells(records, SALT) == together
    assert [hash_cells([record], SALT)[0] for record in records] == together
    assert hash_cells([], SALT) == hash_rows(page(a=[]), SALT) == []


def test_hashes_are_the_same_in_every_process() -> None:
    """They are saved: with Python's own hash every run would see everything changed."""
    code = (
        "from syncengine.engine.detect import *\n"
        "print(hash_cells([{'sku': 'A-1', 'name': 'Größe', 'labels': ['x'], 'none': None}], salt('digest', 'erp')))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    record = {"sku": "A-1", "name": "Größe", "labels": ["x"], "none": None}
    assert told == {f"{hash_cells([record], salt('digest', 'erp'))}\n".encode()}


def test_only_rows_with_another_hash_than_the_saved_one_changed_and_new_ones() -> None:
    assert changed_positions(["a", "b", "c", "d"], [1, 2, 3, 4], {"a": 1, "b": 0, "c": None}) == [1, 2, 3]


cells = st.one_of(st.none(), st.text(max_size=3), st.integers(-2, 2), st.lists(st.text(max_size=2), max_size=2))


@given(st.lists(st.tuples(cells, cells), min_size=2, max_size=6))
def test_rows_are_told_apart_by_their_cells_alone(rows: list[tuple[Any, Any]]) -> None:
    rows = [tuple("t" + cell if isinstance(cell, str) else cell for cell in row) for row in rows]  # type: ignore[misc]
    hashes = hash_rows(page(one=[row[0] for row in rows], two=[row[1] for row in rows]), SALT)
    for (one, first), (two, second) in itertools.combinations(zip(rows, hashes, strict=True), 2):
        assert (first == second) == (one == two)
