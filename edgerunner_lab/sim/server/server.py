"""Sockets to connections to the exchange and back: one market behind one listening socket."""

import asyncio
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from edgerunner_lab.sim.faults.peer import Peer
from edgerunner_lab.sim.process.clock import Clock
from edgerunner_lab.sim.process.saver import Saver
from edgerunner_lab.sim.process.schedule import Entry, Schedule
from edgerunner_lab.sim.protocol.connection import Connection, Dialects
from edgerunner_lab.sim.server.switchboard import Extras, Switchboard
from edgerunner_lab.sim.venue import Market, attempted

LIVE_PORTS: Final = frozenset({7496, 4001})
"""Where TWS and IB Gateway serve live accounts; nothing simulated may answer there."""

ADVANCE_SECONDS_MIN: Final = 0.001
"""Shortest pause between two advances of the market, so that writes come in batches; real seconds."""

FAILURE_SECONDS: Final = 1.0
"""Pause after the market has failed, instead of failing in a tight loop; real seconds."""


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
        schedule: What happens when, in gateway time.
        board: The conversations, with the faults and the requests read so far.
    """

    def __init__(
        self,
        exchange: Market,
        dialects: Dialects,
        clock: Clock,
        *,
        limits: Limits | None = None,
        extras: Extras | None = None,
    ) -> None:
        extras = extras or Extras()
        self.port = 0
        self.schedule = Schedule(clock)
        self.board = Switchboard(exchange, clock, self.schedule, extras, self.settle)
        self._exchange = exchange
        self._dialects = dialects
        self._clock = clock
        self._saver = Saver(exchange, extras.state, clock)
        self._limits = limits or Limits()
        self._last_key = 0
        self._ended = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._listener: asyncio.Server | None = None
        self._due: Entry | None = None
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
        self.board.sabotage.start()
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
        if self._idle is not None:
            self._idle.cancel()
        self.schedule.close()
        if self._listener is not None:
            self._listener.close()
        for peer in self.board.peers():
            peer.finish("the gateway ends")
        await self._emptied.wait()
        self.board.close()
        await self._saver.close()

    def admit(self, peer: Peer) -> bool:
        """Take in a new connection; False when there are too many."""
        if len(self.board) >= self._limits.clients:
            return False
        self.board.add(peer)
        self._emptied.clear()
        if self._idle is not None:
            self._idle.cancel()
        return True

    def welcome(self, peer: Peer) -> bool:
        """Let faults act on a connection that was taken in; False when one refuses it."""
        return self.board.sabotage.connected(peer)

    def dismiss(self, peer: Peer) -> None:
        """Forget a connection whose socket is gone."""
        self.board.forget(peer)
        self.settle()
        if not len(self.board):
            self._emptied.set()
            self._wait_idle()

    def receive(self, peer: Peer, data: bytes) -> None:
        """Act on bytes of one client, then send what everybody is to be told of it."""
        for event in peer.connection.receive(data, self._clock.now()):
            self.board.act(peer, event)
        self.settle()

    def settle(self) -> None:
        """Write what has gathered, save if there is a need, and set the market's next time."""
        self._flush()
        self._wait(ADVANCE_SECONDS_MIN)

    def pull(self) -> None:
        """Let the market catch up with the clock, and tell what happened until now."""
        self._advance()

    def _peer(self) -> Peer:
        self._last_key += 1
        connection = Connection(self._dialects)
        return Peer(self._last_key, self, connection, self._limits.handshake_s)

    def _wait_idle(self) -> None:
        if self._limits.idle_exit_s is None or self._ended.is_set():
            return
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._limits.idle_exit_s, self.end)

    def _flush(self) -> None:
        self.board.flush()
        self._saver.ask()

    def _wait(self, wait_s_min: float) -> None:
        """Set the market's next time, at least so many real seconds from now."""
        due = None
        if not self._ended.is_set():
            due = attempted("next_due", self._exchange.next_due)
        if due is not None:
            pause = timedelta(seconds=wait_s_min * (self._clock.speed or 1.0))
            due = max(due, self._clock.now() + pause)
        if self._due is not None:
            if due is not None and self._due.call is not None and self._due.when == due:
                return
            self._due.cancel()
            self._due = None
        if due is not None:
            self._due = self.schedule.call_at(due, self._advance)

    def _advance(self) -> None:
        now = self._clock.now()
        replies = attempted("advance", lambda: self._exchange.advance(now))
        self.board.deliver(replies or ())
        self._flush()
        self._wait(FAILURE_SECONDS if replies is None else ADVANCE_SECONDS_MIN)
