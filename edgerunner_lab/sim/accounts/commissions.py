"""What a trade costs, by kind of instrument, after the broker's published price lists."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What an order of one kind of instrument costs.

    Attributes:
        per_unit: For each contract or share, in `currency`.
        share: Of the value traded.
        minimum: An order, in `currency`.
        currency: Of `per_unit` and `minimum`.
    """

    per_unit: Decimal = Decimal(0)
    share: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    currency: str = "USD"


CHARGES: Final = {
    ("CASH", ""): Charge(share=Decimal("0.00002"), minimum=Decimal("2.00")),
    ("OPT", ""): Charge(per_unit=Decimal("0.65"), minimum=Decimal("1.00")),
    ("FUT", ""): Charge(per_unit=Decimal("2.25")),
    ("BOND", ""): Charge(share=Decimal("0.001"), minimum=Decimal("1.00")),
    ("CRYPTO", ""): Charge(share=Decimal("0.0018"), minimum=Decimal("1.75")),
    ("STK", "GBP"): Charge(
        share=Decimal("0.0005"), minimum=Decimal("1.00"), currency="GBP"
    ),
    ("STK", "EUR"): Charge(
        share=Decimal("0.0005"), minimum=Decimal("3.00"), currency="EUR"
    ),
    ("STK", "JPY"): Charge(share=Decimal("0.0008"), minimum=Decimal(80), currency="JPY"),
    ("STK", "HKD"): Charge(share=Decimal("0.0008"), minimum=Decimal(18), currency="HKD"),
}
"""(Kind, currency of the shares; empty for any) -> charge, after the broker's published fixed prices, rounded:
0.2 basis points for currencies, 0.65 USD an option, 0.85 USD and about 1.40 USD of exchange fees a US future,
10 basis points for bonds, 18 for crypto, 5 in London and Frankfurt, 8 in Tokyo and Hong Kong."""

Rate = Callable[[str], Decimal]
"""Currency -> USD for one unit of it."""


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


def commission_of(
    instrument: Instrument, size: Decimal, worth: Decimal, rate: Rate
) -> Decimal:
    """Return the commission of a whole order so far, in USD.

    Args:
        instrument: What is traded.
        size: Units so far.
        worth: Their value, USD; its sign does not matter.
        rate: Currency -> USD.
    """
    kind = instrument.sec_type
    charge = CHARGES.get((kind, instrument.currency)) or CHARGES.get((kind, ""))
    if charge is None:
        return stock_commission(size, abs(worth))
    in_usd = rate(charge.currency)
    return cents(
        max(
            charge.minimum * in_usd,
            charge.per_unit * size * in_usd + charge.share * abs(worth),
        )
    )
