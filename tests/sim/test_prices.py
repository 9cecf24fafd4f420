"""Price paths: any moment from the seed alone, and every bar size telling the same story."""

import math
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner_lab.sim.listing.universe import Instrument, load_universe
from edgerunner_lab.sim.market.bars import BarMaker, Shown
from edgerunner_lab.sim.market.noise import key_of, normals, uniform, uniforms
from edgerunner_lab.sim.market.prices import ANCHOR_DAY, Prices

UNIVERSE = load_universe()
SPY = UNIVERSE.by_con_id[756733]
EURUSD = UNIVERSE.by_con_id[12087792]
F = UNIVERSE.by_con_id[9599491]
HOUR = int(datetime(2026, 11, 23, 15, tzinfo=UTC).timestamp()) // 3600
"""Monday, 10:00 in New York."""

instruments = st.sampled_from([SPY, EURUSD, F])
hours = st.integers(HOUR - 24 * 400, HOUR + 24 * 400)


def test_one_number_and_an_array_of_numbers_are_the_same_dice() -> None:
    """What is drawn alone equals what is drawn among others."""
    key = key_of(1, 2, 3)
    indices = np.array([-5, 0, 7, 10**12])

    assert list(uniforms(key, indices)) == [uniform(key, int(i)) for i in indices]


def test_the_dice_are_fair() -> None:
    """Normal numbers have mean 0 and deviation 1."""
    drawn = normals(key_of(4), np.arange(100_000))

    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1) < 0.02


def test_two_instances_of_a_seed_agree_whatever_was_asked_before() -> None:
    """Random access: the path does not depend on the way to it."""
    first, second = Prices(7), Prices(7)
    for hour in range(HOUR - 3, HOUR):
        first.hour(SPY, hour)

    assert first.hour(SPY, HOUR).trade.tolist() == second.hour(SPY, HOUR).trade.tolist()
    assert first.hour(SPY, HOUR).bid.tolist() != Prices(8).hour(SPY, HOUR).bid.tolist()


def test_the_path_passes_through_the_listed_price_on_the_anchor_day() -> None:
    """Levels in the data file are levels of the market."""
    assert abs(int(Prices(7).day(SPY, ANCHOR_DAY).bid[0]) - 69_000) <= 1


@settings(max_examples=25, deadline=None)
@given(instruments, hours)
def test_a_minute_reaches_its_high_and_low_within_its_seconds(
    instrument: Instrument, hour: int
) -> None:
    """Seconds and minutes agree on extremes, ends, volume and prints."""
    prices = Prices(7)
    path, day = prices.hour(instrument, hour), prices.day(instrument, hour // 24)
    first = hour % 24 * 60
    for minute in range(60):
        bids = path.bid[minute * 60 : minute * 60 + 61]
        row = first + minute
        assert (bids[0], bids[-1]) == (day.bid[row], day.bid[row + 1])
        assert (bids.max(), bids.min()) == (day.high[row], day.low[row])
        seconds = slice(minute * 60, minute * 60 + 60)
        assert path.volume[seconds].sum() == day.volume[row]
        assert path.count[seconds].sum() == day.count[row]


@settings(max_examples=25, deadline=None)
@given(instruments, hours)
def test_the_bid_lies_below_the_ask_and_the_print_between(
    instrument: Instrument, hour: int
) -> None:
    """No crossed quote and no print outside it, at any second."""
    path = Prices(7).hour(instrument, hour)

    assert (path.bid < path.ask).all()
    assert (path.bid <= path.trade).all()
    assert (path.trade <= path.ask).all()
    assert (path.bid > 0).all()
    assert (path.volume >= 0).all()


@settings(max_examples=10, deadline=None)
@given(instruments, hours)
def test_an_hour_ends_where_the_next_begins(instrument: Instrument, hour: int) -> None:
    """There is no seam."""
    prices = Prices(7)
    one, next_one = prices.hour(instrument, hour), prices.hour(instrument, hour + 1)

    assert (one.bid[-1], one.trade[-1]) == (next_one.bid[0], next_one.trade[0])
    assert one.ask[-1] == next_one.ask[0]


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([Shown.TRADES, Shown.MIDPOINT, Shown.BID, Shown.ASK]),
    hours,
    st.sampled_from([1, 5, 10, 30, 60, 300, 900, 1800]),
    st.integers(0, 3_599),
)
def test_bars_of_every_size_agree(shown: Shown, hour: int, size: int, past: int) -> None:
    """Open, high, low, close, volume and prints of an hour are those of its pieces, finished or not."""
    maker = BarMaker(Prices(7))
    start = hour * 3600
    until = start + past + 0.3
    whole = maker.bars(SPY, shown, [start, start + 3600], until)[0]
    pieces = maker.bars(SPY, shown, list(range(start, start + 3601, size)), until)

    assert len(pieces) == past // size + 1
    assert whole.open == pieces[0].open
    assert whole.close == pieces[-1].close
    assert whole.high == max(bar.high for bar in pieces)
    assert whole.low == min(bar.low for bar in pieces)
    if shown is Shown.TRADES:
        assert whole.volume == sum(bar.volume for bar in pieces)
        assert whole.count == sum(bar.count for bar in pieces)
        assert whole.low <= whole.average <= whole.high
    else:
        assert (whole.volume, whole.count, whole.average) == (-1, -1, -1)


