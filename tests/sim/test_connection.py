"""One client's conversation, from the first byte to the last."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.connection import (
    Answer,
    Closed,
    Connection,
    Dialects,
    Event,
    Requested,
    Started,
    State,
)
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.wire import frame, join, split

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
REQUESTS = load_requests()
REPLIES = load_replies()
START = frame(join(["71", "2", "3", ""]))


def a_connection(version_max: int = 200) -> Connection:
    """Return a conversation that has not begun."""
    return Connection(Dialects(REQUESTS, REPLIES, version_max))


def hello(versions: str = "v157..178") -> bytes:
    """Return what a client sends first."""
    return b"API\0" + frame(versions.encode())


def hears(connection: Connection, data: bytes) -> list[Event]:
    """Return everything that `data` means."""
    return list(connection.receive(data, NOW))


def fields_of(event: Event) -> list[str]:
    """Return the fields of the one frame in an answer."""
    assert isinstance(event, Answer)
    return split(event.data[4:])


def started(version_max: int = 200, versions: str = "v157..178") -> Connection:
    """Return a conversation past startApi."""
    connection = a_connection(version_max)
    hears(connection, hello(versions) + START)
    return connection


@pytest.mark.parametrize(
    ("offered", "version_max", "agreed"),
    [
        ("v157..178", 200, 178),
        ("v157..176", 200, 176),
        ("v100..226", 200, 200),
        ("v100..226", 187, 187),
        ("v100..193 +PACEAPI", 200, 193),
        ("v176", 200, 176),
        ("v100..200\0", 200, 200),
    ],
)
def test_the_highest_common_version_is_agreed_on(
    offered: str, version_max: int, agreed: int
) -> None:
    """The answer is one frame of exactly two fields."""
    connection = a_connection(version_max)

    [answer] = hears(connection, hello(offered))

    assert fields_of(answer) == [str(agreed), "20261123 15:00:00 UTC"]
    assert connection.version == agreed


def test_connect_options_behind_the_range_are_kept() -> None:
    """Such as +PACEAPI."""
    connection = a_connection()
    hears(connection, hello("v100..178 +PACEAPI"))

    assert connection.options == "+PACEAPI"


def test_a_client_that_needs_more_is_told_our_version_and_closed() -> None:
    """With the version it can say itself that the gateway is too old for it."""
    answer, closed = hears(a_connection(), hello("v213..225"))

    assert fields_of(answer)[0] == "200"
    assert closed == Closed("the client needs 213, expected at most 200")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", "the first bytes were b'GET '"),
        (hello("v20..99"), "the client speaks 'v20..99'"),
        (hello("hello"), "the version range was 'hello'"),
        (hello("v1..x"), "the version range was"),
        (hello("v" + "1" * 2000), "the version range was"),
        (b"API\0\xff\xff\xff\xff", "frame of 4294967295 bytes, expected at most 1048576"),
    ],
)
def test_what_is_no_client_is_closed(data: bytes, reason: str) -> None:
    """Without an answer: nothing that it could read has been agreed on."""
    connection = a_connection()

    [closed] = hears(connection, data)

    assert isinstance(closed, Closed)
    assert closed.reason.startswith(reason)
    assert connection.state is State.CLOSED
    assert hears(connection, hello()) == []


def test_hello_start_and_requests_may_come_in_one_segment() -> None:
    """A byte stream is parsed, not packets."""
    data = hello() + START + frame(join(["49", "1"])) + frame(join(["61", "1"]))

    answer, start, time, positions = hears(a_connection(), data)

    assert fields_of(answer)[0] == "178"
    assert start == Started(3)
    assert time == Requested(Message("reqCurrentTime", {}))
    assert positions == Requested(Message("reqPositions", {}))


@given(st.lists(st.integers(1, 12), max_size=60))
def test_any_cut_of_the_stream_means_the_same(lengths: list[int]) -> None:
    """However TCP cuts it, the same events come in the same order."""
    data = hello() + START + frame(join(["49", "1"])) + frame(join(["2", "2", "x"]))
    whole = hears(a_connection(), data)
    connection, events = a_connection(), list[Event]()
    for length in [*lengths, len(data)]:
        events += hears(connection, data[:length])
        data = data[length:]

    assert events == whole


def test_an_unknown_message_id_is_answered_and_the_connection_goes_on() -> None:
    """With the broker's own code."""
    connection = started()

    answer, asked = hears(connection, frame(join(["777", "1"])) + frame(join(["61", "1"])))

    assert fields_of(answer) == [
        "4",
        "2",
        "-1",
        "505",
        "Fatal Error: Unknown message id.",
        "",
    ]
    assert asked == Requested(Message("reqPositions", {}))


def test_a_malformed_request_is_answered() -> None:
    """As TWS words it; the next request is read as if nothing had been."""
    connection = started()

    answer, asked = hears(
        connection, frame(join(["2", "2", "AAPL"])) + frame(join(["61", "1"]))
    )

    assert fields_of(answer)[:4] == ["4", "2", "-1", "320"]
    assert fields_of(answer)[4].startswith("Error reading request. Unable to parse field:")
    assert asked == Requested(Message("reqPositions", {}))


def test_a_malformed_request_whose_id_was_read_is_answered_under_it() -> None:
    """So that the client's own call ends."""
    [answer] = hears(started(), frame(join(["94", "7", "DU1", "", "AAPL"])))

    assert fields_of(answer)[:4] == ["4", "2", "7", "320"]
    assert fields_of(answer)[4].endswith("'conid' for input string: 'AAPL'")


def test_a_frame_that_is_too_long_ends_the_connection_after_what_came_before() -> None:
    """Requests in front of it still count."""
    asked, closed = hears(started(), frame(join(["61", "1"])) + b"\x7f\0\0\0")

    assert asked == Requested(Message("reqPositions", {}))
    assert isinstance(closed, Closed)


def test_a_request_before_start_is_refused() -> None:
    """TWS drops it; an answer costs nothing and nobody waits in vain."""
    _, answer, start = hears(a_connection(), hello() + frame(join(["61", "1"])) + START)

    assert fields_of(answer)[3] == "320"
    assert start == Started(3)


def test_a_second_start_is_refused() -> None:
    """The client id cannot change in a conversation."""
    [answer] = hears(started(), START)

    assert fields_of(answer)[3:5] == ["501", "Already connected."]


@pytest.mark.parametrize(("version", "count"), [(165, 5), (178, 6), (193, 6), (200, 6)])
def test_errors_have_the_layout_of_their_version(version: int, count: int) -> None:
    """From 194 on they carry the time instead of a version."""
    [answer] = hears(started(version, "v100..226"), frame(join(["777"])))
    fields = fields_of(answer)

    assert len(fields) == count
    assert ("1795446000000" in fields) == (version >= 194)


def test_messages_go_out_in_frames_and_unknown_ones_not_at_all() -> None:
    """What the client's version lacks is left out."""
    connection = started()

    assert connection.encode(Message("currentTime", {"time": 5})) == frame(
        join(["49", "1", "5"])
    )
    assert connection.encode(Message("historicalDataEnd", {"reqId": 1})) == b""
