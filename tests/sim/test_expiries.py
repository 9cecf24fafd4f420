"""When derivatives end: the exchanges' rules against dates they have announced."""

import warnings
from datetime import date, timedelta

import pytest
from exchange_calendars import get_calendar

from edgerunner_lab.sim.listing.expiries import (
    FUTURE_ENDS,
    business_days_before,
    easter,
    is_business_day,
    is_standard,
    month_end,
    third_friday,
)

MOURNING_AND_STORMS = {
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
}


def test_business_days_are_those_of_the_exchange() -> None:
    """Every day of twelve years, against an independent calendar; closings by no rule excepted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        sessions = get_calendar("XNYS").sessions
    opened = {session.date() for session in sessions.tolist()}
    first = date(2012, 1, 1)
    days = [first + timedelta(days=step) for step in range(365 * 15)]

    wrong = {day for day in days if is_business_day(day) != (day in opened)}

    assert wrong == MOURNING_AND_STORMS


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2019, date(2019, 4, 21)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2027, date(2027, 3, 28)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_is_where_it_was_and_will_be(year: int, day: date) -> None:
    """The latest possible one among them."""
    assert easter(year) == day


@pytest.mark.parametrize(
    ("rule", "year", "month", "end"),
    [
        ("third-friday", 2026, 12, date(2026, 12, 18)),
        ("third-friday", 2026, 6, date(2026, 6, 18)),  # the Friday is Juneteenth
        ("third-friday", 2019, 4, date(2019, 4, 18)),  # the Friday is Good Friday
        ("crude-oil", 2027, 1, date(2026, 12, 21)),  # the 25th is Christmas
        ("crude-oil", 2026, 3, date(2026, 2, 20)),
        ("crude-oil", 2024, 9, date(2024, 8, 20)),  # the 25th is a Sunday
        ("metal", 2026, 12, date(2026, 12, 29)),
        ("metal", 2024, 8, date(2024, 8, 28)),
        ("treasury", 2026, 12, date(2026, 12, 21)),
        ("treasury", 2024, 9, date(2024, 9, 19)),
    ],
)
def test_futures_end_when_their_exchange_says(
    rule: str, year: int, month: int, end: date
) -> None:
    """Holidays move the day towards the past."""
    assert FUTURE_ENDS[rule](year, month) == end


def test_standard_days_are_third_fridays_and_quarter_ends() -> None:
    """Only those have the widest range of strikes."""
    assert is_standard(third_friday(2026, 11))
    assert is_standard(month_end(2026, 12))
    assert not is_standard(month_end(2026, 11))
    assert not is_standard(date(2026, 12, 4))


def test_business_days_are_counted_over_holidays() -> None:
    """Thanksgiving and a weekend lie between."""
    assert business_days_before(date(2026, 11, 30), 2) == date(2026, 11, 25)
