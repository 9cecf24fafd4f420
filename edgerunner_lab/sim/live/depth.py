"""Market depth: the book's best rows on one exchange, or those of all of them, kept equal to the book."""

from collections.abc import Iterator, Mapping
from typing import Final

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.ladder import DELETE, Operation, operations
from edgerunner_lab.sim.live.rights import NO_BOOK, check_book
from edgerunner_lab.sim.market.noise import key_of, uniform
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.requests.clients import Client, DepthLine, DepthRow
from edgerunner_lab.sim.requests.desk import Desk, Handler

LINES_MAX: Final = 3
"""Books a client may watch at once, as the broker allows with up to 400 market-data lines."""

BOOK_SIDES: Final = {0: Side.SELL, 1: Side.BUY}
"""Side on the wire -> side of the book."""

SHALLOW: Final = frozenset({"IND", "BAG", "BOND"})
"""Kinds of instruments whose book nobody tells."""

MAKERS: Final = {
    "NASDAQ": "NSDQ",
    "ISLAND": "NSDQ",
    "ARCA": "ARCA",
    "BATS": "BATS",
    "IEX": "IEX",
}
"""Exchange that names who quotes -> the name on its rows; rows of other exchanges carry none."""

SMART: Final = "SMART"
SHARES_MAX: Final = 3
"""Exchanges that share a price level of the smart book, at most."""

STREAM: Final = 0xDE97
"""Keeps the dice that share out a level apart from others."""


def market_depth(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMktDepth: the book in insertions, then whatever changes."""
    request = number_of(fields, "reqId", -1)
    instrument = desk.instrument_in(fields)
    exchange = text_of(fields, "c.exchange") or instrument.exchange
    is_smart = flag_of(fields, "isSmartDepth")
    rows = number_of(fields, "numRows")
    if request in client.depths:
        raise Refused(322, "Error processing request.-'bH' : cause - Duplicate ticker id")
    if is_smart != (exchange == SMART) or instrument.sec_type in SHALLOW:
        raise Refused(*NO_BOOK)
    check_book(desk, instrument)
    if rows < 1:
        raise Refused(
            321,
            f"Error validating request.-'bH' : cause - Invalid number of rows {rows},"
            " expected 1 or more",
        )
    if len(client.depths) >= LINES_MAX:
        raise Refused(
            309, f"Max number ({LINES_MAX}) of market depth requests has been reached."
        )
    line = DepthLine(
        request=request,
        instrument=instrument,
        rows=rows,
        maker=MAKERS.get(exchange, ""),
        is_smart=is_smart,
    )
    client.depths[request] = line
    yield from book_changes(desk, line)


def cancel_market_depth(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelMktDepth."""
    request = number_of(fields, "reqId", -1)
    if client.depths.pop(request, None) is None:
        raise Refused(
            310, f"Can't find the subscribed market depth with tickerId:{request}"
        )
    yield from ()


def book_changes(desk: Desk, line: DepthLine) -> Iterator[Message]:
    """Yield what turns a line's ladders into the book of this moment, which is empty while it is closed."""
    market = desk.market
    is_open = market.tape(line.instrument).is_open(market.second)
    for number, side in BOOK_SIDES.items():
        rows = _rows(desk, line, side) if is_open else []
        shown = line.shown.get(number, [])
        if rows != shown:
            line.shown[number] = rows
            for operation in operations(shown, rows):
                yield _message(line, number, operation)


def _rows(desk: Desk, line: DepthLine, side: Side) -> list[DepthRow]:
    levels = desk.engine.levels(line.instrument, side, line.rows)
    if not line.is_smart:
        return [(price, line.maker, int(size)) for price, size in levels]
    seed = desk.market.prices.seed
    rows = [
        row
        for price, size in levels
        for row in _shared(line.instrument, seed, price, int(size))
    ]
    return rows[: line.rows]


def _shared(instrument: Instrument, seed: int, price: int, size: int) -> Iterator[DepthRow]:
    """Yield the rows of the exchanges that quote at a price; their sizes add up to the level's."""
    venues = [name for name in instrument.valid_exchanges.split(",") if name != SMART]
    if not venues:
        yield price, instrument.exchange, size
        return
    key = key_of(seed, instrument.con_id, STREAM, price)
    count = min(len(venues), 1 + int(uniform(key, 0) * SHARES_MAX))
    first = int(uniform(key, 1) * len(venues))
    chosen = sorted(venues[(first + 3 * step) % len(venues)] for step in range(count))
    left = size
    for place, venue in enumerate(dict.fromkeys(chosen)):
        is_last = place == len(dict.fromkeys(chosen)) - 1
        share = left if is_last else left // 2
        left -= share
        if share:
            yield price, venue, share


def _message(line: DepthLine, side: int, operation: Operation) -> Message:
    price, maker, size = operation.row
    fields: dict[str, Value] = {
        "reqId": line.request,
        "position": operation.position,
        "operation": operation.kind,
        "side": side,
        "price": 0 if operation.kind == DELETE else line.instrument.price_of(price),
        "size": size,
    }
    if not (line.is_smart or line.maker):
        return Message("marketDepth", fields)
    fields |= {"marketMaker": maker, "isSmartDepth": line.is_smart}
    return Message("marketDepthL2", fields)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqMktDepth": market_depth,
    "cancelMktDepth": cancel_market_depth,
}
"""Request -> answer."""
