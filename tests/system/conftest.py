from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.sandbox import Sandbox
from syncengine.sandbox.server import running
from tests.system.project import Project
from tests.system.shop import Shop, shop_process


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop in a process of its own."""
    with shop_process() as shop:
        yield shop


@pytest.fixture
def watched() -> Iterator[Sandbox]:
    """A shop in this process, whose log of requests can be read; `watched.url` is its address."""
    with Sandbox() as sandbox, running(sandbox) as url:
        sandbox.home = url
        yield sandbox


@pytest.fixture
def project(shop: Shop, tmp_path: Path) -> Project:
    """30 products in the ERP, none in the shop."""
    project = Project(tmp_path / "project", shop.url)
    project.fill(30)
    return project


@pytest.fixture
def watched_project(watched: Sandbox, tmp_path: Path) -> Project:
    """The same with a shop whose requests can be looked at."""
    assert watched.home is not None
    project = Project(tmp_path / "project", watched.home)
    project.fill(30)
    return project
