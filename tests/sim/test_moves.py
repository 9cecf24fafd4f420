"""Moves and regimes: what is done by hand counts from then on, for everything that follows, and after a restart."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Exchange, Hours
from edgerunner_lab.sim.listing.universe import Query
from edgerunner_lab.sim.market.bars import BarMaker, Shown
from edgerunner_lab.sim.market.moves import CRASH_SIZE, SPREADS, Regime

SPY = 756733
AAPL = 265598


def price(stage: Any, con_id: int = SPY) -> float:
    """Return where an instrument is valued now."""
    market = stage.exchange.desk.market
    return float(market.mark(market.universe.by_con_id[con_id]))


def test_a_price_that_is_moved_goes_on_from_there(open_stage: Callable[..., Any]) -> None:
    """From the next second on; others stay where they are."""
    stage = open_stage()
    other = price(stage, AAPL)
    stage.exchange.move_price("SPY", Decimal("600.00"))
    stage.wait(1.25)

    assert price(stage) == pytest.approx(600.0, rel=0.002)
    stage.wait(5)
    assert price(stage) == pytest.approx(600.0, rel=0.004)
    assert price(stage, AAPL) == pytest.approx(other, rel=0.004)


def test_a_resting_order_is_filled_by_a_price_that_comes_to_it(
    open_stage: Callable[..., Any],
) -> None:
    """The reason for moving prices."""
    stage = open_stage()
    trader = stage.trader()
    trader.place(1, "BUY", 1, o_orderType="LMT", o_lmtPrice=Decimal("650.00"))
    stage.exchange.move_price("SPY", Decimal("640.00"))

    said = trader.wait(2)
    assert "Filled" in [m.fields.get("status") for m in said if m.name == "orderStatus"]


def test_options_and_futures_follow_a_move(open_stage: Callable[..., Any]) -> None:
    """A put is worth more after a fall."""
    stage = open_stage()
    market = stage.exchange.desk.market
    put = market.universe.find(
        Query(
            symbol="SPY",
            sec_type="OPT",
            last_trade_date="20261218",
            strike=Decimal(650),
            right="P",
        )
    )[0]
    before = market.quote(put).bid
    stage.exchange.move_price("SPY", Decimal("620.00"))
    stage.wait(1.25)

    assert market.quote(put).bid > before + 2_000


def test_a_crash_falls_for_ten_minutes_and_widens_the_spread(
    open_stage: Callable[..., Any],
) -> None:
    """Everything falls together."""
    stage = open_stage()
    market = stage.exchange.desk.market
    spy = market.universe.by_con_id[SPY]
    before, quote = price(stage), market.quote(spy)
    stage.exchange.set_regime("crash")
    stage.wait(1.25)
    wide = market.quote(spy)
    stage.wait(600)

    assert wide.ask - wide.bid == (quote.ask - quote.bid) * SPREADS[Regime.CRASH]
    assert price(stage) / before - 1 == pytest.approx(CRASH_SIZE, abs=0.015)


def test_a_halt_stops_trading_and_its_end_lets_it_go_on(
    open_stage: Callable[..., Any],
) -> None:
    """Orders wait; nothing is filled while the halt lasts."""
    stage = open_stage()
    trader = stage.trader()
    stage.exchange.set_regime("halt", "SPY")
    stage.wait(1.25)
    trader.place(1, "BUY", 1)
    waiting = trader.wait(5)
    stage.exchange.set_regime("calm", "SPY")
    after = trader.wait(3)

    assert not [m for m in waiting if m.name == "executionData"]
    assert [m for m in after if m.name == "executionData"]


@pytest.mark.parametrize("regime", list(Regime))
def test_bars_after_a_change_are_made_of_the_seconds_that_are_shown(
    open_stage: Callable[..., Any], regime: Regime
) -> None:
    """In every minute that begins after it; those before are as they were."""
    stage = open_stage()
    market = stage.exchange.desk.market
    spy = market.universe.by_con_id[SPY]
    now = market.second
    old = BarMaker(market.prices).seconds(spy, Shown.TRADES, now - 600, now)
    stage.exchange.set_regime(regime)
    maker = BarMaker(market.prices)
    again = maker.seconds(spy, Shown.TRADES, now - 600, now)
    minutes = maker.minutes(spy, Shown.TRADES, now + 60, now + 660)
    seconds = maker.seconds(spy, Shown.TRADES, now + 60, now + 660)

    assert again.close.tolist() == old.close.tolist()
    assert again.volume.tolist() == old.volume.tolist()
    assert minutes.high.tolist() == seconds.high.reshape(10, 60).max(axis=1).tolist()
    assert minutes.low.tolist() == seconds.low.reshape(10, 60).min(axis=1).tolist()
    assert minutes.volume.tolist() == seconds.volume.reshape(10, 60).sum(axis=1).tolist()


def test_moves_are_there_after_a_restart(open_stage: Callable[..., Any]) -> None:
    """They are part of the state."""
    stage = open_stage()
    stage.exchange.move_price("SPY", Decimal("600.00"))
    stage.exchange.set_regime("trend", "AAPL")
    stage.wait(60)
    saved = stage.exchange.snapshot()
    restarted = Exchange(
        stage.exchange.desk.market.universe,
        seed=7,
        cash=Decimal(100_000),
        hours=Hours.ALWAYS,
        now=stage.now,
    )
    restarted.restore(saved)
    market = restarted.desk.market

    for con_id in (SPY, AAPL):
        assert float(market.mark(market.universe.by_con_id[con_id])) == price(stage, con_id)


@pytest.mark.parametrize(
    ("symbol", "to", "words"),
    [
        ("NOPE", "1", "expected a listed one"),
        ("SPY", "0", "expected a positive number"),
        ("SPY", "-3", "expected a positive number"),
        ("SPY", "NaN", "expected a positive number"),
    ],
)
def test_a_wrong_move_changes_nothing(
    open_stage: Callable[..., Any], symbol: str, to: str, words: str
) -> None:
    """One line that says what was expected."""
    stage = open_stage()
    before = price(stage)

    with pytest.raises(ValueError, match=words):
        stage.exchange.move_price(symbol, Decimal(to))
    with pytest.raises(ValueError, match="expected one of calm, trend"):
        stage.exchange.set_regime("panic")
    assert price(stage) == before


def test_a_halt_is_told_to_whoever_watches(open_stage: Callable[..., Any]) -> None:
    """Tick 49, without a quote while it lasts; and again when it is over."""
    stage = open_stage()
    trader = stage.trader()
    trader.ask("reqMktData", reqId=1, c_conId=SPY, c_exchange="SMART")
    stage.exchange.set_regime("halt", "SPY")
    during = trader.wait(2)
    stage.exchange.set_regime("calm", "SPY")
    after = trader.wait(2)

    def halts(said: list[Any]) -> list[float]:
        return [
            float(m.fields["value"])
            for m in said
            if m.name == "tickGeneric" and m.fields["tickType"] == 49
        ]

    assert halts(during) == [1.0]
    assert halts(after) == [0.0]