@settings(max_examples=10, deadline=None)
@given(hours)
def test_one_bar_begins_where_the_last_ended(hour: int) -> None:
    """Neighbouring bars touch."""
    maker = BarMaker(Prices(7))
    edges = list(range(hour * 3600, hour * 3600 + 3601, 60))
    bars = maker.bars(SPY, Shown.TRADES, edges, float(edges[-1]))

    assert [bar.close for bar in bars[:-1]] == [bar.open for bar in bars[1:]]


def test_bars_that_have_not_begun_are_left_out() -> None:
    """There is no bar of the future."""
    maker = BarMaker(Prices(7))
    start = HOUR * 3600

    assert maker.bars(SPY, Shown.TRADES, [start, start + 60], float(start)) == []
    assert maker.bars(SPY, Shown.TRADES, [start], start + 60.0) == []


def test_a_finished_day_is_remembered_and_an_unfinished_one_grows() -> None:
    """The same request later shows more of the day, and the same past."""
    maker = BarMaker(Prices(7))
    start = HOUR // 24 * 86_400
    spans = [
        (start - 86_400, start),
        (start, start + 86_400),
        (start + 86_400, start + 172_800),
    ]
    early = maker.summaries(SPY, Shown.TRADES, spans, start + 3_600.0)
    late = maker.summaries(SPY, Shown.TRADES, spans, start + 7_200.0)

    assert len(early) == 2
    assert early[0] is late[0]
    assert early[1].volume < late[1].volume


def test_noon_is_quieter_than_the_opening() -> None:
    """Volume and movement are U-shaped: the first half hour beats the one around noon, noon beats the night."""
    prices = Prices(7)
    opening = noon = night = 0
    for day in range(ANCHOR_DAY, ANCHOR_DAY + 20):
        volume = prices.day(SPY, day).volume
        opening += volume[870:900].sum()
        noon += volume[1020:1050].sum()
        night += volume[480:510].sum()

    assert opening > 1.5 * noon
    assert noon > 10 * night


@pytest.mark.parametrize("instrument", [SPY, EURUSD, F])
def test_decades_stay_plausible(instrument: Instrument) -> None:
    """No price of thirty years is absurd, and a year moves about as much as the data file says."""
    prices = Prices(7)
    first, last = date(2000, 1, 3).toordinal(), date(2035, 1, 1).toordinal()
    shift = date(1970, 1, 1).toordinal()
    closes = [
        int(prices.day(instrument, day - shift).bid[0]) for day in range(first, last, 30)
    ]
    level = float(instrument.price / instrument.min_tick)

    assert min(closes) > level / 12
    assert max(closes) < level * 6
    daily = np.diff(
        np.log([prices.day(instrument, day).bid[0] for day in range(20_000, 20_365)])
    )
    assert 0.7 < daily.std() * math.sqrt(365) / instrument.volatility < 1.3
