"""Quotes through the exchange: full pictures, changes, snapshots, tick by tick."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.data_rules import DataRules

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def names(messages: list[Message]) -> list[str]:
    """Return the names of messages."""
    return [message.name for message in messages]


def ticks(messages: list[Message]) -> dict[int, Any]:
    """Return the newest value of each tick type."""
    found: dict[int, Any] = {}
    for message in messages:
        fields: Any = message.fields
        if message.name == "tickPrice":
            found[fields["tickType"]] = fields["price"]
        elif message.name == "tickSize":
            found[fields["tickType"]] = fields["size"]
        elif message.name in ("tickString", "tickGeneric"):
            found[fields["tickType"]] = fields["value"]
    return found


def test_a_new_line_shows_the_whole_picture_and_then_what_changes(trader: Any) -> None:
    """Parameters and type first, a size after every price, and a quote that is not crossed."""
    said = trader.ask("reqMktData", reqId=9, genericTickList="233,236", **SPY)

    assert names(said)[:4] == ["tickReqParams", "marketDataType", "tickPrice", "tickSize"]
    shown = ticks(said)
    assert shown[1] < shown[4] <= shown[2] or shown[1] == shown[4] < shown[2]
    assert shown[7] <= shown[4] <= shown[6]
    assert shown.keys() >= {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 45, 46, 48, 89}
    moved = trader.wait(3)
    assert ticks(moved).keys() >= {0, 3, 4, 5, 8, 45, 48}
    assert ticks(moved)[8] > shown[8]
    assert names(trader.ask("cancelMktData", reqId=9)) == []
    assert trader.wait(1) == []


def test_a_currency_has_quotes_and_no_prints(trader: Any) -> None:
    """Bid, ask, high, low and close, but no last and no volume."""
    said = trader.ask("reqMktData", reqId=9, genericTickList="233", **EUR)

    assert ticks(said).keys() == {0, 1, 2, 3, 6, 7, 9}
    assert not ticks(trader.wait(3)).keys() & {4, 5, 8, 45, 48}


def test_a_snapshot_ends(trader: Any, told: Told) -> None:
    """It is complete at once, and nothing follows."""
    assert (
        names(trader.ask("reqMktData", reqId=9, snapshot=True, **SPY))[-1]
        == "tickSnapshotEnd"
    )
    assert trader.wait(1) == []
    refused = trader.ask("reqMktData", reqId=9, snapshot=True, genericTickList="233", **SPY)
    assert told(refused) == ["error 414"]


def test_lines_have_numbers_and_limits(trader: Any, told: Told) -> None:
    """102 for a number in use, 300 for one that is not, 101 above a hundred."""
    for number in range(100):
        trader.ask("reqMktData", reqId=number, **SPY)

    assert told(trader.ask("reqMktData", reqId=5, **SPY)) == ["error 102"]
    assert told(trader.ask("reqMktData", reqId=100, **SPY)) == ["error 101"]
    assert told(trader.ask("cancelMktData", reqId=100)) == ["error 300"]


def test_every_client_sees_the_same_quotes(trader: Any) -> None:
    """Two lines of one instrument move together."""
    other = trader.stage.trader(client_id=2)
    trader.ask("reqMktData", reqId=1, **SPY)
    other.ask("reqMktData", reqId=2, **SPY)
    trader.heard.clear()
    other.heard.clear()
    trader.stage.wait(2)

    assert ticks(trader.heard) == ticks(other.heard) != {}


def test_a_pause_is_told_in_one_second_of_steps(trader: Any) -> None:
    """After an hour without a call the market goes on, and does not repeat the hour."""
    trader.ask("reqMktData", reqId=1, **SPY)
    stage = trader.stage
    stage.now += timedelta(hours=1)

    assert 0 < len(stage.exchange.advance(stage.now)) < 60
    early = stage.exchange.advance(stage.now - timedelta(minutes=5))
    assert early == []


def test_a_closed_market_shows_no_quote(open_stage: StageMaker) -> None:
    """Bid and ask are -1, the last price stands, and nothing moves until the opening."""
    night = datetime(2026, 11, 24, 3, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=night).trader()
    said = trader.ask("reqMktData", reqId=1, **SPY)

    assert ticks(said)[1] == ticks(said)[2] == -1
    assert ticks(said)[4] > 0
    assert said[1].fields["marketDataType"] == 1
    assert trader.wait(2) == []


def test_frozen_data_keeps_the_last_quote(open_stage: StageMaker) -> None:
    """Type 2 shows the quote of the close, and turns into live data when the market opens."""
    early = datetime(2026, 11, 24, 8, 59, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=early).trader()
    trader.ask("reqMarketDataType", marketDataType=2)
    said = trader.ask("reqMktData", reqId=1, **SPY)

    assert said[1].fields["marketDataType"] == 2
    assert 0 < ticks(said)[1] < ticks(said)[2]
    assert trader.wait(1.5) == []
    opened = trader.wait(1)
    assert opened[0].name == "marketDataType"
    assert opened[0].fields["marketDataType"] == 1
    assert ticks(opened).keys() >= {0, 1, 2, 3}


def test_live_data_loses_its_quote_at_the_close(open_stage: StageMaker) -> None:
    """Bid and ask become -1 with size 0, and stay so."""
    late = datetime(2026, 11, 24, 0, 59, 58, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=late).trader()
    trader.ask("reqMktData", reqId=1, **SPY)
    said = ticks(trader.wait(2.5))

    assert (said[1], said[2], said[0], said[3]) == (-1, -1, 0, 0)
    assert trader.wait(5) == []


def test_a_snapshot_without_a_quote_waits_eleven_seconds(open_stage: StageMaker) -> None:
    """It ends by itself, and its number is free again."""
    night = datetime(2026, 11, 24, 3, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=night).trader()
    said = trader.ask("reqMktData", reqId=1, snapshot=True, **SPY)

    assert "tickSnapshotEnd" not in names(said)
    assert trader.wait(10.5) == []
    assert names(trader.wait(1)) == ["tickSnapshotEnd"]
    assert names(trader.ask("reqMktData", reqId=1, **SPY))[0] == "tickReqParams"


def test_what_is_not_subscribed_is_refused_or_delayed(trader: Any, told: Told) -> None:
    """354 for live data, 10167 and delayed tick types for clients that take delayed data."""
    trader.stage.exchange.desk.data_rules = DataRules(unsubscribed=frozenset({"SPY"}))
    assert told(trader.ask("reqMktData", reqId=1, **SPY)) == ["error 354"]
    trader.ask("reqMarketDataType", marketDataType=3)
    said = trader.ask("reqMktData", reqId=1, **SPY)

    assert told(said)[:3] == ["error 10167", "tickReqParams", "marketDataType"]
    assert said[2].fields["marketDataType"] == 3
    assert ticks(said).keys() >= {66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 88}
    assert not ticks(said).keys() & {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 45}
    assert ticks(trader.wait(3)).keys() >= {69, 70, 74, 88}


def test_books_and_single_ticks_are_not_delayed_but_refused(
    trader: Any, told: Told
) -> None:
    """10092 and 10189, whatever type of data the client asks for."""
    trader.stage.exchange.desk.data_rules = DataRules(unsubscribed=frozenset({"EUR.USD"}))
    trader.ask("reqMarketDataType", marketDataType=3)

    assert told(trader.ask("reqMktDepth", reqId=1, numRows=5, **EUR)) == ["error 10092"]
    said = trader.ask("reqTickByTickData", reqId=1, tickType="BidAsk", **EUR)
    assert told(said) == ["error 10189"]
    assert trader.wait(1) == []


def test_own_size_is_in_every_quote_of_a_pause(trader: Any) -> None:
    """Others show whole lots of 100,000; what is told of the steps in between has our 20,000, too."""
    trader.ask("reqMktData", reqId=1, **EUR)
    stage = trader.stage
    desk = stage.exchange.desk
    instrument = desk.market.universe.by_con_id[12087792]
    found: set[int] = set()
    for order_id in range(1, 31):
        best = instrument.price_of(desk.engine.quote(instrument).bid)
        trader.place(order_id, "BUY", 20_000, **EUR, o_orderType="LMT", o_lmtPrice=best)
        trader.heard.clear()
        stage.now += timedelta(seconds=0.5)
        stage.deliver(stage.exchange.advance(stage.now))
        if desk.engine.quote(instrument).bid_size % 100_000 == 20_000:
            sizes = [m for m in trader.heard if m.name == "tickSize"]
            found |= {
                m.fields["size"] % 100_000 for m in sizes if m.fields["tickType"] == 0
            }
        trader.ask("cancelOrder", orderId=order_id)

    assert found == {20_000}


def test_delayed_data_is_what_live_data_was_a_quarter_of_an_hour_ago(
    open_stage: StageMaker,
) -> None:
    """Bid, ask, last, volume and time agree to the digit."""
    stage = open_stage()
    trader = stage.trader()
    live = ticks(trader.ask("reqMktData", reqId=1, snapshot=True, **SPY))
    stage.now += timedelta(minutes=15)
    stage.exchange.desk.data_rules = DataRules(unsubscribed=frozenset({"SPY"}))
    trader.ask("reqMarketDataType", marketDataType=3)
    late = ticks(trader.ask("reqMktData", reqId=2, snapshot=True, **SPY))

    twins = {1: 66, 2: 67, 4: 68, 0: 69, 3: 70, 5: 71, 6: 72, 7: 73, 8: 74, 9: 75, 45: 88}
    assert {kind: live[kind] for kind in twins} == {k: late[v] for k, v in twins.items()}


def test_lines_are_as_many_as_the_owner_chose(trader: Any, told: Told) -> None:
    """101 above it; a cancelled line makes room."""
    trader.stage.exchange.desk.data_rules = DataRules(lines_max=2)
    trader.ask("reqMktData", reqId=1, **SPY)
    trader.ask("reqMktData", reqId=2, **SPY)

    assert told(trader.ask("reqMktData", reqId=3, **SPY)) == ["error 101"]
    trader.ask("cancelMktData", reqId=1)
    assert told(trader.ask("reqMktData", reqId=3, **SPY))[0] == "tickReqParams"
    with pytest.raises(ValueError, match="lines_max was 0, expected 1 or more"):
        DataRules(lines_max=0)


def test_an_index_has_a_last_price_only(trader: Any) -> None:
    """No bid, ask, sizes or volume."""
    said = trader.ask("reqMktData", reqId=1, c_conId=416904)

    assert ticks(said).keys() == {4, 6, 7, 9, 14, 45}
    moved = ticks(trader.wait(10))
    assert moved.keys() >= {4, 45}
    assert not moved.keys() & {0, 1, 2, 3, 5, 8}


def test_market_data_types_are_checked(trader: Any, told: Told) -> None:
    """1 to 4, and live data stays live."""
    assert trader.ask("reqMarketDataType", marketDataType=3) == []
    assert told(trader.ask("reqMarketDataType", marketDataType=9)) == ["error 321"]


def test_tick_by_tick_lines_tell_prints_quotes_and_middles(trader: Any, told: Told) -> None:
    """Each kind has its own fields, and one line can be cancelled without the others."""
    for number, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint")):
        trader.ask("reqTickByTickData", reqId=number, tickType=kind, **SPY)
    said = trader.wait(5)

    by_line = {
        number: [m.fields for m in said if m.fields["reqId"] == number]
        for number in range(4)
    }
    assert all(by_line.values())
    assert by_line[0][0]["size"] == by_line[1][0]["size"] > 0
    assert by_line[2][0]["bidPrice"] < by_line[2][0]["askPrice"]
    assert "midPoint" in by_line[3][0]
    assert trader.ask("cancelTickByTickData", reqId=0) == []
    assert told(trader.ask("cancelTickByTickData", reqId=0)) == ["error 300"]
    again = trader.ask("reqTickByTickData", reqId=1, tickType="Last", **SPY)
    assert told(again) == ["error 322"]
    assert told(trader.ask("reqTickByTickData", reqId=9, tickType="last", **SPY)) == [
        "error 321"
    ]
    assert told(trader.ask("reqTickByTickData", reqId=9, tickType="Last", **EUR)) == [
        "error 10189"
    ]
    trader.ask("reqTickByTickData", reqId=5, tickType="BidAsk", **EUR)
    trader.ask("reqTickByTickData", reqId=6, tickType="BidAsk", **EUR)
    assert told(trader.ask("reqTickByTickData", reqId=7, tickType="BidAsk", **EUR)) == [
        "error 10190"
    ]


def past(messages: list[Message]) -> Any:
    """Return the ticks of the first message."""
    fields: Any = messages[0].fields
    return fields["ticks"]


def test_past_ticks_come_first_and_are_what_was_told(trader: Any) -> None:
    """A line that was there all along has heard the same prints as one that asks for them afterwards."""
    trader.ask("reqTickByTickData", reqId=1, tickType="Last", **SPY)
    heard = trader.wait(10)
    said = trader.ask(
        "reqTickByTickData", reqId=2, tickType="Last", numberOfTicks=12, **SPY
    )

    assert names(said) == ["historicalTicksLast"]
    assert said[0].fields["done"] is True
    live = [(m.fields["time"], m.fields["price"], m.fields["size"]) for m in heard]
    assert [(t["time"], t["price"], t["size"]) for t in past(said)] == live[-12:]


def test_past_quotes_have_their_own_messages(trader: Any, told: Told) -> None:
    """BidAsk and MidPoint tell the past, then the present quote; a bad number is refused."""
    said = trader.ask(
        "reqTickByTickData", reqId=1, tickType="BidAsk", numberOfTicks=5, **SPY
    )
    assert names(said) == ["historicalTicksBidAsk", "tickByTick"]
    assert len(past(said)) == 5
    said = trader.ask(
        "reqTickByTickData", reqId=2, tickType="MidPoint", numberOfTicks=5, **SPY
    )
    assert names(said) == ["historicalTicks", "tickByTick"]
    middles = [tick["price"] for tick in past(said)]
    assert all(one != two for one, two in itertools.pairwise(middles))
    said = trader.ask(
        "reqTickByTickData", reqId=3, tickType="Last", numberOfTicks=1001, **SPY
    )
    assert told(said) == ["error 321"]


def test_sizes_may_be_ignored(trader: Any) -> None:
    """Quotes that differ in sizes only are left out where the client asks for it."""
    trader.ask("reqTickByTickData", reqId=1, tickType="BidAsk", **SPY)
    trader.ask("reqTickByTickData", reqId=2, tickType="BidAsk", ignoreSize=True, **SPY)
    said = trader.wait(20)
    prices = [
        (m.fields["bidPrice"], m.fields["askPrice"]) for m in said if m.fields["reqId"] == 2
    ]

    assert all(one != two for one, two in itertools.pairwise(prices))
    assert 0 < len(prices) < sum(m.fields["reqId"] == 1 for m in said)
