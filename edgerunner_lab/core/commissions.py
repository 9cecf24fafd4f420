"""What an order will about cost, after the broker's published fixed prices for US markets and currencies."""

from decimal import Decimal
from typing import Final

from edgerunner_lab.core.contracts import Instrument, SecType

DOLLAR: Final = "USD"
CENT: Final = Decimal("0.01")

STOCK_PER_SHARE: Final = Decimal("0.005")
STOCK_LEAST: Final = Decimal(1)
STOCK_MOST: Final = Decimal("0.01")
"""USD a share, USD an order, and the part of its value beyond which it is no more (the list of "IBKR Pro, Fixed")."""

OPTION_PER_CONTRACT: Final = Decimal("0.65")
OPTION_LEAST: Final = Decimal(1)
"""USD, exchange fees aside."""

FUTURE_PER_CONTRACT: Final = Decimal("2.25")
"""USD: 0.85 of the broker and about 1.40 of the exchange, which differs from future to future."""

CURRENCY_SHARE: Final = Decimal("0.00002")
CURRENCY_LEAST: Final = Decimal(2)
"""0.2 basis points of the value, at least USD 2."""


def estimated_commission(
    instrument: Instrument, quantity: Decimal, price: Decimal, dollars_per_unit: Decimal
) -> Decimal | None:
    """Return what an order will about cost, in USD; None where no price list of ours knows.

    Args:
        instrument: What is traded.
        quantity: Shares or contracts, positive.
        price: Per unit as quoted, at which it may fill.
        dollars_per_unit: USD for one unit of the contract's currency.
    """
    value = (
        quantity
        * price
        * (instrument.multiplier or Decimal(1))
        / instrument.price_magnifier
        * dollars_per_unit
    )
    if instrument.sec_type is SecType.CASH:
        return max(CURRENCY_LEAST, value * CURRENCY_SHARE).quantize(CENT)
    if instrument.currency != DOLLAR:
        return None
    cost = {
        SecType.STOCK: min(
            max(STOCK_LEAST, STOCK_PER_SHARE * quantity), value * STOCK_MOST
        ),
        SecType.OPTION: max(OPTION_LEAST, OPTION_PER_CONTRACT * quantity),
        SecType.FUTURE: FUTURE_PER_CONTRACT * quantity,
    }[instrument.sec_type]
    return cost.quantize(CENT)
