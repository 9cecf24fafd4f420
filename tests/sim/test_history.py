"""Histories through the exchange: sizes, durations, dates, and agreement with the present."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.stamps import parse_stamp, stamp

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
CLOSED = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""Tuesday 07:00 in New York: before the opening, within extended hours."""

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def ask_bars(trader: Any, size: str, back: str, **more: Any) -> list[Message]:
    """Ask for trades of SPY up to now."""
    request = {
        "reqId": 5,
        "endDateTime": "",
        "barSizeSetting": size,
        "durationStr": back,
        "whatToShow": "TRADES",
        "useRTH": 0,
        "formatDate": 1,
        **SPY,
        **more,
    }
    return trader.ask("reqHistoricalData", **request)


def bars(trader: Any, size: str, back: str, **more: Any) -> tuple[dict[str, Any], ...]:
    """Return the bars of an answer."""
    said = ask_bars(trader, size, back, **more)
    assert said[0].name == "historicalData", said
    found = said[0].fields["bars"]
    assert isinstance(found, tuple)
    return tuple(dict(bar) for bar in found)


@pytest.mark.parametrize(
    ("size", "back", "count"),
    [
        ("1 secs", "60 S", 60),
        ("5 secs", "1800 S", 360),
        ("30 secs", "3600 S", 120),
        ("1 min", "1 D", 1440),
        ("5 mins", "2 D", 576),
        ("1 hour", "30 D", 720),
        ("8 hours", "1 W", 27),
        ("1 day", "1 Y", 365),
        ("1 day", "10 D", 10),
        ("1 day", "1 M", 31),
        ("1W", "1 Y", 53),
        ("1 month", "2 Y", 25),
    ],
)
def test_durations_and_sizes_give_the_bars_they_name(
    trader: Any, size: str, back: str, count: int
) -> None:
    """Round the clock a day has 1,440 minutes and a year 365 days."""
    # As epochs, since the clocks went back within those thirty days and 01:00 came twice.
    found = bars(trader, size, back, formatDate=2)

    assert len(found) in (count, count + 1)
    dates = [bar["date"] for bar in found]
    assert dates == sorted(set(dates))


@pytest.mark.parametrize(
    "size", ["1 secs", "10 secs", "1 min", "1 hour", "1 day", "1 week"]
)
def test_the_last_bar_closes_at_the_current_price(trader: Any, size: str) -> None:
    """History agrees with the quote of the same moment, with either kind of hours."""
    trader.wait(0.75)
    line = trader.ask("reqMktData", reqId=1, **SPY)
    last = next(m.fields["price"] for m in line if m.fields.get("tickType") == 4)

    for hours in (0, 1):
        back = "60 S" if size.endswith("secs") else "2 D" if size != "1 week" else "1 M"
        assert bars(trader, size, back, useRTH=hours)[-1]["close"] == last


def test_the_day_so_far_is_what_the_ticker_shows(trader: Any) -> None:
    """High, low, open and volume of today's bar are the ticks 6, 7, 14 and 8."""
    line = trader.ask("reqMktData", reqId=1, **SPY)
    shown = {
        m.fields["tickType"]: m.fields.get("price", m.fields.get("size")) for m in line[2:]
    }
    yesterday, today = bars(trader, "1 day", "2 D")

    assert (today["high"], today["low"], today["open"]) == (shown[6], shown[7], shown[14])
    assert today["volume"] == shown[8]
    assert yesterday["close"] == shown[9]


def test_a_day_is_the_sum_of_its_hours_and_minutes(trader: Any) -> None:
    """Highs, lows and volumes agree across sizes."""
    end = "20261122 17:00:00 US/Eastern"
    (day,) = bars(trader, "1 day", "1 D", endDateTime="20261122 16:59:59 US/Eastern")
    for size in ("1 hour", "1 min"):
        parts = bars(trader, size, "1 D", endDateTime=end)
        assert max(part["high"] for part in parts) == day["high"]
        assert min(part["low"] for part in parts) == day["low"]
        assert parts[0]["open"] == day["open"]
    minutes = bars(trader, "1 min", "1 D", endDateTime=end)
    hours = bars(trader, "1 hour", "1 D", endDateTime=end)
    assert sum(m["volume"] for m in minutes) == sum(h["volume"] for h in hours)
    assert all(a["close"] == b["open"] for a, b in pairwise(minutes))


