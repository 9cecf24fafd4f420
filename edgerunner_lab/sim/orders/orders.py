"""Orders and executions: what they ask for and the states they pass through."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.orders.algos import Algo
from edgerunner_lab.sim.orders.conditions import Condition
from edgerunner_lab.sim.orders.order_types import OrderType, Tif
from edgerunner_lab.sim.protocol.values import Scalar


class Status(enum.StrEnum):
    """Order states as the broker spells them; HELD never leaves the gateway (transmit was off)."""

    HELD = "ApiPending"
    PENDING_SUBMIT = "PendingSubmit"
    PENDING_CANCEL = "PendingCancel"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    INACTIVE = "Inactive"


_SENT: Final = frozenset(
    {
        *(Status.PRE_SUBMITTED, Status.SUBMITTED, Status.PENDING_CANCEL),
        *(Status.FILLED, Status.CANCELLED, Status.INACTIVE),
    }
)

TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.HELD: frozenset(
        {
            *(Status.PENDING_SUBMIT, Status.PRE_SUBMITTED, Status.SUBMITTED),
            *(Status.INACTIVE, Status.CANCELLED),
        }
    ),
    Status.PENDING_SUBMIT: _SENT,
    Status.PRE_SUBMITTED: _SENT - {Status.PRE_SUBMITTED},
    Status.SUBMITTED: _SENT - {Status.SUBMITTED},
    Status.PENDING_CANCEL: frozenset({Status.FILLED, Status.CANCELLED}),
    Status.FILLED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.INACTIVE: frozenset(),
}
"""state -> states that may follow; an order goes back to PreSubmitted when a change turns it into a stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """How far a trailing stop stays behind the market; exactly one of both is given.

    Attributes:
        amount: Ticks.
        percent: Of the watched price.
        limit_offset: Ticks from the stop to the limit of a TRAIL LIMIT, away from the market; None for TRAIL.
    """

    amount: int | None = None
    percent: Decimal | None = None
    limit_offset: int | None = None

    def distance(self, price: int) -> int:
        """Return the distance in ticks at a watched price, at least one."""
        if self.amount is not None:
            return self.amount
        assert self.percent is not None
        return max(1, int(abs(price) * self.percent / 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What a stop becomes once the market has moved in its favour to `trigger`; prices in ticks."""

    trigger: int
    order_type: OrderType
    stop: int
    limit: int | None = None
    trail: Trail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a client asked for.

    Attributes:
        con_id: Identifies the instrument.
        exchange: The venue named in the contract, echoed back.
        limit, stop: Ticks; None where the type has none. The stop of a trailing order is its first one.
        parent_id: Order id of the same client that must be filled first; 0 for none.
        trail: How the stop follows the market; None for orders that do not trail.
        minimum: Size of the smallest first fill; 0 for any.
        conditions_cancel: The conditions end the order instead of letting it out.
        good_after, good_till: Epoch seconds; None where not asked for.
        offset: Ticks by which a pegged order stands off what it follows.
        display: Size shown at once; 0 for all of it.
        oca_type: 1 cancel with block, 2 reduce with block, 3 reduce.
        trigger_method: The broker's number for which prices wake the order.
        is_short: The client said SSHORT.
        echo: (field, value) of what the gateway only repeats, sorted.
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
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 3
    trail: Trail | None = None
    offset: int = 0
    good_after: int | None = None
    good_till: int | None = None
    all_or_none: bool = False
    minimum: Decimal = ZERO
    display: Decimal = ZERO
    trigger_method: int = 0
    is_short: bool = False
    conditions: tuple[Condition, ...] = ()
    conditions_ignore_rth: bool = False
    conditions_cancel: bool = False
    adjustment: Adjustment | None = None
    algo: Algo | None = None
    auto_cancel_parent: bool = False
    echo: tuple[tuple[str, Scalar], ...] = ()


@dataclass(slots=True, kw_only=True)
class Order:
    """One order and how far it has come.

    Attributes:
        key: Counts all orders of the gateway; the book knows them by it.
        worth: Sum of price x size of its fills, in the instrument's currency.
        commission: Charged so far, in the currency of its last report.
        works_as: The type it works as now; a stop may have been adjusted, a market-to-limit order has become a limit.
        limit, stop: Working prices in ticks; they begin as the terms' and follow the market where the type says so.
        is_triggered: True once what it waited for has been touched.
        is_adjusted: True once an adjustable stop has been adjusted.
        are_conditions_met: True once its conditions have held.
        touches: Prices in a row that touched it, for the trigger methods that want two.
        accepted: Epoch second from which the market knows it.
        began: Epoch second at which nothing held it back for the first time; an algorithm counts from it.
        located: Epoch second at which borrowed shares are found; None when none are needed.
        auction: Epoch second of the only auction it takes part in; None for others.
        expires: Epoch second at which it ends by itself; None for others.
        why_held: What it waits for, as the broker spells it; empty for orders at work.
        ended: Epoch second of its end; None while it lives.
        reason: Why it ended, as shown in its completed status.
        is_manual: Entered by hand and not through the API.
        is_bound: A manual order that client 0 has been given an id for.
        is_liquidation: The broker sent it to restore the margin; it is manual and nobody can bind or cancel it.
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
    works_as: OrderType | None = None
    limit: int | None = None
    stop: int | None = None
    is_triggered: bool = False
    is_adjusted: bool = False
    are_conditions_met: bool = False
    touches: int = 0
    accepted: int = 0
    began: int | None = None
    located: int | None = None
    auction: int | None = None
    expires: int | None = None
    why_held: str = ""
    ended: int | None = None
    reason: str = ""
    is_manual: bool = False
    is_bound: bool = False
    is_liquidation: bool = False

    @property
    def remaining(self) -> Decimal:
        """What is still to be filled; nothing where a change has cut the order below what was filled."""
        return max(self.terms.quantity - self.filled, Decimal(0))

    @property
    def average_price(self) -> Decimal:
        """Average fill price; 0 before the first fill."""
        return self.worth / self.filled if self.filled else ZERO

    @property
    def is_live(self) -> bool:
        """True until it is filled, cancelled or refused."""
        return bool(TRANSITIONS[self.status])

    @property
    def shown_id(self) -> int:
        """The order id that clients see: 0 for an order made by hand that nobody has bound."""
        return 0 if self.is_manual and not self.is_bound else self.order_id

    @property
    def type_now(self) -> OrderType:
        """The type it works as."""
        return self.works_as or self.terms.order_type

    @property
    def trail(self) -> Trail | None:
        """How its stop trails now."""
        if self.is_adjusted and self.terms.adjustment is not None:
            return self.terms.adjustment.trail
        return self.terms.trail

    @property
    def is_waiting_for_trigger(self) -> bool:
        """True for an order that sleeps until a price is touched and has not been."""
        return self.type_now.kind.touch is not None and not self.is_triggered

    def begin(self) -> None:
        """Take working prices from the terms; nothing has been touched yet."""
        self.works_as = None
        self.limit, self.stop = self.terms.limit, self.terms.stop
        self.is_triggered = self.is_adjusted = False
        self.touches = 0

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
        is_liquidation: The broker closed a position by itself.
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
    is_liquidation: bool = False
