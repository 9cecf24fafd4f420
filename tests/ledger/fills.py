"""An execution, and orders that a judge of our own lets through."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from edgerunner_lab.core.errors import Denial, OrderDenied
from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder, Side
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import LedgerFacts
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.reservations import Reservation
from guard.builders import a_quote, a_snapshot, judge, wide_limits
from guard.builders import an_order as a_passing_order
from rigs.orders import ACCOUNT, NOW, SPY, order_ref

APPROVED = judge(
    a_passing_order(limit="100.00"), a_snapshot(quote=a_quote()), wide_limits()
)
"""What the guard says of some order; `approving` puts the test's own in its place."""


def a_fill(execution_id: str = "0000e0d5.00000001.01.01", **changes: Any) -> Fill:
    """Return a purchase of 10 SPY at 100, without its commission."""
    values: dict[str, Any] = {
        "execution_id": execution_id,
        "order_ref": order_ref(),
        "perm_id": 77,
        "con_id": SPY.con_id,
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
