"""The server over real loopback sockets, with a small market behind it."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner_lab.sim.exchange import ClientIdInUse, Reply
from edgerunner_lab.sim.process.clock import WallClock
from edgerunner_lab.sim.process.state import StateFile
from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.connection import Dialects
from edgerunner_lab.sim.protocol.messages import Message, Value
from edgerunner_lab.sim.protocol.wire import frame, join, split
from edgerunner_lab.sim.server.server import AddressRefused, Limits, Server, check_address
from edgerunner_lab.sim.server.switchboard import Extras

DEADLINE = 5.0
DIALECTS = Dialects(load_requests(), load_replies())


@dataclass
class SmallMarket:
    """A market that greets, tells the time, ticks on request, and fails on request.

    Attributes:
        ticking: Connections that are told a price at every advance.
    """

    dirty: bool = False
    client_ids: dict[int, int] = field(default_factory=dict[int, int])
    ticking: set[int] = field(default_factory=set[int])
    ticks: int = 0
    is_broken: bool = False
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def attach(
        self, client: int, client_id: int, version: int, now: datetime
    ) -> list[Reply]:
        """Greet."""
        del version, now
        if client_id in self.client_ids.values():
            raise ClientIdInUse(str(client_id))
        if client_id == 13:
            raise RuntimeError("unlucky")
        self.client_ids[client] = client_id
        accounts = Message("managedAccounts", {"accountsList": "DU1"})
        return [
            Reply(client, accounts),
            Reply(client, Message("nextValidId", {"orderId": 1})),
        ]

    def detach(self, client: int) -> None:
        """Forget."""
        self.client_ids.pop(client, None)
        self.ticking.discard(client)
        self.left.set()

    def handle(self, client: int, message: Message, now: datetime) -> list[Reply]:
        """Answer."""
        if message.name == "reqCurrentTime":
            return [Reply(client, Message("currentTime", {"time": int(now.timestamp())}))]
        if message.name == "reqMktData":
            self.ticking.add(client)
            return []
        if message.name == "reqIds":
            count = message.fields["numIds"]
            assert isinstance(count, int)
            return [Reply(client, tick(number)) for number in range(count)]
        if message.name == "reqScannerParameters":
            xml = Message("scannerParameters", {"xml": "x" * (1 << 20)})
            return [Reply(client, xml)] * 8
        if message.name == "reqPositions":
            self.dirty = True
            return [Reply(client, Message("positionEnd", {"unwritable": ()}))]
        if message.name == "reqPnL":
            return [Reply(client, Message("pnl", {"reqId": 7, "dailyPnL": ()}))]
        raise RuntimeError(message.name)

    def advance(self, now: datetime) -> list[Reply]:
        """Tick."""
        del now
        self.ticks += 1
        if self.is_broken and self.ticks == 1:
            raise RuntimeError("no market today")
        return [Reply(client, tick(self.ticks)) for client in self.ticking]

    def next_due(self) -> datetime | None:
        """Return now, if somebody wants ticks."""
        return WallClock().now() + timedelta(milliseconds=1) if self.ticking else None

    def snapshot(self) -> dict[str, Any]:
        """Return something to save."""
        return {"saved": True}


def tick(number: int) -> Message:
    """Return a price of one line."""
    fields: dict[str, Value] = {
        "reqId": 1,
        "tickType": 1,
        "price": Decimal(number),
        "size": 1,
    }
    return Message("tickPrice", fields)


@dataclass
class Client:
    """A raw client, which reads frame by frame."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *fields: str) -> None:
        """Send one request."""
        self.writer.write(frame(join(fields)))
        await self.writer.drain()

    async def frame(self) -> list[str]:
        """Return the fields of the next frame."""
        async with asyncio.timeout(DEADLINE):
            length = int.from_bytes(await self.reader.readexactly(4))
            return split(await self.reader.readexactly(length))

    async def ended(self) -> bytes:
        """Return what still comes until the server has closed the connection."""
        async with asyncio.timeout(DEADLINE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def close(self) -> None:
        """Close it, whatever the server did."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


class Rig:
    """A running server and its clients."""

    def __init__(self, server: Server, market: SmallMarket) -> None:
        self.server = server
        self.market = market
        self.clients: list[Client] = []

    async def connect(self, *, receive_bytes: int | None = None) -> Client:
        """Open a socket."""
        end = socket.socket()
        if receive_bytes is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        end.setblocking(False)  # noqa: FBT003  the standard library's way
        loop = asyncio.get_running_loop()
        await loop.sock_connect(end, ("127.0.0.1", self.server.port))
        limit = 1 << 16 if receive_bytes is None else receive_bytes
        client = Client(*await asyncio.open_connection(sock=end, limit=limit))
        self.clients.append(client)
        return client

    async def started(
        self, client_id: int = 1, *, receive_bytes: int | None = None
    ) -> Client:
        """Open a socket and speak up to the greeting."""
        client = await self.connect(receive_bytes=receive_bytes)
        client.writer.write(b"API\0" + frame(b"v157..178"))
        await client.send("71", "2", str(client_id), "")
        assert (await client.frame())[0] == "178"
        return client


@asynccontextmanager
async def running(
    limits: Limits | None = None, state: StateFile | None = None
) -> AsyncGenerator[Rig]:
    """Run a server and end it with all its clients."""
    market = SmallMarket()
    server = Server(
        market, DIALECTS, WallClock(), limits=limits, extras=Extras(state=state)
    )
    await server.start()
    rig = Rig(server, market)
    try:
        yield rig
    finally:
        for client in rig.clients:
            await client.close()
        async with asyncio.timeout(DEADLINE):
            await server.close()


async def greeted(rig: Rig, client_id: int = 1, **options: Any) -> Client:
    """Return a client behind its greeting."""
    client = await rig.started(client_id, **options)
    assert await client.frame() == ["15", "1", "DU1"]
    assert await client.frame() == ["9", "1", "1"]
    return client


async def gone(rig: Rig) -> None:
    """Wait until the market has been told that a client is gone."""
    async with asyncio.timeout(DEADLINE):
        await rig.market.left.wait()


async def test_a_client_is_greeted_and_answered() -> None:
    """Version, accounts, next order id, and then its requests."""
    async with running() as rig:
        client = await greeted(rig)
        await client.send("49", "1")

        assert (await client.frame())[:2] == ["49", "1"]


async def test_a_second_client_with_the_same_id_gets_326_and_is_closed() -> None:
    """The first one is not disturbed."""
    async with running() as rig:
        first = await greeted(rig)
        second = await rig.started()

        assert (await second.frame())[:4] == ["4", "2", "-1", "326"]
        assert await second.ended() == b""
        await first.send("49", "1")
        assert (await first.frame())[0] == "49"


async def test_a_request_that_fails_inside_is_answered_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The client does not wait in vain, and its connection goes on."""
    async with running() as rig:
        client = await greeted(rig)
        await client.send("91", "26")
        assert (await client.frame())[:4] == ["4", "2", "-1", "322"]
        await client.send("2", "2", "7")
        assert (await client.frame())[:4] == ["4", "2", "7", "322"]
        await client.send("49", "1")

        assert (await client.frame())[0] == "49"
    assert "reqMarketRule failed" in caplog.text
    assert "Traceback" in caplog.text


async def test_a_start_that_fails_inside_is_answered_and_closed() -> None:
    """As far as a client can tell what happened to it."""
    async with running() as rig:
        client = await rig.started(13)

        assert (await client.frame())[3] == "322"
        assert await client.ended() == b""


async def test_a_reply_that_cannot_be_written_is_answered_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Under the request's own id."""
    async with running() as rig:
        client = await greeted(rig)
        await client.send("92", "7", "DU1", "")

        assert (await client.frame())[:4] == ["4", "2", "7", "322"]
    assert "pnl cannot be encoded" in caplog.text


async def test_ticks_arrive_while_the_client_is_silent() -> None:
    """The market has its own time."""
    async with running() as rig:
        client = await greeted(rig)
        rig.market.ticking.add(1)
        await client.send("49", "1")
        frames = [await client.frame() for _ in range(5)]

        assert [fields[0] for fields in frames] == ["49", "1", "1", "1", "1"]
        assert [fields[4] for fields in frames[1:]] == ["1", "2", "3", "4"]


async def test_a_market_that_fails_once_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next advance is tried after a pause."""
    async with running() as rig:
        client = await greeted(rig)
        rig.market.is_broken = True
        rig.market.ticking.add(1)
        await client.send("49", "1")

        assert (await client.frame())[0] == "49"
        assert (await client.frame())[4] == "2"
    assert "advance failed" in caplog.text


async def test_a_slow_client_gets_the_newest_values_from_bounded_memory() -> None:
    """Ticks that a client does not read in time cost it the old ones, not us the memory."""
    async with running() as rig:
        client = await greeted(rig, receive_bytes=4096)
        other = await greeted(rig, 2)
        for _ in range(100):
            client.writer.write(frame(join(["8", "1", "1000"])))
        await client.send("49", "1")
        # The loop answers in turn: after this, the first client's requests have been handled.
        await other.send("49", "1")
        assert (await other.frame())[0] == "49"
        prices: list[str] = []
        while (fields := await client.frame())[0] != "49":
            prices.append(fields[4])

        # What was conflated kept its place before the time, with the newest price.
        assert prices[-1] == "999"
        assert len(prices) < 100 * 1000 / 2


async def test_a_client_that_never_reads_its_answers_is_dropped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Answers cannot be conflated; the others are not disturbed."""
    async with running() as rig:
        client = await greeted(rig, receive_bytes=4096)
        other = await greeted(rig, 2)
        for _ in range(4):
            client.writer.write(frame(join(["24", "1"])))
        await gone(rig)
        await other.send("49", "1")

        assert (await other.frame())[0] == "49"
    assert "dropped" in caplog.text


async def test_a_frame_that_is_too_long_closes_its_connection_only() -> None:
    """And what came before it is still answered."""
    async with running() as rig:
        client, other = await greeted(rig), await greeted(rig, 2)
        client.writer.write(frame(join(["49", "1"])) + b"\xff\xff\xff\xff" + b"x" * 1000)

        assert (await client.frame())[0] == "49"
        assert await client.ended() == b""
        await other.send("49", "1")
        assert (await other.frame())[0] == "49"


async def test_a_socket_that_says_nothing_is_dropped() -> None:
    """It must not hold a place for ever."""
    async with running(Limits(handshake_s=0.02)) as rig:
        client = await rig.connect()

        assert await client.ended() == b""


async def test_one_connection_too_many_is_closed() -> None:
    """The limit has a name."""
    async with running(Limits(clients=1)) as rig:
        first = await greeted(rig)
        second = await rig.connect()
        assert await second.ended() == b""
        await first.send("49", "1")

        assert (await first.frame())[0] == "49"


async def test_a_client_that_vanishes_is_forgotten_and_its_id_is_free() -> None:
    """By a reset as well as by a goodbye."""
    async with running() as rig:
        client = await greeted(rig)
        client.writer.transport.abort()
        await gone(rig)

        await greeted(rig)


async def test_it_ends_when_nobody_has_been_connected_for_the_idle_time() -> None:
    """Counted from the start and from the last goodbye."""
    async with running(Limits(idle_exit_s=0.02)) as rig:
        await asyncio.wait_for(rig.server.wait_ended(), DEADLINE)

    async with running(Limits(idle_exit_s=0.5)) as rig:
        client = await greeted(rig)
        timer = rig.server._idle  # pyright: ignore[reportPrivateUsage]  the test looks inside
        assert timer is not None
        assert timer.cancelled()
        await client.close()

        await asyncio.wait_for(rig.server.wait_ended(), DEADLINE)


async def test_closing_says_goodbye_and_saves(tmp_path: Path) -> None:
    """The clients see the end of the stream, and the state is on disk."""
    file = StateFile(tmp_path)
    async with running(state=file) as rig:
        client = await greeted(rig)
        await client.send("61", "1")
        assert await client.frame() == ["62", "1"]
        rig.market.dirty = True
        await rig.server.close()

        assert await client.ended() == b""
    assert file.load() == {"saved": True}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])  # noqa: S104  what must be refused
