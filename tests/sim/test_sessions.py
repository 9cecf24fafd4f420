"""Sessions: when markets are open, in both kinds of hours."""

from datetime import UTC, date, datetime

import pytest

from edgerunner_lab.sim.market.sessions import Hours, Session, Sessions

ALWAYS, REAL = Sessions(Hours.ALWAYS), Sessions(Hours.REAL)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Return the epoch second of a UTC date and time."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


def a_session(
    sessions: Sessions, calendar: str, year: int, month: int, day: int
) -> Session:
    """Return the session of a date that has one."""
    session = sessions.on(calendar, date(year, month, day))
    assert session is not None
    return session


def test_round_the_clock_days_follow_each_other_at_17_new_york() -> None:
    """No gap, weekends included, in winter and across the change of the clocks."""
    first = a_session(ALWAYS, "XNYS", 2026, 11, 21)
    second = a_session(ALWAYS, "XNYS", 2026, 11, 22)
    changed = a_session(ALWAYS, "XNYS", 2026, 11, 1)

    assert first.close == second.open == utc(2026, 11, 21, 22)
    assert first.span(regular=True) == first.span(regular=False)
    assert changed.close - changed.open == 25 * 3600


def test_a_real_day_has_regular_hours_within_extended_ones() -> None:
    """09:30 to 16:00 within 04:00 to 20:00."""
    session = a_session(REAL, "XNYS", 2026, 11, 23)

    assert session.span(regular=True) == (utc(2026, 11, 23, 14, 30), utc(2026, 11, 23, 21))
    assert session.span(regular=False) == (utc(2026, 11, 23, 9), utc(2026, 11, 24, 1))


def test_holidays_and_weekends_are_closed_and_half_days_short() -> None:
    """Thanksgiving 2026 is 26 November; the day after ends at 13:00."""
    assert REAL.on("XNYS", date(2026, 11, 26)) is None
    assert REAL.on("XNYS", date(2026, 11, 28)) is None
    assert REAL.on("XNYS", date(1890, 1, 2)) is None
    short = a_session(REAL, "XNYS", 2026, 11, 27)

    assert short.regular_close == utc(2026, 11, 27, 18)
    assert short.close == utc(2026, 11, 27, 22)


def test_an_exchange_without_known_extended_hours_has_none() -> None:
    """London opens and closes once."""
    session = a_session(REAL, "XLON", 2026, 11, 23)

    assert session.span(regular=True) == session.span(regular=False)


def test_currencies_trade_from_sunday_evening_to_friday() -> None:
    """17:15 to 17:00 New York."""
    monday = a_session(REAL, "24/5", 2026, 11, 23)

    assert (monday.open, monday.close) == (utc(2026, 11, 22, 22, 15), utc(2026, 11, 23, 22))
    assert REAL.on("24/5", date(2026, 11, 22)) is None


def test_currencies_rest_at_christmas_and_new_year() -> None:
    """25 December 2026 is a Friday, as is 1 January 2027."""
    assert REAL.on("24/5", date(2026, 12, 25)) is None
    assert REAL.on("24/5", date(2027, 1, 1)) is None
    assert REAL.on("24/5", date(2026, 12, 24)) is not None


