"""One client's socket: bytes to the server, frames back, and the limits on both."""

import asyncio
import logging
import socket
from typing import Final, Protocol

from .connection import Connection
from .messages import Message
from .outbox import Outbox, Overflow
from .owner import is_foreign
from .replies import error, request_of

LINGER_SECONDS_MAX: Final = 5.0
"""How long a closed connection may take to read what was sent to it."""

SOCKET_BYTES_MAX: Final = 1 << 18
"""Unsent bytes from which on values are conflated, once in the system's buffer and once in ours.

Deeper buffers would only make what a slow client reads older.
"""

FAILED: Final = 322
"""Broker code of a request that was read and could not be processed."""

_log = logging.getLogger(__name__)


class Host(Protocol):
    """What a socket needs of the server."""

    def admit(self, peer: "Peer") -> bool:
        """Take in a new connection; False when there are too many."""
        ...

    def dismiss(self, peer: "Peer") -> None:
        """Forget a connection whose socket is gone."""
        ...

    def receive(self, peer: "Peer", data: bytes) -> None:
        """Act on what the client has sent."""
        ...


class Peer(asyncio.Protocol):
    """The socket of one client.

    Attributes:
        key: The connection's number, never used twice; the exchange knows it by this.
    """

    def __init__(
        self, key: int, host: Host, connection: Connection, handshake_s: float
    ) -> None:
        self.key = key
        self.connection = connection
        self._host = host
        self._handshake_s = handshake_s
        self._outbox = Outbox(self._write)
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock of the handshake."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        accepted: socket.socket = transport.get_extra_info("socket")
        if is_foreign(accepted):
            self.abort("it belongs to another user of this machine")
            return
        self._is_admitted = self._host.admit(self)
        if not self._is_admitted:
            self.abort("there are too many connections")
            return
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES_MAX)
        transport.set_write_buffer_limits(high=SOCKET_BYTES_MAX)
        loop = asyncio.get_running_loop()
        reason = f"no startApi within {self._handshake_s:g} s"
        self._deadline = loop.call_later(self._handshake_s, self.abort, reason)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the server."""
        self._host.receive(self, data)

    def pause_writing(self) -> None:
        """Hold values back: the client reads more slowly than it is told."""
        self._outbox.block()

    def resume_writing(self) -> None:
        """Let them go."""
        self._outbox.unblock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the server that the socket is gone."""
        self.connection.close("the socket is gone" if exc is None else str(exc))
        self._stop_deadline()
        if self._is_admitted:
            self._host.dismiss(self)

    def started(self) -> None:
        """End the clock of the handshake."""
        self._stop_deadline()

    def send(self, message: Message) -> None:
        """Queue a message for the next `flush`."""
        try:
            data = self.connection.encode(message)
        except (TypeError, ValueError):
            # The exchange made something that cannot be written; its client must not wait for it.
            _log.exception("%s cannot be encoded", message.name)
            self.fail(message.name, request_of(message.fields))
        else:
            self._queue(message, data)

    def fail(self, name: str, request: int) -> None:
        """Queue the broker's words for a fault of ours, which the client did not cause."""
        text = f"Error processing request. {name} failed inside the gateway."
        self.send(error(request, FAILED, text, 0))

    def answer(self, data: bytes) -> None:
        """Queue bytes that are framed already."""
        self._queue(Message("answer", {}), data)

    def flush(self) -> None:
        """Write what is queued, in one piece."""
        self._outbox.flush()

    def finish(self, reason: str) -> None:
        """Write what is queued and close; what the client does not read in time is lost."""
        _log.info("connection %d closed: %s", self.key, reason)
        self.connection.close(reason)
        self._stop_deadline()
        assert self._transport is not None
        self._outbox.unblock()
        self._transport.close()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(LINGER_SECONDS_MAX, self._transport.abort)

    def abort(self, reason: str) -> None:
        """Close at once."""
        _log.info("connection %d dropped: %s", self.key, reason)
        self.connection.close(reason)
        assert self._transport is not None
        self._transport.abort()

    def _queue(self, message: Message, data: bytes) -> None:
        if not data or self.connection.is_closed:
            return
        try:
            self._outbox.add(message, data)
        except Overflow as fault:
            _log.warning("connection %d dropped: %s", self.key, fault)
            self.abort(str(fault))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
