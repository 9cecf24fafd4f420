"""Futures, options and combos: they follow what they are made of, to the tick, in quotes and in bars."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Query, load_universe
from edgerunner_lab.sim.market.bars import BarMaker, Shown
from edgerunner_lab.sim.market.derived import option_value
from edgerunner_lab.sim.market.greeks import RATE, Option, valued
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import Hours

NOON = 1_795_453_200
"""Monday 2026-11-23 12:00 in New York."""

EXPIRY = "20261218"


@pytest.fixture(scope="module")
def market() -> Market:
    """A market that never closes, on a Monday at noon."""
    made = Market(load_universe(), seed=7, hours=Hours.ALWAYS, steps=4)
    made.move_to(float(NOON))
    return made


def listed(market: Market, **query: Any) -> Instrument:
    """Return the first instrument that fits."""
    return market.universe.find(Query(**query))[0]


def option(market: Market, strike: int, right: str) -> Instrument:
    """Return an option on SPY that ends in December."""
    return listed(
        market,
        symbol="SPY",
        sec_type="OPT",
        last_trade_date=EXPIRY,
        strike=Decimal(strike),
        right=right,
    )


def mid(market: Market, instrument: Instrument) -> float:
    """Return the middle of a quote, in currency."""
    quote = market.quote(instrument)
    return float(instrument.price_of(quote.bid + quote.ask)) / 2


@pytest.mark.parametrize("strike", [600, 650, 690, 700, 750])
def test_quotes_of_calls_and_puts_keep_parity(market: Market, strike: int) -> None:
    """Call minus put is the underlying minus the discounted strike, within rounding to ticks."""
    call, put = option(market, strike, "C"), option(market, strike, "P")
    spot = mid(market, listed(market, symbol="SPY", sec_type="STK", currency="USD"))
    years = (1_797_627_600 - (NOON // 86_400 * 86_400 + 43_200)) / (365 * 86_400)

    parity = mid(market, call) - mid(market, put)
    bound = 0.05 if min(mid(market, call), mid(market, put)) > 0.1 else 0.2
    assert parity == pytest.approx(spot - strike * np.exp(-RATE * years), abs=bound)


def test_an_option_is_quoted_around_its_model_value(market: Market) -> None:
    """What the computations tell and what the market quotes are one price."""
    call = option(market, 690, "C")
    spot = mid(market, listed(market, symbol="SPY", sec_type="STK", currency="USD"))
    years = (1_797_627_600 - (NOON // 86_400 * 86_400 + 43_200)) / (365 * 86_400)
    model = valued(
        Option(is_call=True, strike=690.0, years=years), spot, call.volatility
    ).price

    assert mid(market, call) == pytest.approx(model, abs=0.03)


@pytest.mark.parametrize("is_call", [True, False])
def test_arrays_are_valued_as_single_prices_are(*, is_call: bool) -> None:
    """The vectorised model is the model."""
    unders = np.array([500.0, 650.0, 690.0, 720.0, 900.0])
    together = option_value(
        unders, strike=690.0, years=0.1, volatility=0.2, is_call=is_call
    )
    singly = [
        valued(Option(is_call=is_call, strike=690.0, years=0.1), float(under), 0.2).price
        for under in unders
    ]

    assert together.tolist() == pytest.approx(singly, abs=1e-9)


def test_a_call_rises_and_a_put_falls_with_the_underlying(market: Market) -> None:
    """Over an hour, second by second."""
    spy = listed(market, symbol="SPY", sec_type="STK", currency="USD")
    hour = NOON // 3600
    under = market.prices.hour(spy, hour)
    moved = under.bid + under.ask
    for right, sign in (("C", 1), ("P", -1)):
        path = market.prices.hour(option(market, 690, right), hour)
        order = np.argsort(moved, kind="stable")
        steps = np.diff((path.bid + path.ask)[order][:-1]) * sign
        assert (steps >= -2).all()
        assert np.corrcoef(moved, path.bid)[0, 1] * sign > 0.9


@pytest.mark.parametrize("kind", ["FUT", "OPT", "BAG"])
def test_bars_are_made_of_the_seconds_that_are_shown(
    open_stage: Callable[..., Any], market: Market, kind: str
) -> None:
    """A minute's bar has the extremes and the volume of its seconds."""
    if kind == "FUT":
        instrument = listed(market, symbol="ES", sec_type="FUT")
    elif kind == "OPT":
        instrument = option(market, 690, "P")
    else:
        instrument = spread(market)
    maker = BarMaker(market.prices)
    first = NOON - 3600
    for shown in (Shown.TRADES, Shown.BID, Shown.ASK):
        minutes = maker.minutes(instrument, shown, first, NOON)
        seconds = maker.seconds(instrument, shown, first, NOON)
        assert minutes.open.tolist() == seconds.open[::60].tolist()
        assert minutes.high.tolist() == seconds.high.reshape(60, 60).max(axis=1).tolist()
        assert minutes.low.tolist() == seconds.low.reshape(60, 60).min(axis=1).tolist()
        assert minutes.close.tolist() == seconds.close[59::60].tolist()
    assert open_stage


def spread(market: Market) -> Instrument:
    """Return a bull call spread of two SPY options."""
    from edgerunner_lab.sim.listing.instrument import Leg  # noqa: PLC0415  two tests need it

    legs = (
        Leg(con_id=option(market, 690, "C").con_id, ratio=1),
        Leg(con_id=option(market, 700, "C").con_id, ratio=-1),
    )
    query = Query(symbol="SPY", sec_type="BAG", currency="USD", exchange="SMART", legs=legs)
    return market.universe.find(query)[0]


def test_a_combo_is_quoted_at_what_its_legs_come_to(market: Market) -> None:
    """Long one, short the other."""
    combo = spread(market)
    legs = mid(market, option(market, 690, "C")) - mid(market, option(market, 700, "C"))

    assert mid(market, combo) == pytest.approx(legs, abs=0.02)


def test_a_future_carries_its_index(market: Market) -> None:
    """Later months stand higher, by the interest."""
    contracts = market.universe.find(Query(symbol="ES", sec_type="FUT"))[:3]
    index = market.universe.by_con_id[contracts[0].under_con_id]
    prices = [mid(market, one) for one in contracts]

    assert mid(market, index) < prices[0] < prices[1] < prices[2]
    assert prices[0] == pytest.approx(mid(market, index), rel=0.01)