def test_real_hours_cut_history_to_sessions(open_stage: StageMaker) -> None:
    """Regular days have 390 minutes, extended ones 960; Thanksgiving none; half days 210."""
    trader = open_stage(
        hours=Hours.REAL, now=datetime(2026, 11, 30, 12, tzinfo=UTC)
    ).trader()

    regular = bars(
        trader, "1 min", "1 D", useRTH=1, endDateTime="20261125 20:00:00 US/Eastern"
    )
    assert len(regular) == 390
    assert regular[0]["date"] == "20261125 09:30:00 US/Eastern"
    assert (
        len(bars(trader, "1 min", "1 D", endDateTime="20261125 20:00:00 US/Eastern")) == 960
    )
    days = bars(
        trader, "1 day", "3 D", useRTH=1, endDateTime="20261129 12:00:00 US/Eastern"
    )
    assert [bar["date"] for bar in days] == ["20261124", "20261125", "20261127"]
    short = bars(
        trader, "1 hour", "1 D", useRTH=1, endDateTime="20261127 18:00:00 US/Eastern"
    )
    assert [str(bar["date"])[9:14] for bar in short] == ["09:30", "10:00", "11:00", "12:00"]
    year = bars(trader, "1 day", "1 Y", useRTH=1)
    assert 248 <= len(year) <= 253


def test_seconds_reach_back_over_a_closed_night(open_stage: StageMaker) -> None:
    """Trading seconds are counted, not the hours between."""
    trader = open_stage(
        hours=Hours.REAL, now=datetime(2026, 11, 24, 9, 1, tzinfo=UTC)
    ).trader()
    found = bars(trader, "1 min", "600 S")

    assert len(found) == 10
    assert str(found[0]["date"]).startswith("20261123 19:51:00")
    assert str(found[-1]["date"]).startswith("20261124 04:00:00")


def test_before_the_opening_regular_hours_end_with_yesterday(
    open_stage: StageMaker,
) -> None:
    """The last bar is Monday's last, which closes where the ticker's close tick says."""
    trader = open_stage(hours=Hours.REAL, now=CLOSED).trader()
    found = bars(trader, "1 min", "2 D", useRTH=1)
    line = trader.ask("reqMktData", reqId=1, **SPY)
    close = next(m.fields["price"] for m in line if m.fields.get("tickType") == 9)

    assert str(found[-1]["date"]).startswith("20261123 15:59:00")
    assert found[-1]["close"] == close


def test_a_closed_market_stands_where_its_history_ends(open_stage: StageMaker) -> None:
    """At night the last price is the close of the last bar, to the tick."""
    trader = open_stage(
        hours=Hours.REAL, now=datetime(2026, 11, 24, 3, tzinfo=UTC)
    ).trader()
    line = trader.ask("reqMktData", reqId=1, **SPY)
    last = next(m.fields["price"] for m in line if m.fields.get("tickType") == 4)

    for size in ("1 min", "1 hour", "1 day"):
        assert bars(trader, size, "1 D")[-1]["close"] == last


def test_bid_lies_below_the_middle_and_the_ask_above(trader: Any) -> None:
    """Four series of one moment, and no volume outside trades."""
    shown = {
        what: bars(trader, "1 min", "1 D", whatToShow=what)[-1]
        for what in ("BID", "MIDPOINT", "ASK", "TRADES", "BID_ASK")
    }
    bid, middle, ask = shown["BID"], shown["MIDPOINT"], shown["ASK"]

    assert bid["close"] < middle["close"] < ask["close"]
    assert bid["close"] <= shown["TRADES"]["close"] <= ask["close"]
    assert (middle["volume"], middle["barCount"], middle["wap"]) == (-1, -1, -1)
    both = shown["BID_ASK"]
    assert (both["high"], both["low"]) == (ask["high"], bid["low"])
    assert len(bars(trader, "1 week", "1 M", whatToShow="BID_ASK")) in (4, 5, 6)


