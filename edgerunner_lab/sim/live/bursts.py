"""Ticks that many lines are told alike: written once, with each line's number put in between.

The four tick messages are the same bytes at every server version with a text protocol but for sizes that
are not whole; those are left to the codec. The codec's own layouts say what the bytes are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.live.ticks import Tick, message_of
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply
from edgerunner_lab.sim.protocol.values import WRITERS

_LEAD: Final = {
    "tickPrice": b"1\x006\x00",
    "tickSize": b"2\x006\x00",
    "tickGeneric": b"45\x006\x00",
    "tickString": b"46\x006\x00",
}
"""Message -> its first fields: the message's id and its version."""

_PREFIX_BYTES: Final = 4


class Ticks:
    """Ticks of one moment for any number of lines; not to be changed once it has been told."""

    __slots__ = ("_pieces", "ticks")

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self.ticks = ticks
        self._pieces: dict[int, list[bytes]] = {}

    def frames(self, request: bytes) -> bytes:
        """Return the frames for a line, one after the other; `request` is its number as text."""
        # Only the number's length changes what stands before and after it.
        pieces = self._pieces.get(len(request))
        if pieces is None:
            pieces = self._pieces[len(request)] = _cut(self.ticks, len(request))
        return request.join(pieces)

    def messages(self, request: int) -> Iterator[Message]:
        """Yield the same one by one."""
        return (message_of(request, tick) for tick in self.ticks)


@dataclass(frozen=True, slots=True, init=False)
class Burst(Reply):
    """Ticks for one line of one connection, not yet written out; `message` says nothing.

    Attributes:
        client: The connection's key.
        request: The line's number.
        ticks: What it is told.
    """

    request: int
    ticks: Ticks

    def __init__(self, client: int, request: int, ticks: Ticks) -> None:
        fix = object.__setattr__
        fix(self, "client", client)
        fix(self, "message", NAMELESS)
        fix(self, "request", request)
        fix(self, "ticks", ticks)

    def frames(self) -> bytes:
        """Return everything as it goes onto the socket."""
        return self.ticks.frames(b"%d" % self.request)

    def messages(self) -> Iterator[Message]:
        """Yield everything one by one."""
        return self.ticks.messages(self.request)


NAMELESS: Final = Message("ticks", {})
"""Stands where a reply has its message."""


def told(client: int, request: int, ticks: Ticks, *, is_bundled: bool) -> Iterator[Reply]:
    """Yield what a line is told, in one piece or message by message."""
    if is_bundled:
        yield Burst(client, request, ticks)
    else:
        for message in ticks.messages(request):
            yield Reply(client, message)


def _cut(ticks: Sequence[Tick], digits: int) -> list[bytes]:
    """Return the bytes between the places of the line's number; one more than there are ticks."""
    pieces: list[bytes] = []
    before = b""
    for name, kind, value, size, mask in ticks:
        text = WRITERS[type(value)](value)
        rest = (
            f"\0{kind}\0{text}\0{size}\0{mask}\0"
            if name == "tickPrice"
            else f"\0{kind}\0{text}\0"
        ).encode("ascii")
        lead = _LEAD[name]
        length = len(lead) + digits + len(rest)
        pieces.append(before + length.to_bytes(_PREFIX_BYTES) + lead)
        before = rest
    pieces.append(before)
    return pieces
