"""Every mapping in mappings/ does what it says, with an ERP's file of its columns and a shop."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import Sandbox
from tests.system.project import Project
from tests.system.shop import Shop

MAPPINGS = Path(__file__).parents[2] / "mappings"

# What the ERP exports, and what the shop then has of it: by SKU, some of a product's or variation's properties.
PRODUCTS = (
    "products.csv",
    """\
ArtNr;Bezeichnung;Kurztext;EAN;VK;Bestand;Gewicht;Aktiv;Warengruppe;Marke;Regal
C-7;Tasse;Für Tee;4006381333931;7,50;12;0,3;J;Küche > Tassen|Neu;Acme;R1
C-8;Kanne;;;18,00;3;;N;;;
""",
    {
        "C-7": {"name": "Tasse", "regular_price": "7.50", "stock_quantity": 12, "weight": "0.3", "status": "publish"},
        "C-8": {"name": "Kanne", "regular_price": "18.00", "stock_quantity": 3, "status": "draft"},
    },
)
VARIATIONS = (
    "products.csv",
    """\
ArtNr;VaterNr;Bezeichnung;Text;VK;Bestand;EAN;Gewicht_g;Warengruppe;Farbe;Groesse;Bilder
T-1;;T-Shirt;Weich.;;;;;Kleidung;;;https://erp.test/t-1.jpg
T-1-R-S;T-1;;;19,90;5;;180;;Rot;S;https://erp.test/rot.jpg
T-1-B-S;T-1;;;21,00;0;;;;Blau;S;
C-7;;Tasse;;7,50;12;4006381333931;300;;;;
""",
    {
        "T-1": {"type": "variable", "name": "T-Shirt", "manage_stock": False},
        "T-1-R-S": {"type": "variation", "regular_price": "19.90", "stock_quantity": 5, "weight": "0.18"},
        "T-1-B-S": {"type": "variation", "regular_price": "21.00", "stock_quantity": 0},
        "C-7": {"type": "simple", "regular_price": "7.50", "weight": "0.3", "global_unique_id": "4006381333931"},
    },
)
STOCK = ("stock.csv", "SKU;Quantity\nS-1;7\nS-1-A;4\n", {"S-1": {"stock_quantity": 7}, "S-1-A": {"stock_quantity": 4}})
PRICES = (
    "prices-1.csv",
    "ArtNr;VK_Brutto;Aktionspreis;Aktion_von;Aktion_bis\nS-1;20,00;15,00;2030-01-01;2030-01-31\nS-1-A;9,90;;;\n",
    {
        "S-1": {"regular_price": "20.00", "sale_price": "15.00", "date_on_sale_to": "2030-01-31T23:59:59"},
        "S-1-A": {"regular_price": "9.90"},
    },
)
SHIPPED = {
    "products.toml": PRODUCTS,
    "products-with-variations.toml": VARIATIONS,
    "stock-only.toml": STOCK,
    "prices-only.toml": PRICES,
}
# The same of records that are no products, by what a person calls each.
CUSTOMERS = (
    "customers.csv",
    """\
KundenNr;EMail;Vorname;Nachname;Firma;Strasse;PLZ;Ort;Land;Telefon
10001;Ann@example.test;Ann;Löwe;;Domplatz 1;50667;Köln;DE;+49 221 1234
10002;ben@example.test;Ben;Rot;Rot & Söhne;;;Wien;AT;
""",
    {
        "ann@example.test": {"first_name": "Ann", "last_name": "Löwe", "role": "customer"},
        "ben@example.test": {"first_name": "Ben", "last_name": "Rot"},
    },
)
CATEGORIES = (
    "categories.csv",
    """\
GruppenNr;Pfad;Beschreibung;Bild;Reihenfolge
2;Küche > Tassen;;;2
1;Küche;Alles für die Küche;;1
""",
    {
        "kuche": {"name": "Küche", "parent": 0, "description": "Alles für die Küche", "menu_order": 1},
        "tassen": {"name": "Tassen", "menu_order": 2},
    },
)
COUPONS = (
    "coupons.csv",
    """\
