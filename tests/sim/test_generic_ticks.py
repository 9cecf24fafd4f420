"""Generic ticks: which numbers there are, and what they show."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.live.delayed import view_of
from edgerunner_lab.sim.live.figures import last_regular
from edgerunner_lab.sim.live.generic_ticks import GENERICS
from edgerunner_lab.sim.market.bars import Shown
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.data_rules import DataRules

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
AAPL = {"c_conId": 265598, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}

Told = Callable[[list[Message]], list[str]]


def ticks(messages: list[Message]) -> dict[int, Any]:
    """Return the newest value of each tick type."""
    found: dict[int, Any] = {}
    for message in messages:
        fields: Any = message.fields
        if "tickType" in fields:
            name = {"tickPrice": "price", "tickSize": "size"}.get(message.name, "value")
            found[fields["tickType"]] = fields[name]
    return found


@pytest.mark.parametrize(
    ("generic", "kinds"),
    [
        (100, {29, 30}),
        (101, {27, 28}),
        (104, {23}),
        (105, {87}),
        (106, {24}),
        (165, {15, 16, 17, 18, 19, 20, 21}),
        (221, {37}),
        (225, {34, 36, 61}),
        (232, {37}),
        (233, {48}),
        (236, {46, 89}),
        (258, {47}),
        (292, frozenset[int]()),
        (293, {54}),
        (294, {55}),
        (295, {56}),
        (318, {57}),
        (375, {77}),
        (411, {58}),
        (456, {59}),
        (595, {63, 64, 65}),
    ],
)
def test_each_number_shows_its_tick_types(
    trader: Any, generic: int, kinds: set[int] | frozenset[int]
) -> None:
    """Besides those of the quote, and no others."""
    plain = ticks(trader.ask("reqMktData", reqId=1, **AAPL)).keys()
    shown = ticks(
        trader.ask("reqMktData", reqId=2, genericTickList=str(generic), **AAPL)
    ).keys()

    assert shown - plain == kinds


def test_every_number_is_tried_above(trader: Any) -> None:
    """Shares have all numbers but the one of futures, and all may be asked for together."""
    stock = [number for number, generic in GENERICS.items() if "STK" in generic.kinds]
    text = ",".join(str(number) for number in stock)
    said = trader.ask("reqMktData", reqId=1, genericTickList=text, **AAPL)

    assert set(GENERICS) - set(stock) == {588}
    kinds = [m.fields["tickType"] for m in said if "tickType" in m.fields]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize("text", ["999", "x", "233,588", "-1", "1000000000000"])
def test_an_unknown_number_is_refused_with_the_legal_ones(trader: Any, text: str) -> None:
    """321, and the list of what the instrument has; no line is left behind."""
    said = trader.ask("reqMktData", reqId=1, genericTickList=text, **SPY)

    assert said[0].fields["errorCode"] == 321
    reason = str(said[0].fields["errorString"])
    assert f"Incorrect generic tick list of {text}." in reason
    assert "233(RTVolume)" in reason
    assert "588" not in reason.partition("Legal ones")[2]
    assert trader.wait(1) == []


def test_a_future_has_open_interest_and_no_dividends(trader: Any, told: Told) -> None:
    """588 is its own; 456 belongs to shares."""
    future = {"c_symbol": "ES", "c_secType": "FUT", "c_exchange": "CME"}
    future["c_lastTradeDateOrContractMonth"] = "202612"
    said = trader.ask("reqMktData", reqId=1, genericTickList="588", **future)

    assert ticks(said)[86] > 0
    refused = trader.ask("reqMktData", reqId=2, genericTickList="456", **future)
    assert told(refused) == ["error 321"]


def test_real_time_volume_tells_every_print(trader: Any) -> None:
    """`price;size;milliseconds;volume;average;single` of the same print as last, size and volume."""
    trader.ask("reqMktData", reqId=1, genericTickList="233", **SPY)
    said = trader.wait(0.25)
    shown = ticks(said)
    price, size, millis, volume, _, __ = shown[48].split(";")

    assert Decimal(price) == shown[4]
    assert int(size) == shown[5]
    assert int(volume) == shown[8]
    assert int(millis) % 1000 == 0


def test_the_average_price_is_that_of_the_day(trader: Any) -> None:
    """Field 5 of real-time volume is the average of the day's bar, between its low and high."""
    said = trader.ask("reqMktData", reqId=1, genericTickList="233", **SPY)
    shown = ticks(said)
    desk = trader.stage.exchange.desk
    instrument = desk.market.universe.by_con_id[756733]
    market = desk.market
    session = market.tape(instrument).session_at(market.second)
    span = (session.open, market.second + 1)
    (day,) = market.bars.bars(instrument, Shown.TRADES, span, market.instant)
    average = Decimal(shown[48].split(";")[4])

    assert float(average) == pytest.approx(day.average * 0.01)
    assert shown[7] <= average <= shown[6]
    assert average != shown[4]


