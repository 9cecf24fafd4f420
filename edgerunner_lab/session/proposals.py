"""From what a user phrased to an order with its size in units and every field explicit."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.facts import Quote
from edgerunner_lab.core.intents import (
    Attached,
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


def with_exits(
    entry: ProposedOrder, quote: Quote, now: datetime
) -> tuple[ProposedOrder, ...]:
    """Return an entry and, where its intent asks for a bracket, the profit taker and the stop that wait for it.

    They are as large as the entry and as lasting; an entry that lives for a moment has exits for the day.
    """
    intent = entry.intent
    if intent.take_price is None or intent.protect_price is None:
        return (entry,)
    attached = Attached(
        parent_ref=entry.order_ref,
        quantity=entry.quantity,
        side=entry.side,
        entry_price=_expected(entry, quote),
    )
    take = _exit(entry, attached, OrderType.LIMIT, intent.take_price, now)
    # The stop comes last: with it the whole bracket is let go, so that nothing ever works without its protection.
    return (
        entry,
        take,
        _exit(entry, attached, OrderType.STOP, intent.protect_price, now),
    )


def _expected(entry: ProposedOrder, quote: Quote) -> Decimal | None:
    """Return the price at which an entry that waits is expected to fill; None for one that fills at the market."""
    if entry.stop_price is not None or entry.limit_price is None:
        return entry.stop_price
    market = quote.ask if entry.side is Side.BUY else quote.bid
    waits = market is not None and (market - entry.limit_price) * entry.side.sign > 0
    return entry.limit_price if waits else None


def _exit(
    entry: ProposedOrder,
    attached: Attached,
    order_type: OrderType,
    price: Decimal,
    now: datetime,
) -> ProposedOrder:
    is_limit = order_type is OrderType.LIMIT
    lasts = entry.tif in (TimeInForce.DAY, TimeInForce.GTC)
    intent = OrderIntent(
        side=entry.side.opposite,
        size=Units(quantity=entry.quantity),
        contract=entry.intent.contract,
        order_type=order_type,
        limit_price=price if is_limit else None,
        stop_price=None if is_limit else price,
        tif=entry.tif if lasts else TimeInForce.DAY,
        outside_rth=entry.outside_rth,
        again=entry.intent.again,
    )
    return ProposedOrder(
        instrument=entry.instrument,
        side=intent.side,
        quantity=entry.quantity,
        order_type=order_type,
        limit_price=intent.limit_price,
        stop_price=intent.stop_price,
        tif=entry.tif if lasts else TimeInForce.DAY,
        outside_rth=entry.outside_rth,
        account=entry.account,
        order_ref=new_order_ref(now),
        intent=intent,
        source=entry.source,
        attached=attached,
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
