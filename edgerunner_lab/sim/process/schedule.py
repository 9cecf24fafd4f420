"""What happens when, in the gateway's own time: a running clock fires by itself, a stepped one when it is stepped."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from edgerunner_lab.sim.process.clock import Clock, SteppedClock

STEP_SECONDS_MAX: Final = 7 * 86_400.0
"""Longest step at a time: a week, over a weekend and every nightly reset."""

BATCH_MAX: Final = 500
"""Entries that a step runs before sockets get a turn, so that a long step starves nobody."""

LATE_SECONDS_MIN: Final = 0.0005
"""Shortest wait for a real timer, which may fire a hair before its time."""


HEAP_MIN: Final = 1024
"""Entries up to which cancelled ones are left where they are."""


class NotStepped(ValueError):
    """Only a clock that stands still can be stepped; the text is one line."""


class Entry:
    """One call to come."""

    __slots__ = ("call", "when")

    def __init__(self, when: datetime, call: Callable[[], None]) -> None:
        self.when = when
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Let it not happen."""
        self.call = None


class Schedule:
    """Calls in gateway time, in the order of their times and then of their making."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Entry]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._tidy_at = HEAP_MIN
        self._stepping = asyncio.Lock()

    def call_at(self, when: datetime, call: Callable[[], None]) -> Entry:
        """Have `call` called at an instant; one that is past is called as soon as possible."""
        entry = Entry(when, call)
        if len(self._heap) >= self._tidy_at:
            self._heap = [each for each in self._heap if each[2].call is not None]
            heapq.heapify(self._heap)
            self._tidy_at = max(HEAP_MIN, 2 * len(self._heap))
        heapq.heappush(self._heap, (when, next(self._numbers), entry))
        if self._heap[0][2] is entry:
            self._arm()
        return entry

    def call_after(self, seconds: float, call: Callable[[], None]) -> Entry:
        """Have `call` called after so many gateway seconds."""
        return self.call_at(self._clock.now() + timedelta(seconds=seconds), call)

    async def step(self, seconds: float) -> None:
        """Let a standing clock go on, stopping at every entry on the way.

        Raises:
            NotStepped: the clock runs by itself, or `seconds` is out of bounds.
        """
        if not isinstance(self._clock, SteppedClock):
            raise NotStepped(
                f"the clock runs at speed {self._clock.speed:g}, expected 0 to step it;"
                " start the gateway with --speed 0"
            )
        if not 0 <= seconds <= STEP_SECONDS_MAX:
            raise NotStepped(
                f"the step was {seconds:g} s, expected 0 to {STEP_SECONDS_MAX:g}"
            )
        async with self._stepping:
            await self._step(self._clock, timedelta(seconds=seconds))

    def close(self) -> None:
        """Let nothing more happen."""
        self._is_closed = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()

    async def _step(self, clock: SteppedClock, length: timedelta) -> None:
        target = clock.now() + length
        for number in itertools.count(1):
            entry = self._next(target)
            if entry is None:
                break
            clock.move_to(entry.when)
            _run(entry)
            if number % BATCH_MAX == 0:
                await asyncio.sleep(0)
        clock.move_to(target)

    def _next(self, limit: datetime) -> Entry | None:
        """Take out the earliest entry up to `limit`."""
        while self._heap and (self._heap[0][2].call is None or self._heap[0][0] <= limit):
            entry = heapq.heappop(self._heap)[2]
            if entry.call is not None:
                return entry
        return None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        speed = self._clock.speed
        if self._is_closed or not self._heap or not speed:
            return
        wait = (self._heap[0][0] - self._clock.now()).total_seconds() / speed
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(LATE_SECONDS_MIN, wait), self._fire)

    def _fire(self) -> None:
        self._timer = None
        limit = self._clock.now()
        for _ in range(BATCH_MAX):
            entry = self._next(limit)
            if entry is None:
                break
            _run(entry)
        self._arm()


def _run(entry: Entry) -> None:
    call, entry.call = entry.call, None
    if call is not None:
        call()
