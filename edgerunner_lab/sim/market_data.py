"""Quotes: subscriptions, snapshots and tick-by-tick lines, told as they change."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from .clients import Client, Line, TickLine
from .desk import Desk, Handler
from .messages import Fields, Message, Value
from .replies import Refused, flag_of, number_of, text_of
from .tape import Quote
from .universe import Instrument

LINES_MAX: Final = 100
"""Market-data lines a client may have at once, as the broker allows by default."""

TICK_LINES_MAX: Final = 5
"""Tick-by-tick lines a client may have at once."""

BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE = range(6)
HIGH, LOW, VOLUME, CLOSE = range(6, 10)
OPEN: Final = 14
LAST_TIME: Final = 45
SHORTABLE: Final = 46
RT_VOLUME: Final = 48
SHORTABLE_SHARES: Final = 89
"""Tick types, as the broker numbers them."""

GENERIC_RT_VOLUME: Final = 233
GENERIC_SHORTABLE: Final = 236

CAN_AUTO_EXECUTE: Final = 1
"""Bit of tickPrice's mask."""

SNAPSHOT_PERMISSIONS: Final = 3

TICK_KINDS: Final = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}

Tick = tuple[str, int, Value, Value]
"""Message name, tick type, value, size."""


def market_data(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMktData: a full picture, then changes until it is cancelled."""
    request = number_of(fields, "reqId", -1)
    instrument = desk.instrument_in(fields)
    generics = _generics(text_of(fields, "genericTickList"))
    is_snapshot = flag_of(fields, "snapshot")
    if is_snapshot and generics:
        raise Refused(
            414, "Snapshot market data subscription is not applicable to generic ticks."
        )
    if request in client.lines:
        raise Refused(102, "Duplicate ticker ID.")
    if len(client.lines) >= LINES_MAX:
        raise Refused(101, f"Max number of tickers has been reached: {LINES_MAX}.")
    line = Line(request=request, instrument=instrument, generics=generics)
    yield Message(
        "tickReqParams",
        {
            "tickerId": request,
            "minTick": instrument.min_tick,
            "bboExchange": instrument.bbo_exchange,
            "snapshotPermissions": SNAPSHOT_PERMISSIONS,
        },
    )
    yield Message(
        "marketDataType",
        {"reqId": request, "marketDataType": _data_type(desk, client, line)},
    )
    yield from _ticks_of(line, full_picture(desk, instrument))
    yield from generic_ticks(line, desk.market.quote(instrument))
    if is_snapshot:
        yield Message("tickSnapshotEnd", {"reqId": request})
    else:
        client.lines[request] = line


def cancel_market_data(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelMktData."""
    request = number_of(fields, "reqId", -1)
    if client.lines.pop(request, None) is None:
        raise Refused(300, f"Can't find EId with tickerId:{request}")
    yield from ()


def market_data_type(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMarketDataType; data here is live for everybody, so delayed types change nothing."""
    kind = number_of(fields, "marketDataType")
    if kind not in range(1, 5):
        raise Refused(
            321,
            f"Error validating request.-'cB' : cause - Invalid market data type {kind},"
            " expected 1 live, 2 frozen, 3 delayed or 4 delayed frozen",
        )
    client.market_data_type = kind
    yield from ()


def _data_type(desk: Desk, client: Client, line: Line) -> int:
    is_open = desk.market.tape(line.instrument).is_open(desk.market.second)
    return 1 if is_open or client.market_data_type in (1, 3) else 2


def _generics(text: str) -> frozenset[int]:
    return frozenset(int(part) for part in text.split(",") if part.strip().isdigit())


def full_picture(desk: Desk, instrument: Instrument) -> list[Tick]:
    """Return everything a new line shows."""
    quote = desk.market.quote(instrument)
    tape = desk.market.tape(instrument)
    price = instrument.price_of
    ticks: list[Tick] = []
    if tape.is_open(desk.market.second):
        ticks += _two(BID, BID_SIZE, price(quote.bid), quote.bid_size)
        ticks += _two(ASK, ASK_SIZE, price(quote.ask), quote.ask_size)
    else:
        ticks += _two(BID, BID_SIZE, Decimal(-1), 0) + _two(ASK, ASK_SIZE, Decimal(-1), 0)
    if not instrument.is_cash:
        ticks += _two(LAST, LAST_SIZE, price(quote.last), max(quote.last_size, 1))
        ticks += [
            ("tickSize", VOLUME, quote.volume, None),
            ("tickPrice", OPEN, price(tape.open_ticks(quote.second)), 0),
            ("tickString", LAST_TIME, str(quote.second), None),
        ]
    ticks += [
        ("tickPrice", HIGH, price(quote.high), 0),
        ("tickPrice", LOW, price(quote.low), 0),
        ("tickPrice", CLOSE, price(tape.close_ticks(quote.second)), 0),
    ]
    return ticks


def changes(instrument: Instrument, old: Quote, new: Quote) -> list[Tick]:
    """Return what a quote shows that the one before did not."""
    ticks: list[Tick] = []
    price = instrument.price_of
    for kind, size_kind, was, now, size_was, size_now in (
        (BID, BID_SIZE, old.bid, new.bid, old.bid_size, new.bid_size),
        (ASK, ASK_SIZE, old.ask, new.ask, old.ask_size, new.ask_size),
    ):
        if was != now:
            ticks += _two(kind, size_kind, price(now), size_now)
        elif size_was != size_now:
            ticks.append(("tickSize", size_kind, size_now, None))
    if new.last_size and not instrument.is_cash:
        ticks += _two(LAST, LAST_SIZE, price(new.last), new.last_size)
        ticks.append(("tickSize", VOLUME, new.volume, None))
        if old.second != new.second:
            ticks.append(("tickString", LAST_TIME, str(new.second), None))
    if old.high != new.high:
        ticks.append(("tickPrice", HIGH, price(new.high), 0))
    if old.low != new.low:
        ticks.append(("tickPrice", LOW, price(new.low), 0))
    return ticks


def _two(kind: int, size_kind: int, price: Decimal, size: int) -> list[Tick]:
    # A size always follows the price it belongs to, although the price carries it too.
    return [("tickPrice", kind, price, size), ("tickSize", size_kind, size, None)]


def _ticks_of(line: Line, ticks: list[Tick]) -> Iterator[Message]:
    request = line.request
    for name, kind, value, size in ticks:
        if name == "tickPrice":
            mask = CAN_AUTO_EXECUTE if kind in (BID, ASK) else 0
            yield Message(
                name,
                {
                    "reqId": request,
                    "tickType": kind,
                    "price": value,
                    "size": size,
                    "attrMask": mask,
                },
            )
        elif name == "tickSize":
            yield Message(name, {"reqId": request, "tickType": kind, "size": value})
        else:
            yield Message(name, {"reqId": request, "tickType": kind, "value": value})


def line_messages(line: Line, ticks: list[Tick]) -> Iterator[Message]:
    """Yield the messages that carry ticks to one line."""
    return _ticks_of(line, ticks)


def generic_ticks(line: Line, quote: Quote) -> Iterator[Message]:
    """Yield the generic ticks a line asked for."""
    instrument = line.instrument
    if instrument.is_cash:
        return
    if GENERIC_RT_VOLUME in line.generics and (quote.last_size or line.is_new):
        value = (
            f"{instrument.price_of(quote.last)};{quote.last_size};{quote.second * 1000};"
            f"{quote.volume};{instrument.price_of(quote.last)};true"
        )
        yield Message(
            "tickString", {"reqId": line.request, "tickType": RT_VOLUME, "value": value}
        )
    if GENERIC_SHORTABLE in line.generics and line.is_new:
        yield Message(
            "tickGeneric", {"reqId": line.request, "tickType": SHORTABLE, "value": 3.0}
        )
        shares = instrument.volume // 4
        yield Message(
            "tickSize",
            {"reqId": line.request, "tickType": SHORTABLE_SHARES, "size": shares},
        )
    line.is_new = False


def tick_by_tick(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqTickByTickData: every print or every change of the quote."""
    instrument = desk.instrument_in(fields)
    kind = text_of(fields, "tickType")
    request = number_of(fields, "reqId", -1)
    if kind not in TICK_KINDS:
        raise Refused(
            321,
            f"Error validating request.-'cz' : cause - Invalid tick type '{kind}',"
            f" expected one of {', '.join(TICK_KINDS)}",
        )
    if instrument.is_cash and kind in ("Last", "AllLast"):
        raise Refused(
            10189, f"Failed to request tick-by-tick data:{instrument.name} has no prints"
        )
    if request not in client.tick_lines and len(client.tick_lines) >= TICK_LINES_MAX:
        raise Refused(
            10190,
            f"Max number of tick-by-tick requests has been reached: {TICK_LINES_MAX}.",
        )
    line = TickLine(request=request, instrument=instrument, kind=kind)
    client.tick_lines[request] = line
    if kind in ("BidAsk", "MidPoint"):
        yield from single_ticks(line, desk.market.quote(instrument))


def cancel_tick_by_tick(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelTickByTickData."""
    request = number_of(fields, "reqId", -1)
    if client.tick_lines.pop(request, None) is None:
        raise Refused(300, f"Can't find EId with tickerId:{request}")
    yield from ()


def single_ticks(line: TickLine, quote: Quote) -> Iterator[Message]:
    """Yield the tick-by-tick message of a quote, if it has something new."""
    price = line.instrument.price_of
    fields: dict[str, Value] = {
        "reqId": line.request,
        "tickType": TICK_KINDS[line.kind],
        "time": quote.second,
    }
    if line.kind in ("Last", "AllLast"):
        if not quote.last_size:
            return
        fields |= {
            "price": price(quote.last),
            "size": quote.last_size,
            "mask": 0,
            "exchange": line.instrument.primary_exchange,
            "specialConditions": "",
        }
    elif line.kind == "BidAsk":
        shown = (quote.bid, quote.ask, quote.bid_size, quote.ask_size)
        if shown == line.shown:
            return
        line.shown = shown
        fields |= {
            "bidPrice": price(quote.bid),
            "askPrice": price(quote.ask),
            "bidSize": quote.bid_size,
            "askSize": quote.ask_size,
            "mask": 0,
        }
    else:
        shown = (quote.bid + quote.ask,)
        if shown == line.shown:
            return
        line.shown = shown
        fields["midPoint"] = price(quote.bid + quote.ask) / 2
    yield Message("tickByTick", fields)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqMktData": market_data,
    "cancelMktData": cancel_market_data,
    "reqMarketDataType": market_data_type,
    "reqTickByTickData": tick_by_tick,
    "cancelTickByTickData": cancel_tick_by_tick,
}
"""Request -> answer."""
