"""The latch: ACTIVE, REDUCING or HALTED, in one durable row that every kernel reads before an order."""

import sqlite3
from datetime import datetime

from edgerunner_lab.guard.snapshot import Latch, LatchState
from edgerunner_lab.ledger.columns import stamp, storable


def read(connection: sqlite3.Connection) -> Latch:
    """Return the latch.

    Raises:
        ValueError, TypeError: there is none, or it says what we never wrote.
    """
    ((state, by, at, reason),) = connection.execute(
        "SELECT state, by, at, reason FROM latch"
    )
    return Latch(
        state=LatchState(state),
        by=by,
        at=datetime.fromisoformat(at) if at is not None else None,
        reason=reason,
    )


def write(connection: sqlite3.Connection, latch: Latch) -> None:
    """Set the latch inside the caller's transaction."""
    connection.execute(
        "UPDATE latch SET state = ?, by = ?, at = ?, reason = ?",
        (
            latch.state.value,
            storable(latch.by),
            stamp(latch.at) if latch.at is not None else None,
            storable(latch.reason),
        ),
    )
