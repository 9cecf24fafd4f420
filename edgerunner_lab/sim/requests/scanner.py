"""Market scanners: the table of scans, what each ranks by, and the rows it finds in the simulated market."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import (
    Refused,
    contract_fields,
    decimal_of,
    number_of,
    text_of,
)
from edgerunner_lab.sim.requests.clients import Client, ScanLine
from edgerunner_lab.sim.requests.desk import Desk, Handler

ROWS_MAX: Final = 50
"""Rows of one answer, as the broker limits them."""

SUBSCRIPTIONS_MAX: Final = 10
"""Scanner subscriptions a client may have at once, as the broker limits them."""

REFRESH_SECONDS: Final = 30

Rank = Callable[[Desk, Instrument], float]
"""Returns what an instrument is ranked by, largest first."""


def _change(desk: Desk, instrument: Instrument, since: int) -> float:
    quote = desk.market.quote(instrument)
    return (quote.last - since) / since


def _gain(desk: Desk, instrument: Instrument) -> float:
    tape = desk.market.tape(instrument)
    return _change(desk, instrument, tape.close_ticks(desk.market.second))


def _open_gain(desk: Desk, instrument: Instrument) -> float:
    tape = desk.market.tape(instrument)
    return _change(desk, instrument, tape.open_ticks(desk.market.second))


def _volume(desk: Desk, instrument: Instrument) -> float:
    return desk.market.quote(instrument).volume


def _worth(desk: Desk, instrument: Instrument) -> float:
    quote = desk.market.quote(instrument)
    return float(instrument.price_of(quote.last)) * quote.volume


def _heat(desk: Desk, instrument: Instrument) -> float:
    return desk.market.quote(instrument).volume / max(instrument.volume, 1)


def _volatility(_: Desk, instrument: Instrument) -> float:
    return instrument.volatility


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan: what it is called, and what it ranks by."""

    name: str
    rank: Rank


def _lowest(rank: Rank) -> Rank:
    return lambda desk, instrument: -rank(desk, instrument)


SCANS: Final[Mapping[str, Scan]] = {
    "TOP_PERC_GAIN": Scan("Top % Gainers", _gain),
    "TOP_PERC_LOSE": Scan("Top % Losers", _lowest(_gain)),
    "TOP_OPEN_PERC_GAIN": Scan("Top % Gainers Since Open", _open_gain),
    "TOP_OPEN_PERC_LOSE": Scan("Top % Losers Since Open", _lowest(_open_gain)),
    "MOST_ACTIVE": Scan("Most Active", _volume),
    "MOST_ACTIVE_USD": Scan("Most Active (USD)", _worth),
    "HOT_BY_VOLUME": Scan("Hot Contracts by Volume", _heat),
    "HIGH_OPT_IMP_VOLAT": Scan("Highest Option Imp Vol", _volatility),
    "LOW_OPT_IMP_VOLAT": Scan("Lowest Option Imp Vol", _lowest(_volatility)),
}
"""Scan code, as the broker spells it -> the scan."""

LOCATIONS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "STK.US": ("US Stocks", frozenset()),
    "STK.US.MAJOR": ("Listed/NASDAQ", frozenset()),
    "STK.NASDAQ": ("NASDAQ", frozenset({"NASDAQ"})),
    "STK.NYSE": ("NYSE", frozenset({"NYSE"})),
    "STK.ARCA": ("ARCA", frozenset({"ARCA"})),
}
"""Location code -> its name, and the primary exchanges it means; none means all."""

INSTRUMENT: Final = "STK"


def parameters(_: Desk, __: Client, ___: Fields) -> Iterator[Message]:
    """Answer reqScannerParameters with XML of everything that can be scanned for."""
    yield Message("scannerParameters", {"xml": parameters_xml()})


def parameters_xml() -> str:
    """Return the parameters as an XML document in the broker's structure."""
    locations = "".join(
        f"<Location><displayName>{escape(name)}</displayName>"
        f"<locationCode>{code}</locationCode></Location>"
        for code, (name, _) in LOCATIONS.items()
    )
    scans = "".join(
        f"<ScanType><displayName>{escape(scan.name)}</displayName>"
        f"<scanCode>{code}</scanCode><instruments>{INSTRUMENT}</instruments></ScanType>"
        for code, scan in SCANS.items()
    )
    filters = "".join(
        f"<RangeFilter><id>{name}</id><AbstractField><code>{code}</code>"
        f"</AbstractField></RangeFilter>"
        for name, code in (
            ("PRICE", "abovePrice"),
            ("PRICE", "belowPrice"),
            ("VOLUME", "aboveVolume"),
        )
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ScanParameterResponse>'
        "<InstrumentList><Instrument><name>US Stocks</name>"
        f"<type>{INSTRUMENT}</type></Instrument></InstrumentList>"
        f"<LocationTree>{locations}</LocationTree>"
        f"<ScanTypeList>{scans}</ScanTypeList>"
        f"<FilterList>{filters}</FilterList></ScanParameterResponse>"
    )


