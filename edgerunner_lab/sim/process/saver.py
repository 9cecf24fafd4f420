"""Writes the exchange's state to disk behind the market's back: soon, seldom, one at a time."""

import asyncio
import logging
from typing import Any, Final, Protocol

from edgerunner_lab.sim.process.clock import Clock
from edgerunner_lab.sim.process.state import StateFile

SAVE_SECONDS_MIN: Final = 0.2
"""Shortest pause between two writes; a burst of fills is one write."""

RETRY_SECONDS: Final = 5.0
"""Pause after a failed write; a full disk does not empty itself at once."""

_log = logging.getLogger(__name__)


class Saved(Protocol):
    """What has a state worth keeping."""

    @property
    def dirty(self) -> bool:
        """True when `snapshot` has changed since this was last cleared."""
        ...

    @dirty.setter
    def dirty(self, value: bool, /) -> None: ...

    def snapshot(self) -> dict[str, Any]:
        """Return the state as JSON can hold it, sharing nothing that changes later."""
        ...


class Saver:
    """The one writer of a state file; without a file it does nothing."""

    def __init__(self, source: Saved, file: StateFile | None, clock: Clock) -> None:
        self._source = source
        self._file = file
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._next = 0.0

    def ask(self) -> None:
        """Write soon if anything has changed."""
        if self._file is None or not self._source.dirty:
            return
        if self._timer is None and self._task is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(
                max(self._next, loop.time()), self._begin, self._file
            )

    async def close(self) -> None:
        """Wait for the write under way and write what is left.

        Raises:
            OSError: the last state could not be written.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            await self._task
            # Its end may have asked for the next one.
            await self.close()
        elif self._file is not None and self._source.dirty:
            self._source.dirty = False
            self._file.save(self._source.snapshot(), self._clock.now())

    def _begin(self, file: StateFile) -> None:
        self._timer = None
        snapshot = self._source.snapshot()
        self._source.dirty = False
        self._task = asyncio.create_task(self._write(file, snapshot))

    async def _write(self, file: StateFile, snapshot: dict[str, Any]) -> None:
        pause = SAVE_SECONDS_MIN
        try:
            await asyncio.to_thread(file.save, snapshot, self._clock.now())
        except OSError as error:
            _log.error("cannot write %s, trying again: %s", file.path, error)
            self._source.dirty = True
            pause = RETRY_SECONDS
        self._next = asyncio.get_running_loop().time() + pause
        self._task = None
        self.ask()
