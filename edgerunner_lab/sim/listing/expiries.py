"""When derivatives end: the rules of the exchanges as functions of year and month. Asks no clock."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

FRIDAY: Final = 4
SATURDAY: Final = 5
QUARTER_ENDS: Final = (3, 6, 9, 12)

JUNETEENTH_FROM: Final = 2022
"""First year in which the exchanges closed for it."""

MONTH_CODES: Final = "FGHJKMNQUVXZ"
"""Letters of January to December in the names of futures."""

_DAY: Final = timedelta(days=1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Return the weekdays of a year on which the exchanges of the United States are closed by rule.

    Days of mourning and storms are no rule: contracts were listed for them all the same.
    """
    moving = (
        _nth(year, 1, 0, 3),
        _nth(year, 2, 0, 3),
        easter(year) - 2 * _DAY,
        _nth(year, 6, 0, 1) - 7 * _DAY,
        _nth(year, 9, 0, 1),
        _nth(year, 11, 3, 4),
    )
    fixed = [date(year, 7, 4), date(year, 12, 25)]
    if year >= JUNETEENTH_FROM:
        fixed.append(date(year, 6, 19))
    days = {*moving, *(_observed(day) for day in fixed)}
    # A New Year's Day on a Saturday is not made up for on the Friday, which ends the old year's books.
    if date(year, 1, 1).weekday() != SATURDAY:
        days.add(_observed(date(year, 1, 1)))
    return frozenset(days)


def is_business_day(day: date) -> bool:
    """Return whether the exchanges of the United States open on a date."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


def business_day_by(day: date) -> date:
    """Return `day`, or the last business day before it."""
    while not is_business_day(day):
        day -= _DAY
    return day


def business_days_before(day: date, count: int) -> date:
    """Return the business day that lies `count` business days before `day`."""
    for _ in range(count):
        day = business_day_by(day - _DAY)
    return day


def month_end(year: int, month: int) -> date:
    """Return the last business day of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return business_day_by(following - _DAY)


def third_friday(year: int, month: int) -> date:
    """Return the day on which monthly options end: the third Friday, or the Thursday before if that is closed."""
    return business_day_by(_nth(year, month, FRIDAY, 3))


def is_standard(day: date) -> bool:
    """Return whether monthly or quarterly options end on `day`, which have the widest range of strikes."""
    quarterly = day.month in QUARTER_ENDS and day == month_end(day.year, day.month)
    return quarterly or day == third_friday(day.year, day.month)


def _crude_oil(year: int, month: int) -> date:
    """Return three business days before the 25th of the month before delivery, counted from a business day."""
    before = date(year - (month == 1), (month - 2) % 12 + 1, 25)
    return business_days_before(business_day_by(before), 3)


def _gold(year: int, month: int) -> date:
    """Return the third last business day of the delivery month."""
    return business_days_before(month_end(year, month), 2)


def _treasury(year: int, month: int) -> date:
    """Return the seventh business day before the last one of the delivery month."""
    return business_days_before(month_end(year, month), 7)


FUTURE_ENDS: Final[Mapping[str, Callable[[int, int], date]]] = MappingProxyType(
    {
        "third-friday": third_friday,
        "crude-oil": _crude_oil,
        "metal": _gold,
        "treasury": _treasury,
    }
)
"""Name in files -> last trade date of a contract month."""


def months_from(day: date) -> Iterator[tuple[int, int]]:
    """Yield (year, month) from the month of `day` on, without end."""
    number = day.year * 12 + day.month - 1
    while True:
        yield number // 12, number % 12 + 1
        number += 1


@lru_cache(maxsize=64)
def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar."""
    golden = year % 19
    century = year // 100
    skipped = century // 4
    moon = (century - (8 * century + 13) // 25 - skipped + 19 * golden + 15) % 30
    moon -= moon // 28 * (1 - moon // 28 * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + skipped) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """Return the `count`-th Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _observed(day: date) -> date:
    """Return the weekday on which a fixed holiday is kept."""
    return {5: day - _DAY, 6: day + _DAY}.get(day.weekday(), day)
