"""Historical bars, histories kept up to date, and five-second bars."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.bars import Shown
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.protocol.stamps import parse_stamp, stamp
from edgerunner_lab.sim.requests.bar_lines import (
    LIVE_BAR_SECONDS,
    UNIX_DATES,
    DatedBar,
    bars_of,
    row_of,
)
from edgerunner_lab.sim.requests.clients import BarLine, Client
from edgerunner_lab.sim.requests.desk import Desk, Handler
from edgerunner_lab.sim.requests.entitlements import HISTORY, LIVE_BARS, check_past
from edgerunner_lab.sim.requests.history_terms import (
    DAY_SECONDS,
    Period,
    bar_seconds,
    duration,
    period,
)
from edgerunner_lab.sim.requests.trading_schedules import SCHEDULE, historical_schedule

END_MESSAGE_FROM: Final = 196
"""Server version from which historicalDataEnd follows (WIRE_VERSIONS section 1)."""

REQUESTS_MAX: Final = 50
"""Histories kept up to date, or five-second bars, a client may have at once."""

SHOWN: Final = {
    "TRADES": Shown.TRADES,
    "ADJUSTED_LAST": Shown.TRADES,
    "MIDPOINT": Shown.MIDPOINT,
    "BID": Shown.BID,
    "ASK": Shown.ASK,
    "BID_ASK": Shown.BID_ASK,
}
"""Series in the clients' spelling; nothing here pays dividends or splits, so adjusted prices are the prices."""

FIRST_DAY: Final = "20040102-00:00:00"
"""Beginning of the data, UTC."""


def historical_data(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqHistoricalData."""
    ends = text_of(fields, "endDateTime")
    if text_of(fields, "whatToShow").upper() == SCHEDULE:
        instrument = desk.instrument_in(fields)
        end = (
            min(_end(ends, instrument), desk.market.instant)
            if ends
            else desk.market.instant
        )
        yield from historical_schedule(desk, instrument, fields, end)
        return
    line = _line(desk, fields)
    stays = flag_of(fields, "keepUpToDate")
    if stays and ends:
        raise Refused(
            321,
            "Error validating request.-'bP' : cause - keepUpToDate needs an empty end date"
            f" and time, found '{ends}'",
        )
    _refuse_open(client, line.request)
    end = desk.market.instant
    if ends:
        end = min(_end(ends, line.instrument), end)
    back = duration(text_of(fields, "durationStr"))
    is_daily = line.size >= DAY_SECONDS
    span = period(desk.market.sessions, line.instrument, back, end, is_daily=is_daily)
    bars = bars_of(desk, line, span)
    if not bars:
        raise Refused(162, _no_data(fields, line))
    yield from _answer(client, line, bars, span)
    if stays:
        line.sent = bars[-1][1]
        client.histories[line.request] = line


def cancel_historical_data(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelHistoricalData."""
    request = number_of(fields, "reqId", -1)
    if client.histories.pop(request, None) is None:
        raise Refused(366, f"No historical data query found for ticker id:{request}")
    raise Refused(
        162,
        "Historical Market Data Service error message:"
        f"API historical data query cancelled: {request}",
    )


def real_time_bars(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqRealTimeBars: a bar every five seconds from here on."""
    line = _line(desk, fields, LIVE_BARS, LIVE_BAR_SECONDS)
    if len(client.live_bars) >= REQUESTS_MAX:
        raise Refused(420, f"Invalid Real-time Query: {REQUESTS_MAX} are open")
    line.second = desk.market.second // LIVE_BAR_SECONDS * LIVE_BAR_SECONDS
    client.live_bars[line.request] = line
    yield from ()


def cancel_real_time_bars(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelRealTimeBars."""
    request = number_of(fields, "reqId", -1)
    if client.live_bars.pop(request, None) is None:
        raise Refused(300, f"Can't find EId with tickerId:{request}")
    yield from ()


def head_timestamp(desk: Desk, _: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqHeadTimeStamp: every path goes back to the same day."""
    check_past(desk, desk.instrument_in(fields), HISTORY)
    first = FIRST_DAY
    if number_of(fields, "formatDate", 1) == UNIX_DATES:
        first = str(int(parse_stamp(FIRST_DAY, "UTC")))
    yield Message(
        "headTimestamp", {"reqId": number_of(fields, "reqId", -1), "headTimestamp": first}
    )


def cancel_nothing(_: Desk, __: Client, ___: Fields) -> Iterator[Message]:
    """Answer the cancel of a request that is answered at once."""
    yield from ()


def _line(
    desk: Desk,
    fields: Fields,
    kind: tuple[int, str] = HISTORY,
    size: int | None = None,
) -> BarLine:
    instrument = desk.instrument_in(fields)
    check_past(desk, instrument, kind)
    asked = text_of(fields, "whatToShow").upper() or "TRADES"
    if asked not in SHOWN:
        raise Refused(
            321,
            f"Error validating request.-'bP' : cause - What to show '{asked}' is not kept for"
            f" {instrument.name}. Legal ones are: {', '.join(SHOWN)}",
        )
    if not instrument.has_prints and SHOWN[asked] is Shown.TRADES:
        raise Refused(162, _no_data(fields, None, instrument))
    regular = fields.get("useRTH")
    return BarLine(
        request=number_of(fields, "reqId", -1),
        instrument=instrument,
        shown=SHOWN[asked],
        size=size or bar_seconds(text_of(fields, "barSizeSetting")),
        is_regular=bool(regular),
        format_date=number_of(fields, "formatDate", 1),
    )


def _refuse_open(client: Client, request: int) -> None:
    if request in client.histories:
        raise Refused(386, f"Duplicate ticker id for API historical data query: {request}")
    if len(client.histories) >= REQUESTS_MAX:
        raise Refused(
            162,
            "Historical Market Data Service error message:"
            f"{REQUESTS_MAX} simultaneous API historical data requests are open",
        )


def _end(text: str, instrument: Instrument) -> float:
    try:
        return parse_stamp(text, instrument.time_zone)
    except ValueError:
        raise Refused(
            10314,
            "End Date/Time: The date, time, or time-zone entered is invalid:"
            f" found '{text}'. The correct format is yyyymmdd hh:mm:ss xx/xxxx"
            " or yyyymmdd-hh:mm:ss in UTC.",
        ) from None


def _no_data(
    fields: Fields, line: BarLine | None, instrument: Instrument | None = None
) -> str:
    known = line.instrument if line is not None else instrument
    assert known is not None
    exchange = text_of(fields, "c.exchange") or known.exchange
    asked = text_of(fields, "whatToShow").title()
    return (
        "Historical Market Data Service error message:"
        f"HMDS query returned no data: {known.local_symbol}@{exchange} {asked}"
    )


def _answer(
    client: Client, line: BarLine, bars: Sequence[DatedBar], span: Period
) -> Iterator[Message]:
    zone = line.instrument.time_zone
    rows = tuple(row_of(client, line, day, bar) for day, bar in bars)
    ends = {
        "reqId": line.request,
        "startDateStr": stamp(span.start, zone, client.version),
        "endDateStr": stamp(span.end, zone, client.version),
    }
    yield Message("historicalData", {**ends, "bars": rows})
    if client.version >= END_MESSAGE_FROM:
        yield Message("historicalDataEnd", ends)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqHistoricalData": historical_data,
    "cancelHistoricalData": cancel_historical_data,
    "reqRealTimeBars": real_time_bars,
    "cancelRealTimeBars": cancel_real_time_bars,
    "reqHeadTimeStamp": head_timestamp,
    "cancelHeadTimeStamp": cancel_nothing,
}
"""Request -> answer."""
