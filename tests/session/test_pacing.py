"""The outgoing token bucket: 40 a second, cancels first."""

from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.session.pacing import CANCEL_RESERVE, MESSAGES_PER_SECOND, PacedSender

DATA, ORDER, CANCEL = "1\0data\0", "3\0007\0order\0", "4\0001\0007\0"


class Timeline:
    """A clock that jumps from one timer to the next, and a socket that writes down what it gets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.written: list[tuple[float, str]] = []
        self.timers: list[tuple[float, object]] = []
        self.sender = PacedSender(
            write=self.write, call_at=self.call_at, now=lambda: self.now
        )

    def write(self, message: str) -> None:
        """Be the socket."""
        self.written.append((self.now, message))

    def call_at(self, when: float, callback: object) -> None:
        """Be the loop."""
        self.timers.append((when, callback))

    def run(self) -> None:
        """Let time pass until nothing waits."""
        while self.timers:
            self.timers.sort(key=lambda timer: timer[0])
            when, callback = self.timers.pop(0)
            self.now = max(self.now, when)
            callback()  # type: ignore[operator]


def test_a_cancel_overtakes_four_hundred_waiting_data_requests() -> None:
    """A burst of data never delays the first cancels (RISK I9)."""
    timeline = Timeline()
    for _ in range(400):
        timeline.sender.send(DATA)
    for _ in range(CANCEL_RESERVE):
        timeline.sender.send(CANCEL)

    assert [message for when, message in timeline.written if when == 0].count(
        CANCEL
    ) == CANCEL_RESERVE


@given(st.lists(st.sampled_from([DATA, ORDER, CANCEL]), max_size=60))
def test_so_many_orders_leave_at_once_as_there_is_room_for(before: list[str]) -> None:
    """A basket asks first, and then none of it waits."""
    timeline = Timeline()
    for message in before:
        timeline.sender.send(message)
    room, written = timeline.sender.room, len(timeline.written)
    for _ in range(room + 1):
        timeline.sender.send(ORDER)

    left_at_once = [message for _, message in timeline.written[written:]]
    assert left_at_once.count(ORDER) == room


def test_orders_overtake_data_and_cancels_overtake_orders() -> None:
    """What can lose money waits least."""
    timeline = Timeline()
    for message in [DATA] * 100 + [ORDER] * 3 + [CANCEL] * (CANCEL_RESERVE + 2):
        timeline.sender.send(message)
    timeline.run()

    later = [message for when, message in timeline.written if when > 0]
    assert later[:2] == [CANCEL, CANCEL]
    assert later[2:5] == [ORDER] * 3


@given(st.lists(st.sampled_from([DATA, ORDER, CANCEL]), max_size=150))
def test_no_second_holds_more_than_forty_messages_and_none_is_lost(
    messages: list[str],
) -> None:
    """Whatever is asked for, the broker's limit is kept and everything goes out in the end."""
    timeline = Timeline()
    for message in messages:
        timeline.sender.send(message)
    timeline.run()

    times = [when for when, _ in timeline.written]
    assert sorted(message for _, message in timeline.written) == sorted(messages)
    for when in times:
        assert sum(when <= other < when + 1 for other in times) <= MESSAGES_PER_SECOND


def test_dropped_orders_never_reach_the_socket() -> None:
    """A halt takes back what has not been sent."""
    timeline = Timeline()
    for message in [DATA] * 50 + [ORDER] * 2:
        timeline.sender.send(message)
    dropped = timeline.sender.drop_orders()
    timeline.run()

    assert dropped == [ORDER, ORDER]
    assert ORDER not in [message for _, message in timeline.written]


def test_a_new_connection_starts_with_an_empty_queue() -> None:
    """What waited for the old socket is not sent to the new one."""
    timeline = Timeline()
    for _ in range(100):
        timeline.sender.send(DATA)
    timeline.sender.clear()
    timeline.run()

    assert timeline.sender.queued == 0
    assert len(timeline.written) == MESSAGES_PER_SECOND - CANCEL_RESERVE


def test_an_order_that_waits_can_be_taken_back_once() -> None:
    """A cancel must not overtake the order it cancels."""
    timeline = Timeline()
    for message in [DATA] * 50 + [ORDER]:
        timeline.sender.send(message)

    assert timeline.sender.take_back(7)
    assert not timeline.sender.take_back(7)
    timeline.run()
    assert ORDER not in [message for _, message in timeline.written]


def test_a_heartbeat_does_not_wait_behind_data() -> None:
    """Else a burst of requests would declare a healthy line dead."""
    timeline = Timeline()
    for _ in range(400):
        timeline.sender.send(DATA)
    timeline.sender.send("49\0001\0")

    assert timeline.written[-1] == (0.0, "49\0001\0")