def subscribe(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqScannerSubscription: rows now, and again every half minute."""
    request = number_of(fields, "reqId", -1)
    if request in client.scans:
        raise Refused(102, "Duplicate ticker ID.")
    if len(client.scans) >= SUBSCRIPTIONS_MAX:
        raise Refused(
            162,
            "Historical Market Data Service error message:"
            f"Only {SUBSCRIPTIONS_MAX} simultaneous API scanner subscriptions are allowed",
        )
    line = ScanLine(request=request, fields=fields, second=desk.market.second)
    answer = rows(desk, line)
    client.scans[request] = line
    yield answer


def refreshed(desk: Desk, client: Client) -> Iterator[Message]:
    """Yield the rows of subscriptions whose half minute is over."""
    for line in client.scans.values():
        if desk.market.second - line.second >= REFRESH_SECONDS:
            line.second = desk.market.second
            yield rows(desk, line)


def cancel(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelScannerSubscription."""
    request = number_of(fields, "reqId", -1)
    if client.scans.pop(request, None) is None:
        raise Refused(365, f"No scanner subscription found for ticker id:{request}")
    raise Refused(
        162,
        "Historical Market Data Service error message:"
        f"API scanner subscription cancelled: {request}",
    )


def rows(desk: Desk, line: ScanLine) -> Message:
    """Return what a scan finds now.

    Raises:
        Refused: Scan, location or instrument kind are not among the parameters.
    """
    fields = line.fields
    scan = SCANS.get(text_of(fields, "n.scanCode"))
    location = LOCATIONS.get(text_of(fields, "n.locationCode"))
    if (
        scan is None
        or location is None
        or text_of(fields, "n.instrument") not in ("", INSTRUMENT)
    ):
        raise Refused(
            165,
            "Historical Market Data Service query message:"
            f"no scan '{text_of(fields, 'n.scanCode')}' of"
            f" {text_of(fields, 'n.instrument')}@{text_of(fields, 'n.locationCode')},"
            " expected what reqScannerParameters lists",
        )
    ranked = [
        (scan.rank(desk, instrument), instrument)
        for instrument in desk.market.universe.by_con_id.values()
        if _fits(desk, instrument, location[1], fields)
    ]
    ranked.sort(key=lambda row: (-row[0], row[1].symbol))
    asked = number_of(fields, "n.numberOfRows", ROWS_MAX)
    count = ROWS_MAX if asked < 1 else min(asked, ROWS_MAX)
    elements = tuple(
        _element(number, instrument)
        for number, (_, instrument) in enumerate(ranked[:count])
    )
    return Message("scannerData", {"reqId": line.request, "elements": elements})


def _fits(
    desk: Desk, instrument: Instrument, exchanges: frozenset[str], fields: Fields
) -> bool:
    if instrument.sec_type != "STK" or instrument.currency != "USD":
        return False
    if exchanges and instrument.primary_exchange not in exchanges:
        return False
    quote = desk.market.quote(instrument)
    price = instrument.price_of(quote.last)
    above, below = (
        decimal_of(fields, "n.abovePrice"),
        decimal_of(fields, "n.belowPrice"),
    )
    least = number_of(fields, "n.aboveVolume")
    return (
        (above is None or price >= above)
        and (below is None or below <= Decimal(0) or price <= below)
        and quote.volume >= least
    )


def _element(rank: int, instrument: Instrument) -> Fields:
    contract = contract_fields(instrument, instrument.exchange)
    plain = {name.removeprefix("c."): value for name, value in contract.items()}
    return {
        **plain,
        "rank": rank,
        "marketName": instrument.trading_class,
        "distance": "",
        "benchmark": "",
        "projection": "",
        "legsStr": "",
    }


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqScannerParameters": parameters,
    "reqScannerSubscription": subscribe,
    "cancelScannerSubscription": cancel,
}
"""Request -> answer."""
