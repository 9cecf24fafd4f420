"""Fixtures that drive JupyterLab in Chromium; every test in this folder is marked `browser`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rigs.browsers import Browser, find_chromium
from rigs.jupyterlab import JupyterLab

SECONDS_MAX = 180
"""Server, kernel, browser and cells; a whole cycle takes about 15 s on an idle machine."""

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests, and give them the time a browser needs."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(SECONDS_MAX))


@pytest.fixture
def chromium() -> str:
    """The path of the system's Chromium."""
    found = find_chromium()
    if found is None:
        reason = "Chromium was not found; Debian has it as the package chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def lab(chromium: str) -> Iterator[JupyterLab]:
    """A JupyterLab of its own, with a home of its own for its kernels."""
    assert chromium
    server = JupyterLab()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """A page in Chromium; an error on its console, or one that it threw, fails the test."""
    browser = Browser(chromium)
    try:
        yield browser
    finally:
        browser.close()
    assert browser.errors == []
