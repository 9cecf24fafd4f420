"""One row an order: the reservation it begins as, and where evidence has taken it since."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.fingerprints import fingerprint
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.ledger import settling
from edgerunner_lab.ledger.columns import (
    digits,
    digits_or_none,
    number_or_none,
    stamp,
    storable,
)
from edgerunner_lab.ledger.settling import Told

OPEN_STATES = tuple(
    state.value for state in OrderState if state.is_open and state is not OrderState.DRAFT
)

_COLUMNS = (
    "order_ref, account, con_id, symbol, side, quantity, order_type, limit_price, stop_price, tif, name, state, "
    "order_id, client_id, perm_id, filled, owner, created_at, updated_at, parent_ref, notional"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a modification may change: whole quantity and prices."""

    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an order stands, for its row.

    Attributes:
        order_id: With `client_id` and `perm_id` what the order has got meanwhile; 0 leaves what is known.
        filled: Everything that has filled so far.
        terms: As they now are at the broker, or may be; None leaves what is known.
    """

    state: OrderState
    order_id: int = 0
    client_id: int = 0
    perm_id: int = 0
    filled: Decimal = Decimal(0)
    terms: Terms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order as the ledger has it.

    Attributes:
        owner: Process and notebook that last wrote about it: the one that follows it.
        notional: What it may come to at worst, in the account's currency; None for orders of an older version.
    """

    update: OrderUpdate
    owner: str
    notional: Decimal | None
    created_at: datetime


def insert(
    connection: sqlite3.Connection, approved: ApprovedOrder, now: datetime, owner: str
) -> None:
    """Write the row of a reservation."""
    order = approved.order
    written = stamp(now)
    connection.execute(
        f"INSERT INTO orders ({_COLUMNS}, fingerprint) VALUES ({', '.join('?' * 22)})",  # noqa: S608  our own constant
        (
            order.order_ref, order.account, order.instrument.con_id, storable(str(order.instrument)),
            order.side.value, digits(order.quantity), order.order_type.value, digits_or_none(order.limit_price),
            digits_or_none(order.stop_price), order.tif.value, storable(order.intent.ref or ""),
            OrderState.RESERVED.value, 0, 0, 0, "0", owner, written, written,
            order.attached.parent_ref if order.attached is not None else "",
            digits(approved.notional), fingerprint(order),
        ),
    )  # fmt: skip


def amend(
    connection: sqlite3.Connection, order: ProposedOrder, now: datetime, owner: str
) -> None:
    """Let a modification that is on its way count beside what it modifies: the larger size, the bolder limit."""
    assert order.replaces is not None, "a new order has no row to amend"
    known = get(connection, order.replaces)
    if known is None:
        return
    _write_terms(connection, order.replaces, terms_at_worst(known.update, order))
    connection.execute(
        "UPDATE orders SET owner = ?, updated_at = ? WHERE order_ref = ?",
        (owner, stamp(now), order.replaces),
    )


def terms_at_worst(old: OrderUpdate, new: ProposedOrder) -> Terms:
    """Return the terms that an order may have while it is not known whether it has been modified."""
    limits = [price for price in (old.limit_price, new.limit_price) if price is not None]
    bolder = max if new.side is Side.BUY else min
    return Terms(
        quantity=max(old.quantity, new.quantity),
        limit_price=bolder(limits) if limits else None,
        stop_price=new.stop_price,
    )


def _write_terms(connection: sqlite3.Connection, order_ref: str, terms: Terms) -> None:
    connection.execute(
        "UPDATE orders SET quantity = ?, limit_price = ?, stop_price = ? WHERE order_ref = ?",
        (
            digits(terms.quantity),
            digits_or_none(terms.limit_price),
            digits_or_none(terms.stop_price),
            order_ref,
        ),
    )


def update(
    connection: sqlite3.Connection,
    order_ref: str,
    standing: Standing,
    now: datetime,
    owner: str,
) -> None:
    """Write where an order now stands; what it has newly filled settles for a while. Unknown orders have no row."""
    if standing.order_id:
        connection.execute(
            "INSERT INTO order_ids VALUES (?, ?) ON CONFLICT (client_id) DO UPDATE "
            "SET floor = max(floor, excluded.floor)",
            (standing.client_id, standing.order_id),
        )
    known = get(connection, order_ref)
    if known is None:
        return
    connection.execute(
        "UPDATE orders SET state = ?, order_id = max(order_id, ?), client_id = max(client_id, ?), "
        "perm_id = max(perm_id, ?), filled = ?, owner = ?, updated_at = ? WHERE order_ref = ?",
        (
            standing.state.value, standing.order_id, standing.client_id, standing.perm_id,
            digits(standing.filled), owner, stamp(now), order_ref,
        ),
    )  # fmt: skip
    if standing.terms is not None:
        _write_terms(connection, order_ref, standing.terms)
    settling.begin(
        connection,
        settling.Share(
            order_ref=order_ref,
            account=known.update.account,
            con_id=known.update.con_id,
            side=known.update.side,
            told_by=Told.STATUS,
            quantity=standing.filled - known.update.filled,
        ),
        now,
        owner,
    )


def next_order_id(connection: sqlite3.Connection, client_id: int) -> int:
    """Return an order id above every one that this client id has used."""
    row = connection.execute(
        "SELECT floor FROM order_ids WHERE client_id = ?", (client_id,)
    ).fetchone()
    return row[0] + 1 if row is not None else 1


def get(connection: sqlite3.Connection, order_ref: str) -> OrderRow | None:
    """Return one order, or None."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE order_ref = ?",  # noqa: S608  our own constant
        (order_ref,),
    ).fetchone()
    return _order_row(row) if row is not None else None


def open_ones(connection: sqlite3.Connection, account: str | None) -> list[OrderRow]:
    """Return every order that may still trade, of one account or of all, oldest first."""
    marks = ", ".join("?" * len(OPEN_STATES))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE (? IS NULL OR account = ?) AND state IN ({marks}) "  # noqa: S608  marks
        "ORDER BY created_at, order_ref",
        (account, account, *OPEN_STATES),
    )
    return [_order_row(row) for row in rows]


def since(connection: sqlite3.Connection, account: str, moment: datetime) -> list[OrderRow]:
    """Return every order reserved at `moment` or later, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE account = ? AND created_at >= ? ORDER BY created_at, order_ref",  # noqa: S608  our own constant
        (account, stamp(moment)),
    )
    return [_order_row(row) for row in rows]


def _order_row(row: Sequence[Any]) -> OrderRow:
    (ref, account, con_id, symbol, side, quantity, order_type, limit, stop, tif, name, state,
     order_id, client_id, perm_id, filled, owner, created, updated, parent_ref, notional) = row  # fmt: skip
    return OrderRow(
        update=OrderUpdate(
            order_ref=ref,
            name=name,
            order_id=order_id,
            perm_id=perm_id,
            client_id=client_id,
            account=account,
            con_id=con_id,
            symbol=symbol,
            side=Side(side),
            quantity=Decimal(quantity),
            order_type=OrderType(order_type),
            limit_price=number_or_none(limit),
            stop_price=number_or_none(stop),
            tif=TimeInForce(tif),
            state=OrderState(state),
            filled=Decimal(filled),
            average_price=None,
            reason="",
            updated_at=datetime.fromisoformat(updated),
            parent_ref=parent_ref,
        ),
        owner=owner,
        notional=number_or_none(notional),
        created_at=datetime.fromisoformat(created),
    )
