"""What happens to a client that reads slowly."""

from collections.abc import Mapping

import pytest

from edgerunner_lab.sim.faults.outbox import WAITING_BYTES_MAX, Outbox, Overflow
from edgerunner_lab.sim.protocol.messages import Message, Value


class Socket:
    """Keeps what was written to it, write by write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.outbox = Outbox(self.writes.append)

    def tell(self, text: str, name: str = "event", **fields: Value) -> None:
        """Queue `text` as the frame of a message."""
        self.outbox.add(Message(name, fields), text.encode())


def test_messages_between_two_flushes_are_one_write() -> None:
    """A thousand ticks do not need a thousand system calls."""
    socket = Socket()
    socket.tell("a")
    socket.tell("b")
    assert socket.writes == []

    socket.outbox.flush()
    socket.outbox.flush()

    assert socket.writes == [b"ab"]


def test_a_blocked_client_gets_the_newest_value_where_the_oldest_stood() -> None:
    """So the end of a snapshot still follows the snapshot's values."""
    socket = Socket()
    socket.outbox.block()
    socket.tell("old", "tickPrice", reqId=1, tickType=1)
    socket.tell("other", "tickPrice", reqId=1, tickType=2)
    socket.tell("end", "tickSnapshotEnd", reqId=1)
    socket.tell("new", "tickPrice", reqId=1, tickType=1)
    socket.outbox.flush()
    assert socket.writes == []

    socket.outbox.unblock()

    assert socket.writes == [b"newotherend"]
    assert socket.outbox.waiting_bytes == 0


def test_events_are_never_conflated() -> None:
    """Two fills are two fills."""
    socket = Socket()
    socket.outbox.block()
    fields: Mapping[str, Value] = {"orderId": 1, "status": "Submitted"}
    socket.tell("x", "orderStatus", **fields)
    socket.tell("y", "orderStatus", **fields)

    socket.outbox.unblock()

    assert socket.writes == [b"xy"]


def test_values_take_no_more_room_however_long_the_client_sleeps() -> None:
    """Memory is bounded by the number of lines, not by time."""
    socket = Socket()
    socket.outbox.block()
    for number in range(10_000):
        socket.tell(f"{number:05}", "tickSize", reqId=number % 3, tickType=0)

    assert socket.outbox.waiting_bytes == 15


def test_a_client_that_leaves_too_many_events_unread_is_an_overflow() -> None:
    """It is dropped rather than fed from ever more memory."""
    socket = Socket()
    socket.outbox.block()
    chunk = "x" * (WAITING_BYTES_MAX // 4)
    for _ in range(4):
        socket.tell(chunk)

    with pytest.raises(Overflow, match="are waiting, expected the client to read"):
        socket.tell("y")


def test_after_unblocking_messages_pass_again() -> None:
    """Nothing is held back from a client that reads."""
    socket = Socket()
    socket.outbox.block()
    socket.outbox.unblock()
    socket.tell("a")
    socket.outbox.flush()

    assert socket.writes == [b"a"]
