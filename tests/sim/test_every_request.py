"""Every request of every version ends in an answer, or is one that the broker does not answer either."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from edgerunner_lab.sim.protocol.codec import load_requests
from edgerunner_lab.sim.protocol.layouts import Table, load_table
from edgerunner_lab.sim.protocol.messages import Malformed, Message

VERSIONS: Final = (151, 157, 163, 166, 170, 176, 178, 187, 193, 200)

UNANSWERED: Final = frozenset(
    {
        # Settings and unsubscriptions, which the broker takes without a word.
        "cancelAccountSummary",
        "cancelAccountUpdatesMulti",
        "cancelCalculateImpliedVolatility",
        "cancelCalculateOptionPrice",
        "cancelFundamentalData",
        "cancelHeadTimeStamp",
        "cancelHistogramData",
        "cancelNewsBulletins",
        "cancelPnL",
        "cancelPnLSingle",
        "cancelPositions",
        "cancelPositionsMulti",
        "cancelWshEventData",
        "cancelWshMetaData",
        "reqAccountUpdates",
        "reqAutoOpenOrders",
        "reqGlobalCancel",
        "reqNewsBulletins",
        "setServerLogLevel",
        "startApi",
        "unsubscribeFromGroupEvents",
    }
)


@pytest.mark.parametrize("version", VERSIONS)
def test_no_request_is_left_without_an_answer(
    open_stage: Callable[..., Any], version: int
) -> None:
    """With nothing filled in, each is answered or refused, and none ends the exchange."""
    codec = load_requests()
    stage = open_stage()
    trader = stage.trader(version=version)
    unanswered: set[str] = set()
    for layout in Table(load_table("requests")).at(version):
        try:
            payload = codec.encode(version, Message(layout.name, {}))
            request = codec.decode(version, payload)
        except Malformed:
            # The connection refuses what cannot be read (test_connection.py).
            continue
        before = len(trader.heard)
        stage.deliver(stage.exchange.handle(trader.key, request, stage.now))
        if len(trader.heard) == before:
            unanswered.add(layout.name)

    assert unanswered <= UNANSWERED


def test_nothing_is_answered_as_unserved(open_stage: Callable[..., Any]) -> None:
    """Every request has a handler, or a refusal in the broker's own words."""
    trader = open_stage().trader()
    unserved = [
        layout.name
        for layout in Table(load_table("requests")).at(200)
        for message in trader.ask(layout.name)
        if "is not served" in str(message.fields.get("errorString", ""))
    ]

    assert unserved == []
