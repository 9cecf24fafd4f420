"""Figures of an instrument besides its quote: extremes, rates, open interest, dividends and what else generic ticks tell.

What prices and prints have an answer to is read from them. The rest (open interest, dividends, who
lends shares) is drawn from the seed, the instrument and the date, and stands for that date.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.tick_types import (
    AUCTION_IMBALANCE,
    AUCTION_PRICE,
    AUCTION_VOLUME,
    AVERAGE_VOLUME,
    HIGH_13_WEEKS,
    HIGH_26_WEEKS,
    HIGH_52_WEEKS,
    LOW_13_WEEKS,
    LOW_26_WEEKS,
    LOW_52_WEEKS,
    REGULATORY_IMBALANCE,
    TRADE_COUNT,
    TRADE_RATE,
    VOLUME_3_MINUTES,
    VOLUME_5_MINUTES,
    VOLUME_10_MINUTES,
    VOLUME_RATE,
)
from edgerunner_lab.sim.live.ticks import Tick
from edgerunner_lab.sim.market.bars import Bar, Shown
from edgerunner_lab.sim.market.noise import key_of, uniform
from edgerunner_lab.sim.market.sessions import Session
from edgerunner_lab.sim.market.shapes import DAY, MINUTE
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.requests.desk import Desk

STREAM: Final = 0xF160
"""Keeps these dice apart from those of prices."""

WEEK: Final = 7 * DAY
WEEKS: Final = (
    (13, LOW_13_WEEKS, HIGH_13_WEEKS),
    (26, LOW_26_WEEKS, HIGH_26_WEEKS),
    (52, LOW_52_WEEKS, HIGH_52_WEEKS),
)
"""Weeks -> tick types of their low and high."""

AUCTION_SECONDS: Final = 600
"""How long before the regular opening and closing the exchange tells of its auction."""

AUCTION_SHARE: Final = 0.03
"""An auction trades about so much of a day."""

EASY, HARD, NONE = 3.0, 2.0, 1.0
"""Shortable levels: above 2.5 there are 1,000 shares or more, above 1.5 they must be located, else none."""

EASY_SHARES_MIN: Final = 1000
OPEN_INTEREST_DAYS: Final = 8
"""Open interest is so many days of option volume, or of a future's own."""

QUARTERS: Final = 4


def _dice(desk: Desk, instrument: Instrument, index: int, *, stream: int = 0) -> float:
    """Return a number in (0, 1) that stands for the date."""
    day = desk.market.second // DAY
    return uniform(
        key_of(desk.market.prices.seed, instrument.con_id, STREAM + stream, day), index
    )


def _lasting(desk: Desk, instrument: Instrument, index: int) -> float:
    """Return a number in (0, 1) that stands for ever."""
    return uniform(key_of(desk.market.prices.seed, instrument.con_id, STREAM), index)


def _bar(desk: Desk, instrument: Instrument, first: int) -> Bar | None:
    market = desk.market
    made = market.bars.bars(
        instrument, Shown.TRADES, (first, market.second + 1), market.instant
    )
    return made[0] if made else None


def mark_of(desk: Desk, instrument: Instrument, quote: Quote) -> Decimal:
    """Return the mark at the time of a quote, which may be a delayed one."""
    if quote.second == desk.market.second:
        return desk.market.mark(instrument)
    return desk.market.mark_at(instrument, quote.second)


def average_price(desk: Desk, instrument: Instrument, quote: Quote) -> Decimal:
    """Return what a unit has cost on average on this trading day, to eight digits."""
    session = desk.market.tape(instrument).session_at(quote.second)
    day = _bar(desk, instrument, session.open) if session is not None else None
    if day is None or day.volume <= 0:
        return instrument.price_of(quote.last)
    return round(instrument.min_tick * Decimal(day.average), 8)


