"""Customers between an ERP's file and a shop, with the shipped mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncengine.endpoints.woocommerce.users import Users
from syncengine.engine import apply
from syncengine.sandbox import Fault, Request, Response, Sandbox
from syncengine.sandbox.server import running
from tests.system.mapped import Mapped, rejected, told

HEADER = "KundenNr;EMail;Vorname;Nachname;Firma;Strasse;PLZ;Ort;Land;Telefon"
ANN = "10001;ann@example.test;Ann;Löwe;;Domplatz 1;50667;Köln;DE;+49 221 1234"
BEN = "10002;ben@example.test;Ben;Rot;Rot GmbH;;80331;München;DE;"
PASSWORD = "Zu-geheim-7Q"
PASSWORD_OF_ADMIN = "abcd EFGH 1234 ijkl"


class Registering(Sandbox):
    """A shop in which somebody registers right before the next customers are written. Its clock can be moved on."""

    to_come: dict[str, Any] | None = None
    passed = timedelta()

    def __init__(self) -> None:
        clock = lambda: datetime.now(UTC) + self.passed  # noqa: E731
        super().__init__(clock=clock, application_passwords={"admin": PASSWORD_OF_ADMIN})

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/customers/batch") and self.to_come is not None:
            fields, self.to_come = self.to_come, None
            self.create_customer(**fields)
        return super().handle(request)

    def everybody(self) -> dict[str, dict[str, Any]]:
        """All users but the shop's owner, by their addresses."""
        found = [one for one in self.customers(role="all") if one["role"] != "administrator"]
        assert len({one["email"] for one in found}) == len(found)
        return {one["email"]: one for one in found}


@pytest.fixture
def shop() -> Iterator[Registering]:
    with Registering() as shop, running(shop) as url:
        shop.home = url
        yield shop


@pytest.fixture
def customers(shop: Registering, tmp_path: Path) -> Mapped:
    return Mapped(tmp_path / "project", str(shop.home), "customers.toml")


def erp(customers: Mapped, *rows: str) -> None:
    customers.export("customers.csv", HEADER, *rows)


def batches(shop: Sandbox) -> list[str]:
    return [one.path for one in shop.requests if one.method != "GET"]


def test_a_customer_of_the_erp_is_created_once_and_goes_on_in_both_directions(
    shop: Registering, customers: Mapped
) -> None:
    erp(customers, ANN, BEN)
    assert customers.run()[0] == 0
    there = shop.everybody()
    ann = there["ann@example.test"]
    assert (ann["first_name"], ann["last_name"], ann["role"]) == ("Ann", "Löwe", "customer")
    assert (ann["billing"]["city"], ann["billing"]["phone"]) == ("Köln", "+49 221 1234")
    assert {row["key"]: row["value"] for row in ann["meta_data"]}["erp_number"] == "10001"
    assert there["ben@example.test"]["billing"]["company"] == "Rot GmbH"
    code, report = customers.run()
    assert (code, report["changes"]) == (0, [])

    shop.edit_customer(ann["id"], billing={"city": "Bonn"})
    code, report = customers.run()
    assert (code, told(report)) == (0, [("erp", "update", "10001", "in-flight")])
    assert customers.handed_over()[1].split(";")[:8] == ANN.replace("Köln", "Bonn").split(";")[:8]

    erp(customers, ANN.replace("Köln", "Bonn"), BEN.replace("Ben;Rot", "Benno;Rot"))
    code, report = customers.run()
    assert (code, told(report)) == (0, [("store", "update", "10002", "done")])
    ben = shop.everybody()["ben@example.test"]
    assert (ben["first_name"], ben["billing"]["company"], ben["billing"]["city"]) == ("Benno", "Rot GmbH", "München")


def test_an_address_in_another_case_is_the_same_customer_and_is_not_sent(shop: Registering, customers: Mapped) -> None:
    number = shop.create_customer(email="Ann@Example.test", first_name="Ann")["id"]
    erp(customers, ANN.replace("ann@example.test", " ANN@EXAMPLE.TEST "))
    code, report = customers.run()
    assert (code, [(one["action"], one["id"]) for one in report["changes"]]) == (0, [("update", number)])
    assert "email" not in report["changes"][0]["fields"]
    assert list(shop.everybody()) == ["Ann@Example.test"]
    erp(customers, ANN.replace("ann@example.test", "Ann@example.test"))
    code, report = customers.run()
    assert (code, report["changes"]) == (0, [])


