"""Rate limits that a fault script asks for: 50 messages a second (100), and 60 histories in ten minutes (162)."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from edgerunner_lab.sim.protocol.messages import Message

RATE: Final = 50
"""Messages a second that the broker takes from one client."""

RATE_SECONDS: Final = 1.0

STRIKES_MAX: Final = 3
"""Violations after which the broker closes the connection."""

HISTORY_RATE: Final = 60
HISTORY_SECONDS: Final = 600.0
IDENTICAL_SECONDS: Final = 15.0
"""The same history may be asked for again only after so long."""


@dataclass(slots=True)
class Window:
    """The latest events, as many as are allowed in `seconds`."""

    rate: int
    seconds: float
    times: deque[float] = field(default_factory=deque[float])

    def wait(self, now: float) -> float:
        """Return the seconds until one more event fits, 0 when it does."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) < self.rate:
            return 0.0
        return self.times[-self.rate] + self.seconds - now

    def add(self, at: float) -> None:
        """Count an event."""
        self.times.append(at)


@dataclass(slots=True)
class Pace:
    """How fast one connection asks; `strikes` counts how often it was too fast."""

    messages: Window
    histories: Window
    strikes: int = 0
    _asked: dict[str, float] = field(default_factory=dict[str, float])

    def refuses_history(self, request: Message, now: float) -> bool:
        """Count a history; return whether it came too soon."""
        facts = sorted((k, str(v)) for k, v in request.fields.items() if k != "reqId")
        key = repr(facts)
        self._asked = {
            k: at for k, at in self._asked.items() if at > now - IDENTICAL_SECONDS
        }
        is_repeated = key in self._asked
        is_late = self.histories.wait(now) > 0
        if not (is_repeated or is_late):
            self._asked[key] = now
            self.histories.add(now)
        return is_repeated or is_late


def pace_of(rate: int | None, history_rate: int | None) -> Pace:
    """Return the pace of a new connection; None means the broker's own rate."""
    return Pace(
        Window(rate or RATE, RATE_SECONDS),
        Window(history_rate or HISTORY_RATE, HISTORY_SECONDS),
    )
