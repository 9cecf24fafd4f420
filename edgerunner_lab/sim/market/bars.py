"""Bars of any size out of the price paths; two sizes over the same time agree, because both add up the same rows."""

import enum
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.noise import Floats, Integers
from edgerunner_lab.sim.market.prices import DayPath, HourPath, Prices
from edgerunner_lab.sim.market.shapes import DAY, DAY_MINUTES, HOUR, MINUTE

SUMMARIES_KEPT: Final = 20_000
"""Finished spans whose bar is remembered: a few years of days for every instrument, under 10 MB."""


class Shown(enum.StrEnum):
    """What a bar is made of, as clients spell it."""

    TRADES = "TRADES"
    MIDPOINT = "MIDPOINT"
    BID = "BID"
    ASK = "ASK"
    BID_ASK = "BID_ASK"


SPREAD_SHARE: Final = {Shown.BID: 0.0, Shown.MIDPOINT: 0.5, Shown.ASK: 1.0}
"""Where between bid and ask a quote series runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar.

    Attributes:
        start: Epoch seconds of its beginning.
        open, high, low, close, average: Ticks, not prices; halves occur at midpoints.
        volume, count: Units and prints; -1 where the series has none.
    """

    start: int
    open: float
    high: float
    low: float
    close: float
    average: float
    volume: int
    count: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Consecutive pieces of time in ticks, the raw material of bars; all arrays of one length."""

    start: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Integers
    count: Integers

    def cut(self, first: int, last: int) -> "Rows":
        """Return the rows that start in [first, last)."""
        where = slice(*np.searchsorted(self.start, (first, last)))
        return Rows(
            self.start[where],
            self.open[where],
            self.high[where],
            self.low[where],
            self.close[where],
            self.volume[where],
            self.count[where],
        )


def _joined(pieces: Sequence[Rows]) -> Rows:
    return Rows(
        np.concatenate([piece.start for piece in pieces]),
        np.concatenate([piece.open for piece in pieces]),
        np.concatenate([piece.high for piece in pieces]),
        np.concatenate([piece.low for piece in pieces]),
        np.concatenate([piece.close for piece in pieces]),
        np.concatenate([piece.volume for piece in pieces]),
        np.concatenate([piece.count for piece in pieces]),
    )


class BarMaker:
    """Makes bars from the paths of one seed."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._summaries: OrderedDict[tuple[int, Shown, int, int], Bar] = OrderedDict()

    def bars(
        self, instrument: Instrument, shown: Shown, edges: Sequence[int], until: float
    ) -> list[Bar]:
        """Return the bars between consecutive `edges`, the last of them unfinished if `until` says so.

        Args:
            instrument: Whose bars.
            shown: The series.
            edges: Epoch seconds, rising; n + 1 of them make n bars. Whole minutes make it fast.
            until: The present; bars that begin later are left out.
        """
        if len(edges) < 2 or edges[0] >= until:  # noqa: PLR2004  one bar has two edges
            return []
        span, is_fine = (edges[0], edges[-1]), any(edge % MINUTE for edge in edges[1:-1])
        rows = self.rows(instrument, shown, span, until, is_fine=is_fine)
        return _bundle(rows, edges[:-1], shown)

    def summaries(
        self,
        instrument: Instrument,
        shown: Shown,
        spans: Iterable[tuple[int, int]],
        until: float,
    ) -> list[Bar]:
        """Return one bar for each span of seconds (such as a trading day); finished ones are remembered."""
        found: list[Bar] = []
        for first, last in spans:
            key = (instrument.con_id, shown, first, last)
            bar = self._summaries.get(key)
            if bar is None:
                made = self.bars(instrument, shown, (first, last), until)
                if not made:
                    continue
                bar = made[0]
                if last <= until:
                    self._summaries[key] = bar
                    if len(self._summaries) > SUMMARIES_KEPT:
                        self._summaries.popitem(last=False)
            found.append(bar)
        return found

    def rows(
        self,
        instrument: Instrument,
        shown: Shown,
        span: tuple[int, int],
        until: float,
        *,
        is_fine: bool = False,
    ) -> Rows:
        """Return the pieces of a span up to `until`: minutes where whole ones fit, seconds at both ends, and a part of the last second.

        With `is_fine` there are seconds only.
        """
        first, last = span
        whole = min(last, int(until))
        begin, end = -(-first // MINUTE) * MINUTE, whole // MINUTE * MINUTE
        if is_fine or end - begin < MINUTE:
            pieces = [self.seconds(instrument, shown, first, whole)]
        else:
            pieces = [
                self.seconds(instrument, shown, first, begin),
                self.minutes(instrument, shown, begin, end),
                self.seconds(instrument, shown, end, whole),
            ]
        if whole < until < last:
            pieces.append(self._part(instrument, shown, whole, until - whole))
        return _joined(pieces)

    def minutes(self, instrument: Instrument, shown: Shown, first: int, last: int) -> Rows:
        """Return one row a minute; both ends are whole minutes."""
        days = range(first // DAY, (last - 1) // DAY + 1)
        pieces = [
            _minute_rows(self._prices.day(instrument, d), d * DAY, shown) for d in days
        ]
        return _joined(pieces).cut(first, last)

    def seconds(self, instrument: Instrument, shown: Shown, first: int, last: int) -> Rows:
        """Return one row a second; none if the span is empty."""
        hours = range(first // HOUR, max(first, last - 1) // HOUR + 1)
        pieces = [
            _second_rows(self._prices.hour(instrument, h), h * HOUR, shown) for h in hours
        ]
        return _joined(pieces).cut(first, last)

    def _part(
        self, instrument: Instrument, shown: Shown, second: int, share: float
    ) -> Rows:
        path = self._prices.hour(instrument, second // HOUR)
        moment = moment_of(path, second % HOUR, share)
        row = _second_rows(path, second // HOUR * HOUR, shown).cut(second, second + 1)
        close = np.array([moment.at(shown)])
        return Rows(
            row.start,
            row.open,
            np.maximum(row.open, close),
            np.minimum(row.open, close),
            close,
            np.array([moment.volume]),
            np.array([moment.count]),
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """The market a fraction of a second after a second began: ticks, and what traded within the fraction."""

    bid: int
    ask: int
    trade: int
    volume: int
    count: int

    def at(self, shown: Shown) -> float:
        """Return where a series stands."""
        if shown is Shown.TRADES:
            return float(self.trade)
        return self.bid + SPREAD_SHARE[shown] * (self.ask - self.bid)


def between(first: int, last: int, share: float) -> int:
    """Return the ticks a share of the way between two seconds, rounded down.

    Bid, ask and print all go this way in step, so that the bid stays below the ask, and bars that end
    within a second have seen everything that was shown.
    """
    return first + int((last - first) * share // 1)


def moment_of(path: HourPath, second: int, share: float) -> Moment:
    """Return the market `share` of a second after the hour's `second`."""
    bid, ask, trade = (
        between(int(values[second]), int(values[second + 1]), share)
        for values in (path.bid, path.ask, path.trade)
    )
    return Moment(
        bid=bid,
        ask=ask,
        trade=trade,
        volume=int(int(path.volume[second]) * share),
        count=int(int(path.count[second]) * share),
    )


def _minute_rows(day: DayPath, start: int, shown: Shown) -> Rows:
    starts = start + MINUTE * np.arange(DAY_MINUTES)
    if shown is Shown.TRADES:
        edge = (day.bid + day.spread * day.side).astype(np.float64)
        high = np.maximum(day.print_high, np.maximum(edge[:-1], edge[1:]))
        low = np.minimum(day.print_low, np.minimum(edge[:-1], edge[1:]))
        return Rows(starts, edge[:-1], high, low, edge[1:], day.volume, day.count)
    share = SPREAD_SHARE[shown]
    edge = day.bid + share * day.spread
    inner = share * day.spread[:-1]
    high = np.maximum.reduce([day.high + inner, edge[:-1], edge[1:]])
    low = np.minimum.reduce([day.low + inner, edge[:-1], edge[1:]])
    none = np.full(DAY_MINUTES, -1)
    return Rows(starts, edge[:-1], high, low, edge[1:], none, none)


def _second_rows(path: HourPath, start: int, shown: Shown) -> Rows:
    starts = start + np.arange(HOUR)
    if shown is Shown.TRADES:
        value, volume, count = path.trade.astype(np.float64), path.volume, path.count
    else:
        value = path.bid + SPREAD_SHARE[shown] * (path.ask - path.bid)
        volume = count = np.full(HOUR, -1)
    first, last = value[:-1], value[1:]
    return Rows(
        starts, first, np.maximum(first, last), np.minimum(first, last), last, volume, count
    )


def _bundle(rows: Rows, starts: Sequence[int], shown: Shown) -> list[Bar]:
    """Add rows up into the bars that begin at `starts`."""
    first = np.searchsorted(rows.start, np.asarray(starts))
    first = first[first < len(rows.start)]
    if not len(first):
        return []
    high = np.maximum.reduceat(rows.high, first)
    low = np.minimum.reduceat(rows.low, first)
    last = np.append(first[1:], len(rows.start)) - 1
    opens, closes = rows.open[first], rows.close[last]
    volume, average = np.full(len(first), -1), np.full(len(first), -1.0)
    count = volume
    if shown is Shown.TRADES:
        volume = np.add.reduceat(rows.volume, first)
        count = np.add.reduceat(rows.count, first)
        typical = (rows.high + rows.low + 2 * rows.close) / 4
        worth = np.add.reduceat(typical * rows.volume, first)
        average = np.where(volume > 0, worth / np.maximum(volume, 1), closes)
    columns = (opens, high, low, closes, average, volume, count)
    return [
        Bar(
            start=int(start),
            open=o,
            high=h,
            low=lo,
            close=c,
            average=a,
            volume=v,
            count=n,
        )
        for start, o, h, lo, c, a, v, n in zip(
            starts, *(column.tolist() for column in columns), strict=False
        )
    ]