def test_an_address_passes_from_one_customer_to_another_in_one_run(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN, BEN)
    customers.run()
    erp(customers, ANN.replace("ann@", "ben@"), BEN.replace("ben@", "benno@"))
    assert customers.diff()[0] == customers.run()[0] == 0
    assert {one["first_name"]: email for email, one in shop.everybody().items()} == {
        "Ann": "ben@example.test",
        "Ben": "benno@example.test",
    }


def test_an_address_that_somebody_else_has_is_rejected_by_a_dry_run_already(
    shop: Registering, customers: Mapped
) -> None:
    erp(customers, ANN, BEN)
    customers.run()
    stranger = shop.create_customer(email="carl@example.test")["id"]
    erp(customers, ANN.replace("ann@", "Carl@"), BEN)
    for code, report in (customers.diff(), customers.run()):
        assert (code, report["changes"]) == (1, [])
        assert [one["reason"] for one in report["rejects"]] == [f"customer {stranger} in the store has it already"]


def test_an_address_that_stands_twice_in_the_erp_is_nobodys(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN, BEN.replace("ben@example.test", "Ann@example.test"))
    code, report = customers.run()
    assert (code, report["changes"]) == (1, [])
    assert [(one["key"], one["reason"]) for one in report["rejects"]] == [
        ("10001", "it has the same email as customers.csv:3"),
        ("10002", "it has the same email as customers.csv:2"),
    ]
    shop.create_customer(email="ann@example.test")
    code, report = customers.run()
    assert (code, report["changes"], {one["key"] for one in report["rejects"]}) == (1, [], {"10001", "10002"})


def test_a_known_customer_cannot_get_the_address_of_somebody_else(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN, BEN)
    customers.run()
    number = shop.everybody()["ann@example.test"]["id"]
    erp(customers, ANN, BEN.replace("ben@", "Ann@"))
    assert rejected(customers.run_as_promised()) == (
        1,
        [("10002", f"customer {number} in the store, which belongs to 10001, has it already")],
    )
    erp(customers, ANN.replace("ann@", "new@"), BEN.replace("ben@", "new@"))
    assert rejected(customers.run_as_promised()) == (
        1,
        [
            ("10001", "customers.csv:3 has the same, and the store takes it once only"),
            ("10002", "customers.csv:2 has the same, and the store takes it once only"),
        ],
    )
    shop.set_role(shop.create_customer(email="boss@example.test")["id"], "shop_manager")
    erp(customers, ANN.replace("ann@", "boss@"), BEN)
    left_out = "a user of the shop has it whose role is 'shop_manager', which `only` under [store] leaves out"
    assert rejected(customers.run_as_promised()) == (1, [("10001", left_out)])
    assert sorted(shop.everybody()) == ["ann@example.test", "ben@example.test", "boss@example.test"]
    erp(customers, ANN.replace("ann@", "new@"), BEN.replace("ben@", "ann@"))
    assert rejected(customers.run_as_promised()) == (0, []), "who gives an address up goes first"
    assert {one["first_name"]: email for email, one in shop.everybody().items()} == {
        "Ann": "new@example.test",
        "Ben": "ann@example.test",
        "": "boss@example.test",
    }


def test_who_registered_long_before_the_erp_knows_them_is_found_then(shop: Registering, customers: Mapped) -> None:
    number = shop.create_customer(email="Ann@example.test", first_name="Ann")["id"]
    shop.passed = timedelta(minutes=5)
    erp(customers, BEN)
    customers.run()
    shop.reset_log()
    erp(customers, ANN, BEN)
    code, report = customers.run()
    assert (code, [(one["action"], one["id"]) for one in report["changes"]]) == (0, [("update", number)])
    assert any("email=ann%40example.test" in one.query and "role=all" in one.query for one in shop.requests)


def test_a_bad_address_never_reaches_the_shop(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN)
    customers.run()
    erp(customers, ANN.replace("ann@example.test", "ann(at)example.test"), BEN.replace("ben@example.test", "x@y"))
    shop.reset_log()
    code, report = customers.run()
    assert (code, len(report["rejects"]), batches(shop)) == (1, 2, [])
    erp(customers, ANN.replace("ann@example.test", ""))
    code, report = customers.run()
    assert (code, report["rejects"][0]["reason"], batches(shop)) == (1, "it is required, and empty", [])
    assert list(shop.everybody()) == ["ann@example.test"]


