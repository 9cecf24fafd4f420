"""Who an instrument is: details, search, price increments, option parameters, exchanges."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.query import Query
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, number_of, text_of
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.contract_details import AGG_GROUPS, NO_GROUP, Describer
from edgerunner_lab.sim.requests.contract_queries import query_of
from edgerunner_lab.sim.requests.desk import NO_DEFINITION, Desk, Handler

SEC_TYPES: Final = frozenset(
    [
        "STK",
        "OPT",
        "FUT",
        "CONTFUT",
        "FUT+CONTFUT",
        "IND",
        "CASH",
        "BOND",
        "CRYPTO",
        "FOP",
        "CFD",
        "WAR",
        "IOPT",
        "FUND",
        "CMDTY",
        "NEWS",
        "BILL",
    ]
)
"""Kinds that the broker knows; of some there are none here."""

DETAILS_MAX: Final = 10_000
"""Contracts described in one answer: each takes 1.3 kB, and a client is dropped that has 16 MB to read."""

PARTICIPANTS: Final[Mapping[str, str]] = {
    "AMEX": "A",
    "BEX": "B",
    "NYSENAT": "C",
    "PEARL": "H",
    "ISE": "I",
    "EDGEA": "J",
    "EDGX": "K",
    "LTSE": "L",
    "CHX": "M",
    "NYSE": "N",
    "ARCA": "P",
    "NASDAQ": "Q",
    "MEMX": "U",
    "IEX": "V",
    "CBOE": "W",
    "PSX": "X",
    "BYX": "Y",
    "BATS": "Z",
}
"""Exchange -> its letter in the consolidated quotes of the United States."""

LEVEL_TWO: Final = frozenset({"NASDAQ", "ARCA", "BATS", "IBIS", "LSE"})
"""Exchanges whose depth names market makers or lists orders, which the broker calls Deep2."""


def contract_details(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqContractDetails: every instrument that fits, then the end."""
    request = number_of(fields, "reqId", -1)
    query = query_of(fields)
    _check_kind(query)
    known = (i for i in desk.market.universe.matching(query) if _is_known(desk, i, query))
    found = list(islice(known, DETAILS_MAX + 1))
    if len(found) > DETAILS_MAX:
        raise Refused(
            321,
            f"Error validating request.-'bW' : cause - More than {DETAILS_MAX} contracts fit,"
            " expected a description of fewer: name an expiry, a strike or a right",
        )
    if not found:
        raise Refused(200, NO_DEFINITION)
    describer = Describer(desk.market)
    for instrument in found:
        yield describer.message(request, instrument, query.exchange)
    yield Message("contractDataEnd", {"reqId": request})


def _check_kind(query: Query) -> None:
    if query.sec_type == "BAG":
        raise Refused(
            321,
            "Error validating request.-'bW' : cause - BAG isn't supported for contract data request",
        )
    names_itself = query.con_id is not None or query.isin or query.cusip
    if query.sec_type not in SEC_TYPES and (query.sec_type or not names_itself):
        raise Refused(
            321,
            "Error validating request.-'bW' : cause - Please enter a valid security type",
        )


def _is_known(desk: Desk, instrument: Instrument, query: Query) -> bool:
    """Return whether the broker still describes a contract: one that has ended only to those who ask for such."""
    ends = instrument.last_trade_date
    return (
        not ends
        or ends >= f"{desk.market.universe.today:%Y%m%d}"
        or (query.includes_expired and instrument.sec_type == "FUT")
    )


def matching_symbols(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqMatchingSymbols."""
    universe = desk.market.universe
    rows: tuple[Fields, ...] = tuple(
        {
            "conId": instrument.con_id,
            "symbol": instrument.symbol,
            "secType": instrument.sec_type,
            "primaryExchange": instrument.primary_exchange or instrument.exchange,
            "currency": instrument.currency,
            "derivativeSecTypes": tuple(
                {"secType": kind} for kind in universe.derivative_types(instrument)
            ),
            "description": instrument.long_name,
            "issuerId": "",
        }
        for instrument in universe.search(text_of(fields, "pattern"))
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
    """Answer reqSecDefOptParams: a message for each exchange and trading class, then the end."""
    universe = desk.market.universe
    under = number_of(fields, "underlyingConId")
    if under not in universe.by_con_id:
        raise Refused(200, NO_DEFINITION)
    request = number_of(fields, "reqId", -1)
    # An exchange is named for the options on futures only, of which there are none.
    found = () if text_of(fields, "futFopExchange") else universe.option_parameters(under)
    for listed in found:
        shared: Fields = {
            "reqId": request,
            "underlyingConId": under,
            "tradingClass": listed.trading_class,
            "multiplier": listed.multiplier,
            "expirations": tuple({"expiration": f"{d:%Y%m%d}"} for d in listed.expiries),
            "strikes": tuple({"strike": strike} for strike in listed.strikes),
        }
        for exchange in listed.exchanges:
            yield Message(
                "securityDefinitionOptionParameter", {**shared, "exchange": exchange}
            )
    yield Message("securityDefinitionOptionParameterEnd", {"reqId": request})


def smart_components(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqSmartComponents: which bit and letter stands for which exchange in consolidated quotes."""
    asked = text_of(fields, "bboExchange")
    shown = {i.bbo_exchange for i in desk.market.universe.by_con_id.values()} - {""}
    if asked not in shown:
        raise Refused(
            321,
            f"Error validating request.-'cq' : cause - BBO exchange '{asked}' was found,"
            f" expected one of {', '.join(sorted(shown))}",
        )
    rows = tuple(
        {"bitNumber": bit, "exchange": exchange, "exchangeLetter": letter}
        for bit, (exchange, letter) in enumerate(PARTICIPANTS.items())
    )
    request = number_of(fields, "reqId", -1)
    yield Message("smartComponents", {"reqId": request, "smartComponents": rows})


def depth_exchanges(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqMktDepthExchanges: every exchange with the kinds that trade there."""
    pairs = sorted(
        {
            (exchange, instrument.sec_type)
            for instrument in desk.market.universe.kinds()
            if instrument.has_quotes
            for exchange in instrument.valid_exchanges.split(",")
            if exchange != "SMART"
        }
    )
    rows = tuple(
        {
            "exchange": exchange,
            "secType": sec_type,
            "isL2": exchange in LEVEL_TWO,
            "listingExch": "",
            "serviceDataType": "Deep2" if exchange in LEVEL_TWO else "Deep",
            "aggGroup": AGG_GROUPS.get(sec_type, NO_GROUP),
        }
        for exchange, sec_type in pairs
    )
    yield Message("mktDepthExchanges", {"depthMktDataDescriptions": rows})


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqContractDetails": contract_details,
    "reqMatchingSymbols": matching_symbols,
    "reqMarketRule": market_rule,
    "reqMktDepthExchanges": depth_exchanges,
    "reqSecDefOptParams": option_parameters,
    "reqSmartComponents": smart_components,
}
"""Request -> answer."""
