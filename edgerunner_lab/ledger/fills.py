"""Executions, each once: a correction replaces what it corrects, a commission completes it."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard.snapshot import RoundTrip
from edgerunner_lab.ledger import settling
from edgerunner_lab.ledger.columns import (
    digits,
    digits_or_none,
    number_or_none,
    stamp,
    storable,
)
from edgerunner_lab.ledger.settling import Told

_COLUMNS = (
    "execution_id, order_ref, perm_id, account, con_id, symbol, currency, exchange, side, quantity, price, at, "
    "commission, realized_pnl"
)


def insert(connection: sqlite3.Connection, fill: Fill, now: datetime, owner: str) -> bool:
    """Write an execution, its correction or its commission; return whether anything of it was new."""
    stem, version = stem_and_version(fill.execution_id)
    found = connection.execute(
        "SELECT version, quantity, commission, realized_pnl FROM fills WHERE stem = ?",
        (stem,),
    ).fetchone()
    known_version, known_quantity, *known_cost = found or (-1, "0", None, None)
    cost = [digits_or_none(fill.commission), digits_or_none(fill.realized_pnl)]
    is_cost_new = cost[0] is not None and cost != known_cost
    if version < known_version or (version == known_version and not is_cost_new):
        return False
    connection.execute(
        f"INSERT INTO fills (stem, version, {_COLUMNS}, owner, recorded_at) VALUES ({', '.join('?' * 18)}) "  # noqa: S608  our own constant
        "ON CONFLICT (stem) DO UPDATE SET version = excluded.version, execution_id = excluded.execution_id, "
        "quantity = excluded.quantity, price = excluded.price, at = excluded.at, "
        "commission = excluded.commission, realized_pnl = excluded.realized_pnl",
        (
            stem, version, fill.execution_id, fill.order_ref, fill.perm_id, fill.account, fill.con_id,
            storable(fill.symbol), fill.currency, fill.exchange, fill.side.value, digits(fill.quantity),
            digits(fill.price), stamp(fill.time), *cost, owner, stamp(now),
        ),
    )  # fmt: skip
    settling.begin(
        connection,
        settling.Share(
            order_ref=fill.order_ref,
            account=fill.account,
            con_id=fill.con_id,
            side=fill.side,
            told_by=Told.EXECUTION,
            quantity=fill.quantity - Decimal(known_quantity),
        ),
        now,
        owner,
    )
    return True


def since(connection: sqlite3.Connection, account: str, moment: datetime) -> list[Fill]:
    """Return every execution at `moment` or later, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM fills WHERE account = ? AND at >= ? ORDER BY at, execution_id",  # noqa: S608  our own constant
        (account, stamp(moment)),
    )
    return [_fill(row) for row in rows]


def stem_and_version(execution_id: str) -> tuple[str, int]:
    """Split what names an execution from the number of its correction: `0000e0d5.6576fd38.01.02` is the second."""
    stem, _, version = execution_id.rpartition(".")
    return (stem, int(version)) if stem and version.isdecimal() else (execution_id, 0)


def _fill(row: Sequence[Any]) -> Fill:
    (execution_id, order_ref, perm_id, account, con_id, symbol, currency, exchange, side, quantity, price, at,
     commission, realized_pnl) = row  # fmt: skip
    return Fill(
        execution_id=execution_id,
        order_ref=order_ref,
        perm_id=perm_id,
        con_id=con_id,
        symbol=symbol,
        currency=currency,
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=datetime.fromisoformat(at),
        account=account,
        exchange=exchange,
        commission=number_or_none(commission),
        realized_pnl=number_or_none(realized_pnl),
    )


def round_trips(
    connection: sqlite3.Connection, account: str, moment: datetime
) -> tuple[RoundTrip, ...]:
    """Return what has closed something at `moment` or later, order by order, oldest first.

    The broker tells a profit or loss with each fill that closes; one that opens has none, or zero.
    """
    trips: dict[tuple[str, int], RoundTrip] = {}
    rows = connection.execute(
        "SELECT order_ref, perm_id, con_id, at, realized_pnl FROM fills "
        "WHERE account = ? AND at >= ? AND realized_pnl IS NOT NULL ORDER BY at",
        (account, stamp(moment)),
    )
    for ref, perm_id, con_id, at, realized_pnl in rows:
        pnl = Decimal(realized_pnl)
        if not pnl:
            continue
        known = trips.pop((ref, perm_id), None)
        trips[ref, perm_id] = RoundTrip(
            con_id=con_id,
            at=datetime.fromisoformat(at),
            realized_pnl=pnl + (known.realized_pnl if known is not None else 0),
        )
    return tuple(trips.values())