def test_somebody_who_registers_meanwhile_is_linked_and_not_made_twice(shop: Registering, customers: Mapped) -> None:
    shop.to_come = {"email": "ANN@example.test", "first_name": "Anne"}
    erp(customers, ANN, BEN)
    code, report = customers.run()
    assert (code, report["failed"]) == (1, 1)
    assert "registration-error-email-exists" in report["changes"][0]["error"]
    code, report = customers.run()
    assert (code, told(report)) == (
        0,
        [("erp", "update", "10001", "in-flight"), ("store", "update", "10001", "done")],
    )
    assert len(shop.everybody()) == 2
    erp(customers, ANN.replace("Ann;", "Anne;"), BEN)
    code, report = customers.run()
    assert (code, report["changes"]) == (0, [])


@pytest.mark.parametrize("fault", ["drop-after", "half-batch", "drop-before", "error-500"])
def test_no_customer_is_made_twice_though_replies_are_lost(shop: Registering, customers: Mapped, fault: str) -> None:
    erp(customers, *(f"{n};c{n}@example.test;C;{n};;;;;DE;" for n in range(1, 151)))
    shop.faults = (Fault(fault, 1 / 3),)  # type: ignore[arg-type]
    codes = [customers.run()[0] for _ in range(3)]
    shop.faults = ()
    assert customers.run()[0] == 0, codes
    assert len(shop.everybody()) == 150
    assert customers.run()[1]["changes"] == []


def test_a_run_that_is_cut_off_after_creating_goes_on_with_the_same_customer(
    shop: Registering, customers: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    erp(customers, ANN)
    with monkeypatch.context() as broken:
        broken.setattr(apply, "_write_down", cut_off)
        assert customers.run()[0] == 3
    assert customers.run()[0] == 0
    assert list(shop.everybody()) == ["ann@example.test"]
    assert customers.run()[1]["changes"] == []


def test_a_customer_who_is_gone_from_the_shop_is_made_anew_where_the_mapping_says_so(
    shop: Registering, customers: Mapped
) -> None:
    customers.change('from_store = "ask"', 'from_store = "recreate"')
    erp(customers, ANN)
    customers.run()
    shop.delete_customer(shop.everybody()["ann@example.test"]["id"])
    erp(customers, ANN.replace("Köln", "Bonn"))
    for _ in range(2):  # the first finds out by the 404
        customers.run()
    assert shop.everybody()["ann@example.test"]["billing"]["city"] == "Bonn"
    assert customers.run()[1]["changes"] == []


def test_a_customer_who_is_gone_from_the_erp_stays(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN, BEN)
    customers.run()
    erp(customers, BEN)
    assert customers.run("--full", "--force")[1]["changes"] == []
    assert len(shop.everybody()) == 2


def test_customers_who_are_to_be_deleted_are_never_in_a_batch_with_others(shop: Registering, customers: Mapped) -> None:
    customers.change('from_erp = "keep"', 'from_erp = "delete"')
    erp(customers, ANN, BEN)
    customers.run()
    erp(customers, BEN.replace("Ben;", "Benno;"))
    shop.reset_log()
    code, report = customers.run("--full", "--force")
    assert (code, sorted(told(report))) == (
        0,
        [("store", "delete", "10001", "done"), ("store", "update", "10002", "done")],
    )
    assert len(batches(shop)) == 2
    assert {one["first_name"] for one in shop.everybody().values()} == {"Benno"}


def test_a_deletion_stops_at_the_guard(shop: Registering, customers: Mapped) -> None:
    customers.change('from_erp = "keep"', 'from_erp = "delete"')
    erp(customers, ANN, BEN)
    customers.run()
    config = customers.folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('max_deletes = "100%"', "max_deletes = 0"))
    erp(customers, BEN)
    code, report = customers.run("--full")
    assert (code, report["stopped_by"].partition(":")[0], len(shop.everybody())) == (4, "max-deletes", 2)


def test_no_run_deletes_an_administrator(shop: Registering, customers: Mapped) -> None:
    customers.change("only = ", "# only = ")
    customers.change('from_erp = "keep"', 'from_erp = "delete"')
    owner = shop.customer(1)
    erp(customers, ANN, BEN.replace("ben@example.test", owner["email"]))
    customers.run()
    erp(customers, ANN)
    code, report = customers.run("--full", "--force")
    assert (code, report["changes"][0]["error"]) == (1, "an administrator of the shop: no run deletes one")
    assert shop.customer(1)["email"] == owner["email"]


