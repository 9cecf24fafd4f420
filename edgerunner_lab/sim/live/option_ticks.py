"""Option computations: the greeks of a line's bid, ask, last and model, and the two calculators."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.delayed import quote_of, second_of
from edgerunner_lab.sim.live.tick_types import (
    ASK_OPTION,
    BID_OPTION,
    CUSTOM_OPTION,
    DELAYED,
    LAST_OPTION,
    MODEL_OPTION,
)
from edgerunner_lab.sim.market.derived import years_left
from edgerunner_lab.sim.market.greeks import (
    Greeks,
    Option,
    implied_volatility,
    valued,
)
from edgerunner_lab.sim.market.shapes import DAY
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.replies import Refused, decimal_of, number_of
from edgerunner_lab.sim.requests.clients import Client, Line
from edgerunner_lab.sim.requests.desk import Desk, Handler

PRICE_BASED: Final = 1
"""The tick attribute of computations from prices, not returns."""

DIGITS: Final = 8
"""Digits behind the point that are told."""


def computations(desk: Desk, line: Line) -> Iterator[Message]:
    """Yield the four computations of an option's line; nothing for other instruments."""
    instrument = line.instrument
    if not instrument.right:
        return
    quote = quote_of(desk, instrument, is_delayed=line.is_delayed)
    under = _under_price(desk, instrument, is_delayed=line.is_delayed)
    option = _option(instrument, second_of(desk, is_delayed=line.is_delayed))
    tape = desk.market.tape(instrument)
    is_shown = line.stays or tape.is_open(second_of(desk, is_delayed=line.is_delayed))
    prices = {LAST_OPTION: quote.last}
    if is_shown:
        prices |= {BID_OPTION: quote.bid, ASK_OPTION: quote.ask}
    for kind in sorted(prices):
        price = float(instrument.price_of(prices[kind]))
        volatility = implied_volatility(option, under, price)
        # A price outside of what the model allows has no volatility, and so no greeks.
        found = None if volatility is None else valued(option, under, volatility)
        yield _message(line, kind, price, found, under)
    model = valued(option, under, instrument.volatility)
    yield _message(line, MODEL_OPTION, model.price, model, under)


def calculate_volatility(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer calculateImpliedVolatility: the volatility at which an option is worth a price."""
    instrument = _option_in(desk, fields, "cd")
    price = _positive(fields, "optionPrice", "option price", "cd")
    under = _positive(fields, "underPrice", "underlying price", "cd")
    option = _option(instrument, desk.market.second)
    volatility = implied_volatility(option, under, price)
    found = None if volatility is None else valued(option, under, volatility)
    yield _custom(fields, price, found, under)


def calculate_price(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer calculateOptionPrice: what an option is worth at a volatility."""
    instrument = _option_in(desk, fields, "ce")
    volatility = _positive(fields, "volatility", "volatility", "ce")
    under = _positive(fields, "underPrice", "underlying price", "ce")
    found = valued(_option(instrument, desk.market.second), under, volatility)
    yield _custom(fields, found.price, found, under)


def forget_calculation(_: Desk, __: Client, ___: Fields) -> Iterator[Message]:
    """Answer a calculator's cancel: its answer has gone out already, so there is nothing to say."""
    yield from ()


def _option(instrument: Instrument, second: int) -> Option:
    # Time passes as it does for quotes, by the day, or the model would be worth less than every bid by evening.
    return Option(
        is_call=instrument.right == "C",
        strike=float(instrument.strike),
        years=years_left(instrument, second // DAY),
    )


def _under_price(desk: Desk, instrument: Instrument, *, is_delayed: bool) -> float:
    under = desk.market.universe.by_con_id[instrument.under_con_id]
    if not is_delayed:
        return float(desk.market.mark(under))
    return float(desk.market.mark_at(under, second_of(desk, is_delayed=True)))


def _option_in(desk: Desk, fields: Fields, place: str) -> Instrument:
    instrument = desk.instrument_in(fields)
    if not instrument.right:
        raise Refused(
            321,
            f"Error validating request.-'{place}' : cause - {instrument.name} is"
            f" {instrument.sec_type}, expected an option",
        )
    return instrument


def _positive(fields: Fields, name: str, words: str, place: str) -> float:
    value = decimal_of(fields, name)
    number = float(value) if value is not None else 0.0
    if not 0 < number < 1e9:  # noqa: PLR2004  beyond any price
        raise Refused(
            321,
            f"Error validating request.-'{place}' : cause - Invalid {words} {value},"
            " expected a positive number",
        )
    return number


def _message(
    line: Line, kind: int, price: float, found: Greeks | None, under: float
) -> Message:
    number = DELAYED[kind] if line.is_delayed else kind
    return Message(
        "tickOptionComputation", _fields(line.request, number, price, found, under)
    )


def _custom(fields: Fields, price: float, found: Greeks | None, under: float) -> Message:
    request = number_of(fields, "reqId", -1)
    return Message(
        "tickOptionComputation", _fields(request, CUSTOM_OPTION, price, found, under)
    )


def _fields(
    request: int, kind: int, price: float, found: Greeks | None, under: float
) -> dict[str, Value]:
    """Return the fields of a computation; what there is no volatility for stays unset."""
    fields: dict[str, Value] = {
        "reqId": request,
        "tickType": kind,
        "tickAttrib": PRICE_BASED,
        "optPrice": _told(price),
        "undPrice": _told(under),
    }
    if found is not None:
        fields |= {
            "impliedVol": _told(found.volatility),
            "delta": _told(found.delta),
            "pvDividend": Decimal(0),
            "gamma": _told(found.gamma),
            "vega": _told(found.vega),
            "theta": _told(found.theta),
        }
    return fields


def _told(number: float) -> float:
    return round(number, DIGITS)


HANDLERS: Final[Mapping[str, Handler]] = {
    "calculateImpliedVolatility": calculate_volatility,
    "calculateOptionPrice": calculate_price,
    "cancelCalculateImpliedVolatility": forget_calculation,
    "cancelCalculateOptionPrice": forget_calculation,
}
"""Request -> answer."""
