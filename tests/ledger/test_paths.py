"""Where files live: under one home if the user says so, and nobody else's business."""

import stat
import sys
from pathlib import Path

import pytest

from edgerunner_lab.core.errors import ConfigurationError
from edgerunner_lab.ledger.paths import Paths

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="XDG variables are Linux's")


def test_everything_lives_under_the_home_variable(home: Path) -> None:
    """One variable moves all three directories, for tests and containers."""
    paths = Paths.default()

    assert (paths.config, paths.data, paths.runtime) == (
        home / "config",
        home / "data",
        home / "runtime",
    )
    assert paths.ledger == home / "data" / "ledger.db"


def test_directories_are_made_for_their_owner_alone(home: Path) -> None:
    """Nobody else may read orders or put a ledger there."""
    paths = Paths.default()

    assert paths.data.parent == home
    assert {
        stat.S_IMODE(path.stat().st_mode)
        for path in (paths.config, paths.data, paths.runtime)
    } == {0o700}


def test_directory_that_cannot_be_made_is_named_with_the_way_out(home: Path) -> None:
    """A file stands where a directory should."""
    (home / "config").write_text("not a directory")

    with pytest.raises(ConfigurationError) as caught:
        Paths.default()

    assert (
        str(caught.value) == f"directory {home / 'config'} cannot be made (File exists); "
        "set EDGERUNNER_HOME to one that can be written"
    )


@pytest.fixture
def xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without the home variable, whose platform directories are below here."""
    monkeypatch.delenv("EDGERUNNER_HOME", raising=False)
    for name in ("config", "data"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    return tmp_path


@linux_only
def test_platform_directories_are_used_without_the_variable(
    xdg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed product keeps its files where the platform wants them."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(xdg))

    assert Paths.default() == Paths(
        config=xdg / "config" / "edgerunner-lab",
        data=xdg / "data" / "edgerunner-lab",
        runtime=xdg / "edgerunner-lab",
    )


@linux_only
def test_runtime_directory_that_cannot_be_made_falls_back_to_data(
    xdg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Containers and ssh logins often name one that is not there."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(xdg / "missing" / "1000"))

    assert Paths.default().runtime == xdg / "data" / "edgerunner-lab" / "runtime"
