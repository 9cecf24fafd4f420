"""Which cell or program sent which order, so that a cell that runs again does not send it again (R19, R22)."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.fingerprints import fingerprint
from edgerunner_lab.guard.snapshot import PastOrder
from edgerunner_lab.ledger.columns import stamp, storable

BURST: Final = timedelta(minutes=1)
"""How far back orders of one source are counted."""

_CAME_TO_NOTHING: Final = (OrderState.WITHDRAWN.value, OrderState.REJECTED.value)
"""What never left or was refused may be sent again by the cell that it came from."""


def insert(connection: sqlite3.Connection, order: ProposedOrder) -> None:
    """Write where an order comes from."""
    connection.execute(
        "INSERT INTO sources VALUES (?, ?, ?, ?, ?)",
        (order.order_ref, storable(order.source.kind), *_place(order), _line(order)),
    )


def reruns(
    connection: sqlite3.Connection, order: ProposedOrder, now: datetime
) -> tuple[PastOrder, ...]:
    """Return what the same cell has sent on this trading day: the same line, or an order with the same fingerprint."""
    if not _cell(order):
        return ()
    rows = connection.execute(
        "SELECT order_ref, created_at FROM orders JOIN sources USING (order_ref) "
        "WHERE notebook = ? AND cell = ? AND account = ? AND created_at >= ? AND state NOT IN (?, ?) "
        "AND order_ref != ? AND (line = ? OR fingerprint = ?) ORDER BY created_at",
        (
            *_place(order), order.account, stamp(_day_began(order, now)), *_CAME_TO_NOTHING,
            order.order_ref, _line(order), fingerprint(order),
        ),
    )  # fmt: skip
    return tuple(
        PastOrder(order_ref=ref, at=datetime.fromisoformat(at)) for ref, at in rows
    )


def burst(
    connection: sqlite3.Connection, order: ProposedOrder, now: datetime
) -> tuple[datetime, ...]:
    """Return when orders of the same source for the same side of the instrument were sent, in the last minute."""
    rows = connection.execute(
        "SELECT created_at FROM orders JOIN sources USING (order_ref) "
        "WHERE notebook = ? AND cell = ? AND kind = ? AND account = ? AND con_id = ? AND side = ? "
        "AND created_at > ? AND state != ? AND order_ref != ?",
        (
            *_place(order), storable(order.source.kind), order.account, order.instrument.con_id,
            order.side.value, stamp(now - BURST), OrderState.WITHDRAWN.value, order.order_ref,
        ),
    )  # fmt: skip
    return tuple(datetime.fromisoformat(at) for (at,) in rows)


def _place(order: ProposedOrder) -> tuple[str, str]:
    return storable(order.source.notebook), storable(_cell(order))


def _cell(order: ProposedOrder) -> str:
    # A batch run has no cell ids, and there the text of the cell names it.
    return order.source.cell_id or order.source.code_sha256


def _line(order: ProposedOrder) -> str:
    """Return what was asked for, without the words that only say how to send it."""
    return storable(str(replace(order.intent, again=False, preview=False)))


def _day_began(order: ProposedOrder, now: datetime) -> datetime:
    """Return midnight in the exchange's zone; UTC's where the broker names a zone that we do not know."""
    try:
        zone = ZoneInfo(order.instrument.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
