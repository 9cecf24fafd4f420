"""Recorded prices: played to the tick, joined to the seed's, followed by derivatives, refused where they cannot be true."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner_lab.sim.__main__ import main
from edgerunner_lab.sim.exchange import Exchange
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Query, Universe, load_universe
from edgerunner_lab.sim.market.bars import Bar, Shown
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.recorded import Recording
from edgerunner_lab.sim.market.sessions import Hours
from edgerunner_lab.sim.server.recordings import RecordingRefused, load_recording, unplayed

START = 1_795_444_200
"""Monday 2026-11-23 14:30 UTC."""

UNIVERSE = load_universe()
SPY = UNIVERSE.find(Query(symbol="SPY", sec_type="STK", currency="USD"))[0]


def of(market: Market, symbol: str) -> Instrument:
    """Return a US stock."""
    return market.universe.find(Query(symbol=symbol, sec_type="STK", currency="USD"))[0]


def market_with(held: Recording | None = None, *, at: float = START + 3600) -> Market:
    """Return a market in which SPY was recorded."""
    made = Market(
        UNIVERSE,
        seed=7,
        hours=Hours.ALWAYS,
        steps=4,
        recordings={SPY.con_id: held} if held else {},
    )
    made.move_to(at)
    return made


def bars(market: Market, size: int, *, count: int, start: int = START) -> list[Bar]:
    """Return bars of SPY's prints."""
    edges = [start + size * row for row in range(count + 1)]
    return market.bars.bars(SPY, Shown.TRADES, edges, edges[-1])


def recording(rows: list[tuple[int, ...]], *, length: int = 60) -> Recording:
    """Return bars in ticks: start, open, high, low, close, volume."""
    start, *prices, volume = np.array(rows, dtype=np.int64).T
    opened, high, low, close = prices
    return Recording(
        start=start,
        length=length,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
    )


@st.composite
def walks(draw: st.DrawFn) -> Recording:
    """Draw bars that join, of any length a bar may have."""
    length = draw(st.sampled_from([5, 30, 60, 300, 900]))
    price, rows = draw(st.integers(30, 90_000)), list[tuple[int, ...]]()
    moves = st.tuples(
        st.integers(-20, 20),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 10**6),
        st.integers(1, 2),
    )
    start = START + draw(st.integers(-400, 400))
    for move, above, below, volume, step in draw(st.lists(moves, min_size=2, max_size=40)):
        close = max(10, price + move)
        high, low = max(price, close) + above, min(price, close) - below
        rows.append((start, price, high, max(1, low), close, volume))
        price, start = close, start + step * length
    return recording(rows, length=length)


def test_bars_come_back_to_the_tick() -> None:
    """Open, high, low and volume are the recording's; a bar ends where the next begins, or at its close before a gap."""
    rows = [
        (START, 65_000, 65_010, 64_990, 65_005, 601),
        (START + 60, 65_006, 65_007, 65_000, 65_001, 59),
        (START + 180, 65_020, 65_040, 65_020, 65_030, 0),
    ]
    first, second, gap, third = bars(market_with(recording(rows)), 60, count=4)

    assert (first.open, first.high, first.low, first.close) == (
        65_000,
        65_010,
        64_990,
        65_006,
    )
    assert (second.open, second.high, second.low) == (65_006, 65_007, 65_000)
    assert second.close == 65_001
    assert (gap.open, gap.low, gap.volume) == (65_001, 65_001, 0)
    assert (third.open, third.high, third.low) == (65_020, 65_040, 65_020)
    assert (first.volume, second.volume, third.volume) == (601, 59, 0)


@settings(max_examples=40, deadline=None)
@given(walks())
def test_every_recorded_bar_is_touched_and_never_left(held: Recording) -> None:
    """Within each bar prints reach its high and its low, go no further, and sum up to its volume."""
    market = market_with(held)
    for row, start in enumerate(held.start.tolist()):
        rows = market.bars.seconds(SPY, Shown.TRADES, start, start + held.length)
        prints = rows.open

        assert prints[0] == held.open[row]
        assert (prints.max(), prints.min()) == (held.high[row], held.low[row])
        assert held.volume is not None
        assert rows.volume.sum() == held.volume[row]


