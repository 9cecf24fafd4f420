"""The options on one instrument: which days and strikes are listed on a date, and each as an instrument."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from itertools import islice
from typing import Final

from edgerunner_lab.sim.listing.con_ids import STRIKES, option_con_id
from edgerunner_lab.sim.listing.expiries import (
    FRIDAY,
    QUARTER_ENDS,
    business_day_by,
    is_business_day,
    is_standard,
    month_end,
    months_from,
    third_friday,
)
from edgerunner_lab.sim.listing.instrument import Instrument

RIGHTS: Final = ("C", "P")

LAST_YEAR: Final = 2039
"""Options of later years have no contract numbers, so none are listed."""

JANUARY: Final = 1

INTEREST_WIDTH: Final = 0.08
"""How far from the money, as a part of it, an option's volume has fallen to a third."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    """The lowest and highest level of the underlying that strikes have to surround."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Levels:
    """Where the underlying has been: of late, for close strikes, and over a year, for wide ones."""

    late: Range
    year: Range


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """Every option of one trading class.

    Attributes:
        number: What tells its contract numbers from those of other chains.
        under: What the options are on.
        template: What its options have in common.
        strike_step: Distance of strikes around the money; every strike is a multiple of it.
        wide_step: Distance of strikes further out, on days when monthly or quarterly options end.
        near: How far below and above the money strikes are `strike_step` apart, as a part of the level.
        far: How far below and above the money there are strikes at all, likewise.
        daily, weekly, monthly, quarterly, yearly: How many expiries of each kind are listed ahead.
    """

    number: int
    under: Instrument
    template: Instrument
    strike_step: Decimal
    wide_step: Decimal
    near: Decimal
    far: Decimal
    daily: int
    weekly: int
    monthly: int
    quarterly: int
    yearly: int

    def expiries(self, day: date) -> tuple[date, ...]:
        """Return the last trade dates listed on `day`, which may be among them, soonest first."""
        return _expiries(self, day)

    def strikes(self, expiry: date, levels: Levels) -> tuple[Decimal, ...]:
        """Return the strikes of an expiry around the levels of its underlying, lowest first."""
        steps = set(_multiples(self.strike_step, levels.late, self.near))
        if is_standard(expiry):
            steps.update(_multiples(self.wide_step, levels.year, self.far))
        top = self.strike_step * STRIKES
        return tuple(sorted(strike for strike in steps if 0 < strike < top))

    def contract(self, expiry: date, strike: Decimal, right: str) -> Instrument:
        """Return an option as an instrument, whether or not it is listed today.

        Raises:
            ValueError: The strike is off the chain's grid, or date or strike is beyond what numbers can say.
        """
        steps, rest = divmod(strike, self.strike_step)
        if rest:
            raise ValueError(f"strike {strike} is not a multiple of {self.strike_step}")
        option, level = self.template, self.under.price
        inside = level - strike if right == "C" else strike - level
        distance = float((strike - level) / level) / INTEREST_WIDTH
        return replace(
            option,
            con_id=option_con_id(self.number, expiry, int(steps), right),
            local_symbol=occ_symbol(option.trading_class, expiry, strike, right),
            last_trade_date=f"{expiry:%Y%m%d}",
            strike=strike,
            right=right,
            price=max(option.min_tick, inside - inside % option.min_tick),
            volume=1 + int(option.volume * math.exp(-distance * distance)),
        )


@lru_cache(maxsize=64)
def _expiries(chain: Chain, day: date) -> tuple[date, ...]:
    found = {
        *islice(_business_days(day), chain.daily),
        *islice(_fridays(day), chain.weekly),
        *islice(_monthly(day), chain.monthly),
        *islice(_quarterly(day), chain.quarterly),
        *islice((d for d in _monthly(day) if d.month == JANUARY), chain.yearly),
    }
    return tuple(sorted(d for d in found if d.year <= LAST_YEAR))


def occ_symbol(trading_class: str, expiry: date, strike: Decimal, right: str) -> str:
    """Return an option's name as the clearing house writes it: `SPY   261218C00700000`."""
    return f"{trading_class:<6}{expiry:%y%m%d}{right}{int(strike * 1000):08d}"


def occ_terms(name: str) -> tuple[str, date, Decimal, str] | None:
    """Return trading class, last day, strike and right of an option's name; None where it is no such name."""
    name = name.strip().upper()
    class_, day, right, thousandths = (
        name[:-15].strip(),
        name[-15:-9],
        name[-9:-8],
        name[-8:],
    )
    digits = day + thousandths
    if not class_ or right not in RIGHTS or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        expiry = datetime.strptime(day, "%y%m%d").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None
    return class_, expiry, Decimal(int(thousandths)) / 1000, right


def _multiples(step: Decimal, around: Range, share: Decimal) -> Iterator[Decimal]:
    first = (around.low * (1 - share) / step).to_integral_value(ROUND_CEILING)
    last = (around.high * (1 + share) / step).to_integral_value(ROUND_FLOOR)
    return (step * number for number in range(int(first), int(last) + 1))


def _business_days(day: date) -> Iterator[date]:
    while True:
        if is_business_day(day):
            yield day
        day += _DAY


def _fridays(day: date) -> Iterator[date]:
    """Yield the ends of trading weeks: Fridays, or the last business day before."""
    friday = day + timedelta(days=(FRIDAY - day.weekday()) % 7)
    while True:
        end = business_day_by(friday)
        if end >= day:
            yield end
        friday += timedelta(weeks=1)


def _monthly(day: date) -> Iterator[date]:
    ends = (third_friday(year, month) for year, month in months_from(day))
    return (end for end in ends if end >= day)


def _quarterly(day: date) -> Iterator[date]:
    ends = (
        month_end(year, month) for year, month in months_from(day) if month in QUARTER_ENDS
    )
    return (end for end in ends if end >= day)
