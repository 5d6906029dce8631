"""What `sync check` says of a job with customers: its paths, its roles, the login that gives them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from syncengine.check import check
from syncengine.findings import Finding
from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from syncengine.settings_file import load_settings
from tests.system.mapped import Mapped
from tests.unit.test_woocommerce_customers import LOGIN, ROLES, customers, of_customers
from tests.unit.test_woocommerce_shop import answer, answering

PASSWORD = "abcd EFGH 1234 ijkl"
ROLE = 'role = { erp = "Gruppe", store = "role", map = { P = "customer", H = "editor" }, truth = "erp" }\n'
HEADER = "KundenNr;EMail;Vorname;Nachname;Firma;Strasse;PLZ;Ort;Land;Telefon"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Mapped]:
    with Sandbox(application_passwords={"admin": PASSWORD}) as sandbox, running(sandbox) as url:
        for number in range(12):
            sandbox.create_customer(email=f"c{number}@example.test", billing={"city": "Bonn"})
        job = Mapped(tmp_path / "project", url, "customers.toml")
        job.export("customers.csv", HEADER, "10001;c3@example.test;;;;;;Köln;DE;", "10002;nobody;;;;;;;Germany;")
        yield job


def found(job: Mapped) -> list[Finding]:
    looked = check(load_settings(job.folder / "config.toml"), ["job"])
    return next(one for one in looked if one.name == "job").findings


def about(what: str, findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.level, one.message) for one in findings if one.what == what]


def test_a_mapping_of_customers_is_held_against_the_shop_and_ten_of_them_are_read(job: Mapped) -> None:
    findings = found(job)
    assert about("paths", findings) == [("ok", "the shop knows all 9 of its fields that are mapped")]
    assert about("store records", findings) == [("ok", "10 out of 12 read: none would be rejected for its values")]
    assert [message.rpartition(": ")[2] for _, message in about("ERP records", findings)] == [
        "not an e-mail address that the store takes",
        "'Germany' (a map can make one of a name)",
    ]


def test_a_path_that_the_shop_does_not_have_is_an_error(job: Mapped) -> None:
    job.change('store = "billing.company", truth = "store-wins"', 'store = "vat_number", truth = "store"')
    errors = [one.message for one in found(job) if one.level == "error"]
    assert len(errors) == 1
    assert "the shop has no field 'vat_number'" in errors[0]


def test_roles_without_a_login_are_an_error_that_says_what_to_write(job: Mapped) -> None:
    job.change('only = { role = "customer" }', 'only = { role = ["customer", "editor"] }')
    job.change("[fields]\n", f"[fields]\n{ROLE}")
    job.export("customers.csv", f"{HEADER};Gruppe", "10001;c3@example.test;;;;;;Köln;DE;;H")
    errors = [one for one in found(job) if one.level == "error"]
    assert [(one.what, one.exit_code) for one in errors] == [("fields.role", 2)]
    assert errors[0].message.endswith("WooCommerce's key cannot give a role")
    assert errors[0].instead.startswith("write wp_user and wp_application_password")
    job.change('truth = "erp" }\nemail', 'truth = "store", to = "erp" }\nemail')
    assert [one for one in found(job) if one.level == "error"] == []


def test_a_login_that_may_give_roles_is_found_right(job: Mapped) -> None:
    job.change('only = { role = "customer" }', 'only = { role = ["customer", "editor"] }')
    job.change("[fields]\n", f"[fields]\n{ROLE}")
    job.export("customers.csv", f"{HEADER};Gruppe", "10001;c3@example.test;;;;;;Köln;DE;;H")
    config = job.folder / "config.toml"
    login = f'wp_user = "admin"\nwp_application_password = "{PASSWORD}"\n'
    config.write_text(config.read_text(encoding="utf-8").replace("settle =", f"{login}settle ="), encoding="utf-8")
    assert about("fields.role", found(job)) == [("ok", "wp_user may give roles")]


def test_a_role_that_is_given_and_not_read_is_an_error(job: Mapped) -> None:
    job.change("[fields]\n", f"[fields]\n{ROLE}")
    job.export("customers.csv", f"{HEADER};Gruppe", "10001;c3@example.test;;;;;;Köln;DE;;H")
    errors = [(one.what, one.message.partition(": ")[2], one.instead) for one in found(job) if one.level == "error"]
    assert errors[1] == (
        "fields.role",
        "who gets the role 'editor' is not read any more, as if gone",
        "write 'editor' to the roles of `only` under [store]",
    )


def test_a_role_that_the_shop_does_not_have_cannot_be_selected(job: Mapped) -> None:
    job.change('only = { role = "customer" }', 'only = { role = "costumer" }')
    errors = [(one.what, one.instead.partition("?")[0]) for one in found(job) if one.level == "error"]
    assert ("store.only", "did you mean customer") in errors


@pytest.mark.parametrize(
    ("told", "level", "said"),
    [
        (answer({"id": 1, "capabilities": {"promote_users": True}}), "ok", "wp_user may give roles"),
        (answer({"id": 1, "capabilities": {"read": True}}), "error", "wp_user may not give roles"),
        (answer({"code": "incorrect_password"}, 401), "error", "WordPress refuses wp_user (401 incorrect_password)"),
        (answer({"id": 1}), "info", "is not told (200)"),
        (httpx.Response(404, content=b"<html>"), "info", "is not told (404)"),
        (httpx.ConnectError("refused"), "info", "was not answered (ConnectError)"),
    ],
)
def test_the_login_is_tried_and_changes_nothing(told: httpx.Response | Exception, level: str, said: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.method in ("GET", "OPTIONS")
        if request.method == "OPTIONS":
            return answer(ROLES)
        if isinstance(told, Exception):
            raise told
        return httpx.Response(told.status_code, content=told.content)

    with customers(answering(handle), of_customers("email", "role"), **LOGIN) as store:
        findings = list(store.concerns())
    assert [one.level for one in findings] == [level]
    assert said in findings[0].message
