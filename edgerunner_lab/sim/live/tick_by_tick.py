"""Tick-by-tick lines: every print or every change of the quote, after as many past ones as were asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.rights import check_single_ticks
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.requests.clients import Client, TickLine
from edgerunner_lab.sim.requests.desk import Desk, Handler

LINES_MAX: Final = 5
"""Tick-by-tick lines a client may have at once."""

PAST_TICKS_MAX: Final = 1000
"""Past ticks that may be asked for, as of historical ticks."""

PAST_SECONDS_MAX: Final = 3600
"""How far back they are looked for; a quiet instrument has fewer."""

UNTOLD: Final = frozenset({"OPT", "FOP", "BAG"})
"""Kinds of instruments without tick-by-tick data."""

BID_PAST_LOW, ASK_PAST_HIGH = 1, 2
"""Bits of a quote's mask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One tick type of the request.

    Attributes:
        number: On the wire.
        past: The message that carries past ticks.
        needs_prints: It shows prints, not quotes.
        shown: What must differ from the tick before; given the quote and whether sizes are ignored.
        fields: A live tick.
        past_fields: A past tick.
    """

    number: int
    past: str
    needs_prints: bool
    shown: Callable[[Quote, bool], tuple[int, ...]]
    fields: Callable[[Instrument, Quote], dict[str, Value]]
    past_fields: Callable[[Instrument, Quote], dict[str, Value]]


def _print_fields(instrument: Instrument, quote: Quote) -> dict[str, Value]:
    return {
        "price": instrument.price_of(quote.last),
        "size": quote.last_size,
        "mask": 0,
        "exchange": instrument.primary_exchange or instrument.exchange,
        "specialConditions": "",
    }


def _mask(quote: Quote) -> int:
    return BID_PAST_LOW * (quote.bid < quote.low) + ASK_PAST_HIGH * (quote.ask > quote.high)


def _quote_fields(instrument: Instrument, quote: Quote) -> dict[str, Value]:
    return {
        "bidPrice": instrument.price_of(quote.bid),
        "askPrice": instrument.price_of(quote.ask),
        "bidSize": quote.bid_size,
        "askSize": quote.ask_size,
        "mask": _mask(quote),
    }


def _past_quote_fields(instrument: Instrument, quote: Quote) -> dict[str, Value]:
    return {
        "priceBid": instrument.price_of(quote.bid),
        "priceAsk": instrument.price_of(quote.ask),
        "sizeBid": quote.bid_size,
        "sizeAsk": quote.ask_size,
        "mask": 0,
    }


def _middle_fields(instrument: Instrument, quote: Quote) -> dict[str, Value]:
    return {"midPoint": instrument.price_of(quote.bid + quote.ask) / 2}


def _past_middle_fields(instrument: Instrument, quote: Quote) -> dict[str, Value]:
    return {"price": instrument.price_of(quote.bid + quote.ask) / 2, "size": 0}


def _quote_shown(quote: Quote, is_size_ignored: bool) -> tuple[int, ...]:  # noqa: FBT001  the line's own choice
    sizes = () if is_size_ignored else (quote.bid_size, quote.ask_size)
    return (quote.bid, quote.ask, *sizes)


def _prints(number: int) -> _Kind:
    return _Kind(
        number=number,
        past="historicalTicksLast",
        needs_prints=True,
        # The volume of the day tells one print from the next; without a print nothing is new.
        shown=lambda quote, _: (quote.second, quote.volume) if quote.last_size else (),
        fields=_print_fields,
        past_fields=_print_fields,
    )


KINDS: Final[Mapping[str, _Kind]] = {
    "Last": _prints(1),
    "AllLast": _prints(2),
    "BidAsk": _Kind(
        number=3,
        past="historicalTicksBidAsk",
        needs_prints=False,
        shown=_quote_shown,
        fields=_quote_fields,
        past_fields=_past_quote_fields,
    ),
    "MidPoint": _Kind(
        number=4,
        past="historicalTicks",
        needs_prints=False,
        shown=lambda quote, _: (quote.bid + quote.ask,),
        fields=_middle_fields,
        past_fields=_past_middle_fields,
    ),
}
"""Tick type as clients spell it, capitals and all -> what it shows."""


def tick_by_tick(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqTickByTickData: past ticks, the present quote, then whatever comes."""
    instrument = desk.instrument_in(fields)
    name = text_of(fields, "tickType")
    request = number_of(fields, "reqId", -1)
    count = number_of(fields, "numberOfTicks")
    _check(client, instrument, request, name)
    check_single_ticks(desk, instrument)
    if not 0 <= count <= PAST_TICKS_MAX:
        raise Refused(
            321,
            "Error validating request.-'cz' : cause - Invalid number of ticks"
            f" {count}, expected 0 to {PAST_TICKS_MAX}",
        )
    is_size_ignored = flag_of(fields, "ignoreSize")
    line = TickLine(
        request=request, instrument=instrument, kind=name, is_size_ignored=is_size_ignored
    )
    client.tick_lines[request] = line
    if count:
        yield _past(desk, line, count)
    tape = desk.market.tape(instrument)
    if not KINDS[name].needs_prints and tape.is_open(desk.market.second):
        yield from single_ticks(line, desk.engine.quote(instrument))