def test_the_staff_of_the_shop_are_not_taken_for_customers(shop: Registering, customers: Mapped) -> None:
    owner = shop.customer(1)
    erp(customers, ANN, BEN.replace("ben@example.test", owner["email"]))
    code, report = customers.run()
    assert code == 1
    assert [(one["key"], one["reason"]) for one in report["rejects"]] == [
        ("10002", "a user of the shop has it whose role is 'administrator', which `only` under [store] leaves out")
    ]
    assert shop.customer(1) == owner


def test_a_password_is_sent_with_a_new_customer_and_stands_nowhere_else(shop: Registering, customers: Mapped) -> None:
    customers.change("[fields]\n", '[fields]\nlogin = { erp = "Passwort", store = "password", truth = "erp" }\n')
    customers.change("in_erp = false", "in_erp = false")
    customers.export("customers.csv", f"{HEADER};Passwort", f"{ANN};{PASSWORD}")
    sent: list[bytes] = []
    handle = shop.handle

    def noting(request: Request) -> Response:
        sent.append(request.body)
        return handle(request)

    shop.handle = noting  # type: ignore[method-assign]
    report = customers.folder / "report.json"
    code, told_of = customers.run("--report", str(report), "--report", str(report.with_suffix(".html")))
    assert code == 0
    assert [json.loads(body)["create"][0]["password"] for body in sent if b"password" in body] == [PASSWORD]
    assert told_of["changes"][0]["fields"]["login"]["to"] == "***"
    shop.edit_customer(shop.everybody()["ann@example.test"]["id"], first_name="Anne")
    customers.export("customers.csv", f"{HEADER};Passwort", f"{ANN};{PASSWORD}-2")
    code, told_of = customers.run()
    assert (code, [one["side"] for one in told_of["changes"]]) == (0, ["erp"]), "a password is no change"
    everything = {file: file.read_bytes() for file in customers.folder.rglob("*") if file.is_file()}
    holding = [file.name for file, content in everything.items() if PASSWORD.encode() in content]
    assert holding == ["customers.csv"]


def test_a_later_run_looks_at_light_fields_only_and_reads_whole_who_moved(shop: Registering, customers: Mapped) -> None:
    for number in range(250):
        shop.create_customer(email=f"c{number}@example.test")
    erp(customers, ANN)
    shop.passed = timedelta(minutes=5)
    customers.run()
    shop.passed = timedelta(minutes=10)
    customers.run()
    shop.reset_log()
    customers.run()
    glances = [one.query for one in shop.requests if one.path.endswith("/customers")]
    assert len(glances) <= 4
    assert all("billing" not in query for query in glances)
    shop.edit_customer(shop.everybody()["ann@example.test"]["id"], billing={"city": "Bonn"})
    shop.reset_log()
    assert told(customers.run()[1]) == [("erp", "update", "10001", "in-flight")]
    assert sum("billing" in one.query for one in shop.requests) == 1


def test_what_a_plug_in_writes_past_the_shop_is_found_by_a_full_run(shop: Registering, customers: Mapped) -> None:
    erp(customers, ANN)
    customers.run()
    shop.passed = timedelta(minutes=5)
    customers.run()
    shop.edit_customer_silently(shop.everybody()["ann@example.test"]["id"], billing={"city": "Bonn"})
    assert customers.run()[1]["changes"] == []
    assert told(customers.run("--full")[1]) == [("erp", "update", "10001", "in-flight")]


# Roles, which WordPress gives

LOGIN = 'wp_user = "admin"\nwp_application_password = "' + PASSWORD_OF_ADMIN + '"'
ROLE = 'role = { erp = "Gruppe", store = "role", map = { P = "customer", H = "editor" }, truth = "erp" }\n'


@pytest.fixture
def with_roles(shop: Registering, tmp_path: Path) -> Mapped:
    job = Mapped(tmp_path / "with-roles", str(shop.home), "customers.toml", LOGIN)
    job.change('only = { role = "customer" }', 'only = { role = ["customer", "editor"] }')
    job.change("[fields]\n", f"[fields]\n{ROLE}")
    return job


def erp_with_roles(job: Mapped, *rows: str) -> None:
    job.export("customers.csv", f"{HEADER};Gruppe", *rows)


