"""Every instrument's path: its own, or one that follows from others, with what was done to prices by hand."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Final, TypeVar

import numpy as np

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.derived import bids, value
from edgerunner_lab.sim.market.extremes import touch
from edgerunner_lab.sim.market.moves import Effect, Moves
from edgerunner_lab.sim.market.noise import Bools, Floats, Integers
from edgerunner_lab.sim.market.prices import DayPath, HourPath, Prices
from edgerunner_lab.sim.market.recorded import RecordedPrices, Recording, summed
from edgerunner_lab.sim.market.shapes import DAY, DAY_MINUTES, HOUR, MINUTE, shape_of

Path = TypeVar("Path", DayPath, HourPath)

PATHS_KEPT: Final = 512
"""Made days and hours that are kept: an hour takes 144 kB, a day 90."""

HOURS: Final = 24


class Paths(RecordedPrices):
    """The paths of one seed, of everything listed, with recordings and moves."""

    def __init__(
        self,
        seed: int,
        listed: Callable[[int], Instrument | None],
        moves: Moves,
        recordings: Mapping[int, Recording],
    ) -> None:
        """Read underlyings and legs from `listed`, and what was done by hand from `moves`."""
        super().__init__(seed, recordings)
        self._listed = listed
        self._moves = moves
        self._made_days: OrderedDict[tuple[int, int, int], DayPath] = OrderedDict()
        self._made_hours: OrderedDict[tuple[int, int, int], HourPath] = OrderedDict()

    def day(self, instrument: Instrument, day: int) -> DayPath:
        """Return the minutes of an epoch day."""
        version = self._version(instrument, (day + 1) * DAY)
        if not version and not instrument.under_con_id and not instrument.legs:
            return super().day(instrument, day)
        key = (instrument.con_id, day, version)
        return _kept(self._made_days, key) or _keep(
            self._made_days, key, self._day_of(instrument, day)
        )

    def hour(self, instrument: Instrument, hour: int) -> HourPath:
        """Return the seconds of an epoch hour."""
        version = self._version(instrument, (hour + 1) * HOUR + 1)
        if not version and not instrument.under_con_id and not instrument.legs:
            return super().hour(instrument, hour)
        key = (instrument.con_id, hour, version)
        return _kept(self._made_hours, key) or _keep(
            self._made_hours, key, self._hour_of(instrument, hour)
        )

    def _version(self, instrument: Instrument, until: int) -> int:
        """Return the version of the moves where one touches the instrument before `until`, 0 otherwise."""
        roots = self._roots(instrument)
        is_touched = any(self._moves.touches(root.con_id, until) for root in roots)
        return self._moves.version if is_touched else 0

    def _roots(self, instrument: Instrument) -> list[Instrument]:
        """Return the instruments with a path of their own that this one follows."""
        if instrument.legs:
            legs = [self._known(leg.con_id) for leg in instrument.legs]
            return [root for leg in legs for root in self._roots(leg)]
        if instrument.under_con_id:
            return self._roots(self._known(instrument.under_con_id))
        return [instrument]

    def _known(self, con_id: int) -> Instrument:
        found = self._listed(con_id)
        if found is None:
            raise KeyError(f"contract {con_id} is not listed")
        return found

    def _day_of(self, instrument: Instrument, day: int) -> DayPath:
        if instrument.legs:
            return self._summed_day(instrument, day)
        if instrument.under_con_id:
            return self._derived_day(instrument, day)
        return self._moved_day(instrument, day)

    def _hour_of(self, instrument: Instrument, hour: int) -> HourPath:
        if instrument.legs or instrument.under_con_id:
            return self._derived_hour(instrument, hour)
        return self._moved_hour(instrument, hour)

    # Derived.

    def _derived_hour(self, instrument: Instrument, hour: int) -> HourPath:
        number, offset = divmod(hour, HOURS)
        mids = self._mids(instrument, hour)
        day_spreads = self._spreads(instrument, number)
        spreads = np.full(HOUR + 1, day_spreads[offset * MINUTE])
        spreads[-1] = day_spreads[(offset + 1) * MINUTE]
        bid = bids(mids, instrument, spreads)
        sides = self._sides(instrument, hour * HOUR + np.arange(HOUR + 1))
        _mark_extremes(bid, sides, np.ones(MINUTE, dtype=bool))
        volumes, counts = self._traded(instrument, number)
        rows = slice(offset * MINUTE, (offset + 1) * MINUTE)
        volume, count = self._split(instrument, hour, volumes[rows], counts[rows])
        return HourPath(
            bid=bid,
            ask=bid + spreads,
            trade=bid + spreads * sides,
            volume=volume,
            count=count,
        )

    def _mids(self, instrument: Instrument, hour: int) -> Floats:
        """Return the mids of an hour's seconds and of the next hour's first, in currency."""
        if instrument.legs:
            total = np.zeros(HOUR + 1)
            for leg in instrument.legs:
                held = self._known(leg.con_id)
                share = leg.ratio * float(held.point_value / instrument.point_value)
                total += share * _mid(held, self.hour(held, hour))
            return total
        under = self._known(instrument.under_con_id)
        mids, day = _mid(under, self.hour(under, hour)), hour // HOURS
        values = value(instrument, mids, day)
        if (hour + 1) % HOURS == 0:
            values[-1] = value(instrument, mids[-1:], day + 1)[0]
        return values

    def _derived_day(self, instrument: Instrument, day: int) -> DayPath:
        under = self._known(instrument.under_con_id)
        path, tick = self.day(under, day), float(under.min_tick)
        half = path.spread / 2
        edges = value(instrument, (path.bid + half) * tick, day)
        edges[-1] = value(instrument, (path.bid[-1:] + half[-1:]) * tick, day + 1)[0]
        ends = [
            value(instrument, (extreme + half[:-1]) * tick, day)
            for extreme in (path.high, path.low)
        ]
        spread = self._spreads(instrument, day)
        bid = bids(edges, instrument, spread)
        extremes = [bids(end, instrument, spread[:-1]) for end in ends]
        high = np.maximum.reduce([*extremes, bid[:-1], bid[1:]])
        low = np.minimum.reduce([*extremes, bid[:-1], bid[1:]])
        volume, count = self._traded(instrument, day)
        return DayPath(
            bid=bid,
            spread=spread,
            side=self._sides(instrument, (day * DAY_MINUTES + np.arange(1441)) * MINUTE),
            high=high,
            low=low,
            volume=volume,
            count=count,
            wiggle=np.zeros(DAY_MINUTES),
            print_high=high + spread[:-1],
            print_low=low,
        )

    def _traded(self, instrument: Instrument, day: int) -> tuple[Integers, Integers]:
        volume = self._volumes(instrument, day, shape_of(instrument, day).volume)
        return volume, self._counts(instrument, day, volume)

    # Moved.

    def _moved_hour(self, instrument: Instrument, hour: int) -> HourPath:
        path = Prices.hour(self, instrument, hour)
        seconds = hour * HOUR + np.arange(HOUR + 1)
        effect = self._moves.effect(instrument.con_id, seconds)
        bid, spread = _moved(path.bid, path.ask - path.bid, effect)
        sides = (path.trade > path.bid).astype(np.int64)
        is_new = np.all(_is_changed(effect)[:-1].reshape(MINUTE, MINUTE), axis=1)
        _mark_extremes(bid, sides, is_new)
        volume = np.floor(path.volume * effect.volume[:-1]).astype(np.int64)
        return HourPath(
            bid=bid,
            ask=bid + spread,
            trade=bid + spread * sides,
            volume=volume,
            count=np.minimum(path.count, volume),
        )

    def _moved_day(self, instrument: Instrument, day: int) -> DayPath:
        path = Prices.day(self, instrument, day)
        seconds = day * DAY + MINUTE * np.arange(DAY_MINUTES + 1)
        changed = np.flatnonzero(
            _is_changed(self._moves.effect(instrument.con_id, seconds))
        )
        # The minute before the first changed one may hold the moment of the change.
        first = max(0, int(changed[0]) - 1) // MINUTE if len(changed) else HOURS - 1
        return _joined(path, self._summed_day(instrument, day, first))

    def _summed_day(self, instrument: Instrument, day: int, first: int = 0) -> DayPath:
        """Return a day from one of its hours on, added up from the seconds."""
        numbers = range(day * HOURS + first, (day + 1) * HOURS)
        return summed([self.hour(instrument, number) for number in numbers])


def _joined(path: DayPath, tail: DayPath) -> DayPath:
    """Return a day whose last minutes are those of `tail`."""
    begin = DAY_MINUTES - len(tail.high)
    columns = {
        field.name: np.concatenate(
            (getattr(path, field.name)[:begin], getattr(tail, field.name))
        )
        for field in fields(DayPath)
    }
    return DayPath(**columns)


def _mid(instrument: Instrument, path: HourPath) -> Floats:
    return (path.bid + path.ask) / 2 * float(instrument.min_tick)


def _moved(bid: Integers, spread: Integers, effect: Effect) -> tuple[Integers, Integers]:
    moved = np.maximum(1, np.floor(bid * np.exp(effect.shift) + 1e-9)).astype(np.int64)
    return moved, np.maximum(1, np.rint(spread * effect.spread)).astype(np.int64)


def _is_changed(effect: Effect) -> Bools:
    return (effect.shift != 0) | (effect.spread != 1) | (effect.volume != 1)


def _by_minute(bid: Integers) -> Integers:
    """Return the minutes of an hour, each with the next one's first second."""
    rows = bid[:-1].reshape(MINUTE, MINUTE)
    return np.concatenate((rows, bid[MINUTE::MINUTE, None]), axis=1)


def _mark_extremes(bid: Integers, sides: Integers, minutes: Bools) -> None:
    """Have the highest second of each minute print at the ask and the lowest at the bid."""
    rows = _by_minute(bid)
    inner = rows[:, 1:-1]
    at_high, at_low = touch(
        rows, inner.max(axis=1, keepdims=True), inner.min(axis=1, keepdims=True)
    )
    sides[at_high[minutes]], sides[at_low[minutes]] = 1, 0


def _kept(
    paths: "OrderedDict[tuple[int, int, int], Path]", key: tuple[int, int, int]
) -> Path | None:
    found = paths.get(key)
    if found is not None:
        paths.move_to_end(key)
    return found


def _keep(
    paths: "OrderedDict[tuple[int, int, int], Path]", key: tuple[int, int, int], made: Path
) -> Path:
    paths[key] = made
    if len(paths) > PATHS_KEPT:
        paths.popitem(last=False)
    return made
