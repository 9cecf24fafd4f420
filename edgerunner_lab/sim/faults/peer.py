"""One client's socket: bytes to the server, frames back, and the limits on both."""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Final, Protocol

from edgerunner_lab.sim.faults.outbox import Outbox, Overflow
from edgerunner_lab.sim.process.owner import is_foreign
from edgerunner_lab.sim.protocol.connection import Connection
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import error, request_of

LINGER_SECONDS_MAX: Final = 5.0
"""How long a closed connection may take to read what was sent to it."""

SOCKET_BYTES_MAX: Final = 1 << 18
"""Unsent bytes from which on values are conflated, once in the system's buffer and once in ours.

Deeper buffers would only make what a slow client reads older.
"""

NO_LINGER: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of a socket that is reset instead of closed."""

FAILED: Final = 322
"""Broker code of a request that was read and could not be processed."""

_log = logging.getLogger(__name__)


class Host(Protocol):
    """What a socket needs of the server."""

    def admit(self, peer: "Peer") -> bool:
        """Take in a new connection; False when there are too many."""
        ...

    def welcome(self, peer: "Peer") -> bool:
        """Let faults act on a connection that was taken in; False when one refuses it."""
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
        client_id: What the client calls itself, None before startApi.
        mangle: What a fault does to a frame, given the message's name: what is left of it,
            and whether the connection ends with it.
        is_split: Every byte is written by itself.
    """

    def __init__(
        self, key: int, host: Host, connection: Connection, handshake_s: float
    ) -> None:
        self.key = key
        self.client_id: int | None = None
        self.mangle: Callable[[str, bytes], tuple[bytes, bool]] | None = None
        self.is_split = False
        self.connection = connection
        self._host = host
        self._handshake_s = handshake_s
        self._outbox = Outbox(self._write)
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_admitted = False
        self._is_full = False
        self._is_frozen = False
        self._bytes_left: int | None = None

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
        if not self._host.welcome(self):
            self.reset("a fault refuses it")
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
        self._is_full = True
        self._outbox.block()

    def resume_writing(self) -> None:
        """Let them go."""
        self._is_full = False
        if not self._is_frozen:
            self._outbox.unblock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the server that the socket is gone."""
        self.connection.close("the socket is gone" if exc is None else str(exc))
        self._stop_deadline()
        if self._is_admitted:
            self._host.dismiss(self)

    def started(self, client_id: int) -> None:
        """End the clock of the handshake."""
        self.client_id = client_id
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

    def send_frames(self, data: bytes) -> bool:
        """Queue frames of values; return False, and do nothing, where each must go by itself."""
        if self.mangle is not None or self.connection.is_closed:
            return False
        return self._outbox.add_frames(data)

    def fail(self, name: str, request: int) -> None:
        """Queue the broker's words for a fault of ours, which the client did not cause."""
        text = f"Error processing request. {name} failed inside the gateway."
        self.send(error(request, FAILED, text, 0))

    def answer(self, data: bytes, message: Message | None) -> None:
        """Queue bytes that are framed already."""
        self._queue(message or _HANDSHAKE, data)

    def flush(self) -> None:
        """Write what is queued, in one piece."""
        self._outbox.flush()

    def finish(self, reason: str) -> None:
        """Write what is queued and close; what the client does not read in time is lost."""
        _log.info("connection %d closed: %s", self.key, reason)
        self.connection.close(reason)
        self._stop_deadline()
        assert self._transport is not None
        if self._is_frozen:
            self._transport.abort()
            return
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

    def reset(self, reason: str) -> None:
        """Close at once, by a reset instead of a goodbye."""
        assert self._transport is not None
        end: socket.socket = self._transport.get_extra_info("socket")
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.abort(reason)

    def reset_after(self, count: int) -> None:
        """Let so many more bytes through, then reset the connection."""
        self._bytes_left = count
        if not count:
            self.reset("a fault resets it")

    def freeze(self) -> None:
        """Neither read nor write, as if the network in between had died."""
        assert self._transport is not None
        self._is_frozen = True
        self._outbox.flush()
        self._outbox.block()
        self._transport.pause_reading()

    def thaw(self) -> None:
        """Go on; what has waited goes through."""
        if not self._is_frozen or self._transport is None or self._transport.is_closing():
            return
        self._is_frozen = False
        self._transport.resume_reading()
        if not self._is_full:
            self._outbox.unblock()

    def _queue(self, message: Message, data: bytes) -> None:
        if not data or self.connection.is_closed:
            return
        if self.mangle is not None:
            data, is_last = self.mangle(message.name, data)
            if is_last:
                self._outbox.add(_HANDSHAKE, data)
                self.finish("a fault cuts it")
                return
        try:
            self._outbox.add(message, data)
        except Overflow as fault:
            _log.warning("connection %d dropped: %s", self.key, fault)
            self.abort(str(fault))

    def _write(self, data: bytes) -> None:
        # A client that is gone takes nothing more; its peer hears of it in the loop's next round.
        if self._transport is None or self._transport.is_closing():
            return
        if self._bytes_left is not None:
            data, is_last = data[: self._bytes_left], len(data) >= self._bytes_left
            self._bytes_left -= len(data)
            if is_last:
                self._transport.write(data)
                self.reset("a fault resets it")
                return
        for piece in (data,) if not self.is_split else _single_bytes(data):
            self._transport.write(piece)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


_HANDSHAKE: Final = Message("handshake", {})


def _single_bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]
