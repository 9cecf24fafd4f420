"""What a position must be covered by: shares of its value, and the standard formula for options sold short.

Every position is margined by itself: a spread gets no relief for the leg that covers the other.
"""

from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.commissions import cents
from edgerunner_lab.sim.listing.instrument import Instrument

FUTURE: Final = "FUT"
OPTION: Final = "OPT"

SHORT_OPTION_SHARE: Final = Decimal("0.20")
"""Of the strike, on top of the premium: the exchanges' 20 % of the underlying, with the strike in its place."""


def margin_of(
    instrument: Instrument, quantity: Decimal, price: Decimal, rate: Decimal
) -> Decimal:
    """Return the initial margin of a position in USD; the maintenance margin is the same here.

    Args:
        instrument: What is held.
        quantity: Negative when short.
        price: A unit, in the instrument's currency; a combo's may be negative.
        rate: USD for one unit of that currency.
    """
    units = abs(quantity) * instrument.point_value * rate
    if quantity < 0 and instrument.sec_type == OPTION:
        return cents(units * (price + SHORT_OPTION_SHARE * instrument.strike))
    share = instrument.initial_margin if quantity >= 0 else instrument.short_margin
    return cents(units * abs(price) * share)
