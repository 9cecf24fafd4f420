"""Which prices and sizes an instrument takes (R06)."""

from decimal import ROUND_CEILING, Decimal
from typing import Final

from edgerunner_lab.core.contracts import Instrument, SecType
from edgerunner_lab.guard.checks import Unknown, positive

WHOLE_UNITS: Final = frozenset({SecType.STOCK, SecType.FUTURE, SecType.OPTION})
"""The API refuses fractions of these by default (code 10243), whatever increment the contract details name."""


def tick_at(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the tick that holds at `price`.

    Raises:
        Unknown: the broker gave none, or `price` is no number.
    """
    if not instrument.price_bands:
        raise Unknown("tick")
    return positive(instrument.increment_at(positive(price, "price")), "tick")


def ticks_around(instrument: Instrument, price: Decimal) -> tuple[Decimal, Decimal]:
    """Return the next valid price at or below `price`, and the next one at or above."""
    tick = tick_at(instrument, price)
    lower = price // tick * tick
    return lower, lower if lower == price else lower + tick


def size_step(instrument: Instrument) -> Decimal:
    """Return what a quantity must be a multiple of."""
    step = positive(instrument.size_increment, "size_increment")
    return max(step, Decimal(1)) if instrument.sec_type in WHOLE_UNITS else step


def size_least(instrument: Instrument) -> Decimal:
    """Return the smallest quantity that can be ordered."""
    step, least = size_step(instrument), positive(instrument.size_min, "size_min")
    return (least / step).to_integral_value(ROUND_CEILING) * step
