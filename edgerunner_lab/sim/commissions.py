"""What a trade costs, after the broker's published price list for US stocks and currencies."""

import enum
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")


class Plan(enum.StrEnum):
    """The two price lists for stocks."""

    FIXED = "fixed"
    TIERED = "tiered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """USD a share, at least USD an order, at most a share of the value."""

    per_share: Decimal
    minimum: Decimal
    ceiling: Decimal


STOCK_TARIFFS: Final = {
    Plan.FIXED: Tariff(
        per_share=Decimal("0.005"), minimum=Decimal("1.00"), ceiling=Decimal("0.01")
    ),
    Plan.TIERED: Tariff(
        per_share=Decimal("0.0035"), minimum=Decimal("0.35"), ceiling=Decimal("0.01")
    ),
}

CURRENCY_SHARE: Final = Decimal("0.00002")
"""0.2 basis points of the value traded."""
CURRENCY_MINIMUM: Final = Decimal("2.00")
"""USD an order."""


def cents(amount: Decimal) -> Decimal:
    """Return `amount` rounded to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def stock_commission(shares: Decimal, worth: Decimal, plan: Plan = Plan.FIXED) -> Decimal:
    """Return the commission of a whole order so far, in USD.

    Where the ceiling is below the minimum the ceiling holds, as the broker's list says.
    It rises with every fill, so a later fill is charged the difference.
    """
    tariff = STOCK_TARIFFS[plan]
    return cents(
        min(max(tariff.minimum, tariff.per_share * shares), tariff.ceiling * worth)
    )


def currency_commission(worth: Decimal) -> Decimal:
    """Return the commission of a whole currency order so far, in USD, from its value in USD."""
    return cents(max(CURRENCY_MINIMUM, CURRENCY_SHARE * worth))
