"""Worst-case positions and what they are worth, exactly."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final

from edgerunner_lab.core.intents import Side

_EXACT: Final = Context(prec=200, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Four numbers of the order language multiplied have at most 80 digits.
The caller's own context is not used: a notebook may have set its precision to 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The outermost signed positions that can be reached.

    Attributes:
        longest: If every working buy fills and no sell does.
        shortest: If every working sell fills and no buy does.
    """

    longest: Decimal
    shortest: Decimal

    @property
    def largest(self) -> Decimal:
        """The larger of the two by size, unsigned."""
        return max(self.longest.copy_abs(), self.shortest.copy_abs())


def worst_case(position: Decimal, working: Iterable[tuple[Side, Decimal]]) -> Extremes:
    """Return the outermost positions reachable from `position`.

    Args:
        position: Signed, in shares or contracts.
        working: What may still trade: side and remaining quantity, never negative.

    Raises:
        ValueError: a number is not finite, or a remaining quantity is negative.
    """
    longest = shortest = _finite(position, "position")
    for side, remaining in working:
        if _finite(remaining, "remaining") < 0:
            raise ValueError(f"remaining was {remaining}, expected at least 0")
        if side is Side.BUY:
            longest = _EXACT.add(longest, remaining)
        else:
            shortest = _EXACT.subtract(shortest, remaining)
    return Extremes(longest=longest, shortest=shortest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What turns a quantity of an instrument into money of the account.

    Attributes:
        price: Per unit, as quoted.
        multiplier: Units of the underlying a contract.
        price_magnifier: Quoted prices are divided by this; at least 1.
        fx_rate: What one unit of the contract's currency is worth in the account's.
    """

    price: Decimal
    multiplier: Decimal
    price_magnifier: int
    fx_rate: Decimal


def notional(quantity: Decimal, valuation: Valuation) -> Decimal:
    """Return what `quantity` is worth in the account's currency, unsigned.

    Raises:
        ValueError: a number is not finite, or the price magnifier is below 1.
    """
    if valuation.price_magnifier < 1:
        raise ValueError(
            f"price_magnifier was {valuation.price_magnifier}, expected at least 1"
        )
    numbers = {
        "quantity": quantity,
        "price": valuation.price,
        "multiplier": valuation.multiplier,
        "fx_rate": valuation.fx_rate,
    }
    with localcontext(_EXACT):
        value = Decimal(1)
        for name, number in numbers.items():
            value *= _finite(number, name)
        return abs(value) / valuation.price_magnifier


def _finite(value: Decimal, name: str) -> Decimal:
    if not value.is_finite():
        raise ValueError(f"{name} was {value}, expected a finite number")
    return value
