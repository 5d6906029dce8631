"""The texts of config files, as the service took them up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from syncengine.taken_up import ON_STDIN, collected, read_text

READ = """
import sys
from pathlib import Path
from syncengine.taken_up import is_there, read_text
file = Path(sys.argv[1])
print(is_there(file), read_text(file) if is_there(file) else "")
"""


def read_in_a_process(file: Path, texts: dict[str, str], **environment: str) -> str:
    command = [sys.executable, "-c", READ, str(file)]
    ran = subprocess.run(
        command, input=json.dumps(texts), capture_output=True, check=True, encoding="utf-8", env=environment
    )
    return ran.stdout.strip()


def test_what_is_read_is_collected_with_its_path(tmp_path: Path) -> None:
    before, file = tmp_path / "before.toml", tmp_path / "config.toml"
    before.write_text("a = 1", encoding="utf-8")
    file.write_text("größe = 1", encoding="utf-8-sig")
    read_text(before)
    with collected() as texts:
        assert read_text(file) == "größe = 1"
    read_text(before)
    assert texts == {str(file): "größe = 1"}


def test_a_text_that_was_handed_over_stands_for_its_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert read_in_a_process(file, {str(file): "größe = 1"}, **ON_STDIN) == "True größe = 1"
    file.write_text("half", encoding="utf-8")
    assert read_in_a_process(file, {str(file): "whole"}, **ON_STDIN) == "True whole"
    assert read_in_a_process(file, {}, **ON_STDIN) == "True half"


def test_nothing_is_read_from_stdin_where_nothing_was_handed_over(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert read_in_a_process(file, {str(file): "whole"}) == "False"
