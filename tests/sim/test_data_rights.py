"""Who may see what: live data only where it is subscribed, and a quarter of an hour late nothing of the present."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.listing.instrument import Leg
from edgerunner_lab.sim.live.generic_ticks import GENERICS, LATE
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.data_rules import DataRules

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
AAPL = {"c_conId": 265598, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
SPX = {"c_conId": 416904}
NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def forbid(trader: Any, *names: str) -> None:
    """Take the subscriptions of instruments away."""
    trader.stage.exchange.desk.data_rules = DataRules(unsubscribed=frozenset(names))


def refusal(messages: list[Message]) -> tuple[Any, Any]:
    """Return the code and the text of a lone error."""
    (message,) = messages
    fields: Any = message.fields
    return fields["errorCode"], fields["errorString"]


def ticks(messages: list[Message]) -> dict[int, Any]:
    """Return the newest value of each tick type."""
    found: dict[int, Any] = {}
    for message in messages:
        fields: Any = message.fields
        if message.name.startswith("tick") and "tickType" in fields:
            name = {"tickPrice": "price", "tickSize": "size"}.get(message.name, "value")
            found[fields["tickType"]] = fields.get(name)
    return found


def names(messages: list[Message]) -> list[str]:
    """Return the names of messages."""
    return [message.name for message in messages]


@pytest.mark.parametrize("kind", [1, 2])
def test_a_quote_without_a_subscription_is_refused_to_who_asks_for_live_data(
    trader: Any, kind: int
) -> None:
    """354 names the instrument, says that delayed data exists, and leaves no line behind."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=kind)

    code, text = refusal(trader.ask("reqMktData", reqId=1, **SPY))
    assert code == 354
    assert text.startswith("Requested market data is not subscribed.")
    assert text.endswith("Delayed market data is available.SPY ARCA/TOP/ALL")
    assert trader.wait(1) == []


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_a_book_without_a_subscription_is_refused_whatever_the_type(
    trader: Any, kind: int
) -> None:
    """10092, and no row is told: delayed data is of quotes only."""
    forbid(trader, "EUR.USD")
    trader.ask("reqMarketDataType", marketDataType=kind)

    code, text = refusal(trader.ask("reqMktDepth", reqId=1, numRows=5, **EUR))
    assert code == 10092
    assert text.startswith("Deep market data is not supported for this combination")
    assert trader.wait(1) == []


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("ticks_asked", ["BidAsk", "MidPoint", "Last"])
def test_single_ticks_without_a_subscription_are_refused_whatever_the_type(
    trader: Any, kind: int, ticks_asked: str
) -> None:
    """10189 says what permission is missing; past ticks are not told either."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=kind)
    said = trader.ask(
        "reqTickByTickData", reqId=1, tickType=ticks_asked, numberOfTicks=10, **SPY
    )

    assert refusal(said) == (
        10189,
        "Failed to request tick-by-tick data.No market data permissions for ARCA STK",
    )
    assert trader.wait(1) == []


@pytest.mark.parametrize(
    ("request_name", "fields", "code"),
    [
        ("reqHistoricalData", {"durationStr": "1 D", "barSizeSetting": "1 hour"}, 162),
        ("reqHeadTimeStamp", {"whatToShow": "TRADES"}, 162),
        ("reqHistogramData", {"timePeriod": "1 day"}, 162),
        ("reqRealTimeBars", {"whatToShow": "TRADES"}, 420),
        ("reqHistoricalTicks", {"whatToShow": "TRADES", "numberOfTicks": 5}, 10187),
    ],
)
@pytest.mark.parametrize("kind", [1, 3])
def test_the_past_is_for_subscribers(
    trader: Any, request_name: str, fields: dict[str, Any], code: int, kind: int
) -> None:
    """Bars and past ticks are never delayed; each request has its own code and the same reason."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=kind)

    found, text = refusal(
        trader.ask(request_name, reqId=1, tickerId=1, endDateTime="", **fields, **SPY)
    )
    assert found == code
    assert text.endswith(":No market data permissions for ARCA STK")
    assert trader.wait(10) == []


