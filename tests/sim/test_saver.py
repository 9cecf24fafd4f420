"""When the state is written."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edgerunner_lab.sim.process.saver import SAVE_SECONDS_MIN, Saver
from edgerunner_lab.sim.process.state import StateFile

DEADLINE = 5.0


class StoppedClock:
    """Always the same moment."""

    speed = 0.0

    def now(self) -> datetime:
        """Return it."""
        return datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class Counter:
    """A market that consists of a number."""

    def __init__(self) -> None:
        self.number = 0
        self.dirty = False

    def count(self) -> None:
        """Change."""
        self.number += 1
        self.dirty = True

    def snapshot(self) -> dict[str, Any]:
        """Return the number."""
        return {"number": self.number}


class WatchedFile(StateFile):
    """A state file that tells when it has been written, or refuses."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.numbers: asyncio.Queue[int] = asyncio.Queue()
        self.loop = asyncio.get_running_loop()
        self.is_full = False

    def save(self, snapshot: Any, now: datetime) -> None:
        """Write, or fail as a full disk does."""
        if self.is_full:
            self.loop.call_soon_threadsafe(self.numbers.put_nowait, -1)
            raise OSError(28, "No space left on device")
        super().save(snapshot, now)
        self.loop.call_soon_threadsafe(self.numbers.put_nowait, snapshot["number"])

    async def saved(self) -> int:
        """Return what was written next."""
        return await asyncio.wait_for(self.numbers.get(), DEADLINE)


async def test_the_first_change_is_written_at_once_and_a_burst_after_it_once(
    tmp_path: Path,
) -> None:
    """Two writes for three changes, a fifth of a second apart."""
    counter, file = Counter(), WatchedFile(tmp_path)
    saver = Saver(counter, file, StoppedClock())
    loop = asyncio.get_running_loop()

    counter.count()
    saver.ask()
    assert await file.saved() == 1
    first = loop.time()
    counter.count()
    saver.ask()
    counter.count()
    saver.ask()
    assert await file.saved() == 3

    assert loop.time() - first > SAVE_SECONDS_MIN / 2
    await saver.close()
    assert file.numbers.empty()


async def test_what_has_not_changed_is_not_written(tmp_path: Path) -> None:
    """Prices move without a write."""
    counter, file = Counter(), WatchedFile(tmp_path)
    saver = Saver(counter, file, StoppedClock())
    saver.ask()
    await saver.close()

    assert file.numbers.empty()
    assert file.load() is None


async def test_closing_writes_what_is_left(tmp_path: Path) -> None:
    """Also while an earlier write is under way."""
    counter, file = Counter(), WatchedFile(tmp_path)
    saver = Saver(counter, file, StoppedClock())
    counter.count()
    saver.ask()
    assert await file.saved() == 1
    counter.count()
    await saver.close()

    assert file.load() == {"number": 2}
    assert not counter.dirty


async def test_a_full_disk_is_reported_and_the_change_is_kept_for_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The market goes on; the last state on disk stays whole."""
    counter, file = Counter(), WatchedFile(tmp_path)
    saver = Saver(counter, file, StoppedClock())
    counter.count()
    saver.ask()
    assert await file.saved() == 1
    file.is_full = True
    counter.count()
    saver.ask()
    assert await file.saved() == -1
    assert file.load() == {"number": 1}

    file.is_full = False
    await saver.close()

    assert file.load() == {"number": 2}
    assert "No space left on device" in caplog.text


async def test_without_a_file_nothing_is_written() -> None:
    """A gateway may live in memory alone."""
    counter = Counter()
    saver = Saver(counter, None, StoppedClock())
    counter.count()
    saver.ask()
    await saver.close()

    assert counter.dirty
