"""Progress bars: only where somebody looks at them."""

import io

import pytest
from rich.console import Console

from syncengine.report.progress import bars, quiet


def through_a_run(progress) -> None:
    with progress:
        progress.advance(1)
        progress.step("reading erp", 1000)
        progress.advance(1000)
        progress.step("reading store")
        progress.advance(12)
        progress.step("writing [store]", 3)
        progress.advance(1)


def test_a_terminal_shows_the_steps_with_their_numbers_and_is_clean_afterwards():
    file = io.StringIO()
    through_a_run(bars(Console(file=file, force_terminal=True, width=100, _environ={"TERM": "xterm"})))
    text = file.getvalue()
    assert "reading erp" in text and "1000/1000" in text and "12/12" in text
    assert "writing [store]" in text and "1/3" in text
    assert text.endswith("\x1b[2K")


def test_what_is_no_terminal_stays_empty():
    file = io.StringIO()
    through_a_run(bars(Console(file=file)))
    assert file.getvalue() == ""


def test_quiet_takes_every_step_and_says_nothing(capsys):
    through_a_run(quiet())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("make", [quiet, lambda: bars(Console(file=io.StringIO(), force_terminal=True))])
def test_an_error_passes_through(make):
    with pytest.raises(ZeroDivisionError), make():
        raise ZeroDivisionError
