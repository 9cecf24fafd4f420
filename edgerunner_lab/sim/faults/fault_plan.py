"""Which faults are due: it counts connections and messages and looks at the time, and does nothing itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner_lab.sim.faults.faults import Fault

NEW_YORK: Final = ZoneInfo("America/New_York")


@dataclass(slots=True)
class _Waiting:
    """A fault that has not been set off; `seen` counts the messages that were named."""

    fault: Fault
    at: datetime | None
    seen: int = 0


class Plan:
    """Faults to come; each is set off once, a daily one every day.

    Attributes:
        connections: How many connections have been made.
    """

    def __init__(self, faults: Iterable[Fault], began: datetime) -> None:
        self.connections = 0
        self._waiting: list[_Waiting] = []
        for fault in faults:
            self.add(fault, began)

    @property
    def is_counting(self) -> bool:
        """True when some fault waits for a message."""
        return any(each.fault.when.message is not None for each in self._waiting)

    @property
    def waiting(self) -> list[Fault]:
        """The faults to come, in the order of the script."""
        return [each.fault for each in self._waiting]

    def add(self, fault: Fault, now: datetime) -> None:
        """Wait for a fault; its `after` counts from `now`."""
        when, at = fault.when, None
        if when.after is not None:
            at = now + timedelta(seconds=when.after)
        elif when.daily is not None:
            at = _next_daily(when.daily, now)
        elif when.message is None and when.connect is None:
            at = now
        self._waiting.append(_Waiting(fault, at))

    def clear(self) -> None:
        """Forget all that is still to come."""
        self._waiting.clear()

    def connected(self) -> list[Fault]:
        """Count a connection; return what it sets off."""
        self.connections += 1
        found = [
            each
            for each in self._waiting
            if each.fault.when.message is None
            and each.fault.when.connect == self.connections
        ]
        return self._taken(found)

    def named(self, name: str, connection: int, client_id: int | None) -> list[Fault]:
        """Count a message of a connection; return what it sets off."""
        found: list[_Waiting] = []
        for each in self._waiting:
            fault = each.fault
            if (
                fault.when.message == name
                and fault.when.connect in (None, connection)
                and fault.client in (None, client_id)
            ):
                each.seen += 1
                if each.seen == fault.when.nth:
                    found.append(each)
        return self._taken(found)

    def due(self, now: datetime) -> list[Fault]:
        """Return what the time sets off, earliest first."""
        found = sorted(
            (each for each in self._waiting if each.at is not None and each.at <= now),
            key=lambda each: each.at or now,
        )
        return self._taken(found, now)

    def next_due(self) -> datetime | None:
        """Return when to ask `due` next."""
        return min((each.at for each in self._waiting if each.at is not None), default=None)

    def _taken(self, found: list[_Waiting], now: datetime | None = None) -> list[Fault]:
        for each in found:
            daily = each.fault.when.daily
            if daily is not None and now is not None:
                each.at = _next_daily(daily, now)
            else:
                self._waiting.remove(each)
        return [each.fault for each in found]


def _next_daily(second: int, now: datetime) -> datetime:
    """Return the next instant after `now` at which clocks in New York show a second of the day."""
    local = now.astimezone(NEW_YORK)
    for days in (0, 1):
        date = local.date() + timedelta(days=days)
        at = datetime.combine(date, _clock_time(second), NEW_YORK).astimezone(now.tzinfo)
        if at > now:
            return at
    return now + timedelta(days=1)


def _clock_time(second: int) -> time:
    return time(second // 3600, second // 60 % 60, second % 60)
