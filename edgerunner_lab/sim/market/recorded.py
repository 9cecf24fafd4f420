"""Recorded prices in place of the seed's: what was recorded second by second, the seed's path joined on at both ends."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.noise import Integers
from edgerunner_lab.sim.market.prices import DayPath, HourPath, Prices
from edgerunner_lab.sim.market.shapes import DAY, DAY_MINUTES, HOUR, MINUTE

HOURS: int = DAY // HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What one instrument did: rows of equal length, oldest first; a print is a row of one second.

    Attributes:
        start: Epoch seconds at which each row begins, rising by `length` or more.
        length: Seconds a row lasts.
        open, high, low, close: Ticks of the print, or of the bid where `spread` is given.
        volume: Units traded within each row; None leaves volumes to the seed.
        spread: Ticks from bid to ask in each row; None leaves the spread to the seed.
    """

    start: Integers
    length: int
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers | None = None
    spread: Integers | None = None

    @property
    def span(self) -> tuple[int, int]:
        """The recorded time, as its first second and the one after its last."""
        return int(self.start[0]), int(self.start[-1]) + self.length

    @property
    def digest(self) -> str:
        """What tells one recording from another, so that a saved market goes on with the one it began with."""
        made = hashlib.sha256(str(self.length).encode())
        for column in (self.start, self.open, self.high, self.low, self.close):
            made.update(column.astype("<i8").tobytes())
        for some in (self.volume, self.spread):
            made.update(b"" if some is None else some.astype("<i8").tobytes())
        return made.hexdigest()[:16]

    def levels(self, seconds: Integers) -> Integers:
        """Return the ticks at some seconds, none of them before the first row.

        Within a row the price goes from its open over its low and high to where the next row begins (over
        the high first where the row falls), so that it touches all four; where rows do not join it ends
        at the close, and stays there until the next row.
        """
        row = np.searchsorted(self.start, seconds, side="right") - 1
        passed = seconds - self.start[row]
        following = np.minimum(row + 1, len(self.start) - 1)
        is_joined = self.start[following] == self.start[row] + self.length
        end = np.where(is_joined, self.open[following], self.close[row])
        if self.length < 3:  # noqa: PLR2004  an open, a low and a high need three seconds
            return np.where(passed < self.length, self.open[row], self.close[row])
        is_rising = self.close[row] >= self.open[row]
        first = np.where(is_rising, self.low[row], self.high[row])
        second = np.where(is_rising, self.high[row], self.low[row])
        one, two = self.length // 3, 2 * self.length // 3
        return np.select(
            [passed < one, passed < two, passed < self.length],
            [
                _way(self.open[row], first, passed, one),
                _way(first, second, passed - one, two - one),
                _way(second, end, passed - two, self.length - two),
            ],
            self.close[row],
        )

    def spreads(self, seconds: Integers) -> Integers | None:
        """Return the ticks between bid and ask at some seconds; None where quotes were not recorded."""
        if self.spread is None:
            return None
        return self.spread[np.searchsorted(self.start, seconds, side="right") - 1]

    def volumes(self, seconds: Integers) -> Integers | None:
        """Return the units traded within each of some seconds: a row's volume evenly over it, to the unit."""
        if self.volume is None:
            return None
        row = np.searchsorted(self.start, seconds, side="right") - 1
        passed = seconds - self.start[row]
        total = self.volume[row]
        before, after = total * passed // self.length, total * (passed + 1) // self.length
        return np.where(passed < self.length, after - before, 0)


