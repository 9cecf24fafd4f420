"""What waits for a client that reads slowly: the latest of each value, every event, and a limit."""

from collections.abc import Callable, Mapping
from typing import Final

from edgerunner_lab.sim.protocol.messages import Message

WAITING_BYTES_MAX: Final = 16 << 20
"""A client that leaves more unread is dropped; TWS, too, cuts a client that does not read."""

BATCH_BYTES_MAX: Final = 1 << 16
"""Most that is gathered for one write; a longer answer shows in the middle whether it is read."""

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "tickPrice": ("reqId", "tickType"),
    "tickSize": ("reqId", "tickType"),
    "tickGeneric": ("reqId", "tickType"),
    "tickString": ("reqId", "tickType"),
    "tickOptionComputation": ("reqId", "tickType"),
    "historicalDataUpdate": ("reqId", "date"),
    "pnl": ("reqId",),
    "pnlSingle": ("reqId",),
}
"""Messages of which only the newest counts -> the fields that tell one value from another."""


class Overflow(Exception):
    """The client has left too much unread."""


class Outbox:
    """Frames on their way to one client.

    While the socket takes them they pass through.
    Once it is full, a newer value replaces the older one where it stood, so that what was sent
    after it (the end of a snapshot, say) still comes after it; everything else queues up.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._is_blocked = False
        self._waiting: dict[object, bytes] = {}
        self._waiting_bytes = 0
        self._batch: list[bytes] = []
        self._batch_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """How much is held back."""
        return self._waiting_bytes

    def add_frames(self, data: bytes) -> bool:
        """Send frames of values by the next `flush`; return False, and do nothing, while values are held back."""
        if self._is_blocked:
            return False
        self._batch.append(data)
        self._batch_bytes += len(data)
        if self._batch_bytes > BATCH_BYTES_MAX:
            self.flush()
        return True

    def add(self, message: Message, data: bytes) -> None:
        """Send `data`, the frame of `message`, by the next `flush`, or hold it back.

        Raises:
            Overflow: more than `WAITING_BYTES_MAX` would be held back.
        """
        if not self._is_blocked:
            self._batch.append(data)
            self._batch_bytes += len(data)
            if self._batch_bytes > BATCH_BYTES_MAX:
                self.flush()
            return
        names = _KEYS.get(message.name)
        if names is None:
            key: object = object()
        else:
            key = (message.name, *(message.fields.get(name) for name in names))
        self._waiting_bytes += len(data) - len(self._waiting.get(key, b""))
        self._waiting[key] = data
        if self._waiting_bytes > WAITING_BYTES_MAX:
            raise Overflow(
                f"{self._waiting_bytes} bytes are waiting, expected the client to read"
            )

    def flush(self) -> None:
        """Hand everything added since the last write to the socket, in one piece."""
        if self._batch:
            batch, self._batch = self._batch, []
            self._batch_bytes = 0
            self._write(b"".join(batch))

    def block(self) -> None:
        """Hold back from now on: the socket's buffer is full."""
        self._is_blocked = True

    def unblock(self) -> None:
        """Let everything out: the socket takes bytes again."""
        self._is_blocked = False
        waiting, self._waiting = self._waiting, {}
        self._waiting_bytes = 0
        self._batch.extend(waiting.values())
        self.flush()
