"""Quotes through the exchange: full pictures, changes, snapshots, tick by tick."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.messages import Message

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
    said = trader.ask("reqMktData", reqId=9, genericTickList="233,236,x", **SPY)

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
    trader.ask("reqMarketDataType", marketDataType=2)
    said = trader.ask("reqMktData", reqId=1, **SPY)

    assert ticks(said)[1] == ticks(said)[2] == -1
    assert ticks(said)[4] > 0
    assert said[1].fields["marketDataType"] == 2
    assert trader.wait(2) == []


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
