"""`sync check` against a shop on a socket: what it finds, what it asks, what it never shows."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import Key, Sandbox
from syncengine.sandbox.server import running
from tests.system.project import Ended, Project

SECRET = "cs_" + "5ecretofthisshop" * 2
KEYS = [Key("ck_writes", SECRET), Key("ck_reads", SECRET, "read")]


@contextmanager
def shop_and_project(folder: Path, **options: Any) -> Iterator[tuple[Sandbox, Project]]:
    """A shop with a few products, and 30 in the ERP."""
    with Sandbox(seed=4, keys=KEYS, **options) as sandbox, running(sandbox) as url:
        project = Project(folder / "project", url, key="ck_writes", secret=SECRET)
        project.fill(30)
        yield sandbox, project


def checked(project: Project, *options: str) -> Ended:
    """The command's end, in text and as JSON alike; no secret is in either."""
    text, machine = project.sync("check", "-v", *options), project.sync("check", "--json", *options)
    assert text.code == machine.code, text
    for ended in (text, machine):
        assert "Traceback" not in ended.err
        assert project.secret not in ended.out + ended.err
        assert project.key not in ended.out + ended.err
    assert machine.json["exit_code"] == machine.code
    return Ended(machine.code, machine.out, text.out)


def errors(ended: Ended) -> list[str]:
    found = [finding for one in [*ended.json["connections"], *ended.json["jobs"]] for finding in one["findings"]]
    assert all(finding["to_do"] for finding in found if finding["level"] in ("warning", "error"))
    return [f"{finding['what']}: {finding['message']}" for finding in found if finding["level"] == "error"]


