r"""One client's conversation as a state table: bytes in, what they mean out. No I/O, no market.

HELLO ─"API\0"→ VERSIONS ─range→ STARTING ─startApi→ RUNNING; a fault ends in CLOSED.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Final

from edgerunner_lab.sim.protocol.codec import Codec
from edgerunner_lab.sim.protocol.layouts import VERSION_MAX, VERSION_MIN
from edgerunner_lab.sim.protocol.messages import Malformed, Message, UnknownRequest
from edgerunner_lab.sim.protocol.replies import error
from edgerunner_lab.sim.protocol.wire import HELLO, Inbox, WireError, frame, join

UNREADABLE: Final = 320
"""Broker code of a request that cannot be read."""

UNKNOWN_ID: Final = 505
"""Broker code of a message id that does not exist."""

ALREADY_CONNECTED: Final = 501
"""Broker code of a second startApi."""

HELLO_BYTES_MAX: Final = 1024
"""Longest version range with connect options; clients send under 30 bytes."""


class State(Enum):
    """How far the conversation has come."""

    HELLO = auto()
    VERSIONS = auto()
    STARTING = auto()
    RUNNING = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """These bytes go back to the client; `message` is what they say, None for the handshake."""

    data: bytes
    message: Message | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Started:
    """The client has sent startApi."""

    client_id: int


@dataclass(frozen=True, slots=True)
class Requested:
    """The client asks the exchange for something."""

    message: Message


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is to be closed once everything before has gone out."""

    reason: str


Event = Answer | Started | Requested | Closed


@dataclass(frozen=True, slots=True)
class Dialects:
    """What the gateway speaks.

    Attributes:
        version_max: Highest server version offered, at most 200.
    """

    requests: Codec
    replies: Codec
    version_max: int = VERSION_MAX


_RANGE: Final = re.compile(r"v([0-9]{1,9})(?:\.\.([0-9]{1,9}))?(?: (.*))?", re.DOTALL)


class Connection:
    """The protocol state of one socket.

    Attributes:
        version: Server version agreed on, 0 before.
        options: Connect options behind the client's version range, such as "+PACEAPI".
    """

    def __init__(self, dialects: Dialects) -> None:
        self.state = State.HELLO
        self.version = 0
        self.options = ""
        self._dialects = dialects
        self._inbox = Inbox()
        self._steps: Mapping[State, Callable[[bytes, datetime], Iterator[Event]]] = {
            State.HELLO: self._greeted,
            State.VERSIONS: self._offered,
            State.STARTING: self._asked,
            State.RUNNING: self._asked,
        }

    @property
    def is_closed(self) -> bool:
        """True when nothing more is read from the client."""
        return self.state is State.CLOSED

    def receive(self, data: bytes, now: datetime) -> Iterator[Event]:
        """Yield what `data` and the bytes before it mean; to be read to its end.

        After `close` nothing more comes, so a caller may stop in the middle.
        """
        if self.is_closed:
            return
        self._inbox.feed(data)
        while not self.is_closed:
            try:
                payload = self._next()
            except WireError as fault:
                yield self.close(str(fault))
                return
            if payload is None:
                return
            yield from self._steps[self.state](payload, now)

    def encode(self, message: Message) -> bytes:
        """Return the frame of `message`, empty when this client does not know it.

        Raises:
            TypeError: a value of `message` does not go onto the wire.
        """
        payload = self._dialects.replies.encode(self.version, message)
        return frame(payload) if payload else b""

    def close(self, reason: str) -> Closed:
        """End the conversation; bytes that follow are not read."""
        self.state = State.CLOSED
        return Closed(reason)

    def _next(self) -> bytes | None:
        if self.state is State.HELLO:
            return self._inbox.take(len(HELLO))
        return self._inbox.take_frame()

    def _greeted(self, hello: bytes, _: datetime) -> Iterator[Event]:
        if hello == HELLO:
            self.state = State.VERSIONS
        else:
            yield self.close(f"the first bytes were {hello!r}, expected {HELLO!r}")

    def _offered(self, payload: bytes, now: datetime) -> Iterator[Event]:
        text = payload[:HELLO_BYTES_MAX].decode("ascii", "replace").rstrip("\0")
        match = _RANGE.fullmatch(text)
        if match is None or len(payload) > HELLO_BYTES_MAX:
            yield self.close(f"the version range was {text[:60]!r}, expected v100..200")
            return
        lowest, highest = int(match[1]), int(match[2] or match[1])
        self.options = (match[3] or "").strip()
        if highest < VERSION_MIN:
            yield self.close(
                f"the client speaks {text[:60]!r}, expected {VERSION_MIN} or more"
            )
            return
        self.version = min(self._dialects.version_max, highest)
        self.state = State.STARTING
        stamp = now.strftime("%Y%m%d %H:%M:%S UTC")
        yield Answer(frame(join((str(self.version), stamp))))
        if lowest > self.version:
            # The answer comes first: it lets the client say that the gateway is too old for it.
            yield self.close(f"the client needs {lowest}, expected at most {self.version}")

    def _asked(self, payload: bytes, now: datetime) -> Iterator[Event]:
        try:
            message = self._dialects.requests.decode(self.version, payload)
        except UnknownRequest:
            yield self._error(UNKNOWN_ID, "Fatal Error: Unknown message id.", None, now)
        except Malformed as fault:
            text = f"Error reading request. {fault.reason}"
            yield self._error(UNREADABLE, text, fault.req_id, now)
        else:
            yield from self._understood(message, now)

    def _understood(self, message: Message, now: datetime) -> Iterator[Event]:
        starts = message.name == "startApi"
        if starts and self.state is State.STARTING:
            self.state = State.RUNNING
            client_id = message.fields["clientId"]
            yield Started(client_id if isinstance(client_id, int) else 0)
        elif starts:
            yield self._error(ALREADY_CONNECTED, "Already connected.", None, now)
        elif self.state is State.STARTING:
            text = f"Error reading request. {message.name} came before startApi."
            yield self._error(UNREADABLE, text, None, now)
        else:
            yield Requested(message)

    def _error(self, code: int, text: str, req_id: int | None, now: datetime) -> Answer:
        request = -1 if req_id is None else req_id
        message = error(request, code, text, now.timestamp())
        return Answer(self.encode(message), message)
