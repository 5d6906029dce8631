"""Shops that are spoken to by the API of old: they end as they do by the one of now, both ways, and whatever fails."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import Fault, Sandbox
from syncengine.sandbox.server import running
from tests.system.project import Project

MAPPINGS = Path(__file__).parents[2] / "mappings"
APIS = ("wc-v3", "legacy-v3")
PRODUCTS = """\
ArtNr;Bezeichnung;Kurztext;VK;Bestand;Gewicht;Aktiv;Warengruppe;Marke
C-7;Tasse & Teller;Für Tee, it's "fine".;7,50;12;0,3;J;Küche > Tassen|Neu;Acme
C-8;Kanne;;18,00;3;;N;;
C+9;Löffel 100%;;1,00;0;;J;Küche;Zinn
"""
CUSTOMERS = """\
KundenNr;EMail;Vorname;Nachname;Firma;Strasse;PLZ;Ort;Land;Telefon
10001;Ann+x@example.test;Ann;Löwe;;Domplatz 1;50667;Köln;DE;+49 221 1234
10002;ben@example.test;Ben;Rot;Rot & Söhne;;;Wien;AT;
"""
# Lines of the shipped mappings that the old API has nothing for.
LEFT_OUT = ("gtin ", "shelf ", "number ")
KEPT = (
    "sku", "name", "short_description", "regular_price", "stock_quantity", "manage_stock", "weight", "status",
    "stock_status",
)  # fmt: skip


def project_of(folder: Path, shop: Sandbox, api: str, entity: str) -> Project:
    """A shipped mapping without what the old API cannot do, for a shop that is spoken to by one of the two."""
    assert shop.home is not None
    project = Project(folder / "project", shop.home, more=f'[state]\nurl = "sqlite:///{folder}/sync.db"')
    config = (project.folder / "config.toml").read_text(encoding="utf-8")
    config = config.replace('type = "woocommerce"', f'type = "woocommerce"\napi = "{api}"')
    (project.folder / "config.toml").write_text(config, encoding="utf-8")
    lines = (MAPPINGS / f"{entity}.toml").read_text(encoding="utf-8").splitlines()
    mapping = "\n".join(line for line in lines if not line.startswith(LEFT_OUT))
    mapping = mapping.replace('"short_description", truth', '"short_description", to = "store", truth')
    (project.folder / "products.toml").write_text(mapping, encoding="utf-8")
    text = {"products": PRODUCTS, "customers": CUSTOMERS}[entity]
    (project.folder / "erp" / f"{entity}.csv").write_text(text, encoding="utf-8")
    return project


def products_in(shop: Sandbox) -> dict[str, dict[str, Any]]:
    """What a run leaves of the products, by SKU."""
    return {
        one["sku"]: {
            **{name: one[name] for name in KEPT},
            "categories": sorted(each["name"] for each in one["categories"]),
            "attributes": [(each["name"], each["options"]) for each in one["attributes"]],
        }
        for one in shop.products()
    }


def customers_in(shop: Sandbox) -> dict[str, dict[str, Any]]:
    kept = ("first_name", "last_name", "billing", "shipping", "role", "username")
    return {one["email"]: {name: one[name] for name in kept} for one in shop.customers()}


def rests(project: Project, shop: Sandbox) -> None:
    shop.reset_log()
    again = project.sync("run", "--json", "--full")
    assert (again.code, again.job["changes"]) == (0, []), again.out
    assert {request.method for request in shop.requests} == {"GET"}


def by_both(tmp_path: Path, entity: str) -> dict[str, Any]:
    """The contents of a shop after one run, by either API."""
    found = {}
    for api in APIS:
        with Sandbox() as shop, running(shop) as url:
            shop.home = url
            (tmp_path / api).mkdir()
            project = project_of(tmp_path / api, shop, api, entity)
            ended = project.sync("run", "--json")
            assert ended.code == 0, (api, ended.out, ended.err)
            asked = {request.path.split("/")[1] for request in shop.requests}
            assert asked == {"wc-v3": {"wp-json"}, "legacy-v3": {"wc-api"}}[api]
            rests(project, shop)
            found[api] = products_in(shop) if entity == "products" else customers_in(shop)
    return found


@pytest.mark.parametrize("entity", ["products", "customers"])
def test_a_shop_ends_the_same_by_both_apis(entity: str, tmp_path: Path) -> None:
    found = by_both(tmp_path, entity)
    assert found["legacy-v3"] == found["wc-v3"]
    assert len(found["wc-v3"]) >= 2


def test_products_go_both_ways_and_only_what_moved_is_read(watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", "products")
    assert project.sync("run", "--json").code == 0
    cup = watched.product_by_sku("C-7")["id"]
    watched.edit_product(cup, name="Becher")
    (project.folder / "erp" / "products.csv").write_text(PRODUCTS.replace("7,50;12", "8,00;11"), encoding="utf-8")
    watched.reset_log()
    ended = project.sync("run", "--json")
    assert ended.code == 0, ended.out
    assert {name: watched.product(cup)[name] for name in ("name", "regular_price", "stock_quantity")} == {
        "name": "Becher",
        "regular_price": "8.00",
        "stock_quantity": 11,
    }
    assert any("updated_at_min" in request.query for request in watched.requests)
    handed = [row for file in project.handed_over() for row in csv.DictReader(io.StringIO(text(file)), delimiter=";")]
    assert [(row["ArtNr"], row["Bezeichnung"]) for row in handed] == [("C-7", "Becher")]


def test_customers_go_both_ways(watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", "customers")
    assert project.sync("run", "--json").code == 0
    there = {one["email"]: one["id"] for one in watched.customers()}
    watched.edit_customer(there["ben@example.test"], last_name="Roth")
    (project.folder / "erp" / "customers.csv").write_text(CUSTOMERS.replace("Domplatz 1", "Ring 2"), encoding="utf-8")
    ended = project.sync("run", "--json", "--force")
    assert ended.code == 0, ended.out
    assert watched.customer(there["ann+x@example.test"])["billing"]["address_1"] == "Ring 2"
    handed = [row for file in project.handed_over() for row in csv.DictReader(io.StringIO(text(file)), delimiter=";")]
    assert [(row["EMail"], row["Nachname"]) for row in handed] == [("ben@example.test", "Roth")]


@pytest.mark.parametrize("entity", ["products", "customers"])
def test_creates_whose_replies_are_lost_make_nothing_twice(entity: str, watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", entity)
    watched.faults = [Fault.parse("drop-after:0.4")]
    for _ in range(2):
        ended = project.sync("run", "--json")
        assert ended.code in (0, 1, 3), (ended.out, ended.err)
    assert any(one.status == 0 and one.method == "POST" for one in watched.requests), "the fault did not strike"
    watched.faults = []
    ended = project.sync("run", "--json")
    assert ended.code == 0, (ended.out, ended.err)
    rests(project, watched)
    if entity == "products":
        assert sorted(one["sku"] for one in watched.products()) == ["C+9", "C-7", "C-8"]
    else:
        assert sorted(one["email"] for one in watched.customers()) == ["ann+x@example.test", "ben@example.test"]


@pytest.mark.parametrize("entity", ["products", "customers"])
def test_a_bulk_of_which_half_is_done_is_brought_to_its_end(entity: str, watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", entity)
    assert project.sync("run", "--json").code == 0
    changed = PRODUCTS if entity == "products" else CUSTOMERS
    for old, new in (("7,50", "8,50"), ("18,00", "19,00"), ("Domplatz 1", "Ring 2"), ("Wien", "Graz")):
        changed = changed.replace(old, new)
    (project.folder / "erp" / f"{entity}.csv").write_text(changed, encoding="utf-8")
    watched.faults = [Fault.parse("half-batch:1")]
    project.sync("run", "--json", "--force")
    assert any(one.status == 0 and one.path.endswith("/bulk") for one in watched.requests), "the fault did not strike"
    watched.faults = []
    ended = project.sync("run", "--json", "--force")
    assert ended.code == 0, (ended.out, ended.err)
    rests(project, watched)
    if entity == "products":
        prices = {one["sku"]: one["regular_price"] for one in watched.products()}
        assert prices == {"C-7": "8.50", "C-8": "19.00", "C+9": "1.00"}
    else:
        places = {(one["billing"]["address_1"], one["billing"]["city"]) for one in watched.customers()}
        assert places == {("Ring 2", "Köln"), ("", "Graz")}


@pytest.mark.parametrize(
    ("entity", "old", "new", "field", "reason"),
    [
        ("products", "Kanne", "A %41", "name", "it holds '<' or '%' with two digits, which the old API takes out"),
        (
            "customers",
            "Ben",
            "B  J",
            "first_name",
            "it holds a line break, a tab or more than one space, of which the old API",
        ),
    ],
)
def test_what_the_old_api_would_change_is_told_by_a_check_a_dry_run_and_a_run_alike(
    entity: str, old: str, new: str, field: str, reason: str, watched: Sandbox, tmp_path: Path
) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", entity)
    rows = (PRODUCTS if entity == "products" else CUSTOMERS).replace(f";{old};", f";{new};")
    (project.folder / "erp" / f"{entity}.csv").write_text(rows, encoding="utf-8")
    assert reason in " ".join(project.sync("check", "--json").out.split())
    promised, done = (project.sync(command, "--json") for command in ("diff", "run"))
    assert promised.job["rejects"] == done.job["rejects"]
    assert (promised.code, done.code, done.job["failed"]) == (1, 1, 0)
    ((name, said),) = [(one["field"], one["reason"]) for one in done.job["rejects"]]
    assert (name, said.startswith(reason)) == (field, True)


def test_what_the_old_api_cannot_do_is_told_before_anything_is_asked(watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", "products")
    (project.folder / "products.toml").write_text((MAPPINGS / "products.toml").read_text("utf-8"), encoding="utf-8")
    for command in ("run", "check"):
        ended = project.sync(command)
        assert ended.code == 2, (ended.out, ended.err)
        told = ended.out + ended.err
        assert all(what in told for what in ("global_unique_id", "meta data", 'to = "store"', "products.toml:"))
    assert not [request for request in watched.requests if "products" in request.path and request.method != "GET"]


def test_a_check_of_an_old_shop_tells_what_it_is(watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", "products")
    ended = project.sync("check")
    assert ended.code == 0, (ended.out, ended.err)
    assert "it may write" in ended.out
    assert "WooCommerce 10.2.4, by its old API" in ended.out
    told = " ".join(ended.out.split())
    assert "prices in EUR with 2 decimals; weights and sizes in kg and cm; time zone Europe/Berlin" in told
    assert not watched.products()


def test_keys_and_signatures_stand_in_addresses_and_in_nothing_that_is_told(watched: Sandbox, tmp_path: Path) -> None:
    project = project_of(tmp_path, watched, "legacy-v3", "products")
    config = project.folder / "config.toml"
    config.write_text(f'{config.read_text(encoding="utf-8")}\n[log]\nfile = "sync.log"\n', encoding="utf-8")
    ended = [project.sync("run", "-v", SYNC_DEBUG="1"), project.sync("run", "--json", "--full"), project.sync("check")]
    ended.append(project.sync("run", "-v", "--full", SYNC_CONNECTIONS__SHOP__CONSUMER_SECRET="cs_wrong"))
    assert [one.code for one in ended] == [0, 0, 0, 3]
    assert any("oauth_signature" in request.query for request in watched.requests)
    told = "".join(one.out + one.err for one in ended) + (project.folder / "sync.log").read_text(encoding="utf-8")
    assert not [word for word in ("ck_sandbox", "cs_sandbox", "cs_wrong", "oauth_") if word in told]


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig")
