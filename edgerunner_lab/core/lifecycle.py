"""Order states as a table: broker evidence in, state out.

The only judge of what an order is; ib_async's own `Trade.orderStatus` is never asked (RISK P1, P2).
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


class OrderState(enum.StrEnum):
    """Where an order stands, as far as evidence goes."""

    DRAFT = "draft"
    DENIED = "denied"
    RESERVED = "reserved"
    SENT = "sent"
    ACKED = "acknowledged"
    WORKING = "working"
    PARTIAL = "partly filled"
    PENDING_CANCEL = "cancel requested"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        """Whether the order may still trade; an unknown outcome counts as open."""
        return self not in _ENDED


_ENDED = frozenset(
    {
        OrderState.DENIED,
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
        OrderState.EXPIRED,
        OrderState.WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something that is known about an order; only what the broker said proves anything about the broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Evidence):
    """Its frame was given to the socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Evidence):
    """Its frame never reached the socket, and never will."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested(Evidence):
    """A cancel was given to the socket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt(Evidence):
    """Something happened that leaves the outcome open."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenReported(Evidence):
    """Broker: openOrder with this status."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported(Evidence):
    """Broker: orderStatus."""

    status: str
    filled: Decimal
    remaining: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed(Evidence):
    """Broker: executions that now add up to `cumulative` of `quantity`."""

    cumulative: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Evidence):
    """Broker: a code that means a new order definitely does not live."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelConfirmed(Evidence):
    """Broker: a code that means the order was live and now is not; its fills stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed(Evidence):
    """Broker: a code that changes nothing about the order."""

    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent(Evidence):
    """Broker: in two complete snapshots the order is nowhere.

    Attributes:
        was_seen: The broker had acknowledged it before; else it never arrived.
    """

    was_seen: bool


S = OrderState
_IN_DOUBT: Final = S.UNKNOWN

_OWN: Final[Mapping[type[Evidence], Mapping[OrderState, OrderState]]] = {
    Sent: {S.RESERVED: S.SENT},
    Withdrawn: {S.DRAFT: S.WITHDRAWN, S.RESERVED: S.WITHDRAWN},
    CancelRequested: dict.fromkeys(
        (S.SENT, S.ACKED, S.WORKING, S.PARTIAL), S.PENDING_CANCEL
    ),
    Doubt: dict.fromkeys(
        (S.RESERVED, S.SENT, S.ACKED, S.WORKING, S.PARTIAL, S.PENDING_CANCEL), S.UNKNOWN
    ),
}
"""What we know ourselves: state -> state; where a state is missing the evidence changes nothing."""

_VERDICTS: Final[Mapping[type[Evidence], OrderState]] = {
    Rejected: S.REJECTED,
    CancelConfirmed: S.CANCELLED,
}
"""Codes that end an order; fills that came before stay, and a filled order stays filled."""

_STATE_BY_STATUS: Final[Mapping[str, OrderState]] = {
    "ApiPending": S.ACKED,
    "PendingSubmit": S.ACKED,
    "PreSubmitted": S.WORKING,
    "Submitted": S.WORKING,
    # Inactive is blocked or held, and may become live again: it is no proof of death (RISK §4).
    "Inactive": S.ACKED,
    "PendingCancel": S.PENDING_CANCEL,
    "ApiCancelled": S.CANCELLED,
    "Cancelled": S.CANCELLED,
    "Filled": S.FILLED,
}
"""The broker's status -> ours; one that is not listed changes nothing."""

_RANK: Final[Mapping[OrderState, int]] = {
    S.DRAFT: 0,
    S.RESERVED: 1,
    S.SENT: 2,
    S.ACKED: 3,
    S.WORKING: 4,
    S.PARTIAL: 5,
    S.PENDING_CANCEL: 6,
}
"""A late or repeated message never takes an open order back to an earlier state."""


def next_state(state: OrderState, evidence: Evidence) -> OrderState:
    """Return where an order stands after `evidence`; total over all pairs.

    An execution outranks every end but a fill: a cancel and a fill may cross on the way (RISK F11).
    """
    match evidence:
        case Sent() | Withdrawn() | CancelRequested() | Doubt():
            following = _OWN[type(evidence)].get(state, state)
        case Executed(cumulative=cumulative, quantity=quantity):
            following = _executed(state, is_complete=cumulative >= quantity)
        case Rejected() | CancelConfirmed():
            following = _VERDICTS[type(evidence)] if state.is_open else state
        case StatusReported(status=status, filled=filled):
            following = _reported(state, status, has_fills=filled > 0)
        case OpenReported(status=status):
            following = _reported(state, status, has_fills=state is S.PARTIAL)
        case Absent(was_seen=was_seen) if state is S.UNKNOWN:
            following = S.EXPIRED if was_seen else S.WITHDRAWN
        case _:
            following = state
    return following


def _executed(state: OrderState, *, is_complete: bool) -> OrderState:
    if is_complete:
        return S.FILLED
    if state in (S.PENDING_CANCEL, S.CANCELLED, S.REJECTED, S.EXPIRED):
        # A part that filled does not bring a cancelled remainder back to life.
        return S.CANCELLED if state in (S.REJECTED, S.EXPIRED) else state
    return S.PARTIAL


def _reported(state: OrderState, status: str, *, has_fills: bool) -> OrderState:
    reported = _STATE_BY_STATUS.get(status)
    if reported is None or not state.is_open:
        return state
    if not reported.is_open:
        return reported
    if has_fills and reported is S.WORKING:
        reported = S.PARTIAL
    if state is _IN_DOUBT:
        return reported
    return reported if _RANK[reported] >= _RANK[state] else state
