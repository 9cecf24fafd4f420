"""What is done to prices by hand: moves to a price, and regimes that change how prices go from a moment on.

A path stays a function of seed and time; moves are added to it, from their own second on, so that nothing that has
been shown changes. Kept with the state, the same moves give the same prices after a restart.
"""

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edgerunner_lab.sim.market.noise import Floats, Integers


class Regime(enum.StrEnum):
    """How prices go."""

    CALM = "calm"
    TREND = "trend"
    GAP = "gap"
    SPIKE = "spike"
    CRASH = "crash"
    THIN = "thin"
    HALT = "halt"
    AUCTION_OPEN = "auction-open"
    AUCTION_CLOSE = "auction-close"


MOVE: Final = "move"
"""Kind of an event that is a jump to a price; its size is the logarithm of the ratio."""

MINUTE: Final = 60.0

AUCTIONS: Final = frozenset({Regime.AUCTION_OPEN, Regime.AUCTION_CLOSE})
"""Regimes that lead to an auction and are over with it."""

GATHERING_SECONDS_MIN: Final = 60
"""An auction comes at the first whole minute that is at least so far away, so that no bar has two spreads."""

PAUSE_SECONDS: Final = 5
"""Nothing trades so long before an auction; in its own second only what takes part in it does."""

AUCTION_PRINTS: Final = 40.0
"""How many times more than usual is traded in an auction's second."""

TREND_A_MINUTE: Final = 0.0005
"""Log return a minute: 3 % an hour."""

GAP_SIZE: Final = 0.03
SPIKE_SIZE: Final = 0.02
SPIKE_SECONDS: Final = 90.0
"""A spike is half gone after about a minute."""

CRASH_SIZE: Final = -0.08
CRASH_SECONDS: Final = 600.0

SPREADS: Final[Mapping[str, float]] = {
    Regime.THIN: 4.0,
    Regime.CRASH: 5.0,
    Regime.SPIKE: 2.0,
    Regime.GAP: 1.5,
    Regime.AUCTION_OPEN: 3.0,
    Regime.AUCTION_CLOSE: 3.0,
}
"""Regime -> how many times wider the spread is while it holds."""

VOLUMES: Final[Mapping[str, float]] = {
    Regime.THIN: 0.1,
    Regime.CRASH: 6.0,
    Regime.SPIKE: 3.0,
    Regime.HALT: 0.0,
    Regime.AUCTION_OPEN: 4.0,
    Regime.AUCTION_CLOSE: 4.0,
}
"""Regime -> how many times more is traded while it holds."""

EVENTS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing done to prices.

    Attributes:
        second: Epoch second from which it counts.
        con_id: The instrument; None for all that have a path of their own.
        kind: A regime, or `MOVE`.
        size: Of a move, as a log return; 0 for regimes.
    """

    second: int
    con_id: int | None
    kind: str
    size: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What events do to consecutive seconds of one instrument.

    Attributes:
        shift: Log return to add to the price.
        spread, volume: Factors.
    """

    shift: Floats
    spread: Floats
    volume: Floats


