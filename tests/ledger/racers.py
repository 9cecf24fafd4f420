"""What runs in other processes: kernels that race for a limit, and one that is killed while it writes.

As a program: `racers.py LEDGER FIRST` reserves and records orders from number FIRST on, and prints the reference of each
as soon as it is committed, until it is killed.
"""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from threading import Barrier

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.gate import ApprovedOrder, approve
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import LedgerFacts
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.ledger.order_rows import Standing
from guard.builders import NOW, a_snapshot, an_order, some_limits
from rigs.orders import order_ref

MOST = 10
"""Shares of SPY that may be held, everything that works filled."""

TRIES = 3
"""Orders of one share that each process tries."""


def limits() -> Limits:
    """Return limits of which only the position's can deny."""
    return some_limits(
        "max_orders_10s = 100_000\nmax_orders_1h = 100_000\nmax_orders_1d = 100_000\n"
        "max_open_orders_side = 1000\nmax_open_orders = 1000\nmax_same_orders_60s = 100_000\n"
        f"[sim.max_position_qty]\nSTK = {MOST}\n"
    )


def gate(order: ProposedOrder) -> Callable[[LedgerFacts], ApprovedOrder]:
    """Return the guard's gate as the judge of `order`."""
    in_force = limits()
    return lambda facts: approve(order, a_snapshot(ledger=facts), in_force, NOW)


def race(path: Path, start: Barrier, number: int) -> int:
    """Open the ledger when all others do, try some orders of one share, and return how many were reserved."""
    start.wait(timeout=25)
    ledger = Ledger.open(path, clock=_now, owner=f"racer {number}")
    reserved = 0
    for attempt in range(TRIES):
        order = an_order(1, order_ref=order_ref(number * TRIES + attempt))
        try:
            ledger.reserve(order, gate(order))
        except OrderDenied:
            continue
        reserved += 1
    ledger.close()
    return reserved


def record_for_ever(path: Path, first: int) -> None:
    """Reserve and record until somebody ends the process."""
    # Days pass, so that there is nothing to count from one order to the next.
    step = timedelta(hours=25)
    now = NOW + first * step
    ledger = Ledger.open(path, clock=lambda: now, owner="recorder")
    filled = Standing(state=OrderState.FILLED, filled=Decimal(1))
    for number in count(first):
        now += step
        order = an_order(1, order_ref=order_ref(number))
        ledger.reserve(order, gate(order))
        sys.stdout.write(f"{order.order_ref}\n")
        sys.stdout.flush()
        ledger.record(order.order_ref, filled, kind="FILLED", facts={})


def _now() -> datetime:
    return NOW


if __name__ == "__main__":
    record_for_ever(Path(sys.argv[1]), int(sys.argv[2]))