def _check(client: Client, instrument: Instrument, request: int, name: str) -> None:
    """Refuse what the broker refuses."""
    if name not in KINDS:
        raise Refused(
            321,
            f"Error validating request.-'cz' : cause - Invalid tick type '{name}',"
            f" expected one of {', '.join(KINDS)}",
        )
    if instrument.sec_type in UNTOLD:
        lacks = "tick-by-tick data"
    elif KINDS[name].needs_prints:
        lacks = "" if instrument.has_prints else "prints"
    else:
        lacks = "" if instrument.has_quotes else "quotes"
    if lacks:
        raise Refused(
            10189, f"Failed to request tick-by-tick data:{instrument.name} has no {lacks}"
        )
    if request in client.tick_lines:
        raise Refused(322, "Error processing request.-'cz' : cause - Duplicate ticker id")
    if len(client.tick_lines) >= LINES_MAX:
        raise Refused(
            10190, f"Max number of tick-by-tick requests has been reached: {LINES_MAX}."
        )


def cancel_tick_by_tick(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelTickByTickData."""
    request = number_of(fields, "reqId", -1)
    if client.tick_lines.pop(request, None) is None:
        raise Refused(300, f"Can't find EId with tickerId:{request}")
    yield from ()


def single_ticks(line: TickLine, quote: Quote) -> Iterator[Message]:
    """Yield the tick-by-tick message of a quote, if it has something new."""
    kind = KINDS[line.kind]
    shown = kind.shown(quote, line.is_size_ignored)
    if not shown or shown == line.shown:
        return
    line.shown = shown
    yield Message(
        "tickByTick",
        {
            "reqId": line.request,
            "tickType": kind.number,
            "time": quote.second,
            **kind.fields(line.instrument, quote),
        },
    )


def _past(desk: Desk, line: TickLine, count: int) -> Message:
    """Return the newest `count` ticks until now, oldest first."""
    kind = KINDS[line.kind]
    ticks: list[Fields] = []
    for quote in _different(desk, line, kind):
        ticks.append({"time": quote.second, **kind.past_fields(line.instrument, quote)})
        if len(ticks) == count:
            break
    ticks.reverse()
    return Message(kind.past, {"reqId": line.request, "ticks": tuple(ticks), "done": True})


def _different(desk: Desk, line: TickLine, kind: _Kind) -> Iterator[Quote]:
    """Yield the quotes that a line would have told, newest first."""
    market = desk.market
    tape = market.tape(line.instrument)
    held: Quote | None = None
    for step in range(market.step, market.step - PAST_SECONDS_MAX * market.steps, -1):
        if not tape.is_open(step // market.steps):
            break
        quote = tape.quote(step, market.steps)
        if kind.needs_prints:
            if quote.last_size:
                yield quote
            continue
        # A quote is told when it appears, so it is the last of equals seen from here.
        if held is not None and _shown(kind, held, line) != _shown(kind, quote, line):
            yield held
        held = quote


def _shown(kind: _Kind, quote: Quote, line: TickLine) -> tuple[int, ...]:
    return kind.shown(quote, line.is_size_ignored)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqTickByTickData": tick_by_tick,
    "cancelTickByTickData": cancel_tick_by_tick,
}
"""Request -> answer."""
