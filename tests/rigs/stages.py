"""A whole gateway in the test's own process: real sockets, a real market, and a clock that is stepped."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from edgerunner_lab.sim.exchange import Exchange, Hours
from edgerunner_lab.sim.faults.fault_script import script_faults
from edgerunner_lab.sim.faults.vocabulary import load_vocabulary
from edgerunner_lab.sim.listing.universe import load_universe
from edgerunner_lab.sim.process.clock import SteppedClock
from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.connection import Dialects
from edgerunner_lab.sim.protocol.messages import Malformed, Message
from edgerunner_lab.sim.protocol.wire import frame
from edgerunner_lab.sim.server.commands import Commands
from edgerunner_lab.sim.server.server import Limits, Server
from edgerunner_lab.sim.server.switchboard import Extras

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""Monday 12:00 in New York."""

DEADLINE = 10.0
SERVER_VERSION = 178
REQUESTS = load_requests()
REPLIES = load_replies()
VOCABULARY = load_vocabulary(may_pretend_live=True)

SPY: Mapping[str, Any] = {
    "c.symbol": "SPY",
    "c.secType": "STK",
    "c.exchange": "SMART",
    "c.currency": "USD",
}


class Ended(Exception):
    """The gateway has closed the connection."""


@dataclass
class RawClient:
    """A client that speaks in messages and keeps every byte that came back.

    It reads its socket itself: after a reset, asyncio's streams throw away what had arrived before.
    """

    socket: socket.socket
    raw: bytearray = field(default_factory=bytearray)
    _read: int = 0

    def hello(self, client_id: int = 1, options: str = "") -> None:
        """Send everything up to startApi in one piece."""
        start = REQUESTS.encode(
            SERVER_VERSION, Message("startApi", {"clientId": client_id})
        )
        versions = f"v157..{SERVER_VERSION}{options}".encode()
        self.socket.sendall(b"API\0" + frame(versions) + frame(start))

    def send(self, name: str, **fields: Any) -> None:
        """Send a request; `c_conId` stands for `c.conId`."""
        dotted = {
            key.replace("_", ".", 1) if key[:2] in ("c_", "o_", "f_") else key: value
            for key, value in fields.items()
        }
        self.socket.sendall(frame(REQUESTS.encode(SERVER_VERSION, Message(name, dotted))))

    def ask_time(self) -> None:
        """Send the request that is always answered at once."""
        self.send("reqCurrentTime")

    async def frame(self) -> bytes:
        """Return the next frame's payload.

        Raises:
            Ended: there is none.
        """
        async with asyncio.timeout(DEADLINE):
            head = await self._take(4)
            return await self._take(int.from_bytes(head))

    async def _take(self, count: int) -> bytes:
        """Return the next bytes; those of a broken frame stay in `raw`."""
        end = self._read + count
        loop = asyncio.get_running_loop()
        while len(self.raw) < end:
            try:
                data = await loop.sock_recv(self.socket, 1 << 16)
            except ConnectionError as error:
                raise Ended(str(error)) from None
            if not data:
                raise Ended
            self.raw += data
        taken = bytes(self.raw[self._read : end])
        self._read = end
        return taken

    async def message(self) -> Message:
        """Return the next message."""
        return REPLIES.decode(SERVER_VERSION, await self.frame())

    async def until(self, name: str, **fields: Any) -> list[Message]:
        """Return the messages up to and with the first of a name that has these fields."""
        found: list[Message] = []
        while True:
            with suppress(Malformed):
                found.append(await self.message())
                last = found[-1]
                if last.name == name and all(
                    last.fields.get(key) == value for key, value in fields.items()
                ):
                    return found

    async def answered(self) -> list[Message]:
        """Ask for the time and return what came before the answer."""
        self.ask_time()
        return (await self.until("currentTime"))[:-1]

    async def answered_raw(self) -> None:
        """Ask for the time and read up to the answer, whatever the frames between hold."""
        self.ask_time()
        while not (await self.frame()).startswith(b"49\0"):
            pass

    async def ended_raw(self) -> None:
        """Read what still comes until the connection ends."""
        with suppress(Ended):
            while True:
                await self.frame()

    async def ended(self) -> list[Message]:
        """Return what still comes until the connection ends."""
        found: list[Message] = []
        with suppress(Ended):
            while True:
                found.append(await self.message())
        return found

    def close(self) -> None:
        """Close it, whatever the gateway did."""
        self.socket.close()


@dataclass
class Stage:
    """A running gateway and its clients."""

    server: Server
    exchange: Exchange
    commands: Commands
    clients: list[RawClient] = field(default_factory=list[RawClient])

    async def connect(self) -> RawClient:
        """Open a socket."""
        end = socket.socket()
        end.setblocking(False)  # noqa: FBT003  the standard library's way
        loop = asyncio.get_running_loop()
        await loop.sock_connect(end, ("127.0.0.1", self.server.port))
        client = RawClient(end)
        self.clients.append(client)
        return client

    async def greeted(self, client_id: int = 1, options: str = "") -> RawClient:
        """Return a client behind its greeting."""
        client = await self.connect()
        client.hello(client_id, options)
        await client.frame()
        await client.until("errMsg", errorCode=2158)
        return client

    async def received(self, count: int) -> None:
        """Wait until so many requests have been read, startApi among them."""
        async with asyncio.timeout(DEADLINE):
            while self.server.board.received.count < count:  # noqa: ASYNC110  the gateway is in this loop
                await asyncio.sleep(0)

    async def step(self, seconds: float) -> None:
        """Let time pass."""
        async with asyncio.timeout(DEADLINE):
            await self.server.schedule.step(seconds)

    async def command(self, line: str) -> dict[str, Any]:
        """Return the answer to a command."""
        return await self.commands.answer(line.encode())


@asynccontextmanager
async def staged(script: str = "", *, seed: int = 7) -> AsyncGenerator[Stage]:
    """Run a gateway with a fault script, at noon, with a clock that stands still."""
    clock = SteppedClock(NOON)
    exchange = Exchange(
        load_universe(), seed=seed, cash=Decimal(100_000), hours=Hours.ALWAYS, now=NOON
    )
    extras = Extras(desk=exchange.desk, faults=script_faults(script, VOCABULARY), seed=seed)
    dialects = Dialects(REQUESTS, REPLIES)
    server = Server(exchange, dialects, clock, limits=Limits(), extras=extras)
    await server.start()
    commands = Commands(server, clock, exchange, VOCABULARY)
    stage = Stage(server, exchange, commands)
    try:
        yield stage
    finally:
        for client in stage.clients:
            client.close()
        async with asyncio.timeout(DEADLINE):
            await server.close()
