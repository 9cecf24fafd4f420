"""Sockets to connections to the exchange and back: one market behind one listening socket."""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from .clock import Clock
from .connection import Answer, Closed, Connection, Dialects, Event, Requested, Started
from .exchange import ClientIdInUse, Reply
from .messages import Message
from .peer import Peer
from .replies import error, request_of
from .saver import Saved, Saver
from .state import StateFile

LIVE_PORTS: Final = frozenset({7496, 4001})
"""Where TWS and IB Gateway serve live accounts; nothing simulated may answer there."""

ADVANCE_SECONDS_MIN: Final = 0.001
"""Shortest pause between two advances of the market, so that writes come in batches."""

FAILURE_SECONDS: Final = 1.0
"""Pause after the market has failed, instead of failing in a tight loop."""

CLIENT_ID_IN_USE: Final = 326
"""Broker code of a startApi with an id that another connection has."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how many.

    Attributes:
        idle_exit_s: Seconds without a connection after which the server ends, None for never.
        handshake_s: Seconds from the connection to startApi; whoever is slower only holds a
            socket open.
        clients: Connections at a time; one more is closed at once.
    """

    idle_exit_s: float | None = None
    handshake_s: float = 10.0
    clients: int = 1024


class AddressRefused(ValueError):
    """The gateway does not listen there; the text is one line."""


class Market(Saved, Protocol):
    """What the server needs of an exchange."""

    def attach(
        self, client: int, client_id: int, version: int, now: datetime
    ) -> list[Reply]:
        """Admit a client."""
        ...

    def detach(self, client: int) -> None:
        """Forget a client."""
        ...

    def handle(self, client: int, message: Message, now: datetime) -> list[Reply]:
        """Answer a request."""
        ...

    def advance(self, now: datetime) -> list[Reply]:
        """Let time pass."""
        ...

    def next_due(self) -> datetime | None:
        """Return when to let time pass next."""
        ...