def test_every_print_has_the_average_of_its_own_moment(trader: Any) -> None:
    """Volume and average of each of a second's prints are those of the day's bar until then."""
    trader.ask("reqMktData", reqId=1, genericTickList="233", **SPY)
    stage = trader.stage
    trader.heard.clear()
    stage.now += timedelta(seconds=1)
    stage.deliver(stage.exchange.advance(stage.now))
    told = [m.fields["value"] for m in trader.heard if m.fields.get("tickType") == 48]
    market = stage.exchange.desk.market
    instrument = market.universe.by_con_id[756733]
    opened = market.tape(instrument).session_at(market.second).open

    assert len(told) == market.steps
    first = market.step - market.steps + 1
    for step, value in enumerate(told, first):
        span = (opened, step // market.steps + 1)
        (day,) = market.bars.bars(instrument, Shown.TRADES, span, step / market.steps)
        _, _, _, volume, average, _ = value.split(";")
        assert int(volume) == day.volume
        assert float(average) == pytest.approx(day.average * 0.01, abs=1e-8)


def test_after_the_close_the_average_is_that_of_the_whole_day(open_stage: Any) -> None:
    """It does not go on, and belongs to the volume beside it."""
    night = datetime(2026, 11, 24, 3, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=night).trader()
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="233", **SPY))
    market = trader.stage.exchange.desk.market
    instrument = market.universe.by_con_id[756733]
    session = market.tape(instrument).session_at(market.second)
    span = (session.open, session.close)
    (day,) = market.bars.bars(instrument, Shown.TRADES, span, market.instant)

    _, _, _, volume, average, _ = shown[48].split(";")
    assert int(volume) == day.volume == shown[8]
    assert float(average) == pytest.approx(day.average * 0.01, abs=1e-8)


def test_a_view_of_an_earlier_moment_has_the_regular_print_of_that_moment(
    trader: Any,
) -> None:
    """What a live line showed as 57 is what a view a quarter of an hour late shows."""
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="318", **SPY))
    stage = trader.stage
    stage.now += timedelta(minutes=15)
    stage.deliver(stage.exchange.advance(stage.now))
    desk = stage.exchange.desk
    instrument = desk.market.universe.by_con_id[756733]

    assert last_regular(view_of(desk, instrument, is_delayed=True)) == shown[57]
    assert last_regular(view_of(desk, instrument, is_delayed=False)) != shown[57]


def test_a_delayed_line_has_a_delayed_mark(trader: Any) -> None:
    """And none of the numbers that exist live only."""
    desk = trader.stage.exchange.desk
    instrument = desk.market.universe.by_con_id[756733]
    desk.data_rules = DataRules(unsubscribed=frozenset({"SPY"}))
    trader.ask("reqMarketDataType", marketDataType=3)
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="221,233,318", **SPY))

    assert shown[37] == desk.market.mark_at(instrument, desk.market.second - 900)
    assert not shown.keys() & {48, 57}


def test_extremes_hold_the_shorter_time_and_the_day(trader: Any) -> None:
    """52 weeks reach at least as far as 26, those as far as 13, and today is in all of them."""
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="165", **SPY))

    assert shown[19] <= shown[17] <= shown[15] <= shown[7]
    assert shown[20] >= shown[18] >= shown[16] >= shown[6]


def test_rates_are_those_of_the_bars(trader: Any) -> None:
    """Prints and units of the last minute, and units of the last three, as history tells them."""
    trader.ask("reqMktData", reqId=1, genericTickList="294,295,595", **SPY)
    shown = ticks(trader.wait(2))
    desk = trader.stage.exchange.desk
    instrument = desk.market.universe.by_con_id[756733]
    now = desk.market.second
    (minute,) = desk.market.bars.bars(instrument, Shown.TRADES, (now - 60, now + 1), now)
    (three,) = desk.market.bars.bars(instrument, Shown.TRADES, (now - 180, now + 1), now)

    assert shown[55] == minute.count
    assert shown[56] == minute.volume
    assert shown[63] == three.volume
    assert shown[63] < shown[64] < shown[65]


def test_an_auction_gathers_until_it_comes(open_stage: Any) -> None:
    """In the ten minutes before the close there is a price, and paired shares grow."""
    late = datetime(2026, 11, 23, 20, 59, 50, tzinfo=UTC)
    trader = open_stage(hours=Hours.REAL, now=late).trader()
    first = ticks(trader.ask("reqMktData", reqId=1, genericTickList="225", **SPY))
    paired = [first[34], *(ticks(trader.wait(1))[34] for _ in range(5))]

    assert first[35] == first[4]
    assert abs(first[36]) < first[34]
    assert all(one < two for one, two in pairwise(paired))


def test_a_currency_shows_a_mark_and_no_prints(trader: Any) -> None:
    """The middle of its quote is its mark."""
    shown = ticks(trader.ask("reqMktData", reqId=1, genericTickList="221,233", **EUR))

    assert shown[37] == (shown[1] + shown[2]) / 2
    assert 48 not in shown


def test_figures_of_a_day_stand(open_stage: Any) -> None:
    """Two gateways of one seed tell the same, and asking twice changes nothing."""
    asked = {"genericTickList": "100,101,104,105,106,236,258,411,456", **AAPL}
    one, two = open_stage().trader(), open_stage().trader()
    first = one.ask("reqMktData", reqId=1, **asked)

    assert two.ask("reqMktData", reqId=1, **asked) == first
    assert ticks(one.ask("reqMktData", reqId=2, **asked)) == ticks(first)


def test_dividends_are_four_fields(trader: Any) -> None:
    """Twelve months back, twelve ahead, the next date and amount; or none of them."""
    parts = ticks(trader.ask("reqMktData", reqId=1, genericTickList="456", **AAPL))[59]
    past, ahead, date, amount = parts.split(",")

    assert Decimal(ahead) == 4 * Decimal(amount)
    assert Decimal(ahead) >= Decimal(past) > 0
    assert datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC) > trader.stage.now