@pytest.mark.parametrize(
    ("calendar", "day", "hours"),
    [
        ("XLON", date(2026, 11, 23), [(8, 0, 16, 30)]),
        ("XLON", date(2026, 7, 1), [(7, 0, 15, 30)]),
        ("XLON", date(2026, 12, 24), [(8, 0, 12, 30)]),
        ("XETR", date(2026, 11, 23), [(8, 0, 16, 30)]),
        ("XETR", date(2026, 7, 1), [(7, 0, 15, 30)]),
        ("XTKS", date(2026, 11, 24), [(0, 0, 2, 30), (3, 30, 6, 30)]),
        ("XHKG", date(2026, 11, 23), [(1, 30, 4, 0), (5, 0, 8, 0)]),
        ("XHKG", date(2026, 12, 24), [(1, 30, 4, 0)]),
    ],
)
def test_exchanges_abroad_have_their_own_hours_and_breaks(
    calendar: str, day: date, hours: list[tuple[int, int, int, int]]
) -> None:
    """UTC; London and Frankfurt change their clocks, Tokyo and Hong Kong have lunch."""
    session = a_session(REAL, calendar, day.year, day.month, day.day)
    midnight = utc(day.year, day.month, day.day)
    spans = [
        (midnight + h * 3600 + m * 60, midnight + hh * 3600 + mm * 60)
        for h, m, hh, mm in hours
    ]

    assert session.spans(regular=True) == session.spans(regular=False) == spans
    for first, last in spans:
        assert session.is_open(first)
        assert session.is_open(last - 1)
        assert not session.is_open(first - 1)
        assert not session.is_open(last)


@pytest.mark.parametrize(
    ("calendar", "day"),
    [
        ("XLON", date(2026, 12, 28)),
        ("XETR", date(2026, 12, 31)),
        ("XTKS", date(2026, 11, 23)),
        ("XHKG", date(2026, 12, 25)),
        ("CMES", date(2026, 4, 3)),
    ],
)
def test_exchanges_keep_their_own_holidays(calendar: str, day: date) -> None:
    """Boxing Day moved, New Year's Eve, Labour Thanksgiving, Christmas, Good Friday."""
    assert REAL.on(calendar, day) is None


def test_futures_rest_for_an_hour_between_their_days() -> None:
    """17:00 to 16:00 Chicago from Sunday evening on; liquid from 08:30; in summer an hour earlier in UTC."""
    monday = a_session(REAL, "CMES", 2026, 11, 23)
    tuesday = a_session(REAL, "CMES", 2026, 11, 24)
    spring = a_session(REAL, "CMES", 2026, 3, 9)

    assert monday.span(regular=False) == (utc(2026, 11, 22, 23), utc(2026, 11, 23, 22))
    assert monday.span(regular=True) == (utc(2026, 11, 23, 14, 30), utc(2026, 11, 23, 22))
    assert tuesday.open - monday.close == 3600
    assert spring.span(regular=False) == (utc(2026, 3, 8, 22), utc(2026, 3, 9, 21))


def test_futures_end_early_where_the_exchange_does() -> None:
    """Noon in Chicago on Thanksgiving."""
    assert a_session(REAL, "CMES", 2026, 11, 26).close == utc(2026, 11, 26, 18)


@pytest.mark.parametrize(
    ("instant", "current", "latest", "following"),
    [
        (utc(2026, 11, 23, 15), 23, 23, 24),
        (utc(2026, 11, 24, 3), None, 23, 24),
        (utc(2026, 11, 26, 15), None, 25, 27),
        (utc(2026, 11, 21, 15), None, 20, 23),
    ],
)
def test_what_is_open_now_was_last_open_or_opens_next(
    instant: int, current: int | None, latest: int, following: int
) -> None:
    """During a session, overnight, on Thanksgiving and on a Saturday."""
    now = REAL.current("XNYS", instant)
    before, after = REAL.latest("XNYS", instant), REAL.following("XNYS", instant)

    assert (now.day.day if now is not None else None) == current
    assert before is not None
    assert before.day.day == latest
    assert after is not None
    assert after.day.day == following


def test_between_returns_every_session_touched() -> None:
    """Both ends count."""
    found = REAL.between("XNYS", utc(2026, 11, 20, 15), utc(2026, 11, 24, 10))

    assert [session.day.day for session in found] == [20, 23, 24]


def test_a_search_beyond_the_calendar_ends() -> None:
    """There is no session before the first or after the last, and no endless loop."""
    assert REAL.latest("XNYS", utc(1890, 1, 2)) is None
    assert REAL.following("XNYS", utc(2090, 1, 2)) is None
    assert list(REAL.backwards("XNYS", utc(1890, 1, 2))) == []