def test_a_refused_request_takes_no_place(trader: Any, told: Told) -> None:
    """After ten refusals there is room for as many books and single ticks as before, under any number."""
    forbid(trader, "EUR.USD")
    for number in range(10):
        trader.ask("reqMktDepth", reqId=number, numRows=5, **EUR)
        trader.ask("reqTickByTickData", reqId=number, tickType="BidAsk", **EUR)

    book = trader.ask("reqMktDepth", reqId=1, numRows=5, isSmartDepth=True, **SPY)
    assert "error" not in " ".join(told(book))
    single = trader.ask("reqTickByTickData", reqId=1, tickType="BidAsk", **SPY)
    assert names(single) == ["tickByTick"]


def test_a_combo_needs_the_subscriptions_of_its_legs(trader: Any) -> None:
    """Its price tells theirs, whatever it is called."""
    universe = trader.stage.exchange.desk.market.universe
    legs = (Leg(con_id=756733, ratio=1), Leg(con_id=265598, ratio=-1))
    combo = universe.combos.combo(legs, "MINE")
    asked = {"c_conId": combo.con_id, "c_exchange": "SMART"}
    assert "tickReqParams" in names(trader.ask("reqMktData", reqId=1, **asked))
    forbid(trader, "AAPL")

    assert refusal(trader.ask("reqMktData", reqId=2, **asked))[0] == 354


def test_a_subscribed_instrument_stays_live_beside_others(trader: Any) -> None:
    """Asking for delayed data changes nothing where live data is subscribed."""
    forbid(trader, "AAPL")
    trader.ask("reqMarketDataType", marketDataType=3)
    said = trader.ask("reqMktData", reqId=1, **SPY)

    assert names(said)[:2] == ["tickReqParams", "marketDataType"]
    assert said[1].fields["marketDataType"] == 1
    assert ticks(said).keys() >= {1, 2, 4}


def test_generic_ticks_that_are_live_only_are_named_missing(
    trader: Any, told: Told
) -> None:
    """10090 once, after 10167, and the others are told; none where every number is told late."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=3)
    said = trader.ask("reqMktData", reqId=1, genericTickList="221,233,318", **SPY)

    assert told(said)[:3] == ["error 10167", "error 10090", "tickReqParams"]
    assert str(said[1].fields["errorString"]).startswith(
        "Part of requested market data is not subscribed."
    )
    assert ticks(said).keys() & {37, 48, 57} == {37}
    complete = trader.ask("reqMktData", reqId=2, genericTickList="221,292", **SPY)
    assert told(complete)[:2] == ["error 10167", "tickReqParams"]


def test_a_delayed_line_is_told_of_ratios(trader: Any) -> None:
    """258 is among the numbers that delayed lines have, and its price is the delayed one."""
    forbid(trader, "AAPL")
    trader.ask("reqMarketDataType", marketDataType=3)
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="258", **AAPL))

    assert f"NPRICE={float(shown[68]):.5g};" in shown[47]


def test_what_is_told_late_is_what_was_told_live_a_quarter_of_an_hour_ago(
    open_stage: StageMaker,
) -> None:
    """Every generic tick that a delayed line has, within a second too, and no other type."""
    stage = open_stage()
    trader = stage.trader()
    stage.wait(0.5)
    text = ",".join(str(n) for n in sorted(LATE) if "STK" in GENERICS[n].kinds)
    live = ticks(trader.ask("reqMktData", reqId=1, genericTickList=text, **AAPL))
    trader.ask("cancelMktData", reqId=1)
    stage.now += timedelta(minutes=15)
    stage.deliver(stage.exchange.advance(stage.now))
    forbid(trader, "AAPL")
    trader.ask("reqMarketDataType", marketDataType=3)
    late = ticks(trader.ask("reqMktData", reqId=2, genericTickList=text, **AAPL))
    shared = live.keys() & late.keys()

    assert shared >= {15, 16, 19, 20, 21, 24, 27, 28, 37, 46, 47, 49, 89}
    assert {kind: late[kind] for kind in shared} == {kind: live[kind] for kind in shared}


def test_a_delayed_mark_is_that_of_the_delayed_print(trader: Any) -> None:
    """Tick 37 equals tick 68 whenever both are told, and never the live price's tick."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=3)
    stage = trader.stage
    stage.wait(0.75)
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="221", **SPY))
    assert shown[37] == shown[68]
    for _ in range(5):
        told = ticks(trader.wait(1))
        assert told[37] == told[68]