def test_dates_come_in_the_format_that_was_asked_for(open_stage: StageMaker) -> None:
    """Text with the zone from 174, without it before, epoch seconds for 2, plain dates for days."""
    stage = open_stage()
    new, old = stage.trader(1, version=178), stage.trader(2, version=173)

    assert bars(new, "1 min", "60 S")[-1]["date"] == "20261123 11:59:00 US/Eastern"
    assert bars(old, "1 min", "60 S")[-1]["date"] == "20261123  11:59:00"
    assert bars(new, "1 min", "60 S", formatDate=2)[-1]["date"] == "1795453140"
    assert bars(new, "1 day", "1 D", formatDate=2)[-1]["date"] == "20261123"


def test_newer_clients_are_told_that_the_history_ends(open_stage: StageMaker) -> None:
    """From 196 historicalDataEnd follows."""
    stage = open_stage()

    assert [m.name for m in ask_bars(stage.trader(1, version=196), "1 min", "60 S")] == [
        "historicalData",
        "historicalDataEnd",
    ]
    assert len(ask_bars(stage.trader(2, version=195), "1 min", "60 S")) == 1


def test_a_history_can_be_kept_up_to_date(trader: Any, told: Told) -> None:
    """The unfinished bar is updated, new bars begin, and the cancel is confirmed with 162."""
    ask_bars(trader, "5 secs", "60 S", keepUpToDate=True)
    said = [m.fields for m in trader.wait(12) if m.name == "historicalDataUpdate"]

    dates = [row["date"] for row in said]
    assert dates == sorted(dates)
    assert len(set(dates)) >= 3
    assert told(trader.ask("cancelHistoricalData", reqId=5)) == ["error 162"]
    assert told(trader.ask("cancelHistoricalData", reqId=5)) == ["error 366"]
    assert trader.wait(2) == []


def test_a_daily_history_is_kept_up_to_date_too(trader: Any) -> None:
    """Today's bar grows."""
    first = bars(trader, "1 day", "5 D", keepUpToDate=True)[-1]
    said = [m.fields for m in trader.wait(3) if m.name == "historicalDataUpdate"]

    assert said
    assert said[-1]["date"] == first["date"]
    assert said[-1]["volume"] > first["volume"]


def test_real_time_bars_come_every_five_seconds(trader: Any, told: Told) -> None:
    """Each is the history's bar of the same five seconds."""
    trader.ask(
        "reqRealTimeBars", reqId=8, barSize=5, whatToShow="TRADES", useRTH=False, **SPY
    )
    said = [m.fields for m in trader.wait(15) if m.name == "realTimeBar"]
    kept = {bar["date"]: bar for bar in bars(trader, "5 secs", "60 S", formatDate=2)}

    assert len(said) == 3
    for bar in said:
        same = kept[str(bar["time"])]
        assert {k: bar[k] for k in ("open", "high", "low", "close", "volume", "wap")} == {
            k: same[k] for k in ("open", "high", "low", "close", "volume", "wap")
        }
    assert trader.ask("cancelRealTimeBars", reqId=8) == []
    assert told(trader.ask("cancelRealTimeBars", reqId=8)) == ["error 300"]


def test_real_time_bars_rest_while_the_market_is_closed(open_stage: StageMaker) -> None:
    """No trades, no bars."""
    trader = open_stage(hours=Hours.REAL, now=CLOSED).trader()
    trader.ask(
        "reqRealTimeBars", reqId=8, barSize=5, whatToShow="TRADES", useRTH=True, **SPY
    )

    assert trader.wait(11) == []


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"barSizeSetting": "7 mins"}, 321, "found '7 mins'. Legal ones are: 1 secs"),
        ({"durationStr": "1 fortnight"}, 321, "found '1 fortnight'"),
        ({"durationStr": "0 D"}, 321, "found '0 D'"),
        ({"whatToShow": "GOSSIP"}, 321, "What to show 'GOSSIP'"),
        ({"endDateTime": "yesterday"}, 10314, "found 'yesterday'"),
        ({"endDateTime": "20261301 10:00:00"}, 10314, "found '20261301"),
        ({"endDateTime": "20261101 10:00:00 Mars/Olympus"}, 10314, "Mars"),
        ({"endDateTime": "20261101 10:00:00", "keepUpToDate": True}, 321, "keepUpToDate"),
        ({"durationStr": "1 Y", "barSizeSetting": "1 secs"}, 162, "more than 100000 bars"),
        ({"c_conId": 1}, 200, "No security definition"),
        ({**EUR}, 162, "HMDS query returned no data: EUR.USD@IDEALPRO Trades"),
    ],
)
def test_a_history_that_cannot_be_had_is_refused(
    trader: Any, fields: dict[str, Any], code: int, text: str
) -> None:
    """With the broker's code and what was found."""
    (said,) = ask_bars(trader, "1 min", "1 D", **fields)

    assert said.fields["errorCode"] == code
    assert text in str(said.fields["errorString"])
    assert said.fields["id"] == 5