def extremes(desk: Desk, instrument: Instrument, quote: Quote) -> list[Tick]:
    """Return lows and highs of 13, 26 and 52 weeks, at weekly closes and on the quote's day, and the average volume."""
    market = desk.market
    # Weeks end at whole multiples, so that a second question finds the marks of the first.
    newest = quote.second // WEEK * WEEK
    now = mark_of(desk, instrument, quote)
    high, low = instrument.price_of(quote.high), instrument.price_of(quote.low)
    marks = [now, low, high] if instrument.has_prints else [now]
    ticks: list[Tick] = []
    passed = 0
    for weeks, low_kind, high_kind in WEEKS:
        marks += (
            market.mark_at(instrument, newest - week * WEEK)
            for week in range(passed, weeks)
        )
        passed = weeks
        ticks.append(Tick("tickPrice", low_kind, min(marks)))
        ticks.append(Tick("tickPrice", high_kind, max(marks)))
    if instrument.volume and instrument.has_prints:
        ticks.append(Tick("tickSize", AVERAGE_VOLUME, instrument.volume))
    return ticks


def volatility_now(desk: Desk, instrument: Instrument, *, stream: int) -> float:
    """Return a yearly volatility near that of the path, as a share; `stream` tells kinds apart."""
    return round(
        instrument.volatility * (0.92 + 0.16 * _dice(desk, instrument, 0, stream=stream)), 6
    )


def option_volume(
    desk: Desk, instrument: Instrument, *, is_average: bool = False
) -> tuple[int, int]:
    """Return calls and puts traded today on an instrument, or on an average day."""
    if "OPT" not in desk.market.universe.derivative_types(instrument):
        return 0, 0
    day = max(1.0, instrument.volume / 40)
    calls = day * (0.45 + 0.2 * _lasting(desk, instrument, 1))
    puts = day * 0.9 - calls * 0.6
    if not is_average:
        share = _day_share(desk, instrument)
        calls *= share * (0.7 + 0.6 * _dice(desk, instrument, 2))
        puts *= share * (0.7 + 0.6 * _dice(desk, instrument, 3))
    return int(calls), int(puts)


def _day_share(desk: Desk, instrument: Instrument) -> float:
    """Return how much of the trading day has passed, 0 to 1."""
    session = desk.market.tape(instrument).session_at(desk.market.second)
    if session is None:
        return 1.0
    passed = desk.market.second - session.open
    return max(0.0, min(1.0, passed / (session.close - session.open)))


def open_interest(desk: Desk, instrument: Instrument) -> tuple[int, int]:
    """Return open contracts: calls and puts on an instrument; an option's or future's own on its side."""
    if instrument.sec_type == "OPT":
        held = int(
            instrument.volume * OPEN_INTEREST_DAYS * (0.5 + _lasting(desk, instrument, 4))
        )
        return (held, 0) if instrument.right == "C" else (0, held)
    if instrument.last_trade_date:
        return int(instrument.volume * 1.5 * (0.8 + 0.4 * _lasting(desk, instrument, 4))), 0
    calls, puts = option_volume(desk, instrument, is_average=True)
    moved = 0.97 + 0.06 * _dice(desk, instrument, 5)
    return int(calls * OPEN_INTEREST_DAYS * moved), int(puts * OPEN_INTEREST_DAYS * moved)


def is_shortable(instrument: Instrument) -> tuple[float, int]:
    """Return the shortable level and how many shares can be borrowed."""
    shares = instrument.volume // 4
    if not shares:
        return NONE, 0
    return (EASY if shares >= EASY_SHARES_MIN else HARD), shares


def minute_rates(desk: Desk, instrument: Instrument) -> list[Tick]:
    """Return prints of the day, and prints and units of the last minute."""
    session = desk.market.tape(instrument).session_at(desk.market.second)
    opened = session.open if session is not None else desk.market.second
    day = _bar(desk, instrument, opened)
    minute = _bar(desk, instrument, max(opened, desk.market.second - MINUTE))
    return [
        Tick("tickGeneric", TRADE_COUNT, day.count if day is not None else 0),
        Tick("tickGeneric", TRADE_RATE, minute.count if minute is not None else 0),
        Tick("tickGeneric", VOLUME_RATE, minute.volume if minute is not None else 0),
    ]


def recent_volumes(desk: Desk, instrument: Instrument) -> list[Tick]:
    """Return the units of the last 3, 5 and 10 minutes."""
    ticks: list[Tick] = []
    for kind, minutes in (
        (VOLUME_3_MINUTES, 3),
        (VOLUME_5_MINUTES, 5),
        (VOLUME_10_MINUTES, 10),
    ):
        bar = _bar(desk, instrument, desk.market.second - minutes * MINUTE)
        ticks.append(Tick("tickSize", kind, max(0, bar.volume) if bar is not None else 0))
    return ticks


