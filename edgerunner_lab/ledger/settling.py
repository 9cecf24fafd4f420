"""What has just filled and may not show in every kernel's position yet: for a moment it counts as still working."""

import enum
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard.snapshot import WorkingOrder
from edgerunner_lab.ledger.columns import digits, stamp

SETTLING = timedelta(seconds=5)
"""The broker tells other clients of a new position later than of the fill, as a rule within a second or two."""


class Told(enum.StrEnum):
    """Who told of a fill: both do, in either order, so they are two counts of one thing and never added."""

    STATUS = "status"
    EXECUTION = "execution"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of an order that has newly filled; `quantity` is negative where a correction took some back."""

    order_ref: str
    account: str
    con_id: int
    side: Side
    told_by: Told
    quantity: Decimal


def begin(connection: sqlite3.Connection, share: Share, now: datetime, owner: str) -> None:
    """Let what `owner` knows to have filled settle from now on."""
    if share.quantity <= 0:
        return
    connection.execute("DELETE FROM settling WHERE at < ?", (stamp(now - SETTLING),))
    connection.execute(
        "INSERT INTO settling (order_ref, account, con_id, side, told_by, quantity, owner, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            share.order_ref, share.account, share.con_id, share.side.value, share.told_by.value,
            digits(share.quantity), owner, stamp(now),
        ),
    )  # fmt: skip


def working(
    connection: sqlite3.Connection, account: str, now: datetime, owner: str
) -> list[WorkingOrder]:
    """Return what others have filled just now; `owner` itself heard of its fills and positions on one connection."""
    filled: defaultdict[tuple[str, int, str], defaultdict[str, Decimal]] = defaultdict(
        lambda: defaultdict(Decimal)
    )
    for ref, con_id, side, told_by, quantity in connection.execute(
        "SELECT order_ref, con_id, side, told_by, quantity FROM settling "
        "WHERE account = ? AND at > ? AND owner != ? ORDER BY id",
        (account, stamp(now - SETTLING), owner),
    ):
        filled[ref, con_id, side][told_by] += Decimal(quantity)
    return [
        WorkingOrder(
            order_ref=ref,
            con_id=con_id,
            side=Side(side),
            remaining=max(by_teller.values()),
            is_fill=True,
        )
        for (ref, con_id, side), by_teller in filled.items()
    ]
