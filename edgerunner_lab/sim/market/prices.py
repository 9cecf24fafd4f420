"""Price paths: where every instrument trades at any second of any year, from a seed alone.

A path has three levels, each pinned to the one above by a Brownian bridge, so that any second can be had
without the seconds before it, and coarse bars agree with fine ones to the tick:
days (blocks of 1,024 between knots that wander only a little, so decades stay plausible),
minutes (with a high and a low drawn from the law of the bridge's extremes), and
seconds (squeezed between their minute's low and high, and made to touch both).
Prices are whole ticks of the instrument; times are UTC epoch seconds, a UTC day being 86,400 of them.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.extremes import squeeze, touch
from edgerunner_lab.sim.market.factors import Loadings, loadings
from edgerunner_lab.sim.market.noise import (
    Floats,
    Integers,
    key_of,
    mix,
    normals,
    uniform,
    uniforms,
)
from edgerunner_lab.sim.market.shapes import (
    DAY_MINUTES,
    HOUR,
    MINUTE,
    shape_of,
)

ANCHOR_DAY: Final = date(2026, 11, 2).toordinal() - date(1970, 1, 1).toordinal()
"""Epoch day on which every path passes through its instrument's listed price."""

BLOCK_DAYS: Final = 1024
DRIFT: Final = 0.05
"""Growth of the knots a year, so that old history lies lower, as it does."""
DRIFT_YEARS_MAX: Final = 25
KNOT_SPREAD: Final = 0.4
"""Standard deviation of a knot, in units of the yearly volatility."""

DAYS_KEPT: Final = 512
"""Days of minutes kept, over all instruments: 50 MB, and a month of minute bars of a dozen instruments."""
HOURS_KEPT: Final = 256
FACTORS_KEPT: Final = 64
"""Hours and days of what instruments share: 2 MB, and more sectors than there are."""


@dataclass(frozen=True, slots=True)
class DayPath:
    """One UTC day in minutes: boundaries have 1,441 entries, the rest 1,440.

    Attributes:
        bid: Best bid at each minute's start, ticks; the last entry is the next day's first.
        spread: Ticks between bid and ask there; constant within a minute.
        side: 1 where the last print was at the ask, 0 at the bid.
        high, low: Extremes of the bid within each minute.
        volume, count: Units and prints within each minute.
        wiggle: Standard deviation of one second of the bid, in ticks.
        print_high, print_low: Extremes of the prints within each minute, those at its boundaries aside.
    """

    bid: Integers
    spread: Integers
    side: Integers
    high: Integers
    low: Integers
    volume: Integers
    count: Integers
    wiggle: Floats
    print_high: Integers
    print_low: Integers


@dataclass(frozen=True, slots=True)
class HourPath:
    """One hour in seconds: quotes have 3,601 entries, the last being the next hour's first; volumes 3,600."""

    bid: Integers
    ask: Integers
    trade: Integers
    volume: Integers
    count: Integers


