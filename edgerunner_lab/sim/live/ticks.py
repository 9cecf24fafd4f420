"""Quotes as ticks: the whole picture of an instrument, and what one quote shows that another did not."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.tick_types import (
    ASK,
    ASK_SIZE,
    BID,
    BID_SIZE,
    CLOSE,
    DELAYED,
    HALTED,
    HIGH,
    LAST,
    LAST_SIZE,
    LAST_TIME,
    LOW,
    OPEN,
    VOLUME,
)
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.protocol.messages import Message, Value

CAN_AUTO_EXECUTE: Final = 1
"""Bit of tickPrice's mask."""

NO_PRICE: Final = Decimal(-1)
"""How the broker writes a side of the quote that is empty."""


class Tick(NamedTuple):
    """One tick: a tickPrice, tickSize, tickGeneric or tickString.

    A named tuple, since ticks are made by the hundred thousand a second.

    Attributes:
        size: Units at a price; 0 for other messages.
        mask: Attributes of a price.
    """

    name: str
    kind: int
    value: Value
    size: int = 0
    mask: int = 0


def price_and_size(kind: int, size_kind: int, price: Decimal, size: int) -> list[Tick]:
    """Return a price and the size that always follows it, although the price carries it too."""
    mask = 0 if kind == LAST else CAN_AUTO_EXECUTE
    return [
        Tick("tickPrice", kind, price, size, mask),
        Tick("tickSize", size_kind, size),
    ]


def message_of(request: int, tick: Tick) -> Message:
    """Return the message that carries a tick to one line."""
    fields: dict[str, Value] = {"reqId": request, "tickType": tick.kind}
    if tick.name == "tickPrice":
        fields |= {"price": tick.value, "size": tick.size, "attrMask": tick.mask}
    elif tick.name == "tickSize":
        fields["size"] = tick.value
    else:
        fields["value"] = tick.value
    return Message(tick.name, fields)


def delayed(ticks: Iterable[Tick]) -> list[Tick]:
    """Return ticks under their delayed types."""
    return [tick._replace(kind=DELAYED.get(tick.kind, tick.kind)) for tick in ticks]


def sides(instrument: Instrument, quote: Quote | None) -> list[Tick]:
    """Return bid and ask with their sizes; None stands for an empty quote."""
    if not instrument.has_quotes:
        return []
    if quote is None:
        return price_and_size(BID, BID_SIZE, NO_PRICE, 0) + price_and_size(
            ASK, ASK_SIZE, NO_PRICE, 0
        )
    price = instrument.price_of
    return price_and_size(BID, BID_SIZE, price(quote.bid), quote.bid_size) + price_and_size(
        ASK, ASK_SIZE, price(quote.ask), quote.ask_size
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a new line is told of the trading day.

    Attributes:
        opened: Its first print, in ticks.
        closed: The last print of the day before, in ticks.
        is_shown: False where bid and ask are not told, as while the market is closed.
        is_halted: Trading is suspended.
    """

    opened: int
    closed: int
    is_shown: bool
    is_halted: bool = False


def picture(instrument: Instrument, quote: Quote, day: Day) -> list[Tick]:
    """Return everything a new line shows."""
    price = instrument.price_of
    ticks = sides(instrument, quote if day.is_shown else None)
    if instrument.has_prints:
        ticks += _last(instrument, quote)
        ticks.append(Tick("tickPrice", OPEN, price(day.opened)))
        ticks.append(Tick("tickString", LAST_TIME, str(quote.second)))
        if instrument.has_quotes:
            ticks.append(Tick("tickGeneric", HALTED, int(day.is_halted)))
    ticks.append(Tick("tickPrice", HIGH, price(quote.high)))
    ticks.append(Tick("tickPrice", LOW, price(quote.low)))
    ticks.append(Tick("tickPrice", CLOSE, price(day.closed)))
    return ticks


def changes(instrument: Instrument, old: Quote, new: Quote) -> list[Tick]:
    """Return what a quote shows that the one before did not."""
    price = instrument.price_of
    ticks = _side_changes(instrument, old, new) if instrument.has_quotes else []
    if instrument.has_prints and (
        new.last_size if instrument.has_quotes else old.last != new.last
    ):
        ticks += _last(instrument, new)
        if old.second != new.second:
            ticks.append(Tick("tickString", LAST_TIME, str(new.second)))
    if old.high != new.high:
        ticks.append(Tick("tickPrice", HIGH, price(new.high)))
    if old.low != new.low:
        ticks.append(Tick("tickPrice", LOW, price(new.low)))
    return ticks


def _side_changes(instrument: Instrument, old: Quote, new: Quote) -> list[Tick]:
    price = instrument.price_of
    ticks: list[Tick] = []
    if old.bid != new.bid:
        ticks += price_and_size(BID, BID_SIZE, price(new.bid), new.bid_size)
    elif old.bid_size != new.bid_size:
        ticks.append(Tick("tickSize", BID_SIZE, new.bid_size))
    if old.ask != new.ask:
        ticks += price_and_size(ASK, ASK_SIZE, price(new.ask), new.ask_size)
    elif old.ask_size != new.ask_size:
        ticks.append(Tick("tickSize", ASK_SIZE, new.ask_size))
    return ticks


def _last(instrument: Instrument, quote: Quote) -> list[Tick]:
    """Return the last print; an index has a price and nothing that was traded."""
    price = instrument.price_of(quote.last)
    if not instrument.has_quotes:
        return [Tick("tickPrice", LAST, price)]
    return [
        *price_and_size(LAST, LAST_SIZE, price, max(quote.last_size, 1)),
        Tick("tickSize", VOLUME, quote.volume),
    ]
