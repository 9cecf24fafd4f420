"""When instruments trade: sessions as whole epoch seconds. Asks no clock.

Days, openings, closes and lunch breaks are those of exchange_calendars, on each exchange's own clock; what it does not
know (extended hours, the daily break of futures, currencies) stands in the tables here.
"""

import enum
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
CHICAGO: Final = ZoneInfo("America/Chicago")

DAY_END: Final = time(17)
"""New York time at which the trading day of a market without closing hours ends, as for currencies."""

EXTENDED_HOURS: Final = {"XNYS": (time(4), time(20))}
"""calendar -> first and last minute outside regular hours, exchange time."""

EARLY_CLOSE_EXTENDED: Final = time(17)
"""End of the extended hours after an early close at 13:00."""

CURRENCY_OPEN: Final = time(17, 15)

CURRENCY_HOLIDAYS: Final = frozenset({(1, 1), (12, 25)})
"""(month, day) on which currencies do not trade either."""

LIQUID_HOURS: Final = {"CMES": (time(8, 30), time(16))}
"""calendar -> liquid hours, Chicago time; the later one ends all trading, an hour before the next day opens.

exchange_calendars lets CME Globex trade on until 17:00, without the daily break, which is the exchange's since 2021.
"""

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
        breaks: Where trading rests in between, such as over lunch; half open, oldest first.
    """

    day: date
    open: int
    close: int
    regular_open: int
    regular_close: int
    breaks: tuple[tuple[int, int], ...] = ()

    def span(self, *, regular: bool) -> tuple[int, int]:
        """Return the regular or the whole hours."""
        if regular:
            return self.regular_open, self.regular_close
        return self.open, self.close

    def spans(self, *, regular: bool) -> list[tuple[int, int]]:
        """Return the regular or the whole hours piece by piece, without the breaks."""
        first, last = self.span(regular=regular)
        found: list[tuple[int, int]] = []
        for begin, end in self.breaks:
            found.append((first, begin))
            first = end
        return [*found, (first, last)]

    def is_open(self, second: int, *, regular: bool = False) -> bool:
        """Return whether there is trading at a second."""
        first, last = self.span(regular=regular)
        return first <= second < last and self.break_at(second) is None

    def break_at(self, second: int) -> tuple[int, int] | None:
        """Return the break that holds a second."""
        return next((held for held in self.breaks if held[0] <= second < held[1]), None)


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


def _epoch(day: date, at: time, zone: ZoneInfo = NEW_YORK) -> int:
    return int(datetime.combine(day, at, zone).timestamp())


@lru_cache(maxsize=4096)
def _round_the_clock(day: date) -> Session:
    opened, closed = _epoch(day - timedelta(days=1), DAY_END), _epoch(day, DAY_END)
    return Session(
        day=day, open=opened, close=closed, regular_open=opened, regular_close=closed
    )


@lru_cache(maxsize=4096)
def _currencies(day: date) -> Session | None:
    is_weekend = day.weekday() > 4  # noqa: PLR2004  Monday is 0, so 5 and 6 are the weekend
    if is_weekend or (day.month, day.day) in CURRENCY_HOLIDAYS:
        return None
    opened, closed = _epoch(day - timedelta(days=1), CURRENCY_OPEN), _epoch(day, DAY_END)
    return Session(
        day=day, open=opened, close=closed, regular_open=opened, regular_close=closed
    )


@lru_cache(maxsize=4096)
def _exchange(calendar: str, day: date) -> Session | None:
    listed = _schedule(calendar).get(day.toordinal())
    if listed is None:
        return None
    if calendar in EXTENDED_HOURS:
        return _extended(listed, *EXTENDED_HOURS[calendar])
    if calendar in LIQUID_HOURS:
        return _with_daily_break(listed, *LIQUID_HOURS[calendar])
    return listed


def _extended(listed: Session, first: time, last: time) -> Session:
    """Return a day with trading before and after its regular hours."""
    is_short = listed.close < _epoch(listed.day, time(16))
    return replace(
        listed,
        open=_epoch(listed.day, first),
        close=_epoch(listed.day, EARLY_CLOSE_EXTENDED if is_short else last),
    )


def _with_daily_break(listed: Session, first: time, last: time) -> Session:
    """Return a day of futures, which begins the evening before and ends before the next one begins."""
    closed = min(listed.close, _epoch(listed.day, last, CHICAGO))
    opened = min(_epoch(listed.day, first, CHICAGO), closed)
    return replace(listed, close=closed, regular_open=opened, regular_close=closed)


@lru_cache(maxsize=16)
def _schedule(calendar: str) -> dict[int, Session]:
    """Return the regular hours of every day of an exchange: date ordinal -> session."""
    # Imported late: it takes 0.3 s and only real hours need it.
    from exchange_calendars import get_calendar  # noqa: PLC0415

    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads columns in a way that pandas 3.1 deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        schedule = get_calendar(calendar).schedule
    days: list[datetime] = schedule.index.tolist()
    columns: list[list[datetime]] = [
        schedule[name].tolist() for name in ("open", "close", "break_start", "break_end")
    ]
    return {
        day.toordinal(): _listed(day.date(), *moments)
        for day, *moments in zip(days, *columns, strict=True)
    }


def _listed(
    day: date, opened: datetime, closed: datetime, begin: datetime, end: datetime
) -> Session:
    first, last = int(opened.timestamp()), int(closed.timestamp())
    # A day without a break has a "not a time" there, which is not equal to itself.
    is_broken = begin == begin  # noqa: PLR0124
    pause = ((int(begin.timestamp()), int(end.timestamp())),) if is_broken else ()
    return Session(
        day=day,
        open=first,
        close=last,
        regular_open=first,
        regular_close=last,
        breaks=pause,
    )
