"""Bytes to frames to fields, and back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.protocol.wire import (
    FRAME_BYTES_MAX,
    Inbox,
    WireError,
    frame,
    join,
    split,
    to_ascii,
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
messages = st.lists(st.lists(texts, min_size=1, max_size=8), max_size=8)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Return `stream` in pieces, as TCP may deliver it."""
    ends = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    return [stream[start:end] for start, end in itertools.pairwise(ends)]


@given(messages, st.lists(st.integers(0, 400), max_size=30))
def test_frames_survive_any_chunking(sent: list[list[str]], cuts: list[int]) -> None:
    """However TCP cuts the stream, the same messages come out in the same order."""
    inbox = Inbox()
    received: list[list[str]] = []
    for piece in cut(b"".join(frame(join(fields)) for fields in sent), cuts):
        inbox.feed(piece)
        while (payload := inbox.take_frame()) is not None:
            received.append(split(payload))

    assert received == sent


@given(messages)
def test_single_bytes_are_enough(sent: list[list[str]]) -> None:
    """A stream that comes byte by byte loses nothing."""
    inbox = Inbox()
    received: list[list[str]] = []
    for byte in b"".join(frame(join(fields)) for fields in sent):
        inbox.feed(bytes([byte]))
        if (payload := inbox.take_frame()) is not None:
            received.append(split(payload))

    assert received == sent


def test_the_hello_is_taken_from_the_same_stream_as_frames() -> None:
    """Raw bytes and frames may arrive in one segment."""
    inbox = Inbox()
    inbox.feed(b"API\0" + frame(b"v157..178") + frame(join(["71", "2", "1", ""])))

    assert inbox.take(4) == b"API\0"
    assert inbox.take_frame() == b"v157..178"
    assert inbox.take_frame() == b"71\x002\x001\x00\x00"
    assert inbox.take_frame() is None
    assert inbox.take(1) is None


def test_the_longest_frame_is_read() -> None:
    """Exactly the limit still fits."""
    inbox = Inbox()
    inbox.feed(frame(bytes(FRAME_BYTES_MAX)))

    assert inbox.take_frame() == bytes(FRAME_BYTES_MAX)


@pytest.mark.parametrize("length", [FRAME_BYTES_MAX + 1, 2**32 - 1])
def test_a_longer_frame_is_an_error_as_soon_as_its_length_is_read(length: int) -> None:
    """Nothing is buffered for a length that nobody sends in earnest."""
    inbox = Inbox()
    inbox.feed(length.to_bytes(4))

    with pytest.raises(
        WireError, match=f"frame of {length} bytes, expected at most 1048576"
    ):
        inbox.take_frame()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"71\x002", "does not end in NUL"),
        (b"", "does not end in NUL"),
        (b"71\0\xff\0", "byte 3 of the frame is not UTF-8"),
    ],
)
def test_payloads_that_are_no_fields_are_refused(payload: bytes, reason: str) -> None:
    """The error says what was wrong with the frame."""
    with pytest.raises(WireError, match=reason):
        split(payload)


@given(st.text(max_size=20))
def test_escaped_text_reads_back_as_the_text(text: str) -> None:
    """What ibapi does to texts of the gateway (unicode-escape) gives the original."""
    plain = text.replace("\\", "")
    escaped = to_ascii(plain)

    assert escaped.isascii()
    assert (
        escaped.encode().decode("unicode-escape").encode("utf-16", "surrogatepass")
    ) == plain.encode("utf-16", "surrogatepass")
