"""What the limits count, read in the transaction that reserves: all kernels of the user together."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.guard.fingerprints import fingerprint
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.guard.snapshot import Attempt, LedgerFacts, PastOrder, WorkingOrder
from edgerunner_lab.ledger import latch

MEMORY = timedelta(days=1)
"""How far back repeats and attempts are looked for; the longest window of a rule."""

SETTLING = timedelta(seconds=5)
"""A fill that another kernel has booked counts as working for so long: our position may not show it yet."""

OPEN_STATES = tuple(
    state.value for state in OrderState if state.is_open and state is not OrderState.DRAFT
)

_ORDER_COLUMNS = (
    "order_ref, account, con_id, symbol, side, quantity, order_type, limit_price, stop_price, tif, name, state, "
    "order_id, client_id, perm_id, filled, owner, created_at, updated_at"
)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order as the ledger has it.

    Attributes:
        owner: Process and notebook that sent it.
    """

    update: OrderUpdate
    owner: str
    created_at: datetime


def read_facts(
    connection: sqlite3.Connection,
    account: str,
    order: ProposedOrder | None,
    now: datetime,
    owner: str,
) -> LedgerFacts:
    """Return what the rules may know from the ledger."""
    since = (now - MEMORY).isoformat()
    return LedgerFacts(
        latch=latch.read(connection),
        working=(
            *_working(connection, account),
            *_settling(connection, account, now, owner),
        ),
        attempts=tuple(
            Attempt(at=datetime.fromisoformat(at), accepted=bool(accepted))
            for at, accepted in connection.execute(
                "SELECT at, accepted FROM attempts WHERE account = ? AND at >= ? ORDER BY at",
                (account, since),
            )
        ),
        repeats=_repeats(connection, order, since) if order is not None else (),
    )


def insert_order(
    connection: sqlite3.Connection, order: ProposedOrder, now: datetime, owner: str
) -> None:
    """Write the reservation's row."""
    stamp = now.isoformat()
    connection.execute(
        f"INSERT INTO orders ({_ORDER_COLUMNS}, fingerprint) VALUES ({', '.join('?' * 20)})",  # noqa: S608  our own constant
        (
            order.order_ref, order.account, order.instrument.con_id, str(order.instrument), order.side.value,
            f"{order.quantity:f}", order.order_type.value, _text(order.limit_price), _text(order.stop_price),
            order.tif.value, order.intent.ref or "", OrderState.RESERVED.value, 0, 0, 0, "0", owner, stamp, stamp,
            fingerprint(order),
        ),
    )  # fmt: skip


def insert_attempt(
    connection: sqlite3.Connection, account: str, now: datetime, *, accepted: bool
) -> None:
    """Count an attempt; ones that no rule looks at any more are dropped."""
    connection.execute("DELETE FROM attempts WHERE at < ?", ((now - MEMORY).isoformat(),))
    connection.execute(
        "INSERT INTO attempts (account, at, accepted) VALUES (?, ?, ?)",
        (account, now.isoformat(), int(accepted)),
    )


def open_orders(connection: sqlite3.Connection, account: str) -> list[OrderRow]:
    """Return every order that may still trade, oldest first."""
    marks = ", ".join("?" * len(OPEN_STATES))
    rows = connection.execute(
        f"SELECT {_ORDER_COLUMNS} FROM orders WHERE account = ? AND state IN ({marks}) ORDER BY created_at",  # noqa: S608  marks
        (account, *OPEN_STATES),
    )
    return [_order_row(row) for row in rows]


def order(connection: sqlite3.Connection, order_ref: str) -> OrderRow | None:
    """Return one order, or None."""
    row = connection.execute(
        f"SELECT {_ORDER_COLUMNS} FROM orders WHERE order_ref = ?",  # noqa: S608  our own constant
        (order_ref,),
    ).fetchone()
    return _order_row(row) if row is not None else None


def execution(execution_id: str) -> tuple[str, int]:
    """Return what names the execution, and the number of its correction."""
    stem, _, version = execution_id.rpartition(".")
    return (stem, int(version)) if stem and version.isdecimal() else (execution_id, 0)


def _working(connection: sqlite3.Connection, account: str) -> list[WorkingOrder]:
    return [
        WorkingOrder(
            order_ref=row.update.order_ref,
            con_id=row.update.con_id,
            side=row.update.side,
            remaining=max(row.update.quantity - row.update.filled, Decimal(0)),
            price=row.update.limit_price or row.update.stop_price,
        )
        for row in open_orders(connection, account)
    ]


def _settling(
    connection: sqlite3.Connection, account: str, now: datetime, owner: str
) -> list[WorkingOrder]:
    rows = connection.execute(
        "SELECT stem, con_id, side, quantity FROM fills WHERE account = ? AND recorded_at >= ? AND owner != ?",
        (account, (now - SETTLING).isoformat(), owner),
    )
    return [
        WorkingOrder(
            order_ref=f"settling:{stem}",
            con_id=con_id,
            side=Side(side),
            remaining=Decimal(quantity),
            price=None,
        )
        for stem, con_id, side, quantity in rows
    ]


def _repeats(
    connection: sqlite3.Connection, order: ProposedOrder, since: str
) -> tuple[PastOrder, ...]:
    rows = connection.execute(
        "SELECT order_ref, created_at FROM orders WHERE fingerprint = ? AND created_at >= ? AND order_ref != ? "
        "AND state != ? ORDER BY created_at",
        (fingerprint(order), since, order.order_ref, OrderState.WITHDRAWN.value),
    )
    return tuple(
        PastOrder(order_ref=ref, at=datetime.fromisoformat(at)) for ref, at in rows
    )


def _order_row(row: tuple[object, ...]) -> OrderRow:
    (ref, account, con_id, symbol, side, quantity, order_type, limit, stop, tif, name, state,
     order_id, client_id, perm_id, filled, owner, created, updated) = row  # fmt: skip
    update = OrderUpdate(
        order_ref=str(ref),
        name=str(name),
        order_id=_int(order_id),
        perm_id=_int(perm_id),
        client_id=_int(client_id),
        account=str(account),
        con_id=_int(con_id),
        symbol=str(symbol),
        side=Side(str(side)),
        quantity=Decimal(str(quantity)),
        order_type=OrderType(str(order_type)),
        limit_price=_decimal(limit),
        stop_price=_decimal(stop),
        tif=TimeInForce(str(tif)),
        state=OrderState(str(state)),
        filled=Decimal(str(filled)),
        average_price=None,
        reason="",
        updated_at=datetime.fromisoformat(str(updated)),
    )
    return OrderRow(
        update=update, owner=str(owner), created_at=datetime.fromisoformat(str(created))
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _int(value: object) -> int:
    assert isinstance(value, int), "the column is an integer"
    return value
