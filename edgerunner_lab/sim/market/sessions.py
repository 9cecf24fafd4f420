"""When instruments trade: sessions as whole epoch seconds. Asks no clock."""

import enum
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")

DAY_END: Final = time(17)
"""New York time at which the trading day of a market without closing hours ends, as for currencies."""

EXTENDED_HOURS: Final = {"XNYS": (time(4), time(20))}
"""calendar -> first and last minute outside regular hours, exchange time."""

EARLY_CLOSE_EXTENDED: Final = time(17)
"""End of the extended hours after an early close at 13:00."""

CURRENCY_OPEN: Final = time(17, 15)

SEARCH_DAYS_MAX: Final = 14
"""No market stays closed for longer; without a cap a date outside the calendar would be searched for ever."""


class Hours(enum.StrEnum):
    """Whether the market sleeps."""

    ALWAYS = "always"
    REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day of one calendar.

    Attributes:
        day: The date it belongs to, which is the date it closes on.
        open, close: All trading, epoch seconds, half open.
        regular_open, regular_close: Regular hours within it.
    """

    day: date
    open: int
    close: int
    regular_open: int
    regular_close: int

    def span(self, *, regular: bool) -> tuple[int, int]:
        """Return the regular or the whole hours."""
        if regular:
            return self.regular_open, self.regular_close
        return self.open, self.close


class Sessions:
    """The sessions of every calendar under one choice of hours."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours

    def on(self, calendar: str, day: date) -> Session | None:
        """Return the session that belongs to `day`; None on a holiday or weekend."""
        if self.hours is Hours.ALWAYS:
            return _round_the_clock(day)
        if calendar == "24/5":
            return _currencies(day)
        return _exchange(calendar, day)

    def between(self, calendar: str, start: float, end: float) -> list[Session]:
        """Return the sessions that have a second in [start, end), oldest first."""
        first = _local_day(start) - timedelta(days=1)
        found: list[Session] = []
        for step in range((_local_day(end) - first).days + 2):
            session = self.on(calendar, first + timedelta(days=step))
            if session is not None and session.close > start and session.open < end:
                found.append(session)
        return found

    def backwards(self, calendar: str, instant: float) -> Iterator[Session]:
        """Yield the sessions that began by `instant`, newest first, until the calendar's first."""
        day = _local_day(instant) + timedelta(days=1)
        missed = 0
        while missed < SEARCH_DAYS_MAX and day.toordinal() > 1:
            session = self.on(calendar, day)
            missed = missed + 1 if session is None else 0
            if session is not None and session.open <= instant:
                yield session
            day -= timedelta(days=1)

    def latest(self, calendar: str, instant: float) -> Session | None:
        """Return the session that holds `instant`, or else the last one before it."""
        return next(self.backwards(calendar, instant), None)

    def current(self, calendar: str, instant: float) -> Session | None:
        """Return the session that holds `instant`; None while the market is closed."""
        session = self.latest(calendar, instant)
        return session if session is not None and instant < session.close else None

    def following(self, calendar: str, instant: float) -> Session | None:
        """Return the first session that opens after `instant`."""
        day = _local_day(instant)
        for step in range(SEARCH_DAYS_MAX):
            session = self.on(calendar, day + timedelta(days=step))
            if session is not None and session.open > instant:
                return session
        return None


def _local_day(instant: float) -> date:
    return datetime.fromtimestamp(instant, NEW_YORK).date()


def _epoch(day: date, at: time) -> int:
    return int(datetime.combine(day, at, NEW_YORK).timestamp())


@lru_cache(maxsize=4096)
def _round_the_clock(day: date) -> Session:
    opened, closed = _epoch(day - timedelta(days=1), DAY_END), _epoch(day, DAY_END)
    return Session(
        day=day, open=opened, close=closed, regular_open=opened, regular_close=closed
    )


@lru_cache(maxsize=4096)
def _currencies(day: date) -> Session | None:
    if day.weekday() > 4:  # noqa: PLR2004  Monday is 0, so 5 and 6 are the weekend
        return None
    opened, closed = _epoch(day - timedelta(days=1), CURRENCY_OPEN), _epoch(day, DAY_END)
    return Session(
        day=day, open=opened, close=closed, regular_open=opened, regular_close=closed
    )


@lru_cache(maxsize=4096)
def _exchange(calendar: str, day: date) -> Session | None:
    hours = _schedule(calendar).get(day.toordinal())
    if hours is None:
        return None
    opened, closed = hours
    first, last = EXTENDED_HOURS.get(calendar, (None, None))
    if first is None or last is None:
        return Session(
            day=day, open=opened, close=closed, regular_open=opened, regular_close=closed
        )
    is_short = closed < _epoch(day, time(16))
    return Session(
        day=day,
        open=_epoch(day, first),
        close=_epoch(day, EARLY_CLOSE_EXTENDED if is_short else last),
        regular_open=opened,
        regular_close=closed,
    )


@lru_cache(maxsize=16)
def _schedule(calendar: str) -> dict[int, tuple[int, int]]:
    """Return the regular hours of every day of an exchange: date ordinal -> epoch seconds."""
    # Imported late: it takes 0.3 s and only real hours need it.
    from exchange_calendars import get_calendar  # noqa: PLC0415

    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads columns in a way that pandas 3.1 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        schedule = get_calendar(calendar).schedule
    days: list[datetime] = schedule.index.tolist()
    opens: list[datetime] = schedule["open"].tolist()
    closes: list[datetime] = schedule["close"].tolist()
    return {
        day.toordinal(): (int(opened.timestamp()), int(closed.timestamp()))
        for day, opened, closed in zip(days, opens, closes, strict=True)
    }
