"""A gateway without sockets: bytes of several clients in, bytes out, at a time that the test owns."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache

from edgerunner_lab.sim.exchange import ClientIdInUse, Exchange, Hours, Reply
from edgerunner_lab.sim.listing.universe import load_universe
from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.connection import (
    Answer,
    Closed,
    Connection,
    Dialects,
    Requested,
    Started,
)
from edgerunner_lab.sim.protocol.wire import frame

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""Monday 12:00 in New York."""

HANDSHAKE = b"API\0"


@cache
def dialects(version_max: int = 200) -> Dialects:
    """Return the protocol up to a server version."""
    return Dialects(load_requests(), load_replies(), version_max)


@dataclass
class Line:
    """One client's end: what it has been sent and whether it was hung up on.

    Attributes:
        out: Every byte that has come back.
        closed: Why the gateway hung up; empty while it has not.
    """

    wires: "Wires"
    key: int
    connection: Connection
    out: bytearray = field(default_factory=bytearray)
    closed: str = ""

    def send(self, data: bytes) -> bytes:
        """Send bytes as they are; return what comes back to this client at once."""
        before = len(self.out)
        self.wires.receive(self, data)
        return bytes(self.out[before:])

    def start(self, client_id: int, version: int) -> None:
        """Shake hands and start the API, as clients do."""
        offer = f"v100..{version}".encode()
        self.send(HANDSHAKE + frame(offer))
        self.send(frame(f"71\0002\0{client_id}\0\0".encode()))


class Wires:
    """One exchange and its connections.

    Attributes:
        requests: How many requests have reached the exchange.
    """

    def __init__(self, *, cash: str = "100000", hours: Hours = Hours.ALWAYS) -> None:
        self.now = NOON
        self.requests = 0
        self.exchange = Exchange(
            load_universe(), seed=7, cash=Decimal(cash), hours=hours, now=NOON
        )
        self.lines: dict[int, Line] = {}

    def line(self, client_id: int, version: int = 178, *, version_max: int = 200) -> Line:
        """Connect a client."""
        key = len(self.lines) + 1
        self.lines[key] = Line(self, key, Connection(dialects(version_max)))
        self.lines[key].start(client_id, version)
        return self.lines[key]

    def wait(self, seconds: float) -> None:
        """Let time pass in quarter seconds."""
        for _ in range(int(seconds * 4)):
            self.now += timedelta(seconds=0.25)
            self.deliver(self.exchange.advance(self.now))

    def receive(self, line: Line, data: bytes) -> None:
        """Do what the server does with bytes of a client."""
        for event in line.connection.receive(data, self.now):
            match event:
                case Answer(data=answer):
                    line.out += answer
                case Started(client_id=client_id):
                    try:
                        replies = self.exchange.attach(
                            line.key, client_id, line.connection.version, self.now
                        )
                    except ClientIdInUse as taken:
                        line.closed = str(taken)
                        line.connection.close(line.closed)
                    else:
                        self.deliver(replies)
                case Requested(message=message):
                    self.requests += 1
                    self.deliver(self.exchange.handle(line.key, message, self.now))
                case Closed(reason=reason):
                    line.closed = reason
                    self.exchange.detach(line.key)

    def deliver(self, replies: list[Reply]) -> None:
        """Put replies into bytes for whom they are."""
        for reply in replies:
            line = self.lines[reply.client]
            if not line.closed:
                line.out += line.connection.encode(reply.message)
