"""Where the product's files live."""

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from edgerunner_lab.core.errors import ConfigurationError

HOME_VARIABLE = "EDGERUNNER_HOME"
"""Puts every directory under one; for tests, containers and a look inside."""

_APP = "edgerunner-lab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The product's directories; each exists, and only its owner can enter it.

    Attributes:
        config: limits.toml and settings.toml, written by the user.
        data: The ledger and the embedded gateway's state.
        runtime: The embedded gateway's discovery file and log.
    """

    config: Path
    data: Path
    runtime: Path

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.data / "ledger.db"

    @classmethod
    def default(cls) -> "Paths":
        """Return the user's directories, made where they are missing.

        Raises:
            ConfigurationError: one cannot be made; the line names it.
        """
        home = os.environ.get(HOME_VARIABLE)
        if home:
            base = Path(home)
            paths = cls(
                config=base / "config", data=base / "data", runtime=base / "runtime"
            )
        else:
            dirs = platformdirs.PlatformDirs(_APP, appauthor=False)
            paths = cls(
                config=dirs.user_config_path,
                data=dirs.user_data_path,
                runtime=_runtime(dirs),
            )
        for path in (paths.config, paths.data, paths.runtime):
            _make(path)
        return paths


def _runtime(dirs: platformdirs.PlatformDirs) -> Path:
    path = dirs.user_runtime_path
    # Containers and plain ssh logins often name a runtime directory that does not exist and cannot be made.
    return (
        path
        if path.exists() or os.access(path.parent, os.W_OK)
        else dirs.user_data_path / "runtime"
    )


def _make(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"directory {path} cannot be made ({error.strerror}); set {HOME_VARIABLE} to one that can be written"
        ) from error
