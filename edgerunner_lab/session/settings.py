"""Where to connect: profiles, the user's settings file, and the environment."""

import os
import tomllib
import zlib
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import ConfigurationError, UsageError

Profile = Literal["sim", "paper", "paper-gateway", "live", "live-gateway"]

DEFAULT_PORTS: dict[str, int] = {
    "sim": 0,
    "paper": 7497,
    "paper-gateway": 4002,
    "live": 7496,
    "live-gateway": 4001,
}
"""profile -> TCP port on which TWS or IB Gateway listens unless told otherwise; 0 is found at run time."""

MODE_HINT_BY_PORT = {
    7497: Mode.PAPER,
    4002: Mode.PAPER,
    4004: Mode.PAPER,
    7496: Mode.LIVE,
    4001: Mode.LIVE,
    4003: Mode.LIVE,
}
"""port -> the mode people run there; only a hint, the account decides, and where they disagree we refuse."""

CLIENT_ID_FIRST, CLIENT_ID_SPAN = 100, 800
"""Client ids are taken from here; 0 binds manual TWS orders and is never used (RISK §4)."""


class SessionSettings(BaseSettings):
    """What `settings.toml` and `EDGERUNNER_…` variables may say.

    Attributes:
        connect_timeout_s: For each step of a connect, in seconds.
        sim_only: Refuse everything but the embedded gateway (Binder and shared machines).
        sim_idle_exit_s: The embedded gateway ends itself after so long without a client, in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="EDGERUNNER_", extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    account: str | None = None
    client_id: int | None = Field(default=None, ge=1, le=2_000_000_000)
    connect_timeout_s: float = Field(default=6.0, gt=0, le=120)
    sim_only: bool = False
    sim_idle_exit_s: float = Field(default=1800.0, ge=1)
    sim_seed: int = Field(default=7, ge=0)


def load_settings(path: Path) -> SessionSettings:
    """Return the settings of `path` (absent is fine), overridden by the environment.

    Raises:
        ConfigurationError: the file does not parse, or a key or value is not known.
    """
    known = set(SessionSettings.model_fields)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: {error}, expected a readable TOML file"
        ) from error
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(
            f"{path}: unknown key {unknown[0]!r}, expected one of {', '.join(sorted(known))}"
        )
    file_only = {
        key: value
        for key, value in values.items()
        if f"EDGERUNNER_{key.upper()}" not in os.environ
    }
    try:
        return SessionSettings(**file_only)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{path} or EDGERUNNER_{key.upper()}: {first['msg']}, found {first['input']!r}"
        ) from error


def check_profile(text: str) -> Profile:
    """Return `text` as a profile's name.

    Raises:
        UsageError: there is no such profile.
    """
    if text not in DEFAULT_PORTS:
        raise UsageError(
            f"profile {text!r} was found, expected one of {', '.join(DEFAULT_PORTS)}"
        )
    return text  # type: ignore[return-value]  # membership was just checked


def preferred_client_id(notebook: str) -> int:
    """Return the client id that a notebook tries first.

    The same notebook gets the same id after a restart, so that its working orders are its own again:
    the broker lets only the client id that placed an order change or cancel it.
    """
    return CLIENT_ID_FIRST + zlib.crc32(notebook.encode()) % CLIENT_ID_SPAN
