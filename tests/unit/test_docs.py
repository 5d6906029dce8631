"""The pages about config.toml and mappings say everything that the code knows, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from syncengine.mapping import Entity, GoneFromErp, GoneFromStore, Truth
from syncengine.mapping_file import load_mapping, tables
from syncengine.settings import CsvConnection, Guards, Job, Log, Service, WooCommerceConnection
from syncengine.state.url import DEFAULT
from syncengine.store_paths import TABLES
from syncengine.values import TypeName

DOCS = Path(__file__).parents[2] / "docs"
CONFIG = (DOCS / "config.md").read_text(encoding="utf-8")
MAPPING = (DOCS / "mapping.md").read_text(encoding="utf-8")

CONFIG_TABLES = {
    '### `type = "csv"`': set(CsvConnection.model_fields) - {"name", "type"},
    '### `type = "woocommerce"`': set(WooCommerceConnection.model_fields) - {"name", "type"},
    "## `[jobs.NAME]`": set(Job.model_fields) - {"name"},
    "## `[jobs.NAME.guards]`": set(Guards.model_fields),
    "## `[state]`": {"url"},
    "## `[service]`": set(Service.model_fields),
    "## `[log]`": set(Log.model_fields),
}
MAPPING_TABLES = {
    "## `[erp]`": set(tables.ErpTable.model_fields),
    "## `[store]`": set(tables.StoreTable.model_fields),
    "## `[match]`": set(tables.MatchTable.model_fields),
    "## `[lines]`": set(tables.LinesTable.model_fields),
    "## `[create]`": set(tables.CreateTable.model_fields),
    "## `[gone]`": set(tables.GoneTable.model_fields),
    "## `[fields]`": (set(tables.FieldTable.model_fields) - {"otherwise"}) | {"else"},
    "### Types": set(get_args(TypeName)),
    "### Truth": set(get_args(Truth)),
}


def section(page: str, heading: str) -> str:
    found = re.search(rf"^{re.escape(heading)}.*?$(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def rows(page: str, heading: str) -> dict[str, str]:
    """The words of a table's first column, with their second."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*(?:\\\|[^|]*)*) \|", section(page, heading), re.MULTILINE))


@pytest.mark.parametrize("heading", CONFIG_TABLES)
def test_every_key_of_config_toml_is_explained_and_no_other(heading: str) -> None:
    assert set(rows(CONFIG, heading)) == CONFIG_TABLES[heading]


@pytest.mark.parametrize("heading", MAPPING_TABLES)
def test_every_key_type_and_truth_of_a_mapping_is_explained_and_no_other(heading: str) -> None:
    assert set(rows(MAPPING, heading)) == MAPPING_TABLES[heading]


@pytest.mark.parametrize(
    "word", [*get_args(GoneFromErp), *get_args(GoneFromStore), *get_args(Entity), *TABLES["product"].match]
)
def test_every_other_word_of_a_mapping_is_explained(word: str) -> None:
    assert f"`{word}`" in MAPPING


@pytest.mark.parametrize(
    "heading", ['### `type = "csv"`', '### `type = "woocommerce"`', "## `[jobs.NAME]`", "## `[service]`", "## `[log]`"]
)
def test_the_defaults_of_config_toml_are_the_ones_that_are_told(heading: str) -> None:
    text = CONFIG.replace("must be given", "").replace("by the URL", "").replace("none", "").replace("see below", "")
    told = {
        key: tomllib.loads(f"v = {value.strip('`')}")["v"]
        for key, value in rows(text, heading).items()
        if value.strip()
    }
    by_model = {"csv": CsvConnection, "woo": WooCommerceConnection, "job": Job, "service": Service, "log": Log}
    model = next(model for word, model in by_model.items() if word in heading)
    values = {"name": "x", "type": "x", "folder": "/", "url": "http://x", "consumer_key": "", "consumer_secret": ""}
    values |= {"mapping": "/", "erp": "x", "store": "y"}
    made = model.model_validate({key: value for key, value in values.items() if key in model.model_fields})
    given = model.model_validate({**{key: value for key, value in values.items() if key in model.model_fields}, **told})
    assert given == made
    optional = {
        key for key, field in model.model_fields.items() if not field.is_required() and field.default is not None
    }
    assert set(told) == optional - {"guards"}


def test_the_default_guards_are_the_ones_that_are_told() -> None:
    told = {
        key: tomllib.loads(f"v = {value.strip('`')}")["v"]
        for key, value in rows(CONFIG, "## `[jobs.NAME.guards]`").items()
    }
    assert Guards.model_validate(told) == Guards()
    assert DEFAULT in rows(CONFIG, "## `[state]`")["url"]


def test_the_mapping_on_the_page_can_be_read(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", MAPPING, re.DOTALL)
    assert block
    (tmp_path / "products.toml").write_text(block[1], encoding="utf-8")
    assert list(load_mapping(tmp_path / "products.toml").fields) == ["sku", "name", "price"]


def test_links_lead_somewhere() -> None:
    for page in (CONFIG, MAPPING):
        for target in re.findall(r"\]\(([^)#]+)\)", page):
            assert (DOCS / target).exists(), target
