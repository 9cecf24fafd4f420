"""What the matching engine tells about an order, in the broker's order; `order_messages` puts it into messages."""

import copy
import enum
from dataclasses import dataclass

from edgerunner_lab.sim.orders.orders import Execution, Order


class Kind(enum.Enum):
    """What a client is told about an order."""

    OPEN = enum.auto()
    STATUS = enum.auto()
    EXECUTION = enum.auto()
    COMMISSION = enum.auto()
    ERROR = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing to tell.

    Attributes:
        order: A copy as of this event, since the order goes on.
        execution: For EXECUTION and COMMISSION.
        code, text: For ERROR.
    """

    kind: Kind
    order: Order
    execution: Execution | None = None
    code: int = 0
    text: str = ""


def told(
    kind: Kind,
    order: Order,
    execution: Execution | None = None,
    *,
    code: int = 0,
    text: str = "",
) -> Event:
    """Return an event about the order as it is now."""
    return Event(
        kind=kind, order=copy.copy(order), execution=execution, code=code, text=text
    )


def reported(order: Order) -> list[Event]:
    """Return an openOrder and the orderStatus that must follow it."""
    now = copy.copy(order)
    return [Event(kind=Kind.OPEN, order=now), Event(kind=Kind.STATUS, order=now)]
