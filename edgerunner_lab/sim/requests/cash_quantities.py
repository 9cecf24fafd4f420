"""Orders for an amount of money instead of a size: which may be, and how many units an amount buys."""

from decimal import ROUND_DOWN, Decimal
from typing import Final

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.replies import Refused, decimal_of, number_of
from edgerunner_lab.sim.requests.desk import Desk

BY_CASH: Final = frozenset(
    {
        *(("CASH", Side.BUY), ("CASH", Side.SELL)),
        *(("CRYPTO", Side.BUY),),
    }
)
"""Kind of instrument and side that take an amount: currencies both ways, crypto currencies bought, and nothing sold for it."""


def units_for_cash(
    desk: Desk, instrument: Instrument, side: Side, fields: Fields, asked: int | None
) -> Decimal | None:
    """Return the units that cashQty stands for, rounded down to the instrument's step; None where there is none.

    Args:
        desk: For the market's price.
        instrument: cashQty is in its currency.
        side: A market order is counted at the price it meets now.
        fields: Of placeOrder.
        asked: Limit or stop in ticks; None for orders without one.

    Raises:
        Refused: 10244 where an amount cannot be used, 10289 where there has to be one, as in crypto currencies
            bought at the market, and 10293 where there is a size as well.
    """
    cash = decimal_of(fields, "o.cashQty")
    if not cash:
        if instrument.sec_type == "CRYPTO" and side is Side.BUY and asked is None:
            raise Refused(10289, "You must set Cash Quantity for this order")
        return None
    is_child = number_of(fields, "o.parentId") != 0
    if (instrument.sec_type, side) not in BY_CASH or cash < 0 or is_child:
        raise Refused(10244, "Cash Quantity cannot be used for this order")
    if decimal_of(fields, "o.totalQuantity"):
        kind = "Cryptocurrency" if instrument.sec_type == "CRYPTO" else "Forex"
        raise Refused(10293, f"{kind} Cash Quantity order cannot specify size")
    if asked is None:
        quote = desk.engine.quote(instrument)
        asked = quote.ask if side is Side.BUY else quote.bid
    step = instrument.size_increment
    units = cash / (instrument.price_of(asked) * instrument.point_value)
    return (units / step).to_integral_value(ROUND_DOWN) * step