def last_regular(desk: Desk, instrument: Instrument) -> Decimal:
    """Return the newest print of regular hours."""
    market = desk.market
    if market.tape(instrument).is_open(market.second, regular=True):
        return market.mark(instrument)
    ended = (
        session.regular_close
        for session in market.sessions.backwards(instrument.calendar, market.second)
        if session.regular_close <= market.second
    )
    return market.mark_at(instrument, next(ended, market.second))


def auction(desk: Desk, instrument: Instrument, quote: Quote) -> list[Tick]:
    """Return volume, price and imbalances of an auction that is near; zeros when none is."""
    ahead = _auction_seconds(desk, instrument)
    if ahead is None:
        kinds = (AUCTION_VOLUME, AUCTION_IMBALANCE, REGULATORY_IMBALANCE)
        return [Tick("tickSize", kind, 0) for kind in kinds]
    gathered = 1 - ahead / AUCTION_SECONDS
    paired = int(instrument.volume * AUCTION_SHARE * gathered)
    lean = (
        2 * _dice(desk, instrument, desk.market.second // 10, stream=AUCTION_IMBALANCE) - 1
    )
    imbalance = int(paired * 0.2 * lean)
    return [
        Tick("tickSize", AUCTION_VOLUME, paired),
        Tick("tickPrice", AUCTION_PRICE, instrument.price_of(quote.last)),
        Tick("tickSize", AUCTION_IMBALANCE, imbalance),
        Tick("tickSize", REGULATORY_IMBALANCE, imbalance),
    ]


def _auction_seconds(desk: Desk, instrument: Instrument) -> int | None:
    """Return the seconds to an auction that is told of; None when there is none."""
    second = desk.market.second
    session = desk.market.tape(instrument).session_at(second)
    if session is None or _is_whole(session):
        return None
    waits = (session.regular_open - second, session.regular_close - second)
    return next((wait for wait in waits if 0 < wait <= AUCTION_SECONDS), None)


def _is_whole(session: Session) -> bool:
    """Return whether a session has neither an opening nor a closing of its own, as round the clock."""
    return (session.open, session.close) == (session.regular_open, session.regular_close)


def dividends(desk: Desk, instrument: Instrument) -> str:
    """Return `last 12 months,next 12 months,next date,next amount`; empty fields where none is paid."""
    share = _lasting(desk, instrument, 6)
    if share < 0.3:  # noqa: PLR2004  about as many companies pay none
        return ",,,"
    quarter = (instrument.price * Decimal(round(0.04 * share, 4)) / QUARTERS).quantize(
        Decimal("0.01")
    )
    today = datetime.fromtimestamp(desk.market.second, UTC).date()
    month = 1 + int(3 * _lasting(desk, instrument, 7))
    day = 1 + int(28 * _lasting(desk, instrument, 8))
    following = next(
        date
        for step in range(1, 200)
        if (date := today + timedelta(days=step)).day == day and date.month % 3 == month % 3
    )
    grown = quarter + Decimal("0.01")
    return f"{quarter * QUARTERS},{grown * QUARTERS},{following:%Y%m%d},{grown}"


def fundamental_ratios(desk: Desk, instrument: Instrument) -> str:
    """Return ratios as `NAME=value;...`, in the abbreviations of the broker's list."""
    price = float(desk.market.mark(instrument))
    earnings = price / (9 + 40 * _lasting(desk, instrument, 9))
    ratios = {
        "NPRICE": price,
        "TTMEPSXCLX": earnings,
        "PEEXCLXOR": price / earnings,
        "PRICE2BK": 1 + 9 * _lasting(desk, instrument, 10),
        "TTMNPMGN": 30 * _lasting(desk, instrument, 11),
        "TTMROEPCT": 35 * _lasting(desk, instrument, 12),
        "BETA": instrument.volatility / 0.17,
        "VOL10DAVG": instrument.volume / 1e6,
    }
    return ";".join(f"{name}={value:.5g}" for name, value in ratios.items()) + ";"
