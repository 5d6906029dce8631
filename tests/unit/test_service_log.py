"""The service's log, as text and as JSON."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from syncengine.log import Format, log_to_stderr, tell


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def logged(form: Format, capsys: pytest.CaptureFixture[str], *, verbose: bool = False) -> list[str]:
    """What is written of one record of each kind."""
    log_to_stderr(form, verbose=verbose)
    tell(logging.DEBUG, "said", "quiet", job="products")
    at = datetime(2026, 11, 21, 10, 15, tzinfo=timezone(timedelta(hours=1)))
    tell(
        logging.ERROR, "ended", 'two\nlines \x1b[31m "cs_secret" of\tit', job="products", next=at, read={"erp": 7},
        problems=["postgresql://me:secret@host/db"], stopped_by=None,
    )  # fmt: skip
    try:
        raise ValueError("oauth_signature=secret\nx")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    return capsys.readouterr().err.splitlines()


def test_text_is_a_readable_line_for_each_thing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    assert logged("text", capsys) == [
        'error    products: two lines \\x1b[31m "cs_***" of it',
        "error    it broke: ValueError: oauth_signature=*** x",
    ]


def test_text_begins_with_the_time_where_nobody_else_tells_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    time, _, rest = logged("text", capsys)[0].partition("Z  ")
    assert rest.startswith("error    products: ")
    assert datetime.strptime(time, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - it is only looked at


def test_json_has_every_field_and_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    ended, broke = (json.loads(line) for line in logged("json", capsys))
    assert ended.pop("time").endswith("Z")
    assert ended == {
        "level": "error",
        "event": "ended",
        "job": "products",
        "next": "2026-11-21T09:15:00Z",
        "read": {"erp": 7},
        "problems": ["postgresql://me:***@host/db"],
        "stopped_by": None,
        "message": 'two lines \\x1b[31m "cs_***" of it',
    }
    assert (broke["event"], broke["message"]) == ("log", "it broke: ValueError: oauth_signature=*** x")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_record_can_be_looked_for_by_its_key_and_nobody_is_called_by_what_the_shop_said(
    form: Format, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_stderr(form)
    for entity, key, error in (
        ("product", "0171 12345678", "Invalid SKU. 0171 12345678 of +49 170 1234567"),
        ("customer", "C-1", "phone: the store kept 01761234567"),
        ("customer", "ann@example.com", "0176-12345678 is known"),
        ("product", "1", "call 030/1234567"),
    ):
        said = f"update of {entity} {key} (12345678) in the store: failed: {error}"
        tell(logging.WARNING, "write", said, entity=entity, key=key, id="12345678", error=error)
    told = capsys.readouterr().err
    assert told.count("update of product 0171 12345678 (12345678)") == 1
    assert form == "text" or '"key": "0171 12345678"' in told
    assert "customer C-1 (12345678) in the store: failed: phone: the store kept 017…67" in told
    assert "customer a…@example.com (12345678)" in told
    assert not re.search(r"1234567(?!8\b)|0176|030/|ann@", told)


@pytest.mark.parametrize("form", ["text", "json"])
def test_where_the_config_allows_it_everything_said_of_a_person_is_written_out(
    form: Format, capsys: pytest.CaptureFixture[str]
) -> None:
    log_to_stderr(form, personal=True)
    tell(logging.WARNING, "write", "customer C: failed: 01761234567", entity="customer", key="C", error="01761234567")
    assert "failed: 01761234567" in capsys.readouterr().err


def test_verbose_tells_more(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(logged("json", capsys, verbose=True)[0])["message"] == "quiet"


def test_every_event_is_explained_and_no_other() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "service.md").read_text(encoding="utf-8")
    (rows,) = re.findall(r"^\| `event` \|.*\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    explained = {name for row in rows.splitlines() for name in re.findall(r"`([a-z ]+)`", row.split("|")[1])}
    source = (root / "syncengine" / "service" / "service.py").read_text(encoding="utf-8")
    told = re.findall(r"tell\(\s*[\w.]+(?: if [\w.]+ else \w+)?,\s*\"([a-z ]+)\"", source)
    assert len(told) == source.count("tell(")
    assert explained == {*told, "log"}
