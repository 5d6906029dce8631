"""Whatever goes wrong: no secret and nobody's whole address in any output, report, log, or in the state."""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from syncengine.cli import main
from syncengine.commands import look
from syncengine.endpoints.woocommerce import client
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from tests.system.hostile import Answer, Asked, hostile, records, told
from tests.system.project import Project
from tests.system.service import service_process

KEY = "ck_0123456789abcdef0123456789abcdef01234567"
SECRET = "cs_fedcba9876543210fedcba9876543210fedcba98"
PASSWORD = "open-sesame-17"
PERSON = "jane.doe@example.com"
PHONE = "+49 170 1234567"
HIDDEN = {
    "key": KEY,
    "secret": SECRET,
    "both": base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    "password": PASSWORD,
    "e-mail address": PERSON,
    "telephone number": PHONE,
}
OTHER = '[connections.other]\ntype = "woocommerce"\n'
LOG = '\n[log]\nfile = "run.log"\n'


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats are tested elsewhere."""
    monkeypatch.setattr(client, "TRIES", 2)
    monkeypatch.setattr(client, "TRIES_AT_FIRST", 2)


def project(folder: Path, url: str) -> Project:
    made = Project(folder / "project", url, key=KEY, secret=SECRET, more=LOG)
    config = folder / "project" / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('settle = "1s"', 'settle = "0s"'), encoding="utf-8")
    made.fill(3)
    return made


def everything(made: Project, *commands: str) -> str:
    """Run these commands in turn, with every kind of report, a log and the state; all the files that were made."""
    config = str(made.folder / "config.toml")
    for command in commands:
        name, *options = command.split()
        if name in ("run", "diff"):
            for kind in ("html", "json", "csv"):
                options += ["--report", str(made.folder / f"{name}.{kind}")]
        main([name, *options, "--config", config])
    given = {"config.toml", "products.toml", "products.csv"}
    files = sorted(path for path in made.folder.rglob("*") if path.is_file() and path.name not in given)
    return "\n".join(file.read_bytes().decode("utf-8", "replace") for file in files)


def leaks(text: str) -> list[str]:
    return [name for name, hidden in HIDDEN.items() if hidden in text or hidden.replace("@", "%40") in text]


def echoing(status: int, code: str, message: str = "", **headers: str) -> Callable[[Asked], Answer]:
    """An error that repeats the request and names a customer."""
    return lambda asked: told(status, code, f"{message} ({asked.echo} {KEY} {SECRET} for {PERSON}, {PHONE})", **headers)


def page(asked: Asked) -> Answer:
    return 200, {"Content-Type": "text/html"}, f"<html>{asked.echo} {SECRET} {PERSON}</html>".encode()


def redirect(asked: Asked) -> Answer:
    return 302, {"Location": f"https://shop.test/{asked.path}?consumer_key={KEY}&consumer_secret={SECRET}"}, b""


def no_list(asked: Asked) -> Answer:
    return records({"echo": asked.echo, "secret": SECRET, "email": PERSON})


ANSWERS: dict[str, Callable[[Asked], Answer]] = {
    "unknown key": echoing(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "wrong secret": echoing(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid."),
    "wrong signature": echoing(401, "woocommerce_rest_authentication_error", "Invalid signature - no match."),
    "revoked key": echoing(401, "woocommerce_rest_authentication_error", "Consumer key is invalid."),
    "wrong clock": echoing(401, "woocommerce_rest_authentication_error", "Invalid timestamp."),
    "nonce": echoing(401, "woocommerce_rest_authentication_error", "Invalid nonce - already used."),
    "write only": echoing(401, "woocommerce_rest_authentication_error", "The API key has no read permissions."),
    "forbidden": echoing(403, "woocommerce_rest_cannot_view", "Sorry."),
    "no route": echoing(404, "rest_no_route", "No route was found."),
    "bad request": echoing(400, "rest_invalid_param", "Invalid parameter(s)."),
    "server error": echoing(500, "internal_server_error", "A critical error."),
    "busy for hours": echoing(429, "busy", "Later.", **{"Retry-After": "9999"}),
    "lost": lambda _: None,
    "a page": page,
    "half of JSON": lambda asked: (200, {}, f'[{{"id": 1, "name": "{asked.echo} {SECRET} {PERSON}'.encode()),
    "a redirect": redirect,
    "no list": no_list,
}


@pytest.mark.parametrize("debug", [False, True], ids=["", "SYNC_DEBUG"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_a_shop_that_refuses_and_repeats_what_it_was_asked_gives_nothing_away(
    kind: str, debug: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if debug:
        monkeypatch.setenv("SYNC_DEBUG", "1")
    with hostile(ANSWERS[kind]) as url:
        files = everything(project(tmp_path, url), "run -v --no-progress", "run --json", "diff", "check", "status")
    out, err = capfd.readouterr()
    assert not leaks(out + err + files)
    assert "connections.shop" in out + err, "it was told that something went wrong"
    assert '"event": "ended"' in files


@pytest.mark.parametrize("kind", ANSWERS)
def test_keys_in_the_address_are_given_away_by_nothing_either(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SYNC_DEBUG", "1")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__AUTH", "query")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    asked: list[Asked] = []

    def answer(request: Asked) -> Answer:
        asked.append(request)
        return ANSWERS[kind](request)

    with hostile(answer, tls) as url:
        files = everything(project(tmp_path, url), "run -v --no-progress", "run --json", "check")
    out, err = capfd.readouterr()
    assert any(f"consumer_secret={SECRET}" in request.path for request in asked), "that is how they travel"
    assert not leaks(out + err + files)


def refused_items(asked: Asked) -> Answer:
    said = f"An account is already registered with {PERSON}, {PHONE}. {asked.echo} {SECRET}"
    error = {"error": {"code": "registration-error-email-exists", "message": said, "data": {"status": 400}}}
    return 200, {}, json.dumps({"create": [{"id": 0, **error}] * asked.body.count(b'"sku"')}).encode()


WRITES: dict[str, Callable[[Asked], Answer]] = {
    **{
        kind: ANSWERS[kind]
        for kind in ("wrong secret", "bad request", "server error", "lost", "a page", "half of JSON")
    },
    "may not write": echoing(401, "woocommerce_rest_authentication_error", "The API key has no write permissions."),
    "items refused": refused_items,
}


@pytest.mark.parametrize("kind", WRITES)
def test_a_shop_that_refuses_writes_and_repeats_them_gives_nothing_away(
    kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.method == "POST" and "/products/batch" in asked.path:
            return WRITES[kind](asked)
        if asked.method == "POST":
            return 200, {}, json.dumps({"create": [{"id": 7, "name": "Gruppe", "parent": 0}] * 3}).encode()
        return records([])

    with hostile(answer) as url:
        files = everything(project(tmp_path, url), "run -v --no-progress", "run --json", "status", "history A-001")
    out, err = capfd.readouterr()
    assert not leaks(out + err + files)
    log = [json.loads(line) for line in (tmp_path / "project" / "run.log").read_text(encoding="utf-8").splitlines()]
    written = [entry for entry in log if entry["event"] == "write" and entry["entity"] == "product"]
    assert {entry["outcome"] for entry in written} <= {"failed", "unknown"}
    assert {entry["key"] for entry in written} == {"A-001", "A-002", "A-003"}


def test_rows_with_somebodys_address_in_the_wrong_column_are_told_without_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Sandbox() as sandbox, running(sandbox) as url:
        made = project(tmp_path, url)
        made.key, made.secret = "ck_sandbox", "cs_sandbox"
        made.configure()
        made.rows["A-001"]["VK"] = PERSON
        made.rows["A-002"]["Bestand"] = f"call {PHONE}"
        made.export()
        files = everything(
            made, "check", "diff -v", "run -v --no-progress", "run --json", "rejected", "rejected --json"
        )
    out, err = capfd.readouterr()
    assert not leaks(out + err + files)
    assert "j…@example.com" in out


def test_a_certificate_that_is_not_trusted_is_told_without_the_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_DEBUG", "1")
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server_side)
    with Sandbox() as sandbox, running(sandbox, ssl_context=server_side) as url:
        files = everything(project(tmp_path, url), "run -v", "check")
    out, err = capfd.readouterr()
    assert "is not trusted" in out
    assert not leaks(out + err + files)


@pytest.mark.parametrize("debug", [False, True], ids=["", "SYNC_DEBUG"])
def test_a_crash_is_told_without_what_was_in_its_hands(
    debug: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> int:
        try:
            raise ValueError(f"http://shop.test/?consumer_key={KEY}&consumer_secret={SECRET}")
        except ValueError as error:
            raise RuntimeError(f"no place for {PERSON} ({PHONE}) in postgresql://me:{PASSWORD}@db/sync") from error

    monkeypatch.setattr(client.Client, "get", crash)
    monkeypatch.setattr(look, "status", crash)
    if debug:
        monkeypatch.setenv("SYNC_DEBUG", "1")
    files = everything(project(tmp_path, "http://127.0.0.1:1"), "run", "run -v", "run --json", "status", "status -v")
    out, err = capfd.readouterr()
    assert not leaks(out + err + files)
    assert "RuntimeError: no place for j…@example.com" in out + err
    assert "Traceback" in err
    if not debug:
        ended = [
            json.loads(line) for line in (tmp_path / "project" / "run.log").read_text(encoding="utf-8").splitlines()
        ]
        assert any("test_secrets.py" in frame for entry in ended for frame in entry.get("trace", ()))


@pytest.mark.parametrize(
    "wrong",
    [
        f'consumer_secrett = "{SECRET}"',
        f'[state]\nurl = "postgresql://sync:{PASSWORD}@127.0.0.1:1/sync"',
        f'[state]\nurl = "mysql://sync:{PASSWORD}@127.0.0.1/sync"',
        f'{OTHER}url = "https://me:{PASSWORD}@shop.test"\nconsumer_key = "{SECRET}"',
        f'{OTHER}url = "https://shop.test/?consumer_secret={SECRET}"',
        f'{OTHER}url = 5\nconsumer_key = ["{KEY}"]\nconsumer_secret = {{a = "{SECRET}"}}',
        f'"{SECRET}" = 1\n[broken',
    ],
)
def test_a_config_that_is_wrong_is_told_without_what_is_secret_in_it(
    wrong: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_DEBUG", "1")
    made = project(tmp_path, "http://127.0.0.1:1")
    with (made.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f"\n{wrong}\n")
    files = everything(made, "run -v", "check", "status")
    out, err = capfd.readouterr()
    assert err, "each command tells what is wrong"
    assert not leaks(out + err + files)


@pytest.mark.parametrize("kind", ["wrong secret", "a page", "half of JSON"])
def test_the_services_log_gives_nothing_away(kind: str, tmp_path: Path) -> None:
    with hostile(ANSWERS[kind]) as url:
        made = project(tmp_path, url)
        config = made.folder / "config.toml"
        text = config.read_text(encoding="utf-8").replace(
            "[log]", 'every = "1s"\n[service]\nlog_format = "json"\n[log]'
        )
        config.write_text(text, encoding="utf-8")
        with service_process(config, "-v", SYNC_DEBUG="1") as service:
            ended = service.wait_for("ended")
        files = everything(made, "status")
    assert not leaks("\n".join(service.lines) + files)
    assert "connections.shop" in ended["message"]


def test_addresses_are_written_out_where_the_config_allows_it_and_secrets_never(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with hostile(echoing(400, "rest_invalid_param", "Invalid parameter.")) as url:
        made = project(tmp_path, url)
        config = made.folder / "config.toml"
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("[log]", "[log]\npersonal_data = true\n"), encoding="utf-8")
        log = everything(made, "run")
    assert not {"key", "secret", "both"} & set(leaks(log))
    capfd.readouterr()
    assert os.environ.get("SYNC_DEBUG") is None
    assert re.search(r'"event": "ended"', log)