def test_a_project_that_is_ready_to_run(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (_, project):
        ended = checked(project)
    assert (ended.code, errors(ended)) == (0, [])
    assert [one["connection"] for one in ended.json["connections"]] == ["erp", "shop"]
    (job,) = ended.json["jobs"]
    assert job["job"] == "products"
    assert job["record"]["fields"][0] == {"field": "sku", "erp": "A-001", "store": None}
    assert "Nothing was found that needs to be done, and nothing was changed." in ended.err


def test_nothing_is_written_and_nothing_asked_but_what_reads_and_one_empty_batch(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (sandbox, project):
        project.more = '[jobs.prices]\nmapping = "prices.toml"\nerp = "erp"\nstore = "shop"\n'
        project.configure()
        (project.folder / "prices.toml").write_text(
            'entity = "product"\n[erp]\nresource = "products.csv"\nkey = "ArtNr"\n[fields]\n'
            'sku = { erp = "ArtNr", store = "sku", truth = "store", to = "erp" }\n'
            'price = { erp = "VK", store = "sale_price", type = "money" }\n',
            encoding="utf-8",
        )
        products = sandbox.products()
        files = {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")}
        sandbox.reset_log()
        assert project.sync("check").code == 0
        asked = [(one.method, one.path, one.size) for one in sandbox.requests]
        assert sandbox.products() == products
    assert {path: path.stat().st_mtime_ns for path in project.folder.rglob("*")} == files
    assert {method for method, _, _ in asked} == {"GET", "OPTIONS", "POST"}
    posts = [(path, size) for method, path, size in asked if method == "POST"]
    assert posts == [("/wp-json/wc/v3/products/batch", len(json.dumps({"update": []}, separators=(",", ":"))))]


def test_a_row_that_would_be_rejected_is_a_warning_and_ends_with_1(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (_, project):
        with project.source.open("ab") as file:
            file.write(b"A-099;cut off\r\n")
        ended = checked(project)
    assert (ended.code, errors(ended)) == (1, [])
    assert "products.csv:32: the row is too short" in " ".join(ended.err.split())


def test_a_mistake_in_the_mapping_ends_with_2(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (_, project):
        mapping = project.folder / "products.toml"
        text = mapping.read_text(encoding="utf-8")
        mapping.write_text(text.replace('"VK"', '"VKPreis"'), encoding="utf-8")
        ended = checked(project)
        assert ended.code == 2
        assert errors(ended) == ["fields.regular_price: products.toml:11: erp/products.csv has no column 'VKPreis'"]
        mapping.write_text(text.replace('"ask"', '"perhaps"'), encoding="utf-8")
        ended = checked(project)
    assert ended.code == 2
    assert "products.toml:15" in errors(ended)[0]


def test_a_broken_config_and_an_unknown_job_end_with_2_before_anything_is_contacted(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (sandbox, project):
        unknown = project.sync("check", "--json", "prodcuts")
        config = project.folder / "config.toml"
        config.write_text(config.read_text(encoding="utf-8").replace("timeout = 5", "timeout = 0"), encoding="utf-8")
        broken = project.sync("check", "--json")
        assert sandbox.requests == []
    assert (unknown.code, unknown.out, broken.code, broken.out) == (2, "", 2, "")
    assert "did you mean products?" in unknown.err
    assert "timeout" in broken.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"key": "ck_nobody"}, 3, "key: unknown or revoked consumer_key"),
        ({"secret": "cs_isnotthesecretofthisshop"}, 3, "key: wrong consumer_secret"),
        ({"key": "ck_reads"}, 3, "key: the key may read but not write"),
    ],
)
def test_a_key_that_does_not_do_ends_with_3(tmp_path: Path, options: dict[str, str], code: int, said: str) -> None:
    with shop_and_project(tmp_path) as (_, project):
        for name, value in options.items():
            setattr(project, name, value)
        project.configure()
        ended = checked(project)
    assert ended.code == code
    assert [one[: len(said)] for one in errors(ended)] == [said]


ONLY_READS_THE_SHOP = """\
entity = "product"
[erp]
resource = "products.csv"
key = "ArtNr"
write_to = "import/p-{time}.csv"
[create]
in_store = false
[fields]
sku = { erp = "ArtNr", store = "sku", truth = "store", to = "erp" }
stock = { erp = "Bestand", store = "stock_quantity", type = "integer", truth = "store", to = "erp" }
"""


@pytest.mark.parametrize(("key", "code"), [("ck_writes", 1), ("ck_reads", 0)])
def test_a_key_that_may_write_is_a_warning_where_the_shop_is_only_read(tmp_path: Path, key: str, code: int) -> None:
    with shop_and_project(tmp_path) as (_, project):
        project.key = key
        project.configure()
        (project.folder / "products.toml").write_text(ONLY_READS_THE_SHOP, encoding="utf-8")
        assert checked(project).code == code


def test_a_shop_that_does_not_answer_ends_with_3_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (_, project), socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        project.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        project.configure()
        ended = checked(project)
    assert ended.code == 3
    assert errors(ended) == [f"address: nobody listens at {project.url.removeprefix('http://')}"]
    assert "10 out of 30 read: none would be rejected for its values" in ended.err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ({"plain_permalinks": True}, 3, "permalinks: the shop has plain permalinks"),
        ({"firewall": True}, 3, "REST API: a firewall answers in the shop's place"),
        ({"redirect_to": "https://elsewhere.example"}, 3, "address: the shop redirects to another host"),
        ({"home": "http://www.shop.example"}, 3, "key: the store checks signatures for its own address"),
        ({"clock_offset": 20 * 60}, 3, "key: this machine's clock is 20 minutes behind the store's"),
    ],
)
def test_what_stands_in_the_way_is_told_apart(tmp_path: Path, options: dict[str, Any], code: int, said: str) -> None:
    with shop_and_project(tmp_path, **options) as (_, project):
        ended = checked(project)
    assert ended.code == code
    assert errors(ended)[0][: len(said)] == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clock_offset": 200}, "this machine's clock is 3 min behind the shop's"),
        ({"woocommerce": "6.5.1"}, "WooCommerce 6.5.1 is older than 7.0"),
        ({"wordpress": "5.6"}, "WordPress 5.6 is older than 5.8"),
    ],
)
def test_what_need_not_stand_in_the_way_is_a_warning(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with shop_and_project(tmp_path, **options) as (_, project):
        ended = checked(project)
    assert ended.code == 1
    assert said in " ".join(ended.err.split())


def test_who_stops_listening_does_not_change_the_exit_code(tmp_path: Path) -> None:
    with shop_and_project(tmp_path) as (_, project), project.begin("check") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait(60) == 0
    assert complaint == ""
