"""Errors that nobody expected."""

from __future__ import annotations

import pytest

from syncengine import cli
from syncengine.commands import look
from syncengine.private import scrubbed


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def status(_: object) -> int:
        raise RuntimeError("no answer from http://shop/?consumer_key=ck_1&oauth_signature=a%2Fb with cs_2")

    monkeypatch.setattr(look, "status", status)
    monkeypatch.delenv("SYNC_DEBUG", raising=False)


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_one_line_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 3
    assert capsys.readouterr().err == (
        "this is a bug in syncengine, please report it: RuntimeError: "
        "no answer from http://shop/?consumer_key=***&oauth_signature=*** with cs_***\n"
    )


@pytest.mark.usefixtures("broken")
def test_where_it_came_from_is_told_only_when_asked_and_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "-v"]) == 3
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "a%2Fb" not in told
    assert "cs_2" not in told


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("postgresql://sync:pass@host/db", "postgresql://sync:***@host/db"),
        ("key 'ck_abc' is wrong", "key 'ck_***' is wrong"),
        ("mock_data and http://127.0.0.1:8899/wp-json", "mock_data and http://127.0.0.1:8899/wp-json"),
    ],
)
def test_only_secrets_are_made_unreadable(text: str, safe: str) -> None:
    assert scrubbed(text) == safe
