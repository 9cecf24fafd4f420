"""Bars for one request: which there are, and how the broker writes them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from edgerunner_lab.sim.market.bars import Bar, Shown
from edgerunner_lab.sim.protocol.messages import Message, Value
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.protocol.stamps import day_stamp, stamp
from edgerunner_lab.sim.requests.clients import BarLine, Client
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.history_terms import (
    BARS_MAX,
    DAY_SECONDS,
    Period,
    intraday_edges,
    long_bars,
)

LIVE_BAR_SECONDS: Final = 5

UNIX_DATES: Final = 2
"""formatDate of clients that want epoch seconds."""

DatedBar: TypeAlias = tuple[str, Bar]
"""Date of a daily or longer bar (empty for others), and the bar."""


def bars_of(desk: Desk, line: BarLine, span: Period) -> list[DatedBar]:
    """Return the bars of a period, oldest first.

    Raises:
        Refused: There are more than one answer may hold.
    """
    return _long(desk, line, span) if line.size >= DAY_SECONDS else _short(desk, line, span)


def grown(desk: Desk, client: Client, line: BarLine) -> Iterator[Message]:
    """Yield the newest bar of a history that is kept up to date, the one before first if it has just ended."""
    if line.sent is None or line.second == desk.market.second:
        return
    line.second = desk.market.second
    session = desk.market.tape(line.instrument).session_at(desk.market.second)
    if session is None:
        return
    span = Period(sessions=(session,), start=line.sent.start, end=desk.market.instant)
    bars = bars_of(desk, line, span)
    for day, bar in bars:
        if bar != line.sent:
            line.sent = bar
            yield _update(client, line, day, bar)


def live_bars(desk: Desk, line: BarLine) -> Iterator[Message]:
    """Yield the five-second bars that have ended since the last."""
    now = desk.market.second // LIVE_BAR_SECONDS * LIVE_BAR_SECONDS
    # After a pause only the newest bar is worth telling.
    first = max(line.second, now - LIVE_BAR_SECONDS)
    line.second = now
    if first >= now:
        return
    tape = desk.market.tape(line.instrument)
    if not tape.is_open(first, regular=line.is_regular):
        return
    for bar in _made(desk, line, [first, now], float(now)):
        price = line.instrument.min_tick
        yield Message(
            "realTimeBar",
            {
                "reqId": line.request,
                "time": bar.start,
                **_prices(bar, price),
                "volume": bar.volume,
                "count": bar.count,
            },
        )


def _short(desk: Desk, line: BarLine, span: Period) -> list[DatedBar]:
    bars: list[DatedBar] = []
    regular = line.is_regular
    for hours in (h for day in span.sessions for h in day.spans(regular=regular)):
        edges = intraday_edges(
            hours,
            line.size,
            line.instrument.time_zone,
            (span.start, span.end),
        )
        if len(bars) + len(edges) > BARS_MAX:
            raise Refused(
                162,
                "Historical Market Data Service error message:"
                f"more than {BARS_MAX} bars were asked for; ask for a shorter time or longer bars",
            )
        bars += [("", bar) for bar in _made(desk, line, edges, span.end)]
    return bars


def _long(desk: Desk, line: BarLine, span: Period) -> list[DatedBar]:
    bars: list[DatedBar] = []
    for day, spans in long_bars(span.sessions, line.size, regular=line.is_regular):
        parts = _days(desk, line, spans, span.end)
        if parts:
            bars.append((day_stamp(day), _sum(parts)))
    return bars


def _days(
    desk: Desk, line: BarLine, spans: Sequence[tuple[int, int]], until: float
) -> list[Bar]:
    maker = desk.market.bars
    if line.shown is not Shown.BID_ASK:
        return maker.summaries(line.instrument, line.shown, spans, until)
    bids = maker.summaries(line.instrument, Shown.BID, spans, until)
    asks = maker.summaries(line.instrument, Shown.ASK, spans, until)
    return _both(bids, asks)


def _made(desk: Desk, line: BarLine, edges: Sequence[int], until: float) -> list[Bar]:
    maker = desk.market.bars
    if line.shown is not Shown.BID_ASK:
        return maker.bars(line.instrument, line.shown, edges, until)
    bids = maker.bars(line.instrument, Shown.BID, edges, until)
    return _both(bids, maker.bars(line.instrument, Shown.ASK, edges, until))


def _both(bids: Sequence[Bar], asks: Sequence[Bar]) -> list[Bar]:
    """Return BID_ASK bars: average bid, highest ask, lowest bid, average ask."""
    return [
        replace(
            bid,
            open=(bid.open + bid.close) / 2,
            high=ask.high,
            low=bid.low,
            close=(ask.open + ask.close) / 2,
        )
        for bid, ask in zip(bids, asks, strict=True)
    ]


def _sum(parts: Sequence[Bar]) -> Bar:
    if len(parts) == 1:
        return parts[0]
    volume = sum(part.volume for part in parts)
    has_volume = parts[0].volume >= 0
    worth = sum(part.average * part.volume for part in parts)
    return Bar(
        start=parts[0].start,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        average=worth / volume if has_volume and volume else parts[-1].average,
        volume=volume if has_volume else -1,
        count=sum(part.count for part in parts) if has_volume else -1,
    )


def row_of(client: Client, line: BarLine, day: str, bar: Bar) -> dict[str, Value]:
    """Return a bar as a client reads it."""
    return {
        "date": day or _date(client, line, bar),
        **_prices(bar, line.instrument.min_tick),
        "volume": bar.volume,
        "barCount": bar.count,
    }


def _update(client: Client, line: BarLine, day: str, bar: Bar) -> Message:
    return Message(
        "historicalDataUpdate", {"reqId": line.request, **row_of(client, line, day, bar)}
    )


def _date(client: Client, line: BarLine, bar: Bar) -> str:
    if line.format_date == UNIX_DATES:
        return str(bar.start)
    return stamp(bar.start, line.instrument.time_zone, client.version)


def _prices(bar: Bar, tick: Decimal) -> dict[str, Value]:
    average = Decimal(-1) if bar.average < 0 else round(tick * Decimal(bar.average), 8)
    return {
        "open": tick * Decimal(bar.open),
        "high": tick * Decimal(bar.high),
        "low": tick * Decimal(bar.low),
        "close": tick * Decimal(bar.close),
        "wap": average,
    }
