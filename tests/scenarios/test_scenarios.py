"""Every page in this folder tells what really happens, and the manual's table of cases names them all."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

from syncengine.sandbox.server import running
from tests.scenarios.page import Page
from tests.scenarios.play import play
from tests.scenarios.shop import Shop

HERE = Path(__file__).parent
PAGES = {path.parent.name: path for path in sorted(HERE.glob("*/README.md"))}
CASES = HERE.parents[1] / "docs" / "cases.md"
CASE = re.compile(r"^\| ([^|]+?) +\| [^|]+ \| \[([a-z-]+)\]\(\.\./tests/scenarios/([a-z-]+)/README\.md\) +\|$", re.M)


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_tells_is_what_happens(name: str, tmp_path: Path) -> None:
    page = Page.read(PAGES[name])
    with Shop() as shop, running(shop) as url:
        happened = play(page, tmp_path, shop, url)
    told = PAGES[name].read_text(encoding="utf-8")
    if told != str(happened):
        pytest.fail(difference(told, str(happened)), pytrace=False)


def difference(told: str, happened: str) -> str:
    """Both as lines: - what the page tells, + what happened."""
    lines = difflib.unified_diff(told.splitlines(), happened.splitlines(), "the page", "happened", lineterm="", n=6)
    return "\n".join(lines)


def test_every_case_of_the_manual_has_a_page_and_every_page_is_in_the_manual() -> None:
    cases = CASE.findall(CASES.read_text(encoding="utf-8"))
    assert all(name == folder for _, name, folder in cases)
    assert sorted(name for _, name, _ in cases) == list(PAGES)
    assert {name: title for title, name, _ in cases} == {name: Page.read(path).title for name, path in PAGES.items()}
