"""A chromium for the tests: the one that is there, else Debian's, which a root user (as in CI) installs here."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.browser.webdriver import Browser, started

if TYPE_CHECKING:
    from collections.abc import Iterator

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "chromium-driver")


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """The paths of a browser and of its driver. Without them the tests fail: a report that nobody looked at is none."""
    if (found := _installed()) is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail(f"the browser tests need chromium and chromedriver on PATH: apt-get install {' '.join(PACKAGES)}")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"apt-get {' '.join(command)}:\n{done.stdout}{done.stderr}")
    found = _installed()
    assert found is not None, "apt-get installed chromium, and yet it is not on PATH"
    return found


def _installed() -> tuple[str, str] | None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@pytest.fixture(scope="session")
def window(chromium: tuple[str, str]) -> Iterator[Browser]:
    with started(*chromium) as browser:
        yield browser


@pytest.fixture
def browser(window: Browser) -> Iterator[Browser]:
    """The window as it was at first; whatever the page complains about fails the test."""
    window.devtools("Emulation.clearDeviceMetricsOverride")
    window.devtools("Emulation.setEmulatedMedia", features=[])
    window.complaints()
    yield window
    assert window.complaints() == []
