"""How a day is spread over its minutes: when prices move and when units trade."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from edgerunner_lab.sim.listing.universe import Instrument
from edgerunner_lab.sim.market.noise import Floats, Integers
from edgerunner_lab.sim.market.sessions import NEW_YORK

DAY: Final = 86_400
HOUR: Final = 3_600
MINUTE: Final = 60
DAY_MINUTES: Final = 1_440

REGULAR: Final = (570, 960)
"""Minutes of the New York day from 09:30 to 16:00."""
EXTENDED: Final = (240, 1_200)


@dataclass(frozen=True, slots=True)
class DayShape:
    """The minutes of a UTC day.

    Attributes:
        step: Standard deviation of each minute, as a part of the day's: 1,440 entries.
        passed: Share of the day's variance gone at each minute's start: 1,441 entries from 0 to 1.
        volume: Share of the day's volume in each minute.
    """

    step: Floats
    passed: Floats
    volume: Floats


_shapes: dict[tuple[bool, int], DayShape] = {}


def shape_of(instrument: Instrument, day: int) -> DayShape:
    """Return how variance and volume spread over the minutes of a UTC day."""
    key = (instrument.is_cash, new_york_offset(day))
    if key not in _shapes:
        local = (np.arange(DAY_MINUTES) + key[1] // MINUTE) % DAY_MINUTES
        variance, volume = (_currency_day if instrument.is_cash else _stock_day)(local)
        variance /= variance.sum()
        passed = np.concatenate(([0.0], np.cumsum(variance)))
        passed[-1] = 1.0
        _shapes[key] = DayShape(np.sqrt(variance), passed, volume / volume.sum())
    return _shapes[key]


def _stock_day(local: Integers) -> tuple[Floats, Floats]:
    """Return the weight of each minute: a U between the bells, thin outside, and never quite still."""
    progress = (local - REGULAR[0]) / (REGULAR[1] - REGULAR[0])
    smile = 0.6 + 2.2 * np.exp(-9 * progress) + 1.0 * np.exp(-9 * (1 - progress))
    is_regular = (local >= REGULAR[0]) & (local < REGULAR[1])
    is_extended = (local >= EXTENDED[0]) & (local < EXTENDED[1])
    outside = np.where(is_extended, 0.12, 0.06)
    variance = np.where(is_regular, smile, outside)
    volume = np.where(is_regular, smile, np.where(is_extended, 0.06, 0.02))
    return variance, volume


def _currency_day(local: Integers) -> tuple[Floats, Floats]:
    """Return the weight of each minute: busiest while London and New York are both awake."""
    london = np.exp(-(((local - 270) / 150) ** 2))
    new_york = np.exp(-(((local - 570) / 150) ** 2))
    weight = 0.35 + london + 1.3 * new_york
    return weight, weight.copy()


def new_york_offset(day: int) -> int:
    """Return the seconds that New York is ahead of UTC at noon of an epoch day; negative."""
    noon = datetime.fromtimestamp(day * DAY + DAY // 2, UTC).astimezone(NEW_YORK)
    offset = noon.utcoffset()
    assert offset is not None
    return int(offset.total_seconds())
