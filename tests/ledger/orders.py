"""Orders that the guard lets through, and executions of them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder, Side
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import LedgerFacts
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.reservations import Reservation
from guard.builders import (
    ACCOUNT,
    NOW,
    a_snapshot,
    an_instrument,
    judge,
    some_limits,
    wide_limits,
)
from guard.builders import an_order as an_order_of
from rigs.orders import order_ref

Judge = Callable[[LedgerFacts], ApprovedOrder]


def an_order(number: int = 1, quantity: Any = 10, **changes: Any) -> ProposedOrder:
    """Return a market order to buy 10 SPY, with a reference of its own."""
    values: dict[str, Any] = {"order_ref": order_ref(number)} | changes
    return an_order_of(quantity, **values)


def passing(order: ProposedOrder) -> Judge:
    """Return a judge that knows only the order, and lets it through."""
    return lambda _facts: judge(order, a_snapshot(), wide_limits())


def denying(order: ProposedOrder) -> Judge:
    """Return a judge whose limit is one share."""
    limits = some_limits("[sim.max_order_qty]\nSTK = 1")
    return lambda _facts: judge(order, a_snapshot(), limits)


def reserve(ledger: Ledger, number: int = 1, **changes: Any) -> Reservation:
    """Reserve an order."""
    order = an_order(number, **changes)
    return ledger.reserve(order, passing(order))


def a_fill(execution_id: str = "0000e0d5.00000001.01.01", **changes: Any) -> Fill:
    """Return a purchase of 10 SPY at 100, without its commission."""
    values: dict[str, Any] = {
        "execution_id": execution_id,
        "order_ref": order_ref(),
        "perm_id": 77,
        "con_id": an_instrument().con_id,
        "symbol": "SPY",
        "currency": "USD",
        "side": Side.BUY,
        "quantity": Decimal(10),
        "price": Decimal("100.00"),
        "time": NOW,
        "account": ACCOUNT,
        "exchange": "SMART",
    }
    return Fill(**values | changes)
