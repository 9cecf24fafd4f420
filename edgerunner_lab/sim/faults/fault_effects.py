"""Faults in force: what they do to the messages and frames of a connection. No I/O, no clock."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.faults.faults import Fault, What
from edgerunner_lab.sim.market.noise import key_of, uniform
from edgerunner_lab.sim.protocol.messages import Message

ACKNOWLEDGEMENTS: Final = frozenset({"openOrder", "orderStatus", "errMsg"})

TICKS: Final = frozenset(
    {
        "tickPrice",
        "tickSize",
        "tickString",
        "tickGeneric",
        "tickOptionComputation",
        "tickEFP",
        "tickByTick",
        "marketDepth",
        "marketDepthL2",
        "realtimeBar",
        "historicalDataUpdate",
    }
)
"""Replies of the market itself, which an outage loses for good."""

UNDISTURBED: Final = frozenset({"errMsg", "currentTime", "currentTimeInMillis"})
"""What the gateway itself says, with or without the broker's servers."""

_ONCE: Final = frozenset(
    {What.GARBLE, What.TRUNCATE, What.LOSE, What.DUPLICATE, What.REORDER, What.REJECT}
    | {What.CLIENT_ID_IN_USE}
)
"""Kinds that hit one message unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Link:
    """The connection that a message belongs to; `client_id` is None before startApi."""

    key: int
    client_id: int | None


@dataclass(slots=True)
class Active:
    """A fault in force.

    Attributes:
        key: Its connection, None for all.
        until: Epoch seconds of its end, None for never.
        left: Messages that it will still hit, None for any number.
        number: How many faults began before it; its dice depend on it.
    """

    fault: Fault
    key: int | None
    until: float | None
    left: int | None
    number: int
    hits: int = 0


class Effects:
    """Every fault in force, oldest first."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._numbers = itertools.count()
        self._active: list[Active] = []
        self._held: dict[int, Message] = {}
        self._last_due: dict[int, float] = {}

    @property
    def is_idle(self) -> bool:
        """True when nothing is in force and nothing is held back."""
        return not (self._active or self._held or self._last_due)

    @property
    def in_force(self) -> list[Fault]:
        """What is in force."""
        return [each.fault for each in self._active]

    def begin(self, fault: Fault, key: int | None, now: float) -> None:
        """Put a fault in force, for one connection or for all, also those to come."""
        left = fault.times
        if left is None and fault.what in _ONCE and fault.lasting is None:
            left = 1
        until = None if fault.lasting is None else now + fault.lasting
        self._active.append(Active(fault, key, until, left, next(self._numbers)))

    def clear(self) -> None:
        """Let everything be well from now on."""
        self._active.clear()

    def forget(self, key: int) -> None:
        """Forget a connection."""
        self._active = [each for each in self._active if each.key != key]
        self._held.pop(key, None)
        self._last_due.pop(key, None)

    def find(self, what: What, link: Link, now: float, request: str = "") -> Active | None:
        """Return the oldest fault of a kind that a connection is under, about a request if one is named."""
        for active in self._on(link, now):
            if active.fault.what is what and request in ("", active.fault.request):
                return active
        return None

    def hit(self, active: Active) -> None:
        """Count a hit; a fault that has none left is over."""
        active.hits += 1
        if active.left is not None:
            active.left -= 1
            if not active.left:
                self._active = [each for each in self._active if each is not active]

    def sent(self, link: Link, message: Message, now: float) -> list[tuple[float, Message]]:
        """Return what goes out in place of a message: when (epoch seconds) and what."""
        due, copies = now, 1
        is_held = False
        for active in list(self._on(link, now)):
            fault = active.fault
            if fault.what not in _OF_MESSAGES or not _concerns(fault, message):
                continue
            self.hit(active)
            due = max(due, _release(active, now))
            if _loses(fault, message):
                copies = 0
            elif fault.what is What.DUPLICATE:
                copies *= 2
            elif fault.what is What.REORDER:
                is_held = link.key not in self._held
        due = self._in_turn(link, message, due, now)
        if is_held and copies:
            self._held[link.key] = message
            return []
        out = [(due, message)] * copies
        held = self._held.pop(link.key, None) if copies else None
        return out if held is None else [*out, (due, held)]

    def framed(self, link: Link, name: str, frame: bytes, now: float) -> tuple[bytes, bool]:
        """Return what is left of a frame, and whether the connection ends with it."""
        for active in list(self._on(link, now)):
            fault = active.fault
            if fault.messages and name not in fault.messages:
                continue
            if fault.what is What.GARBLE:
                frame = self._garbled(active, frame)
                self.hit(active)
            elif fault.what is What.TRUNCATE:
                self.hit(active)
                return frame[: fault.bytes], True
        return frame, False

    def _on(self, link: Link, now: float) -> Iterator[Active]:
        """Yield what a connection is under; what has ended is taken out first."""
        if any(a.until is not None and a.until <= now for a in self._active):
            self._active = [a for a in self._active if a.until is None or a.until > now]
        for active in self._active:
            is_there = active.key in (None, link.key)
            if is_there and active.fault.client in (None, link.client_id):
                yield active

    def _in_turn(self, link: Link, message: Message, due: float, now: float) -> float:
        """Return when a message goes out that must not overtake those before it."""
        last = self._last_due.get(link.key, now)
        if last <= now:
            self._last_due.pop(link.key, None)
        is_alone = any(
            a.fault.messages or a.fault.what is What.SLOW_ACKNOWLEDGEMENTS
            for a in self._active
        )
        if is_alone or message.name in UNDISTURBED:
            # A delay of some kinds alone is meant to let the others pass.
            return due
        due = max(due, last)
        if due > now:
            self._last_due[link.key] = due
        return due

    def _garbled(self, active: Active, frame: bytes) -> bytes:
        """Return the frame with one byte behind its length flipped."""
        if len(frame) <= _PREFIX_BYTES:
            return frame
        key = key_of(self._seed, active.number, active.hits)
        at = _PREFIX_BYTES + int(uniform(key, 0) * (len(frame) - _PREFIX_BYTES))
        flipped = frame[at] ^ (1 + int(uniform(key, 1) * 255))
        return frame[:at] + bytes([flipped]) + frame[at + 1 :]


_PREFIX_BYTES: Final = 4


_OF_MESSAGES: Final = frozenset(
    {What.LOSE, What.COMPETING_SESSION, What.DUPLICATE, What.REORDER, What.OUTAGE}
    | {What.DELAY, What.SLOW_ACKNOWLEDGEMENTS}
)
"""Kinds that act on replies before they are bytes."""


def _loses(fault: Fault, message: Message) -> bool:
    is_tick_lost = fault.what is What.OUTAGE and message.name in TICKS
    return is_tick_lost or fault.what in (What.LOSE, What.COMPETING_SESSION)


def _release(active: Active, now: float) -> float:
    """Return when a fault lets a message go that it concerns."""
    if active.fault.what in (What.DELAY, What.SLOW_ACKNOWLEDGEMENTS):
        return now + active.fault.seconds
    if active.fault.what is What.OUTAGE and active.until is not None:
        return active.until
    return now


def _concerns(fault: Fault, message: Message) -> bool:
    match fault.what:
        case What.SLOW_ACKNOWLEDGEMENTS:
            # An error without an order, such as a farm's notice, acknowledges nothing.
            return message.name in ACKNOWLEDGEMENTS and message.fields.get("id") != -1
        case What.COMPETING_SESSION:
            return message.name in TICKS
        case What.OUTAGE:
            return message.name not in UNDISTURBED
        case _:
            return not fault.messages or message.name in fault.messages
