"""The gateway's clock: the only place that reads the time of day."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        ...


class WallClock:
    """The computer's time of day, held back while it runs backwards."""

    def __init__(self) -> None:
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        self._latest = max(self._latest, datetime.now(UTC))  # noqa: TID251  the clock itself
        return self._latest
