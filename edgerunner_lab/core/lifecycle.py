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
class Reserved(Evidence):
    """Its intent is durable and its share of the limits is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(Evidence):
    """The guard refused it."""


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
    """Broker: a code that means a new order definitely does not live.

    Attributes:
        was_working: The broker had accepted the order before; the code may then refuse only a change of it.
    """

    code: int
    was_working: bool = False


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


class Sign(enum.Enum):
    """What evidence says, whichever message brought it."""

    NOTHING = enum.auto()
    RESERVED = enum.auto()
    DENIED = enum.auto()
    SENT = enum.auto()
    NEVER_SENT = enum.auto()
    CANCEL_SENT = enum.auto()
    DOUBT = enum.auto()
    ACKNOWLEDGED = enum.auto()
    WORKING = enum.auto()
    WORKING_IN_PART = enum.auto()
    CANCELLING = enum.auto()
    EXECUTED_IN_PART = enum.auto()
    FILLED = enum.auto()
    CANCELLED = enum.auto()
    REJECTED = enum.auto()
    GONE = enum.auto()
    NEVER_ARRIVED = enum.auto()


_SIGN_BY_STATUS: Final[Mapping[str, Sign]] = {
    "ApiPending": Sign.ACKNOWLEDGED,
    "PendingSubmit": Sign.ACKNOWLEDGED,
    "PreSubmitted": Sign.WORKING,
    "Submitted": Sign.WORKING,
    # Inactive is blocked or held, and may become live again: it is no proof of death (RISK §4).
    "Inactive": Sign.ACKNOWLEDGED,
    "PendingCancel": Sign.CANCELLING,
    "ApiCancelled": Sign.CANCELLED,
    "Cancelled": Sign.CANCELLED,
    "Filled": Sign.FILLED,
}
"""The broker's status -> what it says; one that is not listed says nothing."""

_S = OrderState

_ANY_REPORT: Final = {
    Sign.ACKNOWLEDGED: _S.ACKED,
    Sign.WORKING: _S.WORKING,
    Sign.WORKING_IN_PART: _S.PARTIAL,
    Sign.CANCELLING: _S.PENDING_CANCEL,
    Sign.FILLED: _S.FILLED,
    Sign.CANCELLED: _S.CANCELLED,
    Sign.REJECTED: _S.REJECTED,
}
"""The broker's word where ours is no better."""

_EARLY: Final = {
    **_ANY_REPORT,
    Sign.EXECUTED_IN_PART: _S.PARTIAL,
    Sign.DOUBT: _S.UNKNOWN,
}

_LATE: Final = {
    Sign.DOUBT: _S.UNKNOWN,
    Sign.CANCELLING: _S.PENDING_CANCEL,
    Sign.FILLED: _S.FILLED,
    Sign.CANCELLED: _S.CANCELLED,
    # What works was accepted once: this contradicts it, and the broker has to be asked.
    Sign.REJECTED: _S.UNKNOWN,
}
"""For orders that work: a report that is late or repeated never takes one back to an earlier state."""

TRANSITIONS: Final[Mapping[OrderState, Mapping[Sign, OrderState]]] = {
    _S.DRAFT: {
        Sign.RESERVED: _S.RESERVED,
        Sign.DENIED: _S.DENIED,
        Sign.NEVER_SENT: _S.WITHDRAWN,
    },
    _S.RESERVED: {**_EARLY, Sign.SENT: _S.SENT, Sign.NEVER_SENT: _S.WITHDRAWN},
    _S.SENT: {**_EARLY, Sign.CANCEL_SENT: _S.PENDING_CANCEL},
    _S.ACKED: {**_EARLY, Sign.CANCEL_SENT: _S.PENDING_CANCEL},
    _S.WORKING: {
        **_LATE,
        Sign.CANCEL_SENT: _S.PENDING_CANCEL,
        Sign.WORKING_IN_PART: _S.PARTIAL,
        Sign.EXECUTED_IN_PART: _S.PARTIAL,
    },
    _S.PARTIAL: {**_LATE, Sign.CANCEL_SENT: _S.PENDING_CANCEL},
    _S.PENDING_CANCEL: _LATE,
    # An execution proves what has filled, and nothing about the rest.
    _S.UNKNOWN: {
        **_ANY_REPORT,
        Sign.GONE: _S.EXPIRED,
        Sign.NEVER_ARRIVED: _S.WITHDRAWN,
    },
    _S.FILLED: {},
    # A cancel and a fill may cross on the way (RISK F11); a part that filled revives nothing.
    _S.CANCELLED: {Sign.FILLED: _S.FILLED},
    # An execution of what was rejected contradicts the rejection.
    _S.REJECTED: {Sign.FILLED: _S.FILLED, Sign.EXECUTED_IN_PART: _S.UNKNOWN},
    # These two rest on absence from two snapshots; an answer that was only slow (RISK F14) is worth more.
    _S.EXPIRED: _ANY_REPORT,
    _S.WITHDRAWN: {**_ANY_REPORT, Sign.EXECUTED_IN_PART: _S.UNKNOWN},
    _S.DENIED: {},
}
"""state -> what evidence says -> state; where a sign is missing it changes nothing."""

_SIGN_BY_KIND: Final[Mapping[type[Evidence], Sign]] = {
    Reserved: Sign.RESERVED,
    Denied: Sign.DENIED,
    Sent: Sign.SENT,
    Withdrawn: Sign.NEVER_SENT,
    CancelRequested: Sign.CANCEL_SENT,
    Doubt: Sign.DOUBT,
    CancelConfirmed: Sign.CANCELLED,
    Noticed: Sign.NOTHING,
}
"""Evidence that says the same whatever its details."""


def next_state(state: OrderState, evidence: Evidence) -> OrderState:
    """Return where an order stands after `evidence`; total over all pairs."""
    return TRANSITIONS[state].get(_sign(evidence), state)


def _sign(evidence: Evidence) -> Sign:
    match evidence:
        case Executed(cumulative=cumulative, quantity=quantity):
            return _sign_of_executions(cumulative, quantity)
        case StatusReported(status=status, filled=filled):
            said = _SIGN_BY_STATUS.get(status, Sign.NOTHING)
            is_in_part = said is Sign.WORKING and filled > 0
            return Sign.WORKING_IN_PART if is_in_part else said
        case OpenReported(status=status):
            return _SIGN_BY_STATUS.get(status, Sign.NOTHING)
        case Rejected(was_working=was_working):
            return Sign.DOUBT if was_working else Sign.REJECTED
        case Absent(was_seen=was_seen):
            return Sign.GONE if was_seen else Sign.NEVER_ARRIVED
        case _:
            return _SIGN_BY_KIND[type(evidence)]


def _sign_of_executions(cumulative: Decimal, quantity: Decimal) -> Sign:
    if cumulative <= 0:
        # A correction took all of it back.
        return Sign.NOTHING
    # A total of 0 is one that is not known yet.
    return Sign.FILLED if cumulative >= quantity > 0 else Sign.EXECUTED_IN_PART
