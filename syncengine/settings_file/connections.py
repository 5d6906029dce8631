"""The [connections] of config.toml, with their secrets."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from syncengine.private import hide
from syncengine.settings import Connection, CsvConnection, OtherConnection, WooCommerceConnection
from syncengine.settings_file.config_file import EXAMPLES, ConfigFile
from syncengine.written import known

__all__ = ["SECRETS", "read_connection"]

SECRETS = ("consumer_key", "consumer_secret", "wp_application_password")  # each may be in a file of its own
SECRET = re.compile("password|passwd|secret|token|api_?key", re.IGNORECASE)  # names of a plug-in's options
PREFIXES = {"consumer_key": "ck_", "consumer_secret": "cs_"}


def read_connection(file: ConfigFile, name: str, table: dict[str, Any]) -> Connection | None:
    path = ("connections", name)
    kind = table.get("type")
    types = sorted({"csv", "woocommerce", *(point.name for point in entry_points(group="syncengine.endpoints"))})
    if kind is None:
        file.wrong(path, "type is missing", f'write type = "{types[0]}" ({", ".join(types)})')
        return None
    if not isinstance(kind, str):
        file.wrong((*path, "type"), "must be text in quotes", f'write type = "{types[0]}" ({", ".join(types)})')
        return None
    if kind not in types:
        file.wrong((*path, "type"), f"no endpoint of type {kind!r} is installed", known(kind, types))
        return None
    if kind == "csv":
        return _csv(file, path, table)
    if kind == "woocommerce":
        return _woocommerce(file, path, table)
    options = {key: value for key, value in table.items() if key != "type"}
    for key, value in options.items():
        if SECRET.search(key) and isinstance(value, str):
            hide(value)
    return OtherConnection(name=name, type=kind, options=options)


def _csv(file: ConfigFile, path: tuple[str, str], table: dict[str, Any]) -> Connection | None:
    if isinstance(folder := table.get("folder"), str):
        if not folder.strip() or not folder.isprintable():
            file.wrong((*path, "folder"), "no folder is named", f"write {EXAMPLES['folder']}")
        table["folder"] = file.folder / folder
    found = file.named(CsvConnection, path, table)
    if found and found.thousands == found.decimal:
        instead = f'write thousands = "{"," if found.decimal == "." else "."}", or leave it out'
        file.wrong((*path, "thousands"), "the same mark as decimal", instead)
    return found


def _woocommerce(file: ConfigFile, path: tuple[str, str], table: dict[str, Any]) -> Connection | None:
    for key in PREFIXES:
        _secret(file, path, table, key)
    _login(file, path, table)
    found = file.named(WooCommerceConnection, path, table)
    if found and found.auth in ("basic", "query") and found.url.startswith("http:"):
        instead = 'write url with https://, or auth = "oauth1"'
        file.wrong((*path, "auth"), "over http:// the secret would travel in the clear", instead)
    return found


def _login(file: ConfigFile, path: tuple[str, str], table: dict[str, Any]) -> None:
    """A user of WordPress with an application password: both or neither, and never in the clear."""
    key = "wp_application_password"
    place = _from_file(file, path, table, key)
    for one, other in (("wp_user", key), (key, "wp_user")):
        if one in table and other not in table:
            file.wrong(path, f"{one} is given without {other}", f"write {EXAMPLES[other]}, or leave out {one}")
    if isinstance(password := table.get(key), str):
        hide(password)
        if not password.isprintable() or not password.strip():
            file.wrong(place, "not an application password", "copy it from WordPress > Users > Profile")
    if key in table and _is_in_the_clear(str(table.get("url", ""))):
        file.wrong(place, "over http:// it would travel in the clear", "write url with https://")


def _secret(file: ConfigFile, path: tuple[str, str], table: dict[str, Any], key: str) -> None:
    """A key of WooCommerce, which must be there."""
    place = _from_file(file, path, table, key)
    if key not in table:
        variable = file.environment.variable(place)
        file.wrong(path, f"{key} is missing", f"write {EXAMPLES[key]}, or set {variable} in the environment")
        table[key] = SecretStr("")
    value = table[key]
    if isinstance(value, str):
        table[key] = value = value.strip()
        hide(value)
        if not re.fullmatch(rf"{PREFIXES[key]}[!-~]+", value):
            message = f"a {key.replace('_', ' ')} starts with {PREFIXES[key]} and has no spaces in it"
            instead = "copy both from WooCommerce > Settings > Advanced > REST API"
            other = "consumer_secret" if key == "consumer_key" else "consumer_key"
            if value.startswith(PREFIXES[other]):
                instead = f"this is the {other.replace('_', ' ')}: swap the two"
            file.wrong(place, message, instead)


def _from_file(file: ConfigFile, path: tuple[str, str], table: dict[str, Any], key: str) -> tuple[str, ...]:
    """Put the content of `KEY_file` in the place of KEY; what the environment names wins over the file. Returns
    where it was found."""
    from_file = f"{key}_file"
    if key in table and from_file in table:
        by_environment = [one for one in (key, from_file) if file.environment.name((*path, one))]
        if len(by_environment) == 1:
            del table[from_file if by_environment == [key] else key]
        else:
            file.wrong((*path, from_file), f"both {key} and {from_file} are given", "leave one of them out")
            del table[from_file]
    place = (*path, key)
    if from_file in table:
        place = (*path, from_file)
        content = _content(file, place, table.pop(from_file))
        table[key] = content if content is not None else SecretStr(PREFIXES.get(key, ""))
    return place


def _content(file: ConfigFile, place: tuple[str, ...], written: object) -> str | None:
    instead = f'write {place[-1]} = "NAME", a text file with nothing else in it'
    if not isinstance(written, str) or not written.strip():
        file.wrong(place, "must be the name of a file", instead)
        return None
    try:
        content = (file.folder / written).read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        file.wrong(place, f"{written}: {error.strerror}", instead)
        return None
    except ValueError:
        file.wrong(place, f"{written} is not text", instead)
        return None
    if not content:
        file.wrong(place, f"{written} is empty", instead)
    return content or None


def _is_in_the_clear(url: str) -> bool:
    """Whether anybody on the way can read what is sent there. What is no URL is told by the check of the URL."""
    try:
        address = urlsplit(url)
        if address.scheme != "http" or address.hostname == "localhost":
            return False
    except ValueError:
        return False
    try:
        return not ip_address(address.hostname or "").is_loopback
    except ValueError:
        return True
