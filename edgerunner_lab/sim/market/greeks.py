"""Option values and their sensitivities by Black, Scholes and Merton: European exercise, no dividends. Pure numbers."""

import math
from dataclasses import dataclass
from typing import Final

RATE: Final = 0.04
"""Interest a year, continuous, of every currency."""

YEAR_DAYS: Final = 365.0
POINTS: Final = 100.0
"""Volatility points in 1.0; vega is told for one of them."""

VOLATILITY_MIN: Final = 1e-4
VOLATILITY_MAX: Final = 10.0
"""Where implied volatilities are looked for, as shares a year."""

STEPS: Final = 60
"""Halvings of that range: far below the last digit of a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What is valued.

    Attributes:
        is_call: A right to buy; else to sell.
        years: Time left, more than 0.
        rate: Interest a year, continuous.
    """

    is_call: bool
    strike: float
    years: float
    rate: float = RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeks:
    """A value and what moves it.

    Attributes:
        volatility: A year, as a share.
        price: For one unit of the underlying.
        delta, gamma: For a move of 1 of the underlying's price.
        vega: For one point (0.01) of volatility.
        theta: For one calendar day that passes; usually negative.
    """

    volatility: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float


def valued(option: Option, under: float, volatility: float) -> Greeks:
    """Return the value and greeks of an option.

    Args:
        option: What is valued.
        under: Price of the underlying, more than 0.
        volatility: A year, as a share, more than 0.
    """
    root = math.sqrt(option.years)
    spread = volatility * root
    drift = (option.rate + volatility * volatility / 2) * option.years
    d1 = (math.log(under / option.strike) + drift) / spread
    d2 = d1 - spread
    sign = 1.0 if option.is_call else -1.0
    discount = math.exp(-option.rate * option.years)
    worth = option.strike * discount * _below(sign * d2)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    decay = -under * density * volatility / (2 * root) - sign * option.rate * worth
    return Greeks(
        volatility=volatility,
        price=sign * (under * _below(sign * d1) - worth),
        delta=sign * _below(sign * d1),
        gamma=density / (under * spread),
        vega=under * density * root / POINTS,
        theta=decay / YEAR_DAYS,
    )


def implied_volatility(option: Option, under: float, price: float) -> float | None:
    """Return the volatility at which an option is worth `price`; None where there is none."""
    low, high = VOLATILITY_MIN, VOLATILITY_MAX
    cheapest = valued(option, under, low).price
    dearest = valued(option, under, high).price
    if not cheapest < price < dearest:
        return None
    for _ in range(STEPS):
        middle = (low + high) / 2
        if valued(option, under, middle).price < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(number: float) -> float:
    """Return the standard normal distribution."""
    return math.erfc(-number / math.sqrt(2)) / 2
