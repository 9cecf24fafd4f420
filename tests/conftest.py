"""Fixtures that start the real things: a private gateway, a home of its own, a clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from edgerunner_lab.ledger.paths import Paths
from rigs.clocks import ManualClock
from rigs.gateways import Gateway, Gateways

hypothesis_settings.register_profile("default", deadline=None, print_blob=True)
hypothesis_settings.load_profile("default")


@pytest.fixture
def clock() -> ManualClock:
    """A wall clock that the test owns."""
    return ManualClock()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the product: settings, ledger and gateway state live under it."""
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("EDGERUNNER_HOME", str(directory))
    return directory


@pytest.fixture
def paths(home: Path) -> Paths:
    """The product's directories under `home`."""
    assert home.is_dir()
    return Paths.default()


@pytest.fixture
def gateways(tmp_path: Path) -> Iterator[Gateways]:
    """A maker of private gateways."""
    started = Gateways(tmp_path)
    yield started
    started.close()


@pytest.fixture
def gateway(gateways: Gateways) -> Gateway:
    """A private embedded gateway on a free port."""
    return gateways.start()
