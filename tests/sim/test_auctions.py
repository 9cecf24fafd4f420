"""Auctions: those of the trading day, and those that are called by a regime."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.market.bars import BarMaker, Shown
from edgerunner_lab.sim.market.moves import (
    AUCTION_PRINTS,
    PAUSE_SECONDS,
    SPREADS,
    VOLUMES,
    Event,
    Moves,
    Regime,
    auction_second,
)

SPY = 756733
AUCTION_AHEAD = 120
"""Seconds from a change at noon, which counts a second later, to the whole minute of its auction."""

StageMaker = Callable[..., Any]


def executions(said: list[Any]) -> list[tuple[int, Decimal]]:
    """Return (order id, price) of every execution."""
    return [
        (m.fields["e.orderId"], m.fields["e.price"])
        for m in said
        if m.name == "executionData"
    ]


def endings(said: list[Any]) -> dict[int, str]:
    """Return the last status of every order that was told of."""
    return {
        m.fields["orderId"]: m.fields["status"] for m in said if m.name == "orderStatus"
    }


def test_an_auction_comes_at_a_whole_minute_a_minute_ahead() -> None:
    """Never sooner, never more than two minutes away."""
    for second in range(1_000_000, 1_000_200):
        at = auction_second(Event(second=second, con_id=None, kind=Regime.AUCTION_CLOSE))
        assert at % 60 == 0
        assert 60 <= at - second < 120


@pytest.mark.parametrize(
    ("regime", "terms"),
    [
        ("auction-close", ({"o_orderType": "MOC"}, {"o_orderType": "LOC"})),
        ("auction-open", ({"o_tif": "OPG"}, {"o_tif": "OPG", "o_orderType": "LMT"})),
    ],
)
def test_a_called_auction_fills_its_orders_at_one_price(
    open_stage: StageMaker, regime: str, terms: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """In its own second, orders from before and after the call; a limit it does not reach ends."""
    stage = open_stage()
    trader = stage.trader()
    trader.place(1, "BUY", 10, **terms[0])
    stage.exchange.set_regime(regime)
    trader.wait(2)
    trader.place(2, "SELL", 5, **terms[0])
    trader.place(3, "BUY", 10, **{**terms[1], "o_lmtPrice": Decimal("900.00")})
    trader.place(4, "BUY", 10, **{**terms[1], "o_lmtPrice": Decimal("400.00")})
    before = trader.wait(AUCTION_AHEAD - 2.25)
    during = trader.wait(0.25)

    assert executions(before) == []
    assert sorted(order for order, _ in executions(during)) == [1, 2, 3]
    assert len({price for _, price in executions(during)}) == 1
    market = stage.exchange.desk.market
    spy = market.universe.by_con_id[SPY]
    assert executions(during)[0][1] == market.mark_at(spy, market.second)
    assert endings(during)[4] == "Cancelled"


def test_an_auction_leaves_the_orders_of_the_other_one_alone(
    open_stage: StageMaker,
) -> None:
    """OPG waits for an opening, MOC for a close."""
    stage = open_stage()
    trader = stage.trader()
    trader.place(1, "BUY", 10, o_orderType="MOC")
    stage.exchange.set_regime("auction-open")

    assert executions(trader.wait(AUCTION_AHEAD + 5)) == []
    stage.exchange.set_regime("auction-close", "AAPL")
    assert executions(trader.wait(AUCTION_AHEAD + 5)) == []


def test_an_order_that_comes_too_late_waits_for_the_next_auction(
    open_stage: StageMaker,
) -> None:
    """What is over fills nobody; the close of the day does."""
    stage = open_stage()
    trader = stage.trader()
    stage.exchange.set_regime("auction-close")
    trader.wait(AUCTION_AHEAD + 1)
    trader.place(1, "BUY", 10, o_orderType="MOC")

    assert executions(trader.wait(30)) == []
    stage.exchange.set_regime("auction-close")
    assert executions(trader.wait(AUCTION_AHEAD + 1))


def test_a_child_that_is_let_go_after_an_auction_is_not_filled_by_it(
    open_stage: StageMaker,
) -> None:
    """It was not at work when the auction came."""
    stage = open_stage()
    trader = stage.trader()
    limit = {"o_orderType": "LMT", "o_lmtPrice": Decimal("400.00")}
    trader.place(1, "BUY", 10, **limit, o_transmit=False)
    trader.place(2, "SELL", 10, o_orderType="MOC", o_parentId=1)
    stage.exchange.set_regime("auction-close")
    trader.wait(AUCTION_AHEAD + 1)
    trader.place(1, "BUY", 10, **{**limit, "o_lmtPrice": Decimal("900.00")})
    trader.wait(5)

    assert {order for order, _ in executions(trader.heard)} == {1}


def test_continuous_trading_pauses_for_an_auction(open_stage: StageMaker) -> None:
    """A market order sent just before waits until it is over."""
    stage = open_stage()
    trader = stage.trader()
    stage.exchange.set_regime("auction-close", "SPY")
    trader.wait(AUCTION_AHEAD - PAUSE_SECONDS + 0.25)
    said = trader.place(1, "BUY", 10)
    other = trader.place(2, "BUY", 10, c_conId=265598)
    meanwhile = trader.wait(PAUSE_SECONDS + 0.5)

    assert executions(said + meanwhile) == []
    assert {order for order, _ in executions(other)} == {2}
    assert {order for order, _ in executions(trader.wait(0.5))} == {1}


def test_near_an_auction_the_spread_is_wider_and_more_is_traded(
    open_stage: StageMaker,
) -> None:
    """Then nothing prints, the auction prints much, and it is over."""
    stage = open_stage()
    market = stage.exchange.desk.market
    spy = market.universe.by_con_id[SPY]
    begun, at = market.second + 1, market.second + AUCTION_AHEAD
    usual = BarMaker(market.prices).seconds(spy, Shown.TRADES, begun, at + 60).volume
    narrow = market.quote(spy)
    stage.exchange.set_regime("auction-close")
    rows = BarMaker(market.prices).seconds(spy, Shown.TRADES, begun, at + 60).volume
    gathering, rest = at - begun - PAUSE_SECONDS, at - begun
    stage.wait(1.25)
    wide = market.quote(spy)
    stage.wait(AUCTION_AHEAD)
    after = market.quote(spy)

    factor = SPREADS[Regime.AUCTION_CLOSE]
    assert wide.ask - wide.bid == (narrow.ask - narrow.bid) * factor
    assert after.ask - after.bid == narrow.ask - narrow.bid
    busier = VOLUMES[Regime.AUCTION_CLOSE]
    assert (rows[:gathering] == usual[:gathering] * busier).all()
    assert not rows[gathering:rest].any()
    assert rows[rest] == usual[rest] * AUCTION_PRINTS
    assert (rows[rest + 1 :] == usual[rest + 1 :]).all()


def test_another_regime_calls_an_auction_off() -> None:
    """Only before it comes."""
    moves = Moves()
    moves.add(Event(second=1_000, con_id=None, kind=Regime.AUCTION_CLOSE))
    assert moves.auctions(SPY) == [1_080]
    moves.add(Event(second=1_050, con_id=SPY, kind=Regime.CALM))

    assert moves.auctions(SPY) == []
    assert moves.auctions(SPY + 1, Regime.AUCTION_CLOSE) == [1_080]
    assert moves.auctions(SPY + 1, Regime.AUCTION_OPEN) == []


@pytest.mark.parametrize(
    ("bell", "terms"),
    [
        (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), {"o_tif": "OPG"}),
        (datetime(2026, 11, 23, 21, 0, tzinfo=UTC), {"o_orderType": "MOC"}),
        (datetime(2026, 11, 27, 18, 0, tzinfo=UTC), {"o_orderType": "MOC"}),
    ],
)
def test_real_hours_have_auctions_at_their_bells(
    open_stage: StageMaker, bell: datetime, terms: dict[str, Any]
) -> None:
    """09:30, 16:00, and 13:00 after Thanksgiving; an order that trades on waits for that second to pass."""
    trader = open_stage(hours=Hours.REAL, now=bell - timedelta(seconds=3)).trader()
    trader.place(1, "BUY", 10, **terms)
    assert executions(trader.wait(2.75)) == []
    at_the_bell = trader.wait(0.25)
    said = trader.place(2, "BUY", 10, o_outsideRth=True)

    assert {order for order, _ in executions(at_the_bell)} == {1}
    assert executions(said + trader.wait(0.5)) == []
    assert {order for order, _ in executions(trader.wait(0.5))} == {2}


def test_the_minutes_before_the_bells_are_busy_and_wide(open_stage: StageMaker) -> None:
    """Twice the spread, and more volume than a few minutes earlier."""
    market = open_stage().exchange.desk.market
    spy = market.universe.by_con_id[SPY]
    day = market.prices.day(spy, market.second // 86_400)
    for bell in (14 * 60 + 30, 21 * 60):
        assert (day.spread[bell - 2 : bell] == 2 * day.spread[bell - 3]).all()
        early = day.volume[bell - 12 : bell - 2].mean()
        assert day.volume[bell - 2 : bell].mean() > 1.5 * early
