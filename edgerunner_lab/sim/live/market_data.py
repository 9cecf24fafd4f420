"""Market-data lines: what is answered when one is asked for; `ticker` tells what changes afterwards."""

from collections.abc import Iterator, Mapping
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live import depth, option_ticks, tick_by_tick
from edgerunner_lab.sim.live.delayed import kind_of, second_of, view_of
from edgerunner_lab.sim.live.generic_lists import generics_in
from edgerunner_lab.sim.live.generic_ticks import LATE, UNPRICED, first_ticks
from edgerunner_lab.sim.live.rights import (
    SHOWING_DELAYED,
    Service,
    partly_subscribed,
    service_of,
)
from edgerunner_lab.sim.live.ticks import Day, Tick, delayed, message_of, picture
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, error, flag_of, number_of, text_of
from edgerunner_lab.sim.requests.clients import Client, Line
from edgerunner_lab.sim.requests.desk import Desk, Handler

SNAPSHOT_PERMISSIONS: Final = 3

SNAPSHOT_SECONDS: Final = 11
"""How long a snapshot waits for what it does not have yet, such as the quote of a closed market."""

KINDS: Final = range(1, 5)
"""Market-data types: live, frozen, delayed, delayed and frozen."""


def market_data(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMktData: a full picture, then changes until it is cancelled."""
    request = number_of(fields, "reqId", -1)
    instrument = desk.instrument_in(fields)
    line, is_snapshot = _line(desk, client, fields, instrument)
    if line.is_delayed:
        yield error(request, *SHOWING_DELAYED, desk.market.now)
        if line.generics - LATE - UNPRICED:
            yield error(request, *partly_subscribed(instrument), desk.market.now)
        line.generics &= LATE
    yield Message(
        "tickReqParams",
        {
            "tickerId": request,
            "minTick": instrument.min_tick,
            "bboExchange": instrument.bbo_exchange,
            "snapshotPermissions": SNAPSHOT_PERMISSIONS,
        },
    )
    yield market_data_type_of(line)
    for tick in first(desk, line):
        yield message_of(request, tick)
    yield from option_ticks.computations(desk, line)
    second = second_of(desk, is_delayed=line.is_delayed)
    if is_snapshot and (line.stays or desk.market.tape(instrument).is_open(second)):
        yield Message("tickSnapshotEnd", {"reqId": request})
        return
    if is_snapshot:
        line.ends = desk.market.second + SNAPSHOT_SECONDS
    client.lines[request] = line


def cancel_market_data(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelMktData."""
    request = number_of(fields, "reqId", -1)
    if client.lines.pop(request, None) is None:
        raise Refused(300, f"Can't find EId with tickerId:{request}")
    yield from ()


def market_data_type(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMarketDataType, which holds for the lines asked for after it."""
    kind = number_of(fields, "marketDataType")
    if kind not in KINDS:
        raise Refused(
            321,
            f"Error validating request.-'cB' : cause - Invalid market data type {kind},"
            " expected 1 live, 2 frozen, 3 delayed or 4 delayed frozen",
        )
    client.market_data_type = kind
    yield from ()


def market_data_type_of(line: Line) -> Message:
    """Return the message that tells how a line is served."""
    return Message("marketDataType", {"reqId": line.request, "marketDataType": line.kind})


def first(desk: Desk, line: Line) -> list[Tick]:
    """Return everything a new line shows."""
    instrument, is_delayed = line.instrument, line.is_delayed
    view = view_of(desk, instrument, is_delayed=is_delayed)
    quote = view.quote
    tape = desk.market.tape(instrument)
    day = Day(
        opened=tape.open_ticks(quote.second),
        closed=tape.close_ticks(quote.second),
        is_shown=line.stays or tape.is_open(view.second),
        is_halted=desk.market.is_halted(instrument, view.second),
    )
    ticks = picture(instrument, quote, day)
    if is_delayed:
        ticks = delayed(ticks)
    return ticks + first_ticks(view, line.generics)


def _line(
    desk: Desk, client: Client, fields: Fields, instrument: Instrument
) -> tuple[Line, bool]:
    """Return the line that a request asks for, and whether it is a snapshot.

    Raises:
        Refused: The request does not make sense, is one too many, or is not subscribed.
    """
    request = number_of(fields, "reqId", -1)
    text = text_of(fields, "genericTickList")
    is_snapshot = flag_of(fields, "snapshot") or flag_of(fields, "regulatorySnapshot")
    if is_snapshot and text:
        raise Refused(
            414, "Snapshot market data subscription is not applicable to generic ticks."
        )
    if request in client.lines:
        raise Refused(102, "Duplicate ticker ID.")
    lines_max = desk.data_rules.lines_max
    if len(client.lines) >= lines_max:
        raise Refused(101, f"Max number of tickers has been reached: {lines_max}.")
    generics = generics_in(text, instrument)
    # A regulatory snapshot is paid for one by one and needs no subscription.
    service = (
        Service(is_delayed=False, stays=False)
        if flag_of(fields, "regulatorySnapshot")
        else service_of(desk, client, instrument)
    )
    line = Line(
        request=request,
        instrument=instrument,
        generics=generics,
        is_delayed=service.is_delayed,
        stays=service.stays,
    )
    line.kind = kind_of(desk, instrument, is_delayed=line.is_delayed, stays=line.stays)
    return line, is_snapshot


HANDLERS: Final[Mapping[str, Handler]] = {
    **depth.HANDLERS,
    **option_ticks.HANDLERS,
    **tick_by_tick.HANDLERS,
    "reqMktData": market_data,
    "cancelMktData": cancel_market_data,
    "reqMarketDataType": market_data_type,
}
"""Request -> answer, of everything about live market data."""
