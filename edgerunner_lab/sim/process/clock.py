"""The gateway's clocks: real time, faster time, or time that a test steps. The only readers of the time of day."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

STAND_STILL: Final = 0.0
"""Speed of a clock that only moves when it is stepped."""

SPEED_MAX: Final = 10_000.0
"""Fastest clock: most of a trading day in three seconds; beyond it advances come too late to be of use."""


class Clock(Protocol):
    """Anything that tells the time."""

    @property
    def speed(self) -> float:
        """Seconds that pass here while one passes outside; 0 when it waits to be stepped."""
        ...

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        ...


class WallClock:
    """The computer's time of day, held back while it runs backwards."""

    speed = 1.0

    def __init__(self) -> None:
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        self._latest = max(self._latest, datetime.now(UTC))  # noqa: TID251  the clock itself
        return self._latest


class FastClock:
    """A clock that began at `start` and runs at its own speed, whatever the computer's date does."""

    def __init__(
        self,
        start: datetime,
        speed: float,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.speed = speed
        self._start = start
        self._elapsed = elapsed
        self._began = elapsed()

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        return self._start + timedelta(seconds=(self._elapsed() - self._began) * self.speed)


class SteppedClock:
    """A clock that stands still until it is told to go on."""

    speed = STAND_STILL

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time, aware UTC, never earlier than it was."""
        return self._now

    def move_to(self, when: datetime) -> None:
        """Go to a later instant; an earlier one is ignored."""
        self._now = max(self._now, when)


def clock_of(speed: float, start: datetime | None = None) -> Clock:
    """Return the clock of a gateway: `speed` 1 without a start is the computer's own time.

    Args:
        speed: Gateway seconds per real second; 0 stands still.
        start: The first instant it shows, aware; None for the present.
    """
    wall = WallClock()
    if speed == wall.speed and start is None:
        return wall
    begin = wall.now() if start is None else start.astimezone(UTC)
    return SteppedClock(begin) if speed == STAND_STILL else FastClock(begin, speed)
