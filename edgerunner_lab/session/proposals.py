"""From what a user phrased to an order with its size in units and every field explicit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.core.intents import (
    Money,
    OrderIntent,
    Part,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.guard.increments import size_step
from edgerunner_lab.session.ulids import new_order_ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What is known at the moment at which an order is phrased.

    Attributes:
        quote: Of the order's instrument.
        position: Signed, in that instrument; None where it is no number.
        account: The bound one, in full; an order that names none is for it.
        now: Aware UTC.
    """

    quote: Quote
    position: Decimal | None
    account: str
    now: datetime


def proposed(
    intent: OrderIntent, instrument: Instrument, source: Source, present: Present
) -> ProposedOrder:
    """Return the order with its size in units and every field explicit.

    Raises:
        UsageError: money or a part of a position does not come to a whole unit.
    """
    return ProposedOrder(
        instrument=instrument,
        side=intent.side,
        quantity=_quantity(intent, instrument, present.quote, present.position),
        order_type=intent.order_type,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        tif=intent.tif or TimeInForce.DAY,
        outside_rth=intent.outside_rth,
        account=intent.account or present.account,
        order_ref=new_order_ref(present.now),
        intent=intent,
        source=source,
    )


def _quantity(
    intent: OrderIntent, instrument: Instrument, quote: Quote, position: Decimal | None
) -> Decimal:
    """Return how many units an order is for, rounded down to the instrument's increment."""
    match intent.size:
        case Units(quantity=quantity):
            return quantity
        case Money(amount=amount):
            price = intent.limit_price or (
                quote.ask if intent.side is Side.BUY else quote.bid
            )
            if price is None:
                raise UsageError(
                    f"{instrument}: no price yet, so ${amount:f} cannot be sized; nothing was sent"
                )
            multiplier = instrument.multiplier or Decimal(1)
            quantity = _floor(
                amount / (price * multiplier / instrument.price_magnifier),
                size_step(instrument),
            )
            found = f"${amount:f} buys {quantity:f} at {price:f}"
        case Part(of_position=part):
            held = position or Decimal(0)
            if held == 0 or (held > 0) is (intent.side is Side.BUY):
                raise UsageError(
                    f"{instrument}: the position is {held:f}, so there is nothing to {intent.side.value.lower()}; "
                    "nothing was sent"
                )
            quantity = _floor(
                abs(held) * part.numerator / part.denominator, size_step(instrument)
            )
            found = f"the position is {held:f}"
    if quantity <= 0:
        raise UsageError(
            f"{instrument}: {found}, expected at least {instrument.size_min:f}; nothing was sent"
        )
    return quantity


def _floor(quantity: Decimal, increment: Decimal) -> Decimal:
    return (quantity / increment).to_integral_value(rounding=ROUND_FLOOR) * increment
