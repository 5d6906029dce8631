"""docs/commands.md names every command and option, and its examples are ones that the program takes."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.cli import parser

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^sync .*$", PAGE, re.MULTILINE)


def words(command: argparse.ArgumentParser) -> Iterator[str]:
    """Every option and every command below one."""
    for action in command._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield name
                yield from words(below)


@pytest.mark.parametrize("word", sorted(set(words(parser()))))
def test_every_command_and_option_is_explained(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGE), f"{word} is not in docs/commands.md"


def test_every_command_has_an_example() -> None:
    shown = {shlex.split(example)[1] for example in EXAMPLES}
    there = next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert shown == set(there.choices)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_one_that_the_program_takes(example: str) -> None:
    parser().parse_args(shlex.split(example)[1:])
