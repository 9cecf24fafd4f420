"""Framing: however TCP cuts the stream, the same frames come out."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.session.feed import FRAME_BYTES_MAX, Framer, FrameTooLong, bound_reads


def framed(payload: str) -> bytes:
    """Return a payload as it stands on the wire."""
    data = payload.encode()
    return struct.pack(">I", len(data)) + data


@given(
    st.lists(st.text(max_size=40), max_size=12), st.lists(st.integers(0, 600), max_size=12)
)
def test_frames_survive_any_chunking(payloads: list[str], cuts: list[int]) -> None:
    """However TCP cuts the stream, the same payloads come out in the same order."""
    stream = b"".join(framed(payload) for payload in payloads)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    framer = Framer()
    found: list[str] = []
    for start, end in itertools.pairwise(bounds):
        found += framer.frames(stream[start:end])

    assert found == payloads


def test_an_impossible_length_is_refused_at_once() -> None:
    """A bad length would otherwise be waited for for ever (RISK P9)."""
    with pytest.raises(FrameTooLong, match="expected at most"):
        Framer().frames(struct.pack(">I", FRAME_BYTES_MAX + 1) + b"x")


def test_bytes_that_are_not_utf8_do_not_end_the_feed() -> None:
    """A broken string is a broken string, the next message is whole."""
    found = Framer().frames(struct.pack(">I", 2) + b"\xff\0" + framed("49\0"))

    assert found[1] == "49\0"


def test_a_reset_forgets_the_half_read_frame() -> None:
    """A new connection does not begin in the middle of the old one's message."""
    framer = Framer()
    framer.frames(framed("whole")[:-2])
    framer.reset()

    assert framer.frames(framed("next")) == ["next"]


def test_only_transports_that_know_a_read_size_are_bounded() -> None:
    """Another event loop's transport is left as it is."""

    class Sized:
        max_size = 1 << 18

    sized, other = Sized(), object()
    bound_reads(sized)
    bound_reads(other)

    assert sized.max_size < 1 << 18
