"""The present of one instrument: its quote, its prints and the figures of its trading day, step by step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.bars import Bar, BarMaker, Shown, between
from edgerunner_lab.sim.market.prices import Prices
from edgerunner_lab.sim.market.sessions import Session, Sessions
from edgerunner_lab.sim.market.shapes import HOUR


@dataclass(frozen=True, slots=True)
class Quote:
    """What the market shows at one step. Prices are ticks, sizes units, volume counts from the day's start.

    Attributes:
        last_size: Units printed during this step; 0 if there was no print.
    """

    second: int
    bid: int
    ask: int
    last: int
    bid_size: int
    ask_size: int
    last_size: int
    volume: int
    high: int
    low: int


def _never(_instrument: Instrument, _second: int) -> bool:
    return False


@dataclass(slots=True)
class _HourView:
    """One hour of a path as plain lists, which are quicker to read one by one than arrays.

    Attributes:
        printed: Units within each second.
        volume, high, low: Of the trading day up to each second.
    """

    hour: int
    bid: Sequence[int]
    ask: Sequence[int]
    trade: Sequence[int]
    printed: Sequence[int]
    volume: Sequence[int]
    high: Sequence[int]
    low: Sequence[int]


class Tape:
    """Reads one instrument's path forward in steps of a fraction of a second."""

    def __init__(
        self,
        instrument: Instrument,
        prices: Prices,
        sessions: Sessions,
        is_halted: Callable[[Instrument, int], bool] = _never,
    ) -> None:
        self.is_halted = is_halted
        self.instrument = instrument
        self._prices = prices
        self._sessions = sessions
        self._bars = BarMaker(prices)
        self._session: Session | None = None
        self._view: _HourView | None = None

    def session_at(self, second: int) -> Session | None:
        """Return the trading day that holds the second, or else the last one."""
        held = self._session
        if held is None or not held.open <= second < held.close:
            latest = self._sessions.latest(self.instrument.calendar, second)
            if latest != held:
                self._session = held = latest
                self._view = None
        return held

    def is_open(self, second: int, *, regular: bool = False) -> bool:
        """Return whether the instrument trades, or has its regular hours."""
        session = self.session_at(second)
        if session is None or self.is_halted(self.instrument, second):
            return False
        return session.is_open(second, regular=regular)

    def quote(self, step: int, steps: int) -> Quote:
        """Return the market at step number `step` since the epoch, `steps` to a second."""
        second, part = divmod(step, steps)
        session = self.session_at(second)
        if session is not None and second >= session.close:
            second, part = session.close, 0
        elif session is not None and session.breaks and (rest := session.break_at(second)):
            second, part = rest[0], 0
        view = self._hour(second // HOUR)
        at, share = second % HOUR, part / steps
        bid = between(view.bid[at], view.bid[at + 1], share)
        ask = between(view.ask[at], view.ask[at + 1], share)
        last = between(view.trade[at], view.trade[at + 1], share)
        volume = int(view.printed[at] * share)
        if part:
            last_size = volume - int(view.printed[at] * ((part - 1) / steps))
        else:
            last_size = self._closing_print(second, steps)
        lively = second * steps + part
        return Quote(
            second=second,
            bid=bid,
            ask=ask,
            last=last,
            bid_size=self._prices.depth(self.instrument, lively, 0, bid),
            ask_size=self._prices.depth(self.instrument, lively, 1, ask),
            last_size=last_size,
            volume=view.volume[at] + volume,
            high=max(view.high[at], last),
            low=min(view.low[at], last),
        )

    def depth(
        self, quote: Quote, levels: int, step: int
    ) -> tuple[list[tuple[int, int]], ...]:
        """Return (bids, asks) as (ticks, units), best first, `levels` deep."""
        shown = self._prices.depth
        bids = [(p, shown(self.instrument, step, 0, p)) for p in _down(quote.bid, levels)]
        asks = [
            (p, shown(self.instrument, step, 1, p))
            for p in range(quote.ask, quote.ask + levels)
        ]
        return bids, asks

    def open_ticks(self, second: int) -> int:
        """Return the first print of the trading day."""
        session = self.session_at(second)
        return self._trade_at(session.open if session is not None else second)

    def close_ticks(self, second: int) -> int:
        """Return the last print of the trading day before, in regular hours."""
        session = self.session_at(second)
        if session is None:
            return self._trade_at(second)
        earlier = self._sessions.latest(self.instrument.calendar, session.open - 1)
        return self._trade_at(
            earlier.regular_close if earlier is not None else session.open
        )

    def _trade_at(self, second: int) -> int:
        path = self._prices.hour(self.instrument, second // HOUR)
        return int(path.trade[second % HOUR])

    def _closing_print(self, second: int, steps: int) -> int:
        """Return what printed in the last step of the second before."""
        path = self._prices.hour(self.instrument, (second - 1) // HOUR)
        total = int(path.volume[(second - 1) % HOUR])
        return total - int(total * ((steps - 1) / steps))

    def _hour(self, hour: int) -> _HourView:
        view = self._view
        if view is None or view.hour != hour:
            view = self._view = self._look(hour)
        return view

    def _look(self, hour: int) -> _HourView:
        """Add the day's volume, high and low so far to the seconds of an hour."""
        path = self._prices.hour(self.instrument, hour)
        session = self._session
        start = hour * HOUR
        first = max(0, session.open - start) if session is not None else 0
        printed, trade = path.volume.copy(), path.trade.copy()
        printed[:first], trade[:first] = 0, trade[first]
        for begin, end in session.breaks if session is not None else ():
            rest = slice(max(0, begin - start), max(0, end - start))
            # Nothing prints then: the price before the break stands, or in the hour of its end the one after it.
            stands = begin - start if begin >= start else end - start
            printed[rest], trade[rest] = 0, trade[max(0, min(stands, HOUR))]
        volume = np.concatenate(([0], np.cumsum(printed)))
        high, low = np.maximum.accumulate(trade), np.minimum.accumulate(trade)
        for so_far in self._earlier(session, start):
            volume += so_far.volume
            high, low = np.maximum(high, int(so_far.high)), np.minimum(low, int(so_far.low))
        return _HourView(
            hour=hour,
            bid=path.bid.tolist(),
            ask=path.ask.tolist(),
            trade=path.trade.tolist(),
            printed=path.volume.tolist(),
            volume=volume.astype(np.int64).tolist(),
            high=high.tolist(),
            low=low.tolist(),
        )

    def _earlier(self, session: Session | None, start: int) -> list[Bar]:
        """Return what the hours of a session before `start` came to, without its breaks."""
        spans = session.spans(regular=False) if session is not None else []
        cut = [(first, min(last, start)) for first, last in spans if first < start]
        bars = (
            self._bars.bars(self.instrument, Shown.TRADES, c, float(start)) for c in cut
        )
        return [bar for found in bars for bar in found]


def _down(first: int, levels: int) -> range:
    return range(first, max(0, first - levels), -1)
