"""Who an instrument is: details, search, price increments, option parameters."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from .clients import Client
from .desk import Desk, Handler, query_of
from .messages import Fields, Message, Value
from .replies import Refused, number_of, text_of
from .sessions import Session
from .stamps import day_stamp, stamp
from .universe import Instrument

NOT_FOUND: Final = "No security definition has been found for the request"

ORDER_TYPES: Final = "DAY,FOK,GTC,IOC,LMT,MKT,STP,STPLMT,WHATIF"
"""What the gateway works, in the broker's spelling."""

SCHEDULE_DAYS: Final = 7
"""Days of trading hours that contract details list."""

_COLUMNS: Final = {
    "c.symbol": "symbol",
    "c.secType": "sec_type",
    "c.currency": "currency",
    "c.localSymbol": "local_symbol",
    "d.marketName": "trading_class",
    "c.tradingClass": "trading_class",
    "c.conId": "con_id",
    "d.minTick": "min_tick",
    "d.validExchanges": "valid_exchanges",
    "d.longName": "long_name",
    "c.primaryExchange": "primary_exchange",
    "d.industry": "industry",
    "d.category": "category",
    "d.subcategory": "subcategory",
    "d.timeZoneId": "time_zone",
    "d.stockType": "stock_type",
    "d.minSize": "size_min",
    "d.sizeIncrement": "size_increment",
    "d.suggestedSizeIncrement": "size_suggested",
}
"""message field -> instrument field, where nothing has to be worked out."""


def contract_details(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqContractDetails: every instrument that fits."""
    request = number_of(fields, "reqId", -1)
    query = query_of(fields)
    if query.con_id is None and not query.sec_type and not query.isin:
        raise Refused(
            321,
            "Error validating request.-'bW' : cause - Please enter a valid security type",
        )
    found = desk.market.universe.find(query)
    if not found:
        raise Refused(200, NOT_FOUND)
    for instrument in found:
        exchange = text_of(fields, "c.exchange") or instrument.exchange
        yield _details(desk, instrument, exchange, request)
    yield Message("contractDataEnd", {"reqId": request})


def matching_symbols(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMatchingSymbols."""
    found = desk.market.universe.search(text_of(fields, "pattern"))
    rows: tuple[Fields, ...] = tuple(
        {
            "conId": instrument.con_id,
            "symbol": instrument.symbol,
            "secType": instrument.sec_type,
            "primaryExchange": instrument.primary_exchange or instrument.exchange,
            "currency": instrument.currency,
            "derivativeSecTypes": tuple(
                {"secType": kind} for kind in instrument.derivatives
            ),
            "description": instrument.long_name,
            "issuerId": "",
        }
        for instrument in found
    )
    request = number_of(fields, "reqId", -1)
    yield Message("symbolSamples", {"reqId": request, "contractDescriptions": rows})


def market_rule(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMarketRule."""
    number = number_of(fields, "marketRuleId", -1)
    rule = desk.market.universe.rules.get(number)
    if rule is None:
        raise Refused(
            321,
            f"Error validating request.-'cm' : cause - Invalid market rule id {number},"
            f" expected one of {', '.join(map(str, sorted(desk.market.universe.rules)))}",
        )
    bands = tuple({"lowEdge": edge, "increment": step} for edge, step in rule.bands)
    yield Message("marketRule", {"marketRuleId": number, "priceIncrements": bands})


def option_parameters(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqSecDefOptParams: nothing listed here has options yet, which is an empty answer."""
    if number_of(fields, "underlyingConId") not in desk.market.universe.by_con_id:
        raise Refused(200, NOT_FOUND)
    request = number_of(fields, "reqId", -1)
    yield Message("securityDefinitionOptionParameterEnd", {"reqId": request})


def _details(desk: Desk, instrument: Instrument, exchange: str, request: int) -> Message:
    sessions = _coming_sessions(desk, instrument)
    rules = ",".join(
        [str(instrument.market_rule)] * (instrument.valid_exchanges.count(",") + 1)
    )
    isin = ({"tag": "ISIN", "value": instrument.isin},) if instrument.isin else ()
    fields: dict[str, Value] = {
        name: getattr(instrument, column) for name, column in _COLUMNS.items()
    }
    fields |= {
        "reqId": request,
        "c.exchange": exchange,
        "c.strike": 0,
        "d.orderTypes": ORDER_TYPES,
        "d.priceMagnifier": 1,
        "d.underConId": 0,
        "d.tradingHours": _hours(sessions, instrument, regular=False),
        "d.liquidHours": _hours(sessions, instrument, regular=True),
        "d.evMultiplier": 0,
        "secIdList": isin,
        "d.aggGroup": 1 if instrument.sec_type == "STK" else 4,
        "d.marketRuleIds": rules,
    }
    return Message("contractData", fields)


def _coming_sessions(
    desk: Desk, instrument: Instrument
) -> list[tuple[str, Session | None]]:
    """Return the day stamps of a week with their sessions, None on closed days."""
    latest = desk.market.tape(instrument).session_at(desk.market.second)
    assert latest is not None
    first = latest.day
    days = (first + timedelta(days=step) for step in range(SCHEDULE_DAYS))
    on = desk.market.sessions.on
    return [(day_stamp(day), on(instrument.calendar, day)) for day in days]


def _hours(
    sessions: list[tuple[str, Session | None]], instrument: Instrument, *, regular: bool
) -> str:
    """Return hours as `20261123:0930-20261123:1600;20261124:CLOSED`."""

    def written(second: int) -> str:
        day, clock, _ = stamp(second, instrument.time_zone).split()
        return f"{day}:{clock[:2]}{clock[3:5]}"

    parts: list[str] = []
    for day, session in sessions:
        if session is None:
            parts.append(f"{day}:CLOSED")
        else:
            opened, closed = session.span(regular=regular)
            parts.append(f"{written(opened)}-{written(closed)}")
    return ";".join(parts)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqContractDetails": contract_details,
    "reqMatchingSymbols": matching_symbols,
    "reqMarketRule": market_rule,
    "reqSecDefOptParams": option_parameters,
}
"""Request -> answer."""
