"""Ticks written once for many lines: the same bytes as the codec's, at every version."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.live.bursts import Burst, Ticks
from edgerunner_lab.sim.live.ticks import Tick
from edgerunner_lab.sim.protocol.codec import load_replies
from edgerunner_lab.sim.protocol.wire import frame

TICKS = (
    Tick("tickPrice", 1, Decimal("690.10"), 300, 1),
    Tick("tickSize", 0, 300),
    Tick("tickPrice", 2, Decimal(-1), 0, 1),
    Tick("tickString", 45, "1795453200"),
    Tick("tickGeneric", 49, 0),
    Tick("tickGeneric", 46, 3.0),
)
SPY = {"c_conId": 756733, "c_exchange": "SMART"}


@pytest.mark.parametrize("version", range(151, 201))
def test_frames_are_those_of_the_codec(version: int) -> None:
    """At every version, and whatever the length of the line's number."""
    codec = load_replies()
    ticks = Ticks(TICKS)

    for request in (0, 7, 12, -1, 2147483647):
        expected = b"".join(
            frame(codec.encode(version, message)) for message in ticks.messages(request)
        )
        assert ticks.frames(b"%d" % request) == expected


def test_nothing_is_no_bytes() -> None:
    """Without ticks there is no frame."""
    assert Ticks(()).frames(b"5") == b""


def test_a_bundling_market_tells_the_same_as_one_that_does_not(open_stage: Any) -> None:
    """Two exchanges of one seed say the same, one in pieces and the other message by message."""
    told: list[list[Any]] = []
    for is_bundling in (False, True):
        stage = open_stage()
        trader = stage.trader()
        trader.ask("reqMktData", reqId=3, genericTickList="233,293", **SPY)
        trader.ask("reqMktData", reqId=4, **SPY)
        stage.exchange.desk.is_bundling = is_bundling
        stage.now += timedelta(seconds=1)
        replies = stage.exchange.advance(stage.now)
        messages: list[Any] = []
        for reply in replies:
            burst = isinstance(reply, Burst)
            messages += reply.messages() if burst else [reply.message]
        told.append(messages)

    assert told[0] == told[1] != []
