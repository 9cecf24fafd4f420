"""What a history request asks for: bar sizes, durations and the spans of time they make."""

import calendar
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.sessions import Hours, Session, Sessions
from edgerunner_lab.sim.protocol.replies import Refused

DAY_SECONDS: Final = 86_400
WEEK_DAYS: Final = 7

BAR_SECONDS: Final = {
    **{f"{n} secs": n for n in (1, 5, 10, 15, 30)},
    "1 min": 60,
    **{f"{n} mins": 60 * n for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": 3_600,
    **{f"{n} hours": 3_600 * n for n in (2, 3, 4, 8)},
    "1 day": DAY_SECONDS,
    "1 week": WEEK_DAYS * DAY_SECONDS,
    "1 month": 30 * DAY_SECONDS,
}
"""Bar size in the broker's spelling -> seconds; days and longer only name the kind of bar."""

_OTHER_SPELLINGS: Final = {
    "1 sec": "1 secs",
    "1 mins": "1 min",
    "60 mins": "1 hour",
    "1 hours": "1 hour",
    "1 days": "1 day",
    "1d": "1 day",
    "1w": "1 week",
    "1 w": "1 week",
    "1 weeks": "1 week",
    "1m": "1 month",
    "1 m": "1 month",
    "1 months": "1 month",
}

BARS_MAX: Final = 100_000
"""Bars in one answer: 6 MB on the wire, a day of seconds or two months of minutes."""

_DURATION: Final = re.compile(r"(\d{1,6})\s*([SDWMY])\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """How far back: a count of seconds (S), sessions (D), weeks, months or years."""

    count: int
    unit: str


def bar_seconds(text: str) -> int:
    """Return the seconds of a bar size.

    Raises:
        Refused: It is none of the broker's.
    """
    asked = " ".join(text.lower().split())
    asked = _OTHER_SPELLINGS.get(asked, asked)
    if asked not in BAR_SECONDS:
        raise Refused(
            321,
            "Error validating request.-'bP' : cause - Historical data bar size setting is"
            f" invalid: found '{text}'. Legal ones are: {', '.join(BAR_SECONDS)}",
        )
    return BAR_SECONDS[asked]


def duration(text: str) -> Duration:
    """Return a duration such as `1 D`.

    Raises:
        Refused: It is not a number and a unit.
    """
    found = _DURATION.match(text.strip().upper())
    if found is None or not int(found[1]):
        raise Refused(
            321,
            "Error validating request.-'bP' : cause - Historical data query duration is"
            f" invalid: found '{text}', expected a number and one of S, D, W, M, Y",
        )
    return Duration(count=int(found[1]), unit=found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The sessions that a request reaches into, oldest first, and the seconds it is cut to."""

    sessions: tuple[Session, ...]
    start: int
    end: float


def period(
    sessions: Sessions,
    instrument: Instrument,
    back: Duration,
    end: float,
    *,
    is_daily: bool,
) -> Period:
    """Return what a duration covers, counted back from `end`; whole sessions except for seconds.

    Round the clock, days of bars shorter than a day are 24 hours each, so that a request right after
    the day's end does not come back nearly empty.
    """
    if back.unit == "S":
        return _seconds(sessions, instrument, back.count, end)
    if back.unit == "D" and not is_daily and sessions.hours is Hours.ALWAYS:
        return _since(sessions, instrument, int(end) - back.count * DAY_SECONDS, end)
    if back.unit == "D":
        found = _newest(sessions, instrument, back.count, end)
    else:
        found = _after(sessions, instrument, back, end)
    start = found[-1].open if found else int(end)
    return Period(sessions=tuple(reversed(found)), start=start, end=end)


def _after(
    sessions: Sessions, instrument: Instrument, back: Duration, end: float
) -> list[Session]:
    latest = sessions.latest(instrument.calendar, end)
    first = _before(latest.day, back) if latest is not None else date.max
    found: list[Session] = []
    for session in sessions.backwards(instrument.calendar, end):
        if session.day <= first:
            break
        found.append(session)
    return found


def _newest(
    sessions: Sessions, instrument: Instrument, count: int, end: float
) -> list[Session]:
    found: list[Session] = []
    for session in sessions.backwards(instrument.calendar, end):
        if len(found) == count:
            break
        if session.open < end:
            found.append(session)
    return found


def _seconds(sessions: Sessions, instrument: Instrument, count: int, end: float) -> Period:
    found: list[Session] = []
    start = int(end)
    for session in sessions.backwards(instrument.calendar, end):
        if session.open >= end:
            continue
        found.append(session)
        last = min(session.close, -(-end // 1))
        if last - session.open >= count:
            start = int(last - count)
            break
        count -= int(last - session.open)
        start = session.open
    return Period(sessions=tuple(reversed(found)), start=start, end=end)


def _since(sessions: Sessions, instrument: Instrument, start: int, end: float) -> Period:
    found = sessions.between(instrument.calendar, start, end)
    return Period(sessions=tuple(found), start=start, end=end)


def _before(day: date, back: Duration) -> date:
    """Return the date a number of weeks, months or years earlier; the first date there is, if that is too far."""
    if back.unit == "W":
        weeks = min(back.count, day.toordinal() // WEEK_DAYS - 1)
        return day - timedelta(weeks=weeks)
    months = back.count * (12 if back.unit == "Y" else 1)
    number = max(12, day.year * 12 + day.month - 1 - months)
    year, month = divmod(number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def intraday_edges(
    span: tuple[int, int], size: int, zone: str, cut: tuple[int, float]
) -> list[int]:
    """Return the edges of bars of `size` seconds within a session, on the exchange's clock.

    Args:
        span: The session's seconds.
        size: Seconds a bar; the first and the last of a session may be shorter.
        zone: Time zone whose midnight the bars count from.
        cut: Only bars that begin in this span.
    """
    first, last = span
    local = datetime.fromtimestamp(first, ZoneInfo(zone)).utcoffset()
    assert local is not None
    shift = int(local.total_seconds())
    aligned = (first + shift) // size * size - shift
    edges = [first, *range(aligned + size, last, size), last]
    begin = bisect_left(edges, cut[0])
    stop = bisect_left(edges, cut[1])
    return edges[begin : stop + 1]


def long_bars(
    found: tuple[Session, ...], size: int, *, regular: bool
) -> Iterator[tuple[date, list[tuple[int, int]]]]:
    """Yield each day, week or month with the spans of its sessions."""
    groups: dict[tuple[int, ...], list[Session]] = {}
    for session in found:
        if size == DAY_SECONDS:
            key = (session.day.toordinal(),)
        elif size == WEEK_DAYS * DAY_SECONDS:
            key = tuple(session.day.isocalendar()[:2])
        else:
            key = (session.day.year, session.day.month)
        groups.setdefault(key, []).append(session)
    for group in groups.values():
        yield group[-1].day, [span for day in group for span in day.spans(regular=regular)]
