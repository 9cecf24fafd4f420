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
    OrderType,
    Part,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)
from edgerunner_lab.guard.increments import size_step, ticks_around
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
        UsageError: money or a part of a position does not come to a whole unit, or there is no market to trail.
    """
    return ProposedOrder(
        instrument=instrument,
        side=intent.side,
        quantity=_quantity(intent, instrument, present.quote, present.position),
        order_type=intent.order_type,
        limit_price=intent.limit_price,
        stop_price=_trigger(intent, instrument, present.quote),
        trail_amount=intent.trail_amount,
        trail_percent=intent.trail_percent,
        tif=intent.tif or TimeInForce.DAY,
        outside_rth=intent.outside_rth,
        account=intent.account or present.account,
        order_ref=new_order_ref(present.now),
        intent=intent,
        source=source,
    )


def _trigger(intent: OrderIntent, instrument: Instrument, quote: Quote) -> Decimal | None:
    """Return the price at which an order is triggered: for a trailing stop its distance from the market, on a tick.

    A sale begins that far below the bid, a purchase that far above the ask.
    """
    if intent.order_type is not OrderType.TRAIL:
        return intent.stop_price
    market = quote.bid if intent.side is Side.SELL else quote.ask
    if market is None:
        raise UsageError(
            f"{instrument}: no price yet, so a trailing stop has nothing to begin with; nothing was sent"
        )
    away = intent.trail_amount
    if away is None:
        assert intent.trail_percent is not None, "a trailing order has a distance"
        away = market * intent.trail_percent / 100
    if away >= market:
        raise UsageError(
            f"{instrument}: trails by {away:f} at {market:f}, expected less than the price; nothing was sent"
        )
    below, above = ticks_around(
        instrument, market - away if intent.side is Side.SELL else market + away
    )
    return below if intent.side is Side.SELL else above


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