def test_only_loopback_addresses_are_accepted(host: str) -> None:
    """A simulated gateway is not a service for the network."""
    with pytest.raises(AddressRefused, match=r"expected 127\.0\.0\.1, ::1 or localhost"):
        check_address(host, 0)


@pytest.mark.parametrize("port", [7496, 4001])
def test_ports_of_live_accounts_are_refused(port: int) -> None:
    """No program may take it for one."""
    with pytest.raises(AddressRefused, match="which programs take for a live account"):
        check_address("127.0.0.1", port)


def test_localhost_is_the_loopback_address() -> None:
    """Without asking a name server."""
    assert check_address("localhost", 7497) == "127.0.0.1"
    assert check_address("::1", 0) == "::1"


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=10), st.booleans())
def test_garbage_ends_no_server(chunks: list[bytes], is_greeted: bool) -> None:  # noqa: FBT001  hypothesis draws it
    """Random bytes before and after the greeting; a proper client is served afterwards."""

    async def attack() -> None:
        async with running() as rig:
            client = await greeted(rig) if is_greeted else await rig.connect()
            for chunk in chunks:
                client.writer.write(frame(chunk) if is_greeted else chunk)
            client.writer.write_eof()
            await client.ended()
            other = await greeted(rig, 2)
            await other.send("49", "1")
            assert (await other.frame())[0] == "49"

    asyncio.run(attack())


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 90), max_size=20), st.sampled_from(["", " +PACEAPI", " x=1"])
)
def test_any_cut_of_the_stream_is_the_same_conversation(
    cuts: list[int], options: str
) -> None:
    """Hello, version range, connect options, startApi and a request, in one segment or in many."""
    hello = b"API\0" + frame(f"v157..178{options}".encode())
    stream = hello + frame(join(["71", "2", "1", ""])) + frame(join(["49", "1"]))

    async def converse() -> list[str]:
        async with running() as rig:
            client = await rig.connect()
            start = 0
            for cut in cuts:
                client.writer.write(stream[start : start + cut])
                await client.writer.drain()
                await asyncio.sleep(0)
                start += cut
            client.writer.write(stream[start:])
            return [(await client.frame())[0] for _ in range(4)]

    assert asyncio.run(converse()) == ["178", "15", "9", "49"]
