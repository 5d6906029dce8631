"""config.toml and the environment -> Settings."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.errors import ConfigError, Problem
from syncengine.settings import CsvConnection, Limit, OtherConnection, Service, Settings, WooCommerceConnection
from syncengine.settings_file import config_file, connections, load_settings

ROOT = Path(__file__).parents[2]
CONFIG = """\
[state]
url = "sqlite:///sync.db"

[connections.erp]
type = "csv"
folder = "erp"
decimal = ","
date_format = "%d.%m.%Y"

[connections.shop]
type = "woocommerce"
url = "https://shop.example.com"
consumer_key = "ck_1234"
consumer_secret = "cs_geheim"

[jobs.products]
mapping = "products.toml"
erp = "erp"
store = "shop"
schedule = "*/15 * * * *"
reconcile = "24h"

[jobs.products.guards]
max_changes = "50%"
"""


@pytest.fixture(autouse=True)
def _bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("SYNC_"):
            monkeypatch.delenv(name)
    (tmp_path / "products.toml").touch()


def write(folder: Path, text: str = CONFIG) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, text: str = CONFIG) -> Settings:
    return load_settings(write(folder, text))


def problems(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 2
    return list(caught.value.problems)


def shop(loaded: Settings) -> WooCommerceConnection:
    found = loaded.connections["shop"]
    assert isinstance(found, WooCommerceConnection)
    return found


def erp(loaded: Settings) -> CsvConnection:
    found = loaded.connections["erp"]
    assert isinstance(found, CsvConnection)
    return found


def test_a_config_is_read_with_its_defaults(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.file == tmp_path / "config.toml"
    assert erp(loaded).encoding == erp(loaded).delimiter == "auto"
    assert (erp(loaded).decimal, erp(loaded).thousands, erp(loaded).timezone) == (",", "", "UTC")
    assert (shop(loaded).timeout, shop(loaded).concurrency) == (60, 2)
    assert (shop(loaded).overlap, shop(loaded).settle) == (timedelta(seconds=120), timedelta(seconds=30))
    assert shop(loaded).consumer_secret.get_secret_value() == "cs_geheim"
    job = loaded.jobs["products"]
    assert (job.erp, job.store, job.schedule, job.every, job.timezone) == ("erp", "shop", "*/15 * * * *", None, "UTC")
    assert job.reconcile == timedelta(hours=24)
    assert job.guards.max_changes == Limit(share=Decimal("0.5"))
    assert job.guards.max_deletes == Limit(share=Decimal("0.05"))
    assert job.guards.min_rows == 1


def test_relative_paths_are_relative_to_the_config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.chdir(tmp_path.parent)
    loaded = load_settings(Path(tmp_path.name) / "config.toml")
    assert erp(loaded).folder == tmp_path / "erp"
    assert loaded.jobs["products"].mapping == tmp_path / "products.toml"
    assert loaded.state_url == f"sqlite:///{tmp_path / 'sync.db'}"


def test_absolute_paths_stay_as_they_are(tmp_path: Path) -> None:
    text = CONFIG.replace('"erp"\ndecimal', '"/srv/erp"\ndecimal').replace(
        "sqlite:///sync.db", "sqlite:////var/sync.db"
    )
    loaded = load(tmp_path, text)
    assert erp(loaded).folder == Path("/srv/erp")
    assert loaded.state_url == "sqlite:////var/sync.db"


def test_the_state_is_beside_the_config_unless_it_says_where(tmp_path: Path) -> None:
    loaded = load(tmp_path, CONFIG.replace('[state]\nurl = "sqlite:///sync.db"', ""))
    assert loaded.state_url == f"sqlite:///{tmp_path / 'sync.db'}"


def test_the_state_may_be_a_postgresql_database(tmp_path: Path) -> None:
    loaded = load(tmp_path, CONFIG.replace("sqlite:///sync.db", "postgresql://me:pass%40word@db/sync"))
    assert loaded.state_url == "postgresql://me:pass%40word@db/sync"


def test_the_config_is_found_by_name_by_variable_or_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setenv("SYNC_CONFIG", str(tmp_path / "config.toml"))
    assert load_settings(None).file == tmp_path / "config.toml"
    monkeypatch.delenv("SYNC_CONFIG")
    monkeypatch.chdir(tmp_path)
    assert load_settings(None).file == tmp_path / "config.toml"


def test_a_missing_config_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"config.toml: there is no such file\n    copy config.example.toml"):
        load_settings(None)


def test_a_config_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + CONFIG.replace("\n", "\r\n")).jobs


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://shop.example.com/", "https://shop.example.com"),
        ("https://shop.example.com/wp-json/wc/v3", "https://shop.example.com"),
        ("https://shop.example.com/wp-json/wc/v3/", "https://shop.example.com"),
        ("https://example.com/shop/wp-json", "https://example.com/shop"),
        ("https://example.com/shop/wc-api/v3/", "https://example.com/shop"),
        ("http://127.0.0.1:8899", "http://127.0.0.1:8899"),
        ("http://shop.example.com", "http://shop.example.com"),
        ("http://[::1]:8899/", "http://[::1]:8899"),
    ],
)
def test_what_people_paste_as_the_url_is_understood(tmp_path: Path, written: str, meant: str) -> None:
    assert shop(load(tmp_path, CONFIG.replace("https://shop.example.com", written))).url == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"90s"', timedelta(seconds=90)),
        ('"5m"', timedelta(minutes=5)),
        ('"24h"', timedelta(hours=24)),
        ('"7d"', timedelta(days=7)),
        ('"never"', None),
    ],
)
def test_durations(tmp_path: Path, written: str, meant: timedelta | None) -> None:
    loaded = load(tmp_path, CONFIG.replace('reconcile = "24h"', f"reconcile = {written}"))
    assert loaded.jobs["products"].reconcile == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"50%"', Limit(share=Decimal("0.5"))),
        ('"2.5%"', Limit(share=Decimal("0.025"))),
        ('"100%"', Limit(share=Decimal(1))),
        ("200", Limit(count=200)),
        ("0", Limit(count=0)),
    ],
)
def test_limits_are_shares_or_counts(tmp_path: Path, written: str, meant: Limit) -> None:
    loaded = load(tmp_path, CONFIG.replace('max_changes = "50%"', f"max_changes = {written}"))
    assert loaded.jobs["products"].guards.max_changes == meant


@pytest.mark.parametrize("written", ["0 3 * * *", "*/5 8-18 * * mon-fri", "0,30 0 1 jan,jul 0", "1-59/2 * * * 7"])
def test_cron_lines_are_taken(tmp_path: Path, written: str) -> None:
    assert load(tmp_path, CONFIG.replace("*/15 * * * *", written)).jobs["products"].schedule == written


def test_a_job_may_run_every_so_often_instead(tmp_path: Path) -> None:
    loaded = load(tmp_path, CONFIG.replace('schedule = "*/15 * * * *"', 'every = "5m"'))
    assert loaded.jobs["products"].every == timedelta(minutes=5)


def test_seconds_may_be_written_as_a_number_or_with_a_unit(tmp_path: Path) -> None:
    for written, meant in [("2.5", 2.5), ("90", 90), ('"2m"', 120)]:
        text = CONFIG.replace('consumer_key = "ck_1234"', f'consumer_key = "ck_1234"\ntimeout = {written}')
        assert shop(load(tmp_path, text)).timeout == meant


@pytest.mark.parametrize("written", ["tab", "\\\\t", "\\t"])
def test_a_tab_may_be_written_in_several_ways(tmp_path: Path, written: str) -> None:
    assert erp(load(tmp_path, CONFIG.replace('decimal = ","', f'delimiter = "{written}"'))).delimiter == "\t"


# -- secrets and the environment ---------------------------------------------------------------------------------------


def without_secrets(text: str = CONFIG) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("consumer_"))


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_KEY", "ck_other")
    monkeypatch.setenv("sync_connections__shop__consumer_secret", "cs_other")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__TIMEOUT", "5")
    monkeypatch.setenv("SYNC_JOBS__PRODUCTS__GUARDS__MIN_ROWS", "12")
    monkeypatch.setenv("SYNC_JOBS__PRODUCTS__GUARDS__MAX_DELETES", "3")
    monkeypatch.setenv("SYNC_STATE__URL", "sqlite:///other.db")
    loaded = load(tmp_path)
    assert shop(loaded).consumer_key.get_secret_value() == "ck_other"
    assert shop(loaded).consumer_secret.get_secret_value() == "cs_other"
    assert shop(loaded).timeout == 5
    guards = loaded.jobs["products"].guards
    assert (guards.min_rows, guards.max_deletes, guards.max_changes) == (
        12,
        Limit(count=3),
        Limit(share=Decimal("0.5")),
    )
    assert loaded.state_url == f"sqlite:///{tmp_path / 'other.db'}"


def test_names_with_capitals_and_dashes_can_be_meant_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP_DE__CONSUMER_KEY", "ck_other")
    text = CONFIG.replace("connections.shop", "connections.Shop-DE").replace('store = "shop"', 'store = "Shop-DE"')
    found = load(tmp_path, text).connections["Shop-DE"]
    assert isinstance(found, WooCommerceConnection)
    assert found.consumer_key.get_secret_value() == "ck_other"


def test_variables_that_only_look_like_ours_do_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_STATE", "running")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__TIMEOUT", "")
    monkeypatch.setenv("SYNC_SOMETHING_ELSE", "1")
    monkeypatch.setenv("SYNC_SERVICE_HOST", "10.0.0.1")  # Kubernetes, of a service that is called sync
    monkeypatch.setenv("SYNC_SERVICE_PORT_HTTP", "80")
    monkeypatch.setenv("SYNC_CONNECTIONS_OPEN", "7")
    assert shop(load(tmp_path)).timeout == 60


def test_secrets_may_be_in_files_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("\ufeffcs_from_file\r\n", encoding="utf-8")
    text = CONFIG.replace('consumer_secret = "cs_geheim"', 'consumer_secret_file = "secret.txt"')
    assert shop(load(tmp_path, text)).consumer_secret.get_secret_value() == "cs_from_file"


def test_a_secret_of_the_environment_wins_over_a_file_of_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = CONFIG.replace('consumer_secret = "cs_geheim"', 'consumer_secret_file = "nowhere.txt"')
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_SECRET", "cs_environment")
    assert shop(load(tmp_path, text)).consumer_secret.get_secret_value() == "cs_environment"


def test_a_file_of_secrets_of_the_environment_wins_over_the_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.txt").write_text("cs_from_file")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_SECRET_FILE", "secret.txt")
    assert shop(load(tmp_path)).consumer_secret.get_secret_value() == "cs_from_file"


def test_a_mistake_in_the_environment_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__TIMEOUT", "soon")
    (problem,) = problems(tmp_path, CONFIG)
    assert (problem.file, problem.line) == ("environment", None)
    assert problem.message == "SYNC_CONNECTIONS__SHOP__TIMEOUT: not a duration: 'soon'"


def test_a_misspelt_connection_in_the_environment_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHPO__CONSUMER_KEY", "ck_1")
    (problem,) = problems(tmp_path, CONFIG)
    assert (problem.file, problem.line) == ("environment", None)
    assert problem.message == "SYNC_CONNECTIONS__SHPO__CONSUMER_KEY: there is no table [connections.shpo]"
    assert "did you mean shop?" in problem.instead


@pytest.mark.parametrize(
    ("variable", "message", "instead"),
    [
        ("SYNC_CONNECTION__SHOP__CONSUMER_KEY", "there is no table [connection]", "did you mean connections?"),
        ("SYNC_SHOP__CONSUMER_KEY", "there is no table [shop]", "there are: state, connections, jobs, service, log"),
        ("SYNC_JOBS__PRODUKTE__GUARDS__MAX_CHANGES", "there is no table [jobs.produkte]", "did you mean products?"),
        ("SYNC_STATE_URL", "joined by two underscores", "write SYNC_STATE__URL"),
        ("sync_log_file", "joined by two underscores", "write SYNC_LOG__FILE"),
        ("SYNC_CONNECTIONS_SHOP_CONSUMER_KEY_FILE", "two", "write SYNC_CONNECTIONS__SHOP__CONSUMER_KEY_FILE"),
        ("SYNC_JOBS_PRODUCTS_SCHEDULE", "joined by two underscores", "write SYNC_JOBS__PRODUCTS__SCHEDULE"),
    ],
)
def test_a_variable_that_reaches_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, message: str, instead: str
) -> None:
    monkeypatch.setenv(variable, "ck_1")
    (problem,) = problems(tmp_path, CONFIG)
    assert (problem.file, problem.line) == ("environment", None)
    assert problem.message.startswith(f"{variable}: ")
    assert message in problem.message
    assert instead in problem.instead


def test_a_whole_job_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (("MAPPING", "products.toml"), ("ERP", "erp"), ("STORE", "shop")):
        monkeypatch.setenv(f"SYNC_JOBS__STOCK__{key}", value)
    assert list(load(tmp_path).jobs) == ["products", "stock"]


def test_missing_secrets_say_all_the_places_where_they_can_be(tmp_path: Path) -> None:
    found = problems(tmp_path, without_secrets())
    assert [problem.message for problem in found] == [
        "connections.shop: consumer_key is missing",
        "connections.shop: consumer_secret is missing",
    ]
    assert found[0].line == 10
    assert "consumer_key_file" in found[0].instead
    assert "SYNC_CONNECTIONS__SHOP__CONSUMER_KEY" in found[0].instead


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "text",
    [
        CONFIG.replace("cs_geheim", SECRET),
        CONFIG.replace("ck_1234", SECRET),
        CONFIG.replace("ck_1234", f"cs_{SECRET}"),
        CONFIG.replace('"cs_geheim"', f'"cs_{SECRET} x"'),
        CONFIG.replace('"cs_geheim"', f'["{SECRET}"]'),
        CONFIG.replace("https://shop", f"https://me:{SECRET}@shop"),
        CONFIG.replace("https://shop.example.com", f"https://shop.example.com/?consumer_key={SECRET}"),
        CONFIG.replace("https://shop.example.com", f"ftp://me:{SECRET}@shop.example.com"),
        CONFIG.replace("sqlite:///sync.db", f"mysql://me:{SECRET}@db/sync"),
        CONFIG.replace("sqlite:///sync.db", f"postgresql://me:{SECRET}@db:port/sync"),
        CONFIG.replace("decimal", f'consumer_secret = "{SECRET}"\ndecimal'),
    ],
)
def test_no_secret_is_ever_in_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert SECRET not in repr(caught.value.problems)
    assert caught.value.__cause__ is None


def test_no_secret_is_ever_in_the_settings_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "entry_points", lambda group: [_Point("plug-in")])
    text = CONFIG.replace("cs_geheim", f"cs_{SECRET}").replace("ck_1234", f"ck_{SECRET}")
    text = text.replace("sqlite:///sync.db", f"postgresql://me:{SECRET}@db/sync")
    text += f'[connections.other]\ntype = "plug-in"\npassword = "{SECRET}"\n'
    assert SECRET not in repr(load(tmp_path, text))
    assert SECRET not in str(load(tmp_path, text))


class _Point:
    def __init__(self, name: str) -> None:
        self.name = name


def test_a_plug_in_gets_its_options_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "entry_points", lambda group: [_Point("plug-in")])
    text = CONFIG + '[connections.other]\ntype = "plug-in"\nport = 8069\nname = "x"\n'
    found = load(tmp_path, text.replace('erp = "erp"', 'erp = "other"')).connections["other"]
    assert isinstance(found, OtherConnection)
    assert (found.name, found.type, found.options) == ("other", "plug-in", {"port": 8069, "name": "x"})


# -- mistakes ----------------------------------------------------------------------------------------------------------


def changed(old: str, new: str) -> str:
    assert old in CONFIG
    return CONFIG.replace(old, new, 1)


MISTAKES: list[tuple[str, int | None, str, str]] = [
    # config.toml, line, part of the message, part of what to write instead
    (changed("[state]", "[stat]"), 1, "stat: unknown key", "did you mean state?"),
    (changed("url = ", "uri = "), 2, "state.uri: unknown key", "url"),
    (changed("sqlite:///sync.db", "mysql://db/sync"), 2, "state.url: no mysql", "sqlite:///sync.db"),
    (changed("sqlite:///sync.db", "sync.db"), 2, "state.url: not the URL of a database", "sqlite:///sync.db"),
    (changed("sqlite:///sync.db", "sqlite://"), 2, "a state in memory is forgotten", "sqlite:///sync.db"),
    (changed("sqlite:///sync.db", "sqlite:///:memory:"), 2, "a state in memory is forgotten", "sqlite:///sync.db"),
    (changed('"sqlite:///sync.db"', "5"), 2, "not the URL of a database", "sqlite:///sync.db"),
    (changed('type = "csv"\n', ""), 4, "connections.erp: type is missing", 'write type = "csv"'),
    (changed('"csv"', '"cvs"'), 5, "no endpoint of type 'cvs' is installed", "did you mean csv?"),
    (changed('"csv"', '"odoo"'), 5, "no endpoint of type 'odoo' is installed", "there are: csv, woocommerce"),
    (changed('"csv"', '["csv"]'), 5, "must be text in quotes", 'type = "csv"'),
    (changed('folder = "erp"\n', ""), 4, "connections.erp: folder is missing", 'folder = "erp"'),
    (changed('folder = "erp"', "folder = 5"), 6, "folder: must be text in quotes", 'folder = "erp"'),
    (changed('folder = "erp"', 'folder = ""'), 6, "no folder is named", 'folder = "erp"'),
    (changed('folder = "erp"', 'folder = "erp"\nfodler = "x"'), 7, "unknown key", "did you mean folder?"),
    (changed('folder = "erp"', 'folder = "erp"\nname = "x"'), 7, "erp.name: unknown key", "the name is erp"),
    (changed('decimal = ","', 'decimal = ";"'), 7, "not a decimal mark: ';'", 'write "." or ","'),
    (changed('decimal = ","', 'thousands = "x"'), 7, "not a mark between thousands", '","'),
    (changed('decimal = ","', 'thousands = "."'), 7, "the same mark as decimal", 'thousands = ","'),
    (changed('decimal = ","', 'delimiter = "x"'), 7, "not a delimiter: 'x'", '";"'),
    (changed('decimal = ","', 'encoding = "uft-8"'), 7, "unknown encoding 'uft-8'", 'did you mean "utf-8"?'),
    (changed('decimal = ","', 'encoding = "base64"'), 7, "unknown encoding 'base64'", '"auto"'),
    (changed('decimal = ","', 'encoding = "undefined"'), 7, "'undefined' cannot spell a CSV file", '"auto"'),
    (changed('decimal = ","', 'encoding = "punycode"'), 7, "'punycode' cannot spell a CSV file", '"auto"'),
    (changed('decimal = ","', 'encoding = "idna"'), 7, "'idna' cannot spell a CSV file", '"auto"'),
    (changed('decimal = ","', 'timezone = "Berlin"'), 7, "unknown time zone 'Berlin'", "Europe/Berlin"),
    (changed('decimal = ","', 'timezone = "../x"'), 7, "unknown time zone '../x'", "Europe/Berlin"),
    (changed("%d.%m.%Y", "dd.mm.yyyy"), 8, "dates cannot be read back from 'dd.mm.yyyy'", "%d.%m.%Y"),
    (changed("%d.%m.%Y", "%d.%m."), 8, "dates cannot be read back", "%d.%m.%Y"),
    (changed("https://shop.example.com", "shop.example.com"), 12, "not a URL of a shop", "https://shop.example.com"),
    (changed("https://", "ftp://"), 12, "not a URL of a shop", "https://shop.example.com"),
    (changed("https://shop", "https://me:pw@shop"), 12, "no user and password in the URL", "consumer_key"),
    (changed("example.com", "example.com/?lang=de"), 12, "something follows the address", "front page"),
    (changed("example.com", "example.com:port"), 12, "not a URL", "https://shop.example.com"),
    (changed("example.com", "exa mple.com"), 12, "not a URL of a shop", "https://shop.example.com"),
    (changed("example.com", f"{64 * 'x'}.com"), 12, "not a URL of a shop", "https://shop.example.com"),
    (changed("example.com", "example..com"), 12, "not a URL of a shop", "https://shop.example.com"),
    (changed('"ck_1234"', '"1234"'), 13, "starts with ck_", "REST API"),
    (changed('"ck_1234"', '"cs_1234"'), 13, "starts with ck_", "swap the two"),
    (changed('"ck_1234"', '"ck_"'), 13, "starts with ck_", "REST API"),
    (changed('"ck_1234"', "1234"), 13, "must be text in quotes", "consumer_key = "),
    (
        changed('consumer_secret = "cs_geheim"', 'consumer_secret_file = "no.txt"'),
        14,
        "no.txt: No such file",
        "a text file",
    ),
    (changed('consumer_secret = "cs_geheim"', 'consumer_secret_file = "."'), 14, "Is a directory", "a text file"),
    (changed('consumer_secret = "cs_geheim"', 'consumer_secret_file = "products.toml"'), 14, "is empty", "a text file"),
    (
        changed('consumer_secret = "cs_geheim"', "consumer_secret_file = 5"),
        14,
        "must be the name of a file",
        "a text file",
    ),
    (
        changed('"cs_geheim"', '"cs_x"\nconsumer_secret_file = "x"'),
        15,
        "both consumer_secret and",
        "leave one of them out",
    ),
    (changed('"cs_geheim"', '"cs_x"\ntimeout = 0'), 15, "timeout: out of bounds", "seconds from 1 to 600"),
    (changed('"cs_geheim"', '"cs_x"\ntimeout = inf'), 15, "timeout: out of bounds", "seconds from 1 to 600"),
    (changed('"cs_geheim"', '"cs_x"\ntimeout = nan'), 15, "timeout: out of bounds", "seconds from 1 to 600"),
    (changed('"cs_geheim"', '"cs_x"\ntimeout = true'), 15, "not a number of seconds", "timeout = 60"),
    (changed('"cs_geheim"', '"cs_x"\nconcurrency = 17'), 15, "out of bounds", "from 1 to 16"),
    (changed('"cs_geheim"', '"cs_x"\nconcurrency = 1.5'), 15, "not a count: 1.5", "a whole number"),
    (changed('"cs_geheim"', '"cs_x"\noverlap = 120'), 15, "not a duration: 120", '"90s"'),
    (changed('"cs_geheim"', '"cs_x"\nsettle = "-5s"'), 15, "not a duration: '-5s'", '"90s"'),
    (changed('"cs_geheim"', '"cs_x"\nsettle = "99999999d"'), 15, "too long a duration", "at most"),
    (changed("jobs.products]", 'jobs."my job"]'), 16, "jobs.my job: not a good name", "letters (a-z), digits"),
    (changed("connections.erp]", 'connections."ä"]'), 4, "connections.ä: not a good name", "letters (a-z), digits"),
    (changed('mapping = "products.toml"\n', ""), 16, "mapping is missing", "mappings/products.toml"),
    (changed("products.toml", "other.toml"), 17, "there is no file other.toml", "mappings/"),
    (changed('erp = "erp"', 'erp = "epr"'), 18, "there is no connection 'epr'", "did you mean erp?"),
    (changed('erp = "erp"\nstore', "store"), 16, "jobs.products: erp is missing", "[connections]"),
    (changed('store = "shop"', 'store = "erp"'), 19, "erp is of type csv", "(there are: shop)"),
    (changed('erp = "erp"\nstore', 'erp = "shop"\nstore'), 18, "shop is of type woocommerce", "(there are: erp)"),
    (changed("*/15 * * * *", "*/15 * * *"), 20, "five fields, this has 4", "*/15 * * * *"),
    (changed("*/15 * * * *", "61 * * * *"), 20, "minute of the cron line: '61'", "from 0 to 59"),
    (changed("*/15 * * * *", "*/0 * * * *"), 20, "minute of the cron line", "from 0 to 59"),
    (changed("*/15 * * * *", "0 18-8 * * *"), 20, "hour of the cron line", "from 0 to 23"),
    (changed("*/15 * * * *", "0 0 0 * *"), 20, "day of the month of the cron line", "from 1 to 31"),
    (changed("*/15 * * * *", "0 0 * * montag"), 20, "day of the week of the cron line", "from 0 to 7"),
    (changed("*/15 * * * *", "0 0 31 2 *"), 20, "the day of '0 0 31 2 *' never comes", "a day that the month has"),
    (changed("https://shop.example.com", "http://[::1"), 12, "not a URL", "https://shop.example.com"),
    (changed('"*/15 * * * *"', "15"), 20, "not a cron line", "five fields"),
    (
        changed('schedule = "*/15 * * * *"', 'schedule = "0 0 * * *"\nevery = "5m"'),
        21,
        "both schedule and every",
        "one of them",
    ),
    (changed('schedule = "*/15 * * * *"', 'every = "0s"'), 20, "out of bounds", '"1s"'),
    (changed('schedule = "*/15 * * * *"', 'timezone = "Mars"'), 20, "unknown time zone 'Mars'", "Europe/Berlin"),
    (changed('reconcile = "24h"', 'reconcile = "daily"'), 21, "not a duration: 'daily'", '"24h"'),
    (changed('max_changes = "50%"', 'max_change = "50%"'), 24, "unknown key", "did you mean max_changes?"),
    (changed('max_changes = "50%"', 'max_changes = "150%"'), 24, "more than 100%", '"100%" turns the limit off'),
    (changed('max_changes = "50%"', 'max_changes = "half"'), 24, "not a limit: 'half'", '"50%"'),
    (changed('max_changes = "50%"', "max_changes = -1"), 24, "not a limit: -1", '"50%"'),
    (changed('max_changes = "50%"', "max_changes = 0.5"), 24, "not a limit: 0.5", '"50%"'),
    (changed('max_changes = "50%"', "min_rows = -1"), 24, "not a count: -1", "a whole number"),
    (changed('max_changes = "50%"', "min_rows = true"), 24, "not a count: True", "a whole number"),
    (CONFIG + "max_changes = 5\n", 25, "the same key or table twice", "write it once"),
    (changed('folder = "erp"', "folder = erp"), 6, "not TOML: invalid value", "text in straight quotes"),
    (changed('folder = "erp"', "folder = „erp“"), 6, "not TOML", "text in straight quotes"),
    (changed('folder = "erp"', 'folder = "erp'), 6, "not TOML", "text in straight quotes"),
    (changed('folder = "erp"', 'folder = "C:\\erp"'), 6, "not TOML", "text in straight quotes"),
    (changed('folder = "erp"', "folder = [\n"), 8, "not TOML", "text in straight quotes"),
    (changed('folder = "erp"', "x = " + "[" * 5000 + "]" * 5000), None, "nested too deeply", "key = value"),
    ("", None, "connections: there are none", "[connections.NAME]"),
    ("jobs = 5\n[connections]\n", 1, "jobs: must be a table", "[jobs]"),
    ("connections.erp = 5\n", 1, "connections.erp: must be a table", "[connections.erp]"),
]


@pytest.mark.parametrize(("text", "line", "message", "instead"), MISTAKES)
def test_every_mistake_names_the_file_the_line_and_what_to_write_instead(
    tmp_path: Path, text: str, line: int | None, message: str, instead: str
) -> None:
    found = problems(tmp_path, text)
    assert all(problem.file == str(tmp_path / "config.toml") for problem in found)
    assert all(problem.instead for problem in found)
    fitting = [problem for problem in found if message in problem.message and problem.line == line]
    assert fitting, [str(problem) for problem in found]
    assert any(instead in problem.instead for problem in fitting), fitting


def test_a_single_mistake_is_a_single_problem(tmp_path: Path) -> None:
    several = {"", "jobs = 5\n[connections]\n", "connections.erp = 5\n"}
    for text, _, _, _ in MISTAKES:
        if text in several or "stat]" in text or '[connections."' in text or '[jobs."' in text:
            continue
        found = problems(tmp_path, text)
        assert len(found) == 1, [str(problem) for problem in found]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = CONFIG.replace('decimal = ","', 'decimal = "x"\nfodler = "y"').replace("ck_1234", "1234")
    text = text.replace('store = "shop"', 'store = "shpo"').replace('"50%"', '"half"').replace("cs_geheim", "cs_x")
    text = text.replace('consumer_secret = "cs_x"', 'consumer_secret = "cs_x"\nconcurrency = 0\ntimeout = "x"')
    found = problems(tmp_path, text)
    assert [problem.line for problem in found] == [7, 8, 14, 16, 17, 22, 27]


def test_the_problems_are_named_relative_to_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, CONFIG.replace("%d.%m.%Y", "heute"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^config.toml:8: connections.erp.date_format: "):
        load_settings(None)


def test_a_file_that_is_no_utf_8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes("[state]\n# für\n".encode("cp1252"))
    with pytest.raises(ConfigError, match=r"config.toml:2: not UTF-8"):
        load_settings(path)


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)


def test_what_the_program_makes_itself_is_not_bound(tmp_path: Path) -> None:
    made: dict[str, Any] = {"name": "shop", "type": "woocommerce", "url": "http://127.0.0.1:1/", "timeout": 0.1}
    connection = WooCommerceConnection(**made, consumer_key="key", consumer_secret="secret")
    assert (connection.timeout, connection.url) == (0.1, "http://127.0.0.1:1")


ODD = [
    *[
        "5",
        "-1",
        "1.5",
        "nan",
        "true",
        '""',
        '" "',
        '"\\u0000"',
        "[]",
        "{}",
        "[[1]]",
        "{ a = { b = 1 } }",
        "2026-01-31",
    ],
    *["10:00:00", '"' + "x" * 3000 + '"', '"ä:/..\\\\"', '"http://"', '"%"', "99999999999999999999999"],
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_any_value_of_any_key_is_taken_or_refused_with_a_reason(tmp_path: Path, odd: str) -> None:
    lines = CONFIG.splitlines()
    texts = [f"{key} = {odd}" for key in ("state", "connections", "jobs", "connections.x", "jobs.x", "state.url")]
    for at, line in enumerate(lines):
        if " = " in line:
            texts.append("\n".join([*lines[:at], f"{line.split(' = ')[0]} = {odd}", *lines[at + 1 :]]))
    for table in ("[connections.erp]", "[connections.shop]", "[jobs.products]", "[jobs.products.guards]"):
        for key in (*config_file.EXAMPLES, "consumer_key_file"):
            texts.append(CONFIG.replace(table, f"{table}\n{key} = {odd}"))
    for text in texts:
        try:
            load(tmp_path, text)
        except ConfigError as error:
            assert all(problem.instead for problem in error.problems)


# -- the example -------------------------------------------------------------------------------------------------------


LOGIN = 'wp_user = "admin"\nwp_application_password = "abcd efgh"\n'


def with_login(written: str, url: str = "https://shop.example") -> str:
    """The usual config with a login of WordPress in it."""
    shop = re.sub(r'url = "https.*"', f'url = "{url}"', CONFIG, count=1)
    return shop.replace("[connections.shop]\n", f"[connections.shop]\n{written}")


def test_a_login_of_wordpress_is_read_and_never_shown(tmp_path: Path) -> None:
    shop = load(tmp_path, with_login(LOGIN)).connections["shop"]
    assert isinstance(shop, WooCommerceConnection)
    assert shop.wp_user == "admin"
    assert shop.wp_application_password is not None
    assert shop.wp_application_password.get_secret_value() == "abcd efgh"
    assert "abcd" not in repr(shop)


def test_the_password_of_wordpress_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "login.txt").write_text("abcd efgh\n", encoding="utf-8")
    shop = load(tmp_path, with_login('wp_user = "admin"\nwp_application_password_file = "login.txt"\n'))
    found = shop.connections["shop"]
    assert isinstance(found, WooCommerceConnection)
    assert found.wp_application_password is not None
    assert found.wp_application_password.get_secret_value() == "abcd efgh"


@pytest.mark.parametrize(
    ("written", "url", "told"),
    [
        ('wp_user = "admin"\n', "https://shop.example", "wp_user is given without wp_application_password"),
        ('wp_application_password = "abcd"\n', "https://shop.example", "is given without wp_user"),
        (LOGIN, "http://shop.example", "it would travel in the clear"),
        ('wp_user = "admin"\nwp_application_password = ""\n', "https://shop.example", "not an application password"),
    ],
)
def test_half_a_login_or_one_in_the_clear_is_refused(tmp_path: Path, written: str, url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        load(tmp_path, with_login(written, url))
    assert "abcd" not in str(raised.value)


def test_the_example_is_read_as_it_is_once_the_secrets_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_KEY", "ck_sandbox")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_SECRET", "cs_sandbox")
    loaded = load_settings(ROOT / "config.example.toml")
    assert list(loaded.jobs) == ["products"]


def test_the_example_shows_the_defaults_and_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    full = "\n".join(
        line.removeprefix("# ") if re.match(r"# (\w+ = |\[)", line) else line for line in text.splitlines()
    )
    for unwanted in ("every = ", "auth = ", "file = ", "consumer_key_file", "consumer_secret_file", "wp_"):
        full = "\n".join(line for line in full.splitlines() if not line.startswith(unwanted))
        assert unwanted in text
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "products.toml").touch()
    full = full.replace("ck_…", "ck_1").replace("cs_…", "cs_1")
    shown = load(tmp_path, full)
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_KEY", "ck_1")
    monkeypatch.setenv("SYNC_CONNECTIONS__SHOP__CONSUMER_SECRET", "cs_1")
    assert load(tmp_path, text) == shown
    data = tomllib.loads(full)
    keys = {
        *data["connections"]["erp"],
        *data["connections"]["shop"],
        *data["jobs"]["products"],
        *data["jobs"]["products"]["guards"],
        *data["service"],
        *data["log"],
    }
    assert keys | {"auth", "every", "file", "wp_user", "wp_application_password"} == set(config_file.EXAMPLES)


def test_the_service_has_defaults_and_the_environment_reaches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path).service == Service(log_format="text", stop_within=timedelta(seconds=120))
    text = CONFIG + '[service]\nlog_format = "json"\nstop_within = "5m"\n'
    assert load(tmp_path, text).service == Service(log_format="json", stop_within=timedelta(minutes=5))
    monkeypatch.setenv("SYNC_SERVICE__LOG_FORMAT", "text")
    assert load(tmp_path, text).service.log_format == "text"


@pytest.mark.parametrize(
    ("written", "message", "instead"),
    [
        ('log_format = "xml"', "service.log_format: unknown word 'xml'", "there are: text, json"),
        ('stop_within = "2h"', "service.stop_within: out of bounds", 'write "1s" to "1h"'),
        ("stop_within = 120", "service.stop_within: not a duration: 120", 'write a number and a unit: "90s"'),
        ('log_fromat = "json"', "service.log_fromat: unknown key", "did you mean log_format?"),
        ('name = "sync"', "service.name: unknown key", "there are: log_format, stop_within"),
    ],
)
def test_what_is_wrong_with_the_service_is_told(tmp_path: Path, written: str, message: str, instead: str) -> None:
    (problem,) = problems(tmp_path, f"{CONFIG}[service]\n{written}\n")
    assert problem.message == message
    assert problem.line == CONFIG.count("\n") + 2
    assert (problem.instead or "").startswith(instead)


def in_shop(line: str, url: str) -> str:
    shop = 'url = "https://shop.example.com"'
    return CONFIG.replace(shop, f'url = "{url}"\n{line}')


def test_how_a_request_proves_who_sends_it_can_be_chosen(tmp_path: Path) -> None:
    for written, url, found in (
        ("", "http://shop.test", None),
        ('auth = "oauth1"', "http://shop.test", "oauth1"),
        ('auth = "basic"', "https://shop.test", "basic"),
        ('auth = "query"', "https://shop.test", "query"),
    ):
        shop = load(tmp_path, in_shop(written, url)).connections["shop"]
        assert isinstance(shop, WooCommerceConnection)
        assert shop.auth == found


@pytest.mark.parametrize("kind", ["basic", "query"])
def test_no_secret_travels_in_the_clear(tmp_path: Path, kind: str) -> None:
    (problem,) = problems(tmp_path, in_shop(f'auth = "{kind}"', "http://shop.test"))
    assert problem.message == "connections.shop.auth: over http:// the secret would travel in the clear"
    assert problem.instead == 'write url with https://, or auth = "oauth1"'
