"""Frames and their gate: nothing is lost, nothing piles up."""

import itertools
import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.widgets.frames import (
    FREE_RUN_SECONDS,
    NUMBERS_A_ROW,
    STALL_SECONDS,
    WINDOW,
    Frame,
    FrameGate,
)
from rigs.quote_feed import row, unknown


def decoded(frame: Frame | None) -> list[tuple[float, ...]]:
    """Read a frame as the front end does."""
    assert frame is not None
    assert len(frame.data) == frame.rows * NUMBERS_A_ROW * 8
    return list(struct.iter_unpack(f"<{NUMBERS_A_ROW}d", frame.data))


def fill_window(gate: FrameGate, now_s: float) -> None:
    """Send frames until one has to wait."""
    for number in range(WINDOW):
        assert gate.offer([row(0, 100.0 + number)], now_s) is not None


def test_a_frame_carries_the_fields_of_a_row_in_order() -> None:
    """The layout is what static/quotes.js reads."""
    frame = FrameGate().offer([row(3, 101.5, close=100, age_s=0.25, flags=5)], 10.0)

    assert decoded(frame) == [
        (3, 101.49, 101.51, 101.5, 100, 1_234_567, 300, 200, 102.5, 100.5, 0.25, 5)
    ]


def test_what_is_not_known_travels_as_nan() -> None:
    """Zero would be a claim."""
    (numbers,) = decoded(FrameGate().offer([unknown(0)], 0.0))

    assert numbers[0] == 0
    assert all(math.isnan(number) for number in numbers[1:11])
    assert numbers[11] == 8


def test_frames_are_counted_and_carry_only_what_has_changed() -> None:
    """A quiet row costs nothing."""
    gate = FrameGate()
    first = gate.offer([row(0), row(1)], 0.0)
    second = gate.offer([row(1, 101.0)], 0.05)

    assert first is not None
    assert second is not None
    assert (first.seq, first.rows) == (1, 2)
    assert (second.seq, second.rows) == (2, 1)
    assert gate.offer([], 0.1) is None


def test_the_window_closes_when_it_is_full_and_an_acknowledgement_opens_it() -> None:
    """A front end that is behind is sent the newest values when it has caught up, and no older ones."""
    gate = FrameGate()
    fill_window(gate, 0.0)

    assert gate.offer([row(0, 200.0)], 0.05) is None
    assert gate.offer([row(0, 201.0), row(1, 50.0)], 0.10) is None

    freed = gate.acknowledge(5, 0.15)

    assert [(numbers[0], numbers[3]) for numbers in decoded(freed)] == [
        (0, 201.0),
        (1, 50.0),
    ]


def test_without_acknowledgements_frames_run_free_at_a_bounded_rate() -> None:
    """A busy cell that closes the road back stops neither the picture nor piles frames up."""
    gate = FrameGate()
    gate.restart(0.0)
    fill_window(gate, 0.0)
    seconds = 10.0
    sent = [
        now
        for now in (tick * 0.05 for tick in range(1, int(seconds / 0.05) + 1))
        if gate.offer([row(0, now)], now) is not None
    ]

    assert sent[0] >= STALL_SECONDS
    assert min(b - a for a, b in itertools.pairwise(sent)) >= FREE_RUN_SECONDS - 1e-9
    assert len(sent) >= (seconds - STALL_SECONDS) / (FREE_RUN_SECONDS + 0.05)


def test_the_first_acknowledgement_after_a_stall_ends_the_free_run() -> None:
    """The road is open again, so the full rate is back."""
    gate = FrameGate()
    fill_window(gate, 0.0)
    assert gate.offer([row(0, 1.0)], 5.0) is not None
    gate.acknowledge(WINDOW + 1, 5.01)

    assert all(gate.offer([row(0, 2.0 + n)], 5.02) is not None for n in range(WINDOW))


def test_an_acknowledgement_of_what_was_never_sent_is_ignored() -> None:
    """A front end can send anything."""
    gate = FrameGate()
    fill_window(gate, 0.0)
    for seq in (WINDOW + 1, 10**9, 0, -1):
        assert gate.acknowledge(seq, 0.1) is None

    assert gate.offer([row(0, 200.0)], 0.2) is None


def test_a_page_that_opens_anew_is_sent_everything_whatever_is_under_way() -> None:
    """Reloading a page must not wait for frames that the old page never acknowledged."""
    gate = FrameGate()
    gate.keep([row(0), row(1)], 0.0)
    fill_window(gate, 0.0)

    assert [numbers[0] for numbers in decoded(gate.restart(0.5))] == [0, 1]
    assert gate.offer([row(1, 7.0)], 0.6) is not None


def test_an_empty_table_has_no_frame() -> None:
    """There is nothing to say before the first values."""
    assert FrameGate().restart(0.0) is None


def test_ages_count_on_while_a_row_waits() -> None:
    """The age that is drawn is the age of the tick, not of the message."""
    gate = FrameGate()
    gate.keep([row(0, age_s=2.0)], 10.0)
    (numbers,) = decoded(gate.restart(13.5))

    assert numbers[10] == 5.5


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("offer"), st.integers(0, 4), st.floats(1, 1000)),
            st.tuples(st.just("acknowledge"), st.integers(-2, 60), st.just(0.0)),
            st.tuples(st.just("restart"), st.just(0), st.just(0.0)),
        )
    )
)
def test_in_the_end_the_page_shows_the_newest_values(
    steps: list[tuple[str, int, float]],
) -> None:
    """Whatever comes in between, what was offered last is what was sent last, row by row."""
    gate = FrameGate()
    wanted: dict[int, float] = {}
    shown: dict[int, float] = {}
    now = 0.0
    for kind, number, price in steps:
        now += 0.05
        if kind == "offer":
            wanted[number] = price
            frame = gate.offer([row(number, price)], now)
        elif kind == "acknowledge":
            frame = gate.acknowledge(number, now)
        else:
            frame = gate.restart(now)
        if frame is not None:
            shown |= {int(numbers[0]): numbers[3] for numbers in decoded(frame)}
    last = gate.offer([], now + STALL_SECONDS + FREE_RUN_SECONDS)
    if last is not None:
        shown |= {int(numbers[0]): numbers[3] for numbers in decoded(last)}

    assert shown == wanted