class RecordedPrices(Prices):
    """The paths of one seed, of which some were recorded.

    Before and after what was recorded the seed's path goes on, moved so that it joins.
    """

    def __init__(self, seed: int, recordings: Mapping[int, Recording]) -> None:
        """Take recordings by contract id."""
        super().__init__(seed)
        self.recordings = recordings
        self._seeded = Prices(seed)
        self._factors_at_ends: dict[int, tuple[float, float]] = {}

    def _make_hour(self, instrument: Instrument, hour: int) -> HourPath:
        recording = self.recordings.get(instrument.con_id)
        if recording is None:
            return super()._make_hour(instrument, hour)
        seeded = self._seeded.hour(instrument, hour)
        seconds = hour * HOUR + np.arange(HOUR + 1)
        first, last = recording.span
        ahead, behind = seconds < first, seconds >= last
        within = ~(ahead | behind)
        before, after = self._joints(instrument, recording)
        sides = (seeded.trade > seeded.bid).astype(np.int64)
        spread = seeded.ask - seeded.bid
        bid = np.where(ahead, _scaled(seeded.bid, before), _scaled(seeded.bid, after))
        if within.any():
            inside = seconds[within]
            levels, spreads = recording.levels(inside), recording.spreads(inside)
            if spreads is None:
                # A print is at the bid or at the ask; which one is the seed's choice.
                bid[within] = np.maximum(1, levels - spread[within] * sides[within])
                spread[within] = np.where(
                    sides[within] == 1, levels - bid[within], spread[within]
                )
            else:
                bid[within], spread[within] = levels, spreads
            # At a price of one tick there is no lower bid: the print is the bid.
            sides[spread == 0], spread[spread == 0] = 0, 1
        volume, count = seeded.volume.copy(), seeded.count.copy()
        told = within[:-1]
        if told.any() and (recorded := recording.volumes(seconds[:-1][told])) is not None:
            volume[told] = recorded
            prints = np.ceil(recorded / instrument.trade_size).astype(np.int64)
            count[told] = np.minimum(prints, recorded)
        return HourPath(
            bid=bid,
            ask=bid + spread,
            trade=bid + spread * sides,
            volume=volume,
            count=count,
        )

    def _make_day(self, instrument: Instrument, day: int) -> DayPath:
        recording = self.recordings.get(instrument.con_id)
        if recording is None:
            return super()._make_day(instrument, day)
        first, last = recording.span
        before, after = self._joints(instrument, recording)
        seeded = self._seeded.day(instrument, day)
        if (day + 1) * DAY < first:
            return _scaled_day(seeded, before)
        if day * DAY >= last:
            return _scaled_day(seeded, after)
        numbers = range(day * HOURS, (day + 1) * HOURS)
        return summed([Prices.hour(self, instrument, number) for number in numbers])

    def _joints(self, instrument: Instrument, recording: Recording) -> tuple[float, float]:
        """Return what the seed's prices are multiplied with before and after what was recorded."""
        found = self._factors_at_ends.get(instrument.con_id)
        if found is None:
            first, last = recording.span
            found = (
                int(recording.open[0]) / self._seeded_at(instrument, first),
                int(recording.close[-1]) / self._seeded_at(instrument, last),
            )
            self._factors_at_ends[instrument.con_id] = found
        return found

    def _seeded_at(self, instrument: Instrument, second: int) -> int:
        path = self._seeded.hour(instrument, second // HOUR)
        return max(1, int(path.bid[second % HOUR]))


def summed(hours: list[HourPath]) -> DayPath:
    """Return a day, added up from the seconds of its 24 hours."""
    last = hours[-1]
    edges = slice(None, -1, MINUTE)
    bid = np.concatenate([h.bid[edges] for h in hours] + [last.bid[-1:]])
    ask = np.concatenate([h.ask[edges] for h in hours] + [last.ask[-1:]])
    trade = np.concatenate([h.trade[edges] for h in hours] + [last.trade[-1:]])
    # Without the edges, which bars add by themselves.
    bids = np.concatenate([h.bid[:-1].reshape(MINUTE, MINUTE) for h in hours])[:, 1:]
    prints = np.concatenate([h.trade[:-1].reshape(MINUTE, MINUTE) for h in hours])[:, 1:]
    return DayPath(
        bid=bid,
        spread=ask - bid,
        side=(trade > bid).astype(np.int64),
        high=bids.max(axis=1),
        low=bids.min(axis=1),
        volume=np.concatenate([_minutely(h.volume) for h in hours]),
        count=np.concatenate([_minutely(h.count) for h in hours]),
        wiggle=np.zeros(DAY_MINUTES),
        print_high=prints.max(axis=1),
        print_low=prints.min(axis=1),
    )


def _minutely(seconds: Integers) -> Integers:
    total: Integers = seconds.reshape(MINUTE, MINUTE).sum(axis=1)
    return total


def _way(start: Integers, end: Integers, passed: Integers, length: int) -> Integers:
    """Return the ticks on the way from `start` to `end`, rounded towards the start."""
    gone = (np.abs(end - start) * np.maximum(passed, 0)) // length
    return start + np.sign(end - start) * gone


def _scaled(ticks: Integers, factor: float) -> Integers:
    return np.maximum(1, np.rint(ticks * factor)).astype(np.int64)


def _scaled_day(path: DayPath, factor: float) -> DayPath:
    high, low = _scaled(path.high, factor), _scaled(path.low, factor)
    return replace(
        path,
        bid=_scaled(path.bid, factor),
        high=high,
        low=low,
        print_high=high + path.spread[:-1],
        print_low=low,
    )
