"""How a day is spread over its minutes: when prices move, when units trade and how far bid and ask are apart."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.noise import Bools, Floats, Integers
from edgerunner_lab.sim.market.sessions import NEW_YORK

DAY: Final = 86_400
HOUR: Final = 3_600
MINUTE: Final = 60
DAY_MINUTES: Final = 1_440

AUCTION_NEAR: Final = 2
"""Minutes before an auction in which the spread is wider and more is traded."""
AUCTION_SPREAD: Final = 2
AUCTION_VOLUME: Final = 3.0
"""The auction's own minute has this factor too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The minutes of the local day in which an exchange is awake.

    Attributes:
        regular: First minute of regular hours, and the one after the last.
        extended: The same of all trading.
    """

    zone: ZoneInfo
    regular: tuple[int, int]
    extended: tuple[int, int]

    def between(self, local: Integers, hours: tuple[int, int]) -> Bools:
        """Return which minutes of the local day lie in some hours."""
        return (local >= hours[0]) & (local < hours[1])


NEW_YORK_CLOCK: Final = Clock(zone=NEW_YORK, regular=(570, 960), extended=(240, 1_200))
"""09:30 to 16:00 within 04:00 to 20:00."""


def _abroad(zone: str, first: int, last: int) -> Clock:
    return Clock(zone=ZoneInfo(zone), regular=(first, last), extended=(first, last))


CLOCKS: Final = {
    "XLON": _abroad("Europe/London", 480, 990),
    "XETR": _abroad("Europe/Berlin", 540, 1_050),
    "XTKS": _abroad("Asia/Tokyo", 540, 930),
    "XHKG": _abroad("Asia/Hong_Kong", 570, 960),
}
"""calendar -> its clock; everything else keeps New York's."""

QUIET_ROLL: Final = (960, 1_140)
"""Minutes of the New York day in which currencies are quoted wider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShape:
    """The minutes of a UTC day.

    Attributes:
        step: Standard deviation of each minute, as a part of the day's: 1,440 entries.
        passed: Share of the day's variance gone at each minute's start: 1,441 entries from 0 to 1.
        volume: Share of the day's volume in each minute; a few per cent more than all with auctions.
        spread: How many times wider than in quiet regular hours at each minute's start: 1,441 entries.
        auction: How many times wider than that: 1,441 entries, 1 unless an auction is near.
    """

    step: Floats
    passed: Floats
    volume: Floats
    spread: Floats
    auction: Integers


_shapes: dict[tuple[bool, bool, str, int], DayShape] = {}


def shape_of(instrument: Instrument, day: int) -> DayShape:
    """Return how variance and volume spread over the minutes of a UTC day, and what that does to the spread."""
    clock = CLOCKS.get(instrument.calendar, NEW_YORK_CLOCK)
    offset = _offset(clock.zone, day)
    has_auctions = instrument.sec_type == "STK"
    key = (instrument.is_cash, has_auctions, clock.zone.key, offset)
    if key not in _shapes:
        local = (np.arange(DAY_MINUTES + 1) + offset // MINUTE) % DAY_MINUTES
        made = _currency_day(local) if instrument.is_cash else _stock_day(local, clock)
        _shapes[key] = _shaped(*made, _near(local, clock, has_auctions=has_auctions))
    return _shapes[key]


def _shaped(variance: Floats, volume: Floats, spread: Floats, near: Bools) -> DayShape:
    """Return the shape of a day from the weights of its minutes; the last weight belongs to the next day."""
    variance, volume = variance[:-1] / variance[:-1].sum(), volume[:-1] / volume[:-1].sum()
    passed = np.concatenate(([0.0], np.cumsum(variance)))
    passed[-1] = 1.0
    is_busy = near[:-1] | np.concatenate(([False], near[:-2]))
    return DayShape(
        step=np.sqrt(variance),
        passed=passed,
        volume=volume * np.where(is_busy, AUCTION_VOLUME, 1.0),
        spread=spread,
        auction=np.where(near, AUCTION_SPREAD, 1),
    )


def _near(local: Integers, clock: Clock, *, has_auctions: bool) -> Bools:
    """Return the minutes right before the opening and the closing auction."""
    is_near = np.zeros(len(local), dtype=bool)
    for bell in clock.regular if has_auctions else ():
        is_near |= (local >= bell - AUCTION_NEAR) & (local < bell)
    return is_near


def _stock_day(local: Integers, clock: Clock) -> tuple[Floats, Floats, Floats]:
    """Return the weights of each minute: a U between the bells, thin outside, and never quite still."""
    first, last = clock.regular
    progress = (local - first) / (last - first)
    smile = 0.6 + 2.2 * np.exp(-9 * progress) + 1.0 * np.exp(-9 * (1 - progress))
    is_regular = clock.between(local, clock.regular)
    is_extended = clock.between(local, clock.extended)
    outside = np.where(is_extended, 0.12, 0.06)
    variance = np.where(is_regular, smile, outside)
    volume = np.where(is_regular, smile, np.where(is_extended, 0.06, 0.02))
    # The spread changes with the hour, so it narrows at 09:00 where the bell rings at 09:30.
    is_narrow = clock.between(local, (first // MINUTE * MINUTE, last))
    return variance, volume, np.where(is_narrow, 1.0, 2.0)


def _currency_day(local: Integers) -> tuple[Floats, Floats, Floats]:
    """Return the weights of each minute: busiest while London and New York are both awake."""
    london = np.exp(-(((local - 270) / 150) ** 2))
    new_york = np.exp(-(((local - 570) / 150) ** 2))
    weight = 0.35 + london + 1.3 * new_york
    is_wide = NEW_YORK_CLOCK.between(local, QUIET_ROLL)
    return weight, weight.copy(), np.where(is_wide, 2.0, 1.0)


def _offset(zone: ZoneInfo, day: int) -> int:
    """Return the seconds that a zone is ahead of UTC at noon of an epoch day; negative west of Greenwich."""
    noon = datetime.fromtimestamp(day * DAY + DAY // 2, UTC).astimezone(zone)
    offset = noon.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