def test_a_halt_reaches_delayed_lines_a_quarter_of_an_hour_later(trader: Any) -> None:
    """Tick 49 is 0 until then, for new lines and old ones, and 1 when the halt itself is over for others."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=3)
    trader.ask("reqMktData", reqId=1, **SPY)
    stage = trader.stage
    stage.exchange.set_regime("halt", "SPY")
    trader.wait(2)
    assert ticks(trader.ask("reqMktData", reqId=2, **SPY))[49] == 0
    stage.exchange.set_regime("calm", "SPY")
    trader.wait(3)
    stage.now += timedelta(minutes=14, seconds=54)
    stage.deliver(stage.exchange.advance(stage.now))
    halts = [
        message.fields["value"]
        for message in trader.wait(10)
        if message.fields.get("tickType") == 49 and message.fields["reqId"] == 1
    ]

    assert halts == [1, 0]


def test_nothing_happens_to_a_delayed_line_at_the_moment_of_a_halt(trader: Any) -> None:
    """Its bid and ask stay, since its market trades on."""
    forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=3)
    trader.ask("reqMktData", reqId=1, **SPY)
    trader.stage.exchange.set_regime("halt", "SPY")
    said = trader.wait(3)

    assert 49 not in ticks(said)
    assert -1 not in {m.fields["price"] for m in said if m.name == "tickPrice"}


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("asked", [SPY, SPX, EUR], ids=["share", "index", "currency"])
@pytest.mark.parametrize("when", ["day", "night", "weekend"])
@pytest.mark.parametrize("missing", [(), ("SPY", "SPX", "EUR.USD")])
def test_every_snapshot_ends_or_is_refused(
    open_stage: StageMaker, kind: int, asked: Any, when: str, missing: tuple[str, ...]
) -> None:
    """Once, within eleven seconds, after its ticks, with or without quotes, in and out of hours."""
    now = {
        "day": datetime(2026, 11, 23, 17, tzinfo=UTC),
        "night": NIGHT,
        "weekend": datetime(2026, 11, 21, 17, tzinfo=UTC),
    }[when]
    trader = open_stage(hours=Hours.REAL, now=now).trader()
    forbid(trader, *missing)
    trader.ask("reqMarketDataType", marketDataType=kind)
    said = trader.ask("reqMktData", reqId=1, snapshot=True, **asked)
    if missing and kind <= 2:
        assert refusal(said)[0] == 354
        return
    said += trader.wait(12)

    assert names(said).count("tickSnapshotEnd") == 1
    assert names(said)[-1] == "tickSnapshotEnd"
    assert ticks(said)
    assert trader.wait(2) == []
    assert "tickReqParams" in names(
        trader.ask("reqMktData", reqId=1, snapshot=True, **asked)
    )


@pytest.mark.parametrize("kind", [2, 4])
@pytest.mark.parametrize("now", [NIGHT, datetime(2026, 11, 21, 17, tzinfo=UTC)])
def test_frozen_data_out_of_hours_is_the_close_and_complete_at_once(
    open_stage: StageMaker, kind: int, now: datetime
) -> None:
    """Type 2, or 4 where it is not subscribed: bid, ask and last stand, their time is the close, nothing moves."""
    trader = open_stage(hours=Hours.REAL, now=now).trader()
    if kind == 4:
        forbid(trader, "SPY")
    trader.ask("reqMarketDataType", marketDataType=kind)
    said = trader.ask("reqMktData", reqId=1, genericTickList="221", **SPY)
    shown = ticks(said)
    bid, ask, last, time = (1, 2, 4, 45) if kind == 2 else (66, 67, 68, 88)

    (told,) = [m.fields["marketDataType"] for m in said if m.name == "marketDataType"]
    assert told == kind
    assert 0 < shown[bid] < shown[ask]
    assert shown[37] == shown[last]
    market = trader.stage.exchange.desk.market
    spy = market.universe.by_con_id[756733]
    session = market.tape(spy).session_at(market.second)
    assert int(shown[time]) == session.close < market.second
    assert trader.wait(2) == []
    snapshot = trader.ask("reqMktData", reqId=2, snapshot=True, **SPY)
    assert names(snapshot)[-1] == "tickSnapshotEnd"
