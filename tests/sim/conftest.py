"""A market without sockets: one exchange, a hand on its clock, and clients that speak in messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Exchange, Hours, Reply
from edgerunner_lab.sim.listing.universe import Universe, load_universe
from edgerunner_lab.sim.protocol.messages import Message

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""Monday 12:00 in New York."""


@dataclass
class Trader:
    """One client of an exchange; every answer is kept."""

    stage: "Stage"
    key: int
    client_id: int
    heard: list[Message] = field(default_factory=list[Message])

    def ask(self, name: str, **fields: Any) -> list[Message]:
        """Send a request (`c_conId` stands for `c.conId`) and return what comes back at once."""
        dotted = {
            key.replace("_", ".", 1) if key[:2] in ("c_", "o_", "f_") else key: value
            for key, value in fields.items()
        }
        before = len(self.heard)
        replies = self.stage.exchange.handle(
            self.key, Message(name, dotted), self.stage.now
        )
        self.stage.deliver(replies)
        return self.heard[before:]

    def place(
        self, order_id: int, action: str, size: int | str, **fields: Any
    ) -> list[Message]:
        """Place an order of SPY, a market order unless the fields say otherwise."""
        terms: dict[str, Any] = {
            "c_conId": 756733,
            "c_exchange": "SMART",
            "o_action": action,
            "o_totalQuantity": Decimal(size),
            "o_orderType": "MKT",
            "o_tif": "DAY",
            "o_transmit": True,
        }
        return self.ask("placeOrder", **{"orderId": order_id, **terms, **fields})

    def wait(self, seconds: float) -> list[Message]:
        """Let time pass in quarter seconds and return what is heard."""
        before = len(self.heard)
        self.stage.wait(seconds)
        return self.heard[before:]


@dataclass
class Stage:
    """The exchange, its clock and its clients."""

    exchange: Exchange
    now: datetime
    traders: dict[int, Trader] = field(default_factory=dict[int, Trader])

    def trader(self, client_id: int = 1, version: int = 178) -> Trader:
        """Connect a client."""
        key = 100 + len(self.traders)
        self.traders[key] = Trader(self, key, client_id)
        self.deliver(self.exchange.attach(key, client_id, version, self.now))
        return self.traders[key]

    def wait(self, seconds: float) -> None:
        """Let time pass in quarter seconds."""
        for _ in range(int(seconds * 4)):
            self.now += timedelta(seconds=0.25)
            self.deliver(self.exchange.advance(self.now))

    def deliver(self, replies: list[Reply]) -> None:
        """Hand replies to their clients."""
        for reply in replies:
            self.traders[reply.client].heard.append(reply.message)


@pytest.fixture(scope="session")
def universe() -> Universe:
    """Return the built-in instruments."""
    return load_universe()


@pytest.fixture
def open_stage(universe: Universe) -> Callable[..., Stage]:
    """Return a maker of stages."""

    def make(
        *, hours: Hours = Hours.ALWAYS, now: datetime = NOON, cash: str = "100000"
    ) -> Stage:
        exchange = Exchange(universe, seed=7, cash=Decimal(cash), hours=hours, now=now)
        return Stage(exchange, now)

    return make


@pytest.fixture
def trader(open_stage: Callable[..., Stage]) -> Trader:
    """Return client 1 of a market that never closes, on a Monday at noon."""
    return open_stage().trader()


@pytest.fixture
def told() -> Callable[[list[Message]], list[str]]:
    """Return a shortener of conversations: names, statuses and error codes."""

    def short(messages: list[Message]) -> list[str]:
        return [_word(message.name, message.fields) for message in messages]

    return short


def _word(name: str, fields: Mapping[str, Any]) -> str:
    words = {
        "openOrder": lambda: f"open {fields['s.status']}",
        "orderStatus": lambda: (
            f"{fields['status']} {fields['filled']:f}/{fields['remaining']:f}"
        ),
        "errMsg": lambda: f"error {fields['errorCode']}",
    }
    return words[name]() if name in words else name
