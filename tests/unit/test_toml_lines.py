"""On which line a key stands."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.toml_lines import TomlLines

SOURCE = '''\
# a comment with [brackets] and "quotes"
entity = "product"      # 2

[erp]
resource = "x = 1 [y]"  # 5
"quoted key" = 1
'literal key' = 2
a . b = 3
only = { Webshop = "J", Lager = [
  "1",
  "2",
] }

[jobs."my.job".guards]
text = """
[not.a.table]
not_a_key = 1
"""
raw = \'\'\'
\\ " [neither]
\'\'\'
after = 1979-05-27T07:32:00Z

[[list]]
name = "one"
[[list]]
name = "two"
[list.inner]
deep = { deeper = { deepest = true } }
"\\u00e4" = 1
empty = []
nothing = {}
last = -1.5e3
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("entity",), 2),
        (("erp",), 4),
        (("erp", "resource"), 5),
        (("erp", "quoted key"), 6),
        (("erp", "literal key"), 7),
        (("erp", "a"), 8),
        (("erp", "a", "b"), 8),
        (("erp", "only", "Webshop"), 9),
        (("erp", "only", "Lager"), 9),
        (("erp", "only", "Lager", 0), 10),
        (("erp", "only", "Lager", 1), 11),
        (("jobs", "my.job"), 14),
        (("jobs", "my.job", "guards", "text"), 15),
        (("jobs", "my.job", "guards", "raw"), 19),
        (("jobs", "my.job", "guards", "after"), 22),
        (("list", 0, "name"), 25),
        (("list", 1, "name"), 27),
        (("list", 1, "inner"), 28),
        (("list", 1, "inner", "deep", "deeper", "deepest"), 29),
        (("list", 1, "inner", "ä"), 30),
        (("list", 1, "inner", "last"), 33),
    ],
)
def test_every_key_is_found_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    tomllib.loads(SOURCE)
    assert TomlLines(SOURCE).line(*path) == line


def test_a_key_that_is_not_there_is_told_by_the_table_that_would_hold_it() -> None:
    lines = TomlLines(SOURCE)
    assert lines.line("erp", "key") == 4
    assert lines.line("erp", "only", "other") == 9
    assert lines.line("jobs", "my.job", "guards", "min_rows") == 14
    assert lines.line("match", "by") is None


def test_lines_are_counted_the_same_with_carriage_returns() -> None:
    assert TomlLines("a = 1\r\nb = 2\r\n[c]\r\nd = 3\r\n").line("c", "d") == 4


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
SCALARS = (
    st.integers(-(2**60), 2**60) | st.booleans() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
)


@given(
    tables=st.dictionaries(KEYS, st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=4), max_size=4)
)
def test_any_file_of_tables_is_found_line_by_line(tables: dict[str, dict[str, object]]) -> None:
    written: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for table, values in tables.items():
        written += ["", f"[{json.dumps(table, ensure_ascii=False)}] # {table}".rstrip()]
        expected[(table,)] = len(written)
        for key, value in values.items():
            written.append(f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value, ensure_ascii=False)}")
            expected[table, key] = len(written)
    source = "\n".join(written)
    assert tomllib.loads(source) == tables
    lines = TomlLines(source)
    assert {path: lines.line(*path) for path in expected} == expected