def test_no_bars_at_all_is_error_162(open_stage: StageMaker, told: Told) -> None:
    """A day before its opening has no regular minute yet."""
    trader = open_stage(hours=Hours.REAL, now=CLOSED).trader()

    assert told(ask_bars(trader, "1 min", "1 D", useRTH=1)) == ["error 162"]


def test_a_year_of_days_and_a_month_of_minutes_are_complete(trader: Any) -> None:
    """Minutes of November add up to its days."""
    days = bars(trader, "1 day", "1 Y")
    minutes = bars(trader, "1 min", "1 M")

    assert len(days) == 365
    assert len(minutes) > 43_000
    by_date = {str(bar["date"]): bar for bar in days}
    inside = [m for m in minutes if "20261110 17:00" <= str(m["date"]) < "20261111 17:00"]
    assert sum(m["volume"] for m in inside) == by_date["20261111"]["volume"]
    assert max(m["high"] for m in inside) == by_date["20261111"]["high"]


def test_head_time_stamps_are_dates_or_epochs(trader: Any) -> None:
    """The beginning of the data in both formats."""
    text = trader.ask("reqHeadTimeStamp", reqId=1, formatDate=1, **SPY)[0].fields
    epoch = trader.ask("reqHeadTimeStamp", reqId=1, formatDate=2, **SPY)[0].fields

    assert text["headTimestamp"] == "20040102-00:00:00"
    assert epoch["headTimestamp"] == "1073001600"


def test_histories_have_numbers_of_their_own(trader: Any, told: Told) -> None:
    """A number in use is 386, and there is an end to how many can be open."""
    ask_bars(trader, "1 min", "60 S", keepUpToDate=True)

    assert told(ask_bars(trader, "1 min", "60 S")) == ["error 386"]
    for number in range(10, 59):
        ask_bars(trader, "1 min", "60 S", keepUpToDate=True, reqId=number)
    assert told(ask_bars(trader, "1 min", "60 S", reqId=60)) == ["error 162"]
    for number in range(50):
        trader.ask("reqRealTimeBars", reqId=number, whatToShow="BID", **EUR)
    assert told(trader.ask("reqRealTimeBars", reqId=50, whatToShow="BID", **EUR)) == [
        "error 420"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261123 12:00:00", "2026-11-23T17:00:00"),
        ("20261123  12:00:00", "2026-11-23T17:00:00"),
        ("20261123 12:00", "2026-11-23T17:00:00"),
        ("20261123 12:00:00 US/Eastern", "2026-11-23T17:00:00"),
        ("20261123 12:00:00 UTC", "2026-11-23T12:00:00"),
        ("20261123-12:00:00", "2026-11-23T12:00:00"),
        ("20261123", "2026-11-24T04:59:59"),
    ],
)
def test_dates_are_read_in_every_documented_form(text: str, expected: str) -> None:
    """With a zone, without one (the exchange's), in UTC with a dash, and a day alone."""
    found = datetime.fromtimestamp(parse_stamp(text, "US/Eastern"), UTC)

    assert found.replace(tzinfo=None).isoformat() == expected


def test_what_is_written_can_be_read_again() -> None:
    """Stamps are their own inverse."""
    second = datetime(2026, 7, 4, 15, tzinfo=UTC) + timedelta(seconds=7)

    assert parse_stamp(stamp(second.timestamp(), "US/Eastern"), "UTC") == second.timestamp()
    assert Decimal(stamp(0, "UTC")[:8]) == 19700101