@settings(max_examples=30, deadline=None)
@given(
    walks(),
    st.sampled_from(list(Shown)[:4]),
    st.sampled_from([1, 5, 10, 60, 300]),
    st.booleans(),
)
def test_bars_of_every_size_agree_across_the_seams(
    held: Recording,
    shown: Shown,
    size: int,
    moved: bool,  # noqa: FBT001  drawn
) -> None:
    """Hours before, with and after the recording are what their pieces are, also when prices were moved by hand."""
    market = market_with(held, at=START + 30)
    if moved:
        market.move_price(SPY, market.mark(SPY) * Decimal("1.07"))
    first, end = held.span[0] // 3600 * 3600 - 3600, held.span[1] // 3600 * 3600 + 7200
    market.move_to(end)
    for start in range(first, end, 3600):
        edges = list(range(start, start + 3601, size))
        whole = market.bars.bars(SPY, shown, [start, start + 3600], end)[0]
        pieces = market.bars.bars(SPY, shown, edges, end)

        assert (whole.open, whole.close) == (pieces[0].open, pieces[-1].close)
        assert whole.high == max(bar.high for bar in pieces)
        assert whole.low == min(bar.low for bar in pieces)
        assert whole.volume == (
            sum(b.volume for b in pieces) if shown is Shown.TRADES else -1
        )


