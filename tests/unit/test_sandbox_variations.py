"""Variations and pictures behind the API: the seed, the manager's edits, the media library, what survives a restart."""

from __future__ import annotations

import argparse
import json
import signal
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.commands.sandbox import add_arguments
from syncengine.sandbox import Sandbox

KEY = ("ck_sandbox", "cs_sandbox")
SIZES = [{"name": "Size", "options": ["S", "M"], "variation": True}]


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def opened(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(transport=sandbox.transport(), base_url="https://shop.test/wp-json/wc/v3", auth=KEY)


def test_each_seeded_product_has_its_variations_the_same_every_time() -> None:
    with Sandbox(seed=20, variations=3) as one, Sandbox(seed=20, variations=3) as other, Sandbox(seed=20) as simple:
        products = one.products()
        assert products == other.products()
        assert [product["name"] for product in products] == [product["name"] for product in simple.products()]
        for product in products:
            variations = one.variations(product["id"])
            assert product["type"] == "variable"
            assert [each["id"] for each in variations] == product["variations"]
            assert [each["sku"] for each in variations] == [f"{product['sku']}-{number}" for number in (1, 2, 3)]
            (attribute,) = product["attributes"]
            chosen = [each["attributes"] for each in variations]
            assert [option["option"] for (option,) in chosen] == attribute["options"]
            assert attribute["variation"]
            prices = [float(each["price"]) for each in variations]
            assert float(product["price"]) == min(prices)
            assert len(set(prices)) == 3
            states = {each["stock_status"] for each in variations}
            assert product["stock_status"] == ("instock" if "instock" in states else "outofstock")
            assert all(each["date_modified_gmt"] < "2026" for each in (product, *variations))


def test_saving_a_seeded_variation_changes_nothing_that_its_product_shows() -> None:
    with Sandbox(seed=10, variations=2) as sandbox:
        for before in sandbox.products():
            sandbox.edit_product(before["variations"][0])
            after = sandbox.product(before["id"])
            moving = ("date_modified", "date_modified_gmt")
            assert {name for name in after if after[name] != before[name]} == set(moving)


def test_a_manager_edits_sells_throws_away_and_deletes_variations() -> None:
    with Sandbox(clock=Clock()) as sandbox:
        product = sandbox.create_product(name="Shirt", type="variable", attributes=SIZES)
        option = [{"name": "Size", "option": "S"}]
        made = sandbox.create_variation(
            product["id"], sku="S", regular_price="5", manage_stock=True, stock_quantity=3, attributes=option
        )
        assert (made["type"], made["name"], made["stock_quantity"]) == ("variation", "S", 3)
        before = sandbox.product(product["id"])
        sold = sandbox.sell(made["id"], 3)
        after = sandbox.product(product["id"])
        assert (sold["stock_quantity"], sold["stock_status"], sold["total_sales"]) == (0, "outofstock", "3")
        assert (before["stock_status"], after["stock_status"]) == ("instock", "outofstock")
        assert after["date_modified_gmt"] > before["date_modified_gmt"]
        silent = sandbox.edit_silently(made["id"], regular_price="6")
        assert (silent["price"], silent["date_modified_gmt"]) == ("6", sold["date_modified_gmt"])
        assert sandbox.product(product["id"])["date_modified_gmt"] == after["date_modified_gmt"]
        assert sandbox.edit_product(made["id"], regular_price="7")["date_modified_gmt"] > sold["date_modified_gmt"]
        assert sandbox.product(product["id"])["price"] == "7"
        assert sandbox.product_by_sku("s")["id"] == made["id"]
        sandbox.trash_product(made["id"])
        assert sandbox.variations(product["id"]) == []
        assert [each["id"] for each in sandbox.variations(product["id"], status="trash")] == [made["id"]]
        sandbox.delete_product(made["id"])
        assert sandbox.variations(product["id"], status="trash") == []


def test_what_a_variation_sells_comes_out_of_its_products_stock_if_that_is_managed_there() -> None:
    with Sandbox() as sandbox:
        product = sandbox.create_product(
            name="Shirt", type="variable", attributes=SIZES, manage_stock=True, stock_quantity=5
        )
        made = sandbox.create_variation(product["id"])
        assert sandbox.sell(made["id"], 2)["stock_quantity"] == 3
        assert sandbox.product(product["id"])["stock_quantity"] == 3


def test_the_media_library_counts_every_upload_and_shows_it() -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        picture = {"src": "https://pictures.example/deep/folder/Mug%20front.JPG?size=big"}
        product = client.post("/products", json={"name": "Mug", "images": [picture, picture]}).json()
        client.put(f"/products/{product['id']}", json={"images": [picture]})
        library = client.get("https://shop.test/wp-json/wp/v2/media", params={"per_page": 2}, auth=None)
        assert (library.headers["X-WP-Total"], library.headers["X-WP-TotalPages"]) == ("3", "2")
        names = [each["source_url"].rpartition("/")[2] for each in library.json()]
        assert names == ["Mug-front-2.JPG", "Mug-front-1.JPG"]
        assert {each["mime_type"] for each in library.json()} == {"image/jpeg"}
        answer = client.get(product["images"][0]["src"], auth=None)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
        assert pixels(answer.content) == (1, 1, b"\x00\xff")
        assert client.get(product["images"][0]["src"] + "x", auth=None).status_code == 404
        client.delete(f"/products/{product['id']}", params={"force": "true"})
        library = client.head("https://shop.test/wp-json/wp/v2/media", auth=None)
        assert library.headers["X-WP-Total"] == "3", "what a product showed stays in the library"


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and filtered bytes of a PNG; fails unless every chunk's checksum is right."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + data),)
        chunks[kind] = data
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    return width, height, zlib.decompress(chunks[b"IDAT"])


@pytest.mark.parametrize(
    "src",
    [
        "https://missing.example/a.png",
        "https://pictures.example/a.pdf",
        "https://pictures.example/.png",
        "https://pictures.example/",
        "https://pictures.example:9999/a.png",
        "https://pictures.example:x/a.png",
        "ftp://pictures.example/a.png",
        "file:///etc/a.png",
        "a.png",
        "",
        "https://[/a.png",
    ],
)
def test_an_address_that_no_picture_can_be_at_is_refused(src: str) -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        answer = client.post("/products", json={"name": "x", "images": [{"src": src}]})
        assert (answer.status_code, answer.json()["code"]) == (400, "woocommerce_product_image_upload_error")
        library = client.get("https://shop.test/wp-json/wp/v2/media", auth=None)
        assert (library.json(), library.headers["X-WP-Total"], sandbox.products()) == ([], "0", [])


@pytest.mark.parametrize(
    "src",
    [
        "http://pictures.example/a.png",
        "https://pictures.example:8080/a.jpeg",
        "https://127.0.0.1/a.GIF",
        "https://pictures.example/%E2%98%83.webp?x=y#z",
        "https://pictures.example/..%2F..%2Fa.jpg",
    ],
)
def test_a_picture_is_kept_under_the_shops_own_address(src: str) -> None:
    with Sandbox(clock=Clock()) as sandbox, opened(sandbox) as client:
        images = client.post("/products", json={"name": "x", "images": [{"src": src}]}).json()["images"]
        folder, _, name = images[0]["src"].rpartition("/")
        assert folder == "https://shop.test/wp-content/uploads/2026/07"
        assert name
        assert ".." not in name
        assert client.get(images[0]["src"], auth=None).status_code == 200


@pytest.mark.parametrize("images", ["x", 5, [None], [{}], [[]], [""]])
def test_nothing_that_names_a_picture_empties_the_pictures(images: Any) -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        picture = [{"src": "https://pictures.example/a.png"}]
        product = client.post("/products", json={"name": "x", "images": picture}).json()
        batch = {"update": [{"id": product["id"], "images": images}]}
        assert client.post("/products/batch", json=batch).json()["update"][0]["images"] == []


@pytest.mark.parametrize("images", [["x"], [5], [{"name": "x"}], [{"id": "abc"}], [{"src": 5}], [{"src": [1]}]])
def test_a_picture_that_is_not_named_is_an_error_of_its_item(images: Any) -> None:
    with Sandbox() as sandbox, opened(sandbox) as client:
        batch = {"create": [{"name": "x", "images": images}, {"name": "y"}]}
        refused, kept = client.post("/products/batch", json=batch).json()["create"]
        assert refused["error"]["code"].startswith("woocommerce_product_i")
        assert kept["name"] == "y"


def test_variations_pictures_and_classes_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "shop.db"
    picture = {"src": "https://pictures.example/a.png"}
    with Sandbox(state) as sandbox, opened(sandbox) as client:
        client.post("/taxes/classes", json={"name": "Books"})
        client.post("/products/shipping_classes", json={"name": "Bulky"})
        product = client.post(
            "/products",
            json={"name": "p", "type": "variable", "attributes": SIZES, "images": [picture], "shipping_class": "bulky"},
        ).json()
        place = f"/products/{product['id']}/variations"
        client.post(place, json={"attributes": [{"name": "Size", "option": "S"}], "tax_class": "books"})
        paths = (f"/products/{product['id']}", place, "/taxes/classes", "/products/shipping_classes")
        before = [client.get(path).json() for path in paths]
        assert before[1][0]["tax_class"] == "books"
    with Sandbox(state) as sandbox, opened(sandbox) as client:
        assert [client.get(path).json() for path in paths] == before
        again = client.put(paths[0], json={"images": [picture]}).json()["images"][0]
        assert again["name"] == "a-1.png", "a file is never overwritten"


def test_the_command_seeds_variations_and_sets_the_shops_place() -> None:
    options = ["--port", "0", "--seed", "2", "--variations", "3"]
    options += ["--timezone", "Asia/Kolkata", "--home", "https://shop.example/"]
    command = [sys.executable, "-m", "syncengine", "sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        index = httpx.get(f"{url}/wp-json/").json()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (index["timezone_string"], index["gmt_offset"]) == ("Asia/Kolkata", 5.5)
    assert index["home"] == "https://shop.example"


@pytest.mark.parametrize(
    "options",
    [
        ["--variations", "-1"],
        ["--variations", "many"],
        ["--seed", "-5"],
        ["--timezone", "Mars/Olympus"],
        ["--timezone", ""],
        ["--timezone", "../etc/passwd"],
        ["--home", "shop.example"],
        ["--home", "ftp://shop.example"],
        ["--home", "https://shop.example/?x=y"],
        ["--home", "https://[shop"],
    ],
)
def test_an_option_that_cannot_be_is_named(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(options)
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"argument {options[0]}: {options[1]!r} is not" in last
