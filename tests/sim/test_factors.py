"""Related instruments move together, and by how much."""

import numpy as np
import pytest

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Query, load_universe
from edgerunner_lab.sim.market.factors import SPY, loadings
from edgerunner_lab.sim.market.prices import ANCHOR_DAY, Prices

UNIVERSE = load_universe()
DAY = ANCHOR_DAY + 21
"""Monday, 23 November 2026."""


def named(symbol: str, sec_type: str = "STK", currency: str = "USD") -> Instrument:
    """Return an instrument with a path of its own."""
    query = Query(symbol=symbol, sec_type=sec_type, currency=currency)
    return UNIVERSE.find(query)[0]


def minutes(instrument: Instrument, seed: int = 7) -> "np.ndarray":
    """Return the log returns of a day's minutes."""
    return np.diff(np.log(Prices(seed).day(instrument, DAY).bid))


def days(instrument: Instrument) -> "np.ndarray":
    """Return the log returns of two years of days."""
    prices = Prices(7)
    return np.diff(
        [np.log(prices.day(instrument, day).bid[0]) for day in range(DAY - 500, DAY)]
    )


def together(one: "np.ndarray", other: "np.ndarray") -> float:
    """Return the correlation of two series."""
    return float(np.corrcoef(one, other)[0, 1])


@pytest.mark.parametrize("seed", [7, 8])
@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("SPY", "QQQ", 0.85, 0.97),
        ("SPY", "VOO", 0.95, 1.0),
        ("SPY", "AAPL", 0.45, 0.65),
        ("AAPL", "MSFT", 0.3, 0.6),
        ("AAPL", "XOM", 0.15, 0.45),
        ("XLF", "JPM", 0.45, 0.75),
        ("GOOG", "GOOGL", 0.95, 1.0),
        ("SPY", "GLD", -0.1, 0.1),
    ],
)
def test_a_day_of_minutes_correlates(
    one: str, other: str, least: float, most: float, seed: int
) -> None:
    """As markets and sectors do; 1,440 minutes measure it to about 0.05."""
    assert least < together(minutes(named(one), seed), minutes(named(other), seed)) < most


def test_currencies_go_their_own_way() -> None:
    """SPY says nothing of the yen."""
    assert abs(together(minutes(named("SPY")), minutes(named("USD", "CASH", "JPY")))) < 0.1


def test_days_correlate_as_minutes_do() -> None:
    """A year of daily bars tells what a day of minute bars tells."""
    spy = days(named("SPY"))

    assert together(spy, days(named("AAPL"))) == pytest.approx(0.55, abs=0.12)
    assert together(spy, days(named("QQQ"))) == pytest.approx(0.92, abs=0.05)


@pytest.mark.parametrize(
    ("fund", "index", "ratio"), [("SPY", "SPX", 10), ("SPY", "ES", 10), ("QQQ", "NQ", 41)]
)
def test_an_index_stays_with_its_fund(fund: str, index: str, ratio: float) -> None:
    """Years before the anchor day the one is still about the same multiple of the other."""
    prices, years_ago = Prices(7), DAY - 1500
    one, other = named(fund), named(index, "IND")
    levels = (
        prices.day(held, years_ago).bid[0] * float(held.min_tick) for held in (one, other)
    )
    low, high = levels

    assert high / low == pytest.approx(ratio, rel=0.03)


def test_the_same_volatility_is_shared_out_among_factors() -> None:
    """The squares of everyone's weights add up to one."""
    for instrument in UNIVERSE.by_con_id.values():
        weights = [weight for _, weight in loadings(instrument)]
        assert sum(weight**2 for weight in weights) == pytest.approx(1)
        assert len({factor for factor, _ in loadings(instrument)}) == len(weights)


def test_the_market_itself_and_currencies_have_one_factor() -> None:
    """Whatever others follow, SPY's path is its own dice alone."""
    assert loadings(named("SPY")) == ((SPY, 1.0),)
    yen = named("USD", "CASH", "JPY")
    assert loadings(yen) == ((yen.con_id, 1.0),)


def test_listed_levels_hold_for_everything_on_the_anchor_day() -> None:
    """Sharing dice moves no level of a sheet."""
    prices = Prices(7)
    for instrument in UNIVERSE.by_con_id.values():
        level = int(prices.day(instrument, ANCHOR_DAY).bid[0])
        assert abs(level - instrument.price / instrument.min_tick) <= 1