def test_a_role_of_the_erp_is_given_with_a_login_of_wordpress(shop: Registering, with_roles: Mapped) -> None:
    erp_with_roles(with_roles, f"{ANN};H", f"{BEN};P")
    assert with_roles.run()[0] == 0
    assert {one["email"]: one["role"] for one in shop.everybody().values()} == {
        "ann@example.test": "editor",
        "ben@example.test": "customer",
    }
    assert with_roles.run()[1]["changes"] == []
    erp_with_roles(with_roles, f"{ANN};P", f"{BEN.replace('Ben;', 'Benno;')};H")
    code, report = with_roles.run()
    assert (code, sorted(told(report))) == (
        0,
        [("store", "update", "10001", "done"), ("store", "update", "10002", "done")],
    )
    assert {(one["first_name"], one["role"]) for one in shop.everybody().values()} == {
        ("Ann", "customer"),
        ("Benno", "editor"),
    }
    assert with_roles.run("--full")[1]["changes"] == []


def test_a_role_is_put_back_and_given_once_more_after_lost_replies(shop: Registering, with_roles: Mapped) -> None:
    erp_with_roles(with_roles, *(f"{n};c{n}@example.test;C;{n};;;;;DE;;{'PH'[n % 2]}" for n in range(1, 41)))
    shop.faults = (Fault("drop-after", 1 / 3),)
    for _ in range(3):
        with_roles.run()
    shop.faults = ()
    assert with_roles.run()[0] == 0
    assert len(shop.everybody()) == 40
    assert sum(one["role"] == "editor" for one in shop.everybody().values()) == 20
    shop.set_role(shop.everybody()["c1@example.test"]["id"], "customer")
    code, report = with_roles.run()
    assert (code, told(report), report["drift"]) == (0, [("store", "update", "1", "done")], 1)
    assert shop.everybody()["c1@example.test"]["role"] == "editor"


def test_a_run_that_is_cut_off_between_a_customer_and_the_role_gives_it_the_next_time(
    shop: Registering, with_roles: Mapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: Any) -> None:
        raise RuntimeError("cut off")

    erp_with_roles(with_roles, f"{ANN};H")
    with monkeypatch.context() as broken:
        broken.setattr(Users, "give", cut_off)
        broken.setattr(apply, "_write_down", cut_off)
        assert with_roles.run()[0] == 3
    assert shop.everybody()["ann@example.test"]["role"] == "customer"
    assert with_roles.run()[0] == 0
    assert shop.everybody()["ann@example.test"]["role"] == "editor"


def test_a_login_that_wordpress_does_not_know_stops_the_run_before_anybody_is_made(
    shop: Registering, with_roles: Mapped
) -> None:
    config = with_roles.folder / "config.toml"
    right = config.read_text(encoding="utf-8")
    config.write_text(right.replace(PASSWORD_OF_ADMIN, "wrong EFGH 1234 ijkl"), encoding="utf-8")
    erp_with_roles(with_roles, f"{ANN};H", f"{BEN};P")
    for code, report in (with_roles.diff(), with_roles.run()):
        assert (code, report["status"], shop.everybody()) == (3, "failed", {})
        assert "connections.shop: WordPress refuses wp_user (401 " in report["error"]
        assert "wrong EFGH" not in str(report)
    config.write_text(right, encoding="utf-8")
    assert with_roles.run()[0] == 0
    assert shop.everybody()["ann@example.test"]["role"] == "editor"


def test_a_login_is_asked_for_only_where_a_role_is_to_be_given(shop: Registering, with_roles: Mapped) -> None:
    erp_with_roles(with_roles, f"{ANN};H")
    with_roles.run()
    shop.reset_log()
    erp_with_roles(with_roles, f"{ANN.replace('Ann;', 'Anne;')};H")
    assert with_roles.run()[0] == 0
    assert [one.path for one in shop.requests if "/wp/v2/" in one.path] == []
    erp_with_roles(with_roles, f"{ANN};P")
    with_roles.diff()
    assert [(one.method, one.path) for one in shop.requests if "/wp/v2/" in one.path] == [
        ("GET", "/wp-json/wp/v2/users/me")
    ]


def test_nobody_locks_the_owner_out_of_the_shop(shop: Registering, with_roles: Mapped) -> None:
    with_roles.change("only = ", "# only = ")
    owner = shop.customer(1)["email"]
    erp_with_roles(with_roles, ANN.replace("ann@example.test", owner) + ";P")
    code, report = with_roles.run()
    assert (code, [one["error"] for one in report["changes"]]) == (
        1,
        ["role: an administrator of the shop: no run takes that from one"],
    )
    there = shop.customer(1)
    assert (there["role"], there["billing"]["city"]) == ("administrator", "Köln"), "all else is written"
    assert with_roles.run()[1]["changes"] == []
