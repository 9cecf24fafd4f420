"""Bars: words to the broker's words, refusals, and answers against the embedded gateway."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.errors import NoData, UsageError
from edgerunner_lab.session.history import broker_duration, broker_size
from edgerunner_lab.session.session import Session


@pytest.mark.parametrize(
    ("text", "broker"),
    [
        ("30d", "30 D"),
        ("2W", "2 W"),
        ("3mo", "3 M"),
        ("1y", "1 Y"),
        ("90s", "90 S"),
        ("10m", "600 S"),
        ("24h", "86400 S"),
        ("25h", "2 D"),
    ],
)
def test_a_duration_is_written_as_the_broker_has_it(text: str, broker: str) -> None:
    """Seconds go up to a day, days up to a year."""
    assert broker_duration(text) == broker


@pytest.mark.parametrize(
    "text", ["", "d", "0d", "-1d", "5", "1.5d", "366d", "9 lives", "٣d"]
)
def test_a_duration_the_broker_has_not_is_refused(text: str) -> None:
    """With what was found and what is expected."""
    with pytest.raises(UsageError, match=r"was found, expected"):
        broker_duration(text)


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_a_usage_error(text: str) -> None:
    """Nothing else comes out, whatever is typed."""
    try:
        assert broker_duration(text)[-1] in "SDWMY"
    except UsageError:
        return


@pytest.mark.parametrize(
    ("text", "broker"),
    [("1h", "1 hour"), ("5M", "5 mins"), ("1s", "1 secs"), ("1mo", "1 month")],
)
def test_a_bar_size_is_written_as_the_broker_has_it(text: str, broker: str) -> None:
    """Case does not matter."""
    assert broker_size(text) == broker


def test_a_bar_size_the_broker_has_not_is_refused_with_the_list() -> None:
    """Seven minutes is no bar size."""
    with pytest.raises(UsageError, match="expected one of 1s 5s"):
        broker_size("7m")


def test_bars_come_oldest_first_and_end_now(session: Session) -> None:
    """The last bar closes where the market is."""
    bars = session.bars("SPY", "2d", "1h")

    starts = [bar.start for bar in bars]
    assert starts == sorted(starts)
    assert all(bar.low <= bar.open <= bar.high for bar in bars)
    assert list(bars.df.columns)[:4] == ["open", "high", "low", "close"]


def test_forex_has_midpoints_unless_something_else_is_asked(session: Session) -> None:
    """Forex has no trades."""
    bars = session.bars("EUR.USD", "1d", "1h")

    assert all(bar.volume is None for bar in bars)


def test_day_bars_carry_the_midnight_of_their_session(session: Session) -> None:
    """In the exchange's own zone."""
    bars = session.bars("SPY", "5d", "1d")

    assert len(bars) == 5


@pytest.mark.parametrize(
    ("which", "words"),
    [({"what": "GOSSIP"}, "expected one of TRADES"), ({"what": "trades"}, "")],
)
def test_what_is_asked_for_must_exist(
    session: Session, which: dict[str, str], words: str
) -> None:
    """Case does not matter, the word does."""
    if not words:
        assert len(session.bars("SPY", "1d", "1h", what=which["what"])) > 0
        return
    with pytest.raises(UsageError, match=words):
        session.bars("SPY", "1d", "1h", what=which["what"])


def test_what_the_broker_has_not_is_no_data(session: Session) -> None:
    """Trades of forex are not there, and that is said as such."""
    with pytest.raises(NoData):
        session.bars("EUR.USD", "1d", "1h", what="TRADES")