def auction_second(event: Event) -> int:
    """Return the epoch second of the auction that an event leads to."""
    return -(-(event.second + GATHERING_SECONDS_MIN) // int(MINUTE)) * int(MINUTE)


class Moves:
    """All that was done, in the order of time.

    Attributes:
        version: Counts changes, so that what was computed before one is not used after it.
    """

    def __init__(self) -> None:
        self.version = 0
        self._events: list[Event] = []

    def add(self, event: Event) -> None:
        """Take an event in; times never go back.

        Raises:
            ValueError: there are too many.
        """
        if len(self._events) >= EVENTS_MAX:
            raise ValueError(
                f"{EVENTS_MAX} moves were made, expected no more in one market"
            )
        self._events.append(event)
        self.version += 1

    def touches(self, con_id: int, until: int) -> bool:
        """Return whether anything was done to an instrument before a second."""
        return any(
            event.second < until and event.con_id in (None, con_id)
            for event in self._events
        )

    def regime_at(self, con_id: int, second: int) -> Regime:
        """Return the regime of an instrument at a second: the newest set for it or for all."""
        found = Regime.CALM
        for event in self._regimes(con_id):
            if event.second <= second:
                found = Regime(event.kind)
        return found

    def auctions(self, con_id: int, kind: Regime | None = None) -> list[int]:
        """Return the seconds of the auctions, past and coming, that were called for an instrument, oldest first.

        An auction whose regime another one replaces before it comes does not take place.
        """
        return [
            auction_second(event)
            for event, end in self._spells(con_id)
            if event.kind in AUCTIONS
            and kind in (None, event.kind)
            and auction_second(event) < end
        ]

    def effect(self, con_id: int, seconds: Integers) -> Effect:
        """Return what was done to the given seconds, which rise."""
        shift = np.zeros(len(seconds))
        spread, volume = np.ones(len(seconds)), np.ones(len(seconds))
        for event in self._events:
            if event.kind == MOVE and event.con_id in (None, con_id):
                shift += np.where(seconds >= event.second, event.size, 0.0)
        for event, end in self._spells(con_id):
            passed = seconds.astype(np.float64) - event.second
            shift += np.where(
                passed >= 0, _shift(event.kind, passed, end - event.second), 0
            )
            holds = (passed >= 0) & (seconds < end)
            widest, busiest = _factors(event, seconds[holds])
            spread[holds], volume[holds] = widest, busiest
        return Effect(shift=shift, spread=spread, volume=volume)

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the events as JSON can hold them."""
        return [
            {"second": e.second, "con_id": e.con_id, "kind": e.kind, "size": e.size}
            for e in self._events
        ]

    def restore(self, saved: Iterable[Mapping[str, Any]]) -> None:
        """Take over what `snapshot` returned.

        Raises:
            KeyError, TypeError, ValueError: It is not such a list.
        """
        self._events = [
            Event(
                second=int(row["second"]),
                con_id=None if row["con_id"] is None else int(row["con_id"]),
                kind=row["kind"] if row["kind"] == MOVE else Regime(row["kind"]),
                size=float(row["size"]),
            )
            for row in saved
        ]
        self.version += 1

    def _spells(self, con_id: int) -> list[tuple[Event, float]]:
        """Return each regime of an instrument with the second at which the next one ends it."""
        regimes = self._regimes(con_id)
        ends = [*(float(event.second) for event in regimes[1:]), math.inf]
        return list(zip(regimes, ends, strict=False))

    def _regimes(self, con_id: int) -> Sequence[Event]:
        return [
            event
            for event in self._events
            if event.kind != MOVE and event.con_id in (None, con_id)
        ]


def _factors(event: Event, seconds: Integers) -> tuple[Floats, Floats]:
    """Return how many times wider the spread is, and how many times more is traded, while a regime holds."""
    spread = np.full(len(seconds), SPREADS.get(event.kind, 1.0))
    volume = np.full(len(seconds), VOLUMES.get(event.kind, 1.0))
    if event.kind in AUCTIONS:
        at = auction_second(event)
        spread[seconds >= at] = 1.0
        volume[seconds >= at - PAUSE_SECONDS] = 0.0
        volume[seconds == at] = AUCTION_PRINTS
        volume[seconds > at] = 1.0
    return spread, volume


def _shift(kind: str, passed: Floats, length: float) -> Floats:
    """Return the log return that a regime has added `passed` seconds after it began; it lasts `length` seconds."""
    within = np.clip(passed, 0.0, length)
    if kind == Regime.TREND:
        return within / MINUTE * TREND_A_MINUTE
    if kind == Regime.GAP:
        return np.full(len(passed), GAP_SIZE)
    if kind == Regime.CRASH:
        return np.minimum(within / CRASH_SECONDS, 1.0) * CRASH_SIZE
    if kind == Regime.SPIKE:
        return SPIKE_SIZE * np.exp(-np.maximum(passed, 0.0) / SPIKE_SECONDS)
    return np.zeros(len(passed))
