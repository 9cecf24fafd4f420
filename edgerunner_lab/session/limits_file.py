"""The limits in force: `limits.toml` of the user's configuration, and what was changed since for this session."""

from pathlib import Path

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import ConfigurationError
from edgerunner_lab.guard.limits import Limits, load_limits, tighten

LIMITS_FILE = "limits.toml"


class LimitsInForce:
    """The limits of `limits.toml`, and what `%risk set` has changed since."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / LIMITS_FILE
        self._limits_by_mode: dict[Mode, Limits] = {}

    def __call__(self, mode: Mode) -> Limits:
        """Return the limits in force for `mode`.

        Raises:
            ConfigurationError: the file does not hold up; then nothing is sent.
        """
        if mode not in self._limits_by_mode:
            try:
                text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"{self._path}: {error}, expected a readable TOML file"
                ) from error
            self._limits_by_mode[mode] = load_limits(text, str(self._path), mode)
        return self._limits_by_mode[mode]

    def change(self, mode: Mode, name: str, value: str) -> Limits:
        """Change one limit for this session."""
        self._limits_by_mode[mode] = tighten(self(mode), name, value)
        return self._limits_by_mode[mode]
