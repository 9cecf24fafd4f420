"""Prices that follow from others: futures carry their index, options are worth what the model says, combos add up.

Everything here works on whole arrays of mids and seconds. Time to the end counts by UTC day, so that within a day a
higher underlying is never a lower call, and the highs and lows of its minutes can be taken over.
"""

import math
from typing import Final

import numpy as np

from edgerunner_lab.sim.listing.endings import ends_at
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.greeks import RATE
from edgerunner_lab.sim.market.noise import Floats, Integers
from edgerunner_lab.sim.market.shapes import DAY

YEAR_SECONDS: Final = 365.0 * DAY
SECONDS_LEFT_MIN: Final = 60.0
"""The end is never nearer than this, so that nothing divides by zero."""

_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def years_left(instrument: Instrument, day: int) -> float:
    """Return the years from the middle of a UTC day to an instrument's end."""
    left = ends_at(instrument) - (day * DAY + DAY / 2)
    return max(left, SECONDS_LEFT_MIN) / YEAR_SECONDS


def value(instrument: Instrument, under: Floats, day: int) -> Floats:
    """Return what a future or an option is worth.

    Args:
        instrument: With an underlying, a last trade date and, for an option, strike and right.
        under: The underlying's mids, in its currency.
        day: The UTC day, as an epoch day.
    """
    years = years_left(instrument, day)
    if not instrument.right:
        return under * math.exp(RATE * years)
    return option_value(
        under,
        strike=float(instrument.strike),
        years=years,
        volatility=instrument.volatility,
        is_call=instrument.right == "C",
    )


def option_value(
    under: Floats, *, strike: float, years: float, volatility: float, is_call: bool
) -> Floats:
    """Return Black-Scholes values without dividends, the same as `greeks.valued` for each mid."""
    spread = volatility * math.sqrt(years)
    first = (
        np.log(np.maximum(under, 1e-9) / strike) + (RATE + volatility**2 / 2) * years
    ) / spread
    second = first - spread
    now = strike * math.exp(-RATE * years)
    if is_call:
        return under * _below(first) - now * _below(second)
    return now * _below(-second) - under * _below(-first)


def bids(mids: Floats, instrument: Instrument, spreads: Integers) -> Integers:
    """Return the bids, in ticks, around mids in currency; what has an end is never bid below one tick."""
    ticks = np.floor(mids / float(instrument.min_tick) - spreads / 2 + 1e-9).astype(
        np.int64
    )
    return ticks if instrument.legs else np.maximum(1, ticks)


def _below(numbers: Floats) -> Floats:
    """Return the standard normal distribution."""
    return np.asarray(_erfc(-numbers / math.sqrt(2)), dtype=np.float64) / 2
