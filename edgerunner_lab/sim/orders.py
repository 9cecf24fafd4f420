"""Orders and executions: what they ask for and the states they pass through."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from .book import ZERO, Side


class Status(enum.StrEnum):
    """Order states as the broker spells them; HELD never leaves the gateway (transmit was off)."""

    HELD = "ApiPending"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.HELD: frozenset({Status.PRE_SUBMITTED, Status.INACTIVE, Status.CANCELLED}),
    Status.PRE_SUBMITTED: frozenset(
        {Status.SUBMITTED, Status.FILLED, Status.CANCELLED, Status.INACTIVE}
    ),
    Status.SUBMITTED: frozenset({Status.PRE_SUBMITTED, Status.FILLED, Status.CANCELLED}),
    Status.FILLED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.INACTIVE: frozenset(),
}
"""state -> states that may follow; an order goes back to PreSubmitted when a change turns it into a stop."""


class OrderType(enum.StrEnum):
    """Order types the gateway works, as clients spell them."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"

    @property
    def has_limit(self) -> bool:
        """True when it needs a limit price."""
        return self in (OrderType.LIMIT, OrderType.STOP_LIMIT)

    @property
    def has_stop(self) -> bool:
        """True when it sleeps until its stop price trades."""
        return self in (OrderType.STOP, OrderType.STOP_LIMIT)


class Tif(enum.StrEnum):
    """How long an order works."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"

    @property
    def is_immediate(self) -> bool:
        """True when nothing of it may rest."""
        return self in (Tif.IOC, Tif.FOK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a client asked for.

    Attributes:
        con_id: Identifies the instrument.
        exchange: The venue named in the contract, echoed back.
        limit, stop: Ticks; None where the type has none.
    """

    con_id: int
    exchange: str
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit: int | None
    stop: int | None
    tif: Tif
    outside_rth: bool
    account: str
    order_ref: str


@dataclass(slots=True, kw_only=True)
class Order:
    """One order and how far it has come.

    Attributes:
        key: Counts all orders of the gateway; the book knows them by it.
        worth: Sum of price x size of its fills, in the instrument's currency.
        commission: USD charged so far.
        is_triggered: True once a stop has been touched.
        expires: Epoch second at which a DAY order ends; None for others.
        ended: Epoch second of its end; None while it lives.
        reason: Why it ended, as shown in its completed status.
    """

    key: int
    client_id: int
    order_id: int
    perm_id: int
    terms: Terms
    placed: int
    status: Status = Status.HELD
    filled: Decimal = ZERO
    worth: Decimal = ZERO
    last_price: Decimal = ZERO
    commission: Decimal = ZERO
    is_triggered: bool = False
    expires: int | None = None
    ended: int | None = None
    reason: str = ""

    @property
    def remaining(self) -> Decimal:
        """What is still to be filled."""
        return self.terms.quantity - self.filled

    @property
    def average_price(self) -> Decimal:
        """Average fill price; 0 before the first fill."""
        return self.worth / self.filled if self.filled else ZERO

    @property
    def is_live(self) -> bool:
        """True until it is filled, cancelled or refused."""
        return bool(TRANSITIONS[self.status])

    @property
    def is_waiting_for_trigger(self) -> bool:
        """True for a stop that has not been touched."""
        return self.terms.order_type.has_stop and not self.is_triggered

    def move(self, status: Status, *, at: int, reason: str = "") -> None:
        """Pass to another state.

        Raises:
            ValueError: The state table has no such step.
        """
        if status is self.status:
            return
        if status not in TRANSITIONS[self.status]:
            raise ValueError(
                f"order {self.perm_id} cannot go from {self.status} to {status}"
            )
        self.status = status
        if not TRANSITIONS[status]:
            self.ended, self.reason = at, reason

    def fill(self, size: Decimal, price: Decimal, *, at: int) -> None:
        """Add a fill; the last one ends the order."""
        assert ZERO < size <= self.remaining
        self.filled += size
        self.worth += size * price
        self.last_price = price
        if not self.remaining:
            self.move(Status.FILLED, at=at, reason="Filled Size: " + f"{self.filled:f}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One fill as it is reported.

    Attributes:
        time: Epoch seconds.
        price, average_price: A unit, in the instrument's currency.
        realized: Profit of the closing part, in that currency; None if it closed nothing.
        is_maker: True when our order rested and was met.
    """

    exec_id: str
    con_id: int
    exchange: str
    account: str
    client_id: int
    order_id: int
    perm_id: int
    order_ref: str
    side: Side
    shares: Decimal
    price: Decimal
    cumulative: Decimal
    average_price: Decimal
    time: int
    is_maker: bool
    commission: Decimal
    realized: Decimal | None