class Prices:
    """The paths of one seed. Caches, but two instances of a seed always agree."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._factors: OrderedDict[tuple[int, ...], Floats] = OrderedDict()
        self._loadings: dict[int, Loadings] = {}
        self._blocks: dict[tuple[int, int], Floats] = {}
        self._depth_keys: dict[tuple[int, int], int] = {}
        self._days: OrderedDict[tuple[int, int], DayPath] = OrderedDict()
        self._hours: OrderedDict[tuple[int, int], HourPath] = OrderedDict()

    def day(self, instrument: Instrument, day: int) -> DayPath:
        """Return the minutes of an epoch day."""
        key = (instrument.con_id, day)
        if (found := self._days.get(key)) is not None:
            self._days.move_to_end(key)
            return found
        made = self._make_day(instrument, day)
        self._days[key] = made
        if len(self._days) > DAYS_KEPT:
            self._days.popitem(last=False)
        return made

    def hour(self, instrument: Instrument, hour: int) -> HourPath:
        """Return the seconds of an epoch hour."""
        key = (instrument.con_id, hour)
        if (found := self._hours.get(key)) is not None:
            self._hours.move_to_end(key)
            return found
        made = self._make_hour(instrument, hour)
        self._hours[key] = made
        if len(self._hours) > HOURS_KEPT:
            self._hours.popitem(last=False)
        return made

    def _key(self, instrument: Instrument, *stream: int) -> int:
        return key_of(self.seed, instrument.con_id, *stream)

    def _shocks(self, instrument: Instrument, indices: Integers, *stream: int) -> Floats:
        """Return the normal numbers that move an instrument, of which related ones share a part."""
        found = self._loadings.get(instrument.con_id)
        if found is None:
            found = self._loadings[instrument.con_id] = loadings(instrument)
        *shared, (own, left) = found
        total = left * normals(key_of(self.seed, own, *stream), indices)
        for factor, weight in shared:
            total += weight * self._shared(factor, stream, indices)
        return total

    def _shared(self, factor: int, stream: tuple[int, ...], indices: Integers) -> Floats:
        """Return the numbers of a factor of many; kept, since the next instrument wants them too."""
        key = (factor, *stream, int(indices.flat[0]))
        found = self._factors.get(key)
        if found is None:
            found = normals(key_of(self.seed, factor, *stream), indices)
            self._factors[key] = found
            if len(self._factors) > FACTORS_KEPT:
                self._factors.popitem(last=False)
        return found

    def _log_price(self, instrument: Instrument, day: int) -> float:
        """Return the logarithm of the bid, in ticks, at the start of an epoch day."""
        number, offset = divmod(day - ANCHOR_DAY, BLOCK_DAYS)
        key = (instrument.con_id, number)
        if key not in self._blocks:
            self._blocks[key] = self._make_block(instrument, number)
        return float(self._blocks[key][offset])

    def _make_block(self, instrument: Instrument, number: int) -> Floats:
        steps = self._shocks(instrument, np.arange(BLOCK_DAYS), 1, number)
        walk = np.concatenate(([0.0], np.cumsum(steps))) * _daily(instrument)
        share = np.arange(BLOCK_DAYS + 1) / BLOCK_DAYS
        first, last = self._knot(instrument, number), self._knot(instrument, number + 1)
        block = first + (last - first) * share + walk - share * walk[-1]
        block[0], block[-1] = first, last
        return block

    def _knot(self, instrument: Instrument, number: int) -> float:
        level = math.log(float(instrument.price / instrument.min_tick))
        if number == 0:
            return level
        years = number * BLOCK_DAYS / 365
        grown = 0.0 if instrument.is_cash else DRIFT
        years = max(-DRIFT_YEARS_MAX, min(DRIFT_YEARS_MAX, years))
        luck = float(self._shocks(instrument, np.array([number]), 2)[0])
        return level + grown * years + KNOT_SPREAD * instrument.volatility * luck

    def _make_day(self, instrument: Instrument, day: int) -> DayPath:
        shape = shape_of(instrument, day)
        sigma = _daily(instrument)
        index = np.arange(DAY_MINUTES)
        steps = self._shocks(instrument, index, 3, day) * shape.step
        walk = np.concatenate(([0.0], np.cumsum(steps)))
        first, last = self._log_price(instrument, day), self._log_price(instrument, day + 1)
        path = (
            first + (last - first) * shape.passed + sigma * (walk - shape.passed * walk[-1])
        )
        path[0], path[-1] = first, last
        variance = (sigma * shape.step) ** 2
        start, end = path[:-1], path[1:]
        up = np.log(uniforms(self._key(instrument, 4, day), index))
        down = np.log(uniforms(self._key(instrument, 5, day), index))
        high = (start + end + np.sqrt((end - start) ** 2 - 2 * variance * up)) / 2
        low = (start + end - np.sqrt((end - start) ** 2 - 2 * variance * down)) / 2
        bid = _ticks(path)
        high = np.maximum(_ticks(high), np.maximum(bid[:-1], bid[1:]))
        low = np.minimum(_ticks(low), np.minimum(bid[:-1], bid[1:]))
        spread = self._spreads(instrument, day)
        volume = self._volumes(instrument, day, shape.volume)
        return DayPath(
            bid=bid,
            spread=spread,
            side=self._sides(instrument, (day * DAY_MINUTES + np.arange(1441)) * MINUTE),
            high=high,
            low=low,
            volume=volume,
            count=self._counts(instrument, day, volume),
            wiggle=sigma * shape.step / math.sqrt(MINUTE) * np.exp(start),
            print_high=high + spread[:-1],
            print_low=low,
        )

    def _volumes(self, instrument: Instrument, day: int, share: Floats) -> Integers:
        key = self._key(instrument, 6, day)
        busy = math.exp(0.25 * float(normals(key, np.array([-1]))[0]))
        luck = np.exp(0.5 * normals(key, np.arange(DAY_MINUTES)) - 0.125)
        return np.floor(instrument.volume * busy * share * luck).astype(np.int64)

    def _counts(self, instrument: Instrument, day: int, volume: Integers) -> Integers:
        luck = uniforms(self._key(instrument, 7, day), np.arange(DAY_MINUTES))
        prints = volume / instrument.trade_size * (0.6 + 0.8 * luck)
        return np.minimum(np.ceil(prints).astype(np.int64), volume)

    def _spreads(self, instrument: Instrument, day: int) -> Integers:
        luck = 0.75 + 0.5 * uniforms(self._key(instrument, 8), day * 24 + np.arange(25))
        shape = shape_of(instrument, day)
        wide = instrument.spread * shape.spread * luck.repeat(MINUTE)[: DAY_MINUTES + 1]
        return np.maximum(1, np.rint(wide)).astype(np.int64) * shape.auction

    def _sides(self, instrument: Instrument, seconds: Integers) -> Integers:
        return (uniforms(self._key(instrument, 9), seconds) < 0.5).astype(np.int64)  # noqa: PLR2004  a coin

    def _make_hour(self, instrument: Instrument, hour: int) -> HourPath:
        number, offset = divmod(hour, 24)
        day = Prices.day(self, instrument, number)
        rows = slice(offset * MINUTE, (offset + 1) * MINUTE)
        opened, closed = day.bid[:-1][rows, None], day.bid[1:][rows, None]
        high, low = day.high[rows, None], day.low[rows, None]
        bridge = self._bridges(instrument, hour) * day.wiggle[rows, None]
        line = opened + (closed - opened) * (np.arange(MINUTE + 1) / MINUTE)
        bid = squeeze(line + bridge, np.maximum(opened, closed), high, upward=True)
        bid = squeeze(bid, np.minimum(opened, closed), low, upward=False)
        bid = np.clip(np.floor(bid).astype(np.int64), low, high)
        bid[:, 0], bid[:, -1] = opened[:, 0], closed[:, 0]
        at_high, at_low = touch(bid, high, low)
        bids = np.append(bid[:, :-1].ravel(), closed[-1])
        sides = self._sides(instrument, hour * HOUR + np.arange(HOUR + 1))
        sides[at_high], sides[at_low] = 1, 0
        spreads = np.append(day.spread[rows].repeat(MINUTE), day.spread[rows.stop])
        volume, count = self._split(instrument, hour, day.volume[rows], day.count[rows])
        trade = bids + spreads * sides
        return HourPath(
            bid=bids, ask=bids + spreads, trade=trade, volume=volume, count=count
        )

    def _bridges(self, instrument: Instrument, hour: int) -> Floats:
        index = np.arange(HOUR).reshape(MINUTE, MINUTE)
        walk = np.cumsum(self._shocks(instrument, index, 10, hour), axis=1)
        walk = np.concatenate((np.zeros((MINUTE, 1)), walk), axis=1)
        return walk - walk[:, -1:] * (np.arange(MINUTE + 1) / MINUTE)

    def _split(
        self, instrument: Instrument, hour: int, volume: Integers, count: Integers
    ) -> tuple[Integers, Integers]:
        """Spread each minute's volume and prints over its seconds, to the last unit."""
        index = np.arange(HOUR).reshape(MINUTE, MINUTE)
        weight = np.cumsum(
            -np.log(uniforms(self._key(instrument, 11, hour), index)), axis=1
        )
        share = weight / weight[:, -1:]
        shares = np.concatenate((np.zeros((MINUTE, 1)), share), axis=1)
        split = np.diff(np.floor(shares * volume[:, None]).astype(np.int64), axis=1)
        prints = np.diff(np.floor(shares * count[:, None]).astype(np.int64), axis=1)
        return split.ravel(), prints.ravel()

    def depth(self, instrument: Instrument, bucket: int, side: int, price: int) -> int:
        """Return the units shown at a price level, in round lots.

        Args:
            instrument: Whose book.
            bucket: Number of the moment; other numbers show other sizes.
            side: 0 for bids, 1 for asks.
            price: The level, in ticks.
        """
        lot = 100_000 if instrument.is_cash else max(1, int(instrument.size_suggested))
        lots = 3 * instrument.trade_size / lot
        base = self._depth_keys.get((instrument.con_id, side))
        if base is None:
            base = self._key(instrument, 12, side)
            self._depth_keys[instrument.con_id, side] = base
        luck = uniform(mix(base ^ bucket), price)
        return lot * (1 + int(-math.log(luck) * lots))


def _daily(instrument: Instrument) -> float:
    # The path never closes, so a year has 365 of its days.
    return instrument.volatility / math.sqrt(365)


def _ticks(log_price: Floats) -> Integers:
    return np.maximum(1, np.floor(np.exp(log_price) + 1e-9)).astype(np.int64)
