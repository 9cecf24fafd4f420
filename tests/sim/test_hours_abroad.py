"""Real hours as clients meet them: contract details, orders, quotes and bars over lunch, daily breaks and nights."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.listing.universe import Instrument, Query
from edgerunner_lab.sim.market.bars import Shown

StageMaker = Callable[..., Any]

LUNCH = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)
"""Tuesday, 12:30 in Hong Kong."""
NIGHT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""Tuesday, 02:00 in Chicago."""


def found(stage: Any, symbol: str, sec_type: str, currency: str) -> Instrument:
    """Return an instrument; of futures the first to end."""
    query = Query(symbol=symbol, sec_type=sec_type, currency=currency)
    return stage.exchange.desk.market.universe.find(query)[0]


def executed(said: list[Any]) -> list[int]:
    """Return the ids of the orders that were executed."""
    return [m.fields["e.orderId"] for m in said if m.name == "executionData"]


def order(instrument: Instrument) -> dict[str, Any]:
    """Return the contract of an order."""
    return {"c_conId": instrument.con_id, "c_exchange": instrument.exchange}


def epoch(text: str, zone: str) -> int:
    """Return the second of `20261124:0930` in a time zone."""
    local = datetime.strptime(text, "%Y%m%d:%H%M").replace(tzinfo=ZoneInfo(zone))
    return int(local.timestamp())


DETAILS = {
    ("VOD", "STK", "GBP"): (
        "GB-Eire",
        "20261124:0800-20261124:1630;20261125:0800-20261125:1630",
        "",
    ),
    ("SAP", "STK", "EUR"): (
        "MET",
        "20261124:0900-20261124:1730;20261125:0900-20261125:1730",
        "",
    ),
    ("7203", "STK", "JPY"): (
        "Japan",
        "20261124:0900-20261124:1130;20261124:1230-20261124:1530",
        "",
    ),
    ("700", "STK", "HKD"): (
        "Hongkong",
        "20261124:0930-20261124:1200;20261124:1300-20261124:1600",
        "",
    ),
    ("EUR", "CASH", "USD"): (
        "US/Eastern",
        "20261123:1715-20261124:1700;20261124:1715-20261125:1700",
        "",
    ),
    ("ES", "FUT", "USD"): (
        "US/Central",
        "20261123:1700-20261124:1600;20261124:1700-20261125:1600",
        "20261124:0830-20261124:1600;20261125:0830-20261125:1600",
    ),
}
"""(symbol, kind, currency) -> time zone, trading hours, and liquid hours where they differ."""


@pytest.mark.parametrize("named", list(DETAILS))
def test_details_tell_the_hours_that_are_kept(
    open_stage: StageMaker, named: tuple[str, str, str]
) -> None:
    """Every stretch is open from its first second to its last, and closed right before and after."""
    stage = open_stage(hours=Hours.REAL, now=LUNCH)
    instrument = found(stage, *named)
    zone, trading, liquid = DETAILS[named]
    liquid = liquid or trading
    said = stage.trader().ask("reqContractDetails", reqId=1, c_conId=instrument.con_id)
    shown = said[0].fields

    assert shown["d.timeZoneId"] == zone
    assert shown["d.tradingHours"].startswith(trading + ";")
    assert shown["d.liquidHours"].startswith(liquid + ";")
    tape = stage.exchange.desk.market.tape(instrument)
    for words, regular in ((trading, False), (liquid, True)):
        for stretch in words.split(";"):
            first, last = (epoch(end, zone) for end in stretch.split("-"))
            seconds = (first - 1, first, last - 1, last)
            is_open = [tape.is_open(second, regular=regular) for second in seconds]
            assert is_open == [False, True, True, False]


def test_a_sunday_on_which_monday_begins_is_not_called_closed(
    open_stage: StageMaker,
) -> None:
    """Saturday is."""
    stage = open_stage(hours=Hours.REAL, now=LUNCH)
    instrument = found(stage, "ES", "FUT", "USD")
    said = stage.trader().ask("reqContractDetails", reqId=1, c_conId=instrument.con_id)
    hours = said[0].fields["d.tradingHours"]

    assert "20261128:CLOSED;20261129:1700-20261130:1600" in hours


def test_an_order_sent_over_lunch_waits_for_its_end(open_stage: StageMaker) -> None:
    """The notice names 13:00, and the order trades then."""
    stage = open_stage(hours=Hours.REAL, now=LUNCH.replace(minute=59, second=58))
    trader, tencent = stage.trader(), found(stage, "700", "STK", "HKD")
    said = trader.place(1, "BUY", 100, **order(tencent))
    notices = [m.fields["errorString"] for m in said if m.name == "errMsg"]

    assert len(notices) == 1
    assert "20261124 13:00:00" in notices[0]
    assert executed(trader.wait(1.75)) == []
    assert 1 in executed(trader.wait(1))