GutscheinNr;Code;Art;Wert;Bemerkung;GueltigBis;Mindestwert;Anzahl;Eingeloest
G1;SOMMER10;%;10,00;Sommer;2030-08-31;50,00;100;0
G2;Willkommen;Betrag;5,00;;;;;0
""",
    {
        "sommer10": {"discount_type": "percent", "amount": "10.00", "minimum_amount": "50.00", "usage_limit": 100},
        "willkommen": {"discount_type": "fixed_cart", "amount": "5.00", "date_expires": None, "usage_limit": None},
    },
)
OTHERS = {"customers.toml": CUSTOMERS, "categories.toml": CATEGORIES, "coupons.toml": COUPONS}

ORDERS = {"orders.toml", "order-status.toml", "orders-from-erp.toml"}  # tried in test_orders.py and its neighbour


def test_every_shipped_mapping_is_tried() -> None:
    assert {file.name for file in MAPPINGS.glob("*.toml")} - ORDERS == {*SHIPPED, *OTHERS}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_mapping_brings_the_erps_file_to_the_shop_and_then_rests(
    name: str, watched: Sandbox, tmp_path: Path
) -> None:
    file, text, expected = SHIPPED[name]
    project = _project(tmp_path, watched, name)
    if not expected.keys() & {"C-7"}:  # what only changes products finds them there
        watched.create_product(name="Cup", sku="S-1", regular_price="18.00", manage_stock=True)
        shirt = watched.create_product(
            name="Shirt", type="variable", attributes=[{"name": "Size", "options": ["A"], "variation": True}]
        )
        watched.create_variation(
            shirt["id"],
            sku="S-1-A",
            regular_price="9.00",
            manage_stock=True,
            attributes=[{"name": "Size", "option": "A"}],
        )
    (project.folder / "erp" / file).write_text(text, encoding="utf-8")
    first = project.sync("run", "--json", "--force")
    assert first.code == 0, (first.out, first.err)
    for sku, properties in expected.items():
        there = watched.product_by_sku(sku)
        assert {key: there[key] for key in properties} == properties
    watched.reset_log()
    second = project.sync("run", "--json")
    assert (second.code, second.job["changes"]) == (0, []), second.out
    assert {request.method for request in watched.requests} == {"GET"}


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_a_shipped_mapping_of_other_records_does_so_too(name: str, watched: Sandbox, tmp_path: Path) -> None:
    file, text, expected = OTHERS[name]
    project = _project(tmp_path, watched, name)
    (project.folder / "erp" / file).write_text(text, encoding="utf-8")
    first = project.sync("run", "--json", "--force")
    assert first.code == 0, (first.out, first.err)
    found = _there(watched, name)
    assert {key: {path: found[key][path] for path in there} for key, there in expected.items()} == expected
    watched.reset_log()
    second = project.sync("run", "--json")
    assert (second.code, second.job["changes"]) == (0, []), second.out
    assert {request.method for request in watched.requests} == {"GET"}


def _there(shop: Sandbox, name: str) -> dict[str, Any]:
    """The records that a mapping is about, by what a person calls each."""
    route, key = {
        "customers.toml": ("customers", "email"),
        "categories.toml": ("products/categories", "slug"),
        "coupons.toml": ("coupons", "code"),
    }[name]
    with closing(Shop(str(shop.home))) as manager:
        return {one[key]: one for one in manager.http.get(f"/{route}", params={"per_page": 100}).json()}


def _project(folder: Path, shop: Sandbox, name: str) -> Project:
    assert shop.home is not None
    project = Project(folder / "project", shop.home)
    config = project.folder / "config.toml"
    config.write_text(config.read_text().replace('"products.toml"', '"mapping.toml"'))
    (project.folder / "mapping.toml").write_text((MAPPINGS / name).read_text(encoding="utf-8"), encoding="utf-8")
    return project