@settings(max_examples=30, deadline=None)
@given(walks())
def test_quotes_never_cross_and_hold_the_print(held: Recording) -> None:
    """At every second the bid is positive, below the ask, and the print is one of the two."""
    market = market_with(held)
    for hour in range(held.span[0] // 3600 - 1, held.span[1] // 3600 + 2):
        path = market.prices.hour(SPY, hour)

        assert (path.bid > 0).all()
        assert (path.bid < path.ask).all()
        assert ((path.trade == path.bid) | (path.trade == path.ask)).all()


def test_the_seed_goes_on_from_where_the_recording_begins_and_ends() -> None:
    """No jump at either end, and days far away keep the seed's own moves."""
    held = recording(
        [(START, 65_000, 65_010, 64_990, 65_005, 1)] * 1
        + [(START + 60, 65_005, 65_010, 64_990, 64_995, 1)]
    )
    market, seeded = market_with(held), market_with()
    path = market.prices.hour(SPY, START // 3600)
    at = START % 3600

    assert abs(int(path.trade[at - 1]) - 65_000) < 40
    assert abs(int(path.trade[at + 121]) - 64_995) < 40
    far = START // 86_400 + 300
    mine, theirs = market.prices.day(SPY, far).bid, seeded.prices.day(SPY, far).bid
    assert mine / mine[0] == pytest.approx(theirs / theirs[0], rel=1e-4)


def test_options_and_other_instruments() -> None:
    """An option follows its recorded underlying; what was not recorded is as the seed has it."""
    held = recording(
        [(START + 60 * n, 50_000, 50_010, 49_990, 50_000, 9) for n in range(90)]
    )
    market, seeded = market_with(held), market_with()
    call = market.universe.find(
        Query(
            symbol="SPY",
            sec_type="OPT",
            last_trade_date="20261218",
            strike=Decimal(450),
            right="C",
        )
    )[0]

    assert 50 < market.mark(call) < 60
    assert market.quote(of(market, "QQQ")) == seeded.quote(of(seeded, "QQQ"))


def test_shares_of_a_low_price_stay_above_nothing() -> None:
    """At a price of one tick the print is the bid."""
    held = recording([(START, 1, 2, 1, 1, 5), (START + 60, 1, 1, 1, 1, 5)])
    path = market_with(held).prices.hour(SPY, START // 3600)
    rows = slice(START % 3600, START % 3600 + 120)

    assert set(path.trade[rows].tolist()) == {1, 2}
    assert (path.bid[rows] >= 1).all()
    assert (path.ask[rows] > path.bid[rows]).all()


# Files.


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    """Return what writes lines into a CSV file."""

    def write(text: str) -> Path:
        path = tmp_path / "spy.csv"
        path.write_text(text.replace("|", "\n") + "\n", encoding="utf-8")
        return path

    return write


def test_bars_as_ib_async_saves_them_are_read(file: Callable[[str], Path]) -> None:
    """An index column, `date` with an offset, and columns nobody asked for."""
    path = file(
        ",date,open,high,low,close,volume,average,barCount"
        "|0,2026-11-23 09:30:00-05:00,650.0,650.5,649.75,650.25,1200.0,650.1,9"
        "|1,2026-11-23 09:35:00-05:00,650.25,650.3,650.0,650.1,100.0,650.1,3"
    )
    held = load_recording(path, SPY)

    assert (held.span, held.length) == ((START, START + 600), 300)
    assert held.high.tolist() == [65_050, 65_030]
    assert held.volume is not None
    assert held.volume.tolist() == [1200, 100]


def test_of_several_prints_in_a_second_the_last_counts(file: Callable[[str], Path]) -> None:
    """Sizes add up; a second without a print keeps the price and trades nothing."""
    path = file(
        f"time,price,size|{START}.1,650.00,5|{START}.9,650.02,7|{START + 3},649.98,1"
    )
    rows = market_with(load_recording(path, SPY)).bars.seconds(
        SPY, Shown.TRADES, START, START + 4
    )

    assert rows.open.tolist() == [65_002, 65_002, 65_002, 64_998]
    assert rows.volume.tolist() == [12, 0, 0, 1]


def test_quotes_are_shown_as_they_were(file: Callable[[str], Path]) -> None:
    """Bid and ask of the API's ticks; a locked market is a tick wide."""
    path = file(
        f"time,priceBid,priceAsk,sizeBid,sizeAsk|{START},650.00,650.03,1,1"
        f"|{START + 1},650.01,650.01,1,1|{START + 5},650.00,650.01,1,1"
    )
    market = market_with(load_recording(path, SPY))
    path_of_hour = market.prices.hour(SPY, START // 3600)
    rows = slice(START % 3600, START % 3600 + 3)

    assert path_of_hour.bid[rows].tolist() == [65_000, 65_001, 65_001]
    assert path_of_hour.ask[rows].tolist() == [65_003, 65_002, 65_002]


def test_naive_times_are_utc_and_midpoints_bring_no_volume(
    file: Callable[[str], Path],
) -> None:
    """The broker marks bars of quotes with volume -1; volumes are then the seed's."""
    path = file(
        "Date,Open,High,Low,Close,Volume|2026-11-23T14:30:00,650,651,650,651,-1"
        "|2026-11-23T14:31:00,651,652,651,652,-1"
    )
    held = load_recording(path, SPY)

    assert held.span == (START, START + 120)
    assert held.volume is None
    assert sum(bar.volume for bar in bars(market_with(held), 60, count=2)) > 0


def test_parquet_is_read(tmp_path: Path) -> None:
    """With the time as a column or as the index."""
    times = pd.to_datetime([START, START + 60], unit="s", utc=True)
    prices = {"open": [650.0, 651.0], "high": [652.0, 652.0]}
    prices |= {"low": [650.0, 650.0], "close": [651.0, 652.0]}
    table = pd.DataFrame(prices, index=pd.Index(times, name="date"))
    table.to_parquet(tmp_path / "indexed.parquet")
    table.reset_index().to_parquet(tmp_path / "plain.parquet")

    one, two = (
        load_recording(tmp_path / f"{name}.parquet", SPY) for name in ("indexed", "plain")
    )
    assert one.digest == two.digest
    assert one.span == (START, START + 120)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read: No columns to parse from file"),
        ("time,price", "has no rows"),
        ("price,size|1,2", "has no column time, expected time and open"),
        (f"time,last|{START},650", "has the columns time, last, expected time and open"),
        (f"time,price|{START},650|soon,651", "has in row 2 time soon, expected ISO 8601"),
        (f"time,price|{START}000,650", f"has in row 1 time {START}000, expected ISO 8601"),
        (
            f"time,price|{START},650|{START - 1},650",
            "has in row 2 time 1795444199 after a later",
        ),
        (
            f"time,price|{START},n/a",
            "has in row 1 price nan, expected a price of 0.01 or more",
        ),
        (f"time,price|{START},0", "has in row 1 price 0, expected a price of 0.01 or more"),
        (f"time,price,size|{START},650,-4", "has in row 1 size -4, expected zero or more"),
        (f"time,bid,ask|{START},650,649", "has in row 1 ask 649 below the bid"),
        (f"time,open,high,low,close|{START},1,1,1,1", "has one bar, expected two or more"),
        (
            f"time,open,high,low,close|{START},1,1,1,1|{START},1,1,1,1",
            f"has in row 2 two bars at {START}",
        ),
        (
            f"time,open,high,low,close|{START},1,1,1,1|{START + 86400},1,1,1,1",
            "has bars 86400 seconds apart, expected an hour or less",
        ),
        (
            f"time,open,high,low,close|{START}.5,1,1,1,1|{START + 60},1,1,1,1",
            "has in row 1 a bar at 1795444200.5, expected whole seconds",
        ),
        (
            f"time,open,high,low,close|{START},2,1,1,1|{START + 60},1,1,1,1",
            "has in row 1 high 1 below the open or the close",
        ),
        (
            f"time,open,high,low,close|{START},1,2,1,2|{START + 60},1,2,2,1",
            "has in row 2 low 2 above the open or the close",
        ),
    ],
)
def test_rows_that_cannot_be_true_are_named(
    file: Callable[[str], Path], text: str, said: str
) -> None:
    """One line says which row, what it holds and what was expected."""
    with pytest.raises(RecordingRefused) as refused:
        load_recording(file(text), SPY)

    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


# The gateway.


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("SPY=missing.csv", "the --recorded file missing.csv cannot be read: No such file"),
        ("SPX500=x.csv", "argument --recorded: SPX500 was found, expected a listed"),
        ("SPY", "argument --recorded: was 'SPY', expected such as SPY=spy.csv"),
    ],
)
def test_the_command_line_names_what_is_wrong(
    asked: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, status 2, and no gateway."""
    assert main(["--recorded", asked]) == 2

    assert capsys.readouterr().err.startswith(f"edgerunner gateway: {said}")


def test_an_instrument_has_one_recording(capsys: pytest.CaptureFixture[str]) -> None:
    """Which of two should count is not guessed."""
    assert main(["--recorded", "SPY=a.csv", "--recorded", "spy=b.csv"]) == 2

    assert "SPY was given twice" in capsys.readouterr().err


def test_a_clock_outside_the_recording_is_told() -> None:
    """With the option that plays it."""
    held = recording([(START, 1, 1, 1, 1, 1), (START + 60, 1, 1, 1, 1, 1)])

    assert unplayed({"SPY": held}, datetime.fromtimestamp(START + 119, UTC)) == []
    [line] = unplayed({"SPY": held}, datetime.fromtimestamp(START + 120, UTC))
    assert line.endswith("--start 2026-11-23T14:30:00Z plays it")


def opened(universe: Universe, held: Recording | None = None) -> Exchange:
    """Return an exchange in which SPY was recorded."""
    return Exchange(
        universe,
        seed=7,
        cash=Decimal(1000),
        hours=Hours.ALWAYS,
        now=datetime.fromtimestamp(START, UTC),
        recordings={SPY.con_id: held} if held else {},
    )


def test_a_saved_market_goes_on_with_its_own_recording(universe: Universe) -> None:
    """Another file, or none, would give other prices to its positions."""
    held = recording([(START, 1, 1, 1, 1, 1), (START + 60, 1, 1, 1, 1, 1)])
    other = recording([(START, 1, 1, 1, 1, 1), (START + 60, 1, 1, 1, 1, 2)])
    saved = opened(universe, held).snapshot()

    opened(universe, held).restore(saved)
    for wrong in (opened(universe, other), opened(universe)):
        with pytest.raises(ValueError, match="other recorded prices of SPY; start it with"):
            wrong.restore(saved)
    with pytest.raises(ValueError, match="recorded is 3"):
        opened(universe).restore(saved | {"recorded": 3})
    with pytest.raises(ValueError, match="other recorded prices of 99; start it with"):
        opened(universe).restore(saved | {"recorded": {"99": "ab"}})


def test_a_market_saved_before_recordings_existed_is_taken_over(universe: Universe) -> None:
    """It had none."""
    saved = opened(universe).snapshot()
    del saved["recorded"]

    opened(universe).restore(saved)