def check_address(host: str, port: int) -> str:
    """Return the loopback address that `host` means.

    Raises:
        AddressRefused: it is another one, or `port` belongs to live accounts.
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        is_loopback = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise AddressRefused(f"--host was {host}, expected 127.0.0.1, ::1 or localhost")
    if port in LIVE_PORTS:
        raise AddressRefused(
            f"--port was {port}, which programs take for a live account;"
            " expected 0, 7497, 4002 or another free port"
        )
    return address


class Server:
    """One exchange behind one listening socket.

    Attributes:
        port: Where it listens, 0 before `start`.
    """

    def __init__(
        self,
        exchange: Market,
        dialects: Dialects,
        clock: Clock,
        *,
        state: StateFile | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.port = 0
        self._exchange = exchange
        self._dialects = dialects
        self._clock = clock
        self._saver = Saver(exchange, state, clock)
        self._limits = limits or Limits()
        self._peers: dict[int, Peer] = {}
        self._touched: set[Peer] = set()
        self._last_key = 0
        self._ended = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._listener: asyncio.Server | None = None
        self._due: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen on a loopback address; port 0 takes a free one.

        Raises:
            AddressRefused: `host` or `port` is not for a simulated gateway.
            OSError: the port is in use.
        """
        address = check_address(host, port)
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._peer, address, port)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._wait_idle()

    def end(self) -> None:
        """Let `wait_ended` return."""
        self._ended.set()

    async def wait_ended(self) -> None:
        """Return after `end`, or when nobody has been connected for the idle time."""
        await self._ended.wait()

    async def close(self) -> None:
        """Close every socket and write the state a last time.

        Raises:
            OSError: the state could not be written.
        """
        self._ended.set()
        for timer in (self._due, self._idle):
            if timer is not None:
                timer.cancel()
        if self._listener is not None:
            self._listener.close()
        for peer in list(self._peers.values()):
            peer.finish("the gateway ends")
        await self._emptied.wait()
        await self._saver.close()

    def admit(self, peer: Peer) -> bool:
        """Take in a new connection; False when there are too many."""
        if len(self._peers) >= self._limits.clients:
            return False
        self._peers[peer.key] = peer
        self._emptied.clear()
        if self._idle is not None:
            self._idle.cancel()
        return True

    def dismiss(self, peer: Peer) -> None:
        """Forget a connection whose socket is gone."""
        del self._peers[peer.key]
        self._touched.discard(peer)
        _attempted("detach", lambda: self._exchange.detach(peer.key))
        self._settle()
        if not self._peers:
            self._emptied.set()
            self._wait_idle()

    def receive(self, peer: Peer, data: bytes) -> None:
        """Act on bytes of one client, then send what everybody is to be told of it."""
        for event in peer.connection.receive(data, self._clock.now()):
            self._act(peer, event)
        self._settle()

    def _peer(self) -> Peer:
        self._last_key += 1
        connection = Connection(self._dialects)
        return Peer(self._last_key, self, connection, self._limits.handshake_s)

    def _wait_idle(self) -> None:
        if self._limits.idle_exit_s is None or self._ended.is_set():
            return
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._limits.idle_exit_s, self.end)

    def _act(self, peer: Peer, event: Event) -> None:
        self._touched.add(peer)
        match event:
            case Answer(data):
                peer.answer(data)
            case Started(client_id):
                self._start_client(peer, client_id)
            case Requested(message):
                self._request(peer, message)
            case Closed(reason):
                peer.finish(reason)

    def _start_client(self, peer: Peer, client_id: int) -> None:
        now = self._clock.now()
        version = peer.connection.version
        peer.started()
        try:
            greeting = _attempted(
                "startApi",
                lambda: self._exchange.attach(peer.key, client_id, version, now),
            )
        except ClientIdInUse:
            text = (
                "Unable to connect as the client id is already in use."
                " Retry with a unique client id."
            )
            peer.send(error(-1, CLIENT_ID_IN_USE, text, now.timestamp()))
            peer.finish(f"client id {client_id} is in use")
            return
        if greeting is None:
            peer.fail("startApi", -1)
            peer.finish("startApi failed")
        else:
            self._deliver(greeting)

    def _request(self, peer: Peer, message: Message) -> None:
        now = self._clock.now()
        replies = _attempted(
            message.name, lambda: self._exchange.handle(peer.key, message, now)
        )
        if replies is None:
            peer.fail(message.name, request_of(message.fields))
        else:
            self._deliver(replies)

    def _deliver(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            peer = self._peers.get(reply.client)
            if peer is not None:
                peer.send(reply.message)
                self._touched.add(peer)

    def _settle(self, wait_s_min: float = ADVANCE_SECONDS_MIN) -> None:
        """Write what has gathered, save if there is a need, and set the market's next time."""
        for peer in self._touched:
            peer.flush()
        self._touched.clear()
        self._saver.ask()
        if self._due is not None:
            self._due.cancel()
            self._due = None
        due = None
        if not self._ended.is_set():
            due = _attempted("next_due", self._exchange.next_due)
        if due is not None:
            wait = (due - self._clock.now()).total_seconds()
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(max(wait_s_min, wait), self._advance)

    def _advance(self) -> None:
        now = self._clock.now()
        replies = _attempted("advance", lambda: self._exchange.advance(now))
        self._deliver(replies or ())
        self._settle(FAILURE_SECONDS if replies is None else ADVANCE_SECONDS_MIN)


def _attempted(what: str, call: Callable[[], _T]) -> _T | None:
    """Return what `call` returns; None when it fails, which is our fault and goes to the log.

    One request that the market cannot bear must not end it for everybody else.
    """
    try:
        return call()
    except ClientIdInUse:
        raise
    except Exception:  # noqa: BLE001  see above
        _log.exception("%s failed", what)
        return None
