"""Outgoing bytes: an order frame without a permit never leaves.

The last check before the socket, and independent of everything above it: it reads the bytes themselves.
What it compares is fixed by position; PLACE_ORDER's first 35 fields are the same at server versions 145 to 200.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from edgerunner_lab.core.errors import FirewallBreach

PLACE_ORDER = 3
CANCEL_ORDER = 4
REQ_GLOBAL_CANCEL = 58
NEEDS_PERMIT = frozenset({PLACE_ORDER})
FORBIDDEN = frozenset({19, 21})
"""replaceFA and exerciseOptions can trade, and no road of ours carries them yet."""

HANDSHAKE = b"API\0"
LENGTH_BYTES = 4
"""Every frame begins with its length, big-endian."""

HEAD_FIELDS = 35
"""Fields 0 to 34 are compared one by one; what follows must be what an order without extras has there."""

PERMIT_SECONDS = 1.0
"""A frame that waited longer is withdrawn, never sent late (RISK G19)."""

_NUMERIC = frozenset({2, 6, 17, 19, 20})
"""Positions compared as numbers: conId, strike, totalQuantity, lmtPrice, auxPrice; `100` and `100.0` are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Leave for exactly one frame.

    Attributes:
        order_id: The API order id in the frame.
        head: The expected text of fields 0 to 34.
        tail: Position behind those, from 0 -> the number expected there; everything else is as in a plain order.
        expires_mono: Monotonic seconds after which the permit is void.
        generation: The connection it was given for; void on any other.
    """

    order_ref: str
    order_id: int
    head: tuple[str, ...]
    expires_mono: float
    generation: int
    tail: Mapping[int, Decimal] = field(default_factory=dict[int, Decimal])

    @property
    def digest(self) -> str:
        """SHA-256 over the expected head, for the journal."""
        extras = (f"{at}={value:f}" for at, value in sorted(self.tail.items()))
        return hashlib.sha256("\0".join((*self.head, *extras)).encode()).hexdigest()


class Firewall:
    """Holds the permits of one connection and judges every frame given to its socket."""

    def __init__(
        self, *, generation: int, may_trade: bool, neutral_tail: Sequence[str]
    ) -> None:
        """Make a firewall for one connection.

        Args:
            generation: Number of the connection; permits for another are void.
            may_trade: False on a live account that is not armed: then no permit helps.
            neutral_tail: Fields 35 and up of a plain order at this server version.
        """
        self._generation = generation
        self._may_trade = may_trade
        self._neutral_tail = tuple(neutral_tail)
        self._permit_by_order_id: dict[int, Permit] = {}

    def grant(self, permit: Permit) -> None:
        """Let the one frame of `permit` pass."""
        self._permit_by_order_id[permit.order_id] = permit

    def check(self, frame: bytes, now_mono: float) -> None:
        """Judge one length-prefixed frame and consume its permit.

        Raises:
            FirewallBreach: the frame can trade and has no valid permit; it must not be written.
        """
        message_id = _message_id(frame)
        if message_id in FORBIDDEN:
            raise FirewallBreach(
                message_id, "this kind of message is not sent by this version"
            )
        if message_id in NEEDS_PERMIT:
            self._check_order(frame, now_mono)

    def _check_order(self, frame: bytes, now_mono: float) -> None:
        fields = frame[4:].decode("utf-8", errors="replace").split("\0")[:-1]
        if not self._may_trade:
            raise FirewallBreach(PLACE_ORDER, "the account is live and not armed")
        if len(fields) < HEAD_FIELDS:
            raise FirewallBreach(PLACE_ORDER, f"it has {len(fields)} fields")
        order_id = int(fields[1]) if fields[1].isdigit() else -1
        permit = self._permit_by_order_id.pop(order_id, None)
        if permit is None:
            raise FirewallBreach(PLACE_ORDER, f"order id {order_id} has no permit")
        if permit.generation != self._generation:
            raise FirewallBreach(PLACE_ORDER, "its permit is of an earlier connection")
        if now_mono > permit.expires_mono:
            raise FirewallBreach(
                PLACE_ORDER, "its permit has expired, it was not sent late"
            )
        differing = [
            position
            for position, (found, expected) in enumerate(
                zip(fields, permit.head, strict=False)
            )
            if not _same(position, found, expected)
        ]
        if differing:
            raise FirewallBreach(
                PLACE_ORDER, f"fields {differing} are not what was approved"
            )
        if not self._is_tail(fields[HEAD_FIELDS:], permit):
            raise FirewallBreach(
                PLACE_ORDER, "it carries attributes that were not approved"
            )

    def _is_tail(self, found: Sequence[str], permit: Permit) -> bool:
        """Return whether a frame ends as a plain order does, but for the numbers that were approved."""
        if len(found) != len(self._neutral_tail):
            return False
        return all(
            _is_number(text, permit.tail[position])
            if position in permit.tail
            else text == expected
            for position, (text, expected) in enumerate(
                zip(found, self._neutral_tail, strict=True)
            )
        )


def _is_number(text: str, expected: Decimal) -> bool:
    try:
        return Decimal(text) == expected
    except InvalidOperation:
        return False


def check_unready(data: bytes) -> None:
    """Judge what is sent while a connection is being made, before it has a firewall: the handshake, and no order.

    Raises:
        FirewallBreach: it is no single frame, or it could trade.
    """
    if _is_hello(data):
        return
    message_id = _message_id(data)
    if message_id in NEEDS_PERMIT | FORBIDDEN:
        raise FirewallBreach(message_id, "the connection is not ready")


def _is_hello(data: bytes) -> bool:
    """Return whether these are the first bytes of a connection: `API`, and one frame with the versions."""
    rest = data.removeprefix(HANDSHAKE)
    return rest != data and _is_one_frame(rest) and rest[4:5] == b"v"


def _is_one_frame(data: bytes) -> bool:
    return len(data) >= LENGTH_BYTES and LENGTH_BYTES + int.from_bytes(
        data[:LENGTH_BYTES], "big"
    ) == len(data)


def _message_id(frame: bytes) -> int:
    """Return the id of a frame.

    Raises:
        FirewallBreach: it has none, or it is not exactly one: a second one behind it would be judged by the first,
            and a part of one by nothing at all.
    """
    if not _is_one_frame(frame):
        raise FirewallBreach(-1, "it is not one whole frame")
    end = frame.find(b"\0", 4)
    text = frame[4:end] if end > 0 else b""
    if not text.isdigit():
        raise FirewallBreach(-1, "it has no message id")
    return int(text)


def _same(position: int, found: str, expected: str) -> bool:
    if found == expected:
        return True
    if position not in _NUMERIC:
        return False
    try:
        return Decimal(found) == Decimal(expected)
    except InvalidOperation:
        return False