def test_nothing_moves_over_lunch(open_stage: StageMaker) -> None:
    """Quote, volume, high and low of the morning stand; the afternoon goes on from them."""
    stage = open_stage(hours=Hours.REAL, now=LUNCH)
    market = stage.exchange.desk.market
    tencent = found(stage, "700", "STK", "HKD")
    noon, one = market.second - 1800, market.second + 1800
    tape, steps = market.tape(tencent), market.steps
    at_noon, later = (tape.quote(at * steps, steps) for at in (noon, one - 1))
    afternoon = tape.quote((one + 60) * steps, steps)

    assert later == at_noon
    (morning,) = market.bars.summaries(
        tencent, Shown.TRADES, [(noon - 9_000, noon)], one + 1
    )
    assert (morning.volume, morning.high, morning.low) == (
        at_noon.volume,
        at_noon.high,
        at_noon.low,
    )
    assert at_noon.volume < afternoon.volume < at_noon.volume * 1.2


@pytest.mark.parametrize(("size", "count"), [("30 mins", 11), ("1 day", 1)])
def test_bars_leave_lunch_out(open_stage: StageMaker, size: str, count: int) -> None:
    """Five half hours in the morning and six in the afternoon add up to the day's bar."""
    stage = open_stage(hours=Hours.REAL, now=LUNCH.replace(hour=9))
    tencent = found(stage, "700", "STK", "HKD")
    said = stage.trader().ask(
        "reqHistoricalData",
        reqId=1,
        **order(tencent),
        endDateTime="",
        barSizeSetting=size,
        durationStr="1 D",
        useRTH=1,
        whatToShow="TRADES",
        formatDate=1,
    )
    bars = said[0].fields["bars"]
    market = stage.exchange.desk.market
    day = market.tape(tencent).quote(market.step, market.steps)

    assert len(bars) == count
    assert sum(bar["volume"] for bar in bars) == day.volume


def test_futures_trade_at_night_without_being_asked_to(open_stage: StageMaker) -> None:
    """The broker ignores outsideRth for them; liquid hours are for reading only."""
    stage = open_stage(hours=Hours.REAL, now=NIGHT)
    trader, future = stage.trader(), found(stage, "ES", "FUT", "USD")

    assert executed(trader.place(1, "BUY", 1, **order(future))) == [1]


def test_futures_wait_through_their_daily_break(open_stage: StageMaker) -> None:
    """From 16:00 to 17:00 Chicago nothing trades, whatever the order says."""
    now = datetime(2026, 11, 24, 22, 59, 58, tzinfo=UTC)
    stage = open_stage(hours=Hours.REAL, now=now)
    trader, future = stage.trader(), found(stage, "ES", "FUT", "USD")
    said = trader.place(1, "BUY", 1, **order(future), o_outsideRth=True)

    assert executed(said + trader.wait(1.75)) == []
    assert executed(trader.wait(1)) == [1]


def test_a_currency_waits_for_sunday_evening(open_stage: StageMaker) -> None:
    """17:15 in New York ends the weekend."""
    now = datetime(2026, 11, 22, 22, 14, 58, tzinfo=UTC)
    stage = open_stage(hours=Hours.REAL, now=now)
    trader, euro = stage.trader(), found(stage, "EUR", "CASH", "USD")
    said = trader.place(1, "BUY", Decimal(20_000), **order(euro))

    assert executed(said + trader.wait(1.75)) == []
    assert executed(trader.wait(1)) == [1]


@pytest.mark.parametrize(
    ("symbol", "currency", "opening", "closing"),
    [("VOD", "GBP", 8 * 60, 990), ("SAP", "EUR", 8 * 60, 990), ("700", "HKD", 90, 480)],
)
def test_a_stock_is_busiest_in_the_hours_of_its_own_exchange(
    open_stage: StageMaker, symbol: str, currency: str, opening: int, closing: int
) -> None:
    """Minutes of a UTC day in winter: more than nine tenths of the volume lies between the bells."""
    stage = open_stage()
    market = stage.exchange.desk.market
    stock = found(stage, symbol, "STK", currency)
    volume = market.prices.day(stock, market.second // 86_400).volume

    assert volume[opening:closing].sum() > 0.9 * volume.sum()
    assert volume[opening] > 2 * volume[(opening + closing) // 2]
