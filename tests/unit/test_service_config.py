"""What is in force, and what a reload changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.errors import ConfigError
from syncengine.service.config import Changes, take_up

CONFIG = """\
[connections.erp]
type = "csv"
folder = "erp"

[connections.shop]
type = "woocommerce"
url = "https://shop.example.com"
consumer_key = "ck_1"
consumer_secret = "cs_1"

[connections.shop-again]
type = "woocommerce"
url = "https://shop.example.com/wp-json/wc/v3"
consumer_key = "ck_2"
consumer_secret = "cs_2"
"""
MAPPING = """\
entity = "product"

[erp]
resource = "products.csv"
key = "ArtNr"

[fields]
sku = {{ erp = "ArtNr", store = "sku", truth = "store", to = "erp" }}
{name} = {{ erp = "Name", store = "meta:{name}" }}
"""


def config(folder: Path, **jobs: str) -> Path:
    text = CONFIG
    for name, more in jobs.items():
        text += f'[jobs.{name}]\nmapping = "{name}.toml"\nerp = "erp"\n{more}\n'
        text += "" if "store = " in more else 'store = "shop"\n'
        (folder / f"{name}.toml").write_text(MAPPING.format(name=name), encoding="utf-8")
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return folder / "config.toml"


def test_it_keeps_the_texts_of_the_config_and_of_every_mapping(tmp_path: Path) -> None:
    file = config(tmp_path, one='every = "5m"', two="")
    taken = take_up(file)
    assert taken.texts == {
        str(path): path.read_text(encoding="utf-8") for path in (file, tmp_path / "one.toml", tmp_path / "two.toml")
    }
    assert list(taken.scheduled) == ["one"]


def test_jobs_that_write_the_same_store_have_something_in_common(tmp_path: Path) -> None:
    taken = take_up(config(tmp_path, one='every = "5m"', two='store = "shop-again"'))
    assert taken.store("one") == taken.store("two")


def test_every_mapping_is_checked_that_of_a_job_without_schedule_too(tmp_path: Path) -> None:
    file = config(tmp_path, one='every = "5m"', two="")
    (tmp_path / "two.toml").write_text("entity = 7", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"two\.toml"):
        take_up(file)


def test_what_a_reload_changes_is_told_by_job(tmp_path: Path) -> None:
    before = take_up(config(tmp_path, a='every = "5m"', b='every = "5m"', c='every = "5m"', d='schedule = "0 3 * * *"'))
    after = take_up(
        config(
            tmp_path,
            a='every = "5m"\nreconcile = "1h"',
            b='every = "300s"',
            d='schedule = "0 3 * * *"\ntimezone = "Europe/Berlin"',
            e='every = "5m"',
        )
    )
    assert Changes.between(before, after) == Changes(added=["e"], removed=["c"], changed=["d"])
