"""Figures of an instrument besides its quote that prices and prints have an answer to: extremes, averages, rates, auctions."""

from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.live.daily_figures import dice
from edgerunner_lab.sim.live.delayed import View
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
    VOLUME_3_MINUTES,
    VOLUME_5_MINUTES,
    VOLUME_10_MINUTES,
)
from edgerunner_lab.sim.live.ticks import Tick
from edgerunner_lab.sim.market.bars import Bar, Shown
from edgerunner_lab.sim.market.shapes import DAY, MINUTE

WEEK: Final = 7 * DAY
WEEKS: Final = (
    (13, LOW_13_WEEKS, HIGH_13_WEEKS),
    (26, LOW_26_WEEKS, HIGH_26_WEEKS),
    (52, LOW_52_WEEKS, HIGH_52_WEEKS),
)
"""Weeks -> tick types of their low and high."""

RECENT: Final = ((VOLUME_3_MINUTES, 3), (VOLUME_5_MINUTES, 5), (VOLUME_10_MINUTES, 10))
"""Tick types of recent volumes, and their minutes."""

AUCTION_SECONDS: Final = 600
"""How long before the regular opening and closing the exchange tells of its auction."""

AUCTION_SHARE: Final = 0.03
"""An auction trades about so much of a day."""


def average_price(view: View) -> Decimal:
    """Return what a unit has cost on average on the trading day up to the view's moment, to eight digits."""
    day = _day(view)
    if day is None or day.volume <= 0:
        return view.instrument.price_of(view.quote.last)
    return round(view.instrument.min_tick * Decimal(day.average), 8)


def extremes(view: View) -> list[Tick]:
    """Return lows and highs of 13, 26 and 52 weeks, at weekly closes and on the quote's day, and the average volume."""
    instrument, quote = view.instrument, view.quote
    # Weeks end at whole multiples, so that a second question finds the marks of the first.
    newest = quote.second // WEEK * WEEK
    marks = [view.mark()]
    if instrument.has_prints:
        marks += (instrument.price_of(quote.low), instrument.price_of(quote.high))
    ticks: list[Tick] = []
    passed = 0
    for weeks, low_kind, high_kind in WEEKS:
        marks += (
            view.market.mark_at(instrument, newest - week * WEEK)
            for week in range(passed, weeks)
        )
        passed = weeks
        ticks.append(Tick("tickPrice", low_kind, min(marks)))
        ticks.append(Tick("tickPrice", high_kind, max(marks)))
    if instrument.volume and instrument.has_prints:
        ticks.append(Tick("tickSize", AVERAGE_VOLUME, instrument.volume))
    return ticks


def trade_count(view: View) -> int:
    """Return the prints of the trading day."""
    day = _day(view)
    return day.count if day is not None else 0


def trade_rate(view: View) -> int:
    """Return the prints of the last minute."""
    minute = _bar(view, view.second - MINUTE)
    return minute.count if minute is not None else 0


def volume_rate(view: View) -> int:
    """Return the units of the last minute."""
    return _units(view, MINUTE)


def recent_volumes(view: View) -> list[Tick]:
    """Return the units of the last 3, 5 and 10 minutes."""
    return [
        Tick("tickSize", kind, _units(view, minutes * MINUTE)) for kind, minutes in RECENT
    ]


def last_regular(view: View) -> Decimal:
    """Return the newest print of regular hours, seen from the view's moment."""
    market, instrument, second = view.market, view.instrument, view.second
    if market.tape(instrument).is_open(second, regular=True):
        return view.mark()
    ended = (
        session.regular_close
        for session in market.sessions.backwards(instrument.calendar, second)
        if session.regular_close <= second
    )
    return market.mark_at(instrument, next(ended, second))


def auction(view: View) -> list[Tick]:
    """Return volume, price and imbalances of an auction that is near; zeros when none is."""
    ahead = _auction_seconds(view)
    if ahead is None:
        kinds = (AUCTION_VOLUME, AUCTION_IMBALANCE, REGULATORY_IMBALANCE)
        return [Tick("tickSize", kind, 0) for kind in kinds]
    gathered = 1 - ahead / AUCTION_SECONDS
    paired = int(view.instrument.volume * AUCTION_SHARE * gathered)
    lean = 2 * dice(view, view.second // 10, stream=AUCTION_IMBALANCE) - 1
    imbalance = int(paired * 0.2 * lean)
    return [
        Tick("tickSize", AUCTION_VOLUME, paired),
        Tick("tickPrice", AUCTION_PRICE, view.instrument.price_of(view.quote.last)),
        Tick("tickSize", AUCTION_IMBALANCE, imbalance),
        Tick("tickSize", REGULATORY_IMBALANCE, imbalance),
    ]


def _auction_seconds(view: View) -> int | None:
    """Return the seconds to an auction that is told of; None when there is none."""
    market, second = view.market, view.second
    listed = market.auctions_listed(view.instrument, second)
    called = market.auctions_called(view.instrument)
    waits = (at - second for at in (*called, *listed))
    return min((wait for wait in waits if 0 < wait <= AUCTION_SECONDS), default=None)


def _units(view: View, seconds: int) -> int:
    bar = _bar(view, view.second - seconds)
    return bar.volume if bar is not None else 0


def _day(view: View) -> Bar | None:
    """Return the trading day up to the view's moment, which its close ends."""
    session = view.session
    return _bar(view, session.open) if session is not None else None


def _bar(view: View, first: int) -> Bar | None:
    """Return the prints from a second of the trading day, or its opening, up to the view's moment."""
    session = view.session
    if session is None:
        return None
    span = (max(first, session.open), min(view.second + 1, session.close))
    if span[0] >= span[1]:
        return None
    made = view.market.bars.bars(view.instrument, Shown.TRADES, span, view.instant)
    return made[0] if made else None
