"""Gateway time: clocks that run, hurry or stand still, and what happens when on them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from edgerunner_lab.sim.process.clock import FastClock, SteppedClock, WallClock, clock_of
from edgerunner_lab.sim.process.schedule import BATCH_MAX, HEAP_MIN, NotStepped, Schedule

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def test_a_fast_clock_runs_at_its_speed_from_its_start() -> None:
    """Whatever the computer's date is."""
    elapsed = [100.0]
    clock = FastClock(NOON, 60, lambda: elapsed[0])
    assert clock.now() == NOON
    elapsed[0] += 2

    assert clock.now() == NOON + timedelta(minutes=2)


def test_a_stepped_clock_never_goes_back() -> None:
    """An earlier instant is ignored."""
    clock = SteppedClock(NOON)
    clock.move_to(NOON + timedelta(seconds=5))
    clock.move_to(NOON)

    assert clock.now() == NOON + timedelta(seconds=5)


def test_speed_and_start_choose_the_clock() -> None:
    """Real time without a start is the computer's own clock."""
    assert isinstance(clock_of(1), WallClock)
    assert isinstance(clock_of(0, NOON), SteppedClock)
    assert clock_of(0, NOON).now() == NOON
    later = clock_of(1, NOON)
    assert isinstance(later, FastClock)
    assert later.speed == 1
    assert clock_of(250).speed == 250


async def test_a_step_runs_what_is_due_in_order_and_at_its_time() -> None:
    """Also what was scheduled on the way; what was cancelled does not happen."""
    clock = SteppedClock(NOON)
    schedule = Schedule(clock)
    seen: list[tuple[str, float]] = []

    def see(name: str) -> None:
        seen.append((name, (clock.now() - NOON).total_seconds()))

    def again() -> None:
        see("again")
        schedule.call_after(1, lambda: see("later"))

    schedule.call_after(3, lambda: see("three"))
    schedule.call_after(1, again)
    schedule.call_after(1, lambda: see("second at one"))
    schedule.call_after(2.5, lambda: see("cancelled")).cancel()
    schedule.call_after(10, lambda: see("too late"))
    await schedule.step(5)

    assert seen == [("again", 1), ("second at one", 1), ("later", 2), ("three", 3)]
    assert clock.now() == NOON + timedelta(seconds=5)
    schedule.close()
    await schedule.step(100)
    assert len(seen) == 4


async def test_what_is_cancelled_takes_no_memory() -> None:
    """However often a far-off call is set and taken back; what stands still happens."""
    schedule = Schedule(SteppedClock(NOON))
    done: list[int] = []
    for number in range(20 * HEAP_MIN):
        entry = schedule.call_after(1000 + number, lambda: done.append(1))
        if number % 1000:
            entry.cancel()

    assert len(schedule._heap) <= 2 * HEAP_MIN  # pyright: ignore[reportPrivateUsage]  the test looks inside
    await schedule.step(100_000)
    assert len(done) == 21


async def test_a_long_step_gives_sockets_a_turn() -> None:
    """After so many entries."""
    schedule = Schedule(SteppedClock(NOON))
    turns: list[int] = []
    calls: list[int] = []
    for number in range(2 * BATCH_MAX):
        schedule.call_after(number / 1000, lambda: calls.append(1))

    async def other() -> None:
        turns.append(len(calls))

    task = asyncio.create_task(other())
    await schedule.step(10)
    await task

    assert turns == [BATCH_MAX]


async def test_a_running_clock_fires_by_itself() -> None:
    """A minute at a thousandfold speed takes a moment."""
    schedule = Schedule(FastClock(NOON, 10_000))
    done: list[str] = []
    ended = asyncio.Event()
    schedule.call_after(120, ended.set)
    schedule.call_after(60, lambda: done.append("first"))
    await asyncio.wait_for(ended.wait(), 10)

    assert done == ["first"]
    schedule.close()


@pytest.mark.parametrize(
    ("speed", "seconds", "line"),
    [
        (2, 1, "the clock runs at speed 2, expected 0 to step it"),
        (0, -1, "the step was -1 s, expected 0 to 604800"),
        (0, 1e9, r"the step was 1e\+09 s, expected 0 to 604800"),
    ],
)
async def test_a_step_that_cannot_be_taken_is_refused(
    speed: float, seconds: float, line: str
) -> None:
    """In one line."""
    schedule = Schedule(clock_of(speed, NOON))
    with pytest.raises(NotStepped, match=line):
        await schedule.step(seconds)
