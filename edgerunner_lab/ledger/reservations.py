"""What the limits count, read in the transaction that reserves: all kernels of the user together."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.fingerprints import fingerprint
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import (
    Attempt,
    LedgerFacts,
    PastOrder,
    Unresolved,
    WorkingOrder,
    resting_price,
)
from edgerunner_lab.ledger import fills, latch, order_rows, settling, sources
from edgerunner_lab.ledger.columns import stamp

MEMORY = timedelta(days=1)
"""How far back repeats and attempts are looked for; the longest window of a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An approved order whose intent is durable; `Ledger.reserve` alone makes one.

    Attributes:
        journal_seq: The INTENT row.
        committed_at: Aware UTC.
    """

    approved: ApprovedOrder
    journal_seq: int
    committed_at: datetime

    @property
    def order_ref(self) -> str:
        """The order's reference."""
        return self.approved.order.order_ref


def read_facts(
    connection: sqlite3.Connection,
    account: str,
    order: ProposedOrder | None,
    now: datetime,
    owner: str,
) -> LedgerFacts:
    """Return what the rules may know from the ledger; repeats are those of `order`."""
    return LedgerFacts(
        latch=latch.read(connection),
        working=(
            *_working(connection, account),
            *settling.working(connection, account, now, owner),
        ),
        attempts=_attempts(connection, account, now),
        repeats=_repeats(connection, order, now) if order is not None else (),
        reruns=sources.reruns(connection, order, now) if order is not None else (),
        burst=sources.burst(connection, order, now) if order is not None else (),
        unresolved=_unresolved(connection, account),
        round_trips=fills.round_trips(connection, account, now - MEMORY),
        messages=_messages(connection, account, now),
        filled_orders=_filled_orders(connection, account, now),
    )


def insert_attempt(
    connection: sqlite3.Connection, account: str, now: datetime, *, accepted: bool
) -> None:
    """Count an attempt; ones that no rule looks at any more are dropped."""
    connection.execute("DELETE FROM attempts WHERE at < ?", (stamp(now - MEMORY),))
    connection.execute(
        "INSERT INTO attempts (account, at, accepted) VALUES (?, ?, ?)",
        (account, stamp(now), int(accepted)),
    )


def _working(connection: sqlite3.Connection, account: str) -> list[WorkingOrder]:
    return [
        WorkingOrder(
            unit_value=row.notional / update.quantity if row.notional else None,
            order_ref=update.order_ref,
            con_id=update.con_id,
            side=update.side,
            remaining=max(update.quantity - update.filled, Decimal(0)),
            resting_price=resting_price(update),
            parent_ref=update.parent_ref,
        )
        for row, update in (
            (row, row.update) for row in order_rows.open_ones(connection, account)
        )
    ]


def _unresolved(connection: sqlite3.Connection, account: str) -> tuple[Unresolved, ...]:
    rows = connection.execute(
        "SELECT order_ref, con_id, updated_at FROM orders WHERE account = ? AND state = ?",
        (account, OrderState.UNKNOWN.value),
    )
    return tuple(
        Unresolved(order_ref=ref, con_id=con_id, at=datetime.fromisoformat(at))
        for ref, con_id, at in rows
    )


def _messages(connection: sqlite3.Connection, account: str, now: datetime) -> int:
    """Count new orders, modifications and cancels of the last day."""
    since = stamp(now - MEMORY)
    return connection.execute(
        "SELECT (SELECT count(*) FROM attempts WHERE account = ? AND at >= ? AND accepted = 1) "
        "+ (SELECT count(*) FROM orders WHERE account = ? AND created_at >= ? AND state = ?)",
        (account, since, account, since, OrderState.CANCELLED.value),
    ).fetchone()[0]


def _filled_orders(connection: sqlite3.Connection, account: str, now: datetime) -> int:
    return connection.execute(
        "SELECT count(*) FROM orders WHERE account = ? AND created_at >= ? AND filled != '0'",
        (account, stamp(now - MEMORY)),
    ).fetchone()[0]


def _attempts(
    connection: sqlite3.Connection, account: str, now: datetime
) -> tuple[Attempt, ...]:
    rows = connection.execute(
        "SELECT at, accepted FROM attempts WHERE account = ? AND at >= ? ORDER BY at",
        (account, stamp(now - MEMORY)),
    )
    return tuple(
        Attempt(at=datetime.fromisoformat(at), accepted=bool(accepted))
        for at, accepted in rows
    )


def _repeats(
    connection: sqlite3.Connection, order: ProposedOrder, now: datetime
) -> tuple[PastOrder, ...]:
    rows = connection.execute(
        "SELECT order_ref, created_at FROM orders WHERE fingerprint = ? AND created_at >= ? AND order_ref != ? "
        "AND state != ? ORDER BY created_at",
        # What was withdrawn never left, so sending it again repeats nothing.
        (
            fingerprint(order),
            stamp(now - MEMORY),
            order.order_ref,
            OrderState.WITHDRAWN.value,
        ),
    )
    return tuple(
        PastOrder(order_ref=ref, at=datetime.fromisoformat(at)) for ref, at in rows
    )
