"""The latch: ACTIVE, REDUCING or HALTED, in one durable row that every kernel reads before an order."""

import sqlite3
from datetime import datetime

from edgerunner_lab.guard.snapshot import Latch, LatchState


def read(connection: sqlite3.Connection) -> Latch:
    """Return the latch."""
    state, by, at, reason = connection.execute(
        "SELECT state, by, at, reason FROM latch WHERE id = 1"
    ).fetchone()
    return Latch(
        state=LatchState(state),
        by=by,
        at=datetime.fromisoformat(at) if at is not None else None,
        reason=reason,
    )


def write(connection: sqlite3.Connection, latch: Latch) -> None:
    """Set the latch inside the caller's transaction."""
    at = latch.at.isoformat() if latch.at is not None else None
    connection.execute(
        "UPDATE latch SET state = ?, by = ?, at = ?, reason = ? WHERE id = 1",
        (latch.state.value, latch.by, at, latch.reason),
    )
